"""Loops and conditions: sums, powers, their gradients, scans and functions of elements."""

import numpy as np
import tensorflow as tf

i = tf.constant(0)
total = tf.constant(0)
result = tf.while_loop(lambda i, t: tf.less(i, 10), lambda i, t: [tf.add(i, 1), tf.add(t, i)], [i, total])

x = tf.placeholder(tf.float32, [])
n = tf.placeholder(tf.int32, [])
_, power = tf.while_loop(lambda k, p: k < n, lambda k, p: (k + 1, p * x), (0, 1.0))
slope = tf.gradients(power, x)[0]

size = tf.cond(x > 0, lambda: x, lambda: -x)
label = tf.case(
    [(tf.less(x, 0.0), lambda: tf.constant(-1)), (tf.equal(x, 0.0), lambda: tf.constant(0))],
    default=lambda: tf.constant(1),
)

v = tf.Variable(1.0)
grow = tf.cond(x > 0, lambda: tf.assign_add(v, x), lambda: tf.identity(v))
elements = np.array([1.0, 2.0, 3.0, 4.0], dtype=np.float32)
sums = tf.scan(lambda a, b: a + b, elements)
squares = tf.map_fn(lambda e: e * e, elements)
folded = tf.foldl(lambda a, e: a * e, elements)

# Fibonacci's numbers grow a tensor.
fib = tf.while_loop(
    lambda f: tf.shape(f)[0] < 10,
    lambda f: tf.concat([f, [f[-1] + f[-2]]], 0),
    [tf.constant([0, 1])],
    shape_invariants=[tf.TensorShape([None])],
)

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    assert sess.run(result) == [10, 45]
    value, gradient = sess.run([power, slope], {x: 2.0, n: 5})
    assert (value, gradient) == (32.0, 80.0), (value, gradient)
    assert sess.run(power, {x: 3.0, n: 2}) == 9.0
    assert [sess.run(size, {x: one}) for one in (-2.5, 2.5)] == [2.5, 2.5]
    assert [sess.run(label, {x: one}) for one in (-2.0, 0.0, 2.0)] == [-1, 0, 1]
    assert sess.run(grow, {x: 2.0}) == 3.0
    assert sess.run(grow, {x: -2.0}) == 3.0
    assert sess.run(v) == 3.0
    np.testing.assert_array_equal(sess.run(sums), [1, 3, 6, 10])
    np.testing.assert_array_equal(sess.run(squares), elements**2)
    assert sess.run(folded) == 24
    np.testing.assert_array_equal(sess.run(fib), [0, 1, 1, 2, 3, 5, 8, 13, 21, 34])
