"""`tf.compat`: TensorFlow 1 and 2 by their names, and texts of both kinds."""

import importlib
import numbers
import os
from typing import Any

import numpy as np

from neurona.core.errors import suggestion
from neurona.messages import translated

_MODULES = {"v1": "neurona.legacy.tensorflow.v1", "v2": "neurona.legacy.tensorflow"}
PATHS = dict(_MODULES)

bytes_or_text_types = (bytes, str)
integral_types, real_types, complex_types = (
    (numbers.Integral, np.integer),
    (numbers.Real,),
    (numbers.Complex,),
)


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """A text of a text or of bytes."""
    return bytes_or_text.decode(encoding) if isinstance(bytes_or_text, bytes) else str(bytes_or_text)


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """Bytes of bytes or of a text."""
    return bytes_or_text.encode(encoding) if isinstance(bytes_or_text, str) else bytes(bytes_or_text)


as_str = as_str_any = as_text


def path_to_str(path: Any) -> Any:
    """A path as text."""
    return os.fspath(path)


def forward_compatible(*_: Any) -> bool:
    """Always."""
    return True


def dimension_value(dimension: Any) -> Any:
    """The integer of a size of a shape."""
    return getattr(dimension, "value", dimension)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    hint = suggestion(name, [*_MODULES, *(one for one in globals() if not one.startswith("_"))])
    raise AttributeError(
        translated(f"module 'tensorflow.compat' has no attribute {name!r} in Neurona.{hint}")
    )
