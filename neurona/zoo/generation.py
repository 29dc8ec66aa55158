"""What networks that make new rows share: columns of one scale, data of known shape, pictures of samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.errors import ArgumentError
from neurona.plotting.figure import GRAY, new_figure
from neurona.zoo.estimator import Estimator
from neurona.zoo.pictures import COLOURS, picture_shape, pictures_figure

__all__: list[str] = []

_PICTURE = 8  # pixels on a side, at least
_ACROSS = 8  # pictures beside each other


class Generator(Estimator):
    """A network whose model learns columns of mean 0 and variance 1, and makes new rows of them.

    Attributes:
        mean_, scale_: of the columns; the scale of a constant column is 0.
    """

    units: Sequence[int]
    batch_size: int
    _counts: tuple[str, ...] = ()  # further parameters that are whole numbers above 0

    def _checked(self, X: Any, y: Any) -> tuple[Any, None]:
        self._check_sizes()
        rows, _ = super()._checked(X, y)
        self._batch_size = min(self.batch_size, len(rows))
        wide = rows.astype("float64")
        self.mean_, spread = wide.mean(axis=0), wide.std(axis=0)
        self.scale_ = np.where(np.ptp(wide, axis=0) > 0, spread, 0.0)
        return self._scaled(rows), None

    def _scaled(self, rows: np.ndarray) -> np.ndarray:
        """Rows in the scale of the model."""
        return ((rows - self.mean_) / np.where(self.scale_ > 0, self.scale_, 1)).astype("float32")

    def _check_sizes(self) -> None:
        """Refuse layers, batches and the like of no whole size."""
        layers = {f"units[{place}]": size for place, size in enumerate(self.units)}
        others = {name: getattr(self, name) for name in ("batch_size", *self._counts)}
        for name, size in {**layers, **others}.items():
            check_count(type(self).__name__, name, size)

    def _as_rows(self, drawn: Any) -> np.ndarray:
        """What the model makes, in the scale of the columns it learned from."""
        return (np.asarray(drawn, "float64") * self.scale_ + self.mean_).astype("float32")


def check_count(owner: str, name: str, size: Any) -> None:
    """Refuse what is no whole number above 0.

    Raises:
        ArgumentError: it is not.
    """
    if not (isinstance(size, int | np.integer) and size > 0):
        raise ArgumentError(f"{owner}: {name} is a whole number above 0. Received: {name}={size!r}")


def rings(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points on three rings around the origin, and the number of the ring of each.

    The radius is 1, 2 or 3, and normal around that with standard deviation 0.1.

    Shapes: -> (rows, 2), (rows,).

    Example:

        >>> points, numbers = rings(3)
        >>> np.linalg.norm(points, axis=1).round().tolist(), numbers.tolist()
        ([1.0, 2.0, 3.0], [0, 1, 2])
    """
    generator, numbers = np.random.default_rng(seed), np.arange(rows) % 3
    radii = numbers + 1 + 0.1 * generator.normal(size=rows)
    angles = 2 * np.pi * generator.random(rows)
    points = radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return points.astype("float32"), numbers


def energy_distance(X: np.ndarray, Y: np.ndarray) -> float:
    """2 mean |x - y| - mean |x - x'| - mean |y - y'|, over pairs of different rows: near 0 where both sets of
    rows are of one distribution.

    Source: Szekely and Rizzo, Energy statistics: a class of statistics based on distances, 2013.

    Example:

        >>> energy_distance(np.array([[0.0], [1.0]]), np.array([[5.0], [6.0]]))
        8.0
    """

    def total(A: np.ndarray, B: np.ndarray) -> float:
        return float(np.sqrt(((A[:, None] - B) ** 2).sum(axis=2)).sum())

    within = [total(A, A) / (len(A) * (len(A) - 1)) for A in (X, Y)]
    return 2 * total(X, Y) / (len(X) * len(Y)) - sum(within)


def samples_figure(sets: Sequence[np.ndarray], classes: Any, names: Sequence[str], title: str) -> Any:
    """Sets of samples beside each other: as points in the plane in which the last set varies most, or as
    pictures, a line for each set, where a row is a square of at least 8 x 8 pixels.

    Args:
        sets: each (rows, features).
        classes: of the rows, the same in all sets, for their colour; None for none.
        names: of the sets.
        title: of the figure.
    """
    height, width = picture_shape(sets[-1].shape[1])
    if height == width >= _PICTURE:
        shown = [one[:_ACROSS] for one in sets]
        titles = [name for name, one in zip(names, shown) for name in [name, *[""] * (len(one) - 1)]]
        return pictures_figure(np.concatenate(shown), titles, _ACROSS, title)
    middle, plane = sets[-1].mean(axis=0), np.eye(sets[-1].shape[1])
    if len(plane) > 2:
        plane = np.linalg.svd(sets[-1] - middle, full_matrices=False)[2][:2]
    figure = new_figure("plot", 3 * len(sets), 3.4, 120)
    panels = figure.subplots(1, len(sets), squeeze=False, sharex=True, sharey=True).ravel()
    for panel, rows, name in zip(panels, sets, names):
        places = (rows - middle) @ plane.T + middle @ plane.T
        places = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))  # one column lies on a line
        for number, label in enumerate([None] if classes is None else np.unique(classes)):
            chosen = places if label is None else places[classes == label]
            colour = GRAY if label is None else COLOURS[number % len(COLOURS)]
            panel.scatter(*chosen.T, s=5, alpha=0.6, color=colour, label=label)
        panel.set_title(name, fontsize=9)
        panel.set_aspect("equal")
    if classes is not None:
        panels[-1].legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), markerscale=3)
    figure.suptitle(title)
    return figure
