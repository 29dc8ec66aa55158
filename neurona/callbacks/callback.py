"""Callback, the list that calls them, and History."""

from collections.abc import Callable
from typing import Any

Logs = dict[str, Any]
_BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")


class Callback:
    """The base of all callbacks: override the moments that matter.

    Training runs many steps as one program. A callback that overrides a batch hook is called after every step, which costs speed;
    set `batch_interval = n` to be called after every n-th step only. `on_chunk_end` comes whenever the host looks in anyway, several times
    a second, at no cost.

    Attributes:
        model: what is being trained.
        params: a dictionary with `epochs`, `steps` and `verbose`.

    Example:

        >>> class Stop(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         self.model.stop_training = epoch == 2
        >>> Stop().batch_interval is None
        True
    """

    batch_interval: int | None = None
    model: Any = None
    params: dict[str, Any] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "batch_interval" not in cls.__dict__ and any(hook in cls.__dict__ for hook in _BATCH_HOOKS):
            cls.batch_interval = 1

    def set_model(self, model: Any) -> None:
        """Learn which model is trained."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Learn how it is trained."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch; also when training was stopped or interrupted."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation; logs hold the epoch's means."""

    def on_chunk_end(self, step: int, logs: Callable[[], Logs]) -> None:
        """After steps that ran as one program: `step` counts the epoch's so far, `logs()` computes the means so far."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """An older name of on_train_batch_begin."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """An older name of on_train_batch_end."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a step of training."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a step of training; logs hold the epoch's means so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before an evaluation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After an evaluation."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of an evaluation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of a prediction."""

    def get_state(self) -> dict[str, Any]:
        """What this callback must remember for training to resume where it stopped: plain values and arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_state` returned."""


class History(Callback):
    """Keeps the logs of every epoch; `fit` returns one.

    Attributes:
        epoch: the numbers of the epochs.
        history: for each name in the logs, its values epoch by epoch.
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch, self.history = [], {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def get_state(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "history": self.history}

    def set_state(self, state: dict[str, Any]) -> None:
        self.epoch, self.history = list(state["epoch"]), {name: list(values) for name, values in state["history"].items()}


class CallbackList:
    """Calls each callback in turn.

    Args:
        callbacks: the callbacks.
        model: what they are told is being trained.
        params: what they are told about the training.
    """

    def __init__(self, callbacks: list[Callback], model: Any, params: dict[str, Any]) -> None:
        self.callbacks = callbacks
        for callback in callbacks:
            callback.set_model(model)
            callback.set_params(params)
        intervals = [callback.batch_interval for callback in callbacks if callback.batch_interval]
        self.batch_interval = min(intervals) if intervals else None

    def call(self, moment: str, *args: Any) -> None:
        """Call one moment, such as `"on_epoch_end"`, on all."""
        for callback in self.callbacks:
            getattr(callback, moment)(*args)

    def call_batch(self, moment: str, batch: int, logs: Callable[[], Logs] | None = None) -> None:
        """Call a batch hook on the callbacks whose turn it is; the logs are computed only for them."""
        offset = 1 if moment.endswith("end") else 0
        due = [one for one in self.callbacks if one.batch_interval and (batch + offset) % one.batch_interval == 0]
        if due:
            values = logs() if logs else None
            for callback in due:
                getattr(callback, moment)(batch, values)
