"""A graph that is saved, imported again by its meta file, and used by the names of its tensors."""

import os

import numpy as np
import tensorflow as tf

tf.set_random_seed(5)
data = np.linspace(-1, 1, 64, dtype=np.float32).reshape(-1, 1)

x = tf.placeholder(tf.float32, [None, 1], name="x")
y = tf.placeholder(tf.float32, [None, 1], name="y")
rate = tf.placeholder_with_default(0.1, [], name="rate")
with tf.control_dependencies([tf.Assert(rate > 0, ["the rate is", rate])]):
    step_size = tf.identity(rate)
hidden = tf.layers.dense(x, 8, tf.nn.tanh, name="hidden")
output = tf.layers.dense(hidden, 1, name="output")
loss = tf.losses.mean_squared_error(y, output)
train = tf.train.AdamOptimizer(step_size).minimize(loss)
prediction = tf.identity(output, name="prediction")
for one in (train, loss):
    tf.add_to_collection("for_training", one)

saver = tf.train.Saver()
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(60):
        sess.run(train, {x: data, y: data**2})
    before = sess.run(loss, {x: data, y: data**2})
    try:
        sess.run(train, {x: data, y: data**2, rate: -1.0})
        raise SystemExit("a negative rate was not refused")
    except tf.errors.InvalidArgumentError as error:
        print(error)
    assert sess.run(loss, {x: data, y: data**2}) == before  # the refused run has changed nothing
    saver.save(sess, "./curve", global_step=60)

tf.reset_default_graph()
with tf.Session() as sess:
    restorer = tf.train.import_meta_graph("./curve-60.meta")
    restorer.restore(sess, tf.train.latest_checkpoint("./"))
    graph = tf.get_default_graph()
    x, y = graph.get_tensor_by_name("x:0"), graph.get_tensor_by_name("y:0")
    train, loss = tf.get_collection("for_training")
    assert abs(sess.run(loss, {x: data, y: data**2}) - before) < 1e-7
    doubled = 2 * graph.get_tensor_by_name("prediction:0")
    print(sess.run(doubled, {x: [[0.5]]}))
    for _ in range(100):
        sess.run(train, {x: data, y: data**2})
    after = sess.run(loss, {x: data, y: data**2})
    kernel = sess.run("hidden/kernel:0")

reader = tf.train.NewCheckpointReader("./curve-60")
assert reader.get_variable_to_shape_map()["hidden/kernel"] == [1, 8]
assert np.abs(reader.get_tensor("hidden/kernel") - kernel).max() > 0
assert os.path.exists("checkpoint")
print(before, after)
assert after < before and after < 0.01
