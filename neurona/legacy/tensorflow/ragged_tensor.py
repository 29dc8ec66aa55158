"""RaggedTensor: rows of different lengths, kept on the host as their values and where each row begins."""

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.tensor_shape import TensorShape


class RaggedTensor:
    """Row i holds `values[row_splits[i]:row_splits[i + 1]]`; values may be ragged themselves."""

    def __init__(self, values: Any, row_splits: Any) -> None:
        self._values: Any = values if isinstance(values, RaggedTensor) else _array(values)
        self._splits = np.asarray(row_splits, np.int64)

    # How they are made.

    @classmethod
    def from_row_splits(cls, values: Any, row_splits: Any, name: Any = None, validate: bool = True) -> Any:
        """Rows that begin and end where `row_splits` says."""
        splits = _array(row_splits)
        if validate and (splits[0] != 0 or (np.diff(splits) < 0).any() or splits[-1] != len(values)):
            raise ArgumentError(
                f"row_splits begin with 0, never fall and end with the number of values, {len(values)}. "
                f"Received: {splits.tolist()}"
            )
        return cls(values, splits)

    @classmethod
    def from_row_lengths(cls, values: Any, row_lengths: Any, name: Any = None, validate: bool = True) -> Any:
        """Rows of given lengths."""
        splits = np.concatenate([[0], np.cumsum(_array(row_lengths))])
        return cls.from_row_splits(values, splits, validate=validate)

    @classmethod
    def from_row_starts(cls, values: Any, row_starts: Any, name: Any = None, validate: bool = True) -> Any:
        """Rows that begin at given values."""
        splits = np.concatenate([_array(row_starts), [len(values)]])
        return cls.from_row_splits(values, splits, validate=validate)

    @classmethod
    def from_value_rowids(
        cls, values: Any, value_rowids: Any, nrows: Any = None, name: Any = None, validate: bool = True
    ) -> Any:
        """Rows made of the values that have their number."""
        numbers = _array(value_rowids)
        count = (int(numbers[-1]) + 1 if len(numbers) else 0) if nrows is None else int(nrows)
        return cls.from_row_lengths(values, np.bincount(numbers, minlength=count), validate=validate)

    @classmethod
    def from_uniform_row_length(
        cls, values: Any, uniform_row_length: int, nrows: Any = None, name: Any = None, validate: bool = True
    ) -> Any:
        """Rows of one length."""
        return cls.from_row_lengths(values, [uniform_row_length] * (len(values) // uniform_row_length))

    @classmethod
    def from_tensor(
        cls, tensor: Any, lengths: Any = None, padding: Any = None, ragged_rank: int = 1, name: Any = None
    ) -> Any:
        """The rows of an array, cut to lengths or before the padding at their ends."""
        array = _array(tensor)
        if ragged_rank != 1:
            raise ArgumentError(f"RaggedTensor.from_tensor has ragged_rank=1 here. Received: {ragged_rank}")
        if lengths is None:
            lengths = [array.shape[1]] * len(array)
            if padding is not None:
                fill = _array(padding)
                filled = (array != fill).reshape(*array.shape[:2], -1).any(-1)
                lengths = [int(row.nonzero()[0][-1]) + 1 if row.any() else 0 for row in filled]
        lengths = _array(lengths)
        parts = [row[:length] for row, length in zip(array, lengths)]
        values = np.concatenate(parts) if parts else array.reshape(0, *array.shape[2:])
        return cls.from_row_lengths(values, lengths)

    @classmethod
    def from_rows(cls, rows: Sequence[Any]) -> Any:
        """Rows as one, each an array or ragged itself."""
        parts = [row if isinstance(row, RaggedTensor) else _array(row) for row in rows]
        return cls.from_row_lengths(concatenated(parts), [len(part) for part in parts])

    @classmethod
    def from_nested_row_splits(cls, flat_values: Any, nested_row_splits: Sequence[Any], **_: Any) -> Any:
        """Rows of rows, by their splits from the outermost in."""
        result = flat_values
        for splits in reversed(list(nested_row_splits)):
            result = cls.from_row_splits(result, splits)
        return result

    @classmethod
    def from_nested_row_lengths(cls, flat_values: Any, nested_row_lengths: Sequence[Any], **_: Any) -> Any:
        """Rows of rows, by their lengths from the outermost in."""
        result = flat_values
        for lengths in reversed(list(nested_row_lengths)):
            result = cls.from_row_lengths(result, lengths)
        return result

    # What they are.

    @property
    def values(self) -> Any:
        return self._values if isinstance(self._values, RaggedTensor) else Tensor(self._values)

    @property
    def flat_values(self) -> Any:
        return Tensor(self.flat)

    @property
    def flat(self) -> np.ndarray:
        """The innermost values, as an array of NumPy."""
        return self._values.flat if isinstance(self._values, RaggedTensor) else self._values

    @property
    def row_splits(self) -> Any:
        return Tensor(self._splits)

    @property
    def nested_row_splits(self) -> tuple[Any, ...]:
        inner = self._values.nested_row_splits if isinstance(self._values, RaggedTensor) else ()
        return (self.row_splits, *inner)

    @property
    def ragged_rank(self) -> int:
        return 1 + (self._values.ragged_rank if isinstance(self._values, RaggedTensor) else 0)

    @property
    def dtype(self) -> Any:
        return self.flat_values.dtype

    @property
    def shape(self) -> Any:
        inside = list(self._values.shape)[1:]
        return TensorShape([len(self), None, *inside])

    def get_shape(self) -> Any:
        return self.shape

    def row_lengths(self, axis: int = 1, name: Any = None) -> Any:
        """The length of each row; with axis=2 those of the rows within rows."""
        if axis > 1:
            return RaggedTensor(self._values.row_lengths(axis - 1)._array, self._splits)
        return Tensor(np.diff(self._splits))

    def row_starts(self, name: Any = None) -> Any:
        return Tensor(self._splits[:-1])

    def row_limits(self, name: Any = None) -> Any:
        return Tensor(self._splits[1:])

    def value_rowids(self, name: Any = None) -> Any:
        """The number of the row of each value."""
        return Tensor(np.repeat(np.arange(len(self)), np.diff(self._splits)))

    def nrows(self, out_type: Any = None, name: Any = None) -> Any:
        return Tensor(np.array(len(self), np.int64))

    def bounding_shape(self, axis: Any = None, name: Any = None, out_type: Any = None) -> Any:
        """The shape of the smallest array that holds all rows."""
        shape = np.array(self._bounds(), np.int64)
        return Tensor(shape if axis is None else shape[axis])

    def _bounds(self) -> list[int]:
        longest = int(np.diff(self._splits).max(initial=0))
        inner = self._values._bounds() if isinstance(self._values, RaggedTensor) else self._values.shape
        return [len(self), longest, *inner[1:]]

    # What is made of them.

    def to_list(self) -> list[Any]:
        """The rows as nested lists of Python's values."""
        values = self._values.to_list() if isinstance(self._values, RaggedTensor) else self._values.tolist()
        return [values[start:stop] for start, stop in zip(self._splits, self._splits[1:])]

    def to_tensor(self, default_value: Any = None, name: Any = None, shape: Any = None) -> Any:
        """An array with the rows, filled up with a value, or cut, to one length."""
        bounds = self._bounds()
        for axis, size in enumerate([] if shape is None else list(TensorShape(shape))):
            bounds[axis] = bounds[axis] if size is None else int(size)
        fill = (b"" if self.flat.dtype == object else 0) if default_value is None else _array(default_value)
        result = np.full(bounds, fill.item() if isinstance(fill, np.ndarray) else fill, self.flat.dtype)
        self._write(result)
        return Tensor(result)

    def _write(self, result: np.ndarray) -> None:
        for number, row in enumerate(self._rows()[: len(result)]):
            if isinstance(row, RaggedTensor):
                row._write(result[number])
            else:
                result[number, : len(row)] = row[: result.shape[1]]

    def numpy(self) -> Any:
        """The rows: an array if they have one length, otherwise an array of arrays."""
        rows = [row.numpy() if isinstance(row, RaggedTensor) else row for row in self._rows()]
        if len({np.shape(row) for row in rows}) <= 1 and all(row.dtype != object for row in rows):
            return np.array(rows, self.flat.dtype)
        result = np.empty(len(rows), object)
        for number, row in enumerate(rows):
            result[number] = row
        return result

    def with_values(self, new_values: Any) -> Any:
        """The same rows of other values."""
        return RaggedTensor(new_values, self._splits)

    def with_flat_values(self, new_values: Any) -> Any:
        """The same rows of other innermost values."""
        inner = self._values
        new = inner.with_flat_values(new_values) if isinstance(inner, RaggedTensor) else new_values
        return RaggedTensor(new, self._splits)

    def merge_dims(self, outer_axis: int, inner_axis: int) -> Any:
        """Rows of rows joined to rows, from one axis to another."""
        if outer_axis < 0 or inner_axis < 0:
            rank = len(self.shape)
            return self.merge_dims(outer_axis % rank, inner_axis % rank)
        if outer_axis > 0:
            return RaggedTensor(self._values.merge_dims(outer_axis - 1, inner_axis - 1), self._splits)
        inner = self.values
        for _ in range(inner_axis - 1):
            inner = inner.values if isinstance(inner, RaggedTensor) else _joined_axes(inner)
        return inner

    def map_flat(self, function: Callable[[np.ndarray], Any]) -> Any:
        """The same rows of what a function of an array gives for the innermost values."""
        return self.with_flat_values(function(self.flat))

    def _rows(self) -> list[Any]:
        return [self._values[start:stop] for start, stop in zip(self._splits, self._splits[1:])]

    def __len__(self) -> int:
        return len(self._splits) - 1

    def __iter__(self) -> Iterator[Any]:
        return (row if isinstance(row, RaggedTensor) else Tensor(row) for row in self._rows())

    def __getitem__(self, key: Any) -> Any:
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, slice) or np.ndim(first):
            numbers = np.arange(len(self))[first]
            chosen = (
                RaggedTensor.from_rows(rows) if (rows := [self._row(n) for n in numbers]) else self._none()
            )
            return chosen._within(tuple(rest)) if rest else chosen
        row = self._row(int(first))
        row: Any = row if isinstance(row, RaggedTensor) else Tensor(row)
        return row[tuple(rest)] if rest else row

    def _none(self) -> Any:
        return RaggedTensor(self._values[:0], [0])

    def _row(self, number: int) -> Any:
        if not -len(self) <= number < len(self):
            raise IndexError(f"row {number} of a ragged tensor of {len(self)} rows")
        number %= len(self)
        return self._values[int(self._splits[number]) : int(self._splits[number + 1])]

    def _within(self, key: tuple[Any, ...]) -> Any:
        """Every row indexed."""
        rows = [row[key] for row in self._rows()]
        if isinstance(key[0], slice):
            return RaggedTensor.from_rows(rows)
        return Tensor(np.array([_array(row) for row in rows], self.flat.dtype))

    def __repr__(self) -> str:
        return f"<tf.RaggedTensor {_written(self.to_list())}>"

    def _with(self, function: Callable[..., Any], other: Any) -> Any:
        if isinstance(other, RaggedTensor):
            if not np.array_equal(self._splits, other._splits):
                raise ShapeError(
                    f"Two ragged tensors need rows of equal lengths. Received lengths "
                    f"{np.diff(self._splits).tolist()} and {np.diff(other._splits).tolist()}."
                )
            return self.with_flat_values(function(self.flat, other.flat))
        other = _array(other)
        if other.ndim and other.shape[0] == len(self) and other.size == len(self):  # one for each row
            other = np.repeat(other.reshape(-1), np.diff(self._splits))
        return self.with_flat_values(function(self.flat, other.astype(self.flat.dtype)))


def _operator(function: Callable[..., Any], turned: bool = False) -> Any:
    def method(self: RaggedTensor, other: Any) -> Any:
        return self._with((lambda a, b: function(b, a)) if turned else function, other)

    return method


def _of_values(function: Callable[[Any], Any]) -> Any:
    return lambda self: self.with_flat_values(function(self.flat))


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    setattr(RaggedTensor, f"__{_name}__", _operator(getattr(operator, _name)))
    setattr(RaggedTensor, f"__r{_name}__", _operator(getattr(operator, _name), turned=True))
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "and_", "or_"):
    setattr(RaggedTensor, f"__{_name.strip('_')}__", _operator(getattr(operator, _name)))
