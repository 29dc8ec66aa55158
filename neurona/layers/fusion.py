"""Two layers in one: a layer that alone reads what another computed may compute both at once.

The first layer attaches its computation to its output while a program is traced, the model's graph says how
many read that output, and the second layer asks. What nobody reads in the end, compilation leaves out;
whoever does need it, such as an activity regularizer, has it.
"""

from collections.abc import Callable
from typing import Any

from jax.core import Tracer

from neurona.core.scope import Beside, attach, attached

_sources: Beside = {}
_read_once: Beside = {}


def set_source(array: Any, compute: Callable[[], Any]) -> None:
    """Remember the call that computes an array, unless the array already holds numbers."""
    if isinstance(array, Tracer):
        attach(_sources, array, compute)


def set_readers(array: Any, count: int) -> None:
    """Say how many layers read an array: with more than one its source is forgotten, because they need the
    array itself.
    """
    if count > 1:
        _sources.pop(id(array), None)
    elif attached(_sources, array) is not None:
        attach(_read_once, array, True)


def get_source(array: Any) -> Any:
    """The call that computes an array of which it is known that only one layer reads it, or None."""
    return attached(_sources, array) if attached(_read_once, array) else None
