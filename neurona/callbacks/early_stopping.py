"""EarlyStopping: end training when it no longer helps."""

from typing import Any

from neurona.callbacks.callback import Logs
from neurona.callbacks.monitor import MonitorCallback
from neurona.callbacks.screen import screen
from neurona.messages import translated


class EarlyStopping(MonitorCallback):
    """Stop training when a figure has not improved for some epochs (Prechelt, Early Stopping - But When?,
    1998).

    Args:
        monitor: the figure's name in the logs.
        min_delta: a change of no more than this is no improvement.
        patience: how many epochs without improvement are waited for.
        verbose: 1 to say when training stops and which weights are restored.
        mode: `"min"` if less is better, `"max"` if more is, `"auto"` to ask the metric.
        baseline: only what is better than this counts as improvement when waiting.
        restore_best_weights: whether the model gets back the weights of its best epoch when training ends.
        start_from_epoch: epochs before this one are not looked at.

    Raises:
        ArgumentError: `patience` or `start_from_epoch` is no number, or less than 0.

    Example:

        >>> import numpy as np
        >>> from neurona.layers import Dense
        >>> from neurona.models import Sequential
        >>> model = Sequential([Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> stop = EarlyStopping(monitor="loss", min_delta=1e9, patience=3)
        >>> history = model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=20, verbose=0, callbacks=[stop])
        >>> len(history.epoch)
        4
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = self._checked("patience", patience)
        self.start_from_epoch = self._checked("start_from_epoch", start_from_epoch)
        self.verbose, self.baseline, self.restore_best_weights = verbose, baseline, restore_best_weights
        self._forget()

    def _forget(self) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best: float | None = None
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.find(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        better = self.is_better(value, self.best)
        if better:
            self.best, self.best_epoch = value, epoch
        if self.restore_best_weights and (better or self.best_weights is None):
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        if better:
            if self.baseline is None or self.is_better(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def get_monitor_value(self, logs: Logs | None) -> float | None:
        """The monitored figure, or None, with a warning once, where the logs do not hold it."""
        return self.find(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            screen.print(
                translated(
                    f"Stopped early after epoch {self.stopped_epoch + 1}: {self.monitor} was best in epoch "
                    f"{self.best_epoch + 1}."
                )
            )
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                screen.print(
                    translated(f"The model has its weights of epoch {self.best_epoch + 1} again, the best.")
                )
            self.model.set_weights(self.best_weights)

    def _get_state(self) -> dict[str, Any]:
        names = ("wait", "stopped_epoch", "best_epoch", "best", "best_weights")
        return {name: getattr(self, name) for name in names}

    def _set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
