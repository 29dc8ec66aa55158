"""What single layers of Keras 0, 1 and 2 need beside today's names of their options."""

import dataclasses
from collections.abc import Callable
from typing import Any

from neurona.core.errors import SavingError
from neurona.core.registry import get_registered_object

Config = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Age:
    """What a description leaves to those who know who wrote it.

    Attributes:
        version: of Keras: 0, 1 or 2.
        ordering: where images have their channels, for layers that do not say it.
    """

    version: int
    ordering: str = "channels_last"


# Each changes the modern config in place, looks at the old one,
# and may return another class.


def _convolution(modern: Config, old: Config, age: Age) -> str | None:
    sizes = [
        old[key] for key in ("kernel_dim1", "kernel_dim2", "kernel_dim3", "nb_row", "nb_col") if key in old
    ]
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


def _discretization(modern: Config, old: Config, age: Age) -> str | None:
    modern.pop("dtype", None)  # of the numbers of the bins; today's layer would read its inputs as that
    modern.pop("batch_input_shape", None)
    return None


def _regularizer_layer(modern: Config, old: Config, age: Age) -> str | None:
    modern.pop("activity_regularizer", None)
    return None


def _lambda(modern: Config, old: Config, age: Age) -> str | None:
    """The function of a Lambda layer, which the file can't give: it is looked up by the layer's name, or its
    own.
    """
    function = old.get("function")
    named = function.get("config") if isinstance(function, dict) else function
    names = [str(modern.get("name")), str(named)]
    found = next((name for name in names if get_registered_object(name) is not None), None)
    if found is None:
        raise SavingError(
            f"Layer {names[0]!r} is a Lambda, whose code in the file is never run. Give its function by the "
            f"layer's name: custom_objects={{{names[0]!r}: lambda x: ...}}."
        )
    modern.clear()
    modern |= {
        "name": names[0],
        "function": {"class_name": "function", "config": found, "registered_name": found},
    }
    if old.get("arguments"):
        modern["arguments"] = old["arguments"]
    return None


_Converter = Callable[[Config, Config, Age], str | None]
CONVERTERS: dict[str, _Converter] = {
    **dict.fromkeys(
        (
            "Conv1D",
            "Conv2D",
            "Conv3D",
            "Conv2DTranspose",
            "Conv3DTranspose",
            "LocallyConnected2D",
            "ConvLSTM2D",
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
    "Discretization": _discretization,
    "Embedding": _embedding,
    "ActivityRegularization": _regularizer_layer,
    "Lambda": _lambda,
}
