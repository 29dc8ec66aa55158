"""Descriptions of models by Keras 0, 1 and 2 (and tf-keras), converted into those of today."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from neurona.core.errors import SavingError
from neurona.core.registry import built_in, constructor_arguments, get_registered_object
from neurona.legacy.borders import with_theanos_borders
from neurona.legacy.nodes import modern_calls, tensor_lists
from neurona.legacy.operations import modern_operation
from neurona.legacy.parts import modern_constraint, modern_initializer, modern_part, modern_regularizer
from neurona.legacy.sequential import as_functional, is_branched, old_graph, old_sequential

Config = dict[str, Any]

CLASSES = {
    "Model": "Functional",
    "Container": "Functional",
    "Network": "Functional",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "ParametricSoftplus": "ParametricSoftplus",
    "SeparableConvolution2D": "SeparableConv2D",
    "ThresholdedReLU": "ReLU",
    "TimeDistributedDense": "Dense",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "GRUCellV2": "GRUCell",
    "LSTMCellV2": "LSTMCell",
}
_MODELS = ("Functional", "Sequential")

# An option's name of today. A tuple: the first that the layer has counts.
NAMES: dict[str, str] = {
    "output_dim": "units",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "depthwise_init": "depthwise_initializer",
    "pointwise_init": "pointwise_initializer",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "bias": "use_bias",
    "nb_filter": "filters",
    "stack_size": "input_dim",
    "filter_length": "kernel_size",
    "atrous_rate": "dilation_rate",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "pool_length": "pool_size",
    "poolsize": "pool_size",
    "dim_ordering": "data_format",
    "p": "rate",
    "sigma": "stddev",
    "dims": "target_shape",
    "input_dtype": "dtype",
    "batch_input_shape": "batch_shape",
}
_OF_CLASSES: dict[str, dict[str, str]] = {
    "Embedding": {
        "output_dim": "output_dim",
        "input_dim": "input_dim",
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "LeakyReLU": {"alpha": "negative_slope"},
    "MaxPooling1D": {"stride": "strides"},
    "AveragePooling1D": {"stride": "strides"},
    "Permute": {"dims": "dims"},
    "PReLU": {"init": "alpha_initializer"},
    "UpSampling1D": {"length": "size"},
}
_ORDERINGS = {"th": "channels_first", "tf": "channels_last", "default": "channels_last"}
# Options that change no result today: how it was computed, or what is seen from the input.
_WITHOUT_EFFECT = {
    "_keras_shape",
    "cache_enabled",
    "consume_less",
    "fused",
    "implementation",
    "input_dim",
    "input_length",
    "input_shape",
    "query_shape",
    "key_shape",
    "value_shape",
    "ragged",
    "sparse",
    "time_major",
    "time_step_axis",
    "truncate_gradient",
    "virtual_batch_size",
    "adjustment",
    "synchronized",
    "weights",
}
# Options that a layer of today may lack, with values that mean that they were not used.
_UNUSED: dict[str, tuple[Any, ...]] = {
    "groups": (1,),
    "softmax_robust_masking": (False,),
    "trainable": (True, False),
    "renorm": (False,),
    "renorm_clipping": ({},),
    "renorm_momentum": (0.99,),
    "interpolation": ("nearest",),
    "data_format": ("channels_last",),
    "keepdims": (False,),
    "shared_axes": ([],),
}
_RECURRENT = ("GRU", "LSTM", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


@dataclasses.dataclass(frozen=True)
class Age:
    """What a description leaves to those who know who wrote it.

    Attributes:
        version: of Keras: 0, 1 or 2.
        ordering: where images have their channels, for layers that do not say it.
    """

    version: int
    ordering: str = "channels_last"


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
    modern = modern_layer(description, age)
    return with_theanos_borders(modern) if backend == "theano" else modern


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
        changed = _MODEL_CONVERTERS[name](config, age)
        name, config = changed.pop("class_name", name), changed
    elif name in ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "TensorFlowOpLayer"):
        return {"module": "neurona.ops", "class_name": name, "config": config, "name": config.get("name")}
    else:
        name, config = _modern_config(name, config, age)
    registered = description.get("registered_name")
    custom = registered if registered and ">" in str(registered) and not str(registered).startswith("Keras") else None
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
        raise SavingError(f"A model with a graph has a dictionary as config. Received: {type(config).__name__}.")
    entries = _entries(config, "layers")
    offsets = {
        str(entry.get("name")): 1 for entry in entries if _starts_with_a_call(entry)
    }
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
    return {
        **{key: value for key, value in config.items() if key in ("name", "trainable")},
        "layers": layers,
        "input_layers": tensor_lists(config.get("input_layers"), offsets),
        "output_layers": tensor_lists(config.get("output_layers"), offsets),
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


_MODEL_CONVERTERS: dict[str, Callable[[Any, int], Config]] = {
    "Functional": _modern_functional,
    "Sequential": _modern_sequential,
    "Graph": lambda config, version: {"class_name": "Functional", **_modern_functional(old_graph(config)["config"], age)},
}


def _modern_config(name: str, config: Config, age: Age) -> tuple[str, Config]:
    """A layer's class and config."""
    if not isinstance(config, Mapping):
        raise SavingError(f"The config of {name} is a dictionary. Received: {type(config).__name__}.")
    was = config.pop("_was", name)
    names = {**NAMES, **_OF_CLASSES.get(name, {})}
    modern: Config = {}
    for key, value in config.items():
        key = names.get(key, key)
        if key in _WITHOUT_EFFECT and not (name == "Embedding" and key == "input_dim"):
            continue
        modern[key] = modern_value(key, value, age)
    if name == "InputLayer":
        modern.setdefault("batch_shape", config.get("batch_input_shape"))
    elif "batch_shape" in modern:
        modern["batch_input_shape"] = modern.pop("batch_shape")
    for convert in (_CONVERTERS.get(was), _CONVERTERS.get(name) if was != name else None):
        if convert is not None:
            name = convert(modern, config, age) or name
    known = _arguments(name)
    if age.version < 2 and name.endswith(("2D", "3D")) and "data_format" in (known or ()):
        modern.setdefault("data_format", age.ordering)
    for key in set(modern) & set(_UNUSED) - set(known or modern):
        if modern[key] is None or modern[key] in _UNUSED[key]:
            del modern[key]
    return name, modern


