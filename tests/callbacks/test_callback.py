"""The contract between training and callbacks."""

import keras
import pytest

import neurona
from neurona import layers, models
from neurona.callbacks import Callback, CallbackList, EarlyStopping, History
from neurona.core.errors import ArgumentError, UnexpectedArgument
from tests.callbacks.fabricated import X, Y, fit, model


def recorder(base):
    """A callback that notes every moment, with the names in its logs."""

    class Record(base):
        def __init__(self):
            super().__init__()
            self.seen = []

    def noting(name):
        def note(self, *args, **kwargs):
            *numbers, logs = (*args, *kwargs.values())
            self.seen.append((name, *numbers, tuple(sorted(logs)) if "predict" not in name else None))

        return note

    moments = [
        f"on_{kind}_{end}" for kind in ("train", "test", "predict", "epoch") for end in ("begin", "end")
    ]
    moments += [f"on_{kind}_batch_{end}" for kind in ("train", "test", "predict") for end in ("begin", "end")]
    for name in moments:
        setattr(Record, name, noting(name))
    Record._batch_interval = 1
    return Record()


def test_every_moment_comes_as_in_keras():
    seen = {}
    for library in (keras, neurona):
        made = library.models.Sequential([library.layers.Input((4,)), library.layers.Dense(1)])
        made.compile("sgd", "mse", metrics=["mae"])
        record = recorder(library.callbacks.Callback)
        made.fit(
            X,
            Y,
            batch_size=4,
            epochs=2,
            verbose=0,
            validation_data=(X, Y),
            validation_batch_size=7,
            callbacks=[record],
        )
        made.evaluate(X, Y, batch_size=7, verbose=0, callbacks=[record])
        made.predict(X, batch_size=7, verbose=0, callbacks=[record])
        seen[library.__name__] = record.seen
    assert [one[0] for one in seen["neurona"]] == [one[0] for one in seen["keras"]]
    for ours, theirs in zip(seen["neurona"], seen["keras"]):
        assert ours == theirs


@pytest.mark.parametrize("stream", [False, True])
def test_intervals_count_over_epochs(stream):
    class Every(Callback):
        def __init__(self, interval):
            self._batch_interval, self.ends, self.begins, self.epoch = interval, [], [], 0

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_begin(self, batch, logs=None):
            self.begins.append(5 * self.epoch + batch)

        def on_train_batch_end(self, batch, logs=None):
            self.ends.append(5 * self.epoch + batch + 1)

    class Source:
        def __iter__(self):
            return iter([(X[i : i + 2], Y[i : i + 2]) for i in range(0, 10, 2)])

    watchers = [Every(1), Every(2), Every(3), Every(7)]
    data = (Source(),) if stream else (X, Y, 2)
    model().fit(*data, epochs=3, verbose=0, callbacks=watchers)
    for watcher in watchers:
        interval = watcher._batch_interval
        assert watcher.ends == list(range(interval, 16, interval))
        assert watcher.begins == list(range(0, 15, interval))


def test_only_those_who_listen_slow_training_down():
    class Test(Callback):
        def on_test_batch_end(self, batch, logs=None):
            pass

    class Old(Callback):
        def on_batch_end(self, batch, logs=None):
            pass

    class Fast(Old):
        _batch_interval = 100

    def due(callback, kind):
        return CallbackList([callback]).steps_until_due(kind, 0)

    assert (due(Test(), "train"), due(Test(), "test")) == (None, 1)
    assert (due(Old(), "train"), due(Old(), "test"), due(Fast(), "train")) == (1, None, 100)
    assert due(EarlyStopping(), "train") is None


def test_older_names_of_batch_hooks_are_called():
    class Old(Callback):
        batches = 0

        def on_batch_end(self, batch, logs=None):
            self.batches += 1
            assert "loss" in logs

    old = Old()
    fit(model(), old, epochs=2)
    assert old.batches == 4


def test_a_callback_may_change_weights_and_the_rate_between_steps():
    class Freeze(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.set_weights([weight * 0 for weight in self.model.get_weights()])
            self.model.optimizer.learning_rate = 0.0

    made = models.Sequential([layers.Input((4,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    fit(made, Freeze())
    assert not any(weight.any() for weight in made.get_weights())


def test_stopping_between_steps():
    class Stop(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    made = model()
    history = made.fit(X, Y, batch_size=2, epochs=5, verbose=0, callbacks=[Stop()])
    assert history.epoch == [0]
    assert int(made.optimizer.iterations) == 2


def test_those_that_run_last_see_what_the_others_did():
    order = []

    class Note(Callback):
        def __init__(self, name, last=False):
            self.name, self._runs_last = name, last

        def on_epoch_end(self, epoch, logs=None):
            order.append((self.name, len(self.model.history.epoch)))

    fit(model(), Note("last", True), Note("first"), epochs=1)
    assert order == [("first", 0), ("last", 1)]


def test_what_is_no_callback_is_refused():
    with pytest.raises(ArgumentError, match=r"Received: <class .*History'>. Make an object of it"):
        fit(model(), History)
    with pytest.raises(ArgumentError, match=r"objects of neurona.callbacks.Callback"):
        fit(model(), "early_stopping")


def test_subclasses_of_ones_own_refuse_unknown_arguments_too():
    class Mine(Callback):
        def __init__(self, pause, *, color="red"):
            self.pause, self.color = pause, color

    assert Mine(3, color="blue").color == "blue"
    with pytest.raises(
        UnexpectedArgument,
        match=r"Mine has no argument 'colour'. Did you mean 'color'\? It takes: pause, color",
    ):
        Mine(3, colour="blue")
