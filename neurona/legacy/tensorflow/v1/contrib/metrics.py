"""`tf.contrib.metrics`: those of `tf.metrics`, which take the predictions first."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow import arrays
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.v1 import metrics
from neurona.legacy.tensorflow.v1.further_metrics import recall_at_k
from neurona.legacy.tensorflow.v1.tensor import convert

streaming_mean = metrics.mean


def accuracy(predictions: Any, labels: Any, weights: Any = None, name: Any = None) -> Any:
    """The fraction of equal numbers."""
    right = arrays.cast(numbers.equal(convert(predictions), convert(labels)), "float32")
    if weights is None:
        return numbers.reduce_mean(right, name=name)
    shares = arrays.cast(convert(weights), "float32")
    return numbers.divide(numbers.reduce_sum(right * shares), numbers.reduce_sum(shares), name=name)


def _turned(metric: Callable[..., Any]) -> Callable[..., Any]:
    def call(predictions: Any, labels: Any, *args: Any, **kwargs: Any) -> Any:
        return metric(labels, predictions, *args, **kwargs)

    call.__name__, call.__doc__ = f"streaming_{metric.__name__}", metric.__doc__
    return call


streaming_accuracy, streaming_auc = _turned(metrics.accuracy), _turned(metrics.auc)
streaming_precision, streaming_recall = _turned(metrics.precision), _turned(metrics.recall)
streaming_mean_iou = _turned(metrics.mean_iou)
streaming_mean_squared_error = _turned(metrics.mean_squared_error)
streaming_mean_absolute_error = _turned(metrics.mean_absolute_error)
streaming_root_mean_squared_error = _turned(metrics.root_mean_squared_error)
streaming_true_positives = _turned(metrics.true_positives)
streaming_false_positives = _turned(metrics.false_positives)
streaming_false_negatives = _turned(metrics.false_negatives)
streaming_recall_at_k = streaming_sparse_recall_at_k = _turned(recall_at_k)


def aggregate_metrics(*value_update_tuples: Any) -> tuple[list[Any], list[Any]]:
    """The values of several metrics, and their updates."""
    values, updates = zip(*value_update_tuples, strict=True)
    return list(values), list(updates)


def aggregate_metric_map(names_to_tuples: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of several metrics by their names, and their updates."""
    values = {name: value for name, (value, _) in names_to_tuples.items()}
    return values, {name: update for name, (_, update) in names_to_tuples.items()}
