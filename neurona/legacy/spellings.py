"""Older spellings in today's: `neurona.core.spellings` asks here for what nothing else knows.

The tables are `neurona.legacy.tables`. Each translation is told once in a process, with today's spelling.
"""

import functools
import importlib
from types import MethodType
from typing import Any

from neurona.core.errors import ArgumentError
from neurona.core.registry import constructor_arguments
from neurona.legacy.converters import Call
from neurona.legacy.tables import ARGUMENTS, ATTRIBUTES, FIGURES, NAMES
from neurona.tracebacks import warn

_told: set[str] = set()


def tell(message: str) -> None:
    """Warn of an older spelling, once in a process."""
    if message not in _told:
        _told.add(message)
        warn(message)


def arguments(owner: Any, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    """The arguments of a call of a class or function in today's spelling; unknown ones stay."""
    keys, who = _keys(owner)
    tables = [ARGUMENTS[key] for key in keys if key in ARGUMENTS]
    cls = owner if isinstance(owner, type) else None
    call = Call(who, tuple(constructor_arguments(cls)) if cls else (), list(args), dict(kwargs))
    for old in [name for name in kwargs if name not in call.known]:
        for table in tables:
            if old in table and old in call.kwargs and _translate(call, old, table[old]):
                break
    return tuple(call.args), call.kwargs


def _keys(owner: Any) -> tuple[list[str], str]:
    """Under which names the tables hold a class or function, and what messages call it."""
    if isinstance(owner, type):
        return [base.__name__ for base in owner.__mro__], owner.__name__.lstrip("_")
    place, _, name = owner.__qualname__.rpartition(".")
    if name == "__init__":
        return [place], place
    place = place or owner.__module__.rpartition(".")[2]
    return [f"{place}.{name}"], f"{name}()"


def _translate(call: Call, old: str, new: Any) -> bool:
    """Put an argument into today's spelling; False where the class has nothing that it would mean."""
    if callable(new):
        today = new(call, call.kwargs.pop(old))
    else:
        names = (new,) if isinstance(new, str) else new
        name = next((name for name in names if not call.known or name in call.known), None)
        if name is None:
            return False
        if name in call.kwargs:
            raise ArgumentError(f"{call.who} received {old}= and {name}=, which mean the same.")
        call.kwargs[name] = call.kwargs.pop(old)
        today = f"{name}="
    if today:
        tell(f"{call.who}: {old}= is an older spelling. Today: {today}")
    return True


def meaning(kind: str, name: str) -> Any:
    """What an older name of a kind, or of a module by its whole name, means; or None. Of a figure in logs,
    its other names.
    """
    if kind == "figures":
        return _other_figures(name)
    if kind == "attributes of optimizers" and name in ATTRIBUTES["Optimizer"]:
        tell(f"An optimizer's {name} is an older name of {ATTRIBUTES['Optimizer'][name]}.")
        return ATTRIBUTES["Optimizer"][name]
    kind = kind.removeprefix("neurona.")
    today = NAMES.get(kind, {}).get(name)
    if today is None:
        return None
    place, _, attribute = today.rpartition(":")
    if place and not attribute:
        return importlib.import_module(place)
    if not place:
        tell(f"{kind}: {name!r} is an older name of {attribute!r}.")
    return getattr(importlib.import_module(place or f"neurona.{kind}"), attribute)


def has_attribute(owner: Any, name: str) -> bool:
    """Whether an object has an attribute by an older name."""
    return _attribute(type(owner), name) is not None


@functools.cache
def _attribute(cls: type, name: str) -> str | None:
    tables = [ATTRIBUTES[base.__name__] for base in cls.__mro__ if base.__name__ in ATTRIBUTES]
    return next((table[name] for table in tables if name in table), None)


def attribute(owner: Any, name: str) -> Any:
    """An attribute by its older name: another attribute, or a method of `neurona.legacy`."""
    today = _attribute(type(owner), name)
    assert today is not None
    place, _, attribute = today.rpartition(":")
    if place:
        function = getattr(importlib.import_module(place), attribute.removesuffix("()"))
        return function(owner) if attribute.endswith("()") else MethodType(function, owner)
    tell(f"{type(owner).__name__}.{name} is an older name of {attribute}.")
    return getattr(owner, attribute)


def _other_figures(name: str) -> list[str]:
    """The other names of a figure in logs, such as "val_output_acc": newer programs read older names too."""
    return [
        name.removesuffix(old) + new
        for group in FIGURES
        for old in group
        if name == old or name.endswith(f"_{old}")
        for new in group
        if new != old
    ]
