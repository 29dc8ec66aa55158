"""Hebb's, Oja's and Sanger's rules beside the eigenvectors of the covariance."""

import numpy as np
import pytest

import neurona as nn
from neurona import zoo

rng = np.random.default_rng(5)
ROTATION = np.linalg.qr(rng.normal(size=(4, 4)))[0]
X = rng.normal(size=(400, 4)) * [4.0, 2.0, 1.0, 0.5] @ ROTATION.T + [10.0, 0.0, -3.0, 1.0]
COMPONENTS = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2]


def test_sangers_neurons_are_the_principal_components_in_their_order():
    sanger = zoo.Sanger(3, epochs=200, random_state=0).fit(X)
    np.testing.assert_allclose(np.abs(np.sum(sanger.components_ * COMPONENTS[:3], axis=1)), 1, atol=2e-3)
    np.testing.assert_allclose(sanger.components_ @ sanger.components_.T, np.eye(3), atol=0.05)
    np.testing.assert_allclose(sanger.mean_, X.mean(axis=0))
    outputs = sanger.transform(X)
    np.testing.assert_allclose(outputs, (X - X.mean(axis=0)) @ sanger.components_.T, atol=1e-4)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_rows_of_any_scale_are_learned_alike(scale):
    oja = zoo.Oja(random_state=0).fit(X * scale)
    assert abs(oja.components_[0] @ COMPONENTS[0]) == pytest.approx(1, abs=1e-3)


def test_the_same_seed_gives_the_same_bits_and_leaves_the_global_stream_alone():
    nn.utils.set_random_seed(1)
    first = zoo.Oja(epochs=3, random_state=7).fit(X).components_
    drawn = nn.random.normal((3,))
    nn.utils.set_random_seed(1)
    np.testing.assert_array_equal(nn.random.normal((3,)), drawn)
    np.testing.assert_array_equal(zoo.Oja(epochs=3, random_state=7).fit(X).components_, first)
    assert not np.array_equal(zoo.Oja(epochs=3, random_state=8).fit(X).components_, first)


def test_hebbs_rule_is_the_sum_of_what_it_saw():
    rows = rng.choice([-1.0, 1.0], (5, 7)).astype("float32")
    targets = np.array([0, 1, 1, 0, 1])
    hebb = zoo.Hebb().fit(rows, targets)
    signs = 2.0 * targets - 1
    np.testing.assert_allclose(hebb.decision_function(rows), (rows @ rows.T + 1) @ signs / 5, rtol=1e-5)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"4 columns have 1 to 4 components. Received: n_components=5"):
        zoo.Sanger(5).fit(X)
    with pytest.raises(ValueError, match="Only binary classification"):
        zoo.Hebb().fit(X[:3], [0, 1, 2])
    with pytest.raises(ValueError, match="NaN"):
        zoo.Oja().fit([[1.0, np.nan]])
