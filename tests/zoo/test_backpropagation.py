"""The feed-forward network: autodiff, a loop over neurons, and what `explain` writes."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.datasets import iris

(X, y), _ = iris.load_data(test_split=0.0)
X = (X - X.mean(axis=0)) / X.std(axis=0)
ROWS, KINDS = X[::5], y[::5]


def weights_of(network):
    return [np.asarray(weight, np.float64) for weight in network.model_.get_weights()]


def error(weights, x, t):
    a = x
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        a = jax.nn.sigmoid(a @ kernel + bias)
    return jnp.sum((t - a) ** 2) / 2


@pytest.fixture(scope="module")
def network():
    return zoo.Network((5, 4), epochs=3, random_state=0).fit(ROWS, KINDS)


def test_fit_descends_the_error_row_by_row_as_autodiff_says():
    still = zoo.Network((5, 4), learning_rate=1e-30, epochs=1, random_state=0).fit(ROWS, KINDS)
    weights = [jnp.asarray(weight, "float32") for weight in weights_of(still)]
    slope = jax.jit(jax.grad(error))
    for _ in range(2):
        for x, kind in zip(ROWS.astype("float32"), KINDS, strict=True):
            gradients = slope(weights, x, jnp.eye(3)[kind])
            weights = [w - 0.5 * g for w, g in zip(weights, gradients, strict=True)]
    learned = zoo.Network((5, 4), learning_rate=0.5, epochs=2, random_state=0).fit(ROWS, KINDS, shuffle=False)
    for ours, exact in zip(weights_of(learned), weights, strict=True):
        np.testing.assert_allclose(ours, exact, rtol=1e-4, atol=1e-5)


def test_every_number_that_is_explained_equals_autodiff(network):
    weights, t = weights_of(network), np.eye(3)[KINDS[0]]
    with jax.enable_x64(True):
        gradients = jax.grad(error)([jnp.asarray(w) for w in weights], ROWS[0].astype("float64"), t)
        exact = float(error(weights, ROWS[0].astype("float64"), t))
    text = network.explain(ROWS[0], KINDS[0], language="en", decimals=9)
    number = r"\(?(-?\d+\.\d+)\)?$"
    for layer, (kernel, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True), 2):
        for place in range(len(bias)):
            line = re.search(rf"  b\({layer}\.{place + 1}\) = .*", text).group()
            step = bias[place] - network.learning_rate * gradients[2 * (layer - 2) + 1][place]
            assert float(re.search(number, line)[1]) == pytest.approx(float(step), abs=1e-6)
            line = re.search(rf"  w\({layer - 1}\.1→{layer}\.{place + 1}\) = .*", text).group()
            step = kernel[0, place] - network.learning_rate * gradients[2 * (layer - 2)][0, place]
            assert float(re.search(number, line)[1]) == pytest.approx(float(step), abs=1e-6)
    assert float(text.rsplit(" ")[-1]) == pytest.approx(exact, abs=1e-6)


def test_explain_speaks_both_languages_and_changes_nothing(network):
    before = weights_of(network)
    english, spanish = (network.explain(ROWS[0], KINDS[0], language) for language in ("en", "es"))
    assert "Deltas of the outputs:" in english
    assert "Deltas de las salidas:" in spanish
    assert re.sub(r"(?m)^\S.*$", "", english) == re.sub(r"(?m)^\S.*$", "", spanish)
    assert "  a(2.1) = 1 / (1 + e^-z) = " in english
    for ours, then in zip(weights_of(network), before, strict=True):
        np.testing.assert_array_equal(ours, then)
    with pytest.raises(ValueError, match="7 is no class that it learned: 0, 1, 2"):
        network.explain(ROWS[0], 7)


def test_neurons_one_by_one_give_what_arrays_give(network):
    nodes = network.nodes
    for node, value in zip(nodes[0], ROWS[3], strict=True):
        node.value = float(value)
    for layer in nodes[1:]:
        for node in layer:
            node.forward()
    outputs = np.array([node.value for node in nodes[-1]])
    np.testing.assert_allclose(network.predict_proba(ROWS[3:4])[0], outputs / outputs.sum(), rtol=1e-5)
