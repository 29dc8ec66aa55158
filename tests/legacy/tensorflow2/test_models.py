"""Models of tf.keras, in a process of their own, in which layers give tensors."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import neurona

PROGRAM = Path(__file__).parent / "model_cases.py"
NAMES = re.findall(r"^@case\ndef (\w+)", PROGRAM.read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def said():
    command = [sys.executable, "-m", "neurona", "run", str(PROGRAM)]
    environment = {**os.environ, "PYTHONPATH": str(Path(neurona.__file__).parents[1])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_a_program_finds(name, said):
    assert said[name] == "fits"
