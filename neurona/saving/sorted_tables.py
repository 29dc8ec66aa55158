"""Sorted tables of keys and values in a file: the format of LevelDB, in which TensorFlow keeps checkpoints.

A table is made of blocks. An entry of a block is written as three numbers (how many bytes its key shares with
the key before, how many more it has, the length of its value), then those bytes and the value; the places of
entries whose keys share nothing end the block. An index, a block itself, holds where each block lies.

Source: S. Ghemawat and J. Dean, LevelDB, doc/table_format.md, https://github.com/google/leveldb.
"""

import struct
from collections.abc import Iterable, Iterator

from neurona.files.checksums import masked_checksum
from neurona.files.gate import Gate
from neurona.saving.protobuf import read_varint, varint

_MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
_FOOTER, _TRAILER = 48, 5
_PLAIN, _SNAPPY = 0, 1
_LEAST = 262144  # bytes of a block
_INTERVAL = 16  # entries from one whole key to the next


def is_table(data: bytes) -> bool:
    """Whether bytes end as a table does."""
    return len(data) >= _FOOTER and data[-8:] == _MAGIC


def read_table(data: bytes, gate: Gate) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a table."""
    if not is_table(data):
        raise gate.refusal("is no table of a checkpoint, or is cut off.")
    _, place = _read_handle(data, len(data) - _FOOTER)
    index, _ = _read_handle(data, place)
    for _, handle in _entries(_block(data, index, gate)):
        yield from _entries(_block(data, _read_handle(handle, 0)[0], gate))


def _read_handle(data: bytes, place: int) -> tuple[tuple[int, int], int]:
    start, place = read_varint(data, place)
    size, place = read_varint(data, place)
    return (start, size), place


def _block(data: bytes, handle: tuple[int, int], gate: Gate) -> bytes:
    start, size = handle
    block, trailer = data[start : start + size], data[start + size : start + size + _TRAILER]
    if len(trailer) < _TRAILER or struct.unpack("<I", trailer[1:])[0] != masked_checksum(block + trailer[:1]):
        raise gate.refusal("is damaged: a block and its checksum differ.")
    if trailer[0] == _SNAPPY:
        return _unpack(block, gate)
    if trailer[0] != _PLAIN:
        raise gate.refusal(f"has a block in the unknown compression {trailer[0]}.")
    return block


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    (restarts,) = struct.unpack("<I", block[-4:])
    end, place, key = len(block) - 4 - 4 * restarts, 0, b""
    while place < end:
        shared, place = read_varint(block, place)
        more, place = read_varint(block, place)
        size, place = read_varint(block, place)
        key = key[:shared] + block[place : place + more]
        yield key, block[place + more : place + more + size]
        place += more + size


def _unpack(data: bytes, gate: Gate) -> bytes:
    """Bytes that were compressed by Snappy: literals, and copies of what was written before.

    Source: https://github.com/google/snappy, format_description.txt.
    """
    size, place = read_varint(data, 0)
    gate.spend(size)
    out = bytearray()
    while place < len(data):
        tag, place = data[place], place + 1
        kind, number = tag & 3, tag >> 2
        if kind == 0:
            if number >= 60:
                width = number - 59
                number, place = int.from_bytes(data[place : place + width], "little"), place + width
            out += data[place : place + number + 1]
            place += number + 1
            continue
        if kind == 1:
            length, distance, place = (number & 7) + 4, (tag >> 5) << 8 | data[place], place + 1
        else:
            width = 2 if kind == 2 else 4
            distance, length = int.from_bytes(data[place : place + width], "little"), number + 1
            place += width
        if not 0 < distance <= len(out):
            raise gate.refusal("is damaged: a compressed block refers to what is before it.")
        start = len(out) - distance
        out += (out[start:] * (length // distance + 1))[:length]
    if len(out) != size:
        raise gate.refusal("is damaged: a compressed block has another size than it says.")
    return bytes(out)


def write_table(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a table of sorted entries."""
    out, index, block, size = bytearray(), list[tuple[bytes, bytes]](), list[tuple[bytes, bytes]](), 0
    for key, value in entries:
        block.append((key, value))
        size += len(key) + len(value)
        if size > _LEAST:
            index.append((key, _add(out, block)))
            block, size = [], 0
    if block:
        first = block[-1][0][:1]  # the index's last key may be any that is not before
        index.append((bytes([first[0] + 1]) if first and first < b"\xff" else block[-1][0], _add(out, block)))
    footer = _add(out, []) + _add(out, index)
    return bytes(out) + footer.ljust(_FOOTER - 8, b"\0") + _MAGIC


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes two keys begin with in common."""
    length = min(len(one), len(other))
    return next((place for place in range(length) if one[place] != other[place]), length)


def _add(out: bytearray, entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Append a block; returns its handle."""
    block, restarts, before = bytearray(), [0], b""
    for number, (key, value) in enumerate(entries):
        shared = _shared(key, before) if number % _INTERVAL else 0
        if number and number % _INTERVAL == 0:
            restarts.append(len(block))
        block += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    block += struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
    handle = varint(len(out)) + varint(len(block))
    out += block + b"\0" + struct.pack("<I", masked_checksum(bytes(block) + b"\0"))
    return handle
