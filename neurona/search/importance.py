"""Which hyperparameters matter."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from neurona.search.space import Dimension
from neurona.search.trials import SearchTrial

_BINS = 4  # ranges of a number


def importances(
    trials: Sequence[SearchTrial], space: Mapping[str, Dimension], less: bool = True
) -> dict[str, float]:
    """How much each hyperparameter explains of how good trials are, the most first.

    The trials are ranked by what they reached, those that trained longer before those that were stopped. A
    hyperparameter's importance is the share of the ranks' variance that lies between its values, or between
    four ranges of as many trials, less what chance makes: omega squared, from 0 to 1.

    Args:
        trials: of a search.
        space: the `Dimension` of each hyperparameter.
        less: whether less is better.

    Source: Hays, Statistics for Psychologists, 1963.

    Example:

        >>> space = {"units": Dimension("choice", values=(4, 8)), "bias": Dimension("choice", values=(0, 1))}
        >>> tried = [
        ...     SearchTrial(n, {"units": 4 * (1 + n % 2), "bias": n // 2 % 2}, "complete", n % 2 + n / 99)
        ...     for n in range(12)
        ... ]
        >>> found = importances(tried, space)
        >>> list(found), found["units"] > 0.6, found["bias"] < 0.1
        (['units', 'bias'], True, True)
    """
    known = [trial for trial in trials if math.isfinite(trial.value)]
    if len(known) < 3:
        return dict.fromkeys(space, 0.0)
    ranks = np.empty(len(known))
    sign = -1 if less else 1
    order = sorted(range(len(known)), key=lambda place: (known[place].epochs, sign * known[place].value))
    ranks[order] = np.arange(len(known))
    found = {}
    for name, dimension in space.items():
        has = np.array([name in trial.values for trial in known])
        shares = [dimension.share_of(t.values[name]) for t in known if name in t.values]
        found[name] = _omega(_bins(np.array(shares), dimension), ranks[has])
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _bins(shares: np.ndarray, dimension: Dimension) -> np.ndarray:
    if dimension.kind == "choice" or len(np.unique(shares)) <= _BINS:
        return np.unique(shares, return_inverse=True)[1]
    places = np.argsort(np.argsort(shares, kind="stable"), kind="stable")
    return places * _BINS // len(shares)


def _omega(groups: np.ndarray, ranks: np.ndarray) -> float:
    """omega^2 = (SS_between - (k - 1) MS_within) / (SS_total + MS_within)."""
    count, kinds = len(ranks), len(np.unique(groups))
    if kinds < 2 or count <= kinds:
        return 0.0
    total = float(np.sum((ranks - ranks.mean()) ** 2))
    within = sum(
        float(np.sum((ranks[groups == g] - ranks[groups == g].mean()) ** 2)) for g in np.unique(groups)
    )
    error = within / (count - kinds)
    return max(0.0, (total - within - (kinds - 1) * error) / (total + error))
