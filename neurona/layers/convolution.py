"""Convolutions in one, two and three dimensions, and what all convolutional layers share."""

from typing import Any, Unpack

import jax.numpy as jnp

from neurona.activations import linear
from neurona.core.checks import integers
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.policy import standardize_data_format
from neurona.core.shapes import InputSpec
from neurona.kernels.convolution import convolution
from neurona.layers.adaptation import _Adaptable
from neurona.layers.arguments import ActivationAttribute, choice, positive
from neurona.layers.options import KernelAndBias, for_layer

__all__ = [
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
]


class _Convolutional(Layer):
    """What all convolutional layers share: the window, the place of the channels, bias and activation."""

    rank = 2
    activation = ActivationAttribute()
    _paddings: tuple[str, ...] = ("valid", "same")
    _strided_dilation = False  # whether strides and dilation may both be more than 1

    _weights_with_options: tuple[str, ...] = ("kernel", "bias")

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        **options: Any,
    ) -> None:
        super().__init__(**for_layer(options, *self._weights_with_options))
        owner = type(self).__name__
        self.kernel_size = integers(kernel_size, self.rank, "kernel_size", owner)
        self.strides = integers(strides, self.rank, "strides", owner)
        self.dilation_rate = integers(dilation_rate, self.rank, "dilation_rate", owner)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1 and not self._strided_dilation:
            raise ArgumentError(
                f"{owner}: strides and dilation_rate can't both be more than 1. "
                f"Received: strides={self.strides}, dilation_rate={self.dilation_rate}"
            )
        self.padding = choice(padding, self._paddings, "padding", owner)
        self.data_format = standardize_data_format(data_format)
        self.activation = activation
        self.use_bias = use_bias
        self._set_weight_options(options, *self._weights_with_options)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _input_channels(self, input_shape: tuple[int | None, ...]) -> int:
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

    def _add_kernel(self, option: str, shape: tuple[int, ...], name: str) -> Any:
        """Create a weight whose initializer, regularizer and constraint are called by another name than its
        own.
        """
        initializer, regularizer, constraint = (
            getattr(self, f"{option}_{kind}") for kind in ("initializer", "regularizer", "constraint")
        )
        return self.add_weight(shape, initializer, regularizer=regularizer, constraint=constraint, name=name)

    def _add_bias(self, size: int) -> None:
        """Create the bias, or none."""
        self.bias = self.add_weight((size,), name="bias") if self.use_bias else None

    def _activate(self, y: Any) -> Any:
        """activation(y + bias)."""
        if self.bias is not None:
            bias = self.bias.value
            y = y + (bias if self.data_format == "channels_last" else bias.reshape(-1, *[1] * self.rank))
        return self.activation(y)


class _Convolution(_Adaptable, _Convolutional):
    _accepted = (*Layer._accepted, "lora_rank", "lora_alpha")

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
        **options: Unpack[KernelAndBias],
    ) -> None:
        others: dict[str, Any] = {**options}
        rank, alpha = others.pop("lora_rank", None), others.pop("lora_alpha", None)
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, **others
        )
        self._keep_rank(rank, alpha)
        self.filters = positive(filters, "filters", type(self).__name__)
        self.groups = positive(groups, "groups", type(self).__name__)
        if filters % groups:
            raise ArgumentError(
                f"{type(self).__name__}: filters must be divisible by groups. Received: filters={filters}, "
                f"groups={groups}"
            )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = self._input_channels(input_shape)
        if channels % self.groups:
            raise ShapeError(
                f"Layer {self.name!r}: {channels} channels can't be split into groups={self.groups} equal "
                "parts."
            )
        self.kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters), name="kernel"
        )
        self._add_bias(self.filters)
        self._adapt_if_asked()

    def call(self, inputs: Any) -> Any:
        if type(self).convolution_op is not _Convolution.convolution_op:
            return self._activate(self.convolution_op(inputs, self.kernel.value))
        arguments, options = self._kernel_arguments(inputs)
        return convolution(*arguments, **options)

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The sums alone, without bias and activation; a subclass may define others."""
        return convolution(inputs, jnp.asarray(kernel), None, linear, **self._how())

    def _kernel_arguments(self, inputs: Any) -> tuple[list[Any], dict[str, Any]]:
        """What `kernels.convolution` takes."""
        bias = None if self.bias is None else self.bias.value
        return [inputs, self.kernel.value, bias, self.activation], self._how()

    def _how(self) -> dict[str, Any]:
        return {
            "strides": self.strides,
            "padding": self.padding,
            "dilation": self.dilation_rate,
            "groups": self.groups,
            "data_format": self.data_format,
        }


class Conv1D(_Convolution, aliases=("Convolution1D",)):
    """Convolution over time: y[t] = activation(sum over k of x[t * stride + k * dilation] @ kernel[k] +
    bias).

    Args:
        filters: number of output channels.
        kernel_size: the width of the kernel: an integer.
        strides: the step of the window: an integer.
        dilation_rate: the spacing of the kernel: an integer.
        padding: "valid" (none), "same" (output as long as the input at stride 1) or "causal" (an
            output depends on no later step).
        data_format: "channels_last" or "channels_first".
        groups: parts into which the channels are split, each with its own filters.
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `KernelAndBias`.

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
    _paddings = ("valid", "same", "causal")


class Conv2D(_Convolution, aliases=("Convolution2D",)):
    """Convolution over an image: y[p] = activation(sum over k of x[p * stride + k * dilation] @ kernel[k] +
    bias).

    Args:
        filters: number of output channels.
        kernel_size: the width of the kernel: an integer, or one for height and one for width.
        strides: the step of the window: an integer, or one for height and one for width.
        dilation_rate: the spacing of the kernel: an integer, or one for height and one for width.
        padding: "valid" (none) or "same" (output as large as the input at stride 1).
        data_format: "channels_last" or "channels_first".
        groups: parts into which the channels are split, each with its own filters.
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `KernelAndBias`.

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
        kernel_size: the width of the kernel: an integer, or one for each dimension.
        strides: the step of the window: an integer, or one for each dimension.
        dilation_rate: the spacing of the kernel: an integer, or one for each dimension.
        padding: "valid" (none) or "same" (output as large as the input at stride 1).
        data_format: "channels_last" or "channels_first".
        groups: parts into which the channels are split, each with its own filters.
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `KernelAndBias`.

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


# Other names of the same classes.
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
