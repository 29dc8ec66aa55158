"""`tf.experimental`: NumPy's functions on tensors, in the module `numpy`."""

from typing import Any

from neurona.legacy.imports import submodule
from neurona.legacy.tensorflow.data.iterators import Optional

__all__ = ["Optional"]


def __getattr__(name: str) -> Any:
    return submodule(__name__, name)
