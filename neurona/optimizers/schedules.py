"""Learning rates that change with the step: each schedule is a function `step -> rate`, on numbers, arrays
and traced values alike.

`step` counts updates from 0 (batches, not epochs). Arrays of steps give arrays of rates, so a schedule can be
plotted in one call.
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core import registry
from neurona.core.errors import ArgumentError
from neurona.core.registry import Serializable
from neurona.messages import translated


class LearningRateSchedule(Serializable):
    """Base of the schedules. Subclass it, keep the constructor's arguments as attributes, and define
    `__call__(step)`.

    Example:

        >>> class Halving(LearningRateSchedule):
        ...     def __init__(self, start):
        ...         self.start = start
        ...     def __call__(self, step):
        ...         return self.start * 0.5**step
        >>> Halving(0.8)(2), Halving(0.8).get_config()
        (0.2, {'start': 0.8})
    """

    _kind = "schedules"

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step, counted from 0."""
        raise NotImplementedError(translated(f"{type(self).__name__} must define __call__(self, step)."))


def _positive_steps(owner: LearningRateSchedule, name: str, value: float) -> float:
    if not value > 0:
        raise ArgumentError(
            f"{type(owner).__name__}: {name} is a number of steps > 0. Received: {name}={value!r}"
        )
    return value


def _as_float(step: Any) -> jax.Array:
    return jnp.asarray(step).astype(jnp.float32)


class ExponentialDecay(LearningRateSchedule):
    """Multiply the rate by `decay_rate` every `decay_steps` steps: rate(t) = initial * decay_rate ** (t /
    decay_steps).

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps over which the rate is multiplied by `decay_rate` once.
        decay_rate: the factor.
        staircase: whether to round t / decay_steps down, so that the rate falls in jumps.
        name: kept in the config; it has no effect.

    Raises:
        ArgumentError: decay_steps is not positive.

    Example:

        >>> ExponentialDecay(1.0, decay_steps=10, decay_rate=0.5)(jnp.array([0, 10, 20])).tolist()
        [1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps = _positive_steps(self, "decay_steps", decay_steps)
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> jax.Array:
        periods = _as_float(step) / self.decay_steps
        if self.staircase:
            periods = jnp.floor(periods)
        return self.initial_learning_rate * jnp.power(jnp.float32(self.decay_rate), periods)


class InverseTimeDecay(LearningRateSchedule):
    """Divide the rate by a line: rate(t) = initial / (1 + decay_rate * t / decay_steps).

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps over which the divisor grows by `decay_rate`.
        decay_rate: the slope.
        staircase: whether to round t / decay_steps down.
        name: kept in the config; it has no effect.

    Raises:
        ArgumentError: decay_steps is not positive.

    Example:

        >>> float(InverseTimeDecay(0.5, decay_steps=1, decay_rate=1.0)(3))
        0.125
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps = _positive_steps(self, "decay_steps", decay_steps)
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> jax.Array:
        periods = _as_float(step) / self.decay_steps
        if self.staircase:
            periods = jnp.floor(periods)
        return self.initial_learning_rate / (1.0 + self.decay_rate * periods)


