"""The restricted Boltzmann machine beside all states of a small one, and beside scikit-learn's."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.neural_network import BernoulliRBM

import neurona as nn
from neurona import zoo
from neurona.training.conversion import Batch
from neurona.zoo.restricted_boltzmann import ContrastiveDivergence

rng = np.random.default_rng(6)
STRIPES = np.array([[1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]])[rng.integers(0, 3, 60)]
STATES = np.array(list(itertools.product([0, 1], repeat=5)), "float32")
HIDDEN = np.array(list(itertools.product([0, 1], repeat=3)), "float32")


@pytest.fixture(scope="module")
def machine():
    options = {"learning_rate": 0.2, "epochs": 200, "batch_size": 60, "random_state": 0}
    return zoo.RestrictedBoltzmann(3, **options).fit(STRIPES)


def joint(machine):
    """exp(-E) of all states, (32, 8), from the definition of the energy."""
    inner, outer = HIDDEN @ machine.intercept_hidden_, STATES @ machine.intercept_visible_
    return np.exp(STATES @ machine.components_.T @ HIDDEN.T + inner + outer[:, None]).astype("float64")


def test_free_energy_features_and_likelihood_are_sums_over_all_states(machine):
    masses = joint(machine)
    np.testing.assert_allclose(machine.free_energy(STATES), -np.log(masses.sum(axis=1)), rtol=1e-5, atol=1e-5)
    expected = masses @ HIDDEN / masses.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(machine.transform(STATES), expected, atol=1e-5)
    exact = machine.log_partition("exact")
    assert exact == pytest.approx(np.log(masses.sum()), rel=1e-6)
    assert machine.log_partition(chains=500, steps=300) == pytest.approx(exact, abs=0.1)
    probabilities = np.exp(machine.log_likelihood(STATES, exact))
    assert probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert machine.log_likelihood(STRIPES, exact).mean() > -2.2  # of three patterns: -1.1 at best


def test_what_is_drawn_has_the_exact_distribution(machine):
    exact = joint(machine).sum(axis=1)
    drawn = machine.sample(4000, rounds=200)
    share = (drawn[:, None] == STATES[None]).all(axis=2).mean(axis=0)
    np.testing.assert_allclose(share, exact / exact.sum(), atol=0.03)
    conditional = joint(machine)[0] / joint(machine)[0].sum()  # of h, given the first state
    means = 1 / (1 + np.exp(-(HIDDEN @ machine.components_ + machine.intercept_visible_)))
    after = machine.gibbs(np.repeat(STATES[:1], 4000, axis=0))
    np.testing.assert_allclose(after.mean(axis=0), conditional @ means, atol=0.03)


def test_figures_are_those_of_scikit_learn(machine):
    peer = BernoulliRBM(3, random_state=0)
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        setattr(peer, name, getattr(machine, name))
    peer.n_features_in_ = 5
    rows = STRIPES.astype("float32")
    np.testing.assert_allclose(machine.score_samples(rows), peer.score_samples(rows), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(machine.transform(rows), peer.transform(rows), atol=1e-5)
    logged = machine.history_.history["pseudo_likelihood"]
    assert logged[0] < -3
    assert np.mean(logged[-10:]) == pytest.approx(machine.score(np.repeat(rows, 20, axis=0)), abs=0.3)


@pytest.mark.parametrize("chains", [0, 4])
def test_a_step_is_the_formula_of_contrastive_divergence(chains):
    v = rng.integers(0, 2, (6, 5)).astype("float32")
    weights = [rng.normal(size=shape).astype("float32") for shape in ((5, 3), (3,), (5,))]
    model = nn.Sequential([nn.Input((5,)), zoo.RestrictedBoltzmannLayer(3)])
    model.set_weights(weights)
    rule = ContrastiveDivergence(0.5, chains=chains)
    model.compile(rule=rule)
    rule.build(model)
    key = jax.random.key(8)
    rule.learn(model, Batch(v, None, None), key, jnp.array(0))
    first, second, *_ = jax.random.split(key, 4)
    W, c, b = weights
    h = sigmoid(v @ W + c)
    start = np.zeros((4, 3)) if chains else levels(first, h.shape) < h
    model_v = sigmoid(start @ W.T + b)
    model_v = (levels(second, model_v.shape) < model_v).astype("float32")
    model_h = sigmoid(model_v @ W + c)
    W, c, b = (
        W + 0.5 * (v.T @ h / len(v) - model_v.T @ model_h / len(model_v)),
        c + 0.5 * (h.mean(axis=0) - model_h.mean(axis=0)),
        b + 0.5 * (v.mean(axis=0) - model_v.mean(axis=0)),
    )
    for ours, expected in zip(model.get_weights(), (W, c, b), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
    if chains:
        np.testing.assert_array_equal(rule.carried.numpy(), levels(first, model_h.shape) < model_h)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def levels(key, shape):
    """Below which probabilities a unit turns on: 16 random bits each."""
    size = int(np.prod(shape))
    words = np.asarray(jax.random.bits(key, (-(-size // 2),)))
    return ((words.view("uint16")[:size] + 0.5) / 65536).reshape(shape)


@pytest.mark.parametrize("persistent", [False, True])
def test_learning_is_stable_over_seeds(persistent):
    for seed in range(5):
        options = {"learning_rate": 0.3, "epochs": 20, "persistent": persistent, "random_state": seed}
        machine = zoo.RestrictedBoltzmann(3, batch_size=20, **options).fit(STRIPES)
        likelihood = machine.log_likelihood(STRIPES, machine.log_partition("exact")).mean()
        assert -3.2 < likelihood < 0  # chance is -3.47


def test_gaussian_units_have_the_density_of_a_mixture():
    groups = rng.normal(size=(300, 2)) * 0.3 + np.where(rng.random((300, 1)) < 0.5, [[2, 2]], [[-2, -2]])
    rows = groups * [1.0, 10.0] + [5.0, -3.0]
    machine = zoo.GaussianRestrictedBoltzmann(
        2, learning_rate=0.05, epochs=40, batch_size=30, random_state=0
    ).fit(rows)
    v = (rows - machine.mean_) / machine.scale_
    h = HIDDEN[:4, 1:]
    means = h @ machine.components_ + machine.intercept_visible_
    weights = np.exp(h @ machine.intercept_hidden_ + np.sum(means**2, axis=1) / 2)
    density = np.exp(-np.sum((v[:, None] - means[None]) ** 2, axis=2) / 2) / (2 * np.pi)
    truth = np.log(density @ (weights / weights.sum())) - np.log(machine.scale_).sum()
    exact = machine.log_partition("exact")
    np.testing.assert_allclose(machine.log_likelihood(rows, exact), truth, rtol=1e-4, atol=1e-3)
    assert machine.log_partition(steps=300) == pytest.approx(exact, abs=0.15)
    assert truth.mean() > -np.log(2 * np.pi) - 1 - np.log(machine.scale_).sum()  # a normal density's
    np.testing.assert_allclose(machine.sample(1000, 100).mean(axis=0), rows.mean(axis=0), atol=3)


def test_what_is_no_probability_is_refused_by_row_and_column(machine):
    grey = np.where(STRIPES == 1, 200, 0)
    with pytest.raises(
        ValueError, match=r"0 or 1, or the probability of a 1. Row \d+, column \d is 200. Scale"
    ):
        zoo.RestrictedBoltzmann().fit(grey)
    with pytest.raises(ValueError, match="Row 0, column 1 is -1"):
        machine.transform([[0, -1, 0, 0, 0]])
    with pytest.raises(ValueError, match=r"rounds is a whole number above 0. Received: rounds=0"):
        zoo.RestrictedBoltzmann(rounds=0).fit(STRIPES)
    with pytest.raises(ValueError, match=r"takes up to 20 hidden units, and there are 21"):
        zoo.RestrictedBoltzmann(21, epochs=1).fit(STRIPES).log_partition("exact")
    with pytest.raises(ValueError, match="method is 'annealed' or 'exact'"):
        machine.log_partition("guess")
    with pytest.raises(ValueError, match="visible is 'bernoulli' or 'gaussian'"):
        zoo.RestrictedBoltzmannLayer(2, visible="poisson")
