"""Metrics of yes/no predictions at thresholds: counts, precision, recall, and one of two figures where the
other is good enough.
"""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError
from neurona.losses.loss import divide_no_nan
from neurona.metrics.metric import Metric
from neurona.metrics.thresholds import (
    BELOW_ALL,
    KeepsCounts,
    are_even,
    checked_thresholds,
    count_at_thresholds,
    even_thresholds,
)

__all__ = [
    "FalseNegatives",
    "FalsePositives",
    "Precision",
    "PrecisionAtRecall",
    "Recall",
    "RecallAtPrecision",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
    "TrueNegatives",
    "TruePositives",
]


class _AtThresholds(KeepsCounts, Metric):
    """Figures at thresholds that the user chose: a number for one threshold, an array for several."""

    def __init__(
        self, thresholds: Any, top_k: int | None, class_id: int | None, name: str | None, dtype: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 1):
            raise ArgumentError(
                f"{type(self).__name__}: top_k is an integer >= 1 or None. Received: top_k={top_k!r}"
            )
        self.thresholds = checked_thresholds(
            type(self).__name__, thresholds, 0.5 if top_k is None else BELOW_ALL
        )
        self._even = are_even(self.thresholds)
        self._add_counts((len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in.

        Shapes: y_true, y_pred (n, ...), labels 0 or 1 and scores in [0, 1]; sample_weight (n,) or as y_pred.
        """
        self._count(
            count_at_thresholds(
                type(self).__name__,
                y_true,
                y_pred,
                self.thresholds,
                even=self._even,
                top_k=self.top_k,
                class_id=self.class_id,
                sample_weight=sample_weight,
            )
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this metric."""
        return {**super().get_config(), "thresholds": self.init_thresholds}

    def _one_or_all(self, figures: jax.Array) -> jax.Array:
        return figures[0] if len(self.thresholds) == 1 else figures


class _Count(_AtThresholds):
    """One of the four counts, kept in a variable that Keras calls `accumulator`."""

    count: str

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(thresholds, None, None, name, dtype)

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        self.accumulator = self.add_variable(shape, name="accumulator")

    def _count(self, counts: Any) -> None:
        self.accumulator.assign_add(getattr(counts, self.count))

    def result(self) -> jax.Array:
        """The count so far: a number, or (thresholds,)."""
        return self._one_or_all(self.accumulator.value)


class TruePositives(_Count):
    """How many predictions above the threshold have label 1: Σ w [y ≠ 0][ŷ > t].

    Args:
        thresholds: a number or several in [0, 1]; 0.5 by default.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: a threshold is outside [0, 1].

    Example:

        >>> metric = TruePositives()
        >>> metric.update_state([0, 1, 1, 1], [1, 0, 1, 1])
        >>> float(metric.result())
        2.0
    """

    count, _direction = "true_positives", "up"


class TrueNegatives(_Count):
    """How many predictions at or below the threshold have label 0: Σ w [y = 0][ŷ ≤ t].

    Args:
        thresholds: a number or several in [0, 1]; 0.5 by default.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: a threshold is outside [0, 1].

    Example:

        >>> metric = TrueNegatives()
        >>> metric.update_state([0, 1, 0, 0], [1, 1, 0, 0])
        >>> float(metric.result())
        2.0
    """

    count, _direction = "true_negatives", "up"


class FalsePositives(_Count):
    """How many predictions above the threshold have label 0: Σ w [y = 0][ŷ > t].

    Args:
        thresholds: a number or several in [0, 1]; 0.5 by default.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: a threshold is outside [0, 1].

    Example:

        >>> metric = FalsePositives()
        >>> metric.update_state([0, 1, 0, 0], [0, 0, 1, 1])
        >>> float(metric.result())
        2.0
    """

    count, _direction = "false_positives", "down"


class FalseNegatives(_Count):
    """How many predictions at or below the threshold have label 1: Σ w [y ≠ 0][ŷ ≤ t].

    Args:
        thresholds: a number or several in [0, 1]; 0.5 by default.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: a threshold is outside [0, 1].

    Example:

        >>> metric = FalseNegatives()
        >>> metric.update_state([0, 1, 1, 1], [0, 1, 0, 0])
        >>> float(metric.result())
        2.0
    """

    count, _direction = "false_negatives", "down"


class Precision(_AtThresholds):
    """Of what was predicted as positive, the part that is: TP / (TP + FP); 0 where nothing was.

    Args:
        thresholds: a number or several in [0, 1]; 0.5 by default.
        top_k: count as positive the k largest predictions of a row (which must also exceed the thresholds,
            where given).
        class_id: count this class alone.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: a threshold is outside [0, 1].

    Example:

        >>> metric = Precision()
        >>> metric.update_state([0, 1, 1, 1], [1, 0, 1, 1])
        >>> round(float(metric.result()), 4)
        0.6667
    """

    counted = ("true_positives", "false_positives")
    _direction = "up"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def result(self) -> jax.Array:
        """The precision so far: a number, or (thresholds,)."""
        return self._one_or_all(_precision(self))


class Recall(_AtThresholds):
    """Of what is positive, the part that was predicted so: TP / (TP + FN); 0 where nothing is.

    Args:
        thresholds: a number or several in [0, 1]; 0.5 by default.
        top_k: count as positive the k largest predictions of a row (which must also exceed the thresholds,
            where given).
        class_id: count this class alone.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: a threshold is outside [0, 1].

    Example:

        >>> metric = Recall()
        >>> metric.update_state([0, 1, 1, 1], [1, 0, 1, 1])
        >>> round(float(metric.result()), 4)
        0.6667
    """

    counted = ("true_positives", "false_negatives")
    _direction = "up"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def result(self) -> jax.Array:
        """The recall so far: a number, or (thresholds,)."""
        return self._one_or_all(_recall(self))


def _precision(metric: KeepsCounts) -> jax.Array:
    return divide_no_nan(
        metric.true_positives.value, metric.true_positives.value + metric.false_positives.value
    )


def _recall(metric: KeepsCounts) -> jax.Array:
    return divide_no_nan(
        metric.true_positives.value, metric.true_positives.value + metric.false_negatives.value
    )


def _specificity(metric: KeepsCounts) -> jax.Array:
    return divide_no_nan(
        metric.true_negatives.value, metric.true_negatives.value + metric.false_positives.value
    )


class _BestAtConstraint(KeepsCounts, Metric):
    """The largest of one figure over those thresholds at which another is at least a given value."""

    _direction = "up"

    def __init__(
        self,
        constraint: str,
        value: float,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if not 0 <= value <= 1:
            raise ArgumentError(
                f"{type(self).__name__}: {constraint} is a number from 0 to 1. Received: "
                f"{constraint}={value!r}"
            )
        if num_thresholds < 1:
            raise ArgumentError(
                f"{type(self).__name__}: num_thresholds is an integer >= 1. Received: "
                f"num_thresholds={num_thresholds!r}"
            )
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        self.thresholds = [0.5] if num_thresholds == 1 else even_thresholds(num_thresholds)
        self._add_counts((len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in.

        Shapes: y_true, y_pred (n, ...), labels 0 or 1 and scores in [0, 1]; sample_weight (n,) or as y_pred.
        """
        even = self.num_thresholds > 1
        name = type(self).__name__
        self._count(
            count_at_thresholds(
                name,
                y_true,
                y_pred,
                self.thresholds,
                even=even,
                class_id=self.class_id,
                sample_weight=sample_weight,
            )
        )

    def _best(self, figure: jax.Array, constrained: jax.Array) -> jax.Array:
        return jnp.max(jnp.where(constrained >= self.value, figure, 0), initial=0)


class SensitivityAtSpecificity(_BestAtConstraint):
    """The largest sensitivity TP / (TP + FN) where the specificity TN / (TN + FP) is at least `specificity`.

    Args:
        specificity: in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: count this class alone.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: `specificity` is outside [0, 1], or there is no threshold.

    Example:

        >>> metric = SensitivityAtSpecificity(0.5)
        >>> metric.update_state([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        >>> float(metric.result())
        0.5
    """

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("specificity", specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> jax.Array:
        """The sensitivity so far."""
        return self._best(_recall(self), _specificity(self))


class SpecificityAtSensitivity(_BestAtConstraint):
    """The largest specificity TN / (TN + FP) where the sensitivity TP / (TP + FN) is at least `sensitivity`.

    Args:
        sensitivity: in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: count this class alone.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: `sensitivity` is outside [0, 1], or there is no threshold.

    Example:

        >>> metric = SpecificityAtSensitivity(0.5)
        >>> metric.update_state([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        >>> round(float(metric.result()), 4)
        0.6667
    """

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("sensitivity", sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> jax.Array:
        """The specificity so far."""
        return self._best(_specificity(self), _recall(self))


class PrecisionAtRecall(_BestAtConstraint):
    """The largest precision TP / (TP + FP) where the recall TP / (TP + FN) is at least `recall`.

    Args:
        recall: in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: count this class alone.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: `recall` is outside [0, 1], or there is no threshold.

    Example:

        >>> metric = PrecisionAtRecall(0.5)
        >>> metric.update_state([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        >>> float(metric.result())
        0.5
    """

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("recall", recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> jax.Array:
        """The precision so far."""
        return self._best(_precision(self), _recall(self))


class RecallAtPrecision(_BestAtConstraint):
    """The largest recall TP / (TP + FN) where the precision TP / (TP + FP) is at least `precision`.

    Args:
        precision: in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: count this class alone.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: `precision` is outside [0, 1], or there is no threshold.

    Example:

        >>> metric = RecallAtPrecision(0.8)
        >>> metric.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
        >>> float(metric.result())
        0.5
    """

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__("precision", precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> jax.Array:
        """The recall so far."""
        return self._best(_recall(self), _precision(self))
