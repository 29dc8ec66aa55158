"""`neurona evaluate`: how good a model of a table is on rows that tell what is true."""

import json
import math
import shlex
from pathlib import Path
from typing import Any

from neurona.cli.folders import write_findings
from neurona.cli.table import FIGURES, load_predictor
from neurona.cli.texts import texts
from neurona.evaluation import Interval
from neurona.language import Figure, spelled
from neurona.tabular import (
    Assessment,
    assess,
    assessment_figures,
    assessment_report,
    assessment_verdict,
    read_table,
)
from neurona.tabular.blocks import score_text

_SHOWN = 30  # classes


def run(*, language: str, model: Path, file: str, table: str | None, output: Path | None) -> int:
    """Print how good a model is on a file, and write a report if it is asked for; returns the exit status.

    Raises:
        ArgumentError: the model is none of a table.
        DataError: the file has no rows with a target, or lacks a column.
        SavingError: the model can't be read.
    """
    predictor = load_predictor(model, "evaluate", language)
    raw = read_table(file, table)
    found, expected = assess(predictor, raw.frame), _expected(model)
    for note in (*raw.notes, *found.notes):
        print(note.say(language))
    print("\n".join(["", *assessment_verdict(found, expected, language), ""]))
    _print(found, language)
    if output is not None:
        asked = ["neurona", "evaluate", str(model), file, *(["--table", table] if table else [])]
        report = assessment_report(found, expected, Path(file).name, shlex.join(asked), language)
        write_findings(output, "evaluation", assessment_figures(found, expected), report, language)
    return 0


def _print(found: Assessment, language: str) -> None:
    """The figures, and columns that are not what they were."""
    say, figures = texts(language), assessment_figures(found)
    score, loss = found.score, found.loss
    kind = "classes" if found.target.classes else "numbers"
    print(
        f"  {say[f'table_score_{kind}']}: {spelled(score_text(score.value, score.low, score.high), language)}"
    )
    losses = Figure(f"{loss.value:.5g} ({loss.low:.5g} – {loss.high:.5g})")
    print(f"  {say[f'table_loss_{kind}']}: {spelled(losses, language)}")
    for one in figures["figures"].get("classes", [])[:_SHOWN]:
        print(say["table_class"].format(**one))
    if "mae" in figures["figures"]:
        error = Figure(f"{figures['figures']['mae']:.5g}")
        print(f"  MAE: {spelled(error, language)}")
    for one in found.drift:
        if one.far:
            print(say["table_drift"].format(name=one.name, distance=one.distance))


def _expected(model: Path) -> Interval | None:
    """The score that the report of the training tells; None where there is no such report."""
    path = (model if model.is_dir() else model.parent) / FIGURES
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        joined = next(one for one in found["models"] if one["name"] == "joined")["score"]
        bounds = [float(joined[name]) for name in ("value", "low", "high", "level")]
    except (OSError, ValueError, LookupError, TypeError, StopIteration):
        return None
    return Interval(*bounds) if all(map(math.isfinite, bounds)) else None
