"""The names of weights in Keras 2 and tf.keras 2: `dense/kernel:0`, which today is `kernel` with a path.

A name has the names of the layers around the weight. Sequential and functional models gave none: their layers
are built when they are put together, before they are called.
"""

import functools
import re
import weakref
from collections.abc import Callable
from typing import Any

from neurona.core.layer import Layer
from neurona.core.scope import current_scope
from neurona.layers import TimeDistributed
from neurona.legacy.tensorflow.names import OfLayers
from neurona.models import Model, Sequential

# Keras 3 gave variables a path, so that a program which reads one has the names of today.
_TODAYS = re.compile(r"(?<!\bos)(?<!\bsys)\.path\b(?!\s*[.(])")
_CELL = re.compile(r"\w*_cell(_\d+)?")


class _Known:
    models: "weakref.WeakSet[Any]" = weakref.WeakSet()
    are_named = False
    cells_are_named = True


def install(source: str, cells_are_named: bool) -> None:
    """Name weights as Keras 2 did, unless the program's text is one of Keras 3.

    Args:
        cells_are_named: whether the weights of `LSTM` carry the name of its cell, as in tf.keras 2.
    """
    if _TODAYS.search(source) or _Known.are_named:
        return
    _Known.are_named, _Known.cells_are_named = True, cells_are_named
    for cls in (Model, Sequential, TimeDistributed):
        type.__setattr__(cls, "__init__", _noting(cls.__init__))
    Layer.add_weight = _with_older_name(Layer.add_weight)
    OfLayers.names = lambda: _around(current_scope())


def _noting(init: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        if not isinstance(self, Model) or isinstance(self, Sequential) or self.inputs is not None:
            _Known.models.add(self)

    return wrapper


def _with_older_name(add_weight: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(add_weight)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        variable = add_weight(self, *args, **kwargs)
        name = "Variable" if variable.name == "variable" else variable.name
        variable.name = "/".join((*_around(current_scope(), (self.name,)), f"{name}:0"))
        return variable

    return wrapper


def _around(scope: Any, otherwise: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names of the layers that are being built or called, without those that gave none."""
    path = scope.path if scope is not None and scope.path else otherwise
    silent = {one.name: isinstance(one, TimeDistributed) for one in _Known.models}
    kept: list[str] = []
    for place, name in enumerate(path):
        if place and silent.get(path[place - 1]):
            continue  # the layer in a TimeDistributed has its name
        kept = [] if silent.get(name) is False else [*kept, name]
    if _Known.cells_are_named:
        return tuple(kept)
    return tuple(name for place, name in enumerate(kept) if not place or not _CELL.fullmatch(name))
