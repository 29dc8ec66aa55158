"""Rows of a table chosen by their numbers, and the table's gradient."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, differentiable


def embedding(table: jax.Array, numbers: jax.Array) -> jax.Array:
    """y = table[numbers]. The row of a number outside of the table, below 0 or beyond the last, is NaN.

    Shapes: table (rows, width), numbers (any), integers -> y (*numbers, width).

    Example:

        >>> embedding(jnp.array([[1.0], [2.0]]), jnp.array([1, 0, -1, 2])).tolist()
        [[2.0], [1.0], [nan], [nan]]
    """
    rows = table.shape[0]
    flat = numbers.ravel() if numbers.dtype.itemsize >= 4 else numbers.ravel().astype(jnp.int32)
    lowest = 0 if jnp.issubdtype(flat.dtype, jnp.unsignedinteger) else -1
    flat = jnp.clip(flat, lowest, rows).astype(jnp.int32)
    flat = jnp.where(flat < rows, flat, -1)
    return _rows_of(table, flat, rows=rows).reshape(*numbers.shape, table.shape[1])


def _reference(table: jax.Array, numbers: jax.Array, *, rows: int) -> jax.Array:
    """The rows with these numbers, NaN for -1."""
    taken = jnp.take(table, numbers, axis=0, mode="clip")
    return jnp.where(numbers[:, None] >= 0, taken, jnp.nan).astype(table.dtype)


def _native(table: jax.Array, numbers: jax.Array, *, rows: int) -> jax.Array:
    return native_call("neurona_embedding", like(table, (numbers.size, table.shape[1])), table, numbers)


def _reference_dtable(numbers: jax.Array, g: jax.Array, *, rows: int) -> jax.Array:
    """The sum of the rows of g with each number; -1 counts nowhere."""
    numbers = jnp.where(numbers < 0, rows, numbers)
    return jnp.zeros((rows, g.shape[1]), g.dtype).at[numbers].add(g, mode="drop")


def _native_dtable(numbers: jax.Array, g: jax.Array, *, rows: int) -> jax.Array:
    return native_call("neurona_embedding_gradient", like(g, (rows, g.shape[1])), numbers, g)


FASTER_FROM_TO = (1e3, 1e12)  # numbers in y
_forward = Operation(
    "embedding",
    reference=_reference,
    native=_native,
    size=lambda table, numbers, **_: numbers.size * table.shape[1],
    faster_from_to=FASTER_FROM_TO,
)
_dtable = Operation(
    "embedding, backward",
    reference=_reference_dtable,
    native=_native_dtable,
    size=lambda _numbers, g, **_: g.size,
    faster_from_to=FASTER_FROM_TO,
)


def _gradients(numbers: jax.Array, g: jax.Array, *, rows: int) -> tuple[Any, None]:
    return _dtable(numbers, g, rows=rows), None


_rows_of = differentiable(_forward, _gradients, keeps=lambda arrays, _y, **_: arrays[1:])
