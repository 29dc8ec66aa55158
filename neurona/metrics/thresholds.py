"""True and false positives and negatives at each of a list of thresholds: what precision, recall and AUC are
made of.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import epsilon, floatx
from neurona.core.variable import Variable
from neurona.files.gate import claim
from neurona.metrics.reduction import aligned

BELOW_ALL = -1e10  # the score that everything outside the top k gets, and the threshold that goes with it


class Counts(NamedTuple):
    """Weighted counts, one per threshold: (thresholds,), or (thresholds, labels) where labels are counted
    apart.
    """

    true_positives: jax.Array
    false_positives: jax.Array
    true_negatives: jax.Array
    false_negatives: jax.Array


class KeepsCounts:
    """Mixed into a metric made of counts at thresholds; `counted` names which of the four it keeps."""

    counted: tuple[str, ...] = Counts._fields
    add_variable: Callable[..., Variable]  # of Metric
    true_positives: Variable
    false_positives: Variable
    true_negatives: Variable
    false_negatives: Variable

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        for name in self.counted:
            setattr(self, name, self.add_variable(shape, name=name))

    def _count(self, counts: Counts) -> None:
        for name in self.counted:
            getattr(self, name).assign_add(getattr(counts, name))


def checked_thresholds(metric: str, thresholds: Any, default: float) -> list[float]:
    """A number or a sequence of numbers in [0, 1] as a list; the default where there is none.

    Raises:
        ArgumentError: one of them is outside [0, 1].
    """
    if thresholds is None:
        return [default]
    listed = list(thresholds) if isinstance(thresholds, (Sequence, np.ndarray)) else [thresholds]
    outside = [value for value in listed if value is None or not 0 <= value <= 1]
    if outside or not listed:
        raise ArgumentError(
            f"{metric}: thresholds are numbers from 0 to 1, such as 0.5. Received: thresholds={thresholds!r}"
        )
    return [float(value) for value in listed]


def are_even(thresholds: Sequence[float]) -> bool:
    """Whether thresholds lie at equal distances from 0 to 1, so that a score's place among them is a
    multiplication.
    """
    count = len(thresholds)
    return count >= 3 and np.allclose(
        thresholds, np.arange(count, dtype=np.float32) / (count - 1), atol=epsilon()
    )


_NUMBER = 40  # bytes of a float in a list


def even_thresholds(count: int) -> list[float]:
    """`count` numbers at equal distances from 0 to 1."""
    claim((count,), _NUMBER)
    return [0.0, *((i + 1) / (count - 1) for i in range(count - 2)), 1.0]


def count_at_thresholds(
    name: str,
    y_true: Any,
    y_pred: Any,
    thresholds: Sequence[float],
    *,
    even: bool = False,
    top_k: int | None = None,
    class_id: int | None = None,
    sample_weight: Any = None,
    label_weights: Any = None,
    multi_label: bool = False,
) -> Counts:
    """Count, at each threshold t, where a label that is not 0 meets a prediction > t.

    Args:
        name: whose arguments these are, for messages.
        thresholds: numbers; the first and last may be just outside [0, 1].
        even: whether `are_even`; then each prediction is put in its bucket: O(n + thresholds) rather than O(n
            * thresholds).
        top_k: only the k largest predictions of a row can be positive; (n,) is one row.
        class_id: count this column alone.
        sample_weight: per row, or per element.
        label_weights: per column; joined with the sample weights.
        multi_label: count each column apart.

    Shapes: y_true, y_pred (n, ...), squeezed or expanded by a last 1 to one rank; sample_weight (n,) or as
        y_pred.

    Raises:
        ShapeError: the shapes do not fit each other, or class_id or top_k need columns that there are not.
    """
    dtype = floatx()
    y_true, y_pred = aligned(name, y_true, y_pred, dtype)
    if y_pred.ndim == 0:
        raise ShapeError(f"{name}: y_true and y_pred need a batch dimension. Received numbers without one.")
    if class_id is not None and y_pred.ndim < 2:
        raise ShapeError(
            f"{name}: class_id needs y_pred of shape (batch, classes). Received: {y_pred.shape}."
        )
    if top_k is not None:
        y_pred = _only_top_k(name, y_pred, top_k)
    if class_id is not None:
        if not -y_pred.shape[-1] <= class_id < y_pred.shape[-1]:
            raise ShapeError(f"{name}: class_id={class_id}, but y_pred has only {y_pred.shape[-1]} classes.")
        y_true, y_pred = y_true[..., class_id, None], y_pred[..., class_id, None]
    weights = _weights(name, sample_weight, label_weights, y_pred.shape)
    labels = (y_true != 0).astype(dtype)
    if not multi_label:
        y_pred, labels, weights = y_pred.reshape(-1), labels.reshape(-1), weights.reshape(-1)
    if even:
        return _bucket_counts(
            labels, y_pred, weights, len(thresholds), first_is_below=thresholds[0] < 0 or thresholds[-1] > 1
        )
    limits = jnp.asarray(thresholds, dtype).reshape(-1, *(1,) * y_pred.ndim)
    positive = (y_pred > limits).astype(dtype)
    true, false = labels * weights, (1 - labels) * weights
    sums = (positive * true, positive * false, (1 - positive) * false, (1 - positive) * true)
    return Counts(*(jnp.sum(each, axis=1) for each in sums))


def _bucket_counts(
    labels: jax.Array, y_pred: jax.Array, weights: jax.Array, count: int, first_is_below: bool
) -> Counts:
    """Counts at evenly spaced thresholds: the weights are summed into buckets (tᵢ, tᵢ₊₁], and the buckets
    from the right.
    """
    scaled = jnp.ceil(jnp.clip(y_pred, 0.0, 1.0) * (count - 1)) - 1
    # A prediction of exactly 0 falls before the first bucket, and is dropped, unless that threshold is below
    # 0.
    bucket = (jnp.maximum(scaled, 0) if first_is_below else scaled).astype(jnp.int32)

    def above(values: jax.Array) -> jax.Array:
        def column(values: jax.Array, bucket: jax.Array) -> jax.Array:
            return jnp.cumsum(jax.ops.segment_sum(values, bucket, count)[::-1])[::-1]

        return (
            column(values, bucket)
            if values.ndim == 1
            else jax.vmap(column, in_axes=1, out_axes=1)(values, bucket)
        )

    true, false = labels * weights, (1 - labels) * weights
    true_positives, false_positives = above(true), above(false)
    return Counts(
        true_positives,
        false_positives,
        jnp.sum(false, axis=0) - false_positives,
        jnp.sum(true, axis=0) - true_positives,
    )


def _only_top_k(name: str, y_pred: jax.Array, k: int) -> jax.Array:
    if k > y_pred.shape[-1]:
        raise ShapeError(f"{name}: top_k={k}, but y_pred has only {y_pred.shape[-1]} classes.")
    _, places = jax.lax.top_k(y_pred, k)
    kept = jnp.sum(jax.nn.one_hot(places, y_pred.shape[-1]), axis=-2)
    return y_pred * kept + BELOW_ALL * (1 - kept)


def _weights(name: str, sample_weight: Any, label_weights: Any, shape: tuple[int, ...]) -> jax.Array:
    """Sample and label weights as one array of the predictions' shape."""
    weights = jnp.ones(shape, floatx())
    if sample_weight is not None:
        weights = broadcast_weights(name, sample_weight, shape)
    if label_weights is not None:
        label_weights = jnp.asarray(label_weights, floatx())
        if len(shape) < 2 or label_weights.shape != shape[-1:]:
            raise ShapeError(
                f"{name}: label_weights {label_weights.shape} need one weight per column of y_pred {shape}."
            )
        weights = weights * label_weights
    return weights


def broadcast_weights(name: str, sample_weight: Any, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
    """Weights per row or per element, repeated over an array's shape.

    Raises:
        ShapeError: they do not fit.
    """
    weights = jnp.asarray(sample_weight, dtype or floatx())
    given = weights.shape
    if weights.ndim == len(shape) + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    if 0 < weights.ndim < len(shape):
        weights = weights.reshape(*weights.shape, *(1,) * (len(shape) - weights.ndim))
    try:
        return jnp.broadcast_to(weights, shape)
    except ValueError:
        raise ShapeError(
            f"{name}: sample_weight of shape {given} does not fit y_pred of shape {shape}: give one weight "
            f"per row, shape {shape[:1]}."
        ) from None
