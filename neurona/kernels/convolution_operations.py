"""The three operations of convolutions: forward, the gradient of the input, the gradient of the kernel.

A convolution is the first and differentiates into the other two. A transposed convolution is the second and
differentiates into the first and the third. The reference of each is XLA's own convolution; on a CPU it takes
the forms of `convolution_cpu`.

Shapes: x (N, *S, C), kernel (*K, C / groups, F), y and its gradient g (N, *O, F).
"""

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from neurona import activations
from neurona.kernels import convolution_cpu
from neurona.kernels.activation_codes import Activation, before_activation, native_code
from neurona.kernels.geometry import Geometry, convolve
from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, Range, differentiable

Sizes = tuple[int, ...]


def attributes(
    sizes: Sequence[int],
    outputs: Sequence[int],
    taps: Sequence[int],
    geometry: Geometry,
    activation: Activation,
) -> dict[str, Any]:
    """The constants that all native convolutions take."""
    return {"activation": native_code(activation), "axes": geometry.axes(sizes, outputs, taps)}


def _range(channels: int, geometry: Geometry) -> Range:
    return (3e3, 1e12) if convolution_cpu.is_depthwise(channels, geometry) else (2e3, 1e12)


# y = activation(x * kernel + bias).


def _reference(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, *, geometry: Geometry, activation: Activation
) -> jax.Array:
    forms = {
        "cpu": partial(convolution_cpu.forward, geometry=geometry),
        "default": partial(convolve, geometry=geometry),
    }
    return activation(lax.platform_dependent(x, kernel, **forms) + bias)


def _native(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, *, geometry: Geometry, activation: Activation
) -> jax.Array:
    sizes, taps = x.shape[1:-1], kernel.shape[:-2]
    outputs = geometry.output_sizes(sizes, taps)
    y = like(x, (x.shape[0], *outputs, kernel.shape[-1]))
    options = attributes(sizes, outputs, taps, geometry, activation)
    return native_call("neurona_convolution", y, x, kernel, bias, **options)


def _multiplications(
    x: jax.Array, kernel: jax.Array, _bias: jax.Array, *, geometry: Geometry, **_: Any
) -> int:
    return x.shape[0] * prod(geometry.output_sizes(x.shape[1:-1], kernel.shape[:-2])) * kernel.size


convolution_forward = Operation(
    "convolution",
    reference=_reference,
    native=_native,
    size=_multiplications,
    faster_from_to=lambda x, *_, geometry, **_options: _range(x.shape[-1], geometry),
)


# The gradient of x, from the gradient g of y; y may be None where the activation is linear.


def _reference_dx(
    g: jax.Array,
    y: jax.Array | None,
    kernel: jax.Array,
    *,
    geometry: Geometry,
    sizes: Sizes,
    activation: Activation,
) -> jax.Array:
    def transposed(g: jax.Array, kernel: jax.Array) -> jax.Array:
        x = like(g, (g.shape[0], *sizes, kernel.shape[-2] * geometry.groups))
        (dx,) = jax.linear_transpose(lambda x: convolve(x, kernel, geometry), x)(g)
        return dx

    forms = {
        "cpu": partial(convolution_cpu.input_gradient, geometry=geometry, sizes=sizes),
        "default": transposed,
    }
    return lax.platform_dependent(before_activation(activation, y, g), kernel, **forms)


def _native_dx(
    g: jax.Array,
    y: jax.Array | None,
    kernel: jax.Array,
    *,
    geometry: Geometry,
    sizes: Sizes,
    activation: Activation,
) -> jax.Array:
    dx = like(g, (g.shape[0], *sizes, kernel.shape[-2] * geometry.groups))
    options = attributes(sizes, g.shape[1:-1], kernel.shape[:-2], geometry, activation)
    value = g if y is None else y
    return native_call("neurona_convolution_input_gradient", dx, kernel, value, g, **options)


