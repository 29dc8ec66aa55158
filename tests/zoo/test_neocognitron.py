"""The neocognitron beside loops over its cells, and a layer that learns one picture."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.training.conversion import Batch
from neurona.zoo.neocognitron import ReinforcementRule, drawn_digit

rng = np.random.default_rng(4)
BARS = np.zeros((2, 8, 8), "float32")
BARS[0, 2:6, 3] = BARS[1, 3, 2:6] = 1


def falling(window):
    middle = (window - 1) / 2
    return np.array([[0.9 ** np.hypot(i - middle, j - middle) for j in range(window)] for i in range(window)])


def area(picture, row, column, window):
    """The inputs around a place, with zeros beyond the edge."""
    half = window // 2
    return np.pad(picture, ((half, half), (half, half), (0, 0)))[row : row + window, column : column + window]


def test_simple_cells_are_equations_1_and_4():
    u = rng.random((5, 4, 2)).astype("float32")
    layer = zoo.SimpleCells(3, window=3, selectivity=2.0)
    layer.build((None, 5, 4, 2))
    a, b = rng.random((3, 3, 2, 3)) * 2, rng.random(3)
    layer.set_weights([a, b])
    c = falling(3) / falling(3).sum() / 2
    expected = np.zeros((5, 4, 3))
    for n, m, k in np.ndindex(5, 4, 3):
        seen = area(u, n, m, 3)
        v = np.sqrt(np.sum(c[:, :, None] * seen**2))
        excited = 1 + np.sum(a[..., k] * seen)
        expected[n, m, k] = 2 * max(excited / (1 + 4 / 3 * b[k] * v) - 1, 0)
    np.testing.assert_allclose(layer(u[None])[0], expected, rtol=1e-4, atol=1e-5)


def test_complex_cells_are_equations_5_and_8():
    u = rng.random((6, 6, 3)).astype("float32")
    d = falling(3)
    near = np.array([[np.sum(d[..., None] * area(u, n, m, 3), (0, 1)) for m in (1, 3, 5)] for n in (1, 3, 5)])
    excess = np.maximum((1 + near) / (1 + near.mean(axis=-1, keepdims=True)) - 1, 0)
    np.testing.assert_allclose(zoo.ComplexCells(3)(u[None])[0], excess / (0.5 + excess), rtol=1e-4, atol=1e-5)
    assert zoo.ComplexCells(None)(u[None]).shape == (1, 1, 1, 3)


def test_a_step_reinforces_what_the_strongest_cell_of_each_plane_sees():
    picture = rng.random((6, 6, 1)).astype("float32")
    seer = zoo.SimpleCells(2, window=3, selectivity=1.0)
    layers = [nn.layers.Reshape((6, 6, 1)), seer, zoo.ComplexCells(None), nn.layers.Flatten()]
    model = nn.Sequential([nn.Input((36,)), *layers])
    a, b = rng.random((3, 3, 1, 2)).astype("float32"), np.array([0.3, 0.2], "float32")
    seer.set_weights([a, b])
    answers = np.asarray(seer(picture[None]))[0]
    rule = ReinforcementRule((2.0,), column=11, steps=5)
    model.compile(rule=rule)
    rule.learn(model, Batch(picture.reshape(1, 36), None, None), jax.random.key(0), jnp.array(0))
    row, column, plane = np.unravel_index(
        answers.argmax(), answers.shape
    )  # all cells compete with each other
    seen, c = area(picture, row, column, 3), falling(3)[:, :, None] / falling(3).sum()
    expected, inhibition = a.copy(), b.copy()
    expected[..., plane] += 2 * c * seen
    inhibition[plane] += np.sqrt(np.sum(c * seen**2))
    np.testing.assert_allclose(seer.kernel.numpy(), expected, rtol=1e-4)
    np.testing.assert_allclose(seer.inhibition.numpy(), inhibition, rtol=1e-4)


def test_a_plane_answers_to_its_feature_wherever_and_to_no_other():
    options = {"selectivity": (4.0,), "rates": (16.0,), "strides": (), "windows": (5,), "epochs": 30}
    network = zoo.Neocognitron((4,), random_state=0, **options).fit(BARS.reshape(2, 64))
    kinds = network.predict(BARS.reshape(2, 64))
    assert kinds[0] != kinds[1]
    for shift in (-1, 1):
        moved = np.roll(BARS, shift, axis=(1, 2)).reshape(2, 64)
        np.testing.assert_array_equal(network.predict(moved), kinds)
    answers = network.transform(BARS.reshape(2, 64))
    np.testing.assert_allclose(network.transform(3 * BARS.reshape(2, 64)).argmax(1), answers.argmax(1))
    assert answers[0, kinds[1]] == answers[1, kinds[0]] == 0
    np.testing.assert_array_equal(network.predict(np.zeros((1, 64))), [-1])


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"square pictures, of 64, 256 or 784 columns. Received 10"):
        zoo.Neocognitron().fit(np.ones((2, 10)))
    with pytest.raises(ValueError, match=r"Row 1, column 2 is -1. Give pictures of ink"):
        zoo.Neocognitron().fit([[0, 0, 0, 0], [0, 0, -1, 0]])
    with pytest.raises(ValueError, match="have a number for each pair of layers"):
        zoo.Neocognitron((4, 4)).fit(np.ones((2, 64)))
    with pytest.raises(
        ValueError, match=r"windows are odd, and selectivity above 0. Received: windows=\(4, 5, 5\)"
    ):
        zoo.Neocognitron(windows=(4, 5, 5)).fit(np.ones((2, 64)))
    assert drawn_digit(4).shape == (256,)