for _name in ("neg", "invert", "abs"):
    setattr(RaggedTensor, f"__{_name}__", _of_values(getattr(operator, _name)))
RaggedTensor.__hash__ = object.__hash__


class DynamicRaggedShape:
    """`tf.shape` of a ragged tensor: its sizes, and for each ragged axis the lengths of the rows.

    Args:
        value: the ragged tensor.
        dtype: of the sizes.
    """

    def __init__(self, value: RaggedTensor, dtype: Any = "int32") -> None:
        self._value, self._dtype = value, np.dtype(dtype)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self._value.shape)

    @property
    def num_row_partitions(self) -> int:
        """The number of ragged axes."""
        return self._value.ragged_rank

    def __getitem__(self, axis: int) -> Any:
        """The size of an axis that is not ragged.

        Raises:
            ValueError: the axis is ragged.
        """
        axis = range(self.rank)[axis]
        if 1 <= axis <= self.num_row_partitions:
            raise ValueError(
                f"Axis {axis} is ragged: its rows have different lengths. Use row_lengths() or "
                "bounding_shape() of the ragged tensor."
            )
        size = len(self._value) if axis == 0 else self._value.flat.shape[axis - self.num_row_partitions]
        return Tensor(np.array(size, self._dtype))

    def static_lengths(self) -> list[Any]:
        """The size of each axis, or the lengths of its rows."""
        sizes: list[Any] = [len(self._value)]
        inner = self._value
        while isinstance(inner, RaggedTensor):
            sizes.append(tuple(int(length) for length in np.diff(inner._splits)))
            inner = inner._values
        return [*sizes, *self._value.flat.shape[1:]]

    def __repr__(self) -> str:
        return (
            f"<DynamicRaggedShape lengths={self.static_lengths()} "
            f"num_row_partitions={self.num_row_partitions}>"
        )


