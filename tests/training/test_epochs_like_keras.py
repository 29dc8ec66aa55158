"""Which batches an epoch, a validation and a prediction see, and what callbacks are told: as in Keras."""

import itertools

import keras
import numpy as np
import pytest

import neurona as nn

ROWS = np.arange(10, dtype="float32")[:, None]


def events(library, source, steps, per_execution, validation):
    """What callbacks see in three epochs of a model that predicts 0 and does not learn: so a loss tells which
    rows were seen.
    """
    seen = []

    class Watch(library.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(("epoch", epoch, {name: round(float(value), 3) for name, value in logs.items()}))

        def on_train_batch_begin(self, batch, logs=None):
            seen.append(("train begin", batch))

        def on_train_batch_end(self, batch, logs=None):
            seen.append(("train end", batch, round(float(logs["loss"]), 3)))

        def on_test_batch_begin(self, batch, logs=None):
            seen.append(("test begin", batch))

        def on_test_batch_end(self, batch, logs=None):
            seen.append(("test end", batch, round(float(logs["loss"]), 3)))

    class Numbered(library.utils.PyDataset):
        def __len__(self):
            return len(ROWS)

        def __getitem__(self, index):
            return ROWS[index : index + 1], ROWS[index : index + 1]

    def endless():
        for index in itertools.count():
            yield ROWS[index % 10, None], ROWS[index % 10, None]

    data = {
        "arrays": {"x": ROWS, "y": ROWS, "batch_size": 1},
        "numbered": {"x": Numbered()},
        "endless": {"x": endless()},
    }
    checked = {"arrays": (ROWS, ROWS), "numbered": Numbered()}
    model = library.Sequential([library.Input((1,)), library.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(library.optimizers.SGD(0.0), "mae", steps_per_execution=per_execution)
    options = {"epochs": 3, "steps_per_epoch": steps, "shuffle": False, "callbacks": [Watch()], "verbose": 0}
    if validation:
        options |= {"validation_data": checked[validation], "validation_steps": 6}
        options |= {"validation_batch_size": 1} if validation == "arrays" else {}
    model.fit(**data[source], **options)
    return seen


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("per_execution", [1, 3])
@pytest.mark.parametrize(
    ("source", "steps", "validation"),
    [
        *itertools.product(["arrays", "numbered"], [None, 6, 9, 12], [None]),
        ("endless", 6, None),
        ("arrays", None, "arrays"),
        ("numbered", 6, "numbered"),
    ],
)
def test_steps_of_epochs_and_executions(source, steps, validation, per_execution):
    arguments = source, steps, per_execution, validation
    assert events(nn, *arguments) == events(keras, *arguments)


def test_an_epoch_ends_inside_an_execution_where_its_steps_end():
    """Keras goes on to the end of the execution: 6 steps where 5 were asked for."""
    seen = events(nn, "arrays", 5, 3, None)
    assert [event[2]["loss"] for event in seen if event[0] == "epoch"] == [2.0, 7.0, 2.0]


@pytest.mark.parametrize("per_execution", [1, 2])
def test_predictions_reach_callbacks_as_often_as_in_keras(per_execution):
    def seen(library):
        found = []

        class Watch(library.callbacks.Callback):
            def on_predict_batch_begin(self, batch, logs=None):
                found.append(batch)

            def on_predict_batch_end(self, batch, logs=None):
                found.append((batch, np.asarray(logs["outputs"]).ravel().tolist()))

        model = library.Sequential([library.Input((1,)), library.layers.Rescaling(2.0)])
        model.compile(steps_per_execution=per_execution)
        model.predict(ROWS, batch_size=3, callbacks=[Watch()], verbose=0)
        return found

    assert seen(nn) == seen(keras)


def test_intervals_of_callbacks_and_executions():
    """A callback that is called every so many batches waits for the end of an execution."""
    ends = []

    class Watch(nn.callbacks.Callback):
        _batch_interval = 4

        def on_train_batch_end(self, batch, logs=None):
            ends.append(batch)

    model = nn.Sequential([nn.Input((1,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=3)
    model.fit(ROWS, ROWS, batch_size=1, callbacks=[Watch()], verbose=0)
    assert ends == [5, 8]


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "3"])
def test_an_execution_has_a_whole_number_of_steps(wrong):
    model = nn.Sequential([nn.Input((1,)), nn.layers.Dense(1)])
    with pytest.raises(nn.errors.ArgumentError, match="steps_per_execution"):
        model.compile("sgd", "mse", steps_per_execution=wrong)


def test_an_evaluation_that_a_callback_stopped_begins_anew():
    class Stop(nn.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            self.model.stop_evaluating = batch == 1

    class Source:
        def __iter__(self):
            return ((row[None], row[None]) for row in ROWS)

    model = nn.Sequential([nn.Input((1,)), nn.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(nn.optimizers.SGD(0.0), "mae")
    history = model.fit(
        Source(), epochs=3, validation_data=Source(), callbacks=[Stop()], verbose=0, steps_per_epoch=2
    ).history
    assert history["val_loss"] == [0.5, 0.5, 0.5]
    assert history["loss"] == [0.5, 2.5, 4.5]
