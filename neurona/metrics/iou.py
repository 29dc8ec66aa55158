"""Intersection over union: how far predicted regions cover the true ones, counted in a confusion matrix."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import epsilon, is_float
from neurona.metrics.metric import Metric
from neurona.tracebacks import warn

__all__ = [
    "BinaryIoU",
    "IoU",
    "MeanIoU",
    "OneHotIoU",
    "OneHotMeanIoU",
    "confusion_matrix",
]


def confusion_matrix(
    labels: Any, predictions: Any, num_classes: int, weights: Any = None, dtype: Any = "int32"
) -> jax.Array:
    """How often each true class (row) was predicted as each class (column): Cᵢⱼ = Σ w [y = i][ŷ = j].

    Classes outside 0 .. num_classes - 1 are not counted.

    Shapes: labels, predictions (n,) integers; weights (n,) -> (num_classes, num_classes).

    Raises:
        ShapeError: the lengths differ.

    Example:

        >>> confusion_matrix([0, 1, 1, 2], [0, 1, 2, 2], num_classes=3).tolist()
        [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
    """
    labels, predictions = (
        jnp.asarray(labels, "int32").reshape(-1),
        jnp.asarray(predictions, "int32").reshape(-1),
    )
    if labels.shape != predictions.shape:
        raise ShapeError(
            f"confusion_matrix: labels and predictions need one length. Received: {labels.size} and "
            f"{predictions.size}."
        )
    inside = (labels >= 0) & (labels < num_classes) & (predictions >= 0) & (predictions < num_classes)
    ones = (
        jnp.ones(labels.shape, dtype)
        if weights is None
        else jnp.broadcast_to(jnp.asarray(weights, dtype), labels.shape)
    )
    counted = jnp.where(inside, ones, 0)
    cells = jnp.where(inside, labels * num_classes + predictions, 0)
    return jax.ops.segment_sum(counted, cells, num_classes * num_classes).reshape(num_classes, num_classes)


class IoU(Metric):
    """The mean over chosen classes of true positives over everything true or predicted: TP / (TP + FP + FN).

    Classes that are neither true nor predicted are left out of the mean.

    Args:
        num_classes: how many classes there are.
        target_class_ids: which of them the mean is over.
        ignore_class: a label whose places are not counted.
        sparse_y_true: whether labels are integers; otherwise scores per class along `axis`.
        sparse_y_pred: whether predictions are integers; otherwise scores per class along `axis`.
        axis: where the classes of labels and predictions that are not integers are.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Shapes: y_true, y_pred (n, ...) of one size; sample_weight as they, or a number -> ().
    Counts are integers unless `dtype` says otherwise.

    Raises:
        ArgumentError: a target class does not exist.
        ShapeError: y_true and y_pred have different sizes.

    Example:

        >>> metric = IoU(num_classes=2, target_class_ids=[0])
        >>> metric.update_state([0, 0, 1, 1], [0, 1, 0, 1])
        >>> round(float(metric.result()), 4)
        0.3333
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        wrong = [each for each in target_class_ids if not 0 <= each < num_classes]
        if wrong or not len(target_class_ids):
            raise ArgumentError(
                f"{type(self).__name__}: target_class_ids are classes from 0 to {num_classes - 1}. Received: "
                f"{list(target_class_ids)}"
            )
        self.num_classes, self.target_class_ids = num_classes, [int(each) for each in target_class_ids]
        self.ignore_class = ignore_class
        self.sparse_y_true, self.sparse_y_pred, self.axis = sparse_y_true, sparse_y_pred, axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), dtype=self.dtype, name="total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in."""
        y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
        given = y_true.shape, y_pred.shape
        labels = (
            (y_true if self.sparse_y_true else jnp.argmax(y_true, axis=self.axis)).astype("int32").reshape(-1)
        )
        predictions = (
            (y_pred if self.sparse_y_pred else jnp.argmax(y_pred, axis=self.axis)).astype("int32").reshape(-1)
        )
        if labels.shape != predictions.shape:
            raise ShapeError(
                f"{type(self).__name__}: y_true and y_pred need one class for each place. Received: y_true "
                f"{given[0]}, y_pred {given[1]}. "
                "Labels or predictions with one score per class need sparse_y_true=False or "
                "sparse_y_pred=False (or OneHotIoU)."
            )
        weights = (
            jnp.ones((), self.dtype) if sample_weight is None else self._weights(sample_weight, labels.size)
        )
        if self.ignore_class is not None:
            weights = jnp.where(labels == self.ignore_class, 0, weights)
        self.total_cm.assign_add(confusion_matrix(labels, predictions, self.num_classes, weights, self.dtype))

    def _weights(self, sample_weight: Any, size: int) -> jax.Array:
        weights = jnp.asarray(sample_weight)
        if is_float(weights.dtype) and not is_float(self.dtype):
            warn(
                f"{type(self).__name__} counts in {self.dtype}, so fractions of sample_weight are cut "
                "off. "
                "Give it dtype='float32' to keep them."
            )
        weights = weights.astype(self.dtype).reshape(-1)
        if weights.size not in (1, size):
            raise ShapeError(
                f"{type(self).__name__}: sample_weight needs {size} values, one for each place. Received: "
                f"{weights.size}."
            )
        return weights

    def result(self) -> jax.Array:
        """The mean so far; 0 before anything was counted."""
        matrix = self.total_cm.value
        intersection = jnp.diagonal(matrix)
        union = jnp.sum(matrix, axis=0) + jnp.sum(matrix, axis=1) - intersection
        chosen = jnp.asarray(self.target_class_ids)
        intersection, union = intersection[chosen].astype("float32"), union[chosen].astype("float32")
        occurs = union > 1e-9
        scores = jnp.where(occurs, intersection / (union + epsilon()), 0.0)
        return jnp.sum(scores) / (jnp.sum(occurs) + epsilon())


