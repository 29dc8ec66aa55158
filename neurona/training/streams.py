"""Batches that are read while the steps before them run: from generators and data sets, and from arrays that
do not fit on the device.
"""

import concurrent.futures
import contextlib
import functools
import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from neurona.core.errors import DataError
from neurona.training.batches import (
    ArrayBatches,
    Batch,
    aligned,
    class_weights_to_sample_weights,
    count_rows,
    is_mapped,
    rows_of,
    to_numpy,
    unpack,
)

AHEAD = 8  # batches that are read before they are needed, where the source does not say
CHUNK_BYTES = 1 << 22  # of batches that run as one program
CHUNKS_AHEAD = 3  # chunks that are read before they are needed, where whole chunks are read
SURELY_FITS = 1 << 26  # bytes of data for which it is not worth asking how much memory there is
_END: Any = object()


def read_ahead(
    tasks: Iterator[Callable[[], Any]], threads: int = 1, ahead: int = AHEAD
) -> Generator[list[Any], None, None]:
    """What the tasks return, in order: a list of those that are ready, one at least. Threads work on others
    until the generator is closed.

    Args:
        tasks: each reads a batch, or returns `_END` where there is none left.
        threads: how many tasks may run at once.
        ahead: how many batches may be read, or ready, beside those that are in use; with 0 there are no
            threads.

    Raises:
        Exception: what a task raised, with the traceback that it had in its thread.
    """
    if not ahead:
        yield from itertools.takewhile(lambda ready: ready[0] is not _END, ([task()] for task in tasks))
        return
    with concurrent.futures.ThreadPoolExecutor(threads, "neurona-reader") as pool:
        waiting = deque(pool.submit(task) for task in itertools.islice(tasks, ahead))
        try:
            while waiting and (batch := waiting.popleft().result()) is not _END:
                ready = [batch]
                while (
                    waiting
                    and waiting[0].done()
                    and not waiting[0].exception()
                    and waiting[0].result() is not _END
                ):
                    ready.append(waiting.popleft().result())
                waiting.extend(pool.submit(task) for task in itertools.islice(tasks, ahead - len(waiting)))
                yield ready
        finally:
            for future in waiting:
                future.cancel()


class Chunk(NamedTuple):
    """Equal batches, one below the other on the device: what runs as one program.

    Attributes:
        batches: on the host.
        data: on the device, with room for more batches, so that one compilation serves any number of them.
        order: the rows of each batch, (room, batch size).
    """

    batches: list[Batch]
    data: Batch
    order: np.ndarray


