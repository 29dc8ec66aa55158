"""Functions of networks: activations, normalizations, cross-entropies, codes, attention. Keras's names
over `jax.nn`.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import epsilon as default_epsilon
from neurona.core.policy import standardize_data_format, standardize_dtype
from neurona.ops.ctc import ctc_decode, ctc_loss
from neurona.ops.registry import Operand, Tensor, define, unary
from neurona.ops.windows import (
    adaptive_average_pool,
    adaptive_max_pool,
    average_pool,
    conv,
    conv_transpose,
    depthwise_conv,
    fold,
    max_pool,
    separable_conv,
    unfold,
)

_unary = functools.partial(unary, module="nn")
_define = functools.partial(define, module="nn")

# Activations of one argument.
hard_sigmoid = _unary("HardSigmoid", jax.nn.hard_sigmoid)
hard_silu = hard_swish = _unary("HardSilu", jax.nn.hard_silu)
hard_tanh = _unary("HardTanh", jax.nn.hard_tanh)
log_sigmoid = _unary("LogSigmoid", jax.nn.log_sigmoid)
relu = _unary("Relu", jax.nn.relu)
relu6 = _unary("Relu6", jax.nn.relu6)
selu = _unary("Selu", jax.nn.selu)
sigmoid = _unary("Sigmoid", jax.nn.sigmoid, floats=True)
silu = swish = _unary("Silu", jax.nn.silu, floats=True)
softplus = _unary("Softplus", jax.nn.softplus)
softsign = _unary("Softsign", jax.nn.soft_sign)
sparse_plus = _unary("SparsePlus", jax.nn.sparse_plus)
sparse_sigmoid = _unary("SparseSigmoid", jax.nn.sparse_sigmoid)


@_define("Celu")
def celu(x: Tensor, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(alpha (exp(x / alpha) - 1), 0)."""
    return jax.nn.celu(x, alpha)


@_define("Elu")
def elu(x: Tensor, alpha: float = 1.0) -> Any:
    """x where positive, else alpha (exp(x) - 1)."""
    return jax.nn.elu(x, alpha)


@_define("Gelu")
def gelu(x: Tensor, approximate: bool = True) -> Any:
    """x times the normal distribution function of x, or its approximation by tanh."""
    return jax.nn.gelu(x, approximate)


@_define("Glu")
def glu(x: Tensor, axis: int = -1) -> Any:
    """a * sigmoid(b), where a and b are the halves of x."""
    return jax.nn.glu(x, axis)


@_define("HardShrink")
def hard_shrink(x: Tensor, threshold: float = 0.5) -> Any:
    """x, but 0 where |x| <= threshold."""
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


@_define("LeakyRelu")
def leaky_relu(x: Tensor, negative_slope: float = 0.2) -> Any:
    """x where positive, else negative_slope * x."""
    return jax.nn.leaky_relu(x, negative_slope)


@_define("SoftShrink")
def soft_shrink(x: Tensor, threshold: float = 0.5) -> Any:
    """x moved towards 0 by the threshold, at most to 0."""
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0.0))


@_define("Squareplus")
def squareplus(x: Tensor, b: float = 4) -> Any:
    """(x + sqrt(x**2 + b)) / 2."""
    return jax.nn.squareplus(x, b)


@_define("TanhShrink")
def tanh_shrink(x: Tensor) -> Any:
    """x - tanh(x)."""
    return x - jnp.tanh(x)


@_define("Threshold")
def threshold(x: Tensor, threshold: float, default_value: float) -> Any:
    """x where it is above the threshold, else the default value."""
    return jnp.where(x > threshold, x, default_value)


@_define("Softmax")
def softmax(x: Tensor, axis: Any = -1) -> Any:
    """exp(x) / sum(exp(x)) over one or several axes."""
    return jax.nn.softmax(x, axis)


@_define("LogSoftmax")
def log_softmax(x: Tensor, axis: Any = -1) -> Any:
    """The logarithm of softmax, computed without leaving the range of floats."""
    return jax.nn.log_softmax(x, axis)


