"""Losses of values: how far a prediction lies from its target. Targets and predictions (..., d) give errors
(...).
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.policy import epsilon
from neurona.losses.loss import LossFunctionWrapper, loss_function, prepare
from neurona.numerics import norm, with_norm

__all__ = [
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "CosineSimilarity",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "cosine_similarity",
    "huber",
    "log_cosh",
    "logcosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
]


@loss_function("mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> jax.Array:
    """mean((y_true - y_pred)**2) over the last axis.

    Source: Legendre, Nouvelles méthodes pour la détermination des orbites des comètes, 1805.

    Example:

        >>> mean_squared_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
        [2.5]
    """
    y_true, y_pred = prepare("mean_squared_error", y_true, y_pred)
    return jnp.mean(jnp.square(y_true - y_pred), axis=-1)


@loss_function("mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> jax.Array:
    """mean(|y_true - y_pred|) over the last axis.

    Example:

        >>> mean_absolute_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
        [1.5]
    """
    y_true, y_pred = prepare("mean_absolute_error", y_true, y_pred)
    return jnp.mean(jnp.abs(y_true - y_pred), axis=-1)


@loss_function("mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> jax.Array:
    """100 * mean(|y_true - y_pred| / max(|y_true|, epsilon)) over the last axis, in percent.

    Example:

        >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 3.0]]).tolist()
        [37.5]
    """
    y_true, y_pred = prepare("mean_absolute_percentage_error", y_true, y_pred)
    return 100 * jnp.mean(jnp.abs((y_true - y_pred) / jnp.maximum(jnp.abs(y_true), epsilon())), axis=-1)


@loss_function("msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> jax.Array:
    """mean((log(1 + y_true) - log(1 + y_pred))**2) over the last axis, values below epsilon being taken as
    epsilon.

    Example:

        >>> mean_squared_logarithmic_error([[0.0]], [[np.e - 1]]).round(4).tolist()
        [1.0]
    """
    y_true, y_pred = prepare("mean_squared_logarithmic_error", y_true, y_pred)
    difference = jnp.log(jnp.maximum(y_pred, epsilon()) + 1) - jnp.log(jnp.maximum(y_true, epsilon()) + 1)
    return jnp.mean(jnp.square(difference), axis=-1)


@loss_function()
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> jax.Array:
    """-cos(y_true, y_pred) = -sum(y_true / |y_true| * y_pred / |y_pred|): -1 where they point the same way, 0
    where one is zero.

    Example:

        >>> cosine_similarity([[1.0, 0.0], [0.0, 0.0]], [[2.0, 0.0], [1.0, 0.0]]).tolist()
        [-1.0, -0.0]
    """
    y_true, y_pred = prepare("cosine_similarity", y_true, y_pred)

    return -jnp.sum(_unit(y_true, axis) * _unit(y_pred, axis), axis=axis)


def _unit(x: jax.Array, axis: int) -> jax.Array:
    """x / |x|; vectors shorter than epsilon stay shorter."""
    length = norm(x, axis, keepdims=True)
    return with_norm(x, jnp.minimum(length / epsilon(), 1), axis)


@loss_function("huber_loss")
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> jax.Array:
    """mean(h(y_pred - y_true)) over the last axis; h(e) = e**2 / 2 for |e| <= delta, else delta * |e| -
    delta**2 / 2.

    Source: Huber, Robust Estimation of a Location Parameter, 1964.

    Example:

        >>> huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
        [1.5]
    """
    y_true, y_pred = prepare("huber", y_true, y_pred)
    size = jnp.abs(y_pred - y_true)
    square = jnp.minimum(size, delta)
    return jnp.mean(square * (size - 0.5 * square), axis=-1)


@loss_function("logcosh")
def log_cosh(y_true: Any, y_pred: Any) -> jax.Array:
    """mean(log(cosh(y_pred - y_true))) over the last axis: like e**2 / 2 for small errors, |e| - log(2) for
    large ones.

    Example:

        >>> print(f"{float(log_cosh([[0.0]], [[1.0]])[0]):.4f}")
        0.4338
    """
    y_true, y_pred = prepare("log_cosh", y_true, y_pred)
    size = jnp.abs(y_pred - y_true)
    # log(1 + 2 * sinh(size / 2)**2) keeps the digits of small errors, and the line those of large ones.
    small = jnp.log1p(2 * jnp.square(jnp.sinh(jnp.minimum(size, 1) / 2)))
    large = size + jnp.log1p(jnp.exp(-2 * size)) - float(np.log(2))
    return jnp.mean(jnp.where(size < 1, small, large), axis=-1)


class MeanSquaredError(LossFunctionWrapper):
    """`mean_squared_error` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(MeanSquaredError()([[0.0], [1.0]], [[1.0], [3.0]]))
        2.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """`mean_absolute_error` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(MeanAbsoluteError()([[0.0], [1.0]], [[1.0], [3.0]]))
        1.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """`mean_absolute_percentage_error` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(MeanAbsolutePercentageError()([[2.0], [4.0]], [[1.0], [3.0]]))
        37.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """`mean_squared_logarithmic_error` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(MeanSquaredLogarithmicError()([[1.0]], [[1.0]]))
        0.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    """`cosine_similarity` as a `Loss`.

    Args:
        axis: the axis of the vectors.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(CosineSimilarity()([[1.0, 0.0]], [[2.0, 0.0]]))
        -1.0
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)


class Huber(LossFunctionWrapper):
    """`huber` as a `Loss`.

    Args:
        delta: where the parabola becomes a line.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(Huber(delta=1.0)([[0.0]], [[3.0]]))
        2.5
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(LossFunctionWrapper):
    """`log_cosh` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(LogCosh()([[1.0]], [[1.0]]))
        0.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh", dtype: Any = None
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
logcosh = log_cosh
