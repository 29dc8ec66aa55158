"""Batch normalization by the native kernels, against the formula in XLA and in double precision."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona import Input, Sequential, activations, layers
from neurona.kernels import max_pool
from neurona.kernels.normalization import batch_normalization, moments, standardize
from tests.kernels.conftest import skip_without_library, value_and_gradients

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]


def ours(x, gamma, beta, epsilon=1e-3, activation=activations.linear, pools=False):
    mean, variance = moments(x)
    return (
        batch_normalization(x, gamma, beta, mean, variance, epsilon, activation, pools=pools),
        mean,
        variance,
    )


def formula(x, gamma, beta, epsilon=1e-3, activation=activations.linear, pools=False):
    axes = tuple(range(x.ndim - 1))
    mean, variance = jnp.mean(x, axes), jnp.var(x, axes)
    y = activation(standardize(x, mean, variance, gamma, beta, epsilon))
    return max_pool(y, 2) if pools else y, mean, variance


def problem(shape, seed, offset=0.0, pools=False):
    generator = np.random.default_rng(seed)
    x = jnp.asarray(generator.normal(size=shape), jnp.float32)
    g = x[:, 1::2, ::2] + 1 if pools else jnp.asarray(generator.normal(size=shape), jnp.float32)
    gamma, beta, g_mean, g_variance = (
        jnp.asarray(generator.normal(size=shape[-1]), jnp.float32) for _ in range(4)
    )
    return x + offset, gamma, beta, (g, g_mean, g_variance)


def assert_close(found, expected, tolerance=1e-5):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(
            one, other, rtol=tolerance, atol=tolerance * max(1.0, float(jnp.abs(other).max()))
        )


def check(shape, seed, **options):
    x, gamma, beta, gradients = problem(shape, seed, pools=options.get("pools", False))
    (found, pulled), (expected, expected_pulled) = (
        value_and_gradients(partial(function, **options), (x, gamma, beta), gradients)
        for function in (ours, formula)
    )
    assert_close(found, expected, 3e-5)  # of one row, x * factor and mean * factor nearly cancel
    assert_close(pulled, expected_pulled, 3e-5)


@settings(max_examples=6, deadline=None)
@given(
    rows=st.lists(st.integers(1, 12), min_size=1, max_size=3).map(tuple),
    channels=st.sampled_from([1, 2, 3, 6, 15, 16, 17, 33, 63, 64, 65, 130]),
    seed=st.integers(0, 99),
    activation=st.sampled_from([activations.linear, activations.relu]),
)
def test_equals_the_formula(rows, channels, seed, activation):
    check((*rows, channels), seed, activation=activation)


@settings(max_examples=5, deadline=None)
@given(
    windows=st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(1, 5)),
    channels=st.sampled_from([1, 3, 15, 16, 17, 33, 64, 130]),
    seed=st.integers(0, 99),
    activation=st.sampled_from([activations.linear, activations.relu]),
)
def test_with_pooling_equals_the_formula(windows, channels, seed, activation):
    batch, height, width = windows
    check((batch, 2 * height, 2 * width, channels), seed, activation=activation, pools=True)


@pytest.mark.parametrize("shape", [(40000, 1), (9000, 10), (3001, 33), (700, 200), (2, 20000)])
def test_large_arrays_over_threads(shape):
    check(shape, 1)
    check(shape, 1, activation=activations.relu)
    x, gamma, beta, _ = problem(shape, 2)
    first, second = (ours(x, gamma, beta) for _ in range(2))
    assert all((one == other).all() for one, other in zip(first, second))


@pytest.mark.parametrize("shape", [(32, 32, 32, 32), (3, 40, 20, 100)])
def test_large_images_over_threads(shape):
    check(shape, 1, activation=activations.relu, pools=True)


def test_the_kernels_run():
    x, gamma, beta, gradients = problem((4, 3), 1)

    def whole(*arrays):
        results, pull = jax.vjp(ours, *arrays)
        return results, pull(gradients)

    text = jax.jit(whole).lower(x, gamma, beta).as_text()
    for name in ("neurona_moments", "neurona_batch_normalization", "neurona_batch_normalization_gradients"):
        assert f"@{name}(" in text


def test_the_variance_of_numbers_far_from_zero():
    x, gamma, beta, _ = problem((5000, 20), 3, offset=1000.0)
    exact = np.var(np.asarray(x, np.float64), 0)
    np.testing.assert_allclose(ours(x, gamma, beta)[2], exact, rtol=2e-5)


def test_nan_and_infinity_stay_in_their_channels():
    x, gamma, beta, _ = problem((50, 20), 1)
    x = x.at[7, 3].set(jnp.nan).at[9, 17].set(jnp.inf)
    for found, expected in zip(ours(x, gamma, beta), formula(x, gamma, beta)):
        np.testing.assert_array_equal(jnp.isnan(found), jnp.isnan(expected))


def test_nan_passes_relu_and_pooling():
    x, gamma, beta, _ = problem((3, 4, 6, 20), 1)
    statistics = moments(x)
    x = x.at[1, 2:4, :2, 7].set(jnp.nan)
    y = batch_normalization(x, gamma, beta, *statistics, 1e-3, activations.relu, pools=True)
    np.testing.assert_array_equal(jnp.argwhere(jnp.isnan(y)), [[1, 1, 0, 7]])


def test_several_layers_at_once():
    xs, gammas, betas, _ = zip(*(problem((9, 5), seed) for seed in range(3)))
    stacked = [jnp.stack(group) for group in (xs, gammas, betas)]
    assert_close(jax.vmap(ours)(*stacked), jax.vmap(formula)(*stacked))


def network(relu, *others):
    return Sequential(
        [
            Input((12, 12, 3)),
            layers.Conv2D(5, 3),
            layers.BatchNormalization(),
            relu,
            *others,
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


@pytest.mark.parametrize(
    ("relu", "others", "absent"),
    [
        (layers.Activation("relu"), [], []),
        (layers.ReLU(), [layers.MaxPooling2D()], ["neurona_max_pool"]),
        (layers.ReLU(), [layers.MaxPooling2D(3, 2)], []),
    ],
)
def test_a_model_trains_as_with_separate_layers(relu, others, absent):
    def relu_by_itself(x):
        return jnp.maximum(x, 0)

    together, apart = (
        network(relu, *others),
        network(layers.Lambda(relu_by_itself), *[type(each)(**each.get_config()) for each in others]),
    )
    apart.set_weights(together.get_weights())
    generator = np.random.default_rng(0)
    x, y = (
        generator.normal(size=(40, 12, 12, 3)).astype("float32"),
        generator.normal(size=(40, 2)).astype("float32"),
    )
    for model in (together, apart):
        model.compile("sgd", "mse")
        model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    for one, other in zip(together.get_weights(), apart.get_weights()):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    values = [variable.value for variable in together.variables]
    text = jax.jit(lambda values: together.apply(values, x, training=True)).lower(values).compile().as_text()
    assert text.count('"neurona_batch_normalization"') == 1
    assert "maximum" not in text.replace("max_windows", "")  # the ReLU by itself
    assert not any(name in text for name in absent)
