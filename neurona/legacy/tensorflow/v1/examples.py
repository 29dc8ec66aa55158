"""`tensorflow.examples.tutorials.mnist.input_data`: MNIST, or Fashion-MNIST, in batches."""

import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np

from neurona import datasets as sources
from neurona.legacy.tensorflow.dtypes import as_dtype

Datasets = namedtuple("Datasets", ("train", "validation", "test"))
Datasets.__doc__ = "The three parts of a data set."


class DataSet:
    """Pictures and labels, which `next_batch` goes through.

    Args:
        images: (rows, 28, 28, 1) bytes.
        labels: numbers, or rows of ten.
        fake_data, one_hot: TensorFlow's; no effect here.
        dtype: float32 for numbers from 0 to 1, uint8 for the bytes.
        reshape: whether a picture is a row of 784 numbers.
        seed: of the order.
    """

    def __init__(
        self,
        images: Any,
        labels: Any,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = "float32",
        reshape: bool = True,
        seed: Any = None,
    ) -> None:
        if reshape:
            images = images.reshape(len(images), -1)
        if as_dtype(dtype).name == "float32":
            images = images.astype(np.float32) * np.float32(1 / 255)
        self._images, self._labels = images, labels
        self._epochs, self._at = 0, 0
        self._random = np.random.RandomState(seed) if seed is not None else np.random

    @property
    def images(self) -> np.ndarray:
        """The pictures."""
        return self._images

    @property
    def labels(self) -> np.ndarray:
        """The labels."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """How many there are."""
        return len(self._images)

    @property
    def epochs_completed(self) -> int:
        """How often all were given."""
        return self._epochs

    def next_batch(self, batch_size: int, fake_data: bool = False, shuffle: bool = True) -> tuple[Any, Any]:
        """The next rows; those that end one pass are followed by those that begin the next, in another
        order.
        """
        if self._at == 0 and self._epochs == 0 and shuffle:
            self._shuffle()
        rest_images = rest_labels = None
        if self._at + batch_size > self.num_examples:
            self._epochs += 1
            rest_images, rest_labels = self._images[self._at :], self._labels[self._at :]
            if shuffle:
                self._shuffle()
            self._at = 0
            batch_size -= len(rest_images)
        begin, self._at = self._at, self._at + batch_size
        images, labels = self._images[begin : self._at], self._labels[begin : self._at]
        if rest_images is None or rest_labels is None:
            return images, labels
        return np.concatenate([rest_images, images]), np.concatenate([rest_labels, labels])

    def _shuffle(self) -> None:
        order = self._random.permutation(self.num_examples)
        self._images, self._labels = self._images[order], self._labels[order]


def read_data_sets(
    train_dir: Any = "",
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = "float32",
    reshape: bool = True,
    validation_size: int = 5000,
    seed: Any = None,
    source_url: str = "",
) -> Any:
    """MNIST in three parts; Fashion-MNIST where the folder or the address says "fashion".

    Args:
        train_dir: TensorFlow's folder; the data come from `neurona.datasets`.
        one_hot: whether a label is a row of ten.
        dtype, reshape: as of `DataSet`.
        validation_size: how many of the 60000 pictures for training are put aside.
    """
    is_fashion = "fashion" in f"{train_dir}{source_url}".lower()
    source = sources.fashion_mnist if is_fashion else sources.mnist
    (images, labels), (test_images, test_labels) = source.load_data()
    if not 0 <= validation_size <= len(images):
        raise ValueError(
            f"Validation size should be between 0 and {len(images)}. Received: {validation_size}."
        )
    parts = (
        (images[validation_size:], labels[validation_size:]),
        (images[:validation_size], labels[:validation_size]),
        (test_images, test_labels),
    )
    return Datasets(
        *(
            DataSet(
                x[..., None], dense_to_one_hot(y) if one_hot else y, dtype=dtype, reshape=reshape, seed=seed
            )
            for x, y in parts
        )
    )


def dense_to_one_hot(labels_dense: Any, num_classes: int = 10) -> np.ndarray:
    """Numbers of classes as rows with a one."""
    return np.eye(num_classes)[np.asarray(labels_dense)]


def load_mnist(train_dir: Any = "MNIST-data") -> Any:
    """`read_data_sets` of a folder."""
    return read_data_sets(Path(train_dir))


# `tf.examples.tutorials.mnist.input_data` as attributes: each is this module.
tutorials = mnist = input_data = sys.modules[__name__]
