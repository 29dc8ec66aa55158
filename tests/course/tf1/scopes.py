"""Names and scopes as TensorFlow makes them, and variables that are shared."""

import tensorflow as tf


def layer(x, units):
    w = tf.get_variable("w", [x.get_shape()[1], units], initializer=tf.constant_initializer(0.5))
    b = tf.get_variable("b", [units], initializer=tf.zeros_initializer())
    return tf.matmul(x, w) + b


x = tf.placeholder(tf.float32, [None, 4], name="x")
with tf.variable_scope("net") as scope:
    first = layer(x, 3)
    scope.reuse_variables()
    second = layer(x, 3)
with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
    third = layer(x, 3)
assert [v.name for v in tf.global_variables()] == ["net/w:0", "net/b:0"]
assert first.name == "net/add:0"
assert second.name == "net/add_1:0"
assert third.name == "net_1/add:0"

try:
    with tf.variable_scope("net"):
        tf.get_variable("w", [4, 3])
except ValueError as error:
    assert "already exists" in str(error)
else:
    raise AssertionError
try:
    with tf.variable_scope("net", reuse=True):
        tf.get_variable("missing", [4, 3])
except ValueError as error:
    assert "does not exist" in str(error)
else:
    raise AssertionError

a = tf.constant(1.0)
b = tf.constant(2.0, name="b")
c = a + b
d = tf.add(a, b)
assert [t.name for t in (a, b, c, d)] == ["Const:0", "b:0", "add:0", "Add_1:0"], [
    t.name for t in (a, b, c, d)
]
with tf.name_scope("outer"), tf.name_scope("inner"):
    e = tf.Variable(3.0, name="e")
    f = tf.get_variable("f", [])
    g = e * f
assert (e.name, f.name, g.name) == ("outer/inner/e:0", "f:0", "outer/inner/mul:0"), (e.name, f.name, g.name)
assert tf.get_default_graph().get_tensor_by_name("b:0") is b
assert tf.get_default_graph().get_operation_by_name("outer/inner/mul") is g.op
print(c, tf.trainable_variables("net"))
assert str(c) == 'Tensor("add:0", shape=(), dtype=float32)'

reg = tf.contrib.layers.l2_regularizer(0.1)
with tf.variable_scope("regular", regularizer=reg):
    tf.get_variable("w", [2, 2], initializer=tf.ones_initializer())
losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
tf.add_to_collection("losses", losses[0] * 2)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    assert abs(sess.run(tf.add_n(tf.get_collection("losses"))) - 0.4) < 1e-6
    found = sess.run("net/add:0", {"x:0": [[1, 1, 1, 1]]})
    assert found.tolist() == [[2.0, 2.0, 2.0]], found
    values = sess.run({"sum": c, "pair": (a, [b, d])})
    assert values == {"sum": 3.0, "pair": (1.0, [2.0, 3.0])}, values
