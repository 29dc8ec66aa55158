"""Tracebacks end at the user's line, and warnings name it; a switch shows whole tracebacks."""

import inspect
import os
import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

import neurona as nn
from neurona.tracebacks import ends_at_users_line, warn

SCRIPT = """
import numpy as np
import neurona as nn

X, Y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")

class Odd(nn.layers.Layer):
    def call(self, inputs):
        return helper(inputs)

class Stop(nn.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyError("mine")

def helper(inputs):
    return inputs.wrong

def own_loss(y_true, y_pred):
    return np.linalg.inv(y_pred)  # a tracer

def train(*layers, loss="mse", **options):
    model = nn.Sequential([*layers, nn.layers.Dense(1)])
    model.compile("sgd", loss)
    model.fit(X, Y, verbose=0, **options)

def main():
    {mistake}

main()
"""
MISTAKES = {
    "train(nn.Input((5,)))": (["<module>", "main", "train"], "ShapeError"),
    "train(Odd())": (["<module>", "main", "train", "call", "helper"], "AttributeError"),
    "train(callbacks=[Stop()])": (["<module>", "main", "train", "on_epoch_end"], "KeyError"),
    "nn.layers.Dense(0)": (["<module>", "main"], "ArgumentError"),
    "nn.layers.Dense(units_=0)": (["<module>", "main"], "UnexpectedArgument"),
    "nn.Sequential().add(3)": (["<module>", "main"], "ArgumentError"),
    "nn.saving.load_model('nothing.keras')": (["<module>", "main"], "SavingError"),
    "nn.ops.matmul(X, X)": (["<module>", "main"], "ShapeError"),
    "nn.ops.abs('a')": (["<module>", "main"], "TypeError"),
    "nn.Sequntial": (["<module>", "main"], "AttributeError"),
}


def run(code, **variables):
    environment = {**os.environ, "NEURONA_LANG": "en", "NEURONA_TRACEBACK": "", **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 1, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def tracebacks():
    """What one process prints for each mistake."""
    mains = "\n".join(
        f"def main():\n    {mistake}\n"
        "try:\n    main()\n"
        "except Exception:\n    print('=====', file=sys.stderr)\n    traceback.print_exc()"
        for mistake in MISTAKES
    )
    head = SCRIPT[: SCRIPT.index("def main")]
    shown = run(f"import sys, traceback\n{head}\n{mains}\nraise SystemExit(1)")
    return dict(zip(MISTAKES, shown.split("=====")[1:], strict=True))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_traceback_holds_the_users_lines_only(tracebacks, mistake):
    functions, error = MISTAKES[mistake]
    shown = tracebacks[mistake]
    assert re.findall(r'File "(?:<string>|.*)", line \d+, in (\S+)', shown) == functions, shown
    assert error in shown
    assert "site-packages" not in shown


def test_an_unexpected_error_says_how_to_see_everything(tracebacks):
    assert "NEURONA_TRACEBACK=full" in tracebacks["nn.ops.abs('a')"]
    assert "NEURONA_TRACEBACK" not in tracebacks["train(Odd())"]
    assert "NEURONA_TRACEBACK" not in tracebacks["nn.layers.Dense(0)"]
    assert "JAX_TRACEBACK_FILTERING" not in "".join(tracebacks.values())


@pytest.mark.parametrize("by_function", [False, True])
def test_the_switch_shows_every_line(by_function):
    code = SCRIPT.replace("{mistake}", "nn.layers.Dense(0)")
    if by_function:
        shown = run(
            code.replace("def main():\n", "def main():\n    nn.config.disable_traceback_filtering()\n")
        )
    else:
        shown = run(code, NEURONA_TRACEBACK="full")
    assert "layers/dense.py" in shown.replace("\\", "/")


def test_the_switch_is_read_back(monkeypatch):
    monkeypatch.setattr("neurona.tracebacks._enabled", None)
    monkeypatch.setenv("NEURONA_TRACEBACK", "")
    assert nn.config.is_traceback_filtering_enabled()
    nn.config.disable_traceback_filtering()
    assert not nn.config.is_traceback_filtering_enabled()
    nn.config.enable_traceback_filtering()
    assert nn.config.is_traceback_filtering_enabled()


def test_a_filtered_error_keeps_its_cause_and_pickles(monkeypatch):
    monkeypatch.setattr("neurona.tracebacks._enabled", True)

    @ends_at_users_line
    def fails():
        try:
            {}["a"]
        except KeyError as error:
            raise nn.errors.DataError("There is no file 'a'.") from error

    with pytest.raises(nn.errors.DataError) as caught:
        fails()
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.__cause__.__traceback__ is not None  # this file is the user's
    assert str(pickle.loads(pickle.dumps(caught.value))) == "There is no file 'a'."


def test_a_wrapped_function_is_itself_to_whoever_looks():
    assert list(inspect.signature(nn.Model.fit).parameters)[:3] == ["self", "x", "y"]
    assert nn.Model.fit.__doc__.startswith("Train.")
    assert nn.Model.fit.__qualname__ == "Trainer.fit"
    assert nn.Model.fit.__globals__ is inspect.unwrap(nn.Model.fit).__globals__  # its example is found
    assert pickle.loads(pickle.dumps(nn.saving.load_model)) is nn.saving.load_model


def test_a_warning_names_the_users_line():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        nn.Sequential([nn.layers.Dense(1, activation="softmax")])(np.ones((2, 2)))
        warn("There is no file 'a'.")
    assert {one.filename for one in caught} == {__file__}
