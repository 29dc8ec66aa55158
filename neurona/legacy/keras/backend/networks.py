"""Functions of `keras.backend` that layers are made of: activations, convolutions, normalizations, losses."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import activations, losses, ops
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import standardize_data_format
from neurona.core.symbolic import is_symbolic
from neurona.legacy.keras.backend.expressions import backend_function, composed
from neurona.ops.registry import to_array

# Activations.


def _activation(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        return function(x, *args, **kwargs)

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = f"`neurona.ops.{function.__name__}`."
    return composed(call)


def _seen_through(activation: Callable[..., Any], operation: Callable[..., Any]) -> Callable[..., Any]:
    """An activation behind which losses see the logits; a symbolic tensor takes the operation."""

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        return (operation if is_symbolic(x) else activation)(x, *args, **kwargs)

    call.__name__ = operation.__name__
    return call


elu = _activation(ops.elu)
sigmoid = _activation(_seen_through(activations.sigmoid, ops.sigmoid))
softmax = _activation(_seen_through(activations.softmax, ops.softmax))
softplus, softsign = map(_activation, (ops.softplus, ops.softsign))


@composed
def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x from the threshold to max_value, and alpha * (x - threshold) below."""
    return activations.relu(x, negative_slope=alpha, max_value=max_value, threshold=threshold)


@composed
def hard_sigmoid(x: Any) -> Any:
    """0.2 x + 0.5 between 0 and 1: that of Keras 2, which is not that of Keras 3."""
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


# Convolutions and pooling.


def _convolution(name: str, rank: int) -> Callable[..., Any]:
    def call(
        x: Any,
        kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        **_: Any,
    ) -> Any:
        x, kernel = to_array(x), to_array(kernel)
        data_format, padding = standardize_data_format(data_format), padding.lower()
        if padding == "causal":
            before = [(0, 0)] * 3
            before[1 if data_format == "channels_last" else 2] = (
                (kernel.shape[0] - 1) * int(np.ravel(dilation_rate)[0]),
                0,
            )
            x, padding = jnp.pad(x, before), "valid"
        return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = (
        f"Convolution in {rank} dimension{'s' if rank > 1 else ''}; the kernel is (space..., in, out)."
    )
    return backend_function(call)


conv1d, conv2d, conv3d = (_convolution(f"conv{rank}d", rank) for rank in (1, 2, 3))


def _transposed(name: str) -> Callable[..., Any]:
    def call(
        x: Any,
        kernel: Any,
        output_shape: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
    ) -> Any:
        x, kernel = to_array(x), to_array(kernel)
        forward = functools.partial(
            ops.conv,
            kernel=kernel,
            strides=strides,
            padding=padding,
            data_format=standardize_data_format(data_format),
            dilation_rate=dilation_rate,
        )
        sizes = (x.shape[0], *(int(size) for size in output_shape[1:]))
        _, transposed = jax.vjp(forward, jnp.zeros(sizes, x.dtype))
        return transposed(x)[0]

    call.__name__ = call.__qualname__ = name
    call.__doc__ = (
        "The transpose of the convolution from output_shape to x; the kernel is (space..., out, in)."
    )
    return backend_function(call)


conv2d_transpose = deconv2d = _transposed("conv2d_transpose")
conv3d_transpose = deconv3d = _transposed("conv3d_transpose")


@backend_function
def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """A convolution of each channel by itself, then one that joins channels."""
    return ops.separable_conv(
        x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate
    )


separable_conv1d = separable_conv2d


