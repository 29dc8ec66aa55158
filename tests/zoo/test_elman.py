"""Elman's and Jordan's networks beside loops in NumPy and finite differences."""

from typing import Any

import jax
import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.layers import RNN, Dense, Input
from neurona.models import Sequential

rng = np.random.default_rng(5)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def built(cell, features):
    """A layer with this cell, and its random weights."""
    layer: Any = RNN(cell, return_sequences=True)
    layer.build((None, None, features))
    weights = [rng.normal(size=weight.shape) for weight in layer.weights]
    layer.set_weights(weights)
    return layer, weights


def elman_states(weights, x, contexts=None):
    """h(t) of a sequence (time, features); contexts that are given stay as they are."""
    kernel, recurrent, bias = weights
    h, found = np.full(len(bias), 0.5), []
    for t, row in enumerate(x):
        h = sigmoid(row @ kernel + (h if contexts is None else contexts[t]) @ recurrent + bias)
        found.append(h)
    return np.array(found)


def slopes(loss, arrays):
    """Finite differences of a loss of arrays."""
    found = []
    for array in arrays:
        slope = np.zeros(array.shape)
        for place in np.ndindex(array.shape):
            sides = []
            for step in (1e-4, -1e-4):
                array[place] += step
                sides.append(loss(arrays))
                array[place] -= step
            slope[place] = (sides[0] - sides[1]) / 2e-4
        found.append(slope)
    return found


@pytest.mark.parametrize("truncated", [True, False])
def test_elmans_states_and_gradients_are_those_of_a_loop(truncated):
    layer, weights = built(zoo.ElmanCell(3, truncated=truncated), 2)
    x = rng.normal(size=(4, 2))
    states = elman_states(weights, x)
    np.testing.assert_allclose(layer(x[None])[0], states, atol=1e-5)
    # With the context as an input, what it held does not move with the weights.
    held = np.concatenate([np.full((1, 3), 0.5), states[:-1]]) if truncated else None
    wanted = slopes(lambda arrays: np.sum(elman_states(arrays, x, held) ** 2), weights)

    def loss(values):
        outputs, _ = layer.apply(values, x[None].astype("float32"))
        return (outputs**2).sum()

    found = jax.grad(loss)([weight.value for weight in layer.weights])
    for one, other in zip(jax.tree.leaves(found), wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


@pytest.mark.parametrize("training", [True, False])
def test_jordans_outputs_are_those_of_a_loop(training):
    layer, (kernel, state_kernel, bias, output_kernel, output_bias) = built(
        zoo.JordanCell(2, 3, decay=0.4, output_activation="linear", teacher_forcing=True), 3
    )
    x = rng.normal(size=(5, 3))  # one feature, and two outputs wanted before
    output, memory, found = np.zeros(2), np.zeros(2), []
    for row in x:
        memory = 0.4 * memory + (row[1:] if training else output)
        output = sigmoid(row[:1] @ kernel + memory @ state_kernel + bias) @ output_kernel + output_bias
        found.append(output)
    model = Sequential([Input((None, 3)), layer])
    np.testing.assert_allclose(model(x[None].astype("float32"), training=training)[0], found, atol=1e-4)


def test_a_free_run_goes_on_from_what_is_known():
    sequence = np.tile([[0.2], [0.5], [0.9]], (4, 1))
    network = zoo.Jordan(6, learning_rate=0.1, epochs=60, random_state=0).fit([[1.0]], sequence)
    kernel, state_kernel, bias, output_kernel, output_bias = network.model_.get_weights()
    output, memory, found = np.zeros(1), np.zeros(1), []
    for t in range(10):
        memory = 0.5 * memory + output
        output = sigmoid(sigmoid(kernel[0] + memory @ state_kernel + bias) @ output_kernel + output_bias)
        found.append(output)
        output = sequence[t] if t < 5 else output
    after = network.predict([[1.0], [1.0]], 5, start=sequence[:5])
    np.testing.assert_allclose(after, [found[5:]] * 2, atol=1e-5)
    assert network.score([[1.0]], sequence) > 0


def test_cells_stand_in_any_model_and_travel_in_its_file(tmp_path):
    layers = [
        RNN(zoo.ElmanCell(3, "tanh", start=0.0), return_sequences=True),
        RNN(zoo.JordanCell(2, 3)),
        Dense(1),
    ]
    model = Sequential([Input((None, 2)), *layers])
    model.compile("sgd", "mse")
    x = rng.normal(size=(4, 5, 2))
    model.fit(x, np.ones(4), verbose=0)
    model.save(tmp_path / "model.keras")
    again = nn.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_a_long_series_is_cut_into_windows_and_none_is_lost():
    network = zoo.Elman(2, window=4, epochs=1)
    X, y = network._checked(np.arange(12.0), None)
    assert X[..., 0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [7, 8, 9, 10]]
    np.testing.assert_array_equal(y, X + 1)


X = np.zeros(30)
WRONG = [
    (lambda: zoo.Elman().fit(X, X[:-1]), "30 steps in X and 29 in y"),
    (lambda: zoo.Elman().fit([1.0]), "a series has two steps or more"),
    (lambda: zoo.Elman().fit([0.0, np.nan]), "X holds NaN"),
    (lambda: zoo.Elman(output_activation="sigmoid").fit(X, X - 2), "from 0 to 1. Received -2 to -2: scale"),
    (lambda: zoo.Jordan().fit([[0.0]]), r"fit\(X, y\) needs y, the sequence of each plan"),
    (lambda: zoo.Jordan().fit([[0.0], [1.0]], X), "2 plans in X and 1 sequences in y"),
    (lambda: zoo.Jordan().fit([[0.0]], X + 7), "from 0 to 1. Received sequences from 7 to 7: scale"),
    (lambda: zoo.JordanCell(2, 3, decay=1.0), "decay is from 0 to below 1. Received: decay=1"),
]


@pytest.mark.parametrize(("call", "words"), WRONG)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
