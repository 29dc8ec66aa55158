"""TFRecord files: records with their lengths and checksums, plain or compressed."""

import gzip
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from neurona.core.errors import ArgumentError, DataError
from neurona.files.checksums import masked_checksum
from neurona.files.gate import Gate
from neurona.legacy.tensorflow.errors import DataLossError, NotFoundError
from neurona.legacy.tensorflow.hosts import text

_COMPRESSIONS = ("", "GZIP", "ZLIB")


class TFRecordCompressionType:
    """How a record file is compressed, as TensorFlow 1 says it."""

    NONE, ZLIB, GZIP = "", "ZLIB", "GZIP"


class TFRecordOptions:
    """How a record file is compressed: "", "GZIP" or "ZLIB"."""

    def __init__(self, compression_type: Any = None, compression_level: Any = None, **_: Any) -> None:
        self.compression_type = _checked(compression_type)
        self.compression_level = -1 if compression_level is None else int(compression_level)


def _checked(compression: Any) -> str:
    name = "" if compression is None else text(compression)
    if name not in _COMPRESSIONS:
        raise ArgumentError(f"compression_type is '', 'GZIP' or 'ZLIB'. Received: {compression!r}")
    return name


class TFRecordWriter:
    """Writes records to a file; a context manager."""

    def __init__(self, path: Any, options: Any = None) -> None:
        compression = options if isinstance(options, str) else getattr(options, "compression_type", "")
        level = getattr(options, "compression_level", -1)
        self._file: Any = open(text(path), "wb")  # noqa: SIM115
        if _checked(compression) == "GZIP":
            self._stream: Any = gzip.GzipFile(
                fileobj=self._file, mode="wb", compresslevel=level if level > 0 else 9
            )
        else:
            self._stream = _Deflating(self._file, level) if compression == "ZLIB" else self._file

    def write(self, record: Any) -> None:
        """Append a record."""
        data = record.numpy() if hasattr(record, "numpy") else record
        if not isinstance(data, bytes):
            raise TypeError(
                f"TFRecordWriter.write takes bytes, such as example.SerializeToString(): {data!r}"
            )
        length = struct.pack("<Q", len(data))
        self._stream.write(length + struct.pack("<I", masked_checksum(length)))
        self._stream.write(data + struct.pack("<I", masked_checksum(data)))

    def flush(self) -> None:
        """Hand what was written to the file."""
        self._stream.flush()

    def close(self) -> None:
        """Finish the file."""
        if self._stream is not self._file:
            self._stream.close()
        self._file.close()

    def __enter__(self) -> "TFRecordWriter":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class _Deflating:
    """A stream that compresses with zlib."""

    def __init__(self, file: BinaryIO, level: int) -> None:
        self._file, self._deflate = file, zlib.compressobj(level)

    def write(self, data: bytes) -> None:
        self._file.write(self._deflate.compress(data))

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.write(self._deflate.flush())


class _Inflating:
    """A stream that is compressed with zlib."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._inflate, self._left = file, zlib.decompressobj(), b""

    def read(self, size: int) -> bytes:
        while len(self._left) < size and not self._inflate.eof:
            block = self._inflate.unconsumed_tail or self._file.read(2**16)
            if not block:
                break
            self._left += self._inflate.decompress(block, 2**20)
        data, self._left = self._left[:size], self._left[size:]
        return data


def read_records(path: Any, compression: Any = "") -> Iterator[bytes]:
    """The records of a file.

    Raises:
        NotFoundError: there is no such file.
        DataLossError: it is damaged, or of another kind.
    """
    name, kind = text(path), _checked(compression)
    if not os.path.exists(name):
        raise NotFoundError(f"{name}; No such file or directory")
    gate = Gate.of_file(name, DataError)
    with open(name, "rb") as file:
        stream: Any = gzip.GzipFile(fileobj=file) if kind == "GZIP" else _Inflating(file) if kind else file
        while header := stream.read(12):
            yield _record(header, stream, gate)


def _record(header: bytes, stream: Any, gate: Gate) -> bytes:
    if len(header) < 12 or struct.unpack("<I", header[8:])[0] != masked_checksum(header[:8]):
        raise DataLossError(f"{gate.name}: corrupted record: it is no TFRecord file, or is compressed.")
    (length,) = struct.unpack("<Q", header[:8])
    if length > gate.left:
        raise DataLossError(f"{gate.name}: a record of {length} bytes is larger than the limit, {gate.left}.")
    data, check = stream.read(length), stream.read(4)
    if len(data) < length or len(check) < 4:
        raise DataLossError(f"{gate.name}: truncated record: the file is cut off.")
    return data


def tf_record_iterator(path: Any, options: Any = None) -> Iterator[bytes]:
    """The records of a file: TensorFlow 1's name."""
    return read_records(path, getattr(options, "compression_type", "") or "")
