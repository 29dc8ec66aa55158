"""Trainer: what gives a model compile, fit, evaluate and predict."""

import contextlib
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from neurona import optimizers
from neurona.callbacks import CallbackList, History
from neurona.core.errors import ArgumentError, DataError, NotBuiltError, UnexpectedArgument, suggestion
from neurona.core.layer import Layer
from neurona.core.registry import deserialize, serialize
from neurona.core.scope import Scope, current_scope
from neurona.core.variable import Variable
from neurona.metrics import Mean, Metric
from neurona.training.batches import Batches
from neurona.training.conversion import (
    Batch,
    class_weights_to_sample_weights,
    count_rows,
    is_stream,
    to_numpy,
    unpack,
)
from neurona.training.data import TrainingData, batches_of
from neurona.training.fit import Fit, as_list, evaluate, progress_bar
from neurona.training.loop import Pass
from neurona.training.model_learner import ModelLearner, VariableGroups
from neurona.training.objectives import OutputLosses, OutputMetrics, Outputs
from neurona.training.prediction import Predictor, predict_arrays, predict_stream
from neurona.training.rules import GradientRule, ModelStepRule, Rule
from neurona.training.step import TrainingState, metric_results
from neurona.training.streams import StreamBatches

_GRADIENTS, _OWN_STEP = GradientRule(), ModelStepRule()


