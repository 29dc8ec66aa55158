"""One step of an optimizer on all weights at once."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from . import native

Slots = dict[str, list[Any]]


class Rule(NamedTuple):
    """A formula that there is a native kernel for.

    Args:
        name: "sgd", "momentum", "nesterov", "rmsprop" or "adam".
        slots: the names of what it remembers of each weight, in the kernel's order.
        numbers: its constants, in the kernel's order.
    """

    name: str
    slots: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()


def update(
    rule: Rule | None,
    twin: Callable[..., tuple[list[jax.Array], Slots]],
    decays: Sequence[float],
    learning_rate: jax.Array,
    rate: Any,
    gradients: list[jax.Array | None],
    parameters: list[jax.Array],
    slots: Slots,
) -> tuple[list[jax.Array], Slots]:
    """New parameters and slots: first p = p - p * decay * learning_rate, then the rule's step.

    Args:
        rule: the formula; None where only the twin knows it.
        twin: the same in XLA, a function of the arguments from `learning_rate` on.
        decays: one for each parameter.
        learning_rate: a scalar.
        rate: what the formula multiplies a step by: the learning rate, for Adam with its correction for early
            steps.
        gradients, parameters: arrays of the same shapes; a parameter without a gradient, None, stays as it
            is.
        slots: for each name, an array for each parameter.

    Example:

        >>> import jax.numpy as jnp
        >>> def twin(learning_rate, rate, gradients, parameters, slots):
        ...     return [p - rate * g for p, g in zip(parameters, gradients)], slots
        >>> update(Rule("sgd"), twin, [0.0], jnp.float32(0.5), jnp.float32(0.5), [jnp.ones(2)], [jnp.ones(2)], {})
        ([Array([0.5, 0.5], dtype=float32)], {})
    """
    if rule is None:
        return twin(learning_rate, rate, gradients, parameters, slots)

    def kernel_call(
        learning_rate: jax.Array,
        rate: jax.Array,
        gradients: list[Any],
        parameters: list[jax.Array],
        slots: Slots,
    ) -> tuple[list[jax.Array], Slots]:
        moving = [index for index, gradient in enumerate(gradients) if gradient is not None]
        groups = [parameters, *(slots[name] for name in rule.slots)]
        old = [group[index] for group in groups for index in moving]
        new = native.call(
            f"neurona_update_{rule.name}",
            [jax.ShapeDtypeStruct(array.shape, array.dtype) for array in old],
            learning_rate,
            rate,
            *old,
            *(gradients[index] for index in moving),
            aliases={2 + place: place for place in range(len(old))},
            decays=np.array([decays[index] for index in moving], np.float32),
            numbers=np.array(rule.numbers, np.float32),
        )
        moved = [list(group) for group in groups]
        for place, array in enumerate(new):
            moved[place // len(moving)][moving[place % len(moving)]] = array
        return moved[0], dict(zip(rule.slots, moved[1:]))

    work = sum(parameter.size for parameter in parameters)
    return native.run("update", work, kernel_call, twin, learning_rate, rate, gradients, parameters, slots)
