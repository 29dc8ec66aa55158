"""The liquid state machine beside neurons and synapses simulated one by one in NumPy, and closed forms."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from neurona import zoo
from neurona.layers import RNN, Dense, Input
from neurona.models import Sequential

GRID, STEPS = (2, 2, 6), 60
TEMPLATES = zoo.poisson_spikes(2, STEPS, 3, rate=60, seed=2)
X = zoo.jittered(np.repeat(TEMPLATES, 20, axis=0), 1.0, seed=3)
y = np.repeat(["a", "b"], 20)


@pytest.fixture(scope="module")
def network():
    """A liquid whose readout tells the templates apart."""
    return zoo.LiquidState(GRID, ridge=1e-2, random_state=0).fit(X, y)


def simulated(cell, spikes):
    """The states, (time, units), each synapse on its own, by the formulas of the papers."""
    W, W_in = np.asarray(cell.recurrent_kernel.value), np.asarray(cell.kernel.value)
    units, kind = len(W), (np.arange(len(W)) >= cell.excitatory).astype(int)
    U = np.array([[0.5, 0.05], [0.25, 0.32]])[kind[:, None], kind]
    D = np.array([[1100, 125], [700, 144]])[kind[:, None], kind]
    F = np.array([[50, 1200], [20, 60]])[kind[:, None], kind]
    u, R, last = U.copy(), np.ones_like(U), np.full(units, -1)
    v, rest, current = np.zeros(units), np.zeros(units), np.zeros((2, units))
    trace, found, leak = np.zeros(units), [], np.exp(-1 / 30)
    for step, row in enumerate(spikes):
        current[0] += row @ W_in
        v = np.where(rest > 0, 0, leak * v + (1 - leak) * current.sum(axis=0))
        rest = np.maximum(rest - 1, 0)
        current *= np.exp(-1 / np.array([[3], [6]]))
        fired = np.flatnonzero(v > 1.5)
        for one in fired:
            if last[one] >= 0:
                past = step - last[one]
                R[one] = 1 + (R[one] - R[one] * u[one] - 1) * np.exp(-past / D[one])
                u[one] = U[one] + u[one] * (1 - U[one]) * np.exp(-past / F[one])
            last[one] = step
            current[kind[one]] += W[one] * u[one] * R[one]
            v[one], rest[one] = 0, (3, 2)[kind[one]]
        trace = np.exp(-1 / 30) * trace + np.isin(np.arange(units), fired)
        found.append(trace)
    return np.array(found)


def test_the_liquid_is_the_one_of_the_papers(network):
    states = network.states(X[:2])
    assert network.spikes(X[:2]).sum() > 50
    for row, state in zip(X[:2], states, strict=True):
        np.testing.assert_allclose(state, simulated(network._cell, row), atol=1e-4)


def test_the_readout_is_the_ridge_regression_of_scikit_learn(network):
    last, targets = network.states(X)[:, -1], np.where(y[:, None] == ["a", "b"], 1.0, -1.0)
    outputs = Ridge(1e-2).fit(last, targets).predict(last)
    np.testing.assert_allclose(network.decision_function(X), (outputs[:, 1] - outputs[:, 0]) / 2, atol=1e-3)
    assert network.score(X, y) > 0.9


def test_neurons_are_of_two_kinds_and_connected_the_more_the_nearer():
    cell = zoo.LiquidCell((3, 3, 15), seed=1)
    cell.build((None, 4))
    W = np.asarray(cell.recurrent_kernel.value)
    assert (cell.units, cell.excitatory) == (135, 108)
    assert W[:108].min() >= 0 >= W[108:].max()
    assert not W.diagonal().any()
    places = np.stack(np.unravel_index(np.arange(135), (3, 3, 15)), axis=1)
    squares = np.sum((places[:, None] - places[None]) ** 2, axis=2)
    likely = np.exp(-squares / 2.0**2).sum() - 135  # over all pairs; C of each kind of pair multiplies it
    for sources, targets, C in [(W[:108], slice(108), 0.3), (W[108:], slice(108), 0.4)]:
        block = sources[:, targets]
        share = (block.size - 108 * (len(block) == 108)) / (135 * 134)
        expected = C * likely * share
        assert np.count_nonzero(block) == pytest.approx(expected, abs=5 * np.sqrt(expected))


def test_the_distance_of_spike_trains_is_van_rossums():
    def train(*times):
        spikes = np.zeros((50, 1))
        spikes[list(times)] = 1
        return spikes

    assert zoo.spike_distance(train(7), train()) ** 2 == pytest.approx(1 / 2)
    for apart in (0, 1, 4, 20):
        found = zoo.spike_distance(train(7), train(7 + apart), tau=6.0) ** 2
        assert found == pytest.approx(1 - np.exp(-apart / 6))


def test_jitter_moves_spikes_and_loses_few():
    spikes = zoo.poisson_spikes(5, 1000, 4, rate=20, seed=0)
    assert spikes.sum() == pytest.approx(400, abs=4 * np.sqrt(400))
    moved = zoo.jittered(spikes, 4.0, seed=1)
    assert 0.95 * spikes.sum() < moved.sum() <= spikes.sum()
    distances = [zoo.spike_distance(spikes, zoo.jittered(spikes, d, seed=1)).mean() for d in (0, 1, 4, 16)]
    assert distances == sorted(distances)
    assert distances[0] == 0


def test_a_liquid_stands_in_any_model_and_its_weights_stay():
    model = Sequential([Input((10, 3)), RNN(zoo.LiquidCell((2, 2, 2), seed=0)), Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()[:2]
    model.fit(X[:4, :10], np.ones(4), verbose=0)
    for ours, theirs in zip(model.get_weights()[:2], before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(model.trainable_variables) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [({"input_scale": 0.1}, "raise"), ({"weight_scale": 40.0, "inhibitory": 0.0, "reach": 9.0}, "lower")],
)
def test_a_silent_liquid_and_a_seized_one_are_told(options, words):
    with pytest.warns(UserWarning, match=f"times it tells inputs apart: {words} input_scale"):
        zoo.LiquidState(GRID, random_state=0, **options).fit(X, y)


def test_liquids_of_several_seeds_are_finite_and_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(3):
            network = zoo.LiquidState(GRID, random_state=seed).fit(X, y)
            assert np.isfinite(network.decision_function(X)).all()


def test_bad_spikes_are_refused_by_name(network):
    for rows, classes, words in [
        (X[0], y, r"X has the shape \(rows, time, features\).*Received shape \(60, 3\)"),
        (X * 0.5, y, r"spikes are counts.*is 0.5. The layers RateCoding and LatencyCoding"),
        (np.where(X > 0, np.nan, X), y, "spikes are counts.*is nan"),
        (X, y[:-1], r"Received 40 rows and y of shape \(39,\)"),
        (X, ["a"] * 40, "needs two classes, and all rows are of a"),
    ]:
        with pytest.raises(ValueError, match=words):
            zoo.LiquidState(GRID).fit(rows, classes)
    with pytest.raises(ValueError, match="X has 2 features, but LiquidState is expecting 3 features"):
        network.predict(X[..., :2])
    with pytest.raises(ValueError, match=r"grid has three numbers.*Received: grid=\(3, 3\)"):
        zoo.LiquidCell((3, 3))
    with pytest.raises(ValueError, match=r"inhibitory is from 0 and below 1.*inhibitory=1"):
        zoo.LiquidCell(inhibitory=1)
