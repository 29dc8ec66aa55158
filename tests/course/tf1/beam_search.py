"""Beam search of contrib.seq2seq finds what an exhaustive search finds."""

import itertools
import numpy as np
import tensorflow as tf
tf.set_random_seed(3)
vocab, units, beams, steps, batch, end = 4, 5, 6, 3, 2, 1
emb = tf.get_variable('emb', [vocab, units], initializer=tf.random_normal_initializer(stddev=1.))
cell = tf.contrib.rnn.GRUCell(units)
proj = tf.layers.Dense(vocab, use_bias=False, name='proj', kernel_initializer=tf.random_normal_initializer(stddev=2.))
enc = tf.placeholder(tf.float32, [None, units])
tiled = tf.contrib.seq2seq.tile_batch(enc, multiplier=beams)
with tf.variable_scope('decode'):
    dec = tf.contrib.seq2seq.BeamSearchDecoder(cell=cell, embedding=emb, start_tokens=tf.fill([batch], 0), end_token=end, initial_state=tiled, beam_width=beams, output_layer=proj, length_penalty_weight=0.0)
    outputs, state, lengths = tf.contrib.seq2seq.dynamic_decode(dec, impute_finished=False, maximum_iterations=steps)
print(outputs.predicted_ids.shape)
# one step of the same cell for the exhaustive search
tok = tf.placeholder(tf.int32, [None]); st = tf.placeholder(tf.float32, [None, units])
with tf.variable_scope('decode/decoder', reuse=True):
    o, s2 = cell(tf.nn.embedding_lookup(emb, tok), st)
    lp = tf.nn.log_softmax(proj(o))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    e = np.random.RandomState(0).randn(batch, units)
    ids, logp = sess.run([outputs.predicted_ids, state.log_probs], {enc: e})
    print(ids[0].T, logp)
    for b in range(batch):
        found = {}
        for seq in itertools.product(range(vocab), repeat=steps):
            h, t, total, out = e[b:b+1], 0, 0., []
            for c in seq:
                p, h = sess.run([lp, s2], {tok: [t], st: h}); total += p[0, c]; out.append(c); t = c
                if c == end: break
            found[tuple(out)] = total
        best = sorted(found.items(), key=lambda kv: -kv[1])[:beams]
        rows = [[int(v) for v in col] for col in ids[b].T]
        mine = [tuple(row[:row.index(end) + 1] if end in row else row) for row in rows]
        print(best[0], mine[0], logp[b][0])
        assert best[0][0] == mine[0] and abs(best[0][1] - logp[b][0]) < 1e-4
        assert best[1][0] == mine[1]