@_define("Sparsemax")
def sparsemax(x: Tensor, axis: int = -1) -> Any:
    """The nearest probability distribution to x, sparse where softmax is not (Martins and Astudillo,
    2016).
    """
    descending = jnp.flip(jnp.sort(x, axis), axis)
    shape = [-1 if a == axis % x.ndim else 1 for a in range(x.ndim)]
    rank = jnp.arange(1, x.shape[axis] + 1, dtype=x.dtype).reshape(shape)
    inside = 1 + rank * descending > jnp.cumsum(descending, axis)
    support = jnp.sum(inside, axis, keepdims=True)
    excess = jnp.sum(jnp.where(inside, descending, 0.0), axis, keepdims=True) - 1
    return jnp.maximum(x - excess / support, 0.0)


# Codes.


@_define("OneHot")
def one_hot(x: Tensor, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """Class numbers as vectors with a 1 at that place; zeros for numbers out of range."""
    _refuse_sparse("one_hot", sparse)
    return jax.nn.one_hot(x, num_classes, axis=axis, dtype=standardize_dtype(dtype))


@_define("MultiHot")
def multi_hot(
    inputs: Tensor, num_classes: int | None = None, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """Sets of class numbers, a row each, as vectors with ones at those places."""
    _refuse_sparse("multi_hot", sparse)
    if num_classes is None:
        raise ArgumentError("multi_hot: give num_classes, the length of the vectors.")
    codes = jax.nn.one_hot(inputs.astype("int32"), num_classes, axis=axis, dtype=standardize_dtype(dtype))
    return jnp.max(codes, 1 if inputs.ndim > 1 else 0)


def _refuse_sparse(function: str, sparse: bool) -> None:
    if sparse:
        raise ArgumentError(f"{function}: sparse arrays are not supported. Use sparse=False.")


# Cross-entropies, one per sample.


@_define("BinaryCrossentropy")
def binary_crossentropy(target: Tensor, output: Tensor, from_logits: bool = False) -> Any:
    """-t log(p) - (1 - t) log(1 - p), element by element; p is clipped to [epsilon, 1 - epsilon].

    Raises:
        ShapeError: the shapes differ.
    """
    _same_shape("binary_crossentropy", target, output)
    if from_logits:
        return -target * jax.nn.log_sigmoid(output) - (1.0 - target) * jax.nn.log_sigmoid(-output)
    output = jnp.clip(output, default_epsilon(), 1.0 - default_epsilon())
    return -(target * jnp.log(output) + (1.0 - target) * jnp.log(1.0 - output))


@_define("CategoricalCrossentropy")
def categorical_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1
) -> Any:
    """-sum(t log(p)) over the classes; p is normalized to sum 1 and clipped to [epsilon, 1 - epsilon].

    Raises:
        ShapeError: the shapes differ.
    """
    _same_shape("categorical_crossentropy", target, output)
    return -jnp.sum(target * _log_probabilities(output, from_logits, axis), axis)


@_define("SparseCategoricalCrossentropy")
def sparse_categorical_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log(p[t]), where t is the number of the right class.

    Raises:
        ShapeError: the target is not of the output's shape without its class axis.
    """
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = jnp.squeeze(target, -1)
    if target.shape != output.shape[:-1]:
        raise ShapeError(
            f"sparse_categorical_crossentropy: for an output of shape {output.shape}, the target is class "
            "numbers of shape "
            f"{output.shape[:-1]}. Received shape {target.shape}. For one-hot targets use "
            "categorical_crossentropy."
        )
    codes = jax.nn.one_hot(target.astype("int32"), output.shape[axis], axis=axis)
    return -jnp.sum(codes * _log_probabilities(output, from_logits, axis), axis)


def _log_probabilities(output: Any, from_logits: bool, axis: int) -> Any:
    if from_logits:
        return jax.nn.log_softmax(output, axis)
    output = output / jnp.sum(output, axis, keepdims=True)
    return jnp.log(jnp.clip(output, default_epsilon(), 1.0 - default_epsilon()))


def _same_shape(function: str, one: Any, other: Any) -> None:
    if one.shape != other.shape:
        raise ShapeError(
            f"{function}: target and output have the same shape. Received shapes {one.shape} and "
            f"{other.shape}."
        )


# Normalizations.


@_define("Moments")
def moments(x: Tensor, axes: Any, keepdims: bool = False, synchronized: bool = False) -> Any:
    """Mean and variance over axes, computed in float32 at least."""
    if synchronized:
        raise ArgumentError(
            "moments: synchronized=True is not needed: a sharded array's mean is over all devices. Leave it "
            "False."
        )
    wide = x.astype(jnp.promote_types(x.dtype, "float32"))
    mean, variance = jnp.mean(wide, axes, keepdims=keepdims), jnp.var(wide, axes, keepdims=keepdims)
    if x.dtype in (jnp.float16, jnp.bfloat16):
        low, high = jnp.finfo("float16").min, jnp.finfo("float16").max
        return jnp.clip(mean, low, high).astype(x.dtype), jnp.clip(variance, low, high).astype(x.dtype)
    return mean, variance


@_define("BatchNorm")
def batch_normalization(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    axis: int,
    offset: Tensor = None,
    scale: Tensor = None,
    epsilon: float = 1e-3,
) -> Any:
    """scale (x - mean) / sqrt(variance + epsilon) + offset, with one value of each per element of an axis."""
    shape = [-1 if a == axis % x.ndim else 1 for a in range(x.ndim)]
    factor = jax.lax.rsqrt(variance.reshape(shape) + epsilon)
    factor = factor if scale is None else factor * scale.reshape(shape)
    shift = -mean.reshape(shape) * factor
    return x * factor + (shift if offset is None else shift + offset.reshape(shape))


@_define("LayerNorm")
def layer_normalization(
    x: Tensor,
    gamma: Tensor = None,
    beta: Tensor = None,
    axis: Any = -1,
    epsilon: float | None = None,
    rms_scaling: bool = False,
) -> Any:
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, over axes (Ba et al., 2016), computed in float32 at
    least.
    """
    wide = x.astype(jnp.promote_types(x.dtype, "float32"))
    axes = sorted(a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis))
    shape = [size if a in axes else 1 for a, size in enumerate(x.shape)]
    gamma, beta = (
        v if v is None or v.ndim == x.ndim or axes == [x.ndim - 1] else v.reshape(shape)
        for v in (gamma, beta)
    )
    factor = jax.lax.rsqrt(
        jnp.var(wide, axes, keepdims=True) + (default_epsilon() if epsilon is None else epsilon)
    )
    factor = factor if gamma is None else factor * gamma.astype(wide.dtype)
    if rms_scaling:
        return (wide * factor).astype(x.dtype)
    shift = -jnp.mean(wide, axes, keepdims=True) * factor
    return (wide * factor + (shift if beta is None else shift + beta.astype(wide.dtype))).astype(x.dtype)


