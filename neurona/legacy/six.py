"""What programs that ran on Python 2 and 3 take from the package `six`, where that is not installed."""

import builtins
import functools
import io
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

PY2, PY3, PY34 = False, True, True
MAXSIZE = 2**63 - 1
string_types, integer_types, class_types = (str,), (int,), (type,)
text_type, binary_type = str, bytes
StringIO, BytesIO = io.StringIO, io.BytesIO
unichr, int2byte, byte2int = chr, operator.methodcaller("to_bytes", 1, "big"), operator.itemgetter(0)
wraps, next, callable = functools.wraps, builtins.next, builtins.callable
advance_iterator = next
print_ = print
exec_ = exec

_BUILTINS = ("filter", "input", "map", "range", "zip")
# Modules of Python 3 under the names of `six.moves`, which are those of Python 2 or 3.
_MODULES = {
    "builtins": "builtins",
    "configparser": "configparser",
    "copyreg": "copyreg",
    "cPickle": "pickle",
    "cStringIO": "io",
    "html_parser": "html.parser",
    "http_client": "http.client",
    "queue": "queue",
    "reprlib": "reprlib",
    "socketserver": "socketserver",
    "tkinter": "tkinter",
    "urllib": "urllib",
    "urllib_parse": "urllib.parse",
}
PATHS: dict[str, Any] = {
    "moves": {
        **{name: getattr(builtins, name) for name in _BUILTINS},
        **{name: f"{module}:" for name, module in _MODULES.items()},
        "xrange": range,
        "unichr": chr,
        "reduce": functools.reduce,
        "intern": "sys:intern",
        "reload_module": "importlib:reload",
        "zip_longest": "itertools:zip_longest",
        "filterfalse": "itertools:filterfalse",
        "StringIO": io.StringIO,
        "shlex_quote": "shlex:quote",
        "getcwd": "os:getcwd",
    },
    **{f"moves.{name}": module for name, module in _MODULES.items()},
}


def iteritems(mapping: Mapping[Any, Any]) -> Iterator[Any]:
    """The pairs of a dictionary."""
    return iter(mapping.items())


def iterkeys(mapping: Mapping[Any, Any]) -> Iterator[Any]:
    """The keys of a dictionary."""
    return iter(mapping.keys())


def itervalues(mapping: Mapping[Any, Any]) -> Iterator[Any]:
    """The values of a dictionary."""
    return iter(mapping.values())


viewitems, viewkeys, viewvalues = dict.items, dict.keys, dict.values


def b(text: str) -> bytes:
    """A text as bytes."""
    return text.encode("latin-1")


def u(text: str) -> str:
    """A text."""
    return text


def ensure_str(value: str | bytes, encoding: str = "utf-8", errors: str = "strict") -> str:
    """A text, whether it comes as one or as bytes."""
    return value.decode(encoding, errors) if isinstance(value, bytes) else value


ensure_text = ensure_str


def ensure_binary(value: str | bytes, encoding: str = "utf-8", errors: str = "strict") -> bytes:
    """Bytes, whether they come as such or as a text."""
    return value.encode(encoding, errors) if isinstance(value, str) else value


def reraise(kind: type, value: BaseException | None, place: Any = None) -> None:
    """Raise an error again."""
    raise (kind() if value is None else value).with_traceback(place)


def raise_from(value: BaseException, cause: BaseException | None) -> None:
    """Raise an error that another one led to."""
    raise value from cause


def with_metaclass(meta: type, *bases: type) -> type:
    """A base whose subclasses are made by a metaclass."""
    return meta("temporary_class", bases, {})


def add_metaclass(meta: type) -> Callable[[type], type]:
    """Decorator that makes a class anew by a metaclass."""

    def decorated(cls: type) -> type:
        kept = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
        return meta(cls.__name__, cls.__bases__, kept)

    return decorated


def python_2_unicode_compatible(cls: type) -> type:
    """The class itself: Python 3 needs no change."""
    return cls
