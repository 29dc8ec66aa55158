"""Layers that join several arrays into one, and the same as functions."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.annotations import MASK
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.policy import epsilon
from neurona.core.symbolic import also_symbolic

__all__ = [
    "Add",
    "Average",
    "Concatenate",
    "Dot",
    "Maximum",
    "Minimum",
    "Multiply",
    "Subtract",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]

Shape = tuple[int | None, ...]


class _Merge(Layer):
    """The base of what takes a list of arrays: checks their shapes, gives them one rank, joins them and their
    masks.
    """

    supports_masking = True
    _count: int | None = None  # how many inputs, if that is fixed
    _broadcasts = True  # whether the inputs are combined element by element

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def build(self, input_shape: list[Shape]) -> None:
        if (
            not isinstance(input_shape, (list, tuple))
            or not input_shape
            or not isinstance(input_shape[0], (list, tuple))
        ):
            raise ShapeError(
                f"{type(self).__name__} takes a list of arrays: layer([a, b]). Received one of shape "
                f"{input_shape}."
            )
        if self._count is not None and len(input_shape) != self._count:
            raise ShapeError(
                f"{type(self).__name__} takes exactly {self._count} arrays. Received {len(input_shape)}: "
                f"{input_shape}."
            )
        self._check_shapes([tuple(shape) for shape in input_shape])

    def _check_shapes(self, shapes: list[Shape]) -> None:
        """Raise `ShapeError` where the shapes can't be joined."""
        if len({shape[0] for shape in shapes if shape and shape[0] is not None}) > 1:
            raise ShapeError(
                f"{type(self).__name__} can't join arrays of different batch sizes. Received shapes {shapes}."
            )
        for axis in range(1, min(map(len, shapes))):
            if len({shape[-axis] for shape in shapes} - {1, None}) > 1:
                raise ShapeError(
                    f"{type(self).__name__}: these shapes do not broadcast, they differ on axis {-axis}: "
                    f"{shapes}."
                )

    def call(self, inputs: Any) -> Any:
        if self._broadcasts:
            rank = max(array.ndim for array in inputs)
            inputs = [_with_rank(array, rank) for array in inputs]
        return self._merge(inputs)

    def _merge(self, inputs: list[Any]) -> Any:
        """Join arrays."""
        raise NotImplementedError

    @also_symbolic
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None or any(one is None for one in mask):
            return None
        return functools.reduce(jnp.logical_or, mask)


def _with_rank(array: Any, rank: int) -> Any:
    """The array with axes of size 1 after the batch; the array itself, with its mask, where none are
    missing.
    """
    missing = tuple(range(1, 1 + rank - array.ndim))
    return jnp.expand_dims(array, missing) if missing else array


def _mask_like(array: Any) -> Any:
    mask = MASK.get(array)
    return None if mask is None else jnp.broadcast_to(mask[..., None], array.shape)


def _reduce_masked(function: Callable[[Any, Any], Any], inputs: list[Any]) -> Any:
    """Reduce a list pairwise; where one side is masked the other stands alone."""
    output, output_mask = inputs[0], _mask_like(inputs[0])
    for array in inputs[1:]:
        mask = _mask_like(array)
        array = array if mask is None else jnp.where(mask, array, output)
        output = output if output_mask is None else jnp.where(output_mask, output, array)
        output_mask = None if mask is None or output_mask is None else output_mask | mask
        output = function(output, array)
    return output


class Add(_Merge):
    """y = x1 + x2 + ...

    Shapes: a list of arrays (batch, ...) that broadcast -> their common shape.

    Raises:
        ShapeError: not a list, or the shapes do not broadcast.

    Example:

        >>> Add()([jnp.ones((1, 2)), jnp.ones((1, 2))]).tolist()
        [[2.0, 2.0]]
    """

    def _merge(self, inputs: list[Any]) -> Any:
        return functools.reduce(jnp.add, inputs)


