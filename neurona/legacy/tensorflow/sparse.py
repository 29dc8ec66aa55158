"""`tf.sparse`: tensors of which most elements are 0."""

import operator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurona.legacy.tensorflow.arrays import broadcast_to
from neurona.legacy.tensorflow.choosing import gather_nd
from neurona.legacy.tensorflow.dispatch import static, tensor_of
from neurona.legacy.tensorflow.dtypes import as_dtype, float32
from neurona.legacy.tensorflow.linalg import matmul
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.widths import on_device
from neurona.messages import translated


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
        factor = other if hasattr(other, "graph_nodes") else tensor_of(other, hint=self.dtype)
        if factor.shape.rank:
            factor = gather_nd(broadcast_to(factor, self.dense_shape), self.indices)
        return self.of_parts(self.indices, operation(self.values, factor), self.dense_shape)

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


def _kept(sp_input: SparseTensor, chosen: Any, shape: Any = None, move: Any = 0) -> SparseTensor:
    """Some of the elements, at places that are moved."""
    places, values = np.asarray(sp_input.indices._array), sp_input.values._array
    kept = np.flatnonzero(chosen)
    array = values[kept]
    return SparseTensor(
        places[kept] + np.asarray(move, np.int64),
        Tensor(array, sp_input.values._dtype),
        sp_input.dense_shape if shape is None else shape,
    )


def _sizes(sp_input: SparseTensor) -> np.ndarray:
    return np.asarray(static(sp_input.dense_shape), np.int64)


def _together(parts: list[Any]) -> Any:
    return np.concatenate(parts) if parts[0].dtype == object else jnp.concatenate(parts)


def concat(axis: int, sp_inputs: Any, expand_nonconcat_dims: bool = False, name: Any = None) -> SparseTensor:
    """Sparse tensors one after the other along an axis.

    Raises:
        ValueError: the other axes have different sizes, and `expand_nonconcat_dims` is False.
    """
    sizes = np.stack([_sizes(one) for one in sp_inputs])
    axis = range(sizes.shape[1])[axis]
    others = np.delete(sizes, axis, 1)
    if not expand_nonconcat_dims and (others != others[0]).any():
        raise ValueError(
            translated(
                f"tf.sparse.concat along axis {axis} takes tensors with the same other sizes. Received: "
                f"{sizes.tolist()}."
            )
        )
    starts = np.concatenate([[0], np.cumsum(sizes[:, axis])])
    moves = starts[:-1, None] * np.eye(sizes.shape[1], dtype=np.int64)[axis]
    places = [np.asarray(one.indices._array) + move for one, move in zip(sp_inputs, moves)]
    values = Tensor(_together([one.values._array for one in sp_inputs]), sp_inputs[0].values._dtype)
    shape = np.where(np.arange(sizes.shape[1]) == axis, starts[-1], sizes.max(0))
    return reorder(SparseTensor(np.concatenate(places), values, shape))


def slice(sp_input: SparseTensor, start: Any, size: Any, name: Any = None) -> SparseTensor:
    """The elements of a block."""
    begin = np.asarray(static(start), np.int64)
    end = np.minimum(begin + np.asarray(static(size), np.int64), _sizes(sp_input))
    places = np.asarray(sp_input.indices._array)
    chosen = ((places >= begin) & (places < end)).all(1)
    return _kept(sp_input, chosen, np.maximum(end - begin, 0), -begin)


def split(sp_input: Any = None, num_split: Any = None, axis: Any = None, name: Any = None) -> list[Any]:
    """Parts along an axis, of which the first are longer where it can't be divided."""
    sizes, axis = _sizes(sp_input), int(static(axis))
    lengths = [len(one) for one in np.array_split(np.arange(int(sizes[axis])), int(static(num_split)))]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    parts = []
    for start, length in zip(starts, lengths):
        begin, size = np.zeros_like(sizes), sizes.copy()
        begin[axis], size[axis] = start, length
        parts.append(slice(sp_input, begin, size))
    return parts


def retain(sp_input: SparseTensor, to_retain: Any) -> SparseTensor:
    """The elements that a mask chooses."""
    return _kept(sp_input, np.asarray(static(to_retain), bool))


def transpose(sp_input: SparseTensor, perm: Any = None, name: Any = None) -> SparseTensor:
    """The axes in another order, reversed by default."""
    sizes = _sizes(sp_input)
    order = list(range(len(sizes))[::-1]) if perm is None else list(static(perm))
    places = np.asarray(sp_input.indices._array)[:, order]
    return reorder(SparseTensor(places, sp_input.values, sizes[order]))


def expand_dims(sp_input: SparseTensor, axis: int | None = None, name: Any = None) -> SparseTensor:
    """An axis of size 1 more."""
    sizes, places = _sizes(sp_input), np.asarray(sp_input.indices._array)
    at = -1 if axis is None else int(static(axis))
    at = at + len(sizes) + 1 if at < 0 else at
    return SparseTensor(np.insert(places, at, 0, 1), sp_input.values, np.insert(sizes, at, 1))


