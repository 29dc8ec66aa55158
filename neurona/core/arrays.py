"""Arrays made on the host: XLA compiles a program for each new shape, which costs more than a small array
ever will.
"""

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
