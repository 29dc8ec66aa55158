"""Frames: a moment of a network as one binary message, a header in JSON and the buffers that it names."""

import json
from typing import Any

import numpy as np

from neurona.playground.network import UNIT_GRID, Network
from neurona.playground.state import LIMITS


def frame(name: str, network: Network, space: int | None = None, **header: Any) -> bytes:
    """A frame of a network.

    Args:
        name: of the network, "a" or "b".
        space: the hidden layer whose activations of the training rows go along.
        header: more entries of the header.
    """
    seen = network.look()
    (train, right), (test, test_right) = seen["losses"]
    steps = max(len(network.x) // network.state["batch"], 1)
    head: dict[str, Any] = {
        "type": "frame",
        "network": name,
        "update": network.now.update,
        "epoch": network.now.update / steps,
        "losses": {"train": number(train), "test": number(test)},
        "metrics": None,
        "finite": network.finite,
        "gauges": {"gradient": numbers(seen["gradient"]), "dead": numbers(seen["dead"])},
        **header,
    }
    if network.kind != "regression":
        head["metrics"] = {"accuracy": {"train": number(right), "test": number(test_right)}}
    if not network.finite:
        head["message"] = not_finite(network)
    grid = LIMITS["grid"]
    arrays: list[tuple[dict[str, Any], np.ndarray]] = []
    for layer, (kernel, bias) in enumerate(network.parameters()):
        arrays += [({"name": f"kernel{layer}"}, kernel), ({"name": f"bias{layer}"}, bias)]
    arrays.append(({"name": "output"}, seen["output"].reshape(-1, grid, grid)))
    for layer, (picture, scale) in enumerate(zip(seen["units"], seen["scales"])):
        entry = {"name": f"units{layer}", "scale": [numbers(one) for one in scale]}
        arrays.append((entry, picture.reshape(-1, UNIT_GRID, UNIT_GRID)))
    if space is not None and space < len(network.state["layers"]):
        arrays.append(({"name": f"hidden{space}"}, network.activations(network.x)[space]))
    return packed(head, arrays)


def packed(head: dict[str, Any], arrays: list[tuple[dict[str, Any], np.ndarray]]) -> bytes:
    """The message: the header's length, the header, and every buffer at a multiple of 4 bytes."""
    head["buffers"], parts, offset = [], [], 0
    for entry, array in arrays:
        kind = "u8" if array.dtype == np.uint8 else "f32"
        data = np.ascontiguousarray(array, np.uint8 if kind == "u8" else "<f4").tobytes()
        head["buffers"].append({**entry, "dtype": kind, "shape": [*array.shape], "offset": offset})
        data += bytes(-len(data) % 4)
        offset += len(data)
        parts.append(data)
    text = json.dumps(head, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + b"".join(parts)


def number(value: Any) -> float | None:
    """A number for JSON, which has no infinity: None stands for what is not finite."""
    return float(value) if np.isfinite(value) else None


def numbers(values: Any) -> list[float | None]:
    return [number(value) for value in values]


def not_finite(network: Network) -> dict[str, str]:
    """Why training has stopped."""
    update, rate = network.now.update, network.state["learning_rate"]
    largest = max((float(np.abs(one).max()) for pair in network.parameters() for one in pair), default=0.0)
    return {
        "en": f"The loss after update {update} is not a finite number. The largest weight is {largest:.3g}: "
        f"with a learning rate of {rate:g} the steps were too large. Lower the rate, then go back or reset.",
        "es": f"La pérdida tras la actualización {update} no es un número finito. El mayor "
        f"peso es {largest:.3g}: con una tasa de aprendizaje de {rate:g} los pasos fueron demasiado "
        "grandes. Baje la tasa y luego "
        "retroceda o reinicie.",
    }
