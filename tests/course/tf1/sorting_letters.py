"""A network of contrib.seq2seq sorts letters; its masks are as long as the longest of the batch."""
import numpy as np, random, math
import tensorflow as tf
from tensorflow.python.layers.core import Dense
rng = np.random.RandomState(0); random.seed(0)
tf.set_random_seed(0)
letters = list(range(4, 12)); PAD, UNK, GO, EOS = 0, 1, 2, 3
def get_inputs():
    inputs = tf.placeholder(tf.int32, [None, None], name='inputs')
    targets = tf.placeholder(tf.int32, [None, None], name='targets')
    learning_rate = tf.placeholder(tf.float32, name='learning_rate')
    target_sequence_length = tf.placeholder(tf.int32, (None,), name='target_sequence_length')
    max_target_sequence_length = tf.reduce_max(target_sequence_length, name='max_target_len')
    source_sequence_length = tf.placeholder(tf.int32, (None,), name='source_sequence_length')
    return inputs, targets, learning_rate, target_sequence_length, max_target_sequence_length, source_sequence_length
def get_encoder_layer(input_data, rnn_size, num_layers, source_sequence_length, source_vocab_size, encoding_embedding_size):
    encoder_embed_input = tf.contrib.layers.embed_sequence(input_data, source_vocab_size, encoding_embedding_size)
    def get_lstm_cell(rnn_size):
        return tf.contrib.rnn.LSTMCell(rnn_size, initializer=tf.random_uniform_initializer(-0.1, 0.1, seed=2))
    cell = tf.contrib.rnn.MultiRNNCell([get_lstm_cell(rnn_size) for _ in range(num_layers)])
    return tf.nn.dynamic_rnn(cell, encoder_embed_input, sequence_length=source_sequence_length, dtype=tf.float32)
def process_decoder_input(data, batch_size):
    ending = tf.strided_slice(data, [0, 0], [batch_size, -1], [1, 1])
    return tf.concat([tf.fill([batch_size, 1], GO), ending], 1)
def decoding_layer(decoding_embedding_size, num_layers, rnn_size, target_sequence_length, max_target_sequence_length, encoder_state, decoder_input, vocab, batch_size):
    decoder_embeddings = tf.Variable(tf.random_uniform([vocab, decoding_embedding_size]))
    decoder_embed_input = tf.nn.embedding_lookup(decoder_embeddings, decoder_input)
    def get_decoder_cell(rnn_size):
        return tf.contrib.rnn.LSTMCell(rnn_size, initializer=tf.random_uniform_initializer(-0.1, 0.1, seed=2))
    cell = tf.contrib.rnn.MultiRNNCell([get_decoder_cell(rnn_size) for _ in range(num_layers)])
    output_layer = Dense(vocab, kernel_initializer=tf.truncated_normal_initializer(mean=0.0, stddev=0.1))
    with tf.variable_scope("decode"):
        training_helper = tf.contrib.seq2seq.TrainingHelper(inputs=decoder_embed_input, sequence_length=target_sequence_length, time_major=False)
        training_decoder = tf.contrib.seq2seq.BasicDecoder(cell, training_helper, encoder_state, output_layer)
        training_decoder_output, _, _ = tf.contrib.seq2seq.dynamic_decode(training_decoder, impute_finished=True, maximum_iterations=max_target_sequence_length)
    with tf.variable_scope("decode", reuse=True):
        start_tokens = tf.tile(tf.constant([GO], dtype=tf.int32), [batch_size], name='start_tokens')
        predicting_helper = tf.contrib.seq2seq.GreedyEmbeddingHelper(decoder_embeddings, start_tokens, EOS)
        predicting_decoder = tf.contrib.seq2seq.BasicDecoder(cell, predicting_helper, encoder_state, output_layer)
        predicting_decoder_output, _, _ = tf.contrib.seq2seq.dynamic_decode(predicting_decoder, impute_finished=True, maximum_iterations=max_target_sequence_length)
    return training_decoder_output, predicting_decoder_output
train_graph = tf.Graph()
with train_graph.as_default():
    tf.set_random_seed(1)
    input_data, targets, lr, tsl, mtsl, ssl = get_inputs()
    batch_size = 16
    _, encoder_state = get_encoder_layer(input_data, 32, 1, ssl, 12, 8)
    training_decoder_output, predicting_decoder_output = decoding_layer(8, 1, 32, tsl, mtsl, encoder_state, process_decoder_input(targets, batch_size), 12, batch_size)
    training_logits = tf.identity(training_decoder_output.rnn_output, 'logits')
    predicting_logits = tf.identity(predicting_decoder_output.sample_id, name='predictions')
    masks = tf.sequence_mask(tsl, mtsl, dtype=tf.float32, name='masks')
    with tf.name_scope("optimization"):
        cost = tf.contrib.seq2seq.sequence_loss(training_logits, targets, masks)
        optimizer = tf.train.AdamOptimizer(lr)
        gradients = optimizer.compute_gradients(cost)
        capped_gradients = [(tf.clip_by_value(grad, -5., 5.), var) for grad, var in gradients if grad is not None]
        train_op = optimizer.apply_gradients(capped_gradients)
def batch():
    src = [[random.choice(letters) for _ in range(random.randint(3, 4))] for _ in range(16)]
    tgt = [sorted(s) + [EOS] for s in src]
    ms, mt = max(map(len, src)), max(map(len, tgt))
    return [s + [PAD] * (ms - len(s)) for s in src], [t + [PAD] * (mt - len(t)) for t in tgt], list(map(len, src)), list(map(len, tgt))
with tf.Session(graph=train_graph) as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(200):
        s, t, sl, tl = batch()
        _, loss = sess.run([train_op, cost], {input_data: s, targets: t, lr: 0.01, tsl: tl, ssl: sl})
        if i % 50 == 0: print(i, loss)
    pred = sess.run(train_graph.get_tensor_by_name('predictions:0'), {'inputs:0': s, 'target_sequence_length:0': tl, 'source_sequence_length:0': sl})
    print(loss, s[0], pred[0])
    assert loss < 1.2
