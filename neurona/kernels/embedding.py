"""Rows of a table chosen by their numbers, and the table's gradient."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from . import native


def embedding(table: jax.Array, numbers: jax.Array) -> jax.Array:
    """y = table[numbers]; numbers from -rows to -1 count from the end, and beyond the table a row is NaN.

    Shapes: table (rows, width), numbers (any), integers -> y (*numbers, width).

    Example:

        >>> embedding(jnp.array([[1.0], [2.0]]), jnp.array([1, 0, -1, 2])).tolist()
        [[2.0], [1.0], [2.0], [nan]]
    """
    rows = table.shape[0]
    flat = numbers.ravel() if numbers.dtype.itemsize >= 4 else numbers.ravel().astype(jnp.int32)
    flat = jnp.clip(flat, 0 if jnp.issubdtype(flat.dtype, jnp.unsignedinteger) else -rows - 1, rows).astype(
        jnp.int32
    )
    exists = (flat < rows) & (flat >= -rows)
    flat = jnp.where(exists, jnp.where(flat < 0, flat + rows, flat), -1)
    y: Any = _rows(table, flat, rows)
    return y.reshape(*numbers.shape, table.shape[1])


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _rows(table: jax.Array, numbers: jax.Array, rows: int) -> jax.Array:
    """The rows with these numbers, NaN for -1."""
    return _forward(table, numbers)


@jax.jit
def _forward(table: jax.Array, numbers: jax.Array) -> jax.Array:

    def twin(table: jax.Array, numbers: jax.Array) -> jax.Array:
        return jnp.where(
            numbers[:, None] >= 0, jnp.take(table, numbers, axis=0, mode="clip"), jnp.nan
        ).astype(table.dtype)

    def kernel_call(table: jax.Array, numbers: jax.Array) -> jax.Array:
        result = jax.ShapeDtypeStruct((numbers.size, table.shape[1]), table.dtype)
        return native.call("neurona_embedding", result, table, numbers)

    return native.run("embedding", numbers.size * table.shape[1], kernel_call, twin, table, numbers)


@partial(jax.jit, static_argnums=2)
def _gradient(numbers: jax.Array, g: jax.Array, rows: int) -> jax.Array:
    """The sum of the rows of g with each number; -1 counts nowhere."""

    def twin(numbers: jax.Array, g: jax.Array) -> jax.Array:
        numbers = jnp.where(numbers < 0, rows, numbers)
        return jnp.zeros((rows, g.shape[1]), g.dtype).at[numbers].add(g, mode="drop")

    def kernel_call(numbers: jax.Array, g: jax.Array) -> jax.Array:
        return native.call(
            "neurona_embedding_gradient", jax.ShapeDtypeStruct((rows, g.shape[1]), g.dtype), numbers, g
        )

    return native.run("embedding", g.size, kernel_call, twin, numbers, g)


def _with_residuals(table: jax.Array, numbers: jax.Array, rows: int) -> tuple[jax.Array, jax.Array]:
    return _forward(table, numbers), numbers


def _backward(rows: int, numbers: jax.Array, g: jax.Array) -> tuple[jax.Array, None]:
    return _gradient(numbers, g, rows), None


_rows.defvjp(_with_residuals, _backward)
