"""Classifier, regressor and transformer: models with the methods of scikit-learn's estimators."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from neurona.core.errors import ArgumentError, DataError, optional_import
from neurona.models import Model, clone_model

_base = optional_import("sklearn.base", extra="sklearn", purpose="neurona.wrappers")
_multiclass = optional_import("sklearn.utils.multiclass", extra="sklearn", purpose="neurona.wrappers")
_validation = optional_import("sklearn.utils.validation", extra="sklearn", purpose="neurona.wrappers")


class SKLBase(_base.BaseEstimator):
    """A model as an estimator of scikit-learn.

    Args:
        model: a compiled model, which `fit` copies; or a function that is called with `X`, `y` and
            `model_kwargs`, and returns one.
        warm_start: whether `fit` goes on with the model of the last `fit`, or with the given one, instead of
            beginning anew.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of the model's `fit`; those given to `fit` itself come first.

    Attributes:
        model_: the fitted model.
        history_: what the model's `fit` returned.
        n_features_in_: how many columns `X` had.
    """

    def __init__(
        self,
        model: Model | Callable[..., Model],
        warm_start: bool = False,
        model_kwargs: Mapping[str, Any] | None = None,
        fit_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def __sklearn_clone__(self) -> Self:
        copies = {name: copy.deepcopy(value) for name, value in self.get_params(deep=False).items()}
        return type(self)(**copies)

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Self:
        """Train the model.

        Args:
            X: the rows, (samples, features).
            y: the targets, (samples,) or (samples, outputs).
            kwargs: arguments of the model's `fit`.

        Raises:
            ArgumentError: the model is not compiled.
        """
        X, y = _validation.validate_data(self, X, y, multi_output=True)
        y = self._encoded(y)
        model = self._model_for(X, y)
        if not model.compiled:
            raise ArgumentError(
                f"{type(self).__name__}: the model has no loss and no optimizer. Call model.compile(...) "
                "first."
            )
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def _model_for(self, X: Any, y: Any) -> Model:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            return self.model if self.warm_start else _copy(self.model)
        return self.model(X=X, y=y, **(self.model_kwargs or {}))

    def _outputs(self, X: Any) -> np.ndarray:
        """What the fitted model gives for rows."""
        _validation.check_is_fitted(self)
        X = _validation.validate_data(self, X, reset=False)
        return np.asarray(self.model_.predict(X, verbose=0))

    def _encoded(self, y: np.ndarray) -> np.ndarray:
        """The targets as the model learns them, with one column at least."""
        kind = _multiclass.type_of_target(y)
        if kind == "unknown":
            raise DataError(f"{type(self).__name__}: Unknown label type: {y!r}")
        self._one_axis = y.ndim == 1
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True  # the first weights are drawn at random
        return tags


def _copy(model: Model) -> Model:
    """A new model with other first weights, compiled alike."""
    copied = clone_model(model)
    if model.compiled and not copied.compiled:
        copied.compile_from_config(model.get_compile_config() or {})
    return copied


class SKLearnClassifier(_base.ClassifierMixin, SKLBase):
    """A model as a classifier of scikit-learn. It learns one column of 0 and 1 for each class.

    Args:
        model, warm_start, model_kwargs, fit_kwargs: as in `SKLearnRegressor`.

    Attributes:
        classes_: the classes, sorted.
        model_, history_, n_features_in_: as in `SKLearnRegressor`.

    Example:

        >>> import neurona as nn
        >>> def build(X, y):
        ...     model = nn.Sequential([nn.Input(X.shape[1:]), nn.layers.Dense(y.shape[1], "softmax")])
        ...     model.compile(nn.optimizers.Adam(0.1), "categorical_crossentropy")
        ...     return model
        >>> X = np.array([[0.0, 1.0], [1.0, 0.0]] * 20)
        >>> classifier = SKLearnClassifier(build, fit_kwargs={"epochs": 20, "verbose": 0})
        >>> classifier.fit(X, np.array(["no", "yes"] * 20)).score(X, ["no", "yes"] * 20)
        1.0
    """

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        outputs = self._outputs(X)
        return self.classes_[np.argmax(outputs, axis=-1)]

    def decision_function(self, X: Any) -> np.ndarray:
        """The outputs of the model for each row and class; of two classes how much more the second has."""
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if len(self.classes_) == 2 else outputs

    def _encoded(self, y: np.ndarray) -> np.ndarray:
        kind = _multiclass.type_of_target(y)
        if kind not in ("binary", "multiclass"):
            raise DataError(
                "SKLearnClassifier: Unknown label type: targets are classes, one for each row. Received "
                f"targets that are {kind}."
            )
        y = _validation.column_or_1d(y, warn=True)
        self.classes_ = np.unique(y)
        if len(self.classes_) == 1:
            raise DataError("SKLearnClassifier: Classifier can't train when only one class is present.")
        return (y[:, None] == self.classes_).astype("float32")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # of what is trained for a moment
        return tags


class SKLearnRegressor(_base.RegressorMixin, SKLBase):
    """A model as a regressor of scikit-learn.

    Args:
        model: a compiled model, which `fit` copies; or a function that is called with `X`, `y` and
            `model_kwargs`, and returns one.
        warm_start: whether `fit` goes on with the model of the last `fit`, or with the given one, instead of
            beginning anew.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of the model's `fit`; those given to `fit` itself come first.

    Attributes:
        model_: the fitted model.
        history_: what the model's `fit` returned.
        n_features_in_: how many columns `X` had.

    Example:

        >>> import neurona as nn
        >>> model = nn.Sequential([nn.Input((1,)), nn.layers.Dense(1)])
        >>> model.compile(nn.optimizers.SGD(0.1), "mse")
        >>> X = np.linspace(-1, 1, 32)[:, None]
        >>> regressor = SKLearnRegressor(model).fit(X, 2 * X[:, 0], epochs=60, verbose=0)
        >>> regressor.score(X, 2 * X[:, 0]) > 0.99
        True
    """

    def predict(self, X: Any) -> np.ndarray:
        """The output of each row."""
        outputs = self._outputs(X).astype("float64")
        return outputs[:, 0] if self._one_axis and outputs.ndim == 2 else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        tags.target_tags.multi_output = True
        return tags


class SKLearnTransformer(_base.TransformerMixin, SKLBase):
    """A model as a step of scikit-learn's pipelines that turns rows into the model's outputs.

    Args:
        model, warm_start, model_kwargs, fit_kwargs: as in `SKLearnRegressor`.

    Attributes:
        model_, history_, n_features_in_: as in `SKLearnRegressor`.

    Example:

        >>> import neurona as nn
        >>> model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2)])
        >>> model.compile("sgd", "mse")
        >>> X = np.ones((8, 3))
        >>> SKLearnTransformer(model).fit(X, np.zeros((8, 2)), verbose=0).transform(X).shape
        (8, 2)
    """

    def transform(self, X: Any) -> np.ndarray:
        """The outputs of the model."""
        return self._outputs(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # models give 32 bits
        return tags
