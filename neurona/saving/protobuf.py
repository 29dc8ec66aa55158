"""Protocol buffers' wire format: numbered fields with integers or bytes."""

from collections.abc import Iterator
from typing import Any

from neurona.core.errors import DataError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}


def varint(value: int) -> bytes:
    """An integer in groups of seven bits, the lowest first."""
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, content: bytes) -> bytes:
    """A field that holds bytes."""
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def read_varint(data: bytes, place: int) -> tuple[int, int]:
    """An integer and the place after it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise DataError("A record is damaged: an integer has more than 64 bits.")


def fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """(number, wire type, value) of each field: an integer, or bytes.

    Raises:
        DataError: the bytes are no message.
    """
    place = 0
    try:
        while place < len(data):
            key, place = read_varint(data, place)
            kind = key & 7
            if kind == VARINT:
                value, place = read_varint(data, place)
            else:
                size, place = (_SIZES[kind], place) if kind in _SIZES else read_varint(data, place)
                value, place = data[place : place + size], place + size
                if kind not in (*_SIZES, BYTES) or len(value) != size:
                    raise IndexError
            yield key >> 3, kind, value
    except IndexError:
        raise DataError("A record is damaged: it is no protocol buffer, or is cut off.") from None
