"""Operators and indexing of tensors."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.variable import Variable
from neurona.legacy.tensorflow import math
from neurona.legacy.tensorflow.dispatch import Is, T, function, static, tensor_of
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.linalg import matmul
from neurona.legacy.tensorflow.recording import has_numbers
from neurona.legacy.tensorflow.tensor import Tensor


def _logical(name: str) -> Callable[[Any, Any], Any]:
    """`&`, `|`, `^`: logical of truth values, of bits otherwise."""

    def raw(x: Any, y: Any) -> Any:
        return getattr(jnp, f"logical_{name}" if x.dtype == bool else f"bitwise_{name}")(x, y)

    raw.__annotations__ = math.maximum.raw.__annotations__
    raw.__name__ = raw.__qualname__ = f"bitwise_{name}"
    return function(raw)


@function
def invert(x: T) -> Any:
    """~x."""
    return jnp.invert(x)


_BINARY = {
    "add": math.add,
    "sub": math.subtract,
    "mul": math.multiply,
    "truediv": math.divide,
    "floordiv": math.floordiv,
    "mod": math.floormod,
    "pow": math.pow,
    "matmul": matmul,
    "and": _logical("and"),
    "or": _logical("or"),
    "xor": _logical("xor"),
}
_COMPARISONS = {
    "lt": math.less,
    "le": math.less_equal,
    "gt": math.greater,
    "ge": math.greater_equal,
}
_UNARY = {"neg": math.negative, "abs": math.abs, "invert": invert, "pos": lambda x: x, "round": math.round}


def _method(compute: Callable[..., Any], reflected: bool = False) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        if not _can_be_operand(other):
            return NotImplemented
        return compute(other, self) if reflected else compute(self, other)

    return method


def _can_be_operand(value: Any) -> bool:
    return value is not None and not isinstance(value, (dict, set))


def _equality(compute: Callable[..., Any], unequal: bool) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        if (
            other is None
            or isinstance(other, (dict, set))
            or (isinstance(other, str) and self.dtype != "string")
        ):
            return unequal
        if getattr(self.dtype, "name", "") == "string":
            same = np.asarray(self._array) == np.asarray(tensor_of(other)._array)
            return Tensor(np.asarray(~same if unequal else same))
        return compute(self, other)

    return method


# Indexing.


class _Dynamic:
    """The place of an array in an index, which is given apart."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Dynamic)

    def __hash__(self) -> int:
        return 1


@function
def _items(tensor: T, at: Is, index: Any) -> Any:
    arrays = iter(at)
    places = tuple(next(arrays) if isinstance(one, _Dynamic) else one for one in index)
    return np.asarray(tensor[places], object) if tensor.dtype == object else tensor[places]


def item(self: Any, index: Any) -> Any:
    """self[index], with TensorFlow's slices, new axes, places and masks."""
    if isinstance(self, Tensor) and isinstance(self._array, np.ndarray) and self._array.dtype != object:
        places = index if isinstance(index, tuple) else (index,)
        if all(isinstance(one, (int, slice, np.integer)) for one in places):
            _check_inside(self._array.shape, places)
            return Tensor(np.asarray(self._array[index]), self._dtype)
    places = tuple(place(one) for one in (index if isinstance(index, tuple) else (index,)))
    _check_inside(tuple(self.shape), places)
    moving = [one for one in places if _is_dynamic(one)]
    return _items(self, moving, tuple(_Dynamic() if _is_dynamic(one) else one for one in places))


def _is_dynamic(one: Any) -> bool:
    return isinstance(one, jax.Array) or (isinstance(one, np.ndarray) and one.dtype != bool)


def place(one: Any) -> Any:
    """A part of an index as JAX takes it."""
    if isinstance(one, slice):
        return slice(*(None if end is None else static(end) for end in (one.start, one.stop, one.step)))
    if isinstance(one, (Tensor, Variable, jax.Array)):
        array = tensor_of(one)._array
        return np.asarray(array) if has_numbers(array) else array
    if isinstance(one, list):
        return np.asarray(static(one))
    return one


def _check_inside(shape: tuple[int, ...], places: tuple[Any, ...]) -> None:
    """Refuse what JAX would answer with the last element.

    Raises:
        InvalidArgumentError: an index is out of range.
    """
    axis = 0
    for number, one in enumerate(places):
        if one is None:
            continue
        if one is Ellipsis:
            left = sum(part is not None for part in places[number + 1 :])
            axis = len(shape) - left
            continue
        if axis >= len(shape):
            raise InvalidArgumentError(
                f"Too many indices: the tensor has {len(shape)} axes, shape {tuple(shape)}. "
                f"Received: {places}"
            )
        if isinstance(one, (int, np.integer)) or (
            isinstance(one, np.ndarray) and one.ndim == 0 and one.dtype != bool
        ):
            size = shape[axis]
            if size is not None and not -size <= int(one) < size:
                raise InvalidArgumentError(
                    f"slice index {int(one)} of dimension {axis} out of bounds: it has {size} elements."
                )
        axis += one.ndim if isinstance(one, np.ndarray) and one.dtype == bool else 1


def no_item_assignment(self: Any, *_: Any) -> None:
    """Tensors can't be assigned to."""
    raise TypeError(
        "'Tensor' object does not support item assignment: use tf.tensor_scatter_nd_update, or a "
        "tf.Variable and v[i].assign(value)."
    )


@function
def copied(x: T) -> Any:
    """The same numbers, as another array."""
    return jnp.copy(x) if x.dtype != object else x


def install(cls: Any, indexing: bool = True) -> None:
    """Give a class the operators of tensors, and their indexing."""
    for name, compute in _BINARY.items():
        setattr(cls, f"__{name}__", _method(compute))
        setattr(cls, f"__r{name}__", _method(compute, reflected=True))
    for name, compute in _COMPARISONS.items():
        setattr(cls, f"__{name}__", _method(compute))
    for name, compute in _UNARY.items():
        setattr(cls, f"__{name}__", lambda self, *_, compute=compute: compute(self))
    cls.__eq__ = _equality(math.equal, unequal=False)
    cls.__ne__ = _equality(math.not_equal, unequal=True)
    if indexing:
        cls.__getitem__ = item


install(Tensor)
Tensor.__setitem__ = no_item_assignment  # pyright: ignore[reportAttributeAccessIssue]
