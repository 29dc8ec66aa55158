"""What autoencoders share: an encoder makes a code of each row, and a decoder makes the row of the code."""

from typing import Any

import numpy as np

from neurona.errors import ArgumentError, DataError
from neurona.zoo import validation
from neurona.zoo.estimator import Estimator, TransformerMixin
from neurona.zoo.pictures import pictures_figure

__all__: list[str] = []


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
