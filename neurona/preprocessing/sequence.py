"""Sequences of unequal length as one array, and windows over a time series."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError, ShapeError
from neurona.preprocessing.arguments import check_choice
from neurona.preprocessing.batches import Batches


def pad_sequences(
    sequences: Sequence[Any] | np.ndarray,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences as one array: the short ones filled up with `value`, the long ones cut.

    Args:
        sequences: lists or arrays; their elements may themselves be arrays of one shape.
        maxlen: length of the result; by default that of the longest.
        dtype: of the result; `object` for strings of any length.
        padding: fill up `"pre"` (before) or `"post"` (after) the elements.
        truncating: cut away from the beginning (`"pre"`) or the end (`"post"`).
        value: what to fill up with.

    Shapes: n sequences of elements (...) -> (n, maxlen, ...).

    Raises:
        ArgumentError: padding or truncating is neither 'pre' nor 'post', or value does not fit dtype.
        DataError: there are no sequences and no maxlen, or one of them is a single value.
        ShapeError: elements have unequal shapes.

    Example:

        >>> pad_sequences([[1], [2, 3, 4]], maxlen=2)
        array([[0, 1],
               [3, 4]], dtype=int32)
    """
    _check_padding(sequences, maxlen, dtype, padding, truncating, value)
    if maxlen is None:
        if not len(sequences):
            raise DataError("pad_sequences: there is no sequence, so maxlen must be given.")
        maxlen = max(len(row) for row in sequences)
    element = next((np.shape(row[0]) for row in sequences if len(row)), ())
    padded = np.full((len(sequences), maxlen, *element), value, dtype=dtype)
    for position, row in enumerate(sequences):
        kept = row[max(len(row) - maxlen, 0) :] if truncating == "pre" else row[:maxlen]
        if not len(kept):
            continue
        kept = _elements(kept, element, dtype, position)
        if padding == "pre":
            padded[position, maxlen - len(kept) :] = kept
        else:
            padded[position, : len(kept)] = kept
    return padded


def _check_padding(
    sequences: Any, maxlen: int | None, dtype: Any, padding: str, truncating: str, value: Any
) -> None:
    """Refuse arguments that `pad_sequences` can't work with."""
    check_choice("pad_sequences", "padding", padding, ("pre", "post"))
    check_choice("pad_sequences", "truncating", truncating, ("pre", "post"))
    if maxlen is not None and maxlen < 0:
        raise ArgumentError(f"pad_sequences: expected maxlen >= 0. Received: {maxlen}")
    if not hasattr(sequences, "__len__"):
        raise DataError(f"pad_sequences: expected a list of sequences. Received: {type(sequences).__name__}")
    for position, row in enumerate(sequences):
        if not hasattr(row, "__len__"):
            raise DataError(
                f"pad_sequences: expected a list of sequences. Received at position {position}: {row!r}"
            )
    if isinstance(value, str) and np.dtype(dtype).kind not in "OUS":
        raise ArgumentError(
            f"pad_sequences: value={value!r} does not fit dtype={dtype!r}. Give dtype=object for strings."
        )


def _elements(row: Any, shape: tuple[int, ...], dtype: Any, position: int) -> np.ndarray:
    """A sequence as an array whose elements have this shape.

    Raises:
        ShapeError: they have another; the message names the sequence by its position.
    """
    try:
        elements = np.asarray(row, dtype=dtype)
    except ValueError as error:
        raise ShapeError(
            f"pad_sequences: sequence {position} does not fit dtype={dtype!r} and one shape: {error}"
        ) from error
    if elements.shape[1:] != shape:
        raise ShapeError(
            f"pad_sequences: expected every element to have the shape {shape} of the first. "
            f"Received {elements.shape[1:]} in sequence {position}"
        )
    return elements


class TimeseriesBatches(Batches):
    """Windows over a series, in batches.

    `len()` is the number of batches, `[number]` a batch, and a loop goes through one epoch.
    """

    def __init__(
        self,
        data: np.ndarray,
        targets: np.ndarray | None,
        starts: np.ndarray,
        steps: np.ndarray,
        batch_size: int | None,
    ) -> None:
        super().__init__()
        self.data, self.targets, self.starts, self.steps = data, targets, starts, steps
        self.batch_size = batch_size

    def __len__(self) -> int:
        return -(-len(self.starts) // (self.batch_size or 1))

    def read_batch(self, number: int) -> Any:
        size = self.batch_size or 1
        starts = self.starts[number * size : (number + 1) * size]
        if self.batch_size is None:
            starts = starts[0]
        x = self.data[np.add.outer(starts, self.steps)]
        return x if self.targets is None else (x, self.targets[starts])


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> TimeseriesBatches:
    """Sliding windows over a series: x_i = data[i : i + length * rate : rate], y_i = targets[i].

    Args:
        data: the series, time along axis 0.
        targets: what belongs to the window that *begins* at the same index; None for windows alone.
        sequence_length: points in a window.
        sequence_stride: steps between the beginnings of two windows.
        sampling_rate: steps between two points of a window.
        batch_size: windows in a batch; None gives single windows.
        shuffle: windows in random order, by `seed`.
        seed: of that order.
        start_index: first point used (inclusive).
        end_index: last point used (exclusive).

    Shapes: data (time, ...) -> x (batch, sequence_length, ...), y (batch, ...).

    Raises:
        ArgumentError: a number is out of its range.
        DataError: the series is too short for one window.

    Example:

        >>> x, y = timeseries_dataset_from_array(np.arange(6), np.arange(6) * 10, sequence_length=3)[0]
        >>> x[1], int(y[1])
        (array([1, 2, 3]), 10)
    """
    series = np.asarray(data)
    for name, number in (
        ("sequence_length", sequence_length),
        ("sequence_stride", sequence_stride),
        ("sampling_rate", sampling_rate),
    ):
        if number < 1 or (name != "sequence_length" and number >= len(series)):
            raise ArgumentError(
                f"timeseries_dataset_from_array: expected 1 <= {name} < {len(series)}, the length of the "
                f"data. Received: {number}"
            )
    begin = 0 if start_index is None else start_index
    end = len(series) if end_index is None else end_index
    if not 0 <= begin < end <= len(series):
        raise ArgumentError(
            "timeseries_dataset_from_array: expected 0 <= start_index < end_index <= "
            f"{len(series)}, the length of the data. Received: {start_index}, {end_index}"
        )
    windows = end - begin - (sequence_length - 1) * sampling_rate
    wanted = None if targets is None else np.asarray(targets)[begin:end]
    if wanted is not None:
        windows = min(windows, len(wanted))
    if windows < 1:
        raise DataError(
            f"timeseries_dataset_from_array: {end - begin} points are too few for one window of "
            f"{sequence_length} points, "
            f"{sampling_rate} apart."
        )
    starts = np.arange(0, windows, sequence_stride)
    if shuffle:
        np.random.RandomState(seed).shuffle(starts)
    return TimeseriesBatches(
        series[begin:end], wanted, starts, np.arange(sequence_length) * sampling_rate, batch_size
    )
