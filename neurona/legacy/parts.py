"""Initializers, regularizers and constraints as Keras 0, 1 and 2 described them."""

from collections.abc import Mapping
from typing import Any

_INITIALIZERS = {
    "zero": "zeros",
    "one": "ones",
    "uniform": "random_uniform",
    "normal": "random_normal",
}
_CLASSES = {
    "L1L2Regularizer": "L1L2",
    "WeightRegularizer": "L1L2",
    "ActivityRegularizer": "L1L2",
    "EigenvalueRegularizer": "EigenvalueRegularizer",
    "RandomUniformV2": "RandomUniform",
}
_OPTIONS = {"m": "max_value"}


def modern_initializer(value: Any) -> Any:
    """An initializer: a name, or a class with its options."""
    return _INITIALIZERS.get(value, value) if isinstance(value, str) else modern_part(value)


def modern_regularizer(value: Any) -> Any:
    """A regularizer."""
    return modern_part(value)


def modern_constraint(value: Any) -> Any:
    """A constraint."""
    return modern_part(value)


def modern_policy(value: Mapping[str, Any]) -> Any:
    """A dtype policy: its name, where it is one of tf-keras."""
    config = value.get("config")
    if value.get("class_name") in ("Policy", "PolicyV1") and isinstance(config, Mapping):
        return config.get("name")
    return value


def modern_part(value: Any) -> Any:
    """A class with its options. Keras 1 put its name among them: `{"name": "MaxNorm", "m": 2}`."""
    if not isinstance(value, Mapping):
        return value
    if "class_name" in value:
        name, config = value["class_name"], value.get("config") or {}
    elif "name" in value:
        name, config = value["name"], {key: item for key, item in value.items() if key != "name"}
    else:
        return value
    if isinstance(config, Mapping):
        config = {_OPTIONS.get(key, key): item for key, item in config.items()}
    return (
        {**value, "class_name": _CLASSES.get(name, name), "config": config}
        if "class_name" in value
        else {
            "class_name": _CLASSES.get(name, name),
            "config": config,
        }
    )
