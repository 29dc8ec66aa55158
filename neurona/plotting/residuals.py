"""plot_residuals: how far a regression's predictions are from the truth."""

from collections.abc import Mapping
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
    language: str | None = None,
    dpi: float = 120,
    to_file: Any = None,
) -> Any:
    """Draw predicted against actual values, and the distribution of the errors.

    Args:
        y_true, y_pred: actual and predicted values.
        name: what is predicted, with its unit, for the axes.
        title, language, dpi, to_file: as in `plot_history`.

    Shapes: y_true, y_pred (n,) or (n, 1).

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ShapeError: the lengths differ or are 0.
        DataError: no pair of values is finite.
        MissingDependencyError: matplotlib is not installed.

    Example:

        >>> figure = plot_residuals([1.0, 2.0, 3.0], [1.1, 1.9, 3.2])
        >>> len(figure.axes)
        2
    """
    actual, predicted = _finite_pairs(y_true, y_pred)
    table = texts(language)
    note = f"\n{name}" if name else ""
    figure = new_figure("plot_residuals", 10.5, 4.6, dpi)
    left, right = figure.subplots(1, 2)
    _draw_values(figure, left, actual, predicted, table, note)
    _draw_errors(right, predicted - actual, table, note)
    for axes in (left, right):
        plain_axes(axes)
    if title:
        figure.suptitle(title, fontsize=13)
    return finish(figure, to_file)


def _finite_pairs(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """The actual and predicted values where both are finite.

    Raises:
        ShapeError: the lengths differ or are 0.
        DataError: no pair is finite.
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
    return actual[finite], predicted[finite]


def _draw_values(
    figure: Any, axes: Any, actual: np.ndarray, predicted: np.ndarray, table: Mapping[str, str], note: str
) -> None:
    """Predicted against actual values, as points or, where they are many, as a density."""
    low, high = _range(np.concatenate([actual, predicted]))
    if len(actual) > _MOST_POINTS:
        density = axes.hexbin(
            actual, predicted, gridsize=45, bins="log", cmap="Blues", mincnt=1, extent=(low, high, low, high)
        )
        figure.colorbar(density, ax=axes, label=table["count"])
    else:
        axes.scatter(actual, predicted, s=14, alpha=0.6, color=BLUE, edgecolors="none")
    axes.plot(
        [low, high], [low, high], color=VERMILLION, linestyle="--", linewidth=1.5, label=table["perfect"]
    )
    axes.set_aspect("equal")
    axes.set_xlabel(table["actual_value"] + note)
    axes.set_ylabel(table["predicted_value"] + note)
    axes.legend(loc="upper left", fontsize=9)


def _draw_errors(axes: Any, errors: np.ndarray, table: Mapping[str, str], note: str) -> None:
    """The distribution of the errors."""
    bins = int(np.clip(np.sqrt(len(errors)), 10, 60))
    axes.hist(errors, bins=bins, range=_range(errors), color=BLUE, edgecolor="white", linewidth=0.4)
    axes.axvline(0, color=VERMILLION, linestyle="--", linewidth=1.5)
    axes.locator_params(axis="x", nbins=6)  # long numbers have to stand side by side
    axes.set_xlabel(table["error"] + note)
    axes.set_ylabel(table["count"])
    axes.set_title(table["error_distribution"], fontsize=11)


def _range(values: np.ndarray) -> tuple[float, float]:
    """The least and the largest value, a little apart even when they are equal."""
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        apart = 0.05 * max(abs(low), abs(high)) or 1.0
        return low - apart, high + apart
    return low, high
