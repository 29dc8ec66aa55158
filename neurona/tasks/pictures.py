"""The pictures of a finished training."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from neurona.errors import MissingDependencyError
from neurona.evaluation import Classification, Picture, predicted_labels
from neurona.plotting import (
    plot_confusion_matrix,
    plot_history,
    plot_model,
    plot_predictions,
    plot_residuals,
    plot_weights,
    png,
)
from neurona.tasks.run import Run
from neurona.tasks.task import text_of

EXAMPLES_SHOWN = 18


class Pictures:
    """The pictures of a run, each as PNG.

    Attributes:
        found: the bytes of every picture by its file's name.
        missing: why there are no pictures, where matplotlib is not installed; else empty.
    """

    NAMES: ClassVar = (
        "model.png",
        "curves.png",
        "confusion_matrix.png",
        "residuals.png",
        "predictions.png",
        "mistakes.png",
        "weights.png",
    )

    def __init__(self, run: Run) -> None:
        self.found: dict[str, bytes] = {}
        self.missing = ""
        try:
            self.found = {name: png(figure) for name, figure in _figures(run).items()}
        except MissingDependencyError as error:
            self.missing = str(error)

    def write(self, folder: Path) -> None:
        """Write all pictures into a folder."""
        for name, content in self.found.items():
            (folder / name).write_bytes(content)

    def get(self, name: str, alternative: str, meaning: str) -> list[Picture]:
        """A picture for the report, in a list that is empty where there is none.

        Args:
            name: of its file.
            alternative: what the picture shows, for people who do not see it.
            meaning: a sentence below it that says how to read it, and what it says.
        """
        return [Picture(self.found[name], alternative, meaning)] if name in self.found else []


def _figures(run: Run) -> dict[str, Any]:
    """A matplotlib figure for the name of each picture that the run has."""
    task, labels, language = run.task, run.task.labels, run.language
    x, y = task.test
    shown = {
        "model.png": plot_model(
            run.model, None, show_shapes=True, show_layer_activations=True, dpi=110, language=language
        )
    }
    if run.logs:
        shown["curves.png"] = plot_history(run.logs, language=language)
    if isinstance(run.figures, Classification):
        shown["confusion_matrix.png"] = plot_confusion_matrix(
            run.figures.matrix, labels.classes, language=language
        )
    else:
        shown["residuals.png"] = plot_residuals(y, run.predictions, name=labels.target, language=language)
    drawn = np.sort(np.random.default_rng(run.seed).permutation(len(y))[:EXAMPLES_SHOWN])
    shown["predictions.png"] = _plotted(run, drawn)
    if len(worst := worst_rows(y, run.predictions, labels.classes)):
        shown["mistakes.png"] = _plotted(run, worst, run.say["mistakes"])
    of_pixels = labels.kind == "image" and x.shape[-1] == 1 and run.network in ("linear", "mlp")
    shown["weights.png"] = plot_weights(
        run.model, image_shape=x.shape[1:3] if of_pixels else None, language=language
    )
    return shown


def _plotted(run: Run, rows: np.ndarray, title: str | None = None) -> Any:
    """A figure of some test examples, with what the model predicts."""
    task, labels, (x, y) = run.task, run.task.labels, run.task.test
    words = {number: word for word, number in (task.words or {}).items()}
    return plot_predictions(
        y[rows],
        run.predictions[rows],
        images=x[rows] if labels.kind == "image" else None,
        examples=[text_of(row, words) for row in x[rows]] if task.words else None,
        class_names=labels.classes,
        name=labels.target or None,
        count=EXAMPLES_SHOWN,
        title=title,
        language=run.language,
    )


def worst_rows(y: np.ndarray, predictions: np.ndarray, classes: list[str] | None) -> np.ndarray:
    """The rows that the model is most wrong about, the worst first: of classes those whose true class it
    holds for least likely, of numbers the largest errors.

    Example:

        >>> worst_rows(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]]), ["a", "b"])
        array([1, 2])
    """
    y = y.reshape(-1)
    if classes is None:
        return np.argsort(-np.abs(predictions.reshape(-1) - y), kind="stable")[:EXAMPLES_SHOWN]
    if predictions.shape[1] == 1:
        predictions = np.concatenate([1 - predictions, predictions], axis=1)
    wrong = np.flatnonzero(predicted_labels(predictions) != y)
    likely = predictions[wrong, y[wrong].astype(int)]
    return wrong[np.argsort(likely, kind="stable")][:EXAMPLES_SHOWN]
