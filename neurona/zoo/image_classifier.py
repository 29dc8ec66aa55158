"""What networks over pictures share: checks; and those that tell them apart: classes, a plot."""

from typing import Any

import numpy as np

from neurona.errors import ArgumentError, DataError
from neurona.layers import Input, Layer, Rescaling
from neurona.losses import Loss, SparseCategoricalCrossentropy
from neurona.models import Model
from neurona.plotting.figure import BLUE, VERMILLION, finish, new_figure, plain_axes
from neurona.zoo import validation
from neurona.zoo.card import Outcome, Words
from neurona.zoo.estimator import Classifier, Estimator

__all__: list[str] = []

_SHOWN = 6  # pictures of a plot
_FILTERS = 32
_LEARNED = Words("numbers that are learned", "números que se aprenden")
_FILTERS_TITLE = Words("what the first layer seeks", "lo que busca la primera capa")


class PictureNetwork(Estimator):
    """A network over pictures, (samples, height, width, channels), or without the last where they are grey.

    Attributes:
        image_shape_: height, width and channels of the pictures that it learned from.
    """

    batch_size: int
    image_shape_: tuple[int, int, int]
    _sizes: tuple[str, ...] = ("batch_size",)  # the parameters that are whole numbers above 0

    def _checked_pictures(self, X: Any, *y: Any) -> Any:
        """Pictures to learn from, of the shape that the network takes; and classes, if there are any."""
        self._check_sizes()
        checked = validation.validate_data(self, self._with_channels(X), *y, dtype=_kept(X), allow_nd=True)
        pictures = checked[0] if y else checked
        self.image_shape_ = pictures.shape[1:]
        self._check_image()
        self._batch_size = min(self.batch_size, len(pictures))
        return checked

    def _rows(self, X: Any) -> np.ndarray:
        validation.check_is_fitted(self)
        X = self._with_channels(X)
        if X.shape[1:] != (learned := tuple(self.image_shape_)):  # a file holds a list
            raise DataError(
                f"{type(self).__name__}: it learned from pictures of shape {learned}: height, width, "
                f"channels. Received pictures of shape {X.shape[1:]}. Resize them with "
                "neurona.ops.image.resize, or fit anew."
            )
        return validation.validate_data(self, X, dtype=_kept(X), reset=False, allow_nd=True)

    def _check_sizes(self) -> None:
        """Refuse parameters of no sense."""
        for name in self._sizes:
            size = getattr(self, name)
            if not (isinstance(size, int | np.integer) and size > 0):
                raise ArgumentError(
                    f"{type(self).__name__}: {name} is a whole number above 0. Received: {name}={size!r}"
                )

    def _check_image(self) -> None:
        """Refuse pictures that the layers can't take."""

    def _with_channels(self, X: Any) -> np.ndarray:
        """Pictures with a dimension for their channels.

        Raises:
            DataError: they are no pictures.
        """
        pictures = np.asarray(X)
        if pictures.ndim == 3:
            pictures = pictures[..., None]
        if pictures.ndim != 4 or not pictures.size:
            raise DataError(
                f"{type(self).__name__}: pictures have shape (samples, height, width, channels), or without "
                f"channels where they are grey. Received shape {np.shape(X)}."
            )
        return pictures


