"""Files of models while training goes on, and trainings that are killed and go on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import neurona
from neurona import layers, models, optimizers
from neurona.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from neurona.core.errors import ArgumentError, SavingError
from neurona.core.random import set_random_seed
from neurona.saving import read_state, write_state
from neurona.training import PyDataset
from tests.callbacks.fabricated import X, Y, fabricating, fit, fit_both, model


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# ModelCheckpoint


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({}, "{epoch:02d}-{val_loss:.2f}.keras"),
        ({"save_best_only": True}, "{epoch:02d}-{val_loss:.2f}.keras"),
        ({"save_best_only": True, "mode": "max"}, "{epoch}.keras"),
        ({"save_best_only": True, "initial_value_threshold": 0.85}, "{epoch}.keras"),
        ({"save_weights_only": True, "save_best_only": True, "monitor": "mae"}, "{epoch}.weights.h5"),
        ({"save_freq": 3}, "{epoch}-{batch}.keras"),
        ({"save_freq": 5, "save_weights_only": True}, "{epoch}-{batch}.weights.h5"),
    ],
)
def test_saves_when_keras_does(tmp_path, arguments, name):
    folders = iter([tmp_path / "theirs", tmp_path / "ours"])
    fit_both(
        lambda library: library.ModelCheckpoint(str(next(folders) / name), **arguments),
        {"val_loss": [1.0, 0.9, 0.95, 0.8, 0.8, 0.7]},
        6,
    )
    assert names(tmp_path / "ours") == names(tmp_path / "theirs")


def test_the_files_hold_the_best_weights(tmp_path):
    made, path = model(), tmp_path / "best.keras"
    checkpoint = ModelCheckpoint(path, monitor="loss", save_best_only=True, mode="max", verbose=1)
    seen = []

    class Remember(Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.get_weights())

    fit(made, fabricating(neurona, {"loss": [1.0, 3.0, 2.0]}), Remember(), checkpoint)
    for one, other in zip(models.load_model(path).get_weights(), seen[1]):
        np.testing.assert_array_equal(one, other)
    checkpoint = ModelCheckpoint(tmp_path / "w.weights.h5", save_weights_only=True)
    fit(made, checkpoint)
    other = model()
    other.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), made.predict(X, verbose=0))


def test_it_says_what_it_saves(tmp_path, capsys):
    path = tmp_path / "m.keras"
    fit(
        model(),
        fabricating(neurona, {"loss": [1.0, 3.0, 0.5]}),
        ModelCheckpoint(path, "loss", 1, save_best_only=True),
    )
    out = capsys.readouterr().out
    assert f"Epoch 1: loss 1.00000, saved {path}." in out
    assert "Epoch 2: loss 3.00000 is no better than 1.00000." in out
    assert f"Epoch 3: loss 0.50000 after 1.00000, saved {path}." in out


def test_mistakes_are_told(tmp_path):
    with pytest.raises(SavingError, match=r"Weights are saved as something\.weights\.h5"):
        ModelCheckpoint("a.keras", save_weights_only=True)
    for wrong in ("batch", 0, 1.5, True):
        with pytest.raises(ArgumentError, match="save_freq='epoch' or a number of batches"):
            ModelCheckpoint("a.keras", save_freq=wrong)
    with pytest.raises(
        ArgumentError,
        match=r"asks for 'los', which is not among.*Did you mean 'loss'\? There are: epoch, loss, mae",
    ):
        fit(model(), ModelCheckpoint(tmp_path / "{los:.2f}.keras"))
    with pytest.raises(ArgumentError, match="needs the name of a folder"):
        BackupAndRestore("")


# State in files


def test_a_state_comes_back_with_its_bits(tmp_path):
    generator = np.random.default_rng(3)
    tree = {
        "floats": [0.1, float("inf"), None, True, "é", 2**127 + 1],
        "arrays": (
            generator.normal(size=(3, 4)).astype(np.float32),
            np.zeros((), np.int32),
            np.zeros((0, 2)),
        ),
        "half": jax.numpy.asarray([1.5, -2.0], "bfloat16"),
        "scalar": np.float32(0.1),
        "generator": generator.bit_generator.state,
    }
    write_state(tmp_path / "a.npz", tree)
    back = read_state(tmp_path / "a.npz")
    assert back["floats"] == tree["floats"]
    assert back["generator"] == tree["generator"]
    assert np.float32(back["scalar"]) == tree["scalar"]
    for one, other in zip([*back["arrays"], back["half"]], [*tree["arrays"], np.asarray(tree["half"])]):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_only_data_is_written_and_read(tmp_path):
    for wrong in (object(), {"a": lambda: 0}, {1: 2}, np.array([object()])):
        with pytest.raises(SavingError):
            write_state(tmp_path / "a.npz", wrong)
    assert names(tmp_path) == []
    with pytest.raises(SavingError, match="no file"):
        read_state(tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"damaged")
    with pytest.raises(SavingError, match="damaged"):
        read_state(tmp_path / "a.npz")


# BackupAndRestore


class Interrupt(Callback):
    def __init__(self, epoch, batch=None):
        self.epoch, self.batch = epoch, batch
        self._batch_interval = None if batch is None else 1

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch
        if self.batch is None and epoch == self.epoch:
            raise KeyboardInterrupt

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, self.batch):
            raise KeyboardInterrupt


class Repeating:
    """Batches without end, the same for every process."""

    def __init__(self):
        self.generator = np.random.default_rng(5)

    def __iter__(self):
        return self

    def __next__(self):
        rows = self.generator.integers(0, len(X), 4)
        return X[rows], Y[rows]


class Anew:
    """Three batches, again and again."""

    def __iter__(self):
        return iter([(X[:4], Y[:4]), (X[4:8], Y[4:8]), (X[8:], Y[8:])])


class Numbered(PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return X[2 * index : 2 * index + 2], Y[2 * index : 2 * index + 2]


def everything():
    """A model with all that training may change: statistics, dropout, slots, averages, metrics."""
    return model(
        layers.Dense(6, activation="relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
        optimizer=optimizers.Adam(0.05, use_ema=True, gradient_accumulation_steps=2),
    )


SOURCES = {
    "arrays": lambda: {"x": X, "y": Y, "batch_size": 3, "validation_data": (X, Y)},
    "arrays, batches in a new order": lambda: {"x": X, "y": Y, "batch_size": 3, "shuffle": "batch"},
    "arrays, steps across passes": lambda: {"x": X, "y": Y, "batch_size": 4, "steps_per_epoch": 5},
    "a list of batches": lambda: {"x": iter([(X[:4], Y[:4]), (X[4:], Y[4:])] * 50), "steps_per_epoch": 4},
    "a source that begins anew": lambda: {"x": Anew()},
    "a source that begins anew, in steps": lambda: {"x": Anew(), "steps_per_epoch": 4},
    "numbered batches": lambda: {"x": Numbered()},
    "numbered batches in steps": lambda: {"x": Numbered(), "steps_per_epoch": 4},
    "a generator": lambda: {"x": Repeating(), "steps_per_epoch": 4},
}


@pytest.mark.parametrize("save_freq", ["epoch", 1, 3])
@pytest.mark.parametrize("stop", [(1, None), (3, None), (2, 2)])
@pytest.mark.parametrize("source", SOURCES)
def test_an_interrupted_training_ends_as_an_uninterrupted_one(tmp_path, source, stop, save_freq):
    def run(*watchers, seed=11):
        set_random_seed(seed)
        made = everything()
        extra = [
            ReduceLROnPlateau("loss", patience=1, min_delta=0.2),
            LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        ]
        history = made.fit(epochs=5, verbose=0, callbacks=[*extra, *watchers], **SOURCES[source]())
        return made, history

    expected, full = run()
    with pytest.raises(KeyboardInterrupt):
        run(BackupAndRestore(tmp_path / "b", save_freq), Interrupt(*stop))
    assert (tmp_path / "b" / "latest.npz").exists()
    began = []

    class Begins(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            began.append(epoch)

    made, history = run(
        BackupAndRestore(tmp_path / "b", save_freq), Begins(), seed=12
    )  # the backup holds what the seed decides
    assert began[0] >= stop[0] - 1
    if save_freq == "epoch":
        assert began[0] == stop[0]
    assert history.epoch == full.epoch
    assert history.history == full.history
    for one, other in zip(made.get_weights(), expected.get_weights()):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(made.optimizer._state_list(), expected.optimizer._state_list()):
        np.testing.assert_array_equal(one, other)
    assert not (tmp_path / "b").exists()  # training ended of itself


PROGRAM = """
import sys, numpy as np
from neurona import callbacks, layers, models
from neurona.core.random import set_random_seed
folder, slow = sys.argv[1], sys.argv[2] == "slow"
set_random_seed(3)
x = np.random.rand(120, 8).astype("float32"); y = np.random.randint(0, 3, 120)
model = models.Sequential([
    layers.Input((8,)), layers.Dense(16, "relu"), layers.BatchNormalization(), layers.Dropout(0.2),
    layers.Dense(3, "softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
class Slow(callbacks.Callback):
    _batch_interval = 1
    def on_train_batch_end(self, batch, logs=None):
        import time; time.sleep(0.03); print("step", flush=True)
watchers = [
    callbacks.BackupAndRestore(folder + "/backup", save_freq=2), callbacks.CSVLogger(folder + "/log.csv"),
    callbacks.EarlyStopping("val_loss", patience=50, restore_best_weights=True), *[Slow()] * slow,
]
history = model.fit(x, y, batch_size=10, epochs=6, validation_split=0.2, verbose=0, callbacks=watchers)
end = [*model.get_weights(), *model.optimizer._state_list(), np.array(history.history["loss"])]
np.savez(folder + "/end.npz", *end)
"""


def test_a_killed_process_goes_on_with_the_same_bits(tmp_path):
    def command(folder, speed):
        folder.mkdir(exist_ok=True)
        return [sys.executable, "-c", PROGRAM, str(folder), speed]

    root = Path(neurona.__file__).parents[1]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(whole, "fast"), check=True, cwd=root)
    for steps in (7, 20):  # killed twice: within the first epoch, and later
        process = subprocess.Popen(command(killed, "slow"), cwd=root, stdout=subprocess.PIPE, text=True)
        for _ in range(steps):
            assert process.stdout.readline() == "step\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert (killed / "backup" / "latest.npz").exists()
    checkpoint = read_state(killed / "backup" / "latest.npz")
    assert checkpoint["epoch"] >= 1
    subprocess.run(command(killed, "fast"), check=True, cwd=root)
    one, other = np.load(whole / "end.npz"), np.load(killed / "end.npz")
    assert one.files == other.files
    for name in one.files:
        np.testing.assert_array_equal(one[name], other[name])
    assert (killed / "log.csv").read_bytes() == (whole / "log.csv").read_bytes()


def test_the_backup_stays_after_an_error_and_on_demand(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(model(), BackupAndRestore(tmp_path / "a"), Interrupt(1))
    assert names(tmp_path / "a") == ["latest.npz"]
    fit(model(), BackupAndRestore(tmp_path / "b", delete_checkpoint=False))
    assert names(tmp_path / "b") == ["latest.npz"]
    history = fit(model(), BackupAndRestore(tmp_path / "b", delete_checkpoint=False), epochs=3)
    assert history.epoch == [0, 1, 2]  # nothing was left to do
    assert fit(model(), BackupAndRestore(tmp_path / "b"), epochs=5).epoch == [0, 1, 2, 3, 4]


def test_files_of_others_stay_in_the_folder(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    fit(model(), BackupAndRestore(tmp_path))
    assert names(tmp_path) == ["notes.txt"]


def test_the_backup_before_serves_when_the_last_is_damaged(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(model(), BackupAndRestore(tmp_path, double_checkpoint=True), Interrupt(2))
    assert names(tmp_path) == ["latest.npz", "previous.npz"]
    (tmp_path / "latest.npz").write_bytes(b"half a file")
    with pytest.warns(UserWarning, match="goes on from the backup before"):
        assert fit(model(), BackupAndRestore(tmp_path, double_checkpoint=True)).epoch == [0, 1, 2]
    with pytest.raises(KeyboardInterrupt):
        fit(model(), BackupAndRestore(tmp_path), Interrupt(2))
    (tmp_path / "latest.npz").write_bytes(b"half a file")
    with pytest.raises(SavingError, match="damaged"):
        fit(model(), BackupAndRestore(tmp_path))


def test_a_backup_of_something_else_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(model(), BackupAndRestore(tmp_path), Interrupt(2))
    with pytest.raises(SavingError, match=r"the model's structure differs.*Delete the folder"):
        fit(model(layers.Dense(2)), BackupAndRestore(tmp_path))
    with pytest.raises(SavingError, match="10 rows in batches of 5, not 10 in batches of 2"):
        model().fit(X, Y, batch_size=2, verbose=0, callbacks=[BackupAndRestore(tmp_path)])
    (tmp_path / "file").write_text("")
    with pytest.raises(SavingError, match="is a file"):
        fit(model(), BackupAndRestore(tmp_path / "file"))


def test_what_other_callbacks_know_is_kept(tmp_path):
    values = {"val_loss": [3.0, 2.0, 2.5, 2.4, 2.3, 2.2, 2.1]}

    def watchers():
        best = ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
        return (
            fabricating(neurona, values),
            EarlyStopping(patience=3, restore_best_weights=True),
            best,
            CSVLogger(tmp_path / "log.csv"),
        )

    with pytest.raises(KeyboardInterrupt):
        fit(model(), *watchers(), BackupAndRestore(tmp_path / "b"), Interrupt(3), epochs=7)
    again = watchers()
    history = fit(model(), *again, BackupAndRestore(tmp_path / "b"), epochs=7)
    assert history.epoch == [0, 1, 2, 3, 4]
    assert (again[1].best_epoch, again[1].stopped_epoch, again[2].best) == (1, 4, 2.0)
    assert [row.split(",")[0] for row in (tmp_path / "log.csv").read_text().split()] == [
        "epoch",
        "0",
        "1",
        "2",
        "3",
        "4",
    ]


def test_callbacks_know_the_fit_only_while_it_runs():
    made, seen = model(), []

    class Look(neurona.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(self._fit.checkpoint()["epoch"])

    look = Look()
    fit(made, look)
    assert seen == [0]
    assert look._fit is None
    assert made._fit is None
