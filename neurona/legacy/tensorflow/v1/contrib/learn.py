"""`tf.contrib.learn`: its data sets, the numbers of words, and `tf.estimator`'s models with `fit`."""

import csv
import inspect
from collections import namedtuple
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from neurona.legacy.tensorflow.feature_column import NumericColumn, numeric_column
from neurona.legacy.tensorflow.v1 import canned, estimator, examples
from neurona.legacy.tensorflow.v1.building import placeholder
from neurona.legacy.tensorflow.v1.contrib import experiments, preprocessing
from neurona.legacy.tensorflow.v1.contrib.experiments import (
    Experiment,
    MetricSpec,
    ModelFnOps,
    PredictionKey,
    metric_ops,
)
from neurona.legacy.tensorflow.v1.inputs import numpy_input_fn
from neurona.messages import translated

__all__ = ["Experiment", "MetricSpec", "PredictionKey", "preprocessing"]
Dataset = namedtuple("Dataset", ("data", "target"))
_ALL = ""  # the feature that holds all numbers


def _load_dataset(name: str, *_: Any, **__: Any) -> Any:
    if name != "mnist":
        raise ValueError(translated(f"tf.contrib.learn.datasets has 'mnist' here. Received: {name!r}"))
    return examples.read_data_sets()


def load_csv_with_header(
    filename: Any, target_dtype: Any, features_dtype: Any, target_column: int = -1
) -> Dataset:
    """A table whose first line has the numbers of rows and of columns."""
    return _table(filename, 1, target_dtype, features_dtype, target_column)


def load_csv_without_header(
    filename: Any, target_dtype: Any, features_dtype: Any, target_column: int = -1
) -> Dataset:
    """A table of numbers."""
    return _table(filename, 0, target_dtype, features_dtype, target_column)


def _table(filename: Any, skipped: int, target_dtype: Any, features_dtype: Any, column: int) -> Dataset:
    with open(filename, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row][skipped:]
    targets = [row.pop(column) for row in rows]
    return Dataset(np.array(rows, features_dtype), np.array(targets).astype(target_dtype))


datasets = SimpleNamespace(
    load_dataset=_load_dataset,
    mnist=SimpleNamespace(read_data_sets=examples.read_data_sets),
    base=SimpleNamespace(
        Dataset=Dataset,
        load_csv_with_header=load_csv_with_header,
        load_csv_without_header=load_csv_without_header,
    ),
)
monitors = SimpleNamespace(
    ValidationMonitor=experiments.ValidationMonitor, replace_monitors_with_hooks=lambda given, _: given
)
learn_runner = SimpleNamespace(run=experiments.run)
ModeKeys, RunConfig = estimator.ModeKeys, estimator.RunConfig
ModeKeys.INFER = ModeKeys.PREDICT  # pyright: ignore[reportAttributeAccessIssue]


def infer_real_valued_columns_from_input(x: Any) -> list[NumericColumn]:
    """A column that holds all numbers of the rows of an array."""
    return [numeric_column(_ALL, shape=np.shape(x)[1:])]


class _Learner(estimator.Estimator):
    """An estimator with `fit`, on arrays or on an `input_fn`."""

    _key: str | None = "predictions"
    _metrics: Any = None  # of the evaluation that runs

    def _spec(self, features: Any, labels: Any, mode: str) -> Any:
        inputs = features if isinstance(features, dict) else {_ALL: features}
        spec = self._drawn(inputs, labels, mode)
        if mode == ModeKeys.EVAL and self._metrics:
            spec.eval_metric_ops |= metric_ops(self._metrics, inputs, labels, spec.predictions)
        return spec

    def _drawn(self, features: Any, labels: Any, mode: str) -> Any:
        return super()._spec(features, labels, mode)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Any = None,
        steps: int | None = None,
        batch_size: int | None = None,
        monitors: Any = None,
        max_steps: int | None = None,
    ) -> "_Learner":
        """Train for so many steps, on random batches of all rows by default."""
        given = input_fn or _batches(x, y, batch_size, None, True)
        experiments.train(self, given, monitors, steps, max_steps)
        return self

    partial_fit = fit

    def evaluate(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
        metrics: Any = None,
        **_: Any,
    ) -> dict[str, Any]:
        """The mean loss and the metrics."""
        if callable(x):
            x, input_fn = None, x
        self._metrics = metrics
        try:
            return super().evaluate(input_fn or _batches(x, y, batch_size, 1, False), steps)
        finally:
            self._metrics = None

    def predict(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        x: Any = None,
        input_fn: Any = None,
        batch_size: int | None = None,
        outputs: Any = None,
        as_iterable: bool = True,
    ) -> Any:
        """The class, or the number, of each row; all that is predicted where `outputs` names several."""
        found = self._rows(x, input_fn, batch_size)
        made = found if outputs or self._key is None else (np.squeeze(row[self._key]) for row in found)
        return made if as_iterable else np.array(list(made))

    predict_classes = predict_scores = predict

    def predict_proba(
        self, x: Any = None, input_fn: Any = None, batch_size: int | None = None, as_iterable: bool = True
    ) -> Any:
        """The probabilities of the classes of each row."""
        made = (row["probabilities"] for row in self._rows(x, input_fn, batch_size))
        return made if as_iterable else np.array(list(made))

    def _rows(self, x: Any, input_fn: Any, batch_size: int | None) -> Iterator[Any]:
        return super().predict(input_fn or _batches(x, None, batch_size, 1, False))


