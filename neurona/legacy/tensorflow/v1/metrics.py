"""`tf.metrics` of TensorFlow 1: pairs of a value and the step that updates it."""

import importlib
from typing import Any

import jax.numpy as jnp

from neurona.core.scope import current_scope
from neurona.legacy.spellings import tell
from neurona.legacy.tensorflow.v1.graph import GraphKeys
from neurona.legacy.tensorflow.v1.initializers import Zeros
from neurona.legacy.tensorflow.v1.scopes import variable_scope
from neurona.legacy.tensorflow.v1.tensor import convert, draw, is_drawing
from neurona.legacy.tensorflow.v1.variables import GraphVariable


def _counter(name: str, shape: tuple[int, ...] = ()) -> GraphVariable:
    return GraphVariable(
        Zeros()(shape),
        trainable=False,
        name=name,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
    )


def _in_model(*tensors: Any) -> bool:
    """Whether these are tensors of a Keras model that runs: there is no graph to count in."""
    return current_scope() is not None and not is_drawing(*tensors)


def _of_batch(name: str, compute: Any, *tensors: Any) -> tuple[Any, Any]:
    """The figure of this batch alone, as value and as update."""
    tell(
        f"tf.metrics.{name} in a metric of a Keras model tells of each batch alone; TensorFlow 1 went on "
        "counting from batch to batch."
    )
    value = draw(compute, tensors)
    return value, value


def _ratio(name: str, counted: Any, tensors: tuple[Any, ...]) -> tuple[Any, Any]:
    """total / count, both of which a function adds to."""
    if _in_model(*tensors):
        return _of_batch(name, lambda *given: _divided(*counted(*given)), *tensors)
    with variable_scope(None, name):
        total, count = _counter("total"), _counter("count")
        parts = draw(counted, tensors, default="counted")
        totals, counts = total.assign_add(parts[0]), count.assign_add(parts[1])
        value = draw(_divided, (total, count), default="value")
        return value, draw(_divided, (totals, counts), default="update_op")


def _divided(total: Any, count: Any) -> Any:
    return jnp.where(count == 0, 0.0, total / jnp.where(count == 0, 1, count))


def _array(value: Any) -> Any:
    return jnp.asarray(value)


def _weighed(values: Any, weights: Any) -> list[Any]:
    values = jnp.asarray(_array(values), jnp.float32)
    spread = jnp.broadcast_to(
        1.0 if weights is None else jnp.asarray(_array(weights), jnp.float32), values.shape
    )
    return [(values * spread).sum(), spread.sum()]


def _equal(labels: Any, predictions: Any, weights: Any) -> list[Any]:
    labels, predictions = _array(labels), _array(predictions)
    if labels.ndim == predictions.ndim + 1:
        labels = labels[..., 0]
    elif predictions.ndim == labels.ndim + 1:
        predictions = predictions[..., 0]
    return _weighed(labels == predictions.astype(labels.dtype), weights)


def accuracy(labels: Any, predictions: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any) -> Any:
    """The fraction of equal numbers."""
    return _ratio(name or "accuracy", _equal, (convert(labels), convert(predictions), weights))


def mean(values: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any) -> Any:
    """The mean."""
    return _ratio(name or "mean", _weighed, (convert(values), weights))


def _squared(labels: Any, predictions: Any, weights: Any) -> list[Any]:
    return _weighed((_array(labels) - _array(predictions)) ** 2, weights)


def _absolute(labels: Any, predictions: Any, weights: Any) -> list[Any]:
    return _weighed(abs(_array(labels) - _array(predictions)), weights)


def mean_squared_error(
    labels: Any, predictions: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any
) -> Any:
    """The mean of the squared differences."""
    return _ratio(name or "mean_squared_error", _squared, (convert(labels), convert(predictions), weights))


def mean_absolute_error(
    labels: Any, predictions: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any
) -> Any:
    """The mean of the absolute differences."""
    return _ratio(name or "mean_absolute_error", _absolute, (convert(labels), convert(predictions), weights))


def root_mean_squared_error(
    labels: Any, predictions: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any
) -> Any:
    """The root of the mean of the squared differences."""
    value, update = mean_squared_error(labels, predictions, weights, name=name or "root_mean_squared_error")
    return draw(jnp.sqrt, (value,)), draw(jnp.sqrt, (update,))


def _hits(labels: Any, predictions: Any, weights: Any, among: str) -> list[Any]:
    labels, predictions = (_array(one).astype(bool) for one in (labels, predictions))
    chosen = predictions if among == "predictions" else labels
    spread = 1.0 if weights is None else _array(weights)
    return [(labels & predictions) * spread, chosen * spread]


def _precise(labels: Any, predictions: Any, weights: Any) -> list[Any]:
    return [one.sum().astype(jnp.float32) for one in _hits(labels, predictions, weights, "predictions")]


def _recalled(labels: Any, predictions: Any, weights: Any) -> list[Any]:
    return [one.sum().astype(jnp.float32) for one in _hits(labels, predictions, weights, "labels")]


def precision(
    labels: Any, predictions: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any
) -> Any:
    """The fraction of the positive predictions that are right."""
    return _ratio(name or "precision", _precise, (convert(labels), convert(predictions), weights))


def recall(labels: Any, predictions: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any) -> Any:
    """The fraction of the positive labels that are predicted."""
    return _ratio(name or "recall", _recalled, (convert(labels), convert(predictions), weights))


