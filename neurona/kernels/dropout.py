"""Dropout, with the random bits of JAX's keys."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import native


def dropout(x: jax.Array, key: jax.Array, rate: float, mask_shape: tuple[int, ...]) -> jax.Array:
    """y = x / (1 - rate) where `jax.random.bernoulli(key, 1 - rate, mask_shape)` is true, else 0.

    The native kernel computes the very bits that JAX would, and nothing is kept for the gradient: the key
    gives the same mask again.

    Args:
        x: any shape.
        key: a JAX key.
        rate: the share that is dropped, from 0 to 1 (exclusive).
        mask_shape: a shape that broadcasts to that of x.

    Example:

        >>> dropout(jnp.ones(6), jax.random.key(1), 0.5, (6,)).tolist()
        [2.0, 0.0, 2.0, 2.0, 0.0, 0.0]
    """
    settings: Any = jax.config
    threefry = (
        jax.random.key_impl(key) == "threefry2x32"
        and settings.jax_threefry_partitionable
        and not settings.jax_enable_x64
    )
    if not threefry or tuple(mask_shape) != x.shape:
        return _twin(1.0 - rate, mask_shape, x, key)
    return _dropout(x, jax.random.key_data(key), 1.0 - rate)


def _twin(keep: float, mask_shape: tuple[int, ...], x: jax.Array, key: jax.Array) -> jax.Array:
    return jnp.where(jax.random.bernoulli(key, keep, mask_shape), x / keep, 0)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _dropout(x: jax.Array, key: jax.Array, keep: float) -> jax.Array:
    return _forward(x, key, keep)


@partial(jax.jit, static_argnums=2)
def _forward(x: jax.Array, key: jax.Array, keep: float) -> jax.Array:
    def twin(x: jax.Array, key: jax.Array) -> jax.Array:
        return _twin(keep, x.shape, x, jax.random.wrap_key_data(key, impl="threefry2x32"))

    def kernel_call(x: jax.Array, key: jax.Array) -> jax.Array:
        return native.call(
            "neurona_dropout", jax.ShapeDtypeStruct(x.shape, x.dtype), x, key, keep=np.float32(keep)
        )

    return native.run("dropout", x.size, kernel_call, twin, x, key)


def _with_residuals(x: jax.Array, key: jax.Array, keep: float) -> tuple[jax.Array, jax.Array]:
    return _forward(x, key, keep), key


def _backward(keep: float, key: jax.Array, g: jax.Array) -> tuple[jax.Array, None]:
    return _dropout(g, key, keep), None


_dropout.defvjp(_with_residuals, _backward)
