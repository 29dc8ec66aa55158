"""plot_trials: the trials of a search as lines through their hyperparameters."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.plotting.figure import finish, new_figure, plain_axes, shortened
from neurona.plotting.texts import texts

_LONGEST = 16


def plot_trials(
    trials: Sequence[Any],
    space: Mapping[str, Any],
    *,
    less: bool = True,
    label: str | None = None,
    title: str | None = None,
    language: str | None = None,
    dpi: float = 120,
    to_file: Any = None,
) -> Any:
    """Draw parallel coordinates: an axis for each hyperparameter, a line for each trial, in the colour of its
    place among the trials; the best are dark and above the others.

    Args:
        trials: of `neurona.search.search`: each has values and a value.
        space: their `Dimension`s by name.
        less: whether less is better.
        label: of the colours: what was searched for.
        title, language, dpi, to_file: as in `plot_history`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        DataError: no trial has a value.
        MissingDependencyError: matplotlib is not installed.

    Example:

        >>> from neurona.search import Dimension, SearchTrial
        >>> space = {"rate": Dimension("float", 0.01, 1.0, log=True), "units": Dimension("int", 1, 9)}
        >>> tried = [SearchTrial(n, {"rate": 0.1, "units": n + 1}, value=n / 9) for n in range(3)]
        >>> [one.get_text() for one in plot_trials(tried, space).axes[0].get_xticklabels()]
        ['rate', 'units']

    Source: Inselberg, The plane with parallel coordinates, The Visual Computer 1, 1985.
    """
    known = [trial for trial in trials if math.isfinite(trial.value)]
    if not known or not space:
        raise DataError("plot_trials: expected trials with values. Received: none")
    known.sort(key=lambda trial: trial.value, reverse=less)  # the best last, above the others
    figure = new_figure("plot_trials", 1.8 + 1.5 * len(space), 4.2, dpi)
    axes, table = figure.subplots(), texts(language)
    for trial, colour in zip(known, _colours(len(known))):
        heights = [
            one.share_of(trial.values[name]) if name in trial.values else np.nan
            for name, one in space.items()
        ]
        axes.plot(range(len(space)), heights, color=colour, linewidth=1.2, marker="o", markersize=2.5)
    for place, one in enumerate(space.values()):
        axes.axvline(place, color="black", linewidth=0.8)
        low, high = (one.values[0], one.values[-1]) if one.kind == "choice" else (one.low, one.high)
        axes.text(place, -0.03, f"{low:.4g}" if isinstance(low, float) else str(low), ha="center", va="top")
        axes.text(
            place, 1.03, f"{high:.4g}" if isinstance(high, float) else str(high), ha="center", va="bottom"
        )
    axes.set_xticks(range(len(space)), [shortened(name, _LONGEST) for name in space])
    axes.tick_params(axis="x", pad=16)
    axes.set_yticks([])
    axes.set_ylim(-0.02, 1.02)
    axes.set_ylabel(f"{table['dark_is_better']}: {label}" if label else table["dark_is_better"])
    plain_axes(axes)
    figure.suptitle(title or " ", fontsize=13)
    return finish(figure, to_file)


def _colours(count: int) -> list[tuple[float, float, float]]:
    """From a light gray of the worst to a dark blue of the best."""
    light, dark = np.array([0.87, 0.87, 0.87]), np.array([0.0, 0.25, 0.45])
    shares = np.linspace(0, 1, count) ** 2 if count > 1 else [1.0]
    return [tuple((1 - share) * light + share * dark) for share in shares]
