"""The base of all metrics: named state that batches are counted into, as an object and as three pure
functions.
"""

from collections.abc import Sequence
from typing import Any, TypeGuard

import jax
import jax.numpy as jnp

from neurona import initializers
from neurona.core.arrays import zeros
from neurona.core.errors import NotBuiltError, ShapeError
from neurona.core.owner import Owner
from neurona.core.policy import DTypePolicy, dtype_policy_of, floatx
from neurona.core.registry import Serializable, snake_case
from neurona.core.scope import Scope
from neurona.core.symbolic import unique_name
from neurona.core.variable import Variable
from neurona.messages import translated
from neurona.tracebacks import ends_at_users_line

__all__ = [
    "Metric",
]


class Metric(Owner["Metric"], Serializable):
    """A figure that is counted over many batches.

    Create the state in the constructor with `add_variable`; `update_state` counts a batch in with
    `self.x.assign(...)`; `result` makes the figure. The same three methods also run as pure functions, which
    JAX may jit, scan, vmap and shard:

        variables = metric.stateless_update_state(variables, y_true, y_pred)
        figure = metric.stateless_result(variables)

    Args:
        dtype: in which the figure is computed; `floatx()` by default. Of a `DTypePolicy`, its compute dtype.
        name: under which it is logged; made from the class's name if not given.

    Example:

        >>> class LargestError(Metric):
        ...     _direction = "down"
        ...     def __init__(self, name="largest_error", **kwargs):
        ...         super().__init__(name=name, **kwargs)
        ...         self.largest = self.add_variable((), initializer="zeros", name="largest")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.largest.assign(jnp.maximum(self.largest.value, jnp.max(jnp.abs(y_true - y_pred))))
        ...     def result(self):
        ...         return self.largest
        >>> metric = LargestError()
        >>> metric.update_state(jnp.array([1.0, 2.0]), jnp.array([1.5, 2.0]))
        >>> metric.update_state(jnp.array([1.0, 2.0]), jnp.array([1.0, 2.25]))
        >>> float(metric.result())
        0.5
    """

    _kind = "metrics"
    _direction: str | None = None
    """The better values, as in Keras: `"up"`, `"down"`, or None if neither is better."""

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or unique_name(snake_case(type(self).__name__))
        self._dtype = dtype_policy_of(dtype if dtype is not None else DTypePolicy(floatx())).compute_dtype
        self._variables: list[Variable] = []

    def _owns(self, value: Any) -> "TypeGuard[Metric]":
        return isinstance(value, Metric)

    # What a subclass defines.

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Count a batch in."""
        raise NotImplementedError(
            translated(
                f"{type(self).__name__} needs an `update_state(self, y_true, y_pred, sample_weight=None)` "
                "method."
            )
        )

    def result(self) -> Any:
        """The figure of all batches so far: a number, an array, or a dictionary of these."""
        raise NotImplementedError(
            translated(
                f"{type(self).__name__} needs a `result(self)` method: it is the figure that is logged."
            )
        )

    def reset_state(self) -> None:
        """Begin afresh: all variables become zero."""
        for variable in self.variables:
            variable.assign(zeros(variable.shape, variable.dtype))

    # Variables.

    @property
    def dtype(self) -> str:
        """The dtype in which the figure is computed."""
        return self._dtype

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = None,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Create a variable of this metric; no optimizer changes it.

        Args:
            shape: sizes, all known.
            initializer: zeros by default.
            dtype: `floatx()` by default.
            aggregation: how the values of several devices are joined; accepted as in Keras.
            name: the last part of its path.

        Raises:
            NotBuiltError: the constructor did not call `super().__init__()` first.
        """
        if "_variables" not in vars(self):
            raise NotBuiltError(
                f"{type(self).__name__}: call `super().__init__()` before the first `add_variable`."
            )
        del aggregation  # one device or many, the engine counts a batch as one array
        path = f"{self.name.replace('/', '>')}/{name or 'variable'}"
        create = zeros if initializer is None else initializers.get(initializer)
        variable = Variable(
            create,
            tuple(shape),
            dtype or floatx(),
            trainable=False,
            autocast=False,
            name=name or "variable",
            path=path,
        )
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """The older name of `add_variable`."""
        return self.add_variable(shape=shape, initializer=initializer, dtype=dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """The state: the variables of this metric in the order of creation, then those of its metrics."""
        if "_variables" not in vars(self):
            raise NotBuiltError(f"{type(self).__name__}: the constructor must call `super().__init__()`.")
        return super().variables

    # The pure functions.

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """`update_state` without side effects: variables' values in, new values out.

        A metric whose state depends on the data's shape creates it here when `metric_variables` is empty.

        Raises:
            ShapeError: there are more or fewer values than variables.
        """
        with self._scope(metric_variables):
            self.update_state(*args, **kwargs)
            return [variable.value for variable in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """`result` from given values of the variables.

        Raises:
            ShapeError: there are more or fewer values than variables.
        """
        with self._scope(metric_variables):
            result = self.result()
            return jax.tree.map(_as_array, result, is_leaf=lambda leaf: isinstance(leaf, Variable))

    def stateless_reset_state(self) -> list[Any]:
        """The values that the variables begin with."""
        with Scope(values={}):
            self.reset_state()
            return [variable.value for variable in self.variables]

    def _create_variables(self, *args: Any, **kwargs: Any) -> None:
        """Create the variables whose shape depends on the data, counting nothing.

        Args:
            args, kwargs: what `update_state` will take; arrays or `jax.ShapeDtypeStruct`.

        Example:

            >>> from neurona.metrics import F1Score
            >>> metric = F1Score()
            >>> metric._create_variables(jnp.ones((8, 3)), jnp.ones((8, 3)))
            >>> [variable.shape for variable in metric.variables]
            [(3,), (3,), (3,), (3,)]
        """
        values = [variable.value for variable in self.variables]
        jax.eval_shape(self.stateless_update_state, values, *args, **kwargs)

    def _scope(self, values: Sequence[Any]) -> Scope:
        variables = self.variables
        if len(values) != len(variables):
            raise ShapeError(
                f"Metric {self.name!r} ({type(self).__name__}) has {len(variables)} variables. Received "
                f"{len(values)} values: "
                f"pass one for each of {[variable.name for variable in variables]}."
            )
        return Scope(values={variable: jnp.asarray(value) for variable, value in zip(variables, values)})

    @ends_at_users_line
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _as_array(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, Variable) else leaf
