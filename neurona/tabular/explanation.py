"""Why a predictor predicts what it does: what its columns are worth, how the prediction moves along each of
them, and what they add to the prediction of single rows.

A column is replaced in the numbers that a model takes, all of its numbers together: nothing is encoded twice.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.evaluation.uncertainty import Interval, bootstrap_interval
from neurona.tabular.columns import Column
from neurona.tabular.encoding import Encoded
from neurona.tabular.judgement import mean_loss, row_losses
from neurona.tabular.learning import TableModel
from neurona.tabular.notes import Note
from neurona.tabular.predictor import TablePredictor
from neurona.tabular.target import Target

_FEWEST = 10  # rows, which are compared with each other
_SHUFFLED = 2000  # rows at most
_REPEATS = 5  # shufflings
_BACKGROUND = 100  # rows that a row is compared with
_AT_ONCE = 20_000  # rows
_ALONG = 300  # rows that are moved along a column
_POINTS, _KINDS, _CURVES = 20, 10, 4
_CLASSES = 5  # whose curves are drawn
_EXTREMES = 5  # worst and typical rows


@dataclasses.dataclass(frozen=True)
class Importance:
    """What a column is worth.

    Attributes:
        name: of the column.
        growth: by how much the loss grows when the cells are shuffled among the rows; or, where the target is
            not known, how far the predictions move (root of the mean square).
    """

    name: str
    growth: Interval


@dataclasses.dataclass(frozen=True)
class Dependence:
    """How the prediction moves along a column, the other columns of each row as they are.

    Attributes:
        name: of the column.
        kind: of it.
        points: numbers, or texts.
        outputs: the classes whose probabilities these are; one empty text for numbers.
        means: over the rows, (points, outputs).
        low, high: the quartiles of the rows, of the first output, (points,).
    """

    name: str
    kind: str
    points: list[Any]
    outputs: list[str]
    means: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclasses.dataclass(frozen=True)
class RowExplanation:
    """What each column adds to the prediction of a row.

    Attributes:
        place: of the row in its table, from 0.
        output: the class whose probability is explained; empty for numbers.
        prediction: of the row.
        mean: of the rows that it is compared with.
        compared: how many they are.
        names: of the columns, what adds most first.
        cells: of the row.
        values: what they add; they sum to the prediction less the mean.
        errors: the standard errors of these, of drawing rows and orders.
    """

    place: int
    output: str
    prediction: float
    mean: float
    compared: int
    names: list[str]
    cells: list[str]
    values: np.ndarray
    errors: np.ndarray


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Why a predictor predicts what it does.

    Attributes:
        target: what is predicted.
        rows: how many there are.
        shuffled: how many of them were shuffled.
        by_loss: whether importances are growths of the loss; else the target is not known.
        importances: the most first.
        dependences: of the most important columns.
        explained: rows.
        worst: the places of the rows that are predicted worst, the worst first; empty without a target.
        typical: the places of rows that are nearest to the mean of the rows that are predicted as they are.
        truth: numbers or which class, (rows,), NaN or -1 where it is not known; None without a target.
        predicted: (rows, outputs).
        notes: what was understood, or left out.
    """

    target: Target
    rows: int
    shuffled: int
    by_loss: bool
    importances: list[Importance]
    dependences: list[Dependence]
    explained: list[RowExplanation]
    worst: list[int]
    typical: list[int]
    truth: np.ndarray | None
    predicted: np.ndarray
    notes: list[Note]


def explain(predictor: TablePredictor, frame: Any, rows: Sequence[int] = (), seed: int = 0) -> Explanation:
    """Why a predictor predicts what it does, told by the rows of a table.

    Where the table has the target, importances are growths of the loss, else how far predictions move.

    Args:
        predictor: of `train_table`, or `TablePredictor.load`.
        frame: a pandas DataFrame with the columns that it needs.
        rows: the places, from 0, of rows to be explained; by default the two worst and a typical one.
        seed: of the rows that are drawn.

    Raises:
        DataError: a column is missing, or there are fewer than 10 rows.
        ArgumentError: there is no such row.

    Source: Breiman, Random forests, Machine Learning 45, 2001 (importances); Friedman, Greedy function
        approximation, Annals of Statistics 29, 2001 (dependence); Strumbelj and Kononenko, Explaining
        prediction models and individual predictions with feature contributions, Knowledge and Information
        Systems 41, 2014 (rows).

    Example:

        >>> import pandas
        >>> from neurona.tabular import RawTable, TableOptions, train_table
        >>> x = np.arange(60.0)
        >>> table = RawTable(pandas.DataFrame({"x": x % 7, "z": x % 5, "y": x % 7 + 0.1 * (x % 5)}))
        >>> predictor = train_table(table, "y", TableOptions(models=["linear"])).predictor
        >>> [one.name for one in explain(predictor, table.frame).importances]
        ['x', 'z']
    """
    cells, notes = predictor.read(frame)
    encoded, count = predictor.model.encode(cells), len(frame)
    if count < _FEWEST:
        raise DataError(
            f"{count} rows are too few: each is compared with the others. Give {_FEWEST} or more, such as "
            "the table that the model learned from, and name the rows to be explained (rows=, --rows)."
        )
    if wrong := [row for row in rows if not 0 <= row < count]:
        raise ArgumentError(f"there is no row {wrong[0] + 1}: the table has the rows 1 to {count}.")
    predicted = predictor.model.predict_encoded(encoded)
    truth = None
    if predictor.target.column.name in list(frame):
        truth, told = predictor.truth(frame)
        notes = told + notes
    known = np.arange(count) if truth is None else np.flatnonzero(_is_known(truth, predictor))
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(known)[:_SHUFFLED])
    if len(chosen) < _FEWEST:
        truth, chosen = None, np.sort(random.permutation(count)[:_SHUFFLED])
    columns = predictor.columns
    importances = _importances(predictor.model, columns, encoded, predicted, truth, chosen, random)
    worst, typical = _worst(truth, predicted, known), _typical(encoded[0].values, predicted)
    asked = list(dict.fromkeys(rows)) or [*worst[:2], *typical[: 1 if worst else 3]]
    output = _Output(predictor)
    background = random.permutation(count)[:_BACKGROUND]
    return Explanation(
        target=predictor.target,
        rows=count,
        shuffled=len(chosen),
        by_loss=truth is not None,
        importances=importances,
        dependences=_dependences(output, encoded, cells, importances, random),
        explained=[_explained(output, encoded, cells, row, background, random) for row in asked],
        worst=worst,
        typical=typical,
        truth=truth,
        predicted=predicted,
        notes=notes,
    )


