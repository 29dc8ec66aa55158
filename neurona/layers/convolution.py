"""Convolutional layers in one, two and three dimensions: plain, transposed, depthwise and separable."""

from functools import partial
from typing import Any

from neurona import activations
from neurona.core.checks import integers
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.policy import standardize_data_format
from neurona.core.shapes import InputSpec
from neurona.kernels.convolution import convolution, convolution_transpose, depthwise_convolution
from neurona.layers.arguments import choice, positive
from neurona.layers.fusion import set_source


class _Convolutional(Layer):
    """What all convolutional layers share: the window, the place of the channels, bias and activation."""

    rank = 2
    paddings: tuple[str, ...] = ("valid", "same")
    strided_dilation = False  # whether strides and dilation may both be more than 1

    def __init__(
        self,
        *,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias: tuple[Any, Any, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.kernel_size = integers(kernel_size, self.rank, "kernel_size", owner)
        self.strides = integers(strides, self.rank, "strides", owner)
        self.dilation_rate = integers(dilation_rate, self.rank, "dilation_rate", owner)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1 and not self.strided_dilation:
            raise ArgumentError(
                f"{owner}: strides and dilation_rate can't both be more than 1. "
                f"Received: strides={self.strides}, dilation_rate={self.dilation_rate}"
            )
        self.padding = choice(padding, self.paddings, "padding", owner)
        self.data_format = standardize_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._set_weight_options(bias=bias)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def input_channels(self, input_shape: tuple[int | None, ...]) -> int:
        """The number of channels that come in; from now on the layer asks for as many."""
        axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[axis]
        if channels is None:
            raise ShapeError(
                f"Layer {self.name!r} ({type(self).__name__}) needs the number of channels, axis {axis} of "
                f"{input_shape}."
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        return channels

    def add_kernel(self, option: str, shape: tuple[int, ...], name: str) -> Any:
        """Create a weight whose initializer, regularizer and constraint are called by another name than its
        own.
        """
        initializer, regularizer, constraint = (
            getattr(self, f"{option}_{kind}") for kind in ("initializer", "regularizer", "constraint")
        )
        return self.add_weight(shape, initializer, regularizer=regularizer, constraint=constraint, name=name)

    def add_bias(self, size: int) -> None:
        """Create the bias, or none."""
        self.bias = self.add_weight((size,), name="bias") if self.use_bias else None

    def activate(self, y: Any) -> Any:
        """activation(y + bias)."""
        if self.bias is not None:
            bias = self.bias.value
            y = y + (bias if self.data_format == "channels_last" else bias.reshape(-1, *[1] * self.rank))
        return self.activation(y)


class _Convolution(_Convolutional):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias=(bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = positive(filters, "filters", type(self).__name__)
        self.groups = positive(groups, "groups", type(self).__name__)
        if filters % groups:
            raise ArgumentError(
                f"{type(self).__name__}: filters must be divisible by groups. Received: filters={filters}, "
                f"groups={groups}"
            )
        self._set_weight_options(kernel=(kernel_initializer, kernel_regularizer, kernel_constraint))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = self.input_channels(input_shape)
        if channels % self.groups:
            raise ShapeError(
                f"Layer {self.name!r}: {channels} channels can't be split into groups={self.groups} equal "
                "parts."
            )
        self.kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters), name="kernel"
        )
        self.add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        compute = partial(
            convolution,
            inputs,
            self.kernel.value,
            self.bias.value if self.bias is not None else None,
            self.activation,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            groups=self.groups,
            data_format=self.data_format,
        )
        y = compute()
        set_source(y, compute)
        return y


class Conv1D(_Convolution, aliases=("Convolution1D",)):
    """Convolution over time: y[t] = activation(sum over k of x[t * stride + k * dilation] @ kernel[k] +
    bias).

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: integers; the width of the kernel, the step of the window, the
            gap in the kernel.
        padding: "valid" (none), "same" (output as long as the input at stride 1) or "causal" (no look at
            later steps).
        data_format: "channels_last" or "channels_first".
        groups: parts into which the channels are split, each with its own filters.
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint,
            bias_constraint: names or objects.

    Shapes: x (batch, time, channels) -> y (batch, new time, filters); kernel (kernel_size, channels / groups,
        filters).

    Raises:
        ArgumentError: a size is not positive, filters not divisible by groups, or stride and dilation both
            above 1.
        ShapeError: x is not of that rank or that number of channels, or shorter than the kernel.

    Source: Waibel et al., Phoneme Recognition Using Time-Delay Neural Networks, 1989.

    Example:

        >>> import numpy as np
        >>> Conv1D(4, 3, padding="causal")(np.ones((2, 10, 5))).shape
        (2, 10, 4)
    """

    rank = 1
    paddings = ("valid", "same", "causal")


class Conv2D(_Convolution, aliases=("Convolution2D",)):
    """Convolution over an image: y[p] = activation(sum over k of x[p * stride + k * dilation] @ kernel[k] +
    bias).

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: an integer, or one for height and one for width.
        padding: "valid" (none) or "same" (output as large as the input at stride 1).
        data_format, groups, activation, use_bias and the options of the weights: as in `Conv1D`.

    Shapes: x (batch, height, width, channels) -> y (batch, new height, new width, filters); kernel (h, w,
        channels / groups, filters).

    Raises:
        ArgumentError: a size is not positive, filters not divisible by groups, or stride and dilation both
            above 1.
        ShapeError: x is not of that rank or that number of channels, or smaller than the kernel.

    Source: LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998.

    Example:

        >>> import numpy as np
        >>> Conv2D(6, 5, activation="relu")(np.ones((2, 28, 28, 1))).shape
        (2, 24, 24, 6)
    """


class Conv3D(_Convolution, aliases=("Convolution3D",)):
    """Convolution over a volume or a film: as `Conv2D`, with one dimension more.

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: an integer, or one for each of the three dimensions.
        padding: "valid" (none) or "same" (output as large as the input at stride 1).
        data_format, groups, activation, use_bias and the options of the weights: as in `Conv1D`.

    Shapes: x (batch, d1, d2, d3, channels) -> y (batch, new d1, new d2, new d3, filters); kernel (k1, k2, k3,
        channels / groups, filters).

    Raises:
        ArgumentError: a size is not positive, filters not divisible by groups, or stride and dilation both
            above 1.
        ShapeError: x is not of that rank or that number of channels, or smaller than the kernel.

    Source: Ji, Xu, Yang and Yu, 3D Convolutional Neural Networks for Human Action Recognition, 2013.

    Example:

        >>> import numpy as np
        >>> Conv3D(2, 3, strides=2, padding="same")(np.ones((1, 8, 8, 8, 1))).shape
        (1, 4, 4, 4, 2)
    """

    rank = 3


class _ConvolutionTranspose(_Convolutional):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias=(bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        owner = type(self).__name__
        self.filters = positive(filters, "filters", owner)
        self.output_padding = (
            None
            if output_padding is None
            else integers(output_padding, self.rank, "output_padding", owner, minimum=0)
        )
        if any(extra >= stride for extra, stride in zip(self.output_padding or (), self.strides)):
            raise ArgumentError(
                f"{owner}: output_padding must be less than the stride. Received: "
                f"output_padding={output_padding!r}, strides={self.strides}"
            )
        self._set_weight_options(kernel=(kernel_initializer, kernel_regularizer, kernel_constraint))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.kernel = self.add_weight(
            (*self.kernel_size, self.filters, self.input_channels(input_shape)), name="kernel"
        )
        self.add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        y = convolution_transpose(
            inputs,
            self.kernel.value,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation_rate,
            data_format=self.data_format,
        )
        return self.activate(y)


class Conv1DTranspose(_ConvolutionTranspose, aliases=("Convolution1DTranspose",)):
    """The transpose of a `Conv1D`, which makes a sequence longer: each input step adds x[t] @ kernel^T around
    t * stride.

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: integers; the width of the kernel, the factor of length, the gap
            in the kernel.
        padding: "valid" or "same" (output as long as the input times the stride).
        output_padding: steps to add at the end, less than the stride; None chooses the usual length.
        data_format, activation, use_bias and the options of the weights: as in `Conv1D`.

    Shapes: x (batch, time, channels) -> y (batch, new time, filters); kernel (kernel_size, filters,
        channels).

    Raises:
        ArgumentError: a size is not positive, or output_padding not less than the stride.
        ShapeError: x is not of that rank or that number of channels.

    Source: Dumoulin and Visin, A Guide to Convolution Arithmetic for Deep Learning, 2016.

    Example:

        >>> import numpy as np
        >>> Conv1DTranspose(4, 3, strides=2, padding="same")(np.ones((2, 5, 3))).shape
        (2, 10, 4)
    """

    rank = 1


class Conv2DTranspose(_ConvolutionTranspose, aliases=("Convolution2DTranspose",)):
    """The transpose of a `Conv2D`, which makes an image larger.

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate, output_padding: an integer, or one for height and one for width;
            see `Conv1DTranspose`.
        padding: "valid" or "same" (output as large as the input times the stride).
        data_format, activation, use_bias and the options of the weights: as in `Conv1D`.

    Shapes: x (batch, height, width, channels) -> y (batch, new height, new width, filters); kernel (h, w,
        filters, channels).

    Raises:
        ArgumentError: a size is not positive, or output_padding not less than the stride.
        ShapeError: x is not of that rank or that number of channels.

    Source: Zeiler, Krishnan, Taylor and Fergus, Deconvolutional Networks, 2010.

    Example:

        >>> import numpy as np
        >>> Conv2DTranspose(1, 3, strides=2, padding="same")(np.ones((2, 7, 7, 4))).shape
        (2, 14, 14, 1)
    """


class Conv3DTranspose(_ConvolutionTranspose, aliases=("Convolution3DTranspose",)):
    """The transpose of a `Conv3D`, which makes a volume larger.

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate, output_padding: an integer, or one for each dimension; see
            `Conv1DTranspose`.
        padding: "valid" or "same" (output as large as the input times the stride).
        data_format, activation, use_bias and the options of the weights: as in `Conv1D`.

    Shapes: x (batch, d1, d2, d3, channels) -> y (batch, new d1, new d2, new d3, filters); kernel (k1, k2, k3,
        filters, channels).

    Raises:
        ArgumentError: a size is not positive, or output_padding not less than the stride.
        ShapeError: x is not of that rank or that number of channels.

    Example:

        >>> import numpy as np
        >>> Conv3DTranspose(1, 2, strides=2)(np.ones((1, 2, 2, 2, 3))).shape
        (1, 4, 4, 4, 1)
    """

    rank = 3


class _DepthwiseConvolution(_Convolutional):
    strided_dilation = True

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
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias=(bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier", type(self).__name__)
        self._set_weight_options(
            depthwise=(depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = self.input_channels(input_shape)
        self.kernel = self.add_kernel(
            "depthwise", (*self.kernel_size, channels, self.depth_multiplier), "kernel"
        )
        self.add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        y = depthwise_convolution(
            inputs,
            self.kernel.value,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            data_format=self.data_format,
        )
        return self.activate(y)


class DepthwiseConv1D(_DepthwiseConvolution):
    """Convolution over time of each channel on its own.

    Args:
        kernel_size, strides, dilation_rate: integers; the width of the kernel, the step of the window, the
            gap in the kernel.
        padding: "valid" or "same".
        depth_multiplier: how many outputs each channel gives.
        data_format, activation, use_bias and the options of the weights: as in `Conv1D`, with `depthwise_`
        for `kernel_`.

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
    """Convolution over an image of each channel on its own.

    Args:
        kernel_size, strides, dilation_rate: an integer, or one for height and one for width.
        padding: "valid" or "same".
        depth_multiplier: how many outputs each channel gives.
        data_format, activation, use_bias and the options of the weights: as in `Conv1D`, with `depthwise_`
        for `kernel_`.

    Shapes: x (batch, height, width, channels) -> y (batch, new height, new width, channels *
        depth_multiplier);
    kernel (h, w, channels, depth_multiplier).

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
    strided_dilation = True

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
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias=(bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = positive(filters, "filters", type(self).__name__)
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier", type(self).__name__)
        self._set_weight_options(
            depthwise=(depthwise_initializer, depthwise_regularizer, depthwise_constraint),
            pointwise=(pointwise_initializer, pointwise_regularizer, pointwise_constraint),
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = self.input_channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = self.add_kernel("depthwise", shape, "depthwise_kernel")
        shape = (*[1] * self.rank, channels * self.depth_multiplier, self.filters)
        self.pointwise_kernel = self.add_kernel("pointwise", shape, "pointwise_kernel")
        self.add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        y = depthwise_convolution(
            inputs,
            self.depthwise_kernel.value,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            data_format=self.data_format,
        )
        return self.activate(convolution(y, self.pointwise_kernel.value, data_format=self.data_format))


class SeparableConv1D(_SeparableConvolution, aliases=("SeparableConvolution1D",)):
    """Convolution over time of each channel on its own, then a mixture of the channels at each step.

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: integers; the width of the kernel, the step of the window, the
            gap in the kernel.
        padding: "valid" or "same".
        depth_multiplier: how many intermediate outputs each channel gives.
        data_format, activation, use_bias and the options of the weights: as in `Conv1D`, with `depthwise_`
        and `pointwise_` for `kernel_`.

    Shapes: x (batch, time, channels) -> y (batch, new time, filters); depthwise_kernel (kernel_size,
        channels, depth_multiplier),
    pointwise_kernel (1, channels * depth_multiplier, filters).

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
    """Convolution over an image of each channel on its own, then a mixture of the channels at each pixel.

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: an integer, or one for height and one for width.
        padding: "valid" or "same".
        depth_multiplier: how many intermediate outputs each channel gives.
        data_format, activation, use_bias and the options of the weights: as in `Conv1D`, with `depthwise_`
        and `pointwise_` for `kernel_`.

    Shapes: x (batch, height, width, channels) -> y (batch, new height, new width, filters);
    depthwise_kernel (h, w, channels, depth_multiplier), pointwise_kernel (1, 1, channels * depth_multiplier,
    filters).

    Raises:
        ArgumentError: a size is not positive.
        ShapeError: x is not of that rank or that number of channels, or smaller than the kernel.

    Source: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, 2017.

    Example:

        >>> import numpy as np
        >>> SeparableConv2D(4, 3, padding="same")(np.ones((2, 8, 8, 5))).shape
        (2, 8, 8, 4)
    """
