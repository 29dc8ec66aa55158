"""`tf.nn`: networks."""

import importlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import ops
from neurona.core.errors import ArgumentError, suggestion
from neurona.legacy.tensorflow.choosing import check_places, depth_to_space, space_to_depth
from neurona.legacy.tensorflow.dispatch import (
    I,
    M,
    S,
    T,
    as_list,
    function,
    static,
    to_float,
    unary,
)
from neurona.legacy.tensorflow.math import (
    in_top_k,
    l2_normalize,
    log_sigmoid,
    log_softmax,
    sigmoid,
    softmax,
    softplus,
    softsign,
    tanh,
    top_k,
    zero_fraction,
)
from neurona.legacy.tensorflow.random import dropout_of
from neurona.messages import translated

__all__ = [
    "depth_to_space",
    "in_top_k",
    "l2_normalize",
    "log_sigmoid",
    "log_softmax",
    "sigmoid",
    "softmax",
    "softplus",
    "softsign",
    "space_to_depth",
    "tanh",
    "top_k",
    "zero_fraction",
]

# Activations.
relu, relu6 = unary("relu", jax.nn.relu), unary("relu6", jax.nn.relu6)
selu = unary("selu", jax.nn.selu, floats=True)
crelu = unary("crelu", lambda x: jnp.concatenate([jax.nn.relu(x), jax.nn.relu(-x)], -1))


@function
def elu(features: T, alpha: float = 1.0) -> Any:
    """x where positive, else alpha * (exp(x) - 1)."""
    return jax.nn.elu(features, alpha)


@function
def leaky_relu(features: T, alpha: Any = 0.2) -> Any:
    """x where positive, else alpha * x."""
    return jnp.where(features >= 0, features, jnp.asarray(alpha, features.dtype) * features)


@function
def gelu(features: T, approximate: bool = False) -> Any:
    """x times the normal distribution's share below x."""
    return jax.nn.gelu(features, approximate)


@function
def silu(features: T, beta: Any = 1.0) -> Any:
    """x * sigmoid(beta * x)."""
    return features * jax.nn.sigmoid(beta * features)


swish = silu

# Losses.


@function
def sigmoid_cross_entropy_with_logits(labels: M = None, logits: M = None) -> Any:
    """-(y log p + (1 - y) log(1 - p)) with p = sigmoid(logits)."""
    return jnp.maximum(logits, 0) - logits * labels + jnp.log1p(jnp.exp(-jnp.abs(logits)))


@function
def weighted_cross_entropy_with_logits(labels: M, logits: M, pos_weight: M) -> Any:
    """`sigmoid_cross_entropy_with_logits` with a weight for the positive labels."""
    weight = 1 + (pos_weight - 1) * labels
    return (1 - labels) * logits + weight * (jnp.log1p(jnp.exp(-jnp.abs(logits))) + jnp.maximum(-logits, 0))


@function
def softmax_cross_entropy_with_logits(labels: M, logits: M, axis: S = -1) -> Any:
    """-sum(y log softmax(logits)) along an axis."""
    return -jnp.sum(labels * jax.nn.log_softmax(to_float(logits), axis), axis)


@function
def sparse_softmax_cross_entropy_with_logits(labels: I, logits: T) -> Any:
    """-log softmax(logits) of the classes given by their numbers."""
    logs = jax.nn.log_softmax(to_float(logits), -1)
    check_places(labels, logits.shape[-1])
    labels = jnp.asarray(labels, "int32")
    return -jnp.take_along_axis(logs, labels[..., None], -1)[..., 0]


@function
def l2_loss(t: T) -> Any:
    """sum(t ** 2) / 2."""
    return jnp.sum(jnp.square(t)) / 2


@function
def log_poisson_loss(targets: M, log_input: M, compute_full_loss: bool = False) -> Any:
    """exp(x) - x * y."""
    return jnp.exp(log_input) - log_input * targets


@function
def ctc_loss(
    labels: T,
    logits: T,
    label_length: T,
    logit_length: T,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: Any = None,
) -> Any:
    """-log of the probability of labels, over all their alignments."""
    logits = jnp.swapaxes(logits, 0, 1) if logits_time_major else logits
    blank = 0 if blank_index is None else blank_index % logits.shape[-1]
    return ops.ctc_loss(labels, logits, label_length, logit_length, blank)


