"""What is looked at, on the host, before a model computes with data."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from neurona.core.checks import integers
from neurona.core.errors import DataError, ShapeError
from neurona.core.texts import Texts, inputs_of
from neurona.training.conversion import leaves


def check_shapes(model: Any, x: Any) -> None:
    """Look for a row, or a list of rows, in place of an array of rows.

    Raises:
        ShapeError: there is one; the message says how to make the array.
    """
    x = inputs_of(x)
    inputs = _inputs(model, x)
    if isinstance(x, (list, tuple)) and len(inputs) == 1 and len(arrays := leaves(x)) > 1:
        raise ShapeError(
            f"x is a list of {len(arrays):,} arrays, the first of shape {tuple(arrays[0].shape)}, and model "
            f"{model.name!r} has one input. Make one array of them: np.array(x)."
        )
    for tensor, array in inputs:
        wanted, shape = tensor.shape[1:], tuple(array.shape)
        if len(shape) == len(wanted) and wanted != (1,) and all(map(_fits, wanted, shape)):
            raise ShapeError(
                f"x has shape {shape}, which is one row of input {_name(tensor)!r}; expected rows, "
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
    for tensor, values in _inputs(model, x):
        if (
            isinstance(values, Texts)
            or values.dtype.kind != "f"
            or not tensor.dtype.startswith(("int", "uint"))
        ):
            continue
        array = np.asarray(values)
        limits = np.iinfo(tensor.dtype)
        wrong = ~((array >= limits.min) & (array <= limits.max) & (array == np.trunc(array)))
        if wrong.any():
            value, row = array[wrong].flat[0].item(), np.argwhere(wrong)[0][0]
            shown = int(value) if float(value).is_integer() else value
            raise DataError(
                f"x holds {shown}, in row {row}, and input {_name(tensor)!r} takes {tensor.dtype}: integers "
                f"from {limits.min} to {limits.max}."
            )


def fewest(count: int | None, limit: int | None) -> int | None:
    """The smaller of two numbers, either of which may be None for no limit."""
    return count if limit is None else limit if count is None else min(count, limit)


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


def _inputs(model: Any, x: Any) -> list[tuple[Any, Any]]:
    """The symbolic inputs of a model with their arrays; none where the model has no graph."""
    tensors = getattr(model, "inputs", None)
    if not tensors:
        return []
    if isinstance(x, np.ndarray):
        return [(tensors[0], x)]
    x = inputs_of(x)
    if isinstance(x, Mapping):
        values = [x.get(_name(tensor)) for tensor in tensors]
    else:
        values = jax.tree.leaves(x, is_leaf=lambda leaf: leaf is None)
    return [entry for entry in zip(tensors, values) if entry[1] is not None]


def _name(tensor: Any) -> str:
    return tensor.node.operation.name
