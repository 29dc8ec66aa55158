"""Keeps the figures in docs/benchmarks.json, and makes from them docs/benchmarks.md and its charts, and
docs/benchmarks-zoo.md.

python3 -m benchmarks.report    # writes the tables and charts again
"""

import json
from dataclasses import asdict
from pathlib import Path
from statistics import median

from benchmarks import chart
from benchmarks.races import ZOO
from benchmarks.rounds import ROOT, Figures
from benchmarks.tables import (
    OURS,
    Result,
    as_markdown,
    best_peer,
    comparisons,
    duration,
    limits,
    lines,
    ratios,
)
from benchmarks.workloads import GROWTH, NAMES, SERIES, WORKLOADS, Series, Workload

FOLDER = ROOT / "docs"
_INTRODUCTION = """\
# Benchmarks

Neurona, Keras on JAX, Keras on TensorFlow, PyTorch (as it is, and compiled) and scikit-learn, measured in one
run by `make bench` and `make bench-growth`. Each contender runs in a separate process, with the same threads,
data, layers, kinds of initial weights, batch size, optimizer and fp32; the contenders take turns. The first
round, which compiles the networks, does not count, except where new processes are measured. Compare ratios
within one run, not numbers of different runs.

- Speed / best peer: the peer's seconds over the contender's, formed within each round; median and extremes.
  Above 1 is faster.
- Of ceiling: the network's arithmetic alone, at the speed of a product of 2048 x 2048 matrices, over the time
  taken.
- Test accuracy and R² are measured after all rounds, on rows that the network has not seen.

![Speed of Neurona relative to its peers](benchmarks.svg)
"""
_ZOO_INTRODUCTION = """\
# The zoo beside its peers

Networks of the zoo beside the packages that have one each, or beside the same network written in PyTorch,
measured in one run by `make bench-zoo`. Each contender runs in a separate process on one core, with the same
rows and settings; the contenders take turns. A round fits a new network with another seed. The first round,
which compiles, does not count. Compare ratios within one run, not numbers of different runs.

- Speed / best peer: the peer's seconds over the contender's, formed within each round; median and extremes.
  Above 1 is faster.
- The quality is the mean of all rounds, found by the same code for every contender.
"""


def save(result: Result, folder: Path = FOLDER) -> None:
    """Put one workload's figures into benchmarks.json; those of the others stay."""
    stored = _read(folder)
    stored[result.workload.name] = asdict(result)
    folder.mkdir(exist_ok=True)
    text = json.dumps(
        {name: stored[name] for name in [*WORKLOADS, *GROWTH, *ZOO] if name in stored}, indent=1
    )
    (folder / "benchmarks.json").write_text(text + "\n", encoding="utf-8")


def load(folder: Path = FOLDER) -> dict[str, Result]:
    """What has been measured so far, by workload."""
    return {
        name: Result(
            Workload.from_json(stored["workload"]),
            {contender: Figures(**figures) for contender, figures in stored["figures"].items()},
            stored["run"],
            stored["ceiling"],
        )
        for name, stored in _read(folder).items()
    }


def _read(folder: Path) -> dict[str, dict]:
    path = folder / "benchmarks.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(folder: Path = FOLDER) -> None:
    """Write benchmarks.md, benchmarks.svg and, where they were measured, benchmarks-growth.svg and
    benchmarks-zoo.md.
    """
    everything = load(folder)
    zoo = {name: everything[name] for name in ZOO if name in everything}
    results = {name: result for name, result in everything.items() if name not in zoo}
    measured = {name: results[name] for name in WORKLOADS if name in results}
    series = [each for each in SERIES.values() if all(workload in results for workload in each.workloads)]
    runs = _distinct_runs(results)
    parts = [_INTRODUCTION, *_tables(measured, runs), *_growth_tables(series, results, runs)]
    _write_page(folder / "benchmarks.md", [*parts, *_runs(runs, results)])
    found = [comparison for result in measured.values() for comparison in comparisons(result)]
    (folder / "benchmarks.svg").write_text(chart.bars(found), encoding="utf-8")
    if series:
        panels = [(f"{each.title}: {each.axis}", each.sizes, growth(each, results)) for each in series]
        (folder / "benchmarks-growth.svg").write_text(chart.curves(panels), encoding="utf-8")
    if zoo:
        runs = _distinct_runs(zoo)
        _write_page(folder / "benchmarks-zoo.md", [_ZOO_INTRODUCTION, *_tables(zoo, runs), *_runs(runs, zoo)])


def _write_page(path: Path, parts: list[str]) -> None:
    path.write_text("\n\n".join(part.strip("\n") for part in parts) + "\n", encoding="utf-8")


def _distinct_runs(results: dict[str, Result]) -> list[dict]:
    runs: list[dict] = []
    for result in results.values():
        if result.run not in runs:
            runs.append(result.run)
    return runs