# Convolutions and poolings.


def _sizes(value: Any, rank: int, data_format: str) -> tuple[int, ...]:
    """One number for each axis of space, from a number, a list of them, or one for each axis."""
    value = static(value)
    if isinstance(value, int):
        return (value,) * rank
    value = tuple(value)
    if len(value) == rank + 2:
        return value[2:] if data_format.startswith("NC") else value[1:-1]
    return value * rank if len(value) == 1 else value


def _spaces(rank: int, data_format: str | None) -> tuple[str, str]:
    names = "DHW"[3 - rank :] if rank > 1 else "W"
    data_format = data_format or f"N{names}C"
    if sorted(data_format) != sorted(f"N{names}C"):
        raise ArgumentError(f"data_format is 'N{names}C' or 'NC{names}'. Received: {data_format!r}")
    return data_format, f"{names}IO"


def _padded(padding: Any, data_format: str) -> Any:
    if isinstance(padding, str):
        return padding.upper()
    pairs = [tuple(one) for one in padding]
    return pairs[2:] if data_format.startswith("NC") else pairs[1:-1]


def _convolved(
    x: Any, kernel: Any, strides: Any, padding: Any, data_format: str | None, dilations: Any, groups: int = 1
) -> Any:
    rank = x.ndim - 2
    layout, kernel_layout = _spaces(rank, data_format)
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        _sizes(strides, rank, layout),
        _padded(padding, layout),
        rhs_dilation=_sizes(1 if dilations is None else dilations, rank, layout),
        dimension_numbers=(layout, kernel_layout, layout),
        feature_group_count=groups,
    )


def _channels(x: Any, data_format: str | None) -> int:
    return x.shape[1 if (data_format or "").startswith("NC") else -1]


@function
def convolution(
    input: M,
    filters: M,
    strides: S = 1,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: S = None,
) -> Any:
    """Convolution in 1, 2 or 3 dimensions."""
    groups = _channels(input, data_format) // filters.shape[-2]
    return _convolved(input, filters, strides, padding, data_format, dilations, groups)


def _convolution_of(rank: int) -> Callable[..., Any]:
    def call(
        input: Any = None,
        filters: Any = None,
        strides: Any = 1,
        padding: Any = "VALID",
        data_format: Any = None,
        dilations: Any = None,
        name: Any = None,
        **old: Any,
    ) -> Any:
        filters = old.get("filter", filters)
        strides = old.get("stride", strides)
        return convolution(
            input if input is not None else old.get("value"),
            filters,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilations=dilations,
            name=name,
        )

    call.__name__ = f"conv{rank}d"
    call.__doc__ = f"Convolution in {rank} dimensions."
    return call


conv1d, conv2d, conv3d = _convolution_of(1), _convolution_of(2), _convolution_of(3)


@function
def depthwise_conv2d(
    input: M,
    filter: M,
    strides: S = 1,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: S = None,
) -> Any:
    """Convolution of each channel separately."""
    kernel = filter.reshape(*filter.shape[:2], 1, -1)
    groups = _channels(input, data_format)
    return _convolved(input, kernel, strides, padding, data_format, dilations, groups)


@function
def separable_conv2d(
    input: M,
    depthwise_filter: M,
    pointwise_filter: M,
    strides: S = 1,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: S = None,
) -> Any:
    """Convolution of each channel separately, then a mixture of the channels."""
    kernel = depthwise_filter.reshape(*depthwise_filter.shape[:2], 1, -1)
    groups = _channels(input, data_format)
    channels = _convolved(input, kernel, strides, padding, data_format, dilations, groups)
    return _convolved(channels, pointwise_filter, 1, "VALID", data_format, None)


@function
def conv_transpose(
    input: M,
    filters: M,
    output_shape: S,
    strides: S,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: S = None,
) -> Any:
    """The gradient of a convolution to its input; filters are (space..., outputs, inputs)."""

    def forward(x: Any) -> Any:
        return _convolved(x, filters, strides, padding, data_format, dilations)

    _, back = jax.vjp(forward, jnp.zeros(as_list(output_shape), input.dtype))
    return back(input)[0]


