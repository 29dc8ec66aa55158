"""What the callbacks share that watch one figure of the logs."""

from numbers import Real
from typing import Any

import numpy as np

from neurona.callbacks.callback import Callback, Logs
from neurona.core.errors import ArgumentError, suggestion
from neurona.metrics import direction_of
from neurona.tracebacks import warn


class MonitorCallback(Callback):
    """Base of the callbacks that ask whether a figure has improved.

    Args:
        monitor: the figure's name in the logs, such as `"val_loss"`.
        mode: `"min"` if less is better, `"max"` if more is, `"auto"` to ask the metric.
        baseline: what the first value must be better than; None for nothing.
        min_delta: a change of no more than this is no improvement.

    Raises:
        ArgumentError: the mode is none of these; or, at the end of an epoch, "auto" finds no direction.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        if mode not in ("auto", "min", "max"):
            name = type(self).__name__
            raise ArgumentError(
                f"{name} takes mode='auto', 'min' or 'max'.{suggestion(mode, ('auto', 'min', 'max'))} "
                f"Received: {mode!r}"
            )
        self.monitor, self.mode = monitor, mode
        self.min_delta = abs(min_delta)
        self.best: float | None = baseline
        self._warned = False

    def _checked(self, name: str, value: float) -> Any:
        """The value of an argument, such as "patience".

        Raises:
            ArgumentError: it is no number, or less than 0.
        """
        if isinstance(value, bool) or not isinstance(value, Real) or not value >= 0:
            raise ArgumentError(
                f"{type(self).__name__}: {name} must be a number >= 0. Received: {name}={value!r}"
            )
        return value

    def find(self, logs: Logs | None) -> float | None:
        """The monitored figure, or None, with a warning once, where the logs do not hold it."""
        logs = logs or {}
        if self.monitor in logs:
            value = logs[self.monitor]
            if np.size(value) != 1:
                raise ArgumentError(
                    f"{type(self).__name__} monitors {self.monitor!r}, which is {np.size(value)} numbers and "
                    "not one."
                )
            return float(np.reshape(value, ()))
        if not self._warned:
            self._warned = True
            warn(f"{type(self).__name__} monitors {self.monitor!r}, which {missing(self.monitor, logs)}")
        return None

    def is_better(self, value: float, reference: float | None) -> bool:
        """Whether a value improves on another by more than `min_delta`; anything but NaN improves on None or
        NaN.
        """
        direction = self.direction()
        if np.isnan(value):
            return False
        if reference is None or np.isnan(reference):
            return True
        return (
            value - self.min_delta > reference if direction == "max" else value + self.min_delta < reference
        )

    def direction(self) -> str:
        """Whether "min" or "max" is better.

        Raises:
            ArgumentError: it is not known.
        """
        if self.mode != "auto":
            return self.mode
        name = self.monitor.removeprefix("val_")
        kept: list[Any] = getattr(self.model, "metrics", [])
        known = [*kept, *(inner for metric in kept for inner in getattr(metric, "metrics", ()))]  # of compile
        metrics = [metric for metric in known if metric.name == name]
        found = direction_of(self.monitor, metrics[0] if metrics else None)
        if found is None:
            raise ArgumentError(
                f"{type(self).__name__} can't tell whether more or less of {self.monitor!r} is better: pass "
                "mode='max' or mode='min'."
            )
        return found


def missing(name: str, logs: Logs) -> str:
    """How a sentence about a figure that the logs do not hold ends.

    Example:

        >>> missing("val_loss", {"loss": 1.0})
        'this epoch does not have: pass validation_data to fit, and validation_freq=1. It has: loss.'
        >>> missing("mea", {"mae": 1.0})
        "is not among the figures of this training. Did you mean 'mae'? There are: mae."
    """
    names = ", ".join(sorted(logs))
    if name.startswith("val_") and name[4:] in logs:
        return (
            f"this epoch does not have: pass validation_data to fit, and validation_freq=1. It has: {names}."
        )
    return f"is not among the figures of this training.{suggestion(name, logs)} There are: {names}."
