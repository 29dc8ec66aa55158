"""A layer as a pure function of the values of its variables."""

from typing import Any

import jax

from neurona.core.errors import ShapeError
from neurona.core.owner import Part, WeightOwner
from neurona.core.scope import Scope, current_scope


class Pure(WeightOwner[Part]):
    """A callable owner of weights that can also be called as a function of them."""

    losses: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs."""
        raise NotImplementedError

    def apply(
        self,
        values: list[Any],
        *args: Any,
        key: jax.Array | None = None,
        step: Any = 0,
        training: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, list[Any]]:
        """The layer as a pure function: `(values, inputs) -> (outputs, new values)`, safe under jit, grad,
        vmap and scan.

        Args:
            values: an array for each of `variables`.
            args, kwargs: what the layer is called with.
            key: the random key, needed where something is drawn.
            step: the training step, for layers that have a seed.
            training: whether to behave as in training.

        Returns:
            The outputs, and the values as they are afterwards (batch normalization's statistics change,
            weights do not).

        Raises:
            ShapeError: the number of values is not the number of variables.
        """
        (outputs, new_values), _ = self._apply_with_losses(
            values, *args, key=key, step=step, training=training, **kwargs
        )
        return outputs, new_values

    def _apply_with_losses(
        self,
        values: list[Any],
        *args: Any,
        key: jax.Array | None = None,
        step: Any = 0,
        training: bool = False,
        **kwargs: Any,
    ) -> tuple[tuple[Any, list[Any]], list[Any]]:
        """`apply`, and the losses that layers added and regularizers make."""
        variables, outer = self.variables, current_scope()
        if len(values) != len(variables):
            raise ShapeError(
                f"Layer {self.name!r} has {len(variables)} variables. Received {len(values)} values."
            )
        if key is None and outer is not None:  # inside a training step: its key serves here too
            key, step = outer.key, outer.step
        table = dict(zip(variables, values))
        with Scope(table, key, step, training, self._positions()):
            outputs = self(*args, **kwargs)
            losses = self.losses
        return (outputs, [table[variable] for variable in variables]), losses

    def _positions(self) -> dict[Any, int]:
        """The number of each layer in the tree, which gives each a random stream."""
        return {owner: number for number, (owner, _) in enumerate(self._walk())}

    def stateless_call(
        self,
        trainable_variables: list[Any],
        non_trainable_variables: list[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple:
        """Keras's name for `apply`, with the values split; returns `(outputs, new non-trainable values[,
        losses])`.
        """
        kwargs.setdefault("training", False)
        table = dict(zip(self.trainable_variables, trainable_variables, strict=True))
        table.update(zip(self.non_trainable_variables, non_trainable_variables, strict=True))
        variables = self.variables
        (outputs, values), losses = self._apply_with_losses([table[v] for v in variables], *args, **kwargs)
        new = dict(zip(variables, values))
        others = [new[v] for v in self.non_trainable_variables]
        return (outputs, others, losses) if return_losses else (outputs, others)
