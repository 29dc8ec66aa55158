"""`tf.nn` of TensorFlow 1, where its arguments were others than today."""

import importlib
import math
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.random import as_key
from neurona.legacy.tensorflow import arrays, choosing, linalg, nn, windows
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.dtypes import as_dtype, float32, int64
from neurona.legacy.tensorflow.v1 import cells as rnn_cell
from neurona.legacy.tensorflow.v1.ctc import (
    ctc_beam_search_decoder,
    ctc_greedy_decoder,
    ctc_loss,
)
from neurona.legacy.tensorflow.v1.rnn import (
    bidirectional_dynamic_rnn,
    dynamic_rnn,
    raw_rnn,
    static_bidirectional_rnn,
    static_rnn,
    static_state_saving_rnn,
)
from neurona.legacy.tensorflow.v1.sparse import embedding_lookup_sparse, whole_table
from neurona.legacy.tensorflow.v1.tensor import draw, drawn

__all__ = [
    "bidirectional_dynamic_rnn",
    "ctc_beam_search_decoder",
    "ctc_greedy_decoder",
    "ctc_loss",
    "dynamic_rnn",
    "embedding_lookup_sparse",
    "raw_rnn",
    "rnn_cell",
    "static_bidirectional_rnn",
    "static_rnn",
    "static_state_saving_rnn",
]


def _pair(first: Any, labels: Any, logits: Any, second: Any = None) -> tuple[Any, Any]:
    """Labels and logits; without names they came as (logits, labels) before TensorFlow 1.0."""
    if first is not None and logits is None:
        return labels if second is None else second, first
    return labels, logits


def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: int = -1,
    name: str | None = None,
    axis: int | None = None,
) -> Any:
    """-sum(y log softmax(logits)); the labels are taken as constants."""
    labels, logits = _pair(_sentinel, labels, logits)
    axis = dim if axis is None else axis
    labels = choosing.stop_gradient(arrays.cast(labels, float32))
    return nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits, axis=axis, name=name)


def softmax_cross_entropy_with_logits_v2(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: int | None = None,
    name: str | None = None,
    axis: int = -1,
) -> Any:
    """-sum(y log softmax(logits)); gradients pass to the labels too."""
    labels, logits = _pair(_sentinel, labels, logits)
    axis = axis if dim is None else dim
    return nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits, axis=axis, name=name)


def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Any:
    """-log softmax(logits) of the classes given by their numbers."""
    labels, logits = _pair(_sentinel, labels, logits)
    return nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=name)


def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
    targets: Any = None,
) -> Any:
    """-(y log p + (1 - y) log(1 - p)) with p = sigmoid(logits)."""
    labels, logits = _pair(_sentinel, labels if targets is None else targets, logits)
    return nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name=name)


def weighted_cross_entropy_with_logits(
    labels: Any = None,
    logits: Any = None,
    pos_weight: Any = None,
    name: str | None = None,
    targets: Any = None,
) -> Any:
    """`sigmoid_cross_entropy_with_logits` with a weight for the positive labels."""
    labels = labels if targets is None else targets
    return nn.weighted_cross_entropy_with_logits(labels, logits, pos_weight, name=name)


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: Any = None,
    name: str | None = None,
    rate: Any = None,
) -> Any:
    """x / keep_prob, with a fraction 1 - keep_prob set to 0."""
    if rate is None:
        if keep_prob is None:
            raise ValueError("You must provide a rate to dropout.")
        rate = 1 - keep_prob
    return nn.dropout(x, rate, noise_shape=noise_shape, seed=seed, name=name)


def softmax(logits: Any, axis: int | None = None, name: str | None = None, dim: int | None = None) -> Any:
    """exp(x) / sum(exp(x)) along the last axis, or another."""
    return nn.softmax(logits, axis=dim if axis is None else axis, name=name)


def log_softmax(logits: Any, axis: int | None = None, name: str | None = None, dim: int | None = None) -> Any:
    """The logarithm of `softmax`."""
    return nn.log_softmax(logits, axis=dim if axis is None else axis, name=name)


def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None
) -> Any:
    """x / sqrt(sum(x^2)) along axes."""
    return nn.l2_normalize(x, axis=dim if axis is None else axis, epsilon=epsilon, name=name)


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Any:
    """The rows of a table."""
    table = whole_table(params, partition_strategy)
    return nn.embedding_lookup(table, ids, partition_strategy, max_norm, name=name)


def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    Targmax: Any = None,
    name: str | None = None,
    output_dtype: Any = None,
    include_batch_in_index: bool = False,
) -> Any:
    """The largest element of each window, and its place in the picture."""
    dtype = output_dtype or Targmax or int64
    given = (input, ksize, strides, padding, data_format, as_dtype(dtype).name, include_batch_in_index)
    return windows.max_pool_with_argmax(*given, name=name)


