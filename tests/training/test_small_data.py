"""On little data whole epochs, and where nobody looks many of them, run as one program: with the same
results, compiled once.
"""

import subprocess
import sys

import jax
import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.core.errors import DataError, NonFiniteError
from neurona.training.loop import EPOCHS_AT_ONCE

(X, Y), (X_TEST, Y_TEST) = nn.datasets.iris.load_data()


class Watching(nn.callbacks.Callback):
    """Wants to know of every epoch: they run one by one."""


class WatchingSteps(nn.callbacks.Callback):
    """Wants to know of every third step: epochs run in parts."""

    _batch_interval = 3

    def on_train_batch_end(self, batch, logs=None):
        pass


def iris(seed=3, **options):
    nn.utils.set_random_seed(seed)
    model = nn.Sequential(
        [
            nn.Input((4,)),
            layers.Dense(10, "relu"),
            layers.Dropout(0.2),
            layers.BatchNormalization(),
            layers.Dense(3, "softmax"),
        ]
    )
    model.compile(
        nn.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"], **options
    )
    return model


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 120},
        {"batch_size": 50, "shuffle": "batch"},
        {"shuffle": False, "class_weight": {0: 2.0}},
        {"validation_data": (X_TEST, Y_TEST)},
        {"validation_split": 0.25, "validation_freq": 2},
        {"initial_epoch": 2},
        {"steps_per_epoch": 3},
    ],
    ids=str,
)
def test_the_results_do_not_depend_on_who_looks(options):
    results = []
    for callbacks in ([], [Watching()], [WatchingSteps()]):
        model = iris()
        history = model.fit(X, Y, epochs=EPOCHS_AT_ONCE + 5, verbose=0, callbacks=callbacks, **options)
        model.fit(X, Y, epochs=2, verbose=0)  # goes on with the same random numbers
        results.append((history, model))
    (first, model), *others = results
    assert list(first.history)[:2] == ["accuracy", "loss"]
    for history, other in others:
        assert history.epoch == first.epoch
        assert model._learner.steps_trained == other._learner.steps_trained
        for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert list(history.history) == list(first.history)
        for name, values in history.history.items():
            np.testing.assert_allclose(values, first.history[name], rtol=1e-6)


def test_a_number_that_is_not_finite_is_found_at_its_step():
    x = np.where(np.arange(120)[:, None] == 77, np.inf, X)
    found = []
    for callbacks in ([], [WatchingSteps()]):
        nn.utils.set_random_seed(1)
        model = nn.Sequential([nn.Input((4,)), layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(X, Y, epochs=3, verbose=0)
        with pytest.raises(DataError, match="row 77") as error:
            model.fit(x, Y, epochs=3, verbose=0, callbacks=callbacks)
        found.append((str(error.value), model.get_weights(), model._learner.steps_trained))
    assert found[0][0] == found[1][0]
    assert found[0][2] == found[1][2]
    for ours, theirs in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_that_overflow_in_a_later_epoch():
    model = nn.Sequential([nn.Input((4,)), layers.Dense(1)])
    model.compile(nn.optimizers.SGD(10.0), "mse")
    with pytest.raises(NonFiniteError):
        model.fit(X, Y, epochs=100, verbose=0)
    assert np.isfinite(model.get_weights()[0]).all()
    quiet = nn.callbacks.TerminateOnNaN()
    history = model.fit(X, Y, epochs=100, verbose=0, callbacks=[quiet])
    assert len(history.epoch) <= 2


def test_stopping_early_and_changes_between_epochs_are_heard():
    class Halve(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) / 2
            self.model.stop_training = epoch == 4

    model = iris()
    history = model.fit(X, Y, epochs=50, verbose=0, callbacks=[Halve()])
    assert len(history.epoch) == 5
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01 / 2**5)


def test_a_hundred_fits_compile_once():
    compiled = []

    def note(event, duration, **_):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(event)

    def fit(seed):
        model = iris(seed)
        model.fit(X, Y, epochs=seed % 3 + 1, verbose=0)
        model.evaluate(X_TEST, Y_TEST, verbose=0)
        model.predict(X_TEST[:5], verbose=0)
        return model

    first = fit(0)
    traces = first._learner._program.traces, first._predictor.program.traces
    jax.monitoring.register_event_duration_secs_listener(note)
    try:
        for seed in range(1, 100):
            model = fit(seed)
            assert model._learner._program is first._learner._program
            assert model._predictor.program is first._predictor.program
    finally:
        jax.monitoring.clear_event_listeners()
    assert (first._learner._program.traces, first._predictor.program.traces) == traces
    assert compiled == []


def test_a_first_fit_compiles_only_its_epochs():
    """Weights, keys and the optimizer's state are made on the host: every small program more would cost 30
    ms.
    """
    code = """
import jax, numpy as np
compiled = []
def note(event, *_, **__):
    if "backend_compile" in event:
        compiled.append(event)
jax.monitoring.register_event_duration_secs_listener(note)
import neurona as nn
L = nn.layers
model = nn.Sequential([nn.Input((4,)), L.Dense(5, "relu"), L.Dropout(0.1), L.Dense(3, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(np.ones((40, 4)), np.zeros(40), epochs=3, verbose=0)
print(len(compiled))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(result.stdout) == 1


def test_callbacks_that_come_and_go_compile_nothing():
    model = iris()
    model.fit(X, Y, epochs=2, verbose=0)
    traces = model._learner._program.traces
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[Watching()])
    model.fit(X, Y, epochs=3, verbose=2, callbacks=[nn.callbacks.EarlyStopping("loss")])
    assert model._learner._program.traces == traces