class Subtract(_Merge):
    """y = x1 - x2.

    Shapes: a list of two arrays (batch, ...) that broadcast -> their common shape.

    Raises:
        ShapeError: not a list of two, or the shapes do not broadcast.

    Example:

        >>> Subtract()([jnp.ones((1, 2)), jnp.ones((1, 2))]).tolist()
        [[0.0, 0.0]]
    """

    _count = 2

    def _merge(self, inputs: list[Any]) -> Any:
        return inputs[0] - inputs[1]


class Multiply(_Merge):
    """y = x1 * x2 * ...; a masked position counts as 1, and as 0 where all are masked.

    Shapes: a list of arrays (batch, ...) that broadcast -> their common shape.

    Raises:
        ShapeError: not a list, or the shapes do not broadcast.

    Example:

        >>> Multiply()([jnp.full((1, 2), 3.0), jnp.full((1, 2), 2.0)]).tolist()
        [[6.0, 6.0]]
    """

    def _merge(self, inputs: list[Any]) -> Any:
        masks = [_mask_like(array) for array in inputs]
        output = functools.reduce(
            jnp.multiply, [x if mask is None else jnp.where(mask, x, 1) for x, mask in zip(inputs, masks)]
        )
        present = [mask for mask in masks if mask is not None]
        return (
            jnp.where(functools.reduce(jnp.logical_or, present), output, 0)
            if len(present) == len(masks)
            else output
        )


class Average(_Merge):
    """y = (x1 + x2 + ...) / n.

    Shapes: a list of arrays (batch, ...) that broadcast -> their common shape.

    Raises:
        ShapeError: not a list, or the shapes do not broadcast.

    Example:

        >>> Average()([jnp.ones((1, 2)), jnp.zeros((1, 2))]).tolist()
        [[0.5, 0.5]]
    """

    def _merge(self, inputs: list[Any]) -> Any:
        return functools.reduce(jnp.add, inputs) / len(inputs)


class Maximum(_Merge):
    """y = max(x1, x2, ...), element by element; masked positions do not count.

    Shapes: a list of arrays (batch, ...) that broadcast -> their common shape.

    Raises:
        ShapeError: not a list, or the shapes do not broadcast.

    Example:

        >>> Maximum()([jnp.array([[1.0, 5.0]]), jnp.array([[3.0, 2.0]])]).tolist()
        [[3.0, 5.0]]
    """

    def _merge(self, inputs: list[Any]) -> Any:
        return _reduce_masked(jnp.maximum, inputs)


class Minimum(_Merge):
    """y = min(x1, x2, ...), element by element; masked positions do not count.

    Shapes: a list of arrays (batch, ...) that broadcast -> their common shape.

    Raises:
        ShapeError: not a list, or the shapes do not broadcast.

    Example:

        >>> Minimum()([jnp.array([[1.0, 5.0]]), jnp.array([[3.0, 2.0]])]).tolist()
        [[1.0, 2.0]]
    """

    def _merge(self, inputs: list[Any]) -> Any:
        return _reduce_masked(jnp.minimum, inputs)


class Concatenate(_Merge):
    """Puts arrays one after the other along an axis.

    Args:
        axis: the axis that grows.

    Shapes: a list of arrays equal in all sizes but that of the axis -> the sizes of the axis added up.

    Raises:
        ShapeError: not a list, or another size differs.

    Example:

        >>> Concatenate()([jnp.ones((1, 1)), jnp.zeros((1, 2))]).tolist()
        [[1.0, 0.0, 0.0]]
    """

    _broadcasts = False

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def _check_shapes(self, shapes: list[Shape]) -> None:
        rank = len(shapes[0])
        if any(len(shape) != rank for shape in shapes) or not -rank <= self.axis < rank:
            raise ShapeError(
                f"Concatenate on axis {self.axis} takes arrays of one rank that have that axis. Received "
                f"shapes {shapes}."
            )
        for axis in set(range(rank)) - {self.axis % rank}:
            if len({shape[axis] for shape in shapes} - {None}) > 1:
                raise ShapeError(
                    f"Concatenate on axis {self.axis} takes arrays that are equal in all other sizes; "
                    f"axis {axis} differs. Received shapes {shapes}."
                )

    def _merge(self, inputs: list[Any]) -> Any:
        return jnp.concatenate(inputs, axis=self.axis)

    @also_symbolic
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None or all(one is None for one in mask):
            return None
        full = []
        for array, one in zip(inputs, mask):
            one = jnp.ones((), bool) if one is None else one[..., None] if one.ndim < array.ndim else one
            full.append(jnp.broadcast_to(one, array.shape))
        return jnp.concatenate(full, axis=self.axis).any(axis=-1)


