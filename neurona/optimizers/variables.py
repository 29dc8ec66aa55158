"""What an optimizer keeps of a model: its variables, the learning rate, files and configs."""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from neurona.core.arrays import device_array, zeros
from neurona.core.errors import ArgumentError, NotBuiltError, SavingError, TracingError
from neurona.core.registry import Serializable, serialize
from neurona.optimizers.arguments import CheckedArguments
from neurona.optimizers.schedules import rate_at
from neurona.optimizers.state import Entry, LearningRate, StateVariable, at, replaced


class OptimizerVariables(CheckedArguments):
    """The half of `Optimizer` that applies the pure pair `init` and `update` to variables in place."""

    init: Callable[..., dict[str, Any]]
    update: Callable[..., tuple[list[jax.Array], dict[str, Any]]]
    _slot_groups: Callable[[], tuple[tuple[str, ...], ...]]

    name: str
    state: Any  # what `init` and `update` returned; None before the optimizer is built
    use_ema: bool
    gradient_accumulation_steps: int | None
    _variables: list[Any]
    _excluded: frozenset[int]  # indices of the variables without weight decay
    _exclusion: tuple[list[Any], list[str]] | None  # those variables, and words for their names
    _overwritten: frozenset[int]  # indices of the variables that their gradients overwrite
    _own: list[Any]  # variables that a subclass added
    _moving: list[int] | None
    _compiled: tuple[Hashable, Callable[..., Any]] | None
    _is_carried = False  # while a model's own step is traced, which returns the new state
    _first_state: Any = None  # what `apply` built
    # The rate as it was given: a schedule, or the number that is written to a config. The rate in force is
    # `state["learning_rate"]`, once there is a state.
    _rate: Any

    # Variables.

    @property
    def built(self) -> bool:
        """Whether the state exists."""
        return self.state is not None

    def build(self, variables: Iterable[Any]) -> None:
        """Create the state for these variables, or adapt it to them.

        Variables are told apart by identity: one that stays keeps what the optimizer remembers of it, a new
        one begins afresh, and the count of steps goes on.

        Args:
            variables: `Variable`s, or anything with a shape and a dtype.

        Example:

            >>> from neurona.core.variable import Variable
            >>> from neurona.optimizers import SGD
            >>> a, b = Variable(jnp.zeros(1)), Variable(jnp.zeros(1))
            >>> optimizer = SGD(0.1, momentum=0.9)
            >>> optimizer.apply([jnp.ones(1), jnp.ones(1)], [a, b])
            >>> optimizer.build([b])  # a was frozen
            >>> int(optimizer.iterations), [float(m[0]) for m in optimizer.state["slots"]["momentum"]]
            (1, [-0.10000000149011612])
        """
        variables, former = list(variables), self._variables
        places = {id(variable): index for index, variable in enumerate(former)}
        kept = [places.get(id(variable)) for variable in variables]
        self._bind(variables)
        if not self.built:
            self.state = self.init([value_of(variable) for variable in variables])
        elif kept != list(range(len(former))):
            fresh = self.init([value_of(variable) for variable in variables])
            self.state = self._carried_over(fresh, former, kept)

    def _carried_over(self, fresh: Any, former: list[Any], kept: list[int | None]) -> Any:
        """The state for a new set of variables: fresh, with what is remembered of those that stay.

        Args:
            fresh: what `init` returned for the new set.
            former: the variables of the state of now.
            kept: for each new variable its index among the former, None if it was not there.
        """
        old, values = self.state, [value_of(variable) for variable in self._variables]

        def joined(new: list[Any], old: list[Any]) -> list[Any]:
            return [one if index is None else old[index] for one, index in zip(new, kept, strict=True)]

        state = {**fresh, **old}
        state["slots"] = {name: joined(arrays, old["slots"][name]) for name, arrays in fresh["slots"].items()}
        if "ema" in fresh:  # an average that begins at zero would stay too small for long
            state["ema"] = joined(values, old["ema"])
        if "accumulated" in fresh:
            state["accumulated"] = joined(fresh["accumulated"], old["accumulated"])
        return state

    def _bind(self, variables: list[Any]) -> None:
        self._variables = variables
        overwritten = [getattr(variable, "overwrite_with_gradient", False) for variable in variables]
        self._overwritten = frozenset(index for index, is_so in enumerate(overwritten) if is_so)
        if self._exclusion is not None:
            own, words = self._exclusion
            self._excluded = frozenset(
                index
                for index, variable in enumerate(variables)
                if any(variable is other for other in own)
                or any(re.search(word, name_of(variable)) for word in words)
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
            TracingError: called inside a `jit`.
        """
        gradients = list(gradients)
        if trainable_variables is not None:
            chosen = list(trainable_variables)
            if not self.built:
                with jax.ensure_compile_time_eval():
                    self.build(chosen)
                self._first_state = self.state
            gradients = self._placed(gradients, chosen)
        elif not self.built:
            raise NotBuiltError(
                f"{type(self).__name__} has no variables yet: call apply(gradients, variables) or "
                "build(variables) first."
            )
        self._moving = None
        structure = self._structure
        if self._compiled is None or self._compiled[0] != structure:
            self._compiled = structure, jax.jit(self.update)
        values, state = self._compiled[1](
            gradients, self.state, [value_of(variable) for variable in self._variables]
        )
        if _is_traced(state) and not _is_traced(self.state) and not self._is_carried:
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
                    f"{name_of(variable)!r}. "
                    "Make a new optimizer for a new set of variables."
                )
            placed[places[id(variable)]] = gradient
        return placed

    def finalize_variable_values(self, var_list: Iterable[Any]) -> None:
        """With `use_ema`, give the variables their moving averages: done once, when training ends."""
        if self.use_ema and self.built:
            for variable, average in zip(var_list, self.state["ema"], strict=True):
                variable.assign(average)

    def _averages(self) -> list[Any] | None:
        """The moving average of each variable, None for one without; or None, where there are none."""
        return self.state.get("ema") if self.built else None

    # Learning rate and count.

    @property
    def _with_rates(self) -> list[Any]:
        """The optimizers whose learning rates may be set: this one, or those that it contains."""
        return [self]

    @property
    def learning_rate(self) -> Any:
        """The learning rate now: a float32 scalar that can be assigned to, or the schedule's value at this
        step.
        """
        if callable(self._rate) and not hasattr(self._rate, "restarted"):
            return self.state["learning_rate"] if self.built else self._rate_at(0)
        return LearningRate(self)

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        rate = self._checked_rate(learning_rate)
        goes_on = hasattr(self._rate, "restarted") and not callable(rate)  # a schedule whose start may be set
        self._rate = self._rate.restarted(rate) if goes_on else rate
        if self.built:
            rate = rate_at(self._rate, self.state["iteration"]) if callable(self._rate) else self._rate
            # Shape and placement stay as they are, so that no program is compiled again.
            self.state = {**self.state, "learning_rate": jnp.full_like(self.state["learning_rate"], rate)}

    @property
    def iterations(self) -> Any:
        """How many times the parameters have moved: a variable, or with `gradient_accumulation_steps` an
        array.
        """
        count: Any = StateVariable(self, Entry(f"{self.name}/iteration", ("iteration",)), zeros((), np.int32))
        return count // self.gradient_accumulation_steps if self.gradient_accumulation_steps else count

    def _rate_at(self, step: Any) -> jax.Array:
        return (
            rate_at(self._rate, step)
            if callable(self._rate)
            else device_array(np.asarray(self._rate, np.float32))
        )

    # Files and configs.

    def _entries(self) -> list[Entry]:
        """Where each of `variables` lies in the state, in the order and with the names of Keras's files."""
        self._check_built()
        state = self.state
        entries = [Entry(f"{self.name}/iteration", ("iteration",))]
        if not callable(self._rate):
            entries.append(Entry(f"{self.name}/learning_rate", ("learning_rate",)))
        for key, suffix in (("ema", "average"), ("accumulated", "gradient_accumulator")):
            for index in range(len(state.get(key, ()))):
                entries.append(Entry(self._slot_path(index, suffix), (key, index)))
        for group in self._slot_groups():
            for index in range(len(self._variables)):
                for name in group:
                    if state["slots"][name][index] is not None:
                        entries.append(Entry(self._slot_path(index, name), ("slots", name, index)))
        entries += [Entry("variable", ("scalars", name)) for name in state.get("scalars", ())]
        return entries + [variable._entry for variable in self._own]

    def _slot_path(self, index: int, name: str) -> str:
        return f"{self.name}/{path_of(self._variables[index]).replace('/', '_')}_{name}"

    @property
    def variables(self) -> list[Any]:
        """The variables of the optimizer itself, in the order of Keras's files: iteration, learning rate
        (unless it is scheduled) and, once it is built, slots.

        Example:

            >>> from neurona.core.variable import Variable
            >>> from neurona.optimizers import SGD
            >>> optimizer = SGD(0.1, momentum=0.9, name="sgd")
            >>> optimizer.build([Variable(jnp.zeros(2), name="kernel", path="dense/kernel")])
            >>> [variable.path for variable in optimizer.variables]
            ['sgd/iteration', 'sgd/learning_rate', 'sgd/dense_kernel_momentum']
        """
        if self.built:
            return [StateVariable(self, entry) for entry in self._entries()]
        rate = [] if callable(self._rate) else [LearningRate(self)]
        count = StateVariable(self, Entry(f"{self.name}/iteration", ("iteration",)), zeros((), np.int32))
        return [count, *rate, *self._own]

    def _state_list(self) -> list[np.ndarray]:
        """The values of `variables`, as a file keeps them."""
        return [np.asarray(at(self.state, entry.keys)) for entry in self._entries()]

    def _saved_parts(self) -> list[tuple[str, Any]]:
        """The optimizers inside this one, with the names that files give them."""
        return []

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take over the values of `variables` of an optimizer of this kind, Keras's included.

        Raises:
            SavingError: the number of values or a shape differs.
        """
        self.state = self._state_of(weights)
        if callable(self._rate):
            self.learning_rate = self._rate

    def _state_of(self, values: Sequence[Any]) -> Any:
        entries = self._entries()
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
        return parameters, [at(state, entry.keys) for entry in self._entries()]

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this optimizer, with the learning rate of now."""
        config = {
            name: serialize(self._argument(name))
            for name in self._argument_names()
            if name != "learning_rate"
        }
        return {**config, "learning_rate": serialize(self._current_rate())}

    def _current_rate(self) -> Any:
        """The schedule, or the rate in the state: as it was written where that is the same float32 number."""
        if callable(self._rate) or not self.built:
            return self._rate
        now = np.ravel(self.state["learning_rate"])[0]
        return self._rate if now == np.float32(self._rate) else float(now)

    @property
    def _structure(self) -> Hashable:
        """What a compiled `update` depends on, except shapes: equal structures may share one program. A
        learning rate that is a number is no part of it.
        """
        values = tuple(
            (name, _frozen(self._argument(name)))
            for name in self._argument_names()
            if name not in ("learning_rate", "name")
        )
        own = self._moving and tuple(self._moving), self if self._own else None
        rate = _frozen(self._rate) if callable(self._rate) else None
        return type(self), values, rate, self._excluded, self._overwritten, own

    def _argument(self, name: str) -> Any:
        """An argument of the constructor: the attribute of its name, or what was passed."""
        return getattr(self, name, self._arguments.get(name))

    @property
    def _options(self) -> list[Any]:
        """The objects that `_structure` depends on; as long as they are the same, so is the structure."""
        kept = [value for name, value in vars(self).items() if name not in ("state", "_rate")]
        return [self, *kept, self._rate if callable(self._rate) else None]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_compiled": None}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r} learning_rate={self._current_rate()}>"

    def _check_built(self) -> None:
        if not self.built:
            raise NotBuiltError(
                f"{type(self).__name__} has no state yet: call build(variables) first, or fit the model for "
                "a step."
            )


def _frozen(value: Any) -> Hashable:
    if isinstance(value, OptimizerVariables):
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


def value_of(variable: Any) -> jax.Array:
    return jnp.asarray(getattr(variable, "value", variable))


def path_of(variable: Any) -> str:
    return str(getattr(variable, "path", None) or getattr(variable, "name", None) or "variable")


def name_of(variable: Any) -> str:
    return str(getattr(variable, "name", None) or path_of(variable))
