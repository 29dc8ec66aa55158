"""Expressions: what functions of `keras.backend` make of placeholders, model outputs and `K.variable`.

On arrays a function computes. On symbolic tensors it becomes a step of their graph. On variables alone,
outside of layers, it makes an `Expression`: a symbolic tensor that has a value at any time, the one of now.
"""

import functools
import importlib
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax.experimental import io_callback

from neurona.core.scope import current_scope
from neurona.core.symbolic import Operation, SymbolicTensor, is_symbolic, record
from neurona.core.variable import Variable
from neurona.legacy.keras.backend.program import Program, value_of


class Expression(SymbolicTensor):
    """A symbolic tensor that depends on variables alone, so that it can be read at any time."""

    def numpy(self) -> np.ndarray:
        """The value of now."""
        return np.array(Program(self)([]))

    def eval(self, feed_dict: Any = None, session: Any = None) -> np.ndarray:
        """The value of now, as a session gives it. Nothing has to be fed."""
        return self.numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __getitem__(self, index: Any) -> Any:
        return applied("GetItem", operator.getitem, (self, index), {})


class BackendVariable(Variable):
    """What `K.variable` returns: a variable that need not belong to a layer.

    A compiled program that does not own it reads it anew at every run, and assigns to it at every run. One
    that is made while a program is compiled is a part of it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_part = _is_tracing()

    @property
    def value(self) -> jax.Array:
        """The array, as seen from the open scope."""
        if not self._is_foreign():
            return super().value
        return jax.pure_callback(
            lambda: np.asarray(self._value), jax.ShapeDtypeStruct(self._value.shape, self._value.dtype)
        )

    def assign(self, value: Any) -> None:
        """Replace the array."""
        value = jnp.asarray(value_of(value), self._value.dtype)
        if self._is_foreign() and value.shape == self._value.shape:
            io_callback(lambda new: self.take(jnp.asarray(new)), None, value)
        else:
            super().assign(value)

    def _is_foreign(self) -> bool:
        """Whether a program is being compiled that does not hold this variable."""
        scope = current_scope()
        owns = scope is not None and scope.values is not None and self in scope.values
        return not (owns or self._is_part) and _is_tracing()

    def eval(self, feed_dict: Any = None, session: Any = None) -> np.ndarray:
        """The array, as a session gives it."""
        return self.numpy()

    def get_value(self, borrow: bool = False) -> np.ndarray:
        """The array, as of a shared variable of Theano."""
        return self.numpy()

    def set_value(self, value: Any, borrow: bool = False) -> None:
        """Replace the array, as that of a shared variable of Theano."""
        self.assign(value)

    def __getitem__(self, index: Any) -> Any:
        return applied("GetItem", operator.getitem, (self, index), {})

    def __iter__(self) -> Any:
        return iter(self.value)


class Made:
    """The variables that a piece of code makes when it first runs, and gets again whenever it runs; what
    it assigns to with K.update is left to its caller.

    Attributes:
        now: those of the code that runs now.
    """

    now: "Made | None" = None

    def __init__(self) -> None:
        self.variables: list[BackendVariable] = []
        self._place = 0

    def __enter__(self) -> "Made":
        Made.now, self._place = self, 0
        return self

    def __exit__(self, *_: object) -> None:
        Made.now = None

    def next(self, make: Callable[[], BackendVariable]) -> BackendVariable:
        """The variable that belongs here."""
        if self._place == len(self.variables):
            with jax.ensure_compile_time_eval():
                self.variables.append(make())
        self._place += 1
        return self.variables[self._place - 1]


def _is_wrapped(leaf: Any) -> bool:
    """Whether a leaf is an eager tensor of TensorFlow's face, which holds an array."""
    return hasattr(leaf, "_array")


def _unwrapped(leaf: Any) -> Any:
    return leaf._array if _is_wrapped(leaf) else leaf


def _is_tracing() -> bool:
    """Whether JAX traces a program now."""
    return isinstance(jnp.zeros(()), jax.core.Tracer)


def _is_free(leaf: Any) -> bool:
    """Whether a leaf needs no feeding and no computing before it can be read."""
    return isinstance(leaf, Expression) or not is_symbolic(leaf)


def _makes_expression(leaves: list[Any]) -> bool:
    """Whether a call on these is noted rather than computed: they are variables and expressions, and no layer
    or compiled program is running.
    """
    return (
        any(isinstance(leaf, (BackendVariable, Expression)) for leaf in leaves)
        and all(map(_is_free, leaves))
        and current_scope() is None
        and not _is_tracing()
    )


