"""Elements that are computed once and kept, in memory or in a file."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from neurona.core.errors import DataError
from neurona.files.gate import Gate
from neurona.legacy.tensorflow.data.elements import in_order, leaves
from neurona.legacy.tensorflow.hosts import host

_SUFFIX = ".neurona-cache"


class Cache:
    """What a stream yielded the first time that it was read to its end.

    Args:
        path: a file that keeps it for other processes; memory keeps it where the path is empty.
    """

    def __init__(self, path: str = "") -> None:
        self.path = Path(path + _SUFFIX) if path else None
        self._kept: list[Any] | None = None

    def over(self, begin: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        """The kept elements, or those that `begin` begins to compute."""
        if self.path is not None:
            return _read(self.path) if self.path.exists() else self._written(begin(), self.path)
        return self._remembered(begin()) if self._kept is None else iter(self._kept)

    def _remembered(self, stream: Iterator[Any]) -> Iterator[Any]:
        kept = []
        for element in stream:
            kept.append(element)
            yield element
        self._kept = kept

    def _written(self, stream: Iterator[Any], path: Path) -> Iterator[Any]:
        """The elements, each written before it is given away; the file gets its name when all are there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            with unfinished.open("wb") as file:
                for number, element in enumerate(stream):
                    _check(element)
                    if not number:
                        file.write(json.dumps(_form(element)).encode() + b"\n")
                    for leaf in leaves(element):
                        _write(file, leaf)
                    yield element
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


_ELEMENTS = "elements"


def write_folder(folder: str, stream: Iterator[Any]) -> None:
    """Write all elements into a folder."""
    for _ in Cache("")._written(stream, Path(folder) / _ELEMENTS):
        pass


def read_folder(folder: str) -> Iterator[Any]:
    """The elements that `write_folder` wrote.

    Raises:
        DataError: there are none.
    """
    path = Path(folder) / _ELEMENTS
    if not path.is_file():
        raise DataError(f"{folder!r} holds no data set that Dataset.save of Neurona has written.")
    return _read(path)


def _check(element: Any) -> None:
    wrong = next((leaf for leaf in leaves(element) if not isinstance(host(leaf), np.ndarray)), None)
    if wrong is not None:
        raise DataError(
            f"cache(filename) keeps arrays and texts in a file. Received: {type(wrong).__name__}. Use "
            "cache() "
            "without a filename."
        )


def _form(element: Any) -> Any:
    """The structure of an element for JSON: a dictionary, a list for a tuple, whether a leaf is text."""
    if isinstance(element, Mapping):
        return {name: _form(element[name]) for name in sorted(element)}
    return list(map(_form, element)) if isinstance(element, tuple) else host(element).dtype == object


def _structure(form: Any) -> Any:
    if isinstance(form, dict):
        return {name: _structure(item) for name, item in form.items()}
    return tuple(map(_structure, form)) if isinstance(form, list) else form


def _write(file: BinaryIO, leaf: Any) -> None:
    """An array; texts as their lengths and one array of all bytes."""
    array = host(leaf)
    if array.dtype != object:
        np.save(file, array, allow_pickle=False)
        return
    texts = array.ravel().tolist()
    np.save(file, np.array([len(text) for text in texts], np.int64).reshape(array.shape), allow_pickle=False)
    np.save(file, np.frombuffer(b"".join(texts), "S1"), allow_pickle=False)


def _read(path: Path) -> Iterator[Any]:
    gate = Gate.of_file(path, DataError)
    with path.open("rb") as file, gate.watching():
        header = file.readline()
        like = _structure(json.loads(header)) if header else None
        while file.peek(1):
            yield in_order(like, [_load(file, is_text) for is_text in leaves(like)])


def _load(file: BinaryIO, is_text: bool) -> np.ndarray:
    array = np.load(file, allow_pickle=False)
    if not is_text:
        return array
    content = np.load(file, allow_pickle=False).tobytes()
    ends = np.cumsum(array.ravel())
    texts = np.empty(array.shape, object)
    texts.reshape(-1)[:] = [content[end - size : end] for end, size in zip(ends, array.ravel())]
    return texts
