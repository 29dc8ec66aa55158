"""Layers inside model descriptions: what they are, and the shapes that their weights were made for."""

from collections.abc import Mapping
from typing import Any

from neurona.core.errors import SavingError
from neurona.core.layer import Layer
from neurona.core.registry import deserialize, serialize_object


def describe_layer(layer: Layer) -> dict[str, Any]:
    """A layer as a plain dictionary, with the shapes that rebuild its weights."""
    description = serialize_object(layer)
    build_config = layer.get_build_config()
    if build_config is not None:
        description["build_config"] = build_config
    return description


def is_layer(description: Mapping[str, Any]) -> bool:
    """Whether an entry of a functional model describes a layer rather than an operation such as an
    addition.
    """
    return ".ops." not in str(description.get("module", ""))


def build_layer(description: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """The layer that a description means, with its weights created.

    Raises:
        SavingError: its class is not registered, or is no layer.
    """
    layer = deserialize(description, kind="layers", custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise SavingError(f"The file describes {description.get('class_name')!r} where a layer is expected.")
    build_config = description.get("build_config")
    if build_config and not layer.built:
        layer.build_from_config(build_config)
    return layer
