"""Readers of TensorFlow 1: they take the names of files from a queue, and give what is in the files."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurona.core.errors import DataError
from neurona.files.gate import Gate, read_bytes
from neurona.legacy.tensorflow.dtypes import string
from neurona.legacy.tensorflow.errors import NotFoundError, OutOfRangeError
from neurona.legacy.tensorflow.hosts import text
from neurona.legacy.tensorflow.io.records import read_records
from neurona.legacy.tensorflow.v1.queues import PerSession, batch, sources
from neurona.legacy.tensorflow.v1.session import Session


class Record(NamedTuple):
    """What a reader gives: the record's name, and what it holds."""

    key: Any
    value: Any


class ReaderBase:
    """A reader: a run takes the next record, from the next file where one is at its end."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or type(self).__name__
        self._count = 0

    def _records(self, path: str) -> Iterator[tuple[str, bytes]]:
        """The names and contents of a file's records."""
        raise NotImplementedError

    def read(self, queue: Any, name: str | None = None) -> Record:
        """The next record."""

        def begin(session: Session) -> Iterator[list[Any]]:
            while True:
                try:
                    path = _text(queue.next_of(session))
                except OutOfRangeError:
                    return
                for key, value in self._records(path):
                    self._count += 1
                    yield [_as_array(key.encode()), _as_array(value)]

        return Record(*sources(PerSession(begin), [((), string), ((), string)], name or "ReaderReadV2"))

    def read_up_to(self, queue: Any, num_records: int, name: str | None = None) -> Record:
        """So many records at once; fewer at the end."""
        return Record(*batch(list(self.read(queue)), num_records, allow_smaller_final_batch=True, name=name))


class WholeFileReader(ReaderBase):
    """Gives each file as one record."""

    def _records(self, path: str) -> Iterator[tuple[str, bytes]]:
        yield path, _content(path)


class IdentityReader(ReaderBase):
    """Gives what is in the queue."""

    def _records(self, path: str) -> Iterator[tuple[str, bytes]]:
        yield path, path.encode("utf-8", "surrogateescape")


class TextLineReader(ReaderBase):
    """Gives each line of files of text.

    Args:
        skip_header_lines: how many lines of each file are left out.
    """

    def __init__(self, skip_header_lines: int | None = None, name: str | None = None) -> None:
        super().__init__(name)
        self._skipped = skip_header_lines or 0

    def _records(self, path: str) -> Iterator[tuple[str, bytes]]:
        lines = _content(path).splitlines()
        for number, line in itertools.islice(enumerate(lines, 1), self._skipped, None):
            yield f"{path}:{number}", line


class FixedLengthRecordReader(ReaderBase):
    """Gives records of so many bytes.

    Args:
        record_bytes: of each record.
        header_bytes, footer_bytes: at the ends of each file, which are left out.
        hop_bytes: from the beginning of a record to that of the next; `record_bytes` by default.
    """

    def __init__(
        self,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        hop_bytes: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self._size, self._hop = record_bytes, hop_bytes or record_bytes
        self._header, self._footer = header_bytes or 0, footer_bytes or 0

    def _records(self, path: str) -> Iterator[tuple[str, bytes]]:
        content = _content(path)
        last = len(content) - self._footer - self._size
        for number, place in enumerate(range(self._header, last + 1, self._hop)):
            yield f"{path}:{number}", content[place : place + self._size]


class TFRecordReader(ReaderBase):
    """Gives the records of TFRecord files."""

    def __init__(self, name: str | None = None, options: Any = None) -> None:
        super().__init__(name)
        self._compression = getattr(options, "compression_type", "") or ""

    def _records(self, path: str) -> Iterator[tuple[str, bytes]]:
        for number, record in enumerate(read_records(path, self._compression)):
            yield f"{path}:{number}", record


def _content(path: str) -> bytes:
    if not Path(path).is_file():
        raise NotFoundError(f"{path}; No such file or directory")
    return read_bytes(Path(path), Gate.of_file(path, DataError))


def _text(values: list[Any]) -> str:
    return text(np.asarray(values[0]).item())


def _as_array(value: bytes) -> np.ndarray:
    array = np.empty((), object)
    array[()] = value
    return array
