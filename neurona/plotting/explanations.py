"""plot_importance and plot_dependence: what the columns of a table are worth to a model, and what they do."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.errors import DataError, ShapeError
from neurona.plotting.figure import (
    BLUE,
    GRAY,
    GREEN,
    ORANGE,
    PURPLE,
    VERMILLION,
    finish,
    new_figure,
    plain_axes,
    shortened,
)
from neurona.plotting.texts import texts

_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE)
_LONGEST = 28  # letters of a name


def plot_importance(
    names: Sequence[str],
    values: Any,
    *,
    low: Any = None,
    high: Any = None,
    label: str | None = None,
    title: str | None = None,
    dpi: float = 120,
    to_file: Any = None,
) -> Any:
    """Draw a bar for each name, the first above, with whiskers where there are bounds.

    Args:
        names: of the bars.
        values: their lengths; those below 0 reach to the left, in another colour.
        low, high: bounds of the values.
        label: of the axis.
        title, dpi, to_file: as in `plot_history`.

    Shapes: values, low, high (names,).

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ShapeError: there is not one value for each name, or no name.
        MissingDependencyError: matplotlib is not installed.

    Example:

        >>> figure = plot_importance(["size", "town"], [0.3, -0.1], low=[0.2, -0.2], high=[0.4, 0.0])
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['size', 'town']
    """
    values = np.asarray(values, float).reshape(-1)
    bounds = [None if one is None else np.asarray(one, float).reshape(-1) for one in (low, high)]
    if not len(names) or any(one is not None and len(one) != len(names) for one in (values, *bounds)):
        raise ShapeError(
            f"plot_importance: expected a value, and bounds if there are any, for each of the names. "
            f"Received: {len(values)} values for {len(names)} names"
        )
    figure = new_figure("plot_importance", 7.5, 1.1 + 0.32 * len(names), dpi)
    axes = figure.subplots()
    places = np.arange(len(names))
    axes.barh(places, values, color=np.where(values < 0, VERMILLION, BLUE).tolist(), height=0.65)
    if bounds[0] is not None and bounds[1] is not None:
        reach = [np.maximum(values - bounds[0], 0), np.maximum(bounds[1] - values, 0)]
        axes.errorbar(values, places, xerr=reach, fmt="none", ecolor="black", capsize=3, linewidth=1)
    axes.axvline(0, color=GRAY, linewidth=1)
    axes.set_yticks(places, [shortened(name, _LONGEST) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.locator_params(axis="x", nbins=6)
    if label:
        axes.set_xlabel(label)
    plain_axes(axes)
    if title:
        figure.suptitle(title, fontsize=13)
    return finish(figure, to_file)


def plot_dependence(
    curves: Sequence[Any],
    *,
    name: str | None = None,
    title: str | None = None,
    language: str | None = None,
    dpi: float = 120,
    to_file: Any = None,
) -> Any:
    """Draw how predictions move along columns, a panel for each.

    Args:
        curves: what `neurona.tabular.explain` gives as `dependences`: each has a name, points (numbers or
            texts), the names of its outputs, means (points, outputs), and low and high, between which half of
            the rows lie.
        name: what is predicted, for the axes.
        title, language, dpi, to_file: as in `plot_history`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        DataError: there are no curves.
        MissingDependencyError: matplotlib is not installed.

    Example:

        >>> from types import SimpleNamespace
        >>> means = np.array([[0.2], [0.4]])
        >>> curve = SimpleNamespace(
        ...     name="size", points=[1.0, 2.0], outputs=[""], means=means, low=means[:, 0], high=means[:, 0]
        ... )
        >>> len(plot_dependence([curve]).axes)
        1
    """
    if not curves:
        raise DataError("plot_dependence: expected at least one curve. Received: none")
    columns = min(2, len(curves))
    lines = -(-len(curves) // columns)
    figure = new_figure("plot_dependence", 4.6 * columns, 3.4 * lines, dpi)
    panels = np.ravel(figure.subplots(lines, columns, squeeze=False, sharey=True))
    for axes in panels[len(curves) :]:
        axes.remove()
    for place, (axes, curve) in enumerate(zip(panels, curves)):
        _draw_curve(axes, curve)
        if place % columns == 0:
            axes.set_ylabel(name or texts(language)["predicted_value"])
        plain_axes(axes)
    if title:
        figure.suptitle(title, fontsize=13)
    return finish(figure, to_file)


def _draw_curve(axes: Any, curve: Any) -> None:
    """Lines along numbers, with the band of half of the rows; points with whiskers of texts."""
    alone = len(curve.outputs) == 1
    if isinstance(curve.points[0], str):
        places = np.arange(len(curve.points))
        for number, output in enumerate(curve.outputs):
            axes.plot(places, curve.means[:, number], "o", color=_COLOURS[number % 5], label=output)
        if alone:
            axes.vlines(places, curve.low, curve.high, color=BLUE, alpha=0.35, linewidth=5)
        axes.set_xticks(places, [shortened(text, 14) for text in curve.points], rotation=35, ha="right")
        axes.margins(x=0.1)
    else:
        for number, output in enumerate(curve.outputs):
            axes.plot(curve.points, curve.means[:, number], color=_COLOURS[number % 5], label=output)
        if alone:
            axes.fill_between(curve.points, curve.low, curve.high, color=BLUE, alpha=0.18, linewidth=0)
        axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(shortened(curve.name, 40))
    if not alone:
        axes.legend(fontsize=8)
