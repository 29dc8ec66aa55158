"""The extreme learning machine beside ridge regression of scikit-learn; the online form beside the whole."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from neurona import zoo
from neurona.datasets import iris
from neurona.errors import ArgumentError

rng = np.random.default_rng(6)
X = rng.normal(size=(60, 3)).astype("float32")
Y = np.stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]], axis=1)


def hidden(machine, rows):
    w, b = (np.asarray(one, float) for one in machine.model_.get_weights()[:2])
    return 1 / (1 + np.exp(-(rows @ w + b)))


def test_the_output_weights_are_scikit_learns_ridge_regression():
    machine = zoo.ExtremeRegressor(25, ridge=0.01, random_state=0).fit(X, Y)
    exact = Ridge(0.01, fit_intercept=False).fit(hidden(machine, X), Y)
    np.testing.assert_allclose(machine.model_.get_weights()[2].T, exact.coef_, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(machine.predict(X), exact.predict(hidden(machine, X)), atol=1e-4)


def test_normal_equations_give_numpys_solution_of_64_bits_and_smaller_ridges_are_left_to_the_triangle():
    rows = rng.normal(size=(1500, 20)).astype("float32")
    targets = np.stack([np.sin(rows[:, 0]), rows[:, 1] * rows[:, 2]], axis=1)
    for activation in ("sigmoid", "tanh"):
        machine = zoo.ExtremeRegressor(600, activation, ridge=0.1, random_state=0).fit(rows, targets)
        assert type(machine._rule).__name__ == "NormalRule"
        w, b, found = (np.asarray(one, float) for one in machine.model_.get_weights())
        H = 1 / (1 + np.exp(-(rows @ w + b))) if activation == "sigmoid" else np.tanh(rows @ w + b)
        exact = np.linalg.solve(H.T @ H + 0.1 * np.eye(600), H.T @ targets.astype("float32"))
        assert np.linalg.norm(found - exact) < 1e-3 * np.linalg.norm(exact)
        assert np.linalg.norm(H @ (found - exact)) < 1e-4 * np.linalg.norm(targets)
    tiny = zoo.ExtremeRegressor(600, ridge=1e-3, random_state=0).fit(rows, targets)
    assert type(tiny._rule).__name__ == "RidgeRule"


def test_row_by_row_or_in_parts_it_learns_what_all_rows_teach():
    whole = zoo.ExtremeRegressor(12, ridge=0.1, random_state=0).fit(X, Y[:, 0])
    online = zoo.ExtremeRegressor(12, ridge=0.1, random_state=0)
    for part in (slice(0, 1), slice(1, 40), slice(40, 60)):
        online.partial_fit(X[part], Y[part, 0])
    np.testing.assert_allclose(online.predict(X), whole.predict(X), atol=2e-3)
    parts = zoo.ExtremeRegressor(12, ridge=0.1, random_state=0).fit(X[:30], Y[:30, 0])
    np.testing.assert_allclose(parts.partial_fit(X[30:], Y[30:, 0]).predict(X), whole.predict(X), atol=1e-4)


def test_the_chosen_ridge_minimizes_generalized_cross_validation():
    noisy = Y[:, 0] + rng.normal(size=60)
    machine = zoo.ExtremeRegressor(40, random_state=0).fit(X, noisy)
    H = hidden(machine, X)

    def criterion(ridge):
        smoother = H @ np.linalg.solve(H.T @ H + ridge * np.eye(40), H.T)
        return np.sum((noisy - smoother @ noisy) ** 2) / (59 - np.trace(smoother)) ** 2

    ridges = machine.ridge_ * 10.0 ** np.arange(-2, 2.1, 0.25)
    assert criterion(machine.ridge_) <= min(map(criterion, ridges)) * 1.001


def test_more_neurons_than_rows_do_not_explode():
    rows = rng.normal(size=(200, 3))
    truth = rows[:, 0] + 0.1 * rng.normal(size=200)
    machine = zoo.ExtremeRegressor(150, "tanh", random_state=0).fit(rows[:100], truth[:100])
    assert machine.score(rows[100:], truth[100:]) > 0.8


def test_classes_are_told_apart_and_new_ones_refused():
    (flowers, kinds), _ = iris.load_data(test_split=0.0)
    machine = zoo.ExtremeClassifier(30, random_state=0)
    machine.partial_fit(flowers[:100], kinds[:100], classes=[0, 1, 2]).partial_fit(flowers[100:], kinds[100:])
    assert machine.score(flowers, kinds) > 0.93
    with pytest.raises(ValueError, match=r"the class 7 is new; it knows 0, 1, 2"):
        machine.partial_fit(flowers[:1], [7])


def test_a_machine_from_a_file_learns_no_further_rows(tmp_path):
    machine = zoo.ExtremeRegressor(5, random_state=0).fit(X, Y)
    machine.save(tmp_path / "machine.keras")
    again = zoo.load(tmp_path / "machine.keras")
    np.testing.assert_array_equal(again.predict(X), machine.predict(X))
    with pytest.raises(ValueError, match="it was read from a file"):
        again.partial_fit(X, Y)


def test_hidden_neurons_are_drawn_from_the_distribution_that_is_named():
    uniform, normal = (
        zoo.ExtremeRegressor(2000, weight_scale=0.2, ridge=1.0, distribution=name, random_state=0).fit(X, Y)
        for name in ("uniform", "normal")
    )
    w, b, _ = uniform.model_.get_weights()
    assert np.abs(w).max() <= 0.2
    assert b.min() >= 0
    assert b.max() <= 0.2
    assert abs(w.std() - 0.2 / 3**0.5) < 0.005
    assert abs(b.mean() - 0.1) < 0.01
    w, b, _ = normal.model_.get_weights()
    assert abs(w.std() - 0.2) < 0.01
    assert abs(b.std() - 1) < 0.05
    assert np.abs(w).max() > 0.5
    with pytest.raises(ArgumentError, match=r"distribution is one of .* Received: 'cauchy'"):
        zoo.ExtremeRegressor(distribution="cauchy").fit(X, Y)
