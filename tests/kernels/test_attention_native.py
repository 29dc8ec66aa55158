"""The native attention kernels against their reference."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.kernels.attention import attention
from neurona.kernels.operation import without_native_kernels
from tests.kernels.conftest import close, skip_without_library, value_and_gradients

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]
EVERYWHERE = jnp.ones((1, 1, 1, 1), bool)


def arrays(batch, queries, keys, heads, size, value_size):
    generator = np.random.default_rng(0)
    shapes = (
        (batch, queries, heads, size),
        (batch, keys, heads, size),
        (batch, keys, heads, value_size),
        (batch, queries, heads, value_size),
    )
    return [jnp.asarray(generator.normal(size=shape), jnp.float32) for shape in shapes]


@settings(max_examples=5, deadline=None)
@given(
    shape=st.tuples(
        *[
            st.sampled_from(sizes)
            for sizes in ([1, 2, 5], [1, 15, 64, 65], [1, 16, 17, 33], [1, 3], [1, 4, 17], [1, 16, 20])
        ]
    ),
    masked=st.sampled_from([None, (0, 3), (2, 3), (0, 1, 2, 3), (0, 2)]),
    rate=st.sampled_from([0.0, 0.1, 0.6]),
    blind_is_zero=st.booleans(),
)
def test_values_and_gradients(shape, masked, rate, blind_is_zero):
    """With masks that differ along some of the axes; rows in which nothing may be seen are among them. The
    reference drops by the bits of jax.random.
    """
    *inputs, weight = arrays(*shape)
    batch, queries, keys, heads = shape[:4]
    allowed = EVERYWHERE
    if masked is not None:
        sizes = [size if axis in masked else 1 for axis, size in enumerate((batch, heads, queries, keys))]
        allowed = jnp.asarray(np.random.default_rng(1).random(sizes) > 0.4)
    random_key = jax.random.key(7) if rate else None
    options = {"rate": rate, "random_key": random_key, "blind_is_zero": blind_is_zero}
    function = partial(attention, allowed=allowed, scale=0.3, **options)
    found = value_and_gradients(function, inputs, weight)
    with without_native_kernels():
        close(found, value_and_gradients(function, inputs, weight), 2e-5)


def test_the_kernel_really_runs_and_keeps_no_scores():
    *inputs, weight = arrays(2, 70, 70, 2, 16, 16)
    function = partial(attention, allowed=None, scale=0.25, rate=0.1, random_key=jax.random.key(0))
    text = jax.jit(partial(value_and_gradients, function)).lower(inputs, weight).compile().as_text()
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
    for one, query in zip(found, queries):
        close(one, attention(query, key, value, None, 0.3), 2e-5)
    half = [array.astype(jnp.bfloat16) for array in (query, key, value)]
    assert attention(*half, None, 0.3).dtype == jnp.bfloat16


def test_a_query_sees_no_more_than_the_mask_allows():
    """Keys after the last that any query of a block may see are not read: NaN there changes nothing."""
    query, key, value, weight = arrays(2, 130, 130, 2, 8, 8)
    causal = jnp.tril(jnp.ones((130, 130), bool))[None, None]
    function = partial(attention, allowed=causal, scale=0.3)
    expected = value_and_gradients(function, [query, key, value], weight)
    later = value.at[:, 70:].set(jnp.nan)
    close(function(query, key, later)[:, :64], function(query, key, value)[:, :64], 2e-5)
    with without_native_kernels():
        close(expected, value_and_gradients(function, [query, key, value], weight), 2e-5)


def test_dropout_by_another_generator():
    query, key, value, _ = arrays(2, 20, 20, 2, 8, 8)
    y = attention(query, key, value, None, 0.3, rate=0.5, random_key=jax.random.key(1, impl="rbg"))
    assert y.shape == value.shape
    assert not np.allclose(y, attention(query, key, value, None, 0.3))
