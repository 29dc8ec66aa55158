"""Errors and warnings at the user's line: tracebacks without the lines of Neurona and JAX."""

import contextlib
import functools
import inspect
import os
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from neurona.messages import translated

P = ParamSpec("P")
R = TypeVar("R")
_ROOT = str(Path(__file__).parent) + os.sep
_enabled: bool | None = None


def enable_traceback_filtering() -> None:
    """Leave the lines of Neurona and JAX out of the tracebacks of errors. This is so from the beginning,
    unless the environment variable NEURONA_TRACEBACK is `full`.
    """
    global _enabled
    _enabled = True


def disable_traceback_filtering() -> None:
    """Show whole tracebacks, for finding a fault in Neurona."""
    global _enabled
    _enabled = False


def is_traceback_filtering_enabled() -> bool:
    """Whether the lines of Neurona and JAX are left out of tracebacks.

    Example:

        >>> disable_traceback_filtering()
        >>> is_traceback_filtering_enabled()
        False
    """
    return os.environ.get("NEURONA_TRACEBACK") != "full" if _enabled is None else _enabled


def ends_at_users_line(function: Callable[P, R]) -> Callable[P, R]:
    """Let the tracebacks of a function's errors hold the user's lines only: that of the call, and those of
    callbacks, layers and losses of the user's in which the error arose.
    """
    leave_out = shorten  # a name of this function's: the globals of `call` are replaced below

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        __tracebackhide__ = True  # IPython and pytest skip this line of whole tracebacks
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            leave_out(error)
            raise  # without an argument, which would add this line again

    # With the function's globals it stays a function of its module, whose example runs as a test.
    home: Any = inspect.unwrap(function)
    own = types.FunctionType(call.__code__, home.__globals__, home.__name__, closure=call.__closure__)
    return functools.wraps(function)(own)


def shorten(error: BaseException) -> None:
    """Leave the lines of Neurona and JAX out of an error's traceback, and out of those of the errors that it
    came from.
    """
    if not is_traceback_filtering_enabled():
        return
    libraries = _libraries()
    left_out = translated(
        "The lines of Neurona are left out. Set NEURONA_TRACEBACK=full, or call "
        "neurona.config.disable_traceback_filtering(), to see them."
    )
    if _is_unexpected(error, libraries) and left_out not in getattr(error, "__notes__", ()):
        error.add_note(left_out)
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = _users_frames(one.__traceback__, libraries)
        waiting += [one.__cause__, one.__context__]
    notes = getattr(error, "__notes__", [])
    notes[:] = [note for note in notes if "JAX_TRACEBACK_FILTERING" not in note]


def _libraries() -> tuple[str, ...]:
    """How the paths of the files begin that are left out."""
    loaded = [module for module in map(sys.modules.get, ("jax", "jaxlib")) if module is not None]
    return (_ROOT, contextlib.__file__, *(str(Path(str(one.__file__)).parent) + os.sep for one in loaded))


def _users_frames(traceback: Any, libraries: tuple[str, ...]) -> Any:
    frames = []
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(libraries):
            frames.append(traceback)
        traceback = traceback.tb_next
    kept = None
    for frame in reversed(frames):
        kept = types.TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept


def _is_unexpected(error: BaseException, libraries: tuple[str, ...]) -> bool:
    """Whether an error arose inside the libraries without being one of Neurona's own, which say enough."""
    if not isinstance(error, Exception) or type(error).__module__.startswith("neurona."):
        return False
    traceback: Any = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(libraries)


def warn(message: str) -> None:
    """Warn in the user's language, at the user's line."""
    frame: Any = sys._getframe(1)
    level, libraries = 2, _libraries()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(libraries):
        frame, level = frame.f_back, level + 1
    warnings.warn(translated(message), stacklevel=level)