class ImageClassifier(PictureNetwork, Classifier):
    """A network that tells pictures apart.

    Its model gives a score for each class, of which the softmax are probabilities. A subclass defines
    `_scores`, `_optimizer` and `title`.
    """

    title: Words

    # What a subclass defines.

    def _scores(self, x: Any) -> Any:
        """The score of each class from a symbolic batch of pictures, whose channels have mean 0, spread 1."""
        raise NotImplementedError

    def _optimizer(self) -> Any:
        raise NotImplementedError

    def _loss(self) -> Loss:
        return SparseCategoricalCrossentropy(from_logits=True)

    # What all share.

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        X, y = self._checked_pictures(X, y)
        return X, self._class_targets(y)

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.classes_, y)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        x = Input(self.image_shape_)
        model = Model(x, self._scores(_standardizing(X)(x)))
        model.compile(self._optimizer(), self._loss(), metrics=["accuracy"])
        return model

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (samples, classes)."""
        scores = self._class_scores(X).astype("float64")
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        return likely / likely.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each picture."""
        return self.classes_[self._class_scores(X).argmax(axis=1)]

    def _class_scores(self, X: Any) -> np.ndarray:
        """The score of each class, (samples, classes)."""
        return self._outputs(self._rows(X))

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw up to 6 pictures with what the network says of them, and what its first layer seeks.

        Args:
            X: the pictures.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        kernel = next(weight for weight in self.model_.weights if len(weight.shape) == 4)
        figure = new_figure("plot", 9, 5.2 if X is not None else 3.2, 120)
        parts = figure.subfigures(1 if X is None else 2, 1, squeeze=False).ravel()
        if X is not None:
            self._draw_answers(parts[0], self._with_channels(X)[:_SHOWN])
        draw_filters(parts[-1], np.asarray(kernel), _FILTERS_TITLE.of(language))
        figure.suptitle(self.title.of(language))
        return finish(figure, to_file)

    def _draw_answers(self, figure: Any, pictures: np.ndarray) -> None:
        """Pictures above bars of the three likeliest classes."""
        panels = figure.subplots(2, _SHOWN, height_ratios=(3, 2))
        for axes in panels.ravel():
            axes.set_axis_off()
        for (above, below), picture, likely in zip(panels.T, pictures, self.predict_proba(pictures)):
            above.imshow(displayed(picture), cmap="gray")
            best = np.argsort(-likely)[: min(3, len(likely))][::-1]
            below.set_axis_on()
            colours = [BLUE] * (len(best) - 1) + [VERMILLION]
            below.barh([str(self.classes_[place])[:12] for place in best], likely[best], color=colours)
            below.set_xlim(0, 1)
            below.set_xticks([0, 1])
            below.tick_params(labelsize=7)
            plain_axes(below)


def wrong_share(network: ImageClassifier, data: Any) -> Outcome:
    """Learn from pictures and be tested with others: % of them that are told wrong.

    Args:
        network: that learns.
        data: ((X, y), (X, y)), to learn from and to be tested with, as data sets give them.
    """
    (X, y), (test, truth) = data
    network.fit(X, np.ravel(y))
    learned = sum(int(np.prod(weight.shape)) for weight in network.model_.trainable_variables)
    figure = 100 * (1 - network.score(test, np.ravel(truth)))
    return Outcome(figure, network, {_LEARNED: learned}, {"X": test})


def draw_filters(figure: Any, kernel: np.ndarray, title: str) -> None:
    """Up to 32 filters of a kernel, (height, width, channels, filters); of three channels in colour."""
    filters = np.moveaxis(kernel, -1, 0)[:_FILTERS]
    if filters.shape[-1] not in (1, 3):
        filters = filters.mean(axis=-1, keepdims=True)
    columns = min(16, len(filters))
    panels = figure.subplots(-(-len(filters) // columns), columns, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, one in zip(panels, filters):
        axes.imshow(displayed(one), cmap="gray")
    figure.suptitle(title, fontsize=9)


def draw_maps(figure: Any, groups: dict[str, np.ndarray], cmap: str = "gray") -> None:
    """Maps, (maps, height, width), in a line for each group, which has a name."""
    panels = figure.subplots(len(groups), max(map(len, groups.values())), squeeze=False)
    for axes in panels.ravel():
        axes.set_axis_off()
    for line, (name, maps) in zip(panels, groups.items()):
        line[0].set_title(name, fontsize=9, loc="left")
        for axes, one in zip(line, maps):
            axes.imshow(one, cmap=cmap)


def displayed(picture: np.ndarray) -> np.ndarray:
    """A picture of one or three channels from 0 to 1, as matplotlib takes it."""
    low, high = float(picture.min()), float(picture.max())
    scaled = (picture.astype("float32") - low) / (high - low if high > low else 1)
    return scaled if picture.shape[-1] == 3 else scaled[..., 0]


def _kept(X: Any) -> str | None:
    """The dtype in which pictures are checked: bytes stay bytes, a quarter of the memory."""
    return None if getattr(X, "dtype", None) == np.uint8 else "float32"


def _standardizing(X: np.ndarray) -> Layer:
    """A layer that brings each channel of these pictures to mean 0 and spread 1."""
    axes = tuple(range(X.ndim - 1))
    mean, spread = X.mean(axis=axes, dtype="float64"), X.std(axis=axes, dtype="float64")
    spread = np.where(spread > 0, spread, 1)
    return Rescaling((1 / spread).tolist(), (-mean / spread).tolist())
