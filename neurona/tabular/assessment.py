"""How good a predictor is on rows of a table that holds what is to be predicted."""

import dataclasses
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.evaluation.classification import Classification
from neurona.evaluation.regression import Regression
from neurona.evaluation.uncertainty import Interval
from neurona.tabular.checks import Check
from neurona.tabular.drift import Drift, column_drift
from neurona.tabular.judgement import figures_of, loss_interval, score_interval
from neurona.tabular.notes import Note
from neurona.tabular.predictor import TablePredictor
from neurona.tabular.target import Target

_LEARNED = 0.01  # share of rows that were learned from which on it is told
_FEW = 100  # rows
_NAMED = 5  # columns


@dataclasses.dataclass(frozen=True)
class Assessment:
    """How good a predictor is on rows of a table.

    Attributes:
        target: what is predicted.
        score: the share of rows that are right, or R2.
        loss: log loss, or the root of the mean squared error.
        figures: as in the report of the training.
        truth: numbers, or which class, (rows,).
        predicted: numbers, or probabilities, (rows, outputs).
        rows: the places of these rows in the table; those without a target are left out.
        drift: of each column from the rows that were learned, the farthest first; empty where nobody counted
            them.
        checks: what is doubtful.
        notes: what was understood, or left out.
    """

    target: Target
    score: Interval
    loss: Interval
    figures: Classification | Regression
    truth: np.ndarray
    predicted: np.ndarray
    rows: np.ndarray
    drift: list[Drift]
    checks: list[Check]
    notes: list[Note]


def assess(predictor: TablePredictor, frame: Any) -> Assessment:
    """How good a predictor is on rows: its figures with BCa intervals, how far the columns are from the rows
    that it learned from, and whether these rows are among them.

    Args:
        predictor: of `train_table`, or `TablePredictor.load`.
        frame: a pandas DataFrame with the columns that it needs and the target.

    Raises:
        DataError: a column or the target is missing, fewer than 2 rows have a target, or all have the same
            number.

    Example:

        >>> import pandas
        >>> from neurona.tabular import RawTable, TableOptions, train_table
        >>> x = np.arange(60.0)
        >>> table = RawTable(pandas.DataFrame({"x": x % 7, "y": x % 7 + x // 30}))
        >>> predictor = train_table(table, "y", TableOptions(time_limit=0)).predictor
        >>> assess(predictor, table.frame).score.value
        0.0
    """
    truth, notes = predictor.truth(frame)
    cells, unread = predictor.read(frame)
    notes += unread
    known = truth >= 0 if predictor.classes else np.isfinite(truth)
    rows = np.flatnonzero(known)
    if len(empty := np.flatnonzero(~known)):
        notes.append(Note("no_target", {"rows": len(empty)}))
    name = predictor.target.column.name
    if len(rows) < 2:
        raise DataError(
            f"{len(rows)} rows have a target in {name!r} that can be compared. There are 2 or more."
        )
    truth = truth[rows]
    if not predictor.classes and np.ptp(truth) == 0:
        raise DataError(
            f"all {len(rows)} rows have the same {name!r}, {truth[0]:g}: R2 compares errors with how much "
            f"it differs."
        )
    cells = {column: _some(given, rows) for column, given in cells.items()}
    predicted = predictor.model.predict(cells)
    profile, columns = predictor.profile, predictor.columns
    drift = [] if profile is None else column_drift(profile, columns, cells)
    learned = None if profile is None else profile.known(columns, cells, truth)
    return Assessment(
        target=predictor.target,
        score=score_interval(truth, predicted),
        loss=loss_interval(truth, predicted),
        figures=figures_of(predictor.target, truth, predicted),
        truth=truth,
        predicted=predicted,
        rows=rows,
        drift=drift,
        checks=_checks(len(rows), learned, drift),
        notes=notes,
    )


def _some(cells: Any, rows: np.ndarray) -> Any:
    if hasattr(cells, "iloc"):
        return cells.iloc[rows]
    return cells[rows] if isinstance(cells, np.ndarray) else [cells[row] for row in rows]


def _checks(rows: int, learned: np.ndarray | None, drift: list[Drift]) -> list[Check]:
    """Whether the rows are new, like those that were learned, and many enough."""
    checks = []
    if learned is not None:
        share = float(learned.mean())
        why = Note("learned_rows", {"rows": int(learned.sum()), "of": rows}) if share > _LEARNED else None
        checks.append(Check("learned_rows", why is None, share, _LEARNED, why))
    if drift:
        far = [one for one in drift if one.far]
        names = ", ".join(one.name for one in far[:_NAMED]) + ("..." if len(far) > _NAMED else "")
        why = Note("drifted", {"names": names, "distance": far[0].distance}) if far else None
        checks.append(Check("drifted", why is None, len(far), 1, why))
    why = Note("few_rows", {"rows": rows}) if rows < _FEW else None
    return [*checks, Check("few_rows", why is None, rows, _FEW, why)]
