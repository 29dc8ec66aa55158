"""`tf.contrib.losses`: the losses of `tf.losses`, which take the predictions first."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow.v1 import losses
from neurona.legacy.tensorflow.v1.contrib import metric_learning
from neurona.legacy.tensorflow.v1.losses import (
    add_loss,
    compute_weighted_loss,
    get_losses,
    get_regularization_losses,
    get_total_loss,
)

__all__ = [
    "add_loss",
    "compute_weighted_loss",
    "get_losses",
    "get_regularization_losses",
    "get_total_loss",
    "metric_learning",
]


def _turned(loss: Callable[..., Any], first: str, second: str) -> Callable[..., Any]:
    def call(*args: Any, weights: Any = 1.0, scope: Any = None, **kwargs: Any) -> Any:
        given = {**dict(zip((first, second), args)), **kwargs}
        one, other = given.pop(first), given.pop(second)
        weights = args[2] if len(args) > 2 else given.pop("weight", weights)
        return loss(other, one, weights=weights, scope=scope, **given)

    call.__name__, call.__doc__ = loss.__name__, loss.__doc__
    return call


absolute_difference = _turned(losses.absolute_difference, "predictions", "labels")
mean_squared_error = sum_of_squares = _turned(losses.mean_squared_error, "predictions", "labels")
log_loss = _turned(losses.log_loss, "predictions", "labels")
cosine_distance = _turned(losses.cosine_distance, "predictions", "labels")
hinge_loss = _turned(losses.hinge_loss, "logits", "labels")
sigmoid_cross_entropy = _turned(losses.sigmoid_cross_entropy, "logits", "multi_class_labels")
softmax_cross_entropy = _turned(losses.softmax_cross_entropy, "logits", "onehot_labels")
sparse_softmax_cross_entropy = _turned(losses.sparse_softmax_cross_entropy, "logits", "labels")
