"""The compiled loops: many steps, or many epochs, as one XLA program."""

import contextvars
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.random import key_of
from neurona.core.scope import Scope
from neurona.training.conversion import Batch, Whole
from neurona.training.own_step import takes_data_only
from neurona.training.placement import Placement
from neurona.training.step import (
    StepResult,
    TrainingState,
    loss_and_gradients,
    metric_results,
    positions_of,
)

# The model whose program is being traced. Every call sets it, because any call may be the one that traces.
_model: contextvars.ContextVar[Any] = contextvars.ContextVar("model")


class RunResult(NamedTuple):
    """What many steps give.

    Attributes:
        state: after the last step.
        logs: of the last step alone, for a model's own `train_step`.
        reached: the number of the step after the last one that ran.
        finite: whether all figures, and the weights at the end, were finite numbers.
    """

    state: TrainingState
    logs: dict[str, Any]
    reached: Any
    finite: Any


class EpochsResult(NamedTuple):
    """What many epochs give: the state after them, the logs of every epoch, and whether all was finite."""

    state: TrainingState
    logs: dict[str, Any]
    finite: Any


class Program:
    """The compiled functions of one structure of model, rule, loss and metrics.

    Models of equal structure share one: JAX compiles each function once for given shapes, and any model of
    the structure, when it is traced, gives the same program.

    Attributes:
        traces: how many steps and predictions were traced.
        draws: whether predictions draw random numbers; known after the first one.
    """

    def __init__(self) -> None:
        self.traces, self.draws = 0, False
        self._train = jax.jit(functools.partial(self._run_steps, "train"))
        self._test = jax.jit(functools.partial(self._run_steps, "test"))
        self._train_epochs = jax.jit(self._run_epochs)
        self._begin = jax.jit(lambda state: _model.get()._rule.begin(_model.get(), state))
        self._end = jax.jit(lambda state: _model.get()._rule.end(_model.get(), state))
        self._gradients = jax.jit(lambda *arguments: loss_and_gradients(_model.get(), *arguments)[1])
        self._predict = jax.jit(self._run_prediction)
        self._results = jax.jit(lambda metrics: metric_results(_model.get(), metrics))

    def __deepcopy__(self, memo: Any) -> "Program":
        return self  # a copy of a model has the same structure

    def __reduce__(self) -> Any:
        return Program, ()  # another process compiles anew

    @functools.cached_property
    def members(self) -> "MembersProgram":
        """The same functions for K models of this structure at once."""
        return MembersProgram(self)

    # What is called: each takes the model first.

    def train(self, model: Any, *arguments: Any) -> RunResult:
        """`_run_steps` in training."""
        return call(model, self._train, *arguments)

    def test(self, model: Any, *arguments: Any) -> RunResult:
        """`_run_steps` in an evaluation."""
        return call(model, self._test, *arguments)

    def train_epochs(self, model: Any, *arguments: Any) -> EpochsResult:
        """`_run_epochs`."""
        return call(model, self._train_epochs, *arguments)

    def begin_epoch(self, model: Any, state: TrainingState) -> TrainingState:
        """The state before the first step of an epoch."""
        return call(model, self._begin, state)

    def end_epoch(self, model: Any, state: TrainingState) -> TrainingState:
        """The state after the last step of an epoch."""
        return call(model, self._end, state)

    def gradients(self, model: Any, *arguments: Any) -> list[Any]:
        """Those of the loss of a batch, given state, batch, key and number: nothing is updated."""
        return call(model, self._gradients, *arguments)

    def predict(self, model: Any, values: list[Any], x: Any, *key: Any) -> tuple[Any, list[Any]]:
        """The outputs, and the values afterwards where the model carries state from batch to batch.

        Args:
            key: a random key and the number of the batch, where predictions draw.
        """
        return call(model, self._predict, values, x, *key)

    def results(self, model: Any, metrics: list[Any]) -> dict[str, Any]:
        """What the metrics say, by the names they have in logs."""
        return call(model, self._results, metrics)

    # What is traced.

    def _run_step(self, kind: str, state: TrainingState, batch: Any, key: Any, number: Any) -> StepResult:
        model, placement = _model.get(), Placement.current()
        self.traces += 1
        step = model._rule.step if kind == "train" else model._rule.test_step
        batch = batch.opened if isinstance(batch, Whole) else placement.split(batch)
        result = step(model, state, batch, jax.random.fold_in(key, number), number)
        return result._replace(state=placement.whole(_cast_like(state, result.state)))

    def _run_steps(
        self,
        kind: str,
        state: TrainingState,
        data: Batch | Whole,
        order: Any,
        key: Any,
        first_step: Any,
        start: Any,
        stop: Any,
        axis: str | None = None,
        checks_weights: bool = True,
    ) -> RunResult:
        """Run steps `start` to `stop` of a block of equal batches. Stop early if a figure is not finite.

        The bounds are numbers in the program, not constants: one compilation serves every chunk. A gradient
        that is not finite spoils the weights, and so the next loss; checking the weights once at the end
        finds what the last step did.

        Args:
            data: arrays; each batch is some of their rows.
            order: the rows of every batch, (steps, batch size).
            key: what the keys of all steps are made from.
            first_step: the number of the step at index 0 of `order`.
            axis: the axis of a `vmap`, of which all models stop together: a loop that stops for one of them
                alone would copy every state at each step.
            checks_weights: whether the weights are checked.
        """

        def batch_at(index: Any) -> Batch:
            rows = jax.lax.dynamic_index_in_dim(order, index, keepdims=False)
            return jax.tree.map(lambda leaf: jnp.take(leaf, rows, axis=0, mode="clip"), data)

        def goes_on(carry: Any) -> Any:
            index, _, _, finite = carry
            return (index < stop) & finite

        def body(carry: Any) -> Any:
            index, state, _, _ = carry
            result = self._run_step(kind, state, batch_at(index), key, first_step + index)
            return index + 1, result.state, result.logs, _for_all(jnp.asarray(result.finite), axis)

        logs = {}
        # A step that runs uncompiled meets numbers only: there is no carry whose shapes must be known.
        if _model.get()._own_step(kind) is not None and not _model.get().run_eagerly:
            shapes = jax.eval_shape(lambda: self._run_step(kind, state, batch_at(start), key, first_step))
            logs = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes.logs)
        index, state, logs, finite = jax.lax.while_loop(
            goes_on, body, (start, state, logs, jnp.asarray(True))
        )
        if checks_weights:
            finite = _for_all(finite & _are_finite(state.trainable), axis)
        return RunResult(state, logs, index, finite)

    def _run_epochs(
        self,
        state: TrainingState,
        initial_metrics: list[Any],
        data: Batch,
        orders: list[Any],
        validation: Any,
        key: Any,
        first_step: Any,
        count: Any,
        axis: str | None = None,
    ) -> EpochsResult:
        """Run the first `count` epochs of some. Stop early if a figure is not finite.

        Args:
            orders: the blocks of the epochs, each (epochs, steps, batch size).
            validation: the data and the blocks to validate on after every epoch, or None.
        """
        # A zero that the compiler does not know: a loop of one step stays a loop, with the bits of
        # `_run_steps`.
        zero = jnp.minimum(count, 0)
        model = _model.get()

        def run(kind: str, state: TrainingState, data: Batch, blocks: Any, step: Any) -> RunResult:
            state, finite = state._replace(metrics=initial_metrics), jnp.asarray(True)
            if kind == "train":
                state = _cast_like(state, model._rule.begin(model, state))
            for block in blocks:
                ran = self._run_steps(
                    kind, state, data, block, key, step, zero, zero + len(block), axis, checks_weights=False
                )
                state, finite, step = ran.state, finite & ran.finite, step + len(block)
            if kind == "train":
                state = _cast_like(state, model._rule.end(model, state))
            return RunResult(state, metric_results(model, state.metrics), step, finite)

        def epoch(carry: Any) -> Any:
            number, state, logs, _ = carry
            blocks = [order[number] for order in orders]
            trained = run("train", state, data, blocks, first_step + number * sum(map(len, blocks)))
            state, values = trained.state, trained.logs
            if validation is not None:
                test_data, test_blocks = validation
                validated = run("test", state, test_data, test_blocks, zero)
                state = validated.state
                values |= {f"val_{name}": value for name, value in validated.logs.items()}
            logs = {name: logs[name].at[number].set(value) for name, value in values.items()}
            return number + 1, state, logs, trained.finite

        shapes = jax.eval_shape(functools.partial(metric_results, model), initial_metrics)
        logs = {
            prefix + name: jnp.zeros((len(orders[0]), *leaf.shape), leaf.dtype)
            for prefix in (("", "val_") if validation is not None else ("",))
            for name, leaf in shapes.items()
        }
        _, state, logs, finite = jax.lax.while_loop(
            lambda carry: (carry[0] < count) & carry[3], epoch, (zero, state, logs, jnp.asarray(True))
        )
        return EpochsResult(state, logs, _for_all(finite & _are_finite(state.trainable), axis))

    def _run_prediction(
        self, values: list[Any], x: Any, key: Any = None, number: Any = 0
    ) -> tuple[Any, list[Any]]:
        self.traces += 1
        model, before = _model.get(), Scope.draws
        key = key_of(0) if key is None else key
        own = model._own_step("predict")
        if own is not None:
            outputs, new = _own_prediction(own, model, values, x, key, number)
        else:
            (outputs, new), _ = model._apply_with_losses(values, x, key=key, step=number, training=False)
        self.draws |= Scope.draws != before
        changes = own is not None or any(layer._is_stateful for layer in model._flatten_layers())
        return outputs, new if changes else []


