"""F-scores: precision and recall in one figure, per class or averaged."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import epsilon
from neurona.metrics.metric import Metric
from neurona.metrics.thresholds import broadcast_weights

__all__ = [
    "F1Score",
    "FBetaScore",
]

_AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """The weighted harmonic mean of precision P and recall R: (1 + β²) P R / (β² P + R).

    Source: van Rijsbergen, Information Retrieval, 1979.

    Args:
        average: None for one score per class; `"micro"` counts all classes together; `"macro"` is the mean
            over classes; `"weighted"` the mean weighted by how often each class is true.
        beta: > 0; how many times recall matters as much as precision.
        threshold: predictions above it are positive; None takes the largest of each row.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Shapes: y_true, y_pred (n, classes); sample_weight (n,) -> (classes,), or () when averaged.

    Raises:
        ArgumentError: an option has a value that is not allowed.
        ShapeError: an input is not (n, classes).

    Example:

        >>> metric = FBetaScore(beta=2.0, threshold=0.5)
        >>> y_true = [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
        >>> y_pred = [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]
        >>> metric.update_state(y_true, y_pred)
        >>> [round(float(score), 4) for score in metric.result()]
        [0.3846, 0.9091, 0.8333]
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in _AVERAGES:
            raise ArgumentError(
                f"{type(self).__name__}: average is None, 'micro', 'macro' or 'weighted'. Received: "
                f"average={average!r}"
            )
        if isinstance(beta, bool) or not isinstance(beta, (int, float)) or beta <= 0:
            raise ArgumentError(f"{type(self).__name__}: beta is a number > 0. Received: beta={beta!r}")
        if threshold is not None and (
            isinstance(threshold, bool) or not isinstance(threshold, (int, float)) or not 0 < threshold <= 1
        ):
            raise ArgumentError(
                f"{type(self).__name__}: threshold is None or a number in (0, 1]. Received: "
                f"threshold={threshold!r}"
            )
        self.average, self.beta = average, float(beta)
        self.threshold = None if threshold is None else float(threshold)
        self._built = False

    def _build(self, classes: int) -> None:
        shape = () if self.average == "micro" else (classes,)
        self.true_positives = self.add_variable(shape, dtype=self.dtype, name="true_positives")
        self.false_positives = self.add_variable(shape, dtype=self.dtype, name="false_positives")
        self.false_negatives = self.add_variable(shape, dtype=self.dtype, name="false_negatives")
        self.intermediate_weights = self.add_variable(shape, dtype=self.dtype, name="intermediate_weights")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in."""
        y_true, y_pred = jnp.asarray(y_true, self.dtype), jnp.asarray(y_pred, self.dtype)
        if y_pred.ndim != 2 or y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{type(self).__name__} expects y_true and y_pred of shape (batch, classes), labels as "
                "one-hot rows. "
                f"Received: y_true {y_true.shape}, y_pred {y_pred.shape}."
            )
        if not self._built:
            self._build(y_pred.shape[1])
        if self.average != "micro" and self.true_positives.shape != y_pred.shape[1:]:
            raise ShapeError(
                f"{self.name!r} counts {self.true_positives.shape[0]} classes. Received: y_pred "
                f"{y_pred.shape}."
            )
        if self.threshold is None:
            # A row of zeros predicts no class.
            positive = (y_pred >= jnp.max(y_pred, axis=-1, keepdims=True)) & (jnp.abs(y_pred) > 1e-9)
        else:
            positive = y_pred > self.threshold
        positive = positive.astype(self.dtype)
        weights = jnp.ones((), self.dtype)
        if sample_weight is not None:
            weights = broadcast_weights(type(self).__name__, sample_weight, y_pred.shape, self.dtype)
        axis = None if self.average == "micro" else 0
        self.true_positives.assign_add(jnp.sum(positive * y_true * weights, axis=axis))
        self.false_positives.assign_add(jnp.sum(positive * (1 - y_true) * weights, axis=axis))
        self.false_negatives.assign_add(jnp.sum((1 - positive) * y_true * weights, axis=axis))
        self.intermediate_weights.assign_add(jnp.sum(y_true * weights, axis=axis))

    def result(self) -> jax.Array:
        """The score so far: (classes,), or a number when averaged."""
        if not self._built:
            return jnp.zeros((), self.dtype)
        tp, tiny = self.true_positives.value, epsilon()
        precision = tp / (tp + self.false_positives.value + tiny)
        recall = tp / (tp + self.false_negatives.value + tiny)
        score = (1 + self.beta**2) * (precision * recall / (self.beta**2 * precision + recall + tiny))
        if self.average == "weighted":
            support = self.intermediate_weights.value
            return jnp.sum(score * support / (jnp.sum(support) + tiny))
        return score if self.average is None else jnp.mean(score)


class F1Score(FBetaScore, aliases=("f1",)):
    """The harmonic mean of precision P and recall R: 2 P R / (P + R).

    Args:
        average: None for one score per class; `"micro"` counts all classes together; `"macro"` is the mean
            over classes; `"weighted"` the mean weighted by how often each class is true.
        threshold: predictions above it are positive; None takes the largest of each row.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = F1Score(threshold=0.5)
        >>> y_true = [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
        >>> y_pred = [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]
        >>> metric.update_state(y_true, y_pred)
        >>> [round(float(score), 4) for score in metric.result()]
        [0.5, 0.8, 0.6667]
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)
