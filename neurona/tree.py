"""Nested structures: lists, tuples, named tuples, deques and dictionaries of anything, under the names of
`keras.tree`.

Everything else is a leaf, None too. Dictionaries go by their sorted keys, an `OrderedDict` by its order.
"""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from itertools import chain
from typing import Any, NamedTuple

from neurona.core.errors import ArgumentError
from neurona.core.lazy import suggest_names

__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]


class MAP_TO_NONE:
    """What a function for `traverse` returns to put None in a place."""


class _Nest(NamedTuple):
    """What is inside a structure, and how to make one like it."""

    keys: list[Any]
    values: list[Any]
    like: Callable[[Iterable[Any]], Any]


def _inside(structure: Any) -> _Nest | None:
    """The parts of a structure, or None for a leaf."""
    kind = type(structure)
    if kind in (list, tuple) or (isinstance(structure, tuple) and hasattr(structure, "_fields")):
        like = kind if kind in (list, tuple) else lambda values: kind(*values)
        return _Nest(list(range(len(structure))), list(structure), like)
    if isinstance(structure, deque):
        limit = structure.maxlen
        return _Nest(list(range(len(structure))), list(structure), lambda values: deque(values, limit))
    if kind not in (dict, OrderedDict, defaultdict):
        return None
    keys = list(structure) if kind is OrderedDict else _sorted(structure)

    def fill(values: Iterable[Any]) -> Any:
        by_key = dict(zip(keys, values, strict=True))
        filled: Any = copy(structure)  # of its kind, with its order and its default
        filled.update((key, by_key[key]) for key in structure)
        return filled

    return _Nest(keys, [structure[key] for key in keys], fill)


def _sorted(keys: Iterable[Any]) -> list[Any]:
    """The keys in their order; those of several kinds by the names of their kinds first."""
    keys = list(keys)
    try:
        return sorted(keys)
    except TypeError:
        return sorted(keys, key=lambda key: (f"{type(key).__module__}.{type(key).__qualname__}", str(key)))


