"""Vector quantization and neural gas beside loops over the rows in NumPy."""

import numpy as np
import pytest
from sklearn.base import clone

from neurona import zoo
from neurona.datasets import iris

(X, y), _ = iris.load_data(test_split=0.0)
ROWS = X[::5].astype("float64")
KINDS = y[::5]


def falling(first, last, share):
    return first * (last / first) ** share


def first_prototypes(network, *targets):
    """The prototypes before the first row."""
    still = clone(network).set_params(learning_rate=1e-30, last_learning_rate=1e-30)
    return still.fit(ROWS, *targets).prototypes_.astype("float64")


def test_lvq1_moves_the_nearest_prototype_row_by_row():
    network = zoo.LVQ(2, "lvq1", epochs=2, random_state=3)
    w, owners = first_prototypes(network, KINDS), np.repeat([0, 1, 2], 2)
    for epoch in range(2):
        rate = falling(0.1, 0.01, epoch / 2)
        for x, t in zip(ROWS, KINDS, strict=True):
            best = np.linalg.norm(x - w, axis=1).argmin()
            w[best] += (rate if owners[best] == t else -rate) * (x - w[best])
    network.fit(ROWS, KINDS, shuffle=False)
    np.testing.assert_allclose(network.prototypes_, w, rtol=1e-4, atol=1e-4)


def test_glvq_descends_its_cost():
    """Sato and Yamada's equations 17 and 18, written out."""
    network = zoo.LVQ(1, "glvq", epochs=1, random_state=3)
    w = first_prototypes(network, KINDS)
    for x, t in zip(ROWS, KINDS, strict=True):
        d = np.sum((x - w) ** 2, axis=1)
        other = min((k for k in range(3) if k != t), key=lambda k: d[k])
        mine, rest = d[t], d[other]
        f = 1 / (1 + np.exp(-(mine - rest) / (mine + rest)))
        step = 0.1 * f * (1 - f) * 4 / (mine + rest) ** 2
        w[t], w[other] = w[t] + step * rest * (x - w[t]), w[other] - step * mine * (x - w[other])
    network.fit(ROWS, KINDS, shuffle=False)
    np.testing.assert_allclose(network.prototypes_, w, rtol=1e-4, atol=1e-4)
    assert zoo.LVQ(2, random_state=0).fit(X, y).score(X, y) > 0.94


def test_the_gas_ranks_the_prototypes_row_by_row():
    network = zoo.NeuralGas(4, epochs=2, random_state=3)
    w = first_prototypes(network)
    for epoch in range(2):
        rate, reach = falling(0.5, 0.01, epoch / 2), falling(2.0, 0.01, epoch / 2)
        for x in ROWS:
            rank = np.linalg.norm(x - w, axis=1).argsort().argsort()
            w += rate * np.exp(-rank / reach)[:, None] * (x - w)
    network.fit(ROWS, shuffle=False)
    np.testing.assert_allclose(network.prototypes_, w, rtol=1e-4, atol=1e-4)


def test_more_prototypes_than_rows_and_unknown_rules():
    assert zoo.NeuralGas(5, epochs=1).fit(ROWS[:2]).prototypes_.shape == (5, 4)
    with pytest.raises(ValueError, match=r"rule is 'glvq' or 'lvq1'. Received: rule='lvq3'"):
        zoo.LVQ(rule="lvq3").fit(ROWS, KINDS)
