"""Loops with a progress bar run where tqdm is not installed, and are left to it where it is."""

import importlib.util
import subprocess
import sys

import pytest

PROGRAM = """
import pandas as pd
import tqdm
from tqdm import tqdm as bar, trange
from tqdm.auto import tqdm as other
from tqdm.notebook import tqdm_notebook

assert tqdm.tqdm is bar is other is tqdm_notebook
print([x for x in bar([1, 2, 3], desc="a", leave=False)], sum(trange(5)))
with other(total=10) as steps:
    for _ in range(5):
        steps.update(2)
        steps.set_postfix(loss=0.5)
    assert steps.n == 10 == len(steps)
bar.write("above")
print([n for n, _ in bar(enumerate("xy"), total=2)])
bar.pandas()
print(pd.Series([1, 2]).progress_apply(lambda x: x + 1).tolist())
"""


@pytest.mark.skipif(importlib.util.find_spec("tqdm") is not None, reason="tqdm is installed")
def test_loops_run_without_their_bars(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "neurona", "run", "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["[1, 2, 3] 10", "above", "[0, 1]", "[2, 3]", ""]
    assert done.stderr.count("tqdm is not installed") == 1


WIDGETS = """
import ipywidgets as widgets
from ipywidgets import IntSlider, fixed, interact
from tqdm.keras import TqdmCallback

@interact(x=(0, 10), kind=["a", "b"], y=fixed(3))
def show(x, kind, y, z=4):
    print(x, kind, y, z)

interact(show, x=IntSlider(min=2, max=8), kind={"one": 1}, y=widgets.FloatText(value=0.5), z=(1, 9))
button = widgets.Button(description="go")
button.on_click(print)
print(button.description, TqdmCallback(verbose=0).verbose)
"""


@pytest.mark.skipif(importlib.util.find_spec("ipywidgets") is not None, reason="ipywidgets is installed")
def test_widgets_keep_their_first_values(tmp_path):
    (tmp_path / "program.py").write_text(WIDGETS)
    command = [sys.executable, "-m", "neurona", "run", "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["5 a 3 4", "2 1 0.5 4", "go 0", ""]
    assert done.stderr.count("ipywidgets is not installed") == 1
