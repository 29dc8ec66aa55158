"""Convolution, depthwise and transposed convolution over one to three spatial axes."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona import activations
from neurona.core.checks import integers
from neurona.core.errors import ArgumentError, ShapeError
from neurona.kernels.activation_codes import Activation, fused
from neurona.kernels.convolution_operations import convolved, transposed_convolved
from neurona.kernels.geometry import Geometry
from neurona.kernels.window import back_to, channels_last, explicit_padding


def convolution(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    activation: Activation = activations.linear,
    *,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[Any] = "valid",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    data_format: str = "channels_last",
) -> jax.Array:
    """Slide a kernel over the input, y = activation(x * kernel + bias), where

        (x * kernel)[n, p, f] = sum over taps t and channels c of x[n, p * strides + t * dilation, c] *
        kernel[t, c, f]

    Args:
        x: the input.
        kernel: the filters, the same layout for both data formats.
        bias: added to every position, (F,).
        activation: a function of the sum, in the layout of x.
        strides: inputs between neighbouring outputs, one number or one for each spatial axis.
        padding: "valid" (none), "same" (outputs = ceil(inputs / strides)), "causal" (one spatial axis: no
            output sees later inputs), or a pair (before, after) for each spatial axis.
        dilation: inputs between neighbouring taps.
        groups: parts into which channels and filters are split; the filters of a part see the channels of
            that part alone.
        data_format: "channels_last" or "channels_first".

    Shapes: x (N, *spatial, C) -> y (N, *outputs, F); kernel (*taps, C / groups, F); one to three spatial
        axes.

    Raises:
        ShapeError: the shapes don't fit each other, or the kernel is larger than the padded input.
        ArgumentError: an argument is not one of those allowed.

    Example:

        >>> x = jnp.arange(5.0).reshape(1, 5, 1)
        >>> convolution(x, jnp.array([-1.0, 0.0, 1.0]).reshape(3, 1, 1), padding="same")[0, :, 0].tolist()
        [1.0, 2.0, 2.0, 2.0, -3.0]
    """
    x, kernel = _same_dtype(
        channels_last(jnp.asarray(x), data_format, function="convolution"), kernel, function="convolution"
    )
    *taps, inputs, filters = kernel.shape
    bias = jnp.zeros(filters, x.dtype) if bias is None else bias.astype(x.dtype)
    inner = fused(activation)
    if groups < 1 or x.shape[-1] != inputs * groups or filters % groups:
        raise ShapeError(
            f"convolution: x of {x.shape[-1]} channels in {groups} groups needs a kernel (*taps, "
            f"{x.shape[-1]} / {groups}, filters) whose filters divide by {groups}. Received a kernel of "
            "shape "
            f"{kernel.shape}."
        )
    geometry = _geometry(x, taps, strides, padding, dilation, groups, function="convolution")
    outputs = geometry.output_sizes(x.shape[1:-1], taps)
    if x.size and 0 in outputs:
        raise ShapeError(
            f"convolution: the kernel spans {tuple(geometry.window(taps))} inputs, more than there are: x "
            "has "
            f"spatial sizes {x.shape[1:-1]} and padding {geometry.padding}. Use padding='same', a smaller "
            "kernel "
            "or a larger input."
        )
    if 0 in (*x.shape, *outputs):  # no rows: XLA refuses a gradient over none
        return activation(back_to(jnp.zeros((x.shape[0], *outputs, filters), x.dtype) + bias, data_format))
    y = back_to(convolved(x, kernel, bias, geometry=geometry, activation=inner), data_format)
    return y if inner is activation else activation(y)


def depthwise_convolution(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    activation: Activation = activations.linear,
    *,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[Any] = "valid",
    dilation: int | Sequence[int] = 1,
    data_format: str = "channels_last",
) -> jax.Array:
    """Convolve every channel with its own filters: y[..., c * multiplier + m] = activation(x[..., c] *
    kernel[..., c, m] + bias).

    Args: as in `convolution`.

    Shapes: x (N, *spatial, C) -> y (N, *outputs, C * multiplier); kernel (*taps, C, multiplier).

    Example:

        >>> x = jnp.ones((1, 4, 4, 2))
        >>> depthwise_convolution(x, jnp.ones((3, 3, 2, 1)) * jnp.array([[1.0], [2.0]]))[0, 0, 0].tolist()
        [9.0, 18.0]
    """
    *taps, channels, multiplier = kernel.shape
    kernel = kernel.reshape(*taps, 1, channels * multiplier)
    options: dict[str, Any] = {
        "strides": strides,
        "padding": padding,
        "dilation": dilation,
        "data_format": data_format,
    }
    return convolution(x, kernel, bias, activation, groups=channels, **options)


def convolution_transpose(
    x: jax.Array,
    kernel: jax.Array,
    *,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    output_padding: int | Sequence[int | None] | None = None,
    dilation: int | Sequence[int] = 1,
    data_format: str = "channels_last",
) -> jax.Array:
    """Spread every input over the outputs that a kernel reaches: the transpose, as a linear map, of a
    convolution from y to x.

    The number of outputs along an axis of n inputs, stride s and a kernel that spans w:

        "valid"  (n - 1) * s + w + output_padding        output_padding defaults to max(s - w, 0)
        "same"   n * s, or with an output_padding        (n - 1) * s + w % 2 + output_padding

    Args:
        x: the input.
        kernel: the filters; note that the outputs come before the inputs.
        strides: outputs between neighbouring inputs.
        padding: "valid" or "same".
        output_padding: the outputs to add at the end, one number or one for each spatial axis.
        dilation: outputs between neighbouring taps.
        data_format: "channels_last" or "channels_first".

    Shapes: x (N, *spatial, C) -> y (N, *outputs, F); kernel (*taps, F, C).

    Raises:
        ShapeError: the kernel does not fit x, or nothing would come out.
        ArgumentError: an argument is not one of those allowed.

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016.

    Example:

        >>> x, kernel = jnp.array([1.0, 2.0]).reshape(1, 2, 1), jnp.array([1.0, 10.0, 100.0]).reshape(3, 1, 1)
        >>> convolution_transpose(x, kernel, strides=2)[0, :, 0].tolist()
        [1.0, 10.0, 102.0, 20.0, 200.0]
    """
    function = "convolution_transpose"
    x, kernel = _same_dtype(
        channels_last(jnp.asarray(x), data_format, function=function), kernel, function=function
    )
    *taps, filters, channels = kernel.shape
    if x.shape[-1] != channels:
        raise ShapeError(
            f"{function}: x has {x.shape[-1]} channels, so kernel must be (*taps, filters, {x.shape[-1]}). "
            f"Received {kernel.shape}."
        )
    if padding not in ("valid", "same"):
        raise ArgumentError(f"{function}: padding must be 'valid' or 'same'. Received: {padding!r}")
    rank = len(taps)
    strides = integers(strides, rank, "strides", function)
    dilation = integers(dilation, rank, "dilation", function)
    extra = (
        (output_padding,) * rank
        if output_padding is None or isinstance(output_padding, int)
        else tuple(output_padding)
    )
    if len(extra) != rank:
        raise ArgumentError(
            f"{function}: output_padding must be None, an integer or {rank} of them. Received: "
            f"{output_padding!r}"
        )
    window = Geometry(strides, (), dilation).window(taps)
    crops = [_crop(w, s, e, padding) for w, s, e in zip(window, strides, extra)]
    sizes = tuple(
        (n - 1) * s + w - low - high for n, s, w, (low, high) in zip(x.shape[1:-1], strides, window, crops)
    )
    if x.size and min(sizes) < 1:
        raise ShapeError(
            f"{function}: x of spatial sizes {x.shape[1:-1]} with strides {strides}, padding {padding!r} and "
            f"output_padding {output_padding!r} would give outputs of sizes {sizes}, and each must be at "
            "least 1."
        )
    if x.size == 0 or filters == 0:
        return back_to(jnp.zeros((x.shape[0], *(max(n, 0) for n in sizes), filters), x.dtype), data_format)
    geometry = Geometry(strides, tuple(crops), dilation)
    return back_to(transposed_convolved(x, kernel, geometry=geometry, sizes=sizes), data_format)


def _crop(window: int, stride: int, extra: int | None, padding: str) -> tuple[int, int]:
    """The positions to cut at either end, of the (n - 1) * stride + window that the inputs reach; a negative
    number adds zeros.
    """
    if padding == "valid":
        return 0, -(max(stride - window, 0) if extra is None else extra)
    kept = stride - 1 if extra is None else window % 2 + extra - 1  # outputs beyond (n - 1) * stride + 1
    total = kept + window - 1  # zeros that a convolution over the spread-out inputs would add
    before = min(total - total // 2, window - 1)
    return window - 1 - before, window - 1 - (total - before)


def _same_dtype(x: jax.Array, kernel: jax.Array, *, function: str) -> tuple[jax.Array, jax.Array]:
    if kernel.ndim != x.ndim:
        raise ShapeError(
            f"{function}: x of shape {x.shape} needs a kernel of {x.ndim} axes. Received a kernel of shape "
            f"{kernel.shape}."
        )
    dtype = jnp.promote_types(x.dtype, kernel.dtype)
    return x.astype(dtype), kernel.astype(dtype)


def _geometry(
    x: jax.Array,
    taps: list[int],
    strides: int | Sequence[int],
    padding: str | Sequence[Any],
    dilation: int | Sequence[int],
    groups: int,
    *,
    function: str,
) -> Geometry:
    strides = integers(strides, len(taps), "strides", function)
    dilation = integers(dilation, len(taps), "dilation", function)
    window = Geometry(strides, (), dilation).window(taps)
    return Geometry(
        strides,
        explicit_padding(padding, x.shape[1:-1], window, strides, function=function),
        dilation,
        groups,
    )
