"""`tf.sets`: sets along the last axis of tensors."""

from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.legacy.tensorflow.dispatch import static, tensor_of
from neurona.legacy.tensorflow.dtypes import int32
from neurona.legacy.tensorflow.sparse import SparseTensor
from neurona.legacy.tensorflow.tensor import Tensor


def _rows(given: Any) -> tuple[tuple[int, ...], dict[tuple[int, ...], set[Any]], Any]:
    """The shape without the last axis, the set of each row, and the dtype."""
    if isinstance(given, SparseTensor):
        shape = tuple(static(given.dense_shape))[:-1]
        rows: dict[tuple[int, ...], set[Any]] = {place: set() for place in np.ndindex(*shape)}
        for place, value in zip(static(given.indices), np.asarray(given.values._array).tolist(), strict=True):
            rows[tuple(place[:-1])].add(value)
        return shape, rows, given.values
    tensor = tensor_of(given)
    array = np.asarray(tensor._array)
    return (
        array.shape[:-1],
        {place: set(array[place].tolist()) for place in np.ndindex(*array.shape[:-1])},
        tensor,
    )


def _joined(a: Any, b: Any, join: Callable[[set[Any], set[Any]], set[Any]]) -> SparseTensor:
    shape, first, like = _rows(a)
    _, second, _ = _rows(b)
    found = {place: sorted(join(first[place], second.get(place, set()))) for place in first}
    places = [(*place, number) for place, row in found.items() for number in range(len(row))]
    values = [value for row in found.values() for value in row]
    array: Any = np.array(values, object if like._array.dtype == object else like._array.dtype)
    kept = Tensor(array if array.dtype == object else jnp.asarray(array), like._dtype)
    widest = max((len(row) for row in found.values()), default=0)
    return SparseTensor(np.array(places, np.int32).reshape(-1, len(shape) + 1), kept, (*shape, widest))


def union(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """What is in either row."""
    return _joined(a, b, set.union)


def intersection(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """What is in both rows."""
    return _joined(a, b, set.intersection)


def difference(a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True) -> SparseTensor:
    """What is in the first row only, or with aminusb=False in the second."""
    return _joined(a, b, set.difference) if aminusb else _joined(b, a, set.difference)


def size(a: Any, validate_indices: bool = True) -> Tensor:
    """How many different elements each row has."""
    shape, rows, _ = _rows(a)

    def counts() -> Iterator[int]:
        return (len(rows[place]) for place in np.ndindex(*shape))

    return Tensor(jnp.asarray(np.fromiter(counts(), np.int32).reshape(shape)), int32)


set_union, set_intersection, set_difference, set_size = union, intersection, difference, size
