"""The official binary archives of CIFAR-10 and CIFAR-100: label bytes, then 1024 red, 1024 green and 1024
blue bytes per image.
"""

import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from neurona.core.errors import DataError

PIXELS = 3 * 32 * 32


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
    try:
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                name = PurePosixPath(member.name).name
                stream = archive.extractfile(member) if name in wanted else None
                if stream is None:
                    continue
                content = stream.read()
                if not content or len(content) % record:
                    raise DataError(
                        f"{path}: {name} should hold images of {record} bytes each. Received: {len(content)} "
                        "bytes"
                    )
                found[name] = np.frombuffer(content, np.uint8).reshape(-1, record)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        if isinstance(error, (FileNotFoundError, PermissionError)):
            raise
        raise DataError(
            f"{path}: the archive is damaged ({error}). Delete it to have it downloaded again."
        ) from error
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(f"{path}: expected the files {', '.join(wanted)}. Missing: {', '.join(missing)}")
    return [
        _images_and_labels(np.concatenate([found[name] for name in names]), label_bytes) for names in subsets
    ]


def _images_and_labels(records: np.ndarray, label_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    planes = records[:, label_bytes:].reshape(-1, 3, 32, 32)  # (n, channel, row, column)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, :label_bytes].copy()