def _transposed(name: str) -> Callable[..., Any]:
    def call(
        input: Any = None,
        filters: Any = None,
        output_shape: Any = None,
        strides: Any = 1,
        padding: Any = "SAME",
        **more: Any,
    ) -> Any:
        filters = more.pop("filter", filters)
        input = more.pop("value", input)
        return conv_transpose(input, filters, output_shape, strides, padding, **more)

    call.__name__, call.__doc__ = name, f"`tf.nn.{name}`."
    return call


conv1d_transpose, conv2d_transpose, conv3d_transpose = (
    _transposed("conv1d_transpose"),
    _transposed("conv2d_transpose"),
    _transposed("conv3d_transpose"),
)


def _pooled(name: str, largest: bool, rank: int | None) -> Callable[..., Any]:
    def raw(input: T, ksize: S, strides: S, padding: Any = "VALID", data_format: str | None = None) -> Any:
        axes = input.ndim - 2
        layout, _ = _spaces(axes, data_format)
        sizes, steps = _sizes(ksize, axes, layout), _sizes(strides, axes, layout)
        kind = _padded(padding, layout)
        if layout.startswith("NC"):
            window, moves = (1, 1, *sizes), (1, 1, *steps)
            pads = kind if isinstance(kind, str) else [(0, 0), (0, 0), *kind]
        else:
            window, moves = (1, *sizes, 1), (1, *steps, 1)
            pads = kind if isinstance(kind, str) else [(0, 0), *kind, (0, 0)]
        if largest:
            lowest = -jnp.inf if jnp.issubdtype(input.dtype, jnp.inexact) else jnp.iinfo(input.dtype).min
            return jax.lax.reduce_window(
                input, np.asarray(lowest, input.dtype), jax.lax.max, window, moves, pads
            )
        zero = np.zeros((), input.dtype)
        total = jax.lax.reduce_window(input, zero, jax.lax.add, window, moves, pads)
        ones = jnp.ones(input.shape, input.dtype)
        return total / jax.lax.reduce_window(ones, zero, jax.lax.add, window, moves, pads)

    raw.__name__ = raw.__qualname__ = name
    pooled = function(raw)

    def call(input: Any = None, *args: Any, **kwargs: Any) -> Any:
        input = kwargs.pop("value", input)
        return pooled(input, *args, **kwargs)

    call.__name__, call.__doc__ = name, f"`tf.nn.{name}`."
    return call


max_pool, max_pool1d, max_pool2d, max_pool3d = (
    _pooled(name, True, rank)
    for name, rank in (("max_pool", None), ("max_pool1d", 1), ("max_pool2d", 2), ("max_pool3d", 3))
)
avg_pool, avg_pool1d, avg_pool2d, avg_pool3d = (
    _pooled(name, False, rank)
    for name, rank in (("avg_pool", None), ("avg_pool1d", 1), ("avg_pool2d", 2), ("avg_pool3d", 3))
)


def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: Any = None,
    dilations: Any = None,
    name: Any = None,
    dilation_rate: Any = None,
) -> Any:
    """The largest or the mean element of each window.

    Raises:
        NotImplementedError: the window has gaps.
    """
    gaps = dilations if dilation_rate is None else dilation_rate
    if any(gap != 1 for gap in np.atleast_1d(1 if gaps is None else gaps)):
        raise NotImplementedError(translated(f"tf.nn.pool takes no dilations. Received: {gaps}"))
    compute = max_pool if pooling_type.upper() == "MAX" else avg_pool
    return compute(input, window_shape, 1 if strides is None else strides, padding, data_format)


@function
def bias_add(value: T, bias: T, data_format: str | None = None) -> Any:
    """The sum with a number for each channel."""
    if data_format is not None and data_format.startswith("NC") and value.ndim > 2:
        bias = bias.reshape(-1, *(1,) * (value.ndim - 2))
    return value + bias


# Normalization.


@function
def moments(x: T, axes: S, shift: Any = None, keepdims: bool = False) -> Any:
    """The mean and the variance over axes."""
    mean = jnp.mean(x, axis=axes, keepdims=True)
    variance = jnp.mean(jnp.square(x - jax.lax.stop_gradient(mean)), axis=axes, keepdims=keepdims)
    return (mean if keepdims else jnp.squeeze(mean, axes)), variance


