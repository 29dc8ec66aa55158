"""Scaled dot-product attention in several heads, and its gradients."""

from functools import partial
from math import prod

import jax
import jax.numpy as jnp
import numpy as np

from . import native


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
    if allowed is None:
        allowed = jnp.ones((1, 1, 1, 1), bool)
    return _attention(query, key, value, allowed, scale)


def _twin(query: jax.Array, key: jax.Array, value: jax.Array, allowed: jax.Array, scale: float) -> jax.Array:
    scores = jnp.einsum("btnh,bsnh->bnts", query * scale, key)
    exact = scores.astype(jnp.promote_types(scores.dtype, jnp.float32))
    exact = jnp.where(allowed, exact, 0.7 * jnp.finfo(exact.dtype).min)
    return jnp.einsum("bnts,bsnv->btnv", jax.nn.softmax(exact).astype(value.dtype), value)


def _work(query: jax.Array, value: jax.Array) -> int:
    """The number of multiplications."""
    return query.size * value.shape[1] + prod(query.shape[:3]) * value.shape[1] * value.shape[3]


@partial(jax.custom_vjp, nondiff_argnums=(4,))
def _attention(
    query: jax.Array, key: jax.Array, value: jax.Array, allowed: jax.Array, scale: float
) -> jax.Array:
    return _forward(query, key, value, allowed, scale)


@partial(jax.jit, static_argnums=4)
def _forward(
    query: jax.Array, key: jax.Array, value: jax.Array, allowed: jax.Array, scale: float
) -> jax.Array:
    def kernel_call(query: jax.Array, key: jax.Array, value: jax.Array, allowed: jax.Array) -> jax.Array:
        result = jax.ShapeDtypeStruct((*query.shape[:3], value.shape[3]), query.dtype)
        return native.call("neurona_attention", result, query, key, value, allowed, scale=np.float32(scale))

    return native.run(
        "attention", _work(query, value), kernel_call, partial(_twin, scale=scale), query, key, value, allowed
    )


@partial(jax.jit, static_argnums=5)
def _gradients(
    query: jax.Array, key: jax.Array, value: jax.Array, allowed: jax.Array, g: jax.Array, scale: float
) -> tuple[jax.Array, jax.Array, jax.Array]:
    def twin(
        query: jax.Array, key: jax.Array, value: jax.Array, allowed: jax.Array, g: jax.Array
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        return jax.vjp(lambda q, k, v: _twin(q, k, v, allowed, scale), query, key, value)[1](g)

    def kernel_call(*arrays: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        results = tuple(jax.ShapeDtypeStruct(array.shape, array.dtype) for array in arrays[:3])
        return tuple(native.call("neurona_attention_gradients", results, *arrays, scale=np.float32(scale)))

    return native.run("attention", _work(query, value), kernel_call, twin, query, key, value, allowed, g)


def _with_residuals(
    query: jax.Array, key: jax.Array, value: jax.Array, allowed: jax.Array, scale: float
) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    return _forward(query, key, value, allowed, scale), (query, key, value, allowed)


def _backward(scale: float, residuals: tuple[jax.Array, ...], g: jax.Array) -> tuple[jax.Array | None, ...]:
    return *_gradients(*residuals, g, scale), None


_attention.defvjp(_with_residuals, _backward)
