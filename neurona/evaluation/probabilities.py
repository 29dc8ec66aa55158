"""How honest probabilities are: log loss, Brier score, calibration, and its mending by a temperature."""

import dataclasses
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError, ShapeError

_HOTTEST, _COLDEST = 50.0, 0.02  # temperatures between which the best one is sought
_STEPS = 100


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Promised and kept probabilities, in bins of equal width.

    Attributes:
        promised: the mean confidence of each bin that has examples.
        kept: the share of them that were predicted right.
        counts: how many they are.
        error: the expected calibration error, the mean of |promised - kept| over the examples.
    """

    promised: np.ndarray
    kept: np.ndarray
    counts: np.ndarray
    error: float


def log_loss(y_true: Any, y_prob: Any, weights: Any = None) -> float:
    """The mean of -log p of the class that was true, in nats.

    Args:
        y_true: labels 0..classes-1.
        y_prob: the probabilities of all classes, or of class 1 where there are two. They are kept above the
            smallest step of their dtype, so that the loss is finite.
        weights: how much each row counts in the mean, (n,); None where all count the same.

    Shapes: (n,) and (n, classes), (n, 1) or (n,) -> ().

    Raises:
        ShapeError: the lengths differ.
        DataError: a probability is not from 0 to 1, a row does not sum to 1, or a label is out of range.

    Example:

        >>> round(log_loss([0, 1], [[0.8, 0.2], [0.4, 0.6]]), 4)
        0.367
    """
    truth, likely = _checked("log_loss", y_true, y_prob)
    least = np.finfo(np.asarray(y_prob).dtype if np.asarray(y_prob).dtype.kind == "f" else float).eps
    likely = np.clip(likely, least, 1 - least)
    likely = likely / likely.sum(axis=1, keepdims=True)
    return float(np.average(-np.log(likely[np.arange(len(truth)), truth]), weights=weights))


def brier_score(y_true: Any, y_prob: Any) -> float:
    """The mean squared difference of the probabilities from what happened: of two classes that of class 1, of
    more the sum over the classes.

    Args:
        y_true, y_prob: as in `log_loss`.

    Raises:
        ShapeError, DataError: as in `log_loss`.

    Source: Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78,
        1950.

    Example:

        >>> round(brier_score([0, 1], [0.2, 0.6]), 4)
        0.1
    """
    truth, likely = _checked("brier_score", y_true, y_prob)
    happened = np.eye(likely.shape[1])[truth]
    squares = np.sum((likely - happened) ** 2, axis=1)
    return float(squares.mean() / (2 if likely.shape[1] == 2 else 1))


def calibration(y_true: Any, y_prob: Any, bins: int = 10) -> Calibration:
    """Whether of the predictions with a confidence of 70 % seven in ten are right.

    Args:
        y_true, y_prob: as in `log_loss`. The confidence is the highest probability of a row.
        bins: of equal width, from 0 to 1.

    Raises:
        ShapeError, DataError: as in `log_loss`.
        ArgumentError: bins is not a whole number above 0.

    Source: Guo et al., On calibration of modern neural networks, ICML 2017.

    Example:

        >>> round(calibration([1, 1, 0, 1], [0.9, 0.9, 0.9, 0.9]).error, 4)
        0.15
    """
    if not (isinstance(bins, int | np.integer) and bins > 0):
        raise ArgumentError(f"calibration: bins is a whole number above 0. Received: {bins=}")
    truth, likely = _checked("calibration", y_true, y_prob)
    confidence, right = likely.max(axis=1), likely.argmax(axis=1) == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    filled = counts > 0
    promised = np.bincount(place, confidence, bins)[filled] / counts[filled]
    kept = np.bincount(place, right, bins)[filled] / counts[filled]
    error = float(np.sum(counts[filled] * np.abs(promised - kept)) / len(truth))
    return Calibration(promised, kept, counts[filled], error)


def best_temperature(y_true: Any, y_prob: Any, weights: Any = None) -> float:
    """The temperature T at which softmax(log p / T) has the least log loss: above 1 where the probabilities
    are too sure of themselves. The ranking of the classes stays.

    Find it on rows that the model has not learned from.

    Args:
        y_true, y_prob, weights: as in `log_loss`.

    Raises:
        ShapeError, DataError: as in `log_loss`.

    Source: Guo et al., On calibration of modern neural networks, ICML 2017, section 4.2.

    Example:

        >>> T = best_temperature([1, 1, 0, 1], [0.99, 0.99, 0.99, 0.99])
        >>> with_temperature([0.99], T).round(3).tolist()
        [0.75]
    """
    truth, likely = _checked("best_temperature", y_true, y_prob)
    logits = np.log(np.clip(likely, np.finfo(float).tiny, None))
    rows = np.arange(len(truth))

    def slope(inverse: float) -> float:
        """Of the loss in 1 / T, in which it is convex."""
        given = inverse * logits
        given = np.exp(given - given.max(axis=1, keepdims=True))
        given /= given.sum(axis=1, keepdims=True)
        return float(np.average(np.sum(given * logits, axis=1) - logits[rows, truth], weights=weights))

    low, high = 1 / _HOTTEST, 1 / _COLDEST
    for _ in range(_STEPS):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / (low * high) ** 0.5


def with_temperature(y_prob: Any, temperature: float) -> np.ndarray:
    """softmax(log p / temperature), in the shape of the probabilities.

    Raises:
        ArgumentError: the temperature is not above 0.

    Example:

        >>> with_temperature([[0.9, 0.1]], 2.0).round(2).tolist()
        [[0.75, 0.25]]
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise ArgumentError(f"with_temperature: temperature is above 0. Received: {temperature=}")
    given = np.asarray(y_prob, np.float64)
    likely = _columns(given)
    logits = np.log(np.clip(likely, np.finfo(float).tiny, None)) / temperature
    logits = np.exp(logits - logits.max(axis=1, keepdims=True))
    logits /= logits.sum(axis=1, keepdims=True)
    return logits if likely.shape == given.shape else logits[:, 1].reshape(given.shape)


def _columns(likely: np.ndarray) -> np.ndarray:
    """A column for each class, of one probability those of two classes."""
    if likely.ndim == 2 and likely.shape[1] > 1:
        return likely
    likely = likely.reshape(-1)
    return np.stack([1 - likely, likely], axis=1)


def _checked(owner: str, y_true: Any, y_prob: Any) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and the probabilities of all classes."""
    truth, likely = np.asarray(y_true).reshape(-1), _columns(np.asarray(y_prob, np.float64))
    if len(truth) != len(likely) or not len(truth):
        raise ShapeError(
            f"{owner}: expected as many rows of probabilities as labels, one at least. Received: "
            f"{len(likely)} and {len(truth)}"
        )
    if not ((likely >= 0) & (likely <= 1)).all():
        raise DataError(f"{owner}: probabilities are from 0 to 1. Received: {likely.min()} to {likely.max()}")
    sums = likely.sum(axis=1)
    wrong = np.abs(sums - 1) > 1e-3
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{owner}: the probabilities of a row sum to 1. Those of row {row} sum to {sums[row]:g}."
        )
    classes = likely.shape[1]
    if not np.isin(truth, np.arange(classes)).all():
        raise DataError(f"{owner}: labels lie in 0..{classes - 1}. Received: {truth.min()} to {truth.max()}")
    return truth.astype(int), likely
