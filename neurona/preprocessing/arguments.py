"""Checks of arguments that functions on data share."""

from collections.abc import Iterable
from typing import Any

from neurona.core.errors import ArgumentError, suggestion


def check_choice(function: str, argument: str, value: Any, choices: Iterable[Any]) -> None:
    """Refuse a value that is not one of the choices.

    Args:
        function: the function that was called, to begin the message with.
        argument: the argument's name.
        value: what it was given.
        choices: the values that it takes.

    Raises:
        ArgumentError: the value is not among the choices; the message names the nearest.

    Example:

        >>> check_choice("load_img", "color_mode", "rgb", ("rgb", "rgba"))
    """
    known = list(choices)
    if value not in known:
        names = [choice for choice in known if isinstance(choice, str)]
        raise ArgumentError(
            f"{function}: expected {argument} to be one of {', '.join(map(repr, known))}. "
            f"Received: {value!r}.{suggestion(str(value), names)}"
        )
