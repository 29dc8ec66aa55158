"""Losses of margins: right is not enough, it must be right by a distance."""

from typing import Any

import jax
import jax.nn as jnn
import jax.numpy as jnp
from jax.scipy.special import logsumexp

from neurona.core.annotations import MASK
from neurona.core.errors import ShapeError
from neurona.losses.loss import LossFunctionWrapper, loss_function, prepare

__all__ = [
    "CategoricalHinge",
    "Circle",
    "Hinge",
    "SquaredHinge",
    "categorical_hinge",
    "circle",
    "hinge",
    "squared_hinge",
]


def _signs(y_true: jax.Array) -> jax.Array:
    """-1 and 1 for targets that are all 0 or 1; others as they are."""
    return jnp.where(jnp.all((y_true == 0) | (y_true == 1)), 2 * y_true - 1, y_true)


@loss_function()
def hinge(y_true: Any, y_pred: Any) -> jax.Array:
    """mean(max(1 - y_true * y_pred, 0)) over the last axis.

    Args:
        y_true: -1 or 1 (0 or 1 also do), (..., d).
        y_pred: any numbers, such as a tanh gives, (..., d).

    Source: Cortes and Vapnik, Support-Vector Networks, 1995.

    Example:

        >>> hinge([[0.0, 1.0]], [[0.5, 2.0]]).tolist()
        [0.75]
    """
    y_true, y_pred = prepare("hinge", y_true, y_pred)
    return jnp.mean(jnp.maximum(1 - _signs(y_true) * y_pred, 0), axis=-1)


@loss_function()
def squared_hinge(y_true: Any, y_pred: Any) -> jax.Array:
    """mean(max(1 - y_true * y_pred, 0)**2) over the last axis.

    Args:
        y_true: -1 or 1 (0 or 1 also do), (..., d).
        y_pred: any numbers, such as a tanh gives, (..., d).

    Example:

        >>> squared_hinge([[0.0, 1.0]], [[0.0, 2.0]]).tolist()
        [0.5]
    """
    y_true, y_pred = prepare("squared_hinge", y_true, y_pred)
    return jnp.mean(jnp.square(jnp.maximum(1 - _signs(y_true) * y_pred, 0)), axis=-1)


@loss_function()
def categorical_hinge(y_true: Any, y_pred: Any) -> jax.Array:
    """max(1 + max((1 - y_true) * y_pred) - sum(y_true * y_pred), 0) over the last axis.

    Args:
        y_true: one-hot, (..., classes).
        y_pred: a score for each class, (..., classes).

    Source: Crammer and Singer, On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines,
        2001.

    Example:

        >>> categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]]).tolist()
        [0.5]
    """
    y_true, y_pred = prepare("categorical_hinge", y_true, y_pred)
    right = jnp.sum(y_true * y_pred, axis=-1)
    best_wrong = jnp.max((1 - y_true) * y_pred, axis=-1)
    return jnp.maximum(best_wrong - right + 1, 0)


@loss_function(integer_targets=True)
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> jax.Array:
    """softplus(log sum_p exp(gamma * a_p * (d_p - m)) + log sum_n exp(gamma * a_n * (1 - m - d_n))): cosine
    distances d to samples p of the same class should be below m = margin, those to samples n of other classes
    above 1 - m; a_p = m + d_p and a_n = 1 + m - d_n make the worst pairs count most.

    Args:
        y_true: class numbers, (batch,) or (batch, 1).
        y_pred: embeddings of length 1, (batch, d).
        ref_labels, ref_embeddings: the samples to compare with; those of the batch themselves if None.
        remove_diagonal: whether a sample is not compared with itself.
        gamma: the scale.
        margin: m, as above.

    Raises:
        ShapeError: the shapes are not these.

    Source: Sun et al., Circle Loss: A Unified Perspective of Pair Similarity Optimization, 2020.

    Example:

        >>> circle([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).shape
        (3,)
    """
    embeddings, labels = jnp.asarray(y_pred), jnp.asarray(y_true).astype("int32")
    if embeddings.ndim != 2 or labels.size != len(embeddings):
        raise ShapeError(
            "circle needs class numbers of shape (batch,) and embeddings of shape (batch, d). "
            f"Received: y_true of shape {labels.shape}, y_pred of shape {embeddings.shape}."
        )
    others = embeddings if ref_embeddings is None else jnp.asarray(ref_embeddings)
    other_labels = labels if ref_labels is None else jnp.asarray(ref_labels).astype("int32")
    distances = jnp.maximum(1 - embeddings @ others.T, 0)
    same = labels.reshape(-1, 1) == other_labels.reshape(1, -1)
    different = ~same
    if remove_diagonal:
        same &= ~jnp.eye(*same.shape, dtype=bool)
    near = gamma * (margin + distances) * (distances - margin)
    far = gamma * jnp.maximum(1 + margin - distances, 0) * (1 - margin - distances)
    pull = logsumexp(jnp.where(same, near, -jnp.inf), axis=1)
    push = logsumexp(jnp.where(different, far, -jnp.inf), axis=1)
    errors = jnn.softplus(pull + push)
    MASK.set(errors, errors > 0)
    return errors


class Hinge(LossFunctionWrapper):
    """`hinge` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(Hinge()([[1.0]], [[0.25]]))
        0.75
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: Any = None
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    """`squared_hinge` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(SquaredHinge()([[1.0]], [[0.5]]))
        0.25
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    """`categorical_hinge` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
        0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)


class Circle(LossFunctionWrapper):
    """`circle` as a `Loss`; the mean is over samples whose error is above 0.

    Args:
        gamma: the scale.
        margin: m, as above.
        remove_diagonal: whether a sample is not compared with itself.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(Circle()([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])) < 1e-6
        True
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal
        )
