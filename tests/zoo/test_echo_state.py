"""The echo state network beside a loop in NumPy, scikit-learn's ridge regression, and eigenvalues."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from neurona import zoo
from neurona.layers import RNN, Dense, Input
from neurona.models import Sequential
from neurona.zoo.echo_state import largest_eigenvalue

rng = np.random.default_rng(3)
U, Y = zoo.narma(260, order=3, seed=1)


@pytest.fixture(scope="module")
def coupled():
    """A network that hears its own output, and has learned the series."""
    return zoo.EchoState(20, leak=0.7, feedback=True, ridge=1e-3, washout=40, random_state=0).fit(U, Y)


def dense_matrix(cell):
    return ring_matrix(np.asarray(cell.distances.value), np.asarray(cell.recurrent_kernel.value))


def ring_matrix(distances, weights):
    """Row i hears, with weight k of its own, the unit that is distance k further on the ring."""
    width, units = weights.shape
    matrix = np.zeros((units, units))
    for row in range(units):
        for k in range(width):
            matrix[row, (row + distances[k]) % units] = weights[k, row]
    return matrix


def states_of(cell, drive):
    """x(n) for each row of `drive`, step by step."""
    W, W_in, b = dense_matrix(cell), np.asarray(cell.kernel.value), np.asarray(cell.bias.value)
    x, found = np.zeros(cell.units), []
    for u in drive:
        x = (1 - cell.leak) * x + cell.leak * np.tanh(W @ x + u @ W_in + b)
        found.append(x)
    return np.array(found)


def test_the_readout_is_scikit_learns_ridge_regression_on_the_states_of_a_loop(coupled):
    layers = coupled.model_.layers
    cell = layers[0].cell
    drive = np.stack([U, np.r_[0, Y[:-1]]], axis=1)
    states = states_of(cell, drive)
    ridge = Ridge(1e-3).fit(states[40:], Y[40:])
    kernel, bias = np.asarray(layers[-1].kernel), np.asarray(layers[-1].bias)
    np.testing.assert_allclose(states @ kernel[:, 0] + bias, ridge.predict(states), atol=1e-4)


def test_a_free_run_feeds_back_its_own_outputs_after_those_known(coupled):
    layers = coupled.model_.layers
    cell, readout = layers[0].cell, layers[-1]
    W, W_in, b = dense_matrix(cell), np.asarray(cell.kernel.value), np.asarray(cell.bias.value)
    x, y, wanted = np.zeros(20), 0.0, []
    for n in range(80):
        y = Y[n - 1] if 1 <= n <= 50 else y
        x = 0.3 * x + 0.7 * np.tanh(W @ x + np.array([U[n], y]) @ W_in + b)
        y = float((x @ np.asarray(readout.kernel) + np.asarray(readout.bias))[0])
        wanted.append(y)
    np.testing.assert_allclose(coupled.predict(U[:80], start=Y[:50]), wanted, atol=1e-4)


@pytest.mark.parametrize("units", [40, 310])
def test_the_spectral_radius_is_that_of_the_dense_matrix(units):
    distances, weights = rng.choice(units, 5, replace=False), rng.uniform(-1, 1, (5, units))
    exact = np.abs(np.linalg.eigvals(ring_matrix(distances, weights))).max()
    assert largest_eigenvalue(distances, weights) == pytest.approx(exact, rel=1e-3)


def test_a_series_goes_on_from_one_start_or_several_alike():
    wave = np.sin(np.arange(600) * 0.3)
    network = zoo.EchoState(60, ridge=1e-9, random_state=0).fit(wave)
    one = network.generate(40, wave[:150])
    np.testing.assert_allclose(one, wave[150:190], atol=5e-3)
    several = network.generate(40, np.stack([wave[:150], wave[100:250]])[..., None])
    assert several.shape == (2, 40, 1)
    np.testing.assert_allclose(several[0, :, 0], one, atol=1e-5)


def test_a_reservoir_stands_in_any_model_and_its_weights_stay():
    model = Sequential([Input((6, 2)), RNN(zoo.ReservoirCell(8, seed=1)), Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()[:4]
    model.fit(np.ones((4, 6, 2)), np.ones(4), verbose=0)
    for ours, theirs in zip(model.get_weights()[:4], before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(model.trainable_variables) == 2


def test_a_reservoir_that_does_not_forget_and_a_singular_readout_are_told():
    with pytest.warns(UserWarning, match=r"still differ by .* after the washout of 40 steps"):
        zoo.EchoState(30, spectral_radius=3.0, input_scale=0.01, washout=40, random_state=0).fit(U, Y)
    few = zoo.EchoState(200, ridge=0, washout=40, random_state=0)
    with pytest.warns(UserWarning, match="the readout is singular"):
        few.fit(U[:100], Y[:100])
    assert np.isfinite(few.predict(U[:100])).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chosen = zoo.EchoState(200, washout=40, random_state=0).fit(U, Y)
    assert chosen.ridge_ > 0


def test_bad_sequences_are_refused_by_name(coupled):
    for X, y, words in [
        (U, Y[:-1], "260 steps in X and 259 in y"),
        (U[:30], Y[:30], "after a washout of 100 steps nothing is left of sequences of 30"),
        (np.where(U > 0.49, np.nan, U), Y, "X holds NaN"),
        (np.zeros((2, 2, 2, 2)), None, r"y has the shape .* Received shape \(2, 2, 2, 2\)"),
    ]:
        with pytest.raises(ValueError, match=words):
            zoo.EchoState(5).fit(X, y)
    with pytest.raises(ValueError, match=r"leak is above 0 and at most 1. Received: leak=2"):
        zoo.EchoState(5, leak=2).fit(U, Y)
    with pytest.raises(ValueError, match="1 features as inputs: give them to predict"):
        coupled.generate(5)
    with pytest.raises(ValueError, match="X has 2 features, but EchoState is expecting 1 features"):
        coupled.predict(np.zeros((9, 2)))
