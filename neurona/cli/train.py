"""`neurona train`: from a data set's name to a trained model and its report."""

import dataclasses
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import neurona as nn
from neurona.cli.data import Data, load
from neurona.cli.interrupt import StopOnInterrupt
from neurona.cli.labels import LABELS, WORDS, write_labels
from neurona.cli.main import DATASETS, INTERRUPTED
from neurona.cli.outputs import Pictures, Run, report_of
from neurona.cli.recipes import Recipe, build_model, networks_for
from neurona.cli.texts import texts
from neurona.core.errors import ArgumentError, suggestion
from neurona.evaluation import (
    Classification,
    Regression,
    classification_figures,
    regression_figures,
    write_report,
)
from neurona.models.summary import bytes_text

MODEL, HISTORY, REPORT = "model.keras", "history.csv", "report.html"
_EVALUATION_BATCH = 256


def run(
    *,
    language: str,
    dataset: str,
    network: str | None,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    seed: int,
    samples: int | None,
    output: Path | None,
) -> int:
    """Train, evaluate, write; returns the exit status.

    Raises: ArgumentError for a data set or network that there is not; DownloadError when the data can't be
        had; OSError when the folder can't be written.
    """
    say = texts(language)
    network, recipe = _choose(dataset, network, say)
    recipe = dataclasses.replace(
        recipe,
        epochs=epochs or recipe.epochs,
        batch_size=batch_size or recipe.batch_size,
        learning_rate=learning_rate or recipe.learning_rate,
    )
    folder = output or Path("neurona-output") / dataset
    folder.mkdir(parents=True, exist_ok=True)
    nn.utils.set_random_seed(seed)
    print(say["loading"].format(dataset=dataset), flush=True)
    data = load(dataset, language, samples)
    model = build_model(data, network, recipe, recipe.learning_rate)
    model.summary()
    rows = len(data.train[0])
    print(
        say["begin_training"].format(
            network=network, dataset=dataset, rows=rows, epochs=recipe.epochs, batch=recipe.batch_size
        ),
        flush=True,
    )
    began = time.perf_counter()
    stop = _fit(model, data, recipe, folder, say)
    seconds = time.perf_counter() - began
    if not stop.trained:
        print(say["interrupted_early"])
        return INTERRUPTED
    _discard_older(folder)
    model.save(folder / MODEL)
    write_labels(data, folder)
    print(say["model_saved"].format(path=folder / MODEL), flush=True)
    try:
        finished = Run(
            data,
            network,
            recipe,
            model,
            seed,
            samples,
            seconds,
            language,
            stop.epoch if stop.interrupted else None,
        )
        _evaluate(finished, folder)
    except KeyboardInterrupt:
        print(say["interrupted_late"].format(path=folder / MODEL))
        return INTERRUPTED
    return INTERRUPTED if stop.interrupted else 0


def _choose(dataset: str, network: str | None, say: Any) -> tuple[str, Recipe]:
    if dataset not in DATASETS:
        hint = _hint(dataset, DATASETS, say)
        raise ArgumentError(
            say["unknown_dataset"].format(datasets=", ".join(DATASETS), dataset=dataset, hint=hint)
        )
    known = networks_for(dataset)
    chosen = network or next(iter(known))
    if chosen not in known:
        hint = _hint(chosen, known, say)
        raise ArgumentError(
            say["unknown_network"].format(
                dataset=dataset, networks=", ".join(known), network=chosen, hint=hint
            )
        )
    return chosen, known[chosen]


def _hint(name: str, known: Iterable[str], say: Any) -> str:
    return suggestion(name, known).replace("Did you mean", say["did_you_mean"])


def _fit(model: Any, data: Data, recipe: Recipe, folder: Path, say: Any) -> StopOnInterrupt:
    """Train; Ctrl-C ends it early, and the model then holds what it learned up to the last chunk."""
    stop = StopOnInterrupt(say["interrupting"])
    logger = nn.callbacks.CSVLogger(folder / HISTORY)
    with stop:
        try:
            model.fit(
                *data.train,
                batch_size=recipe.batch_size,
                epochs=recipe.epochs,
                validation_data=data.validation,
                validation_batch_size=_EVALUATION_BATCH,
                callbacks=[stop, logger],
            )
        except KeyboardInterrupt:
            stop.interrupted = True
    return stop


def _discard_older(folder: Path) -> None:
    """Remove what an earlier run wrote about another model."""
    for name in (MODEL, LABELS, WORDS, REPORT, *Pictures.NAMES):
        (folder / name).unlink(missing_ok=True)


def _evaluate(run: Run, folder: Path) -> None:
    """Examine the model with the test examples; write pictures and the report; say what was found and where
    it is.
    """
    say, (x, y) = run.say, run.data.test
    predictions = np.asarray(run.model.predict(x, batch_size=_EVALUATION_BATCH, verbose=0))
    figures: Classification | Regression = (
        regression_figures(y, predictions)
        if run.data.classes is None
        else classification_figures(y, predictions, run.data.classes)
    )
    if run.notice:
        print(run.notice)
    print(say["evaluated"].format(rows=len(x)))
    for name, value in run.headline(figures):
        print(f"  {name}: {value}")
    pictures = Pictures(run, predictions, figures)
    pictures.write(folder)
    if pictures.missing:
        print(say["no_pictures"].format(reason=pictures.missing))
    write_report(report_of(run, figures, pictures), folder / REPORT)
    print(say["written"].format(folder=folder))
    for name in (MODEL, LABELS, WORDS, HISTORY, *Pictures.NAMES, REPORT):
        path = folder / name
        if path.is_file():
            print(f"  {name} ({bytes_text(path.stat().st_size)})")