@backend_function
def depthwise_conv2d(
    x: Any,
    depthwise_kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """A convolution of each channel by itself."""
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


@backend_function
def local_conv(
    inputs: Any,
    kernel: Any,
    kernel_size: Any,
    strides: Any,
    output_shape: Any = None,
    data_format: str | None = None,
) -> Any:
    """A convolution with another kernel at each place: (places, window * in, out)."""
    x, first = to_array(inputs), standardize_data_format(data_format) == "channels_first"
    x = jnp.moveaxis(x, 1, -1) if first else x
    space = x.shape[1:-1]
    kernel_size, strides = np.broadcast_to(kernel_size, len(space)), np.broadcast_to(strides, len(space))
    counts = [(n - k) // s + 1 for n, k, s in zip(space, kernel_size, strides)]
    patches = []
    for place in itertools.product(*map(range, counts)):
        window = tuple(slice(p * s, p * s + k) for p, s, k in zip(place, strides, kernel_size))
        patch = x[(slice(None), *window)]
        patches.append((jnp.moveaxis(patch, -1, 1) if first else patch).reshape(len(x), -1))
    y = jnp.einsum("pnk,pko->npo", jnp.stack(patches), to_array(kernel)).reshape(len(x), *counts, -1)
    return jnp.moveaxis(y, -1, 1) if first else y


def local_conv1d(
    inputs: Any, kernel: Any, kernel_size: Any, strides: Any, data_format: str | None = None
) -> Any:
    """`local_conv` of sequences."""
    return local_conv(inputs, kernel, kernel_size, strides, None, data_format)


local_conv2d = local_conv


def _pool(name: str) -> Callable[..., Any]:
    def call(
        x: Any,
        pool_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        pool_mode: str = "max",
    ) -> Any:
        if pool_mode not in ("max", "avg"):
            raise ArgumentError(f"K.{name}: pool_mode is 'max' or 'avg'. Received: pool_mode={pool_mode!r}")
        pool = ops.max_pool if pool_mode == "max" else ops.average_pool
        return pool(x, pool_size, strides, padding, data_format)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = 'The largest (or with pool_mode="avg" the mean) of each window.'
    return composed(call)


pool2d, pool3d = _pool("pool2d"), _pool("pool3d")


@backend_function
def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """x plus a bias of its channels, or of everything but the batch."""
    x, bias = to_array(x), to_array(bias)
    if bias.ndim not in (1, x.ndim - 1):
        raise ShapeError(
            f"K.bias_add: the bias has 1 or {x.ndim - 1} axes. Received: shapes {x.shape} and {bias.shape}"
        )
    if x.ndim > 2 and standardize_data_format(data_format) == "channels_first":
        bias = bias.reshape(-1, *(1,) * (x.ndim - 2)) if bias.ndim == 1 else jnp.moveaxis(bias, -1, 0)
    return x + bias


# Sizes of images.


@backend_function
def resize_images(
    x: Any,
    height_factor: int,
    width_factor: int,
    data_format: str | None = None,
    interpolation: str = "nearest",
) -> Any:
    """Images enlarged by whole factors."""
    x, data_format = to_array(x), standardize_data_format(data_format)
    axis = 1 if data_format == "channels_last" else 2
    if interpolation == "nearest":
        return jnp.repeat(jnp.repeat(x, height_factor, axis), width_factor, axis + 1)
    size = (x.shape[axis] * height_factor, x.shape[axis + 1] * width_factor)
    return ops.image.resize(x, size, interpolation, data_format=data_format)


@backend_function
def resize_volumes(
    x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str | None = None
) -> Any:
    """Volumes enlarged by whole factors."""
    x, axis = to_array(x), 1 if standardize_data_format(data_format) == "channels_last" else 2
    for offset, factor in enumerate((depth_factor, height_factor, width_factor)):
        x = jnp.repeat(x, factor, axis + offset)
    return x


def _padded(x: Any, padding: Any, data_format: str | None) -> Any:
    x, first = to_array(x), standardize_data_format(data_format) == "channels_first"
    pairs = [(int(a), int(b)) for a, b in padding]
    return jnp.pad(x, [(0, 0), (0, 0), *pairs] if first else [(0, 0), *pairs, (0, 0)])


@backend_function
def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """Sequences with zeros before and after."""
    pair = (padding, padding) if isinstance(padding, int) else padding
    return _padded(x, [pair], "channels_last")


@backend_function
def spatial_2d_padding(x: Any, padding: Any = ((1, 1), (1, 1)), data_format: str | None = None) -> Any:
    """Images with zeros around."""
    pairs = [(one, one) if isinstance(one, int) else one for one in padding]
    return _padded(x, pairs, data_format)


spatial_3d_padding = spatial_2d_padding


@backend_function
def asymmetric_temporal_padding(x: Any, left_pad: int = 1, right_pad: int = 1) -> Any:
    """Sequences with so many zeros before, and so many after."""
    return _padded(x, [(left_pad, right_pad)], "channels_last")


@backend_function
def asymmetric_spatial_2d_padding(
    x: Any,
    top_pad: int = 1,
    bottom_pad: int = 1,
    left_pad: int = 1,
    right_pad: int = 1,
    data_format: str | None = None,
) -> Any:
    """Images with so many zeros on each side."""
    return _padded(x, [(top_pad, bottom_pad), (left_pad, right_pad)], data_format)


# Normalization and regularization.


@composed
def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any = None, gamma: Any = None, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """(x - mean) / sqrt(var + epsilon) * gamma + beta, for statistics that broadcast or are of one axis."""
    shape = [1] * len(x.shape)
    shape[axis] = -1

    def fitting(value: Any) -> Any:
        return ops.reshape(value, shape) if value is not None and len(np.shape(value)) == 1 else value

    mean, var, beta, gamma = map(fitting, (mean, var, beta, gamma))
    y = ops.divide(ops.subtract(x, mean), ops.sqrt(ops.add(var, epsilon)))
    y = y if gamma is None else ops.multiply(y, gamma)
    return y if beta is None else ops.add(y, beta)


@backend_function
def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Any, epsilon: float = 1e-3
) -> tuple[Any, Any, Any]:
    """The batch normalized by its own mean and variance, and these."""
    x, axes = to_array(x), tuple(reduction_axes)
    mean, var = jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)

    def fitting(value: Any) -> Any:
        return value if value is None else to_array(value).reshape(mean.shape)

    y = (x - mean) / jnp.sqrt(var + epsilon)
    y = y if gamma is None else y * fitting(gamma)
    return y if beta is None else y + fitting(beta), mean.squeeze(axes), var.squeeze(axes)


