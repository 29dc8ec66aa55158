"""`tf.gfile`: files, under the names of TensorFlow 1."""

import glob
import os
import shutil
from collections.abc import Iterator
from typing import Any


def GFile(name: Any, mode: str = "r") -> Any:
    """Open a file."""
    return open(name, mode, encoding=None if "b" in mode else "utf-8")


Open = FastGFile = GFile


def Exists(filename: Any) -> bool:
    """Whether there is a file or folder."""
    return os.path.exists(filename)


def IsDirectory(dirname: Any) -> bool:
    """Whether it is a folder."""
    return os.path.isdir(dirname)


def MakeDirs(dirname: Any) -> None:
    """Make a folder, and those around it."""
    os.makedirs(dirname, exist_ok=True)


MkDir = MakeDirs


def ListDirectory(dirname: Any) -> list[str]:
    """The names in a folder."""
    return os.listdir(dirname)


def Glob(filename: Any) -> list[str]:
    """The files whose names fit a pattern."""
    return sorted(glob.glob(str(filename)))


def Remove(filename: Any) -> None:
    """Delete a file."""
    os.remove(filename)


def DeleteRecursively(dirname: Any) -> None:
    """Delete a folder with all that is in it."""
    shutil.rmtree(dirname)


def Copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copy a file."""
    if not overwrite and os.path.exists(newpath):
        raise FileExistsError(f"{newpath} is there already: pass overwrite=True.")
    shutil.copy(oldpath, newpath)


def Rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Give a file another name."""
    os.replace(oldname, newname)


def Stat(filename: Any) -> Any:
    """The size and times of a file."""
    return os.stat(filename)


def Walk(top: Any, in_order: bool = True) -> Iterator[Any]:
    """The folders below one, with what is in them."""
    return os.walk(top, topdown=in_order)
