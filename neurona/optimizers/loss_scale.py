"""Dynamic loss scaling, for training with float16 gradients."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from neurona.core.errors import ArgumentError
from neurona.core.registry import resolve, serialize
from neurona.optimizers.base import Optimizer
from neurona.optimizers.state import Entry
from neurona.tracebacks import warn

__all__ = [
    "LossScaleOptimizer",
]

# Gradients that need a larger scale than the greatest do not change a weight; those that overflow with less
# than the least are not finite for another reason than float16.
LEAST_SCALE, GREATEST_SCALE = 2.0**-24, 2.0**40


class LossScaleOptimizer(Optimizer):
    """Multiply the loss by a scale, divide the gradients by it, and find the largest scale at which they stay
    finite.

    A step whose gradients are not all finite moves nothing and halves the scale; after `dynamic_growth_steps`
    good steps it doubles. It stays from 2**-24 to 2**40. Where gradients are not finite even with the least
    scale, nothing is learned, and a warning says so.
    Gradients too small for float16 would otherwise become 0. Micikevicius et al., Mixed Precision Training,
    2018.

    Its state is the inner optimizer's, with `dynamic_scale` and `step_counter` added.

    Args:
        inner_optimizer: the optimizer that moves the parameters; clipping, decay and the like are its
            options.
        initial_scale: the first scale.
        dynamic_growth_steps: good steps before the scale doubles.
        name: made from the class's name if not given.

    Raises:
        ArgumentError: a number is out of range; the inner optimizer is none.
        UnexpectedArgument: an option that belongs to the inner optimizer.

    Example:

        >>> from neurona.optimizers import SGD
        >>> optimizer = LossScaleOptimizer(SGD(0.5), initial_scale=4.0)
        >>> parameters = [jnp.array([1.0])]
        >>> state = optimizer.init(parameters)
        >>> float(optimizer.scale_loss(jnp.array(3.0), state))
        12.0
        >>> parameters, state = optimizer.update([jnp.array([jnp.inf])], state, parameters)
        >>> parameters[0].tolist(), float(state["dynamic_scale"])
        ([1.0], 2.0)
        >>> parameters, state = optimizer.update([jnp.array([2.0])], state, parameters)
        >>> parameters[0].tolist()
        [0.5]
    """

    _skips_overflow = True

    def __init__(
        self,
        inner_optimizer: Any,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        self._has_warned = False
        self.inner_optimizer: Optimizer = resolve("optimizers", inner_optimizer)
        if not isinstance(self.inner_optimizer, Optimizer) or isinstance(
            self.inner_optimizer, LossScaleOptimizer
        ):
            raise ArgumentError(
                f"LossScaleOptimizer wraps an optimizer, such as Adam(). Received: {inner_optimizer!r}"
            )
        if unknown:
            raise self._unexpected(next(iter(unknown)))
        super().__init__(self.inner_optimizer._rate, name=name)
        if not LEAST_SCALE <= self._checked_minimum("initial_scale", initial_scale) <= GREATEST_SCALE:
            raise self._argument_error(
                "takes an initial_scale from 2**-24 to 2**40", "initial_scale", initial_scale
            )
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = self._checked_count("dynamic_growth_steps", dynamic_growth_steps, 1)
        # The gradients would be divided twice.
        self.inner_optimizer.loss_scale_factor = None

    # The inner optimizer holds the one state and the one learning rate, so that either object shows them.

    @property
    def state(self) -> Any:
        return self.inner_optimizer.state

    @state.setter
    def state(self, state: Any) -> None:
        self.inner_optimizer.state = state
        if state is not None and not isinstance(state["dynamic_scale"], Tracer):
            self._warn_of_least_scale(state)

    def _warn_of_least_scale(self, state: dict[str, Any]) -> None:
        if self._has_warned or not np.any(np.asarray(state["dynamic_scale"]) <= LEAST_SCALE):
            return
        self._has_warned = True
        warn(
            f"{self.name}: nothing is learned. The gradients of the last steps were not finite, even with a "
            f"loss scale of {LEAST_SCALE:.1e}, so each of these steps was left out. The loss or a layer "
            "divides by zero, or takes a root or logarithm of it: train a step in float32, with "
            "neurona.config.set_dtype_policy('float32'), to see where."
        )

    @property
    def _rate(self) -> Any:
        return self.inner_optimizer._rate

    @_rate.setter
    def _rate(self, rate: Any) -> None:
        self.inner_optimizer._rate = rate

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def _with_rates(self) -> list[Any]:
        return self.inner_optimizer._with_rates

    def _averages(self) -> list[Any] | None:
        return self.inner_optimizer._averages()

    @property
    def iterations(self) -> Any:
        """How many times the parameters have moved."""
        return self.inner_optimizer.iterations

    @property
    def _structure(self) -> Hashable:
        return LossScaleOptimizer, self.dynamic_growth_steps, self.inner_optimizer._structure

    @property
    def _options(self) -> list[Any]:
        return [*super()._options, *self.inner_optimizer._options]

    def build(self, variables: Iterable[Any]) -> None:
        """Create the state for these variables, or adapt it to them."""
        self._adapt_to(variables)

    def _adapt_to(self, variables: Iterable[Any]) -> None:
        self._variables = list(variables)
        self.inner_optimizer._adapt_to(self._variables)
        self.state = {**self._first_scale(), **self.state}

    def exclude_from_weight_decay(
        self, var_list: Sequence[Any] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Let some variables be without weight decay: the inner optimizer's."""
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def finalize_variable_values(self, var_list: Any) -> None:
        """With the inner optimizer's `use_ema`, give the variables their moving averages."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def init(self, parameters: Sequence[jax.Array]) -> dict[str, Any]:
        """The inner optimizer's state with the scale and the count of good steps."""
        return {**self.inner_optimizer.init(parameters), **self._first_scale()}

    def _first_scale(self) -> dict[str, Any]:
        return {
            "dynamic_scale": jnp.asarray(self.initial_scale, jnp.float32),
            "step_counter": jnp.zeros((), jnp.int32),
        }

    def scale_loss(self, loss: jax.Array, state: dict[str, Any] | None = None) -> jax.Array:
        """The loss times the scale in a state, by default in `self.state`."""
        state = state or self.state
        return loss * (self.initial_scale if state is None else state["dynamic_scale"])

    def update(
        self, gradients: Sequence[jax.Array | None], state: dict[str, Any], parameters: Sequence[jax.Array]
    ) -> tuple[list[jax.Array], dict[str, Any]]:
        """One step with the gradients of the scaled loss; nothing moves where one of them is not finite."""
        gradients, parameters = self._paired(gradients, parameters)
        scale, counter = state["dynamic_scale"], state["step_counter"]

        def move() -> tuple[list[jax.Array], dict[str, Any]]:
            moved, new_state = self.inner_optimizer.update(
                self._unscaled(gradients, scale), state, parameters
            )
            grow = counter == self.dynamic_growth_steps - 1
            new_scale = {
                "dynamic_scale": jnp.where(grow, jnp.minimum(scale * 2.0, GREATEST_SCALE), scale),
                "step_counter": jnp.where(grow, 0, counter + 1),
            }
            return moved, {**new_state, **new_scale}

        def stay() -> tuple[list[jax.Array], dict[str, Any]]:
            return parameters, {
                **state,
                "dynamic_scale": jnp.maximum(scale * 0.5, LEAST_SCALE),
                "step_counter": jnp.zeros_like(counter),
            }

        return jax.lax.cond(self.check_finite(gradients), move, stay)

    def _unscaled(self, gradients: list[Any], scale: jax.Array) -> list[Any]:
        """Gradients over the scale, except those that are the new values of their variables."""
        inner = self.inner_optimizer
        places = inner._moving or range(len(gradients))
        direct = inner._overwritten
        return [g if g is None or place in direct else g / scale for place, g in zip(places, gradients)]

    def check_finite(self, grads: Sequence[jax.Array | None]) -> jax.Array:
        """Whether all numbers in all gradients are finite.

        Example:

            >>> bool(LossScaleOptimizer("sgd").check_finite([jnp.ones(2), None, jnp.array([jnp.nan])]))
            False
        """
        finite = [jnp.isfinite(gradient).all() for gradient in grads if gradient is not None]
        return jnp.stack(finite).all() if finite else jnp.array(True)

    def _entries(self) -> list[Entry]:
        self._check_built()
        own = [Entry(f"{self.name}/iteration", ()), Entry(f"{self.name}/learning_rate", ())]
        own += [Entry(f"{self.name}/{key}", (key,)) for key in ("step_counter", "dynamic_scale")]
        return own + self.inner_optimizer._entries()

    def _saved_parts(self) -> list[tuple[str, Any]]:
        return [("inner_optimizer", self.inner_optimizer)]

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this optimizer, the inner one's within."""
        own = {"initial_scale": self.initial_scale, "dynamic_growth_steps": self.dynamic_growth_steps}
        return {"name": self.name, "inner_optimizer": serialize(self.inner_optimizer), **own}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build it from what `get_config` returned; options without effect that older files carry are left
        out.
        """
        own = ("inner_optimizer", "initial_scale", "dynamic_growth_steps", "name")
        return cls(**{name: config[name] for name in own if name in config})

    def _argument_names(self) -> list[str]:
        return ["inner_optimizer", "initial_scale", "dynamic_growth_steps", "name"]
