"""`element_spec`: the structure, shapes and dtypes of a data set's elements."""

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.legacy.tensorflow.data.elements import (
    in_order,
    leaves,
    leaves_of_shapes,
    map_structure,
    shape_of,
)
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor
from neurona.legacy.tensorflow.spec import TensorSpec
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.tensor_shape import TensorShape


class RaggedTensorSpec:
    """The shape, dtype and number of ragged axes of a ragged tensor."""

    def __init__(
        self, shape: Any = None, dtype: Any = "float32", ragged_rank: Any = None, row_splits_dtype: Any = None
    ) -> None:
        self.shape, self.dtype = TensorShape(shape), Tensor(np.zeros(0, _numpy_dtype(dtype))).dtype
        self.ragged_rank = len(self.shape) - 1 if ragged_rank is None else ragged_rank

    def __repr__(self) -> str:
        return f"RaggedTensorSpec({self.shape!r}, {self.dtype!r}, {self.ragged_rank}, tf.int64)"


class DatasetSpec:
    """The elements of a data set that is an element itself."""

    def __init__(self, element_spec: Any, dataset_shape: Any = ()) -> None:
        self.element_spec, self.dataset_shape = element_spec, TensorShape(dataset_shape)

    def __repr__(self) -> str:
        return f"DatasetSpec({self.element_spec!r}, {self.dataset_shape!r})"


def _numpy_dtype(dtype: Any) -> np.dtype:
    return np.dtype(getattr(dtype, "as_numpy_dtype", dtype))


def spec_of(element: Any) -> Any:
    """The spec of an element."""
    return map_structure(_leaf_spec, element)


def _leaf_spec(leaf: Any) -> Any:
    if hasattr(leaf, "element_spec"):
        return DatasetSpec(leaf.element_spec)
    if isinstance(leaf, RaggedTensor):
        return RaggedTensorSpec(list(leaf.shape), leaf.flat.dtype, leaf.ragged_rank)
    if isinstance(leaf, (bytes, str)):
        leaf = np.array(leaf, object)
    return spec(np.shape(leaf), leaf.dtype)


def spec(shape: Any, dtype: Any) -> Any:
    """A TensorSpec of a shape and a dtype of NumPy."""
    return TensorSpec(shape=shape, dtype=Tensor(np.zeros(0, dtype)).dtype)


def batched(specs: Any, size: int | None) -> Any:
    """The spec of batches of elements."""
    return map_structure(lambda one: _resized(one, lambda sizes: [size, *sizes]), specs)


def padded_batches(specs: Any, size: int | None, shapes: Any) -> Any:
    """The spec of padded batches: axes are as long as `shapes` says, or unknown."""
    if shapes is None:
        return map_structure(lambda one: _resized(one, lambda sizes: [size] + [None] * len(sizes)), specs)
    given = [[size, *(shape or ())] for shape in leaves_of_shapes(shapes, specs)]
    found = [_with_shape(one, shape) for one, shape in zip(leaves(specs), given, strict=True)]
    return in_order(specs, found)


def unbatched(specs: Any) -> Any:
    """The spec of the rows of elements."""
    return map_structure(lambda one: _resized(one, lambda sizes: sizes[1:]), specs)


def joined(one: Any, other: Any) -> Any:
    """The spec of elements of two data sets: sizes that differ are unknown."""

    def leaf(a: Any, b: Any) -> Any:
        sizes, others = _sizes(a), _sizes(b)
        if sizes is None or others is None or len(sizes) != len(others):
            return a
        return _with_shape(a, [x if x == y else None for x, y in zip(sizes, others)])

    return map_structure(leaf, one, other)


def with_unknown_rows(specs: Any, given: Any) -> Any:
    """The spec of results found with one batch, where batches have no fixed number of rows."""
    sizes = [_sizes(one) for one in leaves(given)]
    if not sizes or any(not one or one[0] is not None for one in sizes):
        return specs
    return map_structure(lambda one: _resized(one, lambda sizes: [None, *sizes[1:]] if sizes else []), specs)


def has_texts(specs: Any) -> bool:
    """Whether a part of the elements is text."""
    return any(getattr(one, "dtype", None) == "string" for one in leaves(specs))


def _sizes(one: Any) -> list[int | None] | None:
    """The sizes of a spec's axes; None where their number is not known, and for data sets."""
    sizes = shape_of(getattr(one, "shape", None))
    return None if sizes is None else list(sizes)


def _resized(one: Any, change: Callable[[list[int | None]], list[int | None]]) -> Any:
    sizes = _sizes(one)
    return one if sizes is None else _with_shape(one, change(sizes))


def _with_shape(one: Any, shape: Any) -> Any:
    if isinstance(one, RaggedTensorSpec):
        return RaggedTensorSpec(shape, one.dtype, one.ragged_rank + len(shape) - len(one.shape))
    return TensorSpec(shape=shape, dtype=one.dtype)
