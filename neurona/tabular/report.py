"""The report of a trained table, for people (HTML) and for programs (JSON) with the same numbers."""

import dataclasses
import platform
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from neurona._version import __version__
from neurona.evaluation import Report, Table
from neurona.language import Figure
from neurona.tabular.blocks import (
    MOST,
    Section,
    again_section,
    calibration_sections,
    checks_section,
    figures_section,
    shown,
    worst_section,
)
from neurona.tabular.encoding import LEFT_OUT
from neurona.tabular.judgement import Judgement, Standing, Worth
from neurona.tabular.texts import texts
from neurona.tabular.training import TrainedTable


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
        reached = Figure(f"{simple.score.value:.1%}")
        sentences.append(say[key].format(simple=named, score=reached, p=judgement.p_value))
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
    say, used, target = texts(language), len(trained.predictor.columns), trained.predictor.target
    truth, predicted = judgement.truth, judgement.probabilities
    kind = "classes" if trained.predictor.classes else "numbers"
    size = say["rows_and_columns"].format(rows=len(trained.y), used=used, columns=len(trained.columns))
    join = ", ".join(
        say["members"].format(name=say[f"model_{name}"], share=member.weight)
        for name, member in trained.predictor.model.members.items()
    )
    sections = [
        _models(judgement, say, kind),
        figures_section(target, judgement.figures, truth, predicted, say, language),
        *calibration_sections(truth, predicted, say),
        _worth(worth, say),
        worst_section(trained.rows[trained.learned.tested], truth, predicted, target.classes, say),
        _columns(trained, say, language),
        checks_section(trained.checks, say, language),
        again_section(again, say),
    ]
    return Report(
        title=say["title"].format(target=trained.predictor.target.column.name, file=file),
        lead=" ".join(verdict(trained, judgement, language)),
        figures=[
            (say[f"score_{kind}"], Figure(f"{judgement.joined.score.value:.1%}")),
            (say[f"loss_{kind}"], shown(judgement.joined.loss)),
            (say["model_joined"], join),
            (say["seconds"], Figure(f"{trained.seconds:.1f}")),
        ],
        sections=sections,
        version=__version__,
        date=datetime.now().strftime("%Y-%m-%d %H:%M"),
        notice=" ".join([size + ".", *(note.say(language) for note in trained.notes)])
        if trained.notes
        else "",
        language=language,
    )


def _models(judgement: Judgement, say: Any, kind: str) -> Section:
    header = ["model", f"score_{kind}", "interval", f"loss_{kind}", "weight", "seconds"]
    rows = [
        (
            say[f"model_{one.name}"],
            Figure(f"{one.score.value:.1%}"),
            Figure(f"{one.score.low:.1%} – {one.score.high:.1%}"),
            shown(one.loss),
            Figure(f"{one.weight:.0%}"),
            Figure(f"{one.seconds:.2f}"),
        )
        for one in judgement.standings
    ]
    return say["models"], [Table([say[name] for name in header], rows), say["models_meaning"]]


def _worth(worth: Sequence[Worth], say: Any) -> Section:
    rows = [(one.name, shown(one.mean), shown(one.spread, 2)) for one in worth[:MOST]]
    table = Table([say["column"], say["worth_mean"], say["worth_spread"]], rows)
    return say["worth"], [table, say["worth_meaning"]]


def _columns(trained: TrainedTable, say: Any, language: str | None) -> Section:
    rows = []
    for column in trained.columns:
        kind = say[f"kind_{column.kind}"]
        kind = say["left_out"].format(kind=kind) if column.kind in LEFT_OUT else kind
        rows.append((column.name, kind, column.why.say(language), column.missing, column.distinct))
    header = [say[name] for name in ("column", "kind", "why", "missing", "distinct")]
    return say["columns"], [Table(header, rows)]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


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
        "options": {name: _plain(value) for name, value in dataclasses.asdict(trained.options).items()},
        "seconds": trained.seconds,
        "versions": {"neurona": __version__, "python": platform.python_version()},
    }