def applied(
    class_name: str,
    function: Callable[..., Any],
    args: tuple,
    kwargs: dict[str, Any],
    *,
    shape: tuple[int | None, ...] | None = None,
    dtype: Any = None,
    draws: bool = False,
) -> Any:
    """A function's result for arrays, or a step of a graph for symbolic tensors.

    Args:
        class_name: the step's name.
        function: of arrays.
        args, kwargs: what it is called with.
        shape, dtype: of the result, where they can't be found by tracing.
        draws: whether the function draws random numbers.
    """
    tensor = next(filter(_is_wrapped, jax.tree.leaves((args, kwargs), is_leaf=_is_wrapped)), None)
    if tensor is not None and tensor._array is None:  # of a graph of TensorFlow 1
        draw = importlib.import_module("neurona.legacy.tensorflow.v1.tensor").draw
        args, kwargs = jax.tree.map(value_of, (args, kwargs), is_leaf=_is_wrapped)
        return draw(
            functools.partial(_on_arrays, function, draws), args, kwargs, default=class_name, kind=class_name
        )
    if tensor is not None:
        args, kwargs = jax.tree.map(_unwrapped, (args, kwargs), is_leaf=_is_wrapped)
        outputs = applied(class_name, function, args, kwargs, shape=shape, dtype=dtype, draws=draws)
        return jax.tree.map(type(tensor), outputs)
    leaves = jax.tree.leaves((args, kwargs))
    computes = functools.partial(_on_arrays, function, draws)
    is_expression = _makes_expression(leaves)
    if not is_expression and not any(map(is_symbolic, leaves)):
        return computes(*args, **kwargs)
    kind = Expression if all(map(_is_free, leaves)) else SymbolicTensor
    spec = None if shape is None else kind(shape, dtype)
    outputs = record(Operation(class_name, computes), args, kwargs, spec)
    if kind is Expression:
        for tensor in jax.tree.leaves(outputs):
            tensor.__class__ = Expression
    return outputs


def _on_arrays(function: Callable[..., Any], draws: bool, *args: Any, **kwargs: Any) -> Any:
    """Call a function with the values of variables. Of NumPy's numbers, such as those of a shape, the result
    is known even while a program is compiled.
    """
    args, kwargs = jax.tree.map(value_of, (args, kwargs))
    leaves = jax.tree.leaves((args, kwargs))
    is_known = any(isinstance(leaf, (np.ndarray, np.generic)) for leaf in leaves)
    if draws or not is_known or any(isinstance(leaf, jax.Array) for leaf in leaves):
        return function(*args, **kwargs)
    with jax.ensure_compile_time_eval():
        return function(*args, **kwargs)


# What Keras 1 calls the arguments of these functions, and the values that changed with them.
OLD_ARGUMENTS = {
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "std": "stddev",
    "nb_classes": "num_classes",
}
_OLD_VALUES = {"tf": "channels_last", "th": "channels_first", "default": None}


def renamed(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments under the names of Keras 2."""
    new = {OLD_ARGUMENTS.get(name, name): value for name, value in kwargs.items()}
    if isinstance(new.get("data_format"), str):
        new["data_format"] = _OLD_VALUES.get(new["data_format"], new["data_format"])
    return new


def backend_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a function of arrays: it also works on symbolic tensors and variables, and knows the names
    that Keras 1 has for its arguments.
    """
    name = "".join(part.capitalize() for part in function.__name__.split("_"))

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return applied(name, function, args, renamed(kwargs) if kwargs else kwargs)

    return call


def composed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a function that is made of `neurona.ops`: on symbolic tensors its steps are theirs, which
    files can hold.
    """
    one_step = backend_function(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        leaves = jax.tree.leaves((args, kwargs))
        if any(is_symbolic(leaf) and not isinstance(leaf, Expression) for leaf in leaves):
            return function(*args, **renamed(kwargs))
        return one_step(*args, **kwargs)

    return call


def _operator(function: Callable[..., Any], class_name: str, reflected: bool = False) -> Callable[..., Any]:
    def method(self: Any, *others: Any) -> Any:
        args = (*others, self) if reflected else (self, *others)
        return applied(class_name, function, args, {})

    return method


_BINARY = {
    "add": "Add",
    "sub": "Subtract",
    "mul": "Multiply",
    "truediv": "Divide",
    "floordiv": "FloorDivide",
    "mod": "Mod",
    "pow": "Power",
    "matmul": "Matmul",
}
_COMPARISONS = {"lt": "Less", "le": "LessEqual", "gt": "Greater", "ge": "GreaterEqual"}
_UNARY = {"neg": "Negative", "abs": "Absolute"}
for _class in (Expression, BackendVariable):
    for _name, _class_name in _BINARY.items():
        setattr(_class, f"__{_name}__", _operator(getattr(operator, _name), _class_name))
        setattr(_class, f"__r{_name}__", _operator(getattr(operator, _name), _class_name, reflected=True))
    for _name, _class_name in (_COMPARISONS | _UNARY).items():
        setattr(_class, f"__{_name}__", _operator(getattr(operator, _name), _class_name))
