"""What Python's standard library had when older programs were written, and has no more."""

import collections
import collections.abc
import fractions
import inspect
import math
import re
import sys
import time
from collections import namedtuple
from collections.abc import Callable
from typing import Any

ArgSpec = namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(func: Callable[..., Any]) -> ArgSpec:
    """The arguments of a function, as `inspect.getargspec` told them up to Python 3.10."""
    whole = inspect.getfullargspec(func)
    return ArgSpec(whole.args, whole.varargs, whole.varkw, whole.defaults)


_split = re.split


def split(pattern: Any, string: Any, maxsplit: int = 0, flags: Any = 0) -> list[Any]:
    """`re.split`. A program's pattern that matches some text and also none, such as `(,+)?`, splits where
    it matches some, as up to Python 3.6; since then it would cut out every letter.
    """
    compiled = re.compile(pattern, flags)
    is_programs = sys._getframe(1).f_globals.get("__name__") == "__main__"
    matches = [found for found in compiled.finditer(string) if found.end() > found.start()]
    if not (is_programs and matches and compiled.fullmatch(string[:0])):
        return _split(pattern, string, maxsplit=maxsplit, flags=flags)
    parts, begin = [], 0
    for found in matches[: maxsplit or None]:
        parts += [string[begin : found.start()], *found.groups()]
        begin = found.end()
    return [*parts, string[begin:]]


def restore() -> None:
    """Put these names into their modules, where Python has them no more."""
    re.split = split
    abstract = ((collections, name, getattr(collections.abc, name)) for name in collections.abc.__all__)
    for module, name, value in (
        *abstract,
        (time, "clock", time.process_time),  # gone since Python 3.8
        (inspect, "getargspec", getargspec),  # since 3.11
        (fractions, "gcd", math.gcd),  # since 3.9
    ):
        if not hasattr(module, name):
            setattr(module, name, value)
