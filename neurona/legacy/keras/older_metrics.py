"""Metrics of Keras 1, which Keras 2 took away: of a batch, averaged over the batches of an epoch.

precision = tp / (tp + fp)        recall = tp / (tp + fn)
fbeta_score = (1 + beta^2) precision recall / (beta^2 precision + recall)
"""

from typing import Any

import jax.numpy as jnp

_EPSILON = 1e-7  # Keras's, which keeps an empty class from a division by zero


def _rounded(y: Any) -> Any:
    return jnp.round(jnp.clip(jnp.asarray(y, "float32"), 0, 1))


def precision(y_true: Any, y_pred: Any) -> Any:
    """Which share of what was found belongs there."""
    return jnp.sum(_rounded(y_true * y_pred)) / (jnp.sum(_rounded(y_pred)) + _EPSILON)


def recall(y_true: Any, y_pred: Any) -> Any:
    """Which share of what belongs there was found."""
    return jnp.sum(_rounded(y_true * y_pred)) / (jnp.sum(_rounded(y_true)) + _EPSILON)


def fbeta_score(y_true: Any, y_pred: Any, beta: float = 1) -> Any:
    """The weighted harmonic mean of precision and recall; 0 where there is nothing to find."""
    p, r, weight = precision(y_true, y_pred), recall(y_true, y_pred), beta**2
    score = (1 + weight) * p * r / (weight * p + r + _EPSILON)
    return jnp.where(jnp.sum(_rounded(y_true)) == 0, 0.0, score)


def fmeasure(y_true: Any, y_pred: Any) -> Any:
    """The harmonic mean of precision and recall."""
    return fbeta_score(y_true, y_pred)


def matthews_correlation(y_true: Any, y_pred: Any) -> Any:
    """The correlation of two truth values: 1 where all are right, 0 for chance, -1 where all are wrong."""
    found, wanted = _rounded(y_pred), _rounded(y_true)
    tp, tn = jnp.sum(wanted * found), jnp.sum((1 - wanted) * (1 - found))
    fp, fn = jnp.sum((1 - wanted) * found), jnp.sum(wanted * (1 - found))
    spread = jnp.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return (tp * tn - fp * fn) / (spread + _EPSILON)


def cosine_proximity(y_true: Any, y_pred: Any) -> Any:
    """Minus the cosine of the angle between labels and predictions."""
    y_true, y_pred = jnp.asarray(y_true, "float32"), jnp.asarray(y_pred, "float32")
    lengths = jnp.linalg.norm(y_true, axis=-1) * jnp.linalg.norm(y_pred, axis=-1)
    return -jnp.sum(y_true * y_pred, axis=-1) / jnp.maximum(lengths, _EPSILON)


_METRICS = (precision, recall, fbeta_score, fmeasure, matthews_correlation, cosine_proximity)
OF_KERAS_1 = {one.__name__: one for one in _METRICS} | {"cosine": cosine_proximity}
