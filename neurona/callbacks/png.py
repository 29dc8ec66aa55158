"""PNG files of arrays, without an imaging library."""

import struct
import zlib

import numpy as np

from neurona.core.errors import DataError

_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels: grey, grey and opacity, colour, colour and opacity


def png(picture: np.ndarray) -> bytes:
    """A picture (height, width) or (height, width, channels) as a PNG file.

    Integers are 0 to 255, other numbers 0 to 1; what lies outside is clipped, NaN is 0.

    Raises:
        DataError: the array is no picture.

    Example:

        >>> png(np.zeros((2, 3)))[:4]
        b'\\x89PNG'
    """
    pixels = np.asarray(picture)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.ndim != 3 or pixels.shape[-1] not in _COLOURS or 0 in pixels.shape:
        raise DataError(
            "A picture has shape (height, width) or (height, width, channels) with 1 to 4 channels. "
            f"Received: {np.shape(picture)}"
        )
    if not np.issubdtype(pixels.dtype, np.integer):
        pixels = np.clip(np.nan_to_num(pixels.astype(np.float32)), 0, 1) * 255
    height, width, channels = pixels.shape
    rows = np.clip(pixels.round(), 0, 255).astype(np.uint8).reshape(height, -1)
    data = np.hstack([np.zeros((height, 1), np.uint8), rows]).tobytes()  # each row as it is: filter 0
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )
