"""Training on what readers find: lines of CSV become TFRecords, and records become shuffled batches."""

import os

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(3)
inputs = rng.uniform(-1, 1, (200, 2)).astype(np.float32)
targets = inputs @ [2.0, -1.0] + 0.5

with open("points.csv", "w") as file:
    file.write("first,second,target,sign\n")
    for (first, second), target in zip(inputs, targets):
        file.write("%f,%f,%f,%s\n" % (first, second, target, "plus" if target > 0 else "minus"))

# Lines, one after the other, until the only epoch is over.
names = tf.train.string_input_producer(["points.csv"], num_epochs=1, shuffle=False)
reader = tf.TextLineReader(skip_header_lines=1)
key, line = reader.read(names)
first, second, target, sign = tf.decode_csv(line, record_defaults=[[0.0], [0.0], [0.0], [""]])
is_positive = tf.cast(tf.equal(sign, "plus"), tf.int64)
row = tf.stack([first, second])

writer = tf.python_io.TFRecordWriter("points.tfrecord")
count = 0
with tf.Session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess=sess, coord=coord)
    try:
        while not coord.should_stop():
            values, number, positive = sess.run([row, target, is_positive])
            feature = {
                "row": tf.train.Feature(bytes_list=tf.train.BytesList(value=[values.tobytes()])),
                "target": tf.train.Feature(float_list=tf.train.FloatList(value=[number])),
                "positive": tf.train.Feature(int64_list=tf.train.Int64List(value=[positive])),
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())
            count += 1
    except tf.errors.OutOfRangeError:
        print("all lines are read")
    finally:
        coord.request_stop()
    coord.join(threads)
writer.close()
assert count == 200 and os.path.exists("points.tfrecord")

# Records, shuffled, as the batches of a linear model.
tf.reset_default_graph()
tf.set_random_seed(1)
queue = tf.train.string_input_producer(["points.tfrecord"])
_, serialized = tf.TFRecordReader().read(queue)
features = tf.parse_single_example(
    serialized,
    features={
        "row": tf.FixedLenFeature([], tf.string),
        "target": tf.FixedLenFeature([], tf.float32),
        "positive": tf.FixedLenFeature([], tf.int64),
    },
)
x = tf.reshape(tf.decode_raw(features["row"], tf.float32), [2])
batch, wanted = tf.train.shuffle_batch(
    [x, features["target"]], batch_size=20, capacity=120, min_after_dequeue=60
)
weights = tf.get_variable("weights", [2, 1])
bias = tf.get_variable("bias", [1], initializer=tf.zeros_initializer())
predicted = tf.squeeze(tf.matmul(batch, weights) + bias, 1)
loss = tf.reduce_mean(tf.square(predicted - wanted))
train = tf.train.GradientDescentOptimizer(0.3).minimize(loss)

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    tf.train.start_queue_runners(sess=sess)
    for step in range(150):
        _, value = sess.run([train, loss])
    found = sess.run([weights, bias])
print(value, found)
np.testing.assert_allclose(found[0].ravel(), [2, -1], atol=0.02)
np.testing.assert_allclose(found[1], [0.5], atol=0.02)