def _arguments(name: str) -> list[str] | None:
    """The arguments of a layer's class, None where it is not known."""
    cls = built_in("layers").get(name)
    return None if cls is None else constructor_arguments(cls)


def modern_value(key: str, value: Any, age: Age) -> Any:
    """The value of an option, by its name of today."""
    if key == "data_format":
        return _ORDERINGS.get(value, value) if isinstance(value, str) else value
    if key in ("activation", "recurrent_activation"):
        return modern_activation(value)
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
    return {"hard_sigmoid": "steep_hard_sigmoid", "swish": "silu"}.get(value, value) if isinstance(value, str) else value


# What single classes need beside other names. Each changes the modern config in place, looks at the old one,
# and may return another class.


def _convolution(modern: Config, old: Config, age: Age) -> str | None:
    sizes = [old[key] for key in ("kernel_dim1", "kernel_dim2", "kernel_dim3", "nb_row", "nb_col") if key in old]
    for key in ("kernel_dim1", "kernel_dim2", "kernel_dim3", "nb_row", "nb_col", "output_shape"):
        modern.pop(key, None)
    if sizes:
        modern["kernel_size"] = sizes
    return None


def _separable(modern: Config, old: Config, age: Age) -> str | None:
    for key in ("initializer", "regularizer", "constraint"):
        modern.pop(f"kernel_{key}", None)
    return _convolution(modern, old, age)


def _normalization(modern: Config, old: Config, age: Age) -> str | None:
    if modern.pop("mode", 0) not in (0, None):
        raise SavingError(
            f"BatchNormalization(mode={old['mode']!r}) of Keras 1 is not to be had: mode=0, the default, is."
        )
    axis = modern.get("axis", -1)
    if isinstance(axis, list) and len(axis) == 1:
        modern["axis"] = axis[0]
    return None


