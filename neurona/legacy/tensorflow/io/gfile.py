"""`tf.io.gfile`: files and folders of this machine."""

import glob as python_glob
import os
import shutil
from collections.abc import Iterator
from typing import Any

from neurona.legacy.tensorflow.errors import NotFoundError
from neurona.legacy.tensorflow.hosts import text


class GFile:
    """A file that is opened when it is first used."""

    def __init__(self, name: Any, mode: str = "r") -> None:
        self.name, self.mode = text(name), mode
        self._file: Any = None

    def _opened(self) -> Any:
        if self._file is None:
            encoding = None if "b" in self.mode else "utf-8"
            try:
                self._file = open(self.name, self.mode, encoding=encoding)  # noqa: SIM115
            except FileNotFoundError:
                raise NotFoundError(f"{self.name}; No such file or directory") from None
        return self._file

    def read(self, n: int = -1) -> Any:
        """What is left, or n letters of it."""
        return self._opened().read(n)

    def readline(self) -> Any:
        """The next line."""
        return self._opened().readline()

    def readlines(self) -> list[Any]:
        """The lines that are left."""
        return self._opened().readlines()

    def write(self, file_content: Any) -> None:
        """Append to the file."""
        self._opened().write(file_content)

    def seek(self, offset: int = 0, whence: int = 0, position: int | None = None) -> None:
        """Go to a place."""
        self._opened().seek(offset if position is None else position, whence)

    def tell(self) -> int:
        """The place."""
        return self._opened().tell()

    def size(self) -> int:
        """Bytes of the file."""
        return os.path.getsize(self.name)

    def flush(self) -> None:
        """Hand what was written to the disk."""
        self._opened().flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def __enter__(self) -> "GFile":
        self._opened()
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._opened())


Open = FastGFile = GFile


def exists(path: Any) -> bool:
    """Whether there is such a file or folder."""
    return os.path.exists(text(path))


def isdir(path: Any) -> bool:
    """Whether there is such a folder."""
    return os.path.isdir(text(path))


def listdir(path: Any) -> list[str]:
    """The names in a folder."""
    try:
        return sorted(os.listdir(text(path)))
    except FileNotFoundError:
        raise NotFoundError(f"Could not find directory {text(path)}") from None


def glob(pattern: Any) -> list[str]:
    """The paths that match a pattern, or several."""
    patterns = pattern if isinstance(pattern, (list, tuple)) else [pattern]
    return sorted({path for one in patterns for path in python_glob.glob(text(one))})


def makedirs(path: Any) -> None:
    """Make a folder, and those above it."""
    os.makedirs(text(path), exist_ok=True)


def mkdir(path: Any) -> None:
    """Make a folder."""
    os.mkdir(text(path))


def remove(path: Any) -> None:
    """Delete a file."""
    try:
        os.remove(text(path))
    except FileNotFoundError:
        raise NotFoundError(f"{text(path)}; No such file or directory") from None


def rmtree(path: Any) -> None:
    """Delete a folder with all that it holds."""
    shutil.rmtree(text(path))


def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copy a file."""
    if exists(dst) and not overwrite:
        raise FileExistsError(text(dst))
    shutil.copyfile(text(src), text(dst))


def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Give a file another name."""
    if exists(dst) and not overwrite:
        raise FileExistsError(text(dst))
    os.replace(text(src), text(dst))


def stat(path: Any) -> Any:
    """What the system knows of a file; `length` are its bytes."""
    found = os.stat(text(path))
    return type("FileStatistics", (), {"length": found.st_size, "mtime_nsec": found.st_mtime_ns})()


def walk(top: Any, topdown: bool = True, onerror: Any = None) -> Iterator[Any]:
    """The folders below a folder, with the names in them."""
    return os.walk(text(top), topdown, onerror)


def join(path: Any, *paths: Any) -> str:
    """Parts as one path."""
    return os.path.join(text(path), *map(text, paths))


Exists, IsDirectory, ListDirectory, Glob = exists, isdir, listdir, glob
MakeDirs, MkDir, Remove, DeleteRecursively, Copy, Rename, Stat, Walk = (
    makedirs, mkdir, remove, rmtree, copy, rename, stat, walk,
)  # fmt: skip
