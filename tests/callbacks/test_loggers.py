"""What is written down or sent away, and functions of one's own."""

import http.server
import json
import socket
import threading
import urllib.parse

import keras
import numpy as np
import pytest

import neurona
from neurona import layers, optimizers
from neurona.callbacks import (
    Callback,
    CSVLogger,
    LambdaCallback,
    RemoteMonitor,
    SwapEMAWeights,
    TerminateOnNaN,
)
from neurona.core.errors import ArgumentError, NonFiniteError, UnexpectedArgument
from tests.callbacks.fabricated import X, Y, fabricating, fit, model

LOGS = [
    {"loss": 0.123456789, "accuracy": 1 / 3, "val_loss": 1e-7},
    {"loss": 2.0, "accuracy": float("nan"), "val_loss": 3e20, "extra": 1.0},
    {"loss": np.float32(0.1), "accuracy": np.array([0.5, 0.25])},
]
NO_VALIDATION = [{"mae": 0.5, "loss": 0.25}, {"mae": 0.5, "loss": 0.125}]


# CSVLogger


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("rows", [LOGS, NO_VALIDATION])
def test_the_file_is_keras_byte_for_byte(tmp_path, separator, append, rows):
    for name, library in (("theirs", keras), ("ours", neurona)):
        for first in (0, len(rows)):  # the second time the file is there
            logger = library.callbacks.CSVLogger(str(tmp_path / name), separator=separator, append=append)
            logger.on_train_begin()
            for epoch, logs in enumerate(rows):
                logger.on_epoch_end(first + epoch, dict(logs))
            logger.on_train_end()
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_the_file_is_complete_after_every_epoch(tmp_path):
    path, lines = tmp_path / "log.csv", []

    class Look(Callback):
        def on_epoch_end(self, epoch, logs=None):
            lines.append(path.read_text().splitlines())

    history = fit(model(), CSVLogger(path), Look(), validation_data=(X, Y))
    assert [len(one) for one in lines] == [2, 3, 4]
    assert lines[0][0] == "epoch,loss,mae,val_loss,val_mae"
    assert float(lines[2][3].split(",")[1]) == history.history["loss"][2]


