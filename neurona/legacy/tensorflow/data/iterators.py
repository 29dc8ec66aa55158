"""Iterators over data sets, as programs hold them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.legacy.tensorflow.data.elements import map_structure, tensors
from neurona.legacy.tensorflow.errors import OutOfRangeError
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor


class DatasetIterator:
    """The elements of a data set as tensors."""

    def __init__(self, dataset: Any) -> None:
        self._dataset, self._elements = dataset, dataset._elements()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return tensors(next(self._elements))

    @property
    def element_spec(self) -> Any:
        return self._dataset.element_spec

    def get_next(self, name: Any = None) -> Any:
        """The next element.

        Raises:
            OutOfRangeError: there is none.
        """
        try:
            return next(self)
        except StopIteration:
            raise OutOfRangeError("End of sequence: the data set has no more elements.") from None

    def get_next_as_optional(self) -> Any:
        """The next element, or an empty Optional."""
        found = list(zip(range(1), self))
        return Optional(found[0][1] if found else None, bool(found))

    @property
    def initializer(self) -> None:
        """Begin again: TensorFlow 1's operation, which runs when it is asked for."""
        self._elements = self._dataset._elements()

    def close(self) -> None:
        """Close what is read from."""
        if hasattr(self._elements, "close"):
            self._elements.close()


class Optional:
    """An element that may be missing."""

    def __init__(self, value: Any, has_value: bool) -> None:
        self._value, self._has_value = value, has_value

    def has_value(self, name: Any = None) -> bool:
        return self._has_value

    def get_value(self, name: Any = None) -> Any:
        """The element.

        Raises:
            DataError: it is missing.
        """
        if not self._has_value:
            raise DataError("The Optional has no value.")
        return self._value


class NumpyIterator:
    """The elements of a data set as arrays and scalars of NumPy."""

    def __init__(self, dataset: Any) -> None:
        self._elements = dataset._elements()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return map_structure(_plain, next(self._elements))


def _plain(leaf: Any) -> Any:
    if hasattr(leaf, "as_numpy_iterator"):
        return NumpyIterator(leaf)
    if isinstance(leaf, (RaggedTensor, bytes)):
        return leaf
    array = np.asarray(leaf)
    return array[()] if array.ndim == 0 else array