def _own_prediction(
    step: Callable[..., Any], model: Any, values: list[Any], x: Any, key: Any, number: Any
) -> tuple[Any, list[Any]]:
    """What a model's own `predict_step` gives for a batch, and the new values of all variables."""
    table = dict(zip(model.variables, values))
    others = model.non_trainable_variables
    state = [table[one] for one in model.trainable_variables], [table[one] for one in others]
    data = (x,) if isinstance(x, (list, tuple)) else x  # as Keras hands it over
    if takes_data_only(step):
        with Scope(table, key, number, False, positions_of(model)):
            outputs = step(data)
        return outputs, list(table.values())
    with Scope({}, key, number, False, positions_of(model)):
        outputs, new = step(state, data)
    table.update(zip(others, new, strict=True))
    return outputs, list(table.values())


class MembersProgram:
    """The functions of a program for K models at once, by `vmap`.

    Every state, key and bound `stop` has a leading axis of K. In training each model has an order of rows of
    its own, (steps, K, batch size); in a test all share one, (steps, batch size). Only whole epochs end for
    all models together.
    """

    def __init__(self, program: Program) -> None:
        train, test = (functools.partial(program._run_steps, kind) for kind in ("train", "test"))
        self.train = jax.jit(jax.vmap(train, (0, None, 1, 0, None, None, 0)))
        self.test = jax.jit(jax.vmap(test, (0, None, None, 0, None, None, None)))
        self.begin_epoch, self.end_epoch = jax.jit(jax.vmap(program._begin)), jax.jit(jax.vmap(program._end))
        self.train_epochs = jax.jit(
            jax.vmap(
                functools.partial(program._run_epochs, axis="members"),
                (0, 0, None, 2, None, 0, None, None),
                EpochsResult(state=0, logs=1, finite=0),  # pyright: ignore[reportArgumentType]
                axis_name="members",
            )
        )
        self.predict = jax.jit(
            jax.vmap(
                lambda values, x: _model.get()._apply_with_losses(values, x, key=key_of(0))[0][0], (0, None)
            )
        )
        self.results = jax.jit(jax.vmap(lambda metrics: metric_results(_model.get(), metrics)))


def call(model: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a program for a model, which it reads if it has to be traced."""
    token = _model.set(model)
    try:
        return function(*arguments)
    finally:
        _model.reset(token)


def _for_all(finite: Any, axis: str | None) -> Any:
    """Whether something holds for all models of an axis of `vmap`."""
    return finite if axis is None else jax.lax.pmin(finite.astype(jnp.int32), axis) > 0


def _are_finite(arrays: list[Any]) -> Any:
    """Whether all numbers are finite: their sum is not if one of them is not."""
    return jnp.isfinite(sum((jnp.sum(array.astype(jnp.float32)) for array in arrays), jnp.zeros(())))


def _cast_like(old: TrainingState, new: TrainingState) -> TrainingState:
    """The new state in the dtypes of the old one, as a loop needs it."""
    return jax.tree.map(lambda after, before: jnp.asarray(after, before.dtype), TrainingState(*new), old)


def step_number(value: int) -> np.int32:
    """A step number as programs take them: always the same dtype, so that no second trace is made."""
    return np.int32(value)
