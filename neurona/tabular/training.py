"""From a table to a trained predictor, with what is to be told about it."""

import dataclasses
import functools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError, suggestion
from neurona.evaluation.splits import Split, k_folds, time_folds
from neurona.tabular.boosters import CatBoostTrees, LightGBMTrees, XGBoostTrees
from neurona.tabular.candidates import BoostedTrees, Candidate, LinearModel, NeighboursModel
from neurona.tabular.checks import (
    Check,
    are_many,
    check_classes,
    check_leaks,
    check_rows,
    repeated_rows,
)
from neurona.tabular.columns import KINDS, Column, infer_columns
from neurona.tabular.drift import Profile
from neurona.tabular.encoding import TableEncoder
from neurona.tabular.learning import Learned, Trial, learn_table
from neurona.tabular.notes import Note
from neurona.tabular.predictor import TablePredictor
from neurona.tabular.reading import RawTable
from neurona.tabular.real_mlp import RealMLP
from neurona.tabular.target import Target, infer_target

PRESETS = ("fast", "best")
_BOOSTERS: dict[str, type[Any]] = {
    "lightgbm": LightGBMTrees,
    "xgboost": XGBoostTrees,
    "catboost": CatBoostTrees,
}
_TREES: dict[str, type[Any]] = {"trees": BoostedTrees, **_BOOSTERS}
MODELS = ("linear", "neighbours", "trees", "lightgbm", "xgboost", "catboost", "network")

_FOLDS = 5
_ONE_FOLD = 5000  # rows from which on the fast preset holds out one part, and does not train five times
_ENOUGH = 10  # rows below which nothing can be said
_EPOCHS = {"fast": 32, "best": 256}
_NEAR = 2e10  # rows times rows times columns to which nearest rows are searched


@dataclasses.dataclass(frozen=True)
class TableOptions:
    """How a table is learned.

    Attributes:
        task: `"classification"` or `"regression"`; None to tell it from the target.
        models: which are tried, of `MODELS`. All of them are those whose packages are installed.
        preset: `"fast"`, or `"best"`, with which the network goes through the rows 256 times instead of 32.
        folds: how many; None for 5, and for one part held out in large tables with the fast preset.
        time_limit: in seconds; no model begins after it, and boosted trees end by it.
        group: the column of what may not be torn apart, such as patients.
        time_column: the column of moments: older rows predict newer ones.
        columns: the kinds of columns that are not what their cells look like, such as `{"postcode":
            "category"}`; `"identifier"` leaves one out.
        weight: the column that says how much each row counts in learning; figures count each once.
        drop: columns that are left out.
        keep: columns that are no copies of the target, though they look so.
        seed: of folds and models.
        language: of what is read, such as 3/4/2024: `"en"` or `"es"`.
    """

    task: str | None = None
    models: Sequence[str] = MODELS
    preset: str = "fast"
    folds: int | None = None
    time_limit: float | None = None
    group: str | None = None
    time_column: str | None = None
    weight: str | None = None
    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)
    drop: Sequence[str] = ()
    keep: Sequence[str] = ()
    seed: int = 0
    language: str = "en"


@dataclasses.dataclass
class TrainedTable:
    """A trained predictor, and what is to be told about it.

    Attributes:
        predictor: for new rows.
        learned: the models that were tried, and predictions of rows that they had not learned from.
        columns: all of the table but the target, with those that are left out.
        y: the target of the rows: numbers, or which class.
        rows: the places of these rows in the table; those without a target are left out.
        checks: what is doubtful.
        notes: what was understood, or changed.
        options: how it was learned.
        seconds: of all.
    """

    predictor: TablePredictor
    learned: Learned
    columns: list[Column]
    y: np.ndarray
    rows: np.ndarray
    checks: list[Check]
    notes: list[Note]
    options: TableOptions
    seconds: float


