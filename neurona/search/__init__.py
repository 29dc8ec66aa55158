"""Search: many models of one structure, trained at once.

ensemble = neurona.search.Ensemble(model, seeds=range(5))
history = ensemble.fit(x, y, epochs=20, validation_split=0.2)
"""

from neurona.search.ensemble import Ensemble

__all__ = ["Ensemble"]
