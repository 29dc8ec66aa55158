"""Hash functions of texts, with TensorFlow's numbers."""

import struct

_ALL = (1 << 64) - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_CAT = 0xC6A4A7935BD1E995


def _turn(value: int, bits: int) -> int:
    """A 64-bit number rotated to the right."""
    value &= _ALL
    return (value >> bits | value << (64 - bits)) & _ALL


def _shift_mix(value: int) -> int:
    value &= _ALL
    return value ^ value >> 47


def _words(text: bytes, start: int, count: int = 1) -> tuple[int, ...]:
    return struct.unpack_from(f"<{count}Q", text, start)


def _of_two(u: int, v: int, factor: int) -> int:
    a = _shift_mix((u ^ v) * factor)
    b = _shift_mix((v ^ a) * factor)
    return b * factor & _ALL


def _short(text: bytes) -> int:
    """Of up to 16 bytes."""
    size, factor = len(text), _K2 + 2 * len(text)
    if size >= 8:
        (a,), (b,) = _words(text, 0), _words(text, size - 8)
        a += _K2
        return _of_two(_turn(b, 37) * factor + a, (_turn(a, 25) + b) * factor, factor)
    if size >= 4:
        first, last = struct.unpack_from("<I", text, 0)[0], struct.unpack_from("<I", text, size - 4)[0]
        return _of_two(size + (first << 3), last, factor)
    if size:
        y, z = text[0] + (text[size >> 1] << 8), size + (text[-1] << 2)
        return _shift_mix((y * _K2 ^ z * _K0) & _ALL) * _K2 & _ALL
    return _K2


def _middle(text: bytes) -> int:
    """Of 17 to 64 bytes."""
    size, factor = len(text), _K2 + 2 * len(text)
    (a, b), (d, c) = _words(text, 0, 2), _words(text, size - 16, 2)
    a, c, d = a * (_K1 if size <= 32 else _K2), c * factor, d * _K2
    y = _turn(a + b, 43) + _turn(c, 30) + d
    z = a + _turn(b + _K2, 18) + c
    if size <= 32:
        return _of_two(y, z, factor)
    z = _of_two(y, z, factor)
    (e, f), (g, h) = _words(text, 16, 2), _words(text, size - 32, 2)
    e, g, h = e * factor, (y + g) * factor, (z + h) * factor
    return _of_two(_turn(e + f, 43) + _turn(g, 30) + h, e + _turn(f + a, 18) + g, factor)


def _weak(text: bytes, start: int, a: int, b: int) -> tuple[int, int]:
    w, x, y, z = _words(text, start, 4)
    a += w
    b = _turn(b + a + z, 21)
    c = a
    a += x + y
    return (a + z) & _ALL, (b + _turn(a, 44) + c) & _ALL


def _round(
    text: bytes, start: int, state: tuple[int, ...], factor: int, w_factor: int, v_factor: int
) -> tuple[int, ...]:
    """64 more bytes of a long text."""
    x, y, z, v0, v1, w0, w1 = state
    at_8, at_16, at_40, at_48 = (_words(text, start + place)[0] for place in (8, 16, 40, 48))
    x = _turn(x + y + v0 + at_8, 37) * factor
    y = _turn(y + v1 + at_48, 42) * factor
    x ^= w1 * w_factor
    y += v0 * v_factor + at_40
    z = _turn(z + w0, 33) * factor
    v0, v1 = _weak(text, start, v1 * factor, x + w0)
    w0, w1 = _weak(text, start + 32, z + w1, y + at_16)
    return z & _ALL, y & _ALL, x & _ALL, v0, v1, w0, w1


def _long(text: bytes) -> int:
    """Of more than 64 bytes."""
    size, y = len(text), 81 * _K1 + 113
    z = _shift_mix(y * _K2 + 113) * _K2
    state: tuple[int, ...] = (81 * _K2 + _words(text, 0)[0], y, z, 0, 0, 0, 0)
    for start in range(0, (size - 1) // 64 * 64, 64):
        state = _round(text, start, state, _K1, 1, 1)
    x, y, z, v0, v1, w0, w1 = state
    factor = _K1 + ((z & 0xFF) << 1)
    w0 += (size - 1) & 63
    v0 += w0
    w0 += v0
    x, y, z, v0, v1, w0, w1 = _round(text, size - 64, (x, y, z, v0, v1, w0, w1), factor, 9, 9)
    first = _of_two(v0, w0, factor) + _shift_mix(y) * _K0 + z
    return _of_two(first, _of_two(v1, w1, factor) + x, factor)


def fingerprint(text: bytes) -> int:
    """FarmHash's 64-bit fingerprint.

    Source: Pike and Alakuijala, FarmHash, 2014.

    Example:

        >>> fingerprint(b"abc") % 10, fingerprint(b"") % 10
        (5, 3)
    """
    size = len(text)
    return _short(text) if size <= 16 else _middle(text) if size <= 64 else _long(text)


def joined(first: int, second: int) -> int:
    """A fingerprint of two in their order.

    Example:

        >>> joined(1, 2) == joined(2, 1)
        False
    """
    mixed = (first ^ _CAT ^ _shift_mix(second * _CAT) * _CAT) * _CAT & _ALL
    return _shift_mix(_shift_mix(mixed) * _CAT)


def keyed_hash(text: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4, which needs a key to be foreseen.

    Source: Aumasson and Bernstein, SipHash: A Fast Short-Input PRF, 2012.

    Example:

        >>> keyed_hash(b"abc", (1, 2)) != keyed_hash(b"abc", (1, 3))
        True
    """
    a, c = key[0] ^ 0x736F6D6570736575, key[0] ^ 0x6C7967656E657261
    b, d = key[1] ^ 0x646F72616E646F6D, key[1] ^ 0x7465646279746573

    def rounds(count: int) -> None:
        nonlocal a, b, c, d
        for _ in range(count):
            a, c = (a + b) & _ALL, (c + d) & _ALL
            b, d = _turn(b, 51) ^ a, _turn(d, 48) ^ c
            a, c = (_turn(a, 32) + d) & _ALL, (c + b) & _ALL
            b, d = _turn(b, 47) ^ c, _turn(d, 43) ^ a
            c = _turn(c, 32)

    tail = text[len(text) // 8 * 8 :].ljust(7, b"\0") + bytes([len(text) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", text[: len(text) // 8 * 8] + tail):
        d ^= word
        rounds(2)
        a ^= word
    c ^= 0xFF
    rounds(4)
    return a ^ b ^ c ^ d
