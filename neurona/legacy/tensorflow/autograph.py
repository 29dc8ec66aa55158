"""`tf.autograph`: Python's control flow runs step by step where it depends on numbers."""

import inspect
from types import SimpleNamespace
from typing import Any


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """No effect."""


def trace(*args: Any) -> None:
    """Print while a function is traced."""
    print(*args)


def to_graph(entity: Any, *_: Any, **__: Any) -> Any:
    """The function itself."""
    return entity


def do_not_convert(func: Any = None, *_: Any, **__: Any) -> Any:
    """The function itself."""
    return (lambda one: one) if func is None else func


experimental = SimpleNamespace(do_not_convert=do_not_convert, set_loop_options=lambda *_, **__: None)


def to_code(entity: Any, recursive: bool = True, experimental_optional_features: Any = None) -> str:
    """The source of a function, which is run as it is."""
    return inspect.getsource(getattr(entity, "python_function", entity))
