"""Contenders' processes, and the rounds that they take in turns (A B C D, A B C D, ...).

Taking turns spreads disturbances of the machine over all contenders.
"""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.workloads import NAMES, Workload

ROOT = Path(__file__).resolve().parents[1]
THREADS = (
    "NPROC",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


@dataclass
class Figures:
    """What a contender did with a workload: for each measure its seconds, one entry per round, and the
    network's score.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    score: float | None = None


class Contender:
    """A process of `benchmarks.contender`. Once it has failed, `alive` is False and it answers None.

    Args:
        cache: where Neurona keeps compiled code.
    """

    def __init__(self, python: Path, name: str, workload: Workload, cache: str) -> None:
        self.name, self.figures, self.alive = name, Figures(), True
        self._log = ROOT / ".venv-bench" / f"{name}.log"
        cores = (
            sorted(os.sched_getaffinity(0))[: workload.threads] if hasattr(os, "sched_setaffinity") else []
        )
        settings = {
            "CUDA_VISIBLE_DEVICES": "",
            "JAX_PLATFORMS": "cpu",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "NEURONA_CACHE": cache,
        }
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [str(python), "-m", "benchmarks.contender", name, json.dumps(asdict(workload))],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **settings, **dict.fromkeys(THREADS, str(workload.threads))},
                preexec_fn=partial(os.sched_setaffinity, 0, cores) if cores else None,
            )

    def ask(self, question: str) -> dict | None:
        if not self.alive or self._process.stdin is None:
            return None
        print(question, file=self._process.stdin, flush=True)
        return self.answer()

    def answer(self) -> dict | None:
        line = self._process.stdout.readline() if self._process.stdout and self.alive else ""
        if line:
            return json.loads(line)
        if self.alive:
            self.alive = False
            self._process.wait()
            print(f"  {NAMES.get(self.name, self.name)} dropped out:", flush=True)
            print("    " + "\n    ".join(self._log.read_text(encoding="utf-8").splitlines()[-5:]), flush=True)
        return None

    def close(self) -> None:
        if self._process.stdin and self._process.poll() is None:
            self._process.stdin.close()
        self._process.wait()


def compete(python: Path, workload: Workload) -> dict[str, Figures]:
    """The figures of every contender that finished."""
    print(workload.title, flush=True)
    with tempfile.TemporaryDirectory() as cache:
        rounds = _new_processes if workload.kind in ("process", "start") else _warm_processes
        return rounds(python, workload, cache)


def _warm_processes(python: Path, workload: Workload, cache: str) -> dict[str, Figures]:
    """Contenders that stay alive. Their first round, in which they compile, does not count."""
    contenders = [Contender(python, name, workload, cache) for name in workload.contenders]
    try:
        for contender in contenders:
            contender.answer()
        for turn in range(workload.rounds + 1):
            for contender in contenders:
                answer = contender.ask("round")
                if answer and turn:
                    _note(contender.figures, answer["seconds"], turn, contender.name)
        for contender in contenders:
            if workload.score and (answer := contender.ask("score")):
                contender.figures.score = answer["score"]
    finally:
        for contender in contenders:
            contender.close()
    return {contender.name: contender.figures for contender in contenders if contender.alive}


def _new_processes(python: Path, workload: Workload, cache: str) -> dict[str, Figures]:
    """A new process in every round. The first round, which only brings the frameworks' files into memory,
    does not count.
    """
    figures = {name: Figures() for name in workload.contenders}
    for turn in range(workload.rounds + 1):
        for name in list(figures):
            with tempfile.TemporaryDirectory() as empty:
                begin = time.perf_counter()
                contender = Contender(python, name, workload, cache if name == "neurona-cached" else empty)
                answers = [contender.answer()]
                elapsed = time.perf_counter() - begin
                if workload.kind == "process":
                    answers.append(contender.answer())
                contender.close()
            if not contender.alive:
                del figures[name]
            elif turn:
                first, last = answers[0] or {}, answers[-1] or {}
                whole = {"whole process": elapsed} if workload.kind == "process" else {}
                _note(figures[name], {**whole, **last["seconds"]}, turn, name)
                figures[name].score = first.get("score")
    return figures


def _note(figures: Figures, seconds: dict[str, float], turn: int, name: str) -> None:
    for measure, value in seconds.items():
        figures.seconds.setdefault(measure, []).append(value)
    line = "  ".join(f"{measure} {value:.6g} s" for measure, value in seconds.items())
    print(f"  round {turn}  {NAMES[name]:<32}{line}", flush=True)


def measure_ceiling(python: Path, threads: int) -> float:
    """Floating-point operations per second: the best of ten products of 2048 x 2048 matrices."""
    workload = Workload("ceiling", "", "ceiling", "", "", (), rows=0, threads=threads)
    worker = Contender(python, "ceiling", workload, "")
    try:
        worker.answer()
        answers = [worker.ask("round") for _ in range(11)]
    finally:
        worker.close()
    return 2 * 2048**3 / min(answer["seconds"]["product"] for answer in answers if answer)
