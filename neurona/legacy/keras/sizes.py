"""Sizes as older layers took them: of both sides in Keras 0.1, `Dense(784, 128)`, and cut to an integer in
Keras 2, `Dense(words / 2)`.
"""

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona import layers
from neurona.legacy.spellings import tell

# What stood after the sizes.
_OF_DENSE = ("init", "activation", "weights")
_OF_RECURRENT = ("init", "inner_init", "activation")
_OF_GATED = ("init", "inner_init", "forget_bias_init", "activation", "inner_activation")
_OF_GRU = ("init", "inner_init", "activation", "inner_activation")
_OF_CONVOLUTION = ("init", "activation", "weights", "border_mode", "subsample")
_RECURRENT = {"SimpleRNN": _OF_RECURRENT, "LSTM": _OF_GATED, "GRU": _OF_GRU}
_FOUR_SIZES = re.compile(r"Convolution2D\(\s*\w+\s*,\s*\w+\s*,\s*\w+\s*,\s*\w+\s*[,)]")


def has_four_sizes(source: str) -> bool:
    """Whether convolutions are told their channels too, as only Keras 0.1 was: its images had them first.

    Example:

        >>> has_four_sizes("Convolution2D(32, 3, 3, 3, border_mode='full')")
        True
        >>> has_four_sizes("Convolution2D(32, 3, 3, border_mode='full')")
        False
    """
    return bool(_FOUR_SIZES.search(source))


def cut_to_integers() -> None:
    """Let layers take numbers of units and filters that Keras 2 cut to integers."""
    for cls in (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D):
        _wrap(cls, _cut(cls.__name__, "units" if cls is layers.Dense else "filters"))


def install() -> None:
    """Let layers take the arguments of Keras 0.1; those of later ages never look so."""
    _wrap(layers.Dense, _two_sizes(_OF_DENSE, steps=()))
    for name, after in _RECURRENT.items():
        _wrap(getattr(layers, name), _two_sizes(after, steps=(None,)))
    _wrap(layers.Conv2D, _four_sizes)
    for cls in (layers.PReLU, layers.BatchNormalization):
        _wrap(cls, _shape_first)
    _wrap(layers.Reshape, _sizes_one_by_one)


def _wrap(cls: type, spelling: Callable[..., Any]) -> None:
    init = cls.__init__

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        args, kwargs = spelling(args, kwargs)
        init(self, *args, **kwargs)

    type.__setattr__(cls, "__init__", wrapper)


def _cut(who: str, name: str) -> Callable[..., Any]:
    """Cuts a number of units or filters, the first argument, to an integer."""

    def spelling(args: Any, kwargs: dict[str, Any]) -> Any:
        value = kwargs.get(name, args[0] if args else None)
        if not isinstance(value, (float, np.floating)) or not np.isfinite(value):
            return args, kwargs
        tell(f"{who}: {name}={value} is cut to {int(value)}, as in Keras 2. Today it is an integer.")
        if name in kwargs:
            return args, {**kwargs, name: int(value)}
        return (int(value), *args[1:]), kwargs

    return spelling


def _are_sizes(args: Any, count: int) -> bool:
    given = args[:count]
    return len(given) == count and all(isinstance(one, int) and not isinstance(one, bool) for one in given)


def _two_sizes(after: tuple[str, ...], steps: tuple[None, ...]) -> Callable[..., Any]:
    """(input_dim, output_dim, ...) as (output_dim, input_shape=...)."""

    def spelling(args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if _are_sizes(args, 1) and isinstance(kwargs.get("output_dim"), int):
            args = (args[0], kwargs.pop("output_dim"), *args[1:])
        if not _are_sizes(args, 2):
            return args, kwargs
        kwargs.setdefault("input_shape", (*steps, args[0]))
        kwargs.update(zip(after, args[2:]))
        return args[1:2], kwargs

    return spelling


def of_steps(*args: Any, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
    """The arguments of a TimeDistributedDense."""
    return _two_sizes(_OF_DENSE, steps=(None,))(args, kwargs)


def _four_sizes(args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """(filters, channels, rows, columns, ...) as (filters, (rows, columns))."""
    if not _are_sizes(args, 4):
        return args, kwargs
    kwargs.update(zip(_OF_CONVOLUTION, args[4:]), kernel_size=args[2:4])
    return args[:1], kwargs


def _shape_first(args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """(input_shape) of a layer that finds it in its input today."""
    return (args[1:], kwargs) if args and isinstance(args[0], tuple) else (args, kwargs)


def _sizes_one_by_one(args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """(8, 8, 64) as ((8, 8, 64),)."""
    return ((args,), kwargs) if len(args) > 1 and _are_sizes(args, len(args)) else (args, kwargs)
