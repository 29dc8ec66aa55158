"""`tf.nest`: nested structures."""

from collections.abc import Callable
from typing import Any

import jax

from neurona.legacy.tensorflow.tensor import Tensor


def _is_leaf(value: Any) -> bool:
    return value is None or isinstance(value, Tensor)


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves, dictionaries in the order of their keys."""
    return jax.tree.leaves(structure, is_leaf=_is_leaf)


def map_structure(func: Callable[..., Any], *structure: Any, **_: Any) -> Any:
    """The structure with what a function gives for each leaf."""
    return jax.tree.map(func, *structure, is_leaf=_is_leaf)


def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """The structure with other leaves."""
    return jax.tree.unflatten(jax.tree.structure(structure, is_leaf=_is_leaf), list(flat_sequence))


def is_nested(structure: Any) -> bool:
    """Whether a value holds others."""
    return isinstance(structure, (list, tuple, dict))


def assert_same_structure(
    nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Refuse two structures that differ."""
    one, other = (jax.tree.structure(nest, is_leaf=_is_leaf) for nest in (nest1, nest2))
    if one != other:
        raise ValueError(f"The two structures don't have the same nested structure: {one} and {other}.")
