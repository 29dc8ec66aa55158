"""Making, shaping and joining: the functions of `tf` itself."""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.scope import current_scope
from neurona.core.texts import Texts
from neurona.legacy.tensorflow.dispatch import (
    D,
    I,
    M,
    Ms,
    S,
    T,
    function,
    held,
    static,
    tensor_of,
    to_float,
)
from neurona.legacy.tensorflow.dtypes import as_dtype, float32, int32, int64
from neurona.legacy.tensorflow.errors import InvalidArgumentError, UnimplementedError
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.messages import translated

# Making.


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: Any = None) -> Any:
    """Anything as a tensor."""
    wanted = None if dtype is None else as_dtype(dtype)
    hint = None if dtype_hint is None else as_dtype(dtype_hint)
    return _identity(value, dtype=wanted, hint=hint)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: Any = None, **_: Any) -> Any:
    """A tensor of numbers or texts."""
    wanted = None if dtype is None else as_dtype(dtype)
    if isinstance(value, Tensor) and wanted is not None:
        return cast(value, wanted) if shape is None else reshape(cast(value, wanted), shape)
    made = _identity(value, dtype=wanted)
    if shape is None or not hasattr(made, "_array"):
        return made
    shape = tuple(static(shape)) if isinstance(shape, (list, tuple, Tensor)) else (int(shape),)
    size = int(np.prod(shape))
    if made._array.size == size:
        return Tensor(made._array.reshape(shape), made._dtype)
    if made._array.size != 1:
        raise TypeError(
            translated(
                f"tf.constant: {made._array.size} elements can't have the shape {shape}, which holds {size}."
            )
        )
    return Tensor(jnp.broadcast_to(made._array.reshape(()), shape), made._dtype)


def _identity(value: Any, dtype: Any = None, hint: Any = None) -> Any:
    """A tensor; what graphs and functional models draw with stays what it is."""
    return as_is(value) if is_drawn(value) else tensor_of(value, dtype, hint)


def is_drawn(value: Any) -> bool:
    leaves = jax.tree.leaves(value) if isinstance(value, (list, tuple)) else [value]
    return any(getattr(leaf, "_is_graph_tensor", False) or hasattr(leaf, "node") for leaf in leaves)


def as_is(value: Any) -> Any:
    """Drawn tensors as they are, lists of them stacked."""
    return stack(value) if isinstance(value, (list, tuple)) else value


@function
def identity(input: T) -> Any:
    """The same numbers."""
    return jnp.copy(input) if input.dtype != object else input


