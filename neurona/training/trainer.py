"""Trainer: what gives a model fit, evaluate and predict."""

import contextlib
import functools
from typing import Any

import jax

from neurona.callbacks import Callback, CallbackList, History
from neurona.config import max_steps_per_epoch
from neurona.core.spellings import spelled
from neurona.core.texts import Hosted, reading, values_of_texts
from neurona.tracebacks import ends_at_users_line
from neurona.training.advice import advise
from neurona.training.batches import Batches
from neurona.training.checks import check_counts, check_inputs, check_shapes, fewest, rows_in_batch
from neurona.training.class_weights import ClassWeights
from neurona.training.compiled_model import CompiledModel
from neurona.training.conversion import is_stream, to_numpy
from neurona.training.data import TrainingData, batches_of, note_batch_size
from neurona.training.fit import Fit, as_list, evaluate, progress_bar
from neurona.training.frames import check_columns, column_names
from neurona.training.hosting import Host, read_inputs
from neurona.training.loop import Pass
from neurona.training.model_learner import ModelLearner
from neurona.training.prediction import Predictor, predict_arrays, predict_stream
from neurona.training.programs import refuse_fork
from neurona.training.streams import StreamBatches

_NOBODY = CallbackList()  # where no callback was given


class Trainer(CompiledModel):
    """A layer that can be trained: it knows about data, but not about its architecture."""

    _fit: Fit | None = None  # while fit runs
    _predictor: Predictor | None = None
    _host = Host()
    _untracked = (*CompiledModel._untracked, "_fit", "_predictor", "_host")

    # fit

    @ends_at_users_line
    @spelled
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> History:
        """Train.

        Args:
            x: arrays, frames, or lists or dictionaries of them for several inputs; or anything that yields
                batches `(x, y)` or `(x, y, sample_weight)`: a generator, a PyDataset, a torch DataLoader.
                Arrays that are mapped from files (`np.load(path, mmap_mode="r")`), or too large for the
                device's memory, are read batch by batch while others train.
            y: the targets, where x does not bring them.
            batch_size: rows in a step, 32 by default.
            epochs: the number of the last epoch.
            verbose: 0 silent, 1 a progress bar, 2 a line per epoch, "auto" 1.
            callbacks: a list of them.
            validation_split: the fraction of the rows, from the end, that is kept for validation.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a source of batches.
            shuffle: whether the rows come in a new order every epoch.
            class_weight: `{class: weight}`, or "balanced".
            sample_weight: a weight per row (or per row and time step).
            initial_epoch: the number of the first epoch, when resuming.
            steps_per_epoch, validation_steps: batches in an epoch, if not all.
            validation_batch_size: as batch_size, for validation.
            validation_freq: validate every n-th epoch, or in the epochs (counted from 1) of a list.

        Returns:
            The `History`: what every epoch's logs held.

        Raises:
            ArgumentError: epochs, or another number, is not a whole one in its range.
            DataError: the data does not fit the model or the loss; nothing was trained.
            NonFiniteError: a NaN or an infinity arose; the weights are those before it.
        """
        refuse_fork()
        self._compiled_learner("fit")
        counts = {"epochs": epochs, "steps_per_epoch": steps_per_epoch, "validation_steps": validation_steps}
        check_counts("fit", initial_epoch, counts)
        check_columns(self._columns, x, "x")
        data = TrainingData.of(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            shuffle=shuffle,
            class_weight=ClassWeights.for_loss(class_weight, self.loss),
            steps=fewest(steps_per_epoch, max_steps_per_epoch()),
            validation_split=validation_split,
            validation_data=validation_data,
            validation_batch_size=validation_batch_size,
            validation_steps=validation_steps,
            validation_freq=validation_freq,
            read=functools.partial(read_inputs, self),
            own_steps=[kind for kind in ("train", "test") if self._own_step(kind)],
        )
        learner = ready_learner(self, data.train, advises=True)
        self._note_data(x, data, validation_data)
        self._fit = Fit(
            learner, data, callbacks, model=self, epochs=epochs, initial_epoch=initial_epoch, verbose=verbose
        )
        self.history = self._fit.history
        try:
            return self._fit.run()
        finally:
            self._fit = None

    def _note_data(self, x: Any, data: TrainingData, validation_data: Any) -> None:
        """Look at the validation data as at those to train on, and keep the names of the columns."""
        if isinstance(validation_data, (tuple, list)) and validation_data:
            check_columns(column_names(x), validation_data[0], "validation_data[0]")
        if data.validation is not None:
            self._check_targets(data.validation.first_look())
        self._columns = column_names(x) or self._columns

    # evaluate and predict

    @ends_at_users_line
    @spelled
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and the metrics on data that is not trained on.

        Args:
            x, y, sample_weight, batch_size, verbose, callbacks: as in `fit`.
            steps: batches, if not all.
            return_dict: a dictionary by name instead of a list.

        Returns:
            The loss, or a list of the loss and the metrics, or a dictionary.
        """
        refuse_fork()
        check_counts("evaluate", 0, {"steps": steps})
        steps = fewest(steps, max_steps_per_epoch())
        self._compiled_learner("evaluate")
        check_columns(self._columns, x, "x")
        with contextlib.closing(
            batches_of(
                x,
                y,
                sample_weight,
                batch_size=batch_size,
                steps=steps,
                read=functools.partial(read_inputs, self),
                whole=self._own_step("test") is not None,
            )
        ) as batches:
            learner = ready_learner(self, batches)
            shown = [*progress_bar(verbose), *as_list(callbacks)]
            watchers = self._watchers(shown, batches.steps, verbose)
            with self._metrics_kept_in_fit():
                logs = evaluate(learner, batches, watchers)
        return self._in_order(logs, return_dict)

    def _watchers(self, given: list[Callback], steps: int | None, verbose: Any) -> CallbackList:
        if not given:
            return _NOBODY
        return CallbackList(given, model=self, steps=steps, verbose=verbose).attach(self._fit)

    def _metrics_kept_in_fit(self) -> contextlib.AbstractContextManager[None]:
        """Where a callback evaluates while `fit` runs: leaves the epoch's own figures as they are."""
        return (
            self._compiled_learner("fit").kept_metrics()
            if self._fit is not None
            else contextlib.nullcontext()
        )

    def _in_order(self, logs: dict[str, float], return_dict: bool) -> Any:
        """The loss, each output's loss, the metrics in the order of compile, the model's own metrics in their
        order, and what else there is.
        """
        if return_dict:
            return dict(sorted(logs.items()))
        trackers = [tracker.name for tracker in self._compiled_loss.trackers] if self._compiled_loss else []
        first = ["loss", *trackers, *(self._compiled_metrics.names if self._compiled_metrics else [])]
        own = [metric.name for metric in self.metrics]
        ordered = [logs[name] for name in dict.fromkeys([*first, *own, *logs]) if name in logs]
        return ordered[0] if len(ordered) == 1 else ordered

    @ends_at_users_line
    @spelled
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for data, as NumPy arrays.

        Args:
            x, verbose, callbacks: as in `fit`.
            batch_size: rows computed at a time, 32 by default.
            steps: batches, if not all.
        """
        refuse_fork()
        if steps is not None:
            check_counts("predict", 0, {"steps": steps})
        steps = fewest(steps, max_steps_per_epoch())
        if self.stop_predicting:  # any assignment to a model makes it look for new parts
            self.stop_predicting = False
        check_columns(self._columns, x, "x")
        given = [*progress_bar(verbose), *as_list(callbacks)]
        watchers = functools.partial(self._watchers, given, verbose=verbose)
        rows = rows_in_batch(batch_size)
        if is_stream(x):
            note_batch_size(batch_size)
            batches = StreamBatches(x, steps, read=functools.partial(read_inputs, self))
            self._ensure_built(batches.example().x)
            return predict_stream(self._current_predictor(), batches, watchers(batches.steps))
        arrays = read_inputs(self, x)
        check_shapes(self, arrays)
        self._ensure_built(arrays)
        check_inputs(self, arrays)
        return predict_arrays(self._current_predictor(), arrays, rows, steps, watchers)

    def _current_predictor(self) -> Predictor:
        if self._predictor is None or not self._predictor.is_valid():
            self._predictor = Predictor(self)
        return self._predictor

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the model on arrays or symbolic tensors; plain lists of numbers or texts count as arrays."""
        if args and isinstance(args[0], Hosted):
            inputs, made = args[0].parts
            with reading(made):
                return super().__call__(inputs, *args[1:], **kwargs)
        if (
            args
            and isinstance(args[0], (list, tuple))
            and not any(hasattr(leaf, "shape") for leaf in jax.tree.leaves(args[0]))
        ):
            args = (values_of_texts(to_numpy(args[0], "inputs", keeps_texts=True)), *args[1:])
        return super().__call__(*args, **kwargs)

    # One batch at a time.

    def _one_batch(
        self, kind: str, x: Any, y: Any, sample_weight: Any, class_weight: Any, return_dict: bool
    ) -> Any:
        learner = self._compiled_learner(f"{kind}_on_batch")
        batches = StreamBatches(
            [(x, y, sample_weight)],
            class_weight=ClassWeights.for_loss(class_weight, self.loss),
            read=functools.partial(read_inputs, self),
            whole=self._own_step(kind) is not None,
        )
        self._prepare(batches.example())
        steps = Pass(learner, kind, CallbackList(model=self), learner.steps_trained)
        with self._metrics_kept_in_fit():
            learner.reset_metrics()
            logs = steps.run(batches)
        if kind == "train":
            learner.steps_trained += steps.done
        return self._in_order(logs, return_dict)

    @ends_at_users_line
    @spelled
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One step of training; returns the loss and metrics of the batch."""
        return self._one_batch("train", x, y, sample_weight, class_weight, return_dict)

    @ends_at_users_line
    @spelled
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """The loss and metrics of one batch, without training."""
        return self._one_batch("test", x, y, sample_weight, None, return_dict)

    @ends_at_users_line
    def predict_on_batch(self, x: Any) -> Any:
        """The outputs of one batch."""
        arrays = read_inputs(self, x)
        return self.predict(arrays, batch_size=max(1, jax.tree.leaves(arrays)[0].shape[0]), verbose=0)


def ready_learner(model: Trainer, batches: Batches, advises: bool = False) -> ModelLearner:
    """A compiled model as a learner, built for these batches, which fit its losses.

    Args:
        model: compiled.
        batches: what it will see.
        advises: whether to warn of what is hardly ever meant.

    Raises:
        NotBuiltError: the model is not compiled.
        DataError: the batches do not fit the model or its losses.
    """
    example = batches.example()
    check_shapes(model, example.x)
    model._prepare(example)
    model._check_targets(batches.first_look())
    if advises:
        advise(model, batches.first_look())
    return learner_of(model)


def learner_of(model: Trainer) -> ModelLearner:
    """A compiled model as a learner; raises NotBuiltError if it is not compiled."""
    return model._compiled_learner("fit")
