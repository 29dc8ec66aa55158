"""Convolutions and their gradients in the forms that XLA's CPU compiler runs well.

Inside the loop that trains an epoch, XLA gives gradient convolutions unusual orders of dimensions and falls
back to scalar loops: five times slower for LeNet-5, fifty times and more for wider layers. Every function
here is therefore a matrix product, or a plain convolution (batch, *spatial, channels) * (*kernel, in, out) of
operands that were transposed before. An `optimization_barrier` keeps the compiler from folding the
transposition back into the convolution. The forms:

    general        one convolution each, also with strides, dilation and groups
    few channels   images of up to four channels: patches for four neighbouring outputs each, times a banded
                   matrix
    pointwise      a kernel of one tap: a matrix product, with patches of a single output
    depthwise      one group per channel: multiply and add, tap by tap; XLA's grouped convolution is slow here

Shapes: x (N, *S, C), kernel (*K, C / groups, F), y and its gradient g (N, *O, F).
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import product
from math import prod
from operator import add

import jax
import jax.numpy as jnp
from jax import lax

from neurona.kernels.geometry import Geometry, convolve

FEW_CHANNELS = 4
OUTPUTS_PER_PATCH = 4


def forward(x: jax.Array, kernel: jax.Array, geometry: Geometry) -> jax.Array:
    """y = x * kernel, (N, *O, F)."""
    if is_depthwise(x.shape[-1], geometry):
        return _depthwise_forward(x, kernel, geometry)
    if outputs := _outputs_per_patch(kernel.shape, geometry):
        return _patches_forward(x, kernel, geometry, outputs)
    return convolve(x, kernel, geometry)


def input_gradient(g: jax.Array, kernel: jax.Array, geometry: Geometry, sizes: tuple[int, ...]) -> jax.Array:
    """dx, (N, *S, C): g, its positions spread out by the strides, convolved with the mirrored kernel whose
    channels change places.

    Args:
        sizes: the spatial sizes S of x; g does not tell them where the strides leave a remainder.
    """
    *taps, inputs, outputs = kernel.shape
    groups, rank = geometry.groups, len(sizes)
    window = geometry.window(taps)
    spread = [(o - 1) * s + 1 for o, s in zip(g.shape[1:-1], geometry.strides)]
    before = [w - 1 - low for w, (low, _) in zip(window, geometry.padding)]
    padding = tuple((low, n + w - 1 - wide - low) for low, n, w, wide in zip(before, sizes, window, spread))
    backward = Geometry((1,) * rank, padding, geometry.dilation, groups)
    mirrored = jnp.flip(kernel, range(rank))
    if is_depthwise(groups * inputs, geometry):
        g = lax.pad(
            g, jnp.zeros((), g.dtype), [(0, 0, 0), *((0, 0, s - 1) for s in geometry.strides), (0, 0, 0)]
        )
        return _depthwise_input_gradient(g, mirrored, backward)
    mirrored = jnp.swapaxes(mirrored.reshape(*taps, inputs, groups, outputs // groups), -1, -3)
    mirrored = lax.optimization_barrier(mirrored.reshape(*taps, outputs // groups, groups * inputs))
    return convolve(g, mirrored, backward, spread=geometry.strides)


def kernel_gradient(x: jax.Array, g: jax.Array, geometry: Geometry, taps: Sequence[int]) -> jax.Array:
    """dkernel, (*K, C / groups, F): x convolved with g, where the batch plays the channels and the channels
    play the batch.

    Args:
        taps: the spatial sizes K of the kernel.
    """
    batch, *sizes, channels = x.shape
    groups = geometry.groups
    if is_depthwise(channels, geometry):
        return _depthwise_kernel_gradient(x, g, geometry, taps)
    if outputs := _outputs_per_patch((*taps, channels // groups, g.shape[-1]), geometry):
        return _patches_kernel_gradient(x, g, geometry, taps, outputs)
    images = jnp.moveaxis(x.reshape(batch, *sizes, groups, channels // groups), (0, -1), (-1, 0)).reshape(
        -1, *sizes, groups * batch
    )
    filters = jnp.moveaxis(g, 0, -2)
    padding = tuple(
        (low, (k - 1) * d + (o - 1) * s + 1 - n - low)
        for k, d, o, s, n, (low, _) in zip(
            taps, geometry.dilation, g.shape[1:-1], geometry.strides, sizes, geometry.padding
        )
    )
    images, filters = lax.optimization_barrier((images, filters))
    result = convolve(images, filters, Geometry(geometry.dilation, padding, geometry.strides, groups))
    return jnp.moveaxis(lax.optimization_barrier(result), 0, -2)


def is_depthwise(channels: int, geometry: Geometry) -> bool:
    """Whether there are several channels, and each is a group."""
    return geometry.groups == channels > 1


# Few channels and pointwise: patches times a matrix. A patch covers the inputs of `outputs` neighbouring
# positions along the last spatial axis. The matrix then has outputs * F columns, enough to fill the vector
# registers, and the input is copied fewer times than once for each tap.


def _outputs_per_patch(kernel_shape: Sequence[int], geometry: Geometry) -> int:
    """How many outputs share a patch; 0 where the general form is better."""
    *taps, channels, _ = kernel_shape
    if geometry.groups > 1:
        return 0
    if channels <= FEW_CHANNELS:
        return OUTPUTS_PER_PATCH
    return 1 if prod(taps) == 1 else 0


def _patches(x: jax.Array, geometry: Geometry, taps: Sequence[int], outputs: int) -> jax.Array:
    """(N, *O[:-1], ceil(O[-1] / outputs), patch): all that `outputs` neighbouring positions see, taps of the
    other axes first.
    """
    *sizes, channels = x.shape[1:]
    *leading, last = geometry.output_sizes(sizes, taps)
    count = -(-last // outputs)  # patches along the last axis
    step, width = outputs * geometry.strides[-1], _patch_width(geometry, taps, outputs)
    blocks = -(-width // step)  # the blocks of `step` inputs that a patch reaches into
    low = geometry.padding[-1][0]
    pads = [
        (0, 0, 0),
        *((a, b, 0) for a, b in geometry.padding[:-1]),
        (low, (count + blocks - 1) * step - sizes[-1] - low, 0),
        (0, 0, 0),
    ]
    x = lax.pad(x, jnp.zeros((), x.dtype), pads)
    x = x.reshape(*x.shape[:-2], count + blocks - 1, step * channels)
    x = jnp.concatenate([x[..., j : j + count, :] for j in range(blocks)], axis=-1)[..., : width * channels]
    return jnp.concatenate([x[index] for index in _tap_slices(leading, taps[:-1], geometry)], axis=-1)


def _patch_width(geometry: Geometry, taps: Sequence[int], outputs: int) -> int:
    return (outputs - 1) * geometry.strides[-1] + geometry.window(taps)[-1]


def _band(geometry: Geometry, taps: Sequence[int], output: int) -> slice:
    """Where in a patch's width the taps of one of its outputs lie."""
    start = output * geometry.strides[-1]
    return slice(start, start + geometry.window(taps)[-1], geometry.dilation[-1])


