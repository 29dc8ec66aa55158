"""One contender at work, in a separate process.

    python -m benchmarks.contender NAME WORKLOAD    # the workload's fields as JSON

The frameworks stay warm for all kinds of work but "process" and "start": the process writes a line when it
is ready, then does a round for each line "round" that it reads, and judges its network for a line "score".
For "process" and "start" it works once and ends. Every line that it writes is JSON: {"seconds": {measure:
seconds}}, {"score": number}, or both.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from benchmarks import data
from benchmarks.workloads import SEARCHED, Workload

Round = Callable[[], dict[str, float]]  # does a round's work and returns the seconds of each measure


def framework(name: str) -> Callable[..., Any]:
    """Import a contender's framework; the result makes a model from a workload, inputs and labels."""
    if name == "scikit-learn":
        return importlib.import_module("benchmarks.sklearn_models").Model
    if name.startswith("torch"):
        return partial(
            importlib.import_module("benchmarks.torch_models").Model, compiled=name == "torch-compile"
        )
    if name.startswith("keras-"):
        os.environ["KERAS_BACKEND"] = name.removeprefix("keras-")
    library = importlib.import_module("neurona" if name.startswith("neurona") else "keras")
    return partial(importlib.import_module("benchmarks.keras_models").Model, library)


def seconds_of(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def score(predictions: np.ndarray, labels: np.ndarray, workload: Workload) -> float:
    """Accuracy; for numbers R², 1 - squared error / variance; for a single number the prediction itself."""
    predictions = np.asarray(predictions)
    if len(labels) == 1:
        return float(predictions[0, 0])
    if workload.loss == "mean_squared_error":
        return float(1 - np.mean((predictions - labels) ** 2) / np.var(labels))
    guesses = predictions > 0.5 if workload.loss == "binary_crossentropy" else predictions.argmax(1)
    return float(np.mean(guesses == labels))


def training(name: str, workload: Workload) -> tuple[Round, Callable[[], float]]:
    """A round is `workload.epochs` epochs; the score is that of data which the network has not seen."""
    x, y, x_test, y_test = data.load(workload)
    model = framework(name)(workload, x, y)
    return (
        lambda: {"epoch": seconds_of(lambda: model.fit(workload.epochs)) / workload.epochs},
        lambda: score(model.predict(x_test), y_test, workload),
    )


def prediction(name: str, workload: Workload) -> Round:
    """A round is half a second of calls, two at least; their median counts."""
    x, y, x_test, _ = data.load(replace(workload, rows=1000))
    model = framework(name)(workload, x, y)
    model.fit(1)
    rows = x_test[: workload.rows]

    def calls() -> dict[str, float]:
        seconds: list[float] = []
        while len(seconds) < 2 or sum(seconds) < 0.5:
            seconds.append(seconds_of(lambda: model.predict(rows)))
        return {"call": median(seconds)}

    return calls


def search(name: str, workload: Workload) -> Round:
    """A round trains one new network, then SEARCHED new ones in the way that the framework offers."""
    x, y, _, _ = data.load(workload)
    make = framework(name)

    def one() -> None:
        make(workload, x, y).fit(workload.epochs)

    def many() -> None:
        for _ in range(SEARCHED):
            one()

    if name == "neurona":
        neurona = importlib.import_module("neurona")
        many = partial(importlib.import_module("benchmarks.keras_models").search, neurona, workload, x, y)
    elif name == "scikit-learn":
        many = partial(importlib.import_module("benchmarks.sklearn_models").search, workload, x, y)
    return lambda: {"one network": seconds_of(one), f"{SEARCHED} networks": seconds_of(many)}


def costs(name: str, workload: Workload) -> Round:
    """A round is the same epochs in several circumstances: see `benchmarks.costs`."""
    x, y, _, _ = data.load(workload)
    return importlib.import_module("benchmarks.costs").measures(framework(name), workload, x, y)


def process(name: str, workload: Workload, answer: Callable[..., None]) -> None:
    """Import, build, train and predict, twice. The parent process takes the time until the first answer."""
    x, y, x_test, y_test = data.load(workload)
    make = framework(name)

    def whole() -> float:
        model = make(workload, x, y)
        model.fit(workload.epochs)
        return score(model.predict(x_test), y_test, workload)

    answer(score=whole())
    answer(seconds={"second fit": seconds_of(whole)})


def start(name: str, workload: Workload, answer: Callable[..., None]) -> None:
    """How long the import takes, and then building, compiling and fitting a first model."""
    x, y, _, _ = data.load(workload)
    loading = seconds_of(lambda: framework(name))
    make = framework(name)
    fitting = seconds_of(lambda: make(workload, x, y).fit(workload.epochs))
    answer(seconds={"import and first fit": loading + fitting, "import": loading, "first fit": fitting})


def ceiling() -> Round:
    """Not a contender: the arithmetic of this machine, a product of 2048 x 2048 matrices, fp32."""
    a, b = np.random.default_rng(0).normal(size=(2, 2048, 2048)).astype("float32")
    return lambda: {"product": seconds_of(lambda: a @ b)}


def main(name: str, settings: str) -> None:
    workload = Workload.from_json(json.loads(settings))
    output = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a framework prints must not mix with the answers

    def answer(**fields: Any) -> None:
        print(json.dumps(fields), file=output)

    if workload.kind in ("process", "start"):
        {"process": process, "start": start}[workload.kind](name, workload, answer)
        return
    judge = None
    if workload.kind == "ceiling":
        work = ceiling()
    elif workload.kind == "zoo":
        work, judge = importlib.import_module("benchmarks.zoo").race(name, workload)
    elif workload.kind == "training":
        work, judge = training(name, workload)
    else:
        work = {"prediction": prediction, "search": search, "costs": costs}[workload.kind](name, workload)
    answer()
    for line in sys.stdin:
        if line.strip() == "round":
            answer(seconds=work())
        elif judge:
            answer(score=judge())


if __name__ == "__main__":
    main(*sys.argv[1:])
