"""Measure Neurona, Keras on JAX, Keras on TensorFlow, PyTorch and scikit-learn in turns.

    python3 -m benchmarks.run [--workloads mlp lenet] [--contenders neurona torch] [--rounds 5]
                              [--growth] [--zoo] [--quick]

All contenders get the same networks, data and settings. Only Python is needed: the program makes an
environment in the checkout (`.venv-bench`) and the arrays that the workloads read. It starts each contender
in a separate process, lets it warm up and compile, and then takes the rounds in turns. `--zoo` measures the
networks of the zoo beside packages that have one each, or PyTorch, in an environment of their own
(`.venv-bench-zoo`).

The figures go to `docs/benchmarks.json`, workload by workload. `docs/benchmarks.md` and its charts are made
from that file, so that a run of some workloads keeps the figures of the others. Run it on a quiet machine:
other processes slow the frameworks down very unequally.
"""

import argparse
import hashlib
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import report
from benchmarks.races import ZOO
from benchmarks.rounds import ROOT, compete, measure_ceiling
from benchmarks.tables import Result, as_text, lines
from benchmarks.workloads import GROWTH, NAMES, WORKLOADS

PACKAGES = ("neurona", "jax", "keras", "tensorflow-cpu", "torch", "scikit-learn", "numpy")
ZOO_PACKAGES = ("neurona", "jax", "scikit-learn", "minisom", "xpysom", "hmmlearn", "reservoirpy", "hpelm")
ZOO_PACKAGES += ("gensim", "sklearn-crfsuite", "snntorch", "torch", "numpy")


def environment(zoo: bool) -> Path:
    """The Python of `.venv-bench`, or of `.venv-bench-zoo`, made or brought up to date first, native kernels
    included.
    """
    home = ROOT / (".venv-bench-zoo" if zoo else ".venv-bench")
    requirements = Path(__file__).with_name("requirements-zoo.txt" if zoo else "requirements.txt")
    neurona = f"{ROOT}[zoo]" if zoo else ROOT
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    sources = [
        requirements,
        ROOT / "pyproject.toml",
        ROOT / "setup.py",
        *sorted((ROOT / "neurona/kernels/cpp").glob("*")),
    ]
    stamp, wanted = (
        home / "installed.txt",
        hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest(),
    )
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"Installing the contenders into {home.name} (several minutes the first time)...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "-r", requirements, "-e", neurona], check=True
        )
        stamp.write_text(wanted, encoding="utf-8")
    return python


def prepare(python: Path, names: set[str]) -> None:
    """Write the arrays of these data sets where they are missing."""
    stored = sorted(names - {"neuron", "synthetic"})
    subprocess.run([python, "-m", "benchmarks.data", *stored], cwd=ROOT, check=True)


def versions(python: Path, packages: Sequence[str]) -> dict[str, str]:
    code = (
        "import json, sys, importlib.metadata as m; "
        "print(json.dumps({name: m.version(name) for name in sys.argv[1:]}))"
    )
    return json.loads(
        subprocess.run([python, "-c", code, *packages], check=True, capture_output=True, text=True).stdout
    )


def machine() -> str:
    """The processor in generic words."""
    name, flags = platform.machine(), ""
    information = Path("/proc/cpuinfo")
    if information.exists():
        text = information.read_text(encoding="utf-8")
        fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        fields = {key.strip(): value.strip() for key, value in fields.items()}
        name = fields.get("model name", name)
        widest = [
            label
            for flag, label in (("avx512f", "AVX-512"), ("avx2", "AVX2"))
            if flag in fields.get("flags", "").split()
        ]
        flags = f", {widest[0]}" if widest else ""
    return f"{name}{flags}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    everything = {**WORKLOADS, **GROWTH, **ZOO}
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.run", description="Seconds, side by side.")
    parser.add_argument(
        "--workloads",
        nargs="+",
        choices=list(everything),
        metavar="NAME",
        help=f"of: {', '.join(everything)}",
    )
    parser.add_argument(
        "--growth", action="store_true", help="the growth series instead: threads, batch size, width, rows"
    )
    parser.add_argument(
        "--zoo",
        action="store_true",
        help="the networks of the zoo instead, beside packages that have one each",
    )
    parser.add_argument(
        "--contenders", nargs="+", choices=list(NAMES), metavar="NAME", help=f"of: {', '.join(NAMES)}"
    )
    parser.add_argument("--rounds", type=int, help="instead of each workload's own number")
    parser.add_argument(
        "--quick", action="store_true", help="everything small, and nothing written: does it run?"
    )
    options = parser.parse_args()
    usual = ZOO if options.zoo else GROWTH if options.growth else WORKLOADS
    chosen = [everything[name] for name in options.workloads or usual]
    zoo = {workload.kind == "zoo" for workload in chosen}
    if len(zoo) > 1:
        parser.error("networks of the zoo are measured in a run of their own: leave the other workloads out")
    if options.contenders:
        chosen = [
            replace(each, contenders=tuple(name for name in each.contenders if name in options.contenders))
            for each in chosen
        ]
    if options.quick:
        chosen = [workload.quick() for workload in chosen]
    if options.rounds:
        chosen = [replace(workload, rounds=options.rounds) for workload in chosen]

    python = environment(*zoo)
    prepare(python, {workload.data for workload in chosen})
    stamp = {
        "command": shlex.join(["python3", "-m", "benchmarks.run", *sys.argv[1:]]),
        "machine": machine(),
        "versions": versions(python, ZOO_PACKAGES if True in zoo else PACKAGES),
    }
    ceilings: dict[int, float] = {}
    for workload in chosen:
        if workload.threads not in ceilings:
            ceilings[workload.threads] = measure_ceiling(python, workload.threads)
        figures = compete(python, workload)
        result = Result(workload, figures, stamp, ceilings[workload.threads])
        for measure in result.measures:
            print(as_text(lines(result, measure)), end="\n\n", flush=True)
        if not options.quick:
            report.save(result)
    if not options.quick:
        report.write()


if __name__ == "__main__":
    main()
