"""`tf.data.Dataset`: a stream of elements that can be read again and again, and what is made of it.

Elements are arrays of NumPy on the way. They are tensors where a program sees them: in functions given to
`map` and others, and in iteration. Rows of arrays stay numbers of rows until a batch gathers them.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.legacy.tensorflow.data import specs, streams
from neurona.legacy.tensorflow.data.base import Stream
from neurona.legacy.tensorflow.data.caching import Cache, read_folder, write_folder
from neurona.legacy.tensorflow.data.elements import (
    host_element,
    returned_element,
    tensors,
)
from neurona.legacy.tensorflow.data.grouping import Grouping
from neurona.legacy.tensorflow.data.mapping import ElementFunction, call, flag, number
from neurona.legacy.tensorflow.data.orders import INFINITE, UNKNOWN, ArrayRows, MappedRows, Orders
from neurona.legacy.tensorflow.data.sources import Sources
from neurona.legacy.tensorflow.hosts import host, text

_LOOKED_AT = 8  # elements of texts from which the sizes of results are found


class Dataset(Sources, Grouping):
    """Elements, read anew by every iteration. Programs make one with `from_tensor_slices` and its like."""

    # The same elements in another number or order.

    def take(self, count: Any, name: Any = None) -> Any:
        """The first `count` elements; all with -1."""
        many = int(host(count))
        if many < 0:
            return self
        length = many if self._length == INFINITE else min(many, self._length)
        return self._passed("_TakeDataset", lambda s: itertools.islice(s, many), length)

    def skip(self, count: Any, name: Any = None) -> Any:
        """All but the first `count` elements; none with -1."""
        many = int(host(count))
        if many < 0:
            return self.take(0)
        length = self._length if self._length < 0 else max(0, self._length - many)
        return self._passed("_SkipDataset", lambda s: itertools.islice(s, many, None), length)

    def shard(self, num_shards: Any, index: Any, name: Any = None) -> Any:
        """Every `num_shards`-th element, from number `index` on."""
        step, first = int(host(num_shards)), int(host(index))
        if not 0 <= first < step:
            raise ArgumentError(f"shard: index is from 0 to num_shards - 1. Received: {first} of {step}")
        length = self._length if self._length < 0 else max(0, -(-(self._length - first) // step))
        return self._passed("_ShardDataset", lambda s: itertools.islice(s, first, None, step), length)

    def repeat(self, count: Any = None, name: Any = None) -> Any:
        """All elements `count` times; without an end with None or -1."""
        many = -1 if count is None else int(host(count))
        length = self._length * many if min(self._length, many) > 0 else UNKNOWN
        if many == 0 or self._length == 0:
            length = 0
        elif self._length == INFINITE or (many < 0 and self._length != UNKNOWN):
            length = INFINITE

        def again(begin: Callable[[], Iterator[Any]]) -> Iterator[Any]:
            for _ in range(many) if many >= 0 else itertools.count():
                some = False
                for element in begin():
                    some = True
                    yield element
                if not some:  # an empty data set would be read for ever
                    return

        rows, spec = self._rows, lambda: self.element_spec
        if rows is None:
            return self._of("_RepeatDataset", lambda: again(self._elements), length, spec)
        many_rows = rows.in_order(lambda: again(rows.order))
        return self._of("_RepeatDataset", many_rows.elements, length, spec, many_rows)

    def shuffle(
        self,
        buffer_size: Any,
        seed: Any = None,
        reshuffle_each_iteration: bool | None = True,
        name: Any = None,
    ) -> Any:
        """Elements in the random order of a buffer; in a new one every time that they are read."""
        size = int(host(buffer_size))
        if size < 1:
            raise ArgumentError(f"shuffle: buffer_size is at least 1. Received: {size}")
        orders = Orders(seed, reshuffle_each_iteration is not False)
        stream = lambda s: streams.shuffled(s, size, orders.generator())
        made, rows = self._passed("_ShuffleDataset", stream, self._length), self._rows
        if isinstance(rows, ArrayRows) and rows.is_shuffled is not None:
            is_whole = size >= self._length and seed is None and orders.anew
            made._rows.is_shuffled = True if is_whole else None
        return made

    def prefetch(self, buffer_size: Any, name: Any = None) -> Any:
        """The same elements: `fit` reads ahead without being told."""
        return self._same("_PrefetchDataset")

    def with_options(self, options: Any, name: Any = None) -> Any:
        """The same elements; options change nothing, because what TensorFlow tunes by them is not here."""
        made = self._same("_OptionsDataset")
        made._options = options
        return made

    def options(self) -> Any:
        """The options that were given."""
        return self._options

    def ignore_errors(self, log_warning: bool = False, name: Any = None) -> Any:
        """Elements without those that raise an error."""
        return self._changed(
            "_IgnoreErrorsDataset", streams.without_errors, UNKNOWN, lambda: self.element_spec
        )

    def cache(self, filename: Any = "", name: Any = None) -> Any:
        """Elements that are computed once, and kept in memory or in a file."""
        path, rows, spec = text(filename), self._rows, lambda: self.element_spec
        cache = Cache(path)
        if isinstance(rows, ArrayRows) and not path:  # arrays are here: it is the order that is kept
            kept = rows.in_order(lambda: cache.over(rows.order))
            return self._of("CacheDataset", kept.elements, self._length, spec, kept)
        return self._of("CacheDataset", lambda: cache.over(self._elements), self._length, spec)

    def concatenate(self, dataset: Any, name: Any = None) -> Any:
        """These elements, then those of another data set."""
        lengths = (self._length, dataset._length)
        length = INFINITE if INFINITE in lengths else UNKNOWN if UNKNOWN in lengths else sum(lengths)
        spec = lambda: specs.joined(self.element_spec, dataset.element_spec)
        return self._changed(
            "_ConcatenateDataset", lambda s: itertools.chain(s, dataset._elements()), length, spec
        )

    def snapshot(self, path: Any, *_: Any, **__: Any) -> Any:
        """Elements that are computed once, and kept in a folder."""
        return self.cache(f"{text(path)}/elements")

    def save(
        self,
        path: Any,
        compression: Any = None,
        shard_func: Any = None,
        checkpoint_args: Any = None,
        name: Any = None,
    ) -> None:
        """Write the elements into a folder, for `Dataset.load`."""
        write_folder(text(path), self._elements())

    @staticmethod
    def load(
        path: Any,
        element_spec: Any = None,
        compression: Any = None,
        reader_func: Any = None,
        wait: bool = False,
        name: Any = None,
    ) -> Any:
        """The elements that `save` wrote."""
        folder = text(path)
        count = sum(1 for _ in read_folder(folder))
        return Dataset._of("_LoadDataset", lambda: read_folder(folder), count)

    def unique(self, name: Any = None) -> Any:
        """Every element once."""
        return self._changed("_UniqueDataset", streams.unique, UNKNOWN, lambda: self.element_spec)

    # One by one.

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        synchronous: Any = None,
        use_unbounded_threadpool: bool = False,
        name: Any = None,
    ) -> Any:
        """A function's results for the elements."""
        function, rows = ElementFunction(map_func), self._rows

        def stream() -> Iterator[Any]:
            return (result for _, result in function.over(self._elements()))

        def spec() -> Any:
            # What is read from texts may be of any length: several are compared.
            looked_at = _LOOKED_AT if specs.has_texts(self.element_spec) else 1
            found = [specs.spec_of(function(one)) for one in itertools.islice(self._elements(), looked_at)]
            return specs.with_unknown_rows(functools.reduce(specs.joined, found), self.element_spec)

        kind = "_MapDataset" if num_parallel_calls is None else "_ParallelMapDataset"
        mapped = None if rows is None else MappedRows(rows, function)
        return self._of(kind, mapped.elements if mapped else stream, self._length, spec, mapped)

    def filter(self, predicate: Callable[..., Any], name: Any = None) -> Any:
        """The elements for which a function is true."""
        function, rows = ElementFunction(predicate), self._rows

        def stream() -> Iterator[Any]:
            return (element for element, keep in function.over(self._elements()) if flag(keep))

        kept = rows.filtered(function) if isinstance(rows, ArrayRows) else None  # others are computed once
        spec = lambda: self.element_spec
        return self._of("_FilterDataset", kept.elements if kept else stream, UNKNOWN, spec, kept)

    def take_while(self, predicate: Callable[..., Any], name: Any = None) -> Any:
        """The elements before the first one for which a function is false."""

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            return itertools.takewhile(lambda element: flag(call(predicate, element)), elements)

        return self._changed("_TakeWhileDataset", stream, UNKNOWN, lambda: self.element_spec)

    def enumerate(self, start: Any = 0, name: Any = None) -> Any:
        """Pairs of a number and an element."""
        first = int(host(start))

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            return ((np.int64(place), element) for place, element in enumerate(elements, first))

        spec = lambda: (specs.spec((), np.int64), self.element_spec)
        return self._changed("_ZipDataset", stream, self._length, spec)

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name: Any = None) -> Any:
        """Outputs of a function of a state and an element, which gives a new state and an output."""

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            state = tensors(host_element(initial_state))
            for element in elements:
                state, output = scan_func(state, tensors(element))
                yield returned_element(output)

        return self._changed("_ScanDataset", stream, self._length)

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any], name: Any = None) -> Any:
        """The last state that a function of a state and an element gives."""
        state = tensors(host_element(initial_state))
        for element in self._elements():
            state = tensors(returned_element(reduce_func(state, tensors(element))))
        return state

    def apply(self, transformation_func: Callable[[Any], Any], name: Any = None) -> Any:
        """What a function makes of the data set."""
        return transformation_func(self)

    def rejection_resample(
        self,
        class_func: Callable[..., Any],
        target_dist: Any,
        initial_dist: Any = None,
        seed: int | None = None,
        name: Any = None,
    ) -> Any:
        """Pairs of a class and an element, kept so often that the classes have the target's shares."""
        goal, orders = np.asarray(host(target_dist), np.float64), Orders(seed, True)
        known = None if initial_dist is None else np.asarray(host(initial_dist), np.float64)

        def stream(elements: Iterator[Any]) -> Iterator[Any]:
            draw, seen = orders.generator(), np.ones(len(goal))
            for element in elements:
                label = number(call(class_func, element))
                seen[label] += 1
                ratios = goal / np.maximum(seen / seen.sum() if known is None else known, 1e-12)
                if draw.random() * ratios.max() < ratios[label]:
                    yield np.int64(label), element

        spec = lambda: (specs.spec((), np.int64), self.element_spec)
        return self._changed("_RejectionResampleDataset", stream, UNKNOWN, spec)


Stream.dataset_class = Dataset
