"""What functions of arrays do with texts, which JAX doesn't hold: the same by NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np


def _squeeze(input: Any, axis: Any = None) -> Any:
    return np.squeeze(input, tuple(axis) if isinstance(axis, (list, tuple)) and axis else axis or None)


def _transpose(a: Any, perm: Any = None, conjugate: bool = False) -> Any:
    return np.transpose(a, perm)


def _split(value: Any, num_or_size_splits: Any, axis: int = 0, num: Any = None) -> Any:
    sizes = num_or_size_splits
    return np.split(value, sizes if isinstance(sizes, int) else np.cumsum(sizes)[:-1], axis)


def _unstack(value: Any, num: Any = None, axis: int = 0) -> Any:
    return [part.reshape(np.delete(value.shape, axis)) for part in np.split(value, value.shape[axis], axis)]


def _boolean_mask(tensor: Any, mask: Any, axis: Any = None) -> Any:
    return tensor[(slice(None),) * (axis or 0) + (np.asarray(mask),)]


def _slice(input_: Any, begin: Any, size: Any) -> Any:
    ends = (None if length < 0 else start + length for start, length in zip(begin, size))
    return input_[tuple(slice(start, end) for start, end in zip(begin, ends))]


def _gather_nd(params: Any, indices: Any, batch_dims: int = 0) -> Any:
    return params[tuple(np.moveaxis(np.asarray(indices), -1, 0))]


def _pad(tensor: Any, paddings: Any, mode: Any = "CONSTANT", constant_values: Any = b"") -> Any:
    return np.pad(tensor, paddings, mode.lower(), constant_values=constant_values or b"")


def _sorted(values: Any, axis: int = -1, direction: str = "ASCENDING") -> Any:
    found = np.sort(values, axis)
    return np.flip(found, axis) if direction == "DESCENDING" else found


TEXTS: dict[str, Callable[..., Any]] = {
    "expand_dims": lambda input, axis=None: np.expand_dims(input, axis or 0),
    "squeeze": _squeeze,
    "reshape": lambda tensor, shape: np.reshape(tensor, shape),
    "transpose": _transpose,
    "tile": lambda input, multiples: np.tile(input, multiples),
    "repeat": lambda input, repeats, axis=None: np.repeat(input, repeats, axis),
    "reverse": lambda tensor, axis: np.flip(tensor, axis),
    "roll": lambda input, shift, axis: np.roll(input, shift, axis),
    "broadcast_to": lambda input, shape: np.broadcast_to(input, shape),
    "pad": _pad,
    "split": _split,
    "unstack": _unstack,
    "boolean_mask": _boolean_mask,
    "slice_": _slice,
    "slice": _slice,
    "gather_nd": _gather_nd,
    "sort": _sorted,
    "argsort": lambda values, axis=-1, **_: np.argsort(values, axis),
    "equal": lambda x, y: np.asarray(x == y, np.bool_),
    "not_equal": lambda x, y: np.asarray(x != y, np.bool_),
    "zeros_like": lambda input, dtype=None: np.full_like(input, b""),
    "stop_gradient": lambda input: input,
    "ensure_shape": lambda x, shape: x,
    "add": lambda x, y: np.asarray(x + y, object),
}


def on_texts(name: str, raw: Callable[..., Any], tensors: dict[str, Any]) -> Callable[..., Any]:
    """The function to call: NumPy's where an argument holds texts."""
    for array in tensors.values():
        if type(array) is np.ndarray and array.dtype == object:
            return TEXTS.get(name, raw)
    return raw
