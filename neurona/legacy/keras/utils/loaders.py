"""The loaders of folders and series, as data sets whose elements are TensorFlow's tensors."""

import functools
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from neurona import utils
from neurona.preprocessing.batches import Batches


def _dataset(batches: Batches) -> Any:
    """Batches as a `tf.data.Dataset` of the face, with the attributes that loaders give."""
    data = importlib.import_module("neurona.legacy.tensorflow.data")

    def epoch() -> Iterator[Any]:
        yield from (jax.tree.map(_bytes, batch) for batch in batches)
        batches.on_epoch_end()

    made = data.Dataset(epoch, len(batches))
    for name in ("class_names", "file_paths"):
        if hasattr(batches, name):
            setattr(made, name, getattr(batches, name))
    return made


def _bytes(array: Any) -> Any:
    """Texts as TensorFlow has them."""
    array = np.asarray(array)
    return (
        np.array([text.encode() for text in array.ravel()], object).reshape(array.shape)
        if (array.dtype == object)
        else array
    )


def _loader(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def load(*args: Any, **kwargs: Any) -> Any:
        loaded = function(*args, **kwargs)
        return list(map(_dataset, loaded)) if isinstance(loaded, (list, tuple)) else _dataset(loaded)

    return load


audio_dataset_from_directory = _loader(utils.audio_dataset_from_directory)
image_dataset_from_directory = _loader(utils.image_dataset_from_directory)
split_dataset = _loader(utils.split_dataset)
text_dataset_from_directory = _loader(utils.text_dataset_from_directory)
timeseries_dataset_from_array = _loader(utils.timeseries_dataset_from_array)

__all__ = [
    "audio_dataset_from_directory",
    "image_dataset_from_directory",
    "split_dataset",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
