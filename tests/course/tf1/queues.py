"""Input producers, batches and queues of TensorFlow 1, with a coordinator."""

import numpy as np
import tensorflow as tf

rows = np.arange(12, dtype="float32").reshape(6, 2)
labels = np.arange(6, dtype="int32")
row, label = tf.train.slice_input_producer([rows, labels], shuffle=True)
batch_x, batch_y = tf.train.shuffle_batch([row * 2, label], batch_size=3, capacity=20, min_after_dequeue=4)
queue = tf.FIFOQueue(10, dtypes=[tf.float32], shapes=[[]])
enqueue = queue.enqueue_many([tf.constant([1.0, 2.0, 3.0])])
following = queue.dequeue() + 1
number = tf.train.range_input_producer(3, shuffle=False).dequeue()
total = tf.Variable(0.0)
add = tf.assign_add(total, tf.reduce_sum(batch_x))
checked = tf.assert_positive(total + 1)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess=sess, coord=coord)
    for _ in range(4):
        x, y = sess.run([batch_x, batch_y])
        assert x.shape == (3, 2)
        assert np.array_equal(x[:, 0], 4.0 * y)
    sess.run(enqueue)
    assert [sess.run(following) for _ in range(3)] == [2.0, 3.0, 4.0]
    assert [int(sess.run(number)) for _ in range(4)] == [0, 1, 2, 0]
    print(sess.run([add, checked]))
    coord.request_stop()
    coord.join(threads)
