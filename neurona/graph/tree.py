"""Arguments of nodes: trees of lists, tuples, dictionaries and slices, with nodes in them."""

from collections.abc import Callable, Hashable, Iterator
from typing import Any


class Value:
    """What stands for an array among the arguments of a node."""


def nodes_in(tree: Any) -> Iterator[Any]:
    """The nodes in a tree of lists, tuples, dictionaries and slices."""
    if isinstance(tree, Value):
        yield tree
    elif isinstance(tree, (list, tuple)):
        for item in tree:
            yield from nodes_in(item)
    elif isinstance(tree, dict):
        yield from nodes_in(list(tree.values()))
    elif isinstance(tree, slice):
        yield from nodes_in([tree.start, tree.stop, tree.step])


def replaced(tree: Any, value_of: Callable[[Any], Any]) -> Any:
    """The tree with each node replaced by its value.

    Example:

        >>> replaced([Value(), {"a": 2}], lambda node: "one")
        ['one', {'a': 2}]
    """
    if isinstance(tree, Value):
        return value_of(tree)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(replaced(item, value_of) for item in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(replaced(item, value_of) for item in tree)
    if isinstance(tree, dict):
        return {key: replaced(item, value_of) for key, item in tree.items()}
    if isinstance(tree, slice):
        return slice(*(replaced(item, value_of) for item in (tree.start, tree.stop, tree.step)))
    return tree


def frozen(tree: Any, told: Callable[[Any], Hashable]) -> Hashable:
    """A tree as something that can be compared and hashed, where all in it can.

    Args:
        tree: the arguments of a node.
        told: what a node is told by.

    Example:

        >>> frozen([1, {"a": slice(2)}], id) == frozen([1, {"a": slice(2)}], id)
        True
        >>> frozen([1], id) == frozen([1.0], id)
        False
    """
    if isinstance(tree, Value):
        return told(tree)
    if isinstance(tree, (list, tuple)):
        return type(tree), *(frozen(item, told) for item in tree)
    if isinstance(tree, dict):
        return dict, *((key, frozen(item, told)) for key, item in tree.items())
    if isinstance(tree, slice):
        return slice, *(frozen(item, told) for item in (tree.start, tree.stop, tree.step))
    return type(tree), tree
