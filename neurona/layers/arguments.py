"""What the constructors of layers check: sizes per dimension, choices, and the place of the channels."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, suggestion


def integers(value: Any, count: int, name: str, owner: str, minimum: int = 1) -> tuple[int, ...]:
    """One integer for each of `count` dimensions, from a single one or from as many as there are dimensions.

    Raises:
        ArgumentError: it is neither, or one is below the minimum.

    Example:

        >>> integers(3, 2, "kernel_size", "Conv2D"), integers([1, 2], 2, "strides", "Conv2D")
        ((3, 3), (1, 2))
    """
    values = [value] * count if np.ndim(value) == 0 else list(value)
    whole = all(isinstance(one, (int, np.integer)) and not isinstance(one, bool) for one in values)
    if len(values) != count or not whole or any(one < minimum for one in values):
        what = f"an integer >= {minimum}" if count == 1 else f"an integer >= {minimum}, or {count} of them"
        raise ArgumentError(f"{owner}: {name} is {what}. Received: {name}={value!r}")
    return tuple(int(one) for one in values)


def positive(value: Any, name: str, owner: str) -> int:
    """A positive integer.

    Raises:
        ArgumentError: it is not one.
    """
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


def spatial_axes(data_format: str, rank: int) -> tuple[int, ...]:
    """The axes of a batch that are space, for `rank` spatial dimensions.

    Example:

        >>> spatial_axes("channels_last", 2), spatial_axes("channels_first", 2)
        ((1, 2), (2, 3))
    """
    first = 1 if data_format == "channels_last" else 2
    return tuple(range(first, first + rank))
