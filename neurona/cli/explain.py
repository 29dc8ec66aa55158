"""`neurona explain`: why a model of a table predicts what it does."""

import re
import shlex
from pathlib import Path

from neurona.cli.folders import write_findings
from neurona.cli.table import load_predictor
from neurona.cli.texts import texts
from neurona.errors import ArgumentError
from neurona.language import Figure, spelled
from neurona.tabular import (
    Explanation,
    explain,
    explanation_figures,
    explanation_report,
    explanation_verdict,
    read_table,
)
from neurona.tabular.blocks import shown

_SHOWN, _ADDED = 15, 6  # columns of all, and of a row


def run(
    *, language: str, model: Path, file: str, rows: str | None, table: str | None, output: Path | None
) -> int:
    """Print what the columns are worth, and why rows are predicted as they are; write a report if it is asked
    for; returns the exit status.

    Raises:
        ArgumentError: the model is none of a table, or there is no such row.
        DataError: the file has too few rows, or lacks a column.
        SavingError: the model can't be read.
    """
    predictor = load_predictor(model, "explain", language)
    wanted = _places(rows, language)
    raw = read_table(file, table)
    found = explain(predictor, raw.frame, wanted)
    for note in (*raw.notes, *found.notes):
        print(note.say(language))
    print("\n".join(["", *explanation_verdict(found, language), ""]))
    _print(found, language)
    if output is not None:
        asked = ["neurona", "explain", str(model), file, *(["--rows", rows] if rows else [])]
        asked += ["--table", table] if table else []
        report = explanation_report(found, Path(file).name, shlex.join(asked), language)
        write_findings(output, "explanation", explanation_figures(found), report, language)
    return 0


def _places(rows: str | None, language: str) -> list[int]:
    """The places, from 0, of rows such as "3,17".

    Raises:
        ArgumentError: these are no numbers of rows.

    Example:

        >>> _places("3, 17", "en")
        [2, 16]
    """
    if rows is None:
        return []
    if not re.fullmatch(r"\s*[0-9]{1,12}(\s*[,; ]\s*[0-9]{1,12})*\s*", rows):
        raise ArgumentError(texts(language)["table_rows"].format(rows=rows))
    return [int(number) - 1 for number in re.findall(r"[0-9]+", rows)]


def _print(found: Explanation, language: str) -> None:
    """The columns, and what adds most in each row."""
    say = texts(language)
    key = "table_importance" if found.by_loss else "table_movement"
    for one in found.importances[:_SHOWN]:
        bounds = {"growth": one.growth.value, "low": one.growth.low, "high": one.growth.high}
        print(say[key].format(name=one.name, **{name: shown(value) for name, value in bounds.items()}))
    for row in found.explained:
        kind = "class" if row.output else "number"
        values = {"prediction": row.prediction, "mean": row.mean}
        told = {
            name: Figure(f"{value:.1%}") if row.output else shown(value, 6) for name, value in values.items()
        }
        print("\n" + say[f"table_row_{kind}"].format(row=row.place + 1, output=row.output, **told))
        for name, cell, value in list(zip(row.names, row.cells, row.values))[:_ADDED]:
            added = Figure(f"{'+' if value > 0 else ''}{shown(float(value))}")
            print(f"  {name} = {cell}: {spelled(added, language)}")