def _is_known(truth: np.ndarray, predictor: TablePredictor) -> np.ndarray:
    return truth >= 0 if predictor.classes else np.isfinite(truth)


def _importances(
    model: TableModel,
    columns: Sequence[Column],
    encoded: list[Encoded],
    predicted: np.ndarray,
    truth: np.ndarray | None,
    rows: np.ndarray,
    random: np.random.Generator,
) -> list[Importance]:
    """What happens to the loss, or how far predictions move, where a column is shuffled: of each row the mean
    of several shufflings, with an interval over the rows.
    """
    some = [part.rows(rows) for part in encoded]
    is_number = predicted.shape[1] == 1
    before = np.zeros(len(rows)) if truth is None else row_losses(truth[rows], predicted[rows])

    def growth(before: np.ndarray, after: np.ndarray) -> float:
        if truth is None:
            return float(np.sqrt(np.mean(after)))
        return mean_loss(after, is_number) - mean_loss(before, is_number)

    found = []
    for column in columns:
        after = np.zeros(len(rows))
        for _ in range(_REPEATS):
            order = random.permutation(len(rows))
            moved = model.predict_encoded([_replaced(part, column.name, part.values[order]) for part in some])
            if truth is None:
                after += np.sum((moved - predicted[rows]) ** 2, axis=1) / _REPEATS
            else:
                after += row_losses(truth[rows], moved) / _REPEATS
        found.append(Importance(column.name, bootstrap_interval(growth, before, after)))
    return sorted(found, key=lambda one: -one.growth.value)


def _replaced(part: Encoded, name: str, others: np.ndarray) -> Encoded:
    """Rows with the numbers of a column from others."""
    theirs = np.array([source == name for source in part.sources])
    return dataclasses.replace(part, values=np.where(theirs, others, part.values))


class _Output:
    """A predictor as a function of the numbers of its columns.

    Attributes:
        model: its join.
        columns: that it needs.
        classes: what it tells apart, as texts.
    """

    def __init__(self, predictor: TablePredictor) -> None:
        self.model, self.columns = predictor.model, predictor.columns
        self.classes = [str(name) for name in predictor.classes]

    def __call__(self, encoded: list[Encoded], values: Sequence[np.ndarray]) -> np.ndarray:
        """The predictions, (rows, outputs), of rows that have these numbers.

        Args:
            encoded: what the numbers are, for each fold.
            values: for each fold, (rows, features).
        """
        blocks = []
        for begin in range(0, len(values[0]), _AT_ONCE):
            parts = [
                dataclasses.replace(part, values=one[begin : begin + _AT_ONCE])
                for part, one in zip(encoded, values)
            ]
            blocks.append(self.model.predict_encoded(parts))
        return np.concatenate(blocks)


def _dependences(
    output: _Output,
    encoded: list[Encoded],
    cells: dict[str, Any],
    importances: Sequence[Importance],
    random: np.random.Generator,
) -> list[Dependence]:
    """Of the most important columns that have points."""
    by_name = {column.name: column for column in output.columns}
    rows = random.permutation(len(encoded[0].values))[:_ALONG]
    found = []
    for one in importances:
        column = by_name[one.name]
        points, places = _points(column, column.values(cells[column.name]))
        if len(points) > 1 and len(found) < _CURVES:
            found.append(_dependence(output, encoded, column, points, places, rows))
    return found


