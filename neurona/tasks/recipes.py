"""The networks that learn each data set. Every network scales its inputs, so that it takes raw examples."""

import dataclasses
from collections.abc import Callable, Iterable

import neurona as nn
from neurona.errors import ArgumentError, suggestion
from neurona.tasks.catalog import DATASETS
from neurona.tasks.task import VOCABULARY, Task
from neurona.tasks.texts import Say, texts

layers = nn.layers


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is made and trained.

    Attributes:
        build: makes the layers for a task.
        epochs, batch_size, learning_rate: of its training.
    """

    build: Callable[[Task], list[nn.Layer]]
    epochs: int
    batch_size: int = 32
    learning_rate: float = 1e-3


def choose(dataset: str, network: str | None, language: str) -> tuple[str, Recipe]:
    """The name and recipe of the network that learns a data set.

    Args:
        dataset: one of `catalog.DATASETS`.
        network: one of `networks_for(dataset)`; None for the first.
        language: of error messages.

    Raises:
        ArgumentError: there is no such data set or network; the message names the nearest.

    Example:

        >>> choose("iris", None, "en")[0]
        'mlp'
    """
    say = texts(language)
    if dataset not in DATASETS:
        names, hint = ", ".join(DATASETS), _hint(dataset, DATASETS, say)
        raise ArgumentError(say["unknown_dataset"].format(datasets=names, dataset=dataset, hint=hint))
    known = networks_for(dataset)
    chosen = network or next(iter(known))
    if chosen not in known:
        names, hint = ", ".join(known), _hint(chosen, known, say)
        raise ArgumentError(
            say["unknown_network"].format(dataset=dataset, networks=names, network=chosen, hint=hint)
        )
    return chosen, known[chosen]


def choose_own(task: Task, network: str | None, language: str) -> tuple[str, Recipe]:
    """The name and recipe of the network that learns one's own images or texts, as `choose`.

    The fewer examples there are, the more epochs.

    Raises:
        ArgumentError: there is no such network.
    """
    known = _OWN[task.labels.kind]
    chosen = network or next(iter(known))
    if chosen not in known:
        say, names = texts(language), ", ".join(known)
        hint = _hint(chosen, known, say)
        raise ArgumentError(
            say["unknown_network"].format(dataset=task.name, networks=names, network=chosen, hint=hint)
        )
    epochs = min(max(round(_SEEN / len(task.train[0])), 5), 60)
    return chosen, Recipe(known[chosen], epochs)


def _hint(name: str, known: Iterable[str], say: Say) -> str:
    return suggestion(name, known).replace("Did you mean", say["did_you_mean"])


def build_model(task: Task, network: str, recipe: Recipe) -> nn.Sequential:
    """The compiled network for a task."""
    model = nn.Sequential(
        [nn.Input(task.train[0].shape[1:]), *recipe.build(task)], name=f"{task.name}_{network}"
    )
    optimizer = nn.optimizers.Adam(recipe.learning_rate)
    classes = task.labels.classes
    if classes is None:
        model.compile(optimizer, "mse", metrics=["mae"])
    elif len(classes) == 2:
        model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    else:
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _head(task: Task) -> nn.Layer:
    """The last layer: a number, or the classes' probabilities."""
    classes = task.labels.classes
    if classes is None:
        return layers.Dense(1)
    if len(classes) == 2:
        return layers.Dense(1, activation="sigmoid")
    return layers.Dense(len(classes), activation="softmax")


def _pixels(task: Task) -> nn.Layer:
    return layers.Rescaling(1 / task.labels.brightest)


def _image_linear(task: Task) -> list[nn.Layer]:
    return [_pixels(task), layers.Flatten(), _head(task)]


def _image_mlp(task: Task) -> list[nn.Layer]:
    hidden = [layers.Dense(units, activation="relu") for units in (300, 100)]
    return [_pixels(task), layers.Flatten(), *hidden, layers.Dropout(0.2), _head(task)]


