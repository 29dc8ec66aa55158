"""MNIST: 70,000 handwritten digits of 28x28 pixels.

LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document recognition"; made from
NIST's special databases 1 and 3 by LeCun, Cortes and Burges; CC BY-SA 3.0. The file is the one that Keras
publishes.
"""

from typing import Any

from neurona.datasets._common import Split, choose_subset, image_frame, in_language
from neurona.datasets.download import PublicFile, fetch
from neurona.datasets.local import read_npz

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_DIGITS = tuple("0123456789")


def load_data(path: str = "mnist.npz") -> Split:
    """`(x_train, y_train), (x_test, y_test)` in the original order.

    Args:
        path: name of the file in the data folder or the cache, or its whole path.

    Shapes: x (60000 and 10000, 28, 28) uint8 in 0..255 (255 is ink); y (n,) uint8 in 0..9.

    Raises:
        DownloadError: the file is not on this machine and can't be downloaded.
        DataError: it is not an archive of these arrays.
    """
    file = PublicFile(
        path,
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    )
    x_train, y_train, x_test, y_test = read_npz(fetch(file), _ARRAYS)
    return (x_train, y_train), (x_test, y_test)


def as_frame(subset: str = "train", *, language: str = "en") -> Any:
    """The `"train"`, `"test"` or `"all"` images as a pandas frame: the label and 784 pixels."""
    return image_frame(*choose_subset(load_data(), subset), language)


def class_names(language: str = "en") -> list[str]:
    """The digits as text, in the order of the labels."""
    return list(in_language({"en": _DIGITS, "es": _DIGITS}, language))
