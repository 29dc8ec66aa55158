"""Depthwise convolutions, which keep the channels apart, and separable ones, which mix them afterwards."""

from typing import Annotated, Any, Unpack

from neurona.kernels.convolution import convolution, depthwise_convolution
from neurona.layers.arguments import positive
from neurona.layers.convolution import _Convolutional
from neurona.layers.options import ACTIVITY_REGULARIZER, LayerOptions, constraint, initializer, regularizer

__all__ = [
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
]


class DepthwiseAndBias(LayerOptions, total=False):
    """Options of a depthwise convolution."""

    depthwise_initializer: Annotated[Any, initializer("depthwise kernel", "glorot_uniform")]
    bias_initializer: Annotated[Any, initializer("bias", "zeros")]
    depthwise_regularizer: Annotated[Any, regularizer("depthwise kernel")]
    bias_regularizer: Annotated[Any, regularizer("bias")]
    activity_regularizer: Annotated[Any, ACTIVITY_REGULARIZER]
    depthwise_constraint: Annotated[Any, constraint("depthwise kernel")]
    bias_constraint: Annotated[Any, constraint("bias")]


class SeparableAndBias(LayerOptions, total=False):
    """Options of a separable convolution."""

    depthwise_initializer: Annotated[Any, initializer("depthwise kernel", "glorot_uniform")]
    pointwise_initializer: Annotated[Any, initializer("pointwise kernel", "glorot_uniform")]
    bias_initializer: Annotated[Any, initializer("bias", "zeros")]
    depthwise_regularizer: Annotated[Any, regularizer("depthwise kernel")]
    pointwise_regularizer: Annotated[Any, regularizer("pointwise kernel")]
    bias_regularizer: Annotated[Any, regularizer("bias")]
    activity_regularizer: Annotated[Any, ACTIVITY_REGULARIZER]
    depthwise_constraint: Annotated[Any, constraint("depthwise kernel")]
    pointwise_constraint: Annotated[Any, constraint("pointwise kernel")]
    bias_constraint: Annotated[Any, constraint("bias")]


class _DepthwiseConvolution(_Convolutional):
    _strided_dilation = True
    _weights_with_options = ("depthwise", "bias")

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        **options: Unpack[DepthwiseAndBias],
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, **options
        )
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier", type(self).__name__)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = self._input_channels(input_shape)
        self.kernel = self._add_kernel(
            "depthwise", (*self.kernel_size, channels, self.depth_multiplier), "kernel"
        )
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        y = depthwise_convolution(
            inputs,
            self.kernel.value,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            data_format=self.data_format,
        )
        return self._activate(y)


class DepthwiseConv1D(_DepthwiseConvolution):
    """Convolution over time, each channel by itself.

    Args:
        kernel_size: the width of the kernel: an integer.
        strides: the step of the window: an integer.
        dilation_rate: the spacing of the kernel: an integer.
        padding: "valid" or "same".
        depth_multiplier: how many outputs each channel gives.
        data_format: "channels_last" or "channels_first".
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `DepthwiseAndBias`.

    Shapes: x (batch, time, channels) -> y (batch, new time, channels * depth_multiplier); kernel
        (kernel_size, channels, depth_multiplier).

    Raises:
        ArgumentError: a size is not positive.
        ShapeError: x is not of that rank or that number of channels, or shorter than the kernel.

    Example:

        >>> import numpy as np
        >>> DepthwiseConv1D(3, depth_multiplier=2)(np.ones((2, 10, 5))).shape
        (2, 8, 10)
    """

    rank = 1


class DepthwiseConv2D(_DepthwiseConvolution):
    """Convolution over an image, each channel by itself.

    Args:
        kernel_size: the width of the kernel: an integer, or one for height and one for width.
        strides: the step of the window: an integer, or one for height and one for width.
        dilation_rate: the spacing of the kernel: an integer, or one for height and one for width.
        padding: "valid" or "same".
        depth_multiplier: how many outputs each channel gives.
        data_format: "channels_last" or "channels_first".
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `DepthwiseAndBias`.

    Shapes: x (batch, height, width, channels) -> y (batch, new height, new width, channels *
        depth_multiplier); kernel (h, w, channels, depth_multiplier).

    Raises:
        ArgumentError: a size is not positive.
        ShapeError: x is not of that rank or that number of channels, or smaller than the kernel.

    Source: Howard et al., MobileNets, 2017.

    Example:

        >>> import numpy as np
        >>> DepthwiseConv2D(3, padding="same")(np.ones((2, 8, 8, 5))).shape
        (2, 8, 8, 5)
    """


class _SeparableConvolution(_Convolutional):
    _strided_dilation = True
    _weights_with_options = ("depthwise", "pointwise", "bias")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        **options: Unpack[SeparableAndBias],
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, **options
        )
        self.filters = positive(filters, "filters", type(self).__name__)
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier", type(self).__name__)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = self._input_channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = self._add_kernel("depthwise", shape, "depthwise_kernel")
        shape = (*[1] * self.rank, channels * self.depth_multiplier, self.filters)
        self.pointwise_kernel = self._add_kernel("pointwise", shape, "pointwise_kernel")
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        y = depthwise_convolution(
            inputs,
            self.depthwise_kernel.value,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            data_format=self.data_format,
        )
        return self._activate(convolution(y, self.pointwise_kernel.value, data_format=self.data_format))


class SeparableConv1D(_SeparableConvolution, aliases=("SeparableConvolution1D",)):
    """Convolution over time, each channel by itself, then a mixture of the channels at each step.

    Args:
        filters: number of output channels.
        kernel_size: the width of the kernel: an integer.
        strides: the step of the window: an integer.
        dilation_rate: the spacing of the kernel: an integer.
        padding: "valid" or "same".
        depth_multiplier: how many intermediate outputs each channel gives.
        data_format: "channels_last" or "channels_first".
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `SeparableAndBias`.

    Shapes: x (batch, time, channels) -> y (batch, new time, filters); depthwise_kernel (kernel_size,
        channels, depth_multiplier), pointwise_kernel (1, channels * depth_multiplier, filters).

    Raises:
        ArgumentError: a size is not positive.
        ShapeError: x is not of that rank or that number of channels, or shorter than the kernel.

    Example:

        >>> import numpy as np
        >>> SeparableConv1D(4, 3)(np.ones((2, 10, 5))).shape
        (2, 8, 4)
    """

    rank = 1


class SeparableConv2D(_SeparableConvolution, aliases=("SeparableConvolution2D",)):
    """Convolution over an image, each channel by itself, then a mixture of the channels at each pixel.

    Args:
        filters: number of output channels.
        kernel_size: the width of the kernel: an integer, or one for height and one for width.
        strides: the step of the window: an integer, or one for height and one for width.
        dilation_rate: the spacing of the kernel: an integer, or one for height and one for width.
        padding: "valid" or "same".
        depth_multiplier: how many intermediate outputs each channel gives.
        data_format: "channels_last" or "channels_first".
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `SeparableAndBias`.

    Shapes: x (batch, height, width, channels) -> y (batch, new height, new width, filters);
        depthwise_kernel (h, w, channels, depth_multiplier), pointwise_kernel (1, 1, channels *
        depth_multiplier, filters).

    Raises:
        ArgumentError: a size is not positive.
        ShapeError: x is not of that rank or that number of channels, or smaller than the kernel.

    Source: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, 2017.

    Example:

        >>> import numpy as np
        >>> SeparableConv2D(4, 3, padding="same")(np.ones((2, 8, 8, 5))).shape
        (2, 8, 8, 4)
    """


# Other names of the same classes.
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
