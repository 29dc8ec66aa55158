"""The Boltzmann machine beside the sum over all states, finite differences, and units drawn by chance."""

import itertools

import numpy as np
import pytest

from neurona import zoo

ROWS = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]], "float32")
STATES = np.array(list(itertools.product([0, 1], repeat=5)), "float64")


@pytest.fixture(scope="module")
def machine():
    return zoo.BoltzmannMachine(2, learning_rate=0.5, epochs=300, random_state=0).fit(ROWS)


def shares(weights, biases):
    """P of all states, from the definition of the energy."""
    energies = [
        -sum(weights[i, j] * s[i] * s[j] for i in range(5) for j in range(i)) - biases @ s for s in STATES
    ]
    masses = np.exp(-np.array(energies))
    return masses / masses.sum()


def likelihood(weights, biases):
    visible = shares(weights, biases).reshape(8, 4).sum(axis=1)
    return np.mean(np.log(visible[(ROWS @ [4, 2, 1]).astype(int)]))


def test_distribution_code_and_completion_are_sums_over_all_states(machine):
    exact = shares(machine.weights_, machine.biases_).reshape(8, 4)
    np.testing.assert_allclose(machine.distribution(), exact.sum(axis=1), rtol=1e-4)
    assert machine.score(ROWS) == pytest.approx(likelihood(machine.weights_, machine.biases_), rel=1e-4)
    code = exact[6] @ STATES[:4, 3:] / exact[6].sum()  # of the row 1, 1, 0
    np.testing.assert_allclose(machine.transform(ROWS[:1])[0], code, atol=1e-4)
    visible = exact.sum(axis=1)
    known = visible[[6, 7]] / visible[[6, 7]].sum()
    np.testing.assert_allclose(machine.complete([[1, 1, np.nan]])[0], [1, 1, known[1]], atol=1e-5)


def test_a_step_climbs_the_likelihood_by_finite_differences():
    before = zoo.BoltzmannMachine(2, learning_rate=0.0, epochs=1, random_state=4).fit(ROWS)
    after = zoo.BoltzmannMachine(2, learning_rate=1.0, epochs=1, random_state=4).fit(ROWS)
    weights, biases = (value.astype("float64") for value in (before.weights_, before.biases_))
    for i, j in ((0, 1), (1, 3), (3, 4)):
        change = np.zeros((5, 5))
        change[i, j] = change[j, i] = 1e-5
        slope = (likelihood(weights + change, biases) - likelihood(weights - change, biases)) / 2e-5
        assert after.weights_[i, j] - before.weights_[i, j] == pytest.approx(slope, abs=1e-4)
        assert after.weights_[i, j] == after.weights_[j, i]
    change = np.eye(5)[2] * 1e-5
    slope = (likelihood(weights, biases + change) - likelihood(weights, biases - change)) / 2e-5
    assert after.biases_[2] - before.biases_[2] == pytest.approx(slope, abs=1e-4)


def test_units_that_turn_by_chance_have_the_exact_distribution(machine):
    places = (machine.sample(4000, sweeps=100) @ [4, 2, 1]).astype(int)
    np.testing.assert_allclose(np.bincount(places, minlength=8) / 4000, machine.distribution(), atol=0.03)


def test_learning_climbs_and_groups_stay_apart(machine):
    logged = np.array(machine.history_.history["log_likelihood"])
    assert np.all(np.diff(logged) > -1e-3)
    assert machine.score(ROWS) > -1.2  # -1.04 is the entropy of the rows, -2.08 chance
    apart = zoo.BoltzmannMachine(1, groups=[0, 0, 1], epochs=5, n_init=2, random_state=0).fit(ROWS)
    assert apart.weights_[0, 2] == apart.weights_[1, 2] == apart.weights_[3, 3] == 0
    assert apart.weights_[0, 1] != 0 != apart.weights_[2, 3]


def test_what_does_not_fit_is_refused(machine):
    with pytest.raises(ValueError, match=r"the units are 0 or 1. Row 1, column 0 is 0.5"):
        zoo.BoltzmannMachine().fit([[0, 1], [0.5, 0]])
    with pytest.raises(ValueError, match="12 columns and n_components=5 make more than 16 units"):
        zoo.BoltzmannMachine(5).fit(np.eye(12))
    with pytest.raises(ValueError, match="groups has 2 numbers, and the rows 3 columns"):
        zoo.BoltzmannMachine(2, groups=[0, 1]).fit(ROWS)
    with pytest.raises(ValueError, match="n_init is at least 1"):
        zoo.BoltzmannMachine(n_init=0).fit(ROWS)
