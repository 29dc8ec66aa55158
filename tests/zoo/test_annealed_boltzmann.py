"""The annealed Boltzmann machine beside the sum over all states of a small one."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.training.conversion import Batch
from neurona.zoo.annealed_boltzmann import AnnealingRule

STATES = np.array(list(itertools.product([0, 1], repeat=4)), "float64")
ROWS = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]], "float32")
rng = np.random.default_rng(1)
half = np.triu(rng.normal(size=(4, 4)), 1)
WEIGHTS, BIASES = half + half.T, rng.normal(size=4)


def shares(temperature=1.0):
    """P of all states of four units, from the definition of the energy."""
    energies = [
        -sum(WEIGHTS[i, j] * s[i] * s[j] for i in range(4) for j in range(i)) - BIASES @ s for s in STATES
    ]
    masses = np.exp(-np.array(energies) / temperature)
    return masses / masses.sum()


def machine(rule=None):
    model = nn.Sequential([nn.Input((3,)), zoo.AnnealedBoltzmannLayer(1)])
    model.set_weights([WEIGHTS, BIASES])
    model.compile(rule=rule or AnnealingRule(1.0, (1,), (0.0, 0.0)))
    return model


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_annealing_ends_in_the_exact_distribution(temperature):
    layer = machine().layers[-1]
    start = jnp.zeros((6000, 4))
    states, counts = layer.anneal(start, jnp.array(True), jax.random.key(0), [3.0] + [temperature] * 30)
    found = np.bincount((np.asarray(states) @ [8, 4, 2, 1]).astype(int), minlength=16) / 6000
    exact = shares(temperature)
    np.testing.assert_allclose(found, exact, atol=0.02)
    if temperature == 1:
        np.testing.assert_allclose(counts / 6000 / 30, STATES.T @ (exact[:, None] * STATES), atol=0.03)
    else:
        assert np.all(np.asarray(counts) == 0)  # measured at 1 only


def test_a_step_has_the_sign_of_the_difference_of_exact_probabilities():
    rule = AnnealingRule(0.5, (2.0,) * 5 + (1,) * 40, (0.0, 0.0))
    model = machine(rule)
    figures = rule.learn(model, Batch(np.tile(ROWS, (500, 1)), None, None), jax.random.key(2), jnp.array(0))
    exact = shares()
    shown = np.zeros(16)
    for row in ROWS:
        place = int(row @ [8, 4, 2])
        shown[[place, place + 1]] += exact[[place, place + 1]] / exact[[place, place + 1]].sum() / len(ROWS)
    expected = STATES.T @ ((shown - exact)[:, None] * STATES)
    weights, biases = model.get_weights()
    changed = weights - WEIGHTS + np.diag(biases - BIASES)
    clear = np.abs(expected) > 0.03  # beyond the chance of the counts
    assert clear.sum() > 6
    np.testing.assert_allclose(changed[clear], 0.5 * np.sign(expected[clear]), atol=1e-5)
    assert figures["disagreement"] == pytest.approx(np.abs(expected)[~np.eye(4, dtype=bool)].mean(), abs=0.02)
    code = [exact[int(row @ [8, 4, 2]) + 1] / exact[int(row @ [8, 4, 2]) :][:2].sum() for row in ROWS]
    np.testing.assert_allclose(machine().layers[-1](ROWS)[:, 0], code, atol=1e-5)  # one hidden unit: exact


def test_units_of_unlike_groups_stay_apart_and_noise_flips_bits():
    options = {"epochs": 3, "random_state": 0}
    network = zoo.AnnealedBoltzmann(2, groups=[0, 0, 1], noise=(1.0, 1.0), **options).fit(ROWS)
    assert network.weights_[0, 2] == network.weights_[1, 2] == network.weights_[4, 4] == 0
    assert network.weights_[0, 1] != 0 != network.weights_[3, 4]
    plain = zoo.AnnealedBoltzmann(2, groups=[0, 0, 1], noise=(0.0, 0.0), **options).fit(1 - ROWS)
    np.testing.assert_array_equal(network.weights_, plain.weights_)  # all bits flipped twice
    assert network.transform(ROWS).shape == (4, 2)
    np.testing.assert_array_equal(network.complete(ROWS), ROWS)  # nothing is missing


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"AnnealedBoltzmann: the units are 0 or 1. Row 1, column 0 is 0.5"):
        zoo.AnnealedBoltzmann().fit([[0, 1], [0.5, 0]])
    with pytest.raises(ValueError, match="groups has 2 numbers, and the rows 3 columns"):
        zoo.AnnealedBoltzmann(groups=[0, 1]).fit(ROWS)
    with pytest.raises(ValueError, match=r"the last is 1, at which .* Received: temperatures=\(2, 1.5\)"):
        zoo.AnnealedBoltzmann(temperatures=(2, 1.5)).fit(ROWS)
