"""Choosing, sorting and limiting elements: more functions of `tf` itself."""

from collections import namedtuple
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.graph import Spec
from neurona.legacy.tensorflow.arrays import as_shape, is_drawn
from neurona.legacy.tensorflow.dispatch import (
    D,
    I,
    M,
    Ms,
    S,
    T,
    function,
    held,
    tensor_of,
)
from neurona.legacy.tensorflow.dtypes import as_dtype, int32, int64, string
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.on_host import Given, on_host, shape_of
from neurona.legacy.tensorflow.recording import has_numbers
from neurona.legacy.tensorflow.tensor import NeedsEagerError, Tensor
from neurona.messages import translated


@function
def where(condition: T, x: M = None, y: M = None) -> Any:
    """x where the condition holds, else y; of the condition alone, the places where it holds."""
    if x is not None and y is not None:
        if condition.ndim == 1 and x.ndim > 1 and condition.shape[0] == x.shape[0] != x.shape[-1]:
            condition = condition.reshape(-1, *(1,) * (x.ndim - 1))
        if x.dtype == object:
            return np.where(condition, x, y)
        return jnp.where(condition, x, y)
    if not has_numbers(condition):
        raise NeedsEagerError(
            "tf.where(condition) gives as many places as hold, which no compiled program knows."
        )
    return Tensor(jnp.argwhere(condition != 0), int64)


@function
def gather(params: T, indices: I, validate_indices: Any = None, axis: S = None, batch_dims: S = 0) -> Any:
    """The elements at places along an axis."""
    axis = batch_dims if axis is None else axis
    if params.dtype == object:
        return np.take(params, np.asarray(indices), axis=axis)
    batch_dims = batch_dims + indices.ndim if batch_dims < 0 else batch_dims
    axis = axis % params.ndim

    def take(params: Any, indices: Any) -> Any:
        return jnp.take(params, indices, axis=axis - batch_dims, mode="fill", fill_value=0)

    for _ in np.arange(batch_dims):
        take = jax.vmap(take)
    check_places(indices, params.shape[axis])
    return take(params, indices)


def check_places(indices: Any, size: int) -> None:
    """Refuse places beyond the end, where their numbers are known.

    Raises:
        InvalidArgumentError: one is.
    """
    if not has_numbers(indices) or not indices.size:
        return
    numbers = np.asarray(indices)
    wrong = numbers[(numbers < 0) | (numbers >= size)]
    if wrong.size:
        raise InvalidArgumentError(f"indices: {wrong.flat[0]} is not in [0, {size}).")


def _check_rows(indices: Any, shape: tuple[int, ...]) -> None:
    """Refuse rows of places beyond the end, where their numbers are known.

    Raises:
        InvalidArgumentError: one is.
    """
    if not has_numbers(indices) or not indices.size:
        return
    numbers = np.asarray(indices).reshape(-1, indices.shape[-1])
    wrong = ((numbers < 0) | (numbers >= np.array(shape[: numbers.shape[1]]))).any(1)
    if wrong.any():
        row = numbers[wrong][0].tolist()
        raise InvalidArgumentError(f"indices: {row} does not index into shape {tuple(shape)}.")


@function
def gather_nd(params: T, indices: I, batch_dims: S = 0) -> Any:
    """The elements at places that are rows of numbers."""

    def take(params: Any, indices: Any) -> Any:
        return params[tuple(jnp.moveaxis(indices, -1, 0))]

    _check_rows(indices, params.shape[batch_dims:])
    for _ in np.arange(batch_dims):
        take = jax.vmap(take)
    return take(params, indices)


@function
def scatter_nd(indices: I, updates: T, shape: S) -> Any:
    """Zeros, with updates added at places."""
    _check_rows(indices, as_shape(shape))
    return jnp.zeros(as_shape(shape), updates.dtype).at[tuple(jnp.moveaxis(indices, -1, 0))].add(updates)


def _scattering(name: str, method: str) -> Any:
    def raw(tensor: M, indices: I, updates: M) -> Any:
        _check_rows(indices, tensor.shape)
        return getattr(tensor.at[tuple(jnp.moveaxis(indices, -1, 0))], method)(updates)

    raw.__name__ = raw.__qualname__ = name
    raw.__doc__ = f"`tf.{name}`: the tensor with updates at places."
    return function(raw)


