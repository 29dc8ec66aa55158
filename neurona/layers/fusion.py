"""Two layers in one: a layer that alone reads what another computed may compute both at once.

The first layer attaches its computation to its output while a program is traced, the model's graph says how
many read that output, and the second layer asks. What nobody reads in the end, compilation leaves out;
whoever does need it, such as an activity regularizer, has it.
"""

from collections.abc import Callable
from typing import Any

from jax.core import Tracer

from neurona.core.annotations import Annotation

_SOURCE: Annotation[Any] = Annotation("source")
_READ_ONCE: Annotation[bool] = Annotation("read once")


def set_source(array: Any, compute: Callable[[], Any]) -> None:
    """Remember the call that computes an array, unless the array already holds numbers."""
    if isinstance(array, Tracer):
        _SOURCE.set(array, compute)


def set_readers(array: Any, count: int) -> None:
    """Say how many layers read an array: with more than one its source is forgotten, because they need the
    array itself.
    """
    if count > 1:
        _SOURCE.set(array, None)
    elif _SOURCE.get(array) is not None:
        _READ_ONCE.set(array, True)


def get_source(array: Any) -> Any:
    """The call that computes an array of which it is known that only one layer reads it, or None."""
    return _SOURCE.get(array) if _READ_ONCE.get(array) else None
