"""What is below the layers, under the names of `keras.backend`: dtypes, data formats, names."""

import collections
from typing import Any

import jax.numpy as jnp

from neurona.config import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from neurona.core.lazy import suggest_names
from neurona.core.policy import is_float, standardize_dtype
from neurona.core.symbolic import is_symbolic as is_keras_tensor
from neurona.utils import clear_session

_counts: dict[str, int] = collections.defaultdict(int)
_PYTHON = {bool: False, int: 0, float: 0.0, complex: 0j}


def backend() -> str:
    """The name of the library that computes: `"jax"`.

    Example:

        >>> backend()
        'jax'
    """
    return "jax"


def get_uid(prefix: str = "") -> int:
    """The next number, from 1, for names that begin like this.

    Example:

        >>> get_uid("docs"), get_uid("docs"), get_uid("others")
        (1, 2, 1)
    """
    _counts[prefix] += 1
    return _counts[prefix]


def reset_uids() -> None:
    """Let `get_uid` count from the start again."""
    _counts.clear()


def is_float_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of floating-point numbers.

    Example:

        >>> is_float_dtype("bfloat16"), is_float_dtype("int8")
        (True, False)
    """
    return is_float(standardize_dtype(dtype))


def is_int_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of integers.

    Example:

        >>> is_int_dtype("uint8"), is_int_dtype("bool")
        (True, False)
    """
    return jnp.issubdtype(standardize_dtype(dtype), jnp.integer)


def result_type(*dtypes: Any) -> str:
    """The dtype in which arrays of these dtypes are calculated with one another.

    Args:
        dtypes: names or dtypes; Python's `int`, `float` and `bool` give way to those of arrays.

    Example:

        >>> result_type("int32", "float16"), result_type("bfloat16", float), result_type("uint8", "int8")
        ('float16', 'bfloat16', 'int16')
    """
    if not dtypes or all(dtype is float for dtype in dtypes):
        return floatx()
    return jnp.result_type(*(_PYTHON.get(dtype, dtype) for dtype in dtypes)).name


__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "reset_uids",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]

suggest_names(__name__)