def _batches(x: Any, y: Any, size: int | None, epochs: int | None, shuffle: bool) -> Any:
    features = x if isinstance(x, dict) else {_ALL: np.asarray(x)}
    rows = len(next(iter(features.values())))
    return numpy_input_fn(features, None if y is None else np.asarray(y), size or rows, epochs, shuffle)


def _told(labels: Any) -> Any:
    """The dtypes and shapes of labels."""
    if isinstance(labels, dict):
        return {name: _told(one) for name, one in labels.items()}
    return labels.dtype, labels.shape


def _placeholders(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _placeholders(one) for name, one in told.items()}
    return placeholder(*told)


class Estimator(_Learner):
    """A model that a function draws.

    Args:
        model_fn: gives `ModelFnOps`, or predictions, loss and step of training, of features, and of labels,
            mode and params where it takes them.
        model_dir, config, params: as of `tf.estimator.Estimator`.
    """

    _key = None
    _labels: Any = None  # the dtype and shape of those that it was trained on

    def __init__(
        self, model_fn: Any = None, model_dir: Any = None, config: Any = None, params: Any = None, **_: Any
    ) -> None:
        super().__init__(model_fn, model_dir, config, params)

    def _drawn(self, features: Any, labels: Any, mode: str) -> Any:
        given = features[_ALL] if set(features) == {_ALL} else features
        if labels is not None:
            self._labels = _told(labels)
        elif self._labels is not None:  # the loss is drawn with them, and never run
            labels = _placeholders(self._labels)
        known = inspect.signature(self._model_fn).parameters
        others = {"mode": mode, "params": self.params, "config": self.config}
        made = self._model_fn(given, labels, **{name: one for name, one in others.items() if name in known})
        made = made if hasattr(made, "predictions") else ModelFnOps(mode, *made)
        predictions = made.predictions
        if mode == ModeKeys.PREDICT:
            return estimator.EstimatorSpec(mode, predictions)
        ops = made.eval_metric_ops if mode == ModeKeys.EVAL else None
        return estimator.EstimatorSpec(mode, predictions, made.loss, made.train_op, ops)


class DNNClassifier(_Learner, canned.DNNClassifier):
    """A network for classes."""

    _key = "class_ids"


class DNNRegressor(_Learner, canned.DNNRegressor):
    """A network for numbers."""


class LinearClassifier(_Learner, canned.LinearClassifier):
    """A linear model for classes."""

    _key = "class_ids"


class LinearRegressor(_Learner, canned.LinearRegressor):
    """A linear model for numbers."""


class DNNLinearCombinedClassifier(_Learner, canned.DNNLinearCombinedClassifier):
    """A linear model and a network together, for classes."""

    _key = "class_ids"


class DNNLinearCombinedRegressor(_Learner, canned.DNNLinearCombinedRegressor):
    """A linear model and a network together, for numbers."""


class SKCompat:
    """A model as scikit-learn calls one.

    Args:
        estimator: one of this module.
    """

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def fit(
        self, x: Any, y: Any, batch_size: int = 128, steps: int | None = None, **options: Any
    ) -> "SKCompat":
        """Train on arrays."""
        self._estimator.fit(x, y, batch_size=batch_size, steps=steps, **options)
        return self

    def score(self, x: Any, y: Any, batch_size: int = 128, **_: Any) -> dict[str, Any]:
        """The mean loss and the metrics."""
        return self._estimator.evaluate(x, y, batch_size=batch_size)

    def predict(self, x: Any, batch_size: int = 128, **_: Any) -> dict[str, np.ndarray]:
        """All that is predicted, by its name."""
        rows = list(self._estimator._rows(x, None, batch_size))
        found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        return {**found, "classes": found["class_ids"][:, 0]} if "class_ids" in found else found


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"tf.contrib.learn.{name} is not in Neurona: it became tf.estimator.", name=name)