def auc(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    *_: Any,
    name: Any = None,
    **__: Any,
) -> Any:
    """The area under the ROC curve, from the rates at so many thresholds."""
    if _in_model(labels, predictions):
        given = (labels, predictions, weights)
        return _of_batch("auc", lambda y, p, w: _area(_confusions(y, p, w, num_thresholds)), *given)
    with variable_scope(None, name or "auc"):
        counts = _counter("confusion", (4, num_thresholds))
        found = draw(
            _confusions, (convert(labels), convert(predictions), weights, num_thresholds), default="counts"
        )
        return draw(_area, (counts,), default="value"), draw(
            _area, (counts.assign_add(found),), default="update_op"
        )


def _confusions(labels: Any, predictions: Any, weights: Any, count: int) -> Any:
    labels, predictions = _array(labels).ravel().astype(bool), _array(predictions).ravel()
    inner = (jnp.arange(count - 2) + 1.0) / (count - 1)
    thresholds = jnp.concatenate([jnp.array([-1e-7]), inner, jnp.array([1 + 1e-7])])
    spread = 1.0 if weights is None else _array(weights).ravel()
    above = predictions[None] > thresholds[:, None]
    pairs = (labels & above, labels & ~above, ~labels & above, ~labels & ~above)
    return jnp.stack([(one * spread).sum(1) for one in pairs]).astype(jnp.float32)


def _area(counts: Any) -> Any:
    true_positive, false_negative, false_positive, true_negative = counts
    hits = (true_positive + 1e-6) / (true_positive + false_negative + 1e-6)
    alarms = false_positive / (false_positive + true_negative + 1e-6)
    return jnp.sum((alarms[:-1] - alarms[1:]) * (hits[:-1] + hits[1:]) / 2)


def _counting(name: str, of_label: bool, of_prediction: bool) -> Any:
    """A metric that counts the elements of one label for which another is predicted."""

    def counted(labels: Any, predictions: Any, weights: Any) -> Any:
        right = (_array(labels).astype(bool) == of_label) & (
            _array(predictions).astype(bool) == of_prediction
        )
        return _weighed(right, weights)[0]

    def call(labels: Any, predictions: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any) -> Any:
        if _in_model(labels, predictions):
            return _of_batch(kind, counted, labels, predictions, weights)
        with variable_scope(None, name or kind):
            count = _counter("count")
            found = draw(counted, (convert(labels), convert(predictions), weights), default="counted")
            return count.value(), count.assign_add(found)

    kind = name
    call.__name__, call.__doc__ = name, f"The number of {name.replace('_', ' ')}."
    return call


true_positives, false_negatives = (
    _counting("true_positives", True, True),
    _counting("false_negatives", True, False),
)
false_positives, true_negatives = (
    _counting("false_positives", False, True),
    _counting("true_negatives", False, False),
)


def _confused(labels: Any, predictions: Any, weights: Any, count: int) -> Any:
    """How often each class was taken for each."""
    rows, columns = (_array(one).ravel().astype("int32") for one in (labels, predictions))
    given = 1.0 if weights is None else _array(weights).ravel()
    shares = jnp.broadcast_to(jnp.asarray(given, jnp.float32), rows.shape)
    return jnp.zeros((count, count), jnp.float32).at[rows, columns].add(shares)


def _mean_iou(counts: Any) -> Any:
    hits = jnp.diagonal(counts)
    union = counts.sum(0) + counts.sum(1) - hits
    there = union > 0
    return jnp.where(there, hits / jnp.where(there, union, 1), 0).sum() / jnp.maximum(there.sum(), 1)


def _mean_of_classes(counts: Any) -> Any:
    total = counts.sum(1)
    return jnp.mean(jnp.where(total > 0, jnp.diagonal(counts) / jnp.where(total > 0, total, 1), 0))


def _of_confusions(name: str, figure: Any, text: str) -> Any:
    def call(
        labels: Any,
        predictions: Any,
        num_classes: int,
        weights: Any = None,
        *_: Any,
        name: Any = None,
        **__: Any,
    ) -> Any:
        if _in_model(labels, predictions):
            given = (labels, predictions, weights)
            return _of_batch(kind, lambda y, p, w: figure(_confused(y, p, w, num_classes)), *given)
        with variable_scope(None, name or kind):
            counts = _counter("total_confusion_matrix", (num_classes, num_classes))
            given = (convert(labels), convert(predictions), weights, num_classes)
            found = counts.assign_add(draw(_confused, given, default="confused"))
            return draw(figure, (counts.value(),), default="value"), found

    kind = name
    call.__name__, call.__doc__ = name, text
    return call


# In a file of their own.
_FURTHER = """
    false_negatives_at_thresholds false_positives_at_thresholds mean_cosine_distance
    mean_relative_error mean_tensor percentage_below precision_at_k precision_at_thresholds
    recall_at_k recall_at_thresholds sparse_precision_at_k true_negatives_at_thresholds
    true_positives_at_thresholds
"""


def __getattr__(name: str) -> Any:
    if name in _FURTHER.split():
        return getattr(importlib.import_module("neurona.legacy.tensorflow.v1.further_metrics"), name)
    raise AttributeError(f"module 'tensorflow.metrics' has no attribute {name!r} in Neurona.", name=name)


mean_iou = _of_confusions("mean_iou", _mean_iou, "The mean over classes of intersection / union.")
mean_per_class_accuracy = _of_confusions(
    "mean_per_class_accuracy", _mean_of_classes, "The mean over classes of the share that was found."
)
