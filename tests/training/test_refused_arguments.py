"""Arguments of fit, evaluate and predict take effect, or are refused or warned of by name."""

import pickle

import numpy as np
import pandas as pd
import pytest

import neurona as nn
from neurona.core.errors import ArgumentError, DataError, ShapeError

L = nn.layers
X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.arange(20) % 3
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])


def network():
    model = nn.Sequential([nn.Input((3,)), L.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@pytest.fixture(scope="module")
def learned():
    """A model that learned from a frame."""
    model = network()
    model.fit(FRAME, Y, verbose=0)
    return model


@pytest.mark.parametrize("size", [0, -1, 2.5, 8.0, "8", True])
def test_batch_sizes_that_are_no_counts(size):
    calls = [
        lambda: network().fit(X, Y, batch_size=size),
        lambda: network().fit(X, Y, validation_split=0.5, validation_batch_size=size),
        lambda: network().evaluate(X, Y, batch_size=size),
        lambda: network().predict(X, batch_size=size),
    ]
    for call in calls:
        with pytest.raises(DataError, match="batch_size must be an integer >= 1"):
            call()


@pytest.mark.parametrize("steps", [0, -1, 1.5, True])
def test_steps_that_are_no_counts(steps):
    for call in (
        lambda: network().fit(X, Y, steps_per_epoch=steps),
        lambda: network().evaluate(X, Y, steps=steps),
        lambda: network().predict(X, steps=steps),
    ):
        with pytest.raises(ArgumentError, match=r"steps(_per_epoch)? must be an integer >= 1"):
            call()


def test_a_batch_size_beside_batches_is_told():
    batches = [(X[:5], Y[:5]), (X[5:], Y[5:])]
    for call in (
        lambda: network().fit(iter(batches), batch_size=5, verbose=0),
        lambda: network().evaluate(iter(batches), batch_size=5, verbose=0),
        lambda: network().predict(iter([X]), batch_size=5, verbose=0),
    ):
        with pytest.warns(UserWarning, match="batch_size has no effect"):
            call()


@pytest.mark.filterwarnings("error")
def test_the_batch_size_of_training_is_not_that_of_a_validation_by_batches():
    network().fit(X, Y, batch_size=5, validation_data=iter([(X, Y)]), validation_steps=1, verbose=0)


@pytest.mark.parametrize(
    "make",
    [
        lambda value: nn.callbacks.EarlyStopping("loss", patience=value),
        lambda value: nn.callbacks.EarlyStopping("loss", start_from_epoch=value),
        lambda value: nn.callbacks.ReduceLROnPlateau("loss", patience=value),
        lambda value: nn.callbacks.ReduceLROnPlateau("loss", cooldown=value),
        lambda value: nn.callbacks.ReduceLROnPlateau("loss", min_lr=value),
    ],
    ids=["patience", "start", "patience of the rate", "cooldown", "least rate"],
)
@pytest.mark.parametrize("value", ["3", -1, None, float("nan"), True])
def test_what_callbacks_wait_for_is_a_number(make, value):
    with pytest.raises(ArgumentError, match="must be a number >= 0"):
        make(value)


def test_endless_patience():
    callbacks = [nn.callbacks.EarlyStopping("loss", patience=float("inf"))]
    assert len(network().fit(X, Y, epochs=2, callbacks=callbacks, verbose=0).epoch) == 2


def test_columns_in_another_order_are_refused(learned):
    turned = FRAME[["c", "b", "a"]]
    for call in (
        lambda: learned.predict(turned),
        lambda: learned.evaluate(turned, Y),
        lambda: learned.fit(turned, Y),
        lambda: pickle.loads(pickle.dumps(learned)).predict(turned),
    ):
        with pytest.raises(DataError, match=r"x: column 1 is 'c'.* x\[\['a', 'b', 'c'\]\]"):
            call()
    with pytest.raises(DataError, match="validation_data"):
        network().fit(FRAME, Y, validation_data=(turned, Y))


def test_columns_of_other_names_are_told_and_taken_by_place(learned):
    with pytest.warns(UserWarning, match="column 2 is 'z', and the model learned with 'b'"):
        given = learned.predict(FRAME.rename(columns={"b": "z"}), verbose=0)
    np.testing.assert_array_equal(given, learned.predict(X, verbose=0))


@pytest.mark.filterwarnings("error")
def test_columns_without_names_are_taken_by_place(learned):
    expected = learned.predict(FRAME, verbose=0)
    for rows in (X, pd.DataFrame(X), X.tolist()):
        np.testing.assert_array_equal(learned.predict(rows, verbose=0), expected)


def test_nothing_is_remembered_of_data_that_was_refused():
    model = network()
    with pytest.raises(DataError):
        model.fit(FRAME[["c", "b", "a"]], Y + 7, verbose=0)
    model.fit(FRAME, Y, verbose=0)


def test_errors_of_predictions_show_the_rows_that_were_given():
    class Own(nn.Model):
        def __init__(self):
            super().__init__()
            self.layer = L.Dense(2)

        def call(self, x):
            return self.layer(x)

    own = Own()
    own.predict(X, verbose=0)
    for model in (network(), own):
        with pytest.raises(ShapeError, match=r"shape \(7, 2\)"):
            model.predict(X[:7, :2], verbose=0)


def test_a_set_has_no_order():
    with pytest.raises(DataError, match="a set, which has no order"):
        network().fit({1, 2, 3}, Y)
