"""Spiking cells beside loops in NumPy, the closed form of their intervals, and surrogates written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError, ShapeError
from neurona.layers import (
    RNN,
    Dense,
    Input,
    LatencyCoding,
    LICell,
    LIFCell,
    RateCoding,
    RepeatVector,
    SpikeCount,
)

CURRENTS = np.random.default_rng(0).normal(0.3, 0.5, (3, 12, 2)).astype("float32")


@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_a_cell_fires_as_a_loop_in_numpy_does(reset):
    layer = RNN(LIFCell(2, 0.8, threshold=0.9, reset=reset), return_sequences=True, return_state=True)
    spikes, potential = layer(CURRENTS)
    U = S = np.zeros((3, 2))
    for step in range(12):
        U = 0.8 * U * (1 - S if reset == "zero" else 1) + CURRENTS[:, step] - 0.9 * S * (reset == "subtract")
        S = (U > 0.9).astype(float)
        np.testing.assert_array_equal(spikes[:, step], S)
    np.testing.assert_allclose(potential, U, atol=1e-5)


def test_a_step_that_a_mask_leaves_out_repeats_the_one_before():
    layer, kept = RNN(LIFCell(2, 0.8), return_sequences=True), np.array([0, 1, 2, 5, 6, 9])
    mask = np.isin(np.arange(12), kept)
    spikes = layer(CURRENTS, mask=np.tile(mask, (3, 1)))
    np.testing.assert_array_equal(spikes[:, kept], layer(CURRENTS[:, kept]))
    np.testing.assert_array_equal(spikes[:, [3, 4, 7, 8]], spikes[:, [2, 2, 6, 6]])


@pytest.mark.parametrize(("current", "decay"), [(0.3, 0.9), (0.5, 0.6), (0.15, 0.95)])
def test_the_interval_of_a_constant_current_is_that_of_the_closed_form(current, decay):
    # U(n) = I (1 - decay^n) / (1 - decay) passes 1 after so many steps, and begins anew.
    interval = int(np.ceil(np.log(1 - (1 - decay) / current) / np.log(decay)))
    spikes = RNN(LIFCell(1, decay, reset="zero"), return_sequences=True)(np.full((1, 100, 1), current))
    fired = np.flatnonzero(np.asarray(spikes)[0, :, 0]) + 1
    np.testing.assert_array_equal(fired, np.arange(interval, 101, interval))


@pytest.mark.parametrize(
    ("surrogate", "slope", "derivative"),
    [
        ("arctan", None, lambda u: 1 / (1 + (np.pi * u) ** 2)),
        ("fast_sigmoid", None, lambda u: 1 / (1 + 25 * abs(u)) ** 2),
        ("triangle", 2.0, lambda u: max(0, 1 - 2 * abs(u))),
    ],
)
def test_gradients_are_those_of_the_surrogate(surrogate, slope, derivative):
    layer = RNN(LIFCell(1, 0.5, surrogate=surrogate, slope=slope), return_sequences=True)

    def second_spike(first):
        return layer(jnp.stack([first, jnp.array(0.4)]).reshape(1, 2, 1))[0, 1, 0]

    for first in (0.8, 1.3):  # quiet, and fired before
        U = 0.5 * first + 0.4 - (first > 1)
        assert jax.grad(second_spike)(jnp.array(first)) == pytest.approx(0.5 * derivative(U - 1), rel=1e-5)


def test_an_integrator_reads_out_a_leaky_sum_and_learns_its_decay():
    kernel = 0.7 ** np.arange(11, -1, -1)
    np.testing.assert_allclose(
        RNN(LICell(2, 0.7))(CURRENTS), np.einsum("t,btf->bf", kernel, CURRENTS), atol=1e-5
    )
    model = nn.Sequential([Input((12, 2)), RNN(LICell(2, 0.5, learn_decay=True))])
    model.compile(nn.optimizers.Adam(0.05), "mse")
    model.fit(CURRENTS, np.einsum("t,btf->bf", kernel, CURRENTS), epochs=150, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], 0.7, atol=0.02)
    assert not RNN(LIFCell(2)).trainable_weights


def test_a_spiking_network_learns_by_gradients_and_is_saved(tmp_path):
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32"), np.array([0, 1, 1, 0])
    nn.utils.set_random_seed(1)
    model = nn.Sequential([Input((2,)), Dense(20), RepeatVector(10), RNN(LIFCell(20), return_sequences=True)])
    model.add(Dense(2))
    model.add(RNN(LIFCell(2, learn_decay=True), return_sequences=True))
    model.add(SpikeCount())
    model.compile(nn.optimizers.Adam(0.02), nn.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(X, y, epochs=200, verbose=0)
    assert (model.predict(X, verbose=0).argmax(axis=1) == y).all()
    model.save(tmp_path / "spiking.keras")
    again = nn.saving.load_model(tmp_path / "spiking.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_codings_keep_the_numbers():
    x = np.array([[0.0, 0.2, 0.7, 1.0]], "float32")
    spikes = RateCoding(4000, seed=3)(x)
    np.testing.assert_allclose(SpikeCount()(spikes) / 4000, x, atol=4 * np.sqrt(0.25 / 4000))
    early = np.asarray(LatencyCoding(11)(x))[0]
    assert early.sum(axis=0).tolist() == [0, 1, 1, 1]
    assert early.argmax(axis=0)[1:].tolist() == [8, 3, 0]
    assert LatencyCoding(5)(np.ones((2, 3, 4))).shape == (2, 5, 3, 4)


def test_what_is_wrong_is_told():
    with pytest.raises(ShapeError, match=r"each of its 3 neurons receives one feature. Received 2 features"):
        RNN(LIFCell(3))(CURRENTS)
    with pytest.raises(ArgumentError, match="decay is a number from 0 to 1"):
        LIFCell(3, decay=1.5)
    with pytest.raises(ArgumentError, match=r"threshold and slope are above 0. Received: threshold=0"):
        LIFCell(3, threshold=0)
    with pytest.raises(ArgumentError, match="reset is one of subtract, zero"):
        LIFCell(3, reset="none")
    with pytest.raises(ArgumentError, match="surrogate is one of arctan, fast_sigmoid, triangle"):
        LIFCell(3, surrogate="sigmoid")
