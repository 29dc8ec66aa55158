"""Dropout by the native kernel: the very bits of jax.random, in both directions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.kernels.dropout import dropout
from tests.kernels.conftest import skip_without_library

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]


def expected(x, key, rate):
    kept = jax.jit(jax.random.bernoulli, static_argnums=2)(key, 1.0 - rate, x.shape)
    return np.where(kept, np.asarray(x) / np.float32(1.0 - rate), 0)


@settings(max_examples=6, deadline=None)
@given(
    shape=st.lists(st.integers(1, 40), min_size=1, max_size=3).map(tuple),
    rate=st.floats(0.001, 0.999),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_mask_is_that_of_jax(shape, rate, seed):
    key = jax.random.fold_in(jax.random.key(seed), 5)
    x = jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)
    np.testing.assert_allclose(dropout(x, key, rate, x.shape), expected(x, key, rate), rtol=2e-7)


def test_the_kernel_runs_and_splits_the_work():
    x, key = jnp.ones((100, 1001)), jax.random.key(7)
    assert "neurona_dropout" in jax.jit(lambda x, key: dropout(x, key, 0.3, x.shape)).lower(x, key).as_text()
    np.testing.assert_allclose(dropout(x, key, 0.3, x.shape), expected(x, key, 0.3), rtol=2e-7)


def test_the_gradient_has_the_same_mask():
    x, key = jnp.arange(1.0, 60.0), jax.random.key(3)
    y, pull = jax.vjp(lambda x: dropout(x, key, 0.25, x.shape), x)
    np.testing.assert_allclose(pull(jnp.ones_like(x))[0], y / x, rtol=1e-6)


def test_nan_and_infinity_pass_where_they_are_kept():
    x, key = jnp.full(50, jnp.nan).at[::2].set(jnp.inf), jax.random.key(3)
    np.testing.assert_array_equal(dropout(x, key, 0.5, x.shape), expected(x, key, 0.5))


def test_many_at_once_and_what_only_jax_can():
    x, keys = jnp.ones((3, 40)), jax.random.split(jax.random.key(1), 3)
    together = jax.vmap(lambda x, key: dropout(x, key, 0.5, x.shape))(x, keys)
    for index in range(3):
        np.testing.assert_array_equal(together[index], expected(x[index], keys[index], 0.5))
    half = dropout(x.astype(jnp.bfloat16), keys[0], 0.5, x.shape)
    assert half.dtype == jnp.bfloat16
    column = dropout(x, keys[0], 0.5, (3, 1))
    np.testing.assert_array_equal(column, np.broadcast_to(column[:, :1], x.shape))
    assert dropout(x, jax.random.key(1, impl="rbg"), 0.5, x.shape).shape == x.shape
