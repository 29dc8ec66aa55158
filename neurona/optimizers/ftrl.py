"""Ftrl: follow the regularized leader, for sparse linear models."""

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from neurona.numerics import squarable
from neurona.optimizers.arguments import Options
from neurona.optimizers.base import Optimizer

__all__ = [
    "Ftrl",
]


class Ftrl(Optimizer):
    """Follow the regularized leader: weights are solved for afresh at each step, and L1 makes many of them
    exactly zero.

    With n' = n + g^2, p = -learning_rate_power, sigma = (n'^p - n^p) / learning_rate: z = z + g + 2 *
    shrinkage * w - sigma * w; w = (clip(z, -l1, l1) - z) / (n'^p / learning_rate + 2 * (l2 + beta / (2 *
    learning_rate))). McMahan et al., Ad Click Prediction: a View from the Trenches, 2013.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        learning_rate_power: <= 0; 0 keeps the rate fixed.
        initial_accumulator_value: the first n, >= 0.
        l1_regularization_strength: >= 0.
        l2_regularization_strength: >= 0.
        l2_shrinkage_regularization_strength: >= 0; a penalty on the size, added to the gradient.
        beta: of the paper.
        **options: those of `Options`.

    Raises:
        ArgumentError: an argument is out of range.

    Example:

        >>> optimizer = Ftrl(0.1, l1_regularization_strength=5.0)
        >>> parameters = [jnp.array([0.0, 0.0])]
        >>> state = optimizer.init(parameters)
        >>> parameters, state = optimizer.update([jnp.array([10.0, 1.0])], state, parameters)
        >>> [f"{x:.3f}" for x in parameters[0]]
        ['-0.050', '0.000']
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        if learning_rate_power > 0:
            raise self._argument_error(
                "takes learning_rate_power <= 0", "learning_rate_power", learning_rate_power
            )
        self.learning_rate_power, self.beta = learning_rate_power, beta
        self.initial_accumulator_value = self._checked_minimum(
            "initial_accumulator_value", initial_accumulator_value
        )
        self.l1_regularization_strength = self._checked_minimum(
            "l1_regularization_strength", l1_regularization_strength
        )
        self.l2_regularization_strength = self._checked_minimum(
            "l2_regularization_strength", l2_regularization_strength
        )
        self.l2_shrinkage_regularization_strength = self._checked_minimum(
            "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulator", "linear"),)

    def _initial_slot(self, name: str, index: int, parameter: jax.Array) -> jax.Array | None:
        return jnp.full_like(parameter, self.initial_accumulator_value if name == "accumulator" else 0.0)

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        rate, l1 = shared, self.l1_regularization_strength
        gradient = squarable(gradient)
        total = slots["accumulator"] + jnp.square(gradient)
        power, old_power = (
            jnp.power(total, -self.learning_rate_power),
            jnp.power(slots["accumulator"], -self.learning_rate_power),
        )
        shrunk = gradient + 2 * self.l2_shrinkage_regularization_strength * parameter
        linear = slots["linear"] + shrunk - (power - old_power) / rate * parameter
        quadratic = power / rate + 2 * (self.l2_regularization_strength + self.beta / (2.0 * rate))
        return (jnp.clip(linear, -l1, l1) - linear) / quadratic, {"accumulator": total, "linear": linear}
