"""Transposed convolutions, which enlarge their input, in one, two and three dimensions."""

from typing import Any, Unpack

from neurona.core.checks import integers
from neurona.core.errors import ArgumentError
from neurona.kernels.convolution import convolution_transpose
from neurona.layers.arguments import positive
from neurona.layers.convolution import _Convolutional
from neurona.layers.options import KernelAndBias

__all__ = [
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
    "Convolution1DTranspose",
    "Convolution2DTranspose",
    "Convolution3DTranspose",
]


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
        **options: Unpack[KernelAndBias],
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, **options
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

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.kernel = self.add_weight(
            (*self.kernel_size, self.filters, self._input_channels(input_shape)), name="kernel"
        )
        self._add_bias(self.filters)

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
        return self._activate(y)


class Conv1DTranspose(_ConvolutionTranspose, aliases=("Convolution1DTranspose",)):
    """The transpose of a `Conv1D`, which makes a sequence longer: each input step adds x[t] @ kernel^T around
    t * stride.

    Args:
        filters: number of output channels.
        kernel_size: the width of the kernel: an integer.
        strides: the factor by which the output is longer: an integer.
        dilation_rate: the spacing of the kernel: an integer.
        padding: "valid" or "same" (output as long as the input times the stride).
        output_padding: steps to add at the end, less than the stride; None chooses the usual length.
        data_format: "channels_last" or "channels_first".
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `KernelAndBias`.

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
        kernel_size: the width of the kernel: an integer, or one for height and one for width.
        strides: the factor by which the output is larger: an integer, or one for height and one for width.
        dilation_rate: the spacing of the kernel: an integer, or one for height and one for width.
        output_padding: places to add at the end, less than the stride: an integer, or one
            for height and one for width; None chooses the usual size.
        padding: "valid" or "same" (output as large as the input times the stride).
        data_format: "channels_last" or "channels_first".
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `KernelAndBias`.

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
        kernel_size: the width of the kernel: an integer, or one for each dimension.
        strides: the factor by which the output is larger: an integer, or one for each dimension.
        dilation_rate: the spacing of the kernel: an integer, or one for each dimension.
        output_padding: places to add at the end, less than the stride: an integer, or one for each dimension;
            None chooses the usual size.
        padding: "valid" or "same" (output as large as the input times the stride).
        data_format: "channels_last" or "channels_first".
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `KernelAndBias`.

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

    def __init__(  # Keras takes data_format before output_padding here
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        **options: Unpack[KernelAndBias],
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            **options,
        )


# Other names of the same classes.
Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = (
    Conv1DTranspose,
    Conv2DTranspose,
    Conv3DTranspose,
)
