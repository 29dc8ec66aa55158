"""Descriptions of models as tf-keras 2 wrote them, which it and Keras 3 read."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from neurona.core.errors import SavingError
from neurona.core.registry import built_in
from neurona.legacy.nodes import CONSTANT
from neurona.legacy.operations import older_operation

Config = dict[str, Any]

# Today's name of an option: the older one, by class.
_NAMES = {"LeakyReLU": {"negative_slope": "alpha"}, "InputLayer": {"batch_shape": "batch_input_shape"}}
# Options that tf-keras has not, with the values that mean that they are not used.
_NEWER: dict[str, tuple[Any, ...]] = {
    "autocast": (True,),
    "flash_attention": (None,),
    "input_axes": (None,),
    "lora_alpha": (None,),
    "lora_rank": (None,),
    "optional": (False,),
    "output_axes": (None,),
    "qk_norm": (False,),
    "rms_scaling": (False,),
    "quantization_config": (None,),
    "score_mode": ("dot",),
    "sliding_window": (None,),
    "use_cudnn": ("auto", True, False),
    "use_gate": (False,),
}
_HASHED: dict[str, tuple[Any, ...]] = {"oov_method": ("floormod", "farmhash"), "salt": (None,)}
_LAST = {"data_format": ("channels_last", None)}
_NEWER_OF_CLASSES: dict[str, dict[str, tuple[Any, ...]]] = {
    **dict.fromkeys(("CenterCrop", "RandomBrightness", "RandomCrop", "RandomFlip", "RandomRotation"), _LAST),
    **dict.fromkeys(("RandomTranslation", "RandomZoom", "ZeroPadding1D"), _LAST),
    "RandomContrast": {**_LAST, "value_range": ([0, 255], (0, 255))},
    "Resizing": {
        **_LAST,
        "antialias": (False,),
        "fill_mode": ("constant",),
        "fill_value": (0.0,),
        "pad_to_aspect_ratio": (False,),
    },
    "IntegerLookup": _HASHED,
    "StringLookup": _HASHED,
}
_SEEDLESS = (
    "GRU",
    "LSTM",
    "SimpleRNN",
    "GRUCell",
    "LSTMCell",
    "SimpleRNNCell",
    "MultiHeadAttention",
    "Attention",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
)


_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")


def older_archive(description: Mapping[str, Any]) -> Config:
    """What the `.keras` file of a model says in the older form, without how it was compiled.

    Raises:
        SavingError: it has parts that tf-keras 2 has no form for.
    """
    model = older_model(description, for_hdf5=False)
    name = {"Functional": "Model"}.get(model["class_name"], model["class_name"])
    shapes = {key: description[key] for key in ("build_config",) if key in description}
    return {
        "module": "keras",
        "class_name": name,
        "config": model["config"],
        "registered_name": None,
        **shapes,
    }


def older_places(places: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Layers with the paths under which tf-keras looks for their weights in `.keras` and `.weights.h5` files.

    Args:
        places: each layer with the path of today, a layer before its parts.
    """
    with_heads: set[str] = set()
    for path, layer in places:
        parent, _, name = path.rpartition("/")
        if type(layer).__name__ == "MultiHeadAttention":
            with_heads.add(path)
        is_private = parent in with_heads and name.endswith("_dense")
        yield f"{parent}/_{name}" if is_private else path, layer


def older_model(description: Mapping[str, Any], for_hdf5: bool = True) -> Config:
    """A model, or a layer, in the older form.

    Args:
        description: of today.
        for_hdf5: for a `.h5` file, which finds layers by their names, and which Keras 3 reads, too.

    Raises:
        SavingError: it has parts that tf-keras 2 has no form for.
    """
    name, config = description["class_name"], description["config"]
    if "layers" in config and "input_layers" in config:
        return {"class_name": "Functional", "config": _functional(config, for_hdf5)}
    if name == "Sequential":
        layers = [older_model(entry, for_hdf5) for entry in config["layers"]]
        return {"class_name": "Sequential", "config": {"name": config["name"], "layers": layers}}
    if name == "Merge" and for_hdf5:  # of Keras 1, which is read as a graph
        return {"class_name": name, "config": _of_merge(config)}
    if "layers" in config:
        raise SavingError(
            f"{name} has no form in tf-keras 2, which .h5 is written for: only Sequential and functional "
            "models have. Use .keras without save_format."
        )
    if not for_hdf5 and not _NAME.fullmatch(str(config.get("name") or "a")):
        raise SavingError(
            f"tf-keras 2 takes no layer with the name {config['name']!r}: letters, digits and _.-/ make a "
            "name."
        )
    registered = description.get("registered_name")
    older = {"class_name": registered or name, "config": _config(name, config, for_hdf5)}
    return {key: value for key, value in older.items() if value is not None}


