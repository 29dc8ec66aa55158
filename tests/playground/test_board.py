"""The page of runs: what its server answers while real trainings write, and whom it refuses."""

import json
import threading
import time

import numpy as np
import pytest

from neurona import layers
from neurona.callbacks import Board, Callback, TensorBoard
from neurona.cli.board import run as run_board
from tests.callbacks.fabricated import X, Y, fit, model


def news(board, since):
    """The header of an answer, and for each run its figures: (first place, epochs, values)."""
    status, _, body = board.ask(f"/data?since={since}")
    assert status == 200
    size = int.from_bytes(body[:4], "little")
    head, numbers = json.loads(body[4 : 4 + size]), np.frombuffer(body, "<f8", offset=4 + size)
    figures = {
        one["key"]: {
            name: (first, numbers[clock + count : clock + 2 * count], numbers[values : values + count])
            for name, (first, count, clock, values) in one["series"].items()
        }
        for one in head["runs"]
    }
    return head, figures


def news_of(board, since, enough):
    """The first news that are enough, within 30 seconds."""
    end = time.monotonic() + 30
    while True:
        head, figures = news(board, since)
        if enough(head, figures):
            return head, figures
        assert time.monotonic() < end, (head, figures)
        time.sleep(0.05)


def epochs_of(figures, key):
    """How many epochs of a run's loss are among the news."""
    return len(figures.get(key, {}).get("loss", [0, []])[1])


def test_a_training_is_seen_while_it_runs(board):
    reached, seen = threading.Semaphore(0), threading.Semaphore(0)

    class Wait(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch in (1, 3):
                reached.release()
                assert seen.acquire(timeout=60)

    logger = Board(
        board.folder, "live", {"width": 3}, histogram_freq=1, images=lambda epoch: {"x": np.eye(3)}
    )
    made, found = model(layers.Dense(3)), []
    watched = threading.Thread(
        target=lambda: found.append(fit(made, logger, Wait(), epochs=5, validation_data=(X, Y)))
    )
    watched.start()
    assert reached.acquire(timeout=60)
    head, figures = news_of(board, 0, lambda head, figures: epochs_of(figures, "live") == 2)
    assert next(one for one in head["runs"] if one["key"] == "live")["state"] == "running"
    first, epochs, losses = figures["live"]["val_loss"]
    assert (first, list(epochs)) == (0, [1, 2])
    seen.release()
    assert reached.acquire(timeout=60)
    head, figures = news_of(board, head["version"], lambda head, figures: "loss" in figures.get("live", {}))
    first, epochs, more = figures["live"]["val_loss"]
    assert (first, list(epochs)) == (2, [3, 4])  # only what is new
    seen.release()
    watched.join(60)
    head, figures = news_of(board, head["version"], lambda head, figures: figures.get("live"))
    (live,) = head["runs"]
    assert live["state"] == "finished"
    assert live["hyperparameters"]["width"] == 3
    assert [*losses, *more, *figures["live"]["val_loss"][2]] == found[0].history["val_loss"]
    details = json.loads(board.ask(f"/details?run={live['number']}")[2])
    assert len(details["histograms"]["weights/" + made.layers[-1].name + "/bias"]) == 5
    status, headers, picture = board.ask(f"/picture?run={live['number']}&name=x&index=4")
    assert (status, headers["content-type"]) == (200, "image/png")
    assert picture.startswith(b"\x89PNG")


def test_tensorboard_s_files_and_runs_that_go(board):
    fit(model(), TensorBoard(board.folder / "other", histogram_freq=1), epochs=2)
    head, _ = news_of(board, 0, lambda head, figures: epochs_of(figures, "other") == 2)
    number = next(one["number"] for one in head["runs"] if one["key"] == "other")
    assert number in head["members"]
    for folder in ("train", "validation"):
        for path in (board.folder / "other").glob(f"{folder}/*"):
            path.unlink()
    news_of(board, head["version"], lambda head, figures: number not in head["members"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/data", 400),
        ("/data?since=-1", 400),
        ("/data?since=x", 400),
        ("/data?since=" + "9" * 40, 400),
        ("/details?run=../../etc/passwd", 404),
        ("/details?run=99", 404),
        ("/picture?run=0&name=../../etc/passwd&index=0", 404),
        ("/picture?run=0&name=x&index=999", 404),
        ("/assets/../local.py", 404),
    ],
)
def test_what_is_not_there(board, path, status):
    assert board.ask(path)[0] == status


@pytest.mark.parametrize(
    "headers",
    [{"Cookie": ""}, {"Cookie": "neurona=x"}, {"Host": "evil.example"}, {"Origin": "http://evil.example"}],
)
def test_others_are_refused(board, headers):
    assert board.ask("/data?since=0", **headers)[0] == 403


def test_the_page_and_its_policy(board):
    status, headers, _ = board.ask(f"/?token={board.token}", Cookie="")
    assert (status, headers["location"]) == (303, "/")
    status, headers, _ = board.ask("/")
    assert status in (200, 503)
    assert headers["content-security-policy"].startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'"
    )


def test_a_port_in_use_is_told(board, capsys):
    assert run_board(board.folder, board.port, False, language="es") == 1
    assert str(board.port) in capsys.readouterr().out
