"""Dropout, with the random bits of JAX's keys."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, differentiable
from neurona.numerics import is_known


def dropout(x: jax.Array, key: jax.Array, rate: float, mask_shape: tuple[int, ...]) -> jax.Array:
    """y = x / (1 - rate) where `jax.random.bernoulli(key, 1 - rate, mask_shape)` is true, else 0.

    The native kernel computes the same bits as JAX. Nothing but the key is kept for the gradient: it gives
    the same mask again.

    Args:
        x: any shape.
        key: a JAX key.
        rate: the share that is dropped, from 0 to 1 (exclusive); an input of the program, too.
        mask_shape: a shape that broadcasts to that of x.

    Example:

        >>> dropout(jnp.ones(6), jax.random.key(1), 0.5, (6,)).tolist()
        [2.0, 0.0, 2.0, 2.0, 0.0, 0.0]
    """
    if not (has_native_bits(key) and is_known(rate)) or tuple(mask_shape) != x.shape:
        return _formula(x, key, 1.0 - rate, mask_shape)
    return _dropout(x, jax.random.key_data(key), keep=1.0 - rate)


def has_native_bits(key: jax.Array) -> bool:
    """Whether `jax.random.bernoulli` with the key has the bits that the native kernels compute.

    Example:

        >>> has_native_bits(jax.random.key(1)), has_native_bits(jax.random.key(1, impl="rbg"))
        (True, False)
    """
    settings: Any = jax.config
    return (
        jax.random.key_impl(key) == "threefry2x32"
        and settings.jax_threefry_partitionable
        and not settings.jax_enable_x64
    )


def _formula(x: jax.Array, key: jax.Array, keep: float, mask_shape: tuple[int, ...]) -> jax.Array:
    return jnp.where(jax.random.bernoulli(key, keep, mask_shape), x / keep, 0)


def _reference(x: jax.Array, key_data: jax.Array, *, keep: float) -> jax.Array:
    return _formula(x, jax.random.wrap_key_data(key_data, impl="threefry2x32"), keep, x.shape)


def _native(x: jax.Array, key_data: jax.Array, *, keep: float) -> jax.Array:
    return native_call("neurona_dropout", like(x), x, key_data, keep=np.float32(keep))


def _elements(x: jax.Array, *_: jax.Array, **_options: Any) -> int:
    return x.size


_forward = Operation("dropout", _reference, _native, size=_elements, faster_from_to=(64, 1e12))


def _gradients(key_data: jax.Array, g: jax.Array, *, keep: float) -> tuple[jax.Array, None]:
    return _dropout(g, key_data, keep=keep), None


_dropout = differentiable(_forward, _gradients, keeps=lambda arrays, _y, **_: arrays[1:])
