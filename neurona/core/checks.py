"""Checks of arguments that layers and functions share."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError


def integers(value: Any, count: int, name: str, owner: str, minimum: int = 1) -> tuple[int, ...]:
    """One integer for each of `count` dimensions, from a single integer or from a sequence of `count`.

    Args:
        value: what was given.
        count: the number of dimensions.
        name: the argument's name, for the message.
        owner: the class or function that received it, for the message.
        minimum: the least value allowed.

    Raises:
        ArgumentError: the number of values differs, one is no integer, or one is below the minimum.

    Example:

        >>> integers(3, 2, "kernel_size", "Conv2D"), integers([1, 2], 2, "strides", "Conv2D")
        ((3, 3), (1, 2))
    """
    values = [value] * count if np.ndim(value) == 0 else list(value)
    whole = all(isinstance(one, (int, np.integer)) and not isinstance(one, bool) for one in values)
    if len(values) != count or not whole or any(one < minimum for one in values):
        what = f"an integer >= {minimum}" if count == 1 else f"an integer >= {minimum}, or {count} of them"
        raise ArgumentError(f"{owner}: {name} must be {what}. Received: {name}={value!r}")
    return tuple(int(one) for one in values)


def is_missing(value: Any) -> bool:
    """Whether a value stands for a missing one: None, NaN, pandas's NA or NaT, a masked cell.

    Example:

        >>> is_missing(float("nan")), is_missing(None), is_missing("nan")
        (True, True, False)
    """
    if isinstance(value, (str, bytes)):
        return False
    return value is None or value is np.ma.masked or type(value).__name__ == "NAType" or value != value


def check_texts(texts: Iterable[Any], owner: str) -> None:
    """Refuse missing values among texts, which would become words such as "nan".

    Args:
        texts: one for each row.
        owner: what received them, for the message.

    Raises:
        DataError: a row holds no text.
    """
    missing = [(row, text) for row, text in enumerate(texts) if is_missing(text)]
    if missing:
        more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise DataError(
            f"{owner}: row {missing[0][0]} holds no text but {missing[0][1]!r}{more}. Put an empty text "
            'there, as series.fillna("") does, or leave the row out, as series.dropna() does.'
        )
