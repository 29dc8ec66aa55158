"""Labels as one-hot rows, and rows of unit length."""

from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.core.spellings import spelled


@spelled
def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """One-hot rows of class numbers: y[..., c] = 1 where x = c, else 0.

    Args:
        x: whole numbers from 0, of any shape; a last axis of size 1 is dropped.
        num_classes: how many classes; by default the largest number + 1.

    Shapes: x (...) or (..., 1) -> y (..., num_classes) float64; an array of JAX, float32, where x is one.

    Raises:
        DataError: x is empty and num_classes is not given, or x holds other than whole numbers in
            0..num_classes - 1.

    Example:

        >>> to_categorical([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    given = np.asarray(x)
    labels = given.astype(np.int64) if given.dtype != object else np.array(given.tolist(), np.int64)
    if given.dtype.kind == "f" and not np.array_equal(labels, given):
        raise DataError(
            "to_categorical: expected whole class numbers. Received fractions or NaN; are these "
            "probabilities or targets?"
        )
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if not num_classes:
        if not labels.size:
            raise DataError("to_categorical: x is empty, so num_classes must be given.")
        num_classes = int(labels.max()) + 1
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if wrong.size:
        raise DataError(
            f"to_categorical: expected class numbers in 0..{num_classes - 1}. Received: {wrong[0]}"
        )
    return _like(x, (labels[..., None] == np.arange(num_classes)).astype(np.float64))


def _like(given: Any, values: np.ndarray) -> Any:
    """The values as an array of JAX, in its own precision, where one was given."""
    return jnp.asarray(values) if isinstance(given, jax.Array) else values


def normalize(x: Any, axis: int = -1, order: int | float = 2) -> Any:
    """x / ||x||, the norm taken along one axis; rows of zeros stay zeros.

    Args:
        x: numbers of any shape.
        axis: along which the norm is 1 afterwards.
        order: of the norm: 1 sums absolute values, 2 is Euclid's, `np.inf` the largest.

    Shapes: x (...) -> the same; an array of JAX where x is one.

    Raises:
        ArgumentError: x has no such axis.

    Example:

        >>> normalize([[3.0, 4.0], [0.0, 0.0]])
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    xp, values = (jnp, x) if isinstance(x, jax.core.Tracer) else (np, np.asarray(x))
    if not -values.ndim <= axis < values.ndim:
        raise ArgumentError(
            f"normalize: expected an axis of an array of shape {values.shape}. Received: axis={axis}"
        )
    if not xp.issubdtype(values.dtype, xp.inexact):
        values = values.astype(float)
    absolute = xp.abs(values)
    if order == 2:
        norm = xp.sqrt(xp.sum(absolute**2, axis=axis, keepdims=True))
    elif order == np.inf:
        norm = xp.max(absolute, axis=axis, keepdims=True)
    elif order > 0:
        norm = xp.sum(absolute**order, axis=axis, keepdims=True) ** (1 / order)
    else:
        raise ArgumentError(f"normalize: expected order > 0. Received: order={order}")
    return _like(x, values / xp.where(norm == 0, 1, norm).astype(values.dtype))
