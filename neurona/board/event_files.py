"""TensorBoard's event files: records with checksums, each a protocol buffer.

The formats are those of TensorFlow's event.proto, summary.proto, tensor.proto and record writer, and of
TensorBoard's plugin for hyperparameters; nothing but NumPy is needed.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neurona.board.records import Histogram, Moment, Picture, Run
from neurona.board.sources import BLOCK, WRONG, cell
from neurona.core.errors import DataError
from neurona.files.checksums import masked_checksum, masked_checksums
from neurona.saving.protobuf import fields

_HEAD, _FOOT = 12, 4  # bytes before and after a record
_LONGEST = 1 << 30
_SHORT = 2048  # bytes of records whose checksums are found together
_LAYOUTS = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8"}  # of the types of numbers
_SIGNATURES = (b"\x89PNG", b"\xff\xd8", b"GIF8", b"RIFF")
_HYPERPARAMETERS = "_hparams_/session_start_info"
_EPOCH = re.compile(r"epoch_(.+)")
_BATCH = re.compile(r"batch_(.+)")
_EVALUATION = re.compile(r"evaluation_(.+)_vs_iterations")


class EventFile:
    """An event file that grows, read a block at a time; a record that is not whole yet waits.

    Args:
        path: of the file.
        run: what its events tell of.
        part: what stands before the names of figures: `val_` for those of validation.
    """

    def __init__(self, path: Path, run: Run, part: str = "") -> None:
        self.path, self.run, self.offset, self._part = path, run, 0, part
        self._plugins: dict[str, str] = {}

    def restart(self) -> None:
        """Read the file from its beginning again."""
        self.offset = 0

    def read(self, version: int) -> bool:
        """Read what is new, at most a block. Returns whether there was anything.

        Raises:
            OSError: the file can't be read.
        """
        with self.path.open("rb") as file:
            file.seek(self.offset)
            block = file.read(BLOCK)
            if len(block) >= _HEAD and (size := _size(block)) is not None and size > len(block):
                block += file.read(size - len(block))
        records = [(start, block[start + _HEAD : stop - _FOOT]) for start, stop in _bounds(block)]
        good = _are_whole(block, records)
        begun = self.offset
        for (start, record), is_good in zip(records, good):
            place = begun + start + _HEAD
            try:
                if not is_good:
                    raise DataError("A record is damaged: its checksum is wrong.")
                self._take(record, place, version)
            except (*WRONG, DataError, struct.error):
                self.run.damaged += 1
                self.run.version = version
            self.offset = place + len(record) + _FOOT
        if not records and len(block) >= _HEAD and _size(block) is None:
            self._skip_damage(block, version)
        return self.offset > begun

    def _skip_damage(self, block: bytes, version: int) -> None:
        """Where the head of a record is wrong nothing tells where the next one begins: the rest is lost."""
        self.offset += len(block)
        self.run.damaged += 1
        self.run.version = version

    def _take(self, record: bytes, place: int, version: int) -> None:
        time = step = 0.0
        summary = None
        for name, _, value in fields(record):
            if name == 1:
                (time,) = struct.unpack("<d", value)
            elif name == 2:
                step = float(value - (1 << 64) if value >> 63 else value)
            elif name == 5:
                summary = value
        if summary is not None:
            self.run.note(time, version)
            for number, (_, _, value) in enumerate(fields(summary)):
                self._take_value(value, (time, step), (place, len(record), number), version)

    def _take_value(
        self, data: bytes, when: tuple[float, float], where: tuple[int, int, int], version: int
    ) -> None:
        parts: dict[int, Any] = {name: value for name, _, value in fields(data)}
        tag = parts[1].decode("utf-8")
        if tag not in self._plugins:
            self._plugins[tag] = _plugin(parts.get(9, b""))
        if tag == _HYPERPARAMETERS:
            self.run.hyperparameters |= _hyperparameters(parts[9])
            return
        name, moment = self._named(tag, *when)
        if 2 in parts:
            self.run.add(name, moment, struct.unpack("<f", parts[2])[0], version)
        elif 5 in parts:
            self.run.add_histogram(name, _older_histogram(parts[5], moment))
        elif 4 in parts:
            self._add_picture(name, moment, where, 0)
        elif 8 in parts:
            self._take_tensor(name, parts[8], self._plugins[tag], (moment, where), version)

    def _take_tensor(self, name: str, data: bytes, plugin: str, at: Any, version: int) -> None:
        moment, where = at
        kind, shape, values = tensor(data)
        if kind == 7 and plugin in ("images", ""):
            for index, one in enumerate(values[2:] if plugin else ()):
                if one.startswith(_SIGNATURES):
                    suffix = f" {index + 1}" if len(values) > 3 else ""
                    self._add_picture(name + suffix, moment, where, index)
        elif isinstance(values, np.ndarray) and plugin in ("scalars", "") and values.size == 1:
            self.run.add(name, moment, float(values[0]), version)
        elif isinstance(values, np.ndarray) and plugin == "histograms" and len(shape) == 2 and values.size:
            rows = values.reshape(-1, 3)
            edges = [*rows[:, 0].tolist(), float(rows[-1, 1])]
            self.run.add_histogram(name, Histogram(moment, edges, rows[:, 2].tolist()))

    def _add_picture(self, name: str, moment: Moment, where: Any, index: int) -> None:
        place, size, value = where
        picture = Picture(moment, self.path, place, size, lambda part: picture_of(part, value, index))
        self.run.add_picture(name, picture)

    def _named(self, tag: str, time: float, step: float) -> tuple[str, Moment]:
        """The name and the moment of a figure; those of Keras's tags are what `Board` writes."""
        if found := _EPOCH.fullmatch(tag):
            return self._part + found[1], Moment(epoch=step + 1, time=time)
        if found := _BATCH.fullmatch(tag):
            return f"batch/{found[1]}", Moment(step=step, time=time)
        if found := _EVALUATION.fullmatch(tag):
            return f"evaluation/{found[1]}", Moment(step=step, time=time)
        return self._part + tag, Moment(step=step, time=time)


