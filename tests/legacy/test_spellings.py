"""Older spellings mean what they meant, and are told once."""

import warnings

import numpy as np
import pytest

import neurona as nn
from neurona.core import spellings as hook
from neurona.core.errors import ArgumentError, UnexpectedArgument
from neurona.legacy import spellings
from neurona.legacy.tables import ARGUMENTS

L = nn.layers
X, Y = np.random.default_rng(0).normal(size=(12, 3)).astype("float32"), np.arange(12) % 2


@pytest.fixture(autouse=True)
def _nothing_told():
    spellings._told.clear()


# What was written then, and what is written today.
PAIRS = [
    (lambda: L.Dense(output_dim=3, init="normal", bias=False), lambda: L.Dense(3, use_bias=False)),
    (lambda: L.Dense(2, W_regularizer="l2", b_constraint="nonneg"), lambda: L.Dense(2)),
    (lambda: L.Dropout(p=0.25), lambda: L.Dropout(0.25)),
    (lambda: L.GaussianNoise(sigma=0.5), lambda: L.GaussianNoise(0.5)),
    (lambda: L.LeakyReLU(alpha=0.1), lambda: L.LeakyReLU(0.1)),
    (
        lambda: L.Conv2D(4, nb_row=3, nb_col=2, subsample=(2, 1), border_mode="same", dim_ordering="th"),
        lambda: L.Conv2D(4, (3, 2), strides=(2, 1), padding="same", data_format="channels_first"),
    ),
    (
        lambda: L.Conv1D(nb_filter=4, filter_length=3, subsample_length=2, input_dim=5, input_length=7),
        lambda: L.Conv1D(4, 3, strides=2),
    ),
    (lambda: L.MaxPooling1D(pool_length=3, stride=2), lambda: L.MaxPooling1D(3, 2)),
    (lambda: L.UpSampling1D(length=3), lambda: L.UpSampling1D(3)),
    (lambda: L.Reshape(dims=(3, 1)), lambda: L.Reshape((3, 1))),
    (
        lambda: L.LSTM(output_dim=4, inner_activation="sigmoid", dropout_W=0.5, dropout_U=0.25),
        lambda: L.LSTM(4, dropout=0.5, recurrent_dropout=0.25),
    ),
    (lambda: L.LSTM(4, forget_bias_init="zero"), lambda: L.LSTM(4, unit_forget_bias=False)),
    (lambda: L.BatchNormalization(mode=0, beta_init="ones"), lambda: L.BatchNormalization()),
    (lambda: nn.optimizers.SGD(lr=0.5, decay=0.0), lambda: nn.optimizers.SGD(0.5)),
    (lambda: nn.optimizers.Adam(lr=0.5, epsilon=None), lambda: nn.optimizers.Adam(0.5)),
    (lambda: nn.constraints.maxnorm(m=3), lambda: nn.constraints.MaxNorm(3)),
    (lambda: nn.regularizers.l1l2(l1=0.1), lambda: nn.regularizers.L1L2(l1=0.1)),
]


@pytest.mark.parametrize(("then", "today"), PAIRS, ids=range(len(PAIRS)))
def test_an_older_argument_is_todays(then, today):
    with pytest.warns(UserWarning, match=r"older (spelling|name)"):
        old = then()
    new = today()
    changed = ("kernel_initializer", "kernel_regularizer", "bias_constraint", "beta_initializer")
    config, expected = old.get_config(), new.get_config()
    for name, value in expected.items():
        if name not in ("name", *changed):
            assert config[name] == value, name


def test_initializers_regularizers_and_constraints_arrive():
    with pytest.warns(UserWarning, match="kernel_initializer"):
        layer = L.Dense(2, init="zeros", W_regularizer="l2", b_constraint="nonneg")
    assert type(layer.kernel_initializer).__name__ == "Zeros"
    assert type(layer.kernel_regularizer).__name__ == "L2"
    assert type(layer.bias_constraint).__name__ == "NonNeg"


