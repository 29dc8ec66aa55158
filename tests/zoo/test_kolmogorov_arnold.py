"""Splines beside SciPy's, a polynomial that a network holds exactly, and sizes that are refused."""

from typing import Any

import jax
import numpy as np
import pytest
from scipy.interpolate import BSpline

from neurona import zoo


@pytest.mark.parametrize(("grid", "degree"), [(1, 1), (5, 3), (7, 2)])
def test_bumps_are_the_splines_of_scipy(grid, degree):
    step = 3 / grid
    knots = -1 + step * np.arange(-degree, grid + degree + 1)
    x = np.linspace(-1, 1.99, 50)
    theirs = BSpline.design_matrix(x, knots, degree).toarray()
    with jax.enable_x64(True):
        layer = zoo.KolmogorovArnold(2, grid, degree, low=-1, high=2, dtype="float64")
        layer.build((None, 1))
        np.testing.assert_allclose(layer.splines(x), theirs, atol=1e-12)
        np.testing.assert_allclose(layer.splines(x).sum(-1), 1, atol=1e-12)  # so a constant is a spline
        kernel, coefficients = layer.get_weights()
        expected = x[:, None] / (1 + np.exp(-x[:, None])) * kernel + theirs @ coefficients[0]
        np.testing.assert_allclose(layer(x[:, None]), expected, atol=1e-12)
        np.testing.assert_allclose(np.asarray(layer.edges(x))[:, 0], expected, atol=1e-12)


def test_beyond_the_grid_only_silu_answers():
    layer = zoo.KolmogorovArnold(1)
    outputs = np.asarray(layer(np.array([[-9.0], [9.0]])))
    kernel = layer.get_weights()[0]
    np.testing.assert_allclose(outputs, np.array([[-9.0], [9.0]]) / (1 + np.exp([[9.0], [-9.0]])) * kernel)


def test_nodes_add_what_their_edges_make():
    x = np.random.default_rng(0).uniform(-1, 1, (6, 3)).astype("float32")
    layer = zoo.KolmogorovArnold(2)
    whole = np.asarray(layer(x))
    each = [np.asarray(layer.edges(x[:, place]))[:, place] for place in range(3)]
    np.testing.assert_allclose(whole, np.sum(each, axis=0), atol=1e-5)
    assert str(zoo.KolmogorovArnold(2, dtype="bfloat16")(x).dtype) == "bfloat16"


def test_columns_of_any_unit_and_targets_of_any_size_are_learned():
    generator = np.random.default_rng(0)
    X = np.column_stack([generator.uniform(1000, 3000, 300), np.full(300, 7.0), generator.normal(size=300)])
    y = 1e6 * np.column_stack([(X[:, 0] / 1000 - 2) ** 3, np.sin(X[:, 2])])
    network = zoo.KolmogorovArnoldRegressor((), random_state=0).fit(X, y)
    assert network.score(X, y) > 0.999
    assert network.predict(X).shape == (300, 2)


def test_classes_that_no_line_parts_are_told_apart():
    X = np.random.default_rng(0).normal(size=(300, 2))
    ring = np.where(np.hypot(*X.T) < 1.1, "in", "out")
    network = zoo.KolmogorovArnoldClassifier((2,), random_state=0).fit(X[:200], ring[:200])
    assert network.score(X[200:], ring[200:]) > 0.93
    np.testing.assert_allclose(network.predict_proba(X).sum(axis=1), 1, atol=1e-5)


def test_what_is_no_grid_is_refused():
    with pytest.raises(ValueError, match=r"grid is a whole number above 0\. Received: grid=0"):
        zoo.KolmogorovArnold(2, grid=0)
    with pytest.raises(ValueError, match=r"low is below high\. Received: low=1, high=1"):
        zoo.KolmogorovArnold(2, low=1, high=1)
    units: Any = (2.5,)
    with pytest.raises(ValueError, match=r"units is a whole number above 0\. Received: units=2\.5"):
        zoo.KolmogorovArnoldRegressor(units, epochs=1).fit([[0.0], [1.0]], [0, 1])
