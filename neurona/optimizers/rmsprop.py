"""RMSprop: gradients divided by their recent size."""

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from neurona.kernels.update import Rule
from neurona.numerics import squarable
from neurona.optimizers.arguments import Options
from neurona.optimizers.base import Optimizer

__all__ = [
    "RMSprop",
]


class RMSprop(Optimizer):
    """Divide the gradient by a running root mean square: v = rho * v + (1 - rho) * g^2; w = w - learning_rate
    * g / sqrt(v + epsilon).

    With centered the variance takes the place of v: v - a^2, a being the running mean of g. With momentum the
    quotient is gathered:
    m = momentum * m + quotient; w = w - m. Tieleman and Hinton, lecture 6.5 of Neural Networks for Machine
    Learning, 2012; centered:
    Graves, Generating Sequences with Recurrent Neural Networks, 2013.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        rho: from 0 to 1; how slowly the mean square changes.
        momentum: from 0 to 1.
        epsilon: keeps the division finite.
        centered: whether to divide by the standard deviation rather than by the root mean square.
        **options: those of `Options`.

    Raises:
        ArgumentError: an argument is out of range.

    Example:

        >>> optimizer = RMSprop(0.1, rho=0.75)
        >>> parameters = [jnp.array([1.0])]
        >>> parameters, state = optimizer.update([jnp.array([4.0])], optimizer.init(parameters), parameters)
        >>> [f"{x:.3f}" for x in parameters[0]]
        ['0.800']
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.momentum = (
            self._checked_fraction("rho", rho),
            self._checked_fraction("momentum", momentum),
        )
        self.epsilon, self.centered = self._checked_epsilon(epsilon), centered

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        return (
            ("velocity",),
            *([("momentum",)] if self.momentum else []),
            *([("average_gradient",)] if self.centered else []),
        )

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        gradient = squarable(gradient)
        slots = {**slots, "velocity": self.rho * slots["velocity"] + (1 - self.rho) * jnp.square(gradient)}
        denominator = slots["velocity"] + self.epsilon
        if self.centered:
            slots["average_gradient"] = self.rho * slots["average_gradient"] + (1 - self.rho) * gradient
            denominator = slots["velocity"] - jnp.square(slots["average_gradient"]) + self.epsilon
        move = shared * gradient / jnp.sqrt(denominator)
        if self.momentum:
            move = slots["momentum"] = self.momentum * slots["momentum"] + move
        return parameter - move, slots

    def _native_rule(self) -> Rule | None:
        if self.momentum or self.centered:
            return None
        return Rule("rmsprop", ("velocity",), (self.rho, 1 - self.rho, self.epsilon))
