"""`keras.wrappers.scikit_learn`: the wrappers of Keras 1 and 2, whose function is called `build_fn`."""

from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.legacy.keras.wrappers.estimators import Estimator, _base, with_columns


class BaseWrapper(Estimator):
    """A model that `build_fn` builds. Further arguments are those of build_fn, fit, predict and score."""

    builder_names = ("build_fn",)

    @property
    def sk_params(self) -> dict[str, Any]:
        """The parameters without build_fn."""
        return {name: value for name, value in self.parameters.items() if name != "build_fn"}

    @property
    def model(self) -> Any:
        """The fitted model."""
        return self.fitted

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build the model and train it; returns its history."""
        self.fitted = self.build({})
        return self._fit_model(x, y, kwargs)


class KerasClassifier(_base.ClassifierMixin, BaseWrapper):
    """A model as a classifier.

    Attributes:
        classes_: the classes, sorted.
    """

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build the model and train it; returns its history."""
        y = np.asarray(y)
        if y.ndim > 1 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim in (1, 2):
            self.classes_, y = np.unique(y.ravel(), return_inverse=True)
        else:
            raise DataError(f"KerasClassifier: y has one or two axes. Received: shape {y.shape}")
        self.n_classes_ = len(self.classes_)
        self.fitted = self.build({})
        return self._fit_model(x, with_columns(self.fitted, y, self.n_classes_) if y.ndim == 1 else y, kwargs)

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The likeliest class of each row; of one output, whether it is above 0.5."""
        outputs = self._outputs(x, kwargs)
        if outputs.shape[-1] > 1:
            return self.classes_[outputs.argmax(axis=-1)]
        return self.classes_[(outputs > 0.5).astype("int32")]

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The probabilities of the classes."""
        outputs = self._outputs(x, kwargs)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """The share of rows whose class is right."""
        y = np.asarray(y)
        right = y.argmax(axis=1) if y.ndim > 1 and y.shape[1] > 1 else y.ravel()
        return float(np.mean(self.predict(x, **kwargs).ravel() == right))


class KerasRegressor(_base.RegressorMixin, BaseWrapper):
    """A model as a regressor."""

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The outputs."""
        outputs = self._outputs(x, kwargs)
        return np.squeeze(outputs, axis=-1) if outputs.shape[-1] == 1 else outputs

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Minus the loss, as in Keras 2."""
        loss = self.fitted.evaluate(x, y, **{"verbose": 0, **kwargs})
        return -float(loss[0] if isinstance(loss, list) else loss)


__all__ = ["BaseWrapper", "KerasClassifier", "KerasRegressor"]