def dilation2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Any:
    """The greatest sum of a window and the filter, for each channel."""
    filters, dilations = filter if filters is None else filters, rates if dilations is None else dilations
    return windows.dilation2d(input, filters, strides, padding, dilations=dilations, name=name)


def erosion2d(
    value: Any, kernel: Any, strides: Any, rates: Any, padding: Any, name: str | None = None
) -> Any:
    """The least difference of a window and the mirrored kernel, for each channel."""
    return windows.erosion2d(value, kernel, strides, padding, dilations=rates, name=name)


def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, name: Any = None, keep_dims: Any = None, keepdims: Any = None
) -> Any:
    """The mean and the variance of elements that count as often as their weights say."""
    return windows.weighted_moments(x, axes, frequency_weights, bool(keepdims or keep_dims), name=name)


def conv2d_backprop_input(
    input_sizes: Any,
    filter: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
    filters: Any = None,
) -> Any:
    """The gradient of a convolution with respect to its input, of the sizes."""
    filters = filter if filters is None else filters
    return nn.conv2d_transpose(
        out_backprop, filters, input_sizes, strides, padding, data_format=data_format, name=name
    )


def batch_norm_with_global_normalization(
    t: Any,
    m: Any,
    v: Any,
    beta: Any,
    gamma: Any,
    variance_epsilon: float,
    scale_after_normalization: bool,
    name: str | None = None,
) -> Any:
    """(t - m) / sqrt(v + epsilon), times gamma where it is scaled, plus beta."""
    scale = gamma if scale_after_normalization else None
    return nn.batch_normalization(t, m, v, beta, scale, variance_epsilon, name=name)


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """x @ w + b."""
    return nn.bias_add(linalg.matmul(x, weights), biases, name=name or "xw_plus_b")


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """relu(x @ w + b)."""
    return nn.relu(xw_plus_b(x, weights, biases), name=name)


def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: Any = None,
    data_format: str | None = None,
    name: str | None = None,
    input: Any = None,
    dilations: Any = None,
) -> Any:
    """A convolution along one axis."""
    given = value if input is None else input
    layout = {"NHWC": "NWC", "NCHW": "NCW"}.get(data_format or "", data_format)
    return nn.conv1d(
        given, filters, stride, padding, data_format=layout, dilations=dilations, name=name or "conv1d"
    )


def conv2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: Any = True,
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
    filters: Any = None,
) -> Any:
    """A convolution of pictures."""
    kernel = filter if filters is None else filters
    return nn.conv2d(
        input, kernel, strides, padding, data_format=data_format, dilations=dilations, name=name or "Conv2D"
    )


def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
    filters: Any = None,
) -> Any:
    """A convolution of volumes."""
    kernel = filter if filters is None else filters
    return nn.conv3d(
        input, kernel, strides, padding, data_format=data_format, dilations=dilations, name=name or "Conv3D"
    )


def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: str = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Any:
    """The transpose of a convolution of pictures."""
    given, kernel = (value if input is None else input), (filter if filters is None else filters)
    return nn.conv2d_transpose(
        given, kernel, output_shape, strides, padding, data_format=data_format, name=name
    )


def atrous_conv2d(value: Any, filters: Any, rate: int, padding: str, name: str | None = None) -> Any:
    """A convolution with gaps."""
    return nn.conv2d(value, filters, 1, padding, dilations=rate, name=name)


def moments(
    x: Any, axes: Any, shift: Any = None, name: str | None = None, keep_dims: Any = None, keepdims: Any = None
) -> Any:
    """The mean and the variance."""
    return nn.moments(x, axes, keepdims=bool(keep_dims if keepdims is None else keepdims), name=name)


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
) -> Any:
    """Batch normalization: the result, and the mean and variance of the batch."""
    if is_training:
        mean, variance = nn.moments(x, [0, 1, 2])
    return nn.batch_normalization(x, mean, variance, offset, scale, epsilon, name=name), mean, variance


def lrn(*args: Any, **kwargs: Any) -> Any:
    """`tf.nn.local_response_normalization`."""
    return nn.local_response_normalization(*args, **kwargs)


# Losses over a sample of the classes.


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: Any = None,
    name: Any = None,
) -> Any:
    """Classes drawn with the probability log((k + 2) / (k + 1)) / log(range_max + 1), and their expected
    counts.
    """
    return _candidates(true_classes, num_sampled, unique, range_max, "log_uniform")


def uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: Any = None,
    name: Any = None,
) -> Any:
    """Classes drawn with equal probabilities, and their expected counts."""
    return _candidates(true_classes, num_sampled, unique, range_max, "uniform")


learned_unigram_candidate_sampler = uniform_candidate_sampler


def _candidates(true_classes: Any, count: int, unique: bool, classes: int, kind: str) -> Any:
    found = draw(
        _sampled,
        (true_classes, count, unique, classes, kind),
        default="CandidateSampler",
        differentiable=False,
    )
    return arrays.cast(found[0], int64), *found[1:]


