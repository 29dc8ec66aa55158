"""Functions of `keras.backend` on arrays: elementwise, reductions, shapes and products."""

import builtins
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona import ops
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import floatx, is_float, standardize_dtype
from neurona.core.scope import current_scope
from neurona.core.symbolic import SymbolicTensor, is_symbolic
from neurona.legacy.keras.backend.expressions import applied, backend_function, composed
from neurona.ops.registry import to_array


def _taken_over(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of neurona.ops that has the same arguments."""

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("name", None)
        return function(x, *args, **kwargs)

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = f"`neurona.ops.{function.__name__}`."
    return composed(call)


abs = _taken_over(ops.abs)
cos = _taken_over(ops.cos)
equal = _taken_over(ops.equal)
exp = _taken_over(ops.exp)
greater = _taken_over(ops.greater)
greater_equal = _taken_over(ops.greater_equal)
less = _taken_over(ops.less)
less_equal = _taken_over(ops.less_equal)
log = _taken_over(ops.log)
logsumexp = _taken_over(ops.logsumexp)
maximum = _taken_over(ops.maximum)
minimum = _taken_over(ops.minimum)
not_equal = _taken_over(ops.not_equal)
ones_like = _taken_over(ops.ones_like)
round = _taken_over(ops.round)
sign = _taken_over(ops.sign)
sin = _taken_over(ops.sin)
square = _taken_over(ops.square)
stop_gradient = _taken_over(ops.stop_gradient)
tanh = _taken_over(ops.tanh)
zeros_like = _taken_over(ops.zeros_like)

# Elementwise.


@composed
def sqrt(x: Any) -> Any:
    """The square root; 0 of negative numbers."""
    return ops.sqrt(ops.maximum(x, 0))


@composed
def pow(x: Any, a: Any) -> Any:
    """x to the power of a."""
    return ops.power(x, a)


@composed
def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """x within the bounds; None is no bound."""
    x = x if min_value is None else ops.maximum(x, min_value)
    if max_value is None:
        return x
    if isinstance(min_value, (int, float)) and isinstance(max_value, (int, float)):
        max_value = builtins.max(min_value, max_value)
    return ops.minimum(x, max_value)


@composed
def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype."""
    return ops.cast(x, narrow(dtype))


def cast_to_floatx(x: Any) -> Any:
    """x in the default floating-point dtype."""
    return np.asarray(x, floatx()) if isinstance(x, (np.ndarray, list, float, int)) else cast(x, floatx())


def narrow(dtype: Any) -> str:
    """A dtype's name; that of 32 bits for one of 64, which arrays here don't hold."""
    return {"float64": "float32", "int64": "int32", "uint64": "uint32"}.get(
        str(np.dtype(dtype)) if not isinstance(dtype, str) else dtype, standardize_dtype(dtype)
    )


@composed
def identity(x: Any, name: str | None = None) -> Any:
    """x itself."""
    return ops.copy(x)


# Reductions.


def _reduction(name: str, function: Callable[..., Any], floats: bool = False) -> Callable[..., Any]:
    def call(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if floats and not is_float(_dtype_of(x)):
            x = ops.cast(x, floatx())
        axis = tuple(axis) if isinstance(axis, (list, np.ndarray)) else axis
        return function(x, axis=axis, keepdims=keepdims)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The {name} over an axis, several axes or all."
    return composed(call)


def _dtype_of(x: Any) -> str:
    return x.dtype if hasattr(x, "dtype") else to_array(x).dtype


all = _reduction("all", ops.all)
any = _reduction("any", ops.any)
max = _reduction("max", ops.max)
mean = _reduction("mean", ops.mean, floats=True)
min = _reduction("min", ops.min)
prod = _reduction("prod", ops.prod)
std = _reduction("std", ops.std, floats=True)
sum = _reduction("sum", ops.sum)
var = _reduction("var", ops.var, floats=True)


@composed
def argmax(x: Any, axis: int = -1) -> Any:
    """Where the largest is along an axis."""
    return ops.argmax(x, axis=axis)


@composed
def argmin(x: Any, axis: int = -1) -> Any:
    """Where the smallest is along an axis."""
    return ops.argmin(x, axis=axis)


@composed
def cumsum(x: Any, axis: int = 0) -> Any:
    """Sums of all up to each place."""
    return ops.cumsum(x, axis=axis)


@composed
def cumprod(x: Any, axis: int = 0) -> Any:
    """Products of all up to each place."""
    return ops.cumprod(x, axis=axis)


@backend_function
def l2_normalize(x: Any, axis: Any = None) -> Any:
    """x divided by its Euclidean norm along an axis."""
    x = to_array(x)
    axis = tuple(axis) if isinstance(axis, list) else axis
    return x / jnp.sqrt(jnp.maximum(jnp.sum(x * x, axis=axis, keepdims=True), 1e-12))


# Shapes.


def shape(x: Any, dtype: Any = None) -> Any:
    """The shape as an array of integers, the batch included."""
    return applied("Shape", lambda value: np.asarray(np.shape(value), np.int32), (x,), {})


def int_shape(x: Any) -> tuple[int | None, ...] | None:
    """The shape as a tuple, None where unknown; None for what has no shape."""
    shape = tuple(x.shape) if hasattr(x, "shape") else None if x is None else np.shape(x)
    scope = current_scope()
    if shape is None or scope is None or not scope.unknown_sizes:
        return shape
    return tuple(None if size in scope.unknown_sizes else size for size in shape)


get_variable_shape = int_shape


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(int_shape(x) or ())


def size(x: Any, name: str | None = None) -> Any:
    """The number of elements."""
    return applied("Size", lambda value: np.int32(np.size(value)), (x,), {})


def dtype(x: Any) -> str:
    """The name of the dtype."""
    return standardize_dtype(_dtype_of(x))


def count_params(x: Any) -> int:
    """The number of elements of a variable."""
    return int(np.prod(np.shape(x)))


def sizes(shape: Any) -> tuple[int, ...]:
    """A shape of any kind as a tuple of integers, -1 for None.

    Raises:
        ShapeError: a size is computed from numbers that are not known yet.
    """
    try:
        return tuple(-1 if size is None else int(size) for size in shape)
    except TypeError as error:
        raise ShapeError(
            f"A shape is made of integers that are known before the program runs, such as those of K.shape. "
            f"Received: {shape!r}. ({error})"
        ) from None


def shaped(name: str, function: Callable[..., Any], shape: Any, *args: Any, draws: bool = False) -> Any:
    """A function's array of a shape, whose sizes may come from K.shape of a symbolic tensor.

    Args:
        name: of the step of a graph.
        function: (shape, *args) -> array.
        shape: sizes, or a symbolic tensor of them.
        args: of the function.
        draws: whether it draws random numbers.
    """
    spec = None
    if is_symbolic(shape):
        spec = (None,) * (shape.shape[0] or 0)
    elif builtins.any(is_symbolic(size) for size in shape):  # pyright: ignore[reportCallIssue]
        spec = tuple(None if is_symbolic(size) or size in (-1, None) else int(size) for size in shape)
    dtype = next((arg.dtype for arg in args if isinstance(arg, SymbolicTensor)), floatx())
    return applied(
        name,
        lambda shape, *rest: function(sizes(shape), *rest),
        (shape, *args),
        {},
        shape=spec,
        dtype=dtype,
        draws=draws,
    )


def reshape(x: Any, shape: Any) -> Any:
    """x in another shape; -1 is what remains."""
    is_known = not is_symbolic(shape) and not builtins.any(map(is_symbolic, shape))  # pyright: ignore[reportCallIssue]
    if is_known:
        return _reshape(x, sizes(shape))
    return shaped("Reshape", lambda new, value: jnp.reshape(value, new), shape, x)


@composed
def _reshape(x: Any, shape: tuple[int, ...]) -> Any:
    return ops.reshape(x, shape)


@composed
def permute_dimensions(x: Any, pattern: Any) -> Any:
    """x with its axes in another order."""
    return ops.transpose(x, tuple(int(axis) for axis in pattern))


@composed
def transpose(x: Any) -> Any:
    """x with its axes in reverse order."""
    return ops.transpose(x)


@composed
def flatten(x: Any) -> Any:
    """All elements in one row."""
    return ops.reshape(x, (-1,))


@composed
def batch_flatten(x: Any) -> Any:
    """(batch, ...) -> (batch, elements)."""
    rest = tuple(x.shape)[1:]
    return ops.reshape(x, (-1, int(np.prod(rest)))) if None not in rest else _rows(x)


@backend_function
def _rows(x: Any) -> Any:
    return x.reshape(x.shape[0], -1)


@composed
def expand_dims(x: Any, axis: int = -1) -> Any:
    """x with one more axis, of size 1."""
    return ops.expand_dims(x, axis)


@composed
def squeeze(x: Any, axis: int) -> Any:
    """x without an axis of size 1."""
    return ops.squeeze(x, axis)


@composed
def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Arrays one after another along an axis."""
    return ops.concatenate(list(tensors), axis=axis)


@composed
def stack(x: Any, axis: int = 0) -> Any:
    """Arrays along a new axis."""
    return ops.stack(list(x), axis=axis)


@composed
def repeat(x: Any, n: int) -> Any:
    """(batch, features) -> (batch, n, features)."""
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


@composed
def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element along an axis `rep` times."""
    return ops.repeat(x, rep, axis=axis)


@backend_function
def tile(x: Any, n: Any) -> Any:
    """x repeated n times along each axis."""
    return jnp.tile(to_array(x), sizes([n] if np.ndim(n) == 0 else n))


@composed
def reverse(x: Any, axes: Any) -> Any:
    """x backwards along axes."""
    return ops.flip(x, axis=axes if isinstance(axes, int) else tuple(axes))


@backend_function
def slice(x: Any, start: Any, size: Any) -> Any:
    """The part of x that begins at `start` and has a size; -1 is up to the end."""
    x = to_array(x)
    ends = [None if n == -1 else at + n for at, n in zip(sizes(start), sizes(size), strict=True)]
    return x[tuple(builtins.slice(at, end) for at, end in zip(sizes(start), ends, strict=True))]


@composed
def gather(reference: Any, indices: Any) -> Any:
    """The rows of these numbers."""
    return ops.take(reference, ops.cast(indices, "int32"), axis=0)


@composed
def one_hot(indices: Any, num_classes: int) -> Any:
    """Class numbers (...) as rows of 0 and 1 (..., classes)."""
    return ops.one_hot(ops.cast(indices, "int32"), num_classes)


@composed
def arange(start: Any, stop: Any = None, step: int = 1, dtype: Any = "int32") -> Any:
    """Numbers from start to below stop."""
    return ops.arange(*((0, start) if stop is None else (start, stop)), step, dtype=narrow(dtype))


# Products.


@composed
def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of x and the last but one of y."""
    return ops.dot(x, y)


@composed
def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The product over one axis of each, row by row of the batch; (batch, 1) where nothing else remains.

    Args:
        x, y: with the batch as their first axis.
        axes: the two axes, or one number for both; by default the last of x and the last but one of y.
    """
    one, other = len(x.shape), len(y.shape)
    if axes is None:
        axes = (one - 1, other - 1 if other == 2 else other - 2)
    first, second = (axes, axes) if isinstance(axes, int) else axes
    first, second = int(first) % one, int(second) % other
    if 0 in (first, second):
        raise ArgumentError(
            f"K.batch_dot: axis 0 is the batch and can't be summed over. Received: axes={axes!r}, shapes "
            f"{tuple(x.shape)} and {tuple(y.shape)}. Add a batch axis with K.expand_dims(x, 0)."
        )
    letters = "abcdefghijklmnopqrstuvwxy"
    of_x = "z" + letters[: one - 1]
    of_y = "z" + letters[one - 1 : one + other - 2]
    of_y = of_y.replace(of_y[second], of_x[first])
    rest = "z" + of_x[1:].replace(of_x[first], "") + of_y[1:].replace(of_x[first], "")
    product = ops.einsum(f"{of_x},{of_y}->{rest}", x, y)
    return ops.expand_dims(product, 1) if len(rest) == 1 else product


# Creation.


@backend_function
def eye(size: Any, dtype: Any = None, name: str | None = None) -> Any:
    """The identity matrix."""
    rows, columns = sizes(size) if isinstance(size, (tuple, list)) else (int(size), int(size))
    return jnp.eye(rows, columns, dtype=narrow(dtype or floatx()))


def is_sparse(tensor: Any) -> bool:
    """False: arrays are dense."""
    return False


def to_dense(tensor: Any) -> Any:
    """The array; a sparse matrix of SciPy filled up."""
    return tensor.toarray() if hasattr(tensor, "toarray") else tensor


# fmt: off
__all__ = [
    "abs", "all", "any", "arange", "argmax", "argmin", "batch_dot", "batch_flatten", "cast",
    "cast_to_floatx", "clip", "concatenate", "cos", "count_params", "cumprod", "cumsum", "dot", "dtype",
    "equal", "exp", "expand_dims", "eye", "flatten", "gather", "get_variable_shape", "greater",
    "greater_equal", "identity", "int_shape", "is_sparse", "l2_normalize", "less", "less_equal", "log",
    "logsumexp", "max", "maximum", "mean", "min", "minimum", "ndim", "not_equal", "one_hot", "ones_like",
    "permute_dimensions", "pow", "prod", "repeat", "repeat_elements", "reshape", "reverse", "round",
    "shape", "sign", "sin", "size", "slice", "sqrt", "square", "squeeze", "stack", "std", "stop_gradient",
    "sum", "tanh", "tile", "to_dense", "transpose", "var", "zeros_like",
]
