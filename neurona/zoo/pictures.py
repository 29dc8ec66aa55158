"""What several networks draw: rows of numbers as pictures."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.plotting.figure import (
    BLUE,
    GRAY,
    GREEN,
    ORANGE,
    PURPLE,
    VERMILLION,
    matplotlib_module,
    new_figure,
)

COLOURS = (VERMILLION, BLUE, GREEN, ORANGE, PURPLE)
_COLUMNS = 5


def picture_shape(size: int) -> tuple[int, int]:
    """The height and width of the picture that so many numbers make: square where they can, else a strip.

    Example:

        >>> picture_shape(784), picture_shape(500), picture_shape(7)
        ((28, 28), (20, 25), (1, 7))
    """
    height = next(side for side in range(int(size**0.5), 0, -1) if size % side == 0)
    return height, size // height


def weights_figure(weights: np.ndarray, names: Sequence[Any], title: str) -> Any:
    """The weights of each neuron, (neurons, inputs): pictures of squares of at least 8 x 8, and else bars."""
    height, width = picture_shape(weights.shape[1])
    if height >= 8 and height == width:
        return pictures_figure(weights, [str(name) for name in names], _COLUMNS, title)
    figure = new_figure("plot", 6, 0.8 + 1.5 * len(weights), 120)
    for panel, name, row in zip(figure.subplots(len(weights), 1, squeeze=False).ravel(), names, weights):
        panel.bar(np.arange(1, len(row) + 1), row, color=BLUE)
        panel.axhline(0, color=GRAY, linewidth=0.8)
        panel.set_ylabel(str(name))
        panel.xaxis.get_major_locator().set_params(integer=True)
    figure.suptitle(title)
    return figure


def pictures_figure(rows: np.ndarray, titles: Sequence[str], columns: int, title: str) -> Any:
    """Rows of numbers as pictures, red above 0 and blue below, `columns` beside each other."""
    columns = min(columns, len(rows))
    lines = -(-len(rows) // columns)
    high, wide = picture_shape(rows.shape[1])
    figure = new_figure("plot", 0.6 + 1.7 * columns, 0.6 + (0.3 + 1.7 * high / wide) * lines, 120)
    largest = np.abs(rows).max() or 1.0
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel in panels:
        panel.set_axis_off()
    for panel, row, text in zip(panels, rows, titles):
        panel.imshow(row.reshape(picture_shape(len(row))), cmap="RdBu_r", vmin=-largest, vmax=largest)
        panel.set_title(text, fontsize=9)
    figure.suptitle(title)
    return figure


def tiles_of(positions: np.ndarray, corners: int, heights: np.ndarray) -> Any:
    """Squares or hexagons around positions that are 1 apart, shaded by their heights."""
    angles = 2 * np.pi * (np.arange(corners) + 0.5) / corners
    corner = np.stack([np.cos(angles), np.sin(angles)], axis=1) / (2 * np.cos(np.pi / corners))
    make = matplotlib_module("collections", "plot").PolyCollection
    tiles = make(positions[:, None] + corner, cmap="bone_r", edgecolors="white", linewidths=0.8)
    tiles.set_array(heights)
    return tiles


def points_figure(prototypes: np.ndarray, owners: Any, rows: Any, classes: Any, title: str) -> Any:
    """Prototypes and rows in the plane in which the prototypes vary most, in a colour for each class."""
    middle = prototypes.mean(axis=0)
    plane = np.linalg.svd(prototypes - middle, full_matrices=False)[2][:2]
    figure = new_figure("plot", 6, 5, 120)
    axes = figure.subplots()
    if rows is not None:
        _scatter(axes, (np.asarray(rows) - middle) @ plane.T, classes, {"s": 12, "alpha": 0.6})
    stars = {"s": 140, "marker": "*", "edgecolors": "black", "linewidths": 0.8}
    _scatter(axes, (prototypes - middle) @ plane.T, owners, stars, named=owners is not None)
    axes.set_title(title)
    return figure


def _scatter(axes: Any, places: np.ndarray, classes: Any, style: dict[str, Any], named: bool = False) -> None:
    """Points, in a colour for each class."""
    places = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))  # one column lies on a line
    classes = np.zeros(len(places)) if classes is None else np.asarray(classes)
    for number, label in enumerate(np.unique(classes)):
        colour = COLOURS[number % len(COLOURS)]
        axes.scatter(*places[classes == label].T, color=colour, label=str(label) if named else None, **style)
    if named:
        axes.legend(frameon=False)
