"""The report of an explanation, for people (HTML) and for programs (JSON) with the same numbers."""

import dataclasses
import platform
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from neurona._version import __version__
from neurona.core.errors import MissingDependencyError
from neurona.evaluation import Picture, Report, Table
from neurona.language import Figure
from neurona.plotting import plot_dependence, plot_importance, png
from neurona.tabular.blocks import MOST, Say, Section, again_section, shown
from neurona.tabular.explanation import Dependence, Explanation, RowExplanation
from neurona.tabular.texts import texts

_BARS = 15  # of a picture


def explanation_verdict(explanation: Explanation, language: str | None = None) -> list[str]:
    """Two sentences: which column is worth most, and how many do more than chance.

    Args:
        explanation: of `explain`.
        language: `"en"`, `"es"`, or None for the user's.
    """
    say, first = texts(language), explanation.importances[0]
    if not (explanation.by_loss or first.growth.value > 0) or (explanation.by_loss and first.growth.low <= 0):
        return [say["explained_none"]]
    key = "explained_loss" if explanation.by_loss else "explained_moves"
    bounds = {"growth": first.growth.value, "low": first.growth.low, "high": first.growth.high}
    told = {name: shown(value, 3) for name, value in bounds.items()}
    several = sum(one.growth.low > 0 for one in explanation.importances)
    return [
        say[key].format(name=first.name, target=explanation.target.column.name, **told),
        say["explained_several"].format(columns=several, of=len(explanation.importances)),
    ]


def explanation_report(
    explanation: Explanation, file: str, again: str, language: str | None = None
) -> Report:
    """The report for people.

    Args:
        explanation: of `explain`.
        file: the name of the table.
        again: the command that makes it again.
        language: `"en"`, `"es"`, or None for the user's.
    """
    say, target = texts(language), explanation.target.column.name
    return Report(
        title=say["explanation_title"].format(target=target, file=file),
        lead=" ".join(explanation_verdict(explanation, language)),
        figures=[],
        sections=[
            _importance(explanation, say),
            *_dependence(explanation, say, language),
            _extremes(explanation, say),
            *(_row(explanation, one, say) for one in explanation.explained),
            again_section(again, say),
        ],
        version=__version__,
        date=datetime.now().strftime("%Y-%m-%d %H:%M"),
        notice=" ".join(note.say(language) for note in explanation.notes),
        language=language,
    )


def _drawn(draw: Callable[[], Any], alternative: str, caption: str = "") -> Picture | str:
    """A picture, or why there is none."""
    try:
        return Picture(png(draw()), alternative, caption)
    except MissingDependencyError as error:
        return str(error)


def _importance(explanation: Explanation, say: Say) -> Section:
    kind = "loss" if explanation.by_loss else "moves"
    bars, label = explanation.importances[:_BARS], say[f"importance_{kind}"]
    picture = _drawn(
        lambda: plot_importance(
            [one.name for one in bars],
            [one.growth.value for one in bars],
            low=[one.growth.low for one in bars],
            high=[one.growth.high for one in bars],
            label=label,
        ),
        say["importance_alternative"].format(name=bars[0].name),
    )
    rows = [
        (one.name, shown(one.growth.value), Figure(f"{shown(one.growth.low)} – {shown(one.growth.high)}"))
        for one in explanation.importances[:MOST]
    ]
    table = Table([say["column"], label, say["interval"]], rows)
    meaning = say[f"importance_{kind}_meaning"].format(rows=explanation.shuffled)
    return say["importance"], [picture, table, meaning]


def _dependence(explanation: Explanation, say: Say, language: str | None) -> list[Section]:
    curves = explanation.dependences
    if not curves:
        return []
    outputs, classes = curves[0].outputs, explanation.target.classes
    target = explanation.target.column.name
    name = f"{target} = {outputs[0]}" if classes and len(outputs) == 1 else None
    label = say["probability_of"].format(name=name or target) if classes else target
    of = say["of_class"].format(name=name) if name else ""
    meaning = say["dependence_classes" if classes else "dependence_numbers"].format(of=of)
    alternative = say["dependence_alternative"].format(names=", ".join(one.name for one in curves))
    picture = _drawn(lambda: plot_dependence(curves, name=label, language=language), alternative)
    return [(say["dependence"], [picture, _lowest_and_highest(curves, say), meaning])]


