"""An attentive translator of numbers, with buckets of two lengths: it learns to turn sequences round."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(1)
rng = np.random.RandomState(0)
buckets, vocab, size, batch, GO = [(3, 4), (5, 6)], 10, 32, 32, 1

def seq2seq_f(encoder_inputs, decoder_inputs, do_decode):
    cell = tf.contrib.rnn.GRUCell(size)
    return tf.contrib.legacy_seq2seq.embedding_attention_seq2seq(
        encoder_inputs, decoder_inputs, cell, num_encoder_symbols=vocab, num_decoder_symbols=vocab,
        embedding_size=size, feed_previous=do_decode)

encoder_inputs = [tf.placeholder(tf.int32, shape=[None], name="encoder{0}".format(i)) for i in range(buckets[-1][0])]
decoder_inputs = [tf.placeholder(tf.int32, shape=[None], name="decoder{0}".format(i)) for i in range(buckets[-1][1] + 1)]
weights = [tf.placeholder(tf.float32, shape=[None], name="weight{0}".format(i)) for i in range(buckets[-1][1] + 1)]
targets = [decoder_inputs[i + 1] for i in range(len(decoder_inputs) - 1)]
outputs, losses = tf.contrib.legacy_seq2seq.model_with_buckets(
    encoder_inputs, decoder_inputs, targets, weights, buckets, lambda x, y: seq2seq_f(x, y, False))
with tf.variable_scope(tf.get_variable_scope(), reuse=True):
    said, _ = tf.contrib.legacy_seq2seq.model_with_buckets(
        encoder_inputs, decoder_inputs, targets, weights, buckets, lambda x, y: seq2seq_f(x, y, True))

params, opt, updates = tf.trainable_variables(), tf.train.AdamOptimizer(0.01), []
for loss in losses:
    gradients, norm = tf.clip_by_global_norm(tf.gradients(loss, params), 5.0)
    updates.append(opt.apply_gradients(zip(gradients, params)))

def feed_of(bucket):
    before, after = buckets[bucket]
    source = rng.randint(2, vocab, (batch, before))
    wanted = np.concatenate([np.full((batch, 1), GO), source[:, ::-1], np.zeros((batch, after - before + 1), int)], 1)
    feed = {encoder_inputs[i].name: source[:, i] for i in range(before)}
    feed.update({decoder_inputs[i].name: wanted[:, i] for i in range(after + 1)})
    feed.update({weights[i].name: np.ones(batch) for i in range(after)})
    return feed, source

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(400):
        feed, _ = feed_of(step % 2)
        _, loss = sess.run([updates[step % 2], losses[step % 2]], feed)
    for bucket, (before, _) in enumerate(buckets):
        feed, source = feed_of(bucket)
        found = np.argmax(np.stack(sess.run(said[bucket], feed), 1), -1)[:, :before]
        right = np.mean(found == source[:, ::-1])
        print(loss, right)
        assert right > 0.9
