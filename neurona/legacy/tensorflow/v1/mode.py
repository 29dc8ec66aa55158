"""Whether a program is one of TensorFlow 1, in which everything draws a graph."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any, ClassVar

_OF_TENSORFLOW_1 = re.compile(
    r"""\b(?:tf|tensorflow|tf1|v1)\.(?:
        placeholder|Session|InteractiveSession|get_variable|variable_scope|global_variables_initializer
        |initialize_all_variables|app\.(?:run|flags)|contrib\.|layers\.(?:dense|conv|max_pooling|batch_norm)
        |set_random_seed|reset_default_graph|train\.(?:AdamOptimizer|GradientDescentOptimizer|Saver)
        |logging\.|log\(|to_float|mul\(|sub\(|pack\(|disable_(?:eager_execution|v2_behavior)
    )"""
    r"""|tensorflow\.(?:examples\.tutorials|contrib)\b"""
    r"""|from\s+tensorflow\s+import\s+(?:\w+\s*,\s*)*(?:placeholder|Session|contrib|flags|app)\b""",
    re.VERBOSE,
)
_KEEPS_TENSORFLOW_2 = re.compile(
    r"\b(?:GradientTape|tf\.function|enable_eager_execution)\b|tensorflow\.compat\.v1|tf\.compat\.v1"
)


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


def looks_like_one(source: str) -> bool:
    """Whether a program's text is one of TensorFlow 1.

    Example:

        >>> looks_like_one("x = tf.placeholder(tf.float32)"), looks_like_one("x = tf.constant(1)")
        (True, False)
        >>> looks_like_one("x = tf.compat.v1.placeholder('float')")
        False
    """
    return bool(_OF_TENSORFLOW_1.search(source)) and not _KEEPS_TENSORFLOW_2.search(source)


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
