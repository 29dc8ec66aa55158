"""The Hopfield network beside a loop in NumPy, its energy, and exact cases."""

import numpy as np
import pytest

from neurona import zoo

rng = np.random.default_rng(2)
PATTERNS = rng.choice([-1, 1], (6, 60))
NOISY = PATTERNS * rng.choice([1, -1], PATTERNS.shape, p=[0.85, 0.15])


def settled(weights, states):
    """The states at rest, one neuron after another."""
    for _ in range(100):
        before = states.copy()
        for place in range(states.shape[1]):
            received = states @ weights[place]
            states[:, place] = np.where(received == 0, states[:, place], np.sign(received))
        if np.array_equal(states, before):
            return states
    raise AssertionError("no rest")


def test_recall_is_that_of_a_loop_over_neurons():
    network = zoo.Hopfield().fit(PATTERNS)
    weights = PATTERNS.T @ PATTERNS / 60 - np.diag(np.full(60, 6 / 60))
    np.testing.assert_allclose(network.weights, weights, atol=1e-6)
    starts = rng.choice([-1, 1], (20, 60))
    np.testing.assert_array_equal(network.recall(starts), settled(weights, starts.copy()))
    assert network.score(NOISY, PATTERNS) > 0.95


def test_the_energy_falls_with_every_sweep():
    starts = rng.choice([-1, 1], (20, 60))
    weights = zoo.Hopfield().fit(PATTERNS).weights
    energies = []
    for sweeps in (0, 1, 2, 100):
        network = zoo.Hopfield(max_sweeps=sweeps).fit(PATTERNS)
        states = network.recall(starts)
        energies.append(network.energy(states))
        np.testing.assert_allclose(energies[-1], -np.sum(states @ weights * states, axis=1) / 2, rtol=1e-5)
    assert np.all(np.diff(energies, axis=0) <= 1e-4)


def test_any_two_values_are_given_back():
    letters = (PATTERNS > 0).astype("uint8") * 255
    network = zoo.Hopfield().fit(letters)
    recalled = network.recall(letters)
    assert recalled.dtype == np.uint8
    np.testing.assert_array_equal(recalled, letters)


def test_the_pseudo_inverse_holds_patterns_that_resemble_each_other():
    base = rng.choice([-1, 1], 60)
    alike = np.array([base * np.where(np.arange(60) // 10 == part, -1, 1) for part in range(6)])
    assert zoo.Hopfield("pseudo_inverse").fit(alike).score(alike) == 1
    assert zoo.Hopfield().fit(alike).score(alike) < 1


def test_more_patterns_than_it_can_hold_and_more_than_two_values_are_told():
    with pytest.warns(UserWarning, match=r"9 patterns in 60 neurons. Hebb's rule holds 8"):
        zoo.Hopfield().fit(rng.choice([-1, 1], (9, 60)))
    with pytest.raises(ValueError, match=r"two values, such as -1 and 1. Received 60 values"):
        zoo.Hopfield().fit(rng.normal(size=(1, 60)))
    with pytest.raises(ValueError, match="rule is 'hebb' or 'pseudo_inverse'"):
        zoo.Hopfield("oja").fit(PATTERNS)


def test_the_modern_network_is_a_step_of_attention():
    patterns = rng.normal(size=(5, 8)).astype("float32")
    states = rng.normal(size=(3, 8)).astype("float32")
    scores = 2.0 * states @ patterns.T
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    network = zoo.ModernHopfield(beta=2.0).fit(patterns)
    np.testing.assert_allclose(network.recall(states), weights @ patterns, rtol=1e-4, atol=1e-5)
    many = rng.choice([-1.0, 1.0], (200, 32))  # more than six patterns for each feature
    kept = zoo.ModernHopfield(beta=4.0).fit(many).recall(many)
    np.testing.assert_array_equal(np.sign(kept), many)
