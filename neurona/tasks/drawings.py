"""Drawn digits, cropped and centred as those of the data sets were before they are read."""

import numpy as np

# An ink this much brighter than the background is ink, as a share of the brightest; less than the least
# contrast is no drawing.
_IS_INK, _LEAST_CONTRAST = 0.25, 16.0
_BOX_OF_28 = 20  # MNIST: digits fit into a square of 20 pixels


def centred_digit(pixels: np.ndarray, side: int) -> np.ndarray | None:
    """A drawn digit as the data sets hold it, or None where nothing is drawn.

    For 28 x 28 as in MNIST: scaled into 20 x 20, aspect kept, and placed so that its centre of mass is the
    centre. For other sides as in scikit-learn's digits, of 8 x 8: as high as the image, and in its middle.

    Args:
        pixels: (height, width), bright ink on dark ground, from 0 to 255.
        side: of the square image to make.

    Shapes: (height, width) -> (side, side).

    Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits, 1998; Alpaydin and Kaynak,
        Optical Recognition of Handwritten Digits, 1998.

    Example:

        >>> drawing = np.zeros((100, 100))
        >>> drawing[10:50, 10:20] = 255
        >>> rows, columns = np.nonzero(centred_digit(drawing, 28))
        >>> int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())
        (4, 23, 12, 16)
    """
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ground = np.median(edge)
    contrast = pixels.max() - ground
    if contrast < _LEAST_CONTRAST:
        return None
    ink = np.clip((pixels - ground) / contrast, 0, 1) * 255
    rows, columns = (np.flatnonzero((ink > _IS_INK * 255).any(axis=axis)) for axis in (1, 0))
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = digit.shape
    box = _BOX_OF_28 if side == 28 else side
    longest = max(height, width) if side == 28 else height
    size = tuple(min(box, max(1, round(length * box / longest))) for length in (height, width))
    digit = _resized(digit, *size)
    corner = _corner_of_mass(digit, side) if side == 28 else tuple((side - length) // 2 for length in size)
    image = np.zeros((side, side), pixels.dtype)
    image[corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]] = digit
    return image


def _corner_of_mass(digit: np.ndarray, side: int) -> tuple[int, ...]:
    """Where a digit begins whose centre of mass lies in the middle of a square, as far as it fits."""
    corner = []
    for axis, length in enumerate(digit.shape):
        mass = digit.sum(axis=1 - axis)
        begin = round(side / 2 - (mass * (np.arange(length) + 0.5)).sum() / mass.sum())
        corner.append(min(max(begin, 0), side - length))
    return tuple(corner)


def _resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Every new pixel is the mean of the area that it covers."""
    return _shares(height, pixels.shape[0]) @ pixels @ _shares(width, pixels.shape[1]).T


def _shares(new: int, old: int) -> np.ndarray:
    """The share of each old pixel in each new one along an axis: (new, old), rows of sum 1."""
    edges, pixels = np.arange(new + 1) * old / new, np.arange(old)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.clip(overlap, 0, None) * new / old
