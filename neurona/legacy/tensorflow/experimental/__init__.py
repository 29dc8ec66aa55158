"""`tf.experimental`: what of it is here, found when it is first touched."""

import contextlib
from typing import Any

from neurona.legacy.imports import submodule
from neurona.legacy.tensorflow.data.iterators import Optional

__all__ = ["Optional", "async_clear_error", "async_scope"]


@contextlib.contextmanager
def async_scope() -> Any:
    """A block of operations that may run later: all do here, without it."""
    yield


def async_clear_error() -> None:
    """Nothing: errors are raised where they happen."""


def __getattr__(name: str) -> Any:
    return submodule(__name__, name)
