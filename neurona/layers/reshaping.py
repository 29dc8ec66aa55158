"""Layers that move numbers without changing them: flatten, reshape, permute, repeat, pad, crop, and
enlarge.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.checks import integers
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.policy import standardize_data_format
from neurona.core.shapes import InputSpec
from neurona.layers.arguments import choice, positive, spatial_axes

__all__ = [
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Flatten",
    "Permute",
    "RepeatVector",
    "Reshape",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]


class Flatten(Layer):
    """Each sample as one row.

    Args:
        data_format: with "channels_first" the channels are moved last before flattening.

    Shapes: x (batch, ...) -> (batch, product of the rest).

    Example:

        >>> Flatten()(jnp.ones((2, 3, 4))).shape
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        if self.data_format == "channels_first" and inputs.ndim > 1:
            inputs = jnp.moveaxis(inputs, 1, -1)
        return inputs.reshape(inputs.shape[0], math.prod(inputs.shape[1:]))


class Reshape(Layer):
    """Each sample in another shape.

    Args:
        target_shape: sizes without the batch; one may be -1, which is then computed.

    Shapes: x (batch, ...) -> (batch, *target_shape).

    Raises:
        ArgumentError: a size is neither positive nor a single -1.
        ShapeError: the sample has another number of elements.

    Example:

        >>> Reshape((3, -1))(jnp.ones((2, 12))).shape
        (2, 3, 4)
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes = integers(target_shape, len(tuple(target_shape)), "target_shape", "Reshape", minimum=-1)
        if sizes.count(-1) > 1:
            raise ArgumentError(
                f"Reshape: at most one size of target_shape is -1. Received: target_shape={target_shape!r}"
            )
        self.target_shape = sizes

    def call(self, inputs: Any) -> Any:
        have, known = math.prod(inputs.shape[1:]), math.prod(size for size in self.target_shape if size != -1)
        if have != known if -1 not in self.target_shape else known == 0 or have % known:
            raise ShapeError(
                f"Layer {self.name!r} (Reshape) can't make {self.target_shape} of {inputs.shape[1:]}: that "
                f"has {have} elements a sample."
            )
        sizes = [have // known if size == -1 else size for size in self.target_shape]
        return inputs.reshape(inputs.shape[0], *sizes)


class Permute(Layer):
    """The axes of each sample in another order.

    Args:
        dims: which axis comes where, from 1; the batch stays first.

    Shapes: x (batch, n1, n2, ...) -> (batch, n[dims[0]], n[dims[1]], ...).

    Raises:
        ArgumentError: dims is no permutation of 1, 2, ...

    Example:

        >>> Permute((2, 1))(jnp.ones((5, 3, 4))).shape
        (5, 4, 3)
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ArgumentError(
                f"Permute: dims holds each of 1, 2, ... once; the batch is axis 0. Received: dims={dims!r}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return jnp.transpose(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """Each row n times, as a sequence.

    Args:
        n: the length of the sequence.

    Shapes: x (batch, features) -> (batch, n, features).

    Raises:
        ArgumentError: n is not a positive integer.

    Example:

        >>> RepeatVector(2)(jnp.array([[1.0, 3.0]])).tolist()
        [[[1.0, 3.0], [1.0, 3.0]]]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive(n, "n", "RepeatVector")
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return jnp.broadcast_to(inputs[:, None], (inputs.shape[0], self.n, inputs.shape[1]))


def _pairs(value: Any, rank: int, name: str, owner: str) -> tuple:
    """(before, after) for each spatial dimension; for one dimension the pair itself, as Keras keeps it."""
    if rank == 1:
        return integers(value, 2, name, owner, minimum=0)
    values = [value] * rank if np.ndim(value) == 0 and not isinstance(value, (tuple, list)) else list(value)
    if len(values) != rank:
        raise ArgumentError(
            f"{owner}: {name} is an integer, {rank} of them, or {rank} pairs (before, after). Received: "
            f"{name}={value!r}"
        )
    return tuple(integers(one, 2, name, owner, minimum=0) for one in values)


class _ZeroPadding(Layer):
    """Zeros around the spatial dimensions."""

    _rank = 1

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.padding = _pairs(padding, self._rank, "padding", type(self).__name__)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def call(self, inputs: Any) -> Any:
        widths = [(0, 0)] * inputs.ndim
        for axis, pair in zip(
            spatial_axes(self.data_format, self._rank), [self.padding] if self._rank == 1 else self.padding
        ):
            widths[axis] = pair
        return jnp.pad(inputs, widths)


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after a sequence.

    Args:
        padding: how many on each side, or (before, after).
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, time, channels) -> (batch, time + before + after, channels).

    Raises:
        ArgumentError: the padding is not such a number or pair.

    Example:

        >>> ZeroPadding1D((1, 0))(jnp.ones((1, 2, 1)))[0, :, 0].tolist()
        [0.0, 1.0, 1.0]
    """


class ZeroPadding2D(_ZeroPadding):
    """Zeros around an image.

    Args:
        padding: how many on every side, or (vertical, horizontal), or ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, height, width, channels), or channels first -> height and width grown.

    Raises:
        ArgumentError: the padding is none of these.

    Example:

        >>> ZeroPadding2D(((1, 0), (2, 2)))(jnp.ones((1, 2, 2, 1))).shape
        (1, 3, 6, 1)
    """

    _rank = 2


class ZeroPadding3D(_ZeroPadding):
    """Zeros around a volume.

    Args:
        padding: how many on every side, or one number or pair for each of the three dimensions.
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, depth, height, width, channels), or channels first -> the three grown.

    Raises:
        ArgumentError: the padding is none of these.

    Example:

        >>> ZeroPadding3D(1)(jnp.ones((1, 2, 2, 2, 1))).shape
        (1, 4, 4, 4, 1)
    """

    _rank = 3


class _Cropping(Layer):
    """Cuts from the ends of the spatial dimensions."""

    _rank = 1

    def __init__(self, cropping: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.cropping = _pairs(cropping, self._rank, "cropping", type(self).__name__)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def call(self, inputs: Any) -> Any:
        cut = [slice(None)] * inputs.ndim
        for axis, (before, after) in zip(
            spatial_axes(self.data_format, self._rank), [self.cropping] if self._rank == 1 else self.cropping
        ):
            if before + after >= inputs.shape[axis]:
                raise ShapeError(
                    f"Layer {self.name!r} ({type(self).__name__}) would cut {before} + {after} of the "
                    f"{inputs.shape[axis]} on axis {axis} "
                    f"and leave nothing. Received shape {inputs.shape}."
                )
            cut[axis] = slice(before, inputs.shape[axis] - after)
        return inputs[tuple(cut)]


class Cropping1D(_Cropping):
    """Cuts a sequence at its ends.

    Args:
        cropping: how many steps on each side, or (before, after).

    Shapes: x (batch, time, channels) -> (batch, time - before - after, channels).

    Raises:
        ArgumentError: the cropping is not such a number or pair.
        ShapeError: nothing would be left.

    Example:

        >>> Cropping1D((1, 0))(jnp.ones((1, 3, 1))).shape
        (1, 2, 1)
    """

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)


class Cropping2D(_Cropping):
    """Cuts an image at its sides.

    Args:
        cropping: how many pixels on every side, or (vertical, horizontal), or ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, height, width, channels), or channels first -> height and width shrunk.

    Raises:
        ArgumentError: the cropping is none of these.
        ShapeError: nothing would be left.

    Example:

        >>> Cropping2D(((1, 0), (1, 1)))(jnp.ones((1, 4, 4, 1))).shape
        (1, 3, 2, 1)
    """

    _rank = 2

    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(_Cropping):
    """Cuts a volume at its sides.

    Args:
        cropping: how many voxels on every side, or one number or pair for each of the three dimensions.
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, depth, height, width, channels), or channels first -> the three shrunk.

    Raises:
        ArgumentError: the cropping is none of these.
        ShapeError: nothing would be left.

    Example:

        >>> Cropping3D(1)(jnp.ones((1, 4, 4, 4, 1))).shape
        (1, 2, 2, 2, 1)
    """

    _rank = 3

    def __init__(
        self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)


def _repeat(array: Any, axis: int, times: int) -> Any:
    """Each entry of an axis `times` times; a broadcast, so that its gradient is a plain sum."""
    shape = array.shape
    wide = jnp.broadcast_to(jnp.expand_dims(array, axis + 1), (*shape[: axis + 1], times, *shape[axis + 1 :]))
    return wide.reshape(*shape[:axis], shape[axis] * times, *shape[axis + 1 :])


class UpSampling1D(Layer):
    """Each step of a sequence several times.

    Args:
        size: how often.

    Shapes: x (batch, time, channels) -> (batch, time * size, channels).

    Raises:
        ArgumentError: size is not a positive integer.

    Example:

        >>> UpSampling1D(2)(jnp.array([[[1.0], [3.0]]]))[0, :, 0].tolist()
        [1.0, 1.0, 3.0, 3.0]
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = positive(size, "size", "UpSampling1D")
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        return _repeat(inputs, 1, self.size)


