"""`tf.TensorArray` in graphs: a tensor whose rows are written one by one, in loops too."""

import contextlib
import importlib
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from neurona.graph import Spec
from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.v1.building import check
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.tensor import convert, draw, is_drawing


class GraphTensorArray:
    """Rows of equal shapes. Each method that writes gives a new array.

    Args:
        dtype: of the rows.
        size: how many there are.
        dynamic_size: whether writing behind the last one makes more. In a loop, the program of such an array
            is not compiled.
        buffer: the rows, where there are any.
    """

    def __init__(self, dtype: Any, size: Any = None, dynamic_size: bool | None = None, buffer: Any = None):
        self.dtype, self._grows = as_dtype(dtype), bool(dynamic_size)
        count = 0 if size is None else size
        self._buffer = buffer
        if buffer is None:
            spec = Spec(None, self.dtype.held)
            self._buffer = draw(
                _empty, (count, self.dtype.held), default="TensorArray", kind="TensorArray", spec=spec
            )

    @property
    def flow(self) -> Any:
        """The rows as one tensor."""
        return self._buffer

    handle = flow

    def _with(self, buffer: Any) -> "GraphTensorArray":
        return GraphTensorArray(self.dtype, None, self._grows, buffer)

    def size(self, name: Any = None) -> Any:
        """How many rows there are."""
        return draw(_count, (self._buffer,), default="TensorArraySize", differentiable=False)

    def read(self, index: Any, name: Any = None) -> Any:
        """A row."""
        return draw(_row, (self._buffer, index), name, default="TensorArrayRead", spec=self._row_spec())

    def gather(self, indices: Any, name: Any = None) -> Any:
        """Some rows, stacked."""
        return draw(_row, (self._buffer, convert(indices)), name, default="TensorArrayGather")

    def stack(self, name: Any = None) -> Any:
        """All rows as one tensor."""
        return draw(jnp.asarray, (self._buffer,), name, default="TensorArrayStack")

    def concat(self, name: Any = None) -> Any:
        """The rows one after the other."""
        return draw(_joined, (self._buffer,), name, default="TensorArrayConcat")

    def write(self, index: Any, value: Any, name: Any = None) -> "GraphTensorArray":
        """An array with another row in a place."""
        row, before = convert(value, self.dtype), self._buffer.node.spec.shape
        inner = None if row.shape.rank is None else tuple(row.shape)
        count = None if self._grows or not before else before[0]
        spec = Spec(None if inner is None else (count, *inner), self.dtype.held)
        given = (self._buffer, index, row, self._grows)
        with self._within(index):
            return self._with(draw(_written, given, name, default="TensorArrayWrite", spec=spec))

    def unstack(self, value: Any, name: Any = None) -> "GraphTensorArray":
        """An array with the rows of a tensor."""
        return self._with(convert(value, self.dtype))

    def scatter(self, indices: Any, value: Any, name: Any = None) -> "GraphTensorArray":
        """An array with other rows in some places."""
        rows = convert(value, self.dtype)
        given = (self._buffer, convert(indices), rows, self._grows)
        with self._within(indices):
            return self._with(draw(_scattered, given, name, default="TensorArrayScatter"))

    def _within(self, index: Any) -> Any:
        """A block whose writes are refused behind the end of an array that does not grow."""
        if self._grows:
            return contextlib.nullcontext()
        told = [convert(index), self.size()]
        fits = draw(_fits, tuple(told), default="TensorArrayFits", differentiable=False)
        return get_default_graph().control_dependencies([check(fits, told, _refuse, "TensorArrayCheck")])

    def identity(self) -> "GraphTensorArray":
        """Itself."""
        return self

    def close(self, name: Any = None) -> None:
        """Nothing: an array is a tensor."""

    def _row_spec(self) -> Spec | None:
        """What is known of a row of unknown shape; else evaluation finds it."""
        return Spec(None, self.dtype.held) if self._buffer.node.spec.shape is None else None


def TensorArray(
    dtype: Any,
    size: Any = None,
    dynamic_size: bool | None = None,
    clear_after_read: bool | None = None,
    tensor_array_name: str | None = None,
    handle: Any = None,
    flow: Any = None,
    infer_shape: bool = True,
    element_shape: Any = None,
    colocate_with_first_write_call: bool = True,
    name: str | None = None,
) -> Any:
    """An array of tensors; see `GraphTensorArray`."""
    if is_drawing(size, flow):
        return GraphTensorArray(dtype, size, dynamic_size, flow)
    today: Any = importlib.import_module("neurona.legacy.tensorflow.control").TensorArray
    return today(dtype, size, dynamic_size)


jax.tree_util.register_pytree_node(
    GraphTensorArray,
    lambda array: ([array._buffer], (array.dtype.name, array._grows)),
    lambda told, parts: GraphTensorArray(told[0], None, told[1], parts[0]),
)


def _fits(index: Any, size: Any) -> Any:
    return jnp.all((jnp.asarray(index) >= 0) & (jnp.asarray(index) < size))


def _refuse(values: list[Any]) -> None:
    places, size = np.ravel(values[0]), values[1]
    place = next(one for one in places if not 0 <= one < size)
    raise InvalidArgumentError(
        f"Tried to write to index {place} but array is not resizeable and size is: {size}. Give "
        "tf.TensorArray dynamic_size=True, or a larger size."
    )


def _empty(size: Any, dtype: str) -> Any:
    """Rows whose shape is not known yet."""
    return jnp.zeros((int(size), 0), dtype)


def _count(buffer: Any) -> Any:
    return np.int32(buffer.shape[0])


def _row(buffer: Any, index: Any) -> Any:
    return buffer[index]


def _joined(buffer: Any) -> Any:
    return buffer.reshape((-1, *buffer.shape[2:]))


def _fitted(buffer: Any, inner: tuple[int, ...], last: Any, grows: bool) -> Any:
    """The buffer with rows of a shape, and, where it grows, with a place for the last one."""
    if buffer.ndim == 2 and buffer.shape[1] == 0 and inner != (0,):
        buffer = jnp.zeros((buffer.shape[0], *inner), buffer.dtype)
    if not grows:
        return buffer
    if isinstance(last, jax.core.Tracer):
        raise TypeError("a TensorArray that grows asks for a concrete value")
    more = int(np.max(last)) + 1 - buffer.shape[0]
    return jnp.concatenate([buffer, jnp.zeros((more, *inner), buffer.dtype)]) if more > 0 else buffer


def _written(buffer: Any, index: Any, value: Any, grows: bool) -> Any:
    return _fitted(buffer, value.shape, index, grows).at[index].set(value)


def _scattered(buffer: Any, indices: Any, values: Any, grows: bool) -> Any:
    return _fitted(buffer, values.shape[1:], indices, grows).at[indices].set(values)
