"""Cells and recurrent layers beside Keras, and what must hold of any recurrence."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import neurona.constraints
import neurona.regularizers  # noqa: F401
from neurona.core.errors import ArgumentError, ShapeError, UnexpectedArgument
from neurona.core.layer import Layer
from neurona.core.registry import register_keras_serializable
from neurona.core.symbolic import SymbolicTensor
from neurona.layers.embedding import Embedding, Masking
from neurona.layers.recurrent import GRU, LSTM, RNN, SimpleRNN
from neurona.layers.rnn_cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from tests.layers.beside_keras import close, finite_differences, parity, round_trip

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 5, 4)).astype("float32")
LEFT = np.array([[0, 0, 1, 1, 1], [0, 1, 1, 1, 1], [1, 1, 1, 1, 1]], bool)
RIGHT = LEFT[:, ::-1].copy()
INTERIOR = np.array([[1, 0, 0, 1, 1], [1, 1, 0, 1, 0], [0, 1, 0, 1, 0]], bool)
NAMES = ["SimpleRNN", "LSTM", "GRU"]
OURS = {"SimpleRNN": SimpleRNN, "LSTM": LSTM, "GRU": GRU}


def both(name, *args, **kwargs):
    return OURS[name](*args, **kwargs), getattr(keras.layers, name)(*args, **kwargs)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "options",
    [
        {"go_backwards": True, "return_sequences": True, "return_state": True},
        {"activation": "relu", "unroll": True, "return_state": True, "use_bias": False},
        {"activation": "softsign", "return_sequences": True},  # no kernel for it: step by step
    ],
    ids=lambda options: "-".join(options),
)
def test_layers_equal_keras(name, options):
    parity(*both(name, 3, **options), X)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("GRU", {"reset_after": False}),
        (
            "GRU",
            {
                "reset_after": False,
                "use_bias": False,
                "recurrent_activation": "hard_sigmoid",
                "go_backwards": True,
            },
        ),
        ("GRU", {"reset_after": False, "activation": "softsign"}),
        ("GRU", {"activation": "softsign", "use_bias": False}),
        ("LSTM", {"recurrent_activation": "hard_sigmoid", "activation": None, "unit_forget_bias": False}),
        ("LSTM", {"implementation": 1}),
        ("SimpleRNN", {"activation": "hard_sigmoid"}),
    ],
)
def test_options_of_one_layer(name, options):
    parity(*both(name, 3, return_sequences=True, **options), X)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("mask", "options"),
    [
        (LEFT, {"return_sequences": True, "return_state": True}),
        (INTERIOR, {"return_sequences": True, "zero_output_for_mask": True, "go_backwards": True}),
        (RIGHT, {"zero_output_for_mask": True}),
        (INTERIOR, {"activation": "softsign", "return_sequences": True, "return_state": True}),
    ],
    ids=["left", "interior-zeros-backwards", "right", "interior-stepwise"],
)
def test_masks(name, mask, options):
    parity(*both(name, 3, **options), X, mask=mask)


def test_a_masked_sequence_equals_the_short_one():
    layer = LSTM(3, return_sequences=True)
    whole = layer(X, mask=RIGHT)
    close(whole[0, :3], layer(X[:1, :3])[0])
    close(whole[0, 3:], np.repeat(whole[0, 2:3], 2, 0))


@pytest.mark.parametrize("name", NAMES)
def test_initial_states(name):
    states = [RNG.normal(size=(3, 3)).astype("float32") for _ in range(2 if name == "LSTM" else 1)]
    ours, theirs = both(name, 3, return_sequences=True, return_state=True)
    outputs = parity(ours, theirs, X, initial_state=states, mask=INTERIOR)
    for one, other in zip(outputs, ours([X, *states], mask=INTERIOR)):
        close(one, other)
    if len(states) == 1:
        close(ours(X, initial_state=states[0])[0], ours(X, initial_state=states)[0])


@pytest.mark.parametrize("name", NAMES)
def test_unrolled_is_the_same(name):
    options = {"return_sequences": True, "return_state": True, "zero_output_for_mask": True}
    looped, unrolled = OURS[name](3, **options), OURS[name](3, unroll=True, **options)
    state = [np.ones((3, 3), "float32")] * (2 if name == "LSTM" else 1)
    looped(X), unrolled(X)
    unrolled.set_weights(looped.get_weights())
    for one, other in zip(
        looped(X, initial_state=state, mask=LEFT), unrolled(X, initial_state=state, mask=LEFT)
    ):
        close(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_stateful_over_batches(name):
    ours, theirs = both(name, 3, stateful=True, return_sequences=True)
    ours.build(X.shape), theirs.build(X.shape)
    ours.set_weights(theirs.get_weights())
    first = ours(X)
    close(first, theirs(X))
    second = ours(X, mask=RIGHT)
    close(second, theirs(X, mask=RIGHT))
    assert np.abs(np.asarray(first - second)).max() > 0.01
    ours.reset_state()
    close(ours(X), first)
    assert len(ours.weights) == 3  # the states are variables, but no weights


def test_state_travels_through_apply():
    layer = GRU(3, stateful=True)
    layer(X)
    layer.reset_states()
    values = [variable.value for variable in layer.variables]
    run = jax.jit(lambda values, x: layer.apply(values, x))
    first, values = run(values, X)
    second, values = run(values, X)
    close(layer(X), first)
    close(layer(X), second)


@pytest.mark.parametrize(
    "cells",
    [
        lambda module: module.SimpleRNNCell(3),
        lambda module: module.LSTMCell(3, use_bias=False),
        lambda module: [module.GRUCell(2), module.LSTMCell(3)],
        lambda module: [module.SimpleRNNCell(2, activation="softsign"), module.GRUCell(3, reset_after=False)],
    ],
)
@pytest.mark.parametrize("mask", [None, INTERIOR], ids=["all", "masked"])
def test_rnn_of_cells(cells, mask):
    class Ours:
        SimpleRNNCell, LSTMCell, GRUCell = SimpleRNNCell, LSTMCell, GRUCell

    options = {"return_sequences": True, "return_state": True}
    parity(RNN(cells(Ours), **options), keras.layers.RNN(cells(keras.layers), **options), X, mask=mask)


@pytest.mark.parametrize("cell", [SimpleRNNCell(3), LSTMCell(3), GRUCell(3), GRUCell(3, reset_after=False)])
def test_one_step_of_a_cell(cell):
    theirs = getattr(keras.layers, type(cell).__name__).from_config(cell.get_config())
    states = [
        RNG.normal(size=(3, 3)).astype("float32") for _ in range(2 if isinstance(cell, LSTMCell) else 1)
    ]
    parity(cell, theirs, X[:, 0], states)
    assert cell.get_config().keys() - {"seed"} == theirs.get_config().keys() - {"seed"}


@register_keras_serializable()
class Averager(Layer):
    """A cell of one's own: two states, an output that is neither."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = [units, 1]
        self.output_size = 2 * units

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")

    def call(self, inputs, states):
        mean, count = states
        mean = (mean * count + inputs @ self.kernel.value) / (count + 1)
        return jnp.concatenate([mean, -mean], axis=-1), [mean, count + 1]


