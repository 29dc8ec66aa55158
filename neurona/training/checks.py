"""What is looked at, on the host, before a model computes with data."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from neurona.core.checks import integers
from neurona.core.errors import DataError, ShapeError


def check_shapes(model: Any, x: Any) -> None:
    """Look for a row, or a list of rows, in place of an array of rows.

    Raises:
        ShapeError: there is one; the message says how to make the array.
    """
    tensors = getattr(model, "inputs", None)
    if not tensors or isinstance(x, Mapping):
        return
    leaves = jax.tree.leaves(x)
    if len(tensors) == 1 and len(leaves) > 1:
        raise ShapeError(
            f"x is a list of {len(leaves):,} arrays, the first of shape {tuple(leaves[0].shape)}, and model "
            f"{model.name!r} has one input. Make one array of them: np.array(x)."
        )
    for tensor, name, leaf in _inputs(model, x):
        wanted, shape = tensor.shape[1:], tuple(leaf.shape)
        if len(shape) == len(wanted) and wanted != (1,) and all(map(_fits, wanted, shape)):
            raise ShapeError(
                f"x has shape {shape}, which is one row of input {name!r}; expected rows, "
                f"{('n', *wanted)}. For a single one: x[None]."
            )


def _fits(wanted: int | None, size: int) -> bool:
    return wanted is None or wanted == size


def check_inputs(model: Any, x: Any) -> None:
    """Look at floats that go into inputs of integers.

    Integers arrive as floats where they are too large for JAX.

    Raises:
        DataError: a value is no integer, or none that the input's dtype can hold.
    """
    for tensor, name, values in _inputs(model, x):
        if not jax.numpy.issubdtype(tensor.dtype, np.integer) or values.dtype.kind != "f":
            continue
        array = np.asarray(values)
        limits = np.iinfo(tensor.dtype)
        wrong = ~((array >= limits.min) & (array <= limits.max) & (array == np.trunc(array)))
        if wrong.any():
            value, row = array[wrong].flat[0].item(), np.argwhere(wrong)[0][0]
            shown = int(value) if float(value).is_integer() else value
            raise DataError(
                f"x holds {shown}, in row {row}, and input {name!r} takes {tensor.dtype}: integers from "
                f"{limits.min} to {limits.max}."
            )


def check_counts(method: str, initial_epoch: Any, counts: Mapping[str, Any]) -> None:
    """Look at the numbers of epochs and steps.

    Args:
        method: for the message, such as "fit".
        initial_epoch: 0 or more.
        counts: by name, each 1 or more, or None.

    Raises:
        ArgumentError: one of them is no integer, or too small.
    """
    integers(initial_epoch, 1, "initial_epoch", method, minimum=0)
    for name, count in counts.items():
        if count is not None:
            integers(count, 1, name, method)


def rows_in_batch(batch_size: Any) -> int:
    """The rows of a batch, 32 by default.

    Raises:
        DataError: `batch_size` is no integer, or less than 1.
    """
    if batch_size is None:
        return 32
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise DataError(f"batch_size must be an integer >= 1. Received: {batch_size!r}")
    return int(batch_size)


def _inputs(model: Any, x: Any) -> list[tuple[Any, str, Any]]:
    """The symbolic inputs of a model with their names and values; none where the model has no graph."""
    tensors = getattr(model, "inputs", None)
    if not tensors:
        return []
    names = [tensor.node.operation.name for tensor in tensors]
    if isinstance(x, Mapping):
        values = [x.get(name) for name in names]
    else:
        values = jax.tree.leaves(x, is_leaf=lambda leaf: leaf is None)
    return [entry for entry in zip(tensors, names, values) if entry[2] is not None]
