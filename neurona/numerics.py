"""Lengths of vectors whose squares a float can't hold: beyond 1e19, and below 1e-19, in float32."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

Axis = int | Sequence[int] | None


def norm(x: jax.Array, axis: Axis = None, keepdims: bool = False) -> jax.Array:
    """The L2 norm sqrt(sum(x**2)), right wherever it is a number that the dtype can hold.

    Args:
        x: floats.
        axis: the axis or axes of the vectors; None for all.
        keepdims: whether they stay, with size 1.

    Example:

        >>> [f"{norm(size * jnp.array([3.0, 4.0])):.0e}" for size in (1e-30, 1.0, 1e30)]
        ['5e-30', '5e+00', '5e+30']
    """
    axis = _axes(axis)
    _, scale, root = _scaled(x, axis)
    length = (root * scale).astype(x.dtype)
    return length if keepdims else jnp.squeeze(length, axis)


def with_norm(x: jax.Array, length: jax.Array | float, axis: Axis = None) -> jax.Array:
    """x / |x| * length: the direction of the vectors along `axis`, with another L2 norm; zeros stay zeros.

    Example:

        >>> with_norm(jnp.array([[3e30, 0.0], [4e30, 0.0]]), 10.0, axis=0).round(4).tolist()
        [[6.0, 0.0], [8.0, 0.0]]
    """
    small, _, root = _scaled(x, _axes(axis))
    return (small / jnp.where(root == 0, 1, root) * length).astype(x.dtype)


def squarable(x: jax.Array) -> jax.Array:
    """Numbers cut off where their square would not be one that the dtype holds; infinities and NaN stay.

    Example:

        >>> print(squarable(jnp.array([-1e30, 2.0, jnp.inf])))
        [-9.2233715e+18  2.0000000e+00            inf]
    """
    limit = float(jnp.finfo(x.dtype).max) ** 0.5 / 2
    return jnp.where(jnp.isfinite(x), jnp.clip(x, -limit, limit), x)


def is_known(number: Any) -> bool:
    """Whether a number is known while a program is compiled, and not one of the program's inputs, as a search
    makes them of rates and factors.

    Example:

        >>> is_known(0.5), bool(jax.jit(lambda rate: jnp.array(is_known(rate)))(0.5))
        (True, False)
    """
    return not isinstance(number, Tracer)


def is_nothing(number: Any) -> bool:
    """Whether a number is known to be 0, or None.

    Example:

        >>> is_nothing(0.0), is_nothing(None), is_nothing(0.1)
        (True, True, False)
    """
    return is_known(number) and not number


def _axes(axis: Axis) -> int | tuple[int, ...] | None:
    return tuple(axis) if isinstance(axis, Sequence) else axis


def _scaled(x: jax.Array, axis: int | tuple[int, ...] | None) -> tuple[jax.Array, jax.Array, jax.Array]:
    """x / scale, a positive scale for each vector along `axis`, and the norm of x / scale.

    No gradient flows through the scales: what depends on x / scale and on scale alike is the same for all
    scales. Half precision is computed in float32.
    """
    x = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    limits = jnp.finfo(x.dtype)
    largest = jnp.max(jnp.abs(x), axis=axis, keepdims=True, initial=0)
    # Within bounds, so that neither a scale nor 1 / scale is lost.
    scale = jnp.clip(largest, float(limits.tiny) ** 0.75, float(limits.max) ** 0.75)
    scale = jax.lax.stop_gradient(jnp.where(largest == 0, 1, scale))
    small = x / scale
    # The root of 0 has no slope: where all is 0 the gradient is 0.
    square = jnp.sum(jnp.square(small), axis=axis, keepdims=True)
    root = jnp.where(square == 0, 0, jnp.sqrt(jnp.where(square == 0, 1, square)))
    return small, scale, root
