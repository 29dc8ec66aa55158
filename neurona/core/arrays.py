"""Arrays made on the host: XLA compiles a program for each new shape, which costs more than a small array
ever will.
"""

from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def device_array(values: np.ndarray) -> jax.Array:
    """NumPy values on the device. Naming the dtype spares the program that JAX compiles for each new shape
    without it.

    Example:

        >>> device_array(np.ones(2, np.float32)).tolist()
        [1.0, 1.0]
    """
    return jnp.asarray(values, values.dtype)


def zeros(shape: tuple[int, ...], dtype: str | type | np.dtype) -> jax.Array:
    """Zeros on the device.

    Example:

        >>> zeros((2,), "int32").tolist()
        [0, 0]
    """
    return device_array(np.zeros(shape, dtype))


def is_numbered(source: Any) -> bool:
    """Whether batches are asked for by number, as of a PyDataset: by iteration they might never end.

    Example:

        >>> is_numbered([1]), is_numbered(range(3))
        (False, False)
    """
    has_numbers = hasattr(source, "__getitem__") and hasattr(source, "__len__")
    return has_numbers and (hasattr(source, "on_epoch_end") or not hasattr(source, "__iter__"))


def each_batch(source: Any) -> Iterable[Any]:
    """The batches of a source, once.

    Example:

        >>> list(each_batch([1, 2]))
        [1, 2]
    """
    return (source[number] for number in range(len(source))) if is_numbered(source) else source
