"""Runs as trainings and other programs write them: real fits, TensorBoard's own writers, files that grow."""

import contextlib
import json
import os
import socket
import struct
import time

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
from tensorboard.plugins.hparams import summary_v2 as hparams
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from neurona import callbacks, layers
from neurona.board import Runs
from neurona.core.errors import ArgumentError
from neurona.files.checksums import masked_checksum
from tests.callbacks.fabricated import X, Y, fit, model


def read(folder):
    runs = Runs(folder)
    runs.update()
    return {run.key: run for run in runs}


def values(run, name):
    return list(run.series[name].value)


def test_three_loggers_of_one_training_agree(tmp_path):
    pictures = {"noise": np.eye(4)}
    watchers = [
        callbacks.Board(tmp_path, "board", histogram_freq=1, gradient_freq=1, images=lambda epoch: pictures),
        callbacks.TensorBoard(tmp_path / "tensorboard", histogram_freq=1, write_images=True, update_freq=2),
        callbacks.CSVLogger(tmp_path / "log.csv", separator=";"),
    ]
    history = fit(model(layers.Dense(3, name="middle")), *watchers, validation_data=(X, Y)).history
    board, tensorboard, log = (read(tmp_path)[key] for key in ("board", "tensorboard", "log"))
    for name, expected in history.items():
        assert values(board, name) == expected
        assert values(log, name) == expected
        assert values(tensorboard, name) == [np.float32(value) for value in expected]
        assert list(board.series[name].epoch) == list(tensorboard.series[name].epoch) == [1, 2, 3]
        assert list(log.series[name].epoch) == [1, 2, 3]
    assert list(tensorboard.series["batch/loss"].step) == [2, 4, 6]
    assert (board.state, tensorboard.state, log.state) == ("finished", "running", "running")
    weights = board.histograms["weights/middle/kernel"]
    (theirs,) = (found for name, found in tensorboard.histograms.items() if "middle/kernel" in name)
    for mine, other in zip(weights, theirs, strict=True):
        assert mine.counts == other.counts
        assert mine.edges == pytest.approx(other.edges, rel=1e-5)
    assert len(board.histograms["gradients/middle/kernel"]) == 3
    assert board.pictures["noise"][2].read().startswith(b"\x89PNG")
    (first, *_) = next(found for name, found in tensorboard.pictures.items() if "middle/kernel" in name)
    assert first.read().startswith(b"\x89PNG")


def test_only_what_is_new_is_read_and_half_a_line_waits(tmp_path):
    path = tmp_path / "a" / "board.jsonl"
    path.parent.mkdir()
    line = lambda epoch: json.dumps(
        {"event": "scalars", "time": 1.0, "epoch": epoch, "values": {"loss": epoch}}
    )
    path.write_text(line(1) + "\n" + line(2)[:20])
    runs = Runs(tmp_path)
    first = runs.update()
    (run,) = runs
    assert values(run, "loss") == [1]
    assert runs.update() == first  # nothing new
    with path.open("a") as file:
        file.write(line(2)[20:] + "\n" + "no JSON\n" + '{"event": "scalars"}\n' + line(3) + "\n")
    second = runs.update()
    assert values(run, "loss") == [1, 2, 3]
    assert run.damaged == 2
    assert (run.series["loss"].new_since(first), run.series["loss"].new_since(second)) == (1, 3)
    path.write_text(line(9) + "\n")  # begun anew
    runs.update()
    assert values(run, "loss") == [9]
    assert (run.series["loss"].new_since(second), run.damaged) == (0, 0)
    path.rename(tmp_path / "kept")  # so that the next file has another number
    path.write_text("".join(line(epoch) + "\n" for epoch in (5, 6, 7)))  # another file, which is longer
    fourth = runs.update()
    assert values(run, "loss") == [5, 6, 7]
    path.unlink()
    assert runs.update() > fourth
    assert list(runs) == []


def test_damaged_and_cut_event_files(tmp_path):
    writer = EventFileWriter(str(tmp_path / "a"))
    for step in range(4):
        writer.add_event(
            Event(step=step, summary=Summary(value=[Summary.Value(tag="loss", simple_value=step)]))
        )
    writer.close()
    (path,) = (tmp_path / "a").iterdir()
    whole = path.read_bytes()
    size = len(whole) - 2  # without the end of the last checksum
    spot = whole.rindex(b"loss", 0, len(whole) - 40)  # in the third event
    path.write_bytes(whole[:spot] + b"lass" + whole[spot + 4 : size])
    runs = Runs(tmp_path)
    runs.update()
    (run,) = runs
    assert (values(run, "loss"), run.damaged) == ([0, 1], 1)
    path.write_bytes(whole[:spot] + b"lass" + whole[spot + 4 :])
    runs.update()
    assert (values(run, "loss"), list(run.series["loss"].step)) == ([0, 1, 3], [0, 1, 3])
    with path.open("ab") as file:
        file.write(b"\xff" * 40)
    runs.update()
    runs.update()
    assert run.damaged == 2


def test_what_other_programs_write(tmp_path):
    writer = EventFileWriter(str(tmp_path))
    buckets = HistogramProto(min=-1, max=2.5, num=3, bucket_limit=[-2, 0, 1, 3, 9], bucket=[0, 1, 0, 2, 0])
    summary = Summary(value=[Summary.Value(tag="w", histo=buckets)])
    summary.value.add(tag="x", image=Summary.Image(height=1, width=1, encoded_image_string=b"\x89PNG!"))
    writer.add_event(Event(step=-1, wall_time=5.0, summary=summary))
    started = hparams.hparams_pb({"rate": 0.5, "kind": "wide", "bias": True})
    writer.add_event(Event(summary=started))
    writer.close()
    (run,) = read(tmp_path).values()
    assert run.key == tmp_path.name
    assert run.hyperparameters == {"rate": 0.5, "kind": "wide", "bias": True}
    (found,) = run.histograms["w"]
    assert (found.edges, found.counts, found.moment.step) == ([-1, 0, 1, 2.5], [1, 0, 2], -1)
    assert run.pictures["x"][0].read() == b"\x89PNG!"
    assert run.damaged == 0


