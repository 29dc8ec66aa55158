"""ADALINE beside loops over the rows, least squares and the theory of its error; rates that diverge."""

import numpy as np
import pytest

from neurona import zoo
from neurona.datasets import iris

(X, y), _ = iris.load_data(test_split=0.0)
TWO = X[y < 2], y[y < 2]
ROWS, SIGNS = X[:70].astype("float64"), 2.0 * (np.arange(70) % 3 == 0) - 1


@pytest.mark.parametrize("rule", ["lms", "nlms"])
def test_a_loop_over_the_rows_gives_the_same_weights(rule):
    w = np.zeros(5)
    for _ in range(2):
        for x, t in zip(np.c_[ROWS, np.ones(70)], SIGNS, strict=True):
            eta = 0.005 if rule == "lms" else 0.3 / (x @ x)
            w += eta * (t - w @ x) * x
    network = zoo.Adaline(rule, 0.005 if rule == "lms" else 0.3, epochs=2)
    kernel, bias = network.fit(ROWS, SIGNS, shuffle=False).model_.get_weights()
    np.testing.assert_allclose([*kernel[:, 0], bias[0]], w, rtol=1e-3, atol=1e-5)


def test_recursive_least_squares_ends_at_least_squares():
    rows = np.c_[ROWS, np.ones(70)]
    ridge = 1e-4 * np.mean(np.sum(rows**2, axis=1))
    wanted = np.linalg.solve(rows.T @ rows + ridge * np.eye(5), rows.T @ SIGNS)
    kernel, bias = zoo.Adaline("rls").fit(ROWS, SIGNS).model_.get_weights()
    np.testing.assert_allclose([*kernel[:, 0], bias[0]], wanted, rtol=2e-2, atol=2e-2)


def test_two_kinds_of_irises_and_three():
    assert zoo.Adaline(random_state=0).fit(*TWO).score(*TWO) == 1
    network = zoo.Adaline("rls").fit(X, y)
    assert network.decision_function(X).shape == (150, 3)
    assert network.score(X, y) > 0.8


def test_a_rate_that_diverges_is_refused_with_its_bound():
    rows = np.c_[TWO[0], np.ones(100)]
    bound = 2 / np.linalg.eigvalsh(rows.T @ rows / 100)[-1]
    assert bound < 0.1
    with pytest.raises(ValueError, match=rf"It must be below .* = {bound:.3g}. Take 0.0\d+, which None"):
        zoo.Adaline(learning_rate=1.0).fit(*TWO)
    grown = pytest.warns(UserWarning, match="weights of 0 reach 1.*too large for these rows")
    with grown, pytest.warns(UserWarning, match="the squared error may grow"):
        zoo.Adaline(learning_rate=0.999 * bound, epochs=1, random_state=0).fit(*TWO)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rule": "sgd"}, "rule is 'lms', 'nlms' or 'rls'"),
        ({"rule": "nlms", "learning_rate": 2.0}, "between 0 and 2"),
        ({"learning_rate": 0.0}, "learning_rate is above 0"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        zoo.Adaline(**options).fit(*TWO)
