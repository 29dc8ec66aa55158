"""Fingerprints of texts, by which TensorFlow puts them into buckets: FarmHash, SipHash and MurmurHash.

Sources: G. Pike, FarmHash, 2014; Aumasson and Bernstein, SipHash: a fast short-input PRF, 2012.
"""

from collections.abc import Iterable

_MASK = 0xFFFFFFFFFFFFFFFF
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def _word(data: bytes, place: int, size: int = 8) -> int:
    return int.from_bytes(data[place : place + size], "little")


def _turn(value: int, shift: int) -> int:
    return ((value >> shift) | (value << (64 - shift))) & _MASK if shift else value


def _mix(value: int) -> int:
    return value ^ (value >> 47)


def _join(u: int, v: int, multiplier: int) -> int:
    a = _mix(((u ^ v) * multiplier) & _MASK)
    return (_mix(((v ^ a) * multiplier) & _MASK) * multiplier) & _MASK


def _up_to_16(data: bytes) -> int:
    size = len(data)
    if size >= 8:
        multiplier = _K2 + size * 2
        a, b = (_word(data, 0) + _K2) & _MASK, _word(data, size - 8)
        c = (_turn(b, 37) * multiplier + a) & _MASK
        d = ((_turn(a, 25) + b) * multiplier) & _MASK
        return _join(c, d, multiplier)
    if size >= 4:
        return _join(size + (_word(data, 0, 4) << 3), _word(data, size - 4, 4), _K2 + size * 2)
    if size:
        y, z = data[0] + (data[size >> 1] << 8), size + (data[size - 1] << 2)
        return (_mix((y * _K2 ^ z * _K0) & _MASK) * _K2) & _MASK
    return _K2


def _up_to_32(data: bytes) -> int:
    size = len(data)
    multiplier = _K2 + size * 2
    a, b = (_word(data, 0) * _K1) & _MASK, _word(data, 8)
    c, d = (_word(data, size - 8) * multiplier) & _MASK, (_word(data, size - 16) * _K2) & _MASK
    u = (_turn((a + b) & _MASK, 43) + _turn(c, 30) + d) & _MASK
    return _join(u, (a + _turn((b + _K2) & _MASK, 18) + c) & _MASK, multiplier)


def _up_to_64(data: bytes) -> int:
    size = len(data)
    multiplier = _K2 + size * 2
    a, b = (_word(data, 0) * _K2) & _MASK, _word(data, 8)
    c, d = (_word(data, size - 8) * multiplier) & _MASK, (_word(data, size - 16) * _K2) & _MASK
    y = (_turn((a + b) & _MASK, 43) + _turn(c, 30) + d) & _MASK
    z = _join(y, (a + _turn((b + _K2) & _MASK, 18) + c) & _MASK, multiplier)
    e, f = (_word(data, 16) * multiplier) & _MASK, _word(data, 24)
    g, h = (
        ((y + _word(data, size - 32)) * multiplier) & _MASK,
        ((z + _word(data, size - 24)) * multiplier) & _MASK,
    )
    u = (_turn((e + f) & _MASK, 43) + _turn(g, 30) + h) & _MASK
    return _join(u, (e + _turn((f + a) & _MASK, 18) + g) & _MASK, multiplier)


def _weak(data: bytes, place: int, a: int, b: int) -> tuple[int, int]:
    w, x, y, z = (_word(data, place + step) for step in (0, 8, 16, 24))
    a = (a + w) & _MASK
    b = _turn((b + a + z) & _MASK, 21)
    c = a
    a = (a + x + y) & _MASK
    b = (b + _turn(a, 44)) & _MASK
    return (a + z) & _MASK, (b + c) & _MASK


def fingerprint64(data: bytes) -> int:
    """FarmHash's Fingerprint64 of bytes."""
    size = len(data)
    if size <= 32:
        return _up_to_16(data) if size <= 16 else _up_to_32(data)
    if size <= 64:
        return _up_to_64(data)
    x, y = 81, (81 * _K1 + 113) & _MASK
    z = (_mix((y * _K2 + 113) & _MASK) * _K2) & _MASK
    v, w = (0, 0), (0, 0)
    x = (x * _K2 + _word(data, 0)) & _MASK
    end = (size - 1) // 64 * 64
    for place in range(0, end, 64):
        x = (_turn((x + y + v[0] + _word(data, place + 8)) & _MASK, 37) * _K1) & _MASK
        y = (_turn((y + v[1] + _word(data, place + 48)) & _MASK, 42) * _K1) & _MASK
        x ^= w[1]
        y = (y + v[0] + _word(data, place + 40)) & _MASK
        z = (_turn((z + w[0]) & _MASK, 33) * _K1) & _MASK
        v = _weak(data, place, (v[1] * _K1) & _MASK, (x + w[0]) & _MASK)
        w = _weak(data, place + 32, (z + w[1]) & _MASK, (y + _word(data, place + 16)) & _MASK)
        z, x = x, z
    return _last_64(data, x, y, z, v, w)


