"""How sure figures are: intervals by bootstrap, tests of two models on the same rows or folds, and intervals
of predictions.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from neurona.core.errors import ArgumentError, DataError, ShapeError


@dataclasses.dataclass(frozen=True)
class Interval:
    """A figure, and between which bounds its true value lies.

    Attributes:
        value: the figure.
        low, high: the bounds.
        level: how often such intervals hold the true value.
    """

    value: float
    low: float
    high: float
    level: float


@dataclasses.dataclass(frozen=True)
class PairedTest:
    """A test of whether two models differ.

    Attributes:
        difference: the mean of the first less that of the second.
        p_value: how often chance alone makes a difference as large, if there is none.
    """

    difference: float
    p_value: float


def bootstrap_interval(
    figure: Callable[..., float], *arrays: Any, level: float = 0.95, samples: int = 1000, seed: int = 0
) -> Interval:
    """The bias-corrected and accelerated bootstrap interval of a figure of rows.

    Rows are drawn with replacement as often as there are, and the figure is computed anew from each such
    sample. The quantiles are moved by the bias of these figures, and by the acceleration that leaving out
    each row in turn (of more than 200 rows, each of 200 parts) tells.

    Args:
        figure: of the arrays, such as `lambda y, p: np.mean(y == p)`. Samples for which it is NaN are left
            out.
        arrays: with a row for each example.
        level: above 0 and below 1.
        samples: how many are drawn.
        seed: of the draws.

    Raises:
        ArgumentError: the level is none, or there are no samples.
        ShapeError: the arrays have different lengths.
        DataError: there are fewer than 2 rows, or the figure is NaN for all samples.

    Source: Efron, Better bootstrap confidence intervals, Journal of the American Statistical Association 82,
        1987.

    Example:

        >>> found = bootstrap_interval(np.mean, np.arange(100.0))
        >>> found.value, bool(43 < found.low < 45), bool(54 < found.high < 56)
        (49.5, True, True)
    """
    _check_level("bootstrap_interval", level)
    if samples < 1:
        raise ArgumentError(f"bootstrap_interval: samples is 1 or more. Received: {samples=}")
    parts = [np.asarray(array) for array in arrays]
    lengths = {len(part) for part in parts}
    if len(lengths) != 1:
        raise ShapeError(f"bootstrap_interval: the arrays have one length. Received: {sorted(lengths)}")
    rows = lengths.pop()
    if rows < 2:
        raise DataError(f"bootstrap_interval: there are 2 rows or more. Received: {rows}")
    random = np.random.default_rng(seed)
    value = float(figure(*parts))
    # Each sample is drawn when it is used: all at once are 8 bytes * samples * rows.
    drawn = np.array(
        [
            figure(*(part[chosen] for part in parts))
            for chosen in (random.integers(0, rows, rows) for _ in range(samples))
        ]
    )
    drawn = np.sort(drawn[~np.isnan(drawn)])
    if not len(drawn):
        raise DataError("bootstrap_interval: the figure is NaN for all samples.")
    low, high = np.quantile(drawn, _bounds(drawn, value, _acceleration(figure, parts, rows), level))
    return Interval(value, float(low), float(high), level)


def _bounds(drawn: np.ndarray, value: float, acceleration: float, level: float) -> list[float]:
    """The shares of the drawn figures at which the interval begins and ends."""
    below = float(np.mean(drawn < value) + np.mean(drawn == value) / 2)
    edges = [(1 - level) / 2, (1 + level) / 2]
    if not 0 < below < 1:
        return edges
    bias = special.ndtri(below)
    moved = [bias + special.ndtri(edge) for edge in edges]
    return [float(special.ndtr(bias + one / (1 - acceleration * one))) for one in moved]


def _acceleration(figure: Callable[..., float], parts: list[np.ndarray], rows: int) -> float:
    """How the spread of the figure changes with its value, from what leaving out rows does."""
    pieces = np.array_split(np.arange(rows), min(rows, 200))
    left = np.array([figure(*(np.delete(part, piece, axis=0) for part in parts)) for piece in pieces])
    away = np.nanmean(left) - left[~np.isnan(left)]
    spread = np.sum(away**2) ** 1.5
    return float(np.sum(away**3) / (6 * spread)) if spread else 0.0


def _check_level(owner: str, level: float) -> None:
    if not 0 < level < 1:
        raise ArgumentError(f"{owner}: level is above 0 and below 1. Received: {level=}")


def folds_interval(scores: Any, test_share: float, level: float = 0.95) -> Interval:
    """The interval of the mean score of cross-validation, with the variance of Nadeau and Bengio: the folds
    learn from the same rows, so that the plain one is too small.

    s^2 (1 / k + n_test / n_train), with Student's t of k - 1 degrees of freedom.

    Args:
        scores: one for each of k folds.
        test_share: the share of the rows that a fold is tested with, 1 / k in k folds.
        level: above 0 and below 1.

    Raises:
        ArgumentError: the level or the share is none.
        DataError: there are fewer than 2 scores.

    Source: Nadeau and Bengio, Inference for the generalization error, Machine Learning 52, 2003.

    Example:

        >>> found = folds_interval([0.8, 0.82, 0.78, 0.81, 0.79], 0.2)
        >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
        (0.8, 0.771, 0.829)
    """
    _check_level("folds_interval", level)
    mean, error, freedom = _corrected("folds_interval", scores, test_share)
    reach = error * float(special.stdtrit(freedom, (1 + level) / 2))
    return Interval(mean, mean - reach, mean + reach, level)


def compare_folds(first: Any, second: Any, test_share: float) -> PairedTest:
    """Whether two models differ by their scores on the same folds: the corrected resampled t test.

    Args:
        first, second: a score of each model for each fold.
        test_share: as in `folds_interval`.

    Raises:
        ShapeError: the lengths differ.
        ArgumentError, DataError: as in `folds_interval`.

    Source: Nadeau and Bengio, Inference for the generalization error, Machine Learning 52, 2003.

    Example:

        >>> compare_folds([0.8, 0.82, 0.78], [0.7, 0.72, 0.68], 1 / 3).p_value < 0.001
        True
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape:
        raise ShapeError(
            f"compare_folds: both models have a score for each fold. Received: {first.size} and {second.size}"
        )
    difference, error, freedom = _corrected("compare_folds", first - second, test_share)
    if error < 1e-12 * max(1.0, abs(difference)):
        return PairedTest(difference, 1.0 if abs(difference) < 1e-12 else 0.0)
    return PairedTest(difference, 2 * float(special.stdtr(freedom, -abs(difference / error))))


