"""`six` for programs that were written for Python 2 and 3, where it is not installed."""

import builtins
import functools
import importlib
import io
from typing import Any

PY2, PY3, PY34 = False, True, True
string_types, text_type, binary_type = (str,), str, bytes
integer_types, class_types = (int,), (type,)
MAXSIZE = 2**63 - 1
StringIO, BytesIO = io.StringIO, io.BytesIO
wraps = functools.wraps
_MOVED = {
    "cPickle": "pickle",
    "configparser": "configparser",
    "copyreg": "copyreg",
    "html_parser": "html.parser",
    "http_client": "http.client",
    "queue": "queue",
    "urllib": "urllib.request",
    "urllib_parse": "urllib.parse",
}
_BUILT_IN = {
    **{name: getattr(builtins, name) for name in ("filter", "input", "map", "range", "zip")},
    "xrange": range,
    "reduce": functools.reduce,
    "reload_module": importlib.reload,
    "StringIO": io.StringIO,
}
PATHS: dict[str, Any] = {
    "moves": {**_BUILT_IN, **{name: f"{module.split('.')[0]}:" for name, module in _MOVED.items() if "_" not in name}},
    "moves.urllib": {name: f"urllib.{name}:" for name in ("error", "parse", "request")},
    "moves.urllib.request": {
        name: f"urllib.request:{name}" for name in ("Request", "urlopen", "urlretrieve")
    },
    "moves.urllib.parse": {
        name: f"urllib.parse:{name}" for name in ("quote", "unquote", "urlencode", "urljoin", "urlparse")
    },
    "moves.urllib.error": {name: f"urllib.error:{name}" for name in ("HTTPError", "URLError")},
}


def iteritems(d: Any, **options: Any) -> Any:
    """The pairs of a dictionary."""
    return iter(d.items(**options))


def iterkeys(d: Any, **options: Any) -> Any:
    """The keys of a dictionary."""
    return iter(d.keys(**options))


def itervalues(d: Any, **options: Any) -> Any:
    """The values of a dictionary."""
    return iter(d.values(**options))


def b(s: str) -> bytes:
    """The bytes of a text."""
    return s.encode("latin-1")


def u(s: str) -> str:
    """The text."""
    return s


def ensure_str(s: Any, encoding: str = "utf-8", errors: str = "strict") -> str:
    """A text of a text or of bytes."""
    return s.decode(encoding, errors) if isinstance(s, bytes) else s


def with_metaclass(meta: Any, *bases: Any) -> Any:
    """A base whose classes are of another kind."""
    return meta("temporary_class", bases or (object,), {})


def add_metaclass(metaclass: Any) -> Any:
    """Decorator that gives a class another kind."""

    def decorate(cls: Any) -> Any:
        kept = {name: one for name, one in vars(cls).items() if name not in ("__dict__", "__weakref__")}
        return metaclass(cls.__name__, cls.__bases__, kept)

    return decorate


def __getattr__(name: str) -> Any:
    if name != "moves":
        raise AttributeError(f"module 'six' has no attribute {name!r} in Neurona.", name=name)
    return importlib.import_module("neurona.legacy.imports").submodule(__name__, name)
