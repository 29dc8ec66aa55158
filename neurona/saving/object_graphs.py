"""Checkpoints of tf-keras and `tf.train.Checkpoint`: variables by the attributes that lead to them.

Such a checkpoint holds a graph of objects: from each, edges with the names of attributes to those below.
It is walked beside the objects of this process.

Source: TensorFlow's trackable_object_graph.proto.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from neurona.core.errors import SavingError
from neurona.core.layer import Layer
from neurona.core.variable import Variable
from neurona.saving.protobuf import fields
from neurona.saving.weights import Assignment
from neurona.tracebacks import warn

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_NUMBERED = re.compile(r"layer_with_weights-(\d+)")
_OF_LAYERS = re.compile(r"layer-\d+")
_VALUE = b"VARIABLE_VALUE"


class Node:
    """An object in a checkpoint.

    Attributes:
        children: the numbers of the objects below it, by the names of attributes.
        key: of its value among the tensors, if it has one.
    """

    def __init__(self, data: bytes) -> None:
        self.children: dict[str, int] = {}
        self.key: str | None = None
        for number, _, value in fields(data):
            if number == 1:
                parts = {what: part for what, _, part in fields(value)}
                self.children[parts[2].decode()] = parts.get(1, 0)
            elif number == 2:
                parts = {what: part for what, _, part in fields(value)}
                if parts.get(1) == _VALUE:
                    self.key = parts[3].decode()


def nodes_of(tensors: Mapping[str, np.ndarray]) -> list[Node]:
    """The objects in a checkpoint; the first is what was saved.

    Raises:
        SavingError: the checkpoint has names of variables alone.
    """
    if GRAPH not in tensors:
        raise SavingError(
            "The checkpoint has variables by their names, as tf.train.Saver of TensorFlow 1 writes them, not "
            f"by the layers of a model: {', '.join(sorted(tensors)[:8])}. Read it with "
            "neurona.saving.bundles.read_bundle, and set the layers' weights."
        )
    return [Node(value) for number, _, value in fields(tensors[GRAPH].item()) if number == 1]


def matches(root: Any, nodes: list[Node]) -> Iterator[tuple[Any, Node]]:
    """The objects below one, each with what a checkpoint has in its place."""
    waiting, seen = [(root, 0)], set[int]()
    while waiting:
        one, number = waiting.pop()
        if number in seen or one is None:
            continue
        seen.add(number)
        yield one, nodes[number]
        for name, child in nodes[number].children.items():
            waiting.append((_part(one, name), child))


_TODAYS = {"depthwise_kernel": "kernel"}  # of DepthwiseConv2D in tf.keras 2


def _part(one: Any, name: str) -> Any:
    """What an object has under the name of an edge, or None."""
    if isinstance(one, Mapping):
        return one.get(name)
    if isinstance(one, (list, tuple)):
        return one[int(name)] if name.isdecimal() and int(name) < len(one) else None
    if found := _NUMBERED.fullmatch(name):
        layers = [layer for layer in getattr(one, "layers", ()) if layer.variables]
        return layers[int(found[1])] if int(found[1]) < len(layers) else None
    if _OF_LAYERS.fullmatch(name):
        return None  # the same layers again, counted with those without weights
    for attribute in (name, f"_{name}", name.lstrip("_"), _TODAYS.get(name, name)):
        if (part := getattr(one, attribute, None)) is not None:
            return part
    return one if name == "cell" and isinstance(one, Layer) else None  # of one layer with its cell


def assignments_of_objects(
    model: Layer, tensors: Mapping[str, np.ndarray], skip_mismatch: bool = False
) -> list[Assignment]:
    """Which tensor goes into which variable of a model; nothing is assigned yet.

    Args:
        model: whose variables they are.
        tensors: of the checkpoint.
        skip_mismatch: leave out variables that the checkpoint lacks or has in another shape.

    Raises:
        SavingError: it lacks a variable, or has it in another shape.
    """
    found = {
        id(one): (one, tensors[node.key])
        for one, node in matches(model, nodes_of(tensors))
        if isinstance(one, Variable) and node.key is not None
    }
    weights = {id(variable): variable for variable in model.weights}
    faults = [f"it lacks {one.path}" for key, one in weights.items() if key not in found]
    for key, (variable, array) in list(found.items()):
        if tuple(variable.shape) != array.shape:
            faults.append(f"{variable.path} has shape {tuple(variable.shape)}, there {array.shape}")
            del found[key]
    if faults and not skip_mismatch:
        raise SavingError(
            f"The checkpoint of TensorFlow does not fit model {model.name!r}: {'; '.join(faults)}."
        )
    if faults:
        warn(f"Of the checkpoint of TensorFlow, this is left out: {'; '.join(faults)}.")
    return list(found.values())
