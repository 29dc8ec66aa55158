"""Accuracies: how often a prediction is right. A function gives 0 or 1 for each sample; a class the mean over
all batches.
"""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import floatx
from neurona.core.registry import register_built_in
from neurona.metrics.reduction import MeanMetricWrapper, aligned

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]


def accuracy(y_true: Any, y_pred: Any) -> jax.Array:
    """1 where the prediction equals the label, else 0.

    Shapes: y_true and y_pred (n, ...) -> the same.

    Raises:
        ShapeError: the shapes differ.

    Example:

        >>> accuracy([1, 2, 3, 4], [0, 2, 3, 4]).tolist()
        [0.0, 1.0, 1.0, 1.0]
    """
    y_true, y_pred = aligned("accuracy", y_true, y_pred)
    return (y_true.astype(y_pred.dtype) == y_pred).astype(floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> jax.Array:
    """1 where the prediction is on the label's side of the threshold, else 0: [ŷ > threshold] = y.

    Shapes: y_true and y_pred (n, ...) -> the same.

    Raises:
        ShapeError: the shapes differ.

    Example:

        >>> binary_accuracy([1, 1, 0, 0], [0.98, 0.5, 0.0, 0.6]).tolist()
        [1.0, 0.0, 1.0, 0.0]
    """
    y_true, y_pred = aligned("binary_accuracy", y_true, y_pred)
    return ((y_pred > jnp.asarray(threshold, floatx())) == y_true).astype(floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> jax.Array:
    """1 where the largest prediction is at the one-hot label's place, else 0: argmax ŷ = argmax y.

    Shapes: y_true and y_pred (n, ..., classes), probabilities or logits -> (n, ...).

    Raises:
        ShapeError: the shapes differ, as with integer labels.

    Example:

        >>> categorical_accuracy([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]]).tolist()
        [0.0, 1.0]
    """
    y_true, y_pred = _one_hot("categorical_accuracy", y_true, y_pred)
    return (jnp.argmax(y_true, -1) == jnp.argmax(y_pred, -1)).astype(floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> jax.Array:
    """1 where the largest prediction is at the integer label's place, else 0: argmax ŷ = y.

    Shapes: y_true (n, ...) or (n, ..., 1), y_pred (n, ..., classes), probabilities or logits -> (n, ...).

    Raises:
        ShapeError: y_true has another shape, such as that of one-hot labels.

    Example:

        >>> sparse_categorical_accuracy([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0.0]]).tolist()
        [0.0, 1.0]
    """
    y_true, y_pred, expanded = _integer_labels("sparse_categorical_accuracy", y_true, y_pred)
    matches = (y_true == jnp.argmax(y_pred, -1)).astype(floatx())
    # A single time step (n, 1) counts as (n,), as in Keras.
    return matches[..., 0] if matches.ndim > 1 and matches.shape[-1] == 1 and not expanded else matches


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> jax.Array:
    """1 where fewer than k predictions exceed that of the one-hot label, else 0.

    Shapes: y_true and y_pred (n, ..., classes) -> (n, ...).

    Raises:
        ShapeError: the shapes differ, as with integer labels.

    Example:

        >>> y_pred = [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]]
        >>> top_k_categorical_accuracy([[0, 0, 1], [0, 1, 0]], y_pred, k=1).tolist()
        [0.0, 1.0]
    """
    y_true, y_pred = _one_hot("top_k_categorical_accuracy", y_true, y_pred)
    return _in_top_k(jnp.argmax(y_true, -1), y_pred, k).astype(floatx())


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> jax.Array:
    """1 where fewer than k predictions exceed that of the integer label, else 0.

    Args:
        k: how many of the largest predictions count as right.
        from_sorted_ids: whether y_pred holds class numbers, best first, rather than one score per class.

    Shapes: y_true (n, ...), y_pred (n, ..., classes), or (n, ..., at least k) of sorted class numbers -> (n,
        ...).

    Raises:
        ShapeError: y_true has another shape, such as that of one-hot labels.

    Example:

        >>> sparse_top_k_categorical_accuracy([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]], k=2).tolist()
        [1.0, 1.0]
        >>> ids = [[1, 0, 2], [1, 0, 2]]
        >>> sparse_top_k_categorical_accuracy([2, 1], ids, k=2, from_sorted_ids=True).tolist()
        [0.0, 1.0]
    """
    y_true, y_pred, expanded = _integer_labels("sparse_top_k_categorical_accuracy", y_true, y_pred)
    if from_sorted_ids:
        matches = jnp.any(y_true[..., None] == y_pred[..., :k], axis=-1)
    else:
        matches = _in_top_k(y_true.astype("int32"), y_pred, k)
    return (matches[..., None] if expanded else matches).astype(floatx())


def _in_top_k(y_true: jax.Array, y_pred: jax.Array, k: int) -> jax.Array:
    """Whether fewer than k scores exceed the score of the label; a NaN score is never among the best."""
    own = jnp.take_along_axis(y_pred, y_true[..., None], axis=-1)
    own = jnp.where(jnp.isnan(own), -jnp.inf, own)
    return jnp.sum(y_pred > own, axis=-1) < k


def _one_hot(name: str, y_true: Any, y_pred: Any) -> tuple[jax.Array, jax.Array]:
    y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
    if y_true.shape != y_pred.shape or not y_pred.ndim:
        raise ShapeError(
            f"{name}: y_true holds one-hot labels and needs the shape of y_pred. Received: y_true "
            f"{y_true.shape}, y_pred {y_pred.shape}. "
            f"For labels that are integers use sparse_{name}."
        )
    return y_true, y_pred


def _integer_labels(name: str, y_true: Any, y_pred: Any) -> tuple[jax.Array, jax.Array, bool]:
    """Labels of one dimension less than the predictions, and whether a last 1 was taken off."""
    y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
    expanded = y_true.ndim == y_pred.ndim and y_true.shape[-1:] == (1,)
    labels = y_true[..., 0] if expanded else y_true
    if labels.shape[-1:] == (1,) and y_pred.shape[:-1] == (1, labels.size):
        labels = labels.reshape(1, -1)  # a column of labels for the steps of one series
    if not y_pred.ndim or labels.shape != y_pred.shape[:-1]:
        raise ShapeError(
            f"{name}: y_true holds one integer where y_pred holds one row of scores: its shape should be "
            f"{y_pred.shape[:-1]}. "
            f"Received: y_true {y_true.shape}, y_pred {y_pred.shape}. For one-hot labels use "
            f"{name.removeprefix('sparse_')}."
        )
    return labels, y_pred, expanded


class Accuracy(MeanMetricWrapper, aliases=("acc",)):
    """The mean of `accuracy`: how often predictions equal labels.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = Accuracy()
        >>> metric.update_state([[1], [2], [3], [4]], [[0], [2], [3], [4]])
        >>> float(metric.result())
        0.75
    """

    _direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name=name, dtype=dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """The mean of `binary_accuracy`: how often predictions are on their label's side of the threshold.

    Args:
        threshold: predictions above it count as 1.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: the threshold is not a number.

    Example:

        >>> metric = BinaryAccuracy()
        >>> metric.update_state([[1], [1], [0], [0]], [[0.98], [1], [0], [0.6]], sample_weight=[1, 0, 0, 1])
        >>> float(metric.result())
        0.5
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5
    ) -> None:
        if threshold is None or isinstance(threshold, str):
            raise ArgumentError(
                f"BinaryAccuracy: threshold is a number such as 0.5. Received: threshold={threshold!r}"
            )
        super().__init__(binary_accuracy, name=name, dtype=dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(MeanMetricWrapper):
    """The mean of `categorical_accuracy`: how often the largest prediction is at the one-hot label's place.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = CategoricalAccuracy()
        >>> metric.update_state([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
        >>> float(metric.result())
        0.5
    """

    _direction = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name=name, dtype=dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The mean of `sparse_categorical_accuracy`: how often the largest prediction is at the integer label's
    place.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = SparseCategoricalAccuracy()
        >>> metric.update_state([[2], [1]], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]])
        >>> float(metric.result())
        0.5
    """

    _direction = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name=name, dtype=dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The mean of `top_k_categorical_accuracy`: how often the one-hot label is among the k largest
    predictions.

    Args:
        k: how many of the largest predictions count as right.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = TopKCategoricalAccuracy(k=1)
        >>> metric.update_state([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
        >>> float(metric.result())
        0.5
    """

    _direction = "up"

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name=name, dtype=dtype, k=k)
        self.k = _checked_k(self, k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The mean of `sparse_top_k_categorical_accuracy`: how often the integer label is among the k largest
    predictions.

    Args:
        k: how many of the largest predictions count as right.
        from_sorted_ids: whether predictions are class numbers, best first, rather than scores.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = SparseTopKCategoricalAccuracy(k=1)
        >>> metric.update_state([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
        >>> float(metric.result())
        0.5
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(
            sparse_top_k_categorical_accuracy, name=name, dtype=dtype, k=k, from_sorted_ids=from_sorted_ids
        )
        self.k = _checked_k(self, k)
        self.from_sorted_ids = from_sorted_ids


def _checked_k(metric: MeanMetricWrapper, k: int) -> int:
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise ArgumentError(f"{type(metric).__name__}: k is an integer >= 1. Received: k={k!r}")
    return k


for _function in (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    top_k_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
):
    register_built_in(_function, kind="metrics")
