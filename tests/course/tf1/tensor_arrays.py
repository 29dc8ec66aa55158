"""TensorArrays in loops: a generator of sequences, raw_rnn equal to dynamic_rnn, and an array that grows."""

import numpy as np
import tensorflow as tf
from tensorflow.python.ops import tensor_array_ops, control_flow_ops
num_emb, batch_size, emb_dim, hidden_dim, sequence_length, start_token = 10, 4, 5, 6, 7, 0
tf.set_random_seed(0)
g_embeddings = tf.Variable(tf.random_normal([num_emb, emb_dim], stddev=0.1))
Wx = tf.Variable(tf.random_normal([emb_dim, hidden_dim], stddev=.1)); Wh = tf.Variable(tf.random_normal([hidden_dim, hidden_dim], stddev=.1)); Wo = tf.Variable(tf.random_normal([hidden_dim, num_emb], stddev=.1))
x = tf.placeholder(tf.int32, shape=[batch_size, sequence_length])
with tf.device("/cpu:0"):
    processed_x = tf.transpose(tf.nn.embedding_lookup(g_embeddings, x), perm=[1, 0, 2])
h0 = tf.zeros([batch_size, hidden_dim])
gen_o = tensor_array_ops.TensorArray(dtype=tf.float32, size=sequence_length, dynamic_size=False, infer_shape=True)
gen_x = tensor_array_ops.TensorArray(dtype=tf.int32, size=sequence_length, dynamic_size=False, infer_shape=True)
def unit(x_t, h):
    return tf.tanh(tf.matmul(x_t, Wx) + tf.matmul(h, Wh))
def _g_recurrence(i, x_t, h_tm1, gen_o, gen_x):
    h_t = unit(x_t, h_tm1)
    o_t = tf.matmul(h_t, Wo)
    log_prob = tf.log(tf.nn.softmax(o_t))
    next_token = tf.cast(tf.reshape(tf.multinomial(log_prob, 1), [batch_size]), tf.int32)
    x_tp1 = tf.nn.embedding_lookup(g_embeddings, next_token)
    gen_o = gen_o.write(i, tf.reduce_sum(tf.multiply(tf.one_hot(next_token, num_emb, 1.0, 0.0), tf.nn.softmax(o_t)), 1))
    gen_x = gen_x.write(i, next_token)
    return i + 1, x_tp1, h_t, gen_o, gen_x
_, _, _, gen_o, gen_x = control_flow_ops.while_loop(cond=lambda i, _1, _2, _3, _4: i < sequence_length, body=_g_recurrence,
    loop_vars=(tf.constant(0, dtype=tf.int32), tf.nn.embedding_lookup(g_embeddings, tf.constant([start_token] * batch_size)), h0, gen_o, gen_x))
gen_x = tf.transpose(gen_x.stack(), perm=[1, 0])
g_predictions = tensor_array_ops.TensorArray(dtype=tf.float32, size=sequence_length, dynamic_size=False, infer_shape=True)
ta_emb_x = tensor_array_ops.TensorArray(dtype=tf.float32, size=sequence_length)
ta_emb_x = ta_emb_x.unstack(processed_x)
def _pretrain_recurrence(i, x_t, h_tm1, g_predictions):
    h_t = unit(x_t, h_tm1)
    g_predictions = g_predictions.write(i, tf.nn.softmax(tf.matmul(h_t, Wo)))
    return i + 1, ta_emb_x.read(i), h_t, g_predictions
_, _, _, g_predictions = control_flow_ops.while_loop(cond=lambda i, _1, _2, _3: i < sequence_length, body=_pretrain_recurrence,
    loop_vars=(tf.constant(0, dtype=tf.int32), tf.nn.embedding_lookup(g_embeddings, tf.constant([start_token] * batch_size)), h0, g_predictions))
g_predictions = tf.transpose(g_predictions.stack(), perm=[1, 0, 2])
pretrain_loss = -tf.reduce_sum(tf.one_hot(tf.to_int32(tf.reshape(x, [-1])), num_emb, 1.0, 0.0) * tf.log(tf.clip_by_value(tf.reshape(g_predictions, [-1, num_emb]), 1e-20, 1.0))) / (sequence_length * batch_size)
train = tf.train.AdamOptimizer(0.05).minimize(pretrain_loss)
print(gen_x.shape, g_predictions.shape)
data = np.tile(np.arange(1, 8), (4, 1))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    s = sess.run(gen_x); print(s.shape)
    ls = [sess.run([pretrain_loss, train], {x: data})[0] for _ in range(40)]
    print(ls[0], ls[-1])
    assert ls[-1] < ls[0] / 2 and s.shape == (4, 7)
# raw_rnn of the documentation
tf.reset_default_graph(); tf.set_random_seed(1)
max_time, batch_size, input_depth, num_units = 5, 3, 4, 6
inputs = tf.placeholder(shape=(max_time, batch_size, input_depth), dtype=tf.float32)
sequence_length = tf.placeholder(shape=(batch_size,), dtype=tf.int32)
inputs_ta = tf.TensorArray(dtype=tf.float32, size=max_time)
inputs_ta = inputs_ta.unstack(inputs)
cell = tf.contrib.rnn.LSTMCell(num_units)
def loop_fn(time, cell_output, cell_state, loop_state):
    emit_output = cell_output
    if cell_output is None:
        next_cell_state = cell.zero_state(batch_size, tf.float32)
    else:
        next_cell_state = cell_state
    elements_finished = (time >= sequence_length)
    finished = tf.reduce_all(elements_finished)
    next_input = tf.cond(finished, lambda: tf.zeros([batch_size, input_depth], dtype=tf.float32), lambda: inputs_ta.read(time))
    next_loop_state = None
    return (elements_finished, next_input, next_cell_state, emit_output, next_loop_state)
outputs_ta, final_state, _ = tf.nn.raw_rnn(cell, loop_fn)
outputs = outputs_ta.stack()
with tf.variable_scope(tf.get_variable_scope(), reuse=True):
    same, same_state = tf.nn.dynamic_rnn(cell, inputs, sequence_length, dtype=tf.float32, time_major=True)
cost = tf.reduce_mean(tf.square(outputs - 0.3)); tr = tf.train.GradientDescentOptimizer(0.1).minimize(cost)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    feed = {inputs: np.random.RandomState(0).randn(5, 3, 4), sequence_length: [4, 2, 4]}
    a, b, c, d = sess.run([outputs, same, final_state.h, same_state.h], feed)
    print(a.shape, b.shape)
    np.testing.assert_allclose(a, b[:4], rtol=1e-5, atol=1e-6); np.testing.assert_allclose(c, d, rtol=1e-5, atol=1e-6)
    ls = [sess.run([cost, tr], feed)[0] for _ in range(3)]
    print(ls)
    assert ls[-1] < ls[0]
# a loop that fills with dynamic size
ta = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
n = tf.placeholder(tf.int32, [])
_, ta = tf.while_loop(lambda i, ta: i < n, lambda i, ta: (i + 1, ta.write(i, tf.cast(i * i, tf.float32))), [tf.constant(0), ta])
with tf.Session() as sess:
    assert sess.run(ta.stack(), {n: 4}).tolist() == [0, 1, 4, 9]
