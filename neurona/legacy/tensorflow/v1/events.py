"""Event files of TensorBoard: protocol buffers in records, each with its checksums.

The formats are those of TensorFlow's event.proto, summary.proto and record writer; nothing but NumPy is
needed.
"""

import io
import struct
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from neurona.core.errors import optional_import
from neurona.files.checksums import masked_checksum
from neurona.saving.protobuf import varint


def record(data: bytes) -> bytes:
    """Bytes as a record: their number and its checksum, the bytes and theirs."""
    length = struct.pack("<Q", len(data))
    return (
        length + struct.pack("<I", masked_checksum(length)) + data + struct.pack("<I", masked_checksum(data))
    )


# Protocol buffers: fields with their numbers.


def whole(field: int, number: int) -> bytes:
    """A field with an integer."""
    return varint(field << 3) + varint(number)


def single(field: int, number: float) -> bytes:
    """A field with a float of 32 bits."""
    return varint(field << 3 | 5) + struct.pack("<f", number)


def double(field: int, number: float) -> bytes:
    """A field with a float of 64 bits."""
    return varint(field << 3 | 1) + struct.pack("<d", number)


def text(field: int, data: bytes | str) -> bytes:
    """A field with bytes, a text or a message."""
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def doubles(field: int, numbers: Iterable[float]) -> bytes:
    """A field with packed floats of 64 bits."""
    return text(field, b"".join(struct.pack("<d", number) for number in numbers))


def summary(values: Iterable[bytes]) -> bytes:
    """A summary of values."""
    return b"".join(text(1, value) for value in values)


def scalar_value(tag: str, number: Any) -> bytes:
    """A number under a tag."""
    return text(1, tag) + single(2, float(number))


def histogram_value(tag: str, numbers: Any) -> bytes:
    """The distribution of numbers under a tag."""
    array = np.asarray(numbers, np.float64).ravel()
    array = array[np.isfinite(array)]
    counts, edges = np.histogram(array, bins=30) if array.size else (np.zeros(1), np.zeros(2))
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    head = double(1, low) + double(2, high) + double(3, array.size)
    sums = double(4, float(array.sum())) + double(5, float((array**2).sum()))
    return text(1, tag) + text(5, head + sums + doubles(6, edges[1:]) + doubles(7, counts))


def image_value(tag: str, pixels: np.ndarray) -> bytes:
    """A picture (height, width, channels) of bytes under a tag."""
    image = optional_import("PIL.Image", extra="image", purpose="tf.summary.image")
    file = io.BytesIO()
    image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "PNG")
    height, width, channels = pixels.shape
    message = whole(1, height) + whole(2, width) + whole(3, channels) + text(4, file.getvalue())
    return text(1, tag) + text(4, message)


def text_value(tag: str, texts: Iterable[bytes]) -> bytes:
    """Texts under a tag."""
    tensor = whole(1, 7) + b"".join(text(8, one) for one in texts)
    return text(1, tag) + text(9, text(1, text(1, "text"))) + text(8, tensor)


def graph_of(operations: Iterable[Any]) -> bytes:
    """The graph's operations, their types and inputs."""
    nodes = []
    for one in operations:
        inputs = b"".join(text(3, item.op.name) for item in one.inputs if hasattr(item, "op"))
        nodes.append(text(1, text(1, one.name) + text(2, one.type) + inputs))
    return b"".join(nodes)


class EventFile:
    """A file of events in a folder, which `tensorboard --logdir` shows.

    Args:
        folder: made where it is not there.
        suffix: for the end of the file's name.
    """

    def __init__(self, folder: Any, suffix: str = "") -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time()):010d}.neurona.{time.monotonic_ns() % 10**9}{suffix}"
        self.path = Path(folder) / name
        self._file: BinaryIO | None = self.path.open("wb")
        self.add(text(3, "brain.Event:2"))

    def add(self, what: bytes, step: int | None = None) -> None:
        """Write an event: its time and step, and a field."""
        if self._file is None:
            self._file = self.path.open("ab")
        event = double(1, time.time()) + (b"" if step is None else whole(2, int(step))) + what
        self._file.write(record(event))

    def flush(self) -> None:
        """Let others see what is written."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()
        self._file = None