def _of_merge(config: Mapping[str, Any]) -> Config:
    kept = {key: value for key, value in config.items() if key not in ("trainable", "dtype")}
    return {**kept, "layers": [older_model(entry) for entry in config["layers"]]}


def _config(name: str, config: Mapping[str, Any], for_hdf5: bool) -> Config:
    names, own = _NAMES.get(name, {}), _NEWER_OF_CLASSES.get(name, {})
    older: Config = {}
    for key, value in config.items():
        if (key == "seed" and name in _SEEDLESS) or any(
            value is one or value == one for one in (*_NEWER.get(key, ()), *own.get(key, ()))
        ):
            continue
        if key in own:
            raise SavingError(
                f"Layer {config.get('name')!r} is a {name} with {key}={value!r}, which tf-keras 2 has not. "
                "Use .keras without save_format."
            )
        older[names.get(key, key)] = _value(key, value, for_hdf5)
    if name == "Discretization" and older.get("bin_boundaries") is not None:
        older.pop("num_bins", None)
    if name in ("IntegerLookup", "StringLookup"):
        older.pop("dtype", None)  # in tf-keras that of the outputs
        if older.get("vocabulary_size") is None:
            older.pop("vocabulary_size", None)
    if name == "TextVectorization":
        older["dtype"] = "string"
    if name == "MultiHeadAttention":
        older |= dict.fromkeys(("query_shape", "key_shape", "value_shape"))
    return older


def _value(key: str, value: Any, for_hdf5: bool) -> Any:
    """The value of an option."""
    if key == "dtype" and isinstance(value, Mapping):
        return _policy(value)
    if key.endswith("activation") and isinstance(value, str):
        return _activation(value)
    if key == "cells":
        return [_inside(cell, for_hdf5) for cell in value]
    if not isinstance(value, Mapping) or "class_name" not in value:
        return value
    if key in ("layer", "backward_layer", "cell"):
        return _inside(value, for_hdf5)
    name, module = value["class_name"], str(value.get("module", ""))
    if module.partition(".")[0] == "keras":
        return {"class_name": name, "config": _config(name, value.get("config") or {}, for_hdf5)}
    return {key: item for key, item in value.items() if key != "module"}


def _policy(description: Mapping[str, Any]) -> Any:
    """A dtype policy."""
    policy = description.get("config", {}).get("name")
    if policy is None:
        raise SavingError(
            "Weights that are kept as integers have no form in tf-keras 2, which .h5 is written for. Use "
            ".keras without save_format."
        )
    plain = policy in ("float32", "float64", "float16", "bfloat16")
    return policy if plain else {"class_name": "Policy", "config": {"name": policy}}


def _activation(name: str) -> str:
    if name == "hard_sigmoid":
        raise SavingError(
            "hard_sigmoid of tf-keras 2, which .h5 is written for, is steeper than today's. Use .keras "
            "without save_format."
        )
    return {"steep_hard_sigmoid": "hard_sigmoid", "silu": "swish"}.get(name, name)


def _inside(description: Mapping[str, Any], for_hdf5: bool) -> Config:
    """A layer in another, which Keras 3 finds by its module."""
    return {"module": "keras.layers", "registered_name": None, **older_model(description, for_hdf5)}


def _functional(config: Mapping[str, Any], for_hdf5: bool) -> Config:
    inside = {entry["name"]: 0 for entry in config["layers"] if "layers" in entry["config"]}
    last = {entry["name"]: _first_output(entry) for entry in config["layers"] if entry["name"] in inside}
    layers = []
    for entry in config["layers"]:
        if ".ops." in str(entry.get("module", "")):
            operation, calls = older_operation(entry, for_hdf5)
            nodes = [_of_operation(call, inside) for call in calls]
            layers.append({**operation, "name": entry["name"], "inbound_nodes": nodes})
            continue
        nodes = [_node(_begun(call, entry), inside) for call in entry["inbound_nodes"]]
        if entry["name"] in inside:
            nodes = [node for node in nodes for _ in range(2)]
        layer = older_model(_as_functional(entry) if for_hdf5 else entry, for_hdf5)
        layers.append({**layer, "name": entry["name"], "inbound_nodes": nodes})
    return {
        "name": config["name"],
        "trainable": config.get("trainable", True),
        "layers": layers,
        "input_layers": _places(config["input_layers"], last),
        "output_layers": _places(config["output_layers"], last),
    }


def _first_output(entry: Mapping[str, Any]) -> int:
    """The number of a layer's first call where today's files list a model's outputs: they count those of
    functional models from 1.
    """
    return 1 if "layers" in entry["config"] and entry["class_name"] != "Sequential" else 0


