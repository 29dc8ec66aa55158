"""The order of layers in Keras 2 and tf-keras: those in a dictionary came by their keys, sorted."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def in_order(owner: Any, parts: Iterable[Any]) -> list[Any]:
    """Layers or variables that an object owns, as tf-keras lists them.

    Args:
        owner: a layer or a model.
        parts: what it has as attributes, in lists and in dictionaries, in today's order.

    Example:

        >>> class Heads:
        ...     def __init__(self):
        ...         self.heads = {"b": "second", "a": "first"}
        >>> in_order(Heads(), ["second", "first", "elsewhere"])
        ['first', 'second', 'elsewhere']
    """
    parts = list(parts)
    wanted = {id(one) for one in parts}
    places = _places(vars(owner), wanted, _sorted_values)
    if places == _places(vars(owner), wanted, lambda value: list(value.values())):
        return parts  # no dictionary has them in another order
    return sorted(parts, key=lambda one: places.get(id(one), len(places)))


def _places(
    attributes: dict[str, Any], wanted: set[int], values_of: Callable[..., list[Any]]
) -> dict[int, int]:
    """The places of objects, by their identities, among all that attributes hold."""
    places, met = dict[int, int](), set[int]()

    def visit(value: Any) -> None:
        if id(value) in wanted:
            places.setdefault(id(value), len(places))
        elif isinstance(value, (dict, list, tuple)) and id(value) not in met:
            met.add(id(value))
            for inside in values_of(value) if isinstance(value, dict) else value:
                visit(inside)

    for value in list(attributes.values()):
        visit(value)
    return places


def _sorted_values(value: dict[Any, Any]) -> list[Any]:
    try:
        return [value[key] for key in sorted(value)]
    except TypeError:  # keys of several kinds, which tf-keras has no order for
        return list(value.values())


def walk(layer: Any) -> Iterator[tuple[Any, list[Any]]]:
    """A layer and all in it, each once, with the variables that are its own, as tf-keras lists them."""
    seen: set[int] = set()
    stack = [layer]
    while stack:
        owner = stack.pop()
        if id(owner) not in seen:
            seen.add(id(owner))
            variables, parts = owner._tracked_parts()
            variables = in_order(owner, variables)
            yield owner, sorted(variables, key=lambda variable: not variable.parameter)
            stack.extend(reversed(in_order(owner, parts)))
