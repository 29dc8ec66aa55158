"""The Python code of a model, as one writes it for Keras."""

import inspect
from collections.abc import Mapping
from typing import Any

from neurona.core.errors import ArgumentError
from neurona.core.registry import is_built_in, serialize
from neurona.models import Sequential

_DEPENDS = ("name", "dtype", "trainable", "build_config", "batch_input_shape")


def keras_code(model: Sequential, package: str = "neurona") -> str:
    """The code that makes a Sequential model and compiles it. Arguments with their default values are left
    out.

    Args:
        model: of layers that Neurona has.
        package: `"neurona"`, or `"keras"`, for which it is the same code.

    Raises:
        ArgumentError: it is no Sequential model, or has layers of the user.

    Example:

        >>> from neurona.layers import Dense, Input
        >>> model = Sequential([Input((3,)), Dense(1, activation="sigmoid")])
        >>> model.compile("sgd", "binary_crossentropy")
        >>> print(keras_code(model, "keras"))
        import keras
        <BLANKLINE>
        model = keras.Sequential([
            keras.Input((3,)),
            keras.layers.Dense(units=1, activation='sigmoid'),
        ])
        model.compile(
            optimizer=keras.optimizers.SGD(),
            loss='binary_crossentropy',
        )
        <BLANKLINE>
    """
    own = [layer for layer in model._flatten_layers() if layer is not model and not is_built_in(layer)]
    if not isinstance(model, Sequential) or own:
        what = f"a layer of your own, {type(own[0]).__name__}" if own else f"a {type(model).__name__}"
        raise ArgumentError(f"keras_code writes Sequential models of Neurona's layers. Received: {what}.")
    lines = [f"import {package}", "", f"model = {package}.Sequential(["]
    if model.inputs:
        lines.append(f"    {package}.Input({tuple(model.inputs[0].shape[1:])!r}),")
    lines += [f"    {_call(layer, package, 'layers')}," for layer in model.layers]
    lines.append("])")
    if model.compiled:
        lines.append("model.compile(")
        given = {"optimizer": model.optimizer, **_given(model)}
        lines += [f"    {name}={_value(one, package)}," for name, one in given.items() if one is not None]
        lines.append(")")
    return "\n".join(lines) + "\n"


def _given(model: Any) -> dict[str, Any]:
    arguments = model._compile_arguments
    return {name: arguments.get(name) or None for name in ("loss", "metrics")}


def _value(value: Any, package: str) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one, package) for one in value)}]"
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    described = serialize(value)
    if isinstance(described, str):
        return repr(described)
    room = str(described.get("module", "")).split(".")[-1]
    return _call(value, package, room)


def _call(owner: Any, package: str, room: str) -> str:
    """The call of a constructor, with what differs from its defaults."""
    config = owner.get_config()
    parameters = inspect.signature(type(owner)).parameters
    defaults = {name: one.default for name, one in parameters.items()}
    given = []
    for name, value in config.items():
        if name in _DEPENDS or value is None or (name in defaults and _same(value, defaults[name])):
            continue
        if name not in defaults and value is False:
            continue
        given.append(f"{name}={_argument(value, package)}")
    return f"{package}.{room}.{type(owner).__name__}({', '.join(given)})"


def _same(value: Any, default: Any) -> bool:
    """Whether a value is what is taken without it; initializers are named in configs by their class."""
    if isinstance(value, Mapping) and isinstance(default, str):
        words = "".join(part.title() for part in default.split("_"))
        return str(value.get("class_name", "")).lower() == words.lower()
    return value == default


def _argument(value: Any, package: str) -> str:
    """A value of a config as an expression: of an object, the call that makes it."""
    if not isinstance(value, Mapping) or "class_name" not in value:
        return repr(value)
    inner = {name: one for name, one in value["config"].items() if one is not None}
    arguments = ", ".join(f"{name}={_argument(one, package)}" for name, one in inner.items())
    room = str(value.get("module") or "keras.layers").split(".")[-1]
    return f"{package}.{room}.{value['class_name']}({arguments})"
