"""Figures of a classifier: the confusion matrix, and precision, recall and F1 of every class."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.errors import DataError, ShapeError


@dataclasses.dataclass(frozen=True)
class ClassFigures:
    """Figures of one class.

    Attributes:
        name: the class.
        precision: TP / (TP + FP), the share of the predictions of this class that are right.
        recall: TP / (TP + FN), the share of the examples of this class that were found.
        f1: their harmonic mean.
        support: how many examples are of this class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclasses.dataclass(frozen=True)
class Classification:
    """Figures of a classifier.

    Attributes:
        accuracy: the share of examples that were predicted right.
        classes: the figures of every class.
        macro: their plain means.
        weighted: their means weighted by support.
        matrix: the confusion matrix.
    """

    accuracy: float
    classes: list[ClassFigures]
    macro: ClassFigures
    weighted: ClassFigures
    matrix: np.ndarray


def predicted_labels(y_pred: Any) -> np.ndarray:
    """The labels of predictions: the most probable class of several, or 1 where a single probability is above
    1/2. Labels stay as they are.

    Shapes: (n, classes), (n, 1) or (n,) -> (n,) integers.

    Example:

        >>> predicted_labels([[0.2, 0.8], [0.9, 0.1]]).tolist(), predicted_labels([[0.7], [0.2]]).tolist()
        ([1, 0], [1, 0])
    """
    predictions = np.asarray(y_pred)
    if predictions.ndim == 2 and predictions.shape[1] > 1:
        return predictions.argmax(axis=1)
    predictions = predictions.reshape(-1)
    return (predictions > 0.5).astype(int) if predictions.dtype.kind == "f" else predictions.astype(int)


def confusion_matrix(y_true: Any, y_pred: Any, classes: int | None = None) -> np.ndarray:
    """Counts of examples by true class (rows) and predicted class (columns).

    Args:
        y_true: labels 0..classes-1, or one-hot rows.
        y_pred: labels or probabilities, as `predicted_labels` takes them.
        classes: how many there are; by default as many as there are columns, or as the largest label needs.

    Shapes: (n,), (n, 1) or (n, classes) each -> (classes, classes) integers.

    Raises:
        ShapeError: the lengths differ.
        DataError: a label is out of range or there are none.

    Example:

        >>> confusion_matrix([0, 0, 1], [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]).tolist()
        [[1, 1], [0, 1]]
    """
    truth, guess = predicted_labels(y_true), predicted_labels(y_pred)
    if len(truth) != len(guess):
        raise ShapeError(
            f"confusion_matrix: expected as many predictions as labels. Received: {len(guess)} and "
            f"{len(truth)}"
        )
    if not len(truth):
        raise DataError("confusion_matrix: expected at least one example. Received: none")
    columns = max((np.shape(part)[1] for part in (y_true, y_pred) if np.ndim(part) == 2), default=1)
    count = classes or (columns if columns > 1 else int(max(truth.max(), guess.max(), 1)) + 1)
    for what, labels in (("y_true", truth), ("y_pred", guess)):
        if labels.min() < 0 or labels.max() >= count:
            raise DataError(
                f"confusion_matrix: labels lie in 0..{count - 1}. Received: {what} from {labels.min()} to "
                f"{labels.max()}"
            )
    return np.bincount(truth * count + guess, minlength=count * count).reshape(count, count)


def classification_figures(
    y_true: Any, y_pred: Any, class_names: Sequence[str] | None = None
) -> Classification:
    """Accuracy, and precision, recall and F1 of every class; 0 / 0 counts as 0.

    precision = TP / (TP + FP), recall = TP / (TP + FN), F1 = 2 TP / (2 TP + FP + FN).

    Args:
        y_true, y_pred: as in `confusion_matrix`.
        class_names: the classes' names; numbers by default.

    Raises:
        ShapeError: the lengths differ.
        DataError: a label is out of range, or there are no labels.

    Example:

        >>> figures = classification_figures([0, 0, 1, 1], [0, 1, 1, 1], ["cat", "dog"])
        >>> figures.accuracy, figures.classes[0].precision, figures.classes[0].recall
        (0.75, 1.0, 0.5)
    """
    matrix = confusion_matrix(y_true, y_pred, None if class_names is None else len(class_names))
    names = list(class_names) if class_names is not None else [str(number) for number in range(len(matrix))]
    right, support, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    precision, recall = _share(right, predicted), _share(right, support)
    f1 = _share(2 * right, support + predicted)
    columns = np.stack([precision, recall, f1], axis=1)
    total = int(support.sum())
    return Classification(
        accuracy=float(right.sum() / total),
        classes=[_figures(name, row, int(count)) for name, row, count in zip(names, columns, support)],
        macro=_figures("macro", columns.mean(axis=0), total),
        weighted=_figures("weighted", np.average(columns, axis=0, weights=support), total),
        matrix=matrix,
    )


def _figures(name: str, row: np.ndarray, support: int) -> ClassFigures:
    return ClassFigures(name, float(row[0]), float(row[1]), float(row[2]), support)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
