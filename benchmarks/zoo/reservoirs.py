"""Echo state networks, beside ReservoirPy's."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.workloads import Workload
from benchmarks.zoo.race import Race

RUNS, KNOWN, AHEAD = 50, 1000, 84  # free runs, the steps before each, and the step that is judged


@dataclass(frozen=True)
class Series:
    """A series to learn, and the raw one that goes on after it."""

    learned: np.ndarray
    later: np.ndarray


@dataclass(frozen=True)
class Tenth:
    """Inputs and targets of NARMA-10: to learn, and to test."""

    inputs: np.ndarray
    targets: np.ndarray
    test_inputs: np.ndarray
    test_targets: np.ndarray


def mackey_glass(workload: Workload) -> Series:
    """dy/dt = 0.2 y(t - 17) / (1 + y(t - 17)**10) - 0.1 y by Euler steps of 0.1, every tenth kept, less 1 and
    squashed by tanh, as Jaeger did.
    """
    steps = workload.rows + RUNS * 50 + KNOWN + AHEAD
    y = np.full(10 * (steps + 200), 1.2)
    for now in range(170, len(y) - 1):
        late = y[now - 170]
        y[now + 1] = y[now] + 0.1 * (0.2 * late / (1 + late**10) - 0.1 * y[now])
    series = np.tanh(y[2000::10] - 1)
    return Series(series[: workload.rows], series[workload.rows :])


def narma(workload: Workload) -> Tenth:
    """y(n+1) = 0.3 y(n) + 0.05 y(n) (y(n) + ... + y(n-9)) + 1.5 u(n-9) u(n) + 0.1."""
    count = workload.rows + workload.test_rows
    u = np.random.default_rng(0).uniform(0, 0.5, count + 200)
    y = np.zeros(len(u))
    for n in range(10, len(u) - 1):
        y[n + 1] = 0.3 * y[n] + 0.05 * y[n] * y[n - 9 : n + 1].sum() + 1.5 * u[n - 9] * u[n] + 0.1
    u, y = u[199:-1], y[200:]
    return Tenth(u[: workload.rows], y[: workload.rows], u[workload.rows :], y[workload.rows :])


def neurona_free(rows: Series, seed: int) -> np.ndarray:
    """How the network goes on after each of the known stretches, (runs, AHEAD)."""
    from neurona.zoo import EchoState

    network = EchoState(1000, 0.9, leak=0.44, bias_scale=0.2, ridge=1e-9, random_state=seed)
    network.fit(rows.learned)
    return network.generate(AHEAD, _known(rows)[:, :, None])[:, :, 0]


def reservoirpy_free(rows: Series, seed: int) -> np.ndarray:
    from reservoirpy.nodes import Reservoir, Ridge

    reservoir = Reservoir(
        1000, sr=0.9, lr=0.44, bias=0.2, rc_connectivity=0.01, input_connectivity=1.0, seed=seed
    )
    model = reservoir >> Ridge(ridge=1e-10)
    series = rows.learned[:, None]
    model.fit(series[:-1], series[1:], warmup=100)
    made = []
    for known in _known(rows):
        model.reset()
        y = model.run(known[:, None])[-1:]
        steps = [y]
        for _ in range(AHEAD - 1):
            y = np.atleast_2d(model.run(y))
            steps.append(y)
        made.append(np.concatenate(steps)[:, 0])
    return np.array(made)


def _known(rows: Series) -> np.ndarray:
    return np.stack([rows.later[50 * run : 50 * run + KNOWN] for run in range(RUNS)])


def last_error(made: np.ndarray, rows: Series) -> float:
    """The error of step 84 in the raw series, over its deviation (NRMSE84)."""
    truth = np.array([rows.later[50 * run + KNOWN + AHEAD - 1] for run in range(RUNS)])
    raw, wrong = np.arctanh(truth), np.arctanh(np.clip(made[:, -1], -0.999999, 0.999999))
    return float(np.sqrt(np.mean((wrong - raw) ** 2) / np.arctanh(rows.learned).var()))


def neurona_narma(rows: Tenth, seed: int) -> np.ndarray:
    from neurona.zoo import EchoState

    network = EchoState(1000, 0.9, input_scale=0.2, bias_scale=0.0, ridge=1e-8, random_state=seed)
    return network.fit(rows.inputs, rows.targets).predict(rows.test_inputs)


def reservoirpy_narma(rows: Tenth, seed: int) -> np.ndarray:
    from reservoirpy.nodes import Reservoir, Ridge

    model = Reservoir(1000, sr=0.9, input_scaling=0.2, bias=0.0, seed=seed) >> Ridge(ridge=1e-8)
    model.fit(rows.inputs[:, None], rows.targets[:, None], warmup=100)
    model.reset()
    return np.asarray(model.run(rows.test_inputs[:, None]))[:, 0]


def relative_error(made: Any, rows: Tenth) -> float:
    """The error after the first 100 steps, over the deviation of the targets (NRMSE)."""
    wrong = np.ravel(made)[100:] - rows.test_targets[100:]
    return float(np.sqrt(np.mean(wrong**2) / rows.test_targets[100:].var()))


RACES = {
    "echo-state": Race(mackey_glass, {"neurona": neurona_free, "reservoirpy": reservoirpy_free}, last_error),
    "narma": Race(narma, {"neurona": neurona_narma, "reservoirpy": reservoirpy_narma}, relative_error),
}