def train_table(
    table: RawTable,
    target: str,
    options: TableOptions = TableOptions(),
    tell: Callable[[list[Column] | Trial], None] = lambda news: None,
) -> TrainedTable:
    """Learn to predict a column of a table from the others.

    The columns are told from their cells. Models of several kinds learn: linear, of nearest rows, boosted
    trees where scikit-learn is installed, and a network, `RealMLP`. Those that predict best together are
    joined.

    Args:
        table: of `read_table`.
        target: the name of the column to predict.
        options: how.
        tell: is called with the columns when they are known, and with each trial when it is done.

    Raises:
        ArgumentError: there is no such column or option.
        DataError: the target can't be learned, a column is a copy of it, or there are too few rows.

    Example:

        >>> from neurona.tabular import RawTable
        >>> import pandas
        >>> x = np.arange(60.0)
        >>> table = RawTable(pandas.DataFrame({"x": x % 7, "z": x % 5, "y": x % 7 + 2 * (x % 5)}))
        >>> trained = train_table(table, "y", TableOptions(time_limit=0))
        >>> [trial.name for trial in trained.learned.trials]
        ['constant']
    """
    begin = time.perf_counter()
    frame = table.frame
    _check_options(options, target, list(frame))
    inferred = {
        column.name: _of_kind(column, options.columns.get(column.name), frame[column.name])
        for column in infer_columns(table, options.language)
    }
    aim = infer_target(inferred[target], frame[target], options.task)
    apart = {target, *options.drop, options.group, options.weight}
    columns = [column for name, column in inferred.items() if name not in apart]
    tell(columns)
    y, notes = aim.values(frame[target]), list(table.notes)
    known = y >= 0 if aim.classes else np.isfinite(y)
    if not known.all():
        notes.append(Note("no_target", {"rows": int((~known).sum())}))
    weights = None if options.weight is None else _weights(inferred[options.weight], frame)
    if weights is not None:
        notes.append(Note("weighted", {"column": options.weight, "rows": int((weights == 0).sum())}))
        known &= weights > 0
    rows = np.flatnonzero(known)
    frame, y = frame.iloc[rows], y[rows]
    if len(y) < _ENOUGH:
        raise DataError(f"{len(y)} rows have a target. Neurona learns from {_ENOUGH} rows or more.")
    learnable = TableEncoder(columns).columns
    repeated = repeated_rows(frame, learnable)
    checks = [check_leaks(learnable, frame, y, len(aim.classes), options.keep), check_rows(repeated)]
    checks += check_classes(y, aim.classes) if aim.classes else []
    wanted = candidates(options.models, options.preset, options.seed, len(y), len(learnable))
    folds = _folds(options, inferred, frame, y, aim, repeated)
    counted = None if weights is None else weights[rows]
    learned = learn_table(frame, columns, y, aim.outputs, folds, wanted, options.time_limit, tell, counted)
    notes += [Note("diverged", {"model": name}) for name in learned.diverged]
    notes += _unusable(options.models)
    if learned.interrupted:
        notes.append(Note("interrupted"))
    predictor = TablePredictor(aim, learnable, learned.model, Profile.of(learnable, frame, y))
    seconds = time.perf_counter() - begin
    return TrainedTable(predictor, learned, columns, y, rows, checks, notes, options, seconds)


def _unusable(models: Sequence[str]) -> list[Note]:
    """Libraries of trees that are installed, but can't be imported."""
    found = [
        (name, trees.obstacle())
        for name, trees in _BOOSTERS.items()
        if name in models and trees.is_installed()
    ]
    return [Note("unusable", {"model": name, "error": str(error)}) for name, error in found if error]


def _weights(column: Column, frame: Any) -> np.ndarray:
    """How much each row counts.

    Raises:
        DataError: a weight is no number, below 0 or infinite, or all are 0.
    """
    cells = frame[column.name]
    found = dataclasses.replace(column, kind="number").values(cells)
    wrong = ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"the weight column {column.name!r} holds numbers of 0 or more. Row {row + 1} holds "
            f"{cells.iloc[row]!r}."
        )
    if not found.any():
        raise DataError(f"the weight column {column.name!r} is 0 in all rows: none counts.")
    return found


