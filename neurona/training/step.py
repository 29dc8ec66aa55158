"""One step of training as a pure function: the state of training and a batch in, the new state out."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from neurona.core.scope import Scope
from neurona.training.conversion import Batch


class TrainingState(NamedTuple):
    """All that training changes: what a step receives and returns, a checkpoint saves, and vmap stacks.

    The order is that of Keras on JAX, so that a `train_step(self, state, data)` written for it unpacks the
    state as it is.

    Attributes:
        trainable: the values of the model's trainable variables.
        non_trainable: those of its other variables.
        optimizer: what the rule keeps from step to step: the optimizer's state, where gradients are the rule.
        metrics: the values of the metrics' variables.
    """

    trainable: list[Any]
    non_trainable: list[Any]
    optimizer: Any
    metrics: list[Any]


class StepResult(NamedTuple):
    """What a step gives.

    Attributes:
        state: after the step.
        finite: whether its figures were finite numbers; where not, training stops before the step.
        logs: figures of this step alone, for a model's own `train_step`; others count theirs into metrics.
    """

    state: TrainingState
    finite: Any = True
    logs: dict[str, Any] = {}


class Forward(NamedTuple):
    """What a forward pass gives: the total loss, the predictions, and the state after it."""

    loss: Any
    predictions: Any
    state: TrainingState


class StateScope:
    """A scope in which a model's variables have the values of a training state.

    Assignments change the scope's values, and `state` collects them. So a step is written with the model's
    objects and is a pure function.

    Args:
        model: whose variables they are.
        state: their values.
        key: what layers draw random numbers from.
        number: of the step, for layers with a seed.
        training: whether layers behave as in training.
    """

    def __init__(
        self, model: Any, state: TrainingState, key: Any = None, number: Any = 0, training: bool | None = None
    ) -> None:
        self._before, self._groups = state, model._variable_groups()
        groups = (state.trainable, state.non_trainable, state.metrics)
        values = {
            variable: value
            for variables, arrays in zip(self._groups, groups)
            for variable, value in zip(variables, arrays, strict=True)
        }
        self.scope = Scope(values, key, number, training, positions_of(model))

    def __enter__(self) -> "StateScope":
        self.scope.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.scope.__exit__(*error)

    @property
    def state(self) -> TrainingState:
        """The state with the values of now."""
        values: Any = self.scope.values
        trainable, others, metrics = ([values[variable] for variable in group] for group in self._groups)
        return self._before._replace(trainable=trainable, non_trainable=others, metrics=metrics)


def positions_of(model: Any) -> dict[Any, int]:
    """Every layer's number in the model, which gives each its random stream."""
    return {layer: index for index, layer in enumerate(model._flatten_layers())}


def forward(model: Any, state: TrainingState, batch: Batch, key: Any, number: Any, training: bool) -> Forward:
    """The loss and the predictions of a batch."""
    with StateScope(model, state, key, number, training) as scope:
        predictions = model(batch.x)
        loss = model._loss_of(batch, predictions, training)
    return Forward(loss, predictions, scope.state)


def gradient_step(model: Any, state: TrainingState, batch: Batch, key: Any, number: Any) -> StepResult:
    """Loss, gradients, update, metrics."""
    optimizer = model.optimizer

    def objective(trainable: list[Any]) -> Any:
        result = forward(model, state._replace(trainable=trainable), batch, key, number, training=True)
        return optimizer.scale_loss(result.loss, state.optimizer), result

    (_, result), gradients = jax.value_and_grad(objective, has_aux=True)(state.trainable)
    trainable, optimizer_state = optimizer.update(gradients, state.optimizer, state.trainable)
    constraints = [variable.constraint for variable in model._variable_groups()[0]]
    trainable = [value if limit is None else limit(value) for value, limit in zip(trainable, constraints)]
    after = result.state._replace(trainable=trainable, optimizer=optimizer_state)
    return StepResult(with_metrics(model, after, batch, result), jnp.isfinite(result.loss))


def loss_and_gradients(
    model: Any, state: TrainingState, batch: Batch, key: Any, number: Any
) -> tuple[Any, list[Any]]:
    """The loss of a batch, and its gradients with respect to what is trained. Nothing is updated."""

    def objective(trainable: list[Any]) -> Any:
        return forward(model, state._replace(trainable=trainable), batch, key, number, training=True).loss

    return jax.value_and_grad(objective)(state.trainable)


def test_step(model: Any, state: TrainingState, batch: Batch, key: Any, number: Any) -> StepResult:
    """Loss and metrics of a batch, without training."""
    result = forward(model, state, batch, key, number, training=False)
    return StepResult(with_metrics(model, result.state, batch, result))


def with_metrics(model: Any, state: TrainingState, batch: Batch, result: Forward) -> TrainingState:
    """The state after the metrics have seen a batch."""
    with StateScope(model, state) as scope:
        model._loss_tracker.update_state(result.loss, sample_weight=jax.tree.leaves(batch.x)[0].shape[0])
        model.compute_metrics(batch.x, batch.y, result.predictions, batch.sample_weight)
    return state._replace(metrics=scope.state.metrics)


def metric_results(model: Any, metrics: list[Any]) -> dict[str, Any]:
    """What the metrics say, by the names they have in logs."""
    with Scope(dict(zip(model._variable_groups()[2], metrics))):
        return model.get_metrics_result()
