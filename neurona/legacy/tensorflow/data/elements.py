"""Elements of data sets: tuples and dictionaries of arrays of NumPy on the way, of tensors at the border."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import DataError, ShapeError
from neurona.legacy.tensorflow.hosts import host, tensor
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor


def is_structure(value: Any) -> bool:
    """Whether a value holds others: a tuple or a dictionary. A list is an array."""
    return isinstance(value, (tuple, Mapping))


def map_structure(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """A structure with a function's results for its leaves, and for those of others of the same form."""
    if isinstance(tree, Mapping):
        return _rebuilt(
            tree, {name: map_structure(function, tree[name], *(o[name] for o in others)) for name in tree}
        )
    if isinstance(tree, tuple):
        items = [map_structure(function, *parts) for parts in zip(tree, *others, strict=True)]
        return type(tree)(*items) if hasattr(tree, "_fields") else tuple(items)
    return function(tree, *others)


def _rebuilt(tree: Mapping[str, Any], items: dict[str, Any]) -> Any:
    return items if type(tree) is dict else type(tree)(items)  # type: ignore[call-arg]


def leaves(tree: Any) -> list[Any]:
    """The leaves of a structure; those of a dictionary in the order of its sorted names, as TensorFlow's."""
    if isinstance(tree, Mapping):
        return [leaf for name in sorted(tree) for leaf in leaves(tree[name])]
    return [leaf for item in tree for leaf in leaves(item)] if isinstance(tree, tuple) else [tree]


def host_element(value: Any) -> Any:
    """What a program wrote, or a function returned, as a structure of arrays of NumPy."""
    if hasattr(value, "columns") and hasattr(value, "to_numpy"):  # a data frame is one table
        return host(value.to_numpy())
    if isinstance(value, list) and any(is_structure(item) for item in value):
        return map_structure(host, tuple(value))
    return map_structure(host, value)


def returned_element(value: Any) -> Any:
    """What a function of a program returned; there, a list is a tuple of components."""
    return host_element(tuple(value) if isinstance(value, list) else value)


def tensors(element: Any) -> Any:
    """A structure of arrays as one of tensors, which a program sees."""
    return map_structure(tensor, element)


def row_of(arrays: Any, number: int) -> Any:
    """One row of all arrays."""
    return map_structure(lambda array: host(array[number]), arrays)


def rows_of(arrays: Any, numbers: Sequence[int]) -> Any:
    """Some rows of all arrays; rows that follow one another are not copied."""
    chosen: Any = np.asarray(numbers, np.intp)
    first, count = int(chosen[0]), len(chosen)
    if int(chosen[-1]) - first == count - 1 and bool((np.diff(chosen) == 1).all()):
        chosen = slice(first, first + count)
    return map_structure(lambda array: array[chosen], arrays)


def count_rows(arrays: Any) -> int:
    """The common length of all arrays.

    Raises:
        ShapeError: an array is a single number, or the lengths differ.
    """
    found = leaves(arrays)
    shapes = [tuple(np.shape(leaf)) if isinstance(leaf, np.ndarray) else (len(leaf),) for leaf in found]
    if () in shapes:
        raise ShapeError(
            "Dataset.from_tensor_slices cuts arrays along their first axis, and received a single number: "
            "use Dataset.from_tensors for a data set of one element."
        )
    if len({shape[0] for shape in shapes}) > 1:
        raise ShapeError(
            f"Dataset.from_tensor_slices needs arrays with equally many rows. Received shapes "
            f"{', '.join(map(str, shapes))}."
        )
    return shapes[0][0] if shapes else 0