def test_appended_rows_keep_the_files_columns(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,mae,loss\n0,1,2\n")
    fit(model(), CSVLogger(path, append=True), fabricating(neurona, {"loss": [5.0], "mae": [6.0]}), epochs=1)
    assert path.read_text().splitlines()[:2] == ["epoch,mae,loss", "0,1,2"]
    assert len(path.read_text().splitlines()) == 3
    logs = path.read_text().splitlines()[2].split(",")
    assert logs[0] == "0"
    assert len(logs) == 3


def test_an_unwritable_file_is_told_before_training(tmp_path):
    made = model()
    with pytest.raises(OSError, match="missing"):
        fit(made, CSVLogger(tmp_path / "missing" / "log.csv"))
    assert made._learner.steps_trained == 0


# RemoteMonitor


class Server(http.server.ThreadingHTTPServer):
    """A real server on the loopback, which keeps what it is sent."""

    def __init__(self, status=200):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                requests.append((self.path, dict(self.headers), body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def root(self):
        return f"http://127.0.0.1:{self.server_port}"

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


@pytest.mark.parametrize("as_json", [False, True])
def test_the_server_hears_every_epoch(as_json):
    with Server() as server:
        monitor = RemoteMonitor(
            server.root, path="/here/", field="figures", headers={"X-Course": "IA"}, send_as_json=as_json
        )
        history = fit(model(), monitor)
        monitor.on_epoch_end(9, {"each": np.array([1.0, 2.0]), "one": np.float32(0.5)})
    assert [path for path, _, _ in server.requests] == ["/here/"] * 4
    assert all(headers["X-Course"] == "IA" for _, headers, _ in server.requests)
    bodies = [
        json.loads(body if as_json else urllib.parse.parse_qs(body)["figures"][0])
        for _, _, body in server.requests
    ]
    assert [body["loss"] for body in bodies[:3]] == history.history["loss"]
    assert bodies[3] == {"epoch": 9, "each": [1.0, 2.0], "one": 0.5}
    assert server.requests[0][1]["Content-Type"] == (
        "application/json" if as_json else "application/x-www-form-urlencoded"
    )


def test_training_goes_on_without_the_server():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.warns(UserWarning, match="could not send epoch 1 to"):
        assert len(fit(model(), RemoteMonitor(f"http://127.0.0.1:{port}")).epoch) == 3
    with Server(status=404) as server, pytest.warns(UserWarning, match="404"):
        fit(model(), RemoteMonitor(server.root))
    with pytest.raises(ArgumentError, match="address such as"):
        RemoteMonitor("file:///etc")


# LambdaCallback


def test_functions_are_called_as_in_keras():
    moments = (
        "on_train_begin",
        "on_train_end",
        "on_epoch_begin",
        "on_epoch_end",
        "on_train_batch_begin",
        "on_train_batch_end",
    )
    calls = {}
    for library in (keras, neurona):
        seen = calls[library.__name__] = []

        def noting(name, seen=seen):
            def note(first, logs=None):
                seen.append(
                    (name, first if "train_" not in name or "batch" in name else None, isinstance(logs, dict))
                )

            return note

        others = {"on_test_begin": lambda logs, seen=seen: seen.append("test begins")}
        made = library.models.Sequential([library.layers.Input((4,)), library.layers.Dense(1)])
        made.compile("sgd", "mse")
        watcher = library.callbacks.LambdaCallback(**{name: noting(name) for name in moments}, **others)
        made.fit(X, Y, batch_size=5, epochs=2, verbose=0, validation_data=(X, Y), callbacks=[watcher])
    assert calls["neurona"] == calls["keras"]


def test_only_moments_that_exist():
    with pytest.raises(UnexpectedArgument, match=r"no argument 'on_epoch_ends'. Did you mean 'on_epoch_end'"):
        LambdaCallback(on_epoch_ends=print)
    with pytest.raises(ArgumentError, match="on_epoch_end=3"):
        LambdaCallback(on_epoch_end=3)
    assert LambdaCallback(on_epoch_end=print)._batch_interval is None
    assert LambdaCallback(on_test_batch_end=print)._batch_interval == 1


# TerminateOnNaN


@pytest.mark.parametrize("stream", [False, True])
def test_ends_at_the_first_nan(capsys, stream):
    x, y = np.tile(X, (4, 1)), np.tile(Y, (4, 1))
    y[22] = np.inf
    made = model(layers.Dense(3))
    data = (
        {"x": iter([(x[i : i + 5], y[i : i + 5]) for i in range(0, 40, 5)])}
        if stream
        else {"x": x, "y": y, "batch_size": 5}
    )
    before = model(layers.Dense(3))
    before.set_weights(made.get_weights())
    history = made.fit(epochs=4, shuffle=False, verbose=0, callbacks=[TerminateOnNaN()], **data)
    assert history.epoch == [0]
    assert np.isnan(history.history["loss"][0])
    assert "Epoch 1: the loss is not finite" in capsys.readouterr().out
    before.fit(x[:20], y[:20], batch_size=5, shuffle=False, verbose=0)  # the good steps
    for one, other in zip(made.get_weights(), before.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_raises_on_demand_and_without_it():
    made = model(optimizer=optimizers.SGD(1e30))
    with pytest.raises(NonFiniteError):
        fit(made, TerminateOnNaN(raise_error=True))
    with pytest.raises(NonFiniteError):
        fit(model(optimizer=optimizers.SGD(1e30)))
    assert np.isnan(fit(model(optimizer=optimizers.SGD(1e30)), TerminateOnNaN()).history["loss"][-1])


# SwapEMAWeights


def averaging():
    made = model(layers.Dense(3), optimizer=optimizers.SGD(0.1, use_ema=True, ema_momentum=0.7))
    for index, weight in enumerate(made.weights):
        weight.assign(np.linspace(-0.5, 0.5 + index, int(np.prod(weight.shape))).reshape(weight.shape))
    return made


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_evaluates_with_the_average_as_keras(swap_on_epoch):
    theirs = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    theirs.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.7), "mse", metrics=["mae"])
    ours = averaging()
    theirs.set_weights(ours.get_weights())
    at_epoch_end = {}

    def remember(name, made):
        return lambda epoch, logs: at_epoch_end.setdefault(name, []).append(made.get_weights())

    histories = []
    for library, made in ((keras, theirs), (neurona, ours)):
        watchers = [
            library.callbacks.SwapEMAWeights(swap_on_epoch),
            library.callbacks.LambdaCallback(on_epoch_end=remember(library.__name__, made)),
        ]
        histories.append(
            made.fit(
                X,
                Y,
                batch_size=5,
                epochs=3,
                shuffle=False,
                verbose=0,
                validation_data=(X, Y),
                callbacks=watchers,
            )
        )
    for name, values in histories[0].history.items():
        np.testing.assert_allclose(histories[1].history[name], values, rtol=1e-5)
    for one, other in zip(at_epoch_end["neurona"], at_epoch_end["keras"]):
        for ours_now, theirs_now in zip(one, other):
            np.testing.assert_allclose(ours_now, theirs_now, atol=1e-6)
    for one, other in zip(ours.get_weights(), theirs.get_weights()):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_predicts_with_the_average_and_gives_the_weights_back():
    made = averaging()
    fit(made, LambdaCallback(on_epoch_end=lambda epoch, logs: None), epochs=1)
    own = made.get_weights()
    average = averaging()
    average.set_weights([np.asarray(value) for value in made.optimizer.state["ema"]])
    for variable in made.trainable_variables:
        variable.assign_add(1.0)
    changed = made.get_weights()
    predicted = made.predict(X, verbose=0, callbacks=[SwapEMAWeights()])
    np.testing.assert_array_equal(predicted, average.predict(X, verbose=0))
    for one, other, before in zip(made.get_weights(), changed, own):
        np.testing.assert_array_equal(one, other)
        assert not np.array_equal(one, before)


def test_an_average_is_needed():
    with pytest.raises(ArgumentError, match=r"SGD\(use_ema=True\)"):
        fit(model(), SwapEMAWeights(), validation_data=(X, Y))
