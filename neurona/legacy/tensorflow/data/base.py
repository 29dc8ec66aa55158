"""Stream: how a data set is read, and how another one is made of it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.legacy.tensorflow.data import specs
from neurona.legacy.tensorflow.data.elements import tensors
from neurona.legacy.tensorflow.data.iterators import DatasetIterator, NumpyIterator
from neurona.legacy.tensorflow.data.orders import INFINITE, UNKNOWN, Rows
from neurona.legacy.tensorflow.dispatch import Hooks
from neurona.legacy.tensorflow.tensor import Tensor


class Stream:
    """Elements, read anew by every iteration.

    Args:
        elements: begins an iteration.
        length: how many there are; INFINITE or UNKNOWN.
    """

    dataset_class: ClassVar[Any]  # the class of data sets, which is made of this one

    def __init__(self, elements: Callable[[], Iterator[Any]], length: int = UNKNOWN) -> None:
        self._kind = type(self).__name__
        self._elements, self._length = elements, length
        self._find_spec: Callable[[], Any] | None = None
        self._rows: Rows | None = None
        self._options: Any = None
        self._whole: tuple[Any, int, bool] | None = (
            None  # the arrays, batch size and order that these batches are
        )

    @classmethod
    def _of(
        cls,
        kind: str,
        elements: Callable[[], Iterator[Any]],
        length: int,
        spec: Callable[[], Any] | None = None,
        rows: Rows | None = None,
    ) -> Any:
        made = Stream.dataset_class(elements, length)
        made._kind, made._find_spec, made._rows = kind, spec, rows
        return made

    def _passed(self, kind: str, stream: Callable[[Iterator[Any]], Iterator[Any]], length: int) -> Any:
        """The same elements in another number or order."""
        if self._rows is not None:
            rows = self._rows.passed(stream)
            return self._of(kind, rows.elements, length, lambda: self.element_spec, rows)
        return self._of(kind, lambda: stream(self._elements()), length, lambda: self.element_spec)

    def _same(self, kind: str) -> Any:
        """The same elements in the same order."""
        made = self._of(kind, self._elements, self._length, lambda: self.element_spec, self._rows)
        made._whole, made._options = self._whole, self._options
        return made

    def array_rows(self) -> tuple[Any, int, bool] | None:
        """Arrays, a batch size and whether to shuffle, where the data set is batches of all rows of arrays.

        `fit` and its like then take the arrays themselves.
        """
        return self._whole

    def _changed(
        self,
        kind: str,
        stream: Callable[[Iterator[Any]], Iterator[Any]],
        length: int,
        spec: Callable[[], Any] | None = None,
    ) -> Any:
        """Other elements, made of these."""
        return self._of(kind, lambda: stream(self._elements()), length, spec)

    # Reading.

    def __iter__(self) -> Iterator[Any]:
        return DatasetIterator(self)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as arrays of NumPy."""
        return NumpyIterator(self)

    def make_one_shot_iterator(self) -> Any:
        """TensorFlow 1's iterator, whose `get_next` gives elements at once.

        Raises:
            ArgumentError: a graph is being drawn, which would hold one element for ever.
        """
        if Hooks.draws():
            raise ArgumentError(
                "A graph holds no iterator of a data set: go through the data set, `for x, y in dataset:`, "
                "and feed each batch to session.run by its feed_dict."
            )
        return DatasetIterator(self)

    make_initializable_iterator = make_one_shot_iterator

    def get_single_element(self, name: Any = None) -> Any:
        """The only element.

        Raises:
            DataError: there is none, or more than one.
        """
        found = list(itertools.islice(self._elements(), 2))
        if len(found) != 1:
            raise DataError("get_single_element needs a data set of exactly one element.")
        return tensors(found[0])

    def __len__(self) -> int:
        if self._length in (INFINITE, UNKNOWN):
            state = "is infinite" if self._length == INFINITE else "length is unknown"
            raise TypeError(f"The dataset {state}.")
        return self._length

    def __bool__(self) -> bool:
        return True

    def cardinality(self, name: Any = None) -> Any:
        """The number of elements; -1 without an end, -2 where it is not known."""
        return Tensor(np.array(self._length, np.int64))

    @functools.cached_property
    def element_spec(self) -> Any:
        if self._find_spec is not None:
            return self._find_spec()
        first = next(self._elements(), None)
        if first is None:
            raise DataError("element_spec: the data set has no elements, so that their form is not known.")
        return specs.spec_of(first)

    def __repr__(self) -> str:
        return f"<{self._kind} element_spec={self.element_spec!r}>"
