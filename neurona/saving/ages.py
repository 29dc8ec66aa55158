"""The hook for files of older libraries: what they mean is in the room `legacy`, which may be missing."""

import importlib
from collections.abc import Mapping
from typing import Any

from neurona.core.errors import SavingError
from neurona.core.registry import built_in, get_registered_object
from neurona.tracebacks import warn

OLDER_LAYOUT = "2.15.0"  # the version of tf-keras whose layout older files are written in


def age_of(version: Any, description: Any = None) -> int:
    """The first number of the version of Keras that wrote a file; 3 is today's.

    Args:
        version: as the file says it, such as "2.3.1", or None.
        description: of the model, to be looked at where the file does not say.

    Example:

        >>> age_of("2.21.0"), age_of("1.2.2"), age_of(None, {"module": "keras", "class_name": "Sequential"})
        (2, 1, 3)
    """
    first = str(version or "").partition(".")[0]
    if first.isdecimal() and len(first) < 5:
        return int(first)
    if isinstance(description, Mapping) and "module" in description:
        return 3
    return 2 if isinstance(description, Mapping) and "class_name" in description else 0


def legacy(module: str) -> Any:
    """A module of `neurona.legacy`.

    Raises:
        SavingError: it is not installed.
    """
    try:
        return importlib.import_module(f"neurona.legacy.{module}")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("neurona.legacy"):
            raise
        raise SavingError(
            "The file was written by Keras 1 or 2, or tf-keras. This installation has no neurona.legacy, "
            "which reads such files. Save it from Keras 3 as .keras."
        ) from None


def restore_optimizer(optimizer: Any, *state: Any) -> None:
    """Put the state that an older file has into an optimizer, by `legacy.optimizer_state.restore`. One that
    does not fit is told and left out.
    """
    try:
        legacy("optimizer_state").restore(optimizer, *state)
    except SavingError as error:
        warn(f"The optimizer begins anew: its state in the file does not fit. {error}")


def todays_model(
    description: Mapping[str, Any], age: int | None = None, backend: str | None = None
) -> Mapping[str, Any]:
    """A model's description as files of today have it.

    Args:
        description: of a model, by any Keras.
        age: what `age_of` found; by default what the description says.
        backend: that the model was trained on; by default what the description says.
    """
    age = age_of(description.get("keras_version"), description) if age is None else age
    if age >= 3:
        return description if "module" in description else with_modules(description)
    return legacy("configs").modern_model(description, age, backend or description.get("backend"))


def with_modules(description: Mapping[str, Any]) -> Mapping[str, Any]:
    """A model that a `.h5` file of Keras 3 describes, with the modules that tell layers from operations.

    The file leaves them out. An operation is called on several tensors, a layer on a list of them; only a
    layer says its dtype or whether it is trained.
    """
    config = description.get("config")
    if not isinstance(config, Mapping) or not isinstance(config.get("layers"), list):
        return description
    layers = []
    for entry in config["layers"]:
        layers.append(with_modules(_with_module(entry)))
    return {**description, "config": {**config, "layers": layers}}


def _with_module(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """A layer of such a file; an operation with its module."""
    nodes = entry.get("inbound_nodes") or [{}]
    args = nodes[0].get("args", ()) if isinstance(nodes[0], Mapping) else ()
    name = entry["class_name"]
    if "module" in entry or "layers" in entry["config"]:
        return entry
    is_layer = name in built_in("layers") and not {"trainable", "dtype"}.isdisjoint(entry["config"])
    own = get_registered_object(str(entry.get("registered_name") or name))
    if own is not None or (is_layer and (len(args) < 2 or name not in _MERGES)):
        return entry
    return {**entry, "module": "keras.src.ops.numpy"}


_MERGES = ("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average", "Dot", "Concatenate")
