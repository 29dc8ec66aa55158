"""Layers whose code asks for gradients with respect to its own inputs.

A layer computes from arrays, which have no history to differentiate along. Where its code calls
`K.gradients`, the layer is therefore called on the symbolic tensors themselves: its steps become those of the
model's graph, and a layer of its name ends them.
"""

import functools
from collections.abc import Callable
from types import CodeType
from typing import Any

from neurona.core.layer import Layer
from neurona.core.symbolic import symbolic_leaves
from neurona.layers import Lambda
from neurona.legacy.keras.backend.program import HistoryNeeded


class Inlined(Layer):
    """The end of the steps of a layer, with its name and its weights."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(name=layer.name)
        self.layer = layer

    def call(self, inputs: Any) -> Any:
        return inputs


def _mentions_gradients(code: Any) -> bool:
    """Whether a function's code, or that of a function in it, has the name `gradients`."""
    if not isinstance(code, CodeType):
        return False
    return "gradients" in code.co_names or any(map(_mentions_gradients, code.co_consts))


def mentions_gradients(function: Any) -> bool:
    """Whether the code of a function has the name `gradients`, below what was put around it."""
    while getattr(function, "__code__", None) is None or hasattr(function, "__wrapped__"):
        inner = [getattr(function, name, None) for name in ("func", "__wrapped__", "__func__")]
        function = next((one for one in inner if one is not None), None)
        if function is None:
            return False
    return _mentions_gradients(function.__code__)


def _needs_history(layer: Layer) -> bool:
    return mentions_gradients(layer.function if isinstance(layer, Lambda) else type(layer).call)


def _inlined(layer: Layer, args: tuple, kwargs: dict[str, Any]) -> Any:
    end = vars(layer).get("_inlined_end") or Inlined(layer)
    object.__setattr__(layer, "_inlined_end", end)
    return end(layer.call(*args, **kwargs))


def _seeing_history(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapper(self: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        if not symbolic_leaves((args, kwargs)):
            return call(self, args, kwargs)
        if _needs_history(self):
            self._check_and_build(args, kwargs)
            return _inlined(self, args, kwargs)
        try:
            return call(self, args, kwargs)
        except HistoryNeeded:
            return _inlined(self, args, kwargs)

    return wrapper


def install() -> None:
    """Let layers that are called on symbolic tensors ask for gradients."""
    if not hasattr(Layer._call_symbolically, "__wrapped__"):
        type.__setattr__(Layer, "_call_symbolically", _seeing_history(Layer._call_symbolically))
