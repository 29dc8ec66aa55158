"""The networks in Keras's API, which Neurona shares: the same lines build the models of both contenders."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workloads import (
    BLOCKS,
    DIMENSIONS,
    HEADS,
    HIDDEN,
    SEARCHED,
    SHORT_STEPS,
    UNITS,
    WORDS,
    Workload,
)


class Model:
    """A compiled model of `library`, which is the module `neurona` or `keras`, with the data that it trains
    on.
    """

    def __init__(self, library: Any, workload: Workload, x: np.ndarray, y: np.ndarray) -> None:
        self._x, self._y, self._batch = x, y, workload.batch
        optimizer = {"sgd": library.optimizers.SGD, "adam": library.optimizers.Adam}[workload.optimizer](
            workload.rate
        )
        self.model = NETWORKS[workload.network](library, workload)
        self.model.compile(
            optimizer, workload.loss, metrics=[] if workload.loss == "mean_squared_error" else ["accuracy"]
        )

    def fit(self, epochs: int) -> None:
        self.model.fit(self._x, self._y, batch_size=self._batch, epochs=epochs, verbose=0)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict(x, batch_size=self._batch, verbose=0)


def search(neurona: Any, workload: Workload, x: np.ndarray, y: np.ndarray) -> None:
    """All networks of a search at once; Keras has nothing like it."""
    model = Model(neurona, workload, x, y).model
    neurona.search.Ensemble(model, seeds=range(SEARCHED)).fit(
        x, y, batch_size=workload.batch, epochs=workload.epochs, verbose=0
    )


def _dense(
    library: Any, workload: Workload, hidden: tuple[int, ...], outputs: int, activation: str | None
) -> Any:
    layers = [library.layers.Dense(units, "relu") for units in hidden]
    return library.Sequential(
        [library.Input(workload.input_shape), *layers, library.layers.Dense(outputs, activation)]
    )


def _lenet(library: Any, workload: Workload) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input(workload.input_shape),
            layers.Conv2D(6, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, "relu"),
            layers.Dense(84, "relu"),
            layers.Dense(10, "softmax"),
        ]
    )


def _cnn(library: Any, workload: Workload) -> Any:
    layers = library.layers
    stack = [library.Input(workload.input_shape)]
    for channels in (32, 64, 128):
        convolution = layers.Conv2D(channels, 3, padding="same", use_bias=False)
        stack += [convolution, layers.BatchNormalization(), layers.Activation("relu"), layers.MaxPooling2D(2)]
    return library.Sequential([*stack, layers.Flatten(), layers.Dense(10, "softmax")])


def _recurrent(library: Any, workload: Workload) -> Any:
    layers = library.layers
    recurrence = {"lstm": layers.LSTM, "gru": layers.GRU}[workload.network](UNITS)
    return library.Sequential(
        [
            library.Input(workload.input_shape, dtype="int32"),
            layers.Embedding(WORDS, UNITS),
            recurrence,
            layers.Dense(1, "sigmoid"),
        ]
    )


def _transformer(library: Any, workload: Workload) -> Any:
    layers = library.layers

    class PositionEmbedding(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.table = self.add_weight(shape=(SHORT_STEPS, DIMENSIONS), initializer="uniform", name="table")

        def call(self, x: Any) -> Any:
            return x + self.table

    words = library.Input(workload.input_shape, dtype="int32")
    x = PositionEmbedding()(layers.Embedding(WORDS, DIMENSIONS)(words))
    for _ in range(BLOCKS):
        attended = layers.MultiHeadAttention(HEADS, DIMENSIONS // HEADS)(x, x)
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, attended]))
        hidden = layers.Dense(DIMENSIONS)(layers.Dense(HIDDEN, "relu")(x))
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, hidden]))
    return library.Model(words, layers.Dense(1, "sigmoid")(layers.GlobalAveragePooling1D()(x)))


NETWORKS: dict[str, Callable[[Any, Workload], Any]] = {
    "mlp": lambda library, workload: _dense(library, workload, (300, 100), 10, "softmax"),
    "wide": lambda library, workload: _dense(
        library, workload, (workload.width, workload.width), 10, "softmax"
    ),
    "lenet": _lenet,
    "cnn": _cnn,
    "lstm": _recurrent,
    "gru": _recurrent,
    "transformer": _transformer,
    "housing": lambda library, workload: _dense(library, workload, (64, 64), 1, None),
    "iris": lambda library, workload: _dense(library, workload, (10,), 3, "softmax"),
    "neuron": lambda library, workload: _dense(library, workload, (), 1, None),
    "synthetic": lambda library, workload: _dense(library, workload, (32, 32), 1, None),
}
