"""Trainings in both libraries whose logs say what a test wants them to say."""

import keras
import numpy as np

import neurona
from neurona import callbacks, layers, models, optimizers

X = np.linspace(-1, 1, 40, dtype=np.float32).reshape(10, 4)
Y = X.sum(1, keepdims=True)


def both(optimizer="sgd", rate=0.05):
    """A small model in Keras and in Neurona with equal weights, compiled."""
    theirs = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(1)]
    )
    ours = models.Sequential([layers.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(1)])
    ours.set_weights(theirs.get_weights())
    theirs.compile(
        keras.optimizers.get({"class_name": optimizer, "config": {"learning_rate": rate}}),
        "mse",
        metrics=["mae"],
    )
    ours.compile(
        optimizers.get({"class_name": optimizer, "config": {"learning_rate": rate}}), "mse", metrics=["mae"]
    )
    return theirs, ours


def fabricating(library, values):
    """A callback that writes the values of each epoch over the real logs."""

    class Fabricate(library.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs.update({name: series[epoch] for name, series in values.items()})

    return Fabricate()


def fit_both(make_callback, values, epochs, optimizer="sgd", rate=0.05, shuffle=False):
    """Fit both models for as many epochs as their callbacks let them; returns ((history, callback, model),
    (history, callback, model)).
    """
    results = []
    for library, model in zip((keras, neurona), both(optimizer, rate)):
        callback = make_callback(library.callbacks)
        watchers = [fabricating(library, values), callback]
        history = model.fit(X, Y, batch_size=5, epochs=epochs, shuffle=shuffle, verbose=0, callbacks=watchers)
        results.append((history, callback, model))
    return results


def model(*hidden, optimizer="sgd", **compile_options):
    """A small compiled model of Neurona."""
    made = models.Sequential([layers.Input((4,)), *hidden, layers.Dense(1)])
    made.compile(optimizer, "mse", metrics=["mae"], **compile_options)
    return made


def fit(made, *watchers, epochs=3, **options):
    """Fit on the small data, silently."""
    return made.fit(X, Y, batch_size=5, epochs=epochs, verbose=0, callbacks=list(watchers), **options)


__all__ = ["X", "Y", "both", "callbacks", "fabricating", "fit", "fit_both", "model"]
