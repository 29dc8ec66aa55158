"""The native attention kernels against their twin."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.kernels import native
from neurona.kernels.attention import _twin, attention

pytestmark = pytest.mark.skipif(
    native.library_path("baseline") is None, reason="the native kernels were not built here"
)
EVERYWHERE = jnp.ones((1, 1, 1, 1), bool)


@pytest.fixture(autouse=True)
def kernels_at_every_size(monkeypatch):
    monkeypatch.setitem(native.WORTH, "attention", (0, float("inf")))
    jax.clear_caches()  # what was traced before chose by the real sizes
    yield
    jax.clear_caches()


def arrays(batch, queries, keys, heads, size, value_size):
    generator = np.random.default_rng(0)
    shapes = (
        (batch, queries, heads, size),
        (batch, keys, heads, size),
        (batch, keys, heads, value_size),
        (batch, queries, heads, value_size),
    )
    return [jnp.asarray(generator.normal(size=shape), jnp.float32) for shape in shapes]


def value_and_gradients(function, query, key, value, weight):
    return jax.value_and_grad(lambda *inputs: (function(*inputs) * weight).sum(), (0, 1, 2))(
        query, key, value
    )


def close(found, expected):
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-5 * max(1, float(jnp.abs(other).max())))


@settings(max_examples=20, deadline=None)
@given(
    shape=st.tuples(
        *[
            st.sampled_from(sizes)
            for sizes in ([1, 2, 5], [1, 15, 64, 65], [1, 16, 17, 33], [1, 3], [1, 4, 17], [1, 16, 20])
        ]
    ),
    masked=st.sampled_from([None, (0, 3), (2, 3), (0, 1, 2, 3), (0, 2)]),
)
def test_values_and_gradients(shape, masked):
    """With masks that differ along some of the axes; rows in which nothing may be seen are among them."""
    *inputs, weight = arrays(*shape)
    batch, queries, keys, heads = shape[:4]
    allowed = EVERYWHERE
    if masked is not None:
        sizes = [size if axis in masked else 1 for axis, size in enumerate((batch, heads, queries, keys))]
        allowed = jnp.asarray(np.random.default_rng(1).random(sizes) > 0.4)
    native_function = partial(attention, allowed=allowed, scale=0.3)
    twin = partial(_twin, allowed=allowed, scale=0.3)
    close(value_and_gradients(native_function, *inputs, weight), value_and_gradients(twin, *inputs, weight))


def test_the_kernel_really_runs_and_keeps_no_scores():
    *inputs, weight = arrays(2, 70, 70, 2, 16, 16)
    step = jax.jit(partial(value_and_gradients, partial(attention, allowed=None, scale=0.25)))
    text = step.lower(*inputs, weight).compile().as_text()
    assert "neurona_attention" in text
    assert "neurona_attention_gradients" in text
    assert "f32[2,2,70,70]" not in text


def test_nan_stays_in_its_sample():
    query, key, value, _ = arrays(3, 20, 20, 2, 8, 8)
    y = attention(query, key.at[1, 4, 0, 3].set(jnp.nan), value, None, 0.3)
    assert jnp.isnan(y[1, :, 0]).all()
    assert jnp.isfinite(y[0]).all()
    assert jnp.isfinite(y[:, :, 1]).all()


def test_many_at_once_and_other_dtypes():
    query, key, value, _ = arrays(2, 20, 20, 2, 8, 8)
    queries = jnp.stack([query, 2 * query])
    found = jax.vmap(lambda query: attention(query, key, value, None, 0.3))(queries)
    close(found, jax.vmap(lambda query: _twin(query, key, value, EVERYWHERE, 0.3))(queries))
    half = [array.astype(jnp.bfloat16) for array in (query, key, value)]
    assert attention(*half, None, 0.3).dtype == jnp.bfloat16
