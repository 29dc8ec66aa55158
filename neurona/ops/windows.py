"""Windows that slide over space: convolutions, poolings, patches. Keras's names over `jax.lax`."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import standardize_data_format
from neurona.ops.registry import Tensor, define

Sizes = int | Sequence[int]
_define = functools.partial(define, module="nn")


def spread(value: Any, rank: int) -> tuple:
    """A number for every axis of space, from one number or one for each."""
    return (value,) * rank if isinstance(value, int) or value is None else tuple(value)


def _padding(padding: str) -> str:
    if str(padding).lower() not in ("valid", "same"):
        raise ArgumentError(f"padding is 'valid' or 'same'. Received: padding={padding!r}")
    return padding.upper()


def _layout(rank: int, data_format: str) -> jax.lax.ConvDimensionNumbers:
    """The layout of the axes for XLA. Kernels are (space..., in, out)."""
    space = tuple(range(1, rank + 1)) if data_format == "channels_last" else tuple(range(2, rank + 2))
    data = (0, rank + 1 if data_format == "channels_last" else 1, *space)
    return jax.lax.ConvDimensionNumbers(data, (rank + 1, rank, *range(rank)), data)


@_define("Conv")
def conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Any:
    """Convolution in 1, 2 or 3 dimensions (cross-correlation, as the field calls it convolution).

    Shapes: inputs (n, space..., c); kernel (space..., c / groups, filters) -> (n, space..., filters).

    Raises:
        ShapeError: the channels are no multiple of the kernel's, or nothing is left of the space.
    """
    data_format, rank = standardize_data_format(data_format), inputs.ndim - 2
    channels = inputs.shape[-1 if data_format == "channels_last" else 1]
    if channels % kernel.shape[-2]:
        raise ShapeError(
            f"conv: the kernel takes {kernel.shape[-2]} channels, and the inputs have {channels}, which is "
            "no multiple of it."
        )
    result = jax.lax.conv_general_dilated(
        inputs.astype(kernel.dtype),
        kernel,
        spread(strides, rank),
        _padding(padding),
        rhs_dilation=spread(dilation_rate, rank),
        dimension_numbers=_layout(rank, data_format),
        feature_group_count=channels // kernel.shape[-2],
    )
    if result.size == 0 and inputs.size:
        raise ShapeError(
            f"conv: a kernel of shape {kernel.shape} does not fit into inputs of shape {inputs.shape}. Use "
            "padding='same'."
        )
    return result


@_define("DepthwiseConv")
def depthwise_conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Any:
    """Convolution of each channel separately.

    Shapes: inputs (n, space..., c); kernel (space..., c, multiplier) -> (n, space..., c * multiplier).
    """
    return conv(
        inputs, kernel.reshape(*kernel.shape[:-2], 1, -1), strides, padding, data_format, dilation_rate
    )


@_define("SeparableConv")
def separable_conv(
    inputs: Tensor,
    depthwise_kernel: Tensor,
    pointwise_kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Any:
    """Convolution of each channel separately, then a mixture of the channels at each place."""
    depthwise = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(depthwise, pointwise_kernel, 1, "valid", data_format)


def transposed_padding(
    kernel: int, stride: int, dilation: int, padding: str, output_padding: int | None
) -> tuple[int, int]:
    """How far a transposed convolution's dilated input is padded before and after, so that sizes come out as
    in Keras.
    """
    width = (kernel - 1) * dilation + 1
    if _padding(padding) == "VALID":
        return width - 1, width - 1 + (max(stride - width, 0) if output_padding is None else output_padding)
    total = stride + width - 2 if output_padding is None else width + width % 2 - 2 + output_padding
    before = min(math.ceil(total / 2), width - 1)
    return before, total - before


@_define("ConvTranspose")
def conv_transpose(
    inputs: Tensor,
    kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Any:
    """Transposed convolution: the gradient of a convolution to its input.

    Shapes: inputs (n, space..., c); kernel (space..., filters, c) -> (n, larger space..., filters).
    """
    data_format, rank = standardize_data_format(data_format), inputs.ndim - 2
    steps, dilations = spread(strides, rank), spread(dilation_rate, rank)
    extra = spread(output_padding, rank)
    pads = [
        transposed_padding(k, s, d, padding, more)
        for k, s, d, more in zip(kernel.shape, steps, dilations, extra)
    ]
    return jax.lax.conv_transpose(
        inputs,
        kernel,
        steps,
        pads,
        dilations,
        dimension_numbers=_layout(rank, data_format),
        transpose_kernel=True,
    )


# Poolings.


def _windows(inputs: Any, pool_size: Any, strides: Any, data_format: str | None) -> tuple[tuple, tuple]:
    rank, last = inputs.ndim - 2, standardize_data_format(data_format) == "channels_last"
    window, steps = spread(pool_size, rank), spread(pool_size if strides is None else strides, rank)
    return ((1, *window, 1), (1, *steps, 1)) if last else ((1, 1, *window), (1, 1, *steps))


@_define("MaxPool")
def max_pool(
    inputs: Tensor,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The greatest value in each window."""
    window, steps = _windows(inputs, pool_size, strides, data_format)
    least = -jnp.inf if jnp.issubdtype(inputs.dtype, jnp.floating) else jnp.iinfo(inputs.dtype).min
    return jax.lax.reduce_window(
        inputs, jnp.asarray(least, inputs.dtype)[()], jax.lax.max, window, steps, _padding(padding)
    )


