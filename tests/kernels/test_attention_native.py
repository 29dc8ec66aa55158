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


@settings(max_examples=10, deadline=None)
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
    function = partial(attention, allowed=allowed, scale=0.3)
    found = value_and_gradients(function, inputs, weight)
    with without_native_kernels():
        close(found, value_and_gradients(function, inputs, weight), 2e-5)


def test_the_kernel_really_runs_and_keeps_no_scores():
    *inputs, weight = arrays(2, 70, 70, 2, 16, 16)
    step = jax.jit(partial(value_and_gradients, partial(attention, allowed=None, scale=0.25)))
    text = step.lower(inputs, weight).compile().as_text()
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
