"""A submission: predictions in the form of a sample, as competitions ask for them."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import neurona as nn
from neurona.errors import DataError
from neurona.preprocessing.files import read_text
from neurona.tasks.texts import Say


def write_submission(
    sample: Path,
    answers: Sequence[Any],
    likely: Mapping[str, Sequence[float]],
    names: Sequence[Any] | None,
    output: Path | None,
    say: Say,
) -> Path:
    """Write predictions under the header of a sample, with its first column; returns the file.

    A sample of two columns gets the answers, one with a column for each class their probabilities.

    Args:
        sample: a CSV file with a header and a row for each prediction.
        answers: one for each row; None where there is none.
        likely: of each class the probabilities; empty where the answers are numbers.
        names: what the predicted rows have in the sample's first column, by which they are found; None where
            they follow the order of the sample.
        output: the file to write; `submission.csv`, or a new name, unless given.
        say: texts in the user's language.

    Raises:
        DataError: the sample has other rows than were predicted, or other columns, or an answer is missing.
    """
    header, rows = _read(sample)
    if len(rows) != len(answers):
        raise DataError(
            say["submission_rows"].format(sample=sample, rows=len(rows), predictions=len(answers))
        )
    places = _places([row[0] for row in rows], names, sample, say)
    if len(header) == 2:
        columns = [answers]
    elif len(header) > 2 and set(header[1:]) == set(likely):
        columns = [likely[name] for name in header[1:]]
    else:
        raise DataError(say["submission_columns"].format(sample=sample, columns=", ".join(header)))
    missing = next((row[0] for row, place in zip(rows, places) if answers[place] is None), None)
    if missing is not None:
        raise DataError(say["submission_missing"].format(column=header[0], name=missing))
    path = output or _free(Path("submission.csv"))
    with nn.utils.atomic_path(path) as whole, whole.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows([row[0], *(column[place] for column in columns)] for row, place in zip(rows, places))
    return path


def _read(sample: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a sample; an empty file has neither."""
    lines = csv.reader(io.StringIO(read_text(sample).removeprefix("\ufeff")))
    header, *rows = [row for row in lines if row] or [[]]
    return header, rows


def _places(wanted: list[str], names: Sequence[Any] | None, sample: Path, say: Say) -> Sequence[int]:
    """The place among the predictions of each row of the sample.

    Raises:
        DataError: a row of the sample was not predicted.
    """
    if names is None:
        return range(len(wanted))
    known = {str(name): place for place, name in enumerate(names)}
    lost = [name for name in wanted if name not in known]
    if lost:
        raise DataError(say["submission_unknown"].format(sample=sample, name=lost[0]))
    return [known[name] for name in wanted]


def _free(path: Path) -> Path:
    """The path, or one with a number where there is such a file: it may be a better one."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free
