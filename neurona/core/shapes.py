"""Shapes on their way into a layer: what it asks for, what it was given, and what it was built with."""

from typing import Any

import numpy as np

from neurona.core.errors import ShapeError
from neurona.core.policy import standardize_dtype
from neurona.core.symbolic import SymbolicTensor


class InputSpec:
    """What a layer asks of its input: a dtype, a rank, and the size of some axes.

    Args:
        dtype: the dtype's name.
        shape: all sizes, batch included; None is any size.
        ndim: the exact rank.
        max_ndim: the greatest rank.
        min_ndim: the least rank.
        axes: the size that each of these axes must have.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or superfluous.
        name: that of the input, for messages.
        optional: whether the input may be None.

    Example:

        >>> InputSpec(shape=(None, 3)).ndim, InputSpec(min_ndim=2, axes={-1: 3})
        (2, InputSpec(min_ndim=2, axes={-1: 3}))
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim, self.min_ndim, self.axes = max_ndim, min_ndim, axes or {}
        self.allow_last_axis_squeeze, self.name, self.optional = allow_last_axis_squeeze, name, optional

    def __repr__(self) -> str:
        given = {name: value for name, value in self.get_config().items() if value not in (None, {}, False)}
        return f"InputSpec({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return dict(vars(self)) if self.shape is None else {**vars(self), "ndim": None}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InputSpec":
        """What `get_config` describes."""
        return cls(**config)

    def check(self, shape: tuple[int | None, ...], layer: Any, dtype: Any = None, before: Any = None) -> None:
        """Raise `ShapeError`, naming the layer, where an input does not fit.

        Args:
            shape, dtype: the input's.
            layer: what asks.
            before: the layer that the input comes from, where it is known.
        """
        wanted, received = self._wanted(shape), str(shape)
        if wanted is None and self.dtype is not None and dtype is not None and str(dtype) != self.dtype:
            wanted, received = f"an input of dtype {self.dtype}", f"{shape} and dtype {dtype}"
        if wanted:
            which = "" if self.name is None else f" for {self.name!r}"
            raise ShapeError(
                f"Layer {layer.name!r} ({type(layer).__name__}) expects {wanted}{which}. Received shape "
                f"{received}.{_hint(self, shape, before)}"
            )

    def _wanted(self, shape: tuple[int | None, ...]) -> str | None:
        """What was expected, if the shape does not fit."""
        shape = self._squeezed(shape)
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim:
            return f"an input of {self.ndim} dimensions, batch included"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"an input of at least {self.min_ndim} dimensions, batch included"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"an input of at most {self.max_ndim} dimensions, batch included"
        for axis, size in {**dict(enumerate(self.shape or ())), **self.axes}.items():
            if size is not None and -rank <= axis < rank and shape[axis] not in (size, None):
                if self.shape is not None:
                    return f"an input of shape {self.shape} (None is any size)"
                return f"axis {axis} of its input to have size {size}, the size it was built with"
        return None

    def _squeezed(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape with or without a last axis of size 1, as it is wanted, where that may be either."""
        if self.allow_last_axis_squeeze and self.shape is not None:
            if len(shape) == len(self.shape) - 1 and self.shape[-1] == 1:
                return (*shape, 1)
            if len(shape) == len(self.shape) + 1 and shape[-1] == 1:
                return shape[:-1]
        return shape


def _hint(spec: InputSpec, shape: Any, before: Any) -> str:
    needed, given = spec.ndim or spec.min_ndim or 0, len(shape) if isinstance(shape, tuple) else 0
    if given == needed - 1 and getattr(before, "return_sequences", None) is False:
        return f" Give the layer before it, {before.name!r}, return_sequences=True: it returns one step only."
    if given == needed - 1:
        return " Add the missing axis: x[..., None] for channels, x[None] for a batch of one."
    if spec.ndim == 2 and given > 2:
        return " A Flatten layer before it makes rows of it."
    return ""


def tensors_of(shapes: Any, dtype: str) -> Any:
    """Symbolic tensors of a shape, or of the shapes in a list or dictionary; None stays None."""
    if shapes is None:
        return None
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
