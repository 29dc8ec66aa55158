"""Tables of sparse numbers, CTC, chains of tags and decoders in graphs, by the figures of TensorFlow 2.21, of
all tags one by one, and of loops in NumPy.
"""

import itertools

import numpy as np
import pytest

import neurona.legacy.tensorflow.v1 as tf
from neurona.legacy.tensorflow import nn as nn_of_today
from neurona.legacy.tensorflow.v1.contrib import crf, seq2seq
from neurona.legacy.tensorflow.v1.mode import Mode


@pytest.fixture(autouse=True)
def session(monkeypatch):
    monkeypatch.setattr(Mode, "draws", True)
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_rows_of_a_table_in_parts_are_put_together(session):
    parts = [tf.constant([[0.0, 1], [2, 3]]), tf.constant([[10.0, 11]])]
    places = [[0, 0], [0, 1], [2, 0]]
    ids = tf.SparseTensor(places, [2, 1, 0], [3, 2])
    weights = tf.SparseTensor(places, [1.0, 2, 3], [3, 2])
    mean = tf.nn.embedding_lookup_sparse(parts, ids, None)
    root = tf.nn.embedding_lookup_sparse(parts, ids, weights, combiner="sqrtn")
    short = tf.nn.embedding_lookup_sparse(parts, ids, weights, combiner="sum", max_norm=1.0, name="short")
    rows = [tf.nn.embedding_lookup(parts, [0, 1, 2], partition_strategy=how) for how in ("mod", "div")]
    of_today = nn_of_today.embedding_lookup_sparse(tf.constant([[0.0, 1], [2, 3], [4, 5]]), ids, None, "sum")
    found = session.run([mean, root, short, *rows, of_today])
    for one, expected in zip(
        found,
        [
            [[6, 7], [0, 0], [0, 1]],
            [[9.838699, 11.180339], [0, 0], [0, 1]],
            [[1.9000459, 2.3119304], [0, 0], [0, 3]],
            [[0, 1], [10, 11], [2, 3]],
            [[0, 1], [2, 3], [10, 11]],
            [[6, 8], [0, 0], [0, 1]],
        ],
        strict=True,
    ):
        np.testing.assert_allclose(one, expected, rtol=1e-6)


def test_ctc_of_sparse_labels_its_decoders_and_their_distance(session):
    scores, lengths = tf.placeholder(tf.float32, [5, None, 4]), tf.placeholder(tf.int32, [None])
    labels = tf.sparse_placeholder(tf.int32)
    fed = {
        scores: np.random.RandomState(0).randn(5, 2, 4),
        lengths: [5, 3],
        labels: tf.SparseTensorValue([[0, 0], [0, 1], [1, 0]], [1, 1, 2], [2, 2]),
    }
    loss = tf.nn.ctc_loss(labels, scores, lengths)
    (slope,) = tf.gradients(loss, scores)
    found, slopes = session.run([loss, slope], fed)
    np.testing.assert_allclose(found, [7.560427, 2.7498066], rtol=1e-5)
    assert np.all(slopes[3:, 1] == 0)
    assert np.all(slopes[:3, 1] != 0)

    (greedy,), minus = tf.nn.ctc_greedy_decoder(scores, lengths)
    beams, chances = tf.nn.ctc_beam_search_decoder(scores, lengths, beam_width=10, top_paths=2)
    distance = [tf.edit_distance(tf.cast(beams[0], tf.int32), labels, how, "far") for how in (True, False)]
    parts, sums, best, logs, far = session.run([greedy, minus, beams, chances, distance], fed)
    np.testing.assert_allclose(sums, [[-7.61535], [-3.4930319]], rtol=1e-6)
    np.testing.assert_allclose(logs, [[-2.056244, -2.209864], [-1.268019, -1.563538]], rtol=1e-5)
    for one, places, values in [
        (parts, [[0, 0], [1, 0], [1, 1]], [0, 0, 2]),
        (best[0], [[0, 0], [1, 0], [1, 1]], [0, 0, 2]),
        (best[1], [[0, 0], [0, 1], [1, 0], [1, 1]], [2, 0, 0, 1]),
    ]:
        assert (one.indices.tolist(), one.values.tolist(), one.dense_shape.tolist()) == (
            places,
            values,
            [2, 2],
        )
    assert [one.tolist() for one in far] == [[1.0, 1.0], [2.0, 1.0]]


