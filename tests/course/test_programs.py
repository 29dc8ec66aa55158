"""Programs in the manner of courses of every age run unchanged, each in its own process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAMS = sorted(path.relative_to(HERE).as_posix() for path in HERE.glob("*/*.py"))
DATA = Path(os.environ.get("NEURONA_DATA", HERE.parents[2] / "shared" / "data")).resolve()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs_unchanged(program, tmp_path):
    variables = {**os.environ, "NEURONA_DATA": str(DATA), "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, "-m", "neurona", "run", str(HERE / program)]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
