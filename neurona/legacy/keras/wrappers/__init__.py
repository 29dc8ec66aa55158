"""`keras.wrappers`: models as estimators of scikit-learn, today's and those of Keras 1 and 2."""

import importlib
from typing import Any

from neurona.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]


def __getattr__(name: str) -> Any:
    if name == "scikit_learn":
        return importlib.import_module(f"{__name__}.scikit_learn")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