def _chunks(ready: Iterable[list[Batch]], room: int, skip: int) -> Iterator[Chunk]:
    """Batches that are ready, joined where they follow one another and have the same shapes.

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
    """What equal batches have in common."""
    leaves, structure = jax.tree.flatten(batch)
    return structure, [(leaf.shape, leaf.dtype) for leaf in leaves]


def _joined(batches: list[Batch], room: int) -> Chunk:
    rows = count_rows(batches[0])
    order = np.arange(room * rows, dtype=np.int32).reshape(room, rows)
    if room == 1:
        return Chunk(batches, batches[0], order)

    def join(*leaves: Any) -> jax.Array:
        joined = aligned((room * rows, *leaves[0].shape[1:]), leaves[0].dtype)
        np.concatenate(leaves, out=joined[: len(leaves) * rows])
        return jax.device_put(joined)

    return Chunk(batches, jax.tree.map(join, *batches), order)


def in_memory(tree: Any) -> Any:
    """Arrays that lie in files, read, in the dtypes that JAX computes in; others as they are."""
    return jax.tree.map(
        lambda leaf: np.array(leaf, jax.dtypes.canonicalize_dtype(leaf.dtype)) if is_mapped(leaf) else leaf,
        tree,
    )


class StreamBatches:
    """Batches from a generator, a PyDataset, a torch DataLoader or anything else that can be iterated over.

    Args:
        source: yields `x`, `(x, y)` or `(x, y, sample_weight)`, or has `__len__` and `__getitem__`.
        steps: batches in an epoch; without it an epoch lasts until the source is exhausted.
        shuffle: whether the batches of an indexable source come in a new order every epoch.
        class_weight: turned into sample weights, batch by batch.
        generator: NumPy's, for the order.
    """

    def __init__(
        self,
        source: Any,
        steps: int | None = None,
        shuffle: bool | str = False,
        class_weight: Any = None,
        generator: Callable[[], np.random.Generator] | None = None,
    ) -> None:
        self.source, self.shuffle, self.class_weight = source, shuffle, class_weight
        self.indexed = (
            hasattr(source, "__getitem__") and hasattr(source, "__len__") and hasattr(source, "on_epoch_end")
        )
        self._threads = max(1, getattr(source, "workers", 1) or 1) if self.indexed else 1
        self.ahead = (
            max(self._threads, getattr(source, "max_queue_size", AHEAD) or 1) if self.indexed else AHEAD
        )
        if isinstance(source, list):  # whose batches are here already
            self.ahead = 0
        known = len(source) if hasattr(source, "__len__") else None
        if known == 0:
            raise DataError("The data set has no batches.")
        self.steps = known if steps is None else int(steps)
        self._limit = steps
        self._generator = generator() if shuffle and generator else np.random.default_rng(0)
        self._pass_began, self._used = self._generator.bit_generator.state, 0
        self._once = not self.indexed and iter(source) is source
        self._iterator: Generator[Any, None, None] | None = None
        self._first: list[Batch] = []
        self.exhausted = False

    def example(self) -> Batch:
        """The first batch, which is not lost: the next epoch begins with it."""
        if not self._first:
            batch = self._load(next(self._open(), _END))
            if batch is _END:
                raise DataError(
                    "The data set yields no batches: it is empty, or an iterator that was already consumed."
                )
            self._first = [batch]
        return self._first[0]

    def epoch(self) -> Generator[list[Batch], None, None]:
        """The batches of one epoch as they get ready, read and prepared while those before them are in use.
        To be closed if left early.
        """
        first, self._first = self._first, []
        items = itertools.islice(
            self._open(), None if self._limit is None else max(0, self._limit - len(first))
        )
        tasks = itertools.chain(
            (functools.partial(lambda batch: batch, batch) for batch in first), self._tasks(items)
        )
        count = 0
        with contextlib.closing(read_ahead(tasks, self._threads, self.ahead)) as reader:
            for ready in reader:
                count += len(ready)
                yield ready
        if self._limit is None:
            self.steps, self._iterator, self._used = count, None, 0
            self._pass_began = self._generator.bit_generator.state
            self.exhausted = self._once
        elif count < self._limit:
            self.exhausted = True
        if hasattr(self.source, "on_epoch_end"):
            self.source.on_epoch_end()

    def chunks(self, skip: int) -> Generator[Chunk, None, None]:
        """The batches of one epoch but for the first `skip`, those that are ready together joined. To be
        closed if left early.
        """
        with contextlib.closing(self.epoch()) as ready:
            yield from _chunks(ready, max(1, self.ahead), skip)

    def close(self) -> None:
        """Close what was opened to read from; a generator that was given stays as it is, and can be read from
        again.
        """
        if self._iterator is not None:
            self._iterator.close()
        self._iterator = None

    def _tasks(self, items: Iterator[Any]) -> Iterator[Callable[[], Batch]]:
        """Batches that can be asked for by number are read by several threads; others one after the other."""
        if self.indexed:
            return (functools.partial(self._load, index) for index in items)
        return itertools.repeat(lambda: self._load(next(items, _END)))

    def _load(self, item: Any) -> Batch:
        """The batch that a number stands for, or that came as it is."""
        if item is _END:
            return _END
        return self._clean(self.source[item] if self.indexed else item)

    def _open(self) -> Generator[Any, None, None]:
        """The numbers of batches, or the batches as they come."""
        if self._iterator is None:
            self._iterator = self._pass() if self._once or self._limit is None else self._passes()
        return self._iterator

    def position(self) -> dict[str, Any]:
        """Where the next epoch begins, as plain values for `restore`."""
        return {"generator": self._pass_began, "used": self._used - len(self._first)}

    def restore(self, position: dict[str, Any]) -> None:
        """Let the next epoch begin where another's did; what was used before is read again and thrown
        away.
        """
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

    def _passes(self) -> Generator[Any, None, None]:
        """Over and over, for epochs that are counted in steps; an empty source ends it."""
        item = _END
        while True:
            with contextlib.closing(self._pass()) as items:
                for item in items:
                    yield item
            if item is _END:
                return

    def _order(self) -> list[int]:
        if hasattr(self.source, "on_epoch_begin"):
            self.source.on_epoch_begin()
        order = np.arange(len(self.source))
        if self.shuffle:
            self._generator.shuffle(order)
        return order.tolist()

    def _clean(self, batch: Any) -> Batch:
        x, y, weight = unpack(batch)
        x, y, weight = in_memory((to_numpy(x, "x"), to_numpy(y, "y"), to_numpy(weight, "sample_weight")))
        if self.class_weight is not None:
            weight = class_weights_to_sample_weights(y, self.class_weight, weight)
        count_rows((x, y, weight), "A batch")
        return x, y, weight


class RowBatches:
    """Arrays that stay where they are, in files or in the host's memory: a thread gathers the rows of the
    batches to come.

    The order of the rows is that of `ArrayBatches`, so training gives the same numbers.

    Args:
        x, y, sample_weight, batch_size, shuffle, steps, generator: as of `ArrayBatches`.
    """

    def __init__(self, x: Any, y: Any, sample_weight: Any, *arguments: Any) -> None:
        self._arrays = ArrayBatches(x, y, sample_weight, *arguments)
        self.steps = self._arrays.steps

    def example(self) -> Batch:
        """A batch, to find shapes with."""
        return in_memory(self._arrays.example())

    def chunks(self, skip: int) -> Generator[Chunk, None, None]:
        """The batches of one epoch but for the first `skip`. To be closed if it is left early."""
        tasks = (functools.partial(self._gather, rows, room) for rows, room in self._pieces(skip))
        with contextlib.closing(read_ahead(tasks, ahead=CHUNKS_AHEAD)) as reader:
            for ready in reader:
                yield from ready

    def _pieces(self, skip: int) -> Iterator[tuple[np.ndarray, int]]:
        """The rows of some batches, (batches, batch size), and how many batches there is room for in a chunk
        of their kind.
        """
        bytes_of_row = max(1, sum(leaf[:1].nbytes for leaf in jax.tree.leaves(self._arrays.host)))
        for block in self._arrays.blocks():
            room = max(1, min(len(block), CHUNK_BYTES // (block.shape[1] * bytes_of_row)))
            for start in range(skip, len(block), room):
                yield block[start : start + room], room
            skip = max(0, skip - len(block))

    def _gather(self, rows: np.ndarray, room: int) -> Chunk:
        batch_size = rows.shape[1]

        def read(leaf: Any) -> np.ndarray:
            values = aligned((room * batch_size, *leaf.shape[1:]), jax.dtypes.canonicalize_dtype(leaf.dtype))
            for number, chosen in enumerate(rows):
                values[number * batch_size : (number + 1) * batch_size] = leaf[chosen]
            return values

        data = jax.tree.map(read, self._arrays.host)
        batches = [rows_of(data, start, start + batch_size) for start in range(0, rows.size, batch_size)]
        return Chunk(
            batches,
            jax.tree.map(jax.device_put, data),
            np.arange(room * batch_size, dtype=np.int32).reshape(room, batch_size),
        )

    def position(self) -> dict[str, Any]:
        """Where the next epoch begins, as plain values for `restore`."""
        return self._arrays.position()

    def restore(self, position: dict[str, Any]) -> None:
        """Let the next epoch begin where another's did."""
        self._arrays.restore(position)

    def close(self) -> None:
        """Nothing to close: the arrays belong to the caller."""


def batches_of(x: Any, y: Any, sample_weight: Any, *arguments: Any) -> ArrayBatches | RowBatches:
    """Arrays as batches: from the device if they fit there, else from where they are.

    Args:
        x, y, sample_weight: as `to_numpy` returns them.
        arguments: the others of `ArrayBatches`.
    """
    arrays = [leaf for leaf in jax.tree.leaves((x, y, sample_weight)) if isinstance(leaf, np.ndarray)]
    fits = _fits_on_device(sum(array.nbytes for array in arrays)) and not any(map(is_mapped, arrays))
    return (ArrayBatches if fits else RowBatches)(x, y, sample_weight, *arguments)


def _fits_on_device(size: int) -> bool:
    """Whether so many bytes are at most half of the device's free memory, or that is not known."""
    if size < SURELY_FITS:
        return True
    device = jax.local_devices()[0].memory_stats()
    if device and "bytes_limit" in device:
        return 2 * size <= device["bytes_limit"] - device["bytes_in_use"]
    memory = Path("/proc/meminfo")
    if jax.default_backend() != "cpu" or not memory.exists():
        return True
    available = next(line for line in memory.read_text().splitlines() if line.startswith("MemAvailable"))
    return 2 * size <= 1024 * int(available.split()[1])
