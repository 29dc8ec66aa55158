"""CompileMetrics: the metrics that `compile` was given, as the one metric that `model.metrics` shows."""

from typing import Any

from neurona.core.errors import NotBuiltError
from neurona.core.variable import Variable
from neurona.metrics import Metric
from neurona.training.objectives import OutputMetrics


class CompileMetrics(Metric):
    """The metrics of `compile` together. There are none before a first batch shows the model's outputs.

    Attributes:
        matched: the metrics of each output, once they are known.
    """

    _kind = ""  # no name and no file calls for one

    def __init__(self) -> None:
        super().__init__(name="compile_metrics")
        self.matched: OutputMetrics | None = None

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, in the order of `compile`."""
        return self.matched.metrics if self.matched else []

    @property
    def variables(self) -> list[Variable]:
        return [variable for metric in self.metrics for variable in metric.variables]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if self.matched is None:
            raise NotBuiltError("The metrics of compile() are made when the model sees its first batch.")
        outputs = self.matched.outputs
        weights = outputs.spread(sample_weight, "sample_weight", share=True)
        self.matched.update(outputs.spread(y_true, "y"), outputs.leaves(y_pred), weights)

    def result(self) -> dict[str, Any]:
        """The result of each metric, by its name in logs."""
        names = self.matched.names if self.matched else []
        return {name: metric.result() for name, metric in zip(names, self.metrics)}

    def reset_state(self) -> None:
        for metric in self.metrics:
            metric.reset_state()


def each_metric(metrics: list[Any]) -> list[Any]:
    """Metrics, those of `compile` one by one."""
    return [
        inner
        for metric in metrics
        for inner in (metric.metrics if isinstance(metric, CompileMetrics) else [metric])
    ]
