"""TensorFlow 1's face gives the numbers of TensorFlow 2.21's `tf.compat.v1`, and those of closed forms."""

import numpy as np
import pytest

import neurona.legacy.tensorflow.v1 as tf

X = np.array([[1.0, 2.0], [3.0, 5.0]], "float32")
Y = np.array([[0.0, 1.0], [1.0, 0.0]], "float32")

# Three steps from (1, 2) down w0^2 + 3 w1^2.
OPTIMIZERS = [
    (lambda: tf.train.GradientDescentOptimizer(0.1), [0.512, 0.128]),
    (lambda: tf.train.MomentumOptimizer(0.1, 0.9), [0.062, -1.708]),
    (lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True), [-0.10835, -0.60813]),
    (lambda: tf.train.AdamOptimizer(0.1), [0.70159, 1.70062]),
    (lambda: tf.train.AdagradOptimizer(0.1), [0.7823, 1.77587]),
    (lambda: tf.train.AdadeltaOptimizer(0.5), [0.99932, 1.99932]),
    (lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.5), [0.38715, 1.00173]),
    (lambda: tf.train.RMSPropOptimizer(0.1, centered=True), [0.55893, 1.26251]),
    (
        lambda: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.02),
        [0.63625, 1.72416],
    ),
    (lambda: tf.train.ProximalGradientDescentOptimizer(0.1, 0.01, 0.02), [0.50651, 0.12568]),
    (lambda: tf.train.ProximalAdagradOptimizer(0.1, 0.1, 0.01, 0.02), [0.77926, 1.77498]),
]
FUNCTIONS = [
    (
        lambda: tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=X),
        [0.3132599890232086, 2.126929998397827],
    ),
    (
        lambda: tf.losses.sparse_softmax_cross_entropy(np.array([0, 1]), X, weights=[1.0, 0.0]),
        [1.3132599592208862],
    ),
    (lambda: tf.losses.sigmoid_cross_entropy(Y, X, label_smoothing=0.1), [1.6113699674606323]),
    (lambda: tf.losses.mean_squared_error(Y, X, weights=[[1.0], [0.0]]), [1.0]),
    (lambda: tf.losses.huber_loss(Y, X), [1.75]),
    (lambda: tf.losses.hinge_loss(Y, X), [2.0]),
    (lambda: tf.losses.log_loss(Y, X / 6), [0.9414600133895874]),
    (
        lambda: tf.nn.weighted_cross_entropy_with_logits(labels=Y, logits=X, pos_weight=2.0),
        [1.3132599592208862, 0.2538599967956543, 0.09717000275850296, 5.006720066070557],
    ),
    (lambda: tf.losses.softmax_cross_entropy(Y, X, label_smoothing=0.2), [1.1700999736785889]),
    (
        lambda: tf.train.exponential_decay(0.1, tf.constant(25), 10, 0.5, staircase=True),
        [0.02500000037252903],
    ),
    (lambda: tf.train.polynomial_decay(0.1, tf.constant(25), 100, 0.01, power=2.0), [0.06061999872326851]),
    (lambda: tf.train.inverse_time_decay(0.1, tf.constant(25), 10, 0.5), [0.044440001249313354]),
    (lambda: tf.train.piecewise_constant(tf.constant(25), [10, 25], [1.0, 2.0, 3.0]), [2.0]),
    (lambda: tf.train.cosine_decay(0.1, tf.constant(25), 100), [0.08535999804735184]),
    (lambda: tf.train.natural_exp_decay(0.1, tf.constant(25), 10, 0.5), [0.02865000069141388]),
    (lambda: tf.nn.moments(X, [0])[1], [1.0, 2.25]),
]


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def evaluated(*fetches, feed=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(list(fetches), feed)


@pytest.mark.parametrize(("make", "expected"), OPTIMIZERS)
def test_an_optimizer_steps_as_tensorflows(make, expected):
    w = tf.Variable([1.0, 2.0])
    train = make().minimize(tf.reduce_sum(tf.square(w) * [1.0, 3.0]))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(train)
        np.testing.assert_allclose(session.run(w), expected, atol=2e-5)


def test_functions_give_tensorflows_numbers():
    results = evaluated(*(make() for make, _ in FUNCTIONS))
    for (_, expected), result in zip(FUNCTIONS, results, strict=True):
        np.testing.assert_allclose(np.ravel(result), expected, atol=2e-5)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_cells_follow_their_formulas(kind):
    x = np.linspace(-1, 1, 12).reshape(2, 3, 2)
    cells = {
        "lstm": lambda: tf.nn.rnn_cell.LSTMCell(2, initializer=tf.constant_initializer(0.3)),
        "gru": lambda: tf.nn.rnn_cell.GRUCell(2, kernel_initializer=tf.constant_initializer(0.3)),
    }
    outputs, state = tf.nn.dynamic_rnn(
        cells[kind](), tf.constant(x, tf.float32), sequence_length=[3, 2], dtype=tf.float32
    )
    h, c = np.zeros((2, 2)), np.zeros((2, 2))
    expected = []
    for step in range(3):
        z = 0.3 * np.concatenate([x[:, step], h], 1).sum(1, keepdims=True) * np.ones((1, 2))
        if kind == "lstm":
            new_c = sigmoid(z + 1) * c + sigmoid(z) * np.tanh(z)
            new = sigmoid(z) * np.tanh(new_c)
        else:
            gate = sigmoid(z + 1)
            joined = np.concatenate([x[:, step], gate * h], 1).sum(1, keepdims=True)
            new, new_c = gate * h + (1 - gate) * np.tanh(0.3 * joined), c
        alive = np.array([[True], [step < 2]])
        expected.append(np.where(alive, new, 0))
        h, c = np.where(alive, new, h), np.where(alive, new_c, c)
    found, last = evaluated(outputs, state)
    np.testing.assert_allclose(found, np.stack(expected, 1), atol=1e-5)
    np.testing.assert_allclose(last.h if kind == "lstm" else last, h, atol=1e-5)


def test_batch_normalization_uses_and_moves_the_moments():
    x = np.random.default_rng(0).normal(size=(4, 2, 2, 3)).astype("float32")
    training = tf.placeholder(tf.bool)
    layer = tf.layers.BatchNormalization(momentum=0.9, epsilon=1e-3)
    output = layer(tf.constant(x), training=training)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        found, _ = session.run([output, updates], {training: True})
        np.testing.assert_allclose(found, (x - mean) / np.sqrt(variance + 1e-3), atol=1e-5)
        moved = session.run([layer.moving_mean, layer.moving_variance])
        np.testing.assert_allclose(moved[0], 0.1 * mean, atol=1e-6)
        np.testing.assert_allclose(moved[1], 0.9 + 0.1 * variance * 16 / 15, atol=1e-5)
        found = session.run(output, {training: False})
        np.testing.assert_allclose(found, (x - moved[0]) / np.sqrt(moved[1] + 1e-3), atol=1e-4)