def _of_kind(column: Column, kind: str | None, cells: Any) -> Column:
    """The column as what it is said to be.

    Raises:
        ArgumentError: there is no such kind, or its cells can't be read so.
    """
    if kind in (None, column.kind):
        return column
    if kind not in KINDS:
        raise ArgumentError(
            f"column {column.name!r}: {kind!r} is no kind of column. There are: {', '.join(KINDS)}"
        )
    found = dataclasses.replace(column, kind=kind, why=Note("target_asked"))
    values = found.values(cells) if kind in ("number", "boolean", "date") else np.zeros(1)
    if (np.isnat(values) if kind == "date" else np.isnan(values)).all():
        raise ArgumentError(f"column {column.name!r} can't be read as {kind!r}: {column.why.say()}")
    return found


def _check_options(options: TableOptions, target: str, names: list[str]) -> None:
    wanted = {"target": [target], "drop": options.drop, "keep": options.keep, "columns": options.columns}
    wanted |= {name: [getattr(options, name)] for name in ("group", "time_column", "weight")}
    for argument, given in wanted.items():
        for name in given:
            if name is not None and name not in names:
                raise ArgumentError(
                    f"the table has no column {name!r} ({argument}).{suggestion(name, names)} It has: "
                    f"{', '.join(names)}"
                )
    if options.group is not None and options.time_column is not None:
        raise ArgumentError("rows are kept together by group or cut by time_column, not both.")
    if options.folds is not None and options.folds < 2:
        raise ArgumentError(f"folds is 2 or more. Received: folds={options.folds}")


def _folds(
    options: TableOptions,
    inferred: dict[str, Column],
    frame: Any,
    y: np.ndarray,
    aim: Target,
    repeated: np.ndarray,
) -> list[Split]:
    """Rows to learn from, and rows to be tested with. Equal rows are in one fold, if there are
    many different ones."""
    few = options.folds is None and options.preset == "fast" and len(y) >= _ONE_FOLD
    folds = options.folds or _FOLDS
    if options.time_column is not None:
        column = inferred[options.time_column]
        if column.kind not in ("date", "number") and column.why.key != "row_numbers":
            raise DataError(
                f"the time column {column.name!r} holds no dates and no numbers: {column.why.say()}."
            )
        times = column if column.kind == "date" else dataclasses.replace(column, kind="number")
        return list(time_folds(times.values(frame[column.name]), folds))
    some_repeated = len(np.unique(repeated)) < len(y) and are_many(repeated)
    groups = repeated if some_repeated else None
    if options.group is not None:
        groups = np.unique([str(cell) for cell in frame[options.group]], return_inverse=True)[1]
    classes = y if aim.classes and np.bincount(y).min() >= folds else None
    found = k_folds(len(y), min(folds, len(y)), classes, groups, options.seed)
    return found[:1] if few else found


def candidates(
    models: Sequence[str], preset: str, seed: int, rows: int, columns: int
) -> dict[str, Callable[[], Candidate]]:
    """What is tried, the quickest first. Nearest rows are not sought in large tables.

    Raises:
        ArgumentError: there is no such model or preset.
        MissingDependencyError: one is named, and not just among all, whose package is not installed.
    """
    unknown = [name for name in models if name not in MODELS]
    if unknown:
        hint = suggestion(unknown[0], MODELS)
        raise ArgumentError(f"{unknown[0]!r} is no model.{hint} There are: {', '.join(MODELS)}")
    if preset not in PRESETS:
        raise ArgumentError(f"preset is 'fast' or 'best'. Received: preset={preset!r}")
    found: dict[str, Callable[[], Candidate]] = {
        "linear": LinearModel,
        "neighbours": NeighboursModel,
        **{name: functools.partial(trees, seed) for name, trees in _TREES.items()},
        "network": lambda: RealMLP(epochs=_EPOCHS[preset], seed=seed),
    }
    left_out = {"neighbours"} if float(rows) ** 2 * columns > _NEAR else set()
    for name, trees in _TREES.items():
        if not trees.is_available():
            left_out.add(name)
            if name in models and set(models) != set(MODELS):
                trees.needed()
    return {name: build for name, build in found.items() if name in models and name not in left_out}
