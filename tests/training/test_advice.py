"""What is allowed and hardly ever meant is told once, with the mend; what is fine is not."""

import warnings

import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import ArgumentError

L, LOSS = nn.layers, nn.losses
X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
CLASSES = np.arange(6) % 3
ONE_HOT = np.eye(3)[CLASSES]
YES = (CLASSES > 0)[:, None]
QUANTITIES = X[:, :1] * 3


def model(*last, loss, metrics=None):
    made = nn.Sequential([nn.Input((4,)), *last])
    made.compile("sgd", loss, metrics=metrics)
    return made


def functional(activation, loss):
    x = nn.Input((4,))
    inner = nn.Model(i := nn.Input((4,)), L.Dropout(0.1)(L.Dense(3, activation=activation)(i)))
    made = nn.Model(x, L.Reshape((3,))(inner(x)))
    made.compile("sgd", loss)
    return made


def frozen():
    made = model(L.Dense(1), loss="mse")
    made.trainable = False
    made.compile("sgd", "mse")
    return made


SPARSE, CATEGORICAL, BINARY = (
    LOSS.SparseCategoricalCrossentropy,
    LOSS.CategoricalCrossentropy,
    LOSS.BinaryCrossentropy,
)
TOLD = {
    "softmax with from_logits": (
        lambda: model(L.Dense(3, activation="softmax"), loss=SPARSE(from_logits=True)),
        CLASSES,
        r"from_logits=True takes logits, .* probabilities \(softmax\): use from_logits=False",
    ),
    "a layer Softmax with from_logits": (
        lambda: model(L.Dense(3), L.Softmax(), loss=CATEGORICAL(from_logits=True)),
        ONE_HOT,
        "from_logits=False",
    ),
    "sigmoid with from_logits": (
        lambda: model(L.Dense(1, activation="sigmoid"), loss=BINARY(from_logits=True)),
        YES,
        "from_logits=False",
    ),
    "no softmax": (
        lambda: model(L.Dense(3), loss="sparse_categorical_crossentropy"),
        CLASSES,
        r"activation='linear'\): use activation='softmax' in the last layer, or from_logits=True",
    ),
    "softplus before a categorical loss": (
        lambda: model(L.Dense(3), L.Activation("softplus"), loss="categorical_crossentropy"),
        ONE_HOT,
        "'softplus'",
    ),
    "no softmax in a model within a model": (
        lambda: functional(None, "sparse_categorical_crossentropy"),
        CLASSES,
        "use activation='softmax'",
    ),
    "no sigmoid": (
        lambda: model(L.Dense(1), loss="binary_crossentropy"),
        YES,
        "binary_crossentropy takes probabilities.*use activation='sigmoid'",
    ),
    "tanh with the focal loss": (
        lambda: model(L.Dense(1, activation="tanh"), loss=LOSS.BinaryFocalCrossentropy()),
        YES,
        "use activation='sigmoid'",
    ),
    "accuracy of quantities": (
        lambda: model(L.Dense(1), loss="mse", metrics=["accuracy"]),
        QUANTITIES,
        r"'accuracy' counts hits among classes, .* mean_squared_error are quantities: use metrics=\['mae'\]",
    ),
    "accuracy of quantities, as an object": (
        lambda: model(L.Dense(1), loss=LOSS.Huber(), metrics=[nn.metrics.BinaryAccuracy()]),
        QUANTITIES,
        "counts hits",
    ),
    "all layers frozen": (frozen, QUANTITIES, "has no trainable weights.*trainable = True"),
}
FINE = {
    "softmax": (lambda: model(L.Dense(3, activation="softmax"), loss=SPARSE()), CLASSES),
    "logits": (lambda: model(L.Dense(3), loss=SPARSE(from_logits=True)), CLASSES),
    "softmax in a model within a model": (lambda: functional("softmax", CATEGORICAL()), ONE_HOT),
    "sigmoid": (lambda: model(L.Dense(1, activation="sigmoid"), loss=BINARY()), YES),
    "softmax over two units": (lambda: model(L.Dense(3, activation="softmax"), loss=BINARY()), ONE_HOT),
    "an activation of the user's": (lambda: model(L.Dense(1), L.Lambda(abs), loss=BINARY()), YES),
    "a regression": (lambda: model(L.Dense(1), loss="mse", metrics=["mae"]), QUANTITIES),
    "classes by squares": (
        lambda: model(L.Dense(3, activation="softmax"), loss="mse", metrics=["accuracy"]),
        ONE_HOT,
    ),
}


@pytest.mark.parametrize(("make", "y", "message"), TOLD.values(), ids=TOLD)
def test_it_is_told_once_at_the_users_line(make, y, message):
    made = make()
    with pytest.warns(UserWarning, match=message) as seen:
        made.fit(X, y, verbose=0)
    assert [(len(seen), seen[0].filename)] == [(1, __file__)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made.fit(X, y, verbose=0)


@pytest.mark.parametrize(("make", "y"), FINE.values(), ids=FINE)
def test_what_is_fine_is_not_told(make, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make().fit(X, y, verbose=0)


@pytest.mark.parametrize(
    "watchers", [[], [nn.callbacks.Callback()]], ids=["many epochs at once", "one by one"]
)
def test_holes_in_validation_data_are_told(watchers):
    holes = X.copy()
    holes[[2, 4]] = np.nan
    made = model(L.Dense(1), loss="mse")
    with pytest.warns(UserWarning, match=r"validation data is nan: x holds NaN .* row 2 and 1 more") as seen:
        made.fit(X, QUANTITIES, validation_data=(holes, QUANTITIES), epochs=3, verbose=0, callbacks=watchers)
    assert [(len(seen), seen[0].filename)] == [(1, __file__)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"epochs": -1},
        {"epochs": 1.5},
        {"epochs": "3"},
        {"epochs": True},
        {"initial_epoch": -1},
        {"steps_per_epoch": 0},
        {"validation_steps": -2, "validation_data": (X, QUANTITIES)},
        {"validation_freq": 0, "validation_data": (X, QUANTITIES)},
    ],
)
def test_numbers_that_train_nothing_are_refused(wrong):
    with pytest.raises(ArgumentError, match=f"fit: {next(iter(wrong))} must be an integer"):
        model(L.Dense(1), loss="mse").fit(X, QUANTITIES, verbose=0, **wrong)
