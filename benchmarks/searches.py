"""How many configurations a search tries in a minute, and how good the best one is: `neurona.search`, the
same through one program one after another, and Optuna with scikit-learn.

python -m benchmarks.searches iris|housing|mnist [--trials 200]

CPU time of the process is given beside the clock's, since other programs may use the machine.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import neurona as nn
from neurona.search import SearchResult, places, search

Data = tuple[np.ndarray, np.ndarray]
# The rows, the epochs, the rows of a batch, and the units of the hidden layers.
SETS = {"iris": (100, 16, (16,)), "housing": (20, 256, (64, 64)), "mnist": (1, 128, (128,))}

# Neurona as it chooses, with halving, with Optuna's TPE; one after another, and all at once.
RUNS = ("search", "halving", "optuna", "alone", "stacked")


def load(name: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows, targets, and how many classes; 1 for numbers."""
    if name == "iris":
        x, y = nn.datasets.iris.load_data()[0]
    elif name == "housing":
        x, y = nn.datasets.california_housing.load_data()[0]
    else:
        x, y = nn.datasets.mnist.load_data()[0]
        return x.reshape(len(x), -1).astype("float32") / 255, y.astype("int32"), 10
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype("float32")
    if name == "iris":
        return x, y.astype("int32"), 3
    return x, ((y - y.mean()) / y.std()).astype("float32").reshape(-1, 1), 1


def builder(features: int, outputs: int, hidden: tuple[int, ...]) -> Callable[[Any], nn.Model]:
    """The space: the learning rate, from 1e-4 to 0.03."""

    def build(hp: Any) -> nn.Model:
        layers = [nn.layers.Dense(units, activation="relu") for units in hidden]
        last = nn.layers.Dense(outputs, activation="softmax" if outputs > 1 else None)
        model = nn.Sequential([nn.Input((features,)), *layers, last])
        rate = hp.Float("learning_rate", 1e-4, 0.03, sampling="log")
        model.compile(nn.optimizers.Adam(rate), "sparse_categorical_crossentropy" if outputs > 1 else "mse")
        return model

    return build


def ours(name: str, data: Any, trials: int, folds: int | None, **options: Any) -> SearchResult:
    """A search with Neurona, all trials trained to the end unless halving is asked for."""
    x, y, outputs = data
    epochs, batch, hidden = SETS[name]
    arguments = {"trials": trials, "epochs": epochs, "batch_size": batch, "folds": folds, "halving": None}
    return search(builder(x.shape[1], outputs, hidden), x, y, **{**arguments, **options})


def theirs(name: str, data: Any, trials: int, folds: int | None) -> float:
    """The best loss that Optuna's TPE finds with scikit-learn's networks."""
    import optuna
    from sklearn.metrics import log_loss, mean_squared_error
    from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    x, y, outputs = data
    epochs, batch, hidden = SETS[name]
    kind = MLPClassifier if outputs > 1 else MLPRegressor
    if folds:
        cut = StratifiedKFold if outputs > 1 else KFold
        splits = list(cut(folds, shuffle=True, random_state=0).split(x, y))
    else:
        splits = [train_test_split(np.arange(len(x)), test_size=0.2, random_state=0)]

    def value(trial: Any) -> float:
        rate, found = trial.suggest_float("learning_rate", 1e-4, 0.03, log=True), []
        for known, tested in splits:
            network = kind(hidden, learning_rate_init=rate, batch_size=batch, max_iter=epochs, alpha=0.0)
            network.set_params(n_iter_no_change=epochs, tol=0.0, random_state=trial.number)
            network.fit(x[known], y[known].ravel())
            if outputs > 1:
                found.append(log_loss(y[tested], network.predict_proba(x[tested]), labels=range(outputs)))
            else:
                found.append(mean_squared_error(y[tested], network.predict(x[tested])))
        return float(np.mean(found))

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(value, n_trials=trials)
    return study.best_value


def timed(run: Callable[[], Any]) -> tuple[Any, float, float]:
    """What a function returns, and its seconds by the clock and of CPU."""
    clock, cpu = time.perf_counter(), time.process_time()
    found = run()
    return found, time.perf_counter() - clock, time.process_time() - cpu


def report(who: str, trials: int, best: float, clock: float, cpu: float) -> None:
    """Print a line."""
    figures = {"who": who, "trials": trials, "best": round(best, 4), "seconds": round(clock, 1)}
    figures |= {"cpu_seconds": round(cpu, 1), "per_cpu_minute": round(60 * trials / cpu, 1)}
    print(json.dumps(figures), flush=True)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=SETS)
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--folds", type=int)
    parser.add_argument("--runs", nargs="*", default=RUNS, choices=RUNS)
    parser.add_argument("--peer", type=int, default=0, help="trials of Optuna with scikit-learn")
    given = parser.parse_args()
    data = load(given.name)
    runs: dict[str, dict[str, Any]] = {
        "search": {},
        "halving": {"halving": 3},
        "optuna": {"sampler": "optuna"},
    }
    for who, options in runs.items():
        if who not in given.runs:
            continue
        found, clock, cpu = timed(
            lambda options=options: ours(given.name, data, given.trials, given.folds, **options)
        )
        report(who, given.trials, found.best.value, clock, cpu)
    for who, choice in (("alone", False), ("stacked", True)):
        if who in given.runs:
            places.CHOICE = choice
            found, clock, cpu = timed(lambda: ours(given.name, data, given.trials, given.folds))
            report(who, given.trials, found.best.value, clock, cpu)
    if given.peer:
        best, clock, cpu = timed(lambda: theirs(given.name, data, given.peer, given.folds))
        report("Optuna + scikit-learn", given.peer, best if math.isfinite(best) else math.nan, clock, cpu)


if __name__ == "__main__":
    main()
