"""CallbackList: calls callbacks one after the other, in `fit` and in a training loop of one's own."""

from collections.abc import Callable, Mapping
from typing import Any, Self

import jax

from neurona.callbacks.callback import HOOKS, Callback, History, Logs
from neurona.callbacks.figures import Figures
from neurona.callbacks.progress import ProgbarLogger
from neurona.core.errors import ArgumentError


class CallbackList(Callback):
    """Calls each callback in turn; it is a callback itself.

    Args:
        callbacks: a callback, or a list of them; those with `_runs_last` come after the others.
        add_history: whether to add a `History` if there is none.
        add_progbar: whether to add a `ProgbarLogger` if there is none.
        model: what they are told is being trained.
        **params: what they are told about the training, such as `epochs=10, steps=100, verbose=1`.

    Attributes:
        callbacks: the callbacks, in the order in which they are called.

    Raises:
        ArgumentError: one of them is no `Callback`.

    Example:

        >>> history = History()
        >>> callbacks = CallbackList([history], epochs=1)
        >>> callbacks.on_train_begin()
        >>> callbacks.on_epoch_end(0, {"loss": 0.5})
        >>> history.history
        {'loss': [0.5]}
    """

    _listeners: Mapping[str, list[tuple[int, Callback]]] = {kind: [] for kind in HOOKS}

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        self.callbacks: list[Callback] = []
        self._steps = 0  # of training, in a loop of the user's
        for callback in jax.tree.leaves(callbacks) if callbacks else ():
            self._add(callback)
        for wanted, kind in ((add_history, History), (add_progbar, ProgbarLogger)):
            if wanted and not any(isinstance(callback, kind) for callback in self.callbacks):
                self._add(kind())
        if self.callbacks:
            self._find_listeners()
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def append(self, callback: Callback) -> None:
        """Add a callback."""
        self._add(callback)
        self._find_listeners()

    def _add(self, callback: Any) -> None:
        if isinstance(callback, CallbackList):
            self.callbacks += callback.callbacks
        elif isinstance(callback, Callback):
            self.callbacks.append(callback)
        else:
            hint = " Make an object of it: callbacks=[Name()]." if isinstance(callback, type) else ""
            raise ArgumentError(
                f"callbacks takes objects of neurona.callbacks.Callback. Received: {callback!r}.{hint}"
            )

    def _find_listeners(self) -> None:
        self.callbacks.sort(key=lambda callback: callback._runs_last)
        self._listeners = {kind: self._listening(hooks) for kind, hooks in HOOKS.items()}

    def set_model(self, model: Any) -> None:
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def attach(self, fit: Any) -> Self:
        """Let the callbacks know the training in progress, for those that save and resume it."""
        for callback in self.callbacks:
            callback._fit = fit
        return self

    def release(self) -> None:
        """Let the callbacks forget the training, which holds its data."""
        self.attach(None)

    def call(self, moment: str, *args: Any) -> None:
        """Call one moment, such as `"on_epoch_end"`, on all; logs that are None arrive as an empty
        dictionary.
        """
        for callback in self.callbacks:
            getattr(callback, moment)(*({} if argument is None else argument for argument in args))

    def _listening(self, hooks: tuple[str, ...]) -> list[tuple[int, Callback]]:
        """The callbacks that override one of the hooks, each with its interval."""
        return [
            (callback._batch_interval, callback)
            for callback in self.callbacks
            if callback._batch_interval
            and any(
                getattr(getattr(callback, hook), "__func__", None) is not getattr(Callback, hook)
                for hook in hooks
            )
        ]

    def steps_until_due(self, kind: str, step: int) -> int | None:
        """How many steps may run before a batch hook must be called, or None for any number.

        Args:
            kind: "train", "test" or "predict".
            step: the number of steps before; intervals count over all epochs.
        """
        return min((interval - step % interval for interval, _ in self._listeners[kind]), default=None)

    def call_batch(
        self, moment: str, batch: int, step: int, count: int = 1, logs: Callable[[], Logs] | None = None
    ) -> None:
        """Call a batch hook on the callbacks whose turn it is; the logs are computed only for them.

        Args:
            moment: such as `"on_train_batch_end"`.
            batch: the number that the hook is given.
            step: the number of the first of the steps that the call stands for, counted over all epochs.
            count: how many steps it stands for.
            logs: computes the logs.
        """
        listeners = self._listeners[moment.split("_")[1]]
        if not listeners:
            return
        at_end = moment.endswith("end")
        due = [
            callback
            for interval, callback in listeners
            if ((step % interval + count >= interval) if at_end else (-step % interval < count))
        ]
        if due:
            values = Figures(logs() if logs else {})
            for callback in due:
                getattr(callback, moment)(batch, values)

    # In a loop of the user's: what `fit` calls through `BatchCalls`.

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self.call_batch("on_train_batch_begin", batch, self._steps, logs=lambda: logs or {})

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._end_of_batch("on_train_batch_end", batch, self._steps, logs)
        self._steps += 1

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self.call_batch("on_test_batch_begin", batch, batch, logs=lambda: logs or {})

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._end_of_batch("on_test_batch_end", batch, batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self.call_batch("on_predict_batch_begin", batch, batch, logs=lambda: logs or {})

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._end_of_batch("on_predict_batch_end", batch, batch, logs)

    def _end_of_batch(self, moment: str, batch: int, step: int, logs: Logs | None) -> None:
        self.call_batch(moment, batch, step, logs=lambda: logs or {})
        self.call("_on_chunk_end", batch + 1, lambda: logs or {})

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.on_train_batch_end(batch, logs)


def _calling(moment: str) -> Callable[..., None]:
    def call(self: CallbackList, logs: Logs | None = None) -> None:
        self.call(moment, logs)

    def call_of_epoch(self: CallbackList, epoch: int, logs: Logs | None = None) -> None:
        self.call(moment, epoch, logs)

    chosen = call_of_epoch if "epoch" in moment else call
    chosen.__doc__ = getattr(Callback, moment).__doc__
    return chosen


for _kind in ("epoch", "train", "test", "predict"):
    for _end in ("begin", "end"):
        setattr(CallbackList, f"on_{_kind}_{_end}", _calling(f"on_{_kind}_{_end}"))


class BatchCalls:
    """Calls the batch hooks of one pass: before and after every `steps_per_execution` batches.

    Args:
        callbacks: whom to call.
        kind: "train", "test" or "predict".
        size: the batches between two calls. With 1, a callback's own `_batch_interval` counts alone.
        steps_before: the steps before this pass, for the intervals.

    Example:

        >>> class Watch(Callback):
        ...     def on_test_batch_end(self, batch, logs=None):
        ...         print("end of batch", batch)
        >>> calls = BatchCalls(CallbackList([Watch()]), "test", size=3)
        >>> for batch in range(4):
        ...     calls.begin(batch)
        ...     calls.end(batch)
        end of batch 2
        >>> calls.close()
        end of batch 5
    """

    def __init__(self, callbacks: CallbackList, kind: str, size: int = 1, steps_before: int = 0) -> None:
        self._callbacks, self._kind, self._size, self._steps_before = callbacks, kind, size, steps_before
        self._first: int | None = None  # of the batches between two calls
        self._last = 0

    def room(self, batch: int) -> int | None:
        """How many batches from this one on may run before a hook must be called, or None for any number."""
        until_due = self._callbacks.steps_until_due(self._kind, self._steps_before + batch)
        if until_due is None or self._size == 1:
            return until_due
        first = batch if self._first is None else self._first
        return first + self._size - batch

    def begin(self, batch: int) -> None:
        """To be called before a batch runs, or before several that `room` allows."""
        if self._first is None:
            self._first = batch
            moment = f"on_{self._kind}_batch_begin"
            self._callbacks.call_batch(moment, batch, self._steps_before + batch, self._size)

    def end(self, batch: int, logs: Callable[[], Logs] | None = None) -> None:
        """To be called after them, with the number of the last."""
        self._last = batch
        if self._first is not None and batch + 1 - self._first >= self._size:
            self.close(logs)

    def close(self, logs: Callable[[], Logs] | None = None) -> None:
        """Call the hooks for the last batches, which may be fewer. As in Keras, they are told the number that
        the last would have in a full execution.
        """
        if self._first is None:
            return
        first, self._first = self._first, None
        number, count = max(self._last, first + self._size - 1), self._last + 1 - first
        moment, step = f"on_{self._kind}_batch_end", self._steps_before + first
        self._callbacks.call_batch(moment, number, step, count, logs)
