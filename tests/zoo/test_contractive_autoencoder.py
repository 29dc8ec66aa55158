"""The contractive autoencoder beside automatic differentiation, and codes that contract."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona import zoo

rng = np.random.default_rng(0)
PATTERNS = np.array([[1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]], "float32")
ROWS = np.tile(PATTERNS, (40, 1))


def test_the_closed_form_is_the_norm_of_the_jacobian_and_so_are_its_gradients():
    with jax.enable_x64(True):
        x, kernel, bias = (jnp.asarray(rng.normal(size=shape)) for shape in ((6, 5), (5, 4), (4,)))

        def encode(row: Any, kernel: Any) -> Any:
            return jax.nn.sigmoid(row @ kernel + bias)

        def by_differentiation(kernel: Any) -> Any:
            return jax.vmap(lambda row: jnp.sum(jax.jacobian(encode)(row, kernel) ** 2))(x)

        def closed(kernel: Any) -> Any:
            return zoo.sigmoid_contraction(encode(x, kernel), kernel)

        assert closed(kernel).dtype == "float64"
        np.testing.assert_allclose(closed(kernel), by_differentiation(kernel), rtol=1e-12)
        ours, theirs = (jax.jacobian(way)(kernel) for way in (closed, by_differentiation))
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-14)


def test_the_loss_is_the_cross_entropy_and_lambda_times_the_norm_over_the_features():
    network = zoo.ContractiveAutoencoder(4, 0.7, epochs=1, random_state=0).fit(ROWS)
    model: Any = network.model_
    kernel, bias, back = model.get_layer("encoder").get_weights()
    h = 1 / (1 + np.exp(-(ROWS @ kernel + bias)))
    z = 1 / (1 + np.exp(-(h @ kernel.T + back)))  # by the same weights
    error = -np.mean(np.sum(ROWS * np.log(z) + (1 - ROWS) * np.log(1 - z), axis=1))
    slopes = (h * (1 - h))[:, None, :] * kernel
    wanted = error + 0.7 * np.mean(np.sum(slopes**2, axis=(1, 2)))
    assert 5 * model.evaluate(ROWS, ROWS, verbose=0) == pytest.approx(wanted, rel=1e-4)
    np.testing.assert_allclose(network.transform(ROWS), h, atol=1e-5)
    np.testing.assert_allclose(network.reconstruct(ROWS), z, atol=1e-5)
    np.testing.assert_allclose(network.inverse_transform(h), z, atol=1e-5)
    norms = np.sqrt(np.sum(slopes**2, axis=(1, 2)))
    np.testing.assert_allclose(network.contraction_of(ROWS), norms, rtol=1e-4)
    assert len(model.trainable_variables) == 3


def test_it_contracts_across_the_way_in_which_rows_vary_and_follows_them_along_it():
    along = rng.uniform(-1, 1, (400, 1)) @ np.array([[1.0, 1, 1, 1]]) / 2
    rows = along + 0.02 * rng.normal(size=(400, 4))
    options: Any = {"output_activation": "linear", "learning_rate": 0.02, "epochs": 60, "random_state": 0}
    plain, contracted = (zoo.ContractiveAutoencoder(6, share, **options).fit(rows) for share in (0.0, 0.2))
    assert contracted.contraction_of(rows).mean() < 0.8 * plain.contraction_of(rows).mean()

    def ratio(network: Any) -> float:
        """How far the code moves across the way of the rows, beside along it."""
        kernel = network.model_.get_layer("encoder").kernel.numpy()
        h = network.transform(rows)
        slopes = (h * (1 - h))[:, None, :] * kernel  # (rows, features, units)
        far = np.linalg.norm(slopes.sum(axis=1) / 2, axis=1)
        return float((np.sqrt(np.maximum((slopes**2).sum(axis=(1, 2)) - far**2, 0)) / far).mean())

    assert ratio(contracted) < 0.65 < 1 < ratio(plain)


@pytest.mark.parametrize("policy", ["float32", "bfloat16"])
def test_the_layer_stands_in_any_model_and_travels_in_files(policy, tmp_path):
    layer = zoo.ContractiveDense(4, 0.01, dtype=policy)
    model = nn.Sequential([nn.Input((5,)), layer, nn.layers.Dense(1)])
    model.compile("adam", "mse")
    losses = model.fit(ROWS, ROWS[:, :1], epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert str(layer(ROWS).dtype) == policy
    model.save(tmp_path / "model.keras")
    again: Any = nn.saving.load_model(tmp_path / "model.keras")
    assert again.layers[0].penalty == 0.01
    np.testing.assert_array_equal(again.predict(ROWS, verbose=0), model.predict(ROWS, verbose=0))


def test_levels_are_the_first_layers_of_a_classifier():
    y = ROWS[:, 0] + ROWS[:, 4]
    options: Any = {"pretraining_epochs": 5, "batch_size": 20, "random_state": 1}
    start = zoo.ContractiveClassifier((4, 3), 0.2, fine_tuning_rate=1e-12, epochs=1, **options).fit(ROWS, y)
    alone = zoo.ContractiveAutoencoder(4, 0.2, epochs=5, batch_size=20, random_state=1).fit(ROWS)
    encoder: Any = alone.model_.get_layer("encoder")
    for ours, theirs in zip(start.model_.layers[0].get_weights(), encoder.get_weights()[:2], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert start.pretraining_.shape == (2, 5)
    network = zoo.ContractiveClassifier((4, 3), fine_tuning_rate=0.05, epochs=80, **options).fit(ROWS, y)
    assert network.score(ROWS, y) == 1


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(ValueError, match=r"contraction is a number of at least 0\. Received: contraction=-1"):
        zoo.ContractiveAutoencoder(contraction=-1).fit(ROWS)
    with pytest.raises(ValueError, match=r"penalty is a number of at least 0\. Received: penalty=nan"):
        zoo.ContractiveDense(3, float("nan"))
    with pytest.raises(ValueError, match=r"Row 0, column 1 is 7\..* take output_activation='linear'"):
        zoo.ContractiveAutoencoder().fit([[0, 7], [1, 0]])
    with pytest.raises(ValueError, match=r"Row 0, column 1 is 7\..* take ContractiveAutoencoder"):
        zoo.ContractiveClassifier().fit([[0, 7], [1, 0]], [0, 1])
    with pytest.raises(ValueError, match="units names one layer or more"):
        zoo.ContractiveClassifier(()).fit(ROWS, ROWS[:, 0])
