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


def forward(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, geometry: Geometry, activation: Callable[..., Any]
) -> jax.Array:
    """y = activation(x * kernel + bias)."""
    sizes, taps = x.shape[1:-1], kernel.shape[:-2]
    outputs = geometry.output_sizes(sizes, taps)
    result = jax.ShapeDtypeStruct((x.shape[0], *outputs, kernel.shape[-1]), x.dtype)
    return native.call(
        "neurona_convolution",
        result,
        x,
        kernel,
        bias,
        **_attributes(sizes, outputs, taps, geometry, activation),
    )


def input_gradient(
    g: jax.Array,
    y: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    sizes: tuple[int, ...],
    activation: Callable[..., Any],
) -> jax.Array:
    """dx, (N, *S, C), from the gradient behind the activation."""
    result = jax.ShapeDtypeStruct((g.shape[0], *sizes, kernel.shape[-2] * geometry.groups), g.dtype)
    attributes = _attributes(sizes, g.shape[1:-1], kernel.shape[:-2], geometry, activation)
    return native.call("neurona_convolution_input_gradient", result, kernel, y, g, **attributes)


def kernel_gradient(
    x: jax.Array,
    g: jax.Array,
    y: jax.Array,
    geometry: Geometry,
    taps: tuple[int, ...],
    activation: Callable[..., Any],
) -> tuple[jax.Array, jax.Array]:
    """dkernel, (*K, C / groups, F), and dbias, (F,), from the gradient behind the activation."""
    dkernel = jax.ShapeDtypeStruct((*taps, x.shape[-1] // geometry.groups, g.shape[-1]), x.dtype)
    dbias = jax.ShapeDtypeStruct((g.shape[-1],), x.dtype)
    attributes = _attributes(x.shape[1:-1], g.shape[1:-1], taps, geometry, activation)
    return tuple(native.call("neurona_convolution_kernel_gradient", (dkernel, dbias), x, y, g, **attributes))


def forward_max_pool(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array,
    geometry: Geometry,
    activation: Callable[..., Any],
    block: int,
) -> tuple[jax.Array, jax.Array]:
    """The maxima of y's windows of 2x2, (N, *(O // 2), F), and their winners, (blocks of samples, *(O // 2),
    F, block) bytes.
    """
    sizes, taps, filters = x.shape[1:-1], kernel.shape[:-2], kernel.shape[-1]
    outputs = geometry.output_sizes(sizes, taps)
    windows = [n // 2 for n in outputs]
    y = jax.ShapeDtypeStruct((x.shape[0], *windows, filters), x.dtype)
    record = jax.ShapeDtypeStruct((-(-x.shape[0] // block), *windows, filters, block), np.int8)
    attributes = _attributes(sizes, outputs, taps, geometry, activation)
    return tuple(native.call("neurona_convolution_max_pool", (y, record), x, kernel, bias, **attributes))


def input_gradient_max_pool(
    g: jax.Array,
    y: jax.Array,
    record: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    sizes: tuple[int, ...],
    activation: Callable[..., Any],
) -> jax.Array:
    """dx from the gradient of the maxima."""
    taps = kernel.shape[:-2]
    result = jax.ShapeDtypeStruct((g.shape[0], *sizes, kernel.shape[-2]), g.dtype)
    attributes = _attributes(sizes, geometry.output_sizes(sizes, taps), taps, geometry, activation)
    return native.call(
        "neurona_convolution_max_pool_input_gradient", result, kernel, y, g, record, **attributes
    )


def kernel_gradient_max_pool(
    x: jax.Array,
    g: jax.Array,
    y: jax.Array,
    record: jax.Array,
    geometry: Geometry,
    taps: tuple[int, ...],
    activation: Callable[..., Any],
) -> tuple[jax.Array, jax.Array]:
    """dkernel and dbias from the gradient of the maxima."""
    dkernel = jax.ShapeDtypeStruct((*taps, x.shape[-1], g.shape[-1]), x.dtype)
    dbias = jax.ShapeDtypeStruct((g.shape[-1],), x.dtype)
    sizes = x.shape[1:-1]
    attributes = _attributes(sizes, geometry.output_sizes(sizes, taps), taps, geometry, activation)
    return tuple(
        native.call(
            "neurona_convolution_max_pool_kernel_gradient", (dkernel, dbias), x, y, g, record, **attributes
        )
    )


def _attributes(
    sizes: Sequence[int],
    outputs: Sequence[int],
    taps: Sequence[int],
    geometry: Geometry,
    activation: Callable[..., Any],
) -> dict[str, Any]:
    return {"activation": np.int32(FUSED[activation][0]), "axes": geometry.axes(sizes, outputs, taps)}
