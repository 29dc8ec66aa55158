"""Seconds per epoch of Neurona, Keras on JAX, Keras on TensorFlow and PyTorch: the same networks, data and settings, side by side.

    python3 benchmarks/run.py [--workloads mlp lenet] [--contenders ...] [--rounds 5] [--epochs 1] [--threads 2] [--quick]

Needs nothing but Python: makes its own environment in the checkout (`.venv-bench`), starts every contender in its own process, gives each
one epoch to warm up and compile, and then lets them train in turns (A B C D, A B C D, ...), so that whatever else the machine does falls on
all of them. Ratios are formed within a turn, then their median is taken. Prints a table and writes `docs/benchmarks.md`. Run it on a quiet
machine: frameworks suffer very unequally from others at work.
"""

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
REPORT = ROOT / "docs" / "benchmarks.md"
OURS = "neurona"
USUAL = [OURS, "keras-jax", "keras-tensorflow", "torch"]
OPTIONAL = ["torch-compile"]
BATCH, ROWS = 32, 60_000
# Multiplications with additions per sample: forward, and the part of the first layer, whose input needs no gradient.
MULTIPLICATIONS = {
    "mlp": (784 * 300 + 300 * 100 + 100 * 10, 784 * 300),
    "lenet": (28 * 28 * 25 * 6 + 14 * 14 * 150 * 16 + 784 * 120 + 120 * 84 + 84 * 10, 28 * 28 * 25 * 6),
}
TITLES = {"mlp": "MLP 784-300-100-10", "lenet": "LeNet-5, 28x28"}


@dataclass
class Figures:
    """What one contender did with one workload: one entry per round."""

    seconds: list[float] = field(default_factory=list)
    accuracy: float = float("nan")
    versions: dict[str, str] = field(default_factory=dict)


@dataclass
class Row:
    """A line of the table. `ratio` is the speed relative to the best peer: above 1 is faster; low and high are the extremes over rounds."""

    name: str
    seconds: float
    fastest: float
    slowest: float
    step_ms: float
    ratio: float
    low: float
    high: float
    of_ceiling: float
    accuracy: float


def operations_per_epoch(workload: str, rows: int = ROWS) -> float:
    """Floating-point operations of one epoch, two for each multiplication: forward, gradients of the weights, gradients of the inputs."""
    forward, first_layer = MULTIPLICATIONS[workload]
    return 2 * (3 * forward - first_layer) * rows


def best_peer(figures: dict[str, Figures]) -> str | None:
    """The fastest contender by its median, ourselves excluded."""
    peers = {name: median(each.seconds) for name, each in figures.items() if name != OURS and each.seconds}
    return min(peers, key=peers.__getitem__, default=None)


def table(figures: dict[str, Figures], workload: str, operations_per_second: float, rows: int = ROWS) -> list[Row]:
    """One row per contender that finished, fastest first."""
    peer = best_peer(figures)
    result = []
    for name, each in figures.items():
        if not each.seconds:
            continue
        reference = figures[peer].seconds if peer else each.seconds
        ratios = [theirs / own for theirs, own in zip(reference, each.seconds)]
        seconds = median(each.seconds)
        result.append(
            Row(
                name,
                seconds,
                min(each.seconds),
                max(each.seconds),
                1000 * seconds / -(-rows // BATCH),
                median(ratios),
                min(ratios),
                max(ratios),
                operations_per_epoch(workload, rows) / seconds / operations_per_second,
                each.accuracy,
            )
        )
    return sorted(result, key=lambda row: row.seconds)


HEADER = ["contender", "s/epoch", "from - to", "ms/step", "speed / best peer", "from - to", "of ceiling", "training accuracy"]


def cells(row: Row) -> list[str]:
    return [
        row.name,
        f"{row.seconds:.2f}",
        f"{row.fastest:.2f} - {row.slowest:.2f}",
        f"{row.step_ms:.3f}",
        f"{row.ratio:.2f}",
        f"{row.low:.2f} - {row.high:.2f}",
        f"{row.of_ceiling:.1%}",
        f"{row.accuracy:.4f}",
    ]


def as_text(rows: list[Row]) -> str:
    lines = [HEADER, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)).rstrip() for line in lines)


