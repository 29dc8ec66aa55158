"""MADALINE beside a loop over the rows that follows the rule step by step."""

import itertools

import numpy as np
import pytest

from neurona import zoo

X = np.array(list(itertools.product([-1.0, 1.0], repeat=3)))
PARITY = (X.prod(axis=1) > 0).astype(int)
SIGNS = 2.0 * PARITY - 1


def sign(sums):
    return np.where(sums > 0, 1.0, -1.0)


def wrong(h, V, t):
    return int(np.sum(sign(np.append(h, 1) @ V) != t))


def after_a_row(W, V, x, t, alpha):
    """Rule II, written out."""
    x = np.append(x, 1)
    sums = x @ W
    order, said = np.abs(sums).argsort(), sign(sums)
    h = said.copy()
    for chosen in [*([one] for one in order), *map(list, itertools.combinations(order, 2))]:
        trial = h.copy()
        trial[chosen] *= -1
        if wrong(trial, V, t) < wrong(h, V, t):
            h = trial
    for unit in np.flatnonzero(h != said):
        W[:, unit] += alpha * (h[unit] - sums[unit]) * x / (x @ x)
    if wrong(h, V, t):
        h = np.append(h, 1)
        V += alpha * (t - h @ V) * h[:, None] / (h @ h)


def test_a_loop_over_the_rows_gives_the_same_weights():
    network = zoo.Madaline(3, 0.7, epochs=1, n_init=1, random_state=0)
    begin = zoo.Madaline(3, 1e-30, epochs=1, n_init=1, random_state=0)
    with pytest.warns(UserWarning, match="of the rows are still mistaken"):
        begin.fit(X, PARITY)
    with pytest.warns(UserWarning, match="best of 1 starts"):
        network.fit(X, PARITY, shuffle=False)
    kernel, bias, readout, last = (weight.astype("float64") for weight in begin.model_.get_weights())
    W, V = np.vstack([kernel, bias]), np.vstack([readout, last])
    for x, t in zip(X, SIGNS, strict=True):
        after_a_row(W, V, x, t, 0.7)
    kernel, bias, readout, last = network.model_.get_weights()
    np.testing.assert_allclose(np.vstack([kernel, bias]), W, atol=1e-5)
    np.testing.assert_allclose(np.vstack([readout, last]), V, atol=1e-5)


def test_parity_of_three_is_learned_from_some_start():
    network = zoo.Madaline(6, n_init=10, random_state=0).fit(X, PARITY)
    assert network.converged_
    assert network.score(X, PARITY) == 1
    assert len(network.history_.history["mistakes"]) <= 100
