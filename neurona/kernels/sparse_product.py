"""The product of two matrices of which the first has many zeros."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, Range

_MOST = 0.4  # of x that is not zero, where the kernel is faster than XLA's product of all


def sparse_product(
    x: jax.Array, w: jax.Array, added: Any = 0.0, *, transpose_x: bool = False, transpose_w: bool = False
) -> jax.Array:
    """y = x @ w + added, in the time of what is not zero in x, such as units of 0 and 1.

    A CPU counts what is not zero, and where that is more than two fifths, it multiplies as any other matrix.

    Args:
        x: what has many zeros. The native kernel leaves out what a zero multiplies, also where that is not
            finite.
        w: the other factor.
        added: a matrix, a row or a number.
        transpose_x, transpose_w: whether the factor is the transpose of the array.

    Shapes: x (..., depth), or (depth, rows) for its transpose; w (depth, columns), or (columns, depth); added
        (columns,), () or that of y -> y (..., columns).

    Example:

        >>> sparse_product(jnp.array([[0.0, 2.0]]), jnp.array([[1.0, 2.0], [3.0, 4.0]]), 1.0)
        Array([[7., 9.]], dtype=float32)
        >>> sparse_product(jnp.array([[0.0], [2.0]]), jnp.array([[1.0], [3.0]]), transpose_x=True)
        Array([[6.]], dtype=float32)
    """
    added = jnp.asarray(added)
    dtype = jnp.result_type(x, w, added)
    columns = w.shape[0 if transpose_w else 1]
    added = added.reshape(-1, columns) if added.ndim > 1 else jnp.broadcast_to(added, (1, columns))
    rows = x if transpose_x else x.reshape(-1, x.shape[-1])
    arrays = (array.astype(dtype) for array in (rows, w, added))
    y = _product(*arrays, transpose_x=transpose_x, transpose_w=transpose_w)
    return y if transpose_x else y.reshape(*x.shape[:-1], columns)


def _reference(
    x: jax.Array, w: jax.Array, added: jax.Array, *, transpose_x: bool, transpose_w: bool
) -> jax.Array:
    return (x.T if transpose_x else x) @ (w.T if transpose_w else w) + added


def _native(
    x: jax.Array, w: jax.Array, added: jax.Array, *, transpose_x: bool, transpose_w: bool
) -> jax.Array:
    shape = x.shape[1 if transpose_x else 0], added.shape[1]
    transposes = {"transpose_x": np.bool_(transpose_x), "transpose_w": np.bool_(transpose_w)}
    aliases = {2: 0} if added.shape == shape else None
    native = partial(native_call, "neurona_sparse_product", like(x, shape), aliases=aliases, **transposes)
    usual = partial(_reference, transpose_x=transpose_x, transpose_w=transpose_w)
    return lax.cond(jnp.mean(x != 0) <= _MOST, native, usual, x, w, added)


def _faster_from_to(_x: jax.Array, w: jax.Array, *_: jax.Array, **_options: Any) -> Range:
    # The kernel copies w, strip by strip, which a product of few rows does not pay for.
    return max(2e6, 30 * w.size), 1e13


_product = Operation(
    "sparse product",
    _reference,
    _native,
    size=lambda x, _w, added, **_: x.size * added.shape[1],
    faster_from_to=_faster_from_to,
)
