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
    chosen = _examples(y, run.predictions, labels.classes)
    reverse = {number: word for word, number in (task.words or {}).items()}
    shown["predictions.png"] = plot_predictions(
        y[chosen],
        run.predictions[chosen],
        images=x[chosen] if labels.kind == "image" else None,
        examples=[text_of(row, reverse) for row in x[chosen]] if task.words else None,
        class_names=labels.classes,
        name=labels.target or None,
        count=EXAMPLES_SHOWN,
        language=language,
    )
    of_pixels = labels.kind == "image" and x.shape[-1] == 1 and run.network in ("linear", "mlp")
    shown["weights.png"] = plot_weights(
        run.model, image_shape=x.shape[1:3] if of_pixels else None, language=language
    )
    return shown


def _examples(y: np.ndarray, predictions: np.ndarray, classes: list[str] | None) -> np.ndarray:
    """Rows of the test examples to show: the first ones, and up to a third of them mistakes."""
    if classes is None:
        return np.arange(min(EXAMPLES_SHOWN, len(y)))
    wrong = np.flatnonzero(predicted_labels(predictions) != y.reshape(-1))[: EXAMPLES_SHOWN // 3]
    others = np.setdiff1d(np.arange(len(y)), wrong)[: EXAMPLES_SHOWN - len(wrong)]
    return np.concatenate([others, wrong])
