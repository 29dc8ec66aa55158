"""Sizes and paddings of a window that slides over spatial axes, as convolution and pooling need them."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, ShapeError, suggestion

Pairs = tuple[tuple[int, int], ...]


def output_size(size: int, window: int, stride: int, padding: tuple[int, int]) -> int:
    """How many positions a window has: floor((size + before + after - window) / stride) + 1, at least 0."""
    return max((size + sum(padding) - window) // stride + 1, 0)


def explicit_padding(
    padding: str | Sequence[Any],
    sizes: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    *,
    function: str,
) -> Pairs:
    """The zeros before and after each spatial axis, from one of the names or from the pairs themselves.

    "valid" adds none; "same" adds as many as ceil(size / stride) positions need, an odd one at the
    end; "causal" (one axis) adds window - 1 before, so that no position sees what comes after it.

    Args:
        padding: one of the names, or a pair (before, after) for each spatial axis.
        sizes: the spatial sizes of the input.
        window: the sizes of the window, dilation included.
        strides: the steps of the window.
        function: who asks, for the message.

    Raises:
        ArgumentError: an unknown name, or not one pair for each axis.

    Example:

        >>> explicit_padding("same", (28, 5), (5, 2), (1, 2), function="convolution")
        ((2, 2), (0, 1))
    """
    rank = len(sizes)
    if isinstance(padding, str):
        name = padding.lower()
        if name == "valid":
            return ((0, 0),) * rank
        if name == "same":
            totals = [max((-(-n // s) - 1) * s + w - n, 0) for n, w, s in zip(sizes, window, strides)]
            return tuple((total // 2, total - total // 2) for total in totals)
        if name == "causal" and rank == 1:
            return ((window[0] - 1, 0),)
        known = ["valid", "same", "causal"] if rank == 1 else ["valid", "same"]
        raise ArgumentError(
            f"{function}: padding over {rank} spatial axes must be one of {known}, or {rank} pairs (before, "
            "after). "
            f"Received: {padding!r}.{suggestion(padding, known)}"
        )
    if len(padding) != rank or any(not isinstance(pair, Sequence) or len(pair) != 2 for pair in padding):
        raise ArgumentError(
            f"{function}: padding must be a name or {rank} pairs (before, after), one for each spatial axis. "
            f"Received: {padding!r}"
        )
    return tuple((int(before), int(after)) for before, after in padding)


def three_axes(numbers: Sequence[int], fill: int = 1) -> np.ndarray:
    """One number for each of three spatial axes, for the native kernels, which share the first among threads
    and keep the last together.

    Example:

        >>> three_axes((28, 30)).tolist()
        [28, 1, 30]
    """
    *leading, last = numbers
    leading = [*leading, *[fill] * (3 - len(numbers))]
    return np.array([*leading, last], np.int64)


def channels_last(x: jax.Array, data_format: str, *, function: str) -> jax.Array:
    """The array with its channels moved to the last axis, if they are not there.

    Raises:
        ArgumentError: `data_format` is neither "channels_last" nor "channels_first".
        ShapeError: the array has no spatial axis.
    """
    if data_format not in ("channels_last", "channels_first"):
        known = ("channels_last", "channels_first")
        raise ArgumentError(
            f"{function}: data_format must be one of {known}. Received: "
            f"{data_format!r}.{suggestion(data_format, known)}"
        )
    if not 3 <= x.ndim <= 5:
        axes = (
            "(batch, *spatial, channels)" if data_format == "channels_last" else "(batch, channels, *spatial)"
        )
        raise ShapeError(
            f"{function}: the input must be {axes} with 1 to 3 spatial axes. Received an array of shape "
            f"{x.shape}."
        )
    return x if data_format == "channels_last" else jnp.moveaxis(x, 1, -1)


def back_to(y: jax.Array, data_format: str) -> jax.Array:
    """The inverse of `channels_last`."""
    return y if data_format == "channels_last" else jnp.moveaxis(y, -1, 1)
