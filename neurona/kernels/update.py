"""One step of an optimizer on all weights at once."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation
from neurona.numerics import is_known

Slots = dict[str, list[Any]]
Step = tuple[list[jax.Array], Slots]


class Rule(NamedTuple):
    """A formula that a native kernel computes.

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
    reference: Callable[..., Step],
    decays: Sequence[float],
    learning_rate: jax.Array,
    rate: Any,
    gradients: list[jax.Array | None],
    parameters: list[jax.Array],
    slots: Slots,
) -> Step:
    """New parameters and slots: first p = p - p * decay * learning_rate, then the rule's step.

    Args:
        rule: the formula; None where only the reference knows it.
        reference: the same in XLA, a function of the arguments from `learning_rate` on.
        decays: one for each parameter.
        learning_rate: a scalar.
        rate: the factor of the formula's step: the learning rate, for Adam with its correction for early
            steps.
        gradients, parameters: arrays of the same shapes; a parameter without a gradient, None, stays as it
            is.
        slots: for each name, an array for each parameter.

    Example:

        >>> import jax.numpy as jnp
        >>> def reference(learning_rate, rate, gradients, parameters, slots):
        ...     return [p - rate * g for p, g in zip(parameters, gradients)], slots
        >>> half, ones = jnp.float32(0.5), [jnp.ones(2)]
        >>> update(Rule("sgd"), reference, [0.0], half, half, ones, ones, {})
        ([Array([0.5, 0.5], dtype=float32)], {})
    """
    options: dict[str, Any] = {"rule": rule, "decays": decays, "formula": reference}
    return _update.run(learning_rate, rate, gradients, parameters, slots, **options)


def _reference(
    *arrays: Any, rule: Rule | None, decays: Sequence[float], formula: Callable[..., Step]
) -> Step:
    return formula(*arrays)


def _native(
    learning_rate: jax.Array,
    rate: jax.Array,
    gradients: list[Any],
    parameters: list[jax.Array],
    slots: Slots,
    *,
    rule: Rule,
    decays: Sequence[float],
    formula: Callable[..., Step],
) -> Step:
    moving = [index for index, gradient in enumerate(gradients) if gradient is not None]
    groups = [parameters, *(slots[name] for name in rule.slots)]
    old = [group[index] for group in groups for index in moving]
    new = native_call(
        f"neurona_update_{rule.name}",
        [like(array) for array in old],
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


def _weights(
    _learning_rate: Any, _rate: Any, _gradients: Any, parameters: list[jax.Array], *_: Any, **_o: Any
) -> int:
    return sum(parameter.size for parameter in parameters)


_update = Operation(
    "update",
    reference=_reference,
    native=_native,
    size=_weights,
    faster_from_to=(64, 1e12),
    supports=lambda *_, rule, decays, **_options: (
        rule is not None and all(map(is_known, (*rule.numbers, *decays)))
    ),
)
