"""A search of hyperparameters for a table: on some rows, judged by others that it never saw."""

import dataclasses
import functools
import math
import platform
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from neurona._version import __version__
from neurona.core.errors import ArgumentError, DataError, MissingDependencyError, suggestion
from neurona.evaluation import Interval, Picture, Report, Table, k_folds
from neurona.language import Figure
from neurona.plotting import plot_importance, plot_trials, png
from neurona.search import SearchResult, SearchTrial, keras_code, search
from neurona.tabular.blocks import Section, again_section, shown
from neurona.tabular.candidates import LinearModel
from neurona.tabular.checks import check_leaks
from neurona.tabular.columns import infer_columns
from neurona.tabular.drift import Profile
from neurona.tabular.encoding import TableEncoder
from neurona.tabular.judgement import mean_loss, row_losses, score_interval
from neurona.tabular.learning import Member, TableModel
from neurona.tabular.network import KerasNetwork, batch_size_for, build_network
from neurona.tabular.predictor import TablePredictor
from neurona.tabular.reading import RawTable
from neurona.tabular.target import infer_target
from neurona.tabular.texts import texts

_FOLDS, _HELD_OUT = 5, 5  # one row of so many judges what was found
_ONE_SPLIT = 5000  # rows from which on one part is held out in place of folds
_LEAST = 20
_STEPS = 1500  # of a whole training
_SHOWN = 30


@dataclasses.dataclass(frozen=True)
class TableSearchOptions:
    """How a table's network is searched for.

    Attributes:
        task: `"classification"` or `"regression"`; None to tell it from the target.
        trials: how many; None for as many as the time allows.
        time_limit: in seconds.
        folds: of cross-validation; None for 5, and for one part held out of many rows.
        epochs: of a whole training; None for about 1,500 steps.
        sampler: `"random"` or `"optuna"`.
        storage: a file or an address that keeps the trials.
        drop: columns that are left out.
        keep: columns that are no copies of the target, though they look so.
        seed: of everything.
        language: of what is read.
    """

    task: str | None = None
    trials: int | None = None
    time_limit: float | None = 60.0
    folds: int | None = None
    epochs: int | None = None
    sampler: str = "random"
    storage: Any = None
    drop: Sequence[str] = ()
    keep: Sequence[str] = ()
    seed: int = 0
    language: str = "en"


@dataclasses.dataclass
class SearchedTable:
    """What a search for a table found.

    Attributes:
        predictor: with the best network.
        result: of `neurona.search.search`.
        score, linear: the share of held-out rows that are right, or R2, of the network and of a linear model.
        loss, linear_loss: log loss, or RMSE.
        rows, held_out: that were searched with, and that judged.
        code: of the network.
        seconds: of all.
    """

    predictor: TablePredictor
    result: SearchResult
    score: Interval
    linear: Interval
    loss: float
    linear_loss: float
    rows: int
    held_out: int
    code: str
    seconds: float


