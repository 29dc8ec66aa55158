"""What a training leaves behind: pictures and the report."""

import dataclasses
import platform
import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import jax
import numpy as np

import neurona as nn
from neurona.cli.data import Data, text_of
from neurona.cli.recipes import Recipe
from neurona.cli.texts import texts
from neurona.core.errors import MissingDependencyError
from neurona.evaluation import Classification, Picture, Regression, Report, Table
from neurona.plotting import (
    plot_confusion_matrix,
    plot_history,
    plot_model,
    plot_predictions,
    plot_residuals,
    plot_weights,
    png,
)

_EXAMPLES = 18


@dataclasses.dataclass
class Run:
    """A training that is over.

    Attributes:
        data, network, recipe, model, seed, samples: what was trained, and how.
        seconds: how long it took.
        language: of everything that is written.
        interrupted_in: the epoch, from 1, in which Ctrl-C ended it; None where it went through.
    """

    data: Data
    network: str
    recipe: Recipe
    model: Any
    seed: int
    samples: int | None
    seconds: float
    language: str
    interrupted_in: int | None

    @property
    def say(self) -> Mapping[str, str]:
        """The texts in the run's language."""
        return texts(self.language)

    @property
    def logs(self) -> dict[str, list[float]]:
        """The figures of every epoch."""
        return self.model.history.history

    @property
    def notice(self) -> str:
        """What to say where training was interrupted."""
        if self.interrupted_in is None:
            return ""
        return self.say["interrupted_at"].format(epoch=self.interrupted_in, epochs=self.recipe.epochs)

    def headline(self, figures: Classification | Regression) -> list[tuple[str, str]]:
        """The main figures on test examples, as (name, value)."""
        if isinstance(figures, Classification):
            return [
                (self.say["accuracy"], f"{figures.accuracy:.4f}"),
                (self.say["f1"], f"{figures.macro.f1:.4f}"),
            ]
        values = {"figure_r2": figures.r2, "figure_mae": figures.mae, "figure_rmse": figures.rmse}
        return [(self.say[name], f"{value:.4f}") for name, value in values.items()]

    def command(self) -> str:
        """The command that does it again."""
        recipe = self.recipe
        words = [
            "neurona",
            "train",
            self.data.name,
            "--model",
            self.network,
            "--epochs",
            recipe.epochs,
            "--batch-size",
            recipe.batch_size,
        ]
        words += ["--learning-rate", recipe.learning_rate, "--seed", self.seed]
        return shlex.join(map(str, words + (["--samples", self.samples] if self.samples else [])))


class Pictures:
    """The pictures of a run, each as PNG.

    Attributes:
        found: for every file's name, its bytes.
        missing: why there are none, where matplotlib is not installed.
    """

    NAMES: ClassVar = (
        "model.png",
        "curves.png",
        "confusion_matrix.png",
        "residuals.png",
        "predictions.png",
        "weights.png",
    )

    def __init__(self, run: Run, predictions: np.ndarray, figures: Classification | Regression) -> None:
        self.found: dict[str, bytes] = {}
        self.missing = ""
        try:
            self._draw(run, predictions, figures)
        except MissingDependencyError as error:
            self.missing = str(error)

    def _draw(self, run: Run, predictions: np.ndarray, figures: Classification | Regression) -> None:
        data = run.data
        options: dict[str, Any] = {"language": run.language}
        shown: dict[str, Any] = {}
        shown["model.png"] = plot_model(
            run.model, None, show_shapes=True, show_layer_activations=True, dpi=110, **options
        )
        if run.logs:
            shown["curves.png"] = plot_history(run.logs, **options)
        x, y = data.test
        if isinstance(figures, Classification):
            shown["confusion_matrix.png"] = plot_confusion_matrix(figures.matrix, data.classes, **options)
        else:
            shown["residuals.png"] = plot_residuals(y, predictions, name=data.target, **options)
        chosen = _examples(y, predictions, data.classes)
        reverse = {number: word for word, number in (data.words or {}).items()}
        shown["predictions.png"] = plot_predictions(
            y[chosen],
            predictions[chosen],
            images=x[chosen] if data.kind == "image" else None,
            examples=[text_of(row, reverse) for row in x[chosen]] if data.words else None,
            class_names=data.classes,
            name=data.target or None,
            count=_EXAMPLES,
            **options,
        )
        flat = data.kind == "image" and x.shape[-1] == 1 and run.network in ("linear", "mlp")
        shown["weights.png"] = plot_weights(run.model, image_shape=x.shape[1:3] if flat else None, **options)
        self.found = {name: png(figure) for name, figure in shown.items()}

    def write(self, folder: Path) -> None:
        """Write all pictures into a folder."""
        for name, content in self.found.items():
            (folder / name).write_bytes(content)

    def get(self, name: str, alternative: str) -> list[Picture]:
        """A picture for the report, in a list that is empty where there is none."""
        return [Picture(self.found[name], alternative)] if name in self.found else []


