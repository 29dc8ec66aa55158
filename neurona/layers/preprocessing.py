"""Layers that prepare numbers: Rescaling by constants, Normalization by statistics learned from data."""

from collections.abc import Iterable
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, DataError, ShapeError
from neurona.core.layer import Layer
from neurona.core.policy import epsilon, image_data_format
from neurona.core.sources import each_batch

__all__ = [
    "Normalization",
    "Rescaling",
]


class Rescaling(Layer):
    """y = x * scale + offset.

    Args:
        scale, offset: numbers, or one for each channel.

    Shapes: x (any) -> y the same, as floating-point numbers.

    Example:

        >>> Rescaling(1 / 255)(jnp.array([0, 255], "uint8")).tolist()
        [0.0, 1.0]
    """

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset

    def call(self, inputs: Any) -> Any:
        scale, offset = (
            jnp.asarray(self.scale, self.compute_dtype),
            jnp.asarray(self.offset, self.compute_dtype),
        )
        if scale.ndim and image_data_format() == "channels_first":
            scale, offset = (
                one.reshape(*one.shape, *[1] * (3 - one.ndim)) if one.ndim else one for one in (scale, offset)
            )
        return inputs.astype(self.compute_dtype) * scale + offset


class Normalization(Layer):
    """y = (x - mean) / sqrt(variance), with statistics given or learned from data by `adapt`.

    Args:
        axis: the axis or axes with separate statistics, usually the features; None for one mean of all
            values.
        mean, variance: the statistics, if they are known.
        invert: whether to undo the normalization instead: y = x * sqrt(variance) + mean.

    Shapes: x (any) -> y the same; mean, variance: the sizes of the axes.

    Raises:
        ArgumentError: only one of mean and variance is given, or their shapes do not fit.
        ShapeError: an axis does not exist or its size is unknown, or data of another size comes later.
        DataError: adapt received no data.

    Example:

        >>> layer = Normalization()
        >>> layer.adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
        >>> layer(np.array([[1.0, 30.0]])).tolist()
        [[-1.0, 1.0]]
    """

    supports_masking = True

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean, self.input_variance, self.invert = mean, variance, invert
        if (mean is None) != (variance is None):
            raise ArgumentError(
                f"Normalization needs both mean and variance, or neither. Received: mean={mean!r}, "
                f"variance={variance!r}"
            )
        if np.shape(mean) != np.shape(variance) or np.ndim(mean) > len(self.axis):
            raise ArgumentError(
                f"Normalization: mean and variance have one shape, of at most {len(self.axis)} dimensions "
                f"for axis={self.axis}. "
                f"Received shapes {np.shape(mean)} and {np.shape(variance)}."
            )
        self._shape: tuple[int, ...] | None = None  # of the statistics, with 1 for what they are taken over

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ShapeError(
                f"Layer {self.name!r} (Normalization) has axis={self.axis}. Received an input of shape "
                f"{tuple(input_shape)}."
            )
        kept = sorted(axis % rank for axis in self.axis)
        if any(input_shape[axis] is None for axis in kept):
            raise ShapeError(
                f"Layer {self.name!r} (Normalization) needs the size of axes {kept} of its input. Received "
                f"{tuple(input_shape)}."
            )
        self._shape = tuple(input_shape[axis] if axis in kept else 1 for axis in range(rank))
        self._kept = kept
        if self.input_mean is None:
            sizes = tuple(input_shape[axis] for axis in kept)
            self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", "int32", trainable=False, name="count")

    def adapt(self, data: Any) -> None:
        """Learn mean and variance from an array, or from an iterable of batches (of which the first of a
        tuple counts).
        """
        if self.input_mean is not None:
            raise ArgumentError(
                f"Layer {self.name!r} (Normalization) was given mean and variance; there is nothing to adapt."
            )
        batches: Iterable[Any] = [data] if hasattr(data, "__array__") else each_batch(data)
        count, mean, squares = 0, np.zeros(()), np.zeros(())
        for batch in batches:
            batch = np.asarray(batch[0] if isinstance(batch, tuple) else batch, np.float64)
            if not self.built:
                with self._context():
                    self.build(batch.shape)
            if batch.ndim != len(self._shape or ()) or any(
                batch.shape[axis] != (self._shape or ())[axis] for axis in self._kept
            ):
                raise ShapeError(
                    f"Layer {self.name!r} (Normalization) keeps statistics of shape {self._shape}. Received "
                    f"data of {batch.shape}."
                )
            over = tuple(axis for axis in range(batch.ndim) if axis not in self._kept)
            new = batch.size // max(int(np.prod([batch.shape[axis] for axis in self._kept])), 1)
            if (
                new
            ):  # Chan, Golub and LeVeque 1979: means and sums of squares of two parts give those of the whole
                difference = batch.mean(over) - mean
                squares = (
                    squares + batch.var(over) * new + np.square(difference) * count * new / (count + new)
                )
                mean = mean + difference * new / (count + new)
                count += new
        if not count:
            raise DataError(f"Layer {self.name!r} (Normalization): adapt received no data.")
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(squares / count)

    def _statistic(self, given: Any, learned: str) -> Any:
        if self._shape is None:
            return None
        if given is None:
            return getattr(self, learned).value.astype(self.compute_dtype).reshape(self._shape)
        given = np.asarray(given)
        shape = [1] * len(self._shape)
        for axis, size in zip(reversed(self._kept), reversed(given.shape)):
            shape[axis] = size
        return jnp.broadcast_to(jnp.asarray(given.reshape(shape), self.compute_dtype), self._shape)

    @property
    def mean(self) -> Any:
        """The mean, in a shape that broadcasts against the input; None before it is known."""
        return self._statistic(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Any:
        """The variance, in a shape that broadcasts against the input; None before it is known."""
        return self._statistic(self.input_variance, "adapt_variance")

    def call(self, inputs: Any) -> Any:
        mean, deviation = self.mean, jnp.maximum(jnp.sqrt(self.variance), epsilon())
        inputs = inputs.astype(self.compute_dtype)
        return inputs * deviation + mean if self.invert else (inputs - mean) / deviation

    def get_config(self) -> dict[str, Any]:
        given = {"mean": self.input_mean, "variance": self.input_variance}
        return {
            **super().get_config(),
            **{name: None if value is None else np.asarray(value).tolist() for name, value in given.items()},
        }