def _corrected(owner: str, scores: Any, test_share: float) -> tuple[float, float, int]:
    """The mean of scores, its standard error, and the degrees of freedom."""
    scores = np.asarray(scores, float)
    if not 0 < test_share < 1:
        raise ArgumentError(f"{owner}: test_share is above 0 and below 1. Received: {test_share=}")
    if len(scores) < 2:
        raise DataError(f"{owner}: there are 2 scores or more. Received: {len(scores)}")
    variance = scores.var(ddof=1) * (1 / len(scores) + test_share / (1 - test_share))
    return float(scores.mean()), math.sqrt(variance), len(scores) - 1


def compare_predictions(first: Any, second: Any) -> PairedTest:
    """Whether two classifiers differ on the same rows: McNemar's exact test.

    Only the rows count that one of them gets right and the other wrong: without a difference, either is as
    likely.

    Args:
        first, second: whether each model was right, for each row.

    Raises:
        ShapeError: the lengths differ.

    Source: McNemar, Note on the sampling error of the difference between correlated proportions or
        percentages, Psychometrika 12, 1947.

    Example:

        >>> compare_predictions([1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0]).p_value
        0.0625
    """
    first, second = np.asarray(first, bool), np.asarray(second, bool)
    if first.shape != second.shape:
        raise ShapeError(
            "compare_predictions: both models have an answer for each row. Received: "
            f"{first.size} and {second.size}"
        )
    wins, losses = int(np.sum(first & ~second)), int(np.sum(~first & second))
    p_value = min(1.0, 2 * float(special.bdtr(min(wins, losses), wins + losses, 0.5)))
    return PairedTest(float(np.mean(first) - np.mean(second)), p_value)


def conformal_width(errors: Any, level: float = 0.9) -> float:
    """How far to both sides of a prediction the true value lies, at least as often as the level says.

    The ceil((n + 1) level)-th smallest of n absolute errors on rows that the model has not learned from: for
    rows that come from the same source it holds whatever the model is.

    Args:
        errors: prediction less truth.
        level: above 0 and below 1.

    Returns:
        The width in the unit of the errors; infinite where there are too few errors for the level.

    Raises:
        ArgumentError: the level is none.
        DataError: there are no errors.

    Source: Lei et al., Distribution-free predictive inference for regression, Journal of the American
        Statistical Association 113, 2018.

    Example:

        >>> conformal_width([-1, 2, 3, -4, 5, 6, 7, 8, 9], level=0.9), conformal_width([1, 2], level=0.9)
        (9.0, inf)
    """
    _check_level("conformal_width", level)
    sizes = np.sort(np.abs(np.asarray(errors, float).reshape(-1)))
    if not len(sizes):
        raise DataError("conformal_width: there is at least one error. Received: none")
    place = math.ceil((len(sizes) + 1) * level)
    return float(sizes[place - 1]) if place <= len(sizes) else math.inf