def _recurrent(modern: Config, old: Config, age: Age) -> str | None:
    if "forget_bias_init" in modern:
        modern["unit_forget_bias"] = modern.pop("forget_bias_init") in ("one", "ones")
    return None


def _cudnn(modern: Config, old: Config, age: Age) -> str | None:
    modern |= {"activation": "tanh", "recurrent_activation": "sigmoid"}
    return None


def _cudnn_gru(modern: Config, old: Config, age: Age) -> str | None:
    modern["reset_after"] = True
    return _cudnn(modern, old, age)


def _gru(modern: Config, old: Config, age: Age) -> str | None:
    modern.setdefault("reset_after", False)
    return None


def _merge(modern: Config, old: Config, age: Age) -> str | None:
    mode, name = old.get("mode", "sum"), modern.get("name")
    classes = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate"}
    modern.clear()
    modern["name"] = name
    if mode in ("dot", "cos"):
        modern |= {"axes": old.get("dot_axes", -1), "normalize": mode == "cos"}
        return "Dot"
    if mode not in classes:
        raise SavingError(
            f"Merge layer {name!r} merges by a function whose code is in the file, which is never run. "
            f"Rebuild the model in Python."
        )
    if mode == "concat":
        modern["axis"] = old.get("concat_axis", -1)
    return classes[mode]


def _thresholded(modern: Config, old: Config, age: Age) -> str | None:
    modern["threshold"] = modern.pop("theta", 1.0)
    return None


def _time_distributed_dense(modern: Config, old: Config, age: Age) -> str | None:
    shape = modern.get("batch_input_shape")
    if shape is None and old.get("input_dim") is not None:
        modern["batch_input_shape"] = [None, old.get("input_length"), old["input_dim"]]
    return None


def _embedding(modern: Config, old: Config, age: Age) -> str | None:
    modern.pop("dropout", None)
    if "batch_input_shape" not in modern and old.get("input_length") is not None:
        length = old["input_length"]
        modern["batch_input_shape"] = [None, *(length if isinstance(length, list) else [length])]
    if modern.get("batch_input_shape") is not None:
        modern.pop("dtype", None)
    return None


def _regularizer_layer(modern: Config, old: Config, age: Age) -> str | None:
    modern.pop("activity_regularizer", None)
    return None


def _lambda(modern: Config, old: Config, age: Age) -> str | None:
    """The function of a Lambda layer, which the file can't give: it is looked up by the layer's name, or by its
    own.
    """
    names = [str(modern.get("name")), str(old.get("function"))]
    found = next((name for name in names if get_registered_object(name) is not None), None)
    if found is None:
        raise SavingError(
            f"Layer {names[0]!r} is a Lambda, whose code in the file is never run. Give its function by the layer's "
            f"name: custom_objects={{{names[0]!r}: lambda x: ...}}."
        )
    modern.clear()
    modern |= {"name": names[0], "function": {"class_name": "function", "config": found, "registered_name": found}}
    if old.get("arguments"):
        modern["arguments"] = old["arguments"]
    return None


_Converter = Callable[[Config, Config, int], str | None]
_CONVERTERS: dict[str, _Converter] = {
    **dict.fromkeys(
        (
            "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose", 
            "LocallyConnected2D", "ConvLSTM2D",
        ),
        _convolution,
    ),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D"), _separable),
    "BatchNormalization": _normalization,
    "LayerNormalization": _normalization,
    "LSTM": _recurrent,
    "GRU": _gru,
    "CuDNNLSTM": _cudnn,
    "CuDNNGRU": _cudnn_gru,
    "Merge": _merge,
    "ThresholdedReLU": _thresholded,
    "TimeDistributedDense": _time_distributed_dense,
    "Embedding": _embedding,
    "ActivityRegularization": _regularizer_layer,
    "Lambda": _lambda,
}
