"""Which networks learn which data set, and how. Scaling is part of every network, so that a saved one takes
raw examples.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import neurona as nn
from neurona.cli.data import WORDS, Data

layers = nn.layers


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is made and trained.

    Attributes:
        build: makes its layers for a data set.
        epochs, batch_size, learning_rate: unless the user says otherwise.
    """

    build: Callable[[Data], list[Any]]
    epochs: int
    batch_size: int = 32
    learning_rate: float = 1e-3


def build_model(data: Data, network: str, recipe: Recipe, learning_rate: float) -> Any:
    """The compiled network for a data set."""
    model = nn.Sequential(
        [nn.Input(data.train[0].shape[1:]), *recipe.build(data)], name=f"{data.name}_{network}"
    )
    optimizer = nn.optimizers.Adam(learning_rate)
    if data.classes is None:
        model.compile(optimizer, "mse", metrics=["mae"])
    elif len(data.classes) == 2:
        model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    else:
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _head(data: Data) -> Any:
    """The last layer: a number, or the classes' probabilities."""
    if data.classes is None:
        return layers.Dense(1)
    return (
        layers.Dense(1, activation="sigmoid")
        if len(data.classes) == 2
        else layers.Dense(len(data.classes), activation="softmax")
    )


def _pixels(data: Data) -> Any:
    return layers.Rescaling(1 / data.brightest)


def _image_linear(data: Data) -> list[Any]:
    return [_pixels(data), layers.Flatten(), _head(data)]


def _image_mlp(data: Data) -> list[Any]:
    hidden = [layers.Dense(units, activation="relu") for units in (300, 100)]
    return [_pixels(data), layers.Flatten(), *hidden, layers.Dropout(0.2), _head(data)]


def _lenet(data: Data) -> list[Any]:
    """LeNet-5 (LeCun et al., 1998) with today's activation and pooling; for 8x8 images with smaller
    filters.
    """
    small = data.train[0].shape[1] < 20
    size, filters, hidden = (3, (32, 64), (64,)) if small else (5, (6, 16), (120, 84))
    first, second = filters
    return [
        _pixels(data),
        layers.Conv2D(first, size, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(second, size, padding="same" if small else "valid", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        *(layers.Dense(units, activation="relu") for units in hidden),
        layers.Dropout(0.3),
        _head(data),
    ]


def _cnn(data: Data) -> list[Any]:
    """Pairs of 3x3 convolutions with batch normalization, as in VGG (Simonyan and Zisserman, 2014), each pair
    at half the size.
    """
    blocks = []
    for filters, dropout in ((32, 0.2), (64, 0.3), (128, 0.4))[: 2 if data.train[0].shape[1] < 32 else 3]:
        for _ in range(2):
            blocks += [
                layers.Conv2D(filters, 3, padding="same", use_bias=False),
                layers.BatchNormalization(momentum=0.9),
                layers.ReLU(),
            ]
        blocks += [layers.MaxPooling2D(), layers.Dropout(dropout)]
    return [
        _pixels(data),
        *blocks,
        layers.GlobalAveragePooling2D(),
        layers.Dense(128, activation="relu"),
        _head(data),
    ]


def _scaled(data: Data) -> Any:
    layer = layers.Normalization()
    layer.adapt(data.train[0])
    return layer


def _table_linear(data: Data) -> list[Any]:
    return [_scaled(data), _head(data)]


def _table_mlp(data: Data) -> list[Any]:
    units = (16, 16) if len(data.train[0]) < 1000 else (128, 128, 64)
    return [_scaled(data), *(layers.Dense(count, activation="relu") for count in units), _head(data)]


def _pooling(data: Data) -> list[Any]:
    return [
        layers.Embedding(WORDS, 32),
        layers.GlobalAveragePooling1D(),
        layers.Dense(32, activation="relu"),
        layers.Dropout(0.4),
        _head(data),
    ]


def _lstm(data: Data) -> list[Any]:
    return [layers.Embedding(WORDS, 64, mask_zero=True), layers.LSTM(64), layers.Dropout(0.3), _head(data)]


def _text_cnn(data: Data) -> list[Any]:
    """Kim (2014), "Convolutional neural networks for sentence classification", with filters of one width."""
    convolution = layers.Conv1D(64, 5, activation="relu")
    return [
        layers.Embedding(WORDS, 64),
        layers.Dropout(0.3),
        convolution,
        layers.GlobalMaxPooling1D(),
        layers.Dropout(0.4),
        _head(data),
    ]


# The first network of a data set is the one that suits it.
_RECIPES = {
    "digits": {
        "lenet": Recipe(_lenet, 25),
        "cnn": Recipe(_cnn, 20),
        "mlp": Recipe(_image_mlp, 30),
        "linear": Recipe(_image_linear, 40, learning_rate=3e-3),
    },
    "iris": {"mlp": Recipe(_table_mlp, 80, 16, 5e-3), "linear": Recipe(_table_linear, 100, 16, 0.02)},
    "mnist": {
        "lenet": Recipe(_lenet, 6, 64),
        "cnn": Recipe(_cnn, 5, 64),
        "mlp": Recipe(_image_mlp, 10, 64),
        "linear": Recipe(_image_linear, 10, 64),
    },
    "fashion_mnist": {
        "lenet": Recipe(_lenet, 12, 64),
        "cnn": Recipe(_cnn, 8, 64),
        "mlp": Recipe(_image_mlp, 12, 64),
        "linear": Recipe(_image_linear, 10, 64),
    },
    "cifar10": {
        "cnn": Recipe(_cnn, 15, 64),
        "lenet": Recipe(_lenet, 20, 64),
        "mlp": Recipe(_image_mlp, 15, 64),
        "linear": Recipe(_image_linear, 10, 64),
    },
    "california_housing": {
        "mlp": Recipe(_table_mlp, 60, 128, 2e-3),
        "linear": Recipe(_table_linear, 40, 128, 0.01),
    },
    "imdb": {
        "pooling": Recipe(_pooling, 6, 64),
        "cnn": Recipe(_text_cnn, 3, 64),
        "lstm": Recipe(_lstm, 3, 64),
    },
}


def networks_for(dataset: str) -> dict[str, Recipe]:
    """The networks for a data set, the one that suits it first."""
    return _RECIPES[dataset]
