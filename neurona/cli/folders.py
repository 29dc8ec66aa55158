"""Where commands write what they made, and how."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import neurona as nn
from neurona.cli.texts import texts
from neurona.evaluation import Report, write_report

MODEL = "model.keras"  # what `neurona train` leaves of a network


def own_folder(wanted: Path, made: str) -> Path:
    """A folder that holds no earlier run's file: the wanted one, or `wanted-2`, `wanted-3`... What is there
    may be the better one.

    Args:
        wanted: the folder.
        made: the name of the file that a run leaves there.
    """
    folder, number = wanted, 1
    while (folder / made).exists():
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


def write_findings(output: Path, name: str, figures: Any, report: Report, language: str) -> None:
    """Write what a command found into a folder of its own, as JSON and as a page, and print the files.

    Args:
        output: the folder that is wanted.
        name: of both files, without the ending.
        figures: for programs.
        report: for people.
        language: of what is printed.
    """
    files = f"{name}.json", f"{name}.html"
    folder = own_folder(output, files[0])
    folder.mkdir(parents=True, exist_ok=True)
    if folder != output:
        print(texts(language)["folder_taken_report"].format(wanted=output, folder=folder))
    (folder / files[0]).write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")
    write_report(report, folder / files[1])
    print_written(folder, files, language)


def print_written(folder: Path, names: Sequence[str], language: str) -> None:
    """Say which files were written."""
    print(texts(language)["written"].format(folder=folder))
    for name in names:
        print(f"  {name} ({nn.utils.bytes_text((folder / name).stat().st_size)})")
