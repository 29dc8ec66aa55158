"""CIFAR-10: 60,000 colour pictures of ten classes, 32x32 pixels.

Krizhevsky (2009), "Learning multiple layers of features from tiny images". Read from the official binary
archive, with the MD5 that https://www.cs.toronto.edu/~kriz/cifar.html publishes. The page states no licence
and asks to cite the report.
"""

import io
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.core.folders import data_folder
from neurona.datasets._cifar import ordered, read_archive
from neurona.datasets._common import Split, choose_subset, image_frame, in_language
from neurona.datasets.download import PublicFile, fetch
from neurona.datasets.local import data_gate, locate, prepared
from neurona.files.archives import tar_files
from neurona.preprocessing.image import load_img, pillow

_FILE = PublicFile(
    "cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "md5:c32a1d4ab5d03f1284b67883e8d87530",
)
_PICTURES = "cifar10_jpeg.tar.xz"
_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_CLASSES = {
    "en": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    "es": ("avión", "automóvil", "pájaro", "gato", "ciervo", "perro", "rana", "caballo", "barco", "camión"),
}


def load_data() -> Split:
    """`(x_train, y_train), (x_test, y_test)`.

    Reads `cifar-10-binary.tar.gz`, in its original order. Where that is not on this machine but the folder
    named by `NEURONA_DATA` holds `cifar10_jpeg.tar.xz` (one JPEG per image, `{train,test}/<class>/NNNN.jpg`),
    that is decoded instead (needs pillow), shuffled once and always alike, and kept in the cache; JPEG loses
    a little, so figures can differ slightly.

    Shapes: x (50000 and 10000, 32, 32, 3) uint8 in 0..255, channels first where `image_data_format()` says
    so; y (n, 1) uint8 in 0..9.

    Raises:
        DownloadError: no archive is on this machine, and it can't be downloaded.
        DataError: it is damaged.
    """
    (x_train, y_train), (x_test, y_test) = _read()
    return (ordered(x_train), y_train), (ordered(x_test), y_test)


def _read() -> Split:
    """The images with their channels last."""
    pictures = data_folder()
    if locate(_FILE.name) is None and pictures is not None and (pictures / _PICTURES).is_file():
        x_train, y_train, x_test, y_test = prepared(
            "cifar10-1", pictures / _PICTURES, _ARRAYS, _decode_pictures
        )
        return (x_train, y_train), (x_test, y_test)
    train, test = read_archive(
        fetch(_FILE),
        [[f"data_batch_{batch}.bin" for batch in range(1, 6)], ["test_batch.bin"]],
        label_bytes=1,
    )
    return train, test


def as_frame(subset: str = "train", *, language: str = "en") -> Any:
    """The `"train"`, `"test"` or `"all"` images as a pandas frame: the label and 3072 values (row, column,
    channel).
    """
    return image_frame(*choose_subset(_read(), subset), language)


def class_names(language: str = "en") -> list[str]:
    """The classes, in the order of the labels.

    Example:

        >>> class_names("es")[:3]
        ['avión', 'automóvil', 'pájaro']
    """
    return list(in_language(_CLASSES, language))


def _decode_pictures(path: Path) -> list[np.ndarray]:
    pillow(f"reading {path.name}")
    images: dict[str, list[np.ndarray]] = {"train": [], "test": []}
    labels: dict[str, list[int]] = {"train": [], "test": []}
    gate = data_gate(path)
    for member, read in tar_files(path, gate):
        parts = PurePosixPath(member).parts
        if parts[-1].endswith(".jpg") and len(parts) > 2:
            subset, label = parts[-3:-1]
            with gate.watching(member):
                images[subset].append(np.asarray(load_img(io.BytesIO(read()))))
                labels[subset].append(_CLASSES["en"].index(label))
    arrays: list[np.ndarray] = []
    for subset in ("train", "test"):
        if not images[subset]:
            raise DataError(f"{path}: expected pictures {subset}/<class>/NNNN.jpg and found none.")
        # The archive is sorted by class; a validation split cut from its end would hold two classes only.
        order = np.random.RandomState(113).permutation(len(images[subset]))
        arrays += [np.stack(images[subset])[order], np.array(labels[subset], np.uint8)[order, None]]
    return arrays