def _lowest_and_highest(curves: Sequence[Dependence], say: Say) -> Table:
    rows = [row for one in curves for row in _ends(one, say)]
    header = [say[name] for name in ("column", "class", "lowest", "highest")]
    kept = [0, 1, 2, 3] if len(curves[0].outputs) > 1 else [0, 2, 3]
    return Table([header[place] for place in kept], [[row[place] for place in kept] for row in rows])


def _ends(curve: Dependence, say: Say) -> list[tuple[str, str, str, str]]:
    """Where each curve is lowest and highest."""
    points = [point if isinstance(point, str) else shown(point) for point in curve.points]
    rows = []
    for output, means in zip(curve.outputs, curve.means.T):
        ends = [
            say["at_point"].format(value=shown(float(means[at])), point=points[at])
            for at in (means.argmin(), means.argmax())
        ]
        rows.append((curve.name, output, *ends))
    return rows


def _answer(explanation: Explanation, value: Any, say: Say) -> str:
    """A target, or predictions of a row, as people read it."""
    classes: list[Any] = explanation.target.classes
    if isinstance(value, np.ndarray):
        if not classes:
            return shown(float(value[0]), 6)
        return say["class_share"].format(name=classes[value.argmax()], share=float(value.max()))
    if classes:
        return str(classes[int(value)]) if value >= 0 else ""
    return shown(float(value), 6) if np.isfinite(value) else ""


def _extremes(explanation: Explanation, say: Say) -> Section:
    rows = [(place, say["worst_row"]) for place in explanation.worst]
    rows += [(place, say["typical_row"]) for place in explanation.typical]
    truth = explanation.truth
    cells = [
        (
            place + 1,
            what,
            "" if truth is None else _answer(explanation, truth[place], say),
            _answer(explanation, explanation.predicted[place], say),
        )
        for place, what in rows
    ]
    header = [say[name] for name in ("row", "what", "truth", "predicted")]
    return say["worst_rows"], [Table(header, cells)]


def _row(explanation: Explanation, one: RowExplanation, say: Say) -> Section:
    number = one.place + 1
    kind = "classes" if one.output else "numbers"
    values = {"prediction": one.prediction, "mean": one.mean}
    told = {name: Figure(f"{value:.1%}") if one.output else shown(value, 6) for name, value in values.items()}
    said = say[f"explained_row_{kind}"].format(
        output=f"{explanation.target.column.name} = {one.output}", **told
    )
    truth = "" if explanation.truth is None else _answer(explanation, explanation.truth[one.place], say)
    if truth:
        said += " " + say["explained_truth"].format(truth=truth)
    names = [f"{name} = {cell}" for name, cell in zip(one.names, one.cells)]
    picture = _drawn(
        lambda: plot_importance(names[:_BARS], one.values[:_BARS], label=say["added"]),
        say["explained_alternative"].format(row=number),
    )
    rows = [
        (name, cell, shown(float(value)), shown(float(error), 2))
        for name, cell, value, error in zip(one.names, one.cells, one.values, one.errors)
    ][:MOST]
    table = Table([say[name] for name in ("column", "cell", "added", "standard_error")], rows)
    meaning = say["explained_meaning"].format(rows=one.compared)
    return say["explained_row"].format(row=number), [said, picture, table, meaning]


def explanation_figures(explanation: Explanation) -> dict[str, Any]:
    """The same numbers for programs, as JSON holds them."""

    def plain(one: Any) -> dict[str, Any]:
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in dataclasses.asdict(one).items()
        }

    def numbered(places: Sequence[int]) -> list[int]:
        return [place + 1 for place in places]

    return {
        "target": explanation.target.column.name,
        "task": explanation.target.task,
        "rows": explanation.rows,
        "shuffled": explanation.shuffled,
        "measure": "loss" if explanation.by_loss else "moves",
        "importances": [plain(one) for one in explanation.importances],
        "dependences": [plain(one) for one in explanation.dependences],
        "explained": [{"row": one.place + 1, **plain(one)} for one in explanation.explained],
        "worst": numbered(explanation.worst),
        "typical": numbered(explanation.typical),
        "notes": [note.say("en") for note in explanation.notes],
        "versions": {"neurona": __version__, "python": platform.python_version()},
    }
