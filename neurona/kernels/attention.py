"""Scaled dot-product attention in several heads, and its gradients."""

from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, differentiable


def attention(
    query: jax.Array, key: jax.Array, value: jax.Array, allowed: jax.Array | None, scale: float
) -> jax.Array:
    """y = softmax(scale * query . key) @ value, in each head.

    Args:
        query, key, value: the inputs, of one dtype.
        allowed: true where a query may see a key; None for everywhere. A query that may see no key gets the
            mean of all values.
        scale: usually 1 / sqrt(H).

    Shapes: query (B, T, N, H), key (B, S, N, H), value (B, S, N, V), allowed (B, N, T, S), any of its axes
        may be 1 -> (B, T, N, V).

    Source: Vaswani et al., Attention Is All You Need, 2017.

    Example:

        >>> query, key = jnp.zeros((1, 1, 1, 2)), jnp.ones((1, 3, 1, 2))
        >>> attention(query, key, jnp.arange(3.0).reshape(1, 3, 1, 1), None, 1.0).item()
        1.0
    """
    allowed = jnp.ones((1, 1, 1, 1), bool) if allowed is None else allowed
    return _attention(query, key, value, allowed, scale=scale)


def _reference(
    query: jax.Array, key: jax.Array, value: jax.Array, allowed: jax.Array, *, scale: float
) -> jax.Array:
    scores = jnp.einsum("btnh,bsnh->bnts", query * scale, key)
    exact = scores.astype(jnp.promote_types(scores.dtype, jnp.float32))
    exact = jnp.where(allowed, exact, 0.7 * jnp.finfo(exact.dtype).min)
    return jnp.einsum("bnts,bsnv->btnv", jax.nn.softmax(exact).astype(value.dtype), value)


def _native(
    query: jax.Array, key: jax.Array, value: jax.Array, allowed: jax.Array, *, scale: float
) -> jax.Array:
    y = like(query, (*query.shape[:3], value.shape[3]))
    return native_call("neurona_attention", y, query, key, value, allowed, scale=np.float32(scale))


def _native_gradients(*arrays: jax.Array, scale: float) -> tuple[jax.Array | None, ...]:
    results = [like(array) for array in arrays[:3]]
    return *native_call("neurona_attention_gradients", results, *arrays, scale=np.float32(scale)), None


def _multiplications(
    query: jax.Array, _key: jax.Array, value: jax.Array, *_: jax.Array, **_options: Any
) -> int:
    return query.size * value.shape[1] + prod(query.shape[:3]) * value.shape[1] * value.shape[3]


_forward = Operation("attention", _reference, _native, size=_multiplications, faster_from_to=(20e3, 1e12))
_attention = differentiable(_forward, _forward.backward(_native_gradients))
