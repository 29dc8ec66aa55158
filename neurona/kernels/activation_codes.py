"""The activations that kernels compute: their codes in C++, and their slopes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurona import activations
from neurona.core.errors import ArgumentError

Activation = Callable[..., Any]
Slope = Callable[[jax.Array], jax.Array]


class _Entry(NamedTuple):
    activation: Activation
    code: int | None  # in vector.h; None where no native kernel computes it
    slope: Slope
    after_products: bool  # whether the kernels of products and convolutions compute it


_TABLE = [
    _Entry(activations.linear, 0, jnp.ones_like, True),
    _Entry(activations.relu, 1, lambda y: (y > 0).astype(y.dtype), True),
    _Entry(activations.tanh, 2, lambda y: 1 - y * y, True),
    _Entry(activations.sigmoid, 3, lambda y: y * (1 - y), False),
    _Entry(
        activations.hard_sigmoid,
        None,
        lambda y: jnp.where((y > 0) & (y < 1), 1 / 6, 0).astype(y.dtype),
        False,
    ),
]
AFTER_PRODUCTS = [entry.activation for entry in _TABLE if entry.after_products]


def _entry(activation: Any) -> _Entry | None:
    return next((entry for entry in _TABLE if entry.activation is activation), None)


def code_of(activation: Any) -> int | None:
    """The activation's code in the native kernels; None where they do not compute it.

    Example:

        >>> code_of(activations.relu), code_of(activations.softmax)
        (1, None)
    """
    entry = _entry(activation)
    return None if entry is None else entry.code


def native_code(activation: Any) -> np.int32:
    """`code_of` as the native kernels take it.

    Raises:
        ArgumentError: there is none.
    """
    code = code_of(activation)
    if code is None:
        raise ArgumentError(
            f"native_code: the activation must have a native kernel. Received: {activation!r}"
        )
    return np.int32(code)


def is_known(*activations_: Any) -> bool:
    """Whether the slopes of all these activations are known here.

    Example:

        >>> is_known(activations.tanh, activations.sigmoid), is_known(activations.softmax)
        (True, False)
    """
    return all(_entry(activation) is not None for activation in activations_)


def slope_of(activation: Any) -> Slope:
    """The derivative as a function of the activation's value y: all that a gradient needs to keep.

    Raises:
        ArgumentError: the activation is not in the table; ask `is_known` first.

    Example:

        >>> slope_of(activations.tanh)(jnp.array([0.0, 0.5])).tolist()
        [1.0, 0.75]
    """
    entry = _entry(activation)
    if entry is None:
        raise ArgumentError(f"slope_of: the slope must be in the table. Received: {activation!r}")
    return entry.slope


def fused(activation: Any) -> Activation:
    """The part of an activation that the kernels of dense layers and convolutions compute: the whole, or
    `linear` for one that they do not know.

    Example:

        >>> fused(activations.tanh) is activations.tanh, fused(activations.softmax) is activations.linear
        (True, True)
    """
    return activation if any(activation is known for known in AFTER_PRODUCTS) else activations.linear


def before_activation(activation: Activation, y: jax.Array | None, g: jax.Array) -> jax.Array:
    """The gradient of an activation's argument, from its value y and the gradient g of y.

    Args:
        y: may be None where the activation is linear.

    Example:

        >>> before_activation(activations.relu, jnp.array([0.0, 2.0]), jnp.array([3.0, 3.0])).tolist()
        [0.0, 3.0]
    """
    return g if y is None else g * slope_of(activation)(y)
