"""Sparse autoencoders beside the formulas of their papers in NumPy."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import rel_entr

import neurona as nn
from neurona import zoo

rng = np.random.default_rng(0)
ROWS = np.eye(8)[np.arange(400) % 8]


def test_the_penalty_is_the_divergence_of_a_coin_and_draws_to_rho():
    layer, x = zoo.SparsityPenalty(0.2, weight=3.0), rng.uniform(0.05, 0.95, (6, 4)).astype("float32")
    np.testing.assert_array_equal(layer(x), x)
    mean = x.mean(axis=0)
    wanted = 3 * np.sum(rel_entr(0.2, mean) + rel_entr(0.8, 1 - mean))
    assert float(layer.losses[0]) == pytest.approx(wanted, rel=1e-4)
    layer(np.full((3, 2), 0.2, "float32"))
    assert float(layer.losses[0]) == pytest.approx(0, abs=1e-6)


def test_the_loss_is_that_of_the_lecture():
    network = zoo.SparseAutoencoder(5, 0.1, beta=2.0, weight_decay=0.01, epochs=1, batch_size=400)
    model: Any = network.fit(ROWS).model_
    (kernel, bias), (back, outer) = (
        model.get_layer(part).layers[0].get_weights() for part in ("encoder", "decoder")
    )
    hidden = 1 / (1 + np.exp(-(ROWS @ kernel + bias)))
    outputs = 1 / (1 + np.exp(-(hidden @ back + outer)))
    mean = hidden.mean(axis=0)
    wanted = np.sum((outputs - ROWS) ** 2) / 2 / 400 + 0.005 * (np.sum(kernel**2) + np.sum(back**2))
    wanted += 2 * np.sum(rel_entr(0.1, mean) + rel_entr(0.9, 1 - mean))
    found = network.model_.evaluate(ROWS, ROWS, batch_size=400, verbose=0)
    assert found == pytest.approx(wanted, rel=1e-3)
    np.testing.assert_allclose(network.mean_activation_, mean, atol=1e-5)


def test_the_mean_activation_reaches_rho():
    network = zoo.SparseAutoencoder(8, 0.125, learning_rate=0.02, epochs=100, random_state=0).fit(ROWS)
    np.testing.assert_allclose(network.mean_activation_, 0.125, atol=0.02)
    free = zoo.SparseAutoencoder(8, 0.125, beta=0, learning_rate=0.02, epochs=100, random_state=0).fit(ROWS)
    assert np.abs(free.mean_activation_ - 0.125).min() > 0.1


def test_the_largest_stay_and_only_they_learn():
    layer, x = zoo.KSparse(3, alpha=2.0), rng.normal(size=(5, 10)).astype("float32")
    for training, kept in ((True, 3), (False, 6)):
        wanted = np.where(x >= np.sort(x, axis=1)[:, -kept][:, None], x, 0)
        np.testing.assert_array_equal(layer(x, training=training), wanted)
    slope = jax.grad(lambda x: jnp.sum(layer(x, training=True) ** 2))(jnp.asarray(x))
    np.testing.assert_allclose(slope, 2 * np.asarray(layer(x, training=True)), rtol=1e-6)


def test_k_units_speak_and_give_the_row_back():
    network = zoo.KSparseAutoencoder(16, 1, learning_rate=0.02, epochs=100, random_state=0).fit(ROWS)
    assert (np.count_nonzero(network.transform(ROWS), axis=1) == 1).all()
    assert network.reconstruction_error(ROWS).mean() < 0.1
    assert network.plot(language="es").get_suptitle() == "Autocodificador k-disperso"


def test_its_cells_are_layers_of_any_model_also_in_16_bits(tmp_path):
    model = nn.Sequential(
        [
            nn.Input((8,)),
            nn.layers.Dense(6, "sigmoid"),
            zoo.SparsityPenalty(0.1, dtype="mixed_bfloat16"),
            zoo.KSparse(2, dtype="mixed_bfloat16"),
            nn.layers.Dense(8),
        ]
    )
    model.compile(nn.optimizers.Adam(0.02), "mse")
    losses = model.fit(ROWS, ROWS, epochs=10, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    again = nn.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(ROWS, verbose=0), model.predict(ROWS, verbose=0))


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(ValueError, match=r"rho is between 0 and 1\. Received: rho=1"):
        zoo.SparseAutoencoder(rho=1).fit(ROWS)
    with pytest.raises(ValueError, match="of 8 units the 9 largest can't be kept"):
        zoo.KSparseAutoencoder(8, 9).fit(ROWS)
    with pytest.raises(ValueError, match=r"k is a whole number above 0.* Received: k=0"):
        zoo.KSparse(0)
    half: Any = 2.5
    with pytest.raises(ValueError, match="n_components is a whole number above 0"):
        zoo.SparseAutoencoder(half).fit(ROWS)
    with pytest.raises(ValueError, match=r"Row 0, column 0 is 2\..* take output_activation='linear'"):
        zoo.SparseAutoencoder().fit(2 * ROWS)
