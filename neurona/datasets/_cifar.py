"""The official binary archives of CIFAR-10 and CIFAR-100: label bytes, then 1024 red, 1024 green and 1024
blue bytes per image.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from neurona.core.errors import DataError
from neurona.core.policy import image_data_format
from neurona.datasets.local import data_gate
from neurona.files.archives import tar_files

PIXELS = 3 * 32 * 32


def ordered(images: np.ndarray) -> np.ndarray:
    """The images with their channels where `image_data_format()` says, as Keras gives them."""
    return images.transpose(0, 3, 1, 2) if image_data_format() == "channels_first" else images


def read_archive(
    path: Path, subsets: Sequence[Sequence[str]], label_bytes: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Images and labels of each subset of a `.tar.gz`.

    Args:
        path: the archive.
        subsets: for each subset the names of its files, which are joined in that order; their folder does not
            matter.
        label_bytes: how many label bytes stand before the pixels of an image.

    Shapes: images (n, 32, 32, 3) uint8; labels (n, label_bytes) uint8.

    Raises:
        DataError: a file is missing or its size is not a whole number of images.
    """
    record = label_bytes + PIXELS
    wanted = [name for names in subsets for name in names]
    found: dict[str, np.ndarray] = {}
    for member, read in tar_files(path, data_gate(path)):
        name = PurePosixPath(member).name
        if name in wanted:
            content = read()
            if not content or len(content) % record:
                raise DataError(
                    f"{path}: {name} should hold images of {record} bytes each. Received: {len(content)} "
                    "bytes"
                )
            found[name] = np.frombuffer(content, np.uint8).reshape(-1, record)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(f"{path}: expected the files {', '.join(wanted)}. Missing: {', '.join(missing)}")
    return [
        _images_and_labels(np.concatenate([found[name] for name in names]), label_bytes) for names in subsets
    ]


def _images_and_labels(records: np.ndarray, label_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    planes = records[:, label_bytes:].reshape(-1, 3, 32, 32)  # (n, channel, row, column)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, :label_bytes].copy()
