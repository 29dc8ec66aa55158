"""Hidden Markov models, beside hmmlearn's in its faster implementation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.workloads import Workload
from benchmarks.zoo.race import Race

STATES, COLUMNS, KINDS, STEPS, ROUNDS = 5, 3, 10, 1000, 20


@dataclass(frozen=True)
class Sequences:
    """Signs one below another, and how long each sequence is."""

    signs: np.ndarray
    lengths: list[int]


@dataclass(frozen=True)
class Parameters:
    """What was learned: the first state, the next one, and log P of a sign (samples, states)."""

    start: np.ndarray
    transition: np.ndarray
    log_signs: Callable[[np.ndarray], np.ndarray]


def drawn(workload: Workload, gaussian: bool) -> Sequences:
    """Sequences of a model whose states last for some steps and overlap in what they show."""
    random = np.random.default_rng(0)
    count = workload.rows // STEPS
    transition = 0.8 * np.eye(STATES) + 0.2 * random.dirichlet(np.ones(STATES), STATES)
    means, table = random.normal(0, 2, (STATES, COLUMNS)), random.dirichlet(np.ones(KINDS) / 2, STATES)
    states = np.empty((STEPS, count), int)
    states[0] = random.integers(STATES, size=count)
    for step in range(1, STEPS):
        states[step] = _choose(transition[states[step - 1]], random)
    hidden = states.T.reshape(-1)
    if gaussian:
        signs = means[hidden] + random.normal(size=(len(hidden), COLUMNS))
    else:
        signs = _choose(table[hidden], random)[:, None]
    return Sequences(signs, [STEPS] * count)


def _choose(probabilities: np.ndarray, random: Any) -> np.ndarray:
    """One of each row's possibilities."""
    return (probabilities.cumsum(1) < random.random((len(probabilities), 1))).sum(1)


def gaussian(means: np.ndarray, variances: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The log density of rows in each state, (rows, states)."""
    away = (x[:, None] - means) ** 2 / variances + np.log(2 * np.pi * variances)
    return -0.5 * away.sum(axis=2)


def categorical(table: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.log(table.T[x[:, 0]] + 1e-300)


def neurona_gaussian(rows: Sequences, seed: int) -> Parameters:
    from neurona.zoo import GaussianHiddenMarkov

    model = GaussianHiddenMarkov(STATES, epochs=ROUNDS, tol=-np.inf, random_state=seed)
    model.fit(rows.signs, rows.lengths)
    return Parameters(model.startprob_, model.transmat_, partial(gaussian, model.means_, model.variances_))


def hmmlearn_gaussian(rows: Sequences, seed: int) -> Parameters:
    from hmmlearn.hmm import GaussianHMM

    model = GaussianHMM(STATES, n_iter=ROUNDS, tol=-np.inf, random_state=seed, implementation="scaling")
    model.fit(rows.signs, rows.lengths)
    variances = np.diagonal(model.covars_, axis1=1, axis2=2)
    return Parameters(model.startprob_, model.transmat_, partial(gaussian, model.means_, variances))


def neurona_categorical(rows: Sequences, seed: int) -> Parameters:
    from neurona.zoo import CategoricalHiddenMarkov

    model = CategoricalHiddenMarkov(STATES, epochs=ROUNDS, tol=-np.inf, random_state=seed)
    model.fit(rows.signs, rows.lengths)
    return Parameters(model.startprob_, model.transmat_, partial(categorical, model.emissionprob_))


def hmmlearn_categorical(rows: Sequences, seed: int) -> Parameters:
    from hmmlearn.hmm import CategoricalHMM

    model = CategoricalHMM(STATES, n_iter=ROUNDS, tol=-np.inf, random_state=seed, implementation="scaling")
    model.fit(rows.signs, rows.lengths)
    return Parameters(model.startprob_, model.transmat_, partial(categorical, model.emissionprob_))


def log_likelihood(learned: Parameters, rows: Sequences) -> float:
    """log P of the sequences by the forward algorithm, per step."""
    count = len(rows.lengths)
    log_signs = learned.log_signs(rows.signs).reshape(count, STEPS, STATES)
    peaks = log_signs.max(axis=2, keepdims=True)
    signs, total = np.exp(log_signs - peaks), peaks.sum()
    forward = learned.start * signs[:, 0]
    for step in range(STEPS):
        if step:
            forward = (forward @ learned.transition) * signs[:, step]
        mass = forward.sum(axis=1, keepdims=True)
        forward, total = forward / mass, total + np.log(mass).sum()
    return float(total / (count * STEPS))


RACES = {
    "hidden-gaussian": Race(
        partial(drawn, gaussian=True),
        {"neurona": neurona_gaussian, "hmmlearn": hmmlearn_gaussian},
        log_likelihood,
    ),
    "hidden-categorical": Race(
        partial(drawn, gaussian=False),
        {"neurona": neurona_categorical, "hmmlearn": hmmlearn_categorical},
        log_likelihood,
    ),
}
