"""What is to be predicted: a number, or one of several classes."""

import dataclasses
from collections import Counter
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.tabular.columns import Column
from neurona.tabular.notes import Note

TASKS = ("classification", "regression")

_FEW = 10  # different whole numbers up to which they may be classes
_ROWS = 20  # of each of them, on average, from which on they are


@dataclasses.dataclass(frozen=True)
class Target:
    """What is to be predicted, and how its cells are read.

    Attributes:
        column: of the table.
        task: one of `TASKS`.
        classes: of a classification, sorted.
        why: the reason for the task, to be told.
    """

    column: Column
    task: str
    classes: list[Any]
    why: Note

    @property
    def outputs(self) -> int:
        """How many numbers a model gives for a row."""
        return max(1, len(self.classes))

    def values(self, cells: Any) -> np.ndarray:
        """The number of each row, NaN where it is missing; of classes which one it is, -1 where it is missing
        or new.

        Shapes: (rows,) -> (rows,), float64 or int64.
        """
        found = self.column.values(cells)
        if self.task == "regression":
            return found.astype("float64")
        if self.column.kind == "boolean":
            return np.where(np.isnan(found), -1, found).astype("int64")
        places = {value: place for place, value in enumerate(self.classes)}
        return np.array([places.get(_plain(value), -1) for value in found.tolist()], "int64")


def infer_target(column: Column, cells: Any, task: str | None = None) -> Target:
    """Tell whether a column is a number to predict, or a class.

    Yes and no, and texts, are classes. Numbers are numbers, unless they are whole, at most 10 different ones,
    and 20 rows or more have each, on average.

    Args:
        column: of `infer_columns`.
        cells: of all rows.
        task: `"classification"` or `"regression"`; None to tell it from the cells.

    Raises:
        ArgumentError: there is no such task.
        DataError: all cells are equal or empty, or they can't be what the task needs.

    Example:

        >>> cells = ["yes", "no", "yes"]
        >>> target = infer_target(Column("bought", "boolean", Note("boolean"), yes="yes", no="no"), cells)
        >>> target.task, target.classes, target.values(cells).tolist()
        ('classification', ['no', 'yes'], [1, 0, 1])
    """
    if task not in (None, *TASKS):
        raise ArgumentError(f"infer_target: task is 'classification' or 'regression'. Received: {task=}")
    column = _as_target(column, cells)
    known = _known(column, cells)
    if len(known) < 2:
        raise DataError(
            f"the target {column.name!r} has to differ between rows. All cells that hold something are "
            f"{known[0]!r}."
            if known
            else f"the target {column.name!r} is empty in all rows."
        )
    if column.kind != "number":
        if task == "regression":
            raise DataError(
                f"the target {column.name!r} holds no numbers ({column.why.say()}), so it can't be a "
                f"regression. Its cells are such as {known[0]!r}."
            )
        return Target(column, "classification", known, Note("target_texts", {"classes": len(known)}))
    rows = int(np.isfinite(column.values(cells)).sum())
    is_few = len(known) <= _FEW and rows >= _ROWS * len(known) and all(isinstance(one, int) for one in known)
    if task == "classification" or (task is None and is_few):
        why = Note("target_asked") if task else Note("target_few", {"classes": len(known)})
        return Target(column, "classification", known, why)
    return Target(column, "regression", [], Note("target_asked") if task else Note("target_numbers"))


def _known(column: Column, cells: Any) -> list[Any]:
    """The different values, sorted; no before yes, each as it is written most often."""
    if column.kind != "boolean":
        return sorted({_plain(value) for value in column.values(cells).tolist() if not _is_missing(value)})
    written: dict[float, Counter] = {0.0: Counter(), 1.0: Counter()}
    given = cells.tolist() if hasattr(cells, "tolist") else list(cells)
    for cell, meaning in zip(given, column.values(cells).tolist()):
        if not _is_missing(meaning):
            written[meaning][cell] += 1
    return [counts.most_common(1)[0][0] for counts in written.values() if counts]


def _as_target(column: Column, cells: Any) -> Column:
    """The column as what is to be predicted: numbers that name rows elsewhere are numbers here.

    Raises:
        DataError: it is a date, or a text that is another one in every row.
    """
    if column.kind == "date":
        raise DataError(
            f"the target {column.name!r} is a date. Neurona predicts numbers and classes: write the days "
            "since a date as a number."
        )
    if column.kind not in ("identifier", "text"):
        return column
    numbers = dataclasses.replace(column, kind="number")
    if column.kind == "identifier" and np.isfinite(numbers.values(cells)).all():
        return numbers
    raise DataError(
        f"the target {column.name!r} can't be learned: its texts are another one in nearly every row "
        f"({column.distinct} different ones)."
    )


def _plain(value: Any) -> Any:
    """A value as people write it: whole numbers without a point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_missing(value: Any) -> bool:
    return value is None or value != value
