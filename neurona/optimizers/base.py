"""Optimizer: a pure pair `init`, `update` with named state, behind the class that Keras's users know.

    state = optimizer.init(parameters)
    parameters, state = optimizer.update(gradients, state, parameters)     # jit, vmap, scan at will

A family defines `slot_groups` (what it remembers of each parameter), `shared` (what depends on the step only)
and `step` (one formula).
"""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypedDict

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from neurona.core.arrays import device_array, zeros
from neurona.core.errors import (
    ArgumentError,
    NotBuiltError,
    SavingError,
    ShapeError,
    TracingError,
    UnexpectedArgument,
    suggestion,
)
from neurona.core.registry import Serializable, constructor_arguments, serialize, snake_case
from neurona.kernels.update import Rule, update
from neurona.optimizers.clipping import clipped
from neurona.optimizers.schedules import rate_at
from neurona.optimizers.state import Entry, LearningRate, StateVariable, at, replaced

__all__ = [
    "Optimizer",
]

# What older programs and other libraries call these arguments.
_OTHER_NAMES = {"lr": "learning_rate", "eps": "epsilon", "b1": "beta_1", "b2": "beta_2", "wd": "weight_decay"}


class Options(TypedDict, total=False):
    """The options that every optimizer takes, beside its own: see `Optimizer`."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


class Optimizer(Serializable):
    """Base of the optimizers: what happens around the formula of each.

    An update divides the gradients by `loss_scale_factor`, averages them over `gradient_accumulation_steps`,
    clips them, shrinks each parameter p to p - p * weight_decay * learning_rate, takes the step, and updates
    the moving average of the parameters.

    Args:
        learning_rate: a number; a schedule or any function `step -> rate`.
        weight_decay: how much each parameter shrinks per step, times the learning rate (Loshchilov and
            Hutter, 2019).
        clipnorm: the greatest L2 norm of each gradient.
        clipvalue: the greatest absolute value in a gradient.
        global_clipnorm: the greatest L2 norm of all gradients together (Pascanu et al., 2013).
        use_ema: whether to keep a moving average of the parameters (Polyak and Juditsky, 1992).
        ema_momentum: average = ema_momentum * average + (1 - ema_momentum) * parameter.
        ema_overwrite_frequency: after so many steps the parameters become the average; None leaves that to
            `finalize_variable_values`.
        loss_scale_factor: what the loss was multiplied by; gradients are divided by it.
        gradient_accumulation_steps: so many gradients are averaged before the parameters move.
        name: made from the class's name if not given.

    Raises:
        ArgumentError: a value is out of range; more than one kind of clipping.
        UnexpectedArgument: there is no such argument.
    """

    kind = "optimizers"
    skips_overflow = False  # whether steps with gradients that are not finite are left out

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            raise self._unexpected(next(iter(unknown)))
        self.name = name or snake_case(type(self).__name__)
        self.state: Any = None
        self._variables: list[Any] = []
        self._excluded: frozenset[int] = frozenset()
        self._exclusion: tuple[list[Any], list[str]] | None = None
        self._compiled: tuple[Hashable, Callable[..., Any]] | None = None
        self._rate: Any = self._checked_rate(learning_rate)
        self.weight_decay = self._at_least("weight_decay", weight_decay)
        self.clipnorm = self._at_least("clipnorm", clipnorm)
        self.clipvalue = self._at_least("clipvalue", clipvalue)
        self.global_clipnorm = self._at_least("global_clipnorm", global_clipnorm)
        if sum(value is not None for value in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise self._wrong(
                "takes one of clipnorm, clipvalue and global_clipnorm",
                "",
                (clipnorm, clipvalue, global_clipnorm),
            )
        self.use_ema = use_ema
        self.ema_momentum = self._fraction("ema_momentum", ema_momentum)
        self.ema_overwrite_frequency = self._count("ema_overwrite_frequency", ema_overwrite_frequency, 1)
        self.loss_scale_factor = self._at_least("loss_scale_factor", loss_scale_factor)
        self.gradient_accumulation_steps = self._count(
            "gradient_accumulation_steps", gradient_accumulation_steps, 2
        )

    # ---- what a family defines

    def slot_groups(self) -> tuple[tuple[str, ...], ...]:
        """The names of the arrays kept for each parameter; names in one group are stored side by side in
        files.
        """
        return ()

    def initial_slot(self, name: str, index: int, parameter: jax.Array) -> jax.Array | None:
        """The first value of a slot, or None where this parameter does without."""
        return zeros(parameter.shape, parameter.dtype)

    def initial_scalars(self) -> dict[str, float]:
        """Numbers remembered from step to step that belong to no parameter."""
        return {}

    def advance(self, scalars: dict[str, jax.Array], count: jax.Array) -> dict[str, jax.Array]:
        """The scalars of step number `count`, from those of the step before."""
        return scalars

    def shared(self, rate: jax.Array, count: jax.Array, scalars: dict[str, jax.Array]) -> Any:
        """What the formula needs that is the same for all parameters: scalars, computed once per step.

        Args:
            rate: the learning rate.
            count: the number of this step, from 1, as a float.
            scalars: what `advance` returned.
        """
        return rate

    def step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        """The formula: one parameter's new value and slots. All arrays have the parameter's dtype."""
        raise NotImplementedError(
            f"{type(self).__name__} must define step(gradient, parameter, slots, shared)."
        )

    def native_rule(self) -> Rule | None:
        """The native kernel that computes `step` for all parameters at once, where there is one."""
        return None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls) and "native_rule" not in vars(
            cls
        ):  # a formula of one's own is not the inherited kernel's
            cls.native_rule = Optimizer.native_rule

    # ---- the pure pair

    def init(self, parameters: Sequence[jax.Array]) -> dict[str, Any]:
        """The state before the first step.

        Returns:
            a dictionary: `iteration` (int32), `learning_rate` (float32), `slots` {name: [an array or None per
            parameter]}, and where used `scalars`, `ema` and `accumulated`.
        """
        slots = {
            name: [self.initial_slot(name, index, parameter) for index, parameter in enumerate(parameters)]
            for group in self.slot_groups()
            for name in group
        }
        state: dict[str, Any] = {
            "iteration": zeros((), np.int32),
            "learning_rate": self._rate_at(0),
            "slots": slots,
        }
        if scalars := self.initial_scalars():
            state["scalars"] = {
                name: device_array(np.asarray(value, np.float32)) for name, value in scalars.items()
            }
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
        if self.loss_scale_factor:
            gradients = [None if g is None else g / self.loss_scale_factor for g in gradients]
        new_parameters, new_state = (self._accumulate if self.gradient_accumulation_steps else self._move)(
            gradients, state, parameters
        )
        if self.use_ema:
            new_parameters, new_state = self._average(new_parameters, new_state)
        iteration = state["iteration"] + 1
        rate = self._rate_at(iteration) if callable(self._rate) else state["learning_rate"]
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
        scalars = self.advance(state.get("scalars", {}), count)
        shared = self.shared(rate, count, scalars)
        gradients = [
            None if g is None else g.astype(parameter.dtype) for g, parameter in zip(gradients, parameters)
        ]
        decays = [self.decay_of(index, parameter) or 0.0 for index, parameter in enumerate(parameters)]
        moved, slots = update(
            self.native_rule(), self._formula, decays, rate, shared, gradients, parameters, state["slots"]
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
            moved[index], new = self.step(gradient, self._decayed(index, parameter, rate), own, local)
            for name, array in new.items():
                slots[name][index] = array
        return moved, slots

    def _decayed(self, index: int, parameter: jax.Array, rate: jax.Array) -> jax.Array:
        decay = self.decay_of(index, parameter)
        return parameter - parameter * decay * rate.astype(parameter.dtype) if decay else parameter

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

    def decay_of(self, index: int, parameter: jax.Array) -> float | None:
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

    @property
    def _structure(self) -> Hashable:
        """What a compiled `update` depends on beside shapes: equal structures may share one program. A plain
        learning rate is no part.
        """
        values = tuple(
            (name, _frozen(getattr(self, name)))
            for name in self._argument_names()
            if name not in ("learning_rate", "name")
        )
        return type(self), values, _frozen(self._rate) if callable(self._rate) else None, self._excluded

    @property
    def _options(self) -> list[Any]:
        """The objects that `_structure` depends on; as long as they are the same, so is the structure."""
        kept = [value for name, value in vars(self).items() if name not in ("state", "_rate")]
        return [self, *kept, self._rate if callable(self._rate) else None]

    # ---- variables

    @property
    def built(self) -> bool:
        """Whether the state exists."""
        return self.state is not None

    def build(self, variables: Iterable[Any]) -> None:
        """Create the state for these variables; an optimizer built for variables of the same shapes keeps its
        state.

        Args:
            variables: `Variable`s, or anything with a shape and a dtype.
        """
        variables = list(variables)
        shapes = [tuple(variable.shape) for variable in variables]
        same = self.built and shapes == [tuple(variable.shape) for variable in self._variables]
        self._bind(variables)
        if not same:
            self.state = self.init([_value(variable) for variable in variables])

    def _bind(self, variables: list[Any]) -> None:
        self._variables = variables
        if self._exclusion is not None:
            own, words = self._exclusion
            self._excluded = frozenset(
                index
                for index, variable in enumerate(variables)
                if any(variable is other for other in own)
                or any(re.search(word, _name(variable)) for word in words)
            )

    def exclude_from_weight_decay(
        self, var_list: Sequence[Any] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Let some variables be without weight decay; to be called before the optimizer is built.

        Args:
            var_list: variables.
            var_names: words or regular expressions; a variable whose name contains one is left out, such as
                `["bias"]`.

        Raises:
            ArgumentError: the optimizer is built already.
        """
        if self.built:
            raise ArgumentError(
                f"{type(self).__name__}: call exclude_from_weight_decay before training starts; it is built "
                "already."
            )
        self._exclusion = (list(var_list or ()), list(var_names or ()))

    def apply(self, gradients: Sequence[Any], trainable_variables: Iterable[Any] | None = None) -> None:
        """Move the variables by one step in place, then apply their constraints.

        Args:
            gradients: one per variable; None leaves it as it is.
            trainable_variables: the variables, or some of those that the optimizer was built with; may be
                left out once it is built.

        Raises:
            NotBuiltError: no variables are known yet.
            ArgumentError: a variable is unknown, or the lengths differ.
            TracingError: inside somebody's own `jit`.
        """
        gradients = list(gradients)
        if trainable_variables is not None:
            chosen = list(trainable_variables)
            if not self.built:
                self.build(chosen)
            gradients = self._placed(gradients, chosen)
        elif not self.built:
            raise NotBuiltError(
                f"{type(self).__name__} has no variables yet: call apply(gradients, variables) or "
                "build(variables) first."
            )
        structure = self._structure
        if self._compiled is None or self._compiled[0] != structure:
            self._compiled = structure, jax.jit(self.update)
        values, state = self._compiled[1](
            gradients, self.state, [_value(variable) for variable in self._variables]
        )
        if _is_traced(state) and not _is_traced(self.state):
            raise TracingError(
                f"{type(self).__name__}.apply changes the optimizer's state inside a jax.jit of yours, and "
                "it would be lost. "
                "Use `parameters, state = optimizer.update(gradients, state, parameters)` there."
            )
        self.state = state
        for variable, value, gradient in zip(self._variables, values, gradients):
            variable.assign(value)
            if gradient is not None and getattr(variable, "constraint", None) is not None:
                variable.assign(variable.constraint(variable.value))

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> jax.Array:
        """`apply` for pairs (gradient, variable); returns the number of updates so far."""
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self.state["iteration"]

    def _placed(self, gradients: list[Any], chosen: list[Any]) -> list[Any]:
        """The gradients in the order of the variables that the optimizer was built with."""
        if len(gradients) != len(chosen):
            raise ArgumentError(
                f"{type(self).__name__}.apply received {len(gradients)} gradients for {len(chosen)} "
                "variables."
            )
        places = {id(variable): index for index, variable in enumerate(self._variables)}
        placed: list[Any] = [None] * len(self._variables)
        for gradient, variable in zip(gradients, chosen):
            if id(variable) not in places:
                raise ArgumentError(
                    f"{type(self).__name__} was built for other variables and does not know "
                    f"{_name(variable)!r}. "
                    "Make a new optimizer for a new set of variables."
                )
            placed[places[id(variable)]] = gradient
        return placed

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
                name = _name(self._variables[index]) if index < len(self._variables) else f"number {index}"
                raise ShapeError(
                    f"Parameter {name!r} has shape {parameter.shape}. Received a gradient of shape "
                    f"{gradient.shape}."
                )
        return list(gradients), list(parameters)

    def finalize_variable_values(self, var_list: Iterable[Any]) -> None:
        """With `use_ema`, give the variables their moving averages: done once, when training ends."""
        if self.use_ema and self.built:
            for variable, average in zip(var_list, self.state["ema"], strict=True):
                variable.assign(average)

    # ---- learning rate and count

    @property
    def learning_rate(self) -> Any:
        """The learning rate now: a float32 scalar that can be assigned to, or the schedule's value at this
        step.
        """
        if callable(self._rate):
            return self.state["learning_rate"] if self.built else self._rate_at(0)
        return LearningRate(self)

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self._rate = self._checked_rate(learning_rate)
        if self.built:
            rate = rate_at(self._rate, self.state["iteration"]) if callable(self._rate) else self._rate
            # Shape and placement stay as they are, so that no program is compiled again.
            self.state = {**self.state, "learning_rate": jnp.full_like(self.state["learning_rate"], rate)}

    @property
    def iterations(self) -> jax.Array:
        """How many times the parameters have moved."""
        count = self.state["iteration"] if self.built else zeros((), np.int32)
        return count // self.gradient_accumulation_steps if self.gradient_accumulation_steps else count

    def _rate_at(self, step: Any) -> jax.Array:
        return (
            rate_at(self._rate, step)
            if callable(self._rate)
            else device_array(np.asarray(self._rate, np.float32))
        )

    # ---- files and configs

    def entries(self) -> list[Entry]:
        """Where each of `variables` lies in the state, in the order and with the names of Keras's files."""
        self._check_built()
        state = self.state
        entries = [Entry(f"{self.name}/iteration", ("iteration",))]
        if not callable(self._rate):
            entries.append(Entry(f"{self.name}/learning_rate", ("learning_rate",)))
        for key, suffix in (("ema", "average"), ("accumulated", "gradient_accumulator")):
            for index in range(len(state.get(key, ()))):
                entries.append(Entry(self._slot_path(index, suffix), (key, index)))
        for group in self.slot_groups():
            for index in range(len(self._variables)):
                for name in group:
                    if state["slots"][name][index] is not None:
                        entries.append(Entry(self._slot_path(index, name), ("slots", name, index)))
        return entries + [Entry("variable", ("scalars", name)) for name in state.get("scalars", ())]

    def _slot_path(self, index: int, name: str) -> str:
        return f"{self.name}/{path_of(self._variables[index]).replace('/', '_')}_{name}"

    @property
    def variables(self) -> list[StateVariable]:
        """The optimizer's own variables, in the order of Keras's files: iteration, learning rate unless
        scheduled, and the slots.

        Example:

            >>> from neurona.core.variable import Variable
            >>> from neurona.optimizers import SGD
            >>> optimizer = SGD(0.1, momentum=0.9)
            >>> optimizer.build([Variable(jnp.zeros(2), name="kernel", path="dense/kernel")])
            >>> [variable.path for variable in optimizer.variables]
            ['sgd/iteration', 'sgd/learning_rate', 'sgd/dense_kernel_momentum']
        """
        return [StateVariable(self, entry) for entry in self.entries()] if self.built else []

    def state_list(self) -> list[np.ndarray]:
        """The values of `variables`, as a file keeps them."""
        return [np.asarray(at(self.state, entry.keys)) for entry in self.entries()]

    def set_state_list(self, values: Sequence[Any]) -> None:
        """Take over what `state_list` of an optimizer of this kind returned, Keras's included.

        Raises:
            SavingError: the number of values or a shape differs.
        """
        self.state = self._state_of(values)
        if callable(self._rate):
            self.learning_rate = self._rate
        else:
            self._rate = float(np.ravel(self.state["learning_rate"])[0])

    set_weights = set_state_list

    def _state_of(self, values: Sequence[Any]) -> Any:
        entries = self.entries()
        if len(values) != len(entries):
            raise SavingError(
                f"{type(self).__name__} keeps {len(entries)} arrays for these variables. Received "
                f"{len(values)}: they come from another "
                "optimizer, other options or another model."
            )
        state = self.state
        for entry, value in zip(entries, values):
            old = at(state, entry.keys)
            if np.shape(value) != np.shape(old):
                raise SavingError(
                    f"{entry.path} has shape {np.shape(old)}. Received shape {np.shape(value)}."
                )
            if entry.keys:
                state = replaced(state, entry.keys, jnp.asarray(value, old.dtype))
        return state

    def stateless_apply(
        self, optimizer_variables: Any, grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[jax.Array], Any]:
        """`update` as Keras spells it: the values of `variables` (or the whole state) in, new parameters and
        new values (or state) out.
        """
        if isinstance(optimizer_variables, dict):
            return self.update(grads, optimizer_variables, trainable_variables)
        parameters, state = self.update(grads, self._state_of(optimizer_variables), trainable_variables)
        return parameters, [at(state, entry.keys) for entry in self.entries()]

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this optimizer, with the learning rate of now."""
        config = {
            name: serialize(getattr(self, name)) for name in self._argument_names() if name != "learning_rate"
        }
        return {**config, "learning_rate": serialize(self._rate_now())}

    def _rate_now(self) -> Any:
        """The schedule, or the rate as it was written where the state still holds that."""
        if callable(self._rate) or not self.built:
            return self._rate
        now = np.ravel(self.state["learning_rate"])[0]
        return self._rate if now == np.float32(self._rate) else float(now)

    def _argument_names(self) -> list[str]:
        return list(dict.fromkeys(constructor_arguments(type(self)) or ()))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_compiled": None}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r} learning_rate={self._rate_now()}>"

    # ---- checks of arguments

    def _check_built(self) -> None:
        if not self.built:
            raise NotBuiltError(
                f"{type(self).__name__} has no state yet: call build(variables) first, or fit the model for "
                "a step."
            )

    def _unexpected(self, name: str) -> UnexpectedArgument:
        known = self._argument_names()
        if name == "decay":
            hint = " Use a schedule: learning_rate=neurona.optimizers.schedules.InverseTimeDecay(learning_rate, 1, decay)."
        elif _OTHER_NAMES.get(name) in known:
            hint = f" Did you mean {_OTHER_NAMES[name]!r}?"
        else:
            hint = suggestion(name, known)
        return UnexpectedArgument(
            f"{type(self).__name__} has no argument {name!r}.{hint} It takes: {', '.join(known)}."
        )

    def _wrong(self, wanted: str, name: str, value: Any) -> ArgumentError:
        return ArgumentError(
            f"{type(self).__name__} {wanted}. Received: {name + '=' if name else ''}{value!r}"
        )

    def _checked_rate(self, rate: Any) -> Any:
        if callable(rate):
            return rate
        if (
            isinstance(rate, (str, bool))
            or np.ndim(rate)
            or not np.isfinite(number := _number(rate))
            or number < 0
        ):
            raise self._wrong(
                "takes a learning_rate >= 0, a schedule or a function step -> rate", "learning_rate", rate
            )
        return number

    def _at_least(self, name: str, value: Any, least: float = 0.0) -> Any:
        if value is not None and not _number(value) >= least:
            raise self._wrong(f"takes {name} >= {least:g}", name, value)
        return value

    def _fraction(self, name: str, value: Any) -> Any:
        if not 0 <= _number(value) <= 1:
            raise self._wrong(f"takes {name} from 0 to 1", name, value)
        return value

    def _count(self, name: str, value: Any, least: int) -> Any:
        if value and (not isinstance(value, (int, np.integer)) or value < least):
            raise self._wrong(f"takes {name}, an integer >= {least} or None", name, value)
        return value


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _frozen(value: Any) -> Hashable:
    if isinstance(value, Optimizer):
        return value._structure
    if isinstance(value, Serializable):
        try:
            return type(value), _frozen(value.get_config())
        except SavingError:
            return value
    if isinstance(value, dict):
        return tuple((name, _frozen(item)) for name, item in value.items())
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _is_traced(state: dict[str, Any]) -> bool:
    return isinstance(state["iteration"], Tracer)


def _value(variable: Any) -> jax.Array:
    return jnp.asarray(getattr(variable, "value", variable))


def path_of(variable: Any) -> str:
    return str(getattr(variable, "path", None) or getattr(variable, "name", None) or "variable")


def _name(variable: Any) -> str:
    return str(getattr(variable, "name", None) or path_of(variable))
