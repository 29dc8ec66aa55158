"""Batches that are read while the steps before them run: from generators and data sets, from files and
memory.
"""

import contextlib
import functools
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

import jax
import numpy as np

from neurona.core.errors import DataError
from neurona.core.sources import is_numbered
from neurona.training.batches import Chunk, RowOrder
from neurona.training.class_weights import ClassWeights
from neurona.training.conversion import (
    Batch,
    Whole,
    canonical_dtype,
    count_rows,
    in_memory,
    inputs_to_numpy,
    rows_of,
    to_numpy,
    unpack,
)
from neurona.training.identity import digest_of
from neurona.training.numbers import narrowed
from neurona.training.placement import Placement, aligned
from neurona.training.reading import AHEAD, END, read_ahead

CHUNK_BYTES = 1 << 22  # of batches that run as one program
CHUNKS_AHEAD = 3  # chunks that are read before they are needed, where whole chunks are read


def _chunks(ready: Iterable[list[Batch]], room: int, skip: int) -> Iterator[Chunk]:
    """Join batches that follow one another, have the same shapes and are ready at the same time.

    Args:
        ready: lists of batches.
        room: how many batches are joined at most.
        skip: how many batches are left out first.
    """
    for group in ready:
        fresh = group[skip:]
        skip -= len(group) - len(fresh)
        for _, equal in itertools.groupby(fresh, key=_form):
            batches = list(equal)
            size = sum(leaf.nbytes for leaf in jax.tree.leaves(batches[0]))
            fitting = max(1, min(room, CHUNK_BYTES // max(size, 1)))
            for start in range(0, len(batches), fitting):
                yield _joined(batches[start : start + fitting], fitting)


def _form(batch: Batch) -> Any:
    """The structure, shapes and dtypes of a batch."""
    leaves, structure = jax.tree.flatten(batch)
    return structure, [(leaf.shape, leaf.dtype) for leaf in leaves]


def _joined(batches: list[Batch], room: int) -> Chunk:
    placement, parts = Placement.current(), batches
    lengths = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(batches[0])}
    if len(lengths) > 1 or () in lengths:
        parts = [Whole.of(batch) for batch in batches]
    rows = count_rows(parts[0])

    def join(*leaves: Any) -> jax.Array:
        joined = aligned((room * rows, *leaves[0].shape[1:]), leaves[0].dtype)
        np.concatenate(leaves, out=joined[: len(leaves) * rows])
        return placement.put_aligned(joined)

    data = parts[0] if room == 1 else jax.tree.map(join, *parts)
    return _chunk(data, batches, room, rows)


def _chunk(data: Batch | Whole, batches: list[Batch], room: int, rows: int) -> Chunk:
    """Batches that lie one after the other in `data`, which has room for more."""
    order = np.arange(room * rows, dtype=np.int32).reshape(room, rows)
    return Chunk(data, order, 0, len(batches), batches.__getitem__, unchecked=tuple(batches))


def _length_of(source: Any) -> int | None:
    """The number of a source's batches; None where it is not known, or there is no end."""
    try:
        return len(source)
    except TypeError:  # there is no `__len__`, or, as in torch and tf.data, it can't say
        return None


class StreamBatches:
    """Batches from a generator, a PyDataset, a torch DataLoader or anything else that can be iterated over.

    Args:
        source: yields `x`, `(x, y)` or `(x, y, sample_weight)`; or has `__len__` and `__getitem__`, and no
            `__iter__`: then its batches are numbered.
        steps: batches in an epoch, if not all; the next epoch goes on where one ended. Where the source ends,
            the epoch ends too.
        shuffle: whether the batches of an indexable source come in a new order every epoch.
        class_weight: turned into sample weights, batch by batch.
        generator: NumPy's, for the order.
        read: makes arrays of the inputs of a batch.
        whole: whether a batch goes to a model's own step, so that its arrays may have unequal rows.

    Raises:
        DataError: the source has no batches.
    """

    is_small = False

    def __init__(
        self,
        source: Any,
        steps: int | None = None,
        shuffle: bool | str = False,
        class_weight: ClassWeights | None = None,
        generator: np.random.Generator | None = None,
        read: Callable[[Any], Any] = inputs_to_numpy,
        whole: bool = False,
    ) -> None:
        self.source, self.shuffle, self.class_weight, self.read = source, shuffle, class_weight, read
        self.whole = whole
        self.indexed = is_numbered(source)
        self._threads = max(1, getattr(source, "workers", 1) or 1) if self.indexed else 1
        self.ahead = (
            max(self._threads, getattr(source, "max_queue_size", AHEAD) or 1) if self.indexed else AHEAD
        )
        if isinstance(source, list):  # whose batches are here already
            self.ahead = 0
        known = _length_of(source)
        if known == 0:
            raise DataError("The data set has no batches.")
        self.steps = known if steps is None else min(int(steps), known or int(steps))
        self._limit = steps
        self._generator = np.random.default_rng(0) if generator is None else generator
        self._pass_began, self._used = self._generator.bit_generator.state, 0
        self._once = not self.indexed and iter(source) is source
        self._iterator: Generator[Any, None, None] | None = None
        self._first: list[Batch] = []
        self.exhausted = False

    def example(self) -> Batch:
        if not self._first:
            batch = self._load(next(self._open(), END))
            if batch is END:
                raise DataError(
                    "The data set yields no batches: it is empty, or an iterator that was already consumed."
                )
            self._first = [batch]
        return self._first[0]

    def first_look(self) -> Batch:
        return self.example()

    def epoch(self) -> Generator[list[Batch], None, None]:
        """The batches of one epoch, as lists of those that are ready. To be closed if it is left early."""
        first, self._first = self._first, []
        items = self._rest(None if self._limit is None else self._limit - len(first), is_begun=bool(first))
        tasks = itertools.chain(
            (functools.partial(lambda batch: batch, batch) for batch in first), self._tasks(items)
        )
        count = 0
        with contextlib.closing(read_ahead(tasks, self._threads, self.ahead)) as reader:
            for ready in reader:
                count += len(ready)
                yield ready
        if self._limit is None or count < self._limit:  # the source has ended
            self._iterator, self._used = None, 0
            self._pass_began = self._generator.bit_generator.state
            self.exhausted = self._once
        if self._limit is None:
            self.steps = count
        if hasattr(self.source, "on_epoch_end"):
            self.source.on_epoch_end()

    def chunks(self, skip: int = 0) -> Generator[Chunk, None, None]:
        with contextlib.closing(self.epoch()) as ready:
            yield from _chunks(ready, max(1, self.ahead), skip)

    def close(self) -> None:
        """Close what was opened to read from. A generator that was given stays open and can be read again."""
        if self._iterator is not None:
            self._iterator.close()
        self._iterator = None

    def _tasks(self, items: Iterator[Any]) -> Iterator[Callable[[], Batch]]:
        """Batches that can be asked for by number are read by several threads; others one after the other."""
        if self.indexed:
            return (functools.partial(self._load, index) for index in items)
        return itertools.repeat(lambda: self._load(next(items, END)))

    def _load(self, item: Any) -> Batch:
        """The batch that a number stands for, or that came as it is."""
        if item is END:
            return END
        return self._clean(self.source[item] if self.indexed else item)

    def _open(self) -> Generator[Any, None, None]:
        """The numbers of batches, or the batches as they come."""
        if self._iterator is None:
            self._iterator = self._pass()
        return self._iterator

    def _rest(self, count: int | None, is_begun: bool) -> Iterator[Any]:
        """What is left of a pass, `count` at most; if it is nothing, of a new pass."""
        items = itertools.islice(self._open(), count)
        item = next(items, END)
        if item is END and not (is_begun or self._once):
            self._iterator = None
            items = itertools.islice(self._open(), count)
            item = next(items, END)
        if item is not END:
            yield item
            yield from items

    def rewind(self) -> None:
        if not self._once and self._used > len(self._first):
            self.close()
            self._first, self._used = [], 0

    def position(self) -> dict[str, Any]:
        return {"generator": self._pass_began, "used": self._used - len(self._first)}

    def digest(self) -> str:
        """The form of a batch without the number of its rows: their values may be drawn anew each time."""
        structure, forms = _form(self.example())
        return f"{structure} {[(shape[1:], str(dtype)) for shape, dtype in forms]}"

    def restore(self, position: dict[str, Any]) -> None:
        """Let the next epoch begin at a position. What was used before is read again and thrown away."""
        self._generator.bit_generator.state = position["generator"]
        if not self._once:
            self._iterator, self._first = None, []
        for _ in range(position["used"]):
            if self._first:
                self._first = []
            else:
                next(self._open(), None)

    def _pass(self) -> Generator[Any, None, None]:
        self._pass_began, self._used = self._generator.bit_generator.state, 0
        iterator: Any = iter(self._order() if self.indexed else self.source)
        try:
            for item in iterator:
                self._used += 1
                yield item
        finally:
            if iterator is not self.source and hasattr(iterator, "close"):
                iterator.close()

    def _order(self) -> list[int]:
        if hasattr(self.source, "on_epoch_begin"):
            self.source.on_epoch_begin()
        order = np.arange(len(self.source))
        if self.shuffle:
            self._generator.shuffle(order)
        return order.tolist()

    def _clean(self, batch: Any) -> Batch:
        x, y, weight = unpack(batch)
        x, y, weight = in_memory((self.read(x), to_numpy(y, "y"), to_numpy(weight, "sample_weight")))
        if self.class_weight is not None:
            weight = self.class_weight(y, weight)
        if not self.whole:
            count_rows((x, y, weight), "A batch")
        return Batch(x, y, weight)


class RowBatches:
    """Arrays that stay in files or in the host's memory: a thread gathers the rows of the batches to come.

    The order of the rows is that of `ArrayBatches`, so training gives the same numbers.

    Args:
        host: the data.
        order: the order of its rows.
    """

    is_small = exhausted = False

    def __init__(self, host: Batch, order: RowOrder) -> None:
        self.host, self.order, self.steps = host, order, order.steps

    def example(self) -> Batch:
        return in_memory(rows_of(self.host, 0, self.order.batch_size))

    def first_look(self) -> Batch:
        return self.example()

    def chunks(self, skip: int = 0) -> Generator[Chunk, None, None]:
        tasks = (functools.partial(self._gather, rows, room) for rows, room in self._pieces(skip))
        with contextlib.closing(read_ahead(tasks, ahead=CHUNKS_AHEAD)) as reader:
            for ready in reader:
                yield from ready

    def _pieces(self, skip: int) -> Iterator[tuple[np.ndarray, int]]:
        """The rows of some batches, (batches, batch size), and the room for batches in a chunk of that
        size.
        """
        bytes_of_row = max(1, sum(leaf[:1].nbytes for leaf in jax.tree.leaves(self.host)))
        for block in self.order.blocks():
            room = max(1, min(len(block), CHUNK_BYTES // (block.shape[1] * bytes_of_row)))
            for start in range(skip, len(block), room):
                yield block[start : start + room], room
            skip = max(0, skip - len(block))

    def _gather(self, rows: np.ndarray, room: int) -> Chunk:
        batch_size = rows.shape[1]

        def read(leaf: Any) -> np.ndarray:
            dtype = canonical_dtype(leaf)
            values = aligned((room * batch_size, *leaf.shape[1:]), dtype)
            for number, chosen in enumerate(rows):
                values[number * batch_size : (number + 1) * batch_size] = narrowed(leaf[chosen], dtype)
            return values

        data = jax.tree.map(read, self.host)
        batches = [rows_of(data, start, start + batch_size) for start in range(0, rows.size, batch_size)]
        return _chunk(jax.tree.map(Placement.current().put_aligned, data), batches, room, batch_size)

    def position(self) -> dict[str, Any]:
        return self.order.position()

    def rewind(self) -> None:
        self.order.rewind()

    def digest(self) -> str:
        return digest_of(self.host)

    def restore(self, position: dict[str, Any]) -> None:
        self.order.restore(position)

    def close(self) -> None:
        pass
