"""A finished training: what was trained and how, and how well the model does on the test examples."""

import dataclasses
import functools
import shlex
from typing import ClassVar

import numpy as np

import neurona as nn
from neurona.evaluation import (
    Classification,
    Regression,
    classification_figures,
    regression_figures,
)
from neurona.language import Figure
from neurona.tasks.recipes import Recipe
from neurona.tasks.task import Task
from neurona.tasks.texts import Say, texts


@dataclasses.dataclass
class Run:
    """A finished training.

    Attributes:
        task, network, recipe, model, seed, samples: what was trained, and how.
        seconds: how long it took.
        language: of everything that is written.
        interrupted_in: the epoch, from 1, in which the user stopped it; None where it ended as planned.
    """

    EVALUATION_BATCH: ClassVar = 256

    task: Task
    network: str
    recipe: Recipe
    model: nn.Model
    seed: int
    samples: int | None
    seconds: float
    language: str
    interrupted_in: int | None = None

    @property
    def say(self) -> Say:
        """The texts in the run's language."""
        return texts(self.language)

    @property
    def logs(self) -> dict[str, list[float]]:
        """The figures of every epoch."""
        history = self.model.history
        return {} if history is None else history.history

    @functools.cached_property
    def predictions(self) -> np.ndarray:
        """What the model predicts for the test examples."""
        return np.asarray(self.model.predict(self.task.test[0], batch_size=self.EVALUATION_BATCH, verbose=0))

    @functools.cached_property
    def figures(self) -> Classification | Regression:
        """The figures of the predictions."""
        truth, classes = self.task.test[1], self.task.labels.classes
        if classes is None:
            return regression_figures(truth, self.predictions)
        return classification_figures(truth, self.predictions, classes)

    @property
    def notice(self) -> str:
        """A sentence that says in which epoch training was interrupted; empty where it was not."""
        if self.interrupted_in is None:
            return ""
        return self.say["interrupted_at"].format(epoch=self.interrupted_in, epochs=self.recipe.epochs)

    def headline(self) -> list[tuple[str, str]]:
        """The main figures on test examples, as (name, value)."""
        figures = self.figures
        if isinstance(figures, Classification):
            values = {"accuracy": figures.accuracy, "f1": figures.macro.f1}
        else:
            values = {"figure_r2": figures.r2, "figure_mae": figures.mae, "figure_rmse": figures.rmse}
        return [(self.say[name], Figure(f"{value:.4f}")) for name, value in values.items()]

    def command(self) -> str:
        """The command that repeats the training."""
        options = {
            "--model": self.network,
            "--epochs": self.recipe.epochs,
            "--batch-size": self.recipe.batch_size,
            "--learning-rate": self.recipe.learning_rate,
            "--seed": self.seed,
        }
        if self.samples:
            options["--samples"] = self.samples
        if self.task.source and self.task.labels.features:
            height, width, _ = self.task.train[0].shape[1:]
            options |= {"--target": self.task.labels.target, "--images": f"{height}x{width}"}
        elif self.task.source and self.task.labels.kind == "image":
            height, width, _ = self.task.train[0].shape[1:]
            options["--images"] = f"{height}x{width}"
        dataset = self.task.source or self.task.name
        words = ["neurona", "train", dataset, *(word for pair in options.items() for word in pair)]
        return shlex.join(map(str, words))
