"""`tensorflow_datasets`: `load` of the data sets that Neurona has, as data sets of `tf.data`."""

import re
from typing import Any, NamedTuple

import numpy as np

from neurona import datasets
from neurona.core.errors import ArgumentError
from neurona.legacy.tensorflow.data import Dataset

_IMAGES = {
    "mnist": datasets.mnist,
    "fashion_mnist": datasets.fashion_mnist,
    "cifar10": datasets.cifar10,
    "cifar100": datasets.cifar100,
}
_PART = re.compile(r"^(train|test)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?$")


class _Image(NamedTuple):
    shape: tuple[int, ...]
    dtype: Any


class _Classes(NamedTuple):
    names: list[str]

    @property
    def num_classes(self) -> int:
        return len(self.names)

    def int2str(self, number: Any) -> Any:
        """The name of a class, or the names of several."""
        return self.names[int(number)] if np.ndim(number) == 0 else [self.names[int(one)] for one in number]

    def str2int(self, name: Any) -> Any:
        """The number of a class, or the numbers of several."""
        return self.names.index(name) if isinstance(name, str) else [self.names.index(one) for one in name]


class _Split(NamedTuple):
    num_examples: int


class DatasetInfo(NamedTuple):
    """What is known of a data set."""

    name: str
    features: dict[str, Any]
    splits: dict[str, Any]


def load(
    name: str, *, split: Any = None, data_dir: Any = None, batch_size: int | None = None,
    shuffle_files: bool = False, download: bool = True, as_supervised: bool = False, with_info: bool = False,
    **_: Any,
) -> Any:  # fmt: skip
    """A data set of pictures, {"image", "label"}, or (image, label) with as_supervised; None gives all parts.

    Raises:
        ArgumentError: Neurona has no such data set, or the part is not understood.
    """
    known = name.split(":")[0].split("/")[-1]
    if known not in _IMAGES:
        raise ArgumentError(
            f"tensorflow_datasets.load: Neurona has {', '.join(_IMAGES)}. Received: {name!r}. Read other "
            "data from your own files, such as with tf.data.TFRecordDataset or "
            "keras.utils.image_dataset_from_directory."
        )
    module = _IMAGES[known]
    parts = dict(zip(("train", "test"), module.load_data()))

    def made(part: str) -> Any:
        images, labels = _cut(parts, part)
        images = images[..., None] if images.ndim == 3 else images
        labels = labels.reshape(-1).astype(np.int64)
        rows = Dataset.from_tensor_slices(
            (images, labels) if as_supervised else {"image": images, "label": labels}
        )
        if batch_size == -1:  # all rows, as tensors
            return next(iter(rows.batch(len(labels))))
        return rows if batch_size is None else rows.batch(batch_size)

    wanted: Any
    if split is None:
        wanted = {one: made(one) for one in parts}
    else:
        wanted = made(split) if isinstance(split, str) else [made(one) for one in split]
    if not with_info:
        return wanted
    splits = {one: _Split(len(labels)) for one, (_, labels) in parts.items()}
    pixels = parts["train"][0].shape[1:]
    image = _Image(pixels if len(pixels) == 3 else (*pixels, 1), np.uint8)
    features = {"image": image, "label": _Classes(list(module.class_names("en")))}
    return wanted, DatasetInfo(known, features, splits)


def _cut(parts: Any, part: str) -> tuple[np.ndarray, np.ndarray]:
    """The rows that a part names: "train", "train[:80%]", "test[10:20]"."""
    found = _PART.match(part)
    if found is None:
        raise ArgumentError(
            f"tensorflow_datasets.load: split is such as 'train', 'test' or 'train[:80%]'. Received: {part!r}"
        )
    images, labels = parts[found[1]]
    start, stop = (_row(bound, len(labels)) for bound in found.groups()[1:])
    return images[start:stop], labels[start:stop]


def _row(bound: str | None, rows: int) -> int | None:
    if bound is None or not bound.endswith("%"):
        return None if bound is None else int(bound)
    return round(int(bound[:-1]) * rows / 100)


def as_numpy(dataset: Any) -> Any:
    """The elements of a data set, or tensors, as arrays of NumPy."""
    if isinstance(dataset, dict):
        return {name: as_numpy(one) for name, one in dataset.items()}
    if isinstance(dataset, (tuple, list)):
        return type(dataset)(as_numpy(one) for one in dataset)
    return dataset.as_numpy_iterator() if isinstance(dataset, Dataset) else np.asarray(dataset)


class Split:
    """Names of parts."""

    TRAIN = "train"
    TEST = "test"


def disable_progress_bar() -> None:
    """Nothing: no bar is shown."""
