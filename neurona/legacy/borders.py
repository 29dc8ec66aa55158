"""Borders of older convolutions: padding="full", and Theano's padding="same", whose windows lay elsewhere
than today's.

Theano padded by half a kernel before, whatever the strides. Today's layers pad so that the last window ends
at the border. Where that differs, a layer of zeros before the convolution makes the difference; and so for
full borders, where windows need only one input.
"""

from collections.abc import Mapping
from typing import Any

from neurona.core.errors import SavingError
from neurona.tracebacks import warn

Config = dict[str, Any]

_SPACE = {"Conv1D": 1, "Conv2D": 2, "Conv3D": 3}
_POOLS = (
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
)


def with_old_borders(description: Mapping[str, Any], theano: bool) -> Config:
    """A model of today's form, whose borders are of before.

    Args:
        description: of the model.
        theano: whether it was trained on Theano.

    Raises:
        SavingError: a layer with full borders has no form of today.
    """
    description = dict(description)
    config = dict(description["config"])
    if isinstance(config.get("layers"), list):
        functional = "input_layers" in config
        config["layers"] = [new for entry in config["layers"] for new in _replaced(entry, functional, theano)]
        description["config"] = config
    return description


def _replaced(entry: Mapping[str, Any], functional: bool, theano: bool) -> list[Config]:
    """A layer, with a layer of zeros before it where it needs one."""
    name, config = entry["class_name"], entry["config"]
    if "layers" in config:
        return [with_old_borders(entry, theano)]
    _check_borders(name, config, theano)
    is_old = name in _SPACE and (
        config.get("padding") == "full" or (theano and config.get("padding") == "same")
    )
    zeros = _zeros(name, config) if is_old else None
    if zeros is None:
        return [dict(entry)]
    own = {**entry, "config": {**config, "padding": "valid"}}
    before: Config = {
        "module": "keras.layers",
        "class_name": f"ZeroPadding{_SPACE[name]}D",
        "config": {"name": f"{config['name']}_borders", "padding": zeros},
        "registered_name": None,
    }
    if _SPACE[name] > 1:
        before["config"]["data_format"] = config.get("data_format")
    shape = own["config"].pop("batch_input_shape", None)
    if shape is not None:
        before["config"]["batch_input_shape"] = shape
    if functional:
        before |= {"name": before["config"]["name"], "inbound_nodes": entry["inbound_nodes"]}
        own["inbound_nodes"] = _nodes_after(before["name"], entry["inbound_nodes"])
    return [before, own]


def _check_borders(name: str, config: Mapping[str, Any], theano: bool) -> None:
    if config.get("padding") == "full" and name not in _SPACE:
        raise SavingError(
            f"Layer {config.get('name')!r}, {name}, has border_mode='full', which no such layer has "
            "today. Rebuild the model in Python, with padding='valid' or 'same'."
        )
    if theano and name in _POOLS and config.get("padding") == "same" and not _agrees(config):
        warn(
            f"Layer {config.get('name')!r} pools with padding='same', for which Theano laid its windows "
            "elsewhere: predictions differ from those of the library that wrote the file."
        )


def _nodes_after(before: str, nodes: list[Config]) -> list[Config]:
    """The calls of a layer, each on the output of the layer before it in the same call."""
    return [
        {
            "args": [{"class_name": "__keras_tensor__", "config": {"keras_history": [before, call, 0]}}],
            "kwargs": node["kwargs"],
        }
        for call, node in enumerate(nodes)
    ]


def _sizes(value: Any, space: int) -> list[int]:
    sizes = [value] * space if isinstance(value, int) else list(value or [1] * space)
    return [int(size) for size in (sizes * space if len(sizes) == 1 else sizes)]


def _zeros(name: str, config: Mapping[str, Any]) -> Any:
    """The zeros before and after on each axis, or None where today's borders are the same."""
    space = _SPACE[name]
    dilations = _sizes(config.get("dilation_rate"), space)
    kernel = [(size - 1) * rate + 1 for size, rate in zip(_sizes(config["kernel_size"], space), dilations)]
    strides = _sizes(config.get("strides"), space)
    if config["padding"] == "full":
        zeros = [[size - 1, size - 1] for size in kernel]
    elif all(size % 2 for size in kernel) and all(stride == 1 for stride in strides):
        return None
    else:
        zeros = [[size // 2, (size - 1) // 2] for size in kernel]
    return zeros[0] if space == 1 else zeros


def _agrees(config: Mapping[str, Any]) -> bool:
    sizes = _sizes(config.get("pool_size") or 2, 1)
    strides = _sizes(config.get("strides") or sizes, 1)
    return all(size % 2 for size in sizes) and all(stride == 1 for stride in strides)