def search_table(
    table: RawTable,
    target: str,
    options: TableSearchOptions = TableSearchOptions(),
    tell: Callable[[SearchTrial], None] = lambda trial: None,
) -> SearchedTable:
    """Search the hyperparameters of a network for a table.

    A fifth of the rows is held out. The search sees the others, and the held-out ones judge its choice, and a
    linear model beside it.

    Args:
        table: of `read_table`.
        target: the column to predict.
        options: how.
        tell: is called with each trial when it is over.

    Raises:
        ArgumentError: there is no such column.
        DataError: the target can't be learned, a column is a copy of it, or there are too few rows.
    """
    begin = time.perf_counter()
    frame = table.frame
    names = list(frame)
    for given in (target, *options.drop, *options.keep):
        if given not in names:
            raise ArgumentError(
                f"the table has no column {given!r}.{suggestion(given, names)} It has: {', '.join(names)}"
            )
    inferred = {column.name: column for column in infer_columns(table, options.language)}
    aim = infer_target(inferred[target], frame[target], options.task)
    y = aim.values(frame[target])
    rows = np.flatnonzero(y >= 0 if aim.classes else np.isfinite(y))
    if len(rows) < _LEAST:
        raise DataError(f"{len(rows)} rows have a target. A search takes {_LEAST} rows or more.")
    frame, y = frame.iloc[rows], y[rows]
    columns = TableEncoder(
        [one for name, one in inferred.items() if name not in {target, *options.drop}]
    ).columns
    check_leaks(columns, frame, y, len(aim.classes), options.keep)
    enough = bool(aim.classes) and np.bincount(y).min() >= _HELD_OUT
    known, tested = k_folds(len(y), _HELD_OUT, y if enough else None, seed=options.seed)[0]
    encoder = TableEncoder(columns).fit(frame.iloc[known])
    X, new = (encoder.transform(frame.iloc[some]) for some in (known, tested))
    result, network, code = _searched(X.values.astype("float32"), y[known], aim.outputs, options, tell)
    linear = LinearModel().fit(X, y[known], aim.outputs)
    bounds = (float(y[known].min()), float(y[known].max())) if aim.outputs == 1 else None
    model = TableModel([encoder], {"searched": Member(1.0, [network], 1.0)}, 1.0, bounds)
    found, simple = model.predict_encoded([new]), linear.predict(new)
    truth, number = y[tested], aim.outputs == 1
    return SearchedTable(
        TablePredictor(aim, columns, model, Profile.of(columns, frame.iloc[known], y[known])),
        result,
        score_interval(truth, found),
        score_interval(truth, simple),
        mean_loss(row_losses(truth, found), number),
        mean_loss(row_losses(truth, simple), number),
        len(known),
        len(tested),
        code,
        time.perf_counter() - begin,
    )