def is_nested(structure: Any) -> bool:
    """Whether something is a structure rather than a leaf.

    Example:

        >>> is_nested({"a": 1}), is_nested([]), is_nested("ab"), is_nested(None)
        (True, True, False, False)
    """
    return _inside(structure) is not None


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Call a function on a structure and on everything inside it, and put what it returns in their places.

    Args:
        func: returns None to leave a part as it is, `MAP_TO_NONE` to put None there, or what replaces it.
        structure: to walk through.
        top_down: whether a structure comes before its parts; the parts of what is replaced are left out then.

    Example:

        >>> traverse(lambda part: part * 2 if isinstance(part, int) else None, [1, {"a": 2}])
        [2, {'a': 4}]
    """

    def parts() -> Any:
        nest = _inside(structure)
        if nest is None:
            return structure
        return nest.like([traverse(func, value, top_down) for value in nest.values])

    if top_down:
        replaced = func(structure)
        if replaced is None:
            return parts()
    else:
        whole = parts()
        replaced = func(whole)
        if replaced is None:
            return whole
    return None if replaced is MAP_TO_NONE else replaced


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """The leaves of a structure, each with the keys and indices that lead to it.

    Example:

        >>> flatten_with_path([{"a": 1}, (2,)])
        [((0, 'a'), 1), ((1, 0), 2)]
    """
    nest = _inside(structure)
    if nest is None:
        return [((), structure)]
    return [
        ((key, *path), leaf)
        for key, value in zip(nest.keys, nest.values)
        for path, leaf in flatten_with_path(value)
    ]


def flatten(structure: Any) -> list[Any]:
    """The leaves of a structure.

    Example:

        >>> flatten({"b": 2, "a": [0, (1,)]}), flatten(None)
        ([0, 1, 2], [None])
    """
    nest = _inside(structure)
    return [structure] if nest is None else list(chain.from_iterable(map(flatten, nest.values)))


def _mapped(
    func: Callable[..., Any],
    structures: tuple[Any, ...],
    is_leaf: Callable[[Any], bool] | None = None,
) -> Any:
    """A structure like the first, of what the function returns for the leaves of all.

    Raises:
        ArgumentError: another has other parts where the first has some.
    """
    nest = None if is_leaf is not None and is_leaf(structures[0]) else _inside(structures[0])
    if nest is None:
        return func(*structures)
    columns = [nest.values]
    for other in structures[1:]:
        second = _inside(other)
        values = {} if second is None else dict(zip(second.keys, second.values))
        if second is None or not _alike(structures[0], other) or values.keys() != set(nest.keys):
            raise ArgumentError(
                f"The structures are not nested alike: one has {structures[0]!r} where another has {other!r}."
            )
        columns.append([values[key] for key in nest.keys])
    return nest.like([_mapped(func, parts, is_leaf) for parts in zip(*columns)])


def _alike(one: Any, other: Any) -> bool:
    """Whether two structures are of one kind; all dictionaries are."""
    return type(one) is type(other) or (isinstance(one, dict) and isinstance(other, dict))


def _checked(func: Any, structures: tuple[Any, ...], who: str) -> None:
    if not callable(func):
        raise TypeError(f"{who}: func is a function. Received: {func!r}")
    if not structures:
        raise ArgumentError(f"{who}: at least one structure is needed.")


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """A structure like the given ones, of what a function returns for their leaves.

    Args:
        func: takes a leaf of each structure.
        structures: nested alike.
        none_is_leaf: whether the function is called on None; otherwise None stays.

    Raises:
        ArgumentError: the structures are not nested alike, or there is none.

    Example:

        >>> map_structure(lambda a, b: a + b, [1, {"x": 2}], [10, {"x": 20}])
        [11, {'x': 22}]
    """
    _checked(func, structures, "map_structure")

    def on_leaves(*leaves: Any) -> Any:
        if not none_is_leaf and leaves[0] is None:
            return None
        if any(map(is_nested, leaves)):
            raise ArgumentError(f"The structures are not nested alike: one leaf has parts in {leaves!r}.")
        return func(*leaves)

    return _mapped(on_leaves, structures)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Like `map_structure`, but what is a leaf is said by another structure.

    Raises:
        ArgumentError: a structure is shallower, or nested otherwise, or there is none.

    Example:

        >>> map_structure_up_to([None, None], len, [[1, 1], [2]])
        [2, 1]
    """
    _checked(func, structures, "map_structure_up_to")
    return _mapped(lambda _, *leaves: func(*leaves), (shallow_structure, *structures))


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Refuse two structures that are not nested alike; `check_types` is Keras's and has no effect.

    Raises:
        ArgumentError: they differ.

    Example:

        >>> assert_same_structure([(0, 1)], [(2, 3)])
    """
    map_structure(lambda *leaves: None, a, b)


def assert_same_paths(a: Any, b: Any) -> None:
    """Refuse two structures whose leaves are reached by other keys and indices.

    Raises:
        ArgumentError: they differ.

    Example:

        >>> assert_same_paths([0, 1], (2, 3))
    """
    first, second = ([path for path, _ in flatten_with_path(one)] for one in (a, b))
    only = [
        f"Only in {name}: {', '.join(map(str, paths))}."
        for name, paths in (
            ("a", [path for path in first if path not in second]),
            ("b", [path for path in second if path not in first]),
        )
        if paths
    ]
    if only:
        raise ArgumentError(f"a and b have leaves at other paths. {' '.join(only)}")


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """A structure like the given one, with other leaves.

    Raises:
        ArgumentError: there are more or fewer leaves.

    Example:

        >>> pack_sequence_as({"b": None, "a": (None, None)}, [1, 2, 3])
        {'b': 3, 'a': (1, 2)}
    """
    leaves = list(flat_sequence)
    count = len(flatten(structure))
    if len(leaves) != count:
        raise ArgumentError(f"pack_sequence_as: the structure has {count} leaves. Received: {len(leaves)}.")
    left: Iterator[Any] = iter(leaves)
    return _mapped(lambda _: next(left), (structure,))


def lists_to_tuples(structure: Any) -> Any:
    """The structure with tuples for lists.

    Example:

        >>> lists_to_tuples([1, {"a": [2]}])
        (1, {'a': (2,)})
    """
    return traverse(lambda part: tuple(part) if isinstance(part, list) else None, structure, top_down=False)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Like `map_structure`, with the shapes as leaves: tuples and lists of integers and None.

    Example:

        >>> map_shape_structure(len, {"a": (None, 3), "b": [(1,), (2, 2)]})
        {'a': 2, 'b': [1, 2]}
    """

    def is_shape(part: Any) -> bool:
        return isinstance(part, (list, tuple)) and all(size is None or isinstance(size, int) for size in part)

    return _mapped(func, (structure,), is_shape)


suggest_names(__name__)