# Records.


def _size(block: bytes, start: int = 0) -> int | None:
    """The bytes that a record takes, or None where its head is damaged."""
    head = block[start : start + 8]
    (length,), (check,) = struct.unpack("<Q", head), struct.unpack("<I", block[start + 8 : start + _HEAD])
    return length + _HEAD + _FOOT if masked_checksum(head) == check and length <= _LONGEST else None


def _bounds(block: bytes) -> Iterator[tuple[int, int]]:
    """Where the whole records of a block begin and end, up to the first damaged head."""
    start = 0
    while start + _HEAD <= len(block):
        size = _size(block, start)
        if size is None or start + size > len(block):
            return
        yield start, start + size
        start += size


def _are_whole(block: bytes, records: list[tuple[int, bytes]]) -> list[bool]:
    """Whether each record has the checksum that stands after it; short ones of equal length at once."""
    good, lengths = [False] * len(records), {}
    for number, (start, record) in enumerate(records):
        (check,) = struct.unpack_from("<I", block, start + _HEAD + len(record))
        if len(record) > _SHORT:
            good[number] = masked_checksum(record) == check
        else:
            lengths.setdefault(len(record), []).append((number, record, check))
    for length, found in lengths.items():
        rows = np.frombuffer(b"".join(record for _, record, _ in found), np.uint8).reshape(len(found), length)
        for (number, _, check), computed in zip(found, masked_checksums(rows).tolist()):
            good[number] = computed == check
    return good


# Messages.


def _plugin(metadata: bytes) -> str:
    """The plugin that a value is for: of its metadata."""
    data = next((value for name, _, value in fields(metadata) if name == 1), b"")
    return next((value.decode("utf-8") for name, _, value in fields(data) if name == 1), "")


def tensor(data: bytes) -> tuple[int, list[int], Any]:
    """The type, the shape and the values of a TensorProto: an array of floats, or a list of texts.

    Example:

        >>> tensor(b"\\x08\\x01\\x2a\\x04\\x00\\x00\\x00\\x3f")
        (1, [], array([0.5]))
    """
    kind, shape, texts, numbers = 0, [], [], np.zeros(0)
    for name, wire, value in fields(data):
        if name == 1:
            kind = value
        elif name == 2:
            sizes = [{n: v for n, _, v in fields(part)} for n, _, part in fields(value) if n == 2]
            shape = [int(size.get(1, 0)) for size in sizes]
        elif name == 4 and kind in _LAYOUTS:
            numbers = np.frombuffer(value, _LAYOUTS[kind]).astype(np.float64)
        elif name == 8:
            texts.append(value)
        elif (name, kind) in ((5, 1), (6, 2)):
            numbers = np.concatenate([numbers, np.frombuffer(value, _LAYOUTS[kind]).astype(np.float64)])
        elif (name, kind) in ((7, 3), (10, 9)) and wire == 0:
            numbers = np.append(numbers, float(value))
    return kind, shape, texts if kind == 7 else numbers


def _older_histogram(data: bytes, moment: Moment) -> Histogram:
    """A HistogramProto: upper limits of buckets, whose first lower limit is the least number."""
    found = {name: value for name, _, value in fields(data)}
    low, high = (struct.unpack("<d", found[name])[0] if name in found else 0.0 for name in (1, 2))
    limits, counts = (np.frombuffer(found.get(name, b""), "<f8") for name in (6, 7))
    used = np.flatnonzero(counts)
    if not used.size or len(limits) != len(counts):
        return Histogram(moment, [low, high], [0.0])
    first, last = used[0], used[-1] + 1
    edges = [low, *np.minimum(limits[first:last], high).tolist()]
    return Histogram(moment, edges, counts[first:last].tolist())


def _hyperparameters(metadata: bytes) -> dict[str, Any]:
    """What TensorBoard's plugin for hyperparameters keeps of a run."""
    found = {}
    data = next((value for name, _, value in fields(metadata) if name == 1), b"")
    content = next((value for name, _, value in fields(data) if name == 2), b"")
    start = next((value for name, _, value in fields(content) if name == 3), b"")
    for name, _, entry in fields(start):
        if name != 1:
            continue
        pair = {part: value for part, _, value in fields(entry)}
        for kind, _, value in fields(pair.get(2, b"")):
            known = {
                2: lambda value: struct.unpack("<d", value)[0],
                3: lambda value: value.decode("utf-8"),
                4: bool,
            }
            if kind in known:
                found[pair[1].decode("utf-8")] = cell(known[kind](value))
    return found


def picture_of(record: bytes, number: int, index: int) -> bytes:
    """The encoded picture in an event.

    Args:
        record: the event.
        number: of the value in its summary.
        index: of the picture in the value.

    Raises:
        ValueError: there is none.
    """
    try:
        summary = next(value for name, _, value in fields(record) if name == 5)
        value = [value for _, _, value in fields(summary)][number]
        parts = {name: value for name, _, value in fields(value)}
        if 4 in parts:
            return next(value for name, _, value in fields(parts[4]) if name == 4)
        return tensor(parts[8])[2][2 + index]
    except (DataError, StopIteration, *WRONG) as error:
        raise ValueError("The file has changed: there is no picture any more.") from error
