"""What autoencoders share: an encoder makes a code of each row, and a decoder makes the row of the code."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from neurona.errors import ArgumentError, DataError
from neurona.layers import Dense, Input
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.zoo import validation
from neurona.zoo.card import Words
from neurona.zoo.estimator import Classifier, Estimator, TransformerMixin
from neurona.zoo.pictures import pictures_figure

__all__: list[str] = []

_DRAWN = 24  # units of a picture


class Coder(Estimator):
    """A network whose `model_` has two parts, "encoder" and "decoder"."""

    batch_size: int
    _counts: tuple[str, ...] = ()  # further parameters that are whole numbers above 0
    _any_numbers = "output_activation='linear'"  # what takes rows beyond 0 to 1

    @property
    def _bounded(self) -> bool:
        """Whether rows are from 0 to 1."""
        return True

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        self._check_sizes()
        rows, targets = super()._checked(X, y)
        self._check_bounds(rows)
        self._batch_size = min(self.batch_size, len(rows))
        return rows, targets

    def _rows(self, X: Any) -> np.ndarray:
        rows = super()._rows(X)
        self._check_bounds(rows)
        return rows

    def _check_sizes(self) -> None:
        """Refuse layers, batches and the like of no whole size."""
        layers = {f"units[{place}]": size for place, size in enumerate(getattr(self, "units", ()))}
        others = {name: getattr(self, name) for name in ("batch_size", *self._counts)}
        for name, size in {**layers, **others}.items():
            if not (isinstance(size, int | np.integer) and size > 0):
                raise ArgumentError(
                    f"{type(self).__name__}: {name} is a whole number above 0. Received: {name}={size!r}"
                )

    def _check_bounds(self, rows: np.ndarray) -> None:
        """Refuse numbers that the outputs can't reach, by their row and column."""
        wrong = np.argwhere((rows < 0) | (rows > 1))
        if self._bounded and len(wrong):
            row, column = wrong[0]
            raise DataError(
                f"{type(self).__name__}: its outputs are from 0 to 1, and so are the rows. Row {row}, column "
                f"{column} is {rows[row, column]:g}. Scale to [0, 1] with "
                f"sklearn.preprocessing.MinMaxScaler, or take {self._any_numbers}."
            )

    @property
    def _encoder(self) -> Any:
        return self.model_.get_layer("encoder")

    @property
    def _decoder(self) -> Any:
        return self.model_.get_layer("decoder")

    def _codes(self, Z: Any) -> np.ndarray:
        """Codes for the decoder.

        Raises:
            DataError: they are not a table of as many columns as `transform` gives.
        """
        validation.check_is_fitted(self)
        codes = np.asarray(Z, "float32")
        if codes.ndim != 2 or codes.shape[1] != self._n_features_out:
            raise DataError(
                f"{type(self).__name__}: codes have shape (samples, {self._n_features_out}). Received shape "
                f"{codes.shape}."
            )
        validation.check_finite(type(self).__name__, "Z", codes)
        return codes

    @property
    def _n_features_out(self) -> int:
        raise NotImplementedError


