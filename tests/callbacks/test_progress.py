"""What people see while training goes on: in terminals, files, notebooks, and with few characters."""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import neurona
from neurona.callbacks import Callback, EarlyStopping, LambdaCallback, ProgbarLogger
from neurona.callbacks.screen import Screen, screen
from neurona.core.errors import ArgumentError, UnexpectedArgument
from tests.callbacks.fabricated import X, Y, fit, model

FIGURES = r"\d+s \d+(us|ms|s)/step - loss: \d+\.\d{4} - mae: \d+\.\d{4}"


class Terminal(io.StringIO):
    """A stream that says it is a terminal and knows what it would show."""

    encoding = "utf-8"

    def isatty(self):
        return True

    def lines(self):
        """The lines as they stand at the end, trailing spaces dropped."""
        shown = []
        for line in self.getvalue().split("\n"):
            cells = []
            for part in line.split("\r"):
                cells[: len(part)] = part
            shown.append("".join(cells).rstrip())
        return shown


@pytest.fixture
def terminal(monkeypatch):
    def install(columns=100, encoding="utf-8"):
        stream = Terminal()
        stream.encoding = encoding
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("PYCHARM_HOSTED", raising=False)
        return stream

    return install


def train(made=None, epochs=2, **options):
    made = made or model()
    return made.fit(X, Y, batch_size=5, epochs=epochs, **options)


def matches(pattern, text):
    assert re.fullmatch(pattern, text), text


def test_a_terminal_shows_a_bar_that_ends_full(terminal):
    stream = terminal()
    train(validation_data=(X, Y))
    lines = stream.lines()
    bar = "━" * 20
    assert [lines[0], lines[2], lines[4]] == ["Epoch 1/2", "Epoch 2/2", ""]
    for line in (lines[1], lines[3]):
        matches(rf"2/2 {bar} {FIGURES} - val_loss: \d+\.\d{{4}} - val_mae: \d+\.\d{{4}}", line)
    assert "\x1b" not in stream.getvalue()


def test_one_epoch_has_no_title(terminal):
    stream = terminal()
    train(epochs=1)
    matches(rf"2/2 ━+ {FIGURES}", stream.lines()[0])


def test_the_bar_moves_while_steps_run(terminal, monkeypatch):
    monkeypatch.setattr("neurona.callbacks.progress.REDRAW_SECONDS", 0.0)
    stream = terminal()
    seen = []
    watcher = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(stream.lines()[-1]))
    model().fit(X, Y, batch_size=1, verbose=1, callbacks=[watcher])
    assert seen[1].startswith(" 1/10 ━━──────────────────")
    assert seen[5].startswith(" 5/10 ━━━━━━━━━━──────────")


def test_the_bar_fits_into_narrow_terminals(terminal, monkeypatch):
    monkeypatch.setattr("neurona.callbacks.progress.REDRAW_SECONDS", 0.0)
    stream = terminal(columns=30)
    model().fit(
        X, Y, batch_size=1, verbose=1, callbacks=[LambdaCallback(on_train_batch_end=lambda batch, logs: None)]
    )
    moving = stream.getvalue().split("\n")[0].split("\r")[:-1]
    assert len(moving) == 11
    assert max(map(len, moving)) <= 29


def test_what_stays_is_broken_between_figures_in_a_narrow_terminal(terminal):
    stream = terminal(columns=40)
    made = model()
    made.compile("sgd", "mse", metrics=["mae", "mean_squared_logarithmic_error"])
    train(made, epochs=1)
    lines = stream.lines()
    assert max(len(line) for line in lines) <= 45  # a figure with a long name stays whole
    assert lines[0].startswith("2/2")
    assert any(line.strip().startswith("mean_squared_logarithmic_error: ") for line in lines)


def test_a_history_shows_its_figures_in_a_console_and_in_a_notebook():
    history = train(epochs=2, verbose=0)
    assert re.match(r"<History epochs=2 loss=[\d.]+ mae=[\d.]+>", repr(history))
    page = history._repr_html_()
    assert page.count("<tr>") == 3
    assert f"<td>{history.history['loss'][1]:.4g}</td>" in page


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp850"])
def test_few_characters_are_enough(terminal, encoding, monkeypatch):
    monkeypatch.setattr("neurona.callbacks.progress.REDRAW_SECONDS", 0.0)
    stream = terminal(encoding=encoding)
    watcher = LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    model().fit(X, Y, batch_size=1, verbose=1, callbacks=[watcher, EarlyStopping("loss", verbose=1)])
    stream.getvalue().encode(encoding)
    assert " 5/10 =========>.........." in stream.getvalue()
    assert "10/10 ====================" in stream.getvalue()


def test_a_name_the_encoding_does_not_have_is_no_error(terminal):
    stream = terminal(encoding="ascii")
    screen.print("precisión")
    assert stream.getvalue() == "precisi?n\n"


def test_a_pipe_gets_one_line_per_epoch_without_control_characters(capsys):
    train(validation_data=(X, Y))
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert len(lines) == 2
    for number, line in enumerate(lines, 1):
        matches(rf"Epoch {number}/2 - 2/2 - {FIGURES} - val_loss: \d+\.\d{{4}} - val_mae: \d+\.\d{{4}}", line)
    assert out.isascii()
    assert out.isprintable() or set(out) - {"\n"} == {
        character for character in out if character.isprintable()
    }


