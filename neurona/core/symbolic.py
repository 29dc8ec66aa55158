"""Symbolic tensors: arrays that have a shape and a history but no numbers yet, from which functional models
are drawn.
"""

import collections
import functools
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.calling import raise_shape_error
from neurona.core.errors import TracingError
from neurona.core.inference import trace_shapes
from neurona.core.policy import standardize_dtype
from neurona.core.registry import snake_case
from neurona.core.texts import holds_texts, of_empty_texts, on_host
from neurona.core.variable import Variable

_counts: dict[str, int] = collections.defaultdict(int)


def unique_name(prefix: str) -> str:
    """Keras's automatic names: `dense`, `dense_1`, ..."""
    count = _counts[prefix]
    _counts[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def reset_names() -> None:
    """Begin automatic names afresh, as `clear_session` does."""
    _counts.clear()


class SymbolicTensor:
    """A tensor without numbers: a shape in which None is unknown, a dtype, and the call that makes it.

    Args:
        shape: sizes, None where unknown.
        dtype: the dtype's name.
        sparse, ragged, record_history: no effect; kept for Keras's programs.
        name: its name.
        node: the call whose output this is.
        index: which of the call's outputs.
    """

    def __init__(
        self,
        shape: tuple[int | None, ...],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        *,
        node: "Node | None" = None,
        index: int = 0,
    ) -> None:
        self.shape, self.dtype = tuple(shape), standardize_dtype(dtype)
        self.name = name or unique_name("symbolic_tensor")
        self.node, self.index = node, index
        self.sparse, self.ragged = sparse, ragged

    @property
    def ndim(self) -> int:
        """The rank."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    __array_ufunc__ = None  # array + tensor is left to the tensor

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TracingError(
            f"{self!r} has no numbers: it stands for a model's input. Use neurona.ops on it, or a layer."
        )

    def __bool__(self) -> bool:
        raise TracingError(
            f"{self!r} has no truth value: a functional model can't branch on numbers. Use ops.where, or "
            "subclass Model."
        )

    def __iter__(self) -> Any:
        raise TracingError(f"{self!r} can't be iterated over. Index it, or use ops.unstack.")

    def __getitem__(self, index: Any) -> Any:
        return record(Operation("GetItem", operator.getitem), (self, index), {})


KerasTensor = SymbolicTensor  # Keras's name


class Node:
    """One call in the graph of a functional model.

    Args:
        operation: the layer or operation that was called.
        args, kwargs: what it was called with, symbolic tensors among them.
    """

    def __init__(self, operation: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        self.operation, self.args, self.kwargs = operation, args, kwargs
        self.inputs = symbolic_leaves((args, kwargs))
        self.outputs: Any = None


class Operation:
    """A function of `neurona.ops` as a step of a graph. `name` is Keras's class name for it, such as
    `"Add"`.
    """

    # How files write a call, where not under `class_name`: (args, kwargs) -> (description, args, kwargs).
    in_files: Callable[..., Any] | None = None

    def __init__(self, class_name: str, function: Callable[..., Any], name: str | None = None) -> None:
        self.class_name, self.function = class_name, function
        self.name = name or unique_name(snake_case(class_name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if holds_texts((args, kwargs)):
            spec = functools.partial(of_empty_texts, self._computed)
            return on_host(self._computed, spec, f"{self.class_name} {self.name!r}", (args, kwargs))
        return self._computed((args, kwargs))

    def _computed(self, given: tuple[tuple, dict[str, Any]]) -> Any:
        args, kwargs = given
        try:
            return self.function(*args, **kwargs)
        except (TypeError, IndexError, ValueError) as error:
            raise_shape_error(error, self.name, (args, kwargs))
            raise


def is_symbolic(value: Any) -> bool:
    """Whether a value is a symbolic tensor."""
    return isinstance(value, SymbolicTensor)


def symbolic_leaves(tree: Any) -> list[SymbolicTensor]:
    """The symbolic tensors anywhere in nested lists, tuples and dictionaries."""
    return [leaf for leaf in jax.tree.leaves(tree) if isinstance(leaf, SymbolicTensor)]


def infer(function: Callable[..., Any], args: tuple, kwargs: dict[str, Any], constants: Any = ()) -> Any:
    """The shapes and dtypes that a function returns for symbolic tensors, as a tree of `SymbolicTensor`
    without history.

    Args:
        function: called with tracers in place of the symbolic tensors.
        args, kwargs: its arguments, with at least one symbolic tensor.
        constants: a tree of values, whose integers the function may divide sizes by.

    Raises:
        Exception: what the function raises, with None where its message names an unknown size.

    Example:

        >>> infer(lambda x: x.reshape(x.shape[0], -1), (SymbolicTensor((None, 4, 3)),), {}).shape
        (None, 12)
        >>> infer(jnp.add, (SymbolicTensor((None, None, 3)), SymbolicTensor((None, 4, 3))), {}).shape
        (None, 4, 3)
    """
    leaves, tree = jax.tree.flatten((args, kwargs))
    symbolic = [index for index, leaf in enumerate(leaves) if is_symbolic(leaf)]

    def run(arrays: list[Any]) -> Any:
        filled = list(leaves)
        for index, array in zip(symbolic, arrays, strict=True):
            filled[index] = array
        new_args, new_kwargs = jax.tree.unflatten(tree, filled)
        return function(*new_args, **new_kwargs)

    others = [leaf for leaf in leaves if not is_symbolic(leaf)]
    arrays = [tuple(leaf.shape) for leaf in others if hasattr(leaf, "shape")]
    numbers = [leaf for leaf in (*others, *jax.tree.leaves(constants)) if type(leaf) is int]
    result = trace_shapes(run, [leaves[index] for index in symbolic], arrays, numbers)
    return jax.tree.map(lambda one: SymbolicTensor(one.shape, one.dtype), result)


def also_symbolic(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a method that computes from arrays: of symbolic tensors it gives the shapes."""

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if symbolic_leaves((args, kwargs)):
            return infer(functools.partial(method, self), args, kwargs)
        return method(self, *args, **kwargs)

    return wrapper


def record(operation: Any, args: tuple, kwargs: dict[str, Any], outputs: Any = None) -> Any:
    """Add a call to the graph and return its symbolic outputs.

    Args:
        operation: the layer or `Operation` that the graph calls when it runs.
        args, kwargs: the arguments, with symbolic tensors among them.
        outputs: symbolic tensors without history; by default the operation is traced for them.
    """
    node = Node(operation, args, kwargs)
    outputs = infer(operation, args, kwargs) if outputs is None else outputs
    for index, tensor in enumerate(jax.tree.leaves(outputs)):
        tensor.node, tensor.index = node, index
        tensor.name = f"{operation.name}_output_{index}" if index else f"{operation.name}_output"
    node.outputs = outputs
    return outputs


def _operator(
    class_name: str, function: Callable[..., Any], *, reflected: bool = False
) -> Callable[..., Any]:
    def compute(*values: Any) -> Any:
        return function(*(value.value if isinstance(value, Variable) else value for value in values))

    def method(self: SymbolicTensor, *others: Any) -> Any:
        args = (*others, self) if reflected else (self, *others)
        return record(Operation(class_name, compute), args, {})

    return method


_OPERATORS = {
    "add": ("Add", jnp.add),
    "sub": ("Subtract", jnp.subtract),
    "mul": ("Multiply", jnp.multiply),
    "truediv": ("Divide", jnp.divide),
    "floordiv": ("FloorDivide", jnp.floor_divide),
    "mod": ("Mod", jnp.mod),
    "pow": ("Power", jnp.power),
    "matmul": ("Matmul", jnp.matmul),
    "and": ("LogicalAnd", jnp.logical_and),
    "or": ("LogicalOr", jnp.logical_or),
    "xor": ("LogicalXor", jnp.logical_xor),
}
_COMPARISONS = {
    "lt": ("Less", jnp.less),
    "le": ("LessEqual", jnp.less_equal),
    "gt": ("Greater", jnp.greater),
    "ge": ("GreaterEqual", jnp.greater_equal),
}
for _name, (_class_name, _function) in _OPERATORS.items():
    setattr(SymbolicTensor, f"__{_name}__", _operator(_class_name, _function))
    setattr(SymbolicTensor, f"__r{_name}__", _operator(_class_name, _function, reflected=True))
for _name, (_class_name, _function) in _COMPARISONS.items():
    setattr(SymbolicTensor, f"__{_name}__", _operator(_class_name, _function))
SymbolicTensor.__neg__ = _operator("Negative", jnp.negative)  # pyright: ignore[reportAttributeAccessIssue]
SymbolicTensor.__invert__ = _operator("LogicalNot", jnp.logical_not)  # pyright: ignore[reportAttributeAccessIssue]
SymbolicTensor.__abs__ = _operator("Absolute", jnp.abs)  # pyright: ignore[reportAttributeAccessIssue]