tensor_scatter_nd_update = _scattering("tensor_scatter_nd_update", "set")
tensor_scatter_nd_add = _scattering("tensor_scatter_nd_add", "add")
tensor_scatter_nd_sub = _scattering("tensor_scatter_nd_sub", "subtract")
tensor_scatter_nd_max = _scattering("tensor_scatter_nd_max", "max")
tensor_scatter_nd_min = _scattering("tensor_scatter_nd_min", "min")


@function
def boolean_mask(tensor: T, mask: T, axis: S = 0) -> Any:
    """The elements where a mask holds."""
    if not has_numbers(mask):
        raise NeedsEagerError(
            "tf.boolean_mask gives as many elements as hold, which no compiled program knows."
        )
    axis = axis or 0
    if tuple(mask.shape) != tuple(tensor.shape[axis : axis + mask.ndim]):
        raise ValueError(translated(f"Shapes {tuple(tensor.shape)} and {tuple(mask.shape)} are incompatible"))
    chosen = (slice(None),) * axis + (np.asarray(mask),)
    return tensor[chosen]


@function
def slice_(input_: T, begin: S, size: S) -> Any:
    """A block of given sizes; -1 stands for all the rest."""
    for axis, (first, count, length) in enumerate(zip(begin, size, input_.shape)):
        if not 0 <= first <= length or not -1 <= count <= length - first:
            raise InvalidArgumentError(
                f"tf.slice: axis {axis} has {length} elements. Received begin {first} and size {count}."
            )
    ends = [None if n == -1 else b + n for b, n in zip(begin, size)]
    return input_[tuple(slice(b, e) for b, e in zip(begin, ends))]


