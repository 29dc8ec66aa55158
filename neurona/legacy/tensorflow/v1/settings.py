"""Names of TensorFlow 1 that say where and how something runs, and functions that few programs use."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from neurona.graph import Spec
from neurona.legacy.tensorflow import arrays, choosing, linalg
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow import sparse as sparse_today
from neurona.legacy.tensorflow.dispatch import S, T, function, tensor_of
from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.functions import function as compiled
from neurona.legacy.tensorflow.hosts import host, tensor
from neurona.legacy.tensorflow.on_host import Given, held, on_host, shape_of
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.v1.graph import GraphKeys
from neurona.legacy.tensorflow.v1.scopes import get_variable
from neurona.legacy.tensorflow.v1.variables import assign


class AggregationMethod:
    """How gradients are added up: XLA decides."""

    ADD_N = DEFAULT = 0
    EXPERIMENTAL_TREE, EXPERIMENTAL_ACCUMULATE_N = 1, 2


class VariableAggregation:
    """How the copies of a variable are put together: there is one."""

    NONE, SUM, MEAN, ONLY_FIRST_REPLICA = "none", "sum", "mean", "only_first_replica"


class VariableSynchronization:
    """When the copies of a variable are put together: there is one."""

    AUTO, NONE, ON_WRITE, ON_READ = "auto", "none", "on_write", "on_read"


class DeviceSpec:
    """A device, by its parts: XLA runs the whole program on one."""

    def __init__(
        self,
        job: str | None = None,
        replica: int | None = None,
        task: int | None = None,
        device_type: str | None = None,
        device_index: int | None = None,
    ) -> None:
        self.job, self.replica, self.task = job, replica, task
        self.device_type, self.device_index = device_type, device_index

    def to_string(self) -> str:
        """The name."""
        parts = {"job": self.job, "replica": self.replica, "task": self.task}
        text = "".join(f"/{name}:{value}" for name, value in parts.items() if value is not None)
        index = "*" if self.device_index is None else self.device_index
        return text + (f"/device:{self.device_type}:{index}" if self.device_type else "")


@contextlib.contextmanager
def colocate_with(op: Any, ignore_existing: bool = False) -> Iterator[None]:
    """No effect: XLA runs the whole program on one device."""
    yield


@contextlib.contextmanager
def container(container_name: str) -> Iterator[None]:
    """No effect: a session keeps its variables."""
    yield


def fixed_size_partitioner(*_: Any, **__: Any) -> None:
    """No partitions: a variable is one array."""


variable_axis_size_partitioner = min_max_variable_partitioner = fixed_size_partitioner


def NotDifferentiable(op_type: str) -> None:
    """No effect: gradients are those of the functions."""


NoGradient = NotDifferentiable


def RegisterGradient(op_type: str) -> Callable[[Any], Any]:
    """Refuse: gradients are those of the functions."""
    raise NotImplementedError(
        f"tf.RegisterGradient({op_type!r}) gives a gradient to one of TensorFlow's operations, which JAX has "
        "not: write the function with tf.custom_gradient."
    )


def register_tensor_conversion_function(*_: Any, **__: Any) -> None:
    """Refuse: objects are converted by what they have."""
    raise NotImplementedError(
        "tf.register_tensor_conversion_function is not here: give the class a method __array__."
    )


def enable_tensor_equality() -> None:
    """No effect: `==` compares tensors outside of graphs, and objects in them."""


disable_tensor_equality = enable_v2_tensorshape = enable_tensor_equality


def no_regularizer(_: Any) -> None:
    """No penalty."""


def get_local_variable(name: str, *args: Any, **kwargs: Any) -> Any:
    """`tf.get_variable` for a variable that is not saved."""
    kwargs |= {"trainable": False, "collections": [GraphKeys.LOCAL_VARIABLES]}
    return get_variable(name, *args, **kwargs)


def wrap_function(fn: Callable[..., Any], signature: Any, name: str | None = None) -> Any:
    """A function that is compiled, as by `tf.function`."""
    return compiled(fn, input_signature=signature)


# Functions.


def _changed(change: Callable[..., Any]) -> Callable[..., Any]:
    def call(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: Any = None) -> Any:
        value = ref.value() if callable(ref.value) else ref.value
        return assign(ref, change(value, indices, updates), name=name)

    call.__doc__ = "Change elements of a variable."
    return call


scatter_nd_update = _changed(choosing.tensor_scatter_nd_update)
scatter_nd_add = _changed(choosing.tensor_scatter_nd_add)
scatter_nd_sub = _changed(choosing.tensor_scatter_nd_sub)


def to_complex64(x: Any, name: Any = None) -> Any:
    """The numbers as complex64."""
    return arrays.cast(x, "complex64", name=name)


def to_complex128(x: Any, name: Any = None) -> Any:
    """The numbers as complex128."""
    return arrays.cast(x, "complex128", name=name)


class _Difference(NamedTuple):
    """What is in one list only, and where."""

    out: Any
    idx: Any


def _difference_told(given: Given) -> Any:
    dtype = given["x"].dtype.held if hasattr(given["x"], "dtype") else tensor_of(given["x"]).dtype.held
    return _Difference(Spec((None,), dtype), Spec((None,), held(given["index_dtype"])))


@on_host(_difference_told)
def setdiff1d(x: Any, y: Any, index_dtype: Any = "int32", name: Any = None) -> Any:
    """The elements of x that are not in y, and their places."""
    first, dtype = host(x), as_dtype(index_dtype)
    places = np.flatnonzero(~np.isin(first, host(y)))
    return _Difference(tensor(first[places]), Tensor(places.astype(dtype.held), dtype))


@on_host(lambda given: Spec((None, *(shape_of(given["indices"]) or ())), "int32"))
def unravel_index(indices: Any, dims: Any, name: Any = None) -> Any:
    """The places of elements in an array, by their numbers."""
    return tensor(np.stack(np.unravel_index(host(indices), host(dims).tolist())).astype(np.int32))


@function
def space_to_batch_nd(input: T, block_shape: S, paddings: S) -> Any:
    """Blocks of the inner axes as rows of the batch."""
    rank = len(block_shape)
    whole = np.pad if isinstance(input, np.ndarray) else jnp.pad
    padded = whole(input, ((0, 0), *map(tuple, paddings), *((0, 0),) * (input.ndim - rank - 1)))
    split = [padded.shape[0]]
    for size, block in zip(padded.shape[1:], block_shape):
        split += [size // block, block]
    apart = padded.reshape(*split, *padded.shape[rank + 1 :])
    blocks, inner = [2 * axis + 2 for axis in range(rank)], [2 * axis + 1 for axis in range(rank)]
    moved = apart.transpose(*blocks, 0, *inner, *range(2 * rank + 1, apart.ndim))
    return moved.reshape(-1, *(split[place] for place in inner), *padded.shape[rank + 1 :])


@function
def batch_to_space_nd(input: T, block_shape: S, crops: S) -> Any:
    """What `space_to_batch_nd` took apart."""
    rank, blocks = len(block_shape), tuple(block_shape)
    apart = input.reshape(*blocks, -1, *input.shape[1:])
    order = [rank]
    for axis in range(rank):
        order += [rank + 1 + axis, axis]
    moved = apart.transpose(*order, *range(2 * rank + 1, apart.ndim))
    sizes = [size * block for size, block in zip(input.shape[1:], blocks)]
    whole = moved.reshape(moved.shape[0], *sizes, *input.shape[rank + 1 :])
    return whole[(slice(None), *(slice(a, size - b) for (a, b), size in zip(crops, sizes)))]


def count_up_to(ref: Any, limit: int, name: Any = None) -> Any:
    """Refuse: a loop counts."""
    raise NotImplementedError("tf.count_up_to is not here: use tf.data.Dataset.range(limit).")


def _words_told(given: Given) -> Any:
    return sparse_today.SparseParts(Spec((None, 2), "int64"), Spec((None,), "object"), Spec((2,), "int64"))


@on_host(_words_told)
def string_split(
    source: Any, sep: Any = None, skip_empty: bool = True, delimiter: Any = " ", **_: Any
) -> Any:
    """The words of each text as the rows of a sparse tensor."""
    mark = host(delimiter if sep is None else sep).item()
    return _sparse_words([_words(one, mark, skip_empty) for one in host(source).ravel().tolist()])


@on_host(_words_told)
def words_of(source: Any, sep: Any = None, maxsplit: int = -1, name: Any = None) -> Any:
    """The parts of each text between separators, or spaces, as the rows of a sparse tensor."""
    mark = None if sep is None else host(sep).item() or None
    return _sparse_words([one.split(mark, maxsplit) for one in host(source).ravel().tolist()])


def _sparse_words(rows: list[list[bytes]]) -> Any:
    places = [(row, column) for row, words in enumerate(rows) for column in range(len(words))]
    words = np.empty(len(places), object)
    words[:] = [word for row in rows for word in row]
    shape = [len(rows), max(map(len, rows), default=0)]
    return sparse_today.SparseTensor(np.array(places, np.int64).reshape(-1, 2), tensor(words), shape)


def _words(text: bytes, marks: bytes, skip_empty: bool) -> list[bytes]:
    """The parts of a text between any of some letters; its letters where there are none."""
    if not marks:
        return [text[place : place + 1] for place in range(len(text))]
    first, rest = marks[:1], marks[1:]
    for place in range(len(rest)):
        text = text.replace(rest[place : place + 1], first)
    return [part for part in text.split(first) if part or not skip_empty]


def batch_gather(params: Any, indices: Any, name: Any = None) -> Any:
    """The elements of each row at the places that the same row of `indices` has."""
    return choosing.gather(params, indices, batch_dims=tensor(indices).shape.rank - 1, name=name)


def sparse_matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: Any = None,
) -> Any:
    """The product of two dense matrices, of which many elements are 0."""
    return linalg.matmul(a, b, transpose_a, transpose_b, name=name)


def _of_rows(segment: Callable[..., Any], data: Any, indices: Any, segment_ids: Any) -> Any:
    return segment(choosing.gather(data, indices), segment_ids)


def sparse_segment_sum(data: Any, indices: Any, segment_ids: Any, name: Any = None) -> Any:
    """The sums of segments of some rows."""
    return _of_rows(numbers.segment_sum, data, indices, segment_ids)


def sparse_segment_mean(data: Any, indices: Any, segment_ids: Any, name: Any = None) -> Any:
    """The means of segments of some rows."""
    return _of_rows(numbers.segment_mean, data, indices, segment_ids)


def dimension_value(dimension: Any) -> int | None:
    """The number of a size, or None."""
    return getattr(dimension, "value", dimension)
