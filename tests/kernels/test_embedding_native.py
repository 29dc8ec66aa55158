"""Embedding by the native kernels against jnp.take, and its gradient; numbers below 0 are refused as NaN."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.kernels.embedding import embedding
from tests.kernels.conftest import skip_without_library, value_and_gradients

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]


def take(table, numbers):
    numbers = numbers.astype(jnp.int32)
    exists = (numbers >= 0) & (numbers < len(table))  # jnp.take counts negative numbers from the end
    return jnp.where(exists[..., None], jnp.take(table, numbers, axis=0), jnp.nan)


def check(rows, width, shape, seed, beyond=0):
    generator = np.random.default_rng(seed)
    table = jnp.asarray(generator.normal(size=(rows, width)), jnp.float32)
    numbers = jnp.asarray(generator.integers(-beyond, rows + beyond, shape), jnp.int32)
    g = jnp.asarray(generator.normal(size=(*shape, width)), jnp.float32)
    (y, gradient), (expected, expected_gradient), (_, again) = (
        value_and_gradients(lambda table, function=function: function(table, numbers), (table,), g)
        for function in (embedding, take, embedding)
    )
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_allclose(gradient[0], expected_gradient[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(gradient[0], again[0])


@settings(max_examples=6, deadline=None)
@given(
    rows=st.integers(1, 40),
    width=st.integers(1, 50),
    shape=st.lists(st.integers(1, 20), min_size=1, max_size=2).map(tuple),
    seed=st.integers(0, 99),
    beyond=st.sampled_from([0, 50]),
)
def test_equals_take(rows, width, shape, seed, beyond):
    check(rows, width, shape, seed, beyond)


def test_threads_share_the_columns():
    check(1000, 130, (20, 50), 1)


def test_the_kernels_run():
    table, numbers = jnp.ones((5, 3)), jnp.arange(4)
    text = jax.jit(jax.grad(lambda table: embedding(table, numbers).sum())).lower(table).as_text()
    assert "neurona_embedding_gradient" in text
    assert "neurona_embedding" in jax.jit(embedding).lower(table, numbers).as_text()


def test_numbers_of_any_kind_and_tables_of_any_kind():
    table = jnp.arange(600.0).reshape(300, 2)
    for dtype in ("uint8", "int8", "int16", "uint32"):
        numbers = jnp.array([3, 100, 7], dtype)
        np.testing.assert_array_equal(embedding(table, numbers), take(table, numbers))
    half = table.astype(jnp.bfloat16)
    np.testing.assert_array_equal(embedding(half, jnp.array([1])), take(half, jnp.array([1])))
    assert embedding(table, jnp.zeros((0, 3), jnp.int32)).shape == (0, 3, 2)


def test_several_tables_at_once():
    tables, numbers = jnp.arange(60.0).reshape(3, 5, 4), jnp.array([[0, 4], [1, 1], [2, 3]])
    np.testing.assert_array_equal(jax.vmap(embedding)(tables, numbers), jax.vmap(take)(tables, numbers))
    found = jax.grad(lambda tables: (jax.vmap(embedding)(tables, numbers) ** 2).sum())(tables)
    expected = jax.grad(lambda tables: (jax.vmap(take)(tables, numbers) ** 2).sum())(tables)
    np.testing.assert_allclose(found, expected)
