"""Models as estimators of scikit-learn, which the package scikit-learn is needed for."""

from typing import TYPE_CHECKING

from neurona.core.lazy import lazy_names

if TYPE_CHECKING:
    from neurona.wrappers.estimators import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]

__getattr__, __dir__ = lazy_names(__name__, dict.fromkeys(__all__, "neurona.wrappers.estimators"))
