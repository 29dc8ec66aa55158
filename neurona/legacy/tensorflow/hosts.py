"""Between tensors and the host: arrays of NumPy, texts as arrays of bytes."""

from typing import Any

import numpy as np

from neurona.core.errors import DataError, ShapeError
from neurona.legacy.tensorflow.dtypes import DType, as_dtype
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor
from neurona.legacy.tensorflow.recording import has_numbers
from neurona.legacy.tensorflow.tensor import NeedsEagerError, Tensor


def host(value: Any) -> Any:
    """A value as an array of NumPy, of the dtype that TensorFlow gives it: Python's integers are int32, its
    floats float32, texts are bytes. Ragged tensors and data sets stay what they are.
    """
    if type(value) is np.ndarray and value.dtype.kind in "fiubc":  # most often, so at once
        return value
    if isinstance(value, RaggedTensor) or hasattr(value, "as_numpy_iterator"):
        return value
    if isinstance(value, Tensor):
        return _numbers_of(value)
    if isinstance(value, (str, bytes)):
        return _texts(np.array(value, object))
    if isinstance(value, (list, tuple)) and any(isinstance(one, Tensor) for one in value):
        return np.stack([host(one) for one in value])
    return _of_python(value)


def _of_python(value: Any) -> np.ndarray:
    """Numbers and texts of Python, in lists or not, as an array."""
    typed = _is_typed(value)
    try:
        array = np.asarray(value, object) if _holds_texts(value) else np.asarray(value)
    except ValueError as error:
        raise ShapeError(
            "Lists of different lengths are no tensor: use tf.ragged.constant, or pad them with "
            f"tf.keras.utils.pad_sequences. ({error})"
        ) from None
    if array.dtype.kind in "USO":
        return _texts(array)
    if not typed and array.dtype == np.float64:
        return array.astype(np.float32)
    if not typed and array.dtype == np.int64 and _fits(array):
        return array.astype(np.int32)
    return array


def _numbers_of(value: Tensor) -> np.ndarray:
    if not has_numbers(value._array):
        raise NeedsEagerError("A function computes with numbers, outside of what is compiled.")
    array = np.asarray(value._array)
    if value._dtype is None or array.dtype == object:
        return array
    return array.astype(value._dtype.as_numpy_dtype, copy=False)


def tensor(value: Any) -> Any:
    """A value as a tensor that lies on the host."""
    if isinstance(value, (Tensor, RaggedTensor)) or hasattr(value, "as_numpy_iterator"):
        return value
    array = host(value)
    return Tensor(array, as_dtype("string") if array.dtype == object else tensor_dtype(array.dtype))


def tensor_dtype(dtype: np.dtype) -> DType | None:
    """The dtype that a tensor of such an array is told: one of 64 bits, which JAX would narrow."""
    return as_dtype(dtype.name) if dtype.itemsize == 8 and dtype.kind in "fiu" else None


def text(value: Any) -> str:
    """One text: of a string, bytes, a path or a string tensor."""
    item = host(value).item() if not hasattr(value, "__fspath__") else value.__fspath__()
    return item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) else str(item)


def _is_typed(value: Any) -> bool:
    """Whether a value, or the first one in a list, has a dtype rather than being one of Python's numbers."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return hasattr(value, "dtype")


def _holds_texts(value: Any) -> bool:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (str, bytes))


def _fits(array: np.ndarray) -> bool:
    return not array.size or (int(array.min()) >= -(2**31) and int(array.max()) < 2**31)


def _texts(array: np.ndarray) -> np.ndarray:
    """Texts as an array of objects, each of them bytes."""
    if array.dtype.kind == "O" and all(type(item) is bytes for item in array.ravel()):
        return array
    result = np.empty(array.shape, object)
    flat = result.reshape(-1)
    for number, item in enumerate(array.reshape(-1).tolist()):
        flat[number] = item if isinstance(item, bytes) else _encoded(item)
    return result


def _encoded(item: Any) -> bytes:
    if hasattr(item, "__fspath__"):
        item = item.__fspath__()
    if not isinstance(item, str):
        raise DataError(
            f"A tensor holds numbers of one type, or texts. Received a {type(item).__name__}, {item!r}, "
            "in an "
            "array of objects: convert it first, such as with array.astype('float32')."
        )
    return item.encode("utf-8", "surrogateescape")
