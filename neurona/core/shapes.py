"""Shapes on their way into a layer: what it asks for, what it was given, and what it was built with."""

from typing import Any

import numpy as np

from neurona.core.errors import ShapeError
from neurona.core.symbolic import SymbolicTensor


class InputSpec:
    """What a layer asks of its input: a rank, and the size of some axes.

    Args:
        ndim: the exact rank.
        min_ndim: the least rank.
        max_ndim: the greatest rank.
        axes: the size that each of these axes must have.
    """

    def __init__(
        self,
        ndim: int | None = None,
        min_ndim: int | None = None,
        max_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
    ):
        self.ndim, self.min_ndim, self.max_ndim, self.axes = ndim, min_ndim, max_ndim, axes or {}

    def check(self, shape: tuple[int | None, ...], layer: Any) -> None:
        """Raise `ShapeError`, naming the layer, where a shape does not fit."""
        rank, wanted = len(shape), None
        if self.ndim is not None and rank != self.ndim:
            wanted = f"an input of {self.ndim} dimensions, batch included"
        elif self.min_ndim is not None and rank < self.min_ndim:
            wanted = f"an input of at least {self.min_ndim} dimensions, batch included"
        elif self.max_ndim is not None and rank > self.max_ndim:
            wanted = f"an input of at most {self.max_ndim} dimensions, batch included"
        for axis, size in self.axes.items():
            if wanted is None and -rank <= axis < rank and shape[axis] not in (size, None):
                wanted = f"axis {axis} of its input to have size {size}, the size it was built with"
        if wanted:
            raise ShapeError(
                f"Layer {layer.name!r} ({type(layer).__name__}) expects {wanted}. Received shape "
                f"{shape}.{_hint(self, shape)}"
            )


def _hint(spec: InputSpec, shape: tuple[int | None, ...]) -> str:
    needed = spec.ndim or spec.min_ndim or 0
    if len(shape) == needed - 1:
        return " Add the missing axis: x[..., None] for channels, x[None] for a batch of one."
    if spec.ndim == 2 and len(shape) > 2:
        return " A Flatten layer before it makes rows of it."
    return ""


def tensors_of(shapes: Any, dtype: str) -> Any:
    """Symbolic tensors of a shape, or of the shapes in a list or dictionary."""
    if isinstance(shapes, dict):
        return {name: tensors_of(shape, dtype) for name, shape in shapes.items()}
    if all(size is None or isinstance(size, (int, np.integer)) for size in shapes):
        return SymbolicTensor(tuple(shapes), dtype)
    return [tensors_of(shape, dtype) for shape in shapes]


def as_shape(shape: Any) -> Any:
    if isinstance(shape, list) and all(size is None or isinstance(size, int) for size in shape):
        return tuple(shape)
    return [as_shape(part) for part in shape] if isinstance(shape, list) else shape


def given_batch_shape(kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
    for name in ("batch_input_shape", "batch_shape"):
        if kwargs.get(name) is not None:
            return tuple(kwargs[name])
    if kwargs.get("input_shape") is not None:
        shape = kwargs["input_shape"]
        return (kwargs.get("batch_size"), *((shape,) if isinstance(shape, int) else shape))
    if kwargs.get("input_dim") is not None:
        return (kwargs.get("batch_size"), kwargs["input_dim"])
    return None
