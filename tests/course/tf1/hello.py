"""The first program: texts, constants, sessions, devices, variables that count."""

import numpy as np
import tensorflow as tf

hello = tf.constant("Hello, TensorFlow!")
sess = tf.Session()
assert sess.run(hello) == b"Hello, TensorFlow!"
print(sess.run(hello).decode())

a, b = tf.constant(2), tf.constant(3)
with tf.Session() as sess:
    assert sess.run(a + b) == 5
    assert sess.run(a * b) == 6
    assert sess.run(tf.div(7, 2)) == 3

a, b = tf.placeholder(tf.int16), tf.placeholder(tf.int16)
add, mul = tf.add(a, b), tf.multiply(a, b)
with tf.Session() as sess:
    assert sess.run(add, feed_dict={a: 2, b: 3}) == 5
    assert sess.run(mul, feed_dict={a: 2, b: 3}) == 6

matrix1, matrix2 = tf.constant([[3.0, 3.0]]), tf.constant([[2.0], [2.0]])
with tf.Session() as sess, tf.device("/gpu:0"):
    assert sess.run(tf.matmul(matrix1, matrix2)).tolist() == [[12.0]]

state = tf.Variable(0, name="counter")
update = tf.assign(state, tf.add(state, tf.constant(1)))
with tf.Session() as sess:
    try:
        sess.run(state)
    except tf.errors.FailedPreconditionError as error:
        assert "uninitialized value counter" in str(error)
    sess.run(tf.initialize_all_variables())
    assert [int(sess.run(update)) for _ in range(3)] == [1, 2, 3]
    assert sess.run(state) == 3
    x = tf.placeholder(tf.float32, shape=(1024, 1024))
    try:
        sess.run(x)
    except tf.errors.InvalidArgumentError as error:
        print(str(error)[:80])
    try:
        sess.run(x, {x: np.zeros((2, 2))})
    except ValueError as error:
        assert "Cannot feed value of shape (2, 2)" in str(error)

sess = tf.InteractiveSession()
t = tf.Variable([1.0, 2.0])
t.initializer.run()
assert tf.subtract(t, tf.constant([3.0, 3.0])).eval().tolist() == [-2.0, -1.0]
assert tf.reduce_mean(tf.cast([1, 2, 4, 5], tf.float32)).eval() == 3.0
assert tf.shape(tf.zeros([2, 3])).eval().tolist() == [2, 3]
assert tf.rank(t).eval() == 1
assert tf.one_hot([0, 2], 3).eval().tolist() == [[1, 0, 0], [0, 0, 1]]
assert tf.range(3, 9, 2).eval().tolist() == [3, 5, 7]
sess.close()
