"""Restricted Boltzmann machines, beside scikit-learn's."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks import data
from benchmarks.workloads import Workload
from benchmarks.zoo.race import Race

Weights = tuple[np.ndarray, np.ndarray, np.ndarray]  # W (hidden, visible), biases of both


def binary_digits(workload: Workload) -> data.Arrays:
    """The digits of MNIST in black and white."""
    x, y, x_test, y_test = data.load(workload)
    return (x > 0.5).astype("float32"), y, (x_test > 0.5).astype("float32"), y_test


def neurona(rows: data.Arrays, seed: int, units: int, epochs: int, **options: Any) -> Weights:
    from neurona.zoo import RestrictedBoltzmann

    machine = RestrictedBoltzmann(units, epochs=epochs, persistent=True, random_state=seed, **options)
    machine.fit(rows[0])
    return machine.components_, machine.intercept_hidden_, machine.intercept_visible_


def scikit_learn(rows: data.Arrays, seed: int, units: int, epochs: int, **options: Any) -> Weights:
    from sklearn.neural_network import BernoulliRBM

    machine = BernoulliRBM(units, n_iter=epochs, random_state=seed, **options).fit(rows[0])
    return machine.components_, machine.intercept_hidden_, machine.intercept_visible_


def pseudo_likelihood(weights: Weights, rows: data.Arrays) -> float:
    """The mean log pseudo-likelihood of the first 1,000 test rows, every unit turned over in its turn."""
    kernel, hidden, visible = (np.asarray(part, "float64") for part in weights)
    x = np.asarray(rows[2][:1000], "float64")
    total, received = np.zeros(len(x)), x @ kernel.T + hidden

    def free(v: np.ndarray, received: np.ndarray) -> np.ndarray:
        return -v @ visible - np.logaddexp(0, received).sum(1)

    now = free(x, received)
    for unit in range(x.shape[1]):
        turned = x.copy()
        turned[:, unit] = 1 - turned[:, unit]
        change = (turned - x)[:, unit : unit + 1] * kernel[:, unit]
        total -= np.logaddexp(0, now - free(turned, received + change))
    return float(total.mean())


_SETTINGS = {"units": 500, "epochs": 5, "learning_rate": 0.05, "batch_size": 100}
_FITS = {"neurona": neurona, "scikit-learn": scikit_learn}
RACES = {
    "boltzmann": Race(
        binary_digits,
        {name: partial(fit, **_SETTINGS) for name, fit in _FITS.items()},
        pseudo_likelihood,
    )
}