class BinaryIoU(IoU):
    """The IoU of places above a threshold (class 1) and of those below it (class 0).

    Args:
        target_class_ids: (0,), (1,) or the mean of both, (0, 1).
        threshold: predictions at or above it are of class 1.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Shapes: y_true, y_pred (n, ...) of one size -> ().

    Example:

        >>> metric = BinaryIoU(target_class_ids=[0, 1], threshold=0.3)
        >>> metric.update_state([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])
        >>> round(float(metric.result()), 4)
        0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_classes=2, target_class_ids=target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in."""
        super().update_state(y_true, jnp.asarray(y_pred, "float32") >= self.threshold, sample_weight)


class MeanIoU(IoU):
    """The mean of the IoU of all classes.

    Args:
        num_classes: how many classes there are.
        ignore_class: a label whose places are not counted.
        sparse_y_true: whether labels are integers; otherwise scores per class along `axis`.
        sparse_y_pred: whether predictions are integers; otherwise scores per class along `axis`.
        axis: where the classes of labels and predictions that are not integers are.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = MeanIoU(num_classes=2)
        >>> metric.update_state([0, 0, 1, 1], [0, 1, 0, 1])
        >>> round(float(metric.result()), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )


class OneHotIoU(IoU):
    """The IoU of chosen classes where labels are one-hot.

    Args:
        num_classes: how many classes there are.
        target_class_ids: which of them the mean is over.
        ignore_class: a label whose places are not counted.
        sparse_y_pred: whether predictions are integers; otherwise scores per class along `axis`.
        axis: where the classes of labels and predictions that are not integers are.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = OneHotIoU(num_classes=3, target_class_ids=[0, 2])
        >>> y_true = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]]
        >>> metric.update_state(y_true, [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.5, 0.3, 0.1], [0.1, 0.4, 0.5]])
        >>> round(float(metric.result()), 4)
        0.1667
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """The mean of the IoU of all classes where labels are one-hot.

    Args:
        num_classes: how many classes there are.
        ignore_class: a label whose places are not counted.
        sparse_y_pred: whether predictions are integers; otherwise scores per class along `axis`.
        axis: where the classes of labels and predictions that are not integers are.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = OneHotMeanIoU(num_classes=3)
        >>> y_true = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]]
        >>> metric.update_state(y_true, [[0.2, 0.3, 0.5], [0.1, 0.2, 0.7], [0.5, 0.3, 0.1], [0.1, 0.4, 0.5]])
        >>> round(float(metric.result()), 4)
        0.1111
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
