"""Fit: a training in progress, of a model or of the members of an ensemble."""

import time
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any

import numpy as np

from neurona.callbacks import Callback, CallbackList, History, ProgbarLogger
from neurona.callbacks.figures import Figures
from neurona.config import max_epochs
from neurona.tracebacks import warn
from neurona.training.batches import ArrayBatches
from neurona.training.data import TrainingData
from neurona.training.diagnosis import where_not_finite
from neurona.training.learner import Learner
from neurona.training.loop import EPOCHS_AT_ONCE, Pass, run_epochs
from neurona.training.placement import Placement
from neurona.training.position import FitPosition


class Fit:
    """A training in progress: what learns, its data, its position and its callbacks.

    Args:
        learner: what is trained, ready for the data.
        data: what it is trained and validated on.
        callbacks: a callback or a list of them.
        model: what the callbacks know as `self.model`.
        epochs: the number of the last epoch.
        initial_epoch: the number of the first epoch.
        verbose: 0 silent, 1 a progress bar, 2 a line per epoch, "auto" 1.

    Attributes:
        history: the `History`, which `run` fills.
        interrupted: whether `run` was left by an exception, or is not over.
    """

    def __init__(
        self,
        learner: Learner,
        data: TrainingData,
        callbacks: Callback | Sequence[Callback] | None,
        *,
        model: Any,
        epochs: int,
        initial_epoch: int = 0,
        verbose: Any = "auto",
    ) -> None:
        epochs = min(epochs, max_epochs() or epochs)
        self.learner, self.data, self.epochs = learner, data, epochs
        self.history, self.interrupted = History(), True
        given = as_list(callbacks)
        params = {"epochs": epochs, "steps": data.train.steps, "verbose": 1 if verbose == "auto" else verbose}
        shown = [*given, *progress_bar(verbose, given), self.history]
        self.callbacks = CallbackList(shown, model=model, **params).attach(self)
        self.position = FitPosition(learner, data, self.callbacks, initial_epoch)
        self._first_epoch, self._logs = initial_epoch, {}
        self._has_told_of_nan = False

    # For callbacks.

    @property
    def steps_trained(self) -> int:
        """The steps since `compile`; during an epoch, those before it."""
        return self.learner.steps_trained

    def stop_quietly_on_nan(self, quietly: bool) -> None:
        """Whether to end at a NaN without an error."""
        self.learner.stops_quietly_on_nan = quietly

    def identify(self) -> None:
        """Note what is trained, and on what data, for `checkpoint` and `resume`. To be called in
        `on_train_begin`, before the model changes.
        """
        _ = self.position.identity

    def checkpoint(self, step: int = 0) -> dict[str, Any]:
        """All that a later fit needs to go on from here with the same bits, as plain values and arrays.

        Args:
            step: the steps done in this epoch, when not at an epoch's end.
        """
        return self.position.checkpoint(step)

    def resume(self, checkpoint: Mapping[str, Any]) -> None:
        """Go on where `checkpoint` was called; to be called in `on_train_begin`.

        Raises:
            SavingError: the checkpoint was made for another model or other data.
        """
        self.position.resume(dict(checkpoint))

    # The training.

    def run(self) -> History:
        """Train, epoch by epoch, and return the history."""
        learner, position, placement = self.learner, self.position, Placement.current()
        learner.stop_training = learner.stops_quietly_on_nan = False
        if not placement.is_single:
            learner.load_training_state(placement.put_state(learner.training_state()))
        self.callbacks.call("on_train_begin", None)
        try:
            if self.callbacks.callbacks == [self.history]:
                self._run_fused_epochs()
            while position.epoch < self.epochs and not self._has_ended():
                self._run_epoch()
            if position.epoch > self._first_epoch:
                learner.finish()
            self.interrupted = False
        finally:
            self.callbacks.call("on_train_end", self._logs)
            if not placement.is_single:
                learner.load_training_state(placement.take_back(learner.training_state()))
            self.callbacks.release()
            self.data.close()
        return self.history

    def _has_ended(self) -> bool:
        """Whether a callback, or the end of the data, ended the training before its last epoch."""
        if self.learner.stop_training:
            return True
        if self.data.train.exhausted:
            warn(
                f"The data ran out after epoch {self.position.epoch} of {self.epochs}: an iterator "
                "can be used once. Pass what can be iterated over again (a PyDataset, a list, a "
                "DataLoader), or an endless generator and steps_per_epoch."
            )
            return True
        return False

    def _run_fused_epochs(self) -> None:
        """Run many epochs as one program, because no callback waits for the end of each.

        Leaves the rest to `_run_epoch` where the data are not small or a number is not finite.
        """
        train, validation = self.data.train, self.data.validation
        if not (self.data.is_small and isinstance(train, ArrayBatches)):
            return
        if not isinstance(validation, (ArrayBatches, NoneType)):
            return
        if not self.learner.fuses_epochs(train.order.rows, many=True):
            return
        sizer = self.learner.chunk_sizer("epochs", train.order.rows)
        while self.position.epoch < self.epochs:
            count = min(self.epochs - self.position.epoch, EPOCHS_AT_ONCE, sizer.steps)
            began = time.perf_counter()
            logs_of_epochs = run_epochs(self.learner, train, validation, count)
            if not logs_of_epochs:
                return
            sizer.learn(count, time.perf_counter() - began)
            self._tell_of_nan(logs_of_epochs[-1])
            for self._logs in map(Figures, logs_of_epochs):
                self.learner.steps_trained += train.steps
                self.callbacks.call("on_epoch_end", self.position.epoch, self._logs)
                self.position.end_epoch()

    def _tell_of_nan(self, logs: Mapping[str, Any]) -> None:
        """Warn once where the validation's loss is no number."""
        if self._has_told_of_nan or np.any(np.isfinite(logs.get("val_loss", 0.0))):
            return
        self._has_told_of_nan = True
        looked_at = self.data.validation.first_look() if self.data.validation else None
        warn(f"The loss of the validation data is {logs['val_loss']}: {where_not_finite(looked_at)}")

    def _run_epoch(self) -> None:
        number = self.position.epoch
        self.learner.reset_metrics()
        self.callbacks.call("on_epoch_begin", number, None)
        self.position.begin_epoch()
        done, logs = self._train()
        self.learner.steps_trained += done
        self.position.end_epoch()
        stopped_at_nan = self.learner.stop_training and not np.any(np.isfinite(logs.get("loss", 0.0)))
        if logs and self.data.validates_after(number) and not stopped_at_nan:
            validated = evaluate(self.learner, self.data.validation, self.callbacks)
            logs |= {f"val_{name}": value for name, value in validated.items()}
            self._tell_of_nan(logs)
        self._logs = Figures(sorted(logs.items()))
        if done:
            self.callbacks.call("on_epoch_end", number, self._logs)

    def _train(self) -> tuple[int, dict[str, Any]]:
        """Run the steps of an epoch that are not done yet. Returns how many are done, and the figures."""
        learner, train, done = self.learner, self.data.train, self.position.step
        waits = self.callbacks.steps_until_due("train", 0) is not None
        if (
            isinstance(train, ArrayBatches)
            and train.is_small
            and not (done or waits or learner.stop_training)
        ):
            fused = learner.fuses_epochs(train.order.rows, many=False) and run_epochs(learner, train, None, 1)
            if fused:
                self.callbacks.call("_on_chunk_end", train.steps, lambda: fused[0])
                return train.steps, fused[0]
        steps = Pass(learner, "train", self.callbacks, learner.steps_trained, done)
        logs = steps.run(train)
        return steps.done, logs


def evaluate(learner: Learner, batches: Any, callbacks: CallbackList) -> dict[str, Any]:
    """One pass over batches without training, and its figures."""
    learner.reset_metrics()
    learner.stop_evaluating = False
    batches.rewind()
    callbacks.call("on_test_begin", None)
    logs = Pass(learner, "test", callbacks).run(batches)
    callbacks.call("on_test_end", logs)
    return logs


def as_list(callbacks: Any) -> list[Any]:
    """Callbacks as a list, however they were given."""
    if isinstance(callbacks, CallbackList):
        return callbacks.callbacks
    return (
        list(callbacks) if isinstance(callbacks, (list, tuple)) else [] if callbacks is None else [callbacks]
    )


def progress_bar(verbose: Any, given: Sequence[Any] = ()) -> list[Callback]:
    """The progress bar that `verbose` asks for, unless one was given."""
    has_one = any(isinstance(callback, ProgbarLogger) for callback in given)
    return [] if verbose == 0 or has_one else [ProgbarLogger(verbose=verbose)]
