"""`tf.losses` of TensorFlow 1: losses that are put into a collection."""

from typing import Any

import jax.numpy as jnp

from neurona.legacy.tensorflow import arrays, choosing, nn
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.dtypes import float32
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.tensor import constant, convert, draw


class Reduction:
    """How the losses of rows become one."""

    NONE = "none"
    SUM = "weighted_sum"
    MEAN = "weighted_mean"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Losses times weights, as one number."""
    loss = draw(_reduced, (losses, weights, reduction), default="loss/value")
    if loss_collection:
        get_default_graph().add_to_collection(loss_collection, loss)
    return loss


def _reduced(losses: Any, weights: Any, reduction: str) -> Any:
    weights = jnp.asarray(weights, losses.dtype)
    if weights.ndim and weights.ndim < losses.ndim:
        weights = weights.reshape(weights.shape + (1,) * (losses.ndim - weights.ndim))
    weighted = losses * weights
    if reduction == Reduction.NONE:
        return weighted
    total = weighted.sum()
    spread = jnp.broadcast_to(weights, losses.shape)
    if reduction == Reduction.MEAN:
        return _safe(total, spread.sum())
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return total / losses.size
    return total if reduction == Reduction.SUM else _safe(total, (spread != 0).sum())


def _safe(total: Any, count: Any) -> Any:
    return jnp.where(count == 0, 0, total / jnp.where(count == 0, 1, count))


def add_loss(loss: Any, loss_collection: str = GraphKeys.LOSSES) -> None:
    """Put a loss into the collection."""
    get_default_graph().add_to_collection(loss_collection, loss)


def get_losses(scope: Any = None, loss_collection: str = GraphKeys.LOSSES) -> list[Any]:
    """The losses in the collection."""
    return get_default_graph().get_collection(loss_collection, scope)


def get_regularization_losses(scope: Any = None) -> list[Any]:
    """The losses of regularizers."""
    return get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(scope: Any = None, name: str = "total_regularization_loss") -> Any:
    """The sum of the losses of regularizers."""
    found = get_regularization_losses(scope)
    return numbers.add_n(found, name=name) if found else constant(0.0)


def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: Any = None
) -> Any:
    """The sum of all losses."""
    found = get_losses(scope)
    return numbers.add_n(
        [*found, *(get_regularization_losses(scope) if add_regularization_losses else [])], name=name
    )


def _floats(*values: Any) -> list[Any]:
    return [arrays.cast(convert(one), float32) for one in values]


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """(prediction - label)^2."""
    labels, predictions = _checked(labels, predictions)
    losses = numbers.squared_difference(predictions, labels)
    return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def _checked(labels: Any, predictions: Any) -> list[Any]:
    labels, predictions = _floats(labels, predictions)
    if not labels.shape.is_compatible_with(predictions.shape):
        raise ValueError(f"Shapes {predictions.shape} and {labels.shape} are incompatible")
    return [labels, predictions]


def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """|prediction - label|."""
    labels, predictions = _checked(labels, predictions)
    return compute_weighted_loss(
        numbers.abs(predictions - labels), weights, scope, loss_collection, reduction
    )


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """-(y log p + (1 - y) log(1 - p))."""
    labels, predictions = _checked(labels, predictions)
    losses = draw(_logarithmic, (labels, predictions, epsilon), default="log_loss")
    return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def _logarithmic(labels: Any, predictions: Any, epsilon: float) -> Any:
    return -labels * jnp.log(predictions + epsilon) - (1 - labels) * jnp.log(1 - predictions + epsilon)


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Half the squared difference up to delta, linear beyond."""
    labels, predictions = _checked(labels, predictions)
    losses = draw(_huber, (labels, predictions, delta), default="huber_loss")
    return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def _huber(labels: Any, predictions: Any, delta: float) -> Any:
    error = jnp.abs(predictions - labels)
    quadratic = jnp.minimum(error, delta)
    return quadratic**2 / 2 + delta * (error - quadratic)


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """max(0, 1 - s y) with s = 2 label - 1."""
    labels, logits = _checked(labels, logits)
    losses = nn.relu(1 - (2 * labels - 1) * logits)
    return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: Any = None,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    dim: Any = None,
) -> Any:
    """1 - the product of vectors of length 1."""
    labels, predictions = _checked(labels, predictions)
    losses = 1 - numbers.reduce_sum(labels * predictions, axis=dim if axis is None else axis, keepdims=True)
    return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """The cross-entropy of classes that do not exclude each other."""
    labels, logits = _checked(multi_class_labels, logits)
    if label_smoothing:
        labels = labels * (1 - label_smoothing) + label_smoothing / 2
    losses = nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """The cross-entropy of classes, of which one is 1."""
    labels, logits = _checked(onehot_labels, logits)
    if label_smoothing:
        count = labels.shape.as_list()[-1]
        labels = labels * (1 - label_smoothing) + label_smoothing / count
    losses = nn.softmax_cross_entropy_with_logits(labels=choosing.stop_gradient(labels), logits=logits)
    return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """The cross-entropy of classes given by their numbers."""
    labels, logits = convert(labels), convert(logits)
    if labels.shape.rank is not None and labels.shape.rank == logits.shape.rank:
        labels = arrays.squeeze(labels, [-1])
    losses = nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
) -> Any:
    """The mean squared difference between the errors of any two elements of a sample, summed over samples."""
    labels, predictions = _checked(labels, predictions)
    loss = draw(_pairwise, (labels, predictions, weights), default="mean_pairwise_squared_error")
    add_loss(loss, loss_collection)
    return loss


def _pairwise(labels: Any, predictions: Any, weights: Any) -> Any:
    errors, weights = predictions - labels, jnp.asarray(weights, predictions.dtype)
    weights = weights.reshape(weights.shape + (1,) * (errors.ndim - weights.ndim))
    axes = tuple(range(1, errors.ndim))
    present = jnp.sum(jnp.broadcast_to(weights != 0, errors.shape), axes, keepdims=True)
    pairs = jnp.maximum(present - 1, 1)
    squares = jnp.sum(errors**2, axes, keepdims=True) / pairs
    sums = jnp.sum(errors, axes, keepdims=True) ** 2 / jnp.maximum(present * pairs, 1)
    return jnp.sum(jnp.where(present > 0, 2 * (squares - sums), 0) * weights)
