"""`neurona train`: from a data set's name, or a file, to a trained model and its report."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import neurona as nn
from neurona.cli import table
from neurona.cli.folders import own_folder
from neurona.cli.interrupt import StopOnInterrupt
from neurona.cli.main import INTERRUPTED
from neurona.cli.texts import texts
from neurona.errors import ArgumentError
from neurona.evaluation import write_report
from neurona.tasks.labels import LABELS, WORDS, write_labels
from neurona.tasks.pictures import Pictures
from neurona.tasks.recipes import Recipe, build_model, choose
from neurona.tasks.report import report_of
from neurona.tasks.run import Run
from neurona.tasks.task import Task, load_task
from neurona.tasks.texts import Say

MODEL, HISTORY, REPORT = "model.keras", "history.csv", "report.html"


OF_NETWORKS = ("network", "epochs", "batch_size", "learning_rate", "samples")  # options of data sets alone
OF_BOTH = ("seed", "output", "language")


def run(*, dataset: str, **options: Any) -> int:
    """Train on a classic data set, or learn a table; returns the exit status.

    Raises:
        ArgumentError: an option is of no use for it; or as in `train_network` and `table.train`.
    """
    say, is_table = texts(options["language"]), table.is_file(dataset)
    own = {name for name in options if (name in OF_NETWORKS) != is_table} | {*OF_BOTH}
    for name, value in options.items():
        if name not in own and value not in (None, []):
            flag = "--model" if name == "network" else f"--{name.replace('_', '-')}"
            raise ArgumentError(
                say["table_no_option" if is_table else "dataset_no_option"].format(option=flag)
            )
    train = table.train if is_table else train_network
    return train(dataset, **{name: value for name, value in options.items() if name in own})


def train_network(
    dataset: str,
    *,
    language: str,
    network: str | None,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    seed: int,
    samples: int | None,
    output: Path | None,
) -> int:
    """Train, evaluate and write; returns the exit status.

    Raises:
        ArgumentError: there is no such data set or network.
        DownloadError: the data set is not on this machine and can't be downloaded.
        OSError: the folder can't be written.
    """
    say = texts(language)
    network, recipe = choose(dataset, network, language)
    recipe = dataclasses.replace(
        recipe,
        epochs=epochs or recipe.epochs,
        batch_size=batch_size or recipe.batch_size,
        learning_rate=recipe.learning_rate if learning_rate is None else learning_rate,  # 0 is asked for too
    )
    wanted = output or Path("neurona-output") / dataset
    folder = own_folder(wanted, MODEL)
    folder.mkdir(parents=True, exist_ok=True)
    if folder != wanted:
        print(say["folder_taken"].format(wanted=wanted, folder=folder))
    nn.utils.set_random_seed(seed)
    task = load_task(dataset, language, samples)
    model = build_model(task, network, recipe)
    model.summary()
    plan = {"rows": len(task.train[0]), "epochs": recipe.epochs, "batch": recipe.batch_size}
    print(say["begin_training"].format(network=network, dataset=dataset, **plan), flush=True)
    began = time.perf_counter()
    stop = _fit(model, task, recipe, folder, say)
    seconds = time.perf_counter() - began
    if not stop.trained:
        print(say["interrupted_early"])
        return INTERRUPTED
    model.save(folder / MODEL)
    write_labels(task.labels, task.words, folder)
    print(say["model_saved"].format(path=folder / MODEL), flush=True)
    interrupted_in = stop.epoch if stop.interrupted else None
    try:
        _evaluate(
            Run(task, network, recipe, model, seed, samples, seconds, language, interrupted_in), folder, say
        )
    except KeyboardInterrupt:
        print(say["interrupted_late"].format(path=folder / MODEL))
        return INTERRUPTED
    return INTERRUPTED if stop.interrupted else 0


def _fit(model: nn.Model, task: Task, recipe: Recipe, folder: Path, say: Say) -> StopOnInterrupt:
    """Train. The model gets back its weights of the epoch with the lowest validation loss. Ctrl-C ends it
    early; before the end of the first epoch the model keeps what it learned up to the last chunk.
    """
    stop = StopOnInterrupt(say["interrupting"])
    best = nn.callbacks.EarlyStopping(patience=recipe.epochs, restore_best_weights=True)
    with stop:
        try:
            model.fit(
                *task.train,
                batch_size=recipe.batch_size,
                epochs=recipe.epochs,
                validation_data=task.validation,
                validation_batch_size=Run.EVALUATION_BATCH,
                callbacks=[stop, best, nn.callbacks.CSVLogger(folder / HISTORY)],
            )
        except KeyboardInterrupt:
            stop.interrupted = True
    if best.best is not None:
        print(say["best_kept"].format(epoch=best.best_epoch + 1, loss=best.best))
    return stop


def _evaluate(finished: Run, folder: Path, say: Say) -> None:
    """Examine the model with the test examples, write pictures and report, and print figures and files."""
    headline = finished.headline()
    if finished.notice:
        print(finished.notice)
    print(say["evaluated"].format(rows=len(finished.task.test[0])))
    for name, value in headline:
        print(f"  {name}: {value}")
    pictures = Pictures(finished)
    pictures.write(folder)
    if pictures.missing:
        print(say["no_pictures"].format(reason=pictures.missing))
    write_report(report_of(finished, pictures), folder / REPORT)
    print(say["written"].format(folder=folder))
    for name in (MODEL, LABELS, WORDS, HISTORY, *Pictures.NAMES, REPORT):
        path = folder / name
        if path.is_file():
            print(f"  {name} ({nn.utils.bytes_text(path.stat().st_size)})")
