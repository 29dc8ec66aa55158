"""Losses of whole shapes and sequences: the overlap of two regions, a text against unaligned sound."""

from typing import Any

import jax
import jax.nn as jnn
import jax.numpy as jnp

from neurona.core.errors import ShapeError
from neurona.core.policy import epsilon
from neurona.losses.loss import LossFunctionWrapper, loss_function, prepare

__all__ = [
    "CTC",
    "Dice",
    "Tversky",
    "ctc",
    "dice",
    "tversky",
]

Axis = int | tuple[int, ...] | None


@loss_function()
def dice(y_true: Any, y_pred: Any, axis: Axis = None) -> jax.Array:
    """1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred) + epsilon).

    Args:
        y_true, y_pred: membership from 0 to 1, of one shape.
        axis: the axes of one region; None takes the batch as one.

    Source: Milletari, Navab and Ahmadi, V-Net, 2016.

    Example:

        >>> round(float(dice([1.0, 1.0, 0.0], [1.0, 0.0, 1.0])), 4)
        0.5
    """
    y_true, y_pred = prepare("dice", y_true, y_pred)
    axis = tuple(axis) if isinstance(axis, list) else axis
    overlap = jnp.sum(y_true * y_pred, axis=axis)
    return 1 - 2 * overlap / (jnp.sum(y_true, axis=axis) + jnp.sum(y_pred, axis=axis) + epsilon())


@loss_function()
def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> jax.Array:
    """1 - o / (o + alpha * sum((1 - y_true) * y_pred) + beta * sum(y_true * (1 - y_pred)) + epsilon), o =
    sum(y_true * y_pred).

    Args:
        y_true, y_pred: membership from 0 to 1, of one shape.
        alpha: the weight of false positives, what was added.
        beta: the weight of false negatives, what was missed.
        axis: the axes of one region; None takes the batch as one.

    Source: Salehi, Erdogmus and Gholipour, Tversky Loss Function for Image Segmentation, 2017.

    Example:

        >>> round(float(tversky([1.0, 1.0, 0.0], [1.0, 0.0, 1.0])), 4)
        0.5
    """
    y_true, y_pred = prepare("tversky", y_true, y_pred)
    axis = tuple(axis) if isinstance(axis, list) else axis
    overlap = jnp.sum(y_true * y_pred, axis=axis)
    added = jnp.sum((1 - y_true) * y_pred, axis=axis)
    missed = jnp.sum(y_true * (1 - y_pred), axis=axis)
    return 1 - overlap / (overlap + alpha * added + beta * missed + epsilon())


# The logarithm of a probability that stands for none: finite, so that gradients are.
_LOG_ZERO = -1e5


@loss_function(integer_targets=True)
def ctc(y_true: Any, y_pred: Any) -> jax.Array:
    """-log p(labels): the sum over all alignments that give the labels once repeats are merged and blanks
    dropped.

    Args:
        y_true: class numbers from 1, (batch, labels), padded with 0, which is the blank. As many labels
            count as are not 0, from the first.
        y_pred: logits, (batch, time, classes).

    Raises:
        ShapeError: the shapes are not these.

    Source: Graves et al., Connectionist Temporal Classification, 2006.

    Example:

        >>> bool(jnp.allclose(ctc([[1]], [[[0.0, 0.0], [0.0, 0.0]]]), -jnp.log(3 / 4)))
        True
    """
    labels, logits = jnp.asarray(y_true).astype("int32"), jnp.asarray(y_pred)
    if labels.ndim != 2 or logits.ndim != 3 or len(labels) != len(logits):
        raise ShapeError(
            "ctc needs class numbers of shape (batch, labels) and logits of shape (batch, time, classes). "
            f"Received: y_true of shape {labels.shape}, y_pred of shape {logits.shape}."
        )
    log_p = jnn.log_softmax(logits.astype(jnp.promote_types(logits.dtype, "float32")))
    batch, count = labels.shape
    # The labels with blanks between and around them: (batch, states), states = 2 * labels + 1.
    states = jnp.zeros((batch, 2 * count + 1), "int32").at[:, 1::2].set(labels)
    emitted = jnp.take_along_axis(log_p, states[:, None, :], axis=2, mode="clip")  # (batch, time, states)
    # A state may be reached from itself, the one before, and, past a blank between different labels, the one
    # before that. A 0 among the labels is a label like others.
    before = jnp.pad(states, ((0, 0), (2, 0)))[:, :-2]
    may_skip = (jnp.arange(2 * count + 1) % 2 == 1) & (states != before)

    def step(alpha: jax.Array, log_p: jax.Array) -> tuple[jax.Array, None]:
        moved = jnp.pad(alpha, ((0, 0), (2, 0)), constant_values=_LOG_ZERO)
        reached = jnp.logaddexp(alpha, moved[:, 1:-1])
        reached = jnp.logaddexp(reached, jnp.where(may_skip, moved[:, :-2], _LOG_ZERO))
        return reached + log_p, None

    start = jnp.full(states.shape, _LOG_ZERO, log_p.dtype).at[:, 0].set(0)
    alpha, _ = jax.lax.scan(step, start, emitted.swapaxes(0, 1))
    last = 2 * jnp.sum(labels != 0, axis=1, keepdims=True)
    at_blank = jnp.take_along_axis(alpha, last, axis=1)[:, 0]
    at_label = jnp.take_along_axis(alpha, jnp.maximum(last - 1, 0), axis=1)[:, 0]
    return -jnp.where(last[:, 0] > 0, jnp.logaddexp(at_blank, at_label), at_blank)


class Dice(LossFunctionWrapper):
    """`dice` as a `Loss`.

    Args:
        axis: the axes of one region; None takes the batch as one.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> round(float(Dice()([1.0, 1.0, 0.0], [1.0, 0.0, 1.0])), 4)
        0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Axis = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(LossFunctionWrapper):
    """`tversky` as a `Loss`.

    Args:
        alpha: the weight of false positives, what was added.
        beta: the weight of false negatives, what was missed.
        axis: the axes of one region; None takes the batch as one.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> round(float(Tversky()([1.0, 1.0, 0.0], [1.0, 0.0, 1.0])), 4)
        0.5
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Axis = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)


class CTC(LossFunctionWrapper):
    """`ctc` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> bool(jnp.allclose(CTC()([[1]], [[[0.0, 0.0], [0.0, 0.0]]]), -jnp.log(3 / 4)))
        True
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "ctc", dtype: Any = None
    ) -> None:
        super().__init__(ctc, reduction, name, dtype)
