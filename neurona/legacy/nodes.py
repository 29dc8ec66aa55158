"""Calls of layers as the graphs of Keras 1 and 2 wrote them, converted into those of today.

A tensor was `[layer, call, output]`, in calls with the options as a fourth entry. Today it is a dictionary.
"""

from collections.abc import Container, Mapping
from typing import Any

from neurona.core.errors import SavingError

CONSTANT = "_CONSTANT_VALUE"


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor's place, or a constant in such a place."""
    return (
        isinstance(value, (list, tuple))
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and (value[0] == CONSTANT or all(type(number) is int for number in value[1:3]))
    )


def _tensor(place: Any, offsets: Mapping[str, int]) -> dict[str, Any]:
    name, call, output = place[:3]
    history = [name, call - offsets.get(name, 0), output]
    return {"class_name": "__keras_tensor__", "config": {"keras_history": history}}


def modern_calls(nodes: Any, names: Container[str], offsets: Mapping[str, int]) -> list[dict[str, Any]]:
    """The calls of a layer, each with `args` and `kwargs`.

    Args:
        nodes: the `inbound_nodes` of a layer.
        names: of all layers.
        offsets: for each model among the layers, the number of its first call.
    """
    if not isinstance(nodes, list):
        raise SavingError(f"The calls of a layer are a list. Received: {type(nodes).__name__}.")
    return [_modern_call(node, names, offsets) for node in nodes]


def _modern_call(node: Any, names: Container[str], offsets: Mapping[str, int]) -> dict[str, Any]:
    if isinstance(node, Mapping) and "args" in node:
        return dict(node)
    kwargs: dict[str, Any] = {}

    def argument(tree: Any) -> Any:
        if is_tensor(tree):
            if len(tree) == 4 and isinstance(tree[3], Mapping):
                kwargs.update({key: option(value) for key, value in tree[3].items()})
            return tree[2] if tree[0] == CONSTANT else _tensor(tree, offsets)
        if isinstance(tree, Mapping):
            return {key: argument(value) for key, value in tree.items()}
        return [argument(value) for value in tree] if isinstance(tree, list) else tree

    def option(tree: Any) -> Any:
        if is_tensor(tree) and tree[0] in names and len(tree) == 3:
            return _tensor(tree, offsets)
        if isinstance(tree, list):
            return tree[2] if is_tensor(tree) and tree[0] == CONSTANT else [option(value) for value in tree]
        if isinstance(tree, Mapping):
            return {key: option(value) for key, value in tree.items()}
        return tree

    first = argument(node)
    if isinstance(node, list) and not is_tensor(node) and isinstance(first, list) and len(first) == 1:
        first = first[0]
    return {"args": [first], "kwargs": {key: value for key, value in kwargs.items() if value is not None}}


def tensor_lists(places: Any, offsets: Mapping[str, int]) -> Any:
    """The inputs or outputs of a model; of one alone, its place without a list around it."""
    if is_tensor(places):
        name, call, output = places[:3]
        return [name, call - offsets.get(name, 0), output]
    if isinstance(places, Mapping):
        return {key: tensor_lists(value, offsets) for key, value in places.items()}
    if not isinstance(places, (list, tuple)) or not places:
        raise SavingError(f"The inputs and outputs of a model are lists. Received: {places!r:.100}")
    found = [tensor_lists(place, offsets) for place in places]
    return found[0] if len(found) == 1 else found
