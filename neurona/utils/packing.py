"""Batches as tuples, and data sets in two parts."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.preprocessing.batches import Batches


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """A batch as `fit` takes it: x, (x, y) or (x, y, sample_weight).

    Example:

        >>> pack_x_y_sample_weight(1, 2)
        (1, 2)
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """The parts of a batch; None for those that it does not have.

    Raises:
        DataError: it has more than three.

    Example:

        >>> unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    parts = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    if not 1 <= len(parts) <= 3:
        raise DataError(f"A batch is x, (x, y) or (x, y, sample_weight). Received {len(parts)} parts.")
    return (*parts, None, None)[:3]  # pyright: ignore[reportReturnType]


class Elements(Batches):
    """Elements that are at hand, one by one."""

    def __init__(self, elements: list[Any]) -> None:
        super().__init__()
        self._elements = elements

    def __len__(self) -> int:
        return len(self._elements)

    def read_batch(self, number: int) -> Any:
        return self._elements[number]


def split_dataset(
    dataset: Any,
    left_size: int | float | None = None,
    right_size: int | float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Elements, Elements]:
    """The elements of a data set in two parts.

    Args:
        dataset: an array, or a tuple, list or dictionary of arrays, whose rows are the elements; or anything
            that can be iterated over.
        left_size, right_size: how many elements go into each part, or which share of all; one of the two is
            enough.
        shuffle: whether the elements are put in a random order first.
        seed: of that order.
        preferred_backend: accepted for compatibility.

    Raises:
        ArgumentError: the sizes do not fit.

    Example:

        >>> left, right = split_dataset(np.arange(10), left_size=0.8)
        >>> len(left), [int(x) for x in right]
        (8, [8, 9])
    """
    elements = _elements(dataset)
    if shuffle:
        np.random.RandomState(seed).shuffle(order := np.arange(len(elements)))
        elements = [elements[row] for row in order]
    left, right = _part_sizes(left_size, right_size, len(elements))
    return Elements(elements[:left]), Elements(elements[left : left + right])


def _elements(dataset: Any) -> list[Any]:
    is_rows = isinstance(dataset, (np.ndarray, jax.Array, Mapping)) or (
        isinstance(dataset, (tuple, list))
        and all(hasattr(leaf, "shape") and np.ndim(leaf) for leaf in jax.tree.leaves(dataset))
    )
    if not is_rows:
        return list(dataset)
    leaves, tree = jax.tree.flatten(dataset)
    if len({len(leaf) for leaf in leaves}) > 1:
        raise DataError(
            f"split_dataset: all arrays have as many rows. Received: {[len(leaf) for leaf in leaves]}"
        )
    return [jax.tree.unflatten(tree, row) for row in zip(*leaves)]


def _part_sizes(left: Any, right: Any, count: int) -> tuple[int, int]:
    """How many elements go into each part."""

    def size(given: Any, name: str) -> int | None:
        if given is None:
            return None
        most = 1 if isinstance(given, float) else count
        if (
            isinstance(given, bool)
            or not isinstance(given, (int, float, np.integer))
            or not 0 < given <= most
        ):
            raise ArgumentError(
                f"split_dataset: {name} is a number of the {count} elements, or a share between 0 and 1. "
                f"Received: {name}={given!r}"
            )
        return round(given * count) if isinstance(given, float) else int(given)

    one, other = size(left, "left_size"), size(right, "right_size")
    if one is None and other is None:
        raise ArgumentError("split_dataset: give left_size, right_size or both.")
    one = count - (other or 0) if one is None else one
    other = count - one if other is None else other
    if one + other > count or not one or not other:
        raise ArgumentError(
            f"split_dataset: {count} elements can't be split into {one} and {other}. Give other sizes."
        )
    return one, other
