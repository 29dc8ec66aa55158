"""Elements that are chosen by number, in an order that is found anew by each iteration.

They are not read before they are needed, so that a batch is gathered, and computed, at once.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from neurona.legacy.tensorflow.data.elements import in_order, leaves, row_of, rows_of, stacked
from neurona.legacy.tensorflow.data.mapping import ElementFunction, flag
from neurona.legacy.tensorflow.data.streams import growing_groups
from neurona.training.batches import new_numpy_generator

INFINITE, UNKNOWN = -1, -2
_BLOCK = 128  # elements that are looked at together


class Rows:
    """Elements by number.

    Args:
        order: begins an iteration over their numbers.
    """

    def __init__(self, order: Callable[[], Iterator[Any]]) -> None:
        self.order = order

    def row(self, key: Any) -> Any:
        """The element of a number."""
        raise NotImplementedError

    def gather(self, keys: list[Any]) -> Any:
        """The elements of some numbers, stacked."""
        raise NotImplementedError

    def in_order(self, order: Callable[[], Iterator[Any]]) -> "Rows":
        """The same elements in another order."""
        raise NotImplementedError

    def elements(self) -> Iterator[Any]:
        """The elements one by one."""
        return (self.row(key) for key in self.order())

    def batches(self, size: int, drop_remainder: bool) -> Iterator[Any]:
        """Batches of elements."""
        order = self.order()
        while keys := list(itertools.islice(order, size)):
            if len(keys) == size or not drop_remainder:
                yield self.gather(keys)

    def passed(self, stream: Callable[[Iterator[Any]], Iterator[Any]]) -> "Rows":
        """The elements in the order that a transformation makes of theirs."""
        return self.in_order(lambda: stream(self.order()))


class ArrayRows(Rows):
    """The rows of arrays.

    Args:
        arrays: a structure of arrays.
        order: begins an iteration over the numbers of rows.
        is_shuffled: whether these are all rows in random order (True), or as they come (False); None where
            they are anything else.
    """

    def __init__(
        self, arrays: Any, order: Callable[[], Iterator[Any]], is_shuffled: bool | None = None
    ) -> None:
        super().__init__(order)
        self.arrays, self.is_shuffled = arrays, is_shuffled

    def row(self, key: Any) -> Any:
        return row_of(self.arrays, key)

    def gather(self, keys: list[Any]) -> Any:
        return rows_of(self.arrays, keys)

    def in_order(self, order: Callable[[], Iterator[Any]]) -> Rows:
        return ArrayRows(self.arrays, order)

    def filtered(self, function: ElementFunction) -> "Rows":
        """The elements for which a function is true."""

        def order() -> Iterator[Any]:
            for keys in growing_groups(self.order(), _BLOCK, lambda: not function.is_eager):
                kept = None if function.is_eager else function.columns(self.gather(keys))
                for place, key in enumerate(keys):
                    if flag(function(self.row(key)) if kept is None else row_of(kept, place)):
                        yield key

        return self.in_order(order)


class MappedRows(Rows):
    """What a function gives for elements."""

    def __init__(self, rows: Rows, function: ElementFunction) -> None:
        super().__init__(rows.order)
        self.rows, self.function = rows, function

    def row(self, key: Any) -> Any:
        return self.function(self.rows.row(key))

    def gather(self, keys: list[Any]) -> Any:
        results = self._columns(keys)
        return stacked([self.row(key) for key in keys]) if results is None else results

    def _columns(self, keys: list[Any]) -> Any:
        return None if self.function.is_eager else self.function.columns(self.rows.gather(keys))

    def in_order(self, order: Callable[[], Iterator[Any]]) -> Rows:
        return MappedRows(self.rows.in_order(order), self.function)

    def elements(self) -> Iterator[Any]:
        for keys in growing_groups(self.order(), _BLOCK, lambda: not self.function.is_eager):
            results = self._columns(keys)
            for place, key in enumerate(keys):
                yield self.row(key) if results is None else row_of(results, place)


class ZippedRows(Rows):
    """Elements side by side, in a structure of Rows."""

    def __init__(self, tree: Any, order: Callable[[], Iterator[Any]] | None = None) -> None:
        self.tree, self.parts = tree, leaves(tree)
        super().__init__(order or (lambda: zip(*(part.order() for part in self.parts))))

    def row(self, key: Any) -> Any:
        return in_order(self.tree, [part.row(one) for part, one in zip(self.parts, key)])

    def gather(self, keys: list[Any]) -> Any:
        return in_order(self.tree, [part.gather(list(own)) for part, own in zip(self.parts, zip(*keys))])

    def in_order(self, order: Callable[[], Iterator[Any]]) -> Rows:
        return ZippedRows(self.tree, order)


class Orders:
    """Generators of random numbers, one for each iteration over a data set.

    Args:
        seed: an integer makes them repeat in every process; None takes seeds from the global stream.
        anew: whether every iteration has other numbers.
    """

    def __init__(self, seed: Any, anew: bool) -> None:
        self.seed = None if seed is None else int(np.asarray(seed)) & 0xFFFFFFFFFFFFFFFF
        self.anew, self._iterations, self._fixed = anew, 0, None

    def generator(self) -> np.random.Generator:
        """The numbers of the next iteration."""
        if self.seed is not None:
            number = self._iterations if self.anew else 0
            self._iterations += 1
            return np.random.default_rng([self.seed, number])
        if self.anew:
            return new_numpy_generator()
        if self._fixed is None:
            self._fixed = new_numpy_generator().bit_generator.state
        generator = np.random.default_rng(0)
        generator.bit_generator.state = self._fixed
        return generator
