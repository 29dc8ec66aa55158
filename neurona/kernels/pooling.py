"""Maximum and average pooling over one to three spatial axes.

Windows that tile the input, by far the most common, are a reshape and a reduction over the axes inside the
windows, with a native kernel for the maximum; others are XLA's `reduce_window`, with native kernels for both.
Where several inputs of a window share its maximum, as the zeros after a ReLU do, the first in order takes the
whole gradient in all forms.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from neurona.core.checks import integers
from neurona.core.errors import ArgumentError, ShapeError

from . import native
from .geometry import Geometry
from .window import Pairs, back_to, channels_last, explicit_padding, output_size, three_axes

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
        padding: "valid" (only whole windows) or "same" (ceil(inputs / strides) windows; what hangs over the
            edge is ignored).
        data_format: "channels_last" or "channels_first".

    Shapes: x (N, *spatial, C) -> y (N, *windows, C).

    Raises:
        ShapeError: the input is smaller than a window.
        ArgumentError: an argument is not one of those allowed.

    Example:

        >>> max_pool(jnp.array([3.0, 1.0, 2.0, 5.0, 9.0]).reshape(1, 5, 1), 2).ravel().tolist()
        [3.0, 5.0]
    """
    x, size, steps, pads = _windows(x, pool_size, strides, padding, data_format, function="max_pool")
    if _tiles(size, steps, pads):
        return back_to(_largest_of_tile(whole_tiles(x, size), size), data_format)
    return back_to(_pooled(x, "max", Geometry(steps, pads, (1,) * len(size)), size), data_format)


def average_pool(
    x: jax.Array,
    pool_size: int | Sequence[int],
    *,
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str = "channels_last",
) -> jax.Array:
    """The mean of each window: y[n, p, c] = mean over t in the window of x[n, p * strides + t, c].

    With "same" padding the mean is over the inputs that exist, not over the zeros beside them.

    Args: as in `max_pool`.

    Shapes: x (N, *spatial, C) -> y (N, *windows, C).

    Raises:
        ShapeError: the input is smaller than a window.
        ArgumentError: an argument is not one of those allowed.

    Example:

        >>> average_pool(jnp.array([3.0, 1.0, 2.0, 4.0, 9.0]).reshape(1, 5, 1), 2, padding="same").ravel().tolist()
        [2.0, 3.0, 9.0]
    """
    x, size, steps, pads = _windows(x, pool_size, strides, padding, data_format, function="average_pool")
    if _tiles(size, steps, pads):
        return back_to(_split(whole_tiles(x, size), size).mean(_inside(len(size))), data_format)
    return back_to(_pooled(x, "average", Geometry(steps, pads, (1,) * len(size)), size), data_format)


