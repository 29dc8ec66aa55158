"""The deep autoencoder beside principal components, and its first weights beside machines learned alone."""

import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.decomposition import PCA

from neurona import zoo
from neurona.zoo.deep_autoencoder import LinearBoltzmannLayer

rng = np.random.default_rng(0)
STRIPES = np.array([[1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]])[rng.integers(0, 3, 60)]
PLANE = (rng.normal(size=(200, 2)) @ rng.normal(size=(2, 5)) + 0.3 * rng.normal(size=(200, 5))).astype(
    "float32"
)


def test_a_linear_one_finds_the_plane_of_the_principal_components():
    options = {"learning_rate": 0.1, "epochs": 1000, "batch_size": 200, "random_state": 0}
    network = zoo.DeepAutoencoder((2,), "linear", **options)
    network.fit(PLANE)
    plane: Any = PCA(2).fit(PLANE)
    least = np.sum((PLANE - plane.inverse_transform(plane.transform(PLANE))) ** 2, axis=1).mean()
    assert least < -network.score(PLANE) < 1.02 * least
    part: Any = network.model_.get_layer("decoder")
    decoder = np.asarray(part.layers[0].get_weights()[0])
    cosines = np.linalg.svd(np.linalg.qr(decoder.T)[0].T @ plane.components_.T)[1]
    assert cosines.min() > 0.99


def test_a_deep_one_bends_and_beats_as_many_principal_components():
    angles = np.linspace(0, 4, 200)
    rows = 0.4 * np.column_stack([np.cos(angles), np.sin(angles)])
    options = {"learning_rate": 0.03, "epochs": 300, "batch_size": 20, "random_state": 0}
    network = zoo.DeepAutoencoder((16, 1), "linear", **options).fit(rows)
    assert network.reconstruction_error(rows).mean() < 0.05 * np.linalg.eigvalsh(np.cov(rows.T))[0]


def test_it_begins_at_machines_learned_alone_and_unrolled():
    options = {"pretraining_rate": 1.0, "pretraining_epochs": 60, "batch_size": 20, "random_state": 0}
    network = zoo.DeepAutoencoder((4, 2), learning_rate=1e-12, epochs=1, **options).fit(STRIPES)
    alone = zoo.DeepBelief((4,), 1.0, 60, 20, persistent=False, random_state=0).fit(STRIPES)
    kernel, bias, outer = alone.model_.get_weights()
    encoder: Any = network.model_.get_layer("encoder")
    decoder: Any = network.model_.get_layer("decoder")
    there, back = encoder.layers, decoder.layers
    np.testing.assert_allclose(there[0].get_weights()[0], kernel, atol=1e-6)
    np.testing.assert_allclose(there[0].get_weights()[1], bias, atol=1e-6)
    np.testing.assert_allclose(back[1].get_weights()[0], np.transpose(kernel), atol=1e-6)
    np.testing.assert_allclose(back[1].get_weights()[1], outer, atol=1e-6)
    np.testing.assert_allclose(there[1].get_weights()[0], back[0].get_weights()[0].T, atol=1e-6)
    assert network.pretraining_.shape == (2, 60)
    figure = network.pretraining_[1]
    assert figure[-1] < figure[0]


def test_a_machine_of_linear_units_has_the_energy_that_all_states_add_up_to():
    layer = LinearBoltzmannLayer(2)
    layer.build((None, 3))
    layer.set_weights([rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=3)])
    kernel, bias, outer = (np.asarray(weight, "float64") for weight in layer.get_weights())
    states = np.array(list(itertools.product([0, 1], repeat=3)), "float64")
    # E(v, h) = |h - c|^2 / 2 - b' v - h' W' v, summed over v for h on a grid that integrates it
    side = np.linspace(-9, 9, 181)
    h = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    energy = ((h - bias) ** 2).sum(axis=1) / 2 - states @ outer[:, None] - states @ kernel @ h.T
    mass = np.exp(-energy).sum(axis=1)
    free = np.exp(-np.asarray(layer.free_energy(jnp.asarray(states, "float32")), "float64"))
    np.testing.assert_allclose(free / free.sum(), mass / mass.sum(), rtol=1e-3)
    np.testing.assert_allclose(layer(states), states @ kernel + bias, atol=1e-5)


def test_codes_go_there_and_back():
    network = zoo.DeepAutoencoder(
        (8, 2), pretraining_epochs=0, learning_rate=0.02, epochs=100, random_state=0
    )
    network.fit(STRIPES)
    codes = network.transform(STRIPES)
    assert codes.shape == (60, 2)
    np.testing.assert_allclose(network.inverse_transform(codes), network.reconstruct(STRIPES), atol=1e-5)
    assert (network.reconstruct(STRIPES).round() == STRIPES).all()
    losses = network.history_.history["loss"]
    assert losses[-1] < losses[0] / 4


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(ValueError, match=r"Row 0, column 1 is 7\..* take output_activation='linear'"):
        zoo.DeepAutoencoder().fit([[0, 7], [1, 0]])
    with pytest.raises(ValueError, match=r"output_activation is 'sigmoid', .*'tanh'"):
        zoo.DeepAutoencoder(output_activation="tanh").fit(STRIPES)
    with pytest.raises(ValueError, match="units names one layer or more"):
        zoo.DeepAutoencoder(()).fit(STRIPES)