def are_arrays(tree: Any) -> bool:
    """Whether all leaves are arrays of numbers."""
    return all(isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiub" for leaf in leaves(tree))


def stacked(elements: list[Any]) -> Any:
    """Elements as one, with a new first axis.

    Raises:
        ShapeError: their shapes differ.
    """
    return map_structure(lambda *parts: _stack(parts), elements[0], *elements[1:])


def _stack(parts: Sequence[Any]) -> Any:
    if any(isinstance(part, RaggedTensor) for part in parts):
        return RaggedTensor.from_rows(list(parts))
    shapes = {np.shape(part) for part in parts}
    if len(shapes) > 1:
        raise ShapeError(
            f"Dataset.batch stacks elements of one shape. Received: {', '.join(map(str, sorted(shapes)))}. "
            "Use padded_batch, or make the shapes equal before."
        )
    return np.stack([host(part) for part in parts])


def padded(elements: list[Any], shapes: Any, values: Any) -> Any:
    """Elements as one, each filled up to the longest, or to given shapes.

    Args:
        elements: of equal structure and ranks.
        shapes: of the same structure, a shape for each component, None for what the longest decides; or None.
        values: of the same structure, what to fill up with; or None for zeros and empty texts.
    """
    first = elements[0]
    count = len(leaves(first))
    wanted = leaves_of_shapes(shapes, first) if shapes is not None else [None] * count
    fills = leaves(values) if is_structure(values) else [values] * count
    columns = zip(*(leaves(element) for element in elements), strict=True)
    done = iter([_pad(column, shape, fill) for column, shape, fill in zip(columns, wanted, fills)])
    return in_order(first, done)


def in_order(tree: Any, items: Iterable[Any]) -> Any:
    """A structure whose leaves are given in the order of `leaves`."""
    given = iter(items)
    if isinstance(tree, Mapping):
        found = {name: in_order(tree[name], given) for name in sorted(tree)}
        return _rebuilt(tree, {name: found[name] for name in tree})
    if isinstance(tree, tuple):
        parts = [in_order(item, given) for item in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return next(given)


def matched(tree: Any, other: Any) -> list[Any]:
    """What another structure has in the places of a structure's leaves, in the order of `leaves`."""
    if isinstance(tree, Mapping):
        return [item for name in sorted(tree) for item in matched(tree[name], other[name])]
    if isinstance(tree, tuple):
        return [item for one, part in zip(tree, other, strict=True) for item in matched(one, part)]
    return [other]


def leaves_of_shapes(shapes: Any, element: Any) -> list[Any]:
    """The shape of each leaf of an element: a shape is a tuple, a list or an object with `as_list`."""
    return [shape_of(shape) for shape in matched(element, shapes)]


def shape_of(shape: Any) -> tuple[int | None, ...] | None:
    """A shape as a tuple, with None for what is not known; None where not even the rank is.

    Example:

        >>> shape_of([2, None]), shape_of(-1), shape_of(None)
        ((2, None), (None,), None)
    """
    if shape is None or getattr(shape, "rank", 0) is None:
        return None
    if hasattr(shape, "as_list"):
        shape = shape.as_list()
    items = [shape] if isinstance(shape, (int, np.integer)) else list(np.asarray(shape, object).reshape(-1))
    return tuple(None if item is None or int(item) < 0 else int(item) for item in items)


def _pad(parts: Sequence[Any], shape: tuple[int | None, ...] | None, fill: Any) -> np.ndarray:
    arrays = [host(part) for part in parts]
    longest = functools.reduce(np.maximum, [np.array(array.shape, int) for array in arrays])
    wanted = shape or (None,) * arrays[0].ndim
    if len(wanted) != arrays[0].ndim:
        raise ShapeError(
            f"padded_batch: padded_shapes {wanted} has not the rank of an element of shape {arrays[0].shape}."
        )
    target = [int(most) if size is None else size for size, most in zip(wanted, longest)]
    if any(most > size for size, most in zip(target, longest)):
        raise DataError(
            f"padded_batch: an element of shape {tuple(longest.tolist())} is larger than padded_shapes "
            f"{tuple(target)}. Raise the shape, or use None for the longest of a batch."
        )
    dtype = arrays[0].dtype
    empty = b"" if dtype.kind == "O" else 0
    result = np.full((len(arrays), *target), empty if fill is None else host(fill).item(), dtype)
    for number, array in enumerate(arrays):
        result[(number, *(slice(size) for size in array.shape))] = array
    return result
