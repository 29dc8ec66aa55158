"""Maximum and average pooling over one to three spatial axes.

Windows that tile the input, by far the most common, are a reshape and a reduction over the axes inside the
windows, with a native kernel for the maximum; others are XLA's `reduce_window`, with native kernels for both.
Where several inputs of a window share its maximum, as the zeros after a ReLU do, the first in order takes the
whole gradient in all forms.
"""

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from neurona.core.checks import integers
from neurona.core.errors import ArgumentError, ShapeError
from neurona.kernels.geometry import Geometry
from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, differentiable
from neurona.kernels.window import (
    Pairs,
    back_to,
    channels_last,
    explicit_padding,
    output_size,
    three_axes,
)

LARGEST_TILE = 64  # inputs in a window; the gradient of a tile is written out input by input


def max_pool(
    x: jax.Array,
    pool_size: int | Sequence[int],
    *,
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> jax.Array:
    """The largest input of each window: y[n, p, c] = max over t in the window of x[n, p * strides + t, c].

    The gradient goes to the first of equal maxima.

    Args:
        x: the input.
        pool_size: the sizes of the window, one number or one for each spatial axis.
        strides: inputs between neighbouring windows; None for windows side by side.
        padding: "valid" (only whole windows) or "same" (ceil(inputs / strides) windows; the padding is
            ignored).
        data_format: "channels_last" or "channels_first".

    Shapes: x (N, *spatial, C) -> y (N, *windows, C).

    Raises:
        ShapeError: the input is smaller than a window.
        ArgumentError: an argument is not one of those allowed.

    Example:

        >>> max_pool(jnp.array([3.0, 1.0, 2.0, 5.0, 9.0]).reshape(1, 5, 1), 2).ravel().tolist()
        [3.0, 5.0]
    """
    x, size, steps, pads = _arguments(x, pool_size, strides, padding, data_format, function="max_pool")
    if _tiles(size, steps, pads):
        return back_to(_largest_of_tile(whole_tiles(x, size), window=size), data_format)
    return back_to(_over_windows(x, "max", size, steps, pads), data_format)


def average_pool(
    x: jax.Array,
    pool_size: int | Sequence[int],
    *,
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> jax.Array:
    """The mean of each window: y[n, p, c] = mean over t in the window of x[n, p * strides + t, c].

    With "same" padding the mean is over the inputs that exist; the padding does not count.

    Args: as in `max_pool`.

    Shapes: x (N, *spatial, C) -> y (N, *windows, C).

    Raises:
        ShapeError: the input is smaller than a window.
        ArgumentError: an argument is not one of those allowed.

    Example:

        >>> x = jnp.array([3.0, 1.0, 2.0, 4.0, 9.0]).reshape(1, 5, 1)
        >>> average_pool(x, 2, padding="same").ravel().tolist()
        [2.0, 3.0, 9.0]
    """
    x, size, steps, pads = _arguments(x, pool_size, strides, padding, data_format, function="average_pool")
    if _tiles(size, steps, pads):
        return back_to(_split(whole_tiles(x, size), size).mean(_inside(len(size))), data_format)
    return back_to(_over_windows(x, "average", size, steps, pads), data_format)


def _arguments(
    x: jax.Array,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None,
    padding: str,
    data_format: str,
    *,
    function: str,
) -> tuple[jax.Array, tuple[int, ...], tuple[int, ...], Pairs]:
    x = channels_last(jnp.asarray(x), data_format, function=function)
    rank = x.ndim - 2
    if padding not in ("valid", "same"):
        raise ArgumentError(f"{function}: padding must be 'valid' or 'same'. Received: {padding!r}")
    size = integers(pool_size, rank, "pool_size", function)
    steps = size if strides is None else integers(strides, rank, "strides", function)
    pads = explicit_padding(padding, x.shape[1:-1], size, steps, function=function)
    if x.size and any(output_size(*each) < 1 for each in zip(x.shape[1:-1], size, steps, pads)):
        raise ShapeError(
            f"{function}: a window of {size} does not fit into an input of spatial sizes {x.shape[1:-1]}. "
            "Use padding='same', a smaller pool_size or a larger input."
        )
    return x, size, steps, pads


def _over_windows(
    x: jax.Array, operation: str, size: tuple[int, ...], strides: tuple[int, ...], pads: Pairs
) -> jax.Array:
    geometry = Geometry(strides, pads, (1,) * len(size))
    return _pooled(x, operation=operation, geometry=geometry, window=size)


def _largest(x: jax.Array, geometry: Geometry, window: tuple[int, ...]) -> jax.Array:
    """The largest input of each window."""
    lowest = -np.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
    return _reduce_windows(x, lowest, lax.max, geometry, window)


def _mean(x: jax.Array, geometry: Geometry, window: tuple[int, ...]) -> jax.Array:
    """The mean of each window's inputs; those in the padding do not count."""
    counts = jnp.ones((), x.dtype)
    for axis, (n, w, step, pad) in enumerate(zip(x.shape[1:-1], window, geometry.strides, geometry.padding)):
        starts = np.arange(output_size(n, w, step, pad)) * step - pad[0]
        inside = np.minimum(starts + w, n) - np.maximum(starts, 0)  # inputs that exist, along this axis
        shape = [-1 if other == axis else 1 for other in range(len(window))] + [1]
        counts = counts * jnp.asarray(inside, x.dtype).reshape(shape)
    return _reduce_windows(x, 0, lax.add, geometry, window) / counts


def _reduce_windows(
    x: jax.Array,
    start: float,
    operation: Callable[..., jax.Array],
    geometry: Geometry,
    window: tuple[int, ...],
) -> jax.Array:
    padding = ((0, 0), *geometry.padding, (0, 0))
    strides = (1, *geometry.strides, 1)
    return lax.reduce_window(x, np.array(start, x.dtype), operation, (1, *window, 1), strides, padding)


# Windows of any kind.


def _reference(x: jax.Array, *, operation: str, geometry: Geometry, window: tuple[int, ...]) -> jax.Array:
    return {"max": _largest, "average": _mean}[operation](x, geometry, window)


def _native(x: jax.Array, *, operation: str, geometry: Geometry, window: tuple[int, ...]) -> jax.Array:
    outputs = geometry.output_sizes(x.shape[1:-1], window)
    y = like(x, (x.shape[0], *outputs, x.shape[-1]))
    axes = geometry.axes(x.shape[1:-1], outputs, window)
    return native_call(f"neurona_{operation}_windows", y, x, axes=axes)


def _native_gradient(
    x: jax.Array, g: jax.Array, *, operation: str, geometry: Geometry, window: tuple[int, ...]
) -> tuple[jax.Array]:
    axes = geometry.axes(x.shape[1:-1], g.shape[1:-1], window)
    return (native_call(f"neurona_{operation}_windows_gradient", like(x), x, g, axes=axes),)


def _inputs_of_windows(
    x: jax.Array, *_: jax.Array, geometry: Geometry, window: tuple[int, ...], **_options
) -> int:
    outputs = geometry.output_sizes(x.shape[1:-1], window)
    return x.shape[0] * x.shape[-1] * prod(outputs) * prod(window)


def _of_floats(*arrays: jax.Array, **_options: Any) -> bool:
    return jnp.issubdtype(arrays[0].dtype, jnp.inexact)


_windows = Operation(
    "pooling by windows",
    reference=_reference,
    native=_native,
    size=_inputs_of_windows,
    faster_from_to=(3e3, 1e12),
    supports=_of_floats,
)
_pooled = differentiable(_windows, _windows.backward(_native_gradient))


# Windows that tile the input.


def _tiles(size: tuple[int, ...], strides: tuple[int, ...], pads: Pairs) -> bool:
    return size == strides and not any(map(any, pads)) and prod(size) <= LARGEST_TILE


def whole_tiles(x: jax.Array, size: tuple[int, ...]) -> jax.Array:
    """The input without the edge that no whole window covers."""
    return x[(slice(None), *(slice(n // p * p) for n, p in zip(x.shape[1:-1], size)))]


def _split(x: jax.Array, size: tuple[int, ...]) -> jax.Array:
    """(N, O1 * p1, O2 * p2, ..., C) -> (N, O1, p1, O2, p2, ..., C)."""
    sizes = (n for whole, p in zip(x.shape[1:-1], size) for n in (whole // p, p))
    return x.reshape(x.shape[0], *sizes, x.shape[-1])


def _inside(rank: int) -> tuple[int, ...]:
    """The axes of `_split` that lie inside a window."""
    return tuple(range(2, 2 * rank + 1, 2))


def _reference_of_tiles(x: jax.Array, *, window: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    tiles = _split(x, window)
    y = tiles.max(_inside(len(window)))
    where = jnp.full(y.shape, prod(window) - 1, jnp.int32)
    for number, offsets in reversed(list(enumerate(product(*map(range, window))))[:-1]):
        index = (slice(None), *(i for offset in offsets for i in (slice(None), offset)))
        where = jnp.where(tiles[index] == y, number, where)
    return y, where


def _native_of_tiles(x: jax.Array, *, window: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    shape = (x.shape[0], *(n // p for n, p in zip(x.shape[1:-1], window)), x.shape[-1])
    results = like(x, shape), jax.ShapeDtypeStruct(shape, jnp.int32)
    sizes = three_axes(x.shape[1:-1])
    return native_call("neurona_max_pool", results, x, sizes=sizes, window=three_axes(window))


def _tiled_shape(g: jax.Array, window: tuple[int, ...]) -> tuple[int, ...]:
    return g.shape[0], *(n * p for n, p in zip(g.shape[1:-1], window)), g.shape[-1]


def _reference_of_tile_gradient(where: jax.Array, g: jax.Array, *, window: tuple[int, ...]) -> jax.Array:
    axes = _inside(len(window))
    numbers = jnp.arange(prod(window), dtype=where.dtype).reshape([n for p in window for n in (1, p)] + [1])
    chosen = jnp.expand_dims(where, axes) == numbers
    spread = jnp.where(chosen, jnp.expand_dims(g, axes), jnp.zeros((), g.dtype))
    return spread.reshape(_tiled_shape(g, window))


def _native_tile_gradient(where: jax.Array, g: jax.Array, *, window: tuple[int, ...]) -> jax.Array:
    shape = _tiled_shape(g, window)
    sizes = three_axes(shape[1:-1])
    return native_call(
        "neurona_max_pool_gradient", like(g, shape), where, g, sizes=sizes, window=three_axes(window)
    )


FASTER_FROM_TO = (5e3, 1e12)  # elements of x
# The maxima, and which input of its window each came from: the first where several are equal.
largest_and_where = Operation(
    "pooling by tiles",
    reference=_reference_of_tiles,
    native=_native_of_tiles,
    size=lambda x, **_: x.size,
    faster_from_to=FASTER_FROM_TO,
    supports=_of_floats,
)
# The gradient of x from that of the maxima.
tile_gradient = Operation(
    "pooling by tiles, backward",
    reference=_reference_of_tile_gradient,
    native=_native_tile_gradient,
    size=lambda _where, g, window: g.size * prod(window),
    faster_from_to=FASTER_FROM_TO,
)
_largest_of_tile = differentiable(
    largest_and_where,
    lambda where, g, window: (tile_gradient(where, g, window=window),),
    keeps=lambda _arrays, _y, where, **_: (where,),
)