def test_no_file_of_whatever_content_ends_the_reading(tmp_path):
    rng = np.random.default_rng(0)
    events = [
        Event(step=1, wall_time=2, summary=hparams.hparams_pb({"rate": 0.5, "kind": "wide"})),
        Event(step=2, summary=Summary(value=[Summary.Value(tag="w", histo=HistogramProto(bucket=[1, 2]))])),
        Event(
            summary=Summary(value=[Summary.Value(tag="x", image=Summary.Image(encoded_image_string=b"x"))])
        ),
    ]
    lines = [
        {"event": "begin", "time": 1, "process": 3, "hyperparameters": {"a": [1]}},
        {"event": "histograms", "time": 1, "values": {"w": {"edges": [0, 1], "counts": [2]}}},
        {"event": "images", "time": 1, "values": {"x": "aGk="}},
        {"event": "_init__", "time": {}, "values": 3},
    ]
    spoilt = []
    for _ in range(200):
        for whole in [
            *(event.SerializeToString() for event in events),
            *(json.dumps(one).encode() for one in lines),
        ]:
            data = np.frombuffer(whole, np.uint8).copy()
            data[rng.integers(0, len(data), 2)] = rng.integers(0, 256, 2)
            spoilt.append(data.tobytes())
    with (tmp_path / "a.tfevents.1").open("wb") as file:
        for data in spoilt:
            head = struct.pack("<Q", len(data))
            file.write(head + struct.pack("<I", masked_checksum(head)) + data)
            file.write(struct.pack("<I", masked_checksum(data)))
    (tmp_path / "board.jsonl").write_bytes(b"\n".join(spoilt) + b"\n")
    (tmp_path / "b.csv").write_bytes(b"epoch,loss\n" + b"\n".join(spoilt) + b"\n")
    (tmp_path / "c.jsonl").write_bytes(b'{"format": 1, "search": {}}\n' + b"\n".join(spoilt) + b"\n")
    runs = read(tmp_path)
    assert runs[tmp_path.name].damaged > 100
    for run in runs.values():
        for pictures in run.pictures.values():
            for picture in pictures:
                with contextlib.suppress(ValueError):
                    picture.read()


def test_trials_of_a_search(tmp_path):
    head = {"format": 1, "search": {"objective": "val_loss"}}
    trial = {
        "number": 0, "values": {"units": 8}, "state": "complete", "value": 0.25,
        "figures": {"val_loss": 0.25}, "epochs": 9, "rungs": {"3": 0.5}, "seconds": 1.0, "why": "",
    }  # fmt: skip
    lines = [head, trial, {**trial, "number": 1, "state": "failed", "value": float("nan"), "why": "NaN"}]
    (tmp_path / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "other.csv").write_text("age,price\n1,2\n")
    found = read(tmp_path)
    assert list(found) == ["trials #0", "trials #1"]
    assert values(found["trials #0"], "value") == [0.5, 0.25]
    assert [run.state for run in found.values()] == ["finished", "failed"]
    assert found["trials #0"].hyperparameters == {"units": 8}


@pytest.mark.parametrize(
    ("host", "process", "seconds_ago", "state"),
    [
        (socket.gethostname(), os.getpid(), 0, "running"),
        (socket.gethostname(), os.getpid(), 1e8, "lost"),  # the number is another process's now
        (socket.gethostname(), 2**22 + 1, 0, "lost"),
        ("elsewhere", 1, 0, "running"),
        ("elsewhere", 1, 1e8, "silent"),
    ],
    # Names and numbers of this process are others in every worker of a parallel run.
    ids=["here", "number of another", "gone", "elsewhere", "elsewhere and silent"],
)
def test_who_is_gone_is_not_running(tmp_path, host, process, seconds_ago, state):
    began = time.time() - seconds_ago
    event = {"event": "begin", "time": began, "host": host, "process": process, "hyperparameters": {"a": 1}}
    (tmp_path / "board.jsonl").write_text(json.dumps(event) + "\n")
    assert next(iter(read(tmp_path).values())).state == state


def test_long_series_keep_their_peaks(tmp_path):
    (tmp_path / "a").mkdir()
    with (tmp_path / "a" / "board.jsonl").open("w") as file:
        for step in range(30_000):
            value = 99.0 if step == 7_777 else "NaN" if step == 9_999 else step % 3
            file.write(
                json.dumps({"event": "scalars", "time": step, "step": step, "values": {"loss": value}}) + "\n"
            )
    series = read(tmp_path)["a"].series["loss"]
    assert len(series.value) <= 8192
    assert 99.0 in series.value
    assert series.step[-1] == 29_999
    assert list(series.step) == sorted(series.step)


def test_a_folder_may_come_later_but_a_file_is_told(tmp_path):
    runs = Runs(tmp_path / "later")
    assert runs.update() == 0
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "log.csv").write_text("epoch,loss\n0,0.5\n")
    runs.update()
    assert [run.key for run in runs] == ["log"]
    with pytest.raises(ArgumentError, match="is no folder"):
        Runs(tmp_path / "later" / "log.csv")
