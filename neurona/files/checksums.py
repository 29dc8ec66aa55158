"""CRC-32C, the checksum in TensorFlow's files. Long texts are cut into lanes that advance side by side.

Source: G. Castagnoli et al., Optimization of cyclic redundancy-check codes with 24 and 32 parity bits, 1993.
"""

import functools

import numpy as np

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, its bits turned round
_SHORT = 2**14  # bytes that are not worth lanes


def _make_table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


_TABLE = _make_table()
_TABLES = [_TABLE]  # by the byte of a word of four, the last one first
for _ in range(3):
    _TABLES.insert(0, _TABLE[_TABLES[0] & 0xFF] ^ (_TABLES[0] >> 8))
_NUMBERS: list[int] = _TABLE.tolist()


def masked_checksum(data: bytes) -> int:
    """CRC-32C, turned by 15 bits and moved by a constant, as TensorFlow's files keep it.

    Example:

        >>> hex(masked_checksum(b"123456789"))
        '0xc78ab0e5'
    """
    crc = checksum(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def masked_checksums(rows: np.ndarray) -> np.ndarray:
    """The masked checksum of each of many short rows of bytes (rows, length), all at once.

    Example:

        >>> hex(masked_checksums(np.frombuffer(b"123456789" * 2, np.uint8).reshape(2, 9))[1])
        '0xc78ab0e5'
    """
    crc = np.full(len(rows), 0xFFFFFFFF, np.uint32)
    for column in np.ascontiguousarray(rows.T):
        crc = _TABLE[(crc ^ column) & 0xFF] ^ (crc >> 8)
    crc ^= np.uint32(0xFFFFFFFF)
    return (crc >> 15 | crc << 17) + np.uint32(0xA282EAD8)


def checksum(data: bytes) -> int:
    """CRC-32C of bytes.

    Example:

        >>> hex(checksum(b"123456789"))
        '0xe3069283'
    """
    crc, start = 0xFFFFFFFF, 0
    if len(data) > _SHORT:
        width = 1 << min(len(data).bit_length() // 2, 14)  # so many lanes
        start = len(data) // (4 * width) * 4 * width
        crc = _in_lanes(np.frombuffer(data, np.uint8, start).reshape(width, -1))
    for byte in memoryview(data)[start:]:
        crc = _NUMBERS[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _in_lanes(lanes: np.ndarray) -> int:
    """The remainder after lanes (a power of 2) of words of four bytes, one after another.

    Only the first lane begins with ones.
    """
    crc = np.zeros(len(lanes), np.uint32)
    crc[0] = 0xFFFFFFFF
    for word in np.ascontiguousarray(lanes.view("<u4").T):
        crc ^= word
        crc = functools.reduce(np.bitwise_xor, map(np.take, _TABLES, crc.view(np.uint8).reshape(-1, 4).T))
    length = lanes.shape[1]
    while len(crc) > 1:  # two neighbours become one of twice the length
        crc = _apply(_zeros(length), crc[0::2]) ^ crc[1::2]
        length *= 2
    return int(crc[0])


@functools.lru_cache(64)
def _zeros(length: int) -> np.ndarray:
    """What so many bytes of zeros make of a remainder: a linear map, by its value at each of the 32 bits."""
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    if length == 1:
        return _TABLE[bits & 0xFF] ^ (bits >> 8)
    half = _zeros(length // 2)
    whole = _apply(half, half)
    return _apply(_zeros(1), whole) if length % 2 else whole


def _apply(images: np.ndarray, values: np.ndarray) -> np.ndarray:
    found = np.zeros_like(values)
    for bit, image in enumerate(images):
        found ^= np.where(values >> np.uint32(bit) & np.uint32(1), image, np.uint32(0))
    return found
