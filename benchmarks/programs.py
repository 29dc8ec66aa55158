"""Time whole programs of `tests/course` in turns: run by Neurona, and by the library they were written for.

    python3 -m benchmarks.programs [PROGRAM ...] [--rounds 5] [--quick]

The programs are unchanged. Neurona runs them by `neurona run`; the original is TensorFlow 2 with the Keras of
its age, tf-keras 2, in the environment of the other benchmarks (`.venv-bench`). Each run is a new process,
timed from its start to its end; programs assert their own results. The table goes to `docs/programs.md`. Run
it on a quiet machine.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.report import FOLDER
from benchmarks.rounds import ROOT
from benchmarks.run import environment, machine, versions
from benchmarks.tables import as_markdown, as_text, duration, ratios

COURSE = ROOT / "tests/course"
PROGRAMS = (
    "courses/one_neuron.py",
    "tf2/actor_critic.py",
    "tf2/autodiff.py",
    "tf2/custom_layers.py",
    "tf2/gan.py",
    "tf2/linear_regression.py",
    "tf2/low_level_network.py",
    "tf2/own_train_step.py",
    "tf2/training_loop.py",
    "tf2/transformer.py",
    "tf2/vae.py",
)
# Who runs a program, and by which arguments of Python. Both runs of Neurona are the same command: in the
# first its folder of compiled code is empty, in the other it holds what earlier runs compiled.
RUNNERS = {
    "the original": (),
    "Neurona": ("-m", "neurona", "run"),
    "Neurona, run before": ("-m", "neurona", "run"),
}
ORIGINAL, FIRST, AGAIN = RUNNERS
_KERAS_2 = "tf-keras==2.21.0"
_PACKAGES = ("neurona", "jax", "tensorflow-cpu", "tf-keras")
_INTRODUCTION = """\
# Whole programs

Programs of `tests/course` as they stand, run by `neurona run` and by the library that they were written for,
TensorFlow 2 with tf-keras 2, in turns. A figure is the time of a process from its start to its end, imports
and compilation included: the median of the rounds. "Run before" finds what earlier runs compiled. A ratio is
the original's time over Neurona's, formed within each round; above 1, Neurona is faster.
"""


def with_keras_2(python: Path) -> Path:
    """The same Python, with tf-keras installed. It asks for `tensorflow`, and finds `tensorflow-cpu`."""
    command = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        _KERAS_2,
    ]
    subprocess.run(command, check=True)
    return python


def run(python: Path, program: str, runner: str, cache: str) -> float:
    """The seconds that a program takes.

    Raises:
        SystemExit: it failed.
    """
    settings = {
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
        "NEURONA_CACHE": cache,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_USE_LEGACY_KERAS": "1",
    }
    command = [str(python), *RUNNERS[runner], str(COURSE / program)]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        done = subprocess.run(
            command, cwd=folder, env={**kept, **settings}, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"{program} failed in {runner}:\n{done.stderr[-2000:]}")
    return seconds


def compete(python: Path, program: str, rounds: int) -> dict[str, list[float]]:
    """The seconds of each runner, one entry a round. The first round does not count: it brings the libraries'
    files into memory.
    """
    seconds: dict[str, list[float]] = {runner: [] for runner in RUNNERS}
    with tempfile.TemporaryDirectory() as kept:
        for turn in range(rounds + 1):
            for runner in RUNNERS:
                with tempfile.TemporaryDirectory() as empty:
                    taken = run(python, program, runner, kept if runner == AGAIN else empty)
                if turn:
                    seconds[runner].append(taken)
    return seconds


def lines(figures: dict[str, dict[str, list[float]]]) -> list[list[str]]:
    """A table: a line for each program, with the medians of each runner and Neurona's ratios."""
    table = [["program", *RUNNERS, "ratio", "ratio, run before"]]
    for program, seconds in figures.items():
        medians = [duration(median(seconds[runner])) for runner in RUNNERS]
        compared = [median(ratios(seconds[runner], seconds[ORIGINAL])) for runner in (FIRST, AGAIN)]
        table.append([program, *medians, *(f"{ratio:.2f}" for ratio in compared)])
    return table


def write(figures: dict[str, dict[str, list[float]]], about: str, folder: Path = FOLDER) -> None:
    """Write the table and how it was measured into `programs.md`."""
    text = "\n\n".join((_INTRODUCTION.strip(), as_markdown(lines(figures)), about))
    (folder / "programs.md").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.programs", description="Whole programs.")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"of: {', '.join(PROGRAMS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round, and nothing written: does it run?")
    options = parser.parse_args()
    if unknown := set(options.programs) - set(PROGRAMS):
        parser.error(f"no program of this benchmark: {', '.join(sorted(unknown))}")
    python = with_keras_2(environment(zoo=False))
    figures: dict[str, dict[str, list[float]]] = {}
    rounds = 1 if options.quick else options.rounds
    for program in options.programs or PROGRAMS:
        figures[program] = compete(python, program, rounds)
        print(as_text(lines({program: figures[program]})), end="\n\n", flush=True)
    if not options.quick:
        found = ", ".join(f"{name} {version}" for name, version in versions(python, _PACKAGES).items())
        command = shlex.join(["python3", "-m", "benchmarks.programs", *sys.argv[1:]])
        write(figures, f"`{command}`, {rounds} rounds, on {machine()}; {found}.")


if __name__ == "__main__":
    main()
