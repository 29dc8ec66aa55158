"""`neurona run`: programs as Python runs them, and notebooks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import neurona

VARIABLES = {**os.environ, "PYTHONPATH": str(Path(neurona.__file__).parents[1])}


def run(*arguments, cwd, **variables):
    command = [sys.executable, "-m", "neurona", "run", *map(str, arguments)]
    options = {"capture_output": True, "text": True, "check": False}
    return subprocess.run(command, cwd=cwd, env={**VARIABLES, **variables}, **options)


def test_a_program_finds_what_python_gives_it(tmp_path):
    (tmp_path / "helper.py").write_text("value = 7\n")
    program = tmp_path / "program.py"
    program.write_text(
        "import os, sys, __main__\n"
        "import helper\n"
        "print(sys.argv[1:], __name__, __file__ == sys.argv[0], helper.value, __main__.helper is helper)\n"
        "print(os.path.samefile(os.getcwd(), sys.argv[3]), 'jax' in sys.modules)\n"
        "sys.exit(5)\n"
    )
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    done = run(program, "--epochs", "3", folder, "--help", cwd=folder)
    assert done.returncode == 5, done.stderr
    first = f"['--epochs', '3', '{folder}', '--help'] __main__ True 7 True"
    assert done.stdout.splitlines() == [first, "True False"]


def test_modules_beside_a_program_tell_its_age(tmp_path):
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "line.py").write_text(
        "import tensorflow as tf\n"
        "def double():\n"
        "    x = tf.placeholder(tf.float32)\n"
        "    with tf.Session() as session:\n"
        "        return session.run(2 * x, {x: 3.0})\n"
    )
    (tmp_path / "model.py").write_text("from nets.line import double\n")
    (tmp_path / "program.py").write_text("import os, model\nprint(model.double())\n")
    done = run("program.py", cwd=tmp_path)
    assert done.stdout == "6.0\n", done.stderr


OF_PYTHON_2 = """
import cPickle
import collections, re, time
from helper import half
try:
    raise ValueError, "no"
