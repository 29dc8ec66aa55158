"""`neurona train`: from a data set's name, or a file, to a trained model and its report."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import neurona as nn
from neurona.cli import table
from neurona.cli.folders import MODEL, own_folder
from neurona.cli.interrupt import StopOnInterrupt
from neurona.cli.main import INTERRUPTED
from neurona.cli.texts import texts
from neurona.errors import ArgumentError
from neurona.evaluation import write_report
from neurona.language import spelled
from neurona.tasks.labels import LABELS, WORDS, write_labels
from neurona.tasks.pictures import Pictures
from neurona.tasks.recipes import Recipe, build_model, choose, choose_own
from neurona.tasks.report import report_of
from neurona.tasks.run import Run
from neurona.tasks.sources import load_folder, load_pixels, size_of
from neurona.tasks.task import Task, load_task
from neurona.tasks.texts import Say

HISTORY, REPORT = "history.csv", "report.html"


OF_ALL = ("seed", "output", "language")
OF_NETWORKS = (*OF_ALL, "network", "epochs", "batch_size", "learning_rate", "samples")
_NO_USE = {
    "dataset": "dataset_no_option",
    "folder": "folder_no_option",
    "pixels": "pixels_no_option",
    "table": "table_no_option",
}


def run(*, dataset: str, **options: Any) -> int:
    """Train on a classic data set, a folder of images or texts, or a table; returns the exit status.

    Raises:
        ArgumentError: an option is of no use for it; or as in `train_network` and `table.train`.
    """
    kind = _kind(dataset, options["images"])
    own = {
        "dataset": {*OF_NETWORKS},
        "folder": {*OF_NETWORKS, "images"},
        "pixels": {*OF_NETWORKS, "images", "target"},
        "table": {name for name in options if name not in (*OF_NETWORKS, "images")} | {*OF_ALL},
    }[kind]
    for name, value in options.items():
        if name not in own and value not in (None, []):
            flag = "--model" if name == "network" else f"--{name.replace('_', '-')}"
            raise ArgumentError(texts(options["language"])[_NO_USE[kind]].format(option=flag))
    train = table.train if kind == "table" else train_network
    return train(dataset, **{name: value for name, value in options.items() if name in own})


def _kind(dataset: str, images: str | None) -> str:
    """Of what is given: "dataset", "folder", "pixels" (a table of them) or "table"."""
    if not table.is_file(dataset):
        return "dataset"
    if Path(dataset).is_dir():
        return "folder"
    return "table" if images is None else "pixels"


def _chosen(
    dataset: str,
    network: str | None,
    language: str,
    samples: int | None,
    images: str | None,
    target: str | None,
    seed: int,
) -> tuple[Task, str, Recipe]:
    """The task of a data set, of a folder, or of a table of pixels, and the network that learns it.

    Raises:
        ArgumentError: there is no such data set or network, or no target of a table.
    """
    say, kind, path = texts(language), _kind(dataset, images), Path(dataset)
    if kind == "dataset":
        network, recipe = choose(dataset, network, language)  # before data are fetched
        if path.exists():
            print(say["also_a_file"].format(dataset=dataset, path=path.absolute()))
        return load_task(dataset, language, samples), network, recipe
    size = None if images is None else size_of(images)
    if kind == "folder":
        task = load_folder(path, language, samples, size, seed)
    elif size is None or target is None:
        raise ArgumentError(say["pixels_no_target"])
    else:
        task = load_pixels(path, target, language, samples, size, seed)
    print("\n".join(task.notes), flush=True)
    return task, *choose_own(task, network, language)


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
    images: str | None = None,
    target: str | None = None,
) -> int:
    """Train, evaluate and write; returns the exit status.

    Raises:
        ArgumentError: there is no such data set or network.
        DataError: a folder has no classes of images or texts, or a table no pixels.
        DownloadError: the data set is not on this machine and can't be downloaded.
        OSError: the folder can't be written.
    """
    say = texts(language)
    task, network, recipe = _chosen(dataset, network, language, samples, images, target, seed)
    recipe = dataclasses.replace(
        recipe,
        epochs=epochs or recipe.epochs,
        batch_size=batch_size or recipe.batch_size,
        learning_rate=recipe.learning_rate if learning_rate is None else learning_rate,  # 0 is asked for too
    )
    wanted = output or Path("neurona-output") / task.name
    folder = own_folder(wanted, MODEL)
    folder.mkdir(parents=True, exist_ok=True)
    if folder != wanted:
        print(say["folder_taken"].format(wanted=wanted, folder=folder))
    nn.utils.set_random_seed(seed)
    model = build_model(task, network, recipe)
    model.summary()
    plan = {"rows": len(task.train[0]), "epochs": recipe.epochs, "batch": recipe.batch_size}
    print(say["begin_training"].format(network=network, dataset=task.name, **plan), flush=True)
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
        print(f"  {name}: {spelled(value, finished.language)}")
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
