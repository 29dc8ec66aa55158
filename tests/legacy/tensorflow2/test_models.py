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


SLOW = ["a_layer_decodes_boxes_in_a_drawn_model"]  # a few seconds of compilation


def run(*names):
    command = [sys.executable, "-m", "neurona", "run", str(PROGRAM), *names]
    environment = {**os.environ, "PYTHONPATH": str(Path(neurona.__file__).parents[1])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def said():
    return run(*(name for name in NAMES if name not in SLOW))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SLOW])
def test_a_program_finds(name, said):
    assert said[name] == "fits"


@pytest.mark.experiment
@pytest.mark.parametrize("name", SLOW)
def test_a_program_finds_at_length(name):
    assert run(name)[name] == "fits"
