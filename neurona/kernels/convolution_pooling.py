"""A convolution of few channels, its activation and 2x2 maximum pooling in one: what lies between them never
leaves the cache.

Forward, the native kernel keeps only the largest of each window and the number of the winner, 0 to 3, in a
record of bytes. Backward, the two gradients spread the pooled one over the winners as they read it. The twin
is the two operations, one after the other.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp

from neurona import activations
from neurona.core.checks import integers

from . import convolution_native, native
from .convolution import convolution_forward, convolution_input_gradient, convolution_kernel_gradient
from .dense import FUSED
from .geometry import Geometry
from .pooling import largest_and_where, tile_gradient, whole_tiles
from .window import explicit_padding

Activation = Callable[..., Any]
WINDOW = (2, 2)
BLOCK = 16  # samples that lie side by side in the record of winners
MOST_CHANNELS = 32  # with more, convolution and pooling on their own are as fast
LEAST_FULL = 0.75  # of the blocks: the kernel computes whole ones


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
    blocks = -(-x.shape[0] // BLOCK)
    if (
        x.ndim != 4
        or data_format != "channels_last"
        or groups > 1
        or not any(activation is known for known in FUSED)
    ):
        return None
    if (
        x.shape[0] < LEAST_FULL * blocks * BLOCK
        or max(channels, filters) > MOST_CHANNELS
        or x.dtype != kernel.dtype
    ):
        return None
    steps, gaps = (integers(value, 2, "strides", "convolution") for value in (strides, dilation))
    pads = explicit_padding(padding, x.shape[1:-1], taps, steps, function="convolution")
    geometry = Geometry(steps, pads, gaps)
    outputs = geometry.output_sizes(x.shape[1:-1], taps)
    inside = all(0 <= side < k for pair, k in zip(pads, taps) for side in pair)  # every output sees an input
    if {*steps, *gaps} != {1} or not inside or min(*outputs, channels, filters) < 1 or min(outputs) < 2:
        return None
    bias = jnp.zeros(filters, x.dtype) if bias is None else bias.astype(x.dtype)
    if not native.usable(
        "convolution with pooling", _work(x.shape[0], x.shape[1:-1], kernel.shape, geometry), x, kernel, bias
    ):
        return None
    return _pooled(x, kernel, bias, geometry, activation)


def _work(batch: int, sizes: Sequence[int], kernel_shape: Sequence[int], geometry: Geometry) -> int:
    """The number of multiplications."""
    return batch * prod(geometry.output_sizes(sizes, kernel_shape[:-2])) * prod(kernel_shape)


@partial(jax.jit, static_argnums=(3, 4))
def _forward(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, geometry: Geometry, activation: Activation
) -> tuple[jax.Array, jax.Array]:
    """The maxima, and the record of winners."""

    def twin(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> tuple[jax.Array, jax.Array]:
        y, where = largest_and_where(
            whole_tiles(convolution_forward(x, kernel, bias, geometry, activation), WINDOW), WINDOW
        )
        return y, _record(where)

    def kernel_call(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> tuple[jax.Array, jax.Array]:
        return convolution_native.forward_max_pool(x, kernel, bias, geometry, activation, BLOCK)

    work = _work(x.shape[0], x.shape[1:-1], kernel.shape, geometry)
    return native.run("convolution with pooling", work, kernel_call, twin, x, kernel, bias)


@partial(jax.jit, static_argnums=(4, 5, 6))
def _input_gradient(
    g: jax.Array,
    y: jax.Array,
    record: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    sizes: tuple[int, ...],
    activation: Activation,
) -> jax.Array:
    outputs = geometry.output_sizes(sizes, kernel.shape[:-2])

    def twin(g: jax.Array, y: jax.Array, record: jax.Array, kernel: jax.Array) -> jax.Array:
        z = _spread(g * FUSED[activation][1](y), record, outputs)
        return convolution_input_gradient(z, None, kernel, geometry, sizes, activations.linear)

    def kernel_call(g: jax.Array, y: jax.Array, record: jax.Array, kernel: jax.Array) -> jax.Array:
        return convolution_native.input_gradient_max_pool(g, y, record, kernel, geometry, sizes, activation)

    work = _work(g.shape[0], sizes, kernel.shape, geometry)
    return native.run("convolution with pooling", work, kernel_call, twin, g, y, record, kernel)


@partial(jax.jit, static_argnums=(4, 5, 6))
def _kernel_gradient(
    x: jax.Array,
    g: jax.Array,
    y: jax.Array,
    record: jax.Array,
    geometry: Geometry,
    taps: tuple[int, ...],
    activation: Activation,
) -> tuple[jax.Array, jax.Array]:
    outputs = geometry.output_sizes(x.shape[1:-1], taps)

    def twin(x: jax.Array, g: jax.Array, y: jax.Array, record: jax.Array) -> tuple[jax.Array, jax.Array]:
        z = _spread(g * FUSED[activation][1](y), record, outputs)
        return convolution_kernel_gradient(x, z, None, geometry, taps, activations.linear)

    def kernel_call(
        x: jax.Array, g: jax.Array, y: jax.Array, record: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        return convolution_native.kernel_gradient_max_pool(x, g, y, record, geometry, taps, activation)

    work = _work(x.shape[0], x.shape[1:-1], (*taps, x.shape[-1], g.shape[-1]), geometry)
    return native.run("convolution with pooling", work, kernel_call, twin, x, g, y, record)


def _record(where: jax.Array) -> jax.Array:
    """(N, *windows, F) -> (blocks, *windows, F, BLOCK) bytes."""
    missing = -where.shape[0] % BLOCK
    blocks = jnp.pad(where.astype(jnp.int8), ((0, missing), (0, 0), (0, 0), (0, 0))).reshape(
        -1, BLOCK, *where.shape[1:]
    )
    return jnp.moveaxis(blocks, 1, -1)


def _spread(z: jax.Array, record: jax.Array, outputs: Sequence[int]) -> jax.Array:
    """The gradient of the convolution's outputs, (N, *outputs, F), from that of the windows: their winners
    have it, the others 0.
    """
    where = jnp.moveaxis(record, -1, 1).reshape(-1, *record.shape[1:-1])[: z.shape[0]]
    (spread,) = tile_gradient(WINDOW, where.astype(jnp.int32), z)
    ragged = [(0, n - m) for n, m in zip(outputs, spread.shape[1:])]
    return jnp.pad(spread, ((0, 0), *ragged, (0, 0)))


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _pooled(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, geometry: Geometry, activation: Activation
) -> jax.Array:
    return _forward(x, kernel, bias, geometry, activation)[0]


def _residuals(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, geometry: Geometry, activation: Activation
) -> tuple[jax.Array, Any]:
    y, record = _forward(x, kernel, bias, geometry, activation)
    return y, (x, kernel, y, record)


def _gradients(
    geometry: Geometry, activation: Activation, residuals: Any, g: jax.Array
) -> tuple[jax.Array, ...]:
    x, kernel, y, record = residuals
    dx = _input_gradient(g, y, record, kernel, geometry, x.shape[1:-1], activation)
    return dx, *_kernel_gradient(x, g, y, record, geometry, kernel.shape[:-2], activation)


_pooled.defvjp(_residuals, _gradients)
