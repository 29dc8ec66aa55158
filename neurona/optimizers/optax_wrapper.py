"""Any optax transformation as an optimizer."""

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, SavingError
from neurona.optimizers.arguments import Options
from neurona.optimizers.base import Optimizer
from neurona.optimizers.state import Entry
from neurona.optimizers.variables import value_of

__all__ = ["OptaxOptimizer"]


class OptaxOptimizer(Optimizer):
    """Move by the updates of an optax `GradientTransformation`: w = w + learning_rate * update.

    The transformation has its own learning rate inside; the one here is a factor on top, which callbacks may
    change while training goes on.
    `compile(optimizer=optax.adam(1e-3))` wraps by itself.

    Args:
        transformation: an object with `init(params)` and `update(gradients, state, params)`.
        learning_rate: a factor on the updates: a number, a schedule, or a function `step -> rate`.
        **options: those of `Options`.

    Raises:
        ArgumentError: the transformation lacks one of these methods.

    Example:

        >>> import optax
        >>> optimizer = OptaxOptimizer(optax.sgd(0.5))
        >>> parameters = [jnp.array([1.0])]
        >>> parameters, state = optimizer.update([jnp.array([1.0])], optimizer.init(parameters), parameters)
        >>> parameters[0].tolist()
        [0.5]
    """

    def __init__(self, transformation: Any, learning_rate: Any = 1.0, **options: Unpack[Options]) -> None:
        super().__init__(learning_rate, **options)
        if not is_transformation(transformation):
            raise ArgumentError(
                "OptaxOptimizer wraps an optax transformation such as optax.adam(1e-3). Received: "
                f"{transformation!r}"
            )
        self.transformation = transformation

    def init(self, parameters: Any) -> dict[str, Any]:
        """The state of the options above, with the arrays of the transformation's state under "optax"."""
        return {
            **super().init(parameters),
            "optax": jax.tree.leaves(self.transformation.init(list(parameters))),
        }

    def _step_all(
        self,
        gradients: list[jax.Array | None],
        state: dict[str, Any],
        parameters: list[jax.Array],
        rate: jax.Array,
        count: jax.Array,
    ) -> tuple[list[jax.Array], dict[str, Any]]:
        # A parameter on which the loss does not depend has the gradient zero.
        known = [jnp.zeros_like(p) if g is None else g.astype(p.dtype) for g, p in zip(gradients, parameters)]
        parameters = [
            p if g is None else self._decayed(i, p, rate)
            for i, (g, p) in enumerate(zip(gradients, parameters))
        ]
        structure = jax.tree.structure(jax.eval_shape(self.transformation.init, parameters))
        updates, new = self.transformation.update(
            known, jax.tree.unflatten(structure, state["optax"]), parameters
        )
        moved = [p + (rate.astype(p.dtype) * u).astype(p.dtype) for p, u in zip(parameters, updates)]
        return moved, {**state, "optax": jax.tree.leaves(new)}

    def _carried_over(self, fresh: Any, former: list[Any], kept: list[int | None]) -> Any:
        # Parameters are a list and optax's states are tuples: a list in a state has an entry per parameter.
        def tree(variables: list[Any], leaves: list[Any]) -> Any:
            values = [value_of(variable) for variable in variables]
            return jax.tree.unflatten(
                jax.tree.structure(jax.eval_shape(self.transformation.init, values)), leaves
            )

        def joined(new: Any, old: Any) -> Any:
            if isinstance(new, list):
                return [one if index is None else old[index] for one, index in zip(new, kept, strict=True)]
            return old if jnp.shape(old) == jnp.shape(new) else new

        new, old = tree(self._variables, fresh["optax"]), tree(former, self.state["optax"])
        both = jax.tree.map(joined, new, old, is_leaf=lambda node: isinstance(node, list))
        return {**super()._carried_over(fresh, former, kept), "optax": jax.tree.leaves(both)}

    def _entries(self) -> list[Entry]:
        return super()._entries() + [
            Entry(f"{self.name}/optax_{i}", ("optax", i)) for i in range(len(self.state["optax"]))
        ]

    def get_config(self) -> dict[str, Any]:
        """Nothing: an optax transformation is made of functions, which no file can hold.

        Raises:
            SavingError: always.
        """
        raise SavingError(
            "An optax transformation can't be written to a file. Save the weights, or the model without its "
            "optimizer, and compile again "
            "with the same transformation after loading."
        )


def is_transformation(value: Any) -> bool:
    """Whether a value looks like an optax `GradientTransformation`.

    Example:

        >>> import optax
        >>> is_transformation(optax.adam(0.1)), is_transformation("adam")
        (True, False)
    """
    has_both = callable(getattr(value, "init", None)) and callable(getattr(value, "update", None))
    return has_both and not isinstance(value, (type, Optimizer))
