"""Optimizers written as in Keras: variables are made in `build`, and `update_step` moves one weight."""

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from typing import Any

import jax
import numpy as np

from neurona import initializers
from neurona.core.errors import ArgumentError, NotBuiltError, SavingError
from neurona.core.policy import floatx, standardize_dtype
from neurona.core.scope import Scope
from neurona.optimizers.state import Entry, StateVariable, replaced
from neurona.optimizers.variables import OptimizerVariables, name_of, path_of, value_of


class ExtensionPoints(OptimizerVariables):
    """The half of `Optimizer` that subclasses written for Keras use.

    Their variables lie in the state like all others, under "own"; while an update is traced, the state of
    now is `self.state`, and the weights are read and assigned to in a scope.
    """

    _step: Callable[..., tuple[jax.Array, dict[str, jax.Array]]]
    _shared: Callable[..., Any]
    _own: list[StateVariable]  # what `add_variable` made
    _made_before_build: int  # how many of them the constructor made
    _moving: list[int] | None  # the places of the weights that are trained now; None for all, in order

    @property
    def _has_update_step(self) -> bool:
        return type(self).update_step is not ExtensionPoints.update_step

    # What a subclass may define.

    def update_step(self, gradient: jax.Array, variable: Any, learning_rate: jax.Array) -> None:
        """Move one weight by one step, by assigning to it and to the optimizer's variables.

        Args:
            gradient: of the weight.
            variable: the weight.
            learning_rate: the rate of this step.

        Example:

            >>> import jax.numpy as jnp
            >>> from neurona import Variable
            >>> from neurona.optimizers import Optimizer
            >>> class Descent(Optimizer):
            ...     def update_step(self, gradient, variable, learning_rate):
            ...         self.assign_sub(variable, learning_rate * gradient)
            >>> weight = Variable(jnp.ones(2), name="weight")
            >>> Descent(0.5).apply([jnp.ones(2)], [weight])
            >>> weight.numpy().tolist()
            [0.5, 0.5]
        """
        index, slots = self._get_variable_index(variable), self.state["slots"]
        own = {name: arrays[index] for name, arrays in slots.items() if arrays[index] is not None}
        steps = self.gradient_accumulation_steps or 1
        count = (self.state["iteration"] // steps + 1).astype(learning_rate.dtype)
        shared = self._shared(learning_rate, count, self.state.get("scalars", {}))
        dtype = variable.value.dtype
        shared = jax.tree.map(lambda scalar: scalar.astype(dtype), shared)
        moved, new = self._step(gradient.astype(dtype), variable.value, own, shared)
        variable.assign(moved)
        for name, array in new.items():
            self.state = replaced(self.state, ("slots", name, index), array)

    # What it may call.

    def assign(self, variable: Any, value: Any) -> None:
        """Set a weight, or a variable of the optimizer."""
        variable.assign(value)

    def assign_add(self, variable: Any, value: Any) -> None:
        """Add to a weight, or to a variable of the optimizer."""
        variable.assign(variable.value + value_of(value))

    def assign_sub(self, variable: Any, value: Any) -> None:
        """Subtract from a weight, or from a variable of the optimizer."""
        variable.assign(variable.value - value_of(value))

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> StateVariable:
        """Make a variable that the optimizer keeps from step to step; called in `build`.

        Args:
            shape: sizes, all known.
            initializer: of the first value.
            dtype: `floatx()` by default.
            aggregation: how the values of several devices are joined; accepted as in Keras.
            layout: accepted as in Keras.
            name: the last part of its path.
        """
        del aggregation, layout  # a step sees one array, on one device or many
        first = initializers.get(initializer)(tuple(shape), standardize_dtype(dtype or floatx()))
        return self._added(f"{self.name}/{name or 'variable'}", first, None)

    def add_variable_from_reference(
        self, reference_variable: Any, name: str | None = None, initializer: Any = "zeros"
    ) -> StateVariable:
        """Make a variable of the shape and dtype of a weight, named after it.

        Args:
            reference_variable: the weight.
            name: what is kept of it, such as "momentum".
            initializer: of the first value.
        """
        value = value_of(reference_variable)
        first = initializers.get(initializer)(value.shape, value.dtype)
        path = f"{self.name}/{path_of(reference_variable).replace('/', '_')}_{name or 'variable'}"
        return self._added(path, first, reference_variable)

    def add_optimizer_variables(
        self, trainable_variables: Iterable[Any], name: str | Sequence[str], initializer: Any = "zeros"
    ) -> Any:
        """Make a variable for each weight; None for weights that their gradients overwrite.

        Args:
            trainable_variables: the weights.
            name: what is kept of each, or several such names.
            initializer: of the first values, or one for each name.

        Returns:
            a list as long as the weights; for several names a tuple of lists.
        """
        names = [name] if isinstance(name, str) else list(name)
        several = isinstance(initializer, (list, tuple))
        makers = list(initializer) if several else [initializer] * len(names)
        lists: tuple[list[Any], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            overwritten = getattr(variable, "overwrite_with_gradient", False)
            for made, one, maker in zip(lists, names, makers, strict=True):
                made.append(None if overwritten else self.add_variable_from_reference(variable, one, maker))
        return lists[0] if isinstance(name, str) else lists

    def _added(self, path: str, first: jax.Array, reference: Any) -> StateVariable:
        variable = StateVariable(self, Entry(path, ("own", len(self._own))), first)
        variable.reference = reference
        self._own.append(variable)
        if self.built:
            self.state = {**self.state, "own": [*self.state.get("own", []), first]}
        else:
            self._made_before_build = len(self._own)
        return variable

    def _get_variable_index(self, variable: Any) -> int:
        """The place of a weight among those that the optimizer was built with."""
        for index, known in enumerate(self._variables):
            if known is variable:
                return index
        raise ArgumentError(
            f"{type(self).__name__} was not built with the variable {name_of(variable)!r}: call "
            "build(variables) with all that it is to train."
        )

    # Files.

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Put the values of `variables` into a store, under "0", "1", ..."""
        for index, variable in enumerate(self.variables):
            store[str(index)] = np.asarray(variable.value)

    def load_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Take the values of `variables` from a store that `save_own_variables` filled.

        Raises:
            SavingError: the store holds another number of arrays, or an array of another shape.
        """
        self._check_built()
        if len(store) != len(self.variables):
            raise SavingError(
                f"{type(self).__name__} keeps {len(self.variables)} variables. The file holds {len(store)}: "
                "it is of another optimizer, or of one that trained other weights."
            )
        self.set_weights([np.asarray(store[str(index)]) for index in range(len(store))])

    # How a step of theirs becomes a part of the pure `update`.

    def _adapt_to(self, variables: Iterable[Any]) -> None:
        """Get ready to train these weights, which may be others than those of the last training."""
        variables = list(variables)
        new = [one for one in variables if not any(one is known for known in self._variables)]
        if not (self.built and self._has_update_step):
            self.build(variables)
        elif new:
            self._build_anew([*self._variables, *new])
        if self._has_update_step:
            places = [self._get_variable_index(one) for one in variables]
            self._moving = None if places == list(range(len(self._variables))) else places

    def _build_anew(self, variables: list[Any]) -> None:
        """Build for more weights, and put back what is remembered of the others."""
        former, old = self._variables, self.state
        saved = {_key(variable): value for variable, value in zip(self._own, old.get("own", []))}
        self.state, self._own = None, self._own[: self._made_before_build]
        self.build(variables)
        fresh, self.state = self.state, old
        kept = [*range(len(former)), *[None] * (len(variables) - len(former))]
        own = [saved.get(_key(one), value) for one, value in zip(self._own, fresh.get("own", []))]
        self.state = {**self._carried_over(fresh, former, kept), **({"own": own} if own else {})}

    def _among_all(
        self, gradients: list[Any], parameters: list[Any]
    ) -> tuple[list[jax.Array | None], list[jax.Array]]:
        """Gradients and values of the weights that are trained now, among those of all."""
        if not self._variables:
            raise NotBuiltError(
                f"{type(self).__name__} defines update_step, which moves variables: call build(variables) "
                "before update."
            )
        if self._moving is None:
            return gradients, parameters
        known: list[jax.Array | None] = [None] * len(self._variables)
        values = [value_of(variable) for variable in self._variables]
        for place, gradient, parameter in zip(self._moving, gradients, parameters, strict=True):
            known[place], values[place] = gradient, parameter
        return known, values

    def _run_update_steps(
        self,
        gradients: Sequence[jax.Array | None],
        state: dict[str, Any],
        parameters: Sequence[jax.Array],
        rate: jax.Array,
        decays: Sequence[float],
    ) -> tuple[list[jax.Array], dict[str, Any]]:
        """`update_step` for every weight that has a gradient, as a pure function."""
        values = dict(zip(self._variables, parameters, strict=True))
        kept, self.state = self.state, state
        try:
            with Scope(values):
                for gradient, variable, decay in zip(gradients, self._variables, decays):
                    if gradient is not None:
                        if decay:
                            variable.assign(variable.value * (1 - decay * rate.astype(variable.value.dtype)))
                        self.update_step(gradient, variable, rate)
            return [values[variable] for variable in self._variables], self.state
        finally:
            self.state = kept


def _key(variable: StateVariable) -> tuple[int, str]:
    return id(variable.reference), variable.path