class Autoencoder(TransformerMixin, Coder):
    """A network that gives rows back through a code."""

    output_activation: str

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The rows, which are their own targets."""
        rows, _ = super()._checked(X, y)
        return rows, rows

    @property
    def _bounded(self) -> bool:
        if self.output_activation not in ("sigmoid", "linear"):
            raise ArgumentError(
                f"{type(self).__name__}: output_activation is 'sigmoid', for rows from 0 to 1, or 'linear'. "
                f"Received: output_activation={self.output_activation!r}"
            )
        return self.output_activation == "sigmoid"

    def transform(self, X: Any) -> np.ndarray:
        """The code of each row, (samples, code)."""
        return self._outputs(self._rows(X), self._encoder)

    def inverse_transform(self, Z: Any) -> np.ndarray:
        """The row that the decoder makes of each code, (samples, features)."""
        return self._outputs(self._codes(Z), self._decoder)

    def reconstruct(self, X: Any) -> np.ndarray:
        """Each row as it comes back through its code, (samples, features)."""
        return self._outputs(self._rows(X))

    def reconstruction_error(self, X: Any) -> np.ndarray:
        """The sum over features of the squared difference of each row from what comes back, (samples,)."""
        rows = self._rows(X)
        return np.sum((rows - self._outputs(rows)) ** 2, axis=1)

    def score(self, X: Any, y: Any = None) -> float:
        """Less the mean of `reconstruction_error`."""
        return -float(self.reconstruction_error(X).mean())


class StackedClassifier(Coder, Classifier):
    """Autoencoders of one layer upon each other, whose encoders then learn the classes of rows from 0 to 1.

    Attributes:
        pretraining_: the loss of each level at each epoch, (levels, epochs).
    """

    units: Sequence[int]
    pretraining_epochs: int
    fine_tuning_rate: float

    # What a subclass defines.

    def _level(self, size: int) -> Any:
        """An autoencoder of so many sigmoid units, whose `hidden` is the layer of these."""
        raise NotImplementedError

    @property
    def _title(self) -> Words:
        """Of a plot."""
        raise NotImplementedError

    # What all share.

    def _check_sizes(self) -> None:
        super()._check_sizes()
        if not len(self.units):
            raise ArgumentError(f"{type(self).__name__}: units names one layer or more. Received: ()")

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y[:, None] == self.classes_

    def fit(self, X: Any, y: Any, verbose: Any = 0, **options: Any) -> Self:
        """Learn from rows, (samples, features), and the class of each.

        Args:
            X: the rows.
            y: a class for each.
            verbose: of the `fit` of each level, and of backpropagation.
            options: further arguments of the `fit` of backpropagation.
        """
        self._verbose = verbose
        return super().fit(X, y, verbose=verbose, **options)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        rows, learned, losses = X, [], []
        for size in self.units:
            level = self._level(size)
            level.set_params(batch_size=self.batch_size).fit(rows, verbose=self._verbose)
            rows = level.transform(rows)
            kernel, bias, *_ = level.hidden.get_weights()
            learned.append([kernel, bias])
            losses.append(level.history_.history["loss"])
        self.pretraining_ = np.array(losses)
        layers = [Dense(size, "sigmoid") for size in self.units]
        model = Sequential([Input((X.shape[1],)), *layers, Dense(len(self.classes_), "softmax")])
        for layer, weights in zip(layers, learned, strict=True):
            layer.set_weights(weights)
        model.compile(Adam(self.fine_tuning_rate), "categorical_crossentropy", metrics=["accuracy"])
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.fine_tuning_rate, steps)

    def predict_proba(self, X: Any) -> np.ndarray:
        """P of each class, (samples, classes)."""
        return self._outputs(self._rows(X))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the weights of up to 24 units of the first layer, those of the longest.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        return finish(fields_figure(self.model_.layers[0], self._title.of(language)), to_file)


def drawn_lines(lines: list[tuple[str, np.ndarray]], columns: int, title: str) -> Any:
    """Lines of pictures below each other, of which each is named, and scaled to its own largest number."""
    shown, names = [], []
    for name, rows in lines:
        rows = rows[:columns]
        largest = np.abs(rows).max(axis=1, keepdims=True)
        blank = np.zeros((columns - len(rows), rows.shape[1]))
        shown += [rows / np.where(largest > 0, largest, 1), blank]
        names += [name] * len(rows) + [""] * len(blank)
    return pictures_figure(np.concatenate(shown), names, columns, title)


def fields_figure(layer: Any, title: str) -> Any:
    """The weights of a layer's units as pictures, each over its own largest."""
    kernel = layer.kernel.numpy().T
    chosen = np.argsort(-np.linalg.norm(kernel, axis=1), kind="stable")[:_DRAWN]
    largest = np.abs(kernel[chosen]).max(axis=1, keepdims=True)
    names = [f"{number + 1}" for number in chosen]
    return pictures_figure(kernel[chosen] / np.where(largest > 0, largest, 1), names, 8, title)
