"""Saving and loading: `.keras`, `.weights.h5` and `.h5` files, exchanged with Keras, tf-keras and older ones;
`.npz` and `.safetensors`. Writing is atomic, loading runs no code.
"""

from collections.abc import Mapping
from typing import Any

from neurona.core.lazy import suggest_names
from neurona.core.registry import (
    custom_object_scope,
    deserialize,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from neurona.core.registry import serialize as serialize_keras_object
from neurona.files.budget import Budget
from neurona.saving.archive import to_json
from neurona.saving.description import build_layer, describe_layer, is_layer
from neurona.saving.editor import KerasFileEditor
from neurona.saving.formats import (
    check_model_name,
    check_weights_name,
    load_model,
    load_weights,
    save_model,
    save_weights,
)
from neurona.saving.places import latest_checkpoint
from neurona.saving.state import read_state, write_state

CustomObjectScope = custom_object_scope


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """The object that `serialize_keras_object` described.

    Args:
        config: the description.
        custom_objects: classes and functions of your own, by name.
        safe_mode: accepted; code in a description is never run.

    Raises:
        SavingError: the description names a class that is not registered, carries code, or asks for more
            than the budget.

    Example:

        >>> import neurona.layers
        >>> deserialize_keras_object({"class_name": "Dense", "config": {"units": 2}}).units
        2
    """
    return deserialize(config, custom_objects=custom_objects)


__all__ = [
    "Budget",
    "CustomObjectScope",
    "KerasFileEditor",
    "build_layer",
    "check_model_name",
    "check_weights_name",
    "custom_object_scope",
    "describe_layer",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "is_layer",
    "latest_checkpoint",
    "load_model",
    "load_weights",
    "read_state",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
    "to_json",
    "write_state",
]

suggest_names(__name__)
