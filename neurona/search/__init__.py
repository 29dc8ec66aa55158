"""Search: many models of one structure, trained at once.

ensemble = neurona.search.Ensemble(model, seeds=range(5))
history = ensemble.fit(x, y, epochs=20, validation_split=0.2)
"""

from neurona.core.lazy import suggest_names
from neurona.search.ensemble import Ensemble

__all__ = ["Ensemble"]

suggest_names(__name__)
