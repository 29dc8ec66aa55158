"""plot_confusion_matrix: counts of true and predicted classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ShapeError
from neurona.plotting.figure import finish, new_figure, shortened
from neurona.plotting.texts import texts

_MOST_WITH_NUMBERS = 20
_MOST_WITH_NAMES = 40
_LONGEST_NAME = 18


def plot_confusion_matrix(
    matrix: Any,
    class_names: Sequence[str] | None = None,
    *,
    title: str | None = None,
    language: str | None = None,
    dpi: float = 120,
    to_file: Any = None,
) -> Any:
    """Draw a confusion matrix: rows are true classes, columns predicted ones; colour is the share of the row,
    numbers are counts.

    Args:
        matrix: counts, as `neurona.evaluation.confusion_matrix` returns them.
        class_names: the classes' names; numbers by default.
        title, language, dpi, to_file: as in `plot_history`.

    Shapes: matrix (classes, classes).

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ShapeError: the matrix is not square or the names do not fit.
        MissingDependencyError: matplotlib is not installed.

    Example:

        >>> figure = plot_confusion_matrix([[5, 1], [0, 4]], ["cat", "dog"])
        >>> figure.axes[0].get_ylabel()
        'True class'
    """
    counts = np.asarray(matrix)
    names = _names(counts, class_names)
    table = texts(language)
    classes, longest = len(counts), max(map(len, names))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = float(np.clip(0.62 * classes, 2.6, 7.5))
    figure = new_figure(
        "plot_confusion_matrix", side + 1.9 + 0.085 * longest, side + 1.2 + 0.06 * longest, dpi
    )
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label=table["row_share"], shrink=0.8)
    _label_axes(axes, names, rotate=longest > 3 and longest * 0.1 > side / max(classes, 1))
    axes.set_xlabel(table["predicted_class"])
    axes.set_ylabel(table["true_class"])
    axes.set_title(title or table["confusion"])
    if classes <= _MOST_WITH_NUMBERS:
        _write_counts(axes, counts, shares, inches=side / classes)
    return finish(figure, to_file)


def _names(counts: np.ndarray, class_names: Sequence[str] | None) -> list[str]:
    """The classes' names, shortened; numbers by default.

    Raises:
        ShapeError: the matrix is not square, or there are more or fewer names than rows.
    """
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ShapeError(
            f"plot_confusion_matrix: expected a square matrix (classes, classes). Received: {counts.shape}"
        )
    classes = len(counts)
    names = [str(name) for name in (range(classes) if class_names is None else class_names)]
    if len(names) != classes:
        raise ShapeError(
            f"plot_confusion_matrix: expected {classes} class names, one for each row. Received: {len(names)}"
        )
    return [shortened(name, _LONGEST_NAME) for name in names]


def _label_axes(axes: Any, names: list[str], rotate: bool) -> None:
    """Write the classes' names along both axes, and only some of them where there are very many."""
    classes = len(names)
    ticks = range(0, classes, 1 if classes <= _MOST_WITH_NAMES else -(-classes // 20))
    shown = [names[index] for index in ticks]
    size = 9 if classes <= _MOST_WITH_NUMBERS else 7
    rotation: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if rotate else {}
    axes.set_xticks(ticks, shown, fontsize=size, **rotation)
    axes.set_yticks(ticks, shown, fontsize=size)


def _write_counts(axes: Any, counts: np.ndarray, shares: np.ndarray, inches: float) -> None:
    """Write each count into its cell, whose side is given in inches; white on dark cells, zeros in gray."""
    digits = len(str(int(counts.max(initial=1))))
    size = float(np.clip(inches * 72 / (0.75 * max(digits, 2)), 5, 10))
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if shares[row, column] > 0.5 else "#1A1A1A" if count else "#B0B0B0"
        axes.text(column, row, f"{count:g}", ha="center", va="center", color=color, fontsize=size)
