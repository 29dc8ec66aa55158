"""The report of a finished training."""

import dataclasses
import platform
from collections.abc import Sequence
from datetime import datetime

import jax
import numpy as np

import neurona as nn
from neurona.evaluation import Classification, Picture, Report, Table
from neurona.language import Figure
from neurona.tasks.pictures import EXAMPLES_SHOWN, Pictures
from neurona.tasks.run import Run

Section = tuple[str, Sequence[Table | Picture | str | bytes]]  # a heading and what stands under it


def report_of(run: Run, pictures: Pictures) -> Report:
    """The report of a run, with its pictures where there are any."""
    say, task, model = run.say, run.task, run.model
    parts = {"train": task.train, "validation": task.validation, "test": task.test}
    counts = {name: len(part[0]) for name, part in parts.items()}
    sections = [
        *([(say["data"], task.notes)] if task.notes else []),
        *_curves(run, pictures),
        *_examination(run, pictures),
        _predictions(run, pictures),
        _mistakes(run, pictures),
        _layers(run, pictures),
        _reproduction(run),
    ]
    return Report(
        title=say["report_title"].format(dataset=task.name),
        lead=say["report_lead"].format(network=run.network, dataset=task.name, **counts),
        figures=[
            *run.headline(),
            (say["figure_seconds"], Figure(f"{run.seconds:.1f} s")),
            (say["figure_parameters"], Figure(f"{model.count_params():,}")),
        ],
        sections=[
            (heading, blocks or [pictures.missing])
            for heading, blocks in sections
            if blocks or pictures.missing
        ],
        version=nn.__version__,
        date=datetime.now().strftime("%Y-%m-%d %H:%M"),
        notice=run.notice,
        language=run.language,
    )


def _curves(run: Run, pictures: Pictures) -> list[Section]:
    """The learning curves, where an epoch was finished."""
    if not run.logs:
        return []
    loss = run.logs["loss"]
    metrics = ", ".join(name for name in run.logs if not name.startswith("val_"))
    alternative = run.say["curves_alternative"].format(metrics=metrics, epochs=len(loss), last=loss[-1])
    watched = run.logs.get("val_loss", loss)
    meaning = run.say["curves_meaning"].format(best=int(np.argmin(watched)) + 1, epochs=len(loss))
    return [(run.say["curves"], pictures.get("curves.png", alternative, meaning))]


def _examination(run: Run, pictures: Pictures) -> list[Section]:
    """How well the model does on the test examples."""
    say, figures = run.say, run.figures
    if not isinstance(figures, Classification):
        alternative = say["residuals_alternative"].format(count=figures.count, r2=figures.r2)
        meaning = say["residuals_meaning"].format(r2=figures.r2, mae=figures.mae)
        return [(say["residuals"], pictures.get("residuals.png", alternative, meaning))]
    names, worst = [one.name for one in figures.classes], say["confusion_perfect"]
    mistakes = figures.matrix - np.diag(np.diag(figures.matrix))
    if mistakes.any():
        true, predicted = np.unravel_index(mistakes.argmax(), mistakes.shape)
        worst = say["predicted_as"].format(
            true=names[true],
            predicted=names[predicted],
            count=mistakes.max(),
            total=figures.matrix[true].sum(),
        )
    alternative = say["confusion_alternative"].format(classes=len(names), worst=worst)
    count = int(figures.matrix.sum())
    meaning = say["confusion_meaning"].format(
        right=np.trace(figures.matrix) / max(count, 1), count=count, worst=worst
    )
    averages = [
        dataclasses.replace(figures.macro, name=say["average_macro"]),
        dataclasses.replace(figures.weighted, name=say["average_weighted"]),
    ]
    rows = [dataclasses.astuple(one) for one in (*figures.classes, *averages)]
    header = [say[name] for name in ("class", "precision", "recall", "f1", "support")]
    return [
        (say["confusion"], pictures.get("confusion_matrix.png", alternative, meaning)),
        (say["per_class"], [Table(header, rows)]),
    ]


def _predictions(run: Run, pictures: Pictures) -> Section:
    """Some test examples with what the model predicts."""
    count = min(EXAMPLES_SHOWN, len(run.task.test[0]))
    alternative = run.say["predictions_alternative"].format(count=count)
    meaning = run.say["predictions_meaning"]
    return run.say["predictions"], pictures.get("predictions.png", alternative, meaning)


def _mistakes(run: Run, pictures: Pictures) -> Section:
    """The test examples that the model is most wrong about."""
    alternative = run.say["mistakes_alternative"].format(count=EXAMPLES_SHOWN)
    return run.say["mistakes"], pictures.get("mistakes.png", alternative, run.say["mistakes_meaning"])


def _layers(run: Run, pictures: Pictures) -> Section:
    """The model's layers, as a table and as a diagram."""
    say, layers = run.say, run.model.layers
    kinds = [type(layer).__name__ for layer in layers]
    rows = [
        (f"{layer.name} ({kind})", str(tuple(layer.output.shape)), layer.count_params())
        for layer, kind in zip(layers, kinds)
    ]
    table = Table([say["layer"], say["shape"], say["figure_parameters"]], rows)
    alternative = say["model_alternative"].format(layers=", ".join(kinds))
    return say["model"], [table, *pictures.get("model.png", alternative, say["model_meaning"])]


def _reproduction(run: Run) -> Section:
    """The command that repeats the training, and the versions it ran with."""
    versions = {"neurona": nn.__version__, "jax": jax.__version__, "Python": platform.python_version()}
    named = [f"{name} {version}" for name, version in versions.items()]
    return run.say["reproduce"], [f"{run.command()}\n".encode(), ", ".join([*named, platform.platform()])]
