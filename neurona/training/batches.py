"""Batches: what the loop of training reads, and arrays on the device that serve as such."""

import functools
import itertools
from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from neurona.core.errors import DataError, SavingError
from neurona.core.random import new_words
from neurona.training.checks import rows_in_batch
from neurona.training.conversion import Batch, Whole, count_rows, rows_of
from neurona.training.identity import digest_of
from neurona.training.placement import Placement

SMALL_DATA = 2048, 2**17  # rows and bytes up to which many epochs run as one program


class Chunk(NamedTuple):
    """Batches of equal size that can run as one program.

    Attributes:
        data: arrays on the device.
        order: the rows of each batch, (room, batch size); there may be room for more batches than there are,
            so that one compilation serves any number of them.
        start, stop: the batches to run.
        batch_at: the rows of a batch on the host, given its number.
        row_numbers: the numbers of the rows in the user's data, (room, batch size), where they are known.
        unchecked: the batches whose targets have not been looked at yet.
    """

    data: Batch | Whole
    order: np.ndarray
    start: int
    stop: int
    batch_at: Callable[[int], Batch]
    row_numbers: np.ndarray | None = None
    unchecked: tuple[Batch, ...] = ()


class Batches(Protocol):
    """A source of batches, read an epoch at a time."""

    @property
    def steps(self) -> int | None:
        """Batches in an epoch, or None where that is not known yet."""
        ...

    @property
    def exhausted(self) -> bool:
        """Whether there are no batches for another epoch."""
        ...

    @property
    def is_small(self) -> bool:
        """Whether an epoch is all of so few rows that the host would take longer than the steps."""
        ...

    def example(self) -> Batch:
        """A batch on the host, to find shapes with. It is not lost: the next epoch has it too."""
        ...

    def first_look(self) -> Batch:
        """The targets to check before training: of all rows, or of a batch where rows arrive later."""
        ...

    def chunks(self, skip: int = 0) -> Generator[Chunk, None, None]:
        """The batches of one epoch without the first `skip`. To be closed if it is left early."""
        ...

    def position(self) -> dict[str, Any]:
        """Where the next epoch begins, as plain values for `restore`."""
        ...

    def rewind(self) -> None:
        """Let the next epoch begin at the start of the data, where there is a way back."""
        ...

    def digest(self) -> str:
        """A text that differs for other data."""
        ...

    def restore(self, position: dict[str, Any]) -> None:
        """Let the next epoch begin at a position; raises SavingError where it is of other data."""
        ...

    def close(self) -> None:
        """Close what was opened to read from."""
        ...


def new_numpy_generator() -> np.random.Generator:
    """A NumPy generator seeded from the global stream of random numbers, for what is shuffled on the host."""
    return np.random.default_rng(new_words())