class Dot(_Merge):
    """The dot product of two arrays, sample by sample: sum over the given axis of each.

    Args:
        axes: the axis to sum over, the same for both, or one for each. The batch, axis 0, is not among them.
        normalize: whether to bring the vectors along that axis to length 1 first; the result is then their
            cosine.

    Shapes: x1 (batch, a..., d), x2 (batch, b..., d) -> (batch, a..., b...); two plain batches of vectors ->
        (batch, 1).

    Raises:
        ArgumentError: the axes are not one integer or two.
        ShapeError: not a list of two, or the sizes of the axes differ.

    Example:

        >>> Dot(axes=1)([jnp.array([[1.0, 2.0]]), jnp.array([[3.0, 4.0]])]).tolist()
        [[11.0]]
    """

    _count = 2
    _broadcasts = False

    def __init__(
        self, axes: int | tuple[int, int] | list[int], normalize: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        pair = [axes, axes] if isinstance(axes, int) else axes
        if (
            not isinstance(pair, (list, tuple))
            or len(pair) != 2
            or not all(isinstance(axis, int) for axis in pair)
            or 0 in pair
        ):
            raise ArgumentError(
                f"Dot: axes is an integer or two, none of them 0, the batch. Received: axes={axes!r}"
            )
        self.axes, self.normalize = axes, normalize

    def _axes(self, ranks: list[int]) -> list[int]:
        pair = [self.axes, self.axes] if isinstance(self.axes, int) else self.axes
        return [axis % rank for axis, rank in zip(pair, ranks)]

    def _check_shapes(self, shapes: list[Shape]) -> None:
        first, second = (
            shape[axis] for shape, axis in zip(shapes, self._axes([len(shape) for shape in shapes]))
        )
        if first is not None and second is not None and first != second:
            raise ShapeError(
                f"Dot over axes {self.axes} takes equal sizes there; {first} is not {second}. Received "
                f"shapes {shapes}."
            )

    def _merge(self, inputs: list[Any]) -> Any:
        axes = self._axes([array.ndim for array in inputs])
        if self.normalize:
            inputs = [_unit(array, axis) for array, axis in zip(inputs, axes)]
        first, second = inputs
        products = jax.lax.dot_general(first, second, (((axes[0],), (axes[1],)), ((0,), (0,))))
        return products[:, None] if products.ndim == 1 else products

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


def _unit(array: Any, axis: int) -> Any:
    squares = jnp.sum(jnp.square(array), axis=axis, keepdims=True)
    return array * jax.lax.rsqrt(jnp.maximum(squares, epsilon() ** 2))


def add(inputs: list[Any], **kwargs: Any) -> Any:
    """x1 + x2 + ..., of arrays or symbolic tensors; see `Add`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: list[Any], **kwargs: Any) -> Any:
    """x1 - x2, of arrays or symbolic tensors; see `Subtract`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: list[Any], **kwargs: Any) -> Any:
    """x1 * x2 * ..., of arrays or symbolic tensors; see `Multiply`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: list[Any], **kwargs: Any) -> Any:
    """(x1 + x2 + ...) / n, of arrays or symbolic tensors; see `Average`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: list[Any], **kwargs: Any) -> Any:
    """max(x1, x2, ...), of arrays or symbolic tensors; see `Maximum`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: list[Any], **kwargs: Any) -> Any:
    """min(x1, x2, ...), of arrays or symbolic tensors; see `Minimum`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: list[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Arrays or symbolic tensors one after the other along an axis; see `Concatenate`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: list[Any], axes: int | tuple[int, int] = -1, **kwargs: Any) -> Any:
    """The dot product of two arrays or symbolic tensors, sample by sample; see `Dot`."""
    return Dot(axes=axes, **kwargs)(inputs)
