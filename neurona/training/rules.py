"""Learning rules: how a model learns from a batch. Gradients are one of them."""

import functools
from collections.abc import Callable, Hashable
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError
from neurona.core.registry import Serializable
from neurona.core.scope import Scope
from neurona.core.variable import Variable
from neurona.messages import translated
from neurona.metrics import Mean
from neurona.training.conversion import Batch
from neurona.training.own_step import (
    changing_step,
    flat_logs,
    optimizers_of,
    parts_are_built,
    rehearse,
    states_of,
    takes_data_only,
)
from neurona.training.step import (
    StateScope,
    StepResult,
    TrainingState,
    gradient_step,
    positions_of,
    test_step,
)


class Rule(Serializable):
    """How a model learns from a batch, for `compile(rule=...)`: another way than gradients of a loss.

    A subclass defines `learn`, which assigns to the model's variables, and names in `figures` what it
    returns.
    The rule runs as a pure function in the compiled epoch, so progress, callbacks, checkpoints, ensembles and
    the stop at a NaN work as with gradients. What a rule remembers between steps are variables that it makes
    in `build`. A rule object belongs to one model.

    Example:

        >>> import numpy as np
        >>> from neurona.layers import Dense, Input
        >>> from neurona.models import Sequential
        >>> class Hebb(Rule):
        ...     '''w += rate * mean(x y) (Hebb, The Organization of Behavior, 1949).'''
        ...     figures = ("activity",)
        ...     def __init__(self, rate=0.1):
        ...         self.rate = rate
        ...     def learn(self, model, batch, key, number):
        ...         y = model(batch.x)
        ...         kernel = model.layers[0].kernel
        ...         kernel.assign(kernel + self.rate * batch.x.T @ y / len(y))
        ...         return {"activity": jnp.abs(y).mean()}
        >>> model = Sequential([Input((2,)), Dense(1, use_bias=False)])
        >>> model.compile(rule=Hebb())
        >>> sorted(model.fit(np.ones((4, 2)), epochs=2, verbose=0).history)
        ['activity']
    """

    _kind = "rules"
    figures: tuple[str, ...] = ()
    """The names of the figures that `learn` returns; the logs hold their means over the rows of the epoch."""
    _is_bound = False

    # What a subclass defines.

    def build(self, model: Any) -> None:
        """Make the variables that the rule needs, as attributes, once the model's weights exist."""

    def learn(self, model: Any, batch: Batch, key: jax.Array, number: jax.Array) -> dict[str, Any] | None:
        """Learn from a batch by assigning to variables.

        Args:
            model: its variables have the values of now.
            batch: `x`, `y` and `sample_weight`.
            key: a random key of this step.
            number: of the step, an int32 scalar; it counts from 0 over all epochs since `compile`.

        Returns:
            The figures by name, each a scalar: the mean over the batch.
        """
        raise TypeError(
            translated(f"{type(self).__name__} needs a `learn(self, model, batch, key, number)` method.")
        )

    def begin_epoch(self, model: Any) -> None:
        """Assign to variables before the first step of an epoch."""

    def end_epoch(self, model: Any) -> None:
        """Assign to variables after the last step of an epoch, such as the solution of a linear system."""

    # What the engine calls: pure functions.

    @functools.cached_property
    def trackers(self) -> list[Mean]:
        """The means of the figures."""
        return [Mean(name=name) for name in self.figures]

    @property
    def variables(self) -> list[Variable]:
        """What the rule remembers between steps."""
        return [value for value in vars(self).values() if isinstance(value, Variable)]

    def bind(self, model: Any) -> None:
        """Build the rule for a model.

        Raises:
            ArgumentError: the rule belongs to another model.
        """
        if self._is_bound:
            raise ArgumentError(
                f"This {type(self).__name__} belongs to another model: make one for each model."
            )
        self._is_bound = True
        self.build(model)

    def prepare(self, model: Any, trainable: list[Variable]) -> None:
        """Get ready for a fit in which these variables are trainable."""

    def rehearse(self, model: Any, batch: Batch) -> None:
        """Make the variables that only a step makes, given a batch like those that will come."""

    def init(self, model: Any, trainable: list[jax.Array]) -> Any:
        """The first value of `TrainingState.optimizer`, for the members of an ensemble."""
        return {}

    def state_of(self, model: Any) -> Any:
        """The value of `TrainingState.optimizer` now."""
        return {}

    def load_state(self, model: Any, state: Any) -> None:
        """Take over what a step returned as `TrainingState.optimizer`."""

    def structure_of(self, model: Any) -> Hashable:
        """Equal for two rules whose steps compile to the same program for models of equal structure."""
        return type(self).__name__

    def options_of(self, model: Any) -> list[Any]:
        """The objects that `structure_of` depends on: while they are the same, so is the structure."""
        return list(vars(self).values())

    def finish(self, model: Any, trainable: list[Variable]) -> None:
        """What is to be done when training ends."""

    def step(
        self, model: Any, state: TrainingState, batch: Batch, key: jax.Array, number: jax.Array
    ) -> StepResult:
        """One step."""
        with StateScope(model, state, key, number, training=True) as scope:
            figures = self.learn(model, batch, key, number) or {}
            rows = jax.tree.leaves(batch.x)[0].shape[0]
            for tracker in self.trackers:
                tracker.update_state(figures[tracker.name], sample_weight=rows)
        health = sum((jnp.sum(value) for value in figures.values()), jnp.zeros(()))
        return StepResult(scope.state, jnp.isfinite(health))

    def test_step(
        self, model: Any, state: TrainingState, batch: Batch, key: jax.Array, number: jax.Array
    ) -> StepResult:
        """One step of an evaluation: loss and metrics."""
        return test_step(model, state, batch, key, number)

    def begin(self, model: Any, state: TrainingState) -> TrainingState:
        """The state before the first step of an epoch."""
        if type(self).begin_epoch is Rule.begin_epoch:
            return state
        with StateScope(model, state) as scope:
            self.begin_epoch(model)
        return scope.state

    def end(self, model: Any, state: TrainingState) -> TrainingState:
        """The state after the last step of an epoch."""
        if type(self).end_epoch is Rule.end_epoch:
            return state
        with StateScope(model, state) as scope:
            self.end_epoch(model)
        return scope.state

    @property
    def has_epoch_hooks(self) -> bool:
        """Whether something is computed before or after the steps of an epoch."""
        cls = type(self)
        return cls.begin_epoch is not Rule.begin_epoch or cls.end_epoch is not Rule.end_epoch