def test_a_cell_of_ones_own():
    layer = RNN(Averager(2), return_sequences=True, return_state=True)
    outputs, mean, count = layer(X, mask=RIGHT)
    kernel = layer.get_weights()[0]
    assert outputs.shape == (3, 5, 4)
    assert count.ravel().tolist() == [3.0, 4.0, 5.0]
    close(mean[0], (X[0, :3] @ kernel).mean(0))
    close(outputs[2, -1, :2], mean[2])
    again = RNN.from_config(layer.get_config())
    again(X)
    again.set_weights(layer.get_weights())
    close(again(X)[0], layer(X)[0])
    mixed = RNN([LSTMCell(3), Averager(2)], return_sequences=True)
    assert mixed(X).shape == (3, 5, 4)


def test_a_cell_that_is_no_layer():
    class Sum:
        state_size = 4

        def call(self, inputs, states):
            return inputs + states[0], [inputs + states[0]]

    close(RNN(Sum())(X), X.sum(1))


def test_wrong_states_are_named():
    class Wrong(Layer):
        state_size = 3

        def call(self, inputs, states):
            return inputs, [inputs]

    with pytest.raises(ShapeError, match="state_size"):
        RNN(Wrong())(X)


@pytest.mark.parametrize("name", NAMES)
def test_configs_travel_both_ways(name):
    layer = OURS[name](
        3,
        return_sequences=True,
        go_backwards=True,
        kernel_regularizer="l2",
        bias_initializer="ones",
        recurrent_constraint="non_neg",
        dropout=0.2,
        recurrent_dropout=0.1,
        activation="relu",
        zero_output_for_mask=True,
        seed=4,
    )
    theirs = round_trip(layer, X)
    ours_config, their_config = layer.get_config(), theirs.get_config()
    assert ours_config.keys() - {"seed"} == their_config.keys() - {"seed"}
    plain = {k: v for k, v in their_config.items() if isinstance(v, (int, float, str, bool, type(None)))}
    assert {k: ours_config[k] for k in plain} == plain
    round_trip(RNN([GRUCell(2), LSTMCell(3)], return_state=True), X)
    assert len(layer.losses) == 1


