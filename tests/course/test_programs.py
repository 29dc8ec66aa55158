"""Programs in the manner of courses of every age run unchanged, each in its own process.

`make test` runs a few of each age; `make experiments` runs all.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DATA = Path(os.environ.get("NEURONA_DATA", HERE.parents[2] / "shared" / "data")).resolve()
ALWAYS = {
    "courses/recipe_of_a_model.py",
    "keras/generators_of_both_ages.py",
    "keras/own_layer_of_keras_1.py",
    "tf1/graph_def.py",
    "tf2/custom_layers.py",
    "tf2/variables.py",
    "theano/logistic_regression.py",
    "theano/recurrent_scan.py",
}
PROGRAMS = [
    pytest.param(name, marks=() if name in ALWAYS else pytest.mark.experiment)
    for name in sorted(path.relative_to(HERE).as_posix() for path in HERE.glob("*/*.py"))
]


def reads_data(program):
    """Whether a program reads a data set that does not come with the package."""
    source = (HERE / program).read_text(encoding="utf-8")
    return any(name in source for name in ("mnist", "imdb", "cifar", "reuters", "california"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs_unchanged(program, tmp_path):
    if reads_data(program) and not DATA.is_dir():
        pytest.skip("its data set is not here: set NEURONA_DATA")
    variables = {**os.environ, "NEURONA_DATA": str(DATA), "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, "-m", "neurona", "run", str(HERE / program)]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
