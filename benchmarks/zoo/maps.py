"""Kohonen's maps: beside MiniSom, which learns row by row, and XPySom, which learns in batches."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks import data
from benchmarks.workloads import Workload
from benchmarks.zoo.race import Race, standardized


def neurona(rows: data.Arrays, seed: int, side: int, epochs: int, **options: Any) -> np.ndarray:
    """The prototypes of Neurona's map."""
    from neurona.zoo import SelfOrganizingMap

    som = SelfOrganizingMap(side, side, epochs=epochs, initial="random", random_state=seed, **options)
    return som.fit(rows[0]).prototypes_


def minisom(rows: data.Arrays, seed: int, side: int, epochs: int, sigma: float) -> np.ndarray:
    """The prototypes of MiniSom's map, which takes its rows at random."""
    from minisom import MiniSom

    x = rows[0]
    som = MiniSom(side, side, x.shape[1], sigma=sigma, learning_rate=0.5, random_seed=seed)
    som.random_weights_init(x)
    som.train_random(x, epochs * len(x))
    return som.get_weights().reshape(side * side, -1)


def xpysom(
    rows: data.Arrays, seed: int, side: int, epochs: int, sigma: float, last_sigma: float
) -> np.ndarray:
    """The prototypes of XPySom's map. Its Gaussian is half as wide as its sigma says."""
    from xpysom import XPySom

    x = rows[0]
    som = XPySom(side, side, x.shape[1], sigma=2 * sigma, sigmaN=2 * last_sigma, random_seed=seed, xp=np)
    som.train(x, epochs)
    return som.get_weights().reshape(side * side, -1)


def quantization_error(prototypes: np.ndarray, rows: data.Arrays) -> float:
    """The mean distance of 10,000 rows from the nearest prototype."""
    x = np.asarray(rows[0][:10_000], "float64")
    squares = (x**2).sum(1)[:, None] - 2 * x @ prototypes.T + (prototypes**2).sum(1)
    return float(np.sqrt(np.maximum(squares.min(1), 0)).mean())


def uniform(workload: Workload) -> data.Arrays:
    """Rows of 16 uniform columns."""
    x = np.random.default_rng(0).random((workload.rows, 16), dtype="float32")
    return x, x[:0], x[:0], x[:0]


def _batch_race(rows: Any, side: int, epochs: int, sigma: float, last_sigma: float) -> Race:
    radii = {"sigma": sigma, "last_sigma": last_sigma}
    fits = {"neurona": neurona, "xpysom": xpysom}
    return Race(
        rows,
        {name: partial(fit, side=side, epochs=epochs, **radii) for name, fit in fits.items()},
        quantization_error,
    )


RACES = {
    "map-online": Race(
        standardized,
        {
            "neurona": partial(neurona, side=7, epochs=67, method="online", sigma=1.5, last_sigma=0.45),
            "minisom": partial(minisom, side=7, epochs=67, sigma=1.5),
        },
        quantization_error,
    ),
    "map-batch": _batch_race(standardized, side=7, epochs=67, sigma=0.75, last_sigma=0.5),
    "map-digits": _batch_race(data.load, side=20, epochs=10, sigma=5.0, last_sigma=0.5),
    "map-rows": _batch_race(uniform, side=30, epochs=1, sigma=7.5, last_sigma=0.5),
}
