"""Descriptions of models by Keras 0, 1 and 2 (and tf-keras), converted into those of today."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from neurona.core.errors import SavingError
from neurona.core.registry import (
    built_in,
    constructor_arguments,
    get_custom_objects,
    get_registered_object,
)
from neurona.legacy.borders import with_old_borders
from neurona.legacy.layer_names import (
    CLASSES,
    NAMES,
    NAMES_OF_CLASSES,
    ORDERINGS,
    REFUSED,
    UNUSED,
    WITHOUT_EFFECT,
)
from neurona.legacy.layer_options import CONVERTERS, Age
from neurona.legacy.nodes import modern_calls, tensor_lists, with_plain_names
from neurona.legacy.operations import modern_operation
from neurona.legacy.parts import (
    modern_constraint,
    modern_initializer,
    modern_part,
    modern_policy,
    modern_regularizer,
)
from neurona.legacy.sequential import as_functional, is_branched, old_graph, old_sequential

Config = dict[str, Any]

_MODELS = ("Functional", "Sequential")

_RECURRENT = ("GRU", "LSTM", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


def modern_model(description: Mapping[str, Any], version: int, backend: str | None = None) -> Config:
    """A whole model, or a layer, as today's files describe it.

    Args:
        description: with `class_name` and `config`.
        version: of Keras: 0, 1 or 2.
        backend: that it was trained on, where that is known.

    Raises:
        SavingError: it holds what is not to be had; the message names it.
    """
    age = Age(version, _ordering(description))
    if "nodes" in description and "node_config" in description:  # Keras 0
        description = old_graph(description)
    elif "class_name" not in description and description.get("name") == "Sequential":
        description = old_sequential(description)
    modern = modern_layer(with_plain_names(description), age)
    return with_old_borders(modern, backend == "theano")


def _ordering(description: Any) -> str:
    """The ordering that all layers agree on that say one: Keras 1 left it out of some layers' configs."""
    found: set[Any] = set()
    waiting = [description]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            found.add(value.get("dim_ordering"))
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return "channels_first" if found - {None} == {"th"} else "channels_last"


def modern_layer(description: Mapping[str, Any], age: Age) -> Config:
    """A layer or model inside another."""
    name, config = _named(description)
    if name in ("Functional", "Sequential", "Graph"):
        changed = _OF_MODELS[name](config, age)
        name, config = changed.pop("class_name", name), changed
    elif name in ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "TensorFlowOpLayer"):
        return {"module": "neurona.ops", "class_name": name, "config": config, "name": config.get("name")}
    else:
        if not isinstance(config, Mapping):
            raise SavingError(f"The config of {name} is a dictionary. Received: {type(config).__name__}.")
        name, config = _modern_config(name, dict(config), age)
    registered = description.get("registered_name")
    custom = (
        registered
        if registered and ">" in str(registered) and not str(registered).startswith("Keras")
        else None
    )
    modern = {"module": _module(name), "class_name": name, "config": config, "registered_name": custom}
    if name not in _MODELS and "build_config" in description and not built_in("layers").get(name):
        modern["build_config"] = description["build_config"]
    return modern


def _module(name: str) -> str:
    return "keras" if name in _MODELS else "keras.layers"


def _named(description: Mapping[str, Any]) -> tuple[str, Any]:
    """The class of today, and the config as it was."""
    name, config = description.get("class_name"), description.get("config")
    if not isinstance(name, str) or not isinstance(config, (Mapping, list)):
        raise SavingError(
            f"A layer has a class_name, a text, and a config, a dictionary. Received: {name!r:.100} and a "
            f"config of type {type(config).__name__}."
        )
    name = name.removeprefix("Keras>").removeprefix("Custom>")
    return CLASSES.get(name, name), (list(config) if isinstance(config, list) else {**config, "_was": name})


def _modern_sequential(config: Any, age: Age) -> Config:
    config = {"layers": config} if isinstance(config, list) else dict(config)
    config.pop("_was", None)
    layers = _entries(config, "layers")
    if layers and is_branched(layers[0]):
        return {"class_name": "Functional", **_modern_functional(as_functional(config), age)}
    config["layers"] = [modern_layer(entry, age) for entry in layers]
    config.setdefault("name", None)
    return config


def _entries(config: Mapping[str, Any], key: str) -> list[Any]:
    entries = config.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise SavingError(f"A model has a list of {key}. Received: {type(entries).__name__}.")
    return entries


def _modern_functional(config: Any, age: Age) -> Config:
    if not isinstance(config, Mapping):
        raise SavingError(
            f"A model with a graph has a dictionary as config. Received: {type(config).__name__}."
        )
    entries = _entries(config, "layers")
    offsets = {str(entry.get("name")): 1 for entry in entries if _starts_with_a_call(entry)}
    names = {str(entry.get("name")) for entry in entries}
    layers = []
    for entry in entries:
        layer = modern_layer(entry, age)
        calls = modern_calls(entry.get("inbound_nodes", []), names, offsets)
        if layer["class_name"] in _RECURRENT:
            calls = [_with_initial_state(call) for call in calls]
        if layer["module"] == "neurona.ops":
            layer, calls = modern_operation(layer, calls)
        layers.append({**layer, "name": entry.get("name"), "inbound_nodes": calls})
    # Among the outputs, today's files count the calls of functional models from 1.
    last = {one["name"]: offsets.get(one["name"], 0) - (one["class_name"] == "Functional") for one in layers}
    return {
        **{key: value for key, value in config.items() if key in ("name", "trainable")},
        "layers": layers,
        "input_layers": tensor_lists(config.get("input_layers"), offsets),
        "output_layers": tensor_lists(config.get("output_layers"), last),
    }