# Losses, one for each sample or element.


@composed
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum of target * log(output) over the classes."""
    return ops.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


@composed
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log of the output of the right class."""
    return ops.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


@composed
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-t log(p) - (1 - t) log(1 - p), element by element."""
    return ops.binary_crossentropy(target, output, from_logits=from_logits)


@backend_function
def binary_focal_crossentropy(
    target: Any,
    output: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
) -> Any:
    """Binary crossentropy times (1 - p of the right class) ** gamma, element by element."""
    target, output = to_array(target), to_array(output)
    output = jax.nn.sigmoid(output) if from_logits else output
    right = target * output + (1 - target) * (1 - output)
    loss = (1 - right) ** gamma * ops.binary_crossentropy(target, output)
    return loss * (target * alpha + (1 - target) * (1 - alpha)) if apply_class_balancing else loss


@composed
def categorical_focal_crossentropy(
    target: Any,
    output: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    axis: int = -1,
) -> Any:
    """Crossentropy of which each class counts alpha * (1 - p) ** gamma."""
    return losses.categorical_focal_crossentropy(
        target, output, alpha=alpha, gamma=gamma, from_logits=from_logits, axis=axis
    )


@composed
def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether the right class is among the k with the highest scores."""
    return ops.in_top_k(ops.cast(targets, "int32"), predictions, k)


# fmt: off
__all__ = [
    "asymmetric_spatial_2d_padding", "asymmetric_temporal_padding", "batch_normalization", "bias_add",
    "binary_crossentropy",
    "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy", "conv1d",
    "conv2d", "conv2d_transpose", "conv3d", "conv3d_transpose", "deconv2d", "deconv3d", "depthwise_conv2d",
    "elu", "hard_sigmoid", "in_top_k", "local_conv", "local_conv1d", "local_conv2d",
    "normalize_batch_in_training", "pool2d", "pool3d", "relu", "resize_images", "resize_volumes",
    "separable_conv1d", "separable_conv2d", "sigmoid", "softmax", "softplus", "softsign",
    "sparse_categorical_crossentropy", "spatial_2d_padding", "spatial_3d_padding", "temporal_padding",
]
