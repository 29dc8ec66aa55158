"""The report of an assessment, for people (HTML) and for programs (JSON) with the same numbers."""

import dataclasses
import platform
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from neurona._version import __version__
from neurona.evaluation import Interval, Report, Table
from neurona.language import Figure
from neurona.tabular.assessment import Assessment
from neurona.tabular.blocks import (
    MOST,
    Say,
    Section,
    again_section,
    calibration_sections,
    checks_section,
    figures_section,
    shown,
    worst_section,
)
from neurona.tabular.drift import Drift
from neurona.tabular.texts import texts


def assessment_verdict(
    assessment: Assessment, expected: Interval | None = None, language: str | None = None
) -> list[str]:
    """Three sentences: how good the predictions are, whether that is what the training promised, and the main
    doubt.

    Args:
        assessment: of `assess`.
        expected: the score in the training; None where it is not known.
        language: `"en"`, `"es"`, or None for the user's.
    """
    say, score = texts(language), assessment.score
    kind, told = _kind(assessment), {"target": assessment.target.column.name, "rows": len(assessment.rows)}
    sentences = [
        say[f"assessed_{kind}"].format(**told, score=score.value, low=score.low, high=score.high),
        say["nothing_expected"],
    ]
    if expected is not None:
        key = "worse_than_expected" if score.high < expected.low else "as_expected"
        key = "better_than_expected" if score.low > expected.high else key
        sentences[1] = say[key].format(score=expected.value, low=expected.low, high=expected.high)
    doubts = [check.why.say(language) for check in assessment.checks if check.why is not None]
    return [*sentences, doubts[0] if doubts else say["no_doubt_rows"]]


def _kind(assessment: Assessment) -> str:
    return "classes" if assessment.target.classes else "numbers"


def assessment_report(
    assessment: Assessment,
    expected: Interval | None,
    file: str,
    again: str,
    language: str | None = None,
) -> Report:
    """The report for people.

    Args:
        assessment: of `assess`.
        expected: the score in the training; None where it is not known.
        file: the name of the table.
        again: the command that makes it again.
        language: `"en"`, `"es"`, or None for the user's.
    """
    say, target, kind = texts(language), assessment.target, _kind(assessment)
    truth, predicted, score, loss = assessment.truth, assessment.predicted, assessment.score, assessment.loss
    loss_name = say[f"loss_{kind}"]
    return Report(
        title=say["assessment_title"].format(target=target.column.name, file=file),
        lead=" ".join(assessment_verdict(assessment, expected, language)),
        figures=[
            (say[f"score_{kind}"], Figure(f"{score.value:.1%}")),
            (say["interval"], Figure(f"{score.low:.1%} – {score.high:.1%}")),
            (loss_name, shown(loss.value)),
            (say["loss_interval"].format(name=loss_name), Figure(f"{shown(loss.low)} – {shown(loss.high)}")),
            (say["rows_used"], str(len(assessment.rows))),
        ],
        sections=[
            figures_section(target, assessment.figures, truth, predicted, say, language),
            *calibration_sections(truth, predicted, say),
            _drift(assessment.drift, say),
            worst_section(assessment.rows, truth, predicted, target.classes, say),
            checks_section(assessment.checks, say, language),
            again_section(again, say),
        ],
        version=__version__,
        date=datetime.now().strftime("%Y-%m-%d %H:%M"),
        notice=" ".join(note.say(language) for note in assessment.notes),
        language=language,
    )


def _drift(drift: Sequence[Drift], say: Say) -> Section:
    if not drift:
        return say["drift"], [say["no_profile"]]
    rows = [
        (
            one.name,
            shown(one.distance, 3),
            shown(one.p_value, 2),
            "" if one.others is None else Figure("{:.1%} → {:.1%}".format(*one.others)),
            Figure("{:.1%} → {:.1%}".format(*one.missing)),
        )
        for one in drift[:MOST]
    ]
    header = [say[name] for name in ("column", "distance", "chance", "others_share", "missing_share")]
    return say["drift"], [Table(header, rows), say["drift_meaning"]]


def assessment_figures(assessment: Assessment, expected: Interval | None = None) -> dict[str, Any]:
    """The same numbers for programs, as JSON holds them."""
    figures: Any = dataclasses.asdict(assessment.figures)
    if "matrix" in figures:
        figures["matrix"] = figures["matrix"].tolist()
    checks = [
        {**dataclasses.asdict(check), "why": check.why.say("en") if check.why else None}
        for check in assessment.checks
    ]
    return {
        "target": assessment.target.column.name,
        "task": assessment.target.task,
        "classes": [str(name) for name in assessment.target.classes],
        "rows": len(assessment.rows),
        "score": dataclasses.asdict(assessment.score),
        "loss": dataclasses.asdict(assessment.loss),
        "expected": None if expected is None else dataclasses.asdict(expected),
        "figures": figures,
        "drift": [dataclasses.asdict(one) for one in assessment.drift],
        "checks": checks,
        "notes": [note.say("en") for note in assessment.notes],
        "versions": {"neurona": __version__, "python": platform.python_version()},
    }
