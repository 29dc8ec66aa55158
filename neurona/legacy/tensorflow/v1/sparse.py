"""Sparse tensors in graphs: their parts are tensors, and what computes with them makes them dense."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.graph import Spec
from neurona.legacy.tensorflow import choosing, linalg, sparse
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.dtypes import as_dtype, int64, string
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.v1 import building
from neurona.legacy.tensorflow.v1.mode import computing
from neurona.legacy.tensorflow.v1.old import sparse_to_dense
from neurona.legacy.tensorflow.v1.tensor import convert, draw, is_drawing

SparseTensorValue = sparse.SparseParts


class SparseTensor(sparse.SparseTensor):
    """Elements at places; in a graph, the parts are its tensors."""

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        if not is_drawing(indices, values, dense_shape):
            super().__init__(indices, values, dense_shape)
            return
        self.indices, self.dense_shape = convert(indices, int64), convert(dense_shape, int64)
        self.values = convert(values)

    @property
    def op(self) -> Any:
        """The operation that gives the values."""
        return self.values.op

    @property
    def shape(self) -> TensorShape:
        known = getattr(getattr(self.dense_shape, "node", None), "value", None)
        if known is None and is_drawing(self.dense_shape):
            return TensorShape([None] * int(self.dense_shape.shape[0]))
        return TensorShape(known.tolist()) if known is not None else super().shape


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor that is fed to each run, as a `SparseTensorValue` or its three parts."""
    rank = None if shape is None else len(list(shape))
    name = name or "SparsePlaceholder"
    return SparseTensor.of_parts(  # pyright: ignore[reportReturnType]
        building.placeholder(int64, [None, rank], f"{name}/indices"),
        building.placeholder(as_dtype(dtype), [None], f"{name}/values"),
        building.placeholder(int64, [rank], f"{name}/shape"),
    )


def _dense(given: Any, default: Any = 0) -> Any:
    """A sparse tensor as a dense one; a dense one itself."""
    if not isinstance(given, sparse.SparseTensor):
        return given
    given = getattr(given, "filled", given) if default == 0 else given
    if not is_drawing([given.indices, given.values, given.dense_shape]):
        return sparse.to_dense(given, default or None)
    return sparse_to_dense(given.indices, given.dense_shape, given.values, default)


def sparse_tensor_to_dense(
    sp_input: Any, default_value: Any = 0, validate_indices: bool = True, name: Any = None
) -> Any:
    """The whole, with zeros or another value."""
    return _dense(sp_input, default_value)


def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: Any = None
) -> Any:
    """The product of a sparse and a dense matrix."""
    return linalg.matmul(_dense(sp_a), _dense(b), transpose_a=adjoint_a, transpose_b=adjoint_b, name=name)


def sparse_reduce_sum(
    sp_input: Any, axis: Any = None, keepdims: bool = False, reduction_axes: Any = None, keep_dims: Any = None
) -> Any:
    """The sum of the elements."""
    axis = reduction_axes if axis is None else axis
    return numbers.reduce_sum(_dense(sp_input), axis=axis, keepdims=bool(keepdims or keep_dims))


to_dense, sparse_dense_matmul = sparse_tensor_to_dense, sparse_tensor_dense_matmul  # in tf.sparse
reduce_sum = sparse_reduce_sum


def __getattr__(name: str) -> Any:
    if name == "placeholder":
        return sparse_placeholder
    found = getattr(sparse, name)
    return _in_graphs(found) if name in _SPARSE else found


# What gives a sparse tensor of one.
_SPARSE = {
    "add", "concat", "expand_dims", "reorder", "reset_shape", "reshape", "slice", "softmax", "transpose",
}  # fmt: skip


