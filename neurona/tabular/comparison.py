"""Runs of `neurona train FILE` beside each other."""

import csv
import dataclasses
import json
import math
import platform
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from neurona._version import __version__
from neurona.core.errors import ArgumentError, DataError
from neurona.evaluation import Interval, Report, Table
from neurona.language import Figure
from neurona.preprocessing.files import read_text
from neurona.tabular.blocks import Say, again_section, shown
from neurona.tabular.encoding import LEFT_OUT
from neurona.tabular.judgement import paired_p_value
from neurona.tabular.texts import texts
from neurona.tabular.training import TrainedTable

_FEWEST = 2  # rows that can be compared
_NUMBERS = ("row", "true", "predicted")  # columns of the file of predictions


def write_predictions(trained: TrainedTable, path: Any) -> None:
    """Write what the join predicts for rows on which nothing was chosen, as CSV: the number of the row, what
    is true, what is predicted, and the probabilities of classes.
    """
    tested = np.flatnonzero(trained.learned.tested)
    classes, predicted = trained.predictor.classes, trained.learned.predictions[tested]
    with Path(path).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*_NUMBERS, *classes])
        for place, one in zip(tested.tolist(), predicted.tolist()):
            truth = trained.y[place].item()
            said = [classes[truth], classes[int(np.argmax(one))], *one] if classes else [truth, *one]
            writer.writerow([trained.rows[place] + 1, *said])


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished training, as its folder tells.

    Attributes:
        name: of the folder.
        target, task: what was predicted.
        score: with its interval, and
        loss: of rows that were not learned from.
        seconds: of the training.
        preset: its name; empty where the folder does not tell.
        models: the weight of each member of the join.
        left_out: columns that were not learned from.
        answers: what is true, and what was predicted, by the numbers of the rows.
    """

    name: str
    target: str
    task: str
    score: Interval
    loss: float
    seconds: float
    preset: str
    models: dict[str, float]
    left_out: list[str]
    answers: dict[int, tuple[str, str]]


def read_run(folder: Any, report: str, predictions: str) -> Run:
    """What a folder tells of its training.

    Args:
        folder: that `neurona train FILE` left.
        report, predictions: the names of its files.

    Raises:
        FileNotFoundError: a file is missing.
        DataError: a file is damaged, or of another kind.
    """
    path = Path(folder, report)
    try:
        found: Any = json.loads(read_text(path))
        joined = next(one for one in found["models"] if one["name"] == "joined")
        options = found.get("options", {})
        dropped = [str(name) for name in options.get("drop", [])]
        kinds = {str(name): one["kind"] for name, one in found["columns"].items()}
        numbers = [float(joined["score"][name]) for name in ("value", "low", "high", "level")]
        run = Run(
            name=Path(folder).name,
            target=str(found["target"]),
            task=str(found["task"]),
            score=Interval(*numbers),
            loss=float(joined["loss"]),
            seconds=float(found["seconds"]),
            preset=str(options.get("preset", "")),
            models={
                str(one["name"]): float(one["weight"])
                for one in found["models"]
                if one["name"] != "joined" and float(one["weight"])
            },
            left_out=[*dropped, *(name for name, kind in kinds.items() if kind in LEFT_OUT)],
            answers=_answers(Path(folder, predictions)),
        )
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration, csv.Error) as error:
        raise DataError(f"{path} is no report of a training of a table: {error!r}") from error
    if not all(map(math.isfinite, (*numbers, run.loss, run.seconds))):
        raise DataError(f"{path} holds figures that are not finite.")
    return run


def _answers(path: Path) -> dict[int, tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        if tuple(next(rows, ())[:3]) != _NUMBERS:
            raise DataError(f"{path} has no columns {', '.join(_NUMBERS)}.")
        return {int(row[0]): (row[1], row[2]) for row in rows}


@dataclasses.dataclass(frozen=True)
class Compared:
    """A run beside the best one.

    Attributes:
        run: of `read_run`.
        rows: how many rows both were tested with.
        p_value: how often chance alone makes them differ as much on these rows; None for the best one, and
            where they can't be compared.
        reason: why they can't be compared, a key of the texts; empty where they can.
    """

    run: Run
    rows: int
    p_value: float | None
    reason: str = ""


def compare_runs(runs: Sequence[Run]) -> list[Compared]:
    """Runs, the least loss first, each compared with the best one on the rows that both were tested with: by
    McNemar's exact test, or for numbers by the mean difference of their squared errors.

    Where the targets differ, the order stays, and the first one is what the others are compared with.

    Args:
        runs: of `read_run`, two or more.

    Raises:
        ArgumentError: there are fewer than two.

    Example:

        >>> score, answers = Interval(1.0, 1.0, 1.0, 0.95), {row: ("yes", "yes") for row in range(6)}
        >>> first = Run("a", "kind", "classification", score, 0.1, 1.0, "fast", {}, [], answers)
        >>> wrong = {row: ("yes", "no") for row in range(6)}
        >>> second = dataclasses.replace(first, name="b", loss=0.2, answers=wrong)
        >>> [(one.run.name, one.p_value) for one in compare_runs([second, first])]
        [('a', None), ('b', 0.03125)]
    """
    if len(runs) < 2:
        raise ArgumentError(f"compare_runs: there are two runs or more. Received: {len(runs)}")
    kinds = {(run.target, run.task) for run in runs}
    ordered = sorted(runs, key=lambda run: run.loss) if len(kinds) == 1 else list(runs)
    best = ordered[0]
    return [Compared(best, len(best.answers), None), *(_beside(best, run) for run in ordered[1:])]


def _beside(best: Run, run: Run) -> Compared:
    shared = sorted(best.answers.keys() & run.answers.keys())
    if (best.target, best.task) != (run.target, run.task):
        return Compared(run, 0, None, "other_target")
    if any(best.answers[row][0] != run.answers[row][0] for row in shared):
        return Compared(run, 0, None, "other_rows")
    if len(shared) < _FEWEST:
        return Compared(run, len(shared), None, "no_shared_rows")
    truth = [best.answers[row][0] for row in shared]
    said = [[one.answers[row][1] for row in shared] for one in (best, run)]
    if run.task == "classification":
        # Right is class 0, wrong class 1: all that McNemar's test asks.
        chosen = [np.eye(2)[[int(a != b) for a, b in zip(truth, one)]] for one in said]
        p_value = paired_p_value(np.zeros(len(shared), int), chosen[0], chosen[1])
    else:
        first, second = (np.array(one, "float64")[:, None] for one in said)
        p_value = paired_p_value(np.array(truth, "float64"), first, second)
    return Compared(run, len(shared), p_value)


def comparison_verdict(compared: Sequence[Compared], language: str | None = None) -> list[str]:
    """Which run is best, whether that is more than chance, and which runs can't be compared."""
    say, best = texts(language), compared[0]
    sentences = []
    tested = [one for one in compared[1:] if one.p_value is not None]
    if tested:
        score = Figure(f"{best.run.score.value:.1%}")
        sentences.append(say["best_run"].format(name=best.run.name, score=score))
        like = [one.run.name for one in tested if one.p_value is not None and one.p_value >= 0.05]
        key = "best_by_chance" if like else "best_clearly"
        sentences.append(say[key].format(names=", ".join(like)))
    for one in compared[1:]:
        if one.reason:
            sentences.append(say[one.reason].format(name=one.run.name, best=best.run.name))
    return sentences