class GradientRule(Rule):
    """Gradient descent on the loss, by the optimizer of the model: the rule of every model without
    another.
    """

    def bind(self, model: Any) -> None:
        pass

    def prepare(self, model: Any, trainable: list[Variable]) -> None:
        model.optimizer._adapt_to(trainable)

    def init(self, model: Any, trainable: list[jax.Array]) -> Any:
        return model.optimizer.init(trainable)

    def state_of(self, model: Any) -> Any:
        return model.optimizer.state

    def load_state(self, model: Any, state: Any) -> None:
        model.optimizer.state = state

    def structure_of(self, model: Any) -> Hashable:
        return model.optimizer._structure

    def options_of(self, model: Any) -> list[Any]:
        return model.optimizer._options

    def finish(self, model: Any, trainable: list[Variable]) -> None:
        model.optimizer.finalize_variable_values(trainable)

    def step(
        self, model: Any, state: TrainingState, batch: Batch, key: jax.Array, number: jax.Array
    ) -> StepResult:
        return gradient_step(model, state, batch, key, number)


class ModelStepRule(GradientRule):
    """A model's own `train_step(state, data)` or `test_step(state, data)`, as in Keras on JAX; or
    `train_step(data)`, as in Keras on TensorFlow.
    """

    def prepare(self, model: Any, trainable: list[Variable]) -> None:
        if not _carries_all(model) or parts_are_built(model):  # else the step itself shows the variables
            super().prepare(model, trainable)

    def rehearse(self, model: Any, batch: Batch) -> None:
        own = model._own_step("train")
        if own is not None and takes_data_only(own):
            rehearse(own, model, batch)

    def state_of(self, model: Any) -> Any:
        return states_of(model) if _carries_all(model) else super().state_of(model)

    def load_state(self, model: Any, state: Any) -> None:
        if not _carries_all(model):
            super().load_state(model, state)
            return
        for optimizer, one in zip(optimizers_of(model), state, strict=True):
            optimizer.state = one

    def step(
        self, model: Any, state: TrainingState, batch: Batch, key: jax.Array, number: jax.Array
    ) -> StepResult:
        own = model._own_step("train")
        if own is None:
            return super().step(model, state, batch, key, number)
        return _own_step(own, model, state, batch, key, number, training=True)

    def test_step(
        self, model: Any, state: TrainingState, batch: Batch, key: jax.Array, number: jax.Array
    ) -> StepResult:
        own = model._own_step("test")
        if own is None:
            return super().test_step(model, state, batch, key, number)
        return _own_step(own, model, state, batch, key, number, training=False)


def _carries_all(model: Any) -> bool:
    """Whether a step changes all optimizers of the model, as its own `train_step(data)` may."""
    own = model._own_step("train")
    return own is not None and takes_data_only(own)


def _own_step(
    function: Callable[..., Any],
    model: Any,
    state: TrainingState,
    batch: Batch,
    key: jax.Array,
    number: jax.Array,
    training: bool,
) -> StepResult:
    if takes_data_only(function):
        return changing_step(function, model, state, batch, key, number, training)
    data = tuple(batch) if batch.sample_weight is not None else (batch.x, batch.y)
    trainable, others, optimizer, metrics = state
    with Scope({}, key, number, training, positions_of(model)):
        if training:
            logs, new = function(tuple(state), data)
        else:  # an evaluation's state has no optimizer's variables
            logs, (trainable, others, metrics) = function((trainable, others, metrics), data)
            new = (trainable, others, optimizer, metrics)
    logs = flat_logs(logs)
    health = sum((jnp.sum(value) for value in logs.values()), jnp.zeros(()))
    return StepResult(TrainingState(*new), jnp.isfinite(health), logs)