def test_verbose_2_is_a_line_per_epoch_in_a_terminal_too(terminal):
    stream = terminal()
    train(verbose=2)
    assert "\r" not in stream.getvalue()
    matches(rf"Epoch 1/2 - 2/2 - {FIGURES}", stream.lines()[0])


def test_verbose_0_says_nothing(capsys):
    train(verbose=0)
    made = model()
    made.evaluate(X, Y, verbose=0)
    made.predict(X, verbose=0)
    assert capsys.readouterr().out == ""


def test_evaluate_and_predict_show_theirs(capsys, terminal):
    made = model()
    made.evaluate(X, Y, batch_size=3)
    made.predict(X, batch_size=3)
    lines = capsys.readouterr().out.splitlines()
    matches(rf"4/4 - {FIGURES}", lines[0])
    matches(r"4/4 - \d+s \d+(us|ms)/step", lines[1])
    stream = terminal()
    made.evaluate(X, Y, batch_size=3)
    made.predict(X, batch_size=3)
    matches(rf"4/4 ━{{20}} {FIGURES}", stream.lines()[0])
    matches(r"4/4 ━{20} \d+s \d+(us|ms)/step", stream.lines()[1])


def test_a_source_of_unknown_length(terminal, monkeypatch):
    monkeypatch.setattr("neurona.callbacks.progress.REDRAW_SECONDS", 0.0)

    class Source:
        def __iter__(self):
            return iter([(X[i : i + 2], Y[i : i + 2]) for i in range(0, 10, 2)])

    stream = terminal()
    watcher = LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    model().fit(Source(), epochs=2, verbose=1, callbacks=[watcher])
    first, second = stream.getvalue().split("Epoch 2/2")
    assert "3/Unknown" in first
    assert "5/5 ━" in first
    assert "3/5 ━" in second


def test_every_batch_of_a_source_counts(capsys):
    model().fit(iter([(X, Y)] * 45), verbose=2)
    assert capsys.readouterr().out.startswith("45/45 - ")


def test_messages_of_others_do_not_tear_the_line(terminal, monkeypatch):
    monkeypatch.setattr("neurona.callbacks.progress.REDRAW_SECONDS", 0.0)
    stream = terminal()
    speak = LambdaCallback(
        on_epoch_end=lambda epoch, logs: screen.print("said"), on_train_batch_end=lambda batch, logs: None
    )
    train(callbacks=[speak], epochs=1)
    lines = stream.lines()
    assert lines[0] == "said"
    matches(rf"2/2 ━{{20}} {FIGURES}", lines[1])


def test_an_interrupted_bar_ends_its_line(terminal, monkeypatch):
    monkeypatch.setattr("neurona.callbacks.progress.REDRAW_SECONDS", 0.0)
    stream = terminal()

    class Stop(Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(callbacks=[Stop()], epochs=1)
    assert stream.getvalue().endswith("\n")


def test_figures_that_callbacks_add_are_shown(capsys):
    train(
        callbacks=[LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(each=np.array([0.25, 0.75])))],
        epochs=1,
    )
    assert "- each: 0.5000 - loss:" in capsys.readouterr().out


def test_a_logger_of_ones_own_replaces_the_default(capsys):
    train(callbacks=[ProgbarLogger()], verbose=2)
    assert len(capsys.readouterr().out.splitlines()) == 2
    fit(model(), ProgbarLogger(verbose=2))
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_program_without_a_console(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    train()
    screen.print("nobody hears it")


def test_notebooks_and_dumb_terminals_are_told_apart(terminal, monkeypatch):
    terminal()
    assert Screen().is_live()
    monkeypatch.setenv("TERM", "dumb")
    assert not Screen().is_live()
    monkeypatch.setenv("TERM", "xterm")

    class OutStream(io.StringIO):  # a notebook's is no terminal, but its lines can be drawn again
        pass

    OutStream.__module__ = "ipykernel.iostream"
    monkeypatch.setattr(sys, "stdout", OutStream())
    assert Screen().is_live()
    assert Screen().width() > 150


def test_a_real_terminal():
    """The whole thing in a pseudo-terminal, as a person would start it."""
    program = (
        "import numpy as np; from neurona import layers, models\n"
        "m = models.Sequential([layers.Input((2,)), layers.Dense(1)]); m.compile('sgd', 'mse')\n"
        "m.fit(np.ones((64, 2)), np.ones((64, 1)), epochs=2)"
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"}
    root = Path(neurona.__file__).parents[1]
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=theirs, env=environment, cwd=root
    ) as process:
        os.close(theirs)
        output = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            output += part
    os.close(ours)
    assert process.returncode == 0
    assert "2/2 ━━━━━━━━━━━━━━━━━━━━ " in output.decode()
    assert "\r" in output.decode().replace("\r\n", "")


def test_mistakes_are_told():
    with pytest.raises(ArgumentError, match="verbose is 0"):
        ProgbarLogger(verbose=3)
    with pytest.raises(UnexpectedArgument, match="no argument 'count_mode'"):
        ProgbarLogger(count_mode="steps")
