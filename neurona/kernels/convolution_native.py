"""Convolutions and their gradients by the native kernels.

Shapes: x (N, *S, C), kernel (*K, C / groups, F), y and its gradient g (N, *O, F).
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from . import native
from .dense import FUSED
from .geometry import Geometry


def forward(x: jax.Array, kernel: jax.Array, bias: jax.Array, geometry: Geometry, activation: Callable[..., Any]) -> jax.Array:
    """y = activation(x * kernel + bias)."""
    sizes, taps = x.shape[1:-1], kernel.shape[:-2]
    outputs = geometry.output_sizes(sizes, taps)
    result = jax.ShapeDtypeStruct((x.shape[0], *outputs, kernel.shape[-1]), x.dtype)
    return native.call("neurona_convolution", result, x, kernel, bias, **_attributes(sizes, outputs, taps, geometry, activation))


def input_gradient(
    g: jax.Array, y: jax.Array, kernel: jax.Array, geometry: Geometry, sizes: tuple[int, ...], activation: Callable[..., Any]
) -> jax.Array:
    """dx, (N, *S, C), from the gradient behind the activation."""
    result = jax.ShapeDtypeStruct((g.shape[0], *sizes, kernel.shape[-2] * geometry.groups), g.dtype)
    attributes = _attributes(sizes, g.shape[1:-1], kernel.shape[:-2], geometry, activation)
    return native.call("neurona_convolution_input_gradient", result, kernel, y, g, **attributes)


def kernel_gradient(
    x: jax.Array, g: jax.Array, y: jax.Array, geometry: Geometry, taps: tuple[int, ...], activation: Callable[..., Any]
) -> tuple[jax.Array, jax.Array]:
    """dkernel, (*K, C / groups, F), and dbias, (F,), from the gradient behind the activation."""
    dkernel = jax.ShapeDtypeStruct((*taps, x.shape[-1] // geometry.groups, g.shape[-1]), x.dtype)
    dbias = jax.ShapeDtypeStruct((g.shape[-1],), x.dtype)
    attributes = _attributes(x.shape[1:-1], g.shape[1:-1], taps, geometry, activation)
    return tuple(native.call("neurona_convolution_kernel_gradient", (dkernel, dbias), x, y, g, **attributes))


def _attributes(
    sizes: Sequence[int], outputs: Sequence[int], taps: Sequence[int], geometry: Geometry, activation: Callable[..., Any]
) -> dict[str, Any]:
    return {"activation": np.int32(FUSED[activation][0]), "axes": geometry.axes(sizes, outputs, taps)}
