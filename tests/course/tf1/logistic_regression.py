"""Logistic regression: a loss by hand, a dtype of 64 bits, an accuracy over rounded probabilities."""

import numpy as np
import tensorflow as tf

np.random.seed(1)
X_data = np.random.randn(200, 2)
Y_data = (X_data[:, 0] + 2 * X_data[:, 1] > 0.3).astype(np.float64).reshape(-1, 1)

x = tf.placeholder(tf.float64, [None, 2], name="x")
y = tf.placeholder(tf.float64, [None, 1], name="y")
w = tf.Variable(tf.zeros([2, 1], dtype=tf.float64), name="w")
b = tf.Variable(0.0, dtype=tf.float64, name="b")
hypothesis = tf.sigmoid(tf.matmul(x, w) + b)
cost = -tf.reduce_mean(y * tf.log(hypothesis) + (1 - y) * tf.log(1 - hypothesis))
train = tf.train.GradientDescentOptimizer(learning_rate=1.0).minimize(cost)
predicted = tf.cast(hypothesis > 0.5, dtype=tf.float64)
accuracy = tf.reduce_mean(tf.cast(tf.equal(predicted, y), dtype=tf.float32))

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(201):
        cost_val, _ = sess.run([cost, train], feed_dict={x: X_data, y: Y_data})
        if step % 100 == 0:
            print(step, cost_val)
    h, c, a = sess.run([hypothesis, predicted, accuracy], feed_dict={x: X_data, y: Y_data})

assert w.dtype == tf.float64_ref if hasattr(tf, "float64_ref") else w.dtype.base_dtype == tf.float64
assert h.dtype == np.float64 and c.shape == (200, 1), (h.dtype, c.shape)
assert cost.get_shape() == ()
assert hypothesis.get_shape().as_list() == [None, 1]
assert a > 0.97, a
