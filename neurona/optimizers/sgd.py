"""SGD: stochastic gradient descent, with momentum."""

from typing import Any, Unpack

import jax

from neurona.kernels.update import Rule
from neurona.numerics import is_nothing
from neurona.optimizers.arguments import Options
from neurona.optimizers.base import Optimizer

__all__ = [
    "SGD",
]


class SGD(Optimizer):
    """Stochastic gradient descent: w = w - learning_rate * g.

    With momentum: v = momentum * v - learning_rate * g; w = w + v (Polyak, 1964). With nesterov: w = w +
    momentum * v - learning_rate * g (Nesterov, 1983; Sutskever et al., On the importance of initialization
    and momentum in deep learning, 2013).

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        momentum: from 0 to 1; how much of the last movement goes on.
        nesterov: whether to look ahead by the momentum.
        **options: those of `Options`.

    Raises:
        ArgumentError: momentum is not between 0 and 1.

    Example:

        >>> import jax.numpy as jnp
        >>> optimizer = SGD(0.1)
        >>> parameters = [jnp.array([1.0, 2.0])]
        >>> state = optimizer.init(parameters)
        >>> parameters, state = optimizer.update([jnp.array([10.0, 0.0])], state, parameters)
        >>> parameters[0].tolist()
        [0.0, 2.0]
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum, self.nesterov = self._checked_fraction("momentum", momentum), nesterov

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        return () if is_nothing(self.momentum) else (("momentum",),)

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        move = gradient * shared
        if is_nothing(self.momentum):
            return parameter - move, slots
        velocity = slots["momentum"] * self.momentum - move
        ahead = velocity * self.momentum - move if self.nesterov else velocity
        return parameter + ahead, {"momentum": velocity}

    def _native_rule(self) -> Rule | None:
        if is_nothing(self.momentum):
            return Rule("sgd")
        return Rule("nesterov" if self.nesterov else "momentum", ("momentum",), (self.momentum,))
