"""What is doubtful about a table: copies of the target, columns that tell too much, repeated rows, rare
classes.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.tabular.columns import Column
from neurona.tabular.encoding import LEFT_OUT
from neurona.tabular.notes import Note

_COPY = 0.99999  # correlation with the target from which on a column is a copy of it
_TELLING = 0.95  # share of the target that one column alone may tell
_ROWS = 20  # below them nothing is said of copies
_BINS = 20
_RARE = 10  # rows of a class below which it is hardly learned
_MINORITY = 0.1
_REPEATED = 0.01
_DIFFERENT = 50  # rows


@dataclasses.dataclass(frozen=True)
class Check:
    """A question to a table, and its answer.

    Attributes:
        name: of the check.
        passed: whether nothing is doubtful.
        value: what was found.
        limit: from which value on it is doubtful.
        why: the reason of the doubt, and what to do; None where it passed.
    """

    name: str
    passed: bool
    value: float
    limit: float
    why: Note | None = None


def check_leaks(
    columns: Sequence[Column], frame: Any, y: np.ndarray, classes: int, keep: Sequence[str] = ()
) -> Check:
    """Whether a column says the target. A column that is the only one is no copy: that it tells the target is
    then what is to be learned.

    Args:
        columns: to learn from.
        frame: their cells.
        y: numbers, or which class.
        classes: how many; 0 for numbers.
        keep: names of columns that are known to be no copies.

    Raises:
        DataError: a column is a copy of the target: a number that follows it exactly, or a text for each
            class.

    Example:

        >>> columns = [Column(name, "number", Note("number")) for name in ("weight", "cost in cents")]
        >>> cells = {"weight": np.arange(30) % 7, "cost in cents": np.arange(30) * 100}
        >>> check_leaks(columns, cells, np.arange(30.0), 0)
        Traceback (most recent call last):
            ...
        neurona.core.errors.DataError: the column 'cost in cents' is a copy of the target...
    """
    most, who = 0.0, ""
    used = [column for column in columns if column.kind not in LEFT_OUT]
    for column in used:
        if column.name in keep or len(y) < _ROWS:
            continue
        values = column.values(frame[column.name])
        if len(used) > 1 and _is_copy(column, values, y, classes):
            raise DataError(
                f"the column {column.name!r} is a copy of the target: it tells it in every row, and will not "
                f"be known when it is to be predicted. Leave it out (drop={[column.name]!r}, on the command "
                f"line --drop {column.name!r}), or say that it is meant (keep, --keep)."
            )
        told = _told(column, values, y, classes)
        most, who = max((most, who), (told, column.name))
    why = Note("telling", {"column": who, "share": most}) if most > _TELLING else None
    return Check("telling", why is None, most, _TELLING, why)


def _is_copy(column: Column, values: np.ndarray, y: np.ndarray, classes: int) -> bool:
    """Whether a number follows the target on a line, or each class has a value of its own."""
    is_number = column.kind in ("number", "boolean")
    if is_number:
        known = np.isfinite(values)
        if known.sum() < _ROWS or np.ptp(values[known]) == 0 or np.ptp(y[known]) == 0:
            return False
        if classes <= 2:
            return bool(abs(np.corrcoef(values[known], y[known])[0, 1]) > _COPY)
    if not classes or not (is_number or column.kind == "category"):
        return False
    pairs = {pair for pair in zip(values.tolist(), y.tolist()) if pair[0] is not None and pair[0] == pair[0]}
    return len(pairs) == len({pair[0] for pair in pairs}) == len({pair[1] for pair in pairs}) == classes


def _told(column: Column, values: np.ndarray, y: np.ndarray, classes: int) -> float:
    """The share of the target that the column alone tells: of the rows' classes beyond the largest one, or of
    the variance; by twentieths of the rows, or by each frequent text.
    """
    if column.kind in ("number", "boolean"):
        edges = np.unique(np.nanquantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))
        part = np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), -1)
    elif column.kind == "category" and column.distinct * _ROWS <= len(y):
        part = np.unique([str(value) for value in values], return_inverse=True)[1]
    else:
        return 0.0
    part = np.unique(part, return_inverse=True)[1].reshape(-1)
    if classes:
        counts = np.zeros((part.max() + 1, classes))
        np.add.at(counts, (part, y), 1)
        largest = counts.sum(axis=0).max()
        return float((counts.max(axis=1).sum() - largest) / max(1, len(y) - largest))
    sizes = np.bincount(part)
    means = np.bincount(part, weights=y) / sizes
    return float(1 - np.mean((y - means[part]) ** 2) / max(y.var(), 1e-300))


def repeated_rows(frame: Any, columns: Sequence[Column]) -> np.ndarray:
    """A number for each row, the same for rows whose cells are all equal.

    Example:

        >>> repeated_rows({"a": [1, 2, 1]}, [Column("a", "number", Note("number"))]).tolist()
        [0, 1, 0]
    """
    known: dict[tuple, int] = {}
    lists = [column.values(frame[column.name]).tolist() for column in columns]
    rows = zip(*([None if cell != cell else cell for cell in cells] for cells in lists))
    return np.array([known.setdefault(row, len(known)) for row in rows])


def check_rows(groups: np.ndarray) -> Check:
    """How many rows repeat others. They are kept in one fold, if there are many different ones."""
    share = 1 - len(np.unique(groups)) / len(groups)
    key = "repeated" if are_many(groups) else "few_different"
    why = Note(key, {"share": share}) if share > _REPEATED else None
    return Check("repeated", why is None, share, _REPEATED, why)


def are_many(groups: np.ndarray) -> bool:
    """Whether there are so many different rows that equal ones can be kept together. A table of few kinds of
    rows repeats itself naturally.
    """
    return len(np.unique(groups)) >= _DIFFERENT


def check_classes(y: np.ndarray, classes: Sequence[Any]) -> list[Check]:
    """Whether each class has rows enough, and none is far smaller than its share would be."""
    counts = np.bincount(y, minlength=len(classes)).tolist()
    least = min(counts)
    label, share = classes[counts.index(least)], least / len(y)
    rare = Note("rare", {"label": label, "rows": least}) if least < _RARE else None
    few = Note("imbalanced", {"label": label, "share": share}) if share * len(classes) < _MINORITY else None
    return [
        Check("rare", rare is None, least, _RARE, rare),
        Check("imbalanced", few is None, share * len(classes), _MINORITY, few),
    ]
