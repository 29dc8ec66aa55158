"""Files of runs, as a person reads them with nothing but `json`."""

import base64
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from neurona import layers, models
from neurona.callbacks import Board, CallbackList, EarlyStopping
from neurona.core.errors import ArgumentError
from neurona.zoo.adaline import LMSRule
from tests.callbacks.fabricated import X, Y, fit, model

KILLED = """
import os, signal, sys
import numpy as np
import neurona as nn
model = nn.Sequential([nn.layers.Dense(1)])
model.compile("sgd", "mse")
kill = lambda epoch, logs: epoch == 2 and os.kill(os.getpid(), signal.SIGKILL)
watchers = [nn.callbacks.Board(sys.argv[1], "a"), nn.callbacks.LambdaCallback(on_epoch_end=kill)]
model.fit(np.ones((8, 2)), np.ones(8), epochs=9, verbose=0, callbacks=watchers)
"""


def events(board, *kinds):
    found = [json.loads(line) for line in board.path.read_text("utf-8").splitlines()]
    return [one for one in found if not kinds or one["event"] in kinds]


def test_figures_of_every_epoch_and_what_was_trained(tmp_path):
    board = Board(tmp_path, "one", {"width": 3, "note": None})
    history = fit(model(layers.Dense(3, name="hidden"), optimizer="adam"), board, validation_data=(X, Y))
    begin, *scalars, end = events(board, "begin", "scalars", "end")
    told = begin["hyperparameters"]
    assert (told["optimizer"], told["beta_1"], told["batch_size"], told["epochs"]) == ("Adam", 0.9, 5, 3)
    assert (told["width"], told["parameters"], told["loss_function"]) == (3, 4 * 3 + 3 + 3 + 1, "mse")
    for name, values in history.history.items():
        assert [one["values"][name] for one in scalars] == values
    assert [(one["epoch"], one["step"]) for one in scalars] == [(1, 2), (2, 4), (3, 6)]
    assert scalars[0]["values"]["learning_rate"] == np.float32(0.001)
    assert end["state"] == "finished"
    assert events(board, "system")[-1]["values"]["cpu"] >= 0


@pytest.mark.parametrize(("update_freq", "steps"), [("batch", [1, 2, 3, 4]), (2, [2, 4]), ("epoch", [])])
def test_figures_between_epochs(tmp_path, update_freq, steps):
    board = Board(tmp_path, update_freq=update_freq)
    fit(model(), board, epochs=2)
    found = [one for one in events(board, "scalars") if "batch/loss" in one["values"]]
    assert [one["step"] for one in found] == steps
    assert [one["epoch"] for one in found] == [step / 2 for step in steps]


def test_histograms_of_weights_and_gradients(tmp_path):
    made = model()
    board = Board(tmp_path, histogram_freq=2, gradient_freq=2)
    fit(made, board, epochs=3)
    weights, gradients = events(board, "histograms")[-2:]
    kernel, bias = (f"{made.layers[-1].name}/{part}" for part in ("kernel", "bias"))
    found = weights["values"][f"weights/{kernel}"]
    values = made.layers[-1].kernel.numpy()
    assert weights["epoch"] == 3
    assert sum(found["counts"]) == 4
    assert [found["edges"][0], found["edges"][-1]] == pytest.approx([values.min(), values.max()], rel=1e-5)
    error = made.predict(X[:5], verbose=0) - Y[:5]  # of the first batch
    slope = 2 * (X[:5] * error).mean(0)
    found = gradients["values"][f"gradients/{kernel}"]
    assert [found["edges"][0], found["edges"][-1]] == pytest.approx([slope.min(), slope.max()], rel=1e-4)
    edges = gradients["values"][f"gradients/{bias}"]["edges"]  # of one number, around it
    assert np.mean(edges) == pytest.approx(2 * error.mean(), rel=1e-4)


def test_pictures(tmp_path):
    checks = np.indices((4, 6)).sum(0) % 2
    board = Board(
        tmp_path, images=lambda epoch: {"grey": checks * 1.0, "red": np.stack([checks * 255] * 3, -1)}
    )
    fit(model(), board, epochs=1)
    values = events(board, "images")[0]["values"]
    grey, red = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(values[name])))) for name in ("grey", "red")
    )
    assert (grey == checks * 255).all()
    assert (red[..., 0] == checks * 255).all()
    with pytest.raises(ValueError, match=r"\(3,\)"):
        fit(model(), Board(tmp_path, images=lambda epoch: {"bad": np.zeros(3)}))


def test_no_run_writes_into_another(tmp_path):
    boards = [Board(tmp_path, "wide/a") for _ in range(3)]
    for board in (*boards, boards[0]):
        fit(model(), board, epochs=1)
    assert sorted(path.name for path in (tmp_path / "wide").iterdir()) == ["a", "a-2", "a-3", "a-4"]
    for name in ("", "../out", "/tmp/out", "a//b", "c:d"):
        with pytest.raises(ArgumentError, match="a folder under"):
            Board(tmp_path, name)


def test_how_a_run_ended(tmp_path):
    stopped = Board(tmp_path)
    fit(model(), EarlyStopping("loss", patience=0, min_delta=1e9), stopped, epochs=9)
    assert events(stopped, "end")[0]["state"] == "stopped"
    failed = Board(tmp_path)
    made = model()
    with pytest.raises(ValueError, match="NaN"):
        made.fit(X * np.nan, Y, batch_size=5, verbose=0, callbacks=[failed])
    end = events(failed, "end")[0]
    assert end["state"] == "failed"
    assert "NaN" in end["why"]


def test_a_killed_process_leaves_whole_lines(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, capture_output=True)
    assert done.returncode == -9, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "a" / "board.jsonl").read_text().splitlines()]
    assert [one["epoch"] for one in lines if one["event"] == "scalars"] == [1, 2, 3]


def test_a_full_disk_does_not_end_training(tmp_path):
    board = Board(tmp_path)
    made = model()

    class Fill(EarlyStopping):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                board._file.close()
                board._file = open("/dev/full", "w")  # noqa: SIM115

    with pytest.warns(UserWarning, match="No space"):
        history = fit(made, Fill("loss"), board)
    assert len(history.epoch) == 3
    assert len(events(board, "scalars")) == 1


@pytest.mark.parametrize(
    "wrong", [{"update_freq": 0}, {"histogram_freq": -1}, {"gradient_freq": 0.5}, {"images": np.ones(3)}]
)
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        Board(**wrong)


def test_a_network_that_learns_without_gradients(tmp_path):
    made = models.Sequential([layers.Input((4,)), layers.Dense(1)])
    made.compile(rule=LMSRule(0.01), metrics=["mae"])
    board = Board(tmp_path, histogram_freq=1, gradient_freq=1)
    history = fit(made, board)
    begin, *scalars = events(board, "begin", "scalars")
    assert "optimizer" not in begin["hyperparameters"]
    assert [one["values"]["mae"] for one in scalars] == history.history["mae"]


def test_in_a_loop_of_one_s_own(tmp_path):
    made = model()
    board = Board(tmp_path, update_freq=1)
    callbacks = CallbackList([board], model=made, epochs=1, steps=2)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    for batch in range(2):
        callbacks.on_train_batch_end(batch, {"loss": made.train_on_batch(X[:5], Y[:5])[0]})
    callbacks.on_epoch_end(0, {"loss": 0.5})
    callbacks.on_train_end()
    assert [one["step"] for one in events(board, "scalars")] == [1, 2, 2]
    assert events(board, "end")[0]["state"] == "finished"
