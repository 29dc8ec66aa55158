"""`neurona predict`: what a saved model says about files."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

import neurona as nn
from neurona.cli.inputs import examples_from
from neurona.cli.labels import Labels, read_labels, read_words
from neurona.cli.texts import texts
from neurona.core.errors import DataError
from neurona.evaluation.classification import predicted_labels
from neurona.saving.atomic import atomic_path

_ROWS_SHOWN = 20


def run(*, language: str, model: Path, files: list[Path], output: Path | None, invert: bool | None) -> int:
    """Print predictions and, where asked for, write them all into a CSV file; returns the exit status.

    Raises: SavingError when the model can't be read; DataError when a file does not fit it.
    """
    say = texts(language)
    loaded = nn.models.load_model(model, compile=False)
    labels, words = read_labels(model), read_words(model)
    shape = loaded.input_shape
    if not isinstance(shape, tuple) or not all(size is None or isinstance(size, int) for size in shape):
        raise DataError(f"{model}: neurona predict takes models with one input. This one takes {shape}.")
    header: list[str] = []
    table: list[list[Any]] = []
    for file in files:
        examples, names = examples_from(file, shape[1:], labels, words, invert, say)
        predictions = np.asarray(loaded.predict(examples, batch_size=256, verbose=0))
        header, rows = _rows(
            predictions.reshape(len(predictions), -1), _looks_like_classes(loaded, labels), labels, say
        )
        table += [[name, *row] for name, row in zip(names, rows)]
    _show(header, table, say)
    if output is not None:
        with atomic_path(output) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([say["row"], *header])
            writer.writerows(table)
        print(say["predictions_written"].format(path=output))
    return 0


def _looks_like_classes(model: Any, labels: Labels) -> bool:
    """Whether the outputs are probabilities: known from labels.json, else from the last layer's
    activation.
    """
    if labels.kind or labels.classes:
        return labels.classes is not None
    activation = getattr(model.layers[-1], "activation", None)
    return getattr(activation, "__name__", "") in ("softmax", "sigmoid")


def _rows(
    predictions: np.ndarray, classes: bool, labels: Labels, say: Any
) -> tuple[list[str], list[list[Any]]]:
    """The columns of the answers, and for every example its class and probabilities, or its numbers."""
    if not classes:
        names = (
            [labels.target or say["value"]]
            if predictions.shape[1] == 1
            else [f"{say['value']} {n}" for n in range(predictions.shape[1])]
        )
        return names, [[float(value) for value in row] for row in predictions]
    guess = predicted_labels(predictions)
    if predictions.shape[1] == 1:
        predictions = np.concatenate([1 - predictions, predictions], axis=1)
    names = labels.classes or [str(number) for number in range(predictions.shape[1])]
    if len(names) != predictions.shape[1]:
        raise DataError(
            f"labels.json has {len(names)} classes. The model has {predictions.shape[1]} outputs."
        )
    header = [say["class"].lower(), say["probability"], *names]
    return header, [
        [names[label], float(row[label]), *map(float, row)] for label, row in zip(guess, predictions)
    ]


def _show(header: list[str], table: list[list[Any]], say: Any) -> None:
    """Print the first answers: a class with its probability, or numbers."""
    width = max(len(row[0]) for row in table[:_ROWS_SHOWN])
    if not isinstance(table[0][1], str):
        print(f"{'':<{width}}  {'  '.join(header)}")
    for name, *answer in table[:_ROWS_SHOWN]:
        if isinstance(answer[0], str):
            said = f"{answer[0]} ({answer[1]:.1%})"
        else:
            said = "  ".join(f"{value:.4g}" for value in answer)
        print(f"{name:<{width}}  {said}")
    if len(table) > _ROWS_SHOWN:
        print(say["more_rows"].format(count=len(table) - _ROWS_SHOWN))
