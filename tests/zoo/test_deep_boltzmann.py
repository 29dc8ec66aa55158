"""The deep Boltzmann machine beside all states of a small one, and finite differences of its bound."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.training.conversion import Batch
from neurona.zoo.mean_field import MeanFieldRule

rng = np.random.default_rng(5)
STRIPES = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 0, 1]], "float32")[rng.integers(0, 3, 60)]
SIZES = (4, 3, 2)
SMALL = {"pretraining_epochs": 20, "batch_size": 20, "learning_rate": 0.2, "joint_rate": 0.1, "epochs": 100}


def states(units):
    return np.array(list(itertools.product([0, 1], repeat=units)), "float64")


def log_masses(weights):
    """-E of all states, (16, 8, 4), from the definition of the energy."""
    W1, W2, b0, b1, b2 = weights
    v, h, g = (states(size) for size in SIZES)
    below, above = v @ W1 @ h.T, h @ W2 @ g.T
    return below[:, :, None] + above[None] + (v @ b0)[:, None, None] + (h @ b1)[:, None] + g @ b2


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def bound(weights, rows):
    """The mean lower bound of log P of rows, at the fixed point of the mean field."""
    W1, W2, b0, b1, b2 = weights
    g = np.full((len(rows), 2), 0.5)
    for _ in range(200):
        h = sigmoid(rows @ W1 + g @ W2.T + b1)
        g = sigmoid(h @ W2 + b2)
    energy = -np.sum(rows @ W1 * h, 1) - np.sum(h @ W2 * g, 1) - rows @ b0 - h @ b1 - g @ b2
    entropy = sum(-np.sum(m * np.log(m) + (1 - m) * np.log(1 - m), axis=1) for m in (h, g))
    return np.mean(entropy - energy) - np.logaddexp.reduce(log_masses(weights).ravel())


@pytest.fixture(scope="module")
def machine():
    return zoo.DeepBoltzmann(SIZES[1:], random_state=0, **SMALL).fit(STRIPES)


def test_partition_bound_and_samples_are_those_of_the_sum_over_all_states(machine):
    weights = [weight.astype("float64") for weight in machine.model_.get_weights()]
    masses = log_masses(weights)
    total = np.logaddexp.reduce(masses.ravel())
    exact = machine.log_partition("exact")
    assert exact == pytest.approx(total, abs=1e-4)
    assert machine.log_partition(chains=500, steps=300) == pytest.approx(total, abs=0.1)
    likelihood = np.log(np.exp(masses - total).sum(axis=(1, 2)))
    bounds = machine.lower_bound(states(4), exact)
    assert np.all(bounds <= likelihood + 1e-4)
    assert np.mean(likelihood - bounds) < 0.2
    assert (
        bounds[[3, 12, 13]].mean() > -2.3
    )  # of the three rows that it learned: -1.1 at best, by chance -2.8
    drawn = machine.sample(4000, rounds=200)
    share = (drawn[:, None] == states(4)[None]).all(axis=2).mean(axis=0)
    np.testing.assert_allclose(share, np.exp(likelihood), atol=0.03)


def test_a_step_climbs_the_bound_by_finite_differences():
    shapes = ((4, 3), (3, 2), (4,), (3,), (2,))
    weights = [rng.normal(size=shape) * 0.7 for shape in shapes]
    rows = STRIPES[:10]
    model = nn.Sequential([nn.Input((4,)), zoo.DeepBoltzmannLayer((3, 2), sweeps=60)])
    model.set_weights(weights)
    rule = MeanFieldRule(1.0, steps=100, rounds=60, chains=6000)
    model.compile(rule=rule)
    rule.build(model)
    rule.learn(model, Batch(rows, None, None), jax.random.key(3), jnp.array(0))
    for number, place in ((0, (1, 2)), (1, (0, 1)), (2, (3,)), (3, (0,)), (4, (1,))):
        up, down = ([one.copy() for one in weights] for _ in range(2))
        up[number][place] += 1e-4
        down[number][place] -= 1e-4
        slope = (bound(up, rows) - bound(down, rows)) / 2e-4
        learned = model.get_weights()[number][place] - weights[number][place]
        assert learned == pytest.approx(slope, abs=0.03)


def test_three_layers_sum_to_the_same_partition():
    machine = zoo.DeepBoltzmann((3, 2, 2), random_state=1, **{**SMALL, "epochs": 5}).fit(STRIPES)
    W1, W2, W3, *biases = machine.model_.get_weights()
    total = -np.inf
    for v, h, g, f in itertools.product(*(states(size) for size in (4, 3, 2, 2))):
        inner = v @ W1 @ h + h @ W2 @ g + g @ W3 @ f
        outer = sum(one @ bias for one, bias in zip((v, h, g, f), biases, strict=True))
        total = np.logaddexp(total, inner + outer)
    assert machine.log_partition("exact") == pytest.approx(total, abs=1e-4)
    assert machine.log_partition(chains=500, steps=200) == pytest.approx(total, abs=0.1)


@pytest.mark.experiment
def test_learning_is_stable_over_ten_seeds():
    for seed in range(10):
        machine = zoo.DeepBoltzmann(
            SIZES[1:], random_state=seed, **{**SMALL, "joint_rate": 0.3, "epochs": 30}
        ).fit(STRIPES)
        mean = machine.lower_bound(STRIPES, machine.log_partition("exact")).mean()
        assert -2.75 < mean < 0  # chance is -2.77


def test_backpropagation_begins_at_the_mean_field():
    X, y = STRIPES, STRIPES[:, 0] + STRIPES[:, 3]
    options = {**SMALL, "epochs": 1, "joint_epochs": 5, "sweeps": 40, "random_state": 0}
    start = zoo.DeepBoltzmannClassifier(SIZES[1:], fine_tuning_rate=1e-12, **options).fit(X, y)
    machine, first, second, _ = start.model_.layers
    means = machine.mean_field(jnp.asarray(X))
    hidden = first(machine(X))
    np.testing.assert_allclose(hidden, means[0], atol=1e-4)
    np.testing.assert_allclose(second(hidden), means[1], atol=1e-4)
    options = {**options, "epochs": 120, "sweeps": 5}
    network = zoo.DeepBoltzmannClassifier(SIZES[1:], fine_tuning_rate=0.03, **options)
    network.fit(X, y, validation_data=(X, np.eye(2)[(y - 1).astype(int)]))
    losses = network.history_.history["loss"]
    assert losses[-1] < losses[0] / 4
    assert len(network.history_.history["val_loss"]) == 120
    assert network.score(X, y) == 1


def test_what_does_not_fit_is_refused_by_name(machine):
    with pytest.raises(ValueError, match=r"DeepBoltzmann: the units are 0 or 1.* Row 0, column 1 is 7"):
        zoo.DeepBoltzmann().fit([[0, 7], [1, 0]])
    with pytest.raises(ValueError, match=r"units\[0\] is a whole number above 0"):
        zoo.DeepBoltzmann((2.5,)).fit(STRIPES)
    with pytest.raises(ValueError, match=r"sweeps is a whole number above 0. Received: sweeps=0"):
        zoo.DeepBoltzmann((2,), sweeps=0).fit(STRIPES)
    with pytest.raises(ValueError, match="method is 'annealed' or 'exact'"):
        machine.log_partition("guess")
    with pytest.raises(ValueError, match=r"takes up to 20 hidden units, and there are 21"):
        zoo.DeepBoltzmann((21, 2), pretraining_epochs=1, epochs=1).fit(STRIPES).log_partition("exact")
