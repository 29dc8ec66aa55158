"""A convolution of few channels, its activation and 2x2 maximum pooling in one pass over the cache.

Forward, the native kernel keeps only the largest of each window and the number of the winner, 0 to 3, in a
record of bytes. Backward, the two gradients spread the pooled one over the winners as they read it. The
reference is the two operations, one after the other.
"""

from collections.abc import Sequence
from math import inf, prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import activations
from neurona.core.checks import integers
from neurona.kernels.activation_codes import Activation, before_activation, fused
from neurona.kernels.convolution_operations import (
    attributes,
    convolution_forward,
    convolution_input_gradient,
    convolution_kernel_gradient,
)
from neurona.kernels.geometry import Geometry
from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, Range, differentiable
from neurona.kernels.pooling import largest_and_where, tile_gradient, whole_tiles
from neurona.kernels.window import explicit_padding

WINDOW = (2, 2)
BLOCK = 16  # neighbouring samples in the record of winners
MOST_CHANNELS = 32  # with more, two operations are as fast
LEAST_FULL = 0.75  # share of full blocks: the kernel computes whole ones
FASTER_FROM_TO = (2e3, 1e12)  # multiplications


def convolution_max_pool(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    activation: Activation = activations.linear,
    *,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[Any] = "valid",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    data_format: str = "channels_last",
) -> jax.Array | None:
    """max_pool(convolution(x, kernel, bias, activation), 2) at once, or None where the two are faster one
    after the other.

    Args: as in `convolution`, which accepts them.

    Shapes: x (N, *S, C) -> y (N, *(O // 2), F) for two spatial axes and a convolution of outputs (N, *O, F).

    Example:

        >>> x, kernel = jnp.ones((16, 12, 12, 1)), jnp.ones((3, 3, 1, 8))
        >>> y = convolution_max_pool(x, kernel)
        >>> y is None or y.shape == (16, 5, 5, 8)
        True
    """
    *taps, channels, filters = kernel.shape
    if x.ndim != 4 or data_format != "channels_last" or groups > 1 or fused(activation) is not activation:
        return None
    steps, gaps = (integers(value, 2, "strides", "convolution") for value in (strides, dilation))
    pads = explicit_padding(padding, x.shape[1:-1], taps, steps, function="convolution")
    geometry = Geometry(steps, pads, gaps)
    outputs = geometry.output_sizes(x.shape[1:-1], taps)
    inside = all(0 <= side < k for pair, k in zip(pads, taps) for side in pair)  # every output sees an input
    if {*steps, *gaps} != {1} or not inside or min(*outputs, channels, filters) < 1 or min(outputs) < 2:
        return None
    bias = jnp.zeros(filters, x.dtype) if bias is None else bias.astype(x.dtype)
    options: dict[str, Any] = {"geometry": geometry, "activation": activation}
    if x.dtype != kernel.dtype or not _forward.pays_off(x, kernel, bias, **options):
        return None
    return _pooled(x, kernel, bias, **options)


def _multiplications(
    batch: int, sizes: Sequence[int], kernel_shape: Sequence[int], geometry: Geometry
) -> int:
    return batch * prod(geometry.output_sizes(sizes, kernel_shape[:-2])) * prod(kernel_shape)