class PiecewiseConstantDecay(LearningRateSchedule):
    """A staircase: `values[0]` up to and including step `boundaries[0]`, then `values[1]`, and so on.

    Args:
        boundaries: steps, rising; the last step of each stair.
        values: rates, one more than boundaries.
        name: kept in the config; it has no effect.

    Raises:
        ArgumentError: there is not exactly one value more than boundaries.

    Example:

        >>> [float(rate) for rate in PiecewiseConstantDecay([2, 4], [1.0, 0.5, 0.25])(jnp.arange(1, 6))]
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(values) != len(boundaries) + 1:
            raise ArgumentError(
                "PiecewiseConstantDecay needs one value more than boundaries. "
                f"Received: {len(boundaries)} boundaries {list(boundaries)} and {len(values)} values "
                f"{list(values)}"
            )
        self.boundaries, self.values, self.name = list(boundaries), list(values), name

    def __call__(self, step: Any) -> jax.Array:
        step = jnp.asarray(step)
        stair = sum(
            ((step > boundary).astype(jnp.int32) for boundary in self.boundaries),
            jnp.zeros(step.shape, jnp.int32),
        )
        return jnp.asarray(self.values, jnp.float32)[stair]


class PolynomialDecay(LearningRateSchedule):
    """Fall from one rate to another along a power of the time left: rate(t) = (initial - end) * (1 - t / T)
    ** power + end.

    After T = decay_steps the rate stays at `end_learning_rate`; with `cycle` it starts again over a T as long
    as the next multiple of decay_steps.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: T.
        end_learning_rate: the last rate.
        power: 1 for a straight line.
        cycle: whether to start again.
        name: kept in the config; it has no effect.

    Raises:
        ArgumentError: decay_steps is not positive.

    Example:

        >>> float(PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.0, power=2.0)(5))
        0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate, self.end_learning_rate = initial_learning_rate, end_learning_rate
        self.decay_steps = _positive_steps(self, "decay_steps", decay_steps)
        self.power, self.cycle, self.name = power, cycle, name

    def __call__(self, step: Any) -> jax.Array:
        step = _as_float(step)
        if self.cycle:
            total = self.decay_steps * jnp.where(step == 0, 1.0, jnp.ceil(step / self.decay_steps))
        else:
            total = float(self.decay_steps)
            step = jnp.minimum(step, total)
        fall = self.initial_learning_rate - self.end_learning_rate
        # A compiled division may round t / T above 1, and a fractional power of a negative number is NaN.
        return fall * jnp.power(jnp.maximum(1.0 - step / total, 0.0), self.power) + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """Fall along half a cosine: rate(t) = initial * ((1 - alpha) * (1 + cos(pi * t / T)) / 2 + alpha),
    constant after T = decay_steps.

    With `warmup_target` the rate first rises in a line from `initial_learning_rate` to `warmup_target` over
    `warmup_steps` steps and falls from there. Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with
    Warm Restarts, 2017.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps of the fall, not counting the warm-up.
        alpha: the last rate, as a fraction of the first.
        warmup_target: the rate at the end of the warm-up; None for no warm-up.
        warmup_steps: steps of the warm-up.
        name: kept in the config; it has no effect.

    Raises:
        ArgumentError: decay_steps is not positive.

    Example:

        >>> schedule = CosineDecay(0.0, decay_steps=10, warmup_target=1.0, warmup_steps=4)
        >>> schedule(jnp.array([0, 2, 4, 9, 14])).round(3).tolist()
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate, self.alpha, self.name = initial_learning_rate, alpha, name
        self.decay_steps = _positive_steps(self, "decay_steps", decay_steps)
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps

    def __call__(self, step: Any) -> jax.Array:
        step = _as_float(step)
        if self.warmup_target is None:
            return self._fall(step, self.initial_learning_rate)
        fall = self._fall(step - self.warmup_steps, self.warmup_target)
        if not self.warmup_steps:
            return fall
        rise = (self.warmup_target - self.initial_learning_rate) * (
            step / self.warmup_steps
        ) + self.initial_learning_rate
        return jnp.where(step < self.warmup_steps, rise, fall)

    def _fall(self, step: jax.Array, start: float) -> jax.Array:
        fraction = jnp.minimum(step, self.decay_steps) / self.decay_steps
        return start * ((1.0 - self.alpha) * (0.5 * (1.0 + jnp.cos(math.pi * fraction))) + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine falls that start again: each period is `t_mul` times as long as the last and begins `m_mul`
    times as high.

    Within a period of which the fraction f is over, rate = initial * ((1 - alpha) * m_mul**i * (1 + cos(pi *
    f)) / 2 + alpha), i periods having passed. Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with
    Warm Restarts, 2017.

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: the length of the first period.
        t_mul: how much longer each period is.
        m_mul: how much higher each period begins.
        alpha: the lowest rate, as a fraction of the first.
        name: kept in the config; it has no effect.

    Raises:
        ArgumentError: first_decay_steps is not positive.

    Example:

        >>> schedule = CosineDecayRestarts(1.0, first_decay_steps=4, t_mul=1.0)
        >>> schedule(jnp.array([0, 2, 4, 6])).round(3).tolist()
        [1.0, 0.5, 1.0, 0.5]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = _positive_steps(self, "first_decay_steps", first_decay_steps)
        self.t_mul, self.m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name

    def __call__(self, step: Any) -> jax.Array:
        fraction = _as_float(step) / self.first_decay_steps
        if self.t_mul == 1.0:
            period = jnp.floor(fraction)
            fraction = fraction - period
        else:
            # The periods' lengths are a geometric series: its sum gives the number of whole periods that fit
            # in.
            period = jnp.floor(jnp.log(1.0 - fraction * (1.0 - self.t_mul)) / math.log(self.t_mul))
            scale = jnp.power(jnp.float32(self.t_mul), period)
            fraction = (fraction - (1.0 - scale) / (1.0 - self.t_mul)) / scale
        height = jnp.power(jnp.float32(self.m_mul), period)
        cosine = 0.5 * height * (1.0 + jnp.cos(math.pi * fraction))
        return self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)


def rate_at(schedule: Callable[..., Any], step: Any) -> jax.Array:
    """The rate of any schedule at a step, as a float32 scalar; Keras's functions without arguments are called
    without.

    Example:

        >>> float(rate_at(lambda step: 0.5 / (1 + step), 1)), float(rate_at(lambda: 0.125, 7))
        (0.25, 0.125)
    """
    arguments = (
        (step,)
        if isinstance(schedule, LearningRateSchedule) or inspect.signature(schedule).parameters
        else ()
    )
    return jnp.asarray(schedule(*arguments), jnp.float32)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """The description from which `deserialize` rebuilds a schedule.

    Example:

        >>> serialize(InverseTimeDecay(0.1, 10, 0.5))["class_name"]
        'InverseTimeDecay'
    """
    return registry.serialize_object(learning_rate_schedule)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Rebuild a schedule from what `serialize` returned.

    Example:

        >>> config = {"initial_learning_rate": 0.5, "decay_steps": 8}
        >>> deserialize({"class_name": "CosineDecay", "config": config}).decay_steps
        8
    """
    return registry.deserialize(config, kind="schedules", custom_objects=custom_objects)