@functools.cache
def _in_graphs(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of sparse tensors that draws a step, computed on the host, where they are of a graph."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = sparse.apart((args, kwargs))
        parts = [one for one in jax.tree.leaves(given) if hasattr(one, "graph_nodes")]
        if not parts:
            return function(*args, **kwargs)
        rows = next(one for one in jax.tree.leaves(given, is_leaf=_is_apart) if _is_apart(one))
        dtype = convert(rows.values).node.dtype
        spec = sparse.SparseParts(Spec((None, None), "int64"), Spec((None,), dtype), Spec((None,), "int64"))
        made = draw(_on_host, (function, *given), default=f"Sparse{function.__name__}", spec=spec)
        return SparseTensor.of_parts(*made)

    return call


class RetainedTensor(SparseTensor):
    """The elements of a sparse tensor that a mask chooses.

    What computes with the whole takes zeros in the places of the others: the number of elements is then that
    of the sparse tensor in every run, which XLA compiles once, and gradients pass.
    """

    def __init__(self, source: sparse.SparseTensor, chosen: Any) -> None:
        self._source, self._chosen = source, chosen
        zeros = building.zeros_like(source.values)
        self.filled = SparseTensor.of_parts(
            source.indices, choosing.where(chosen, source.values, zeros), source.dense_shape
        )

    @functools.cached_property
    def _parts(self) -> sparse.SparseTensor:
        return _in_graphs(sparse.retain)(self._source, self._chosen)

    indices = property(lambda self: self._parts.indices)  # pyright: ignore[reportAssignmentType]
    values = property(lambda self: self._parts.values)  # pyright: ignore[reportAssignmentType]
    dense_shape = property(lambda self: self._source.dense_shape)  # pyright: ignore[reportAssignmentType]

    def _scaled(self, operation: Any, other: Any) -> "RetainedTensor":
        return RetainedTensor(self._source._scaled(operation, other), self._chosen)


def retain(sp_input: Any, to_retain: Any) -> Any:
    """The elements that a mask chooses."""
    if not is_drawing(sp_input.indices, sp_input.values, to_retain):
        return sparse.retain(sp_input, to_retain)
    if sp_input.dtype == string:
        return _in_graphs(sparse.retain)(sp_input, to_retain)
    return RetainedTensor(sp_input, convert(to_retain))


def _is_apart(one: Any) -> bool:
    return isinstance(one, sparse.SparseParts)


def _on_host(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    with computing():
        args, kwargs = jax.tree.map(
            lambda one: sparse.SparseTensor(*map(np.asarray, one)) if _is_apart(one) else one,
            (args, kwargs),
            is_leaf=_is_apart,
        )
        return jax.tree.map(np.asarray, sparse.apart(function(*args, **kwargs)))


def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any = None,
    partition_strategy: str = "mod",
    name: Any = None,
    combiner: str | None = None,
    max_norm: Any = None,
) -> Any:
    """The rows of a table for the numbers in each row of a sparse tensor, put together: their mean, their sum
    or "sqrtn", weighted. Rows longer than `max_norm` are shortened to it.
    """
    table = convert(whole_table(params, partition_strategy))
    weights = None if sp_weights is None else sp_weights.values
    parts = (sp_ids.indices, sp_ids.values, sp_ids.dense_shape)
    args = (table, *parts, weights, combiner or "mean", max_norm)
    return draw(_combined, args, name=name, default="embedding_lookup_sparse")


def _combined(
    table: Any, places: Any, ids: Any, shape: Any, weights: Any, combiner: str, max_norm: Any
) -> Any:
    rows, count, found = jnp.asarray(places)[:, 0], int(shape[0]), jnp.asarray(table)[jnp.asarray(ids)]
    if max_norm is not None:
        norms = jnp.sqrt(jnp.sum(jnp.square(found), -1, keepdims=True))
        found = found * jnp.minimum(1, max_norm / jnp.maximum(norms, 1e-12))
    shares = jnp.ones(len(rows), table.dtype) if weights is None else jnp.asarray(weights, table.dtype)
    total = jnp.zeros((count, table.shape[-1]), table.dtype).at[rows].add(found * shares[:, None])
    if combiner == "sum":
        return total
    power = 1 if combiner == "mean" else 2
    weight = jnp.zeros(count, table.dtype).at[rows].add(shares**power)
    weight = weight if combiner == "mean" else jnp.sqrt(weight)
    return total / jnp.where(weight == 0, 1, weight)[:, None]


def whole_table(params: Any, partition_strategy: str) -> Any:
    """The table of which a list holds parts: by "mod" every part has each n-th row, by "div" rows in turn."""
    if not isinstance(params, (list, tuple)):
        return params
    if len(params) == 1:
        return params[0]
    return draw(_joined, (list(params), partition_strategy), default="embedding_table")


def _joined(parts: list[Any], strategy: str) -> Any:
    whole = jnp.concatenate(parts)
    if strategy == "div":
        return whole
    sizes = [len(one) for one in parts]
    order = sorted((row, part) for part, size in enumerate(sizes) for row in range(size))
    return whole[jnp.asarray([sum(sizes[:part]) + row for row, part in order])]