def _points(column: Column, values: np.ndarray) -> tuple[list[Any], list[int]]:
    """Points along a column, quantiles or frequent texts, and for each the place of a row that is there."""
    if column.kind == "text":
        return [], []
    if values.dtype == object:
        counts = Counter(text for text in values.tolist() if text is not None)
        points = [text for text, _ in counts.most_common(_KINDS)]
        first: dict[Any, int] = {}
        for place, text in enumerate(values.tolist()):
            first.setdefault(text, place)
        return points, [first[text] for text in points]
    known = np.flatnonzero(~(np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)))
    order = known[np.argsort(values[known], kind="stable")]
    chosen = order[np.linspace(0, len(order) - 1, _POINTS).round().astype(int)] if len(order) else order
    _, first_places = np.unique(values[chosen], return_index=True)
    places = chosen[first_places]
    if column.kind == "boolean":
        return [str(column.yes) if values[place] else str(column.no) for place in places], places.tolist()
    points = (
        [str(one)[:10] for one in values[places]] if values.dtype.kind == "M" else values[places].tolist()
    )
    return points, places.tolist()


def _dependence(
    output: _Output,
    encoded: list[Encoded],
    column: Column,
    points: list[Any],
    places: list[int],
    rows: np.ndarray,
) -> Dependence:
    values = []
    for part in encoded:
        theirs = np.array([source == column.name for source in part.sources])
        values.append(
            np.where(theirs, part.values[places][:, None], part.values[rows][None]).reshape(-1, len(theirs))
        )
    found = output(encoded, values).reshape(len(places), len(rows), -1)
    shown, names = [0], [""]
    if output.classes:
        frequent = np.argsort(-found.mean(axis=(0, 1)), kind="stable")[:_CLASSES]
        shown = [1] if len(output.classes) == 2 else sorted(frequent.tolist())
        names = [output.classes[place] for place in shown]
    low, high = np.quantile(found[:, :, shown[0]], (0.25, 0.75), axis=1)
    return Dependence(column.name, column.kind, points, names, found[:, :, shown].mean(axis=1), low, high)


def _explained(
    output: _Output,
    encoded: list[Encoded],
    cells: dict[str, Any],
    row: int,
    background: np.ndarray,
    random: np.random.Generator,
) -> RowExplanation:
    """What the columns of a row add. In a row of the background they are replaced by the row's own, one after
    another in a random order, and then in the opposite one; what the prediction moves by is what each adds.
    """
    names = [column.name for column in output.columns]
    ranks = np.argsort(random.random((len(background), len(names))), axis=1)
    ranks = np.concatenate([ranks, len(names) - 1 - ranks])
    begun = np.concatenate([background, background])
    alone = output(encoded, [part.values[[row]] for part in encoded])[0]
    shown = int(alone.argmax()) if output.classes else 0
    steps = np.arange(len(names) + 1)
    added = np.zeros((len(begun), len(names)))
    first = np.zeros(len(begun))
    size = max(1, _AT_ONCE // len(steps))
    for begin in range(0, len(begun), size):
        block = slice(begin, begin + size)
        values = []
        for part in encoded:
            of = [names.index(source) for source in part.sources]
            own = ranks[block][:, None, of] < steps[None, :, None]
            mixed = np.where(own, part.values[row], part.values[begun[block]][:, None])
            values.append(mixed.reshape(-1, mixed.shape[2]))
        along = output(encoded, values)[:, shown].reshape(-1, len(steps))
        added[block] = np.take_along_axis(np.diff(along, axis=1), ranks[block], axis=1)
        first[block] = along[:, 0]
    pairs = added.reshape(2, len(background), -1).mean(axis=0)
    values, errors = pairs.mean(axis=0), pairs.std(axis=0) / np.sqrt(len(background))
    order = np.argsort(-np.abs(values), kind="stable")
    return RowExplanation(
        place=int(row),
        output=output.classes[shown] if output.classes else "",
        prediction=float(alone[shown]),
        mean=float(first.mean()),
        compared=len(background),
        names=[names[place] for place in order],
        cells=[_cell(cells[names[place]], row) for place in order],
        values=values[order],
        errors=errors[order],
    )


def _cell(cells: Any, row: int) -> str:
    """A cell as text; empty where it holds nothing."""
    cell = cells.iloc[row] if hasattr(cells, "iloc") else cells[row]
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float | np.floating):
        return f"{cell:.6g}"
    return str(cell)


def _worst(truth: np.ndarray | None, predicted: np.ndarray, known: np.ndarray) -> list[int]:
    if truth is None:
        return []
    losses = row_losses(truth[known], predicted[known])
    return known[np.argsort(-losses, kind="stable")[:_EXTREMES]].tolist()


def _typical(values: np.ndarray, predicted: np.ndarray) -> list[int]:
    """The places of rows near the mean of those that are predicted as they are: of each class one, the most
    frequent class first; of numbers the nearest to the mean of all.
    """
    group = predicted.argmax(axis=1) if predicted.shape[1] > 1 else np.zeros(len(predicted), int)
    found = []
    for one, _ in Counter(group.tolist()).most_common(_EXTREMES):
        places = np.flatnonzero(group == one)
        away = np.sum((values[places] - values[places].mean(axis=0)) ** 2, axis=1)
        nearest = places[np.argsort(away, kind="stable")]
        found += nearest[: _EXTREMES if predicted.shape[1] == 1 else 1].tolist()
    return found
