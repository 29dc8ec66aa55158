"""NpzShards: rows in several `.npz` files that together need not fit into memory."""

import contextlib
import functools
import itertools
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.training.batches import new_numpy_generator
from neurona.training.reading import read_ahead

Arrays = tuple[np.ndarray, ...]
_NAMES = ("x", "y", "sample_weight")


class NpzShards:
    """Batches from `.npz` files, each with some of the rows: one file is in use while the next one is read.

    Args:
        paths: the files, each written by `np.savez(path, x=..., y=...)`, with `sample_weight` if wanted.
        batch_size: rows in a batch; a batch may begin in one file and end in the next, so that only the last
            one of an epoch is smaller.
        shuffle: whether every epoch takes the files in a new order, and each file's rows too. Rows of
            different files are not mixed, so each file should hold rows of all kinds.
        seed: an integer makes the orders repeat; None takes one from the global stream.

    Raises:
        ArgumentError: there are no files, or the batch size is below 1.
        DataError: a file has no `x`, or other arrays than the others, or arrays of different lengths.

    Example:

        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for number in range(3):
        ...     np.savez(folder / f"{number}.npz", x=np.full((10, 2), number), y=np.full(10, number))
        >>> shards = NpzShards(sorted(folder.glob("*.npz")), batch_size=8)
        >>> len(shards), [len(x) for x, y in shards]
        (4, [8, 8, 8, 6])
    """

    def __init__(
        self, paths: Iterable[Any], batch_size: int = 32, shuffle: bool = True, seed: int | None = None
    ) -> None:
        if isinstance(paths, (str, Path)):
            raise ArgumentError(
                "NpzShards takes a list of paths, such as sorted(Path(folder).glob('*.npz')). Received: "
                f"{paths!r}"
            )
        self.paths = [Path(path) for path in paths]
        if not self.paths:
            raise ArgumentError("NpzShards received no paths.")
        if batch_size < 1:
            raise ArgumentError(f"batch_size is at least 1. Received: {batch_size}")
        self.batch_size, self.shuffle = int(batch_size), shuffle
        self.rows = sum(map(_rows_of, self.paths))
        self._generator = new_numpy_generator() if seed is None else np.random.default_rng(seed)

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        return -(-self.rows // self.batch_size)

    def __iter__(self) -> Iterator[Arrays]:
        """The batches of one epoch."""
        paths = list(self.paths)
        if self.shuffle:
            self._generator.shuffle(paths)
        rest: Arrays = ()
        with contextlib.closing(
            read_ahead((functools.partial(_read, path) for path in paths), ahead=1)
        ) as files:
            for arrays in itertools.chain.from_iterable(files):
                for batch in self._cut(rest, arrays):
                    rest = batch if len(batch[0]) < self.batch_size else ()
                    if not rest:
                        yield batch
        if rest:
            yield rest

    def _cut(self, rest: Arrays, arrays: Arrays) -> Iterator[Arrays]:
        """A file's rows in batches, the first of which begins with the rest of the file before."""
        if rest and len(rest) != len(arrays):
            raise DataError(
                f"The files of NpzShards hold different arrays: some {_NAMES[: len(rest)]}, some "
                f"{_NAMES[: len(arrays)]}."
            )
        order = self._generator.permutation(len(arrays[0])) if self.shuffle else np.arange(len(arrays[0]))
        for start in range(-len(rest[0]) if rest else 0, len(order), self.batch_size):
            batch = tuple(array[order[max(start, 0) : start + self.batch_size]] for array in arrays)
            yield tuple(np.concatenate(parts) for parts in zip(rest, batch)) if start < 0 else batch


def _rows_of(path: Path) -> int:
    """The number of rows of `x`, from the file's header alone."""
    with zipfile.ZipFile(path) as archive:
        if "x.npy" not in archive.namelist():
            raise DataError(f"{path} has no array called x: write it with np.savez(path, x=..., y=...).")
        with archive.open("x.npy") as member:
            first = np.lib.format.read_magic(member) == (1, 0)
            shape, _, _ = (
                np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
            )(member)
    return shape[0]


def _read(path: Path) -> Arrays:
    with np.load(path) as file:
        names = tuple(name for name in _NAMES if name in file)
        if names != _NAMES[: len(names)]:
            raise DataError(f"{path} holds {names} but no {_NAMES[len(names) - 1]!r}.")
        arrays = tuple(file[name] for name in names)
    if len({len(array) for array in arrays}) > 1:
        raise DataError(
            f"The arrays in {path} have different lengths: {', '.join(str(len(array)) for array in arrays)}."
        )
    return arrays
