"""The cells of the chart beside closed forms, loops and finite differences."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona import layers

rng = np.random.default_rng(4)
KEY = jax.random.key(0)


def weighed(layer: Any, features):
    """The layer, with random weights."""
    layer.build((None, features))
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.weights])
    return layer


def slope_of(layer, x, **options):
    """The slopes of the sum of the squared outputs in the weights."""

    def loss(values):
        outputs, _ = layer.apply(values, x, **options)
        return jnp.sum(outputs**2)

    return jax.grad(loss)([weight.value for weight in layer.weights])


def test_a_back_fed_cell_sees_its_output():
    layer: Any = layers.RNN(layers.BackFedCell(layers.SimpleRNNCell(3)), return_sequences=True)
    layer.build((None, None, 2))
    kernel, recurrent, bias = (rng.normal(size=weight.shape) for weight in layer.weights)
    layer.set_weights([kernel, recurrent, bias])
    x, y, wanted = rng.normal(size=(5, 2)), np.zeros(3), []
    for row in x:  # the output is the state of the inner cell too
        y = np.tanh(np.concatenate([row, y]) @ kernel + y @ recurrent + bias)
        wanted.append(y)
    np.testing.assert_allclose(layer(x[None])[0], wanted, atol=1e-5)


@pytest.mark.parametrize(("kind", "values"), [("masking", {0.0, 0.5}), ("salt_and_pepper", {0.0, 0.5, 1.0})])
def test_noise_damages_the_share_in_training_only(kind, values):
    layer, x = layers.NoisyInput(kind, 0.3, seed=1), np.full((100, 50), 0.5, "float32")
    np.testing.assert_array_equal(layer(x), x)
    noisy = np.asarray(layer(x, training=True))
    assert set(np.unique(noisy)) == values
    assert np.mean(noisy != 0.5) == pytest.approx(0.3, abs=0.03)


def test_gaussian_noise_has_its_deviation():
    noisy = np.asarray(layers.NoisyInput(amount=0.2, seed=1)(np.zeros((100, 50), "float32"), training=True))
    assert noisy.std() == pytest.approx(0.2, rel=0.05)


def test_bernoulli_units_are_drawn_with_their_probability_and_its_slope():
    layer, x = weighed(layers.BernoulliUnits(3), 2), rng.normal(size=(1, 2)).astype("float32")
    share = 1 / (1 + np.exp(-(x @ layer.kernel + layer.bias)))
    np.testing.assert_allclose(layer(x), share, rtol=1e-5)
    values = [weight.value for weight in layer.weights]
    drawn, _ = layer.apply(values, np.repeat(x, 4000, axis=0), key=KEY, training=True)
    assert set(np.unique(drawn).tolist()) == {0, 1}
    np.testing.assert_allclose(np.mean(drawn, axis=0), share[0], atol=0.03)
    # d(y^2) = 2 y dp, where y is what was drawn
    one, _ = layer.apply(values, x, key=KEY, training=True)
    wanted = (2 * one * share * (1 - share))[0]
    np.testing.assert_allclose(slope_of(layer, x, key=KEY, training=True)[1], wanted, rtol=1e-4)


def test_gaussian_units_have_their_moments_slope_and_divergence():
    layer, x = weighed(layers.GaussianUnits(2, kl_weight=0.5), 3), rng.normal(size=(1, 3)).astype("float32")
    mean, spread = np.split(np.asarray(x @ layer.kernel + layer.bias)[0], 2)
    np.testing.assert_allclose(layer(x)[0], mean, rtol=1e-4)
    divergence = np.sum(mean**2 + np.exp(spread) - 1 - spread) / 2
    assert float(layer.losses[0]) == pytest.approx(0.5 * divergence, rel=1e-4)
    values = [weight.value for weight in layer.weights]
    drawn, _ = layer.apply(values, np.repeat(x, 20_000, axis=0), key=KEY, training=True)
    np.testing.assert_allclose(np.mean(drawn, axis=0), mean, atol=4 * np.exp(spread / 2).max() / 140)
    np.testing.assert_allclose(np.std(drawn, axis=0), np.exp(spread / 2), rtol=0.03)
    # z = m + exp(v / 2) e, so that d(z^2) is 2 z in m, and z (z - m) in v
    z = np.asarray(layer.apply(values, x, key=KEY, training=True)[0])[0]
    wanted = np.concatenate([2 * z, z * (z - mean)])
    np.testing.assert_allclose(slope_of(layer, x, key=KEY, training=True)[1], wanted, rtol=1e-3)


def test_the_way_back_has_the_same_weights_transposed():
    layer, x = weighed(layers.ReversibleDense(2, "tanh", "sigmoid"), 3), rng.normal(size=(4, 3))
    kernel, bias, back = (np.asarray(weight) for weight in layer.weights)
    hidden = np.tanh(x @ kernel + bias)
    np.testing.assert_allclose(layer(x), hidden, atol=1e-5)
    wanted = 1 / (1 + np.exp(-(hidden @ kernel.T + back)))
    np.testing.assert_allclose(layer(hidden, reverse=True), wanted, atol=1e-5)
    with pytest.raises(ValueError, match=r"goes from 3 columns to 2.*shape \(4, 3\) with reverse=True"):
        layer(x, reverse=True)


def test_a_memory_finds_the_pattern():
    layer = weighed(layers.AttentiveAssociation(5, beta=40.0, steps=2), 4)
    patterns = np.asarray(layer.kernel)
    patterns = patterns / np.linalg.norm(patterns, axis=1, keepdims=True)
    layer.set_weights([patterns])
    np.testing.assert_allclose(layer(patterns + 0.02), patterns, atol=1e-2)


def test_an_autoencoder_of_them_learns_and_travels_in_its_file(tmp_path):
    shared, inputs = layers.ReversibleDense(3), nn.Input((6,))
    hidden = shared(layers.NoisyInput("masking", 0.1, seed=0)(inputs))
    hidden = layers.GaussianUnits(3, kl_weight=1e-3)(layers.BernoulliUnits(4)(hidden))
    model = nn.Model(inputs, shared(hidden, reverse=True))
    model.compile(nn.optimizers.Adam(0.05), "mse")
    x = np.eye(6)[rng.integers(0, 6, 64)]
    losses = model.fit(x, x, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    again = nn.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert len(again.weights) == len(model.weights)
