"""Windows over pictures beyond pooling, and moments with weights: the rarer functions of `tf.nn`."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from neurona.legacy.tensorflow.dispatch import S, T, function
from neurona.legacy.tensorflow.dtypes import as_dtype


def _spaces(sizes: Any) -> tuple[int, int]:
    """The two sizes for rows and columns, of one number, two, or four."""
    many = list(sizes) if isinstance(sizes, (list, tuple)) else [sizes]
    if len(many) == 4:
        many = many[1:3]
    return (int(many[0]), int(many[-1]))


def _windows(x: Any, sizes: Any, steps: Any, rates: Any, padding: str) -> tuple[Any, Any]:
    """The elements of all windows, (batch, rows, columns, window, channels), -inf outside of the picture; and
    the number of each in it, row by row, (rows, columns, window).
    """
    spaces = [
        (size, *one)
        for size, one in zip(x.shape[1:3], zip(_spaces(sizes), _spaces(steps), _spaces(rates), strict=True))
    ]
    reach = [(size - 1) * rate + 1 for _, size, _, rate in spaces]
    pads = lax.padtype_to_pads(x.shape[1:3], reach, [step for _, _, step, _ in spaces], padding.upper())
    places, inside = [], []
    for (length, size, step, rate), wide, (before, after) in zip(spaces, reach, pads, strict=True):
        count = (length + before + after - wide) // step + 1
        place = np.arange(count)[:, None] * step - before + np.arange(size) * rate
        places.append(np.clip(place, 0, length - 1))
        inside.append((place >= 0) & (place < length))
    rows, columns = places[0][:, None, :, None], places[1][None, :, None, :]
    there = inside[0][:, None, :, None] & inside[1][None, :, None, :]
    lowest = -jnp.inf if jnp.issubdtype(x.dtype, jnp.inexact) else jnp.iinfo(x.dtype).min
    found = jnp.where(there[None, ..., None], x[:, rows, columns], jnp.asarray(lowest, x.dtype))
    batch, down, across, height, width, channels = found.shape
    numbers = np.broadcast_to(rows * x.shape[2] + columns, there.shape).reshape(down, across, height * width)
    return found.reshape(batch, down, across, height * width, channels), numbers


@function
def max_pool_with_argmax(
    input: T,
    ksize: S,
    strides: S,
    padding: str = "VALID",
    data_format: str = "NHWC",
    output_dtype: Any = "int64",
    include_batch_in_index: bool = False,
) -> Any:
    """The largest element of each window, and its place in the picture: (row * width + column) * channels +
    channel.
    """
    found, numbers = _windows(input, ksize, strides, 1, padding)
    best = jnp.argmax(found, 3)
    values = jnp.take_along_axis(found, best[:, :, :, None], 3)[:, :, :, 0]
    channels, spread = input.shape[-1], jnp.broadcast_to(numbers[None, ..., None], found.shape)
    places = jnp.take_along_axis(spread, best[:, :, :, None], 3)[:, :, :, 0] * channels + np.arange(channels)
    if include_batch_in_index:
        size = int(np.prod(input.shape[1:]))
        places = places + (np.arange(input.shape[0]) * size)[:, None, None, None]
    return values, places.astype(as_dtype(output_dtype).held)


def _dilated(x: Any, filters: Any, strides: Any, padding: str, dilations: Any) -> Any:
    found, _ = _windows(x, filters.shape[:2], strides, dilations, padding)
    return (found + filters.reshape(-1, filters.shape[-1])).max(3)


@function
def dilation2d(
    input: T,
    filters: T,
    strides: S,
    padding: str,
    data_format: str = "NHWC",
    dilations: S = (1, 1, 1, 1),
) -> Any:
    """The greatest sum of a window and the filter (height, width, channels), for each channel."""
    return _dilated(input, filters, strides, padding, dilations)


@function
def erosion2d(
    value: T,
    filters: T,
    strides: S,
    padding: str,
    data_format: str = "NHWC",
    dilations: S = (1, 1, 1, 1),
) -> Any:
    """The least difference of a window and the mirrored filter, for each channel."""
    return -_dilated(-value, filters[::-1, ::-1], strides, padding, dilations)


@function
def weighted_moments(x: T, axes: S, frequency_weights: T, keepdims: bool = False) -> Any:
    """The mean and the variance of elements that count as often as their weights say."""
    axis = tuple(axes) if isinstance(axes, (list, tuple)) else (axes,)
    weights = jnp.broadcast_to(jnp.asarray(frequency_weights, x.dtype), x.shape)
    total = weights.sum(axis, keepdims=True)
    mean = (x * weights).sum(axis, keepdims=True) / total
    variance = (weights * (x - mean) ** 2).sum(axis, keepdims=True) / total
    return tuple(one if keepdims else jnp.squeeze(one, axis) for one in (mean, variance))


@function
def sufficient_statistics(x: T, axes: S, shift: T = None, keepdims: bool = False) -> Any:  # pyright: ignore[reportArgumentType]
    """The count, the sum and the sum of squares of elements less a shift, and the shift: what
    `tf.nn.normalize_moments` takes.
    """
    axis = tuple(axes) if isinstance(axes, (list, tuple)) else (axes,)
    count = jnp.asarray(np.prod([x.shape[one] for one in axis]), x.dtype)
    moved = x if shift is None else x - shift
    sums = (one.sum(axis, keepdims=bool(keepdims)) for one in (moved, moved**2))
    return count, *sums, shift