def _windows(
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


def _largest(x: jax.Array, windows: Geometry, size: tuple[int, ...]) -> jax.Array:
    """The largest input of each window."""
    lowest = -np.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
    return _reduce_windows(x, lowest, lax.max, windows, size)


def _mean(x: jax.Array, windows: Geometry, size: tuple[int, ...]) -> jax.Array:
    """The mean of each window's inputs, as many as exist."""
    counts = jnp.ones((), x.dtype)
    for axis, (n, window, step, pad) in enumerate(zip(x.shape[1:-1], size, windows.strides, windows.padding)):
        starts = np.arange(output_size(n, window, step, pad)) * step - pad[0]
        inside = np.minimum(starts + window, n) - np.maximum(starts, 0)  # inputs that exist, along this axis
        counts = counts * jnp.asarray(inside, x.dtype).reshape(
            [-1 if i == axis else 1 for i in range(len(size))] + [1]
        )
    return _reduce_windows(x, 0, lax.add, windows, size) / counts


def _reduce_windows(
    x: jax.Array, start: float, operation: Callable[..., jax.Array], windows: Geometry, size: tuple[int, ...]
) -> jax.Array:
    padding = ((0, 0), *windows.padding, (0, 0))
    return lax.reduce_window(
        x, np.array(start, x.dtype), operation, (1, *size, 1), (1, *windows.strides, 1), padding
    )


TWINS = {"max": _largest, "average": _mean}


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
def _pooled(x: jax.Array, operation: str, windows: Geometry, size: tuple[int, ...]) -> jax.Array:
    return _pooled_and_x(x, operation, windows, size)[0]


@partial(jax.jit, static_argnums=(1, 2, 3))
def _pooled_and_x(
    x: jax.Array, operation: str, windows: Geometry, size: tuple[int, ...]
) -> tuple[jax.Array, jax.Array]:
    twin = partial(TWINS[operation], windows=windows, size=size)
    outputs = windows.output_sizes(x.shape[1:-1], size)

    def kernel_call(x: jax.Array) -> jax.Array:
        result = jax.ShapeDtypeStruct((x.shape[0], *outputs, x.shape[-1]), x.dtype)
        return native.call(
            f"neurona_{operation}_windows", result, x, axes=windows.axes(x.shape[1:-1], outputs, size)
        )

    return native.run("windows", _work(x, prod(outputs) * prod(size)), kernel_call, twin, x), x


@partial(jax.jit, static_argnums=(0, 1, 2))
def _pooled_gradient(
    operation: str, windows: Geometry, size: tuple[int, ...], x: jax.Array, g: jax.Array
) -> tuple[jax.Array]:
    def twin(x: jax.Array, g: jax.Array) -> jax.Array:
        return jax.vjp(partial(TWINS[operation], windows=windows, size=size), x)[1](g)[0]

    def kernel_call(x: jax.Array, g: jax.Array) -> jax.Array:
        axes = windows.axes(x.shape[1:-1], g.shape[1:-1], size)
        return native.call(
            f"neurona_{operation}_windows_gradient", jax.ShapeDtypeStruct(x.shape, x.dtype), x, g, axes=axes
        )

    return (native.run("windows", _work(x, prod(g.shape[1:-1]) * prod(size)), kernel_call, twin, x, g),)


_pooled.defvjp(_pooled_and_x, _pooled_gradient)


def _work(x: jax.Array, inputs_of_windows: int) -> int:
    """The number of inputs of all windows; 0 for integers, which have no native kernel."""
    return x.shape[0] * x.shape[-1] * inputs_of_windows if jnp.issubdtype(x.dtype, jnp.inexact) else 0


def _tiles(size: tuple[int, ...], strides: tuple[int, ...], pads: Pairs) -> bool:
    return size == strides and not any(map(any, pads)) and prod(size) <= LARGEST_TILE


def whole_tiles(x: jax.Array, size: tuple[int, ...]) -> jax.Array:
    """Without the ragged edge that no whole window covers."""
    return x[(slice(None), *(slice(n // p * p) for n, p in zip(x.shape[1:-1], size)))]


def _split(x: jax.Array, size: tuple[int, ...]) -> jax.Array:
    """(N, O1 * p1, O2 * p2, ..., C) -> (N, O1, p1, O2, p2, ..., C)."""
    return x.reshape(
        x.shape[0], *(n for whole, p in zip(x.shape[1:-1], size) for n in (whole // p, p)), x.shape[-1]
    )


def _inside(rank: int) -> tuple[int, ...]:
    """The axes of `_split` that lie inside a window."""
    return tuple(range(2, 2 * rank + 1, 2))


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def _largest_of_tile(x: jax.Array, size: tuple[int, ...]) -> jax.Array:
    return largest_and_where(x, size)[0]


@partial(jax.jit, static_argnums=1)
def largest_and_where(x: jax.Array, size: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    """The maxima, and which input of its window each came from: the first where several are equal."""

    def twin(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        tiles = _split(x, size)
        y = tiles.max(_inside(len(size)))
        last = prod(size) - 1
        where = jnp.full(y.shape, last, jnp.int32)
        for number, offsets in reversed(list(enumerate(product(*map(range, size))))[:-1]):
            index = (slice(None), *(i for offset in offsets for i in (slice(None), offset)))
            where = jnp.where(tiles[index] == y, number, where)
        return y, where

    def kernel_call(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        windows = [n // p for n, p in zip(x.shape[1:-1], size)]
        shape = (x.shape[0], *windows, x.shape[-1])
        results = (jax.ShapeDtypeStruct(shape, x.dtype), jax.ShapeDtypeStruct(shape, jnp.int32))
        return tuple(
            native.call(
                "neurona_max_pool", results, x, sizes=three_axes(x.shape[1:-1]), window=three_axes(size)
            )
        )

    return native.run("pooling", _work(x, prod(x.shape[1:-1])), kernel_call, twin, x)


@partial(jax.jit, static_argnums=0)
def tile_gradient(size: tuple[int, ...], where: jax.Array, g: jax.Array) -> tuple[jax.Array]:
    sizes = [n * p for n, p in zip(g.shape[1:-1], size)]
    shape = (g.shape[0], *sizes, g.shape[-1])

    def twin(where: jax.Array, g: jax.Array) -> jax.Array:
        axes = _inside(len(size))
        numbers = jnp.arange(prod(size), dtype=where.dtype).reshape([n for p in size for n in (1, p)] + [1])
        chosen = jnp.expand_dims(where, axes) == numbers
        return jnp.where(chosen, jnp.expand_dims(g, axes), jnp.zeros((), g.dtype)).reshape(shape)

    def kernel_call(where: jax.Array, g: jax.Array) -> jax.Array:
        result = jax.ShapeDtypeStruct(shape, g.dtype)
        return native.call(
            "neurona_max_pool_gradient", result, where, g, sizes=three_axes(sizes), window=three_axes(size)
        )

    return (native.run("pooling", prod(shape), kernel_call, twin, where, g),)


_largest_of_tile.defvjp(largest_and_where, tile_gradient)
