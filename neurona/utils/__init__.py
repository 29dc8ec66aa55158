"""Tools around a model: seeds, one-hot labels, padding, images, files, names, counts of what JAX traces."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import jax

from neurona.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from neurona.core.lazy import suggest_names
from neurona.core.policy import standardize_dtype
from neurona.core.random import set_random_seed
from neurona.core.registry import (
    custom_object_scope,
    deserialize,
    get_registered_object,
    register_keras_serializable,
    serialize,
)
from neurona.core.symbolic import is_symbolic as is_keras_tensor
from neurona.core.symbolic import reset_names
from neurona.datasets.download import get_file
from neurona.layers import bounding_boxes
from neurona.layers.feature_space import FeatureSpace
from neurona.models import clone_model
from neurona.models.call_graph import get_source_inputs
from neurona.models.summary import bytes_text
from neurona.plotting import plot_model
from neurona.plotting.dot import model_to_dot
from neurona.preprocessing.arrays import normalize, to_categorical
from neurona.preprocessing.image import array_to_img, img_to_array, load_img, save_img
from neurona.preprocessing.image_folder import image_dataset_from_directory
from neurona.preprocessing.sequence import pad_sequences, timeseries_dataset_from_array
from neurona.preprocessing.text_folder import audio_dataset_from_directory, text_dataset_from_directory
from neurona.saving import (
    CustomObjectScope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    serialize_keras_object,
)
from neurona.saving.atomic import atomic_path
from neurona.training import NpzShards, PyDataset
from neurona.training.programs import clear_programs
from neurona.utils.named_values import Config
from neurona.utils.packing import pack_x_y_sample_weight, split_dataset, unpack_x_y_sample_weight
from neurona.utils.progress import Progbar

_TRACED = "/jax/core/compile/jaxpr_trace_duration"  # the event that JAX reports when it has traced a function


def clear_session() -> None:
    """Begin afresh: automatic layer names count from the start again, and compiled programs are forgotten.

    Example:

        >>> clear_session()
    """
    reset_names()
    clear_programs()


@dataclass
class Traces:
    """How many functions JAX has traced inside a `count_traces()` block."""

    count: int = 0


@contextmanager
def count_traces() -> Iterator[Traces]:
    """Count the functions that JAX traces inside a `with` block, in all threads.

    JAX traces a compiled function again for every new combination of shapes, dtypes and settings. A block
    that only repeats work counts 0, so a growing count shows what makes a training slow.

    Returns:
        An object whose `count` grows while the block runs and stays afterwards.

    Source: the events of `jax.monitoring`.

    Example:

        >>> double = jax.jit(lambda x: 2 * x)
        >>> with count_traces() as traces:
        ...     _ = double(1.0), double(2.0)
        >>> traces.count
        1
        >>> with count_traces() as traces:
        ...     _ = double(3.0)
        >>> traces.count
        0
    """
    traces = Traces()

    def listen(event: str, duration_secs: float, **kwargs: str | int) -> None:
        if event == _TRACED:
            traces.count += 1

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield traces
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


Sequence = PyDataset  # Keras 2's name

__all__ = [
    "Config",
    "CustomObjectScope",
    "FeatureSpace",
    "NpzShards",
    "Progbar",
    "PyDataset",
    "Sequence",
    "Traces",
    "array_to_img",
    "atomic_path",
    "audio_dataset_from_directory",
    "bounding_boxes",
    "bytes_text",
    "clear_session",
    "clone_model",
    "count_traces",
    "custom_object_scope",
    "deserialize",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "load_img",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]

suggest_names(__name__)
