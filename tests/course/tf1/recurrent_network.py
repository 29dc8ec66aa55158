"""Rows of digits through an LSTM with static_rnn, and the state of a stacked GRU with dynamic_rnn."""

import numpy as np
import tensorflow as tf
from tensorflow.contrib import rnn
from tensorflow.examples.tutorials.mnist import input_data

mnist = input_data.read_data_sets("/tmp/data/", one_hot=True)
timesteps, num_input, num_hidden, num_classes = 28, 28, 24, 10

X = tf.placeholder("float", [None, timesteps, num_input])
Y = tf.placeholder("float", [None, num_classes])
weights = {"out": tf.Variable(tf.random_normal([num_hidden, num_classes]))}
biases = {"out": tf.Variable(tf.random_normal([num_classes]))}


def RNN(x, weights, biases):
    lstm_cell = rnn.BasicLSTMCell(num_hidden, forget_bias=1.0)
    outputs, _states = tf.nn.dynamic_rnn(lstm_cell, x, dtype=tf.float32)
    outputs = tf.unstack(outputs, timesteps, 1)
    return tf.matmul(outputs[-1], weights["out"]) + biases["out"]


logits = RNN(X, weights, biases)
prediction = tf.nn.softmax(logits)
loss_op = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=Y))
train_op = tf.train.AdamOptimizer(0.01).minimize(loss_op)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
names = [v.name for v in tf.trainable_variables()]
assert "rnn/basic_lstm_cell/kernel:0" in names, names

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _step in range(1, 151):
        batch_x, batch_y = mnist.train.next_batch(64)
        batch_x = batch_x.reshape((64, timesteps, num_input))
        sess.run(train_op, feed_dict={X: batch_x, Y: batch_y})
    test_data = mnist.test.images[:500].reshape((-1, timesteps, num_input))
    found = sess.run(accuracy, feed_dict={X: test_data, Y: mnist.test.labels[:500]})
    print("Testing Accuracy:", found)
assert found > 0.4, found

tf.reset_default_graph()
inputs = tf.placeholder(tf.float32, [None, None, 3])
lengths = tf.placeholder(tf.int32, [None])
keep = tf.placeholder_with_default(1.0, shape=())
cells = [tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(5), output_keep_prob=keep) for _ in range(2)]
cell = tf.nn.rnn_cell.MultiRNNCell(cells)
state = cell.zero_state(tf.shape(inputs)[0], tf.float32)
outputs, last = tf.nn.dynamic_rnn(cell, inputs, sequence_length=lengths, initial_state=state)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    data = np.random.rand(2, 4, 3)
    out, final = sess.run([outputs, last], {inputs: data, lengths: [4, 2]})
    again = sess.run(outputs, {inputs: data[1:, :2], lengths: [2]})
assert out.shape == (2, 4, 5)
assert not out[1, 2:].any()
np.testing.assert_allclose(final[1][1], again[0, -1], rtol=1e-4)
