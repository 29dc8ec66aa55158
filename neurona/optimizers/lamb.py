"""Lamb: Adam's direction, as long as the weights it moves; for very large batches."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.numerics import norm, with_norm
from neurona.optimizers.adam import _MovingMoments, adam_moments

__all__ = [
    "Lamb",
]


class Lamb(_MovingMoments):
    """Adam's direction d, scaled to the size of each array: w = w - learning_rate * (||w|| / ||d||) * d.

    d = m_hat / (sqrt(v_hat) + epsilon), m_hat and v_hat being Adam's corrected means; where a norm is 0 the
    ratio is 1. You et al., Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, 2020.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        beta_1: from 0 to 1; how slowly the mean gradient changes.
        beta_2: from 0 to 1; how slowly the mean square changes.
        epsilon: keeps the division finite.
        **options: those of `Options`.

    Raises:
        ArgumentError: an argument is out of range.

    Example:

        >>> optimizer = Lamb(0.1)
        >>> parameters = [jnp.array([4.0])]
        >>> parameters, state = optimizer.update([jnp.array([0.3])], optimizer.init(parameters), parameters)
        >>> [f"{x:.3f}" for x in parameters[0]]
        ['3.600']
    """

    def _shared(self, rate: jax.Array, count: jax.Array, scalars: dict[str, jax.Array]) -> Any:
        return rate, 1 - self.beta_1**count, 1 - self.beta_2**count

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        rate, momentum_correction, velocity_correction = shared
        moments = adam_moments(gradient, slots, self.beta_1, self.beta_2)
        scale = jnp.sqrt(moments["velocity"] / velocity_correction) + self.epsilon
        direction = moments["momentum"] / momentum_correction / scale
        length = norm(parameter)
        move = jnp.where(length > 0, with_norm(direction, length), direction)
        return parameter - rate * move, moments