def places_of(value: RaggedTensor) -> np.ndarray:
    """The place of each innermost value, a row for each: its row, its column and so on."""
    rows = np.repeat(np.arange(len(value)), np.diff(value._splits))
    columns = np.arange(len(rows)) - value._splits[rows]
    places = np.stack([rows, columns], axis=1)
    if not isinstance(value._values, RaggedTensor):
        return places
    inner = places_of(value._values)
    return np.concatenate([places[inner[:, 0]], inner[:, 1:]], axis=1)


def concatenated(parts: Sequence[Any]) -> Any:
    """Arrays or ragged tensors one after the other, along their first axis."""
    if any(isinstance(part, RaggedTensor) for part in parts):
        lengths = np.concatenate([np.diff(part._splits) for part in parts])
        return RaggedTensor.from_row_lengths(concatenated([part._values for part in parts]), lengths)
    filled = [part for part in parts if len(part)] or list(parts)[:1]
    return np.concatenate(filled)


def _array(value: Any) -> np.ndarray:
    """An array of NumPy, with 32 bits where Python's numbers come without a dtype."""
    if isinstance(value, (Tensor, np.ndarray, np.generic)):
        return np.asarray(value._array if isinstance(value, Tensor) else value)
    array = np.asarray(value)
    if array.dtype.kind in "US":
        array = np.array([i.encode() if isinstance(i, str) else i for i in array.ravel().tolist()], object)
        return array.reshape(np.shape(value))
    return array.astype({"int64": np.int32, "float64": np.float32}.get(array.dtype.name, array.dtype))


def _joined_axes(tensor: Any) -> Any:
    array = _array(tensor)
    return Tensor(array.reshape(-1, *array.shape[2:]))


def _written(rows: list[Any], indent: int = 1) -> str:
    """Lists as NumPy writes them: lists of lists of lists one under the other."""
    if rows and isinstance(rows[0], list) and any(isinstance(item, list) for row in rows for item in row):
        return "[" + f",\n{' ' * indent}".join(_written(row, indent + 1) for row in rows) + "]"
    return str(rows)
