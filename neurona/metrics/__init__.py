"""Metrics: figures that tell how good a model is, counted over many batches. Names, arguments, defaults and
numbers are Keras's.

    metric = AUC()
    for x, y in batches:
        metric.update_state(y, model(x))
    metric.result()

A metric is also three pure functions (`stateless_update_state`, `stateless_result`, `stateless_reset_state`),
which is what training uses.
"""

from neurona.core.lazy import suggest_names
from neurona.metrics import (
    accuracies,
    auc,
    confusion,
    correlation,
    f_score,
    functions,
    hinges,
    iou,
    metric,
    probabilistic,
    reduction,
    regression,
    selection,
)
from neurona.metrics.accuracies import *
from neurona.metrics.auc import *
from neurona.metrics.confusion import *
from neurona.metrics.correlation import *
from neurona.metrics.f_score import *
from neurona.metrics.functions import *
from neurona.metrics.hinges import *
from neurona.metrics.iou import *
from neurona.metrics.metric import *
from neurona.metrics.probabilistic import *
from neurona.metrics.reduction import *
from neurona.metrics.regression import *
from neurona.metrics.selection import *

__all__ = []
__all__ += accuracies.__all__
__all__ += auc.__all__
__all__ += confusion.__all__
__all__ += correlation.__all__
__all__ += f_score.__all__
__all__ += functions.__all__
__all__ += hinges.__all__
__all__ += iou.__all__
__all__ += metric.__all__
__all__ += probabilistic.__all__
__all__ += reduction.__all__
__all__ += regression.__all__
__all__ += selection.__all__

suggest_names(__name__)
