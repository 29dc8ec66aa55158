"""Bidirectional and TimeDistributed beside Keras."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona.core import annotations
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.symbolic import SymbolicTensor
from neurona.layers import (
    GRU,
    LSTM,
    RNN,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    SimpleRNN,
    TimeDistributed,
)
from tests.layers.beside_keras import close, finite_differences, parity, round_trip

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 5, 4)).astype("float32")
MASK = np.array([[1, 0, 0, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 1]], bool)
K = keras.layers


@pytest.mark.parametrize(
    ("kind", "options", "inner", "mask"),
    [
        ("LSTM", {}, {}, None),
        ("SimpleRNN", {"merge_mode": "sum"}, {"return_sequences": True}, MASK),
        ("GRU", {"merge_mode": "mul"}, {"return_sequences": True}, MASK),
        ("GRU", {"merge_mode": "ave"}, {"return_state": True}, None),
        ("LSTM", {"merge_mode": None}, {"return_sequences": True, "return_state": True}, MASK),
    ],
)
def test_bidirectional_equals_keras(kind, options, inner, mask):
    ours = Bidirectional(
        {"LSTM": LSTM, "GRU": GRU, "SimpleRNN": SimpleRNN}[kind](3, **inner, name="inner"), **options
    )
    parity(ours, K.Bidirectional(getattr(K, kind)(3, **inner, name="inner"), **options), X, mask=mask)


def test_two_different_layers():
    ours = Bidirectional(
        LSTM(3, name="a"), backward_layer=LSTM(3, activation="relu", go_backwards=True, name="b")
    )
    theirs = K.Bidirectional(
        K.LSTM(3, name="a"), backward_layer=K.LSTM(3, activation="relu", go_backwards=True, name="b")
    )
    parity(ours, theirs, X)


def test_initial_states_and_weights():
    states = [RNG.normal(size=(3, 3)).astype("float32") for _ in range(4)]
    ours, theirs = Bidirectional(LSTM(3, name="lstm")), K.Bidirectional(K.LSTM(3, name="lstm"))
    y = parity(ours, theirs, X, initial_state=states)
    close(ours([X, *states]), y)
    again = Bidirectional(LSTM(3), weights=ours.get_weights())
    close(again(X), ours(X))


def test_stateful_both_ways():
    ours, theirs = Bidirectional(GRU(3, stateful=True)), K.Bidirectional(K.GRU(3, stateful=True))
    ours.build(X.shape), theirs.build(X.shape)
    ours.set_weights(theirs.get_weights())
    first = ours(X)
    close(first, theirs(X))
    close(ours(X), theirs(X))
    ours.reset_states()
    close(ours(X), first)


def test_configs_travel_both_ways():
    round_trip(Bidirectional(LSTM(3, return_sequences=True, dropout=0.1), merge_mode="sum"), X)
    round_trip(Bidirectional(GRU(3), backward_layer=GRU(3, go_backwards=True, use_bias=False)), X)
    round_trip(TimeDistributed(Dense(3, activation="relu")), X)


def test_a_cell_of_ones_own_needs_no_registration():
    class Cell(Layer):
        state_size = 4

        def call(self, inputs, states):
            return inputs + states[0], [inputs + states[0]]

    class MyRNN(RNN):
        pass

    y = Bidirectional(MyRNN(Cell(), return_sequences=True))(X)
    close(y[:, :, :4], X.cumsum(1))
    close(y[:, :, 4:], X[:, ::-1].cumsum(1)[:, ::-1])


def test_masks_go_through():
    ids = np.where(MASK, RNG.integers(1, 9, (3, 5)), 0)
    embedded = Embedding(9, 4, mask_zero=True)(ids)
    y = Bidirectional(LSTM(3, return_sequences=True))(embedded)
    assert (annotations.MASK.get(y) == MASK).all()
    assert (np.asarray(y)[~MASK] == 0).all()
    pair = Bidirectional(GRU(3, return_sequences=True), merge_mode=None)(embedded)
    assert all((annotations.MASK.get(one) == MASK).all() for one in pair)
    assert annotations.MASK.get(Bidirectional(GRU(3))(embedded)) is None
    assert (annotations.MASK.get(TimeDistributed(Dense(2))(embedded)) == MASK).all()


def test_symbolic_shapes():
    x = SymbolicTensor((None, None, 4))
    assert Bidirectional(LSTM(3, return_sequences=True))(x).shape == (None, None, 6)
    assert TimeDistributed(Dense(3))(SymbolicTensor((None, None, 5, 4))).shape == (None, None, 5, 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Bidirectional(GRU(2, dtype="float64"), dtype="float64"),
        lambda: TimeDistributed(GRU(2, dtype="float64"), dtype="float64"),
    ],
)
@pytest.mark.usefixtures("in_double_precision")
def test_gradients_by_finite_differences(make):
    layer, x = make(), jnp.asarray(RNG.normal(size=(2, 3, 4)))
    x = x[..., None] if isinstance(layer, TimeDistributed) else x
    layer.build(x.shape)
    finite_differences(
        lambda arrays: jnp.sum(jnp.sin(layer.apply(arrays[1:], arrays[0])[0])),
        [x, *[v.value for v in layer.variables]],
    )


def test_time_distributed_equals_keras():
    frames = RNG.normal(size=(2, 3, 5, 4)).astype("float32")
    mask = RNG.integers(0, 2, (2, 3, 5)).astype(bool)
    ours, theirs = TimeDistributed(LSTM(3, name="lstm")), K.TimeDistributed(K.LSTM(3, name="lstm"))
    parity(ours, theirs, frames, mask=mask)


def test_statistics_move_at_every_step():
    ours, theirs = (
        TimeDistributed(BatchNormalization(momentum=0.5)),
        K.TimeDistributed(K.BatchNormalization(momentum=0.5)),
    )
    for _ in range(2):
        close(ours(X, training=True), theirs(X, training=True))
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        close(one, other)
    close(ours(X), theirs(X))
    values = [v.value for v in ours.variables]
    y, new = jax.jit(lambda values: ours.apply(values, X, training=True))(values)
    close(ours(X, training=True), y)
    for one, other in zip(ours.variables, new):
        close(one.value, other)


def test_dropout_differs_between_steps():
    y = np.asarray(TimeDistributed(Dropout(0.5))(np.ones((40, 6, 5), "float32"), training=True))
    assert set(np.unique(y)) == {0, 2}
    assert not (y[:, 0] == y[:, 1]).all()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Bidirectional(3), ArgumentError, "recurrent"),
        (lambda: Bidirectional(Dense(3)), ArgumentError, "recurrent"),
        (lambda: Bidirectional(LSTM(3), merge_mode="add"), ArgumentError, "merge_mode"),
        (lambda: Bidirectional(LSTM(3), backward_layer=LSTM(3)), ArgumentError, "go_backwards"),
        (
            lambda: Bidirectional(LSTM(3), backward_layer=LSTM(3, return_state=True, go_backwards=True)),
            ArgumentError,
            "return_state",
        ),
        (lambda: TimeDistributed("dense"), ArgumentError, "layer"),
        (lambda: TimeDistributed(Dense(2))(X[0]), ShapeError, "3 dimensions"),
        (lambda: TimeDistributed(Dense(2))(X, mask=MASK[:2]), ShapeError, "mask"),
        (lambda: Bidirectional(LSTM(2))(X[0]), ShapeError, "3 dimensions"),
    ],
)
def test_bad_inputs_are_explained(make, error, words):
    with pytest.raises(error, match=words):
        make()
