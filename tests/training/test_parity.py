"""Whole trainings beside Keras on JAX: equal weights and equal batches must end in equal weights and the same
History.
"""

import keras
import numpy as np
import pytest

import neurona as nn

rng = np.random.default_rng(0)
IMAGES = rng.uniform(size=(200, 12, 12, 1)).astype("float32")
LABELS = (IMAGES.mean((1, 2, 3)) * 1000).astype("int32") % 4
TOKENS = rng.integers(1, 30, (200, 9)).astype("int32")
TOKENS[:, 7:] *= rng.integers(0, 2, (200, 2))


def mlp(k):
    L = k.layers
    return [
        k.Input((12, 12, 1)),
        L.Flatten(),
        L.Dense(32, activation="relu"),
        L.Dense(16, activation="sigmoid"),
        L.Dense(4, activation="softmax"),
    ]


def lenet(k):
    L = k.layers
    return [
        k.Input((12, 12, 1)),
        L.Conv2D(6, 5, padding="same", activation="relu"),
        L.MaxPooling2D(),
        L.Conv2D(16, 3, padding="same", activation="relu"),
        L.MaxPooling2D(),
        L.Flatten(),
        L.Dense(20, activation="relu"),
        L.Dense(4, activation="softmax"),
    ]


def batch_normalized(k):
    L = k.layers
    return [
        k.Input((12, 12, 1)),
        L.Conv2D(4, 3, strides=2, use_bias=False),
        L.BatchNormalization(),
        L.Activation("relu"),
        L.GlobalAveragePooling2D(),
        L.Dense(4, activation="softmax"),
    ]


def lstm(k):
    L = k.layers
    return [k.Input((9,)), L.Embedding(30, 8, mask_zero=True), L.LSTM(12), L.Dense(4, activation="softmax")]


CASES = {
    "mlp-sgd": (mlp, IMAGES, lambda k: k.optimizers.SGD(0.05, momentum=0.9)),
    "lenet-adam": (lenet, IMAGES, lambda k: k.optimizers.Adam(0.002)),
    "batch_normalized-rmsprop": (batch_normalized, IMAGES, lambda k: k.optimizers.RMSprop(0.002)),
    "lstm-adam": (lstm, TOKENS, lambda k: k.optimizers.Adam(0.005)),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_training_ends_as_keras_does(case, weighted):
    build, x, optimizer = CASES[case]
    peer, own = keras.Sequential(build(keras)), nn.Sequential(build(nn))
    own.set_weights(peer.get_weights())
    histories = []
    for k, model in ((keras, peer), (nn, own)):
        model.compile(
            optimizer(k),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            weighted_metrics=["sparse_categorical_crossentropy"],
        )
        options = {"class_weight": {0: 2.0, 1: 0.5}} if weighted else {}
        # 170 rows in batches of 32: the last batch of an epoch has 10.
        history = model.fit(
            x[:170],
            LABELS[:170],
            batch_size=32,
            epochs=3,
            shuffle=False,
            verbose=0,
            validation_data=(x[170:], LABELS[170:]),
            **options,
        )
        histories.append(history.history)
    for ours, theirs in zip(own.get_weights(), peer.get_weights()):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)
    theirs, ours = histories
    assert sorted(ours) == sorted(theirs)
    for name, values in ours.items():
        np.testing.assert_allclose(values, theirs[name], atol=2e-3, err_msg=name)
    np.testing.assert_allclose(
        own.evaluate(x, LABELS, verbose=0)[:2], peer.evaluate(x, LABELS, verbose=0)[:2], rtol=1e-3
    )
    np.testing.assert_allclose(own.predict(x, verbose=0), peer.predict(x, verbose=0), atol=1e-3)


def test_several_outputs_report_what_keras_reports():
    def model_of(k):
        a, b = k.Input((8,), name="a"), k.Input((3,), name="b")
        joined = k.layers.Concatenate()([k.layers.Dense(5, activation="tanh")(a), b])
        outputs = (
            k.layers.Dense(4, activation="softmax", name="kind")(joined),
            k.layers.Dense(1, name="size")(joined),
        )
        return k.Model([a, b], list(outputs))

    a, b = rng.normal(size=(90, 8)).astype("float32"), rng.normal(size=(90, 3)).astype("float32")
    kind, size = rng.integers(0, 4, 90), rng.normal(size=90).astype("float32")
    peer, own = model_of(keras), model_of(nn)
    own.set_weights(peer.get_weights())
    for model in (peer, own):
        model.compile(
            "sgd",
            {"kind": "sparse_categorical_crossentropy", "size": "mse"},
            loss_weights={"kind": 1.0, "size": 0.25},
            metrics={"kind": ["accuracy"], "size": ["mae", "mse"]},
        )
    history = [
        m.fit({"a": a, "b": b}, {"kind": kind, "size": size}, epochs=2, shuffle=False, verbose=0).history
        for m in (peer, own)
    ]
    assert sorted(history[0]) == sorted(history[1])
    for name in history[0]:
        np.testing.assert_allclose(history[1][name], history[0][name], rtol=1e-3, err_msg=name)
    theirs = peer.evaluate([a, b], [kind, size], verbose=0)
    np.testing.assert_allclose(own.evaluate([a, b], [kind, size], verbose=0), theirs, rtol=1e-3)
