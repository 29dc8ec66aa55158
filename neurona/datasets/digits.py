"""Digits: 1797 handwritten digits of 8x8 pixels.

The test set of UCI's "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, 1998): each pixel
counts the inked points of a 4x4 block of the 32x32 scan. The copy is scikit-learn's; UCI publishes the data
under CC BY 4.0, scikit-learn its copy under BSD-3.
"""

from typing import Any

from neurona.datasets._common import Split, image_frame, in_language, shuffle_split
from neurona.datasets.local import SHIPPED, read_npz

_DIGITS = tuple("0123456789")


def load_data(test_split: float = 0.2, seed: int | None = 113) -> Split:
    """`(x_train, y_train), (x_test, y_test)`, shuffled by `seed`.

    Args:
        test_split: share of the images kept for testing.
        seed: of the shuffle; None gives another split each time.

    Shapes: x (n, 8, 8) uint8 in 0..16 (16 is ink); y (n,) uint8 in 0..9.

    Raises:
        ArgumentError: test_split is not in [0, 1).

    Example:

        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, x_test.shape, int(x_train.max())
        ((1437, 8, 8), (360, 8, 8), 16)
    """
    x, y = read_npz(SHIPPED / "digits.npz", ("images", "labels"))
    return shuffle_split(x, y, test_split, seed)


def as_frame(*, language: str = "en") -> Any:
    """All 1797 digits as a pandas frame: the label and 64 pixels."""
    x, y = read_npz(SHIPPED / "digits.npz", ("images", "labels"))
    return image_frame(x, y, language)


def class_names(language: str = "en") -> list[str]:
    """The digits as text, in the order of the labels."""
    return list(in_language({"en": _DIGITS, "es": _DIGITS}, language))
