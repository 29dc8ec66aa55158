"""tf.data in a graph: one-shot and initializable iterators until they end, and layers of Keras on tensors."""

import numpy as np
import tensorflow as tf

features = np.random.RandomState(0).randn(60, 4).astype(np.float32)
targets = features[:, :1] * 2 - features[:, 1:2]
dataset = tf.data.Dataset.from_tensor_slices((features, targets)).repeat(20).batch(30)
iterator = dataset.make_initializable_iterator()
x, y = iterator.get_next()
hidden = tf.keras.layers.Dense(8, activation="relu")(x)
predicted = tf.keras.layers.Dense(1)(hidden)
loss = tf.losses.mean_squared_error(y, predicted)
train = tf.train.AdamOptimizer(0.05).minimize(loss)
numbers = tf.data.Dataset.range(3).make_one_shot_iterator().get_next()

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    assert [int(sess.run(numbers)) for _ in range(3)] == [0, 1, 2]
    sess.run(iterator.initializer)
    steps = 0
    while True:
        try:
            last, _ = sess.run([loss, train])
            steps += 1
        except tf.errors.OutOfRangeError:
            break
print(steps, last)
assert steps == 40, steps
assert last < 0.5, last
