"""`neurona run`: a program or notebook for Keras, TensorFlow or Theano, of any age."""

import importlib
from typing import Any


def run(*, language: str, program: str, arguments: list[str] | None, outputs: bool) -> int:
    """Run a Python file or a notebook, and return its exit status.

    Raises:
        OSError: the file can't be read.
    """
    runner: Any = importlib.import_module("neurona.legacy.run")
    return runner.run(program, arguments or [], outputs)
