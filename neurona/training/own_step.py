"""A model's own `train_step(self, data)`, written with its objects as in Keras on TensorFlow: it reads and
assigns to variables, and its optimizers move them.
"""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from neurona.optimizers import Optimizer
from neurona.training.conversion import Batch
from neurona.training.step import StateScope, StepResult, TrainingState


def takes_data_only(step: Callable[..., Any]) -> bool:
    """Whether a model's own step is called with the data, rather than with a state and the data.

    Example:

        >>> takes_data_only(lambda data: {}), takes_data_only(lambda state, data: ({}, state))
        (True, False)
    """
    return _count_of_arguments(getattr(step, "__func__", step)) - inspect.ismethod(step) == 1


@functools.cache
def _count_of_arguments(function: Any) -> int:
    parameters = inspect.signature(function).parameters.values()
    return sum(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in parameters)


def optimizers_of(model: Any) -> list[Any]:
    """The optimizer of `compile`, and those that the model keeps as attributes."""
    kept = [value for _, value in sorted(vars(model).items()) if isinstance(value, Optimizer)]
    return list({id(one): one for one in (model.optimizer, *kept) if one is not None}.values())


def states_of(model: Any) -> list[Any]:
    """The states of the model's optimizers; None where one has no variables yet."""
    return [optimizer.state for optimizer in optimizers_of(model)]


@contextlib.contextmanager
def _carried(optimizers: list[Any], states: list[Any]) -> Iterator[None]:
    """While a step is traced: the optimizers have the states of the step, and get their own back."""
    kept = [optimizer.state for optimizer in optimizers]
    for optimizer, state in zip(optimizers, states, strict=True):
        optimizer.state, optimizer._is_carried = state, True
    try:
        yield
    finally:
        for optimizer, state in zip(optimizers, kept):
            optimizer.state = optimizer._first_state if state is None else state
            optimizer._is_carried = False


def changing_step(
    step: Callable[[Any], dict[str, Any]],
    model: Any,
    state: TrainingState,
    batch: Batch,
    key: Any,
    number: Any,
    training: bool,
) -> StepResult:
    """One step of a model's own, as a pure function.

    Args:
        step: called with `(x, y)` or `(x, y, sample_weight)`, or x alone; gives the logs.
        model, state, batch, key, number: as of any step.
        training: whether layers behave as in training.
    """
    data = tuple(batch) if batch.sample_weight is not None else (batch.x, batch.y)
    optimizers = optimizers_of(model)
    with (
        StateScope(model, state, key, number, training) as scope,
        _carried(optimizers, state.optimizer if training else states_of(model)),
    ):
        logs = flat_logs(step(batch.x if batch.y is None and batch.sample_weight is None else data) or {})
        after = [optimizer.state for optimizer in optimizers]
    health = sum((jnp.sum(value) for value in logs.values()), jnp.zeros(()))
    new = scope.state._replace(optimizer=after if training else state.optimizer)
    return StepResult(new, jnp.isfinite(health), logs)


def flat_logs(logs: dict[str, Any]) -> dict[str, Any]:
    """Figures by name; what metrics of `compile` say in a dictionary stands beside the others."""
    flat: dict[str, Any] = {}
    for name, value in logs.items():
        if isinstance(value, dict):
            flat.update(flat_logs(value))
        else:
            flat[name] = jnp.asarray(value)
    return flat


def parts_are_built(model: Any) -> bool:
    """Whether all layers inside a model have their variables."""
    return all(layer.built for layer in model._flatten_layers() if layer is not model)


def rehearse(step: Callable[[Any], dict[str, Any]], model: Any, batch: Batch) -> None:
    """Trace a model's own step once where its parts or optimizers have no variables yet: that makes them.

    Args:
        step: of the model.
        model: compiled.
        batch: like those that will come.
    """
    is_matched = model._compiled_metrics is not None or batch.y is None
    if parts_are_built(model) and is_matched and all(optimizer.built for optimizer in optimizers_of(model)):
        return
    state = model._learner.training_state()._replace(optimizer=states_of(model))
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), batch)
    jax.eval_shape(
        lambda batch, key: changing_step(step, model, state, batch, key, 0, True).logs,
        shapes,
        jax.random.key(0),
    )