def _faster_from_to(x: jax.Array, kernel: jax.Array, *_: jax.Array, **_options: Any) -> Range:
    blocks = -(-len(x) // BLOCK)
    if len(x) < LEAST_FULL * blocks * BLOCK or max(kernel.shape[-2:]) > MOST_CHANNELS:
        return inf, inf
    return FASTER_FROM_TO


# Forward: the maxima of y's windows, (N, *(O // 2), F), and the record of winners.


def _reference(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, *, geometry: Geometry, activation: Activation
) -> tuple[jax.Array, jax.Array]:
    convolved = convolution_forward(x, kernel, bias, geometry=geometry, activation=activation)
    y, where = largest_and_where(whole_tiles(convolved, WINDOW), window=WINDOW)
    return y, _record(where)


def _native(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, *, geometry: Geometry, activation: Activation
) -> tuple[jax.Array, jax.Array]:
    sizes, taps, filters = x.shape[1:-1], kernel.shape[:-2], kernel.shape[-1]
    outputs = geometry.output_sizes(sizes, taps)
    windows = [n // 2 for n in outputs]
    y = like(x, (x.shape[0], *windows, filters))
    record = jax.ShapeDtypeStruct((-(-x.shape[0] // BLOCK), *windows, filters, BLOCK), np.int8)
    options = attributes(sizes, outputs, taps, geometry, activation)
    return native_call("neurona_convolution_max_pool", (y, record), x, kernel, bias, **options)


def _record(where: jax.Array) -> jax.Array:
    """(N, *windows, F) -> (blocks, *windows, F, BLOCK) bytes."""
    missing = -where.shape[0] % BLOCK
    padded = jnp.pad(where.astype(jnp.int8), ((0, missing), (0, 0), (0, 0), (0, 0)))
    return jnp.moveaxis(padded.reshape(-1, BLOCK, *where.shape[1:]), 1, -1)


_forward = Operation(
    "convolution with pooling",
    reference=_reference,
    native=_native,
    size=lambda x, kernel, _bias, *, geometry, **_: _multiplications(
        len(x), x.shape[1:-1], kernel.shape, geometry
    ),
    faster_from_to=_faster_from_to,
)


# Backward, from the gradient g of the maxima y.


def _spread(z: jax.Array, record: jax.Array, outputs: Sequence[int]) -> jax.Array:
    """The gradient of the convolution's outputs, (N, *outputs, F), from that of the windows: their winners
    have it, the others 0.
    """
    where = jnp.moveaxis(record, -1, 1).reshape(-1, *record.shape[1:-1])[: z.shape[0]]
    spread = tile_gradient(where.astype(jnp.int32), z, window=WINDOW)
    ragged = [(0, n - m) for n, m in zip(outputs, spread.shape[1:])]
    return jnp.pad(spread, ((0, 0), *ragged, (0, 0)))


def _reference_dx(
    g: jax.Array,
    y: jax.Array,
    record: jax.Array,
    kernel: jax.Array,
    *,
    geometry: Geometry,
    sizes: tuple[int, ...],
    activation: Activation,
) -> jax.Array:
    outputs = geometry.output_sizes(sizes, kernel.shape[:-2])
    z = _spread(before_activation(activation, y, g), record, outputs)
    linear = activations.linear
    return convolution_input_gradient(z, None, kernel, geometry=geometry, sizes=sizes, activation=linear)


def _native_dx(
    g: jax.Array,
    y: jax.Array,
    record: jax.Array,
    kernel: jax.Array,
    *,
    geometry: Geometry,
    sizes: tuple[int, ...],
    activation: Activation,
) -> jax.Array:
    taps, dx = kernel.shape[:-2], like(g, (g.shape[0], *sizes, kernel.shape[-2]))
    options = attributes(sizes, geometry.output_sizes(sizes, taps), taps, geometry, activation)
    return native_call("neurona_convolution_max_pool_input_gradient", dx, kernel, y, g, record, **options)


_input_gradient = Operation(
    "convolution with pooling, gradient of the input",
    reference=_reference_dx,
    native=_native_dx,
    size=lambda g, _y, _record, kernel, *, geometry, sizes, **_: _multiplications(
        len(g), sizes, kernel.shape, geometry
    ),
    faster_from_to=FASTER_FROM_TO,
)


def _reference_dkernel(
    x: jax.Array,
    g: jax.Array,
    y: jax.Array,
    record: jax.Array,
    *,
    geometry: Geometry,
    taps: tuple[int, ...],
    activation: Activation,
) -> tuple[jax.Array, jax.Array]:
    outputs = geometry.output_sizes(x.shape[1:-1], taps)
    z = _spread(before_activation(activation, y, g), record, outputs)
    linear = activations.linear
    return convolution_kernel_gradient(x, z, None, geometry=geometry, taps=taps, activation=linear)


def _native_dkernel(
    x: jax.Array,
    g: jax.Array,
    y: jax.Array,
    record: jax.Array,
    *,
    geometry: Geometry,
    taps: tuple[int, ...],
    activation: Activation,
) -> tuple[jax.Array, jax.Array]:
    sizes, results = x.shape[1:-1], (like(x, (*taps, x.shape[-1], g.shape[-1])), like(x, (g.shape[-1],)))
    options = attributes(sizes, geometry.output_sizes(sizes, taps), taps, geometry, activation)
    return native_call("neurona_convolution_max_pool_kernel_gradient", results, x, y, g, record, **options)


def _size_of_dkernel(
    x: jax.Array, g: jax.Array, *_: jax.Array, geometry: Geometry, taps: tuple[int, ...], **_options: Any
) -> int:
    return _multiplications(len(x), x.shape[1:-1], (*taps, x.shape[-1], g.shape[-1]), geometry)


_kernel_gradient = Operation(
    "convolution with pooling, gradient of the kernel",
    reference=_reference_dkernel,
    native=_native_dkernel,
    size=_size_of_dkernel,
    faster_from_to=FASTER_FROM_TO,
)


def _gradients(
    x: jax.Array, kernel: jax.Array, y: jax.Array, record: jax.Array, g: jax.Array, **options: Any
) -> tuple[jax.Array, ...]:
    dx = _input_gradient(g, y, record, kernel, sizes=x.shape[1:-1], **options)
    return dx, *_kernel_gradient(x, g, y, record, taps=kernel.shape[:-2], **options)


_pooled = differentiable(_forward, _gradients, keeps=lambda arrays, y, record, **_: (*arrays[:2], y, record))