def _lenet(task: Task) -> list[nn.Layer]:
    """LeNet-5: C1, S2, C3, S4, C5, F6 of LeCun et al., Gradient-Based Learning Applied to Document
    Recognition, 1998.

    It sees 32 x 32 pixels: images of 28 are padded by C1, those of 8 enlarged four times. The subsampling
    has no weights, C3 sees all maps of S2, and the output is a softmax, as is usual today.
    """
    side = task.train[0].shape[1]
    enlarged = [layers.UpSampling2D(32 // side, interpolation="bilinear")] if side < 28 else []
    return [
        _pixels(task),
        *enlarged,
        layers.Conv2D(6, 5, padding="same" if side == 28 else "valid", activation="tanh"),
        layers.AveragePooling2D(),
        layers.Conv2D(16, 5, activation="tanh"),
        layers.AveragePooling2D(),
        layers.Conv2D(120, 5, activation="tanh"),
        layers.Flatten(),
        layers.Dense(84, activation="tanh"),
        _head(task),
    ]


def _cnn(task: Task) -> list[nn.Layer]:
    """Pairs of 3x3 convolutions with batch normalization; each pair sees half the size of the one before.

    As in VGG (Simonyan and Zisserman, 2014).
    """
    blocks = []
    for filters, dropout in ((32, 0.2), (64, 0.3), (128, 0.4))[: 2 if task.train[0].shape[1] < 32 else 3]:
        for _ in range(2):
            blocks += [
                layers.Conv2D(filters, 3, padding="same", use_bias=False),
                layers.BatchNormalization(momentum=0.9),
                layers.ReLU(),
            ]
        blocks += [layers.MaxPooling2D(), layers.Dropout(dropout)]
    return [
        _pixels(task),
        *blocks,
        layers.GlobalAveragePooling2D(),
        layers.Dense(128, activation="relu"),
        _head(task),
    ]


def _own_cnn(task: Task) -> list[nn.Layer]:
    """As `_cnn`, for images of any size, until few places are left; in training images are moved, turned and
    enlarged a little at random.
    """
    height, width, _ = task.train[0].shape[1:]
    blocks, filters = [], 16
    while min(height, width) > 4:
        for _ in range(2):
            blocks += [
                layers.Conv2D(filters, 3, padding="same", use_bias=False),
                layers.BatchNormalization(momentum=0.9),
                layers.ReLU(),
            ]
        blocks += [layers.MaxPooling2D(), layers.Dropout(0.2)]
        height, width, filters = height // 2, width // 2, min(2 * filters, 128)
    return [
        layers.RandomTranslation(0.1, 0.1, fill_mode="nearest"),
        layers.RandomRotation(0.03, fill_mode="nearest"),
        layers.RandomZoom(0.1, fill_mode="nearest"),
        _pixels(task),
        *blocks,
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.3),
        _head(task),
    ]


def _scaled(task: Task) -> nn.Layer:
    layer = layers.Normalization()
    layer.adapt(task.train[0])
    return layer


def _table_linear(task: Task) -> list[nn.Layer]:
    return [_scaled(task), _head(task)]


def _table_mlp(task: Task) -> list[nn.Layer]:
    units = (16, 16) if len(task.train[0]) < 1000 else (128, 128, 64)
    return [_scaled(task), *(layers.Dense(count, activation="relu") for count in units), _head(task)]


def _pooling(task: Task) -> list[nn.Layer]:
    return [
        layers.Embedding(VOCABULARY, 32),
        layers.GlobalAveragePooling1D(),
        layers.Dense(32, activation="relu"),
        layers.Dropout(0.4),
        _head(task),
    ]


def _lstm(task: Task) -> list[nn.Layer]:
    return [
        layers.Embedding(VOCABULARY, 64, mask_zero=True),
        layers.LSTM(64),
        layers.Dropout(0.3),
        _head(task),
    ]


def _text_cnn(task: Task) -> list[nn.Layer]:
    """Kim (2014), "Convolutional neural networks for sentence classification", with filters of one width."""
    convolution = layers.Conv1D(64, 5, activation="relu")
    return [
        layers.Embedding(VOCABULARY, 64),
        layers.Dropout(0.3),
        convolution,
        layers.GlobalMaxPooling1D(),
        layers.Dropout(0.4),
        _head(task),
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

# Of one's own images and texts.
_OWN = {
    "image": {"cnn": _own_cnn, "mlp": _image_mlp, "linear": _image_linear},
    "text": {"pooling": _pooling, "cnn": _text_cnn, "lstm": _lstm},
}
_SEEN = 60_000  # examples in all epochs, about


def networks_for(dataset: str) -> dict[str, Recipe]:
    """The networks for a data set, the one that suits it first."""
    return _RECIPES[dataset]
