"""What functions of tensors do with ragged tensors: row by row, or value by value."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.legacy.tensorflow.hosts import host
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor, concatenated, places_of
from neurona.legacy.tensorflow.tensor import Tensor

_MOST = 16  # elements of a list that are looked at


def is_ragged(args: Sequence[Any]) -> bool:
    """Whether the first or second argument is ragged, or a list with a ragged tensor."""
    for value in args[:2]:
        some = value[:_MOST] if type(value) is list else (value,)
        if any(type(one) is RaggedTensor for one in some):
            return True
    return False


def over_ragged(function: Callable[..., Any], name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """A function's result for ragged tensors.

    Raises:
        ArgumentError: it needs rows of one length.
    """
    if name == "concat":
        return _concat(*args, **{key: value for key, value in kwargs.items() if key != "name"})
    of_rows = {
        "tile": _tiled,
        "gather": _gathered,
        "expand_dims": _within,
        "where": _chosen,
        "reverse": _reversed,
        "size": _counted,
    }.get(name)
    result = of_rows and of_rows(*args, **{key: value for key, value in kwargs.items() if key != "name"})
    if result is not None:
        return result
    result = (_reduced if name.startswith("reduce_") else _changed)(function, args, kwargs)
    if result is None:
        raise ArgumentError(
            f"tf.{name} needs rows of one length: use to_tensor() of the ragged tensor first."
        )
    return result


def _reduced(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """One number of all values, or of each row; None where rows differ."""
    axis = kwargs.pop("axis", args[1] if len(args) > 1 else None)
    if axis is None:
        return function(args[0].flat_values, **kwargs)
    value = args[0]
    axis = axis if axis is None or isinstance(axis, (list, tuple)) else int(axis) % len(value.shape)
    if isinstance(axis, int) and axis > 1:  # within the rows
        inner = value.values
        within = (
            _reduced(function, (inner,), {"axis": axis - 1, **kwargs})
            if isinstance(inner, RaggedTensor)
            else function(inner, axis=axis - 1, **kwargs)
        )
        return None if within is None else value.with_values(within)
    if axis != 1 or value.ragged_rank > 1:
        return None
    return Tensor(np.stack([np.asarray(function(row, axis=0, **kwargs)) for row in args[0]]))


def _changed(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Value by value; None where the function does not give one for each."""
    flat = [value.flat_values if isinstance(value, RaggedTensor) else value for value in args]
    like = next(value for value in args if isinstance(value, RaggedTensor))
    result = function(*flat, **kwargs)
    fits = isinstance(result, Tensor) and result.shape[:1] == [len(like.flat)]
    return like.with_flat_values(result) if fits else None


def _reversed(value: Any, axis: Any) -> Any:
    """The rows in reverse order, or with axis 1 each reversed; None along others."""
    axes = [int(one) % len(value.shape) for one in np.atleast_1d(host(axis))]
    if axes == [0]:
        return value[::-1]
    return RaggedTensor.from_rows([row[::-1] for row in value]) if axes == [1] else None


def _counted(value: Any, **_: Any) -> Any:
    """The number of the innermost values."""
    return Tensor(np.array(value.flat.size, np.int32))


def _gathered(params: Any, indices: Any, axis: Any = 0, **_: Any) -> Any:
    """Some rows; None along another axis."""
    places = np.asarray(indices)
    return (
        RaggedTensor.from_rows([params[int(one)] for one in places])
        if places.ndim == 1 and not axis
        else None
    )


def _within(value: Any, axis: Any) -> Any:
    """The rows as the only row of another ragged tensor; None for another axis."""
    return RaggedTensor.from_row_lengths(value, [len(value)]) if axis == 0 else None


def _chosen(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where a ragged condition holds, else y; of the condition alone the places where it holds. None where
    the condition is not ragged.
    """
    if not isinstance(condition, RaggedTensor):
        return None
    if x is None and y is None:
        return Tensor(places_of(condition)[condition.flat.astype(bool)])
    flat = [_values_beside(condition, one) for one in (x, y)]
    return (
        None
        if any(one is None for one in flat)
        else condition.with_flat_values(np.where(condition.flat, *flat))
    )


def _values_beside(condition: RaggedTensor, one: Any) -> Any:
    """The values of a ragged tensor with the same rows, or a single one; None of anything else."""
    if isinstance(one, RaggedTensor):
        return condition._with(lambda _, values: values, one).flat
    single = host(one)
    return single if single.ndim == 0 else None


def _tiled(value: Any, multiples: Any) -> Any:
    """The rows repeated, each several times in itself; None where rows are ragged themselves."""
    if value.ragged_rank > 1:
        return None
    rows, inner = (int(one) for one in np.asarray(multiples)[:2])
    return RaggedTensor.from_rows([np.concatenate([_plain(row)] * inner) for row in value] * rows)


def _concat(values: Sequence[Any], axis: int) -> Any:
    parts = [one if isinstance(one, RaggedTensor) else RaggedTensor.from_rows(list(one)) for one in values]
    if axis == 0:
        return concatenated(parts)
    rows = [concatenated([_plain(part[number]) for part in parts]) for number in range(len(parts[0]))]
    return RaggedTensor.from_rows(rows)


def _plain(row: Any) -> Any:
    return row if isinstance(row, RaggedTensor) else np.asarray(row)
