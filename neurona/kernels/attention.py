"""Scaled dot-product attention in several heads, and its gradients."""

from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.kernels.dropout import has_native_bits
from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, differentiable


def attention(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    allowed: jax.Array | None,
    scale: float,
    *,
    rate: float = 0.0,
    random_key: jax.Array | None = None,
    blind_is_zero: bool = False,
) -> jax.Array:
    """y = dropout(softmax(scale * query . key)) @ value, in each head.

    Args:
        query, key, value: the inputs, of one dtype.
        allowed: true where a query may see a key; None for everywhere.
        scale: usually 1 / sqrt(H).
        rate: the share of the softmax that is set to zero; the rest is divided by 1 - rate.
        random_key: the JAX key of that, with the bits of `jax.random.bernoulli(random_key, 1 - rate, (B, N,
            T, S))`; None where the rate is 0.
        blind_is_zero: whether a query that may see no key gets zeros, else the mean of all values.

    Shapes: query (B, T, N, H), key (B, S, N, H), value (B, S, N, V), allowed (B, N, T, S), any of its axes
        may be 1 -> (B, T, N, V).

    Source: Vaswani et al., Attention Is All You Need, 2017.

    Example:

        >>> query, key = jnp.zeros((1, 1, 1, 2)), jnp.ones((1, 3, 1, 2))
        >>> attention(query, key, jnp.arange(3.0).reshape(1, 3, 1, 1), None, 1.0).item()
        1.0
    """
    arrays = query, key, value, jnp.ones((1, 1, 1, 1), bool) if allowed is None else allowed
    options: dict[str, Any] = {"scale": scale, "blind_is_zero": blind_is_zero}
    if random_key is None:
        return _attention(*arrays, jnp.zeros(2, jnp.uint32), keep=1.0, **options)
    if not has_native_bits(random_key):
        return _formula(*arrays, random_key, keep=1.0 - rate, **options)
    return _attention(*arrays, jax.random.key_data(random_key), keep=1.0 - rate, **options)


def _formula(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    allowed: jax.Array,
    random_key: jax.Array,
    *,
    scale: float,
    keep: float,
    blind_is_zero: bool,
) -> jax.Array:
    scores = jnp.einsum("btnh,bsnh->bnts", query * scale, key)
    exact = scores.astype(jnp.promote_types(scores.dtype, jnp.float32))
    exact = jnp.where(allowed, exact, 0.7 * jnp.finfo(exact.dtype).min)
    weights = jax.nn.softmax(exact)
    if blind_is_zero:
        weights = jnp.where(allowed, weights, 0)
    weights = weights.astype(value.dtype)
    if keep < 1:
        weights = jnp.where(jax.random.bernoulli(random_key, keep, weights.shape), weights / keep, 0)
    return jnp.einsum("bnts,bsnv->btnv", weights, value)


def _reference(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    allowed: jax.Array,
    key_data: jax.Array,
    *,
    scale: float,
    keep: float,
    blind_is_zero: bool,
) -> jax.Array:
    random_key = jax.random.wrap_key_data(key_data, impl="threefry2x32")
    options: dict[str, Any] = {"scale": scale, "keep": keep, "blind_is_zero": blind_is_zero}
    return _formula(query, key, value, allowed, random_key, **options)


def _native(query: jax.Array, key: jax.Array, value: jax.Array, *more: jax.Array, **options: Any) -> Any:
    y = like(query, (*query.shape[:3], value.shape[3]))
    return native_call("neurona_attention", y, query, key, value, *more, **_attributes(**options))


def _native_gradients(*arrays: jax.Array, **options: Any) -> tuple[jax.Array | None, ...]:
    results = [like(array) for array in arrays[:3]]
    gradients = native_call("neurona_attention_gradients", results, *arrays, **_attributes(**options))
    return *gradients, None, None


def _attributes(*, scale: float, keep: float, blind_is_zero: bool) -> dict[str, Any]:
    return {
        "scale": np.float32(scale),
        "keep": np.float32(keep),
        "blind_is_zero": np.bool_(blind_is_zero),
    }


def _multiplications(
    query: jax.Array, _key: jax.Array, value: jax.Array, *_: jax.Array, **_options: Any
) -> int:
    return query.size * value.shape[1] + prod(query.shape[:3]) * value.shape[1] * value.shape[3]


def _has_numbered_weights(query: jax.Array, key: jax.Array, *_: jax.Array, **_options: Any) -> bool:
    return prod(query.shape[:3]) * key.shape[1] < 2**32  # one number of 32 bits each, for the random bits


_forward = Operation(
    "attention",
    _reference,
    _native,
    size=_multiplications,
    faster_from_to=(20e3, 1e12),
    supports=_has_numbered_weights,
)
_attention = differentiable(_forward, _forward.backward(_native_gradients))