def _tables(measured: dict[str, Result], runs: list[dict]) -> list[str]:
    """The summary, and the tables of each workload."""
    parts = _summary(list(measured.values()))
    for result in measured.values():
        parts += [
            f"## {result.workload.title}",
            f"{_settings(result.workload)} Run {runs.index(result.run) + 1}.",
            *(as_markdown(lines(result, measure)) for measure in result.measures),
        ]
    return parts


def _growth_tables(series: list[Series], results: dict[str, Result], runs: list[dict]) -> list[str]:
    parts = []
    if series:
        parts += [
            "## Growth",
            "Time per row; Neurona's speed relative to the best peer at each size.",
            "![Growth](benchmarks-growth.svg)",
        ]
    for each in series:
        numbers = sorted({runs.index(results[name].run) + 1 for name in each.workloads})
        parts += [
            f"### {each.title}: {each.axis}",
            f"Run {', '.join(map(str, numbers))}.",
            as_markdown(growth_lines(each, results)),
        ]
    return parts


def _summary(measured: list[Result]) -> list[str]:
    speeds = [["workload", "Neurona", "peer", "its time", "speed / peer", "from - to", "target", ""]]
    for each in (comparison for result in measured for comparison in comparisons(result)):
        target = "" if each.target is None else f"{each.target:g}"
        spread = f"{each.low:.2f} - {each.high:.2f}"
        speeds.append(
            [
                each.title,
                duration(each.own),
                NAMES[each.peer],
                duration(each.theirs),
                f"{each.ratio:.2f}",
                spread,
                target,
                each.verdict,
            ]
        )
    bounds = [["measure", "at most", "measured", ""]]
    bounds += [
        [each.title, each.at_most, each.measured, each.verdict]
        for result in measured
        for each in limits(result)
    ]
    parts = ["## Against the best peer, and against one that a target names", as_markdown(speeds)]
    return [*parts, "## Limits", as_markdown(bounds)] if len(bounds) > 1 else parts


def _settings(workload: Workload) -> str:
    """What a round is, in one line."""
    rounds = f"{workload.rounds} rounds on {workload.threads} threads"
    if workload.kind == "prediction":
        batches = f"`predict` from array to array in batches of {workload.batch}"
        return f"{workload.details} {batches}; half a second of calls in each of {rounds}."
    if workload.kind == "zoo":
        source = "generated" if workload.data == "synthetic" else f"of {workload.data}"
        return f"{workload.rows:,} rows {source}. {workload.details} {workload.rounds} rounds."
    optimizer = {"sgd": "SGD", "adam": "Adam"}[workload.optimizer]
    data = "" if workload.data in ("neuron", "synthetic") else f" of {workload.data}"
    epochs = f"{workload.epochs} epoch" + "s" * (workload.epochs > 1)
    learning = f"batches of {workload.batch}, {optimizer} {workload.rate:g}"
    settings = f"{workload.rows:,} rows{data}, {learning}; {epochs} in each of {rounds}."
    test = (
        f" Tested on {workload.test_rows:,} other rows." if workload.score and workload.test_rows > 1 else ""
    )
    return f"{workload.details} {settings}{test}".lstrip()


def _runs(runs: list[dict], results: dict[str, Result]) -> list[str]:
    table = [["run", "command", "machine", "ceiling", "versions"]]
    for number, run in enumerate(runs, 1):
        ceilings = {
            result.workload.threads: result.ceiling for result in results.values() if result.run == run
        }
        ceiling = "; ".join(
            f"{value / 1e9:.0f} GFLOP/s by {count} thread{'s' * (count > 1)}"
            for count, value in sorted(ceilings.items())
        )
        versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
        table.append([str(number), f"`{run['command']}`", run["machine"], ceiling, versions])
    return ["## Runs", as_markdown(table)]


def growth(series: Series, results: dict[str, Result]) -> dict[str, list[float]]:
    """Seconds per row of every contender that finished at all sizes."""
    measured = [results[name] for name in series.workloads]
    names = [name for name in NAMES if all(result.seconds(name, "epoch") for result in measured)]
    return {
        name: [median(result.seconds(name, "epoch")) / result.workload.rows for result in measured]
        for name in names
    }


def growth_lines(series: Series, results: dict[str, Result]) -> list[list[str]]:
    table = [[series.axis, *(f"{size:,}" for size in series.sizes)]]
    table += [[NAMES[name], *map(duration, seconds)] for name, seconds in growth(series, results).items()]
    compared = ["speed / best peer"]
    for name in series.workloads:
        peer = best_peer(results[name], "epoch")
        each = (
            ratios(results[name].seconds(OURS, "epoch"), results[name].seconds(peer, "epoch")) if peer else []
        )
        compared.append(f"{median(each):.2f}" if each else "")
    return [*table, compared]


if __name__ == "__main__":
    write()
