"""Figures of a regression."""

import dataclasses
from typing import Any

import numpy as np

from neurona.core.errors import DataError, ShapeError


@dataclasses.dataclass(frozen=True)
class Regression:
    """Figures of a regression.

    Attributes:
        r2: the share of the variance that is explained, 1 - sum (y - p)^2 / sum (y - mean(y))^2; NaN when y
            is constant.
        mae: the mean absolute error, in y's unit.
        rmse: the root of the mean squared error, in y's unit.
        count: how many examples.
    """

    r2: float
    mae: float
    rmse: float
    count: int


def regression_figures(y_true: Any, y_pred: Any) -> Regression:
    """R2, mean absolute error and root mean squared error.

    Shapes: y_true, y_pred (n,) or (n, 1).

    Raises:
        ShapeError: the lengths differ.
        DataError: there are no examples.

    Example:

        >>> figures = regression_figures([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
        >>> figures.r2, round(figures.mae, 4), round(figures.rmse, 4)
        (0.5, 0.3333, 0.5774)
    """
    actual, predicted = np.asarray(y_true, np.float64).reshape(-1), np.asarray(y_pred, np.float64).reshape(-1)
    if len(actual) != len(predicted):
        raise ShapeError(
            f"regression_figures: expected as many predictions as values. Received: {len(predicted)} and "
            f"{len(actual)}"
        )
    if not len(actual):
        raise DataError("regression_figures: expected at least one example. Received: none")
    errors = predicted - actual
    spread = float(np.square(actual - actual.mean()).sum())
    r2 = 1 - float(np.square(errors).sum()) / spread if spread else float("nan")
    return Regression(r2, float(np.abs(errors).mean()), float(np.sqrt(np.square(errors).mean())), len(actual))
