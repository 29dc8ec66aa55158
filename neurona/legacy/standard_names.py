"""What Python's standard library had when older programs were written, and has no more."""

import collections
import collections.abc
import fractions
import inspect
import math
import time
from collections import namedtuple
from collections.abc import Callable
from typing import Any

ArgSpec = namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(func: Callable[..., Any]) -> ArgSpec:
    """The arguments of a function, as `inspect.getargspec` told them up to Python 3.10."""
    whole = inspect.getfullargspec(func)
    return ArgSpec(whole.args, whole.varargs, whole.varkw, whole.defaults)


def restore() -> None:
    """Put these names into their modules, where Python has them no more."""
    abstract = ((collections, name, getattr(collections.abc, name)) for name in collections.abc.__all__)
    for module, name, value in (
        *abstract,
        (time, "clock", time.process_time),  # gone since Python 3.8
        (inspect, "getargspec", getargspec),  # since 3.11
        (fractions, "gcd", math.gcd),  # since 3.9
    ):
        if not hasattr(module, name):
            setattr(module, name, value)
