"""Numbers of 64 bits among those of 32, which are JAX's by default.

With this file loaded, JAX keeps an array of 64 bits as it is and makes one where a dtype says so. Inside
`wide()`, which the functions of tensors of 64 bits compute in, NumPy's and Python's numbers keep 64 bits too.
"""

import contextlib
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax._src import config

NARROW = {"float64": "float32", "int64": "int32", "uint64": "uint32", "complex128": "complex64"}
_WIDE = frozenset(map(np.dtype, NARROW))

jax.config.update("jax_explicit_x64_dtypes", "allow")


def wide() -> contextlib.AbstractContextManager[None]:
    """A block in which numbers may have 64 bits."""
    return jax.enable_x64(True)


def narrow() -> contextlib.AbstractContextManager[None]:
    """A block inside `wide()` in which numbers have the process's width again: 32 bits by default."""
    return jax.enable_x64(config.enable_x64.get_global())


def is_wide(value: Any) -> bool:
    """Whether an array, or a scalar of NumPy, has 64 bits."""
    return getattr(value, "dtype", None) in _WIDE


def holds_wide(tree: Any) -> bool:
    """Whether a tree holds an array of 64 bits."""
    return any(map(is_wide, jax.tree.leaves(tree)))


def scope_of(tree: Any) -> contextlib.AbstractContextManager[None]:
    """The block in which the arrays of a tree are computed with."""
    return wide() if holds_wide(tree) else contextlib.nullcontext()


def on_device(array: Any, dtype: Any = None) -> jax.Array:
    """NumPy's numbers as an array of JAX, in their own dtype or in another."""
    if dtype is not None:
        return jnp.asarray(array, dtype)
    return jnp.asarray(array, array.dtype) if is_wide(array) else jnp.asarray(array)


def narrowed(array: Any) -> Any:
    """An array of 64 bits as models take it, in 32; integers that don't fit these stay what they are."""
    if not is_wide(array):
        return array
    target = NARROW[array.dtype.name]
    if array.dtype.kind in "fc" or isinstance(array, jax.core.Tracer):
        return array.astype(target)
    numbers = np.asarray(array)
    small = numbers.astype(target)
    return jnp.asarray(small) if np.array_equal(small, numbers) else numbers
