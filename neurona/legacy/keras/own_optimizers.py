"""Optimizers of Keras 1 and 2 that programs write themselves, as `get_updates(loss, params)`.

The method gives pairs of a variable and its new value. Here it runs while a step is traced: what it makes
with K.zeros is made once and kept in the optimizer's state, and the pairs are assigned in the end.
"""

import functools
import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.scope import Scope
from neurona.core.variable import Variable
from neurona.legacy.keras.backend.expressions import Made
from neurona.legacy.keras.backend.program import value_of
from neurona.optimizers import Optimizer

_RATE = 0.01  # until the program names one


def adapt(cls: Any) -> None:
    """Let a class whose steps are a list of updates train here."""
    cls.update_step = _update_step
    cls.build, cls._run_update_steps = _build, _run
    cls.get_gradients = lambda self, loss, params: self._gradients
    cls.iterations = property(Optimizer.iterations.fget, lambda self, value: None)  # counted by the optimizer
    cls.lr = property(lambda self: self.learning_rate, _set_rate)
    cls.updates = cls.weights = None  # what the program keeps there


def with_rate(init: Any) -> Any:
    """`Optimizer.__init__` that needs no learning rate: such programs set `self.lr` later."""

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if not args and "get_updates" in _methods(type(self)):
            kwargs.setdefault("learning_rate", _RATE)
        init(self, *args, **kwargs)

    return wrapper


def _methods(cls: type) -> set[str]:
    return {name for base in cls.__mro__ if not base.__module__.startswith("neurona.") for name in vars(base)}


def _set_rate(optimizer: Any, value: Any) -> None:
    optimizer.learning_rate = float(value_of(value))


def _update_step(optimizer: Any, *_: Any) -> None:
    """Not called: all weights move at once."""


def _build(optimizer: Any, variables: Iterable[Any]) -> None:
    """Find what the updates assign to, by a step that is only traced."""
    variables = list(variables)
    if optimizer.built:
        return
    optimizer._made = Made()
    Optimizer.build(optimizer, variables)

    def step() -> None:
        gradients = [jnp.zeros_like(value_of(one)) for one in variables]
        values = {one: value_of(one) for one in variables}
        with Scope(values):
            pairs = _updates(optimizer, gradients, variables)
        known = {id(one) for one in variables}
        optimizer._kept = [one for one, _ in pairs if id(one) not in known and _is_kept(one)]

    jax.eval_shape(step)
    for number, one in enumerate(optimizer._kept):
        optimizer._added(f"{optimizer.name}/variable_{number}", one._value, None)


def _is_kept(variable: Any) -> bool:
    """Whether an update is of a variable of the program's, and not of the count of steps."""
    return isinstance(variable, Variable) and not hasattr(variable, "_entry")


def _run(
    optimizer: Any,
    gradients: Sequence[Any],
    state: dict[str, Any],
    parameters: Sequence[Any],
    rate: Any,
    decays: Sequence[float],
) -> tuple[list[Any], dict[str, Any]]:
    """A step as a pure function."""
    moved = dict(zip(optimizer._variables, parameters, strict=True))
    own = dict(zip(optimizer._kept, state.get("own", []), strict=True))
    kept, optimizer.state = optimizer.state, state
    pairs = zip(gradients, parameters, strict=True)
    known = [jnp.zeros_like(array) if gradient is None else gradient for gradient, array in pairs]
    try:
        with Scope({**moved, **own}):
            pairs = _updates(optimizer, known, optimizer._variables)
        for variable, value in pairs:
            for table in (moved, own):
                if variable in table:
                    table[variable] = jnp.asarray(value_of(value), table[variable].dtype)
        return list(moved.values()), {**state, **({"own": list(own.values())} if own else {})}
    finally:
        optimizer.state = kept


def _updates(optimizer: Any, gradients: list[Any], variables: list[Any]) -> list[tuple[Any, Any]]:
    """The pairs that `get_updates` gives, with the arguments of its age."""
    optimizer._gradients = gradients
    of_keras_1 = "constraints" in inspect.signature(optimizer.get_updates).parameters
    with optimizer._made:
        found = optimizer.get_updates(*((variables, {}, None) if of_keras_1 else (None, variables)))
        return [(pair[0], value_of(pair[1])) for pair in found]
