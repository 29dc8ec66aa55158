"""AdamW that needs no schedule: it averages the path of the parameters instead."""

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from neurona.numerics import squarable
from neurona.optimizers.adam import _MovingMoments, rounded
from neurona.optimizers.arguments import Options

__all__ = [
    "ScheduleFreeAdamW",
]


class ScheduleFreeAdamW(_MovingMoments):
    """AdamW without a schedule: gradients are taken at y, between the fast iterate z and its average x.

    z = z - learning_rate * g / (sqrt(v / (1 - beta_2^t)) + epsilon); x = (1 - 1/t) * x + z / t; y = (1 -
    beta_1) * z + beta_1 * x is the parameter itself; x is found back from y and z. Defazio et al., The Road
    Less Scheduled, 2024.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        beta_1: from 0 to 1, not 0; how near y lies to the average.
        beta_2: from 0 to 1; how slowly the mean square v changes.
        epsilon: keeps the division finite.
        warmup_steps: the learning rate rises in a line over so many steps.
        **options: those of `Options`.

    Raises:
        ArgumentError: an argument is out of range.

    Example:

        >>> optimizer = ScheduleFreeAdamW(0.1)
        >>> parameters = [jnp.array([1.0])]
        >>> parameters, state = optimizer.update([jnp.array([8.0])], optimizer.init(parameters), parameters)
        >>> [f"{x:.3f}" for x in parameters[0]]
        ['0.900']
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        if not beta_1:
            raise self._argument_error("divides by beta_1, which can't be 0", "beta_1", beta_1)
        self.warmup_steps = self._checked_minimum("warmup_steps", warmup_steps)

    def _initial_slot(self, name: str, index: int, parameter: jax.Array) -> jax.Array | None:
        # A copy, so that parameters and state may both be donated to a compiled program.
        return jnp.array(parameter, copy=True) if name == "momentum" else jnp.zeros_like(parameter)

    def _shared(self, rate: jax.Array, count: jax.Array, scalars: dict[str, jax.Array]) -> Any:
        if self.warmup_steps:
            rate = rate * jnp.minimum(count / self.warmup_steps, 1.0)
        return rate, 1 - self.beta_2**count, 1.0 / count

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        rate, correction, weight = shared
        gradient = squarable(gradient)
        fast = slots["momentum"]
        velocity = slots["velocity"] + (jnp.square(gradient) - slots["velocity"]) * (
            1 - rounded(self.beta_2, gradient.dtype)
        )
        average = (parameter - (1 - self.beta_1) * fast) / self.beta_1
        fast = fast - rate * gradient / (jnp.sqrt(velocity / correction) + self.epsilon)
        average = (1 - weight) * average + weight * fast
        return (1 - self.beta_1) * fast + self.beta_1 * average, {"momentum": fast, "velocity": velocity}
