"""Callbacks that change the learning rate while training goes on; nothing is compiled again."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.callbacks.callback import Callback, Logs
from neurona.callbacks.monitor import MonitorCallback
from neurona.callbacks.screen import screen
from neurona.core.errors import ArgumentError
from neurona.messages import translated


def _optimizers(callback: Callback) -> list[Any]:
    """The model's optimizer, or those that it contains, each with a learning rate that may be set.

    Raises:
        ArgumentError: one follows a schedule of its own.
    """
    optimizers = callback.model.optimizer._with_rates
    for optimizer in optimizers:
        if not hasattr(optimizer.learning_rate, "assign"):
            raise ArgumentError(
                f"{type(callback).__name__} sets the learning rate, but that of {type(optimizer).__name__} "
                "follows a schedule: "
                "compile with a number, or leave out the callback."
            )
    return optimizers


def _note_rates(callback: Callback, logs: Logs | None) -> None:
    """Put the learning rate into the logs; of several optimizers, each under the optimizer's name."""
    optimizers = _optimizers(callback)
    if logs is None:
        return
    for optimizer in optimizers:
        name = f"learning_rate_{optimizer.name}" if len(optimizers) > 1 else "learning_rate"
        logs[name] = float(optimizer.learning_rate)


class LearningRateScheduler(Callback):
    """Set the learning rate before every epoch.

    Args:
        schedule: a function `(epoch, learning rate) -> learning rate`, or `epoch -> learning rate`; epochs
            count from 0.
        verbose: 1 to say what is set.

    Raises:
        ArgumentError: schedule is no function, or does not return a number >= 0; the optimizer has a schedule
            of its own.

    Example:

        >>> import numpy as np
        >>> from neurona.layers import Dense
        >>> from neurona.models import Sequential
        >>> model = Sequential([Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> halve = LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
        >>> history = model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=3, verbose=0, callbacks=[halve])
        >>> [round(rate, 4) for rate in history.history["learning_rate"]]
        [0.01, 0.005, 0.0025]
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise ArgumentError(
                "LearningRateScheduler takes a function of the epoch and the learning rate. Received: "
                f"{schedule!r}"
            )
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        for optimizer in _optimizers(self):
            optimizer.learning_rate = rate = self._scheduled(epoch, float(optimizer.learning_rate))
            if self.verbose:
                screen.print(translated(f"Epoch {epoch + 1}: the learning rate is {rate}."))

    def _scheduled(self, epoch: int, now: float) -> float:
        rate = self.schedule(epoch, now) if _takes_rate(self.schedule) else self.schedule(epoch)
        try:
            return float(rate)
        except (TypeError, ValueError):
            raise ArgumentError(
                f"LearningRateScheduler: schedule({epoch}, {now}) must return a number. It returned: {rate!r}"
            ) from None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        _note_rates(self, logs)


def _takes_rate(schedule: Callable[..., float]) -> bool:
    """Whether a schedule also wants the learning rate."""
    try:
        inspect.signature(schedule).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a built-in that does not tell
        pass
    return True


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by a factor when a figure has not improved for some epochs.

    Args:
        monitor: the figure's name in the logs.
        factor: the new learning rate is the old one times this; less than 1.
        patience: how many epochs without improvement are waited for.
        verbose: 1 to say when the learning rate changes.
        mode: `"min"` if less is better, `"max"` if more is, `"auto"` to ask the metric.
        min_delta: a change of no more than this is no improvement.
        cooldown: epochs after a reduction in which nothing is counted.
        min_lr: the learning rate stays at least this.
        baseline: what a figure must be better than to count as an improvement; None for nothing.

    Raises:
        ArgumentError: the factor is not less than 1; `patience`, `cooldown` or `min_lr` is less than 0; the
            optimizer has a schedule of its own.

    Example:

        >>> import numpy as np
        >>> from neurona.layers import Dense
        >>> from neurona.models import Sequential
        >>> model = Sequential([Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> reduce = ReduceLROnPlateau(monitor="loss", min_delta=1e9, patience=2)
        >>> history = model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=4, verbose=0, callbacks=[reduce])
        >>> [round(rate, 4) for rate in history.history["learning_rate"]]
        [0.01, 0.01, 0.01, 0.001]
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        baseline: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, baseline, min_delta=min_delta)
        if factor >= 1.0:
            raise ArgumentError(f"ReduceLROnPlateau takes a factor less than 1. Received: {factor!r}")
        self.patience = self._checked("patience", patience)
        self.cooldown = self._checked("cooldown", cooldown)
        self.min_lr = self._checked("min_lr", min_lr)
        self.factor, self.verbose, self.baseline = factor, verbose, baseline
        self.cooldown_counter = self.wait = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best, self.cooldown_counter, self.wait = self.baseline, 0, 0

    def in_cooldown(self) -> bool:
        """Whether a reduction is so recent that nothing is counted."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        _note_rates(self, logs)
        value = self.find(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_better(value, self.best):
            self.best, self.wait = value, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        """Reduce the learning rates that are not at the least."""
        for optimizer in _optimizers(self):
            rate = float(optimizer.learning_rate)
            if rate > np.float32(self.min_lr):
                optimizer.learning_rate = rate = max(rate * self.factor, self.min_lr)
                self.cooldown_counter, self.wait = self.cooldown, 0
                if self.verbose:
                    screen.print(
                        translated(
                            f"Epoch {epoch + 1}: {self.monitor} no longer improves; the learning rate is now "
                            f"{rate}."
                        )
                    )

    def _get_state(self) -> dict[str, Any]:
        return {"best": self.best, "cooldown_counter": self.cooldown_counter, "wait": self.wait}

    def _set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
