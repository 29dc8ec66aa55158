"""Small things that programs need beside the model: seeds, one-hot labels, padding, files, names."""

from neurona.core.policy import standardize_dtype
from neurona.core.random import set_random_seed
from neurona.core.registry import (
    custom_object_scope,
    deserialize,
    get_registered_object,
    register_keras_serializable,
    serialize,
)
from neurona.core.symbolic import reset_names
from neurona.datasets.download import get_file
from neurona.models import clone_model
from neurona.plotting import plot_model
from neurona.preprocessing.arrays import normalize, to_categorical
from neurona.preprocessing.image import array_to_img, img_to_array, load_img, save_img
from neurona.preprocessing.sequence import pad_sequences, timeseries_dataset_from_array
from neurona.training import NpzShards, PyDataset
from neurona.training.programs import clear_programs


def clear_session() -> None:
    """Begin afresh: automatic layer names count from the start again, and compiled programs are forgotten.

    Example:

        >>> clear_session()
    """
    reset_names()
    clear_programs()


Sequence = PyDataset  # Keras 2's name

__all__ = [
    "NpzShards",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "clone_model",
    "custom_object_scope",
    "deserialize",
    "get_file",
    "get_registered_object",
    "img_to_array",
    "load_img",
    "normalize",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize",
    "set_random_seed",
    "standardize_dtype",
    "timeseries_dataset_from_array",
    "to_categorical",
]
