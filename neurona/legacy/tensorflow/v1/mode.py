"""Whether a program is one of TensorFlow 1, in which everything draws a graph."""

import contextlib
from collections.abc import Iterator
from typing import Any, ClassVar


class Mode:
    """What holds for the process.

    Attributes:
        draws: whether functions draw nodes of the default graph.
        suspended: how many functions compute on arrays at this moment, in which nothing is drawn.
        is_one: whether `tensorflow` is TensorFlow 1.
        sessions: the default sessions, the innermost last.
    """

    draws = False
    suspended = 0
    is_one = False
    sessions: ClassVar[list[Any]] = []


def begin() -> None:
    """Take `tensorflow` for TensorFlow 1 from now on."""
    Mode.is_one = Mode.draws = True


@contextlib.contextmanager
def computing() -> Iterator[None]:
    """The time in which functions compute on arrays."""
    Mode.suspended += 1
    try:
        yield
    finally:
        Mode.suspended -= 1