@_define("AveragePool")
def average_pool(
    inputs: Tensor,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The mean of each window's values, those outside not counted."""
    window, steps = _windows(inputs, pool_size, strides, data_format)
    total = jax.lax.reduce_window(inputs, 0.0, jax.lax.add, window, steps, _padding(padding))
    if _padding(padding) == "VALID":
        return total / math.prod(window)
    inside = jnp.ones([n if w > 1 else 1 for n, w in zip(inputs.shape, window)], inputs.dtype)
    return total / jax.lax.reduce_window(inside, 0.0, jax.lax.add, window, steps, "SAME")


def _adaptive(inputs: Any, output_size: Any, data_format: str | None, reduce: Callable[..., Any]) -> Any:
    """Axis by axis: output i reduces the inputs from floor(i n / m) to ceil((i + 1) n / m)."""
    rank, first = inputs.ndim - 2, 1 if standardize_data_format(data_format) == "channels_last" else 2
    for axis, m in enumerate(spread(output_size, rank), start=first):
        n = inputs.shape[axis]
        parts = [jax.lax.slice_in_dim(inputs, i * n // m, -(-(i + 1) * n // m), axis=axis) for i in range(m)]
        inputs = jnp.concatenate([reduce(part, axis, keepdims=True) for part in parts], axis)
    return inputs


@_define("AdaptiveAveragePool")
def adaptive_average_pool(inputs: Tensor, output_size: Sizes, data_format: str | None = None) -> Any:
    """Means of windows so chosen that the output has a given size."""
    return _adaptive(inputs, output_size, data_format, jnp.mean)


@_define("AdaptiveMaxPool")
def adaptive_max_pool(inputs: Tensor, output_size: Sizes, data_format: str | None = None) -> Any:
    """Greatest values of windows so chosen that the output has a given size."""
    return _adaptive(inputs, output_size, data_format, jnp.max)


# Patches; images here are (n, channels, height, width).


@_define("Unfold")
def unfold(x: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Any:
    """All windows of images as columns: (n, c, h, w) -> (n, c * kernel height * kernel width, windows)."""
    if x.ndim != 4:
        raise ShapeError(f"unfold: x has shape (n, channels, height, width). Received shape {x.shape}.")
    patches = jax.lax.conv_general_dilated_patches(
        x,
        spread(kernel_size, 2),
        spread(stride, 2),
        [(p, p) for p in spread(padding, 2)],
        rhs_dilation=spread(dilation, 2),
    )
    return patches.reshape(*patches.shape[:2], -1)


@_define("Fold")
def fold(
    x: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Any:
    """The sum of windows laid back into images: the transpose of `unfold`."""
    channels = x.shape[1] // math.prod(spread(kernel_size, 2))
    shape = jax.ShapeDtypeStruct((x.shape[0], channels, *spread(output_size, 2)), x.dtype)
    return jax.linear_transpose(lambda image: unfold(image, kernel_size, dilation, padding, stride), shape)(
        x
    )[0]
