"""SwapEMAWeights: evaluate with the moving average of the weights."""

from typing import Any

import jax.numpy as jnp

from neurona.callbacks.callback import Callback, Logs
from neurona.core.errors import ArgumentError


class SwapEMAWeights(Callback):
    """Give the model the moving average of its weights for every evaluation and prediction, and its own
    weights back afterwards.

    The optimizer keeps the average: `Adam(use_ema=True)`
    (Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992).

    Args:
        swap_on_epoch: give the average at the end of each epoch instead of each evaluation's end, so that
            callbacks which come later, such as `ModelCheckpoint`, see it.

    Raises:
        ArgumentError: the optimizer keeps no average.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = swap_on_epoch
        self._own: list[Any] | None = None  # the weights while the model has the average

    def _give_average(self) -> None:
        optimizer = self.model.optimizer
        averages = optimizer._averages()
        if averages is None:
            raise ArgumentError(
                "SwapEMAWeights needs an optimizer that averages the weights: "
                f"{type(optimizer).__name__}(use_ema=True)."
            )
        if self._own is None and int(optimizer.state["iteration"]):
            variables = self.model.trainable_variables
            self._own = [variable.value for variable in variables]
            for variable, average in zip(variables, averages, strict=True):
                if average is not None:
                    variable.take(average)

    def _give_back(self) -> None:
        if self._own is not None:
            for variable, value in zip(self.model.trainable_variables, self._own, strict=True):
                variable.take(value)
        self._own = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._give_back()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._give_average()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if not self._fit.interrupted:
            self._own = None  # fit has given the model the average for good
        self._give_back()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._give_average()

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._give_back()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._give_average()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._give_back()

    def _get_state(self) -> dict[str, Any]:
        return {"own": self._own}

    def _set_state(self, state: dict[str, Any]) -> None:
        self._own = None if state["own"] is None else [jnp.asarray(value) for value in state["own"]]
