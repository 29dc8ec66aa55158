"""plot_residuals: how far a regression's predictions are from the truth."""

from typing import Any

import numpy as np

from neurona.core.errors import DataError, ShapeError
from neurona.plotting.figure import BLUE, VERMILLION, finish, new_figure, plain_axes
from neurona.plotting.texts import texts

_MOST_POINTS = 2000


def plot_residuals(
    y_true: Any,
    y_pred: Any,
    *,
    name: str | None = None,
    title: str | None = None,
    language: str = "en",
    dpi: float = 120,
    to_file: Any = None,
) -> Any:
    """Draw predicted against actual values, and the distribution of the errors.

    Args:
        y_true, y_pred: actual and predicted values.
        name: what is predicted, with its unit, for the axes.
        title, language, dpi, to_file: as in `plot_history`.

    Shapes: y_true, y_pred (n,) or (n, 1).
    Returns: a `matplotlib.figure.Figure`.
    Raises: ShapeError when the lengths differ or are 0; DataError when nothing is finite;
        MissingDependencyError without matplotlib.

    Example:

        >>> figure = plot_residuals([1.0, 2.0, 3.0], [1.1, 1.9, 3.2])
        >>> len(figure.axes)
        2
    """
    actual, predicted = np.asarray(y_true, float).reshape(-1), np.asarray(y_pred, float).reshape(-1)
    if len(actual) != len(predicted) or not len(actual):
        raise ShapeError(
            f"plot_residuals: expected two arrays of one length. Received: {np.shape(y_true)} and "
            f"{np.shape(y_pred)}"
        )
    finite = np.isfinite(actual) & np.isfinite(predicted)
    if not finite.any():
        raise DataError("plot_residuals: expected numbers. Received: only NaN or infinity")
    actual, predicted = actual[finite], predicted[finite]
    table = texts(language)
    figure = new_figure("plot_residuals", 10.5, 4.6, dpi)
    left, right = figure.subplots(1, 2)
    low, high = _range(np.concatenate([actual, predicted]))
    if len(actual) > _MOST_POINTS:
        density = left.hexbin(
            actual, predicted, gridsize=45, bins="log", cmap="Blues", mincnt=1, extent=(low, high, low, high)
        )
        figure.colorbar(density, ax=left, label=table["count"])
    else:
        left.scatter(actual, predicted, s=14, alpha=0.6, color=BLUE, edgecolors="none")
    left.plot(
        [low, high], [low, high], color=VERMILLION, linestyle="--", linewidth=1.5, label=table["perfect"]
    )
    left.set_aspect("equal")
    note = f"\n{name}" if name else ""
    left.set_xlabel(table["actual_value"] + note)
    left.set_ylabel(table["predicted_value"] + note)
    left.legend(loc="upper left", fontsize=9)
    errors = predicted - actual
    bins = int(np.clip(np.sqrt(len(errors)), 10, 60))
    right.hist(errors, bins=bins, range=_range(errors), color=BLUE, edgecolor="white", linewidth=0.4)
    right.axvline(0, color=VERMILLION, linestyle="--", linewidth=1.5)
    right.set_xlabel(table["error"] + note)
    right.set_ylabel(table["count"])
    right.set_title(table["error_distribution"], fontsize=11)
    for axes in (left, right):
        plain_axes(axes)
    if title:
        figure.suptitle(title, fontsize=13)
    return finish(figure, to_file)


def _range(values: np.ndarray) -> tuple[float, float]:
    """The least and the largest value, a little apart even when they are equal."""
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        apart = 0.05 * max(abs(low), abs(high)) or 1.0
        return low - apart, high + apart
    return low, high