@function
def strided_slice(
    input_: T,
    begin: S,
    end: S,
    strides: S = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> Any:
    """A block with steps. A mask's bits say where an entry is left out, or is an index, and so on."""
    index: list[Any] = []
    for place, (first, last, step) in enumerate(zip(begin, end, strides or (1,) * len(begin))):
        bit = 1 << place
        if ellipsis_mask & bit:
            index.append(...)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            index.append(first)
        else:
            index.append(slice(None if begin_mask & bit else first, None if end_mask & bit else last, step))
    return input_[tuple(index)]


@function
def sequence_mask(lengths: I, maxlen: S = None, dtype: D = "bool") -> Any:
    """True for the first elements of each row."""
    longest = int(jnp.max(lengths)) if maxlen is None else int(maxlen)
    return (jnp.arange(longest) < lengths[..., None]).astype(dtype)


_Unique = namedtuple("Unique", "y idx")
_UniqueWithCounts = namedtuple("UniqueWithCounts", "y idx count")


def _unique_told(given: Given) -> Any:
    places = Spec(shape_of(given["x"]), as_dtype(given["out_idx"]).held)
    return _Unique(Spec((None,), given["x"].dtype.held), places)


def _counted_told(given: Given) -> Any:
    y, places = _unique_told(given)
    return _UniqueWithCounts(y, places, Spec((None,), places.dtype))


@on_host(_unique_told)
def unique(x: Any, out_idx: Any = int32, name: Any = None) -> Any:
    """The different elements in the order in which they come, and the place of each among them."""
    return _Unique(*unique_with_counts(x, out_idx)[:2])


@on_host(_counted_told)
def unique_with_counts(x: Any, out_idx: Any = int32, name: Any = None) -> Any:
    """`unique`, and how often each element occurs."""
    tensor = tensor_of(x)
    if not has_numbers(tensor._array):
        raise NeedsEagerError(
            "tf.unique gives as many elements as there are, which no compiled program knows."
        )
    values = np.asarray(tensor._array)
    _, first, inverse, counts = np.unique(values, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    new_places = np.empty_like(order)
    new_places[order] = np.arange(len(order))
    index = as_dtype(out_idx)
    found = values[first[order]]
    y = Tensor(found, string) if tensor.dtype == string else Tensor(held(found, tensor.dtype), tensor._dtype)
    return _UniqueWithCounts(
        y, Tensor(held(new_places[inverse], index), index), Tensor(held(counts[order], index), index)
    )


@function
def searchsorted(sorted_sequence: M, values: M, side: str = "left", out_type: D = int32) -> Any:
    """Where elements would be inserted."""

    def search(row: Any, value: Any) -> Any:
        return jnp.searchsorted(row, value, side=side)

    for _ in np.arange(sorted_sequence.ndim - 1):
        search = jax.vmap(search)
    return search(sorted_sequence, values).astype(out_type)


@function
def sort(values: T, axis: S = -1, direction: str = "ASCENDING") -> Any:
    """The elements in order."""
    return jnp.sort(values, axis=axis, descending=direction == "DESCENDING")


@function
def argsort(values: T, axis: S = -1, direction: str = "ASCENDING", stable: bool = False) -> Any:
    """The places of the elements in order."""
    return jnp.argsort(values, axis=axis, descending=direction == "DESCENDING", stable=True).astype("int32")


@function
def clip_by_value(t: M, clip_value_min: M, clip_value_max: M) -> Any:
    """Numbers cut off at limits."""
    return jnp.minimum(jnp.maximum(t, clip_value_min), clip_value_max)


@function
def clip_by_norm(t: T, clip_norm: Any, axes: S = None) -> Any:
    """The tensor made shorter where it is longer than a norm."""
    limit = tensor_of(clip_norm)._array
    total = jnp.sum(jnp.square(t), axis=axes, keepdims=True)
    norm = jnp.sqrt(jnp.where(total > 0, total, 1))
    norm = jnp.where(total > 0, norm, 0)
    return (t * limit) / jnp.maximum(norm, limit)


def global_norm(t_list: Any, name: Any = None) -> Any:
    """The norm of several tensors together."""
    return _global_norm([one for one in t_list if one is not None])


@function
def _global_norm(tensors: Ms) -> Any:
    return jnp.sqrt(sum(jnp.sum(jnp.square(one)) for one in tensors))


def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None, name: Any = None) -> Any:
    """Tensors made shorter together where they are longer than a norm, and that norm."""
    norm = global_norm(t_list) if use_norm is None else use_norm
    return [None if one is None else _shortened(one, norm, clip_norm) for one in t_list], norm


@function
def _shortened(tensor: T, norm: T, limit: T) -> Any:
    return tensor * (limit / jnp.maximum(norm, limit))


@function
def stop_gradient(input: T) -> Any:
    """The same numbers, through which no gradient flows."""
    return jax.lax.stop_gradient(input)


stop_gradient.raw.stops_gradients = True  # pyright: ignore[reportFunctionMemberAccess]


@function
def histogram_fixed_width_bins(values: T, value_range: S, nbins: S = 100, dtype: D = int32) -> Any:
    """Which of equal bins each element falls into."""
    low, high = value_range
    return jnp.clip(((values - low) / (high - low) * nbins).astype(dtype), 0, nbins - 1)


@function
def histogram_fixed_width(values: T, value_range: S, nbins: S = 100, dtype: D = int32) -> Any:
    """How many elements fall into each of equal bins."""
    places = histogram_fixed_width_bins.raw(  # pyright: ignore[reportFunctionMemberAccess]
        values, value_range, nbins, "int32"
    )
    return jnp.zeros(nbins, dtype).at[places.reshape(-1)].add(1)


@function
def space_to_depth(input: T, block_size: S, data_format: str = "NHWC") -> Any:
    """Blocks of pixels become channels."""
    n, h, w, c = input.shape
    x = input.reshape(n, h // block_size, block_size, w // block_size, block_size, c)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(n, h // block_size, w // block_size, -1)


@function
def depth_to_space(input: T, block_size: S, data_format: str = "NHWC") -> Any:
    """Channels become blocks of pixels."""
    n, h, w, c = input.shape
    x = input.reshape(n, h, w, block_size, block_size, c // block_size**2)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(n, h * block_size, w * block_size, -1)


@function
def complex(real: M, imag: M) -> Any:
    """Complex numbers of their parts."""
    return jax.lax.complex(real, imag)


def is_tensor(x: Any) -> bool:
    """Whether a value is a tensor or a variable."""
    return isinstance(x, Tensor) or is_drawn(x) or hasattr(x, "assign_add") or isinstance(x, jax.Array)


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The numbers where they are known, else None."""
    made = tensor_of(tensor)
    return made.numpy() if has_numbers(made._array) else None


def dynamic_partition(data: Any, partitions: Any, num_partitions: int, name: Any = None) -> list[Any]:
    """The rows of each part."""
    return [boolean_mask(data, tensor_of(partitions)._array == part) for part in np.arange(num_partitions)]


def dynamic_stitch(indices: Any, data: Any, name: Any = None) -> Any:
    """Rows put at places."""
    places = jnp.concatenate([tensor_of(one)._array.reshape(-1) for one in indices])
    rows = [tensor_of(one)._array for one in data]
    shape = rows[0].shape[tensor_of(indices[0]).ndim :]
    flat = jnp.concatenate([row.reshape(-1, *shape) for row in rows])
    return Tensor(jnp.zeros((int(jnp.max(places)) + 1, *shape), flat.dtype).at[places].set(flat))
