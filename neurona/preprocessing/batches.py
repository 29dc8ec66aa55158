"""Data sets that are read in batches: by number, in a loop, and as the steps of a pipeline."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from neurona.core.errors import ArgumentError
from neurona.messages import translated


class Stream:
    """Elements that are read in a loop, anew each time.

    Args:
        read: gives an iterator over the elements.
        length: how many there are, or None where that is not known.

    Example:

        >>> numbers = Stream(lambda: iter(range(5)))
        >>> list(numbers.map(lambda x: x * x).batch(2).take(2))
        [array([0, 1]), array([4, 9])]
    """

    def __init__(self, read: Callable[[], Iterator[Any]], length: int | None = None) -> None:
        self._read_all, self._length = read, length

    def __iter__(self) -> Iterator[Any]:
        return self._read_all()

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None, **kwargs: Any) -> Any:
        """A function of each element; of an element that is a tuple, a function of its parts."""
        return Stream(lambda: (_applied(map_func, element) for element in self), self._length)

    def filter(self, predicate: Callable[..., Any]) -> Any:
        """The elements for which a function is true."""
        return Stream(lambda: (element for element in self if bool(_applied(predicate, element))))

    def take(self, count: int) -> Any:
        """The first `count` elements; all with -1."""
        return self if count < 0 else Stream(lambda: itertools.islice(iter(self), count))

    def skip(self, count: int) -> Any:
        """The elements after the first `count`."""
        return Stream(lambda: itertools.islice(iter(self), max(count, 0), None))

    def cache(self, filename: str = "") -> Any:
        """The elements, computed once and then kept in memory."""
        kept: list[Any] = []

        def read() -> Iterator[Any]:
            if not kept:
                kept.extend(self)
            return iter(kept)

        return Stream(read, self._length)

    def prefetch(self, buffer_size: Any = None) -> Any:
        """The same elements: training reads ahead by itself."""
        return self

    def with_options(self, options: Any) -> Any:
        """The same elements: options of TensorFlow have no effect."""
        return self

    def repeat(self, count: int | None = None) -> Any:
        """The elements `count` times; without an end with None or -1."""
        again = itertools.count() if count is None or count < 0 else range(count)
        return Stream(lambda: itertools.chain.from_iterable(iter(self) for _ in again))

    def batch(self, batch_size: int, drop_remainder: bool = False, **kwargs: Any) -> Any:
        """Elements that follow one another, as arrays with one more axis."""

        def read() -> Iterator[Any]:
            elements = iter(self)
            while group := list(itertools.islice(elements, batch_size)):
                if len(group) == batch_size or not drop_remainder:
                    yield jax.tree.map(lambda *leaves: np.stack(leaves), *group)

        count = self._length
        if count is not None:
            count = count // batch_size if drop_remainder else -(-count // batch_size)
        return Stream(read, count)

    def unbatch(self) -> Any:
        """The rows of each element."""
        return Stream(lambda: itertools.chain.from_iterable(map(_rows, self)))

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Any:
        """Elements in the random order of a buffer."""
        if buffer_size < 1:
            raise ArgumentError(f"shuffle: buffer_size is at least 1. Received: {buffer_size}")
        random = np.random.RandomState(seed)

        def read() -> Iterator[Any]:
            chance = random if reshuffle_each_iteration else np.random.RandomState(seed)
            elements = iter(self)
            buffer = list(itertools.islice(elements, buffer_size))
            for element in elements:
                place = chance.randint(len(buffer))
                yield buffer[place]
                buffer[place] = element
            chance.shuffle(buffer)
            yield from buffer

        return Stream(read, self._length)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as arrays of NumPy."""
        return (jax.tree.map(np.asarray, element) for element in self)

    def cardinality(self) -> int:
        """How many elements there are, or -2 where that is not known."""
        return -2 if self._length is None else self._length

    @property
    def element_spec(self) -> Any:
        """The shapes and dtypes of the first element."""
        first = jax.tree.map(np.asarray, next(iter(self)))
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), first)


class Batches(Stream):
    """Batches that are asked for by number, so that `fit` reads several at once.

    Subclasses define `__len__` and `read_batch(number)`. `on_epoch_end` puts shuffled data in a new order.

    Example:

        >>> class Squares(Batches):
        ...     def __len__(self):
        ...         return 3
        ...     def read_batch(self, number):
        ...         return np.arange(2) + number, np.arange(2) ** 2
        >>> Squares().map(lambda x, y: (x / 10, y))[2]
        (array([0.2, 0.3]), array([0, 1]))
        >>> len(Squares().skip(1)), len(list(Squares().unbatch()))
        (2, 6)
    """

    def __init__(self) -> None:
        super().__init__(lambda: (self[number] for number in range(len(self))))

    def __len__(self) -> int:
        raise NotImplementedError

    def read_batch(self, number: int) -> Any:
        """Batch number `number`, which exists."""
        raise NotImplementedError

    def __getitem__(self, number: int) -> Any:
        if not 0 <= number < len(self):
            raise IndexError(translated(f"batch {number} of {len(self)}"))
        return self.read_batch(number)

    def on_epoch_end(self) -> None:
        """Called after every epoch."""

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None, **kwargs: Any) -> Any:
        """A function of each batch; of a batch that is a tuple, a function of its parts."""
        return _Derived(self, len(self), lambda number: _applied(map_func, self[number]))

    def take(self, count: int) -> Any:
        """The first `count` batches; all with -1."""
        return _Derived(self, len(self) if count < 0 else min(count, len(self)), self.__getitem__)

    def skip(self, count: int) -> Any:
        """The batches after the first `count`."""
        skipped = min(max(count, 0), len(self))
        return _Derived(self, len(self) - skipped, lambda number: self[number + skipped])

    def cardinality(self) -> int:
        """The number of batches."""
        return len(self)


class _Derived(Batches):
    """Batches that are made of others by number."""

    def __init__(self, source: Batches, count: int, read: Callable[[int], Any]) -> None:
        super().__init__()
        self._source, self._count, self._read_number = source, count, read
        for name in ("class_names", "file_paths"):
            if hasattr(source, name):
                setattr(self, name, getattr(source, name))

    def __len__(self) -> int:
        return self._count

    def read_batch(self, number: int) -> Any:
        return self._read_number(number)

    def on_epoch_end(self) -> None:
        self._source.on_epoch_end()


def _applied(function: Callable[..., Any], element: Any) -> Any:
    return function(*element) if isinstance(element, tuple) else function(element)


def _rows(element: Any) -> Iterator[Any]:
    leaves, tree = jax.tree.flatten(element)
    return (jax.tree.unflatten(tree, row) for row in zip(*leaves, strict=True))
