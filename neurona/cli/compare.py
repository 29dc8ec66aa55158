"""`neurona compare`: trainings of tables beside each other."""

import shlex
from pathlib import Path

from neurona.cli.folders import write_findings
from neurona.cli.table import FIGURES, PREDICTIONS, PREDICTOR
from neurona.cli.texts import texts
from neurona.errors import ArgumentError
from neurona.language import spelled
from neurona.tabular import (
    Run,
    compare_runs,
    comparison_figures,
    comparison_report,
    comparison_rows,
    comparison_verdict,
    read_run,
)


def run(*, language: str, folders: list[Path], output: Path | None) -> int:
    """Print runs beside each other, and write a report if it is asked for; returns the exit status.

    Raises:
        ArgumentError: there are fewer than two runs, or a folder is none of a training of a table.
        DataError: a folder's files are damaged.
    """
    say = texts(language)
    wanted = list({folder.resolve(): folder for folder in folders}.values())
    if len(wanted) < 2:
        raise ArgumentError(say["table_two_runs"].format(folders=", ".join(map(str, folders))))
    compared = compare_runs([_read(folder, language) for folder in wanted])
    table = [[spelled(cell, language) for cell in row] for row in comparison_rows(compared, language)]
    for cells in zip(*_columns(table)):
        print("  ".join(cells).rstrip())
    print("\n".join(["", *comparison_verdict(compared, language)]))
    if output is not None:
        again = shlex.join(["neurona", "compare", *map(str, folders)])
        report = comparison_report(compared, again, language)
        write_findings(output, "comparison", comparison_figures(compared), report, language)
    return 0


def _read(folder: Path, language: str) -> Run:
    if not folder.exists():
        raise FileNotFoundError(2, "No such folder", str(folder))
    missing = [name for name in (PREDICTOR, FIGURES, PREDICTIONS) if not (folder / name).is_file()]
    if missing:
        raise ArgumentError(texts(language)["table_no_run"].format(folder=folder, file=missing[0]))
    return read_run(folder, FIGURES, PREDICTIONS)


def _columns(rows: list[list[str]]) -> list[list[str]]:
    """The columns of a table, each as wide as its longest cell."""
    columns = [list(column) for column in zip(*rows)]
    return [[cell.ljust(max(map(len, column))) for cell in column] for column in columns]
