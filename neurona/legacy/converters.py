"""How the value of an older argument becomes today's arguments."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from neurona.core.errors import ArgumentError
from neurona.legacy.first_values import FirstValues, from_function
from neurona.legacy.rates import decayed_rate


@dataclasses.dataclass
class Call:
    """A call whose arguments are being translated.

    Attributes:
        who: the class or function, as messages call it.
        known: the arguments of today, of a class.
        args, kwargs: what it is called with, changed in place; of a method, the first is its object.
    """

    who: str
    known: tuple[str, ...]
    args: list[Any]
    kwargs: dict[str, Any]

    def take(self, name: str, place: int) -> Any:
        """Remove and return an argument that may be passed by position, or None."""
        if name in self.kwargs:
            return self.kwargs.pop(name)
        return self.args.pop(place) if len(self.args) > place else None


# What the optimizers of Keras 1 and 2 take where no rate is given, if not 0.001.
_RATES = {"SGD": 0.01, "Adagrad": 0.01, "Adadelta": 1.0, "Adamax": 0.002, "Nadam": 0.002}
# Changes a call for an argument's value, and returns today's spelling.
Converter = Callable[[Call, Any], str]


def to_values(new: str, values: Mapping[Any, Any]) -> Converter:
    """An argument that has another name today, and other values."""

    def convert(call: Call, value: Any) -> str:
        call.kwargs[new] = values.get(value, value)
        return f"{new}={call.kwargs[new]!r}."

    return convert


def gone(reason: str) -> Converter:
    """An argument that changes no result today."""
    return lambda call, value: f"leave it out: {reason}"


def refused(way: str) -> Converter:
    """An argument whose effect is not to be had."""

    def convert(call: Call, value: Any) -> str:
        raise ArgumentError(f"{call.who}: what the older argument {value!r} asked for is not here. {way}")

    return convert


def kernel_size(*names: str) -> Converter:
    """Sizes of a window that were passed one by one."""

    def convert(call: Call, value: Any) -> str:
        sizes = [value, *(call.kwargs.pop(name) for name in names if name in call.kwargs)]
        call.kwargs["kernel_size"] = tuple(sizes)
        return f"kernel_size={tuple(sizes)}."

    return convert


def window(call: Call, value: Any) -> str:
    """Columns of a window, where rows came by position: `Convolution2D(8, 3, nb_col=3)`."""
    rows = call.args.pop(1) if len(call.args) > 1 else value
    call.kwargs["kernel_size"] = (rows, value)
    return f"kernel_size={(rows, value)}."


def input_dim(call: Call, value: Any) -> str:
    """The features of a sequence, with `input_length` steps if that is given."""
    sequence = "return_sequences" in call.known or call.known[1:2] == ("kernel_size",)
    if "input_dim" in call.known or not (sequence or "input_length" in call.kwargs):
        call.kwargs["input_dim"] = value
        return ""
    steps = call.kwargs.pop("input_length", None)
    call.kwargs["input_shape"] = (steps, value)
    return f"input_shape={(steps, value)}."


def input_length(call: Call, value: Any) -> str:
    """The steps of a sequence; an Embedding's input has no other axis."""
    if "input_dim" in call.kwargs and "input_dim" not in call.known:
        call.kwargs["input_shape"] = (value, call.kwargs.pop("input_dim"))
    elif value is None or {"input_shape", "batch_input_shape", "batch_shape"} & call.kwargs.keys():
        return "leave it out: the length is seen from the input."
    else:
        call.kwargs["input_shape"] = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return f"input_shape={call.kwargs['input_shape']}."


def initializer(*names: str) -> Converter:
    """A weight's first values: a name, an object, or Keras 1's function `(shape, name)`."""

    def convert(call: Call, value: Any) -> str:
        new = next((name for name in names if name in call.known), names[0])
        call.kwargs[new] = from_function(value) if inspect.isfunction(value) else value
        return f"{new}="

    return convert


def weights(call: Call, value: Any) -> str:
    """A layer's first weights, in the order of `get_weights`."""
    if value is None:
        return ""
    orders = (
        ("gamma", "beta", "moving_mean", "moving_variance"),
        ("kernel", "recurrent", "bias"),
        ("kernel", "bias"),
    )
    order = next((order for order in orders if f"{order[-2]}_initializer" in call.known), ())
    names = [f"{part}_initializer" for part in order]
    if len(value) > len(names) or not set(names) <= set(call.known):
        raise ArgumentError(
            f"{call.who} received {len(value)} arrays as weights. Build the layer and call set_weights()."
        )
    call.kwargs.update(zip(names, map(FirstValues, value)))
    return "build the layer, then set_weights()."


def forget_bias(call: Call, value: Any) -> str:
    """The first value of the forget gate's bias."""
    call.kwargs["unit_forget_bias"] = ones = value in ("one", "ones")
    return f"unit_forget_bias={ones}."


def normalization_mode(call: Call, value: Any) -> str:
    """Keras 1's `mode` of a BatchNormalization."""
    if value != 0:
        raise ArgumentError(
            f"BatchNormalization has no mode={value!r} today. For mode=1, LayerNormalization normalizes each "
            "sample; for mode=2, call the layer with training=True."
        )
    return "leave it out."


def decay(call: Call, value: Any) -> str:
    """The older decay of the learning rate: lr / (1 + decay * steps)."""
    rate = call.kwargs.pop("lr", None)
    rate = call.take("learning_rate", 0) if rate is None else rate
    if not value:
        call.kwargs |= {} if rate is None else {"learning_rate": rate}
        return "leave it out."
    rate = _RATES.get(call.who, 0.001) if rate is None else rate
    call.kwargs["learning_rate"] = decayed_rate(rate, value)
    return (
        f"learning_rate=neurona.optimizers.schedules.InverseTimeDecay({float(rate):g}, 1, {float(value):g})."
    )


def rate(call: Call, value: Any) -> str:
    """The learning rate; `decay`, which stands with it, takes it along."""
    if call.kwargs.get("decay"):
        call.kwargs["lr"] = value
        return "learning_rate="
    call.kwargs["learning_rate"] = value
    return "learning_rate="


def show_accuracy(call: Call, value: Any) -> str:
    """Keras 0.3's wish for the accuracy, at `fit` and `evaluate`."""
    model = call.args[0]
    chosen = model._compile_arguments
    if value and chosen["metrics"] is None:
        model.compile(**{**chosen, "metrics": ["accuracy"]})
    return "compile(metrics=['accuracy'])."
