"""`tf.ragged`: ragged tensors from nested lists, ranges and masks."""

import builtins
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.legacy.tensorflow.hosts import host
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor, places_of
from neurona.legacy.tensorflow.sparse import SparseTensor
from neurona.legacy.tensorflow.tensor import Tensor


def constant(
    pylist: Any, dtype: Any = None, ragged_rank: Any = None, inner_shape: Any = None, name: Any = None,
    row_splits_dtype: Any = None,
) -> Any:  # fmt: skip
    """A ragged tensor from nested lists."""
    depth = _depth(pylist) if ragged_rank is None else int(ragged_rank) + 1
    lengths, items = [], list(pylist)
    for _ in builtins.range(depth - 1):
        lengths.append([len(item) for item in items])
        items = [inner for item in items for inner in item]
    values = host(items) if items else np.zeros(0, np.float32)
    if dtype is not None:
        values = values.astype(np.dtype(getattr(dtype, "as_numpy_dtype", dtype)))
    return RaggedTensor.from_nested_row_lengths(values, lengths) if lengths else Tensor(values)


def _depth(value: Any) -> int:
    if not isinstance(value, (list, tuple, np.ndarray)):
        return 0
    return 1 + max((_depth(item) for item in value), default=0)


def stack(values: Any, axis: int = 0, name: Any = None) -> Any:
    """Arrays, each as a row of a ragged tensor."""
    if axis != 0:
        raise ArgumentError(f"tf.ragged.stack has axis=0 here. Received: axis={axis}")
    return RaggedTensor.from_rows(
        [value if isinstance(value, RaggedTensor) else host(value) for value in values]
    )


def range(
    starts: Any, limits: Any = None, deltas: Any = 1, dtype: Any = None, name: Any = None, **_: Any
) -> Any:
    """Rows of numbers from starts to limits."""
    starts, limits = (0, starts) if limits is None else (starts, limits)
    bounds = np.broadcast_arrays(*(np.atleast_1d(host(value)) for value in (starts, limits, deltas)))
    return RaggedTensor.from_rows([np.arange(*row, dtype=bounds[1].dtype) for row in zip(*bounds)])


def boolean_mask(data: Any, mask: Any, name: Any = None) -> Any:
    """The values of each row where a mask is true."""
    rows = zip(data, mask)
    return RaggedTensor.from_rows([host(row)[host(chosen).astype(bool)] for row, chosen in rows])


def map_flat_values(function: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of the innermost values, with the rows kept."""
    first = next(value for value in args if isinstance(value, RaggedTensor))
    flat = [value.flat_values if isinstance(value, RaggedTensor) else value for value in args]
    return first.with_flat_values(function(*flat, **kwargs))


def row_splits_to_segment_ids(splits: Any, name: Any = None, out_type: Any = None) -> Tensor:
    """The number of the row of each value, by where the rows begin."""
    lengths = np.diff(host(splits))
    return Tensor(np.repeat(np.arange(len(lengths), dtype=np.int64), lengths))


def segment_ids_to_row_splits(
    segment_ids: Any, num_segments: Any = None, out_type: Any = None, name: Any = None
) -> Tensor:
    """Where rows begin, by the number of the row of each value."""
    numbers = host(segment_ids)
    count = int(numbers[-1]) + 1 if num_segments is None and len(numbers) else int(num_segments or 0)
    return Tensor(np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=count))]).astype(np.int64))


def to_sparse(value: RaggedTensor, name: Any = None) -> SparseTensor:
    """The values of a ragged tensor at their places in a sparse one."""
    flat, places = value.flat, places_of(value)
    return SparseTensor(places, Tensor(flat), value._bounds())


def from_sparse(st_input: SparseTensor, name: Any = None, row_splits_dtype: Any = None) -> RaggedTensor:
    """The rows of a sparse matrix; each row's values stand one after the other from its first column on.

    Raises:
        ArgumentError: it is no matrix, or a row has gaps.
    """
    places = np.asarray(st_input.indices)
    if places.shape[1] != 2:
        raise ArgumentError(f"RaggedTensor.from_sparse takes matrices. Received: rank {places.shape[1]}")
    rows = RaggedTensor.from_value_rowids(st_input.values, places[:, 0], int(st_input.shape[0]))
    if not np.array_equal(places_of(rows), places):
        raise ArgumentError("RaggedTensor.from_sparse: the values of each row fill its first columns.")
    return rows


RaggedTensor.to_sparse = to_sparse  # pyright: ignore[reportAttributeAccessIssue]
RaggedTensor.from_sparse = staticmethod(from_sparse)  # pyright: ignore[reportAttributeAccessIssue]
