"""Summaries under name scopes: event files that hold what was written."""

import glob
import tempfile

import tensorflow as tf

logs = tempfile.mkdtemp()
with tf.name_scope("input"):
    x = tf.placeholder(tf.float32, [None, 2], name="x-input")
with tf.name_scope("layer1"):
    with tf.name_scope("weights"):
        W = tf.Variable(tf.truncated_normal([2, 1], stddev=0.1), name="W")
        tf.summary.histogram("histogram", W)
    y = tf.matmul(x, W)
with tf.name_scope("loss"):
    loss = tf.reduce_mean(tf.square(y - 1.0))
    tf.summary.scalar("loss", loss)
merged = tf.summary.merge_all()
global_step = tf.Variable(0, name="global_step", trainable=False)
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, global_step=global_step)

assert W.name == "layer1/weights/W:0" and y.name == "layer1/MatMul:0", (W.name, y.name)
assert x.name == "input/x-input:0"
assert loss.op.name == "loss/Mean"

with tf.Session() as sess:
    writer = tf.summary.FileWriter(logs + "/train", sess.graph)
    sess.run(tf.global_variables_initializer())
    for i in range(20):
        summary, _ = sess.run([merged, train], {x: [[1.0, 2.0]]})
        writer.add_summary(summary, i)
    extra = tf.Summary(value=[tf.Summary.Value(tag="by_hand", simple_value=0.5)])
    writer.add_summary(extra, global_step.eval())
    writer.close()
    assert sess.run(global_step) == 20

(path,) = glob.glob(logs + "/train/events.out.tfevents.*")
content = open(path, "rb").read()
for text in (b"brain.Event:2", b"loss/loss", b"layer1/weights/histogram", b"by_hand", b"layer1/MatMul"):
    assert text in content, text
