"""Radial basis networks beside formulas, least squares and scikit-learn's k-means."""

import jax
import numpy as np
import pytest
from sklearn.cluster import KMeans

import neurona as nn
from neurona import zoo
from neurona.zoo.radial_basis import KERNELS, spacing
from neurona.zoo.vector_quantization import lloyd

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (30, 2)).astype("float32")
Y = np.sin(3 * X[:, 0]) + X[:, 1] ** 2
FORMULAS = {
    "gaussian": lambda r: np.exp(-(r**2) / 2),
    "multiquadric": lambda r: np.sqrt(1 + r**2),
    "inverse_multiquadric": lambda r: 1 / np.sqrt(1 + r**2),
    "thin_plate": lambda r: r**2 * np.log(r),
    "inverse_distance": lambda r: 1 / r**2,
}


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_layer_gives_its_formula_and_learns(kernel):
    layer = zoo.RadialBasis(3, kernel, normalized=kernel == "inverse_distance", width=0.8)
    layer.build((None, 2))
    centres = rng.normal(size=(3, 2)).astype("float32")
    layer.centres.assign(centres)
    wanted = FORMULAS[kernel](np.linalg.norm(X[:, None] - centres, axis=2) / 0.8)
    if kernel == "inverse_distance":
        wanted /= wanted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(layer(X), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kernel", "normalized"), [("gaussian", False), ("inverse_distance", True)])
def test_a_centre_on_each_row_goes_through_all_targets(kernel, normalized):
    network = zoo.RadialBasisRegressor(30, kernel, normalized, width=0.3, ridge=0.0, random_state=0)
    np.testing.assert_allclose(network.fit(X, Y).predict(X), Y, atol=1e-3)


def test_the_outputs_are_least_squares_of_the_neurons():
    network = zoo.RadialBasisRegressor(5, ridge=0.0, overlap=1.0, random_state=0).fit(X, np.c_[Y, 2 * Y])
    hidden = np.c_[np.asarray(network.model_.layers[0](X), "float64"), np.ones(30)]
    wanted = hidden @ np.linalg.lstsq(hidden, np.c_[Y, 2 * Y])[0]
    np.testing.assert_allclose(network.predict(X), wanted, atol=1e-3)
    apart = np.linalg.norm(network.centres_[:, None] - network.centres_, axis=2)
    assert network.width_ == pytest.approx(np.sort(apart, axis=1)[:, 1:3].mean(), rel=1e-4)


def test_lloyd_is_k_means():
    begin = X[:4]
    theirs = KMeans(4, init=begin, n_init=1, tol=0.0, algorithm="lloyd").fit(X)
    np.testing.assert_allclose(lloyd(X, begin), theirs.cluster_centers_, atol=1e-5)


def test_centres_and_widths_learn_by_gradients_too():
    model = nn.Sequential([nn.Input((2,)), zoo.RadialBasis(8, normalized=True), nn.layers.Dense(1)])
    model.compile("adam", "mse")
    before = [np.asarray(weight) for weight in model.layers[0].get_weights()]
    model.fit(X, Y, epochs=1, verbose=0)
    assert all((old != new).any() for old, new in zip(before, model.layers[0].get_weights(), strict=True))
    assert np.isfinite(jax.tree.leaves(model.get_weights())[0]).all()


def test_rows_that_are_alike_and_options_that_do_not_fit():
    assert spacing(np.ones((4, 2))) == 1
    assert spacing(np.ones((1, 2))) == 1
    rows, kinds = np.repeat(X[:2], 5, axis=0), np.repeat([0, 1], 5)
    network = zoo.RadialBasisClassifier(50, random_state=0).fit(rows, kinds)
    assert network.centres_.shape == (10, 2)
    assert network.predict(X[:2]).tolist() == [0, 1]
    with pytest.raises(ValueError, match="placing is 'kmeans' or 'rows'"):
        zoo.RadialBasisRegressor(placing="grid").fit(X, Y)
    with pytest.raises(ValueError, match="kernel is gaussian or multiquadric"):
        zoo.RadialBasis(3, "cubic")
    with pytest.raises(ValueError, match="width is above 0"):
        zoo.RadialBasis(3, width=0.0)
