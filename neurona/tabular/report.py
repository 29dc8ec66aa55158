"""The report of a trained table, for people (HTML) and for programs (JSON) with the same numbers."""

import dataclasses
import platform
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from neurona._version import __version__
from neurona.core.errors import MissingDependencyError
from neurona.evaluation import Picture, Report, Table, calibration
from neurona.plotting import plot_confusion_matrix, plot_residuals, png
from neurona.tabular.encoding import LEFT_OUT
from neurona.tabular.judgement import Judgement, Standing, Worth
from neurona.tabular.texts import texts
from neurona.tabular.training import TrainedTable

_SHOWN = 30  # columns, and classes
_WORST = 20

Section = tuple[str, Sequence[Table | Picture | str | bytes]]


def model_name(name: str, language: str | None = None) -> str:
    """What a model is called.

    Example:

        >>> model_name("neighbours", "es")
        'de filas cercanas'
    """
    return texts(language)[f"model_{name}"]


def verdict(trained: TrainedTable, judgement: Judgement, language: str | None = None) -> list[str]:
    """Three sentences: how good the predictions are, what a simple model reaches, and the main doubt."""
    say, joined, simple = texts(language), judgement.joined, judgement.simple
    kind = "classes" if trained.predictor.classes else "numbers"
    score = {"score": joined.score.value, "low": joined.score.low, "high": joined.score.high}
    sentences = [say[f"verdict_{kind}"].format(target=trained.predictor.target.column.name, **score)]
    members = list(trained.predictor.model.members)
    named = say[f"model_{simple.name}"]
    if members == [simple.name]:
        sentences.append(say["wins_alone"].format(simple=named))
    else:
        key = "wins_clearly" if judgement.p_value < 0.05 and joined.loss < simple.loss else "wins_unclearly"
        shown = f"{simple.score.value:.1%}"
        sentences.append(say[key].format(simple=named, score=shown, p=judgement.p_value))
    doubts = [check.why.say(language) for check in trained.checks if check.why is not None]
    return [*sentences, doubts[0] if doubts else say["no_doubt"]]


def table_report(
    trained: TrainedTable,
    judgement: Judgement,
    worth: Sequence[Worth],
    file: str,
    again: str,
    language: str | None = None,
) -> Report:
    """The report for people.

    Args:
        trained: of `train_table`.
        judgement: of `judge`.
        worth: of `column_worth`.
        file: the name of the table.
        again: the command that makes it again.
        language: `"en"`, `"es"`, or None for the user's.
    """
    say, used = texts(language), len(trained.predictor.columns)
    kind = "classes" if trained.predictor.classes else "numbers"
    size = say["rows_and_columns"].format(rows=len(trained.y), used=used, columns=len(trained.columns))
    join = ", ".join(
        say["members"].format(name=say[f"model_{name}"], share=member.weight)
        for name, member in trained.predictor.model.members.items()
    )
    sections = [
        _models(judgement, say, kind),
        _figures(trained, judgement, say, language),
        *_calibration(judgement, say),
        _worth(worth, say),
        _worst(trained, judgement, say),
        _columns(trained, say, language),
        _checks(trained, say, language),
        _again(again, say),
    ]
    return Report(
        title=say["title"].format(target=trained.predictor.target.column.name, file=file),
        lead=" ".join(verdict(trained, judgement, language)),
        figures=[
            (say[f"score_{kind}"], f"{judgement.joined.score.value:.1%}"),
            (say[f"loss_{kind}"], _shown(judgement.joined.loss)),
            (say["model_joined"], join),
            (say["seconds"], f"{trained.seconds:.1f}"),
        ],
        sections=sections,
        version=__version__,
        date=datetime.now().strftime("%Y-%m-%d %H:%M"),
        notice=" ".join([size + ".", *(note.say(language) for note in trained.notes)])
        if trained.notes
        else "",
        language=language,
    )


def _shown(value: float, digits: int = 4) -> str:
    """A number with so many digits that count, and no power of ten.

    Example:

        >>> _shown(36508.07), _shown(0.00012345), _shown(2.0)
        ('36510', '0.0001234', '2')
    """
    return np.format_float_positional(value, digits, unique=False, fractional=False, trim="-")


def _models(judgement: Judgement, say: Any, kind: str) -> Section:
    header = ["model", f"score_{kind}", "interval", f"loss_{kind}", "weight", "seconds"]
    rows = [
        (
            say[f"model_{one.name}"],
            f"{one.score.value:.1%}",
            f"{one.score.low:.1%} – {one.score.high:.1%}",
            _shown(one.loss),
            f"{one.weight:.0%}",
            f"{one.seconds:.2f}",
        )
        for one in judgement.standings
    ]
    return say["models"], [Table([say[name] for name in header], rows), say["models_meaning"]]


