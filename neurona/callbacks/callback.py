"""Callback and History."""

import functools
import html
import inspect
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from neurona.callbacks.figures import Figures
from neurona.core.errors import UnexpectedArgument, suggestion
from neurona.core.spellings import spelled, todays

Logs = dict[str, Any]
_EPOCHS_SHOWN = 20
HOOKS = {
    kind: tuple(f"on_{name}batch_{end}" for name in names for end in ("begin", "end"))
    for kind, names in {"train": ("", "train_"), "test": ("test_",), "predict": ("predict_",)}.items()
}


class Callback:
    """The base of all callbacks: override the moments that matter.

    Training runs many steps as one program. A callback that overrides a batch hook is called after every
    step, which costs speed. Set `_batch_interval = n` to be called after every n-th step only.
    `_on_chunk_end` is called whenever the host looks in, several times a second, at no cost.

    Attributes:
        model: what is being trained.
        params: a dictionary with `epochs`, `steps` and `verbose`.
        _batch_interval: how often the batch hooks are called; None where none is overridden, or none shall be
            called.
        _runs_last: whether all other callbacks are called before this one.

    Raises:
        UnexpectedArgument: the constructor has no such argument.

    Example:

        >>> class Stop(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         self.model.stop_training = epoch == 2
        >>> Stop()._batch_interval is None
        True
    """

    _batch_interval: int | None = None
    _runs_last = False
    model: Any = None
    params: dict[str, Any] = {}
    _fit: Any = None  # the training in progress, a `neurona.training.fit.Fit`, if there is one

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        hooks = [hook for group in HOOKS.values() for hook in group]
        if cls._batch_interval is None and any(hook in cls.__dict__ for hook in hooks):
            cls._batch_interval = 1
        if "__init__" in cls.__dict__ and cls.__module__.startswith("neurona."):
            type.__setattr__(cls, "__init__", spelled(cls.__dict__["__init__"]))

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        if kwargs and (known := _constructor_arguments(cls)) is not None:
            refuse_unknown(cls, todays(cls.__init__, args, kwargs)[1], known)
        return super().__new__(cls)

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

    def _on_chunk_end(self, step: int, logs: Callable[[], Logs]) -> None:
        """After steps that ran as one program: `step` counts the epoch's so far, `logs()` computes the means
        so far.
        """

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

    def _get_state(self) -> dict[str, Any]:
        """What this callback must remember for training to resume where it stopped: plain values and
        arrays.
        """
        return {}

    def _set_state(self, state: dict[str, Any]) -> None:
        """Restore what `_get_state` returned."""


@functools.cache
def _constructor_arguments(cls: type) -> list[str] | None:
    """The names of the arguments of a class's constructor; None where it takes any."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return [parameter.name for parameter in parameters]


def refuse_unknown(cls: type, given: Any, known: list[str]) -> None:
    """Raise `UnexpectedArgument`, with a suggestion, for a name that is not among the known ones."""
    for name in given:
        if name not in known:
            raise UnexpectedArgument(
                f"{cls.__name__} has no argument {name!r}.{suggestion(name, known)} It takes: "
                f"{', '.join(known)}."
            )


class History(Callback):
    """Keeps the logs of every epoch; `fit` returns one.

    Attributes:
        epoch: the numbers of the epochs.
        history: for each name in the logs, its values epoch by epoch.
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = Figures()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch, self.history = [], Figures()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        last = "".join(f" {name}={values[-1]:.4g}" for name, values in self._figures())
        return f"<History epochs={len(self.epoch)}{last}>"

    def _repr_html_(self) -> str:
        """The figures of the epochs as a table, for notebooks; of many epochs the last ones."""
        figures, shown = self._figures(), slice(-_EPOCHS_SHOWN, None)
        head = "".join(f"<th>{html.escape(name)}</th>" for name in ["epoch", *dict(figures)])
        rows = zip(self.epoch[shown], *(values[shown] for _, values in figures))
        body = "".join(
            f"<tr><td>{epoch + 1}</td>{''.join(f'<td>{value:.4g}</td>' for value in values)}</tr>"
            for epoch, *values in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _figures(self) -> list[tuple[str, list[float]]]:
        """The names and values that are one number for every epoch."""
        return [
            (name, values)
            for name, values in self.history.items()
            if len(values) == len(self.epoch) and all(np.ndim(value) == 0 for value in values)
        ]

    def _get_state(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "history": self.history}

    def _set_state(self, state: dict[str, Any]) -> None:
        self.epoch, self.history = (
            list(state["epoch"]),
            {name: list(values) for name, values in state["history"].items()},
        )