class RowOrder:
    """The order of the rows in each epoch.

    Args:
        rows: how many there are.
        batch_size: rows in a batch; the last batch of a pass has what remains.
        shuffle: True for a new order of rows in every pass, `"batch"` for a new order of batches, False for
            none.
        steps: batches in an epoch, if not all; the next epoch goes on where one ended. Where the data end,
            the epoch ends too.
        generator: NumPy's, for the order.

    Raises:
        DataError: the batch size or `shuffle` is not allowed.
    """

    def __init__(
        self,
        rows: int,
        batch_size: int | None = None,
        shuffle: bool | str = False,
        steps: int | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.rows = rows
        self.batch_size = rows_in_batch(batch_size)
        if shuffle not in (True, False, "batch"):
            raise DataError(f"shuffle must be True, False or 'batch'. Received: {shuffle!r}")
        self.shuffle = shuffle
        all_steps = -(-self.rows // self.batch_size)
        self.steps = all_steps if steps is None else min(int(steps), all_steps)
        self.is_partial = steps is not None
        self._rest: Iterator[np.ndarray] = iter(())
        self._generator = np.random.default_rng(0) if generator is None else generator
        # Of the pass that an epoch of some steps left unfinished.
        self._pass_began, self._used = self._generator.bit_generator.state, 0

    def blocks(self) -> list[np.ndarray]:
        """The rows of one epoch: index arrays (steps, batch size), each of batches of equal size."""
        if not self.is_partial:
            return self._pass()
        batches: list[np.ndarray] = []
        while len(batches) < self.steps:
            batch = next(self._rest, None)
            if batch is None and batches:  # the data end, and the epoch with them
                break
            if batch is None:
                self._pass_began, self._used = self._generator.bit_generator.state, 0
                self._rest = itertools.chain.from_iterable(self._pass())
                continue
            self._used += 1
            batches.append(batch)
        return [np.stack(list(group)) for _, group in itertools.groupby(batches, key=len)]

    def rewind(self) -> None:
        """Let the next epoch begin a pass."""
        self._rest, self._used = iter(()), 0

    def position(self) -> dict[str, Any]:
        """Where the next epoch begins, as plain values for `restore`."""
        began = self._pass_began if self.is_partial and self._used else self._generator.bit_generator.state
        return {"rows": self.rows, "batch_size": self.batch_size, "generator": began, "used": self._used}

    def restore(self, position: dict[str, Any]) -> None:
        """Let the next epoch begin at a position.

        Raises:
            SavingError: the number of rows or the batch size are others.
        """
        rows, batch_size = position.get("rows"), position.get("batch_size")
        if (rows, batch_size) != (self.rows, self.batch_size):
            raise SavingError(
                f"The checkpoint was made with {rows} rows in batches of {batch_size}, not {self.rows} in "
                f"batches of {self.batch_size}."
            )
        self._generator.bit_generator.state = self._pass_began = position["generator"]
        self._used = position["used"]
        if self._used:
            self._rest = itertools.islice(itertools.chain.from_iterable(self._pass()), self._used, None)

    def _pass(self) -> list[np.ndarray]:
        order = np.arange(self.rows, dtype=np.int32)
        full = self.rows // self.batch_size * self.batch_size
        if self.shuffle is True:
            self._generator.shuffle(order)
        blocks = []
        if full:
            batches = order[:full].reshape(-1, self.batch_size)
            if self.shuffle == "batch":
                self._generator.shuffle(batches)
            blocks.append(batches)
        if full < self.rows:
            blocks.append(order[None, full:])
        return blocks


class ArrayBatches:
    """Arrays that fit into memory: they lie on the device, and batches are gathered there by index.

    Args:
        host: the data.
        order: the order of its rows.
    """

    exhausted = False

    def __init__(self, host: Batch, order: RowOrder) -> None:
        self.host, self.order, self.steps = host, order, order.steps
        self._device: tuple[Placement, Batch] | None = None
        size = sum(leaf.nbytes for leaf in jax.tree.leaves(host))
        self.is_small = order.rows <= SMALL_DATA[0] and size <= SMALL_DATA[1] and not order.is_partial

    @classmethod
    def of(cls, x: Any, y: Any = None, sample_weight: Any = None, *order: Any) -> "ArrayBatches":
        """Arrays, and what `RowOrder` takes after the number of rows."""
        host = Batch(x, y, sample_weight)
        return cls(host, RowOrder(count_rows(host), *order))

    def example(self) -> Batch:
        return rows_of(self.host, 0, self.order.batch_size)

    def first_look(self) -> Batch:
        return self.host

    @property
    def device(self) -> Batch:
        """The arrays on the devices of the current placement."""
        placement = Placement.current()
        if self._device is None or self._device[0] is not placement:
            self._device = placement, jax.tree.map(placement.put, self.host)
        return self._device[1]

    def blocks(self) -> list[np.ndarray]:
        """The rows of one epoch: index arrays (steps, batch size), each of batches of equal size."""
        return self.order.blocks()

    def chunks(self, skip: int = 0) -> Generator[Chunk, None, None]:
        for block in self.blocks():
            start = min(skip, len(block))
            skip -= start
            yield Chunk(
                self.device,
                block,
                start,
                len(block),
                functools.partial(self._batch_at, block),
                row_numbers=block,
            )

    def _batch_at(self, block: np.ndarray, step: int) -> Batch:
        return jax.tree.map(lambda leaf: leaf[block[step]], self.host)

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
