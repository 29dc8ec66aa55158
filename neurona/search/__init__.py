"""Search: hyperparameters, and many models of one structure, trained at once.

found = neurona.search.search(build, x, y, trials=200, folds=5)
print(found.best.values, found.importances())
model = found.best_model()

ensemble = neurona.search.Ensemble(model, seeds=range(5))
history = ensemble.fit(x, y, epochs=20, validation_split=0.2)
"""

from neurona.core.lazy import suggest_names
from neurona.search.code import keras_code
from neurona.search.ensemble import Ensemble
from neurona.search.importance import importances
from neurona.search.run import SearchResult, search
from neurona.search.space import Dimension, HyperParameters
from neurona.search.trials import SearchTrial

__all__ = [
    "Dimension",
    "Ensemble",
    "HyperParameters",
    "SearchResult",
    "SearchTrial",
    "importances",
    "keras_code",
    "search",
]

suggest_names(__name__)
