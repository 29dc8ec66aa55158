"""Estimator: what all networks of the zoo share. The contract is that of scikit-learn's estimators."""

import contextlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any, Self

import numpy as np

from neurona.callbacks import History
from neurona.errors import ArgumentError, DataError, SavingError, optional_import
from neurona.models import Model
from neurona.random import Stream
from neurona.saving import deserialize_keras_object, load_model, serialize_keras_object
from neurona.zoo import validation

base, utils = (
    optional_import(f"sklearn.{name}", extra="zoo", purpose="neurona.zoo") for name in ("base", "utils")
)

_DESCRIPTION = "network.json"  # the member of a file that describes the estimator around the model
_TEXTS = 10_000_000  # letters of an array of texts
_BATCH = 32  # rows of a step where nobody says how many, as in `Model.fit`
_ROWS = 1024  # of a batch of predictions
_NOT_DESCRIBED = ("model_", "history_")
_BEGUN_WITH = (
    "n_features_in_",
    "classes_",
    "features_",
    "image_shape_",
)  # what the shape of a model follows from


class Estimator(base.BaseEstimator):
    """A network of the zoo.

    It holds a model that learns by a rule of its own, so that `fit` takes what the `fit` of a model takes:
    callbacks, validation data, `verbose`. `BackupAndRestore` among the callbacks takes up a training that was
    interrupted, `initial_epoch` goes on with one that has ended, and `neurona.search.Ensemble(network.model_,
    seeds)` trains many at once. A subclass defines `_model_for`, and what it gives: `predict`,
    `transform`, `sample` or `recall`.

    Attributes:
        model_: the model, a `neurona.Model`.
        history_: what its `fit` returned.
        n_features_in_: how many columns the rows had.
    """

    epochs: int
    random_state: int | None = None
    model_: Model
    history_: History
    _batch_size: int | None = None
    _sample_weight: np.ndarray | None = None  # of steps of sequences, where some ask for nothing

    # What a subclass defines.

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        """A new model for these rows, compiled with its rule."""
        raise NotImplementedError

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """The rows and targets as the model learns them.

        Raises:
            DataError: they are not a table of finite numbers.
        """
        return validation.validate_data(self, X, dtype="float32"), None

    def _schedule(self, steps: int) -> Any:
        """How the learning rate falls in so many steps; None leaves it to the rule or the optimizer."""
        return None

    # What all share.

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from rows, anew; or go on, with `initial_epoch`.

        Args:
            X: (samples, features).
            y: targets, for a network that has any.
            options: further arguments of the model's `fit`, such as `callbacks` and `verbose`. With
                `initial_epoch=n` a network that has learned for n epochs keeps what it knows, and learns for
                those from n to `epochs`.

        Raises:
            ArgumentError: weights of rows or classes are given.
            NotFittedError: a network that has not learned is to go on.
            DataError: it is to go on with other columns or classes.
        """
        self._check_unweighted(options)
        goes_on = options.get("initial_epoch", 0) > 0
        if goes_on:
            validation.check_is_fitted(self)
        before = {name: vars(self)[name] for name in _BEGUN_WITH if goes_on and name in vars(self)}
        rows, targets = self._checked(X, y)
        self._check_begun_with(before)
        with self._seeded():
            if not goes_on:
                self.model_ = self._model_for(rows, targets)
            given = {"epochs": self.epochs, "batch_size": self._batch_size, "verbose": 0, **options}
            self._follow_schedule(self.model_, rows, given)
            self.history_ = self.model_.fit(rows, targets, sample_weight=self._sample_weight, **given)
        return self

    def _follow_schedule(self, model: Any, rows: Any, options: dict[str, Any]) -> None:
        """Let the learning rate of a model follow the schedule of this training, if there is one.

        It is set at each `fit`, as the options may ask for other epochs or batches than the constructor did.
        """
        count = len(rows[0] if isinstance(rows, list) else rows)
        schedule = self._schedule(options["epochs"] * -(-count // (options["batch_size"] or _BATCH)))
        if schedule is not None:
            model.optimizer.learning_rate = schedule

    def _check_unweighted(self, options: dict[str, Any]) -> None:
        for name in ("sample_weight", "class_weight"):
            if options.get(name) is not None:
                raise ArgumentError(
                    f"{type(self).__name__}: every row counts alike, of whatever class; {name} is not taken. "
                    "Repeat the rows that should count more."
                )

    def _check_begun_with(self, before: dict[str, Any]) -> None:
        """Refuse rows of another kind than those that the network learned from.

        Raises:
            DataError: a column or a class is new, or missing.
        """
        for name, value in before.items():
            now = getattr(self, name)
            if not np.array_equal(now, value):
                self.__dict__.update(before)
                raise DataError(
                    f"{type(self).__name__}: with initial_epoch it goes on with what it has learned, and "
                    f"{name} was {value!s:.60}. Of these rows it is {now!s:.60}. Leave initial_epoch out to "
                    "learn anew."
                )

    def _seeded(self) -> Any:
        """A context in which all that is drawn at random follows from `random_state`."""
        if self.random_state is None:
            return contextlib.nullcontext()
        return Stream(self._seed())

    def _seed(self) -> int:
        """A seed that follows from `random_state`."""
        return utils.check_random_state(self.random_state).randint(2**31)

    def _rows(self, X: Any) -> np.ndarray:
        """Rows for the fitted network.

        Raises:
            NotFittedError: the network has not learned.
            DataError: the rows are not a table of as many columns as it learned from.
        """
        validation.check_is_fitted(self)
        return validation.validate_data(self, X, dtype="float32", reset=False)

    def _outputs(self, rows: Any, part: Any = None) -> np.ndarray:
        """What the model, or a part of it, gives for rows."""
        model = self.model_ if part is None else part
        return np.asarray(model.predict(rows, batch_size=_ROWS, verbose=0))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a `.keras` file, which `neurona.zoo.load` reads.

        `neurona.saving.load_model` reads the model alone.

        Raises:
            NotFittedError: the network has not learned.
        """
        validation.check_is_fitted(self)
        fitted = {
            name: value
            for name, value in vars(self).items()
            if name.endswith("_") and name not in _NOT_DESCRIBED
        }
        params = self.get_params(deep=False)
        described = {
            "class_name": type(self).__name__,
            "params": serialize_keras_object(params),
            "tuples": [name for name, value in params.items() if isinstance(value, tuple)],
            "fitted": serialize_keras_object(fitted),
            "texts": {name: value.dtype.kind for name, value in fitted.items() if _holds_texts(value)},
        }
        self.model_.save(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(_DESCRIPTION, json.dumps(described))


class TransformerMixin(base.TransformerMixin):
    """scikit-learn's, for networks whose models give 32 bits whatever they are given."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


class Classifier(base.ClassifierMixin, Estimator):
    """A network that tells classes apart. A subclass defines `_targets` besides.

    Attributes:
        classes_: the classes, sorted.
    """

    classes_: np.ndarray

    def _targets(self, y: np.ndarray) -> np.ndarray:
        """What the outputs learn, (samples, outputs), for the class of each row."""
        raise NotImplementedError

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        X, y = validation.validate_data(self, X, y, dtype="float32")
        return X, self._class_targets(y)

    def _class_targets(self, y: np.ndarray) -> np.ndarray:
        """The targets of rows of these classes, which it learns the names of.

        Raises:
            DataError: they are measurements, or all of one class.
        """
        validation.check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) == 1:
            raise DataError(
                f"{type(self).__name__}: a classifier needs two classes, and all {len(y)} rows are of "
                f"1 class, {self.classes_[0]!r}."
            )
        return self._targets(y).astype("float32")


def as_sequences(owner: str, values: Any, name: str) -> np.ndarray:
    """(sequences, time, features) from one sequence of one or two dimensions, or several of three.

    Args:
        owner: the class that asks, for messages.
        values: numbers.
        name: of the argument, for messages.

    Raises:
        DataError: another number of dimensions, none, or numbers that are not finite.
    """
    array = np.asarray(values, "float32")
    if array.ndim not in (1, 2, 3):
        raise DataError(
            f"{owner}: {name} has the shape (time,), (time, features) or (sequences, time, features). "
            f"Received shape {array.shape}."
        )
    if not array.size:
        raise DataError(f"{owner}: {name} is empty. Received shape {array.shape}.")
    validation.check_finite(owner, name, array)
    return array[None, :, None] if array.ndim == 1 else array.reshape(-1, *array.shape[-2:])


def _holds_texts(value: Any) -> bool:
    """Whether an array holds texts, such as the names of classes, which a file keeps as a list."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "OU"


def _texts(values: list[str], kind: str) -> np.ndarray:
    """An array of texts: of objects, or (kind "U") of one width for all.

    Raises:
        SavingError: that of one width would be large.
    """
    array = np.array(values, object)
    if kind != "U":
        return array
    if len(values) * max(map(len, values)) > _TEXTS:
        raise SavingError("The names of a network's classes are too long for an array of texts.")
    return array.astype(str)


def load(path: str | os.PathLike[str]) -> Estimator:
    """Read a network that its `save` wrote.

    Raises:
        SavingError: the file holds a model without a network of the zoo.
        FileNotFoundError: there is no such file.

    Example:

        >>> import tempfile
        >>> from neurona.zoo import Oja, load
        >>> oja = Oja(epochs=5, random_state=0).fit([[1.0, 2.0], [2.0, 4.5], [3.0, 5.0]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     oja.save(folder + "/oja.keras")
        ...     again = load(folder + "/oja.keras")
        >>> bool((again.components_ == oja.components_).all())
        True
    """
    model = load_model(path)
    with zipfile.ZipFile(path) as archive:
        if _DESCRIPTION not in archive.namelist():
            raise SavingError(
                f"{Path(path).name} holds a model, and no network of the zoo: read it with "
                "neurona.saving.load_model."
            )
        text = archive.read(_DESCRIPTION)
    try:
        network = _described(json.loads(text))
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
        if isinstance(error, SavingError):
            raise
        raise SavingError(f"{Path(path).name} describes no network of the zoo: {error!s:.100}") from error
    network.model_ = model
    return network


def _described(description: Any) -> Estimator:
    """The network that a file describes. Only classes of networks are looked up: a file can't name another.

    Raises:
        SavingError: there is no network of that name.
    """
    known, waiting = {}, [Estimator]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        known[cls.__name__] = cls
    name = description["class_name"]
    if name not in known:
        raise SavingError(f"The zoo has no network {name!r:.100}.")
    params = deserialize_keras_object(description["params"])
    params |= {name: tuple(params[name]) for name in description["tuples"]}  # JSON has lists only
    network = known[name](**params)
    texts = description.get("texts", {})
    for attribute, value in deserialize_keras_object(description["fitted"]).items():
        if attribute in texts:
            value = _texts(value, texts[attribute])
        if not attribute.endswith("_") or attribute.startswith("_"):
            raise SavingError(f"A network has no learned attribute {attribute!r:.100}.")
        setattr(network, attribute, value)
    return network
