"""`scikeras.wrappers`: estimators whose function is called `model`, with parameters such as
`optimizer__learning_rate` and `model__units`.
"""

import sys
from typing import Any, Self

import numpy as np

from neurona.legacy.keras.wrappers.estimators import Estimator, _base, optional_import, with_columns

__version__ = "0.13.0"
_multiclass = optional_import("sklearn.utils.multiclass", extra="sklearn", purpose="scikeras")


class BaseWrapper(Estimator):
    """A model that a function builds, with routed parameters.

    Attributes:
        model_: the fitted model.
        history_: the figures of each epoch, by name.
        n_features_in_, X_shape_: of the rows.
    """

    builder_names = ("model", "build_fn")

    def __init__(self, model: Any = None, **parameters: Any) -> None:
        super().__init__(model, **parameters)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> Self:
        """Build the model, unless it is warm, and train it."""
        if not (self.parameters.get("warm_start") and self.__sklearn_is_fitted__()):
            self.history_: dict[str, list[Any]] = {}
            self.fitted = None
        return self._train(X, y, sample_weight, kwargs)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> Self:
        """Train for one epoch more."""
        if not self.__sklearn_is_fitted__():
            self.history_, self.fitted = {}, None
        return self._train(X, y, sample_weight, {"epochs": 1, **kwargs})

    def _train(self, X: Any, y: Any, sample_weight: Any, options: dict[str, Any]) -> Self:
        X, y = np.asarray(X), np.asarray(y)
        self.n_features_in_, self.X_shape_ = X.shape[1] if X.ndim > 1 else 1, X.shape
        targets = self._targets(y)
        if self.fitted is None:
            names = ("n_features_in_", "X_shape_", "n_classes_", "classes_", "target_type_", "n_outputs_")
            self.fitted = self.build({name: self.__dict__[name] for name in names if name in self.__dict__})
        if sample_weight is not None:
            options["sample_weight"] = sample_weight
        history = self._fit_model(X, self._fitting(targets), options).history
        for name, values in history.items():
            self.history_.setdefault(name, []).extend(values)
        return self

    def _targets(self, y: np.ndarray) -> np.ndarray:
        self.target_type_ = _multiclass.type_of_target(y)
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        return y

    def _fitting(self, targets: np.ndarray) -> np.ndarray:
        """The targets as the model's loss takes them."""
        return targets

    @property
    def model_(self) -> Any:
        """The fitted model."""
        return self.fitted

    @property
    def current_epoch(self) -> int:
        """How many epochs the model was trained for."""
        return len(self.history_.get("loss", ()))


class KerasClassifier(_base.ClassifierMixin, BaseWrapper):
    """A model as a classifier."""

    def _targets(self, y: np.ndarray) -> np.ndarray:
        y = super()._targets(y)
        if y.ndim > 1 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        else:
            self.classes_, y = np.unique(y.ravel(), return_inverse=True)
        self.n_classes_ = len(self.classes_)
        return y

    def _fitting(self, targets: np.ndarray) -> np.ndarray:
        return with_columns(self.fitted, targets, self.n_classes_) if targets.ndim == 1 else targets

    def predict(self, X: Any, **kwargs: Any) -> np.ndarray:
        """The likeliest class of each row."""
        return self.classes_[self.predict_proba(X, **kwargs).argmax(axis=-1)]

    def predict_proba(self, X: Any, **kwargs: Any) -> np.ndarray:
        """The probabilities of the classes."""
        outputs = self._outputs(np.asarray(X), kwargs)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


class KerasRegressor(_base.RegressorMixin, BaseWrapper):
    """A model as a regressor."""

    def predict(self, X: Any, **kwargs: Any) -> np.ndarray:
        """The outputs."""
        outputs = self._outputs(np.asarray(X), kwargs)
        return np.squeeze(outputs, axis=-1) if outputs.shape[-1] == 1 else outputs


wrappers = sys.modules[__name__]
PATHS = {"wrappers": __name__}
__all__ = ["BaseWrapper", "KerasClassifier", "KerasRegressor", "wrappers"]
