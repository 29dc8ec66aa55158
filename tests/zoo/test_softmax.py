"""Softmax regression beside scikit-learn's, and a rate that is too large."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from neurona import zoo
from neurona.callbacks import LambdaCallback
from neurona.datasets import iris

(X, y), _ = iris.load_data(test_split=0.0)
X = X - X.mean(axis=0)


def test_the_minimum_is_that_of_scikit_learn():
    theirs = LogisticRegression(C=1 / (2 * len(X) * 0.01), max_iter=1000, tol=1e-10).fit(X, y)
    ours = zoo.SoftmaxRegression(epochs=400, batch_size=150, l2=0.01, random_state=0).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=5e-3)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=2e-3)
    np.testing.assert_allclose(ours.decision_function(X), X @ ours.coef_.T + ours.intercept_, atol=1e-4)


def test_two_classes_have_one_sum():
    network = zoo.SoftmaxRegression(epochs=20, random_state=0).fit(X[y < 2], y[y < 2])
    odds = network.predict_proba(X)[:, 1] / network.predict_proba(X)[:, 0]
    np.testing.assert_allclose(network.decision_function(X), np.log(odds), atol=1e-3)


def test_a_rate_that_is_too_large_is_told():
    with pytest.warns(UserWarning, match=r"the loss is .* equal probabilities reach 1.1. Lower"):
        zoo.SoftmaxRegression(1000.0, epochs=1, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="learning_rate is above 0, and l2 at least 0"):
        zoo.SoftmaxRegression(-1.0).fit(X, y)


@pytest.mark.parametrize(
    "network",
    [
        zoo.SoftmaxRegression(0.1, batch_size=30, random_state=0),
        zoo.DeepBeliefClassifier((4,), fine_tuning_rate=0.1, batch_size=30, random_state=0),
    ],
    ids=["softmax", "deep belief"],
)
def test_the_rate_falls_over_the_epochs_that_are_asked_for(network):
    def rate():
        return float(network.model_.optimizer.learning_rate)

    rows = (X - X.min()) / np.ptp(X)
    rates = []
    note = LambdaCallback(on_epoch_begin=lambda epoch, logs: rates.append(rate()))
    network.fit(rows, y, epochs=4, callbacks=[note])
    assert rate() == pytest.approx(0, abs=1e-3)
    network.fit(rows, y, epochs=8, initial_epoch=4, callbacks=[note])
    halves = [0.1 * (1 + np.cos(np.pi * part)) / 2 for part in (0, 0.25, 0.5, 0.75, 0.5, 5 / 8, 3 / 4, 7 / 8)]
    np.testing.assert_allclose(rates, halves, atol=1e-6)
