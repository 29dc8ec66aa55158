"""Models of Keras 0.3 to 2: today's, and the Graph of 0.3."""

import os
from collections.abc import Mapping
from typing import Any

from neurona import models, saving
from neurona.core.errors import SavingError
from neurona.core.registry import Serializable
from neurona.legacy.imports import submodule
from neurona.legacy.keras.graph import Graph
from neurona.legacy.keras.utils.older import batch_shuffle, make_batches, slice_arrays
from neurona.models import *  # pyright: ignore[reportAssignmentType]

__all__ = [*models.__all__, "Graph", "batch_shuffle", "make_batches", "model_from_config", "model_from_yaml"]
__all__ += ["slice_arrays"]
_make_batches, _batch_shuffle, _slice_arrays = make_batches, batch_shuffle, slice_arrays


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, **options: Any
) -> Any:
    """`neurona.saving.load_model`; a model in a folder may have layers of the program, which no SavedModel
    needed to be told.
    """
    if os.path.isdir(filepath):
        custom_objects = {**_of_the_program(), **(custom_objects or {})}
    return saving.load_model(filepath, custom_objects, compile, **options)


def _of_the_program() -> dict[str, type]:
    """The classes with configs that the program has defined, by name."""
    found, waiting = {}, [Serializable]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if not cls.__module__.startswith("neurona."):
            found[cls.__name__] = cls
    return found


def model_from_config(config: Any, custom_objects: Any = None) -> Any:
    """A model from the dictionary that `get_config` returned with its class."""
    return saving.deserialize_keras_object(config, custom_objects=custom_objects)


def model_from_yaml(text: str, custom_objects: Any = None) -> Any:
    """Refused: YAML may carry code."""
    raise SavingError("YAML may carry code, and is not read. Save with to_json(), or as .keras.")


def __getattr__(name: str) -> Any:
    return submodule(__name__, name)
