"""Values of Python and NumPy as the arrays of TensorFlow 1's constants."""

from typing import Any

import jax
import numpy as np

from neurona.legacy.tensorflow.dtypes import DType, as_dtype
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.v1.mode import computing


def numbers_of(value: Any) -> np.ndarray:
    """A value as an array; texts as objects of bytes."""
    with computing():
        array = np.asarray(value._array if isinstance(value, Tensor) else value)
    if array.dtype.kind not in "US":
        return array
    texts = np.empty(array.size, object)
    texts[:] = [one.encode() if isinstance(one, str) else one for one in array.ravel().tolist()]
    return texts.reshape(array.shape)


def own_dtype(array: np.ndarray, is_exact: bool) -> DType:
    """The dtype of an array; Python's numbers have 32 bits."""
    if array.dtype == object:
        return as_dtype("string")
    name = as_dtype(array.dtype).name
    return as_dtype(name if is_exact else {"float64": "float32", "int64": "int32"}.get(name, name))


def filled(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The values, with the last one repeated, in a shape: what TensorFlow 1 does with too few."""
    count = int(np.prod(shape, dtype=int))
    return np.concatenate([values, np.repeat(values[-1:], count - values.size)])[:count].reshape(shape)


def stacked(values: Any) -> Any:
    """Nested lists with arrays in them as one array."""
    if isinstance(values, (list, tuple)):
        return (
            jax.numpy.stack([jax.numpy.asarray(stacked(one)) for one in values])
            if _is_traced(values)
            else np.stack([np.asarray(stacked(one)) for one in values])
        )
    return values


def _is_traced(values: Any) -> bool:
    return any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(values))