def _last_64(data: bytes, x: int, y: int, z: int, v: tuple[int, int], w: tuple[int, int]) -> int:
    """The end of a long text's fingerprint: its last 64 bytes, whatever was read before."""
    multiplier = _K1 + ((z & 0xFF) << 1)
    place = len(data) - 64
    w = ((w[0] + ((len(data) - 1) & 63)) & _MASK, w[1])
    v = ((v[0] + w[0]) & _MASK, v[1])
    w = ((w[0] + v[0]) & _MASK, w[1])
    x = (_turn((x + y + v[0] + _word(data, place + 8)) & _MASK, 37) * multiplier) & _MASK
    y = (_turn((y + v[1] + _word(data, place + 48)) & _MASK, 42) * multiplier) & _MASK
    x ^= (w[1] * 9) & _MASK
    y = (y + v[0] * 9 + _word(data, place + 40)) & _MASK
    z = (_turn((z + w[0]) & _MASK, 33) * multiplier) & _MASK
    v = _weak(data, place, (v[1] * multiplier) & _MASK, (x + w[0]) & _MASK)
    w = _weak(data, place + 32, (z + w[1]) & _MASK, (y + _word(data, place + 16)) & _MASK)
    z, x = x, z
    first = (_join(v[0], w[0], multiplier) + _mix(y) * _K0 + z) & _MASK
    return _join(first, (_join(v[1], w[1], multiplier) + x) & _MASK, multiplier)


def murmur64(data: bytes, seed: int = 0xDECAFCAFFE) -> int:
    """MurmurHash64A of bytes (A. Appleby, 2008)."""
    multiplier = 0xC6A4A7935BD1E995
    found = seed ^ (len(data) * multiplier) & _MASK
    whole = len(data) // 8 * 8
    for place in range(0, whole, 8):
        word = _mix((_word(data, place) * multiplier) & _MASK) * multiplier & _MASK
        found = ((found ^ word) * multiplier) & _MASK
    if len(data) > whole:
        found = ((found ^ _word(data, whole)) * multiplier) & _MASK
    return _mix((_mix(found) * multiplier) & _MASK)


def crossed(values: Iterable[bytes | int], seed: int) -> int:
    """The fingerprint of several values, as TensorFlow crosses columns."""
    multiplier = 0xC6A4A7935BD1E995
    found = seed
    for value in values:
        one = fingerprint64(value) if isinstance(value, bytes) else int(value) & _MASK
        found ^= multiplier
        found ^= (_mix((one * multiplier) & _MASK) * multiplier) & _MASK
        found = (found * multiplier) & _MASK
        found = _mix((_mix(found) * multiplier) & _MASK)
    return found


def siphash(data: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 of bytes."""
    state = [
        key[0] ^ 0x736F6D6570736575, key[1] ^ 0x646F72616E646F6D,
        key[0] ^ 0x6C7967656E657261, key[1] ^ 0x7465646279746573,
    ]  # fmt: skip
    whole = len(data) // 8 * 8
    for place in range(0, whole, 8):
        _absorb(state, _word(data, place))
    _absorb(state, (len(data) & 0xFF) << 56 | _word(data, whole, len(data) - whole))
    state[2] ^= 0xFF
    for _ in range(4):
        _round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _absorb(state: list[int], word: int) -> None:
    state[3] ^= word
    _round(state)
    _round(state)
    state[0] ^= word


def _round(state: list[int]) -> None:
    a, b, c, d = state
    a, c = (a + b) & _MASK, (c + d) & _MASK
    b, d = _turn(b, 51) ^ a, _turn(d, 48) ^ c
    a = _turn(a, 32)
    c, a = (c + b) & _MASK, (a + d) & _MASK
    b, d = _turn(b, 47) ^ c, _turn(d, 43) ^ a
    state[:] = a, b, _turn(c, 32), d