def map_values(op: Any, *args: Any, **kwargs: Any) -> SparseTensor:
    """A function of the elements of sparse tensors with the same places."""
    found = [one for one in (*args, *kwargs.values()) if isinstance(one, SparseTensor)]
    if not found:
        raise ValueError(translated("tf.sparse.map_values takes at least one SparseTensor."))
    if any(not np.array_equal(one.indices._array, found[0].indices._array) for one in found):
        raise ValueError(
            translated("tf.sparse.map_values takes sparse tensors with elements at the same places.")
        )
    bare = [one.values if isinstance(one, SparseTensor) else one for one in args]
    named = {key: one.values if isinstance(one, SparseTensor) else one for key, one in kwargs.items()}
    return SparseTensor(found[0].indices, op(*bare, **named), found[0].dense_shape)


def eye(num_rows: int, num_columns: Any = None, dtype: Any = float32, name: Any = None) -> SparseTensor:
    """Ones on the diagonal."""
    columns = num_rows if num_columns is None else num_columns
    count = min(num_rows, columns)
    ones = Tensor(jnp.ones(count, as_dtype(dtype).held))
    return SparseTensor(np.repeat(np.arange(count)[:, None], 2, 1), ones, (num_rows, columns))


def _of_both(compute: Any) -> Any:
    def call(sp_a: SparseTensor, sp_b: SparseTensor, name: Any = None) -> SparseTensor:
        """Element by element, at the places of either."""
        sparse = [np.asarray(one.indices._array) for one in (sp_a, sp_b)]
        places = np.unique(np.concatenate(sparse), axis=0)
        at = tuple(places.T)
        values = [to_dense(one)._array[at] for one in (sp_a, sp_b)]
        return SparseTensor(places, Tensor(compute(*values)), sp_a.dense_shape)

    return call


maximum, minimum = _of_both(jnp.maximum), _of_both(jnp.minimum)


def softmax(sp_logits: SparseTensor, name: Any = None) -> SparseTensor:
    """The softmax over the elements of each row, which does not count what is missing."""
    places, values = np.asarray(sp_logits.indices._array), sp_logits.values._array
    _, rows = np.unique(places[:, :-1], axis=0, return_inverse=True)
    rows, count = rows.ravel(), int(rows.max(initial=-1)) + 1
    powers = jnp.exp(values - jax.ops.segment_max(values, rows, count)[rows])
    return SparseTensor(
        places, Tensor(powers / jax.ops.segment_sum(powers, rows, count)[rows]), sp_logits.dense_shape
    )


def reduce_max(sp_input: SparseTensor, axis: Any = None, keepdims: bool = False, **_: Any) -> Any:
    """The largest of the elements that are there; 0 where none is."""
    values, shape = sp_input.values._array, tuple(_sizes(sp_input))
    is_float = jnp.issubdtype(values.dtype, jnp.floating)
    lowest = -jnp.inf if is_float else jnp.iinfo(values.dtype).min
    places = tuple(np.asarray(sp_input.indices._array).T)
    whole = jnp.full(shape, lowest, values.dtype).at[places].set(values)
    filled = jnp.zeros(shape, bool).at[places].set(True)
    axis = static(axis)
    largest = jnp.max(whole, axis=axis, keepdims=keepdims)
    return Tensor(jnp.where(jnp.any(filled, axis=axis, keepdims=keepdims), largest, 0))


def fill_empty_rows(sp_input: SparseTensor, default_value: Any, name: Any = None) -> tuple[Any, Any]:
    """One element more in each row without any, and which rows these are."""
    places, sizes = np.asarray(sp_input.indices._array), _sizes(sp_input)
    empty = ~np.isin(np.arange(sizes[0]), places[:, 0])
    more = np.zeros((int(empty.sum()), len(sizes)), np.int64)
    more[:, 0] = np.flatnonzero(empty)
    filler = tensor_of(default_value, hint=sp_input.dtype)._array
    fillers = np.full(len(more), filler, object) if filler.dtype == object else jnp.full(len(more), filler)
    values = Tensor(_together([sp_input.values._array, fillers]), sp_input.values._dtype)
    return reorder(SparseTensor(np.concatenate([places, more]), values, sizes)), Tensor(jnp.asarray(empty))


def reset_shape(sp_input: SparseTensor, new_shape: Any = None) -> SparseTensor:
    """The elements in a larger shape, or in the smallest that holds them."""
    places = np.asarray(sp_input.indices._array)
    needed = places.max(0, initial=-1) + 1
    shape = needed if new_shape is None else np.asarray(static(new_shape), np.int64)
    if (shape < needed).any():
        raise ValueError(
            translated(f"tf.sparse.reset_shape: elements lie outside of {shape.tolist()}: {needed.tolist()}.")
        )
    return SparseTensor(places, sp_input.values, shape)


def to_indicator(sp_input: SparseTensor, vocab_size: int, name: Any = None) -> Tensor:
    """True at the numbers that each row holds."""
    rows, numbers = np.asarray(sp_input.indices._array)[:, :-1], np.asarray(sp_input.values._array)
    whole = np.zeros((*_sizes(sp_input)[:-1], vocab_size), bool)
    whole[(*rows.T, numbers)] = True
    return Tensor(jnp.asarray(whole))