def _examples(y: np.ndarray, predictions: np.ndarray, classes: list[str] | None) -> np.ndarray:
    """Which test examples to show: a third of them mistakes, where there are so many; the others as they
    come.
    """
    if classes is None:
        return np.arange(min(_EXAMPLES, len(y)))
    guess = predictions.argmax(axis=1) if predictions.shape[1] > 1 else (predictions[:, 0] > 0.5).astype(int)
    wrong = np.flatnonzero(guess != y.reshape(-1))[: _EXAMPLES // 3]
    others = np.setdiff1d(np.arange(len(y)), wrong)[: _EXAMPLES - len(wrong)]
    return np.concatenate([others, wrong])


def report_of(run: Run, figures: Classification | Regression, pictures: Pictures) -> Report:
    """The report of a run."""
    say, data, model = run.say, run.data, run.model
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    counts = {name: len(part[0]) for name, part in parts.items()}
    kinds = [type(layer).__name__ for layer in model.layers]
    table = [
        (f"{layer.name} ({kind})", str(tuple(layer.output.shape)), layer.count_params())
        for layer, kind in zip(model.layers, kinds)
    ]
    sections: list[Any] = []
    if run.logs:
        metrics = ", ".join(name for name in run.logs if not name.startswith("val_"))
        last = {"metrics": metrics, "epochs": len(run.logs["loss"]), "last": run.logs["loss"][-1]}
        sections.append((say["curves"], pictures.get("curves.png", say["curves_alternative"].format(**last))))
    sections += _examination(run, figures, pictures)
    shown = pictures.get(
        "predictions.png", say["predictions_alternative"].format(count=min(_EXAMPLES, counts["test"]))
    )
    sections.append((say["predictions"], shown))
    layers = Table([say["layer"], say["shape"], say["figure_parameters"]], table)
    sections.append(
        (
            say["model"],
            [layers, *pictures.get("model.png", say["model_alternative"].format(layers=", ".join(kinds)))],
        )
    )
    versions = f"neurona {nn.__version__}, jax {jax.__version__}, Python {platform.python_version()}, {platform.platform()}"
    sections.append((say["reproduce"], [f"{run.command()}\n".encode(), versions]))
    return Report(
        title=say["report_title"].format(dataset=data.name),
        lead=say["report_lead"].format(network=run.network, dataset=data.name, **counts),
        figures=[
            *run.headline(figures),
            (say["figure_seconds"], f"{run.seconds:.1f} s"),
            (say["figure_parameters"], f"{model.count_params():,}"),
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


def _examination(run: Run, figures: Classification | Regression, pictures: Pictures) -> list[Any]:
    """The sections about the test examples."""
    say = run.say
    if isinstance(figures, Regression):
        alternative = say["residuals_alternative"].format(count=figures.count, r2=figures.r2)
        return [(say["residuals"], pictures.get("residuals.png", alternative))]
    mistakes = figures.matrix - np.diag(np.diag(figures.matrix))
    true, predicted = np.unravel_index(mistakes.argmax(), mistakes.shape)
    names, worst = [one.name for one in figures.classes], say["confusion_perfect"]
    if mistakes.any():
        worst = say["predicted_as"].format(true=names[true], predicted=names[predicted], count=mistakes.max())
    alternative = say["confusion_alternative"].format(classes=len(names), worst=worst)
    averages = [
        dataclasses.replace(figures.macro, name=say["average_macro"]),
        dataclasses.replace(figures.weighted, name=say["average_weighted"]),
    ]
    rows = [dataclasses.astuple(one) for one in (*figures.classes, *averages)]
    header = [say[name] for name in ("class", "precision", "recall", "f1", "support")]
    return [
        (say["confusion"], pictures.get("confusion_matrix.png", alternative)),
        (say["per_class"], [Table(header, rows)]),
    ]
