"""Checkpoints: saved with the step, found again, restored into another graph, into some variables."""

import os
import tempfile

import numpy as np
import tensorflow as tf

folder = tempfile.mkdtemp()


def build():
    with tf.variable_scope("model"):
        w = tf.get_variable("w", [2, 3], initializer=tf.random_normal_initializer())
        step = tf.Variable(0, trainable=False, name="step")
    return w, step


w, step = build()
bump = tf.assign_add(step, 1)
saver = tf.train.Saver(max_to_keep=2)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(3):
        sess.run(bump)
        path = saver.save(sess, os.path.join(folder, "model.ckpt"), global_step=step)
    kept = sess.run(w)
assert path.endswith("model.ckpt-3"), path
assert os.path.exists(path + ".index")
assert os.path.exists(path + ".meta")
assert not os.path.exists(os.path.join(folder, "model.ckpt-1.index"))
assert os.path.exists(os.path.join(folder, "checkpoint"))

tf.reset_default_graph()
w, step = build()
saver = tf.train.Saver()
ckpt = tf.train.get_checkpoint_state(folder)
assert ckpt
assert ckpt.model_checkpoint_path == tf.train.latest_checkpoint(folder)
with tf.Session() as sess:
    saver.restore(sess, ckpt.model_checkpoint_path)
    np.testing.assert_array_equal(sess.run(w), kept)
    assert step.eval() == 3

with tf.Graph().as_default():
    other = tf.Variable(np.zeros((2, 3), np.float32), name="other")
    with tf.Session() as sess:
        tf.train.Saver({"model/w": other}).restore(sess, path)
        np.testing.assert_array_equal(other.eval(), kept)
        try:
            tf.train.Saver([tf.Variable(1.0, name="missing")]).restore(sess, path)
        except tf.errors.NotFoundError as error:
            print(error)
        else:
            raise AssertionError
