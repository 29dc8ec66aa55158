"""Files of data sets: finding them in `NEURONA_DATA` and in the cache, and reading them safely."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError, suggestion
from neurona.core.folders import cache_folders, data_folder
from neurona.files.gate import Gate
from neurona.files.values import read_arrays
from neurona.tracebacks import warn

SHIPPED = Path(__file__).parent / "files"
# Files from which each data set is read. Any one group is enough; those without any come with the package.
_FILES: dict[str, tuple[tuple[str, ...], ...]] = {
    "boston_housing": (("boston_housing.npz",),),
    "california_housing": (("california_housing.npz",), ("california_housing.csv",)),
    "cifar10": (("cifar-10-binary.tar.gz",), ("cifar10_jpeg.tar.xz",)),
    "cifar100": (("cifar-100-binary.tar.gz",),),
    "digits": ((),),
    "fashion_mnist": (
        ("fashion_mnist.npz",),
        tuple(
            f"fashion-mnist/{part}-idx{rank}-ubyte.gz"
            for part, rank in (
                ("train-images", 3),
                ("train-labels", 1),
                ("t10k-images", 3),
                ("t10k-labels", 1),
            )
        ),
    ),
    "imdb": (("aclImdb_v1.tar.gz",), ("imdb_reviews.tar.xz",)),
    "iris": ((),),
    "mnist": (("mnist.npz",),),
    "reina_valera": ((),),
    "reuters": (("reuters21578.tar.gz",),),
}


def locate(name: str) -> Path | None:
    """The path of a file that is already on this machine, or None.

    Args:
        name: a whole path, or a name to look for in the data folder and then in the cache.
    """
    if os.path.isabs(name):
        return Path(name) if os.path.isfile(name) else None
    return next(
        (
            folder / name
            for folder in (data_folder(), cache_folders()["datasets"])
            if folder is not None and (folder / name).is_file()
        ),
        None,
    )


def is_local(name: str) -> bool:
    """Whether a data set is on this machine, so that `load_data()` downloads nothing.

    Args:
        name: of the data set, such as `"mnist"`.

    Raises:
        ArgumentError: there is no such data set.

    Example:

        >>> is_local("iris")
        True
    """
    if name not in _FILES:
        raise ArgumentError(
            f"is_local: expected one of {', '.join(_FILES)}. Received: {name!r}.{suggestion(name, _FILES)}"
        )
    return any(all(locate(file) for file in files) for files in _FILES[name])


def data_gate(path: Path) -> Gate:
    """The gate of a data set's file.

    Raises:
        FileNotFoundError: there is no such file.
    """
    return Gate.of_file(path, DataError, downloaded=True)


def read_npz(path: Path, names: Sequence[str]) -> list[np.ndarray]:
    """The named arrays of an `.npz` file, in that order. Pickled objects are refused.

    Raises:
        DataError: the file is damaged, lacks an array, or holds pickled objects.
    """
    return read_arrays(path, list(names), data_gate(path))


def prepared(
    kind: str, source: Path, names: Sequence[str], build: Callable[[Path], Sequence[np.ndarray]]
) -> list[np.ndarray]:
    """Arrays that are slow to make from a file. They are made once, then read from the cache.

    Args:
        kind: name and version of the preparation; with the digest of `source`, the cached file's name.
        source: the file to make them from.
        names: names of the arrays.
        build: makes them, in that order.
    """
    with open(source, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    cached = cache_folders()["datasets"] / "prepared" / f"{kind}-{digest[:16]}.npz"
    if cached.is_file():
        try:
            return read_npz(cached, names)
        except DataError:
            warn(f"{cached} is damaged and is made again.")
    arrays = list(build(source))
    named: dict[str, Any] = dict(zip(names, arrays, strict=True))
    part = cached.with_name(f"{cached.stem}.{os.getpid()}.part")  # each process writes another file
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            np.savez(out, **named)
        os.replace(part, cached)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        warn(f"{cached} can't be written ({error}): this data set will be prepared anew each time.")
    return arrays