def test_chains_of_tags_are_scored_and_decoded(session):
    numbers = np.random.RandomState(1)
    scores, transitions = numbers.randn(2, 4, 3).astype("float32"), numbers.randn(3, 3).astype("float32")
    tags, lengths = np.array([[0, 2, 1, 1], [2, 0, 0, 0]]), np.array([4, 2])

    def score(row, chosen):
        steps = [scores[row, step, tag] for step, tag in enumerate(chosen)]
        return sum(steps) + sum(transitions[pair] for pair in itertools.pairwise(chosen))

    expected, likeliest = [], []
    for row, length in enumerate(lengths):
        every = {chosen: score(row, chosen) for chosen in itertools.product(range(3), repeat=int(length))}
        total = np.log(np.sum(np.exp(list(every.values()))))
        expected.append(every[tuple(tags[row, :length])] - total)
        likeliest.append(max(every.items(), key=lambda pair: pair[1]))
    given = tf.constant(scores)
    chances, same = crf.crf_log_likelihood(given, tags, lengths, tf.constant(transitions))
    found, best = crf.crf_decode(given, same, lengths)
    _, made = tf.contrib.crf.crf_log_likelihood(given, tags, lengths)
    assert (made.name, made.shape.as_list()) == ("transitions:0", [3, 3])
    chance, decoded, heights = session.run([chances, found, best])
    np.testing.assert_allclose(chance, expected, rtol=1e-5)
    assert decoded.tolist() == [list(likeliest[0][0]), [*likeliest[1][0], 0, 0]]
    np.testing.assert_allclose(heights, [one[1] for one in likeliest], rtol=1e-5)
    path, height = crf.viterbi_decode(scores[0], transitions)
    assert path == list(likeliest[0][0])
    assert height == pytest.approx(likeliest[0][1], rel=1e-5)


def _softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def test_decoders_with_attention_go_as_a_loop_in_numpy(session):
    numbers = np.random.RandomState(2)
    memory, table = numbers.randn(2, 5, 3).astype("f"), numbers.randn(4, 2).astype("f")
    said, lengths, seen = np.array([[0, 1, 2], [3, 1, 0]]), np.array([3, 2]), np.array([5, 2])
    attention = seq2seq.BahdanauAttention(3, tf.constant(memory), memory_sequence_length=seen)
    cell = seq2seq.AttentionWrapper(tf.nn.rnn_cell.BasicRNNCell(3), attention, attention_layer_size=3)
    layer = tf.layers.Dense(4, use_bias=False)
    begun = cell.zero_state(2, tf.float32)
    known = seq2seq.TrainingHelper(tf.nn.embedding_lookup(table, said), lengths)
    trained, _, steps = seq2seq.dynamic_decode(
        seq2seq.BasicDecoder(cell, known, begun, layer), impute_finished=True
    )
    free = seq2seq.GreedyEmbeddingHelper(table, [0, 3], end_token=-1)
    spoken, last, count = seq2seq.dynamic_decode(
        seq2seq.BasicDecoder(cell, free, begun, layer), maximum_iterations=4
    )
    loss = seq2seq.sequence_loss(trained.rnn_output, said, tf.sequence_mask(lengths, 3, dtype=tf.float32))
    slopes = tf.gradients(loss, tf.trainable_variables())
    assert all(one is not None for one in slopes)
    session.run(tf.global_variables_initializer())
    weights = {one.op.name.removeprefix("decoder/"): session.run(one) for one in tf.trainable_variables()}
    inside = "attention_wrapper/"
    assert sorted(weights) == [
        f"{inside}attention_layer/kernel",
        f"{inside}bahdanau_attention/attention_v",
        f"{inside}bahdanau_attention/query_layer/kernel",
        f"{inside}basic_rnn_cell/bias",
        f"{inside}basic_rnn_cell/kernel",
        "dense/kernel",
        "memory_layer/kernel",
    ]
    weights = {name.removeprefix(inside): one for name, one in weights.items()}
    masked = np.where(np.arange(5)[None, :, None] < seen[:, None, None], memory, 0)

    def decoded(inputs, steps):
        state, read, outputs = np.zeros((2, 3)), np.zeros((2, 3)), []
        for step in range(steps):
            row = table[inputs[:, step]] if inputs.ndim == 2 else table[inputs]
            joined = np.concatenate([row, read, state], 1)
            state = np.tanh(joined @ weights["basic_rnn_cell/kernel"] + weights["basic_rnn_cell/bias"])
            query = state @ weights["bahdanau_attention/query_layer/kernel"]
            keys = np.tanh(masked @ weights["memory_layer/kernel"] + query[:, None])
            scores = keys @ weights["bahdanau_attention/attention_v"]
            shares = _softmax(np.where(np.arange(5) < seen[:, None], scores, -np.inf))
            context = np.einsum("bs,bsf->bf", shares, masked)
            read = np.concatenate([state, context], 1) @ weights["attention_layer/kernel"]
            outputs.append(read @ weights["dense/kernel"])
            inputs = inputs if inputs.ndim == 2 else outputs[-1].argmax(-1)
        return np.stack(outputs, 1), state

    expected, _ = decoded(said, 3)
    expected[1, 2] = 0
    found, ids, length = session.run([trained.rnn_output, trained.sample_id, steps])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert (ids.tolist(), length.tolist()) == (expected.argmax(-1).tolist(), [3, 2])
    expected, state = decoded(np.array([0, 3]), 4)
    found, end, length = session.run([spoken.rnn_output, last.cell_state, count])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(end, state, rtol=1e-4, atol=1e-6)
    assert length.tolist() == [4, 4]