@pytest.mark.usefixtures("in_double_precision")
def test_gradients_by_finite_differences():
    # Of the one backward pass that the conformance test does not reach.
    layer = GRU(
        2, reset_after=False, go_backwards=True, return_sequences=True, return_state=True, dtype="float64"
    )
    x = jnp.asarray(X, "float64")
    layer.build(x.shape)

    def loss(arrays):
        outputs, _ = layer.apply(arrays[1:], arrays[0], mask=INTERIOR)
        return sum(jnp.sum(jnp.sin(a) * (i + 1)) for i, a in enumerate(outputs))

    finite_differences(loss, [x, *[v.value for v in layer.variables]])


@pytest.mark.usefixtures("in_double_precision")
def test_second_derivatives():
    layer = LSTM(2, dtype="float64")
    x = jnp.asarray(X, "float64")
    layer.build(x.shape)
    values = [variable.value for variable in layer.variables]

    def slope(arrays):
        return sum(
            jnp.sum(jnp.sin(g)) for g in jax.grad(lambda values: layer.apply(values, x)[0].sum())(arrays)
        )

    finite_differences(slope, values)


def test_symbolic_shapes():
    x = SymbolicTensor((None, None, 4))
    assert LSTM(3)(x).shape == (None, 3)
    assert [t.shape for t in LSTM(3, return_sequences=True, return_state=True)(x)] == [
        (None, None, 3),
        (None, 3),
        (None, 3),
    ]
    assert RNN([GRUCell(2), SimpleRNNCell(5)])(x).shape == (None, 5)
    assert SimpleRNN(3, unroll=True, return_sequences=True)(x).shape == (None, None, 3)
    assert GRU(3, stateful=True)(SymbolicTensor((2, None, 4))).shape == (2, 3)
    state = SymbolicTensor((None, 3))
    assert LSTM(3)(x, initial_state=[state, state]).shape == (None, 3)
    assert LSTM(3)([x, state, state]).shape == (None, 3)


@pytest.mark.parametrize("front", ["embedding", "masking"])
def test_masks_arrive_from_the_layer_in_front_under_jit(front):
    if front == "embedding":
        ours, theirs = Embedding(10, 4, mask_zero=True), keras.layers.Embedding(10, 4, mask_zero=True)
        x = np.where(RIGHT, RNG.integers(1, 10, (3, 5)), 0)
    else:
        ours, theirs = Masking(), keras.layers.Masking()
        x = np.where(INTERIOR[..., None], X, 0)

    class Net(Layer):
        def __init__(self):
            super().__init__()
            self.front, self.middle, self.last = ours, GRU(3, return_sequences=True), LSTM(2)

        def call(self, x):
            return self.last(self.middle(self.front(x)))

    net = Net()
    net(x)
    middle, last = keras.layers.GRU(3, return_sequences=True), keras.layers.LSTM(2)
    last(middle(theirs(x)))
    for one, other in ((theirs, ours), (middle, net.middle), (last, net.last)):
        one.set_weights(other.get_weights())
    expected = last(middle(theirs(x)))
    close(jax.jit(lambda values: net.apply(values, x)[0])([v.value for v in net.variables]), expected)


@pytest.mark.parametrize("name", NAMES)
def test_dropout_with_a_seed_is_keras_s(name):
    for options in ({"dropout": 0.5}, {"dropout": 0.4, "recurrent_dropout": 0.3}):
        ours, theirs = both(name, 3, seed=7, **options)
        theirs.build(X.shape)
        ours.build(X.shape)
        ours.set_weights(theirs.get_weights())
        close(ours(X, training=True), theirs(X, training=True))