def _starts_with_a_call(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is a model that numbers its calls from 1: making it counted as the first.

    A Sequential model without a known input shape is not made by a call.
    """
    name, config = _named(entry)
    if name == "Functional":
        return True
    if name != "Sequential":
        return False
    layers = config if isinstance(config, list) else config.get("layers")
    first = layers[0] if isinstance(layers, list) and layers else {}
    inner = first.get("config") if isinstance(first, Mapping) else None
    if isinstance(inner, Mapping) and "layers" not in inner:
        return any(inner.get(key) is not None for key in ("batch_input_shape", "batch_shape", "input_dim"))
    return True


def _with_initial_state(call: Config) -> Config:
    """A recurrent layer's call on a list: the sequence, and the states it begins with."""
    first = call["args"][0] if call["args"] else None
    if isinstance(first, list) and len(first) > 1 and "initial_state" not in call["kwargs"]:
        return {"args": [first[0]], "kwargs": {**call["kwargs"], "initial_state": first[1:]}}
    return call


_OF_MODELS: dict[str, Callable[[Any, Age], Config]] = {
    "Functional": _modern_functional,
    "Sequential": _modern_sequential,
    "Graph": lambda config, age: {
        "class_name": "Functional",
        **_modern_functional(old_graph(config)["config"], age),
    },
}


def _modern_config(name: str, config: Config, age: Age) -> tuple[str, Config]:
    """A layer's class and config."""
    was = config.pop("_was", name)
    _check_options(name, config)
    modern = _renamed(name, config, age)
    if name == "InputLayer":
        modern.setdefault("batch_shape", config.get("batch_input_shape"))
    elif "batch_shape" in modern:
        modern["batch_input_shape"] = modern.pop("batch_shape")
    for convert in (CONVERTERS.get(was), CONVERTERS.get(name) if was != name else None):
        if convert is not None:
            name = convert(modern, config, age) or name
    known = _arguments(name)
    if age.version < 2 and name.endswith(("2D", "3D")) and "data_format" in (known or ()):
        modern.setdefault("data_format", age.ordering)
    unknown = set(modern) & set(UNUSED) - set(known or modern)
    return name, {key: value for key, value in modern.items() if key not in unknown or _is_used(key, value)}


def _check_options(name: str, config: Mapping[str, Any]) -> None:
    for option in REFUSED:
        if config.get(option) and option not in _own_arguments(name):
            raise SavingError(
                f"Layer {config.get('name')!r} is a {name} with {option}={config[option]!r:.50}, which "
                "changes what it computes and is not to be had. Rebuild the model in Python without it, and "
                "load the weights with load_weights."
            )


def _renamed(name: str, config: Config, age: Age) -> Config:
    """The options that have an effect, by today's names."""
    own = _own_arguments(name)
    names = {**NAMES, **NAMES_OF_CLASSES.get(name, {}), **{key: key for key in own}}
    without = WITHOUT_EFFECT - own - ({"input_dim"} if name == "Embedding" else set())
    todays = (
        (names.get(key, key), value) for key, value in config.items() if key not in REFUSED or key in own
    )
    return {key: modern_value(key, value, age) for key, value in todays if key not in without}


def _own_arguments(name: str) -> set[str]:
    """The arguments that a class of the user's own names: they keep their names, whatever Keras's mean."""
    keys = [key for key in get_custom_objects() if key.rpartition(">")[2] == name]
    found = [get_registered_object(key) for key in (name, *keys)]
    cls = next((one for one in found if isinstance(one, type)), None)
    if cls is None or built_in("layers").get(name) is cls:
        return set()
    return set(inspect.signature(cls.__init__).parameters) - {"self", "args", "kwargs"}


def _is_used(key: str, value: Any) -> bool:
    return value is not None and value not in UNUSED[key]


def _arguments(name: str) -> list[str] | None:
    """The arguments of a layer's class, None where it is not known."""
    cls = built_in("layers").get(name)
    return None if cls is None else constructor_arguments(cls)


def modern_value(key: str, value: Any, age: Age) -> Any:
    """The value of an option, by its name of today."""
    if key == "data_format":
        return ORDERINGS.get(value, value) if isinstance(value, str) else value
    if key in ("activation", "recurrent_activation"):
        return modern_activation(value)
    if key == "dtype" and isinstance(value, Mapping):
        return modern_policy(value)
    if key.endswith("_initializer"):
        return modern_initializer(value)
    if key.endswith("_regularizer"):
        return modern_regularizer(value)
    if key.endswith("_constraint"):
        return modern_constraint(value)
    if key in ("layer", "backward_layer", "cell") and isinstance(value, Mapping):
        return modern_layer(value, age)
    if key == "cells" and isinstance(value, list):
        return [modern_layer(cell, age) for cell in value]
    return value


def modern_activation(value: Any) -> Any:
    """An activation: the hard sigmoid of Keras 1 and 2 is steeper than today's."""
    if isinstance(value, Mapping):
        inner = value.get("config")
        if value.get("class_name") == "function":
            return modern_activation(inner)
        if value.get("class_name") in ("LeakyReLU", "ReLU", "ELU", "PReLU", "Softmax", "ThresholdedReLU"):
            return modern_layer(value, Age(2))
        return modern_part(value)
    return (
        {"hard_sigmoid": "steep_hard_sigmoid", "swish": "silu"}.get(value, value)
        if isinstance(value, str)
        else value
    )
