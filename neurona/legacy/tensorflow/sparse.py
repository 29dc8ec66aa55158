"""`tf.sparse`: tensors of which most elements are 0."""

import operator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurona.legacy.tensorflow.dispatch import static, tensor_of
from neurona.legacy.tensorflow.linalg import matmul
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.widths import on_device


class SparseParts(NamedTuple):
    """The parts of a sparse tensor as a tree."""

    indices: Any
    values: Any
    dense_shape: Any


class SparseTensor:
    """Elements at places.

    Args:
        indices: the places, a row for each.
        values: the elements.
        dense_shape: the shape of the whole.
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        places = np.asarray(static(indices), np.int64).reshape(-1, len(static(dense_shape)))
        self.indices = Tensor(on_device(places))
        self.values = tensor_of(values)
        self.dense_shape = Tensor(np.asarray(static(dense_shape), np.int64))

    @classmethod
    def of_parts(cls, indices: Any, values: Any, dense_shape: Any) -> "SparseTensor":
        """The same of anything that stands for the parts, such as tensors of a graph."""
        made = cls.__new__(cls)
        made.indices, made.values, made.dense_shape = indices, values, dense_shape
        return made

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole."""
        return TensorShape(static(self.dense_shape))

    get_shape = property(lambda self: lambda: self.shape)

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self.values.dtype

    def _as_tensor(self) -> Tensor:
        return to_dense(self)

    def _scaled(self, operation: Any, other: Any) -> "SparseTensor":
        """The elements with those of a number, or of a dense tensor at the same places."""
        factor = tensor_of(other, hint=self.dtype)
        if factor.shape.rank:
            shape = tuple(static(self.dense_shape))
            places = tuple(np.asarray(self.indices._array).T)
            factor = Tensor(jnp.broadcast_to(factor._array, shape)[places], factor._dtype)
        return SparseTensor(self.indices, operation(self.values, factor), self.dense_shape)

    def __mul__(self, other: Any) -> "SparseTensor":
        return self._scaled(operator.mul, other)

    def __truediv__(self, other: Any) -> "SparseTensor":
        return self._scaled(operator.truediv, other)

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"SparseTensor(indices={self.indices}, values={self.values}, dense_shape={self.dense_shape})"

    __str__ = __repr__


def apart(results: Any) -> Any:
    """Results with the parts of sparse tensors in their places."""

    def parts(value: Any) -> Any:
        is_sparse = isinstance(value, SparseTensor)
        return SparseParts(value.indices, value.values, value.dense_shape) if is_sparse else value

    return jax.tree.map(parts, results, is_leaf=lambda one: isinstance(one, SparseTensor))


def together(results: Any) -> Any:
    """Results with sparse tensors in the places of their parts."""

    def whole(value: Any) -> Any:
        return SparseTensor.of_parts(*value) if isinstance(value, SparseParts) else value

    return jax.tree.map(whole, results, is_leaf=lambda one: isinstance(one, (SparseParts, Tensor)))


def to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: Any = None
) -> Any:
    """The whole, with zeros."""
    if not isinstance(sp_input, SparseTensor):
        return tensor_of(sp_input)
    shape, values = tuple(static(sp_input.dense_shape)), sp_input.values._array
    places = tuple(np.asarray(sp_input.indices._array).T)
    if values.dtype == object:
        whole = np.full(shape, b"" if default_value is None else default_value, object)
        whole[places] = values
        return Tensor(whole, sp_input.dtype)
    first = 0 if default_value is None else default_value
    return Tensor(jnp.full(shape, first, values.dtype).at[places].set(values), sp_input.values._dtype)


def from_dense(tensor: Any, name: Any = None) -> SparseTensor:
    """The elements that are not 0."""
    made = tensor_of(tensor)
    array = np.asarray(made._array)
    places = np.argwhere(array != (b"" if array.dtype == object else 0))
    values = array[tuple(places.T)]
    kept = Tensor(values if array.dtype == object else on_device(values), made._dtype)
    return SparseTensor(places, kept, array.shape)


def reorder(sp_input: SparseTensor, name: Any = None) -> SparseTensor:
    """The elements in the order of their places."""
    places = np.asarray(sp_input.indices._array)
    order = np.lexsort(places.T[::-1])
    return SparseTensor(places[order], Tensor(sp_input.values._array[order]), sp_input.dense_shape)


def reshape(sp_input: SparseTensor, shape: Any, name: Any = None) -> SparseTensor:
    """The same elements in another shape."""
    return from_dense(Tensor(to_dense(sp_input)._array.reshape(static(shape))))


def sparse_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: Any = None
) -> Any:
    """The product of a sparse and a dense matrix."""
    dense_b = to_dense(b)
    return matmul(to_dense(sp_a), dense_b, transpose_a=adjoint_a, transpose_b=adjoint_b)


def reduce_sum(sp_input: SparseTensor, axis: Any = None, keepdims: bool = False, **_: Any) -> Any:
    """The sum of the elements."""
    return Tensor(jnp.sum(to_dense(sp_input)._array, axis=static(axis), keepdims=keepdims))


def add(a: Any, b: Any, threshold: Any = 0) -> Any:
    """The sum of two tensors."""
    total = Tensor(to_dense(a)._array + to_dense(b)._array)
    both = isinstance(a, SparseTensor) and isinstance(b, SparseTensor)
    return from_dense(total) if both else total
