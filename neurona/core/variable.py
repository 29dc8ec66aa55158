"""Variable: an array with a name that a layer, a metric or an optimizer owns."""

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ShapeError, TracingError
from neurona.core.policy import is_float, standardize_dtype
from neurona.core.registry import resolve
from neurona.core.scope import Scope, current_scope
from neurona.files.gate import claim

_numbers = itertools.count()


class Variable:
    """An array that can be assigned to.

    Args:
        initializer: the first value, or a function `(shape, dtype) -> array`, or the name of one.
        shape: needed with a function.
        dtype: defaults to the value's own, or `floatx()`.
        trainable: whether an optimizer may change it.
        autocast: whether it is read in the dtype in which the layer computes.
        aggregation, synchronization, layout: no effect; kept for Keras's programs.
        name: the last part of its path.
        regularizer, constraint: what `add_weight` says.
        overwrite_with_gradient: whether the gradient is its new value.
        path: the names of its owners and its own, joined by "/".

    Example:

        >>> count = Variable(jnp.zeros(2), name="count")
        >>> count.assign(count + 1)
        >>> count.numpy().tolist()
        [1.0, 1.0]
    """

    on_read: Callable[[Any, Any], Any] | None = None  # gives what is read, while a gradient tape is open

    def __init__(
        self,
        initializer: Any,
        shape: tuple[int, ...] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: Any = None,
        *,
        path: str | None = None,
        regularizer: Callable[[Any], Any] | None = None,
        constraint: Callable[[Any], Any] | None = None,
        overwrite_with_gradient: bool = False,
    ) -> None:
        self.name = "variable" if name is None else name
        self.path = path or self.name
        self.aggregation, self.synchronization, self.layout = aggregation, synchronization, layout
        self.overwrite_with_gradient = overwrite_with_gradient
        # `parameter` says what it is for good (a weight, not a statistic); `trainable` whether it may change
        # now.
        self.parameter = self.trainable = trainable
        self.persistent = True  # False for what is not saved with the weights
        self.autocast = autocast
        self.regularizer, self.constraint = regularizer, constraint
        self.number = next(
            _numbers
        )  # variables in the order in which they were made, and so drew their first values
        initializer = resolve("initializers", initializer) if isinstance(initializer, str) else initializer
        self.initializer = initializer if callable(initializer) else None
        if self.initializer is not None:
            self._begin(shape, standardize_dtype(dtype))
        else:
            with jax.ensure_compile_time_eval(), Scope():
                self._value = jnp.array(initializer, None if dtype is None else standardize_dtype(dtype))

    def _begin(self, shape: Any, dtype: str) -> None:
        """Draw the first value. While a file from outside is being rebuilt this waits until all of it was
        counted, so that a refused file allocates nothing; a value that the file holds is never drawn.
        """
        gate = claim(shape or ())
        if gate is None:
            self._value = self.draw(shape, dtype)
        else:
            self._value = jax.ShapeDtypeStruct(shape or (), dtype)
            gate.waiting.append(self._first_value)

    def _first_value(self) -> Any:
        """The value, drawn if it was waiting; in a trace, which only asks for shapes then, a stand-in."""
        waiting = self._value
        if not isinstance(waiting, jax.ShapeDtypeStruct):
            return waiting
        if isinstance(jnp.zeros(()), jax.core.Tracer):
            return jnp.zeros(waiting.shape, waiting.dtype)
        self._value = self.draw(waiting.shape, waiting.dtype.name)
        return self._value

    def draw(self, shape: Any, dtype: str) -> jax.Array:
        """A first value from the initializer."""
        # Concrete even while JAX traces, so that a model can be built inside eval_shape or jit; the scope
        # keeps its key to itself.
        with jax.ensure_compile_time_eval(), Scope():
            return jnp.asarray(self.initializer(shape, dtype), dtype)  # pyright: ignore[reportOptionalCall]

    @property
    def value(self) -> jax.Array:
        """The array, as seen from the open scope, in the dtype in which the calling layer computes."""
        scope = current_scope()
        value: Any = (
            self._value if scope is None or scope.values is None else scope.values.get(self, self._value)
        )
        if type(value) is jax.ShapeDtypeStruct:
            value = self._first_value()
        if Variable.on_read is not None:
            value = Variable.on_read(self, value)
        dtype = None if scope is None else scope.dtype
        if dtype is not None and self.autocast and is_float(value.dtype) and value.dtype != dtype:
            return value.astype(dtype)
        return value

    def assign(self, value: Any) -> None:
        """Replace the array; inside `apply` only the returned values change.

        Raises:
            ShapeError: the shape differs.
            TracingError: inside somebody's own `jit`, where the new value could not leave.
        """
        value = jnp.asarray(value, self._value.dtype)
        if value.shape != self._value.shape:
            raise ShapeError(
                f"Variable {self.path!r} has shape {self._value.shape}. Received a value of shape "
                f"{value.shape}."
            )
        scope = current_scope()
        if scope is not None and scope.values is not None:
            scope.values[self] = value
        elif isinstance(value, jax.core.Tracer):
            raise TracingError(
                f"Variable {self.path!r} is assigned to inside a jax.jit of yours, and the value would be "
                "lost. "
                "Use `layer.apply(values, x)` there: it returns the new values."
            )
        else:
            self._value = value

    def take(self, value: jax.Array) -> None:
        """Hold an array that is known to fit: what a compiled step returned. No check, no conversion, no
        scope.
        """
        self._value = value

    def assign_add(self, value: Any) -> None:
        """Add to the array."""
        self.assign(self.value + jnp.asarray(value))

    def assign_sub(self, value: Any) -> None:
        """Subtract from the array."""
        self.assign(self.value - jnp.asarray(value))

    def numpy(self) -> np.ndarray:
        """A copy of the array in NumPy."""
        return np.array(self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self._value.shape

    @property
    def dtype(self) -> str:
        """The name of the dtype in which the array is kept."""
        return self._value.dtype.name

    @property
    def ndim(self) -> int:
        """The array's rank."""
        return self._value.ndim

    def __jax_array__(self) -> jax.Array:
        return self.value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.value, dtype)

    def __getitem__(self, index: Any) -> jax.Array:
        return self.value[index]

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)


def values_of(variables: Sequence[Variable]) -> list[Any]:
    """The values of variables, as their property `value` gives them; faster where there are many.

    Example:

        >>> [array.tolist() for array in values_of([Variable(1.0), Variable(2.0)])]
        [1.0, 2.0]
    """
    values = [variable._value for variable in variables]
    are_plain = (
        current_scope() is None and Variable.on_read is None and jax.ShapeDtypeStruct not in map(type, values)
    )
    return values if are_plain else [variable.value for variable in variables]


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Variable, Any], Any]:
    def method(self: Variable, other: Any) -> Any:
        if getattr(other, "__array_ufunc__", True) is None:
            return NotImplemented  # a symbolic tensor notes the variable, not the value that it has now
        return function(self.value, other.value if isinstance(other, Variable) else other)

    return method


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Variable, Any], Any]:
    return lambda self, other: function(other, self.value)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(Variable, f"__{_name}__", _binary(getattr(operator, _name)))
    setattr(Variable, f"__r{_name}__", _reflected(getattr(operator, _name)))
# Equality compares values, as in Keras; a set and a dictionary still tell variables apart by identity.
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Variable, f"__{_name}__", _binary(getattr(operator, _name)))
Variable.__neg__ = lambda self: -self.value  # pyright: ignore[reportAttributeAccessIssue]
