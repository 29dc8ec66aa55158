"""The generalized linear discriminant beside scikit-learn's polynomials, least squares and Fisher."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import PolynomialFeatures

import neurona as nn
from neurona import zoo
from neurona.datasets import iris

(X, y), _ = iris.load_data(test_split=0.0)
ROWS = np.random.default_rng(0).uniform(-1, 1, (6, 3)).astype("float32")


def test_products_are_those_of_scikit_learn():
    theirs = PolynomialFeatures(3, include_bias=False).fit_transform(ROWS)
    np.testing.assert_allclose(zoo.BasisExpansion("polynomial", 3)(ROWS), theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["gaussian", "sigmoid"])
def test_bumps_and_steps_stand_along_each_column(kind):
    z = (ROWS[:, :, None] - np.linspace(-1, 1, 5)) / 0.5
    wanted = np.exp(-(z**2) / 2) if kind == "gaussian" else 1 / (1 + np.exp(-z))
    layer = zoo.BasisExpansion(kind, 5)
    np.testing.assert_allclose(layer(ROWS), wanted.reshape(6, 15), rtol=1e-4, atol=1e-6)
    again = nn.layers.deserialize(nn.layers.serialize(layer))
    np.testing.assert_array_equal(again(ROWS), layer(ROWS))


def test_two_classes_are_parted_along_fishers_discriminant():
    rows, kinds = X[y > 0], y[y > 0]
    network = zoo.GeneralizedLinearDiscriminant(size=1).fit(rows, kinds)
    kernel = network.model_.get_weights()[0]
    ours = (kernel[:, 1] - kernel[:, 0]) / (network.high_ - network.low_)  # weights of columns as they were
    theirs = LinearDiscriminantAnalysis().fit(rows, kinds).coef_[0]
    assert ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs) == pytest.approx(1, abs=1e-4)


def test_the_irises_and_what_does_not_fit():
    assert zoo.GeneralizedLinearDiscriminant().fit(X, y).score(X, y) > 0.97
    with pytest.raises(ValueError, match=r"kind is 'polynomial', .* Received: kind='fourier'"):
        zoo.GeneralizedLinearDiscriminant("fourier").fit(X, y)
    with pytest.raises(ValueError, match=r"784 columns have \d+ products up to degree 2, of at most 20000"):
        zoo.BasisExpansion().build((None, 784))
