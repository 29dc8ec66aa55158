"""Trainer: what gives a model compile, fit, evaluate and predict."""

import contextlib
import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import optimizers
from neurona.callbacks import CallbackList, History, ProgbarLogger
from neurona.core.errors import DataError, NotBuiltError, UnexpectedArgument, suggestion
from neurona.core.layer import Layer
from neurona.core.random import new_key
from neurona.core.registry import deserialize, serialize
from neurona.core.scope import Scope
from neurona.core.variable import Variable
from neurona.metrics import Mean, Metric
from neurona.training.batches import (
    ArrayBatches,
    class_weights_to_sample_weights,
    is_stream,
    new_numpy_generator,
    split_validation,
    to_numpy,
    unpack,
)
from neurona.training.compiled import CompiledLoss, CompiledMetrics, Outputs
from neurona.training.loop import Epoch, Pace, epochs_alone, is_small
from neurona.training.prediction import Predictor, predict_arrays, predict_stream
from neurona.training.programs import program_for
from neurona.training.resuming import Place
from neurona.training.step import Program, TrainingState
from neurona.training.streams import RowBatches, StreamBatches, batches_of

Batches = ArrayBatches | RowBatches | StreamBatches


def refuse_unknown(function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Raise `UnexpectedArgument`, with a suggestion, for arguments that a method does not have."""
    for name in given:
        known = [name for name in inspect.signature(function).parameters if name not in ("self", "unknown")]
        raise UnexpectedArgument(
            f"{function.__name__}() has no argument {name!r}.{suggestion(name, known)} It takes: "
            f"{', '.join(known)}."
        )


def _is_due(epoch: int, frequency: Any) -> bool:
    """Whether an epoch, numbered from 0, is one after which to validate."""
    return (
        (epoch + 1) in frequency
        if isinstance(frequency, (list, tuple, set))
        else (epoch + 1) % frequency == 0
    )


def _as_list(callbacks: Any) -> list[Any]:
    return (
        list(callbacks) if isinstance(callbacks, (list, tuple)) else [] if callbacks is None else [callbacks]
    )


class Trainer(Layer):
    """A layer that can be trained: the part of a model that knows about losses, optimizers and data, but not
    about its architecture.
    """

    kind = "models"

    optimizer: Any = None
    loss: Any = None
    history: History | None = None
    stop_training = False
    steps_trained = 0  # since compile; during an epoch, those before it
    interrupted = False  # whether fit is running, or was ended by an exception
    stops_quietly_on_nan = False  # set by TerminateOnNaN: stop as Keras does instead of raising
    run_eagerly = False
    output_names: list[str] | None = None
    _compiled_loss: CompiledLoss | None = None
    _compiled_metrics: CompiledMetrics | None = None
    _program: Program | None = None
    _predictor: Predictor | None = None
    _place: Place | None = None
    _untracked = (
        *Layer._untracked,
        "optimizer",
        "history",
        "_place",
        "_compile_arguments",
        "_groups",
        "_predictor",
    )

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
        **unknown: Any,
    ) -> None:
        """Choose how the model is trained.

        Args:
            optimizer: a name, an optimizer, or any optax transformation.
            loss: a name, function or object; a list or dictionary of them for several outputs.
            loss_weights: a number per output.
            metrics: what to report: a list, or a list per output.
            weighted_metrics: metrics that see sample weights and class weights.
            run_eagerly: run each step uncompiled, to look inside with a debugger.
            steps_per_execution, jit_compile: accepted; many steps always run as one compiled program.
            auto_scale_loss: scale the loss dynamically under the mixed_float16 policy.

        Raises:
            ArgumentError: a name is not known; the message suggests the nearest.
            UnexpectedArgument: an argument does not exist.
        """
        refuse_unknown(Trainer.compile, unknown)
        self.optimizer = optimizers.get(optimizer)
        if (
            auto_scale_loss
            and self.dtype_policy.name == "mixed_float16"
            and not self.optimizer.skips_overflow
        ):
            self.optimizer = optimizers.LossScaleOptimizer(self.optimizer)
        CompiledLoss.check_names(loss)
        CompiledMetrics.check_names((metrics, weighted_metrics))
        self.loss, self.run_eagerly = loss, bool(run_eagerly)
        self._compile_arguments = {
            "optimizer": self.optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        self._loss_tracker = Mean(name="loss")
        self._compiled_loss, self._compiled_metrics = None, None
        self._loss_parts: list[Any] = []
        self._random_key: Any = None
        self.steps_trained = 0
        self._paces: dict[tuple[str, int], Pace] = {}
        self._groups: tuple[list[Variable], list[Variable], list[Variable]] = ([], [], [])
        self._fresh_metrics: list[Any] = []
        self._program, self._program_signature = None, None
        self.stop_training = False

    @property
    def compiled(self) -> bool:
        """Whether compile() was called."""
        return self.optimizer is not None

    def get_compile_config(self) -> dict[str, Any] | None:
        """What compile() was given, as plain values, or None."""
        return serialize(self._compile_arguments) if self.compiled else None

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as `get_compile_config` says."""
        self.compile(**deserialize(config))

    def _require_compiled(self, method: str) -> None:
        if not self.compiled:
            raise NotBuiltError(f"Call compile(optimizer=..., loss=...) before {method}().")

    # What a subclass may override, as in Keras.

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The number to minimize: the compiled loss, and what layers and regularizers add. Returns a
        scalar.
        """
        added = sum((jnp.asarray(loss, jnp.float32) for loss in self.losses), jnp.zeros((), jnp.float32))
        if self._compiled_loss is None or y is None:
            if not self.losses:
                raise DataError(
                    "There is nothing to minimize: no layer adds a loss, and y is missing. Call fit(x, y)."
                )
            return added
        value, self._loss_parts = self._compiled_loss(y, y_pred, sample_weight)
        return value + added

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Let the compiled metrics see a batch, and return all results so far."""
        if self._compiled_metrics is not None and y is not None:
            outputs = self._compiled_metrics.outputs
            targets = self._compiled_loss.targets(y) if self._compiled_loss else outputs.spread(y, "y")
            weights = outputs.spread(sample_weight, "sample_weight", share=True)
            self._compiled_metrics.update(targets, outputs.leaves(y_pred), weights)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The results of all metrics, by the names they have in logs."""
        logs: dict[str, Any] = {}
        named = (
            list(zip(self._compiled_metrics.names, self._compiled_metrics.metrics))
            if self._compiled_metrics
            else []
        )
        known = {id(metric) for _, metric in named}
        others = [metric for metric in self.metrics if id(metric) not in known]
        for name, metric in [*((metric.name, metric) for metric in others), *named]:
            result = metric.result()
            logs.update(result if isinstance(result, dict) else {name: result})
        return logs

    def custom_step(self, kind: str) -> Callable[..., Any] | None:
        """The model's own `train_step(state, data)` or `test_step(state, data)`, where it has one."""
        return getattr(self, f"{kind}_step", None)

    def take_loss_parts(self) -> list[Any]:
        """The losses per output that the last `compute_loss` found."""
        parts, self._loss_parts = self._loss_parts, []
        return parts

    def update_loss_trackers(self, loss: Any, parts: list[Any], rows: int) -> None:
        """Let the means of the loss, and of each output's, see a batch."""
        self._loss_tracker.update_state(loss, sample_weight=rows)
        if self._compiled_loss is not None:
            for tracker, value in zip(self._compiled_loss.trackers, parts):
                tracker.update_state(value, sample_weight=rows)

    # Metrics and state.

    @property
    def metrics(self) -> list[Metric]:
        """The metrics: the loss's mean, each output's, the compiled ones, and those that layers keep as
        attributes.
        """
        found: list[Metric] = []
        if self.compiled:
            found.append(self._loss_tracker)
            found += self._compiled_loss.trackers if self._compiled_loss else []
            found += self._compiled_metrics.metrics if self._compiled_metrics else []
        for layer in self._flatten_layers():
            found += [
                metric
                for name, metric in vars(layer).items()
                if isinstance(metric, Metric) and name != "_loss_tracker"
            ]
        return list(dict.fromkeys(found))

    @property
    def metrics_names(self) -> list[str]:
        """The names in the logs, in the order in which evaluate returns them."""
        return list(self.get_metrics_result())

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        for metric in self.metrics:
            metric.reset_state()

    def training_state(self) -> TrainingState:
        """All that training changes, as arrays."""
        trainable, others, metrics = ([variable.value for variable in group] for group in self._groups)
        return TrainingState(trainable, others, self.optimizer.state, metrics)

    def take_training_state(self, state: TrainingState) -> None:
        """Put the arrays of a state into the variables and the optimizer."""
        for variables, values in zip(self._groups, (state.trainable, state.non_trainable, state.metrics)):
            for variable, value in zip(variables, values):
                variable.take(value)
        self.optimizer.state = state.optimizer

    def pace(self, kind: str, rows: int) -> Pace:
        """How fast steps of this kind and batch size have run so far."""
        return self._paces.setdefault((kind, rows), Pace())

    def _prepare(self, example: Any) -> None:
        """Build the model, the loss, the metrics and the optimizer for batches like this one, and find the
        compiled program.
        """
        x, y, _ = example
        self.ensure_built(x)
        if self._compiled_metrics is None and y is not None:
            self._predictions = predictions = self.output_shapes(x)
            outputs = Outputs(predictions, self.output_names)
            arguments = self._compile_arguments
            if arguments["loss"] is not None:
                self._compiled_loss = CompiledLoss(arguments["loss"], arguments["loss_weights"], outputs)
                targets = self._compiled_loss.targets(y)
            else:
                targets = outputs.spread(y, "y")
            self._compiled_metrics = CompiledMetrics(
                arguments["metrics"],
                arguments["weighted_metrics"],
                outputs,
                targets,
                outputs.leaves(predictions),
            )
        if self._random_key is None:
            self._random_key = new_key()
        # Walking the tree of layers for its variables costs more than a small epoch, so it is done once per
        # call of fit.
        groups = self.trainable_variables, self.non_trainable_variables, self.metrics_variables
        self.optimizer.build(groups[0])
        if list(map(id, groups[2])) != list(map(id, self._groups[2])):
            self.reset_metrics()
            self._fresh_metrics = [variable.value for variable in groups[2]]
        self._groups = groups

    def check_targets(self, batch: Any) -> None:
        """Look at the labels before anything is trained on them; raises `DataError`."""
        _, y, _ = batch
        if self._compiled_loss is not None and y is not None:
            self._compiled_loss.check(y, self._predictions)
        elif self._compile_arguments["loss"] is not None:
            raise DataError("compile() was given a loss, but there are no targets: call fit(x, y).")

    def ensure_built(self, x: Any) -> None:
        """Create the weights from the shapes of a batch, if they do not exist yet."""
        if not self.built or not all(layer.built for layer in self._flatten_layers()):
            self.output_shapes(x)

    def output_shapes(self, x: Any) -> Any:
        """The shapes and dtypes of the predictions for a batch."""

        def run(arrays: Any) -> Any:
            with Scope({}, jax.random.key(0), 0, False):
                return self(arrays)

        return jax.eval_shape(run, jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), x))

    # fit

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
        **unknown: Any,
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
            DataError: the data does not fit the model or the loss; nothing was trained.
            NonFiniteError: a NaN or an infinity arose; the weights are those before it.
        """
        refuse_unknown(Trainer.fit, unknown)
        self._require_compiled("fit")
        batches, validation = self._batches_for_fit(
            x, y, sample_weight, batch_size, shuffle, class_weight, steps_per_epoch, validation_split, validation_data,
            validation_batch_size or batch_size, validation_steps,
        )  # fmt: skip
        example = batches.example()
        self._prepare(example)
        self.check_targets(batches.host if isinstance(batches, ArrayBatches) else example)
        if isinstance(validation, ArrayBatches):
            self.check_targets(validation.host)
        self.history = History()
        given = _as_list(callbacks)
        progress = (
            []
            if verbose == 0 or any(isinstance(one, ProgbarLogger) for one in given)
            else [ProgbarLogger(verbose=verbose)]
        )
        watchers = CallbackList(
            [*given, *progress, self.history],
            self,
            {"epochs": epochs, "steps": batches.steps, "verbose": 1 if verbose == "auto" else verbose},
        )
        self.stop_training, self.stops_quietly_on_nan, self.interrupted = False, False, True
        logs: dict[str, float] = {}
        self._place = place = Place(self, batches, watchers, initial_epoch)
        watchers.call("on_train_begin", None)
        try:
            whole = self._runs_whole_epochs(batches, watchers) and not steps_per_epoch
            alone = validation is None or (
                is_small(validation) and validation_freq == 1 and not validation_steps
            )
            if whole and alone and watchers.callbacks == [self.history]:
                for logs in epochs_alone(self, batches, validation, self._random_key, epochs - initial_epoch):
                    watchers.call("on_epoch_end", place.epoch, logs)
                    place.epoch += 1
            for number in range(place.epoch, epochs):
                self._reset_metrics_quickly()
                watchers.call("on_epoch_begin", number, None)
                place.begin_epoch()
                epoch = Epoch(
                    self,
                    self._current_program(),
                    "train",
                    watchers,
                    self._random_key,
                    self.steps_trained,
                    place.step,
                    whole,
                )
                logs = epoch.run(batches)
                self.steps_trained += epoch.done
                place.end_epoch()
                if (
                    validation is not None
                    and logs
                    and not self.stops_on_bad_loss(logs)
                    and _is_due(number, validation_freq)
                ):
                    logs |= {
                        f"val_{name}": value for name, value in self._evaluate(validation, watchers).items()
                    }
                logs = dict(sorted(logs.items()))
                if epoch.done:
                    watchers.call("on_epoch_end", number, logs)
                if self.stop_training:
                    break
                if isinstance(batches, StreamBatches) and batches.exhausted:
                    if number + 1 < epochs:
                        warnings.warn(
                            f"The data ran out after epoch {number + 1} of {epochs}: an iterator can be used "
                            "once. Pass what can be "
                            "iterated over again (a PyDataset, a list, a DataLoader), or an endless "
                            "generator and steps_per_epoch.",
                            stacklevel=2,
                        )
                    break
            if place.epoch > initial_epoch:
                self.optimizer.finalize_variable_values(self.trainable_variables)
            self.interrupted = False
        finally:
            watchers.call("on_train_end", logs)
            self._place = None
            for one in filter(None, (batches, validation)):
                one.close()
        return self.history

    def _runs_whole_epochs(self, batches: Batches, watchers: CallbackList) -> bool:
        """Whether an epoch can run as one program: compiled steps of the usual kind, on little data, that no
        callback waits for.
        """
        watched = watchers.steps_until_due("train", 0) is not None
        return (
            is_small(batches) and not watched and not self.run_eagerly and self.custom_step("train") is None
        )

    def checkpoint(self, step: int = 0) -> dict[str, Any]:
        """For callbacks: all that a later fit needs to go on from here with the same bits, as plain values
        and arrays.

        Args:
            step: the steps done in this epoch, when not at an epoch's end.
        """
        return self._fit_in_progress("checkpoint").checkpoint(step)

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """For a callback's `on_train_begin`: go on where `checkpoint` was called.

        Raises:
            SavingError: it was called for another model or other data.
        """
        self._fit_in_progress("resume").resume(checkpoint)

    def _fit_in_progress(self, method: str) -> Place:
        if self._place is None:
            raise NotBuiltError(f"{method}() is for callbacks, while fit() runs.")
        return self._place

    def stops_on_bad_loss(self, logs: Mapping[str, float]) -> bool:
        """Whether an epoch ended in a NaN that a callback chose to stop at quietly."""
        return self.stop_training and not np.isfinite(logs.get("loss", 0.0))

    def _batches_for_fit(
        self, x: Any, y: Any, sample_weight: Any, batch_size: int | None, shuffle: Any, class_weight: Any, steps: int | None,
        validation_split: float, validation_data: Any, validation_batch_size: int | None, validation_steps: int | None,
    ) -> tuple[Batches, Batches | None]:  # fmt: skip
        if is_stream(x):
            if y is not None or sample_weight is not None:
                raise DataError(
                    "x yields batches, which bring their own targets: don't pass y or sample_weight beside "
                    "it."
                )
            if validation_split:
                raise DataError(
                    "validation_split needs arrays, whose rows can be split; pass validation_data beside a "
                    "source of batches."
                )
            batches: Batches = StreamBatches(x, steps, shuffle, class_weight, new_numpy_generator)
        else:
            x, y, sample_weight = to_numpy(x, "x"), to_numpy(y, "y"), to_numpy(sample_weight, "sample_weight")
            if class_weight is not None:
                sample_weight = class_weights_to_sample_weights(y, class_weight, sample_weight)
            if validation_split and validation_data is None:
                (x, y, sample_weight), validation_data = split_validation(
                    (x, y, sample_weight), validation_split
                )
            batches = batches_of(x, y, sample_weight, batch_size, shuffle, steps, new_numpy_generator)
        if validation_data is None:
            return batches, None
        x, y, sample_weight = (
            (validation_data, None, None) if is_stream(validation_data) else unpack(validation_data)
        )
        return batches, self._batches(x, y, sample_weight, validation_batch_size, validation_steps)

    def _batches(
        self, x: Any, y: Any, sample_weight: Any, batch_size: int | None, steps: int | None
    ) -> Batches:
        if is_stream(x):
            return StreamBatches(x, steps)
        return batches_of(
            to_numpy(x, "x"),
            to_numpy(y, "y"),
            to_numpy(sample_weight, "sample_weight"),
            batch_size,
            False,
            steps,
        )

    def _reset_metrics_quickly(self) -> None:
        """`reset_metrics`, from arrays kept by `_prepare`: small fits are many epochs."""
        for variable, value in zip(self._groups[2], self._fresh_metrics):
            variable.take(value)

    def _current_program(self) -> Program:
        """The compiled program; another one where what it depends on has changed, such as a schedule that a
        callback replaced.
        """
        signature = self.optimizer._structure, [list(map(id, group)) for group in self._groups[:2]]
        if self._program is None or self._program_signature != signature:
            self._program, self._program_signature = program_for(self), signature
        return self._program

    # evaluate and predict

    def _evaluate(self, batches: Batches, callbacks: CallbackList) -> dict[str, float]:
        self._reset_metrics_quickly()
        callbacks.call("on_test_begin", None)
        epoch = Epoch(self, self._current_program(), "test", callbacks, self._random_key, 0)
        logs = epoch.run(batches)
        callbacks.call("on_test_end", logs)
        return logs

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
        **unknown: Any,
    ) -> Any:
        """The loss and the metrics on data that is not trained on.

        Args:
            x, y, sample_weight, batch_size, verbose, callbacks: as in `fit`.
            steps: batches, if not all.
            return_dict: a dictionary by name instead of a list.

        Returns:
            The loss, or a list of the loss and the metrics, or a dictionary.
        """
        refuse_unknown(Trainer.evaluate, unknown)
        self._require_compiled("evaluate")
        batches = self._batches(x, y, sample_weight, batch_size, steps)
        self._prepare(batches.example())
        self.check_targets(batches.host if isinstance(batches, ArrayBatches) else batches.example())
        progress = [] if verbose == 0 else [ProgbarLogger(verbose=verbose)]
        watchers = CallbackList(
            [*progress, *_as_list(callbacks)], self, {"steps": batches.steps, "verbose": verbose}
        )
        with contextlib.closing(batches):
            return self._in_order(self._evaluate(batches, watchers), return_dict)

    def _in_order(self, logs: dict[str, float], return_dict: bool) -> Any:
        """The loss, each output's loss, the metrics in the order of compile, and what else there is."""
        if return_dict:
            return dict(sorted(logs.items()))
        trackers = [tracker.name for tracker in self._compiled_loss.trackers] if self._compiled_loss else []
        first = ["loss", *trackers, *(self._compiled_metrics.names if self._compiled_metrics else [])]
        ordered = [logs[name] for name in dict.fromkeys([*first, *logs]) if name in logs]
        return ordered[0] if len(ordered) == 1 else ordered

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
        **unknown: Any,
    ) -> Any:
        """The outputs for data, as NumPy arrays.

        Args:
            x, verbose, callbacks: as in `fit`.
            batch_size: rows computed at a time, 32 by default.
            steps: batches, if not all.
        """
        refuse_unknown(Trainer.predict, unknown)
        progress = [] if verbose == 0 else [ProgbarLogger(verbose=verbose)]
        given = [*progress, *_as_list(callbacks)]
        if is_stream(x):
            batches = StreamBatches(x, steps)
            self.ensure_built(batches.example()[0])
            watchers = CallbackList(given, self, {"steps": batches.steps, "verbose": verbose})
            return predict_stream(self._current_predictor(), batches, watchers)
        arrays = to_numpy(x, "x")
        self.ensure_built(arrays)
        rows = 32 if batch_size is None else int(batch_size)
        return predict_arrays(
            self._current_predictor(),
            arrays,
            rows,
            steps,
            lambda count: CallbackList(given, self, {"steps": count}),
        )

    def _current_predictor(self) -> Predictor:
        if self._predictor is None or not self._predictor.is_valid():
            self._predictor = Predictor(self)
        return self._predictor

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the model on arrays or symbolic tensors; plain lists of numbers count as arrays."""
        if (
            args
            and isinstance(args[0], (list, tuple))
            and not any(hasattr(leaf, "shape") for leaf in jax.tree.leaves(args[0]))
        ):
            args = (to_numpy(args[0], "inputs"), *args[1:])
        return super().__call__(*args, **kwargs)

    # One batch at a time.

    def _one_batch(
        self, kind: str, x: Any, y: Any, sample_weight: Any, class_weight: Any, return_dict: bool
    ) -> Any:
        self._require_compiled(f"{kind}_on_batch")
        batch = to_numpy(x, "x"), to_numpy(y, "y"), to_numpy(sample_weight, "sample_weight")
        if class_weight is not None:
            batch = (*batch[:2], class_weights_to_sample_weights(batch[1], class_weight, batch[2]))
        self._prepare(batch)
        self.check_targets(batch)
        epoch = Epoch(
            self,
            self._current_program(),
            kind,
            CallbackList([], self, {}),
            self._random_key,
            self.steps_trained,
        )
        logs = epoch.run(StreamBatches([batch]))
        if kind == "train":
            self.steps_trained += 1
        return self._in_order(logs, return_dict)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One step of training; returns the loss and metrics since `reset_metrics`."""
        return self._one_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """The loss and metrics of one batch, and of those since `reset_metrics`."""
        return self._one_batch("test", x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs of one batch."""
        arrays = to_numpy(x, "x")
        return self.predict(arrays, batch_size=max(1, jax.tree.leaves(arrays)[0].shape[0]), verbose=0)