def _searched(
    x: np.ndarray,
    y: np.ndarray,
    outputs: int,
    options: TableSearchOptions,
    tell: Callable[[SearchTrial], None],
) -> tuple[SearchResult, KerasNetwork, str]:
    """The search, its best network, and the code of it."""
    mean, spread = (float(y.mean()), float(y.std()) or 1.0) if outputs == 1 else (0.0, 1.0)
    targets = ((y - mean) / spread)[:, None] if outputs == 1 else y[:, None]
    if outputs > 2:
        targets = np.eye(outputs)[y]
    size = min(batch_size_for(len(x)), len(x) // 2)
    epochs = options.epochs or int(np.clip(math.ceil(_STEPS * size / len(x)), 9, 200))
    folds: Any = options.folds or (None if len(x) >= _ONE_SPLIT else _FOLDS)
    if folds is not None:
        kept = y if outputs > 1 and np.bincount(y).min() >= folds else None
        folds = k_folds(len(x), folds, kept, seed=options.seed)
    result = search(
        functools.partial(build_network, features=x.shape[1], outputs=outputs),
        x,
        targets.astype("float32"),
        trials=options.trials,
        time_limit=options.time_limit,
        epochs=epochs,
        batch_size=size,
        folds=folds,
        sampler=options.sampler,
        storage=options.storage,
        seed=options.seed,
        tell=tell,
    )
    model: Any = result.best_model()
    return result, KerasNetwork(model, outputs, mean, spread), keras_code(model)


def searched_verdict(found: SearchedTable, language: str | None = None) -> list[str]:
    """Sentences: what was tried, what was chosen, and how good it is beside a linear model."""
    say, best = texts(language), found.result.best
    kind = "classes" if found.predictor.classes else "numbers"
    values = ", ".join(f"{name} = {_shown(value)}" for name, value in best.values.items())
    score = {"score": found.score.value, "low": found.score.low, "high": found.score.high}
    states = [trial.state for trial in found.result.trials]
    wins = found.loss < found.linear_loss
    return [
        say["search_tried"].format(trials=len(states), stopped=states.count("stopped"), rows=found.rows),
        say["search_best"].format(number=best.number + 1, values=values),
        say[f"verdict_{kind}"].format(target=found.predictor.target.column.name, **score),
        say["search_wins" if wins else "search_loses"].format(score=Figure(f"{found.linear.value:.1%}")),
    ]


def _shown(value: Any) -> str:
    return shown(value) if isinstance(value, float) else str(value)


def searched_report(found: SearchedTable, file: str, again: str, language: str | None = None) -> Report:
    """The report for people: trials, importances, parallel coordinates, and the code of the network.

    Args:
        found: of `search_table`.
        file: the name of the table.
        again: the command that makes it again.
        language: `"en"`, `"es"`, or None for the user's.
    """
    say = texts(language)
    kind = "classes" if found.predictor.classes else "numbers"
    sections = [
        _trials(found.result, say),
        _importances(found.result, say),
        _parallel(found.result, say, language),
        (say["search_code"], [found.code.encode()]),
        again_section(again, say),
    ]
    return Report(
        title=say["title"].format(target=found.predictor.target.column.name, file=file),
        lead=" ".join(searched_verdict(found, language)),
        figures=[
            (say[f"score_{kind}"], Figure(f"{found.score.value:.1%}")),
            (say[f"loss_{kind}"], shown(found.loss)),
            (say["search_trials"], str(len(found.result.trials))),
            (say["seconds"], Figure(f"{found.seconds:.1f}")),
        ],
        sections=sections,
        version=__version__,
        date=datetime.now().strftime("%Y-%m-%d %H:%M"),
        language=language,
    )


def _trials(result: SearchResult, say: Any) -> Section:
    """The best trials, those that trained longest first."""
    known = [trial for trial in result.trials if math.isfinite(trial.value)]
    order = sorted(known, key=lambda trial: (-trial.epochs, trial.value if result.less else -trial.value))
    names = list(result.space)
    header = [say["search_trial"], *names, result.objective, say["search_epochs"], say["search_state"]]
    rows = [
        (
            trial.number + 1,
            *(_shown(trial.values.get(name, "")) for name in names),
            shown(trial.value),
            trial.epochs,
            say[f"search_{trial.state}"],
        )
        for trial in order[:_SHOWN]
    ]
    failed = sum(trial.state == "failed" for trial in result.trials)
    stopped = sum(trial.state == "stopped" for trial in result.trials)
    told = say["search_trials_meaning"].format(trials=len(result.trials), stopped=stopped, failed=failed)
    return say["search_trials"], [Table(header, rows), told]


def _importances(result: SearchResult, say: Any) -> Section:
    found = result.importances()
    blocks: list[Any] = [
        Table([say["search_hyper"], say["search_share"]], [(n, v) for n, v in found.items()])
    ]
    try:
        drawn = plot_importance(list(found), list(found.values()), label=say["search_importance"])
        blocks.append(Picture(png(drawn), say["search_importance"], say["search_importance_meaning"]))
    except MissingDependencyError as error:
        blocks.append(str(error))
    return say["search_importance"], blocks


def _parallel(result: SearchResult, say: Any, language: str | None) -> Section:
    heading, told = say["search_parallel"], say["search_parallel_meaning"]
    try:
        drawn = plot_trials(
            result.trials, result.space, less=result.less, label=result.objective, language=language
        )
        return heading, [Picture(png(drawn), say["search_parallel"], told)]
    except MissingDependencyError as error:
        return heading, [str(error)]


def searched_figures(found: SearchedTable) -> dict[str, Any]:
    """The same numbers for programs, as JSON holds them."""
    result = found.result
    return {
        "target": found.predictor.target.column.name,
        "task": found.predictor.target.task,
        "rows": found.rows,
        "held_out": found.held_out,
        "objective": result.objective,
        "best": dataclasses.asdict(result.best),
        "trials": [_finite(dataclasses.asdict(trial)) for trial in result.trials],
        "importances": result.importances(),
        "score": dataclasses.asdict(found.score),
        "linear": dataclasses.asdict(found.linear),
        "loss": found.loss,
        "linear_loss": found.linear_loss,
        "code": found.code,
        "seconds": found.seconds,
        "versions": {"neurona": __version__, "python": platform.python_version()},
    }


def _finite(value: Any) -> Any:
    """With None where a number is not finite, which JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
