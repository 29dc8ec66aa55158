"""Where data sets come from: arrays, ranges, generators, other data sets."""

from __future__ import annotations

import builtins
import glob
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError, ShapeError
from neurona.legacy.tensorflow.data import specs, streams
from neurona.legacy.tensorflow.data.base import Stream
from neurona.legacy.tensorflow.data.elements import (
    count_rows,
    host_element,
    in_order,
    leaves,
    leaves_of_shapes,
    map_structure,
    matched,
    shape_of,
)
from neurona.legacy.tensorflow.data.orders import INFINITE, UNKNOWN, ArrayRows, Orders, ZippedRows
from neurona.legacy.tensorflow.hosts import host, text
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor


class Sources(Stream):
    """The constructors of Dataset."""

    @classmethod
    def from_tensor_slices(cls, tensors: Any, name: Any = None) -> Any:
        """The rows of arrays."""
        arrays = host_element(tensors)
        count = count_rows(arrays)
        rows = ArrayRows(arrays, lambda: iter(builtins.range(count)), False)
        spec = lambda: specs.unbatched(specs.spec_of(arrays))
        return cls._of("_TensorSliceDataset", rows.elements, count, spec, rows)

    @classmethod
    def from_tensors(cls, tensors: Any, name: Any = None) -> Any:
        """One element."""
        element = host_element(tensors)
        return cls._of("_TensorDataset", lambda: iter([element]), 1, lambda: specs.spec_of(element))

    @classmethod
    def range(cls, *args: Any, output_type: Any = np.int64, name: Any = None) -> Any:
        """Integers as Python's `range` gives them."""
        numbers = np.arange(*(int(host(bound)) for bound in args), dtype=_dtype(output_type))
        spec = lambda: specs.spec((), numbers.dtype)
        rows = ArrayRows(numbers, lambda: iter(builtins.range(len(numbers))))
        return cls._of("_RangeDataset", rows.elements, len(numbers), spec, rows)

    @classmethod
    def counter(cls, start: Any = 0, step: Any = 1, dtype: Any = np.int64, name: Any = None) -> Any:
        """Numbers from `start` on, without an end."""
        first, by, kind = host(start).item(), host(step).item(), _dtype(dtype)
        elements = lambda: (kind.type(number) for number in itertools.count(first, by))
        return cls._of("CounterV2", elements, INFINITE, lambda: specs.spec((), kind))

    @classmethod
    def random(cls, seed: int | None = None, rerandomize_each_iteration: Any = None, name: Any = None) -> Any:
        """Random integers of 32 bits, without an end."""
        orders = Orders(seed, bool(rerandomize_each_iteration))

        def elements() -> Iterator[Any]:
            generator = orders.generator()
            return (np.int64(generator.integers(2**32)) for _ in itertools.count())

        return cls._of("_RandomDataset", elements, INFINITE, lambda: specs.spec((), np.int64))

    @classmethod
    def from_generator(
        cls,
        generator: Callable[..., Any],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = None,
        output_signature: Any = None,
        name: Any = None,
    ) -> Any:
        """What a function yields, which is called anew for every iteration."""
        if not callable(generator):
            raise ArgumentError(
                "Dataset.from_generator takes a function that returns a new generator, so that the data set "
                f"can be read again: pass `lambda: generator`. Received: {type(generator).__name__}"
            )
        if (output_types is None) == (output_signature is None):
            raise ArgumentError(
                "Dataset.from_generator takes either output_signature (of tf.TensorSpec), or output_types "
                "and output_shapes."
            )
        given = tuple(host(value) for value in args or ())
        like = output_signature if output_signature is not None else output_types
        like = tuple(like) if isinstance(like, list) else like
        types, shapes = _types_and_shapes(like, output_shapes, output_signature is not None)

        def elements() -> Iterator[Any]:
            return (_as_declared(element, like, types, shapes) for element in iter(generator(*given)))

        def spec() -> Any:
            if output_signature is not None:
                return like
            return in_order(like, [specs.spec(s, t) for t, s in zip(types, shapes)])

        return cls._of("_FlatMapDataset", elements, UNKNOWN, spec)

    @classmethod
    def zip(cls, *args: Any, datasets: Any = None, name: Any = None) -> Any:
        """Elements of several data sets side by side, until one of them ends."""
        tree = datasets if datasets is not None else args[0] if len(args) == 1 else args
        tree = tuple(tree) if isinstance(tree, list) else tree
        parts = leaves(tree)
        _check_datasets(parts)

        def elements() -> Iterator[Any]:
            return (in_order(tree, row) for row in zip(*(part._elements() for part in parts)))

        known = {part._length for part in parts} - {INFINITE}
        length = min(known, default=INFINITE)  # UNKNOWN is the least
        spec = lambda: map_structure(lambda part: part.element_spec, tree)
        if any(part._rows is None for part in parts):
            return cls._of("_ZipDataset", elements, length, spec)
        rows = ZippedRows(in_order(tree, [part._rows for part in parts]))
        return cls._of("_ZipDataset", rows.elements, length, spec, rows)

    @classmethod
    def list_files(
        cls, file_pattern: Any, shuffle: bool | None = None, seed: int | None = None, name: Any = None
    ) -> Any:
        """The paths of files that match a pattern, or several; in a new order each time unless shuffle=False.

        Raises:
            DataError: there are none.
        """
        patterns = [text(pattern) for pattern in np.atleast_1d(host(file_pattern)).tolist()]
        found = sorted({path for pattern in patterns for path in files_of(pattern)})
        if not found:
            raise DataError(f"No file matches {', '.join(map(repr, patterns))}.")
        files = cls.from_tensor_slices(np.array(found, np.str_))
        return files if shuffle is False else files.shuffle(len(found), seed=seed)

    @classmethod
    def sample_from_datasets(
        cls,
        datasets: Sequence[Any],
        weights: Any = None,
        seed: int | None = None,
        stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: Any = None,
    ) -> Any:
        """The next element of a data set that is drawn at random, with the weights' probabilities."""
        orders, many = Orders(seed, rerandomize_each_iteration is not False), len(datasets)
        shares = None if weights is None else np.asarray(host(weights), np.float64)
        shares = None if shares is None else shares / shares.sum()

        def elements() -> Iterator[Any]:
            draw = orders.generator()
            choices = (int(draw.choice(many, p=shares)) for _ in itertools.count())
            return streams.chosen([one._elements() for one in datasets], choices, stop_on_empty_dataset)

        endless = all(one._length == INFINITE for one in datasets)
        spec = lambda: datasets[0].element_spec
        return cls._of("_SampleFromDatasets", elements, INFINITE if endless else UNKNOWN, spec)

    @classmethod
    def choose_from_datasets(
        cls, datasets: Sequence[Any], choice_dataset: Any, stop_on_empty_dataset: bool = True
    ) -> Any:
        """The next element of the data set whose number `choice_dataset` yields."""

        def elements() -> Iterator[Any]:
            choices = (int(choice) for choice in choice_dataset._elements())
            return streams.chosen([one._elements() for one in datasets], choices, stop_on_empty_dataset)

        spec = lambda: datasets[0].element_spec
        return cls._of("_DirectedInterleaveDataset", elements, UNKNOWN, spec)


