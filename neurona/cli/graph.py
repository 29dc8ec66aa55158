"""`neurona graph show`: the data-flow graph that a program builds."""

import importlib
from pathlib import Path
from typing import Any

from neurona.cli.texts import texts
from neurona.graph import describe, nodes_in, plot_graph, recorded_programs


def run(*, language: str, action: str, program: Path, picture: Path | None, rows: int) -> int:
    """Run a program, print the largest graph that it ran and, with `picture`, draw it; returns the exit
    status.

    Raises:
        OSError: the program can't be read.
        MissingDependencyError: matplotlib, which draws the picture, is not installed.
    """
    say = texts(language)
    if action != "show":
        print(say["graph_action"].format(action=action))
        return 2
    runner: Any = importlib.import_module("neurona.legacy.run")
    with recorded_programs() as made:
        status = runner.run(str(program), [])
    if not made:
        print(say["graph_none"].format(program=program))
        return status or 1
    largest = max(made, key=lambda one: len(one.nodes))
    ends = [*nodes_in(largest.outputs), *largest.updates.values()]
    print(describe(ends, rows))
    if picture is not None:
        path = picture if picture.suffix else picture.with_suffix(".png")
        plot_graph(ends, path, rows)
        print(say["picture_written"].format(path=path))
    return status