except ValueError, error:
\tprint "said", error
print half(7), 7 / 2, 7 / 2., -7 / 2, 017
total = 7
total /= 2
print total, [k for k in xrange(2)], {1: 2}.has_key(1), map(str, [1]), isinstance(u"a", unicode)
print cPickle.loads(b"S'\\xe9'\\n.") == u"\\xe9", isinstance([], collections.Iterable), time.clock() >= 0
print re.split("(\\W+)?", "Where is it?"), re.split("x*", "axbc", 1), re.split("(?=[A-Z])", "aB")
"""


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="lib2to3 is not in Python any more")
def test_a_program_for_python_2(tmp_path):
    (tmp_path / "helper.py").write_text("def half(number):\n    return number / 2\n")
    (tmp_path / "program.py").write_text(OF_PYTHON_2)
    done = run("program.py", cwd=tmp_path)
    # As Python 2.7 prints it.
    assert done.stdout.splitlines() == [
        "said no",
        "3 3 3.5 -4 15",
        "3 [0, 1] True ['1'] True",
        "True True True",
        "['Where', ' ', 'is', ' ', 'it', '?', ''] ['a', 'bc'] ['a', 'B']",  # the last of Python 3.7
    ], done.stderr


def test_a_program_for_both_pythons_is_left_alone(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("from . import inner\n")
    (tmp_path / "package" / "inner.py").write_text("")
    (tmp_path / "program.py").write_text(
        "from __future__ import print_function\nimport sys, package\n"
        "try:\n    xrange\nexcept NameError:\n    xrange = range\n"
        "if sys.version_info[0] == 2:\n    import cPickle as pickle\n"
        "print(7 / 2, list(xrange(2)))\n"
    )
    done = run("program.py", cwd=tmp_path)
    assert done.stdout == "3.5 [0, 1]\n", done.stderr


def test_what_a_program_compiles_is_kept_however_small(tmp_path):
    (tmp_path / "program.py").write_text(
        "import tensorflow as tf\n"
        "from IPython.display import display\n"
        "get_ipython().run_line_magic('matplotlib', 'inline')  # as in a notebook that was exported\n"
        "print(tf.constant([1.0, 2.0]) * 3)\n"
        "display(7)\n"
    )
    done = run("program.py", cwd=tmp_path, NEURONA_CACHE=str(tmp_path / "kept"))
    assert "[3. 6.]" in done.stdout, done.stderr
    assert done.stdout.endswith("7\n")
    assert any(path.name.startswith("jit_") for path in (tmp_path / "kept").rglob("*"))


def test_errors_look_as_python_shows_them(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("def f():\n    return 1 / 0\n\n\nf()\n")
    mine = run("program.py", cwd=tmp_path)
    pythons = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert mine.returncode == 1
    assert mine.stderr == pythons.stderr.replace(str(tmp_path) + "/", "")
    program.write_text("import sys\nsys.exit('that is all')\n")
    ended = run("program.py", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "that is all\n")
    program.write_text("x = = 3\n")
    assert "SyntaxError" in run("program.py", cwd=tmp_path).stderr
    assert "No such file" in run("missing.py", cwd=tmp_path).stderr


def cell(*lines, tags=(), outputs=()):
    return {
        "cell_type": "code",
        "source": [f"{line}\n" for line in lines],
        "metadata": {"tags": list(tags)},
        "outputs": list(outputs),
        "execution_count": None,
    }


def notebook(path, *cells):
    text = {"cell_type": "markdown", "source": ["# A notebook"], "metadata": {}}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [text, *cells]}))


def test_a_notebook(tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "folder" / "lesson.ipynb"
    path.parent.mkdir()
    notebook(
        path,
        cell("%matplotlib inline", "!pip install nothing", "import os", "names = !echo one", "names"),
        cell("%%time", "display(3)", "import matplotlib.pyplot as plt", "plt.plot([1, 2]); plt.show()"),
        cell("%%time", "1 / 0", tags=["raises-exception"]),
        cell("undefined", outputs=[{"output_type": "error", "ename": "NameError"}]),
        cell("text = '''", "%not a magic", "'''", "print(text.strip(), os.path.basename(os.getcwd()))"),
        cell("from IPython.display import HTML", "x = 5;", "x"),
        cell("%%capture kept", "print('hidden')"),
        cell("!echo goes \\", "  on", "y = 2", "kept.stdout.strip()"),
        cell("%%writefile 'module_of_cell.py'", "value = 7"),
        cell("import module_of_cell", "y = %time module_of_cell.value", "y"),
        cell("from google.colab import drive, files", "drive.mount('/content/drive')"),
        cell("files.upload()['module_of_cell.py'].decode().strip()"),
    )
    done = run("--outputs", path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if not line.startswith("Wall time: ")]
    assert lines == ["['one']", "3", "%not a magic folder", "5", "goes on", "'hidden'", "7", "'value = 7'"]
    assert done.stdout.count("Wall time: ") == 3
    assert "no drive is mounted at /content/drive" in done.stderr
    assert "Files are read by name" in done.stderr
    assert "Left out: !pip install nothing" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    written = json.loads((path.parent / "lesson.outputs.ipynb").read_text())
    kinds = [[output["output_type"] for output in one.get("outputs", [])] for one in written["cells"]]
    assert kinds[3][-1] == kinds[4][-1] == "error"
    assert any("image/png" in output.get("data", {}) for output in written["cells"][2]["outputs"])
    assert "outputs" not in json.loads(path.read_text())["cells"][0]


def test_a_cell_that_fails_ends_a_notebook_with_its_number(tmp_path):
    path = tmp_path / "lesson.ipynb"
    notebook(path, cell("a = 1"), cell("b = a / 0"), cell("print('never')"))
    done = run(path, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    for part in ("Cell 3 failed.", "<cell 3>", "b = a / 0"):
        assert part in done.stderr
    path.write_text("[]")
    assert "is not a Jupyter notebook" in run(path, cwd=tmp_path).stderr
