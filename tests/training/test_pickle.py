"""A trained model, its history and its callbacks can be pickled, copied and sent to other processes."""

import copy
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest

import neurona as nn

L = nn.layers
X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = (X.sum(1) > 0).astype("int32")


class Own(nn.Model):
    def __init__(self):
        super().__init__()
        self.dense = L.Dense(2, activation="softmax")

    def call(self, x):
        return self.dense(x)


class OwnStep(Own):
    def train_step(self, state, data):
        return super().train_step(state, data)


def sequential():
    return nn.Sequential(
        [
            L.Dense(3, activation="relu"),
            L.BatchNormalization(),
            L.Dropout(0.5),
            L.Dense(2, activation="softmax"),
        ]
    )


def functional():
    x = nn.Input((4,))
    h = L.Dense(3, kernel_regularizer="l2", kernel_constraint="max_norm")(x)
    return nn.Model(x, L.Dense(2, activation="softmax")(L.Concatenate()([h, nn.ops.tanh(x)])))


MODELS = {"sequential": sequential, "functional": functional, "subclass": Own, "own step": OwnStep}
OPTIMIZERS = {
    "adam": lambda: nn.optimizers.Adam(nn.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9), use_ema=True),
    "scaled": lambda: nn.optimizers.LossScaleOptimizer(nn.optimizers.SGD(0.1, momentum=0.9)),
}


def through_joblib(value):
    buffer = io.BytesIO()
    joblib.dump(value, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


WAYS = {
    "pickle": lambda v: pickle.loads(pickle.dumps(v)),
    "joblib": through_joblib,
    "deepcopy": copy.deepcopy,
}


def trained(make, optimizer="adam"):
    nn.utils.set_random_seed(1)
    model = make()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(X, Y, epochs=2, batch_size=5, validation_split=0.2, verbose=0)
    model.predict(X, verbose=0)
    return model, history


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", MODELS)
def test_a_copy_predicts_and_trains_as_the_original(make, way):
    model, _ = trained(MODELS[make])
    other = WAYS[way](model)
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    histories = []
    for one in (model, other):
        nn.utils.set_random_seed(2)
        histories.append(one.fit(X, Y, batch_size=5, verbose=0).history)
    assert histories[0] == histories[1]
    for ours, theirs in zip(model.get_weights(), other.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    assert int(other.optimizer.iterations) == 2 * 2 + 3


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_state_of_the_optimizer_comes_along(optimizer):
    model, _ = trained(functional, OPTIMIZERS[optimizer]())
    other = pickle.loads(pickle.dumps(model))
    for ours, theirs in zip(model.optimizer._state_list(), other.optimizer._state_list(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("stage", ["made", "compiled", "built"])
def test_models_that_are_not_trained_can_be_pickled(stage):
    model = sequential()
    if stage != "made":
        model.compile("adam", "sparse_categorical_crossentropy")
    if stage == "built":
        model.build((None, 4))
    pickle.loads(pickle.dumps(model)).compile("adam", "mse")


def test_history_and_callbacks_can_be_pickled(tmp_path):
    names = nn.callbacks
    given = [
        names.EarlyStopping("loss", patience=5, restore_best_weights=True),
        names.ModelCheckpoint(tmp_path / "m.keras", "loss", save_best_only=True),
        names.CSVLogger(tmp_path / "log.csv"),
        names.TerminateOnNaN(),
        names.BackupAndRestore(tmp_path / "backup"),
        names.ProgbarLogger(),
        names.SwapEMAWeights(),
    ]
    model = functional()
    model.compile(OPTIMIZERS["adam"](), "sparse_categorical_crossentropy")
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=given)
    assert pickle.loads(pickle.dumps(history)).history == history.history
    for callback in given:
        again = pickle.loads(pickle.dumps(callback))
        assert type(again) is type(callback)
    assert pickle.loads(pickle.dumps(given[0])).best == given[0].best


def test_another_process_predicts_the_same(tmp_path):
    model, _ = trained(sequential)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    np.save(tmp_path / "x.npy", X)
    program = (
        "import pickle, sys, numpy as np, pathlib; folder = pathlib.Path(sys.argv[1]); "
        "model = pickle.loads((folder / 'model.pickle').read_bytes()); "
        "np.save(folder / 'y.npy', model.predict(np.load(folder / 'x.npy'), verbose=0))"
    )
    root = Path(nn.__file__).parents[1]
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, cwd=root)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), model.predict(X, verbose=0))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning")
def test_a_forked_child_says_why_it_can_not_train(tmp_path):
    model, _ = trained(sequential)
    child = os.fork()
    if child == 0:
        try:
            model.fit(X, Y, verbose=0)
        except nn.errors.ForkError as error:
            (tmp_path / "said").write_text(str(error))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert "spawn" in (tmp_path / "said").read_text()