def _check_datasets(parts: list[Any]) -> None:
    wrong = next((part for part in parts if not isinstance(part, Stream)), None)
    if not parts or wrong is not None:
        raise ArgumentError(f"Dataset.zip takes data sets. Received: {wrong!r}")


def files_of(pattern: str) -> list[str]:
    """The paths that match a pattern of the shell, sorted."""
    return sorted(glob.glob(pattern))


def _dtype(dtype: Any) -> np.dtype:
    """A dtype of TensorFlow or NumPy as NumPy's; texts are objects."""
    found = np.dtype(getattr(dtype, "as_numpy_dtype", dtype))
    return np.dtype(object) if found.kind in "USO" else found


def _types_and_shapes(like: Any, output_shapes: Any, signed: bool) -> tuple[list[Any], list[Any]]:
    if signed:
        return [_dtype(spec.dtype) for spec in leaves(like)], [shape_of(spec.shape) for spec in leaves(like)]
    types = [_dtype(dtype) for dtype in leaves(like)]
    if output_shapes is None:
        return types, [None] * len(types)
    return types, leaves_of_shapes(output_shapes, like)


def _as_declared(element: Any, like: Any, types: list[Any], shapes: list[Any]) -> Any:
    """A generator's element in the declared dtypes, after its structure and shapes were compared.

    Raises:
        ShapeError: it has another structure or shape than was declared.
    """
    if isinstance(like, tuple) and isinstance(element, (list, np.ndarray)):
        element = tuple(element)
    try:
        parts = matched(like, element)
    except (KeyError, TypeError, ValueError):
        raise ShapeError(
            f"from_generator: the generator yielded {_described(element)}, and the declared structure is "
            f"{like!r}."
        ) from None
    found = []
    for part, dtype, shape in zip(parts, types, shapes):
        array = host(part)
        array = array if isinstance(array, RaggedTensor) else array.astype(dtype, copy=False)
        if shape is not None and not _matches(np.shape(array), shape):
            raise ShapeError(
                f"from_generator: the generator yielded an array of shape {np.shape(array)}, and the "
                "declared "
                f"shape is {shape}."
            )
        found.append(array)
    return in_order(like, found)


def _matches(shape: tuple[int, ...], declared: tuple[int | None, ...]) -> bool:
    return len(shape) == len(declared) and all(d in (None, n) for n, d in zip(shape, declared))


def _described(element: Any) -> str:
    if isinstance(element, tuple):
        return f"a tuple of {len(element)}"
    return f"keys {list(element)}" if isinstance(element, dict) else f"one {type(element).__name__}"
