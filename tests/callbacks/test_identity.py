"""A backup is resumed by its own training only, ends where that ended, and good files stay good."""

import re

import numpy as np
import pytest

import neurona as nn
from neurona.callbacks import BackupAndRestore, Callback, EarlyStopping, ModelCheckpoint
from neurona.core.errors import SavingError
from tests.callbacks.fabricated import X, Y, fabricating, fit
from tests.counting import Batches

L = nn.layers


class Interrupt(Callback):
    """Ends the training with an error after an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def absolute(y_true, y_pred):
    return abs(y_true - y_pred)


def squared(y_true, y_pred):
    return (y_true - y_pred) ** 2


FIRST = {
    "layer": lambda: L.Dense(3, activation="tanh"),
    "optimizer": lambda: nn.optimizers.SGD(0.05, momentum=0.9),
    "loss": "mse",
    "metrics": lambda: ["mae", Batches()],
    "x": X,
    "y": Y,
    "options": {},
}
OTHERS = {
    "activation": ({"layer": lambda: L.Dense(3, activation="relu")}, "the model's structure"),
    "kind of layer of equal shapes": (
        {"layer": lambda: L.EinsumDense("ab,bc->ac", 3, bias_axes="c", activation="tanh")},
        "the model's structure",
    ),
    "trainable": ({"layer": lambda: L.Dense(3, activation="tanh", trainable=False)}, "the model's structure"),
    "loss": ({"loss": "mae"}, re.escape('compile(loss=...) differs: it was "mse", and is "mae"')),
    "options of the loss": ({"loss": nn.losses.Huber(2.0)}, r"compile\(loss="),
    "loss of the user's": ({"loss": absolute}, r"compile\(loss="),
    "metrics": ({"metrics": lambda: ["mse", Batches()]}, r"compile\(metrics="),
    "optimizer of equal slots": ({"optimizer": lambda: nn.optimizers.Adagrad(0.05)}, "the optimizer"),
    "momentum": ({"optimizer": lambda: nn.optimizers.SGD(0.05, momentum=0.8)}, "the optimizer"),
    "rate": ({"optimizer": lambda: nn.optimizers.SGD(0.1, momentum=0.9)}, "the learning rate"),
    "data": ({"x": X + 1e-3}, "the data"),
    "targets": ({"y": Y[::-1]}, "the data"),
    "sample weights": ({"options": {"sample_weight": np.arange(10)}}, "the data"),
    "validation data": ({"options": {"validation_data": (X, Y)}}, "the validation data"),
}


def train(folder, *watchers, **changed):
    given = {**FIRST, **changed}
    model = nn.Sequential([L.Input((4,)), given["layer"](), L.Dense(1)])
    model.compile(given["optimizer"](), given["loss"], metrics=given["metrics"]())
    return model.fit(
        given["x"],
        given["y"],
        batch_size=5,
        epochs=4,
        verbose=0,
        callbacks=[*watchers, BackupAndRestore(folder)],
        **given["options"],
    )


def test_a_training_made_again_resumes(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, Interrupt(2))
    assert train(tmp_path, Interrupt(0)).epoch == [0, 1, 2, 3]  # epoch 0 is not begun again


@pytest.mark.parametrize(("change", "what"), OTHERS.values(), ids=OTHERS)
def test_a_backup_of_another_training_is_refused(tmp_path, change, what):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, Interrupt(1))
    with pytest.raises(SavingError, match=f"another training: {what}.*Delete the folder"):
        train(tmp_path, **change)


def test_losses_of_the_users_are_told_apart(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, Interrupt(1), loss=absolute)
    with pytest.raises(SavingError, match=r"it was absolute .*, and is squared"):
        train(tmp_path, loss=squared)
    assert train(tmp_path, loss=absolute).epoch == [0, 1, 2, 3]
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, Interrupt(1), loss=lambda y_true, y_pred: abs(y_true - y_pred))
    with pytest.raises(SavingError, match=r"compile\(loss="):
        train(tmp_path, loss=lambda y_true, y_pred: abs(y_true + y_pred))


def test_a_training_that_was_stopped_early_stays_stopped(tmp_path):
    def run():
        model = nn.Sequential([L.Input((4,)), L.Dense(1)])
        model.compile("sgd", "mse")
        stop = EarlyStopping("loss", patience=1, restore_best_weights=True)
        backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
        values = {"loss": [1.0, 2.0, *[3.0] * 9]}
        return fit(model, fabricating(nn, values), stop, backup, epochs=9), model.get_weights()

    runs = [run() for _ in range(3)]
    assert [history.epoch for history, _ in runs] == [[0, 1]] * 3
    for _, weights in runs[1:]:
        np.testing.assert_array_equal(weights[0], runs[0][1][0])


def test_a_damaged_backup_never_replaces_a_good_one(tmp_path):
    class Damage(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                (tmp_path / "latest.npz").write_bytes(b"half a file")
            if epoch == 3:
                raise KeyboardInterrupt

    model = nn.Sequential([L.Input((4,)), L.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(KeyboardInterrupt):
        fit(model, Damage(), BackupAndRestore(tmp_path, double_checkpoint=True), epochs=6)
    epochs = {name: nn.saving.read_state(tmp_path / name)["epoch"] for name in ("latest.npz", "previous.npz")}
    assert epochs == {"latest.npz": 3, "previous.npz": 1}


@pytest.mark.parametrize("monitor", ["val_loss", "val_los"])
def test_nothing_is_best_without_the_figure(tmp_path, monitor):
    path = tmp_path / "best.keras"
    path.write_bytes(b"the best")
    model = nn.Sequential([L.Input((4,)), L.Dense(1)])
    model.compile("sgd", "mse")
    best = ModelCheckpoint(path, monitor, save_best_only=True, mode="min")
    with pytest.warns(UserWarning, match=f"ModelCheckpoint monitors '{monitor}'.*: loss") as seen:
        fit(model, best, epochs=3, validation_data=(X, Y), validation_freq=4)
    assert path.read_bytes() == b"the best"
    assert len(seen) == 1


def test_only_epochs_with_the_figure_are_compared(tmp_path):
    values = {"val_loss": [3.0, 5.0, 2.0, 1.0]}

    class Sometimes(Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs.clear()
            logs.update({"loss": 0.0} | ({"val_loss": values["val_loss"][epoch]} if epoch != 2 else {}))

    model = nn.Sequential([L.Input((4,)), L.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="this epoch does not have"):
        fit(model, Sometimes(), ModelCheckpoint(tmp_path / "{epoch}.keras", save_best_only=True), epochs=4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.keras", "4.keras"]
