"""`tf.metrics` that fewer programs use: of ranked classes, of thresholds, of angles."""

from typing import Any

import jax.numpy as jnp

from neurona.legacy.tensorflow.v1 import metrics
from neurona.legacy.tensorflow.v1.metrics import _array, _counter, _ratio, _weighed
from neurona.legacy.tensorflow.v1.scopes import variable_scope
from neurona.legacy.tensorflow.v1.tensor import convert, draw

__all__ = [
    "false_negatives_at_thresholds",
    "false_positives_at_thresholds",
    "mean_cosine_distance",
    "mean_relative_error",
    "mean_tensor",
    "percentage_below",
    "precision_at_k",
    "precision_at_thresholds",
    "recall_at_k",
    "recall_at_thresholds",
    "sparse_precision_at_k",
    "true_negatives_at_thresholds",
    "true_positives_at_thresholds",
]


def mean_cosine_distance(
    labels: Any, predictions: Any, dim: int, weights: Any = None, *_: Any, name: Any = None, **__: Any
) -> Any:
    """1 less the mean of the products of vectors, which have the length 1."""
    given = (convert(labels), convert(predictions), weights, dim)
    value, update = _ratio(name or "mean_cosine_distance", _products, given)
    return 1.0 - value, 1.0 - update


def _products(labels: Any, predictions: Any, weights: Any, dim: int) -> list[Any]:
    product = jnp.sum(_array(labels) * _array(predictions), dim, keepdims=True)
    return _weighed(product, weights)


def mean_relative_error(
    labels: Any, predictions: Any, normalizer: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any
) -> Any:
    """The mean of |labels - predictions| / normalizer, 0 where that is 0."""
    given = (convert(labels), convert(predictions), convert(normalizer), weights)
    return _ratio(name or "mean_relative_error", _relative, given)


def _relative(labels: Any, predictions: Any, normalizer: Any, weights: Any) -> list[Any]:
    wide, scale = abs(_array(labels) - _array(predictions)), _array(normalizer)
    return _weighed(jnp.where(scale == 0, 0, wide / jnp.where(scale == 0, 1, scale)), weights)


def percentage_below(
    values: Any, threshold: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any
) -> Any:
    """The share of values below a threshold."""
    return _ratio(name or "percentage_below_threshold", _below, (convert(values), threshold, weights))


def _below(values: Any, threshold: Any, weights: Any) -> list[Any]:
    return _weighed(_array(values) < threshold, weights)


def mean_tensor(values: Any, weights: Any = None, *_: Any, name: Any = None, **__: Any) -> Any:
    """The mean of each element over the batches."""
    values = convert(values)
    with variable_scope(None, name or "mean"):
        shape = tuple(int(size) for size in values.shape)
        total, count = _counter("total_tensor", shape), _counter("count_tensor", shape)
        parts = draw(_spread, (values, weights), default="counted")
        totals, counts = total.assign_add(parts[0]), count.assign_add(parts[1])
        value = draw(metrics._divided, (total, count), default="value")
        return value, draw(metrics._divided, (totals, counts), default="update_op")


def _spread(values: Any, weights: Any) -> list[Any]:
    values = jnp.asarray(values, jnp.float32)
    shares = jnp.broadcast_to(jnp.asarray(1.0 if weights is None else weights, jnp.float32), values.shape)
    return [values * shares, shares]


# Of the k likeliest classes.


def precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: Any = None,
    weights: Any = None,
    *_: Any,
    name: Any = None,
    **__: Any,
) -> Any:
    """How many of the k likeliest classes are among the labels of a row."""
    return _ratio(
        name or f"precision_at_{k}",
        _hits_of_k,
        (convert(labels), convert(predictions), int(k), class_id, weights, True),
    )


sparse_precision_at_k = precision_at_k


def recall_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: Any = None,
    weights: Any = None,
    *_: Any,
    name: Any = None,
    **__: Any,
) -> Any:
    """How many of the labels of a row are among the k likeliest classes."""
    return _ratio(
        name or f"recall_at_{k}",
        _hits_of_k,
        (convert(labels), convert(predictions), int(k), class_id, weights, False),
    )


def _hits_of_k(
    labels: Any, predictions: Any, k: int, class_id: Any, weights: Any, of_predictions: bool
) -> list[Any]:
    """How many hits there are, and among how many predictions or labels."""
    labels, predictions = jnp.asarray(labels), jnp.asarray(predictions)
    labels = labels[..., None] if labels.ndim == predictions.ndim - 1 else labels
    chosen = jnp.argsort(-predictions, -1, stable=True)[..., :k]
    equal = labels[..., :, None] == chosen[..., None, :]
    among, hits = (chosen, equal.any(-2)) if of_predictions else (labels, equal.any(-1))
    counted = jnp.ones(among.shape, bool) if class_id is None else among == class_id
    rows = 1.0 if weights is None else jnp.asarray(weights, jnp.float32)[..., None]
    return [jnp.sum(one * counted * rows).astype(jnp.float32) for one in (hits, jnp.ones(hits.shape))]


# At thresholds.


def _at_thresholds(name: str, figure: Any, text: str) -> Any:
    def call(
        labels: Any,
        predictions: Any,
        thresholds: Any,
        weights: Any = None,
        *_: Any,
        name: Any = None,
        **__: Any,
    ) -> Any:
        limits = tuple(float(one) for one in thresholds)
        with variable_scope(None, name or kind):
            counts = _counter("confusion", (4, len(limits)))
            given = (convert(labels), convert(predictions), weights, limits)
            found = counts.assign_add(draw(_confused_at, given, default="counts"))
            return draw(figure, (counts,), default="value"), draw(figure, (found,), default="update_op")

    kind = name
    call.__name__, call.__doc__ = name, text
    return call


def _confused_at(labels: Any, predictions: Any, weights: Any, limits: tuple[float, ...]) -> Any:
    """True positives, false negatives, false positives and true negatives at each threshold."""
    labels, predictions = _array(labels).ravel().astype(bool), _array(predictions).ravel()
    above = predictions[None] > jnp.asarray(limits)[:, None]
    shares = 1.0 if weights is None else _array(weights).ravel()
    pairs = (labels & above, labels & ~above, ~labels & above, ~labels & ~above)
    return jnp.stack([(one * shares).sum(1) for one in pairs]).astype(jnp.float32)


def _share(one: Any, other: Any) -> Any:
    return one / (one + other + 1e-7)


precision_at_thresholds = _at_thresholds(
    "precision_at_thresholds", lambda counts: _share(counts[0], counts[2]), "Precision at each threshold."
)
recall_at_thresholds = _at_thresholds(
    "recall_at_thresholds", lambda counts: _share(counts[0], counts[1]), "Recall at each threshold."
)
(
    true_positives_at_thresholds,
    false_negatives_at_thresholds,
    false_positives_at_thresholds,
    true_negatives_at_thresholds,
) = (
    _at_thresholds(f"{kind}_at_thresholds", lambda counts, place=place: counts[place], f"The {kind}.")
    for place, kind in enumerate(("true_positives", "false_negatives", "false_positives", "true_negatives"))
)