def _of_sparse(call: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: of a sparse tensor the elements are changed, and their places stay."""

    @functools.wraps(call)
    def changed(x: Any, *args: Any, **kwargs: Any) -> Any:
        if hasattr(x, "of_parts"):
            return x.of_parts(x.indices, call(x.values, *args, **kwargs), x.dense_shape)
        return call(x, *args, **kwargs)

    return changed


@_of_sparse
@function
def cast(x: T, dtype: D) -> Any:
    """The numbers in another dtype; floats become integers towards zero."""
    if x.dtype == object and dtype != "object":
        raise UnimplementedError(f"Cast string to {dtype} is not supported: use tf.strings.to_number.")
    if x.dtype == object:
        return x
    if jnp.issubdtype(x.dtype, jnp.complexfloating) and not dtype.startswith("complex"):
        x = jnp.real(x)
    return x.astype(dtype)


@function
def saturate_cast(value: T, dtype: D) -> Any:
    """The numbers in another dtype, cut off at its limits."""
    limits = jnp.iinfo(dtype) if jnp.issubdtype(dtype, jnp.integer) else jnp.finfo(dtype)
    return jnp.clip(value, limits.min, limits.max).astype(dtype)


@function
def bitcast(input: T, type: D) -> Any:
    """The same bits as another dtype."""
    return jax.lax.bitcast_convert_type(input, type)


def _to(name: str, dtype: str) -> Any:
    def call(x: Any, name: Any = None) -> Any:
        return cast(x, as_dtype(dtype), name=name)

    call.__name__, call.__doc__ = name, f"`tf.{name}`: the numbers as {dtype}."
    return call


to_float32, to_int32, to_int64, to_double = (
    _to("to_float", "float32"),
    _to("to_int32", "int32"),
    _to("to_int64", "int64"),
    _to("to_double", "float64"),
)


def _of_empty_texts(name: str, shape: Any, value: int) -> Any:
    """What `tf.zeros` gives of texts; no text stands for one."""
    if value:
        raise TypeError(translated(f"tf.{name} has no value of dtype string."))
    return np.full(shape, b"", object)


def _filled(name: str, value: int) -> Any:
    def raw(shape: S, dtype: D = float32) -> Any:
        if dtype == "object":
            return _of_empty_texts(name, as_shape(shape), value)
        return jnp.full(as_shape(shape), value, dtype)

    raw.__name__ = raw.__qualname__ = name
    raw.__doc__ = f"`tf.{name}`."
    return function(raw)


def as_shape(shape: Any) -> tuple[int, ...]:
    shape = static(shape)
    if isinstance(shape, TensorShape):
        return tuple(shape)
    return tuple(int(size) for size in shape) if isinstance(shape, (tuple, list)) else (int(shape),)


zeros, ones = _filled("zeros", 0), _filled("ones", 1)


def _like(name: str, value: int) -> Any:
    def raw(input: T, dtype: D = None) -> Any:
        if input.dtype == object and dtype in (None, "object"):
            return _of_empty_texts(name, input.shape, value)
        if input.dtype == object:
            return jnp.full(input.shape, value, dtype)
        return jnp.full_like(input, value, dtype=dtype)

    raw.__name__ = raw.__qualname__ = name
    raw.__doc__ = f"`tf.{name}`."
    made = function(raw)

    def call(*args: Any, **kwargs: Any) -> Any:
        if "tensor" in kwargs:
            kwargs["input"] = kwargs.pop("tensor")
        kwargs.pop("optimize", None)
        return made(*args, **kwargs)

    call.__name__, call.__doc__, call.raw = name, raw.__doc__, raw  # pyright: ignore[reportFunctionMemberAccess]
    return call


zeros_like, ones_like = _like("zeros_like", 0), _like("ones_like", 1)


@function
def fill(dims: S, value: T) -> Any:
    """A tensor of one value."""
    if value.dtype == object:
        return np.full(as_shape(dims), value, object)
    return jnp.full(as_shape(dims), value)


@function
def eye(num_rows: S, num_columns: S = None, batch_shape: S = None, dtype: D = float32) -> Any:
    """Ones on the diagonal, zeros elsewhere."""
    matrix = jnp.eye(num_rows, num_columns, dtype=dtype)
    return matrix if batch_shape is None else jnp.broadcast_to(matrix, (*batch_shape, *matrix.shape))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: Any = None) -> Any:
    """Numbers from start to below limit."""
    if limit is None:
        start, limit = 0, start
    given = [start, limit, delta]
    numbers = [static(one) for one in given]
    if dtype is None:
        dtypes = [tensor_of(one).dtype for one in given]
        floats = [one for one in dtypes if one.is_floating]
        dtype = floats[0] if floats else (int64 if any(one == int64 for one in dtypes) else int32)
    dtype = as_dtype(dtype)
    start, limit, delta = numbers
    if delta == 0 or (limit - start) * delta < 0:
        raise InvalidArgumentError(f"tf.range never comes from {start} to {limit} by steps of {delta}.")
    return Tensor(held(np.arange(*numbers, dtype=dtype.as_numpy_dtype), dtype), dtype)


@function
def linspace(start: M, stop: M, num: S, axis: S = 0) -> Any:
    """Numbers at equal distances, both ends included."""
    return jnp.linspace(to_float(start), to_float(stop), int(num), axis=axis)


lin_space, linspace_nd = linspace, linspace


def meshgrid(*args: Any, indexing: str = "xy", name: Any = None) -> list[Any]:
    """The coordinates of a grid."""
    return _meshgrid(list(args), indexing=indexing)


@function
def _meshgrid(tensors: Ms, indexing: str) -> Any:
    return list(jnp.meshgrid(*tensors, indexing=indexing))


@function
def one_hot(
    indices: I,
    depth: S,
    on_value: T = None,
    off_value: T = None,
    axis: S = None,
    dtype: D = None,
) -> Any:
    """1 at the place of each index, 0 elsewhere."""
    axis = -1 if axis is None else axis
    hits = jax.nn.one_hot(indices, int(depth), axis=axis, dtype=bool)
    given = on_value if on_value is not None else off_value
    kind = dtype or ("float32" if given is None else given.dtype)
    on = 1 if on_value is None else on_value
    off = 0 if off_value is None else off_value
    return jnp.where(hits, jnp.asarray(on, kind), jnp.asarray(off, kind))


# Shapes.


def shape(input: Any, out_type: Any = int32, name: Any = None) -> Any:
    """The sizes as a tensor."""
    return _of_shape("shape", input, out_type, lambda sizes: np.array(sizes, np.int32))


def size(input: Any, out_type: Any = int32, name: Any = None) -> Any:
    """The number of elements."""
    return _of_shape(
        "size", input, out_type, lambda sizes: np.array(np.prod(sizes, dtype=np.int64), np.int32)
    )


def rank(input: Any, name: Any = None) -> Any:
    """The number of axes."""
    return _of_shape("rank", input, int32, lambda sizes: np.array(len(sizes), np.int32))


def _of_shape(name: str, value: Any, out_type: Any, compute: Any) -> Any:
    """What follows from a shape, which is known even while a program is compiled."""

    def raw(input: T) -> Any:
        return jnp.asarray(compute(input.shape))

    raw.__name__ = raw.__qualname__ = name
    if is_drawn(value):
        return function(raw)(value)
    dtype = as_dtype(out_type)
    sizes = value.shape if isinstance(value, Texts) else tensor_of(value)._array.shape
    return Tensor(compute(sizes), dtype if dtype == int64 else None)


def shape_n(input: Any, out_type: Any = int32, name: Any = None) -> list[Any]:
    """The sizes of several tensors."""
    return [shape(one, out_type) for one in input]


@function
def reshape(tensor: T, shape: S) -> Any:
    """The same elements in another shape; -1 stands for what is left."""
    sizes = as_shape(shape)
    if _has_made_up_count(tensor, sizes):
        return jnp.broadcast_to(
            jnp.sum(tensor).astype(tensor.dtype), sizes
        )  # of which only the shape is read
    return tensor.reshape(sizes)


def _has_made_up_count(tensor: Any, sizes: tuple[int, ...]) -> bool:
    """Whether a shape does not fit because the size of a batch is made up: a drawn model may ask for the
    sizes that its batches will have.
    """
    scope = current_scope()
    made_up = set() if scope is None else scope.unknown_sizes
    if not made_up or -1 in sizes or made_up.isdisjoint((*tensor.shape, *sizes)):
        return False
    return math.prod(sizes) != tensor.size


@function
def expand_dims(input: T, axis: S = None) -> Any:
    """An axis of size 1 more."""
    return jnp.expand_dims(input, 0 if axis is None else axis)


@function
def squeeze(input: T, axis: S = None) -> Any:
    """Without axes of size 1."""
    return jnp.squeeze(input, axis=axis if axis != () else None)


@function
def transpose(a: T, perm: S = None, conjugate: bool = False) -> Any:
    """The axes in another order, reversed by default."""
    moved = jnp.transpose(a, perm)
    return jnp.conj(moved) if conjugate else moved


@function
def broadcast_to(input: T, shape: S) -> Any:
    """The elements repeated to a shape."""
    return jnp.broadcast_to(input, as_shape(shape))


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The shape that two shapes give together."""
    return TensorShape(np.broadcast_shapes(tuple(shape_x), tuple(shape_y)))


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Any:
    """The shape that two shapes give together, as a tensor."""
    return constant(np.broadcast_shapes(tuple(static(shape_x)), tuple(static(shape_y))), dtype=int32)


@function
def ensure_shape(x: T, shape: Any) -> Any:
    """The tensor, whose shape must fit."""
    if not TensorShape(x.shape).is_compatible_with(shape):
        raise InvalidArgumentError(
            f"Shape of tensor {TensorShape(x.shape)} is not compatible with expected shape "
            f"{TensorShape(shape)}."
        )
    return x


@function
def tile(input: T, multiples: S) -> Any:
    """The tensor repeated along each axis."""
    if np.size(multiples) != input.ndim:
        raise InvalidArgumentError(
            f"tf.tile takes a number of repetitions for each of {input.ndim} axes. Received: {multiples}."
        )
    # Lists with results of divisions are packed as integers.
    counts = [
        int(one) if isinstance(one, (float, np.floating)) else one for one in np.ravel(multiples).tolist()
    ]
    return jnp.tile(input, counts)


@function
def repeat(input: T, repeats: S, axis: S = None) -> Any:
    """Each element repeated."""
    counts = np.asarray(repeats)
    rows = input.size if axis is None else input.shape[axis]
    if counts.size not in (1, rows):
        raise ValueError(translated(f"Dimensions {rows} and {counts.size} are not compatible"))
    total = None if counts.ndim == 0 else int(counts.sum())
    return jnp.repeat(input, counts, axis=axis, total_repeat_length=total)


@function
def reverse(tensor: T, axis: S) -> Any:
    """The elements in reverse order along axes."""
    return jnp.flip(tensor, axis)


@function
def roll(input: T, shift: S, axis: S) -> Any:
    """The elements shifted in a circle."""
    return jnp.roll(input, shift, axis)


_PAD_MODES = {"CONSTANT": "constant", "REFLECT": "reflect", "SYMMETRIC": "symmetric"}


@function
def pad(tensor: T, paddings: S, mode: str = "CONSTANT", constant_values: Any = 0) -> Any:
    """Elements around the tensor."""
    kind = _PAD_MODES[mode.upper()]
    options = {"constant_values": static(constant_values)} if kind == "constant" else {}
    return jnp.pad(tensor, tuple(map(tuple, paddings)), kind, **options)


@function
def reverse_sequence(
    input: T,
    seq_lengths: I,
    seq_axis: S = None,
    batch_axis: S = 0,
) -> Any:
    """The first elements of each row in reverse order."""
    moved = jnp.moveaxis(input, (batch_axis, seq_axis), (0, 1))
    steps, lengths = jnp.arange(moved.shape[1])[None], seq_lengths[:, None]
    places = jnp.where(steps < lengths, lengths - 1 - steps, steps)
    places = places.reshape(places.shape + (1,) * (moved.ndim - 2))
    return jnp.moveaxis(jnp.take_along_axis(moved, places, 1), (0, 1), (batch_axis, seq_axis))


# Joining and splitting.


@function
def concat(values: Ms, axis: S) -> Any:
    """Tensors one after the other along an axis."""
    if values[0].dtype == object:
        return np.concatenate(values, axis)
    return jnp.concatenate(values, axis)


@function
def stack(values: Ms, axis: S = 0) -> Any:
    """Tensors along a new axis."""
    return np.stack(values, axis) if values and values[0].dtype == object else jnp.stack(values, axis)


parallel_stack = stack


@function
def unstack(value: T, num: S = None, axis: S = 0) -> Any:
    """The parts along an axis, which goes away."""
    if num not in (None, value.shape[axis]):
        raise InvalidArgumentError(
            f"tf.unstack: axis {axis} has {value.shape[axis]} parts. Received: num={num}."
        )
    return [jnp.take(value, index, axis=axis) for index in np.arange(value.shape[axis])]


@function
def split(value: T, num_or_size_splits: S, axis: S = 0, num: S = None) -> Any:
    """Equal parts along an axis, or parts of given sizes."""
    if isinstance(num_or_size_splits, int):
        if value.shape[axis] % num_or_size_splits:
            raise InvalidArgumentError(
                f"tf.split: axis {axis} has {value.shape[axis]} elements, which are not divisible into "
                f"{num_or_size_splits} equal parts."
            )
        return list(jnp.split(value, num_or_size_splits, axis))
    sizes = list(num_or_size_splits)
    if -1 in sizes:
        sizes[sizes.index(-1)] = value.shape[axis] - sum(sizes) - 1
    return list(jnp.split(value, np.cumsum(sizes)[:-1], axis))
