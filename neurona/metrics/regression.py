"""Metrics of predicted numbers: errors, similarity, and the part of the variance that is explained."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona import losses
from neurona.core.errors import ArgumentError, ShapeError
from neurona.metrics.metric import Metric
from neurona.metrics.reduction import Mean, MeanMetricWrapper, aligned
from neurona.metrics.thresholds import broadcast_weights

__all__ = [
    "CosineSimilarity",
    "LogCoshError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "R2Score",
    "RootMeanSquaredError",
]


class MeanSquaredError(MeanMetricWrapper, aliases=("mse",)):
    """The mean over all samples of (y - ŷ)².

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = MeanSquaredError()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> float(metric.result())
        0.25
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name=name, dtype=dtype)


class RootMeanSquaredError(Mean, aliases=("rmse",)):
    """The root of the mean over all samples of (y - ŷ)².

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = RootMeanSquaredError()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> float(metric.result())
        0.5
    """

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in.

        Shapes: y_true, y_pred (n, ...) -> (); sample_weight (n,).
        """
        y_true, y_pred = aligned("RootMeanSquaredError", y_true, y_pred, self.dtype)
        super().update_state(jnp.square(y_pred - y_true), sample_weight)

    def result(self) -> jax.Array:
        """The error so far."""
        return jnp.sqrt(super().result())


class MeanAbsoluteError(MeanMetricWrapper, aliases=("mae",)):
    """The mean over all samples of |y - ŷ|.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = MeanAbsoluteError()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> float(metric.result())
        0.25
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name=name, dtype=dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper, aliases=("mape",)):
    """The mean over all samples of 100 |y - ŷ| / |y|, in percent.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = MeanAbsolutePercentageError()
        >>> metric.update_state([[2.0], [4.0]], [[1.0], [4.0]])
        >>> float(metric.result())
        25.0
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name=name, dtype=dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper, aliases=("msle",)):
    """The mean over all samples of (ln(1 + y) - ln(1 + ŷ))².

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = MeanSquaredLogarithmicError()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> round(float(metric.result()), 4)
        0.1201
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name=name, dtype=dtype)


class LogCoshError(MeanMetricWrapper, aliases=("logcosh", "log_cosh")):
    """The mean over all samples of ln(cosh(ŷ - y)): squared for small errors, absolute for large ones.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = LogCoshError()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> round(float(metric.result()), 4)
        0.1084
    """

    _direction = "down"

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name=name, dtype=dtype)


def _cosine(y_true: Any, y_pred: Any, axis: int = -1) -> jax.Array:
    return -losses.cosine_similarity(
        y_true, y_pred, axis=axis
    )  # the loss of this name is negative, as in Keras


class CosineSimilarity(MeanMetricWrapper):
    """The mean over all samples of y · ŷ / (|y| |ŷ|), from -1 to 1.

    Args:
        axis: along which the vectors lie.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = CosineSimilarity(axis=1)
        >>> metric.update_state([[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]])
        >>> round(float(metric.result()), 4)
        0.5
    """

    _direction = "up"

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(_cosine, name=name, dtype=dtype, axis=axis)
        self.axis = axis


_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric, aliases=("r2",)):
    """The coefficient of determination, the part of the variance that predictions explain: 1 - Σ w (y - ŷ)² /
    Σ w (y - ȳ)².

    With p = `num_regressors` > 0 it is adjusted for the number n of rows with weight: 1 - (1 - R²)(n - 1) /
    (n - p - 1), where n - 1 > p.

    Source: Wright, Correlation and causation, 1921.

    Args:
        class_aggregation: how the scores of the outputs are joined: `"uniform_average"`,
            `"variance_weighted_average"`, or None for each apart.
        num_regressors: how many independent variables the model had; 0 for the plain score.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Shapes: y_true, y_pred (n, outputs), or (n,) with (n, 1); sample_weight (n,) or (n, outputs) -> (), or
        (outputs,).

    Raises:
        ArgumentError: an option has a value that is not allowed.
        ShapeError: an input is not (n, outputs).

    Example:

        >>> metric = R2Score()
        >>> metric.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
        >>> round(float(metric.result()), 4)
        0.5714
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in _AGGREGATIONS:
            allowed = "None, 'uniform_average' or 'variance_weighted_average'"
            raise ArgumentError(
                f"R2Score: class_aggregation is {allowed}. Received: class_aggregation={class_aggregation!r}"
            )
        if num_regressors < 0:
            raise ArgumentError(
                f"R2Score: num_regressors is an integer >= 0. Received: num_regressors={num_regressors!r}"
            )
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable((), name="num_samples")
        self._built = False

    def _build(self, outputs: int) -> None:
        self.squared_sum = self.add_variable((outputs,), name="squared_sum")
        self.sum = self.add_variable((outputs,), name="sum")
        self.total_mse = self.add_variable((outputs,), name="residual")
        self.count = self.add_variable((outputs,), name="count")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in."""
        y_true, y_pred = aligned("R2Score", y_true, y_pred, self.dtype)
        if y_pred.ndim != 2 or (self._built and y_pred.shape[1:] != self.sum.shape):
            outputs = self.sum.shape[0] if self._built else "outputs"
            raise ShapeError(
                f"R2Score expects y_true and y_pred of shape (batch, {outputs}). Received: {y_true.shape}."
            )
        if not self._built:
            self._build(y_pred.shape[1])
        weights = broadcast_weights(
            "R2Score", 1.0 if sample_weight is None else sample_weight, y_true.shape, self.dtype
        )
        self.sum.assign_add(jnp.sum(y_true * weights, axis=0))
        self.squared_sum.assign_add(jnp.sum(y_true * y_true * weights, axis=0))
        self.total_mse.assign_add(jnp.sum((y_true - y_pred) ** 2 * weights, axis=0))
        self.count.assign_add(jnp.sum(weights, axis=0))
        self.num_samples.assign_add(jnp.sum(jnp.any(weights != 0, axis=1)))

    def result(self) -> jax.Array:
        """The score so far: a number, or (outputs,); an output that never varies scores 0."""
        if not self._built:
            return jnp.zeros((), self.dtype)
        total = self.squared_sum.value - self.sum.value**2 / self.count.value
        scores = 1 - self.total_mse.value / total
        scores = jnp.where(jnp.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = jnp.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = jnp.sum(total * scores) / jnp.sum(total)
        if not self.num_regressors:
            return scores
        freedom = self.num_samples.value - self.num_regressors - 1
        adjusted = 1 - (1 - scores) * (self.num_samples.value - 1) / jnp.where(freedom > 0, freedom, 1)
        return jnp.where(freedom > 0, adjusted, scores)
