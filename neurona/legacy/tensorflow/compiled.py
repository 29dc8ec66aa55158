"""`model.compiled_loss` and `model.compiled_metrics`, which steps written for tf.keras call."""

from typing import Any

import jax

from neurona.core.errors import NotBuiltError
from neurona.legacy.tensorflow.tensor import Tensor, for_models, unwrapped


def _match(model: Any, y_true: Any, y_pred: Any) -> None:
    """Match what `compile` was given to outputs that only the model's own step knows."""
    if model._compiled_metrics is None and y_true is not None and y_pred is not None:
        model._match(*jax.tree.map(_shape_of, (y_true, y_pred)))


def _shape_of(leaf: Any) -> Any:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)


class CompiledLoss:
    """The loss of `compile`, whose mean the metric "loss" shows.

    Args:
        model: compiled.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None
    ) -> Any:
        model = self._model
        y_true, y_pred, sample_weight = for_models((y_true, y_pred, sample_weight))
        _match(model, y_true, y_pred)
        if model._compiled_loss is None:
            raise NotBuiltError("compiled_loss needs compile(loss=...).")
        total = model._compiled_loss(y_true, y_pred, sample_weight)
        for loss in regularization_losses or ():
            total = total + unwrapped(loss)
        first = y_pred[0] if isinstance(y_pred, (list, tuple)) else y_pred
        model._loss_tracker.update_state(total, sample_weight=first.shape[0])
        return Tensor(total)

    @property
    def metrics(self) -> list[Any]:
        """The mean of the loss, and of each output's."""
        trackers = self._model._compiled_loss.trackers if self._model._compiled_loss else []
        return [self._model._loss_tracker, *trackers]


class CompiledMetrics:
    """The metrics of `compile`.

    Args:
        model: compiled.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Let them see a batch."""
        y_true, y_pred, sample_weight = for_models((y_true, y_pred, sample_weight))
        _match(self._model, y_true, y_pred)
        self._model.compute_metrics(None, y_true, y_pred, sample_weight)

    @property
    def metrics(self) -> list[Any]:
        """The metrics."""
        return self._model._compiled_metrics.metrics if self._model._compiled_metrics else []

    def reset_state(self) -> None:
        """Forget what they have seen."""
        for metric in self.metrics:
            metric.reset_state()

    reset_states = reset_state