def as_markdown(rows: list[Row]) -> str:
    lines = [HEADER, ["---"] * len(HEADER), *map(cells, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def environment() -> Path:
    """The Python of `.venv-bench`, made or brought up to date first."""
    home = ROOT / ".venv-bench"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, wanted = home / "installed.txt", REQUIREMENTS.read_text(encoding="utf-8") + (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print("Installing the contenders into .venv-bench (several minutes the first time)...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS, "-e", ROOT], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


class Contender:
    """A process that trains an epoch when told to."""

    def __init__(self, python: Path, name: str, workload: str, threads: int, rows: int) -> None:
        self.name, self.figures = name, Figures()
        self._log = ROOT / ".venv-bench" / f"{name}.log"
        data = os.environ.get("NEURONA_DATA", str(ROOT.parent / "shared" / "data"))
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [str(python), str(Path(__file__).with_name("contenders.py")), name, workload, str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "NEURONA_DATA": data, "BENCHMARK_ROWS": str(rows)},
            )
        answer = self._answer()
        self.alive = answer is not None
        if answer:
            self.figures.versions = answer["versions"]

    def train(self, epochs: int) -> dict[str, float] | None:
        """Train, and return {"seconds": per epoch, "accuracy"}, or None once the process has failed."""
        if self.alive:
            print(epochs, file=self._process.stdin, flush=True)
            answer = self._answer()
            self.alive = answer is not None
            return answer
        return None

    def _answer(self) -> dict | None:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if line:
            return json.loads(line)
        self._process.wait()
        print(f"  {self.name} dropped out:\n    " + "\n    ".join(self._log.read_text(encoding="utf-8").splitlines()[-5:]), flush=True)
        return None

    def close(self) -> None:
        if self._process.stdin and self._process.poll() is None:
            self._process.stdin.close()
        self._process.wait()


def measure_ceiling(python: Path, threads: int) -> float:
    """Operations per second of the best of ten products of 2048 x 2048 matrices."""
    worker = Contender(python, "ceiling", "mlp", threads, 1)
    seconds = [answer["seconds"] for answer in (worker.train(1) for _ in range(11)) if answer]
    worker.close()
    return 2 * 2048**3 / min(seconds)


def compete(python: Path, workload: str, names: list[str], *, rounds: int, epochs: int, threads: int, rows: int) -> dict[str, Figures]:
    """Warm every contender up, then take the rounds in turns."""
    contenders = [Contender(python, name, workload, threads, rows) for name in names]
    try:
        for turn in range(rounds + 1):
            for contender in contenders:
                answer = contender.train(epochs if turn else 1)
                if answer and turn:
                    contender.figures.seconds.append(answer["seconds"])
                    contender.figures.accuracy = answer["accuracy"]
                    print(f"  round {turn}  {contender.name:<18}{answer['seconds']:8.2f} s/epoch", flush=True)
    finally:
        for contender in contenders:
            contender.close()
    return {contender.name: contender.figures for contender in contenders if contender.alive}


def machine() -> str:
    """The processor in generic words."""
    name, flags = platform.machine(), ""
    information = Path("/proc/cpuinfo")
    if information.exists():
        text = information.read_text(encoding="utf-8")
        fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        fields = {key.strip(): value.strip() for key, value in fields.items()}
        name = fields.get("model name", name)
        widest = [label for flag, label in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in fields.get("flags", "").split()]
        flags = f", {widest[0]}" if widest else ""
    return f"{name}{flags}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def report(results: dict[str, dict[str, Figures]], ceiling: float, options: argparse.Namespace, rows: int) -> str:
    command = shlex.join(["python3", "benchmarks/run.py", *sys.argv[1:]])
    versions = {key: value for figures in results.values() for each in figures.values() for key, value in each.versions.items()}
    parts = [
        "# Benchmarks",
        "",
        f"Written by `{command}`. Numbers of different runs don't compare; ratios within one do.",
        "",
        f"- Machine: {machine()}; {options.threads} threads for everyone.",
        "- Versions: " + ", ".join(f"{key} {value}" for key, value in sorted(versions.items())) + ".",
        f"- Work: {rows} MNIST digits, batches of {BATCH}, fp32, SGD 0.01, softmax and cross-entropy, accuracy computed along the way;",
        "  equal layers and kinds of initial weights. Warmed up for one epoch, compilation not counted.",
        f"- Rounds: {options.rounds} in turns, {options.epochs} epoch(s) each, every contender in its own process; medians and extremes.",
        "- Speed / best peer: the best peer's seconds over the contender's, formed within each round; above 1 is faster.",
        f"- Ceiling: {ceiling / 1e9:.0f} GFLOP/s, measured as the product of 2048 x 2048 matrices; what the arithmetic alone allows.",
    ]
    for workload, figures in results.items():
        parts += ["", f"## {TITLES[workload]}", "", as_markdown(table(figures, workload, ceiling, rows))]
    return "\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Seconds per epoch, side by side.")
    parser.add_argument("--workloads", nargs="+", choices=list(TITLES), default=list(TITLES))
    parser.add_argument("--contenders", nargs="+", choices=USUAL + OPTIONAL, default=USUAL)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=1, help="epochs in each round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, two rounds, no report: does everything run?")
    options = parser.parse_args()
    rows = ROWS // 10 if options.quick else ROWS
    rounds = 2 if options.quick else options.rounds
    python = environment()
    ceiling = measure_ceiling(python, options.threads)
    results = {}
    for workload in options.workloads:
        print(TITLES[workload], flush=True)
        results[workload] = compete(
            python, workload, options.contenders, rounds=rounds, epochs=options.epochs, threads=options.threads, rows=rows
        )
        print(as_text(table(results[workload], workload, ceiling, rows)), end="\n\n", flush=True)
    if not options.quick:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(report(results, ceiling, options, rows), encoding="utf-8")
        print(f"Written to {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
