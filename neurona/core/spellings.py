"""The hook for older spellings: what nothing here knows is asked for in the room `legacy`.

No older spelling stands in this file, and the room may be missing: what is unknown is refused then.
"""

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, ParamSpec, TypeVar

from neurona.core.errors import unexpected

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def _book() -> Any:
    """The table of older spellings, or None where the room is missing."""
    return importlib.import_module("neurona.legacy.spellings") if find_spec("neurona.legacy") else None


def todays(owner: Any, args: tuple, kwargs: Mapping[str, Any]) -> tuple[tuple, dict[str, Any]]:
    """The arguments of a call of `owner`, a class or function, in today's spelling; unknown ones stay."""
    return (args, dict(kwargs)) if _book() is None else _book().arguments(owner, args, dict(kwargs))


def older(kind: str, name: str) -> Any:
    """What an older name of a kind (or of a module, by its whole name) means, or None."""
    return None if name.startswith("_") or _book() is None else _book().meaning(kind, name)


def older_attribute(owner: Any, name: str) -> Any:
    """An attribute by an older name.

    Raises:
        AttributeError: the object has no such attribute in any spelling.
    """
    if hasattr(type(owner), name):  # a property, whose own AttributeError says more
        return object.__getattribute__(owner, name)
    if not name.startswith("_") and _book() is not None and _book().has_attribute(owner, name):
        return _book().attribute(owner, name)
    raise AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}", name=name, obj=owner)


def spelled(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function take its arguments by older names too; those that it never had are refused.

    Example:

        >>> @spelled
        ... def area(width, height):
        ...     return width * height
        >>> area(width=2, hight=3)
        Traceback (most recent call last):
            ...
        neurona.core.errors.UnexpectedArgument: area() has no argument 'hight'. Did you mean 'height'? ...
    """
    parameters = inspect.signature(function).parameters
    known, takes_any = frozenset(parameters), any(one.kind is one.VAR_KEYWORD for one in parameters.values())

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if not kwargs.keys() <= known:
            args, kwargs = todays(call, args, kwargs)  # pyright: ignore[reportAssignmentType]
            for name in () if takes_any else kwargs.keys() - known:
                raise unexpected(f"{function.__name__}()", name, [one for one in parameters if one != "self"])
        return function(*args, **kwargs)

    return call
