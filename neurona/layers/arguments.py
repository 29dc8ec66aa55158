"""What the constructors of layers check: sizes per dimension, choices, and the place of the channels."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from neurona import activations
from neurona.core.checks import integers
from neurona.core.errors import ArgumentError, suggestion


def positive(value: Any, name: str, owner: str) -> int:
    """A positive integer.

    Raises:
        ArgumentError: it is not one.
    """
    if np.ndim(value):
        raise ArgumentError(f"{owner}: {name} must be one integer >= 1. Received: {name}={value!r}")
    return integers(value, 1, name, owner)[0]


def choice(value: Any, allowed: Iterable[str], name: str, owner: str) -> str:
    """One of the names allowed, in lower case.

    Raises:
        ArgumentError: it is none of them; the message offers the nearest.

    Example:

        >>> choice("SAME", ("valid", "same"), "padding", "Conv2D")
        'same'
    """
    allowed = list(allowed)
    if not isinstance(value, str) or value.lower() not in allowed:
        raise ArgumentError(
            f"{owner}: {name} is one of {', '.join(allowed)}. Received: "
            f"{name}={value!r}.{suggestion(value, allowed)}"
        )
    return value.lower()


def fraction(value: Any, name: str, owner: str) -> float:
    """A number from 0 to 1.

    Raises:
        ArgumentError: it is not one.
    """
    if not isinstance(value, (int, float, np.number)) or not 0 <= value <= 1:
        raise ArgumentError(f"{owner}: {name} is a number from 0 to 1. Received: {name}={value!r}")
    return value  # pyright: ignore[reportReturnType]


class ActivationAttribute:
    """An attribute of a layer that holds a function. It may be set by name; None is no activation."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        if layer is None:
            return self
        try:
            return vars(layer)[self.name]
        except KeyError:
            raise AttributeError(f"{type(layer).__name__} has no {self.name} yet.") from None

    def __set__(self, layer: Any, value: Any) -> None:
        vars(layer)[self.name] = activations.get(value)


def spatial_axes(data_format: str, rank: int) -> tuple[int, ...]:
    """The axes of a batch that are space, for `rank` spatial dimensions.

    Example:

        >>> spatial_axes("channels_last", 2), spatial_axes("channels_first", 2)
        ((1, 2), (2, 3))
    """
    first = 1 if data_format == "channels_last" else 2
    return tuple(range(first, first + rank))
