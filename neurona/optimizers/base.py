"""Optimizer: a pure pair `init`, `update` with named state, as the class that Keras's users know.

    state = optimizer.init(parameters)
    parameters, state = optimizer.update(gradients, state, parameters)     # jit, vmap, scan at will

A family defines `_slot_groups` (what it remembers of each parameter), `_shared` (what depends on the step
only) and `_step` (one formula). A subclass written for Keras defines `update_step` instead.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.arrays import device_array, zeros
from neurona.core.errors import ArgumentError, NotBuiltError, ShapeError
from neurona.core.registry import is_built_in, snake_case
from neurona.core.spellings import older
from neurona.core.symbolic import unique_name
from neurona.kernels.update import Rule, update
from neurona.messages import translated
from neurona.numerics import is_nothing
from neurona.optimizers.arguments import Options
from neurona.optimizers.clipping import clipped
from neurona.optimizers.extension import ExtensionPoints
from neurona.optimizers.variables import name_of

__all__ = ["Optimizer"]


class Optimizer(ExtensionPoints):
    """Base of the optimizers: what happens around the formula of each.

    An update divides the gradients by `loss_scale_factor`, averages them over `gradient_accumulation_steps`,
    clips them, shrinks each parameter p to p - p * weight_decay * learning_rate, takes the step, and updates
    the moving average of the parameters.

    Args:
        learning_rate: a number; a schedule or any function `step -> rate`.
        **options: those of `Options`.

    Raises:
        ArgumentError: a value is out of range; more than one kind of clipping.
        UnexpectedArgument: there is no such argument.
    """

    _kind = "optimizers"
    _skips_overflow = False  # whether steps with gradients that are not finite are left out

    def __init__(self, learning_rate: Any, **options: Unpack[Options]) -> None:
        for name in options:
            if name not in Options.__annotations__:
                raise self._unexpected(name)
        self.name = options.get("name") or unique_name(snake_case(type(self).__name__))
        self.state: Any = None
        self._variables: list[Any] = []
        self._excluded: frozenset[int] = frozenset()
        self._overwritten: frozenset[int] = frozenset()
        self._own, self._made_before_build, self._moving = [], 0, None
        self._exclusion: tuple[list[Any], list[str]] | None = None
        self._compiled: tuple[Hashable, Callable[..., Any]] | None = None
        self._rate: Any = self._checked_rate(learning_rate)
        self.weight_decay = self._checked_minimum("weight_decay", options.get("weight_decay"))
        self.clipnorm = self._checked_minimum("clipnorm", options.get("clipnorm"))
        self.clipvalue = self._checked_minimum("clipvalue", options.get("clipvalue"))
        self.global_clipnorm = self._checked_minimum("global_clipnorm", options.get("global_clipnorm"))
        limits = self.clipnorm, self.clipvalue, self.global_clipnorm
        if sum(limit is not None for limit in limits) > 1:
            raise self._argument_error("takes one of clipnorm, clipvalue and global_clipnorm", "", limits)
        self.use_ema = options.get("use_ema", False)
        self.ema_momentum = self._checked_fraction("ema_momentum", options.get("ema_momentum"))
        every = options.get("ema_overwrite_frequency")
        self.ema_overwrite_frequency = self._checked_count("ema_overwrite_frequency", every, 1)
        factor = options.get("loss_scale_factor")
        self.loss_scale_factor = self._checked_minimum("loss_scale_factor", factor)
        steps = options.get("gradient_accumulation_steps")
        self.gradient_accumulation_steps = self._checked_count("gradient_accumulation_steps", steps, 2)

    def __setattr__(self, name: str, value: Any) -> None:
        """An older name, such as lr, sets what is called otherwise today."""
        if name not in vars(self) and not hasattr(type(self), name) and is_built_in(self):
            name = older("attributes of optimizers", name) or name
        object.__setattr__(self, name, value)

    # What a family defines.

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        """The names of the arrays kept for each parameter; names in one group are stored side by side in
        files.
        """
        return ()

    def _initial_slot(self, name: str, index: int, parameter: jax.Array) -> jax.Array | None:
        """The first value of a slot, or None where this parameter does without."""
        return zeros(parameter.shape, parameter.dtype)

    def _initial_scalars(self) -> dict[str, float]:
        """Numbers remembered from step to step that belong to no parameter."""
        return {}

    def _advance(self, scalars: dict[str, jax.Array], count: jax.Array) -> dict[str, jax.Array]:
        """The scalars of step number `count`, from those of the step before."""
        return scalars

    def _shared(self, rate: jax.Array, count: jax.Array, scalars: dict[str, jax.Array]) -> Any:
        """What the formula needs that is the same for all parameters: scalars, computed once per step.

        Args:
            rate: the learning rate.
            count: the number of this step, from 1, as a float.
            scalars: what `_advance` returned.
        """
        return rate

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        """The formula: one parameter's new value and slots. All arrays have the parameter's dtype."""
        raise NotImplementedError(
            translated(
                f"{type(self).__name__} must define update_step(self, gradient, variable, learning_rate)."
            )
        )

    def _native_rule(self) -> Rule | None:
        """The native kernel that computes `_step` for all parameters at once, or None."""
        return None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if "_step" in own and "_native_rule" not in own:  # the inherited kernel computes another formula
            cls._native_rule = Optimizer._native_rule

    # The pure pair.

    def init(self, parameters: Sequence[jax.Array]) -> dict[str, Any]:
        """The state before the first step.

        Returns:
            a dictionary: `iteration` (int32), `learning_rate` (float32), `slots` {name: [an array or None per
            parameter]}, and where used `scalars`, `ema` and `accumulated`.
        """
        slots = {
            name: [self._initial_slot(name, index, parameter) for index, parameter in enumerate(parameters)]
            for group in self._slot_groups()
            for name in group
        }
        state: dict[str, Any] = {
            "iteration": zeros((), np.int32),
            "learning_rate": self._rate_at(0),
            "slots": slots,
        }
        if scalars := self._initial_scalars():
            state["scalars"] = {
                name: device_array(np.asarray(value, np.float32)) for name, value in scalars.items()
            }
        if self._own:
            state["own"] = [variable._first for variable in self._own]
        for name, used in (("ema", self.use_ema), ("accumulated", self.gradient_accumulation_steps)):
            if used:
                state[name] = [zeros(parameter.shape, parameter.dtype) for parameter in parameters]
        return state

    def update(
        self, gradients: Sequence[jax.Array | None], state: dict[str, Any], parameters: Sequence[jax.Array]
    ) -> tuple[list[jax.Array], dict[str, Any]]:
        """One step, as a pure function: new parameters and new state.

        Args:
            gradients: one per parameter, of its shape; None leaves a parameter as it is.
            state: what `init` or `update` returned.
            parameters: the arrays to move.
        """
        gradients, parameters = self._paired(gradients, parameters)
        if self._has_update_step:
            gradients, parameters = self._among_all(gradients, parameters)
        direct = {index: gradients[index] for index in self._overwritten}
        gradients = [None if index in direct else g for index, g in enumerate(gradients)]
        if self.loss_scale_factor:
            gradients = [None if g is None else g / self.loss_scale_factor for g in gradients]
        new_parameters, new_state = (self._accumulate if self.gradient_accumulation_steps else self._move)(
            gradients, state, parameters
        )
        for index, value in direct.items():
            if value is not None:
                new_parameters[index] = value.astype(new_parameters[index].dtype)
        if self.use_ema:
            new_parameters, new_state = self._average(new_parameters, new_state)
        iteration = state["iteration"] + 1
        rate = self._rate_at(iteration) if callable(self._rate) else state["learning_rate"]
        if self._moving is not None:
            new_parameters = [new_parameters[place] for place in self._moving]
        return new_parameters, {**new_state, "iteration": iteration, "learning_rate": rate}

    def _move(
        self, gradients: list[jax.Array | None], state: dict[str, Any], parameters: list[jax.Array]
    ) -> tuple[list[jax.Array], dict[str, Any]]:
        """Clip, decay and step. Scalars are computed once, in float32 or in the parameters' own dtype where
        that is wider.
        """
        wide = jnp.result_type(jnp.float32, *(parameter.dtype for parameter in parameters))
        count = (state["iteration"] // (self.gradient_accumulation_steps or 1) + 1).astype(wide)
        rate = state["learning_rate"].astype(wide)
        gradients = clipped(gradients, self.clipnorm, self.clipvalue, self.global_clipnorm)
        return self._step_all(gradients, state, parameters, rate, count)

    def _step_all(
        self,
        gradients: list[jax.Array | None],
        state: dict[str, Any],
        parameters: list[jax.Array],
        rate: jax.Array,
        count: jax.Array,
    ) -> tuple[list[jax.Array], dict[str, Any]]:
        """Decay and formula, on every parameter that has a gradient."""
        scalars = self._advance(state.get("scalars", {}), count)
        shared = self._shared(rate, count, scalars)
        gradients = [
            None if g is None else g.astype(parameter.dtype) for g, parameter in zip(gradients, parameters)
        ]
        found = [self._decay_of(index, parameter) for index, parameter in enumerate(parameters)]
        decays = [0.0 if decay is None else decay for decay in found]
        if self._has_update_step:
            state = {**state, **({"scalars": scalars} if scalars else {})}
            return self._run_update_steps(gradients, state, parameters, rate, decays)
        moved, slots = update(
            self._native_rule(), self._formula, decays, rate, shared, gradients, parameters, state["slots"]
        )
        return moved, {**state, "slots": slots, **({"scalars": scalars} if scalars else {})}

    def _formula(
        self,
        rate: jax.Array,
        shared: Any,
        gradients: list[jax.Array | None],
        parameters: list[jax.Array],
        slots: dict[str, list[Any]],
    ) -> tuple[list[jax.Array], dict[str, list[Any]]]:
        moved, slots = list(parameters), {name: list(arrays) for name, arrays in slots.items()}
        for index, (gradient, parameter) in enumerate(zip(gradients, parameters)):
            if gradient is None:
                continue
            own = {name: arrays[index] for name, arrays in slots.items() if arrays[index] is not None}
            local = jax.tree.map(lambda scalar, dtype=parameter.dtype: scalar.astype(dtype), shared)
            moved[index], new = self._step(gradient, self._decayed(index, parameter, rate), own, local)
            for name, array in new.items():
                slots[name][index] = array
        return moved, slots

    def _decayed(self, index: int, parameter: jax.Array, rate: jax.Array) -> jax.Array:
        decay = self._decay_of(index, parameter)
        if decay is None or is_nothing(decay):
            return parameter
        return parameter - parameter * decay * rate.astype(parameter.dtype)

    def _accumulate(
        self, gradients: list[jax.Array | None], state: dict[str, Any], parameters: list[jax.Array]
    ) -> tuple[list[jax.Array], dict[str, Any]]:
        steps = self.gradient_accumulation_steps or 1
        kept = state["accumulated"]
        totals = [
            None if gradient is None else total + gradient.astype(total.dtype)
            for gradient, total in zip(gradients, kept)
        ]

        def move() -> tuple[list[jax.Array], dict[str, Any]]:
            means = [None if total is None else total / steps for total in totals]
            moved, new_state = self._move(means, state, parameters)
            return moved, {**new_state, "accumulated": [jnp.zeros_like(total) for total in kept]}

        def wait() -> tuple[list[jax.Array], dict[str, Any]]:
            return parameters, {
                **state,
                "accumulated": [old if new is None else new for old, new in zip(kept, totals)],
            }

        return jax.lax.cond((state["iteration"] + 1) % steps == 0, move, wait)

    def _average(
        self, parameters: list[jax.Array], state: dict[str, Any]
    ) -> tuple[list[jax.Array], dict[str, Any]]:
        iteration = state["iteration"] // (self.gradient_accumulation_steps or 1)
        # The first step starts the average at the parameters themselves.
        momentum = jnp.where(iteration == 0, 0.0, self.ema_momentum)
        averages = []
        for average, parameter in zip(state["ema"], parameters):
            weight = momentum.astype(parameter.dtype)
            averages.append(weight * average + (1 - weight) * parameter)
        if self.ema_overwrite_frequency:
            overwrite = (iteration + 1) % self.ema_overwrite_frequency == 0
            parameters = [
                jnp.where(overwrite, average, parameter) for average, parameter in zip(averages, parameters)
            ]
        return parameters, {**state, "ema": averages}

    def _decay_of(self, index: int, parameter: jax.Array) -> float | None:
        """The weight decay of one parameter; None or 0 for none."""
        return None if self._is_excluded(index) else self.weight_decay

    def _is_excluded(self, index: int) -> bool:
        if self._exclusion is not None and not self._variables:
            raise NotBuiltError(
                f"{type(self).__name__} excludes variables from weight decay by name: call build(variables) "
                "before update."
            )
        return index in self._excluded

    def scale_loss(self, loss: jax.Array, state: dict[str, Any] | None = None) -> jax.Array:
        """The loss times `loss_scale_factor`, to differentiate instead of the loss."""
        return loss * self.loss_scale_factor if self.loss_scale_factor else loss

    def _paired(self, gradients: Sequence[Any], parameters: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        if len(gradients) != len(parameters):
            raise ArgumentError(
                f"{type(self).__name__} received {len(gradients)} gradients for {len(parameters)} parameters."
            )
        if parameters and all(gradient is None for gradient in gradients):
            raise ArgumentError(
                f"{type(self).__name__} received no gradient at all: the loss does not depend on any "
                "trainable variable."
            )
        for index, (gradient, parameter) in enumerate(zip(gradients, parameters)):
            if gradient is not None and gradient.shape != parameter.shape:
                name = name_of(self._variables[index]) if index < len(self._variables) else f"number {index}"
                raise ShapeError(
                    f"Parameter {name!r} has shape {parameter.shape}. Received a gradient of shape "
                    f"{gradient.shape}."
                )
        return list(gradients), list(parameters)