def _patches_forward(x: jax.Array, kernel: jax.Array, geometry: Geometry, outputs: int) -> jax.Array:
    *taps, channels, filters = kernel.shape
    width = _patch_width(geometry, taps, outputs)
    matrix = jnp.zeros((*taps[:-1], width, channels, outputs, filters), kernel.dtype)
    for output in range(outputs):
        matrix = matrix.at[..., _band(geometry, taps, output), :, output, :].set(kernel)
    patches = _patches(x, geometry, taps, outputs)
    y = patches.reshape(-1, patches.shape[-1]) @ matrix.reshape(-1, outputs * filters)
    y = y.reshape(*patches.shape[:-2], -1, filters)
    return y[..., : geometry.output_sizes(x.shape[1:-1], taps)[-1], :]


def _patches_kernel_gradient(
    x: jax.Array, g: jax.Array, geometry: Geometry, taps: Sequence[int], outputs: int
) -> jax.Array:
    channels, filters = x.shape[-1], g.shape[-1]
    patches = _patches(x, geometry, taps, outputs)
    ragged = -g.shape[-2] % outputs
    g = jnp.pad(g, [(0, 0)] * (g.ndim - 2) + [(0, ragged), (0, 0)])
    matrix = patches.reshape(-1, patches.shape[-1]).T @ g.reshape(-1, outputs * filters)
    matrix = matrix.reshape(*taps[:-1], _patch_width(geometry, taps, outputs), channels, outputs, filters)
    return reduce(
        add, (matrix[..., _band(geometry, taps, output), :, output, :] for output in range(outputs))
    )


# Depthwise: each tap multiplies the whole shifted input, which XLA fuses into one pass.


def _tap_slices(
    positions: Sequence[int], taps: Sequence[int], geometry: Geometry
) -> Iterator[tuple[slice, ...]]:
    """For each tap, the index of the padded inputs that it meets at the window's positions: of the batch and
    of the spatial axes.
    """
    for tap in product(*map(range, taps)):
        starts = [t * d for t, d in zip(tap, geometry.dilation)]
        yield (
            slice(None),
            *(slice(a, a + (o - 1) * s + 1, s) for a, o, s in zip(starts, positions, geometry.strides)),
        )


def _shifted(x: jax.Array, geometry: Geometry, taps: Sequence[int]) -> list[jax.Array]:
    """The input as each tap sees it: prod(K) arrays (N, *O, C)."""
    positions = geometry.output_sizes(x.shape[1:-1], taps)
    padded = lax.pad(
        x, jnp.zeros((), x.dtype), [(0, 0, 0), *((a, b, 0) for a, b in geometry.padding), (0, 0, 0)]
    )
    padded = lax.optimization_barrier(padded)  # padded once, not again for every tap
    return [padded[index] for index in _tap_slices(positions, taps, geometry)]


def _depthwise_forward(x: jax.Array, kernel: jax.Array, geometry: Geometry) -> jax.Array:
    *taps, _, filters = kernel.shape
    rows = kernel.reshape(-1, x.shape[-1], filters // x.shape[-1])  # (prod(K), C, multiplier)
    y = reduce(add, (seen[..., None] * row for seen, row in zip(_shifted(x, geometry, taps), rows)))
    return y.reshape(*y.shape[:-2], filters)


def _depthwise_input_gradient(g: jax.Array, mirrored: jax.Array, backward: Geometry) -> jax.Array:
    *taps, _, filters = mirrored.shape
    channels = backward.groups
    rows = mirrored.reshape(-1, channels, filters // channels)
    shifted = (seen.reshape(*seen.shape[:-1], channels, -1) for seen in _shifted(g, backward, taps))
    return reduce(add, ((seen * row).sum(-1) for seen, row in zip(shifted, rows)))


def _depthwise_kernel_gradient(
    x: jax.Array, g: jax.Array, geometry: Geometry, taps: Sequence[int]
) -> jax.Array:
    channels = x.shape[-1]
    g = g.reshape(*g.shape[:-1], channels, -1)
    rows = [jnp.sum(seen[..., None] * g, axis=range(g.ndim - 2)) for seen in _shifted(x, geometry, taps)]
    return jnp.stack(rows).reshape(*taps, 1, -1)
