"""A Keras-style network as a candidate: what a search chose for a table."""

import json
from typing import Any, Self

import numpy as np

from neurona.layers import Dense, Dropout, Input
from neurona.losses import BinaryCrossentropy, CategoricalCrossentropy
from neurona.models import Sequential, model_from_json
from neurona.optimizers import AdamW
from neurona.search import HyperParameters
from neurona.tabular.encoding import Encoded

_BATCH = ((5000, 32), (50_000, 128))  # rows up to which a batch has this size


def batch_size_for(rows: int) -> int:
    """The rows of a step for a table of so many."""
    return next((size for limit, size in _BATCH if rows <= limit), 256)


def build_network(hp: HyperParameters, features: int, outputs: int) -> Sequential:
    """A network for a table, with output layer and loss as the kind of problem asks for them.

    A number: one linear unit and the mean squared error. Yes or no: one sigmoid unit and the binary
    cross-entropy. Several classes: a softmax unit for each and the categorical cross-entropy.

    Example:

        >>> build_network(HyperParameters(), 4, 3).output_shape
        (None, 3)
    """
    units, dropout = hp.Choice("units", [32, 128]), hp.Float("dropout", 0.0, 0.5)
    layers: list[Any] = [Input((features,))]
    for _ in range(hp.Int("layers", 1, 2)):
        layers += [Dense(units, activation="relu"), Dropout(dropout)]
    smoothing = hp.Float("label_smoothing", 0.0, 0.1) if outputs > 1 else 0.0
    loss: Any = "mse"
    if outputs == 2:
        loss = BinaryCrossentropy(label_smoothing=smoothing)
    elif outputs > 2:
        loss = CategoricalCrossentropy(label_smoothing=smoothing)
    activation = {1: None, 2: "sigmoid"}.get(outputs, "softmax")
    model = Sequential([*layers, Dense(outputs if outputs > 2 else 1, activation=activation)])
    rate = hp.Float("learning_rate", 3e-4, 3e-2, sampling="log")
    decay = hp.Float("weight_decay", 1e-4, 1e-1, sampling="log")
    model.compile(AdamW(rate, weight_decay=decay), loss)
    return model


class KerasNetwork:
    """A trained Keras-style model of encoded columns.

    Args:
        model: of `build_network`.
        outputs: how many classes; 1 for numbers.
        mean, spread: of the numbers that it learned, which it saw with mean 0 and spread 1.

    Example:

        >>> network = KerasNetwork(build_network(HyperParameters(), 2, 2), 2)
        >>> X = Encoded(np.zeros((3, 2)), ["a", "b"], ["a", "b"], [True, True])
        >>> network.predict(X).round(1)[0].tolist()
        [0.5, 0.5]
    """

    def __init__(self, model: Sequential, outputs: int, mean: float = 0.0, spread: float = 1.0) -> None:
        self.config = json.dumps(json.loads(model.to_json()))
        self.weights = [np.asarray(one) for one in model.get_weights()]
        self.outputs, self.mean, self.spread = outputs, mean, spread

    def model(self) -> Any:
        """The model itself, with its weights."""
        found = model_from_json(self.config)
        found.set_weights(self.weights)
        return found

    def fit(self, X: Encoded, y: np.ndarray, outputs: int, weights: np.ndarray | None = None) -> Self:
        """Nothing: it has learned in the search."""
        return self

    def predict(self, X: Encoded) -> np.ndarray:
        """Numbers, or the probability of each class, (rows, outputs)."""
        found = self.model().predict(X.values.astype("float32"), batch_size=4096, verbose=0).astype("float64")
        if self.outputs == 1:
            return found * self.spread + self.mean
        return np.concatenate([1 - found, found], axis=1) if self.outputs == 2 else found