def test_stacked_cells_in_both_directions_and_cudnns_layers(session):
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    cells = [[tf.contrib.rnn.NASCell(5, use_biases=True), tf.contrib.rnn.UGRNNCell(2)] for _ in range(2)]
    outputs, forth, back = tf.contrib.rnn.stack_bidirectional_dynamic_rnn(
        *cells, tf.constant(x), dtype=tf.float32, sequence_length=[4, 2]
    )
    layers = tf.contrib.cudnn_rnn.CudnnLSTM(2, 3, direction="bidirectional")
    deep, (h, c) = layers(tf.transpose(tf.constant(x), [1, 0, 2]))
    highway = tf.contrib.rnn.HighwayWrapper(tf.nn.rnn_cell.GRUCell(3))
    mixed, _ = tf.nn.dynamic_rnn(highway, tf.constant(x), dtype=tf.float32)
    session.run(tf.global_variables_initializer())
    found, state, other = session.run([outputs, forth[1], back[1]])
    np.testing.assert_allclose(found[:, :, :2][[0, 1], [3, 1]], state, rtol=1e-5)  # the last steps
    np.testing.assert_allclose(found[:, 0, 2:], other, rtol=1e-5)
    assert not found[1, 2:].any()
    values, last, memory, wide = session.run([deep, h, c, mixed])
    assert (values.shape, memory.shape, wide.shape) == ((4, 2, 6), (4, 2, 3), (2, 4, 3))
    np.testing.assert_allclose(values[-1, :, :3], last[2], rtol=1e-5)
    np.testing.assert_allclose(values[0, :, 3:], last[3], rtol=1e-5)


def test_a_nas_cell_follows_figure_8(session):
    x, h, c = (np.random.default_rng(seed).normal(size=(2, 3)).astype("float32") for seed in range(3))
    cell = tf.contrib.rnn.NASCell(3)
    output, state = cell(tf.constant(x), tf.contrib.rnn.LSTMStateTuple(tf.constant(c), tf.constant(h)))
    session.run(tf.global_variables_initializer())
    found, new, kernels = session.run([output, state.c, {one.name: one for one in cell.variables}])
    given = np.split(x @ kernels["nas_cell/kernel:0"], 8, 1)
    own = np.split(h @ kernels["nas_cell/recurrent_kernel:0"], 8, 1)
    s = [a + b for a, b in zip(given, own, strict=True)]
    sigmoid, relu = lambda a: 1 / (1 + np.exp(-a)), lambda a: np.maximum(a, 0)
    left = np.tanh(np.tanh(sigmoid(s[0]) * relu(s[1])) + c)
    memory = left * np.tanh(sigmoid(s[2]) + relu(given[3] * own[3]))
    right = np.tanh(np.tanh(s[4]) * sigmoid(s[5])) + sigmoid(np.tanh(s[6]) + sigmoid(s[7]))
    np.testing.assert_allclose(new, memory, rtol=1e-4)
    np.testing.assert_allclose(found, np.tanh(memory * np.tanh(right)), rtol=1e-4)
