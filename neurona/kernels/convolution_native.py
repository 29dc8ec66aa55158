"""Convolutions and their gradients by the native kernels, which know three spatial axes: those that are missing get size 1.

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
    outputs = geometry.output_sizes(x.shape[1:-1], kernel.shape[:-2])
    shape = (x.shape[0], *_three(outputs, 1), kernel.shape[-1])
    y = native.call(
        "neurona_convolution",
        jax.ShapeDtypeStruct(shape, x.dtype),
        _image(x),
        _filters(kernel),
        bias,
        **_attributes(geometry, activation),
    )
    return y.reshape(x.shape[0], *outputs, kernel.shape[-1])


def input_gradient(
    g: jax.Array, y: jax.Array, kernel: jax.Array, geometry: Geometry, sizes: tuple[int, ...], activation: Callable[..., Any]
) -> jax.Array:
    """dx, (N, *S, C), from the gradient behind the activation."""
    channels = kernel.shape[-2] * geometry.groups
    dx = native.call(
        "neurona_convolution_input_gradient",
        jax.ShapeDtypeStruct((g.shape[0], *_three(sizes, 1), channels), g.dtype),
        _filters(kernel),
        _image(y),
        _image(g),
        **_attributes(geometry, activation),
    )
    return dx.reshape(g.shape[0], *sizes, channels)


def kernel_gradient(
    x: jax.Array, g: jax.Array, y: jax.Array, geometry: Geometry, taps: tuple[int, ...], activation: Callable[..., Any]
) -> tuple[jax.Array, jax.Array]:
    """dkernel, (*K, C / groups, F), and dbias, (F,), from the gradient behind the activation."""
    channels, filters = x.shape[-1] // geometry.groups, g.shape[-1]
    results = (jax.ShapeDtypeStruct((*_three(taps, 1), channels, filters), x.dtype), jax.ShapeDtypeStruct((filters,), x.dtype))
    dkernel, dbias = native.call(
        "neurona_convolution_kernel_gradient", results, _image(x), _image(y), _image(g), **_attributes(geometry, activation)
    )
    return dkernel.reshape(*taps, channels, filters), dbias


def _attributes(geometry: Geometry, activation: Callable[..., Any]) -> dict[str, Any]:
    return {
        "activation": np.int32(FUSED[activation][0]),
        "strides": np.array(_three(geometry.strides, 1)),
        "before": np.array(_three([before for before, _ in geometry.padding], 0)),
        "dilation": np.array(_three(geometry.dilation, 1)),
    }


def _three(numbers: Sequence[int], fill: int) -> tuple[int, ...]:
    """One number for each of three axes. The last axis stays last, where outputs are computed together; the first is shared by threads."""
    return (*numbers[:-1], *[fill] * (3 - len(numbers)), numbers[-1]) if len(numbers) > 1 else (fill, fill, *numbers)


def _image(x: jax.Array) -> jax.Array:
    return x.reshape(x.shape[0], *_three(x.shape[1:-1], 1), x.shape[-1])


def _filters(kernel: jax.Array) -> jax.Array:
    return kernel.reshape(*_three(kernel.shape[:-2], 1), *kernel.shape[-2:])