def comparison_rows(compared: Sequence[Compared], language: str | None = None) -> list[list[str]]:
    """The table of runs, its header first."""
    say = texts(language)
    kind = "classes" if compared[0].run.task == "classification" else "numbers"
    same = len({one.run.task for one in compared}) == 1
    header = ["run", f"score_{kind}" if same else "score", "interval", f"loss_{kind}" if same else "loss"]
    header += ["seconds", "preset", "model_joined", "columns_left_out", "chance_beside"]
    return [[say[name] for name in header], *(_cells(one, say) for one in compared)]


def _cells(one: Compared, say: Say) -> list[str]:
    run = one.run
    members = [
        say["members"].format(name=say.get(f"model_{name}", name), share=weight)
        for name, weight in sorted(run.models.items(), key=lambda pair: -pair[1])
    ]
    beside = "" if one.p_value is None else say["p_on_rows"].format(p=one.p_value, rows=one.rows)
    return [
        run.name,
        Figure(f"{run.score.value:.1%}"),
        Figure(f"{run.score.low:.1%} – {run.score.high:.1%}"),
        shown(run.loss),
        Figure(f"{run.seconds:.1f}"),
        run.preset,
        ", ".join(members),
        ", ".join(run.left_out),
        say["not_comparable"] if one.reason else beside,
    ]


def comparison_report(compared: Sequence[Compared], again: str, language: str | None = None) -> Report:
    """The report for people."""
    say = texts(language)
    header, *rows = comparison_rows(compared, language)
    return Report(
        title=say["comparison_title"].format(target=compared[0].run.target),
        lead=" ".join(comparison_verdict(compared, language)),
        figures=[],
        sections=[
            (say["runs"], [Table(header, rows), say["comparison_meaning"]]),
            again_section(again, say),
        ],
        version=__version__,
        date=datetime.now().strftime("%Y-%m-%d %H:%M"),
        language=language,
    )


def comparison_figures(compared: Sequence[Compared]) -> dict[str, Any]:
    """The same numbers for programs, as JSON holds them."""

    def plain(one: Compared) -> dict[str, Any]:
        found = dataclasses.asdict(one.run)
        found.pop("answers")
        beside = {"shared_rows": one.rows, "p_value": one.p_value, "reason": one.reason or None}
        return {**found, "tested_rows": len(one.run.answers), **beside}

    versions = {"neurona": __version__, "python": platform.python_version()}
    return {"runs": [plain(one) for one in compared], "versions": versions}