@_define("RMSNorm")
def rms_normalization(x: Tensor, scale: Tensor = None, axis: Any = -1, epsilon: float | None = None) -> Any:
    """scale x / sqrt(mean(x**2) + epsilon) (Zhang and Sennrich, 2019), computed in float32 at least."""
    wide = jnp.atleast_1d(x).astype(jnp.promote_types(x.dtype, "float32"))
    y = wide * jax.lax.rsqrt(
        jnp.mean(wide * wide, axis, keepdims=True) + (default_epsilon() if epsilon is None else epsilon)
    )
    return (y if scale is None else y * scale.astype(wide.dtype)).astype(x.dtype)


@_define("Normalize")
def normalize(x: Tensor, axis: Any = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """x / max(||x||, epsilon), the norm being of that order."""
    if not isinstance(order, int) or order < 1:
        raise ArgumentError(f"normalize: order is an integer >= 1. Received: order={order!r}")
    x, least = jnp.atleast_1d(x), default_epsilon() if epsilon is None else epsilon
    if order == 2:
        return x * jnp.minimum(jax.lax.rsqrt(jnp.sum(jnp.square(x), axis, keepdims=True)), 1.0 / least)
    return x / jnp.maximum(jnp.linalg.norm(x, order, axis, keepdims=True), least)


@_define("PSNR")
def psnr(x1: Tensor, x2: Tensor, max_val: float) -> Any:
    """Peak signal-to-noise ratio in decibels: 20 log10(max_val) - 10 log10(mean((x1 - x2)**2))."""
    _same_shape("psnr", x1, x2)
    return 20 * jnp.log10(jnp.asarray(max_val, x2.dtype)) - 10 * jnp.log10(jnp.mean(jnp.square(x1 - x2)))


@_define("Polar")
def polar(abs_: Tensor, angle: Tensor) -> Any:
    """The complex numbers of these sizes and angles."""
    return jax.lax.complex(abs_ * jnp.cos(angle), abs_ * jnp.sin(angle))


@_define("DotProductAttention")
def dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor = None,
    mask: Tensor = None,
    scale: Operand = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """softmax(scale query key^T + bias) value, per head (Vaswani et al., 2017).

    Shapes: query (batch, T, heads, d); key and value (batch, S, heads, d); bias and mask broadcast to (batch,
        heads, T, S).
    `flash_attention=True` asks for cuDNN's kernel.
    """
    if attn_logits_soft_cap is not None:
        raise ArgumentError("dot_product_attention: attn_logits_soft_cap is for TPUs only. Leave it None.")
    if not query.ndim == key.ndim == value.ndim == 4:
        raise ShapeError(
            "dot_product_attention: query, key and value have shape (batch, time, heads, size). "
            f"Received shapes {query.shape}, {key.shape} and {value.shape}."
        )
    dtype = jnp.result_type(query, key, value)
    return jax.nn.dot_product_attention(
        query.astype(dtype),
        key.astype(dtype),
        value.astype(dtype),
        None if bias is None else bias.astype(dtype),
        None if mask is None else mask.astype(bool),
        scale=scale,
        is_causal=is_causal,
        implementation="cudnn" if flash_attention else "xla",
    )


# Channels as space.


@_define("DepthToSpace")
def depth_to_space(x: Tensor, block_size: int, data_format: str | None = "channels_last") -> Any:
    """Channels laid out as blocks of pixels: (n, h, w, c b b) -> (n, h b, w b, c)."""
    b = _block(block_size)
    if standardize_data_format(data_format) == "channels_last":
        n, h, w, c = x.shape
        return (
            x.reshape(n, h, w, b, b, c // b**2)
            .transpose(0, 1, 3, 2, 4, 5)
            .reshape(n, h * b, w * b, c // b**2)
        )
    n, c, h, w = x.shape
    return x.reshape(n, c // b**2, b, b, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, c // b**2, h * b, w * b)


@_define("SpaceToDepth")
def space_to_depth(x: Tensor, block_size: int, data_format: str | None = "channels_last") -> Any:
    """Blocks of pixels laid out as channels: (n, h b, w b, c) -> (n, h, w, c b b)."""
    b = _block(block_size)
    if standardize_data_format(data_format) == "channels_last":
        n, h, w, c = x.shape
        return (
            x.reshape(n, h // b, b, w // b, b, c)
            .transpose(0, 1, 3, 2, 4, 5)
            .reshape(n, h // b, w // b, c * b**2)
        )
    n, c, h, w = x.shape
    return (
        x.reshape(n, c, h // b, b, w // b, b).transpose(0, 1, 3, 5, 2, 4).reshape(n, c * b**2, h // b, w // b)
    )


def _block(block_size: int) -> int:
    if not isinstance(block_size, int) or block_size < 2:
        raise ArgumentError(f"block_size is an integer, at least 2. Received: block_size={block_size!r}")
    return block_size


# fmt: off
__all__ = [
    "adaptive_average_pool", "adaptive_max_pool", "average_pool", "batch_normalization",
    "binary_crossentropy", "categorical_crossentropy", "celu", "conv", "conv_transpose", "ctc_decode",
    "ctc_loss", "depth_to_space", "depthwise_conv", "dot_product_attention", "elu", "fold", "gelu", "glu",
    "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "layer_normalization",
    "leaky_relu", "log_sigmoid", "log_softmax", "max_pool", "moments", "multi_hot", "normalize", "one_hot",
    "polar", "psnr", "relu", "relu6", "rms_normalization", "selu", "separable_conv", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "space_to_depth", "sparse_categorical_crossentropy",
    "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh_shrink", "threshold", "unfold",
]