def _probability(ids: Any, classes: int, kind: str) -> Any:
    if kind == "uniform":
        return jnp.full(jnp.shape(ids), 1 / classes)
    return jnp.log((ids + 2.0) / (ids + 1.0)) / math.log(classes + 1)


def _sampled(true: Any, count: int, unique: bool, classes: int, kind: str) -> Any:
    true = jnp.asarray(true)
    everything = jnp.arange(classes)
    logits = jnp.log(_probability(everything, classes, kind))
    noise = jax.random.gumbel(as_key(), (classes,) if unique else (count, classes))
    chosen = jax.lax.top_k(logits + noise, count)[1] if unique else jnp.argmax(logits + noise, axis=-1)

    def expected(ids: Any) -> Any:
        probability = _probability(ids, classes, kind)
        return -jnp.expm1(count * jnp.log1p(-probability)) if unique else count * probability

    return [chosen.astype(jnp.int32), expected(true), expected(chosen)]


def _sampled_logits(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    sampled: Any,
    num_true: int,
    remove: bool,
    subtract: bool = True,
) -> Any:
    """The logits of the true and the sampled classes, each less the logarithm of its expected count."""
    if isinstance(weights, (list, tuple)):
        weights = weights[0] if len(weights) == 1 else arrays.concat(list(weights), 0)
    return draw(
        _logits, (weights, biases, labels, inputs, *sampled, num_true, remove, subtract), default="logits"
    )


def _logits(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    chosen: Any,
    true_count: Any,
    count: Any,
    num_true: int,
    remove: bool,
    subtract: bool,
) -> Any:
    weights, biases, labels, inputs, chosen = (
        jnp.asarray(one) for one in (weights, biases, labels, inputs, chosen)
    )
    labels = labels.reshape(-1, num_true)
    true = jnp.einsum("bd,btd->bt", inputs, weights[labels]) + biases[labels]
    other = inputs @ weights[chosen].T + biases[chosen]
    if remove:
        other = jnp.where((labels[:, :, None] == chosen).any(1), -1e37, other)
    if subtract:
        true = true - jnp.log(true_count.reshape(labels.shape))
        other = other - jnp.log(count)
    return [true, other]


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Any:
    """Noise-contrastive estimation (Gutmann and Hyvärinen, 2010): true classes told from sampled ones."""
    sampled = sampled_values or log_uniform_candidate_sampler(
        labels, num_true, num_sampled, True, num_classes
    )
    logits = _sampled_logits(weights, biases, labels, inputs, sampled, num_true, remove_accidental_hits)
    return draw(_nce, (logits[0], logits[1], num_true), name=name)


def _nce(true: Any, other: Any, num_true: int) -> Any:
    return jax.nn.softplus(-true).sum(1) / num_true + jax.nn.softplus(other).sum(1)


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
    seed: Any = None,
) -> Any:
    """The cross-entropy of the true classes among sampled ones (Jean et al., 2015)."""
    sampled = sampled_values or log_uniform_candidate_sampler(
        labels, num_true, num_sampled, True, num_classes
    )
    logits = _sampled_logits(weights, biases, labels, inputs, sampled, num_true, remove_accidental_hits)
    return draw(_sampled_softmax, (logits[0], logits[1], num_true), name=name)


def _sampled_softmax(true: Any, other: Any, num_true: int) -> Any:
    logs = jax.nn.log_softmax(jnp.concatenate([true, other], 1), 1)
    return -logs[:, :num_true].mean(1)


@drawn("zero_fraction", differentiable=False)
def zero_fraction(value: Any) -> Any:
    """The fraction of zeros."""
    return (value == 0).mean(dtype=jnp.float32)


def top_k(input: Any, k: int = 1, sorted: bool = True, name: str | None = None) -> Any:
    """The largest elements along the last axis, and their places."""
    return nn.top_k(input, k, sorted, name=name)


def in_top_k(predictions: Any, targets: Any, k: int, name: str | None = None) -> Any:
    """Whether the targets are among the k largest predictions."""
    return numbers.in_top_k(targets, predictions, k, name=name)


_BEFORE_1 = {  # the names of TensorFlow 0
    "bidirectional_rnn": static_bidirectional_rnn,
    "rnn": static_rnn,
    "state_saving_rnn": static_state_saving_rnn,
}
_OF_TODAY = {
    "avg_pool_v2": "avg_pool",
    "ctc_beam_search_decoder_v2": "ctc_beam_search_decoder",
    "ctc_loss_v2": "ctc_loss",
    "depthwise_conv2d_native": "depthwise_conv2d",
    "max_pool_v2": "max_pool",
}


def __getattr__(name: str) -> Any:
    if name in _BEFORE_1:
        return _BEFORE_1[name]
    if name == "seq2seq":
        return importlib.import_module("neurona.legacy.tensorflow.v1.contrib.legacy_seq2seq")
    return getattr(nn, _OF_TODAY.get(name, name))