def refuse_unknown(function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Raise `UnexpectedArgument`, with a suggestion, for arguments that a method does not have."""
    for name in given:
        known = [name for name in inspect.signature(function).parameters if name not in ("self", "unknown")]
        raise UnexpectedArgument(
            f"{function.__name__}() has no argument {name!r}.{suggestion(name, known)} It takes: "
            f"{', '.join(known)}."
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
    run_eagerly = False
    output_names: list[str] | None = None
    _given_rule: Rule | None = None
    _compiled_loss: OutputLosses | None = None
    _compiled_metrics: OutputMetrics | None = None
    _learner: ModelLearner | None = None
    _predictor: Predictor | None = None
    _fit: Fit | None = None  # while fit runs
    _untracked = (
        *Layer._untracked,
        "optimizer",
        "history",
        "_fit",
        "_compile_arguments",
        "_given_rule",
        "_learner",
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
        rule: Rule | None = None,
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
            rule: how to learn, if not by gradients: a `neurona.training.Rule`, which needs no optimizer.

        Raises:
            ArgumentError: a name is not known; the message suggests the nearest. Or both a rule and an
                optimizer are given.
            UnexpectedArgument: an argument does not exist.
        """
        refuse_unknown(Trainer.compile, unknown)
        OutputLosses.check_names(loss)
        OutputMetrics.check_names((metrics, weighted_metrics))
        self.optimizer, self._given_rule = self._checked_optimizer(optimizer, rule, auto_scale_loss), rule
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
        if rule is not None:
            self._compile_arguments["rule"] = rule
        self._loss_tracker = Mean(name="loss")
        self._compiled_loss, self._compiled_metrics = None, None
        self._learner = ModelLearner(self)
        self.stop_training = False

    def _checked_optimizer(self, optimizer: Any, rule: Rule | None, auto_scale_loss: bool) -> Any:
        """The optimizer that is meant, or None where a rule needs none."""
        if rule is not None:
            if not isinstance(rule, Rule):
                raise ArgumentError(f"compile takes a neurona.training.Rule as rule=. Received: {rule!r}")
            if optimizer not in (None, "rmsprop"):
                raise ArgumentError(
                    "compile takes an optimizer or a rule, not both: the rule is how to learn."
                )
            return None
        optimizer = optimizers.get(optimizer)
        scales = auto_scale_loss and self.dtype_policy.name == "mixed_float16"
        return (
            optimizers.LossScaleOptimizer(optimizer) if scales and not optimizer.skips_overflow else optimizer
        )

    @property
    def compiled(self) -> bool:
        """Whether compile() was called."""
        return self.optimizer is not None or self._given_rule is not None

    def get_compile_config(self) -> dict[str, Any] | None:
        """What compile() was given, as plain values, or None."""
        return serialize(self._compile_arguments) if self.compiled else None

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as `get_compile_config` says."""
        self.compile(**deserialize(config))

    def _compiled_learner(self, method: str) -> ModelLearner:
        if self._learner is None or not self.compiled:
            raise NotBuiltError(f"Call compile(optimizer=..., loss=...) before {method}().")
        return self._learner

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
        return self._compiled_loss(y, y_pred, sample_weight) + added

    def _loss_of(self, batch: Batch, y_pred: Any, training: bool) -> Any:
        """What `compute_loss`, which a subclass may define without `training`, says of a batch."""
        options = {"training": training} if _takes_training(type(self).compute_loss) else {}
        x, y, sample_weight = batch
        return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **options)

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

    def train_step(self, state: Any, data: Any) -> tuple[dict[str, Any], Any]:
        """One step of training, as a pure function. A subclass may define another, as in Keras on JAX.

        Args:
            state: the values of the trainable, the other, the optimizer's and the metrics' variables.
            data: `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            The logs, and the new state.
        """
        return self._run_step(self._rule.step if self._given_rule else _GRADIENTS.step, state, data)

    def test_step(self, state: Any, data: Any) -> tuple[dict[str, Any], Any]:
        """One step of an evaluation, as a pure function; arguments and result are those of `train_step`."""
        return self._run_step(_GRADIENTS.test_step, state, data)

    def _run_step(self, step: Callable[..., Any], state: Any, data: Any) -> tuple[dict[str, Any], Any]:
        scope = current_scope()
        key, number = (jax.random.key(0), 0) if scope is None else (scope.key, scope.step)
        state = step(self, TrainingState(*state), unpack(tuple(data)), key, number).state
        return metric_results(self, state.metrics), tuple(state)

    def _own_step(self, kind: str) -> Callable[..., Any] | None:
        """The `train_step` or `test_step` that a subclass defines, or None."""
        step = getattr(self, f"{kind}_step")
        return None if getattr(step, "__func__", step) is getattr(Trainer, f"{kind}_step") else step

    @property
    def _rule(self) -> Rule:
        """How the model learns."""
        if self._given_rule is not None:
            return self._given_rule
        return _OWN_STEP if self._own_step("train") or self._own_step("test") else _GRADIENTS

    @property
    def _learns_by_gradients(self) -> bool:
        return self._given_rule is None and self._own_step("train") is None

    # Metrics and state.

    @property
    def metrics(self) -> list[Metric]:
        """The metrics: the loss's mean, each output's, the compiled ones, and those that layers keep as
        attributes.
        """
        found: list[Metric] = []
        if self.compiled:
            found += self._rule.trackers
            if self._given_rule is None or self.loss is not None:
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

    def _variable_groups(self) -> VariableGroups:
        """The variables in the order of `TrainingState`."""
        if self._learner is None:
            raise NotBuiltError("Call compile(optimizer=..., loss=...) before a step of training.")
        return self._learner.groups

    def _prepare(self, example: Batch) -> None:
        """Build the model, the losses, the metrics and the rule for batches like this one."""
        self._ensure_built(example.x)
        if self._compiled_metrics is None and example.y is not None:
            self._match_outputs(example)
        self._compiled_learner("fit").prepare()

    def _match_outputs(self, example: Batch) -> None:
        """Match the losses and metrics of `compile` to the model's outputs."""
        self._predictions = predictions = self._output_shapes(example.x)
        outputs, arguments = Outputs(predictions, self.output_names), self._compile_arguments
        if arguments["loss"] is None:
            targets = outputs.spread(example.y, "y")
        else:
            self._compiled_loss = OutputLosses(arguments["loss"], arguments["loss_weights"], outputs)
            targets = self._compiled_loss.targets(example.y)
        self._compiled_metrics = OutputMetrics(
            arguments["metrics"], arguments["weighted_metrics"], outputs, targets, outputs.leaves(predictions)
        )

    def _check_targets(self, batch: Batch) -> None:
        """Look at the labels before anything is trained on them; raises `DataError`."""
        if self._compiled_loss is not None and batch.y is not None:
            self._compiled_loss.check(batch.y, self._predictions)
        elif self.loss is not None:
            raise DataError("compile() was given a loss, but there are no targets: call fit(x, y).")

    def _ensure_built(self, x: Any) -> None:
        """Create the weights from the shapes of a batch, if they do not exist yet."""
        if not self.built or not all(layer.built for layer in self._flatten_layers()):
            self._output_shapes(x)

    def _output_shapes(self, x: Any) -> Any:
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
        self._compiled_learner("fit")
        data = TrainingData.of(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            shuffle=shuffle,
            class_weight=class_weight,
            steps=steps_per_epoch,
            validation_split=validation_split,
            validation_data=validation_data,
            validation_batch_size=validation_batch_size or batch_size,
            validation_steps=validation_steps,
            validation_freq=validation_freq,
        )
        learner = ready_learner(self, data.train)
        if data.validation is not None:
            self._check_targets(data.validation.first_look())
        self._fit = Fit(
            learner, data, callbacks, model=self, epochs=epochs, initial_epoch=initial_epoch, verbose=verbose
        )
        self.history = self._fit.history
        try:
            return self._fit.run()
        finally:
            self._fit = None

    # evaluate and predict

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
        self._compiled_learner("evaluate")
        with contextlib.closing(
            batches_of(x, y, sample_weight, batch_size=batch_size, steps=steps)
        ) as batches:
            learner = ready_learner(self, batches)
            shown = [*progress_bar(verbose), *as_list(callbacks)]
            watchers = CallbackList(shown, self, {"steps": batches.steps, "verbose": verbose}, fit=self._fit)
            with self._metrics_kept_in_fit():
                logs = evaluate(learner, batches, watchers)
        return self._in_order(logs, return_dict)

    def _metrics_kept_in_fit(self) -> contextlib.AbstractContextManager[None]:
        """Where a callback evaluates while `fit` runs: leaves the epoch's own figures as they are."""
        return (
            self._compiled_learner("fit").kept_metrics()
            if self._fit is not None
            else contextlib.nullcontext()
        )

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
        given = [*progress_bar(verbose), *as_list(callbacks)]

        def watchers(count: int | None) -> CallbackList:
            return CallbackList(given, self, {"steps": count, "verbose": verbose}, fit=self._fit)

        if is_stream(x):
            batches = StreamBatches(x, steps)
            self._ensure_built(batches.example().x)
            return predict_stream(self._current_predictor(), batches, watchers(batches.steps))
        arrays = to_numpy(x, "x")
        self._ensure_built(arrays)
        rows = 32 if batch_size is None else int(batch_size)
        return predict_arrays(self._current_predictor(), arrays, rows, steps, watchers)

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
        learner = self._compiled_learner(f"{kind}_on_batch")
        batch = Batch(to_numpy(x, "x"), to_numpy(y, "y"), to_numpy(sample_weight, "sample_weight"))
        if class_weight is not None:
            weights = class_weights_to_sample_weights(batch.y, class_weight, batch.sample_weight)
            batch = batch._replace(sample_weight=weights)
        count_rows(batch)
        self._prepare(batch)
        steps = Pass(learner, kind, CallbackList([], self, {}), learner.steps_trained)
        with self._metrics_kept_in_fit():
            learner.reset_metrics()
            logs = steps.run(StreamBatches([batch]))
        if kind == "train":
            learner.steps_trained += steps.done
        return self._in_order(logs, return_dict)

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

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """The loss and metrics of one batch, without training."""
        return self._one_batch("test", x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs of one batch."""
        arrays = to_numpy(x, "x")
        return self.predict(arrays, batch_size=max(1, jax.tree.leaves(arrays)[0].shape[0]), verbose=0)


def ready_learner(model: Trainer, batches: Batches) -> ModelLearner:
    """A compiled model as a learner, built for these batches, which fit its losses.

    Raises:
        NotBuiltError: the model is not compiled.
        DataError: the batches do not fit the model or its losses.
    """
    model._prepare(batches.example())
    model._check_targets(batches.first_look())
    return learner_of(model)


def learner_of(model: Trainer) -> ModelLearner:
    """A compiled model as a learner; raises NotBuiltError if it is not compiled."""
    return model._compiled_learner("fit")


@functools.cache
def _takes_training(function: Callable[..., Any]) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return any(one.name == "training" or one.kind is one.VAR_KEYWORD for one in parameters)
