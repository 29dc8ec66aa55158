"""CallbackList: in `fit`, and in a training loop of the user's, as in Keras."""

import keras
import numpy as np
import pytest

import neurona as nn
from neurona.callbacks import CallbackList, History, ProgbarLogger


def record(library):
    """What a callback is told in a loop that calls every moment of the list."""
    told = []

    class Record(library.callbacks.Callback):
        def set_params(self, params):
            told.append(("params", params))

    moments = [
        name for name in dir(keras.callbacks.Callback) if name.startswith("on_") and "predict" not in name
    ]
    for moment in moments:

        def hook(self, *args, moment=moment, **kwargs):
            told.append((moment, *args, *kwargs.values()))

        setattr(Record, moment, hook)
    Record._batch_interval = 1
    callbacks = library.callbacks.CallbackList([Record()], epochs=1, steps=2)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    for batch in range(2):
        callbacks.on_train_batch_begin(batch)
        callbacks.on_train_batch_end(batch, {"loss": 0.5})
    callbacks.on_test_begin()
    callbacks.on_test_batch_begin(0)
    callbacks.on_test_batch_end(0, logs={"loss": 0.25})
    callbacks.on_test_end({"loss": 0.25})
    callbacks.on_epoch_end(0, {"loss": 0.5})
    callbacks.on_train_end({"loss": 0.5})
    return [tuple({} if part is None else part for part in event) for event in told]


def test_a_loop_of_the_users():
    assert record(nn) == record(keras)


def test_history_and_progress_bar_are_added_where_there_is_none():
    callbacks = CallbackList(add_history=True, add_progbar=True)
    assert [type(one) for one in callbacks.callbacks] == [History, ProgbarLogger]
    given = History()
    assert CallbackList(given, add_history=True).callbacks == [given]
    assert CallbackList([CallbackList([given])]).callbacks == [given]


def test_a_list_is_taken_by_fit():
    model = nn.Sequential([nn.Input((1,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = History()
    model.fit(np.ones((4, 1)), np.ones((4, 1)), callbacks=CallbackList([history]), verbose=0)
    assert history.epoch == [0]
    assert history.model is model


def test_a_callback_that_is_added_later_is_called_and_ordered():
    class Last(nn.callbacks.Callback):
        _runs_last = True

    class Count(nn.callbacks.Callback):
        batches = 0

        def on_train_batch_end(self, batch, logs=None):
            self.batches += 1

    last, count = Last(), Count()
    callbacks = CallbackList([last])
    callbacks.append(count)
    assert callbacks.callbacks == [count, last]
    callbacks.on_train_batch_end(0)
    assert count.batches == 1


@pytest.mark.parametrize("wrong", [3, History, "History"])
def test_what_is_no_callback_is_refused(wrong):
    with pytest.raises(nn.errors.ArgumentError, match=r"callbacks\.Callback"):
        CallbackList([wrong])
