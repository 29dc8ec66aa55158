"""`neurona predict`: the predictions of a saved model for files."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

import neurona as nn
from neurona.cli import table as tables
from neurona.cli.folders import MODEL
from neurona.cli.submission import write_submission
from neurona.cli.texts import texts
from neurona.errors import ArgumentError, DataError
from neurona.evaluation import predicted_labels
from neurona.preprocessing.image import EXTENSIONS
from neurona.tasks.inputs import ExampleReader, Examples
from neurona.tasks.labels import Labels, read_labels, read_words
from neurona.tasks.texts import Say

_ROWS_SHOWN = 20
_BATCH = 256


def run(
    *,
    language: str,
    model: Path,
    files: list[Path],
    output: Path | None,
    submission: Path | None,
    invert: bool | None,
) -> int:
    """Print predictions and, with `output` or in the form of a `submission`, write them all into a CSV file;
    returns the exit status.

    Raises:
        SavingError: the model can't be read.
        ArgumentError: a table is to be inverted.
        DataError: a file does not fit the model, no example in it is complete, the model has several
            inputs, or it gives no finite numbers.
    """
    if tables.is_predictor(model):
        if invert is not None:
            raise ArgumentError(texts(language)["table_no_option"].format(option="--invert"))
        return tables.predict(model, files, output, submission, language)
    say = texts(language)
    model = model / MODEL if (model / MODEL).is_file() else model
    loaded = nn.models.load_model(model, compile=False)
    labels = read_labels(model)
    shape = loaded.input_shape
    if not isinstance(shape, tuple) or not all(size is None or isinstance(size, int) for size in shape):
        raise DataError(f"{model}: neurona predict takes models with one input. This one takes {shape}.")
    reader = ExampleReader(shape[1:], labels, read_words(model), invert, language)
    classes = _predicts_classes(loaded, labels)
    header: list[str] = []
    table: list[list[Any]] = []
    for file in _all_files(files, say):
        examples = reader.read(file)
        predictions = _predictions(loaded, examples, file, model, say)
        header, rows = _rows(predictions.reshape(len(predictions), -1), classes, labels, say)
        answers = iter(rows)
        for name, complete in zip(examples.names, examples.complete):
            table.append([name, *(next(answers) if complete else [None] * len(header))])
    _show(header, table, say)
    if submission is not None:
        _, answers, *likely = zip(*table)
        of_classes = dict(zip(header[2:], likely[1:])) if classes else {}
        path = write_submission(submission, answers, of_classes, None, output, say)
        print(say["submission_written"].format(path=path))
    elif output is not None:
        _write(output, [say["row"], *header], table)
        print(say["predictions_written"].format(path=output))
    return 0


def _predictions(loaded: nn.Model, examples: Examples, file: Path, model: Path, say: Say) -> np.ndarray:
    """The predictions for the complete examples of a file; its notes are printed.

    Raises:
        DataError: no example is complete, or a prediction is no finite number.
    """
    for note in examples.notes:
        print(note)
    if not examples.complete.any():
        raise DataError(say["nothing_complete"].format(file=file))
    values = examples.values[examples.complete]
    predictions = np.asarray(loaded.predict(values, batch_size=_BATCH, verbose=0))
    if not np.isfinite(predictions).all():
        raise DataError(say["not_finite"].format(file=file, model=model))
    return predictions


def _all_files(files: list[Path], say: Say) -> list[Path]:
    """The files, and the images in what are folders.

    Raises:
        DataError: a folder holds no image.
    """
    found: list[Path] = []
    for file in files:
        images = (
            [one for one in file.iterdir() if one.suffix.lower() in EXTENSIONS] if file.is_dir() else [file]
        )
        if not images:
            raise DataError(say["folder_empty"].format(folder=file))
        found += sorted(images)
    return found


def _predicts_classes(model: nn.Model, labels: Labels) -> bool:
    """Whether the outputs are probabilities, by labels.json, else by the last layer's activation."""
    if labels.kind or labels.classes:
        return labels.classes is not None
    activation = getattr(model.layers[-1], "activation", None)
    return getattr(activation, "__name__", "") in ("softmax", "sigmoid")


def _rows(
    predictions: np.ndarray, classes: bool, labels: Labels, say: Say
) -> tuple[list[str], list[list[Any]]]:
    """The columns of the answers, and for every example its class and probabilities, or its numbers.

    Args:
        predictions: (examples, outputs).
        classes: whether the outputs are probabilities.
        labels, say: the names of classes and numbers.

    Raises:
        DataError: labels.json has another number of classes than the model.
    """
    outputs = predictions.shape[1]
    if not classes:
        numbered = [f"{say['value']} {number}" for number in range(outputs)]
        names = [labels.target or say["value"]] if outputs == 1 else numbered
        return names, [[float(value) for value in row] for row in predictions]
    guess = predicted_labels(predictions)
    if outputs == 1:
        predictions = np.concatenate([1 - predictions, predictions], axis=1)
        outputs = 2
    names = labels.classes or [str(number) for number in range(outputs)]
    if len(names) != outputs:
        raise DataError(f"labels.json has {len(names)} classes. The model has {outputs} outputs.")
    header = [say["class"].lower(), say["probability"], *names]
    return header, [
        [names[label], float(row[label]), *map(float, row)] for label, row in zip(guess, predictions)
    ]


def _show(header: list[str], table: list[list[Any]], say: Say) -> None:
    """Print the first answers: a class with its probability, or numbers."""
    width = max(len(row[0]) for row in table[:_ROWS_SHOWN])
    if not any(isinstance(row[1], str) for row in table):
        print(f"{'':<{width}}  {'  '.join(header)}")
    for name, *answer in table[:_ROWS_SHOWN]:
        if answer[0] is None:
            said = say["not_predicted"]
        elif isinstance(answer[0], str):
            said = say["class_share"].format(name=answer[0], share=answer[1])
        else:
            said = "  ".join(f"{value:.4g}" for value in answer)
        print(f"{name:<{width}}  {said}")
    if len(table) > _ROWS_SHOWN:
        print(say["more_rows"].format(count=len(table) - _ROWS_SHOWN))


def _write(path: Path, header: list[str], table: list[list[Any]]) -> None:
    """Write all answers into a CSV file."""
    with nn.utils.atomic_path(path) as whole, whole.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(table)
