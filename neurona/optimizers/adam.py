"""The Adam family: running means of the gradient and of its square."""

from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from neurona.kernels.update import Rule
from neurona.numerics import squarable
from neurona.optimizers.arguments import CommonOptions, Options
from neurona.optimizers.base import Optimizer

__all__ = [
    "Adam",
    "AdamW",
    "Adamax",
    "Nadam",
]


class _MovingMoments(Optimizer):
    """What the family shares: two running means for each parameter, m of the gradient and v of its square."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2 = (
            self._checked_fraction("beta_1", beta_1),
            self._checked_fraction("beta_2", beta_2),
        )
        self.epsilon = self._checked_epsilon(epsilon)

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"),)


class Adam(_MovingMoments):
    """Adaptive moments: m and v are running means of g and g^2; w = w - learning_rate * c * m / (sqrt(v) +
    epsilon).

    m = m + (1 - beta_1) * (g - m); v = v + (1 - beta_2) * (g^2 - v); c = sqrt(1 - beta_2^t) / (1 - beta_1^t)
    undoes their start at zero at step t = 1, 2... Kingma and Ba, Adam: A Method for Stochastic Optimization,
    2015. amsgrad: v only grows (Reddi et al., 2018).

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        beta_1: from 0 to 1; how slowly m changes.
        beta_2: from 0 to 1; how slowly v changes.
        epsilon: keeps the division finite (the paper's "epsilon hat").
        amsgrad: whether to divide by the greatest v so far.
        **options: those of `Options`.

    Raises:
        ArgumentError: an argument is out of range.

    Example:

        >>> optimizer = Adam(0.1)
        >>> parameters = [jnp.array([1.0, 1.0])]
        >>> state = optimizer.init(parameters)
        >>> parameters, state = optimizer.update([jnp.array([5.0, -0.01])], state, parameters)
        >>> [f"{x:.3f}" for x in parameters[0]]
        ['0.900', '1.100']
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.amsgrad = amsgrad

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        return (*super()._slot_groups(), ("velocity_hat",)) if self.amsgrad else super()._slot_groups()

    def _shared(self, rate: jax.Array, count: jax.Array, scalars: dict[str, jax.Array]) -> Any:
        return adam_rate(rate, count, self.beta_1, self.beta_2)

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        moments = adam_moments(gradient, slots, self.beta_1, self.beta_2)
        velocity = moments["velocity"]
        if self.amsgrad:
            velocity = moments["velocity_hat"] = jnp.maximum(slots["velocity_hat"], velocity)
        return parameter - moments["momentum"] * shared / (jnp.sqrt(velocity) + self.epsilon), moments

    def _native_rule(self) -> Rule | None:
        if self.amsgrad:
            return None
        return Rule("adam", ("momentum", "velocity"), (1 - self.beta_1, 1 - self.beta_2, self.epsilon))


def adam_rate(rate: jax.Array, count: jax.Array, beta_1: float, beta_2: float) -> jax.Array:
    """The learning rate times the correction for means that started at zero `count` steps ago."""
    return rate * jnp.sqrt(1 - beta_2**count) / (1 - beta_1**count)


def adam_moments(
    gradient: jax.Array, slots: dict[str, jax.Array], beta_1: float, beta_2: float
) -> dict[str, jax.Array]:
    """The running means of the gradient and of its square."""
    gradient = squarable(gradient)
    momentum, velocity = slots["momentum"], slots["velocity"]
    return {
        "momentum": momentum + (gradient - momentum) * (1 - beta_1),
        "velocity": velocity + (jnp.square(gradient) - velocity) * (1 - beta_2),
    }


def rounded(value: float, dtype: Any) -> float:
    """A number as a dtype holds it. In float32, 1 - 0.999 is 1e-5 of itself off, and some formulas of Keras
    are computed so.

    Example:

        >>> rounded(0.5, "float32"), rounded(0.999, "float32")
        (0.5, 0.9990000128746033)
    """
    return float(np.asarray(value, dtype))


class AdamW(Adam):
    """Adam with decoupled weight decay: first w = w - learning_rate * weight_decay * w, then Adam's step.

    Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        weight_decay: how much each parameter shrinks, times the learning rate.
        beta_1: from 0 to 1; how slowly the mean gradient changes.
        beta_2: from 0 to 1; how slowly the mean square changes.
        epsilon: keeps the division finite.
        amsgrad: whether to divide by the greatest mean square so far.
        **options: those of `CommonOptions`.

    Raises:
        ArgumentError: weight_decay is None; an argument is out of range.

    Example:

        >>> optimizer = AdamW(0.1, weight_decay=0.5)
        >>> parameters = [jnp.array([1.0])]
        >>> parameters, state = optimizer.update([jnp.array([0.0])], optimizer.init(parameters), parameters)
        >>> [f"{x:.3f}" for x in parameters[0]]
        ['0.950']
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Unpack[CommonOptions],
    ) -> None:
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options
        )
        if weight_decay is None:
            raise self._argument_error(
                "takes a weight_decay >= 0; Adam is the one without", "weight_decay", weight_decay
            )


class Adamax(_MovingMoments):
    """Adam with the greatest gradient in the place of the mean square: u = max(beta_2 * u, |g|).

    m = m + (1 - beta_1) * (g - m); w = w - learning_rate * m / ((1 - beta_1^t) * (u + epsilon)). Kingma and
    Ba, 2015, section 7.1.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        beta_1: from 0 to 1; how slowly the mean gradient changes.
        beta_2: from 0 to 1; how slowly the greatest gradient is forgotten.
        epsilon: keeps the division finite.
        **options: those of `Options`.

    Raises:
        ArgumentError: an argument is out of range.

    Example:

        >>> optimizer = Adamax(0.1)
        >>> parameters = [jnp.array([1.0])]
        >>> parameters, state = optimizer.update([jnp.array([8.0])], optimizer.init(parameters), parameters)
        >>> [f"{x:.3f}" for x in parameters[0]]
        ['0.900']
    """

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "norm"),)

    def _shared(self, rate: jax.Array, count: jax.Array, scalars: dict[str, jax.Array]) -> Any:
        return rate, 1 - self.beta_1**count

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        rate, correction = shared
        momentum = slots["momentum"] + (gradient - slots["momentum"]) * (1 - self.beta_1)
        norm = jnp.maximum(self.beta_2 * slots["norm"], jnp.abs(gradient))
        return parameter - rate * momentum / (correction * (norm + self.epsilon)), {
            "momentum": momentum,
            "norm": norm,
        }


class Nadam(_MovingMoments):
    """Adam with Nesterov's momentum, which looks one step ahead.

    u_t = beta_1 * (1 - 0.96^t / 2) and its running product U_t weigh the moments: m_hat = u_(t+1) * m / (1 -
    U_(t+1)) + (1 - u_t) * g / (1 - U_t); v_hat = v / (1 - beta_2^t); w = w - learning_rate * m_hat /
    (sqrt(v_hat) + epsilon). Dozat, Incorporating Nesterov Momentum into Adam, 2016.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        beta_1: from 0 to 1; how slowly the mean gradient changes.
        beta_2: from 0 to 1; how slowly the mean square changes.
        epsilon: keeps the division finite.
        **options: those of `Options`.

    Raises:
        ArgumentError: an argument is out of range.

    Example:

        >>> optimizer = Nadam(0.1)
        >>> parameters = [jnp.array([1.0])]
        >>> parameters, state = optimizer.update([jnp.array([8.0])], optimizer.init(parameters), parameters)
        >>> bool(parameters[0][0] < 0.9)
        True
    """

    def _initial_scalars(self) -> dict[str, float]:
        return {"u_product": 1.0}

    def _advance(self, scalars: dict[str, jax.Array], count: jax.Array) -> dict[str, jax.Array]:
        product = scalars["u_product"]
        return {"u_product": (product * self._weight(count)).astype(product.dtype)}

    def _weight(self, count: jax.Array) -> jax.Array:
        return self.beta_1 * (1 - 0.5 * 0.96**count)

    def _shared(self, rate: jax.Array, count: jax.Array, scalars: dict[str, jax.Array]) -> Any:
        now, ahead, product = self._weight(count), self._weight(count + 1), scalars["u_product"]
        return rate, ahead / (1 - product * ahead), (1 - now) / (1 - product), 1 - self.beta_2**count

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        rate, momentum_weight, gradient_weight, correction = shared
        gradient = squarable(gradient)
        moments = adam_moments(
            gradient, slots, rounded(self.beta_1, gradient.dtype), rounded(self.beta_2, gradient.dtype)
        )
        direction = momentum_weight * moments["momentum"] + gradient_weight * gradient
        return parameter - direction * rate / (
            jnp.sqrt(moments["velocity"] / correction) + self.epsilon
        ), moments
