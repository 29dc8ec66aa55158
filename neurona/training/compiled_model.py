"""CompiledModel: a layer with a loss, metrics and a way to learn."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from neurona import optimizers
from neurona.callbacks import History
from neurona.core.errors import ArgumentError, DataError, NotBuiltError
from neurona.core.layer import Layer
from neurona.core.registry import Serializable, deserialize, get_registered_object, serialize
from neurona.core.scope import Scope, current_scope
from neurona.core.spellings import spelled
from neurona.core.variable import Variable
from neurona.losses.loss import numbers_of, symbols_computed
from neurona.metrics import Mean, Metric
from neurona.tracebacks import ends_at_users_line, warn
from neurona.training.checks import check_counts, check_inputs
from neurona.training.compile_metrics import CompileMetrics, each_metric
from neurona.training.conversion import Batch, unpack
from neurona.training.model_learner import ModelLearner, VariableGroups
from neurona.training.objectives import OutputLosses, OutputMetrics, Outputs
from neurona.training.rules import GradientRule, ModelStepRule, Rule
from neurona.training.step import StateScope, TrainingState, metric_results

_GRADIENTS, _OWN_STEP = GradientRule(), ModelStepRule()


class CompiledModel(Layer):
    """A layer with a loss, metrics and a way to learn, which `compile` chooses.

    Names with an underscore are for the files of this room. Users subclass models, so all other names are
    Keras's.
    """

    _kind = "models"

    optimizer: Any = None
    loss: Any = None
    history: History | None = None
    stop_training = stop_evaluating = stop_predicting = False  # for callbacks to set
    run_eagerly, jit_compile, steps_per_execution = False, True, 1
    output_names: list[str] | None = None
    _given_rule: Rule | None = None
    _columns: tuple[str, ...] | None = None  # the names of the frame that it learned from
    _compiled_loss: OutputLosses | None = None
    _compiled_metrics: OutputMetrics | None = None
    _metrics_of_compile: CompileMetrics | None = None
    _learner: ModelLearner | None = None
    _untracked = (
        *Layer._untracked,
        "optimizer",
        "history",
        "_compile_arguments",
        "_given_rule",
        "_learner",
    )

    @ends_at_users_line
    @spelled
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
    ) -> None:
        """Choose how the model is trained.

        Args:
            optimizer: a name, an optimizer, or any optax transformation.
            loss: a name, function or object; a list or dictionary of them for several outputs.
            loss_weights: a number per output.
            metrics: what to report: a list, or a list per output.
            weighted_metrics: metrics that see sample weights and class weights.
            run_eagerly: run each step uncompiled, to look inside with a debugger.
            steps_per_execution: call callbacks' batch hooks once for so many batches. It does not change
                speed: between calls many steps run as one compiled program in any case.
            jit_compile: accepted: everything is compiled, unless `run_eagerly` asks otherwise.
            auto_scale_loss: scale the loss dynamically under the mixed_float16 policy.
            rule: how to learn, if not by gradients: a `neurona.training.Rule`, which needs no optimizer.

        Raises:
            ArgumentError: a name is not known; the message suggests the nearest. Or both a rule and an
                optimizer are given. Or steps_per_execution is no whole number from 1 on.
            UnexpectedArgument: an argument does not exist.
        """
        check_counts("compile", 0, {"steps_per_execution": steps_per_execution})
        if metrics is None and _are_metrics(loss_weights):
            warn("compile() takes loss_weights in the third place. Write metrics=[...].")
            loss_weights, metrics = None, loss_weights
        loss, metrics, weighted_metrics = map(_as_known_now, (loss, metrics, weighted_metrics))
        OutputLosses.check_names(loss)
        OutputMetrics.check_names((metrics, weighted_metrics))
        self.optimizer, self._given_rule = self._checked_optimizer(optimizer, rule, auto_scale_loss), rule
        self.run_eagerly = bool(run_eagerly)
        if loss is not None or "loss" not in vars(self):  # a program's own attribute stays, as in Keras
            self.loss = loss
        self.steps_per_execution, self.jit_compile = int(steps_per_execution), not self.run_eagerly
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
        self._metrics_of_compile = None if metrics is weighted_metrics is None else CompileMetrics()
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
            optimizers.LossScaleOptimizer(optimizer)
            if scales and not optimizer._skips_overflow
            else optimizer
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

    def _compile_like(self, other: "CompiledModel") -> None:
        """Compile as another model is, with an optimizer, losses and metrics of its own; functions are the
        same.
        """

        def fresh(value: Any) -> Any:
            return value.from_config(value.get_config()) if isinstance(value, Serializable) else value

        self.compile(**jax.tree.map(fresh, other._compile_arguments))

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
        """The number to minimize, a scalar: the compiled loss, and what layers and regularizers add."""
        losses = [jnp.asarray(numbers_of(loss), jnp.float32) for loss in self.losses]
        added = sum(losses, jnp.zeros((), jnp.float32))
        if self._compiled_loss is None and y is not None and y_pred is not None:
            self._match_loss(y, y_pred)
        if self._compiled_loss is None or y is None:
            if not self.losses and self._given_rule is None:
                raise DataError(
                    "There is nothing to minimize: no layer adds a loss, and y is missing. Call fit(x, y)."
                )
            return added
        return self._compiled_loss(y, y_pred, sample_weight) + added

    def stateless_compute_loss(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        metrics_variables: Any,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple[list[Any], list[Any], list[Any]]]:
        """`compute_loss` as a pure function: the loss, and the values of the variables after it."""
        state = TrainingState(trainable_variables, non_trainable_variables, None, metrics_variables)
        with StateScope(self, state, training=training) as scope:
            loss = self._loss_of(Batch(x, y, sample_weight), y_pred, training)
        return loss, (*scope.state[:2], scope.state.metrics)

    def _loss_of(self, batch: Batch, y_pred: Any, training: bool) -> Any:
        """The result of `compute_loss`, which a subclass may define without `training`."""
        options = {"training": training} if _takes_training(type(self).compute_loss) else {}
        x, y, sample_weight = batch
        with symbols_computed(lambda symbols: self._numbers_of(symbols, x)):
            return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **options)

    def _numbers_of(self, symbols: Any, x: Any) -> Any:
        """The values of symbolic tensors of the model for a batch."""
        return jnp.asarray(symbols)  # which says that there are none

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Let the compiled metrics see a batch, and return all results so far."""
        if self._compiled_metrics is not None and y is not None:
            outputs = self._compiled_metrics.outputs
            targets = self._compiled_loss.targets(y) if self._compiled_loss else outputs.spread(y, "y")
            weights = outputs.spread(sample_weight, "sample_weight", share=True)
            with symbols_computed(lambda symbols: self._numbers_of(symbols, x)):
                self._compiled_metrics.update(targets, outputs.leaves(y_pred), weights)
        elif y is not None and self._compile_arguments["metrics"] and self._own_step("train"):
            raise DataError(
                "The metrics of compile() are matched to the y that fit() gets, which does not fit the "
                "outputs. Make them in the model, and update them in its train_step."
            )
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
        others = [metric for metric in each_metric(self.metrics) if id(metric) not in known]
        for name, metric in [*((metric.name, metric) for metric in others), *named]:
            result = jax.tree.map(_value_of, metric.result())
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
        """One step of an evaluation, as a pure function, of a state without the optimizer's variables."""
        trainable, others, metrics = state
        logs, after = self._run_step(_GRADIENTS.test_step, (trainable, others, [], metrics), data)
        return logs, (after[0], after[1], after[3])

    def predict_step(self, state: Any, data: Any) -> tuple[Any, list[Any]]:
        """The outputs of a batch, as a pure function. A subclass may define another, as in Keras on JAX.

        Args:
            state: the values of the trainable and of the other variables.
            data: x, `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            The outputs, and the new values of the other variables.
        """
        return self.stateless_call(*state, unpack(data).x, training=False)

    def _run_step(self, step: Callable[..., Any], state: Any, data: Any) -> tuple[dict[str, Any], Any]:
        scope = current_scope()
        key, number = (jax.random.key(0), 0) if scope is None else (scope.key, scope.step)
        state = step(self, TrainingState(*state), unpack(tuple(data)), key, number).state
        return metric_results(self, state.metrics), tuple(state)

    def _own_step(self, kind: str) -> Callable[..., Any] | None:
        """The `train_step`, `test_step` or `predict_step` that a subclass defines, or None."""
        step = getattr(self, f"{kind}_step")
        return None if getattr(step, "__func__", step) is getattr(CompiledModel, f"{kind}_step") else step

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
        """The metrics: the loss's mean, those of `compile` as one, each output's loss, and those that layers
        keep as attributes.
        """
        found: list[Metric] = []
        if self.compiled:
            found += self._rule.trackers
            if self._given_rule is None or self._compile_arguments["loss"] is not None:
                found.append(self._loss_tracker)
            found += [] if self._metrics_of_compile is None else [self._metrics_of_compile]
            found += self._compiled_loss.trackers if self._compiled_loss else []
        for layer in self._flatten_layers():
            found += [
                metric
                for name, metric in vars(layer).items()
                if isinstance(metric, Metric) and name not in ("_loss_tracker", "_metrics_of_compile")
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

    def _trained_variables(self) -> list[Variable]:
        """The variables that training moves."""
        return self.trainable_variables

    def _variable_groups(self) -> VariableGroups:
        """The variables in the order of `TrainingState`."""
        if self._learner is None:
            raise NotBuiltError("Call compile(optimizer=..., loss=...) before a step of training.")
        return self._learner.groups

    def _prepare(self, example: Batch) -> None:
        """Build the model, the losses, the metrics and the rule for batches like this one."""
        try:
            self._ensure_built(example.x)
            if self._compiled_metrics is None and example.y is not None and not self._computes_nothing:
                self._match_outputs(example)
        except (TypeError, ValueError, LookupError, AttributeError):
            if self._own_step("train") is None:
                raise  # such a step takes x and y apart as it likes, and calls the model as it likes
        learner = self._compiled_learner("fit")
        learner.prepare()
        self._rule.rehearse(self, example)
        if learner.is_outdated:
            learner.prepare()

    def _match_outputs(self, example: Batch) -> None:
        """Match the losses and metrics of `compile` to the model's outputs."""
        self._match(example.y, self._output_shapes(example.x))

    def _match(self, y: Any, predictions: Any) -> None:
        """Match the losses and metrics of `compile` to targets and predictions, or to their shapes."""
        self._predictions = predictions
        outputs, arguments = Outputs(predictions, self.output_names), self._compile_arguments
        if arguments["loss"] is None:
            targets = outputs.spread(y, "y")
        else:
            self._compiled_loss = OutputLosses(arguments["loss"], arguments["loss_weights"], outputs)
            targets = self._compiled_loss.targets(y)
        self._compiled_metrics = OutputMetrics(
            arguments["metrics"], arguments["weighted_metrics"], outputs, targets, outputs.leaves(predictions)
        )
        if self._metrics_of_compile is not None:
            self._metrics_of_compile.matched = self._compiled_metrics

    def _match_loss(self, y: Any, predictions: Any) -> None:
        """Match the loss of `compile` alone, in a step of the model's own that makes its targets itself."""
        arguments = self._compile_arguments
        if arguments is not None and arguments["loss"] is not None:
            shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), predictions)
            outputs = Outputs(shapes, self.output_names)
            self._compiled_loss = OutputLosses(arguments["loss"], arguments["loss_weights"], outputs)
            self._compiled_loss.targets(y)

    def _check_targets(self, batch: Batch) -> None:
        """Look at ids and labels before anything is trained on them; raises `DataError`."""
        check_inputs(self, batch.x)
        is_matched = self._compiled_metrics is not None
        if self._compiled_loss is not None and is_matched and batch.y is not None:
            self._compiled_loss.check(batch.y, self._predictions)
        elif self._compile_arguments["loss"] is not None and self._own_step("train") is None:
            raise DataError("compile() was given a loss, but there are no targets: call fit(x, y).")

    def _ensure_built(self, x: Any) -> None:
        """Create the weights from the shapes of a batch, if they do not exist yet."""
        if self._computes_nothing:
            self.built = True
            return
        parts = [layer for layer in self._flatten_layers() if layer is not self]
        makes_nothing = type(self).build.__module__.startswith("neurona.")
        has_own_step = self._own_step("predict") or (self._own_step("train") and makes_nothing)
        if has_own_step and parts and all(layer.built for layer in parts):
            self.built = True  # its inputs need not be those of `call`
            return
        if not self.built or not all(layer.built for layer in parts):
            self._output_shapes(x)

    @property
    def _computes_nothing(self) -> bool:
        """Whether only the parts have outputs: models that are trained together, such as a GAN."""
        drawn = getattr(self, "_call_graph", None) is not None
        return bool(
            self._own_step("train") and not drawn and type(self).call.__module__.startswith("neurona.")
        )

    def _output_shapes(self, x: Any) -> Any:
        """The shapes and dtypes of the predictions for a batch."""

        def run(arrays: Any) -> Any:
            with Scope({}, jax.random.key(0), 0, False):
                return self(arrays)

        return jax.eval_shape(run, jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), x))


def _as_known_now(given: Any) -> Any:
    """Names of the user's own losses and metrics as the functions that they stand for now: a
    `custom_object_scope`, such as that of `load_model`, ends before the first batch.
    """
    if isinstance(given, (list, tuple)):
        return type(given)(map(_as_known_now, given))
    if isinstance(given, dict):
        return {name: _as_known_now(one) for name, one in given.items()}
    known = get_registered_object(given) if isinstance(given, str) else None
    return known if callable(known) and not isinstance(known, type) else given


def _are_metrics(given: Any) -> bool:
    """Whether names or functions were given where loss weights stand, as Keras 2 took metrics there."""
    entries = given if isinstance(given, (list, tuple)) else [given]
    return bool(entries) and all(isinstance(one, (str, Metric)) or callable(one) for one in entries)


def _value_of(figure: Any) -> Any:
    return figure.value if isinstance(figure, Variable) else figure


@functools.cache
def _takes_training(function: Callable[..., Any]) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return any(one.name == "training" or one.kind is one.VAR_KEYWORD for one in parameters)
