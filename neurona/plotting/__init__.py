"""Pictures of models, trainings and predictions. All need matplotlib: the extra "plot".

Each function returns a matplotlib `Figure`, and writes it with `to_file=`. pyplot does not hold the figure,
so nothing has to be closed.
"""

from neurona.core.lazy import suggest_names
from neurona.plotting.confusion import plot_confusion_matrix
from neurona.plotting.explanations import plot_dependence, plot_importance
from neurona.plotting.figure import png
from neurona.plotting.history import plot_history
from neurona.plotting.model import plot_model
from neurona.plotting.predictions import plot_predictions
from neurona.plotting.residuals import plot_residuals
from neurona.plotting.trials import plot_trials
from neurona.plotting.weights import plot_weights

__all__ = [
    "plot_confusion_matrix",
    "plot_dependence",
    "plot_history",
    "plot_importance",
    "plot_model",
    "plot_predictions",
    "plot_residuals",
    "plot_trials",
    "plot_weights",
    "png",
]

suggest_names(__name__)
