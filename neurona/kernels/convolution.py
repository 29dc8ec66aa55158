"""Convolution, depthwise and transposed convolution over one to three spatial axes.

Three operations carry everything: `convolution_forward`, `convolution_input_gradient` and
`convolution_kernel_gradient`. A convolution is the first and differentiates into the other two; a transposed
convolution is the second and differentiates into the first and the third.
Each is one choice between the native kernels, the forms of `convolution_cpu` and XLA's own convolution, which
is the definition and what accelerators run. They are compiled on their own, so that a convolution outside any
compiled function is one program too.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from neurona import activations
from neurona.core.checks import integers
from neurona.core.errors import ArgumentError, ShapeError

from . import convolution_cpu, convolution_native, native
from .dense import FUSED
from .geometry import Geometry, convolve
from .window import back_to, channels_last, explicit_padding

Activation = Callable[..., Any]


@partial(jax.jit, static_argnums=(3, 4))
def convolution_forward(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, geometry: Geometry, activation: Activation
) -> jax.Array:
    """activation(x * kernel + bias)."""

    def twin(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> jax.Array:
        forms = {
            "cpu": partial(convolution_cpu.forward, geometry=geometry),
            "default": partial(convolve, geometry=geometry),
        }
        return activation(lax.platform_dependent(x, kernel, **forms) + bias)

    def kernel_call(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> jax.Array:
        return convolution_native.forward(x, kernel, bias, geometry, activation)

    positions = x.shape[0] * prod(geometry.output_sizes(x.shape[1:-1], kernel.shape[:-2]))
    return native.run(
        _family(x.shape[-1], geometry), positions * kernel.size, kernel_call, twin, x, kernel, bias
    )


@partial(jax.jit, static_argnums=(3, 4, 5))
def convolution_input_gradient(
    g: jax.Array,
    y: jax.Array | None,
    kernel: jax.Array,
    geometry: Geometry,
    sizes: tuple[int, ...],
    activation: Activation,
) -> jax.Array:
    """The gradient of x, from that of y = activation(x * kernel + bias); y may be None where the activation
    is linear.
    """

    def transposed(g: jax.Array, kernel: jax.Array) -> jax.Array:
        x = jax.ShapeDtypeStruct((g.shape[0], *sizes, kernel.shape[-2] * geometry.groups), g.dtype)
        (dx,) = jax.linear_transpose(lambda x: convolve(x, kernel, geometry), x)(g)
        return dx

    def twin(g: jax.Array, y: jax.Array | None, kernel: jax.Array) -> jax.Array:
        forms = {
            "cpu": partial(convolution_cpu.input_gradient, geometry=geometry, sizes=sizes),
            "default": transposed,
        }
        return lax.platform_dependent(_before(activation, g, y), kernel, **forms)

    def kernel_call(g: jax.Array, y: jax.Array | None, kernel: jax.Array) -> jax.Array:
        return convolution_native.input_gradient(
            g, g if y is None else y, kernel, geometry, sizes, activation
        )

    family = _family(kernel.shape[-2] * geometry.groups, geometry)
    return native.run(family, g.size // g.shape[-1] * kernel.size, kernel_call, twin, g, y, kernel)


@partial(jax.jit, static_argnums=(3, 4, 5))
def convolution_kernel_gradient(
    x: jax.Array,
    g: jax.Array,
    y: jax.Array | None,
    geometry: Geometry,
    taps: tuple[int, ...],
    activation: Activation,
) -> tuple[jax.Array, jax.Array]:
    """The gradients of kernel and bias, from that of y = activation(x * kernel + bias)."""

    def transposed(x: jax.Array, g: jax.Array) -> jax.Array:
        kernel = jax.ShapeDtypeStruct((*taps, x.shape[-1] // geometry.groups, g.shape[-1]), x.dtype)
        (dkernel,) = jax.linear_transpose(lambda kernel: convolve(x, kernel, geometry), kernel)(g)
        return dkernel

    def twin(x: jax.Array, g: jax.Array, y: jax.Array | None) -> tuple[jax.Array, jax.Array]:
        z = _before(activation, g, y)
        forms = {
            "cpu": partial(convolution_cpu.kernel_gradient, geometry=geometry, taps=taps),
            "default": transposed,
        }
        return lax.platform_dependent(x, z, **forms), z.sum(range(z.ndim - 1))

    def kernel_call(x: jax.Array, g: jax.Array, y: jax.Array | None) -> tuple[jax.Array, jax.Array]:
        return convolution_native.kernel_gradient(x, g, g if y is None else y, geometry, taps, activation)

    work = g.size * prod(taps) * x.shape[-1] // geometry.groups
    return native.run(_family(x.shape[-1], geometry), work, kernel_call, twin, x, g, y)


def _family(channels: int, geometry: Geometry) -> str:
    """Whose sizes decide between kernel and twin."""
    return "depthwise convolution" if convolution_cpu.is_depthwise(channels, geometry) else "convolution"


def _before(activation: Activation, g: jax.Array, y: jax.Array | None) -> jax.Array:
    """The gradient before the activation."""
    return g if y is None else g * FUSED[activation][1](y)


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _convolution(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, geometry: Geometry, activation: Activation
) -> jax.Array:
    return convolution_forward(x, kernel, bias, geometry, activation)


def _convolution_residuals(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, geometry: Geometry, activation: Activation
) -> tuple[jax.Array, Any]:
    y = convolution_forward(x, kernel, bias, geometry, activation)
    return y, (x, kernel, None if activation is activations.linear else y)


def _convolution_gradients(
    geometry: Geometry, activation: Activation, residuals: Any, g: jax.Array
) -> tuple[jax.Array, ...]:
    x, kernel, y = residuals
    dx = convolution_input_gradient(g, y, kernel, geometry, x.shape[1:-1], activation)
    return dx, *convolution_kernel_gradient(x, g, y, geometry, kernel.shape[:-2], activation)


_convolution.defvjp(_convolution_residuals, _convolution_gradients)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _transpose(x: jax.Array, kernel: jax.Array, geometry: Geometry, sizes: tuple[int, ...]) -> jax.Array:
    return convolution_input_gradient(x, None, kernel, geometry, sizes, activations.linear)


def _transpose_residuals(
    x: jax.Array, kernel: jax.Array, geometry: Geometry, sizes: tuple[int, ...]
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return _transpose(x, kernel, geometry, sizes), (x, kernel)


def _transpose_gradients(
    geometry: Geometry, _sizes: tuple[int, ...], residuals: tuple[jax.Array, jax.Array], g: jax.Array
) -> tuple[jax.Array, jax.Array]:
    x, kernel = residuals
    dx = convolution_forward(
        g, kernel, jnp.zeros(kernel.shape[-1:], kernel.dtype), geometry, activations.linear
    )
    dkernel, _ = convolution_kernel_gradient(g, x, None, geometry, kernel.shape[:-2], activations.linear)
    return dx, dkernel


_transpose.defvjp(_transpose_residuals, _transpose_gradients)


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
    fused = activation if any(activation is known for known in FUSED) else activations.linear
    if groups < 1 or x.shape[-1] != inputs * groups or filters % groups:
        raise ShapeError(
            f"convolution: x of {x.shape[-1]} channels in {groups} groups needs a kernel (*taps, "
            f"{x.shape[-1]} / {groups}, filters) "
            f"whose filters divide by {groups}. Received a kernel of shape {kernel.shape}."
        )
    geometry = _geometry(x, taps, strides, padding, dilation, groups, function="convolution")
    outputs = geometry.output_sizes(x.shape[1:-1], taps)
    if x.size and 0 in outputs:
        raise ShapeError(
            f"convolution: the kernel spans {tuple(geometry.window(taps))} inputs, more than there are: x "
            "has spatial sizes "
            f"{x.shape[1:-1]} and padding {geometry.padding}. Use padding='same', a smaller kernel or a "
            "larger input."
        )
    if 0 in (*x.shape, *outputs):  # no rows: XLA refuses a gradient over none
        return activation(back_to(jnp.zeros((x.shape[0], *outputs, filters), x.dtype) + bias, data_format))
    y = back_to(_convolution(x, kernel, bias, geometry, fused), data_format)
    return y if fused is activation else activation(y)


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

    References: https://arxiv.org/abs/1603.07285 (A guide to convolution arithmetic for deep learning).

    Example:

        >>> x = jnp.array([1.0, 2.0]).reshape(1, 2, 1)
        >>> convolution_transpose(x, jnp.array([1.0, 10.0, 100.0]).reshape(3, 1, 1), strides=2)[0, :, 0].tolist()
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
            "output_padding "
            f"{output_padding!r} would give outputs of sizes {sizes}, and each must be at least 1."
        )
    if x.size == 0 or filters == 0:
        return back_to(jnp.zeros((x.shape[0], *(max(n, 0) for n in sizes), filters), x.dtype), data_format)
    return back_to(_transpose(x, kernel, Geometry(strides, tuple(crops), dilation), sizes), data_format)


def _crop(window: int, stride: int, extra: int | None, padding: str) -> tuple[int, int]:
    """How much of the (n - 1) * stride + window positions that the inputs reach is cut away at either end;
    negative adds zeros.
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
