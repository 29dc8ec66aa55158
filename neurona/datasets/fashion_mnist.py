"""Fashion-MNIST: 70,000 pictures of ten kinds of clothes, 28x28 pixels.

Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST: a novel image dataset for benchmarking machine learning
algorithms", arXiv:1708.07747; Zalando Research, MIT licence. The checksums are those of the project's README.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.datasets._common import Split, choose_subset, image_frame, in_language
from neurona.datasets.download import PublicFile, fetch
from neurona.datasets.local import data_gate, locate, read_npz
from neurona.files.archives import inflate

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
# MNIST's files have the same names, so these lie in a separate folder.
_FILES = [
    PublicFile(
        f"fashion-mnist/{name}",
        f"https://storage.googleapis.com/tensorflow/tf-keras-datasets/{name}",
        f"md5:{md5}",
    )
    for name, md5 in _MD5.items()
]
_CLASSES = {
    "en": (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    "es": (
        "Camiseta",
        "Pantalón",
        "Jersey",
        "Vestido",
        "Abrigo",
        "Sandalia",
        "Camisa",
        "Zapatilla",
        "Bolso",
        "Bota",
    ),
}


def load_data() -> Split:
    """`(x_train, y_train), (x_test, y_test)` in the original order.

    Reads `fashion_mnist.npz` where there is one, else the four official idx files in the folder
    `fashion-mnist`.

    Shapes: x (60000 and 10000, 28, 28) uint8 in 0..255; y (n,) uint8 in 0..9.

    Raises:
        DownloadError: the files are not on this machine and can't be downloaded.
        DataError: a file is damaged or holds other arrays.
    """
    archive = locate("fashion_mnist.npz")
    if archive is not None:
        x_train, y_train, x_test, y_test = read_npz(archive, _ARRAYS)
    else:
        x_train, y_train, x_test, y_test = (read_idx(fetch(file)) for file in _FILES)
    return (x_train, y_train), (x_test, y_test)


def as_frame(subset: str = "train", *, language: str = "en") -> Any:
    """The `"train"`, `"test"` or `"all"` images as a pandas frame: the label and 784 pixels."""
    return image_frame(*choose_subset(load_data(), subset), language)


def class_names(language: str = "en") -> list[str]:
    """The kinds of clothes, in the order of the labels.

    Example:

        >>> class_names("es")[:3]
        ['Camiseta', 'Pantalón', 'Jersey']
    """
    return list(in_language(_CLASSES, language))


def read_idx(path: Path) -> np.ndarray:
    """A uint8 array from a gzipped idx file (LeCun's format): 0, 0, type 8, rank, big-endian sizes, then the
    bytes.

    Raises:
        DataError: the header or the length is wrong.
    """
    gate = data_gate(path)
    content = inflate(path, gate)
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise DataError(
            f"{path}: expected an idx file of unsigned bytes, which begins with 00 00 08. Received: "
            f"{content[:4].hex(' ')}"
        )
    rank = content[3]
    shape = tuple(int(size) for size in np.frombuffer(content[4 : 4 + 4 * rank], ">u4"))
    pixels = content[4 + 4 * rank :]
    if len(shape) != rank or len(pixels) != math.prod(shape):
        raise DataError(
            f"{path}: its header says {shape}, {math.prod(shape)} bytes. Received: {len(pixels)} bytes"
        )
    with gate.watching():
        return np.frombuffer(pixels, np.uint8).reshape(shape).copy()
