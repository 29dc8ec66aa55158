"""Calls of layers as the graphs of Keras 1 and 2 wrote them, converted into those of today.

A tensor was `[layer, call, output]`, in calls with the options as a fourth entry. Today it is a dictionary.
"""

from collections.abc import Container, Mapping
from typing import Any

from neurona.core.errors import SavingError
from neurona.core.layer import Layer

CONSTANT = "_CONSTANT_VALUE"


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor's place, or a constant in such a place."""
    return (
        isinstance(value, (list, tuple))
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and (value[0] == CONSTANT or all(type(number) is int for number in value[1:3]))
    )


def plain_name(name: str) -> str:
    """The name of a layer as today's layers may have it: those of tf-keras had slashes."""
    return name if Layer._slashes_in_names else name.replace("/", "_")


def with_plain_names(tree: Any) -> Any:
    """A model's description, with the names of its layers as today's layers may have them."""
    if is_tensor(tree):
        return [plain_name(tree[0]), *(with_plain_names(part) for part in tree[1:])]
    if isinstance(tree, Mapping):
        is_name = {key: key == "name" and isinstance(value, str) for key, value in tree.items()}
        return {
            key: plain_name(value) if is_name[key] else with_plain_names(value) for key, value in tree.items()
        }
    return [with_plain_names(part) for part in tree] if isinstance(tree, list) else tree


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
    first = _argument(node, offsets, kwargs)
    if isinstance(node, list) and not is_tensor(node) and len(first) == 1:
        first = first[0]
    options = {key: _option(value, names, offsets) for key, value in kwargs.items() if value is not None}
    return {"args": [first], "kwargs": options}


def _argument(tree: Any, offsets: Mapping[str, int], kwargs: dict[str, Any]) -> Any:
    """The tensors that a layer is called on; the options beside them are put into `kwargs`."""
    if is_tensor(tree):
        if len(tree) == 4 and isinstance(tree[3], Mapping):
            kwargs.update(tree[3])
        return tree[2] if tree[0] == CONSTANT else _tensor(tree, offsets)
    if isinstance(tree, Mapping):
        return {key: _argument(value, offsets, kwargs) for key, value in tree.items()}
    return [_argument(value, offsets, kwargs) for value in tree] if isinstance(tree, list) else tree


def _option(tree: Any, names: Container[str], offsets: Mapping[str, int]) -> Any:
    """An option of a call, which may be a tensor, hold some, or look like one."""
    if is_tensor(tree) and len(tree) == 3 and (tree[0] == CONSTANT or tree[0] in names):
        return tree[2] if tree[0] == CONSTANT else _tensor(tree, offsets)
    if isinstance(tree, Mapping):
        return {key: _option(value, names, offsets) for key, value in tree.items()}
    return [_option(value, names, offsets) for value in tree] if isinstance(tree, list) else tree


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
