"""The area under a curve that is drawn by moving the threshold of a yes/no prediction."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import epsilon
from neurona.losses.loss import divide_no_nan
from neurona.metrics.metric import Metric
from neurona.metrics.thresholds import (
    KeepsCounts,
    are_even,
    checked_thresholds,
    count_at_thresholds,
    even_thresholds,
)

__all__ = [
    "AUC",
]

_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "minoring", "majoring")


class AUC(KeepsCounts, Metric):
    """The area under the ROC curve, or a precision-recall curve, as a sum over thresholds: Σᵢ (xᵢ - xᵢ₊₁)
    h(yᵢ, yᵢ₊₁).

    ROC: x = FP / (FP + TN), y = TP / (TP + FN). PR: x = recall, y = precision. PRGAIN: both as gains over the
        part of positives.
    With h the mean (interpolation), the smaller (minoring) or the larger (majoring). PR with interpolation
    integrates between thresholds as true and false positives change in proportion. More thresholds come
    closer to the exact area.

    Source: Davis and Goadrich, The relationship between precision-recall and ROC curves, 2006; Flach and
        Kull,
    Precision-recall-gain curves, 2015.

    Args:
        num_thresholds: how many evenly spaced thresholds there are.
        curve: `"ROC"`, `"PR"` or `"PRGAIN"`.
        summation_method: `"interpolation"`, `"minoring"` or `"majoring"`.
        thresholds: the thresholds themselves, in [0, 1]; one below 0 and one above 1 are added.
        multi_label: whether the columns of y_true and y_pred are separate labels, whose areas are averaged.
        num_labels: how many columns there are; taken from the first batch if not given.
        label_weights: one weight per column.
        from_logits: whether predictions are logits, to be passed through a sigmoid.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Shapes: y_true, y_pred (n, ...), or (n, labels) with multi_label; sample_weight (n,) or as y_pred -> ().

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:

        >>> metric = AUC()
        >>> metric.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
        >>> float(metric.result())
        0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.curve, self.summation_method = str(curve).upper(), str(summation_method).lower()
        if self.curve not in _CURVES:
            raise ArgumentError(f"AUC: curve is one of {', '.join(_CURVES)}. Received: curve={curve!r}")
        if self.summation_method not in _SUMMATIONS:
            raise ArgumentError(
                f"AUC: summation_method is one of {', '.join(_SUMMATIONS)}. Received: "
                f"summation_method={summation_method!r}"
            )
        if thresholds is not None:
            inner = sorted(checked_thresholds("AUC", thresholds, 0.5))
            self._even = are_even([0.0, *inner, 1.0])
        elif num_thresholds < 2:
            raise ArgumentError(
                f"AUC: num_thresholds is an integer > 1. Received: num_thresholds={num_thresholds!r}"
            )
        else:
            inner = even_thresholds(num_thresholds)[1:-1]
            self._even = True
        # The outer thresholds are just outside [0, 1], so that every prediction is above the first and none
        # above the last.
        self.thresholds = [-epsilon(), *inner, 1.0 + epsilon()]
        self.num_thresholds = len(self.thresholds)
        self._given_thresholds = thresholds is not None
        if num_labels and not multi_label:
            raise ArgumentError(
                f"AUC: num_labels={num_labels} needs multi_label=True: otherwise all columns are counted "
                "together."
            )
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else [float(weight) for weight in label_weights]
        self._built = False
        if num_labels or not multi_label:
            self._build((num_labels,) if num_labels else ())

    def _build(self, labels: tuple[int, ...]) -> None:
        self._add_counts((self.num_thresholds, *labels))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in."""
        y_pred = jnp.asarray(y_pred)
        if self.multi_label and (
            y_pred.ndim != 2 or (self._built and y_pred.shape[1:] != self.true_positives.shape[1:])
        ):
            wanted = self.true_positives.shape[1] if self._built else "labels"
            raise ShapeError(
                f"AUC with multi_label=True expects y_pred of shape (batch, {wanted}). Received: "
                f"{y_pred.shape}."
            )
        if not self._built:
            self._build(y_pred.shape[1:])
        counts = count_at_thresholds(
            "AUC",
            y_true,
            jax.nn.sigmoid(y_pred) if self.from_logits else y_pred,
            self.thresholds,
            even=self._even,
            sample_weight=sample_weight,
            label_weights=None if self.multi_label else self.label_weights,
            multi_label=self.multi_label,
        )
        self._count(counts)

    def result(self) -> jax.Array:
        """The area so far."""
        if not self._built:
            return jnp.zeros((), self.dtype)
        tp, fp, tn, fn = (getattr(self, name).value for name in self.counted)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._mean_over_labels(_interpolated_precision_recall(tp, fp, fn))
        if self.curve == "ROC":
            x, y = divide_no_nan(fp, fp + tn), divide_no_nan(tp, tp + fn)
        elif self.curve == "PR":
            x, y = divide_no_nan(tp, tp + fn), divide_no_nan(tp, tp + fp)
        else:
            odds = divide_no_nan(tp + fn, tn + fp)
            x = jnp.maximum(jnp.where(tp == 0, 0.0, 1 - odds * divide_no_nan(fn, tp)), 0.0)
            y = jnp.where(tp == 0, 1.0, 1 - odds * divide_no_nan(fp, tp))
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2
        else:
            heights = (jnp.minimum if self.summation_method == "minoring" else jnp.maximum)(y[:-1], y[1:])
        return self._mean_over_labels((x[:-1] - x[1:]) * heights)

    def _mean_over_labels(self, areas: jax.Array) -> jax.Array:
        """The sum of strips (thresholds - 1,), or the weighted mean of the sums of each label (thresholds -
        1, labels).
        """
        area = jnp.sum(areas, axis=0)
        if not self.multi_label:
            return area
        if self.label_weights is None:
            return jnp.mean(area)
        weights = jnp.asarray(self.label_weights, area.dtype)
        return divide_no_nan(jnp.sum(area * weights), jnp.sum(weights))

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this metric."""
        return {
            **super().get_config(),
            "thresholds": self.thresholds[1:-1] if self._given_thresholds else None,
        }


def _interpolated_precision_recall(tp: jax.Array, fp: jax.Array, fn: jax.Array) -> jax.Array:
    """The strips under a PR curve on which, between two thresholds, TP is linear in P = TP + FP.

    With slope a = ΔTP / ΔP and intercept b = TP - a P, a strip is ∫ (a + b / P) dTP = a (ΔTP + b ln(Pᵢ /
    Pᵢ₊₁)), over all positives.
    """
    predicted = tp + fp
    slope = divide_no_nan(tp[:-1] - tp[1:], jnp.maximum(predicted[:-1] - predicted[1:], 0))
    intercept = tp[1:] - slope * predicted[1:]
    both = (predicted[:-1] > 0) & (predicted[1:] > 0)
    ratio = jnp.where(both, divide_no_nan(predicted[:-1], predicted[1:]), 1.0)
    return divide_no_nan(slope * (tp[:-1] - tp[1:] + intercept * jnp.log(ratio)), tp[1:] + fn[1:])
