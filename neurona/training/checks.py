"""What is looked at, on the host, before a model computes with data."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from neurona.core.checks import integers
from neurona.core.errors import DataError


def check_ids(model: Any, x: Any) -> None:
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


def _inputs(model: Any, x: Any) -> list[tuple[Any, str, Any]]:
    """The symbolic inputs of a model with their names and values; none where the model has no graph."""
    tensors = getattr(model, "inputs", None)
    if not tensors:
        return []
    if isinstance(x, Mapping):
        return [(t, n, x[n]) for t, n in zip(tensors, model.input_names) if hasattr(x.get(n), "dtype")]
    return list(zip(tensors, model.input_names, jax.tree.leaves(x)))
