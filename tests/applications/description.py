"""A model's layers as plain values, the same for Neurona's and Keras's models."""

import zlib
from collections.abc import Iterator
from typing import Any

OPTIONS = (
    "filters",
    "kernel_size",
    "strides",
    "padding",
    "cropping",
    "pool_size",
    "groups",
    "depth_multiplier",
    "dilation_rate",
    "use_bias",
    "activation",
    "units",
    "epsilon",
    "momentum",
    "scale",
    "center",
    "offset",
    "rate",
    "noise_shape",
    "max_value",
    "negative_slope",
    "target_shape",
    "keepdims",
    "init_values",
    "mean",
    "variance",
)


def described(model: Any) -> list[tuple[Any, ...]]:
    """Of each layer: its class, its name, its options, the layers that it reads, and the shapes of its
    weights.
    """
    layers = {layer.name: layer for layer in model.layers}
    found = []
    for one in model.get_config()["layers"]:
        options = [f"{name}={_plain(one['config'][name])}" for name in OPTIONS if name in one["config"]]
        weights = (
            [tuple(weight.shape) for weight in layers[one["name"]].weights] if one["name"] in layers else []
        )
        read = list(_read(one["inbound_nodes"]))
        found.append((one["class_name"], one["name"], *options, *read, *map(str, weights)))
    return found


def digest(model: Any) -> int:
    """A number that differs where the description does."""
    return zlib.crc32(str(described(model)).encode())


def _plain(value: Any) -> str:
    """A value of a config, whether it is a list, a tuple or a number for all axes."""
    if isinstance(value, (list, tuple)):
        return "(" + ",".join(map(_plain, value)) + ")"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{float(value):.6g}"
    return str(value["config"] if isinstance(value, dict) else value)


def _read(tree: Any) -> Iterator[str]:
    """The names of the layers whose outputs stand in a config of calls."""
    if isinstance(tree, dict):
        if "keras_history" in tree:
            yield tree["keras_history"][0]
        else:
            for value in tree.values():
                yield from _read(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from _read(value)
