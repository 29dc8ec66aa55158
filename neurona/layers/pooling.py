"""Pooling layers: the largest or the mean value of a window, of everything, or of as many windows as are
asked for.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from neurona.core.checks import integers
from neurona.core.layer import Layer
from neurona.core.policy import standardize_data_format
from neurona.core.shapes import InputSpec
from neurona.kernels.pooling import average_pool, max_pool
from neurona.layers.arguments import choice, spatial_axes

__all__ = [
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
]


class _Pooling(Layer):
    """A window that slides over the spatial dimensions."""

    _rank = 2
    _pool: Callable[..., Any]

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        owner = type(self).__name__
        self.pool_size = integers(pool_size, self._rank, "pool_size", owner)
        self.strides = integers(pool_size if strides is None else strides, self._rank, "strides", owner)
        self.padding = choice(padding, ("valid", "same"), "padding", owner)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def call(self, inputs: Any) -> Any:
        return type(self)._pool(
            inputs, self.pool_size, strides=self.strides, padding=self.padding, data_format=self.data_format
        )


class MaxPooling1D(_Pooling, aliases=("MaxPool1D",)):
    """The largest value of each window of a sequence.

    Args:
        pool_size: the width of the window.
        strides: its step; None for windows side by side.
        padding: "valid" (whole windows only) or "same".
        data_format: "channels_last" or "channels_first".
        name: unique in a model; made from the class's name if None.

    Shapes: x (batch, time, channels) -> y (batch, new time, channels).

    Raises:
        ArgumentError: a size is not a positive integer.
        ShapeError: x has another rank, or is shorter than a window.

    Example:

        >>> MaxPooling1D(2)(jnp.array([[[1.0], [4.0], [2.0], [3.0]]]))[0, :, 0].tolist()
        [4.0, 3.0]
    """

    _rank, _pool = 1, staticmethod(max_pool)


class MaxPooling2D(_Pooling, aliases=("MaxPool2D",)):
    """The largest value of each window of an image.

    Args:
        pool_size, strides: an integer, or one for height and one for width; strides=None for windows side by
            side.
        padding: "valid" (whole windows only) or "same".
        data_format: "channels_last" or "channels_first".
        name: unique in a model; made from the class's name if None.

    Shapes: x (batch, height, width, channels), or channels first -> the same with a new height and width.

    Raises:
        ArgumentError: a size is not a positive integer.
        ShapeError: x has another rank, or is smaller than a window.

    Source: Riesenhuber and Poggio, Hierarchical Models of Object Recognition in Cortex, 1999.

    Example:

        >>> MaxPooling2D()(jnp.ones((2, 28, 28, 6))).shape
        (2, 14, 14, 6)
    """

    _pool = staticmethod(max_pool)


class MaxPooling3D(_Pooling, aliases=("MaxPool3D",)):
    """The largest value of each window of a volume.

    Args:
        pool_size, strides: an integer, or one for each of the three dimensions; strides=None for windows side
            by side.
        padding: "valid" (whole windows only) or "same".
        data_format: "channels_last" or "channels_first".
        name: unique in a model; made from the class's name if None.

    Shapes: x (batch, d1, d2, d3, channels), or channels first -> the same with new d1, d2, d3.

    Raises:
        ArgumentError: a size is not a positive integer.
        ShapeError: x has another rank, or is smaller than a window.

    Example:

        >>> MaxPooling3D()(jnp.ones((2, 4, 4, 4, 6))).shape
        (2, 2, 2, 2, 6)
    """

    _rank, _pool = 3, staticmethod(max_pool)


class AveragePooling1D(_Pooling, aliases=("AvgPool1D",)):
    """The mean of each window of a sequence; what lies in the padding does not count.

    Args:
        pool_size: the width of the window.
        strides: its step; None for windows side by side.
        padding: "valid" (whole windows only) or "same".
        data_format: "channels_last" or "channels_first".
        name: unique in a model; made from the class's name if None.

    Shapes: x (batch, time, channels) -> y (batch, new time, channels).

    Raises:
        ArgumentError: a size is not a positive integer.
        ShapeError: x has another rank, or is shorter than a window.

    Example:

        >>> AveragePooling1D(2)(jnp.array([[[1.0], [4.0], [2.0], [3.0]]]))[0, :, 0].tolist()
        [2.5, 2.5]
    """

    _rank, _pool = 1, staticmethod(average_pool)


class AveragePooling2D(_Pooling, aliases=("AvgPool2D",)):
    """The mean of each window of an image; what lies in the padding does not count.

    Args:
        pool_size, strides: an integer, or one for height and one for width; strides=None for windows side by
            side.
        padding: "valid" (whole windows only) or "same".
        data_format: "channels_last" or "channels_first".
        name: unique in a model; made from the class's name if None.

    Shapes: x (batch, height, width, channels), or channels first -> the same with a new height and width.

    Raises:
        ArgumentError: a size is not a positive integer.
        ShapeError: x has another rank, or is smaller than a window.

    Source: LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998.

    Example:

        >>> AveragePooling2D(3, strides=2, padding="same")(jnp.ones((2, 7, 7, 6))).shape
        (2, 4, 4, 6)
    """

    _pool = staticmethod(average_pool)


class AveragePooling3D(_Pooling, aliases=("AvgPool3D",)):
    """The mean of each window of a volume; what lies in the padding does not count.

    Args:
        pool_size, strides: an integer, or one for each of the three dimensions; strides=None for windows side
            by side.
        padding: "valid" (whole windows only) or "same".
        data_format: "channels_last" or "channels_first".
        name: unique in a model; made from the class's name if None.

    Shapes: x (batch, d1, d2, d3, channels), or channels first -> the same with new d1, d2, d3.

    Raises:
        ArgumentError: a size is not a positive integer.
        ShapeError: x has another rank, or is smaller than a window.

    Example:

        >>> AveragePooling3D()(jnp.ones((2, 4, 4, 4, 6))).shape
        (2, 2, 2, 2, 6)
    """

    _rank, _pool = 3, staticmethod(average_pool)


class _GlobalPooling(Layer):
    """One value of everything in space."""

    _rank = 2
    _reduce: Callable[..., Any]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format, self.keepdims = standardize_data_format(data_format), keepdims
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def call(self, inputs: Any) -> Any:
        return type(self)._reduce(
            inputs, axis=spatial_axes(self.data_format, self._rank), keepdims=self.keepdims
        )


class GlobalMaxPooling1D(_GlobalPooling, aliases=("GlobalMaxPool1D",)):
    """The largest value of each channel over the whole sequence.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether to keep the axis that was reduced, with size 1.

    Shapes: x (batch, time, channels) -> y (batch, channels).

    Example:

        >>> GlobalMaxPooling1D()(jnp.array([[[1.0], [4.0]]])).tolist()
        [[4.0]]
    """

    _rank, _reduce = 1, staticmethod(jnp.max)


class GlobalMaxPooling2D(_GlobalPooling, aliases=("GlobalMaxPool2D",)):
    """The largest value of each channel over the whole image.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether to keep the axes that were reduced, with size 1.

    Shapes: x (batch, height, width, channels) -> y (batch, channels).

    Example:

        >>> GlobalMaxPooling2D(keepdims=True)(jnp.ones((2, 7, 7, 6))).shape
        (2, 1, 1, 6)
    """

    _reduce = staticmethod(jnp.max)


class GlobalMaxPooling3D(_GlobalPooling, aliases=("GlobalMaxPool3D",)):
    """The largest value of each channel over the whole volume.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether to keep the axes that were reduced, with size 1.

    Shapes: x (batch, d1, d2, d3, channels) -> y (batch, channels).

    Example:

        >>> GlobalMaxPooling3D()(jnp.ones((2, 3, 3, 3, 6))).shape
        (2, 6)
    """

    _rank, _reduce = 3, staticmethod(jnp.max)


class GlobalAveragePooling1D(_GlobalPooling, aliases=("GlobalAvgPool1D",)):
    """The mean of each channel over the whole sequence; masked steps do not count.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether to keep the axis that was reduced, with size 1.

    Shapes: x (batch, time, channels), mask (batch, time) -> y (batch, channels).

    Example:

        >>> mask = jnp.array([[True, True, False]])
        >>> GlobalAveragePooling1D()(jnp.array([[[1.0], [4.0], [9.0]]]), mask=mask).tolist()
        [[2.5]]
    """

    _rank, _reduce = 1, staticmethod(jnp.mean)
    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(inputs)
        mask = (
            jnp.asarray(mask)[:, :, None]
            if self.data_format == "channels_last"
            else jnp.asarray(mask)[:, None]
        )
        mask = mask.astype(bool)
        (axis,) = spatial_axes(self.data_format, 1)
        total = jnp.sum(jnp.where(mask, inputs, 0), axis=axis, keepdims=self.keepdims)
        return total / jnp.sum(mask, axis=axis, keepdims=self.keepdims, dtype=inputs.dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


class GlobalAveragePooling2D(_GlobalPooling, aliases=("GlobalAvgPool2D",)):
    """The mean of each channel over the whole image.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether to keep the axes that were reduced, with size 1.

    Shapes: x (batch, height, width, channels) -> y (batch, channels).

    Source: Lin, Chen and Yan, Network In Network, 2014.

    Example:

        >>> GlobalAveragePooling2D()(jnp.ones((2, 7, 7, 6))).shape
        (2, 6)
    """

    _reduce = staticmethod(jnp.mean)


class GlobalAveragePooling3D(_GlobalPooling, aliases=("GlobalAvgPool3D",)):
    """The mean of each channel over the whole volume.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether to keep the axes that were reduced, with size 1.

    Shapes: x (batch, d1, d2, d3, channels) -> y (batch, channels).

    Example:

        >>> GlobalAveragePooling3D()(jnp.ones((2, 3, 3, 3, 6))).shape
        (2, 6)
    """

    _rank, _reduce = 3, staticmethod(jnp.mean)


class _AdaptivePooling(Layer):
    """As many windows as are asked for: along an axis of n, window i of m goes from floor(i n / m) to ceil((i
    + 1) n / m).
    """

    _rank = 2
    _reduce: Callable[..., Any]

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_size = integers(output_size, self._rank, "output_size", type(self).__name__)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_size": self.output_size}

    def call(self, inputs: Any) -> Any:
        for axis, windows in zip(spatial_axes(self.data_format, self._rank), self.output_size):
            size, reduced = inputs.shape[axis], []
            for index in range(windows):
                window = [slice(None)] * inputs.ndim
                window[axis] = slice(index * size // windows, -(-(index + 1) * size // windows))
                reduced.append(type(self)._reduce(inputs[tuple(window)], axis=axis))
            inputs = jnp.stack(reduced, axis)
        return inputs


class AdaptiveAveragePooling1D(_AdaptivePooling):
    """The mean of each of `output_size` windows that cover a sequence of any length.

    Args:
        output_size: the number of windows.
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, time, channels) -> y (batch, output_size, channels).

    Raises:
        ArgumentError: output_size is not a positive integer.

    Example:

        >>> AdaptiveAveragePooling1D(2)(jnp.arange(4.0).reshape(1, 4, 1))[0, :, 0].tolist()
        [0.5, 2.5]
    """

    _rank, _reduce = 1, staticmethod(jnp.mean)


class AdaptiveAveragePooling2D(_AdaptivePooling):
    """The mean of each of height x width windows that cover an image of any size.

    Args:
        output_size: an integer, or (height, width).
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, any, any, channels), or channels first -> y (batch, height, width, channels).

    Raises:
        ArgumentError: a size is not a positive integer.

    Source: He, Zhang, Ren and Sun, Spatial Pyramid Pooling in Deep Convolutional Networks, 2014.

    Example:

        >>> AdaptiveAveragePooling2D((3, 2))(jnp.ones((2, 7, 5, 6))).shape
        (2, 3, 2, 6)
    """

    _reduce = staticmethod(jnp.mean)


class AdaptiveAveragePooling3D(_AdaptivePooling):
    """The mean of each of as many windows as are asked for, which cover a volume of any size.

    Args:
        output_size: an integer, or one for each of the three dimensions.
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, any, any, any, channels), or channels first -> y (batch, *output_size, channels).

    Raises:
        ArgumentError: a size is not a positive integer.

    Example:

        >>> AdaptiveAveragePooling3D(2)(jnp.ones((2, 5, 4, 3, 6))).shape
        (2, 2, 2, 2, 6)
    """

    _rank, _reduce = 3, staticmethod(jnp.mean)


class AdaptiveMaxPooling1D(_AdaptivePooling):
    """The largest value of each of `output_size` windows that cover a sequence of any length.

    Args:
        output_size: the number of windows.
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, time, channels) -> y (batch, output_size, channels).

    Raises:
        ArgumentError: output_size is not a positive integer.

    Example:

        >>> AdaptiveMaxPooling1D(2)(jnp.arange(4.0).reshape(1, 4, 1))[0, :, 0].tolist()
        [1.0, 3.0]
    """

    _rank, _reduce = 1, staticmethod(jnp.max)


class AdaptiveMaxPooling2D(_AdaptivePooling):
    """The largest value of each of height x width windows that cover an image of any size.

    Args:
        output_size: an integer, or (height, width).
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, any, any, channels), or channels first -> y (batch, height, width, channels).

    Raises:
        ArgumentError: a size is not a positive integer.

    Example:

        >>> AdaptiveMaxPooling2D((3, 2))(jnp.ones((2, 7, 5, 6))).shape
        (2, 3, 2, 6)
    """

    _reduce = staticmethod(jnp.max)


class AdaptiveMaxPooling3D(_AdaptivePooling):
    """The largest value of each of as many windows as are asked for, which cover a volume of any size.

    Args:
        output_size: an integer, or one for each of the three dimensions.
        data_format: "channels_last" or "channels_first".

    Shapes: x (batch, any, any, any, channels), or channels first -> y (batch, *output_size, channels).

    Raises:
        ArgumentError: a size is not a positive integer.

    Example:

        >>> AdaptiveMaxPooling3D(2)(jnp.ones((2, 5, 4, 3, 6))).shape
        (2, 2, 2, 2, 6)
    """

    _rank, _reduce = 3, staticmethod(jnp.max)


# Other names of the same classes.
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
)