class UpSampling2D(Layer):
    """An image enlarged by whole factors.

    Args:
        size: one factor, or (vertical, horizontal).
        data_format: "channels_last" or "channels_first".
        interpolation: "nearest" repeats pixels; "bilinear", "bicubic", "lanczos3" and "lanczos5" blend them.

    Shapes: x (batch, height, width, channels), or channels first -> height and width times the factors.

    Raises:
        ArgumentError: a factor is not a positive integer, or the interpolation is unknown.

    Example:

        >>> UpSampling2D((1, 2))(jnp.array([[[[1.0], [3.0]]]]))[0, 0, :, 0].tolist()
        [1.0, 1.0, 3.0, 3.0]
    """

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.size = integers(size, 2, "size", "UpSampling2D")
        methods = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        self.interpolation = choice(interpolation, methods, "interpolation", "UpSampling2D")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        axes = spatial_axes(self.data_format, 2)
        if self.interpolation == "nearest":
            for axis, times in zip(axes, self.size):
                inputs = _repeat(inputs, axis, times)
            return inputs
        shape = list(inputs.shape)
        for axis, times in zip(axes, self.size):
            shape[axis] *= times
        return jax.image.resize(inputs, shape, self.interpolation, antialias=False)


class UpSampling3D(Layer):
    """A volume enlarged by whole factors: each voxel several times.

    Args:
        size: one factor, or one for each of the three dimensions.
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, depth, height, width, channels), or channels first -> the three times the factors.

    Raises:
        ArgumentError: a factor is not a positive integer.

    Example:

        >>> UpSampling3D(2)(jnp.ones((1, 1, 2, 3, 1))).shape
        (1, 2, 4, 6, 1)
    """

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.size = integers(size, 3, "size", "UpSampling3D")
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Any) -> Any:
        for axis, times in zip(spatial_axes(self.data_format, 3), self.size):
            inputs = _repeat(inputs, axis, times)
        return inputs