def _figures(trained: TrainedTable, judgement: Judgement, say: Any, language: str | None) -> Section:
    figures: Any = judgement.figures
    classes, blocks = trained.predictor.classes, []
    if not classes:
        values = dataclasses.asdict(figures)
        rows = [(name.upper(), _shown(values[name])) for name in ("r2", "mae", "rmse")]
        blocks.append(Table([say["figures"], ""], rows))
    else:
        header = [say[name] for name in ("class", "precision", "recall", "f1", "support")]
        blocks.append(Table(header, [dataclasses.astuple(one) for one in figures.classes[:_SHOWN]]))
    try:
        if not classes:
            name = trained.predictor.target.column.name
            drawn = plot_residuals(judgement.truth, judgement.probabilities, name=name, language=language)
            words = say["residuals_alternative"], say["residuals_meaning"]
        elif len(classes) <= _SHOWN:
            names = [str(name) for name in classes]
            drawn = plot_confusion_matrix(figures.matrix, names, language=language)
            words = say["confusion_alternative"].format(classes=len(classes)), say["confusion_meaning"]
        else:
            return say["per_class"], blocks
        blocks.append(Picture(png(drawn), *words))
    except MissingDependencyError as error:
        blocks.append(str(error))
    return say["per_class"] if classes else say["figures"], blocks


def _calibration(judgement: Judgement, say: Any) -> list[Section]:
    if judgement.probabilities.shape[1] == 1:
        return []
    found = calibration(judgement.truth, judgement.probabilities)
    rows = [
        (float(promised), float(kept), int(count))
        for promised, kept, count in zip(found.promised, found.kept, found.counts)
    ]
    table = Table([say["promised"], say["kept"], say["support"]], rows)
    return [(say["calibration"], [table, say["calibration_meaning"].format(error=found.error)])]


def _worth(worth: Sequence[Worth], say: Any) -> Section:
    rows = [(one.name, _shown(one.mean), _shown(one.spread, 2)) for one in worth[:_SHOWN]]
    table = Table([say["column"], say["worth_mean"], say["worth_spread"]], rows)
    return say["worth"], [table, say["worth_meaning"]]


def _worst(trained: TrainedTable, judgement: Judgement, say: Any) -> Section:
    places = trained.rows[trained.learned.tested] + 1
    truth, found, classes = judgement.truth, judgement.probabilities, trained.predictor.classes
    if classes:
        sure = found[np.arange(len(truth)), truth]
        rows = [
            (int(places[row]), str(classes[truth[row]]), str(classes[found[row].argmax()]), float(sure[row]))
            for row in np.argsort(sure, kind="stable")[:_WORST]
        ]
        return say["worst"], [
            Table([say[name] for name in ("row", "truth", "predicted", "probability")], rows)
        ]
    away = found[:, 0] - truth
    rows = [
        (int(places[row]), _shown(float(truth[row]), 6), _shown(float(found[row, 0]), 6), _shown(away[row]))
        for row in np.argsort(-np.abs(away), kind="stable")[:_WORST]
    ]
    return say["worst"], [Table([say[name] for name in ("row", "truth", "predicted", "error")], rows)]


def _columns(trained: TrainedTable, say: Any, language: str | None) -> Section:
    rows = []
    for column in trained.columns:
        kind = say[f"kind_{column.kind}"]
        kind = say["left_out"].format(kind=kind) if column.kind in LEFT_OUT else kind
        rows.append((column.name, kind, column.why.say(language), column.missing, column.distinct))
    header = [say[name] for name in ("column", "kind", "why", "missing", "distinct")]
    return say["columns"], [Table(header, rows)]


def _checks(trained: TrainedTable, say: Any, language: str | None) -> Section:
    rows = [
        (say[f"check_{check.name}"], say["passed"] if check.why is None else check.why.say(language))
        for check in trained.checks
    ]
    return say["checks"], [Table([say["check"], say["result"]], rows)]


def _again(command: str, say: Any) -> Section:
    versions = f"neurona {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return say["reproduce"], [f"{command}\n".encode(), versions]


def table_figures(trained: TrainedTable, judgement: Judgement, worth: Sequence[Worth]) -> dict[str, Any]:
    """The same numbers for programs, as JSON holds them."""

    def standing(one: Standing) -> dict[str, Any]:
        return dataclasses.asdict(one)

    checks = [
        {**dataclasses.asdict(check), "why": check.why.say("en") if check.why else None}
        for check in trained.checks
    ]
    figures: Any = dataclasses.asdict(judgement.figures)
    figures.pop("matrix", None)
    return {
        "target": trained.predictor.target.column.name,
        "task": trained.predictor.target.task,
        "rows": len(trained.y),
        "columns": {
            column.name: {"kind": column.kind, "missing": column.missing, "distinct": column.distinct}
            for column in trained.columns
        },
        "models": [standing(one) for one in judgement.standings],
        "figures": figures,
        "p_value": judgement.p_value,
        "worth": [dataclasses.asdict(one) for one in worth],
        "checks": checks,
        "seconds": trained.seconds,
        "versions": {"neurona": __version__, "python": platform.python_version()},
    }