@function
def batch_normalization(
    x: T, mean: T, variance: T, offset: T = None, scale: T = None, variance_epsilon: Any = 0.001
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset."""
    factor = jax.lax.rsqrt(variance + variance_epsilon)
    factor = factor if scale is None else factor * scale
    shifted = x * factor - mean * factor
    return shifted if offset is None else shifted + offset


@function
def local_response_normalization(
    input: T,
    depth_radius: S = 5,
    bias: Any = 1.0,
    alpha: Any = 1.0,
    beta: Any = 0.5,
) -> Any:
    """x / (bias + alpha * sum of the squares of channels around) ** beta."""
    window = (1, 1, 1, 2 * depth_radius + 1)
    pads = [(0, 0)] * 3 + [(depth_radius, depth_radius)]
    squares = jax.lax.reduce_window(jnp.square(input), np.float32(0), jax.lax.add, window, (1,) * 4, pads)
    return input / (bias + alpha * squares) ** beta


lrn = local_response_normalization


@function
def normalize_moments(counts: T, mean_ss: T, variance_ss: T, shift: Any = None) -> Any:
    """Mean and variance from sums."""
    mean = mean_ss / counts
    return mean, variance_ss / counts - jnp.square(mean)


# Embeddings and dropout.


@function
def embedding_lookup(params: T, ids: I, partition_strategy: str = "mod", max_norm: Any = None) -> Any:
    """The rows of a table."""
    check_places(ids, params.shape[0])
    rows = jnp.take(params, ids, axis=0)
    if max_norm is None:
        return rows
    norm = jnp.sqrt(jnp.sum(jnp.square(rows), -1, keepdims=True))
    return rows * jnp.minimum(1, max_norm / jnp.maximum(norm, 1e-12))


def dropout(
    x: Any,
    rate: Any = None,
    noise_shape: Any = None,
    seed: Any = None,
    name: Any = None,
    keep_prob: Any = None,
) -> Any:
    """x / (1 - rate), with a fraction `rate` set to 0."""
    if keep_prob is not None:
        rate = 1 - keep_prob
    return dropout_of(x, rate, noise_shape=noise_shape, seed=seed)


@function
def scale_regularization_loss(regularization_loss: T) -> Any:
    """The loss itself: there is one device."""
    return regularization_loss


@function
def compute_average_loss(per_example_loss: T, sample_weight: T = None, global_batch_size: Any = None) -> Any:
    """The sum of the losses divided by the size of the batch."""
    weighted = per_example_loss if sample_weight is None else per_example_loss * sample_weight
    size = per_example_loss.shape[0] if global_batch_size is None else global_batch_size
    return jnp.sum(weighted) / size


def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    combiner: str | None = None,
    max_norm: Any = None,
    name: Any = None,
    allow_fast_lookup: bool = False,
) -> Any:
    """The rows of a table for the numbers in each row of a sparse tensor: their mean, sum or "sqrtn"."""
    lookup = _of_one("embedding_lookup_sparse")
    return lookup(params, sp_ids, sp_weights, "div", name, combiner, max_norm)


def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[Any], Any]:
    """The likeliest labellings, sparse, and the logarithms of their probabilities."""
    return _of_one("ctc_beam_search_decoder")(inputs, sequence_length, beam_width, top_paths, False)


def _of_one(name: str) -> Any:
    """A function of TensorFlow 1's `tf.nn`."""
    return getattr(importlib.import_module("neurona.legacy.tensorflow.v1.nn"), name)


_OF_BOTH = {  # TensorFlow 1 and 2 have them with the same arguments
    "atrous_conv2d",
    "ctc_greedy_decoder",
    "learned_unigram_candidate_sampler",
    "log_uniform_candidate_sampler",
    "nce_loss",
    "sampled_softmax_loss",
    "uniform_candidate_sampler",
}


_WINDOWS = {"dilation2d", "erosion2d", "max_pool_with_argmax", "sufficient_statistics", "weighted_moments"}


def __getattr__(name: str) -> Any:
    if name in _OF_BOTH:
        return _of_one(name)
    if name in _WINDOWS:
        return getattr(importlib.import_module("neurona.legacy.tensorflow.windows"), name)
    hint = suggestion(name, [*_OF_BOTH, *_WINDOWS, *(one for one in globals() if not one.startswith("_"))])
    raise AttributeError(translated(f"module 'tensorflow.nn' has no attribute {name!r} in Neurona.{hint}"))