def _place(place: Sequence[Any], first: Mapping[str, int]) -> list[Any]:
    """A tensor's layer, call and output as older files count them.

    tf-keras counts the calls of a model inside another from 1, and Keras 3 from 0. Such a model is called
    twice for every call, of which one is used: call 2n + 1 has the same inputs by either count.

    Args:
        place: the tensor's.
        first: the number of the first call, for every model inside.
    """
    name, call, output = place
    return [name, 2 * (call - first[name]) + 1 if name in first else call, output]


def _as_functional(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Sequential model among the layers of another as a functional one: tf-keras and Keras 3 number the
    calls of the former differently.
    """
    if entry["class_name"] != "Sequential":
        return entry
    layers: list[Config] = []
    for layer in entry["config"]["layers"]:
        nodes = [{"args": [_tensor([layers[-1]["name"], 0, 0])], "kwargs": {}}] if layers else []
        layers.append({**layer, "name": layer["config"]["name"], "inbound_nodes": nodes})
    first = layers[0] if layers else {}
    if first.get("class_name") != "InputLayer":
        raise SavingError(
            f"Model {entry['name']!r} does not say the shape of its input, which tf-keras 2 needs: begin it "
            "with Input(shape)."
        )
    config = {
        "name": entry["config"]["name"],
        "trainable": entry["config"].get("trainable", True),
        "layers": layers,
        "input_layers": [first["name"], 0, 0],
        "output_layers": [layers[-1]["name"], _first_output(layers[-1]), 0],
    }
    return {**entry, "class_name": "Functional", "config": config}


def _tensor(place: list[Any]) -> Config:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": place}}


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__"


def _begun(call: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """A call with its first argument by position, as tf-keras writes all.

    Raises:
        SavingError: that would change the order of the layers before it, by which weights are found.
    """
    kwargs = dict(call.get("kwargs", {}))
    if call["args"] or not kwargs:
        return call
    sources = {str(value["config"]["keras_history"][0]) for value in kwargs.values() if _is_tensor(value)}
    if len(sources) > 1:
        raise SavingError(
            f"Layer {entry['name']!r} is called on several layers' outputs by keywords alone, which "
            "tf-keras 2 orders otherwise. Give its first argument by position."
        )
    cls = built_in("layers").get(entry["class_name"])
    names = list(inspect.signature(cls.call).parameters)[1:] if cls is not None else []
    first = next((name for name in names if name in kwargs), next(iter(kwargs)))
    return {"args": [kwargs.pop(first)], "kwargs": kwargs}


def _node(call: Mapping[str, Any], first: Mapping[str, int]) -> list[Any]:
    """A call: its tensors, each with the other arguments."""
    kwargs = {
        key: _option(value, first) for key, value in call.get("kwargs", {}).items() if value is not None
    }
    tensors, *others = call["args"]
    states = kwargs.pop("initial_state", None) or []
    kwargs |= dict(zip(("value", "key"), (_option(other, first) for other in others)))
    tensors = tensors if isinstance(tensors, (list, tuple)) else [tensors]
    if not all(map(_is_tensor, tensors)):
        raise SavingError(
            "A call on something else than tensors has no form in tf-keras 2, which .h5 is written for. Use "
            ".keras without save_format."
        )
    places = [_place(tensor["config"]["keras_history"], first) for tensor in tensors]
    places += [states] if states and isinstance(states[0], str) else states
    return [[*place, kwargs] for place in places]


def _of_operation(call: Mapping[str, Any], first: Mapping[str, int]) -> list[Any]:
    """A call of an operation, whose first operand may be several tensors, or a constant."""
    kwargs = {key: _option(value, first) for key, value in call["kwargs"].items()}
    operand: Any = call["args"][0]
    operands: list[Any] = (
        operand if isinstance(operand, list) and any(map(_is_tensor, operand)) else [operand]
    )
    places = [
        _place(one["config"]["keras_history"], first)
        if _is_tensor(one)
        else [CONSTANT, -1, _option(one, first)]
        for one in operands
    ]
    return [[*place, kwargs] for place in places]


def _option(value: Any, first: Mapping[str, int]) -> Any:
    if isinstance(value, Mapping) and value.get("class_name") == "__numpy__":
        return value["config"]["value"]
    if _is_tensor(value):
        return _place(value["config"]["keras_history"], first)
    if isinstance(value, Mapping):
        return {key: _option(item, first) for key, item in value.items()}
    return [_option(item, first) for item in value] if isinstance(value, (list, tuple)) else value


def _places(tree: Any, first: Mapping[str, int]) -> Any:
    if isinstance(tree, Mapping):
        raise SavingError(
            "A model whose inputs or outputs are a dictionary has no form in tf-keras 2, which .h5 is "
            "written for. Use .keras without save_format."
        )
    if len(tree) == 3 and isinstance(tree[0], str):
        return [_place(tree, first)]
    return [place for one in tree for place in _places(one, first)]