def test_each_translation_is_told_once():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            L.Dropout(p=0.5)
    assert [str(one.message) for one in told] == ["Dropout: p= is an older spelling. Today: rate="]


def test_arguments_that_never_were_are_refused():
    for call in (
        lambda: L.Dense(3, unit=3),
        lambda: nn.optimizers.SGD(lrr=0.1),
        lambda: L.Dense(2, nb_filter=3),
    ):
        with pytest.raises(UnexpectedArgument, match="has no argument"):
            call()
    with pytest.raises(ArgumentError, match="mean the same"):
        L.Dropout(rate=0.5, p=0.5)


@pytest.mark.parametrize("mode", [1, 2])
def test_what_is_not_to_be_had_says_so(mode):
    with pytest.raises(ArgumentError, match="LayerNormalization"):
        L.BatchNormalization(mode=mode)


def test_decay_has_its_effect_and_goes_on_from_a_rate_that_is_set():
    model = nn.Sequential([nn.Input((1,)), L.Dense(1, use_bias=False, kernel_initializer="ones")])
    with pytest.warns(UserWarning, match="InverseTimeDecay"):
        model.compile(nn.optimizers.SGD(lr=0.1, decay=0.5), "mse")
    x, y = np.ones((1, 1)), np.zeros((1, 1))
    model.fit(x, y, epochs=2, verbose=0)
    weight = 1.0
    for rate in (0.1, 0.1 / 1.5):
        weight -= rate * 2 * weight
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(weight, rel=1e-5)
    with pytest.warns(UserWarning, match="older name of learning_rate"):
        model.optimizer.lr = 0.3
    assert float(model.optimizer.lr) == pytest.approx(0.3)
    model.fit(x, y, epochs=1, verbose=0)
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(weight * (1 - 2 * 0.3 / 2), rel=1e-5)
    config = model.optimizer.get_config()["learning_rate"]
    assert (config["module"], config["class_name"]) == ("keras.optimizers.schedules", "InverseTimeDecay")


def test_figures_answer_to_both_names():
    model = nn.Sequential([nn.Input((3,)), L.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    seen = []
    watch = nn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs.get("val_acc")))
    with pytest.warns(UserWarning, match="nb_epoch= is an older spelling"):
        history = model.fit(X, Y, nb_epoch=2, verbose=0, validation_data=(X, Y), callbacks=[watch]).history
    assert history["acc"] == history["accuracy"]
    assert seen == history["val_accuracy"]
    assert "val_acc" in history
    assert "val_mae" not in history
    assert sorted(history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    with pytest.raises(KeyError):
        history["mae"]


def test_a_monitor_by_its_older_name_is_found():
    stop = nn.callbacks.EarlyStopping(monitor="val_acc", patience=1, baseline=2.0, mode="max")
    model = nn.Sequential([nn.Input((3,)), L.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, epochs=5, verbose=0, validation_data=(X, Y), callbacks=[stop])
    assert stop.stopped_epoch


def test_without_the_room_older_names_are_unknown(monkeypatch):
    monkeypatch.setattr(hook, "_book", lambda: None)
    with pytest.raises(UnexpectedArgument):
        L.Dropout(p=0.5)
    with pytest.raises(AttributeError):
        _ = L.MaxoutDense
    model = nn.Sequential([L.Dense(1)])
    with pytest.raises(AttributeError):
        _ = model.fit_generator


def test_old_names_of_a_users_own_class_stay():
    class Own(nn.layers.Dense):
        def __init__(self, **kwargs):
            self.init = kwargs.pop("init")
            super().__init__(3, **kwargs)

    assert Own(init="mine").init == "mine"


def test_tables_name_what_is_there():
    for owner, table in ARGUMENTS.items():
        assert table is not None, owner
        for old, new in table.items():
            assert callable(new) or isinstance(new, (str, tuple)), (owner, old)
