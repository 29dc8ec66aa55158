"""Several elements as one, and one as several: batches, windows, data sets within data sets."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.legacy.tensorflow.data import specs, streams
from neurona.legacy.tensorflow.data.base import Stream
from neurona.legacy.tensorflow.data.elements import (
    are_arrays,
    in_order,
    leaves,
    map_structure,
    padded,
    row_of,
    stacked,
)
from neurona.legacy.tensorflow.data.mapping import call, number
from neurona.legacy.tensorflow.data.orders import UNKNOWN, ArrayRows
from neurona.legacy.tensorflow.hosts import host
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor
from neurona.legacy.tensorflow.tensor import Tensor

_DEFAULT_CYCLE = 2  # streams that are interleaved where the program does not say


class Grouping(Stream):
    """What Dataset makes of several elements, and of the parts of one."""

    def batch(
        self,
        batch_size: Any,
        drop_remainder: bool = False,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Any:
        """Elements stacked along a new first axis."""
        size = _size(batch_size, "batch")

        def spec() -> Any:
            return specs.batched(self.element_spec, size if drop_remainder else None)

        length, rows = _batches(self._length, size, drop_remainder), self._rows
        kind = "_BatchDataset" if num_parallel_calls is None else "_ParallelBatchDataset"
        if rows is not None:
            made = self._of(kind, lambda: rows.batches(size, bool(drop_remainder)), length, spec)
            if isinstance(rows, ArrayRows) and rows.is_shuffled is not None and are_arrays(rows.arrays):
                is_whole = not drop_remainder or self._length % size == 0
                made._whole = (rows.arrays, size, rows.is_shuffled) if is_whole else None
            return made
        stream = lambda s: map(stacked, streams.groups(s, size, bool(drop_remainder)))
        return self._changed(kind, stream, length, spec)

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Any:
        """Elements filled up to one shape and stacked."""
        size = _size(batch_size, "padded_batch")

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            batches = streams.groups(elements, size, bool(drop_remainder))
            return (padded(batch, padded_shapes, padding_values) for batch in batches)

        def spec() -> Any:
            return specs.padded_batches(self.element_spec, size if drop_remainder else None, padded_shapes)

        return self._changed(
            "_PaddedBatchDataset", stream, _batches(self._length, size, drop_remainder), spec
        )

    def ragged_batch(
        self, batch_size: Any, drop_remainder: bool = False, row_splits_dtype: Any = None, name: Any = None
    ) -> Any:
        """Elements of different lengths as ragged tensors."""
        size = _size(batch_size, "ragged_batch")

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            return map(_ragged, streams.groups(elements, size, bool(drop_remainder)))

        return self._changed("_BatchDataset", stream, _batches(self._length, size, drop_remainder))

    def unbatch(self, name: Any = None) -> Any:
        """The rows of every element."""

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            for element in elements:
                for place in range(len(leaves(element)[0])):
                    yield row_of(element, place)

        return self._changed("_UnbatchDataset", stream, UNKNOWN, lambda: specs.unbatched(self.element_spec))

    def rebatch(self, batch_size: Any, drop_remainder: bool = False, name: Any = None) -> Any:
        """The rows of every element in batches of another size."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def window(
        self,
        size: Any,
        shift: Any = None,
        stride: Any = 1,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Any:
        """Data sets of `size` elements that follow one another."""
        width, step = _size(size, "window"), int(host(stride))
        move = width if shift is None else int(host(shift))

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            return map(_window_of, streams.windows(elements, width, move, step, bool(drop_remainder)))

        def spec() -> Any:
            return map_structure(specs.DatasetSpec, self.element_spec)

        return self._changed("_WindowDataset", stream, UNKNOWN if self._length >= 0 else self._length, spec)

    def flat_map(self, map_func: Callable[..., Any], name: Any = None) -> Any:
        """The elements of the data sets that a function gives, one data set after the other."""

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            return itertools.chain.from_iterable(_opened(map_func, element) for element in elements)

        return self._changed("_FlatMapDataset", stream, UNKNOWN, lambda: self._inner_spec(map_func))

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: Any = None,
        block_length: Any = None,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Any:
        """The elements of the data sets that a function gives, `cycle_length` of these in turn."""
        asked = _DEFAULT_CYCLE if cycle_length is None else int(host(cycle_length))
        cycle = asked if asked > 0 else _DEFAULT_CYCLE
        block = 1 if block_length is None else int(host(block_length))

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            return streams.interleaved(elements, lambda item: _opened(map_func, item), cycle, block)

        return self._changed("_InterleaveDataset", stream, UNKNOWN, lambda: self._inner_spec(map_func))

    def _inner_spec(self, map_func: Callable[..., Any]) -> Any:
        return call(map_func, next(self._elements())).element_spec

    def group_by_window(
        self,
        key_func: Callable[..., Any],
        reduce_func: Callable[..., Any],
        window_size: Any = None,
        window_size_func: Callable[..., Any] | None = None,
        name: Any = None,
    ) -> Any:
        """What a function makes of data sets of `window_size` elements with the same key."""

        def size_of(key: int) -> int:
            return int(host(window_size_func(Tensor(np.int64(key))) if window_size_func else window_size))

        def reduce(key: int, group: list[Any]) -> Iterable[Any]:
            return reduce_func(Tensor(np.int64(key)), _dataset_of(group))._elements()

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            return streams.grouped_by(elements, lambda e: number(call(key_func, e)), reduce, size_of)

        return self._changed("_GroupByWindowDataset", stream, UNKNOWN)

    def bucket_by_sequence_length(
        self,
        element_length_func: Callable[..., Any],
        bucket_boundaries: Sequence[int],
        bucket_batch_sizes: Sequence[int],
        padded_shapes: Any = None,
        padding_values: Any = None,
        pad_to_bucket_boundary: bool = False,
        no_padding: bool = False,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Any:
        """Padded batches of elements of about one length."""
        if len(bucket_batch_sizes) != len(bucket_boundaries) + 1:
            raise ArgumentError(
                "bucket_by_sequence_length: bucket_batch_sizes has one more entry than bucket_boundaries. "
                f"Received: {len(bucket_batch_sizes)} and {len(bucket_boundaries)}"
            )

        def key(element: Any) -> int:
            return int(
                np.searchsorted(bucket_boundaries, number(call(element_length_func, element)), "right")
            )

        def reduce(bucket: int, group: list[Any]) -> Iterable[Any]:
            if drop_remainder and len(group) < bucket_batch_sizes[bucket]:
                return []
            if no_padding:
                return [stacked(group)]
            shapes = padded_shapes
            if pad_to_bucket_boundary:
                longest = bucket_boundaries[bucket] - 1
                shapes = map_structure(
                    lambda leaf: [longest, *np.shape(leaf)[1:]] if np.ndim(leaf) else [], group[0]
                )
            return [padded(group, shapes, padding_values)]

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            return streams.grouped_by(elements, key, reduce, lambda bucket: bucket_batch_sizes[bucket])

        return self._changed("_GroupByWindowDataset", stream, UNKNOWN)


def _size(value: Any, who: str) -> int:
    size = int(host(value))
    if size < 1:
        raise ArgumentError(f"{who}: the size is at least 1. Received: {size}")
    return size


def _batches(length: int, size: int, drop_remainder: Any) -> int:
    if length < 0:
        return length
    return length // size if drop_remainder else -(-length // size)


def _opened(map_func: Callable[..., Any], element: Any) -> Iterator[Any]:
    """The elements of the data set that a function of a program gives for an element."""
    inner = call(map_func, element)
    if not isinstance(inner, Stream):
        raise ArgumentError(
            f"The function must return a Dataset. Received: {type(inner).__name__}. Use map for a "
            "function that "
            "returns tensors."
        )
    return inner._elements()


def _dataset_of(group: list[Any]) -> Any:
    return Stream._of("_VariantDataset", lambda: iter(group), len(group))


def _window_of(group: list[Any]) -> Any:
    """The elements of a window as data sets, one for each component."""
    columns = [[leaves(element)[place] for element in group] for place in range(len(leaves(group[0])))]
    return in_order(group[0], map(_dataset_of, columns))


def _ragged(group: list[Any]) -> Any:
    def column(*parts: Any) -> Any:
        if np.ndim(parts[0]) == 0 and not isinstance(parts[0], RaggedTensor):
            return np.stack([host(part) for part in parts])
        return RaggedTensor.from_rows(list(parts))

    return map_structure(column, group[0], *group[1:])
