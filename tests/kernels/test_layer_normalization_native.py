"""Layer normalization by the native kernels, against the formula in XLA and in double precision."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neurona import layers
from neurona.kernels.layer_normalization import layer_normalization
from tests.kernels.conftest import skip_without_library, value_and_gradients

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]


def formula(x, gamma, beta, epsilon):
    mean, variance = jnp.mean(x, -1, keepdims=True), jnp.var(x, -1, keepdims=True)
    return gamma * (x - mean) / jnp.sqrt(variance + epsilon) + beta


def problem(shape, seed):
    generator = np.random.default_rng(seed)
    x, g = (jnp.asarray(generator.normal(size=shape), jnp.float32) for _ in range(2))
    gamma, beta = (jnp.asarray(generator.normal(size=shape[-1]), jnp.float32) for _ in range(2))
    return x, gamma, beta, g


def assert_close(found, expected, tolerance=1e-5, terms=0.0):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(
            one, other, rtol=tolerance, atol=tolerance * max(terms, float(jnp.abs(other).max()))
        )


def check(shape, seed, epsilon=1e-3):
    x, gamma, beta, g = problem(shape, seed)
    (found, gradients), (expected, expected_gradients) = (
        value_and_gradients(partial(function, epsilon=epsilon), (x, gamma, beta), g)
        for function in (layer_normalization, formula)
    )
    assert_close([found], [expected])
    # With two features the gradient of x is the little that remains of terms as large as g: it is as exact as
    # they are.
    assert_close(gradients, expected_gradients, 3e-5, terms=float(jnp.abs(g).max()))


@settings(max_examples=6, deadline=None)
@given(
    rows=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    features=st.sampled_from([2, 3, 6, 15, 16, 17, 33, 63, 64, 65, 130]),
    epsilon=st.sampled_from([1e-6, 1e-3, 0.1]),
    seed=st.integers(0, 99),
)
@example(rows=(), features=2, epsilon=1e-6, seed=42)
def test_equals_the_formula(rows, features, epsilon, seed):
    check((*rows, features), seed, epsilon if features > 3 else 1e-3)


@pytest.mark.parametrize("shape", [(9000, 10), (32, 80, 64), (3001, 33), (700, 200), (3, 20000), (1, 4097)])
def test_large_arrays_over_threads(shape):
    check(shape, 1)
    x, gamma, beta, g = problem(shape, 2)
    gradients = jax.jit(lambda *arrays: jax.vjp(partial(layer_normalization, epsilon=1e-3), *arrays)[1](g))
    assert all(
        (one == other).all() for one, other in zip(gradients(x, gamma, beta), gradients(x, gamma, beta))
    )


def test_one_feature_has_no_deviation():
    x, gamma, beta, g = problem((500, 1), 1)
    y, pull = jax.vjp(partial(layer_normalization, epsilon=1e-3), x, gamma, beta)
    np.testing.assert_array_equal(y, jnp.broadcast_to(beta, x.shape))
    dx, dgamma, dbeta = pull(g)
    np.testing.assert_allclose(dx, jnp.zeros_like(x), atol=1e-5)
    assert dgamma == 0
    np.testing.assert_allclose(dbeta, g.sum(0), rtol=1e-4)


def test_against_double_precision_far_from_zero():
    x, gamma, beta, _ = problem((20, 300), 3)
    wide = np.asarray(x + 100, np.float64)
    exact = gamma * (wide - wide.mean(-1, keepdims=True)) / np.sqrt(wide.var(-1, keepdims=True) + 1e-3) + beta
    assert_close([layer_normalization(x + 100, gamma, beta, 1e-3)], [exact], 3e-5)


def test_the_kernels_run():
    x, gamma, beta, g = problem((4, 3), 1)
    lowered = jax.jit(
        lambda *arrays: jax.vjp(partial(layer_normalization, epsilon=0.1), *arrays)[1](g)
    ).lower(x, gamma, beta)
    assert "neurona_layer_normalization" in lowered.as_text()
    assert "neurona_layer_normalization_gradients" in lowered.as_text()


def test_nan_and_infinity_stay_in_their_rows():
    x, gamma, beta, g = problem((50, 20), 1)
    x = x.at[7, 3].set(jnp.nan).at[9, 17].set(jnp.inf)
    y, pull = jax.vjp(partial(layer_normalization, epsilon=1e-3), x, gamma, beta)
    np.testing.assert_array_equal(jnp.isnan(y).all(-1), jnp.isin(jnp.arange(50), jnp.array([7, 9])))
    np.testing.assert_array_equal(jnp.isnan(y).any(-1), jnp.isnan(y).all(-1))
    dx, dgamma, dbeta = pull(g)
    np.testing.assert_array_equal(jnp.isnan(dx).any(-1), jnp.isnan(y).any(-1))
    assert jnp.isnan(dgamma).all()
    assert not jnp.isnan(dbeta).any()


def test_several_layers_at_once_and_no_rows():
    stacked = [jnp.stack(group) for group in zip(*(problem((9, 5), seed)[:3] for seed in range(3)))]
    found = jax.vmap(partial(layer_normalization, epsilon=1e-3))(*stacked)
    assert_close([found], [jax.vmap(partial(formula, epsilon=1e-3))(*stacked)])
    x, gamma, beta, g = problem((0, 5), 1)
    assert [
        array.sum() for array in jax.vjp(partial(layer_normalization, epsilon=1e-3), x, gamma, beta)[1](g)
    ] == [0, 0, 0]


@pytest.mark.parametrize(
    "options", [{}, {"scale": False}, {"center": False}, {"scale": False, "center": False}]
)
def test_the_layer_over_its_last_axis(options):
    x, gamma, beta, _ = problem((4, 7, 20), 1)
    layer = layers.LayerNormalization(**options)
    layer.build(x.shape)
    if layer.scale:
        layer.gamma.assign(gamma)
    if layer.center:
        layer.beta.assign(beta)
    expected = formula(x, gamma if layer.scale else 1.0, beta if layer.center else 0.0, layer.epsilon)
    assert_close([layer(x)], [expected])
    assert "neurona_layer_normalization" in jax.jit(layer).lower(x).as_text()
    other = layers.LayerNormalization(axis=1)
    assert "neurona_layer_normalization" not in jax.jit(other).lower(x).as_text()
    assert_close([other(x)], [formula(x.swapaxes(1, 2), 1.0, 0.0, other.epsilon).swapaxes(1, 2)])
