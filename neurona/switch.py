"""The line that tells of `neurona run` where a program imports an older library that is not installed."""

import sys
from typing import Any

from neurona.messages import translated

_LIBRARIES = ("keras", "tensorflow", "tf_keras", "theano")


class Hint:
    """The last of the finders of `sys.meta_path`: what it is asked for, no other has found."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """Raise the error of a missing library with the line; where it is only looked for, nothing."""
        importing = sys._getframe(2).f_code.co_name == "_find_and_load_unlocked"
        if name in _LIBRARIES and importing:
            raise ModuleNotFoundError(
                translated(
                    f"No module named {name!r}. Neurona can take its place: run the program with "
                    "`neurona run program.py`, or write `%load_ext neurona` in a notebook's first cell."
                ),
                name=name,
            )


def tell_of_the_switch() -> None:
    """From now on, imports of missing libraries tell of it."""
    if Hint not in sys.meta_path:
        sys.meta_path.append(Hint)  # pyright: ignore[reportArgumentType]