convolution_input_gradient = Operation(
    "convolution, gradient of the input",
    reference=_reference_dx,
    native=_native_dx,
    size=lambda g, _y, kernel, **_: g.size // g.shape[-1] * kernel.size,
    faster_from_to=lambda _g, _y, kernel, *, geometry, **_: _range(
        kernel.shape[-2] * geometry.groups, geometry
    ),
)


# The gradients of kernel and bias, from the gradient g of y; y may be None where the activation is linear.


def _reference_dkernel(
    x: jax.Array,
    g: jax.Array,
    y: jax.Array | None,
    *,
    geometry: Geometry,
    taps: Sizes,
    activation: Activation,
) -> tuple[jax.Array, jax.Array]:
    def transposed(x: jax.Array, g: jax.Array) -> jax.Array:
        kernel = like(x, (*taps, x.shape[-1] // geometry.groups, g.shape[-1]))
        (dkernel,) = jax.linear_transpose(lambda kernel: convolve(x, kernel, geometry), kernel)(g)
        return dkernel

    z = before_activation(activation, y, g)
    forms = {
        "cpu": partial(convolution_cpu.kernel_gradient, geometry=geometry, taps=taps),
        "default": transposed,
    }
    return lax.platform_dependent(x, z, **forms), z.sum(range(z.ndim - 1))


def _native_dkernel(
    x: jax.Array,
    g: jax.Array,
    y: jax.Array | None,
    *,
    geometry: Geometry,
    taps: Sizes,
    activation: Activation,
) -> tuple[jax.Array, jax.Array]:
    results = like(x, (*taps, x.shape[-1] // geometry.groups, g.shape[-1])), like(x, (g.shape[-1],))
    options = attributes(x.shape[1:-1], g.shape[1:-1], taps, geometry, activation)
    return native_call("neurona_convolution_kernel_gradient", results, x, g if y is None else y, g, **options)


convolution_kernel_gradient = Operation(
    "convolution, gradient of the kernel",
    reference=_reference_dkernel,
    native=_native_dkernel,
    size=lambda x, g, _y, *, geometry, taps, **_: g.size * prod(taps) * x.shape[-1] // geometry.groups,
    faster_from_to=lambda x, *_, geometry, **_options: _range(x.shape[-1], geometry),
)


# The two functions that are made of them.


def _gradients(
    x: jax.Array,
    kernel: jax.Array,
    y: jax.Array | None,
    g: jax.Array,
    *,
    geometry: Geometry,
    activation: Activation,
) -> tuple[jax.Array, ...]:
    options: dict[str, Any] = {"geometry": geometry, "activation": activation}
    dx = convolution_input_gradient(g, y, kernel, sizes=x.shape[1:-1], **options)
    return dx, *convolution_kernel_gradient(x, g, y, taps=kernel.shape[:-2], **options)


def _kept(arrays: tuple[jax.Array, ...], y: jax.Array, *, activation: Activation, **_: Any) -> tuple:
    return *arrays[:2], None if activation is activations.linear else y


convolved = differentiable(convolution_forward, _gradients, keeps=_kept)


def _transpose(x: jax.Array, kernel: jax.Array, *, geometry: Geometry, sizes: Sizes) -> jax.Array:
    options: dict[str, Any] = {"geometry": geometry, "sizes": sizes, "activation": activations.linear}
    return convolution_input_gradient(x, None, kernel, **options)


def _transpose_gradients(
    x: jax.Array, kernel: jax.Array, g: jax.Array, *, geometry: Geometry, sizes: Sizes
) -> tuple[jax.Array, jax.Array]:
    options: dict[str, Any] = {"geometry": geometry, "activation": activations.linear}
    dx = convolution_forward(g, kernel, jnp.zeros(kernel.shape[-1:], kernel.dtype), **options)
    dkernel, _ = convolution_kernel_gradient(g, x, None, taps=kernel.shape[:-2], **options)
    return dx, dkernel


transposed_convolved = differentiable(_transpose, _transpose_gradients)
