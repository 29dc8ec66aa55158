"""Correlations of predictions with labels, along one axis of each batch."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.policy import epsilon
from neurona.core.registry import register_built_in
from neurona.metrics.reduction import MeanMetricWrapper, aligned

__all__ = [
    "ConcordanceCorrelation",
    "PearsonCorrelation",
    "concordance_correlation",
    "pearson_correlation",
]


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> jax.Array:
    """cov(y, ŷ) / (σ(y) σ(ŷ)); NaN where either is constant.

    Source: Pearson, 1895.

    Shapes: y_true, y_pred (n, ...) -> the same without `axis`.

    Raises:
        ShapeError: the shapes differ.

    Example:

        >>> correlation = pearson_correlation([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])
        >>> [round(float(each), 3) for each in correlation]
        [1.0, 0.993]
    """
    y_true, y_pred = _centred("pearson_correlation", y_true, y_pred, axis)[:2]
    scale = jnp.std(y_true, axis=axis, keepdims=True), jnp.std(y_pred, axis=axis, keepdims=True)
    return jnp.mean((y_true / scale[0]) * (y_pred / scale[1]), axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> jax.Array:
    """2 cov(y, ŷ) / (σ²(y) + σ²(ŷ) + (μ(y) - μ(ŷ))²): how close the pairs are to the line ŷ = y.

    Source: Lin, A concordance correlation coefficient to evaluate reproducibility, 1989.

    Shapes: y_true, y_pred (n, ...) -> the same without `axis`.

    Raises:
        ShapeError: the shapes differ.

    Example:

        >>> y_true, y_pred = [[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]]
        >>> correlation = concordance_correlation(y_true, y_pred)
        >>> [round(float(each), 3) for each in correlation]
        [0.976, 0.988]
    """
    y_true, y_pred, shift = _centred("concordance_correlation", y_true, y_pred, axis)
    norm = jnp.var(y_true, axis=axis, keepdims=True) + jnp.var(y_pred, axis=axis, keepdims=True) + shift**2
    return jnp.mean(2 * y_true * y_pred / (norm + epsilon()), axis=axis)


def _centred(name: str, y_true: Any, y_pred: Any, axis: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Both less their means along the axis, and the difference of the means."""
    y_pred = jnp.asarray(y_pred)
    y_true, y_pred = aligned(name, y_true, y_pred, y_pred.dtype)
    means = jnp.mean(y_true, axis=axis, keepdims=True), jnp.mean(y_pred, axis=axis, keepdims=True)
    return y_true - means[0], y_pred - means[1], means[0] - means[1]


class PearsonCorrelation(MeanMetricWrapper):
    """The mean of `pearson_correlation` over all samples.

    Args:
        axis: along which the correlation is taken.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = PearsonCorrelation(axis=-1)
        >>> metric.update_state([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])
        >>> round(float(metric.result()), 4)
        0.9967
    """

    _direction = "up"

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of `concordance_correlation` over all samples.

    Args:
        axis: along which the correlation is taken.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = ConcordanceCorrelation(axis=-1)
        >>> metric.update_state([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])
        >>> round(float(metric.result()), 4)
        0.9816
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(concordance_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis


register_built_in(pearson_correlation, kind="metrics")
register_built_in(concordance_correlation, kind="metrics")