def test_dropout_is_inverted_and_the_same_at_every_step():
    ones = np.ones((200, 6, 8), "float32")
    layer = SimpleRNN(
        8,
        activation=None,
        dropout=0.25,
        kernel_initializer="identity",
        recurrent_initializer="zeros",
        return_sequences=True,
    )
    assert (layer(ones) == 1).all()
    y = np.asarray(layer(ones, training=True))
    assert (y == y[:, :1]).all()
    assert np.allclose(np.unique(y), [0, 4 / 3])
    assert abs((y[:, 0] == 0).mean() - 0.25) < 0.04  # 3.7 standard deviations of 1600 draws
    recurrent = SimpleRNN(
        8,
        activation=None,
        recurrent_dropout=0.25,
        kernel_initializer="zeros",
        recurrent_initializer="identity",
    )
    y = np.asarray(recurrent(ones, initial_state=np.ones((200, 8), "float32"), training=True))
    assert np.allclose(np.unique(y), [0, (4 / 3) ** 6])  # what is dropped once is dropped at every step
    assert abs((y == 0).mean() - 0.25) < 0.04
    first, second = (jax.random.key(i) for i in (1, 2))
    values = [v.value for v in layer.variables]
    a, b, c = (layer.apply(values, ones, key=key, training=True)[0] for key in (first, first, second))
    assert (a == b).all()
    assert not (a == c).all()


def test_each_gate_has_its_own_mask_with_implementation_1():
    cell = LSTMCell(6, dropout=0.5, implementation=1)
    step = np.zeros((3, 4), "float32")
    assert [mask.shape for mask in cell.get_dropout_mask(step)] == [step.shape] * 4
    assert LSTMCell(6, dropout=0.5).get_dropout_mask(step).shape == step.shape
    assert LSTMCell(6).get_dropout_mask(step) is None


def test_mixed_precision_and_half():
    for dtype, out in (("mixed_bfloat16", "bfloat16"), ("mixed_float16", "float16")):
        layer = LSTM(3, dtype=dtype, return_sequences=True)
        theirs = keras.layers.LSTM(3, dtype=dtype, return_sequences=True)
        y, _ = layer(X), theirs(X)
        theirs.set_weights(layer.get_weights())
        assert y.dtype == out
        close(y, np.asarray(theirs(X), "float32"), 0.03)


def test_freezing():
    layer = LSTM(3, trainable=False)
    layer(X)
    assert layer.trainable_variables == []
    layer.trainable = True
    assert len(layer.trainable_variables) == 3


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: LSTM(0), ArgumentError, "units"),
        (lambda: GRUCell(2.5), ArgumentError, "units"),
        (lambda: LSTM(3, dropout=1.5), ArgumentError, "dropout"),
        (lambda: GRU(3, use_cudnn="yes"), ArgumentError, "use_cudnn"),
        (lambda: LSTM(3, retrun_sequences=True), UnexpectedArgument, "return_sequences"),
        (lambda: LSTM(3)(X[0]), ShapeError, "3 dimensions"),
        (lambda: LSTM(3)(X, initial_state=[X[:, 0]] * 2), ShapeError, "initial state"),
        (
            lambda: LSTM(3)(X, initial_state=[np.zeros((3, 3))]),
            ShapeError,
            r"initial states of shapes \(\d, 3\), \(\d, 3\), for",
        ),
        (lambda: LSTM(3)(X, mask=LEFT[:, :2]), ShapeError, "mask"),
        (lambda: LSTM(3, stateful=True)(SymbolicTensor((None, 5, 4))), ArgumentError, "batch_shape"),
        (lambda: RNN(3), ArgumentError, "state_size"),
        (lambda: RNN(Layer()), ArgumentError, "state_size"),
        (lambda: StackedRNNCells([]), ArgumentError, "at least one"),
        (lambda: StackedRNNCells([3]), ArgumentError, "state_size"),
        (lambda: GRU(3, activation="tahn"), ArgumentError, "tanh"),
    ],
)
def test_bad_inputs_are_explained(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_a_stateful_layer_explains_another_batch_size():
    layer = GRU(3, stateful=True)
    layer(X)
    with pytest.raises(ShapeError, match="stateful"):
        layer(X[:2])
    with pytest.raises(AttributeError, match="nonsense"):
        layer.nonsense  # noqa: B018
