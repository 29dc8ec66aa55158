"""Adagrad and Adadelta: rates that shrink where gradients have been large."""

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from neurona.numerics import squarable
from neurona.optimizers.arguments import Options
from neurona.optimizers.base import Optimizer

__all__ = [
    "Adadelta",
    "Adagrad",
]


class Adagrad(Optimizer):
    """Divide by the root of the sum of all squared gradients so far: a = a + g^2; w = w - learning_rate * g /
    sqrt(a + epsilon).

    Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization,
    2011.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        initial_accumulator_value: the first a, >= 0.
        epsilon: keeps the division finite.
        **options: those of `Options`.

    Raises:
        ArgumentError: an argument is negative.

    Example:

        >>> optimizer = Adagrad(0.5, initial_accumulator_value=0.0)
        >>> parameters = [jnp.array([1.0])]
        >>> parameters, state = optimizer.update([jnp.array([3.0])], optimizer.init(parameters), parameters)
        >>> [f"{x:.3f}" for x in parameters[0]]
        ['0.500']
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value = self._checked_minimum(
            "initial_accumulator_value", initial_accumulator_value
        )
        self.epsilon = self._checked_epsilon(epsilon)

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulator",),)

    def _initial_slot(self, name: str, index: int, parameter: jax.Array) -> jax.Array | None:
        return jnp.full_like(parameter, self.initial_accumulator_value)

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        gradient = squarable(gradient)
        total = slots["accumulator"] + jnp.square(gradient)
        return parameter - shared * gradient / jnp.sqrt(total + self.epsilon), {"accumulator": total}


class Adadelta(Optimizer):
    """Scale the gradient by the recent size of movements over that of gradients: d = -g * sqrt(D + epsilon) /
    sqrt(G + epsilon).

    G = rho * G + (1 - rho) * g^2; D = rho * D + (1 - rho) * d^2; w = w + learning_rate * d. Zeiler, Adadelta:
    An Adaptive Learning Rate Method, 2012, which has learning_rate = 1.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        rho: from 0 to 1; how slowly the means change.
        epsilon: starts the movement and keeps the division finite.
        **options: those of `Options`.

    Raises:
        ArgumentError: an argument is out of range.

    Example:

        >>> optimizer = Adadelta(1.0, epsilon=0.01)
        >>> parameters = [jnp.array([1.0])]
        >>> parameters, state = optimizer.update([jnp.array([10.0])], optimizer.init(parameters), parameters)
        >>> [f"{x:.3f}" for x in parameters[0]]
        ['0.553']
    """

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **options: Unpack[Options]
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.epsilon = self._checked_fraction("rho", rho), self._checked_epsilon(epsilon)

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulated_grad", "accumulated_delta_var"),)

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        gradient = squarable(gradient)
        moved = slots["accumulated_delta_var"]
        seen = self.rho * slots["accumulated_grad"] + (1 - self.rho) * jnp.square(gradient)
        delta = -jnp.sqrt(moved + self.epsilon) * gradient / jnp.sqrt(seen + self.epsilon)
        moved = self.rho * moved + (1 - self.rho) * jnp.square(delta)
        return parameter + shared * delta, {"accumulated_grad": seen, "accumulated_delta_var": moved}
