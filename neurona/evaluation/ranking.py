"""How well scores rank two classes: ROC and precision-recall curves with their areas, lift, and the threshold
of least cost.
"""

import dataclasses
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError, ShapeError


@dataclasses.dataclass(frozen=True)
class RocCurve:
    """The rates of a classifier at every threshold, from the strictest on.

    Attributes:
        false_positive_rate: FP / (FP + TN).
        true_positive_rate: TP / (TP + FN), the recall.
        thresholds: a score at least as high is called positive; the first is infinite, and calls none so.
        area: under the curve, which is the probability that a positive is ranked above a negative; equal
            scores count half.
    """

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    thresholds: np.ndarray
    area: float


@dataclasses.dataclass(frozen=True)
class PrecisionRecallCurve:
    """Precision and recall of a classifier at every threshold, from the strictest on.

    Attributes:
        precision: TP / (TP + FP).
        recall: TP / (TP + FN).
        thresholds: a score at least as high is called positive.
        average_precision: the sum over thresholds of the precision times the gain of recall.
    """

    precision: np.ndarray
    recall: np.ndarray
    thresholds: np.ndarray
    average_precision: float


@dataclasses.dataclass(frozen=True)
class Threshold:
    """A threshold and what it costs.

    Attributes:
        value: a score at least as high is called positive; infinite where calling none so is cheapest.
        cost: of all examples together.
    """

    value: float
    cost: float


def roc_curve(y_true: Any, y_score: Any) -> RocCurve:
    """The curve of the receiver operating characteristic, and its area.

    Args:
        y_true: 1 where an example is positive, else 0.
        y_score: higher for examples that are more likely positive.

    Shapes: (n,) or (n, 1) each -> the points of the curve, one per different score and one more.

    Raises:
        ShapeError: the lengths differ.
        DataError: a label is neither 0 nor 1, a score is NaN, or one of the classes is missing.

    Source: Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27, 2006.

    Example:

        >>> curve = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> curve.area, curve.true_positive_rate.tolist()
        (0.75, [0.0, 0.5, 0.5, 1.0, 1.0])
    """
    thresholds, right, wrong = _counts("roc_curve", y_true, y_score)
    right, wrong = np.r_[0, right], np.r_[0, wrong]
    found, false = right / right[-1], wrong / wrong[-1]
    area = float(np.sum(np.diff(wrong) * (right[1:] + right[:-1])) / (2 * right[-1] * wrong[-1]))
    return RocCurve(false, found, np.r_[np.inf, thresholds], area)


def precision_recall_curve(y_true: Any, y_score: Any) -> PrecisionRecallCurve:
    """Precision and recall at every threshold, and the average precision.

    Args:
        y_true: 1 where an example is positive, else 0.
        y_score: higher for examples that are more likely positive.

    Shapes: (n,) or (n, 1) each -> the points of the curve, one per different score.

    Raises:
        ShapeError: the lengths differ.
        DataError: a label is neither 0 nor 1, a score is NaN, or one of the classes is missing.

    Source: Davis and Goadrich, The relationship between precision-recall and ROC curves, ICML 2006.

    Example:

        >>> round(precision_recall_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).average_precision, 4)
        0.8333
    """
    thresholds, right, wrong = _counts("precision_recall_curve", y_true, y_score)
    precision, recall = right / (right + wrong), right / right[-1]
    return PrecisionRecallCurve(
        precision, recall, thresholds, float(np.sum(np.diff(recall, prepend=0) * precision))
    )


def lift(y_true: Any, y_score: Any, share: float = 0.1) -> float:
    """How many times more positives there are among the highest scores than among all.

    Args:
        y_true: 1 where an example is positive, else 0.
        y_score: higher for examples that are more likely positive.
        share: of the examples that count as the highest, above 0 and up to 1. Of equal scores at the edge
            each counts in part.

    Raises:
        ShapeError, DataError: as in `roc_curve`.
        ArgumentError: the share is none.

    Example:

        >>> lift([1, 0, 0, 0], [0.9, 0.2, 0.1, 0.3], share=0.25)
        4.0
    """
    if not 0 < share <= 1:
        raise ArgumentError(f"lift: share is above 0 and up to 1. Received: {share=}")
    _, right, wrong = _counts("lift", y_true, y_score)
    wanted = share * (right[-1] + wrong[-1])
    found = np.interp(wanted, np.r_[0, right + wrong], np.r_[0, right])
    return float(found / (share * right[-1]))


def cheapest_threshold(
    y_true: Any, y_score: Any, false_positive: float = 1.0, false_negative: float = 1.0
) -> Threshold:
    """The threshold at which false alarms and misses cost least together; of several the highest.

    Args:
        y_true: 1 where an example is positive, else 0.
        y_score: higher for examples that are more likely positive.
        false_positive, false_negative: what one of each costs, at least 0.

    Raises:
        ShapeError, DataError: as in `roc_curve`.
        ArgumentError: a cost is below 0.

    Source: Elkan, The foundations of cost-sensitive learning, IJCAI 2001.

    Example:

        >>> cheapest_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], false_negative=5)
        Threshold(value=0.35, cost=1.0)
    """
    if not (false_positive >= 0 and false_negative >= 0):
        raise ArgumentError(
            f"cheapest_threshold: costs are at least 0. Received: {false_positive=}, {false_negative=}"
        )
    thresholds, right, wrong = _counts("cheapest_threshold", y_true, y_score)
    right, wrong, thresholds = np.r_[0, right], np.r_[0, wrong], np.r_[np.inf, thresholds]
    costs = false_positive * wrong + false_negative * (right[-1] - right)
    best = int(np.argmin(costs))
    return Threshold(float(thresholds[best]), float(costs[best]))


def _counts(owner: str, y_true: Any, y_score: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different scores from the highest on, and how many positives and negatives have at least that."""
    truth, score = np.asarray(y_true).reshape(-1), np.asarray(y_score, np.float64).reshape(-1)
    if len(truth) != len(score):
        raise ShapeError(
            f"{owner}: expected as many scores as labels. Received: {len(score)} and {len(truth)}"
        )
    if not np.isin(truth, (0, 1)).all():
        other = truth[~np.isin(truth, (0, 1))][0]
        raise DataError(f"{owner}: y_true is 1 for positives and 0 for the others. Received: {other!r}")
    if np.isnan(score).any():
        raise DataError(f"{owner}: y_score is NaN in row {int(np.isnan(score).argmax())}.")
    positives = int(np.sum(truth == 1))
    if not 0 < positives < len(truth):
        raise DataError(
            f"{owner}: there must be positives and negatives. Received: {positives} positives of "
            f"{len(truth)} examples"
        )
    order = np.argsort(-score, kind="stable")
    score, truth = score[order], truth[order] == 1
    last = np.r_[np.flatnonzero(np.diff(score)), len(score) - 1]
    right = np.cumsum(truth)[last]
    return score[last], right, last + 1 - right
