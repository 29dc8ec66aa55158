"""Makes functions into operations: on arrays they compute, on symbolic tensors they become steps of a
functional model.

A function's annotations say what each argument is:

    Tensor    converted to an array           written into a Keras file as an argument of the call
    Tensors   a list of tensors               the same
    Tree      tensors nested at will          the same
    Operand   passed as it is                 the same
    the rest  options, such as `axis`         written into a Keras file as the operation's config
"""

import copyreg
import functools
import inspect
import itertools
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ParamSpec, TypeVar

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax._src import core

from neurona.core.calling import raise_shape_error
from neurona.core.errors import SavingError, ShapeError, suggestion
from neurona.core.policy import floatx, standardize_data_format
from neurona.core.registry import serialize
from neurona.core.symbolic import Operation, record, symbolic_leaves
from neurona.core.texts import is_texts
from neurona.core.variable import Variable
from neurona.tracebacks import ends_at_users_line

Tensor = Annotated[Any, "an array, Variable, number, list of numbers or symbolic tensor"]
Tensors = Annotated[Any, "a list of tensors"]
Tree = Annotated[Any, "tensors nested in lists, tuples and dictionaries"]
Operand = Annotated[Any, "an argument of the call that is no tensor"]
Newer = Annotated[Any, "an option that only the newest Keras reads: files hold it only if it is set"]

P = ParamSpec("P")
R = TypeVar("R")
_operations: dict[str, Callable[..., Any]] = {}
_keras_modules: dict[str, str] = {}


def to_array(value: Any) -> Any:
    """A JAX array of anything that holds numbers; None stays None, and texts are NumPy's. Lists of
    Python numbers become `floatx()` or int32.

    Example:

        >>> to_array([1.0, 2.0]).dtype, to_array([[1, 2]]).shape
        (dtype('float32'), (1, 2))
    """
    if value is None or isinstance(value, jax.Array):
        return value
    if isinstance(value, Variable):
        return value.value
    if isinstance(value, (list, tuple)):
        if any(isinstance(leaf, (jax.Array, Variable)) for leaf in jax.tree.leaves(value)):
            return jnp.stack([jnp.asarray(to_array(item)) for item in value])
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise ShapeError(
                f"The rows of a list have unequal lengths, so it is no array: pad them first. ({error})"
            ) from None
        if is_texts(array):
            return array
        return jnp.asarray(
            array, {np.dtype("float64"): floatx(), np.dtype("int64"): "int32"}.get(array.dtype)
        )
    if isinstance(value, (bool, int, float, complex)) or hasattr(value, "__jax_array__"):
        return jnp.asarray(value)
    array = np.asarray(value)
    return array if is_texts(array) else jnp.asarray(array)


def to_float(x: Any) -> Any:
    """An array of integers or booleans in `floatx()`; floating-point and complex arrays as they are."""
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(floatx())


def _to_arrays(values: Any) -> Any:
    return [to_array(value) for value in values] if isinstance(values, (list, tuple)) else to_array(values)


def _to_tree(tree: Any) -> Any:
    return jax.tree.map(to_array, tree)


def _option(value: Any) -> Any:
    return tuple(map(_option, value)) if isinstance(value, list) else value


def known_sizes(value: Any) -> Any:
    """Sizes as Python's integers, where an array holds them whose numbers are known."""
    is_known = isinstance(value, jax.Array) and not isinstance(value, jax.core.Tracer)
    return np.asarray(value).tolist() if is_known else value


_SMALL = 16  # elements of an array that may hold sizes


def _are_sizes(values: Any) -> bool:
    """Whether all of these are known integers, few of them, as shapes have, or names of dtypes."""
    leaves = [leaf for leaf in jax.tree.leaves(values) if not isinstance(leaf, str)]
    return bool(leaves) and all(map(_is_size, leaves))


def _is_size(leaf: Any) -> bool:
    if isinstance(leaf, jax.core.Tracer):
        return False
    if isinstance(leaf, (jax.Array, np.ndarray)):
        return leaf.size <= _SMALL and leaf.dtype.kind in "iu"
    return isinstance(leaf, (int, np.integer))


_CONVERTERS = {Tensor: to_array, Tensors: _to_arrays, Tree: _to_tree, Operand: lambda value: value}


def _rebuilt(class_name: str, name: str) -> Operation:
    """An operation from a pickle, which can't hold its function."""
    return Operation(class_name, _operations[class_name], name)


copyreg.pickle(Operation, lambda one: (_rebuilt, (one.class_name, one.name)))


def define(class_name: str, *, module: str = "numpy") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator that makes a function of arrays an operation.

    Args:
        class_name: the name of Keras's class for it, which files of functional models hold.
        module: the module of `keras.src.ops` where that class is, or of `keras.src` with its dots.

    Example:

        >>> @define("DocsTwice")
        ... def twice(x: Tensor):
        ...     return x + x
        >>> twice([1.0, 2.0]).tolist(), call_from_config("DocsTwice", {"name": "a"}, [[3]], {}).tolist()
        ([2.0, 4.0], [6])
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        parameters = inspect.signature(function).parameters
        by_name = {
            name: _CONVERTERS.get(parameter.annotation, _option) for name, parameter in parameters.items()
        }
        by_position = list(by_name.values())
        of_arrays = next(iter(by_position), _option) in (to_array, _to_arrays)

        @ends_at_users_line
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if symbolic_leaves((args, kwargs)):
                return record(Operation(class_name, call), args, kwargs)
            is_traced = core.trace_ctx.trace is not core.eval_trace
            if is_traced and of_arrays and _are_sizes((args, kwargs)):
                with jax.ensure_compile_time_eval():  # what is made of known numbers is known too
                    return compute(args, kwargs)
            return compute(args, kwargs)

        def compute(args: Any, kwargs: Any) -> Any:
            converters = itertools.chain(by_position, itertools.repeat(by_position[-1]))
            new_args = [convert(value) for value, convert in zip(args, converters)]
            new_kwargs = {name: by_name.get(name, _option)(value) for name, value in kwargs.items()}
            try:
                return function(*new_args, **new_kwargs)  # pyright: ignore[reportCallIssue]
            except (TypeError, IndexError, ValueError) as error:
                raise_shape_error(error, call.__name__, (new_args, new_kwargs))
                raise

        _operations.setdefault(class_name, call)
        _keras_modules.setdefault(class_name, f"keras.src.{module if '.' in module else f'ops.{module}'}")
        return call

    return decorate


def _named(
    class_name: str, function: Callable[..., Any], signature: str, module: str, body: Callable[..., Any]
) -> Callable[..., Any]:
    body.__name__ = body.__qualname__ = getattr(function, "__name__", class_name)
    body.__doc__ = (
        f"`{body.__name__}({signature})`, as `{getattr(function, '__module__', 'jax')}.{body.__name__}`."
    )
    return define(class_name, module=module)(body)


def unary(
    class_name: str, function: Callable[..., Any], *, floats: bool = False, module: str = "numpy"
) -> Callable[..., Any]:
    """An operation on one array. With `floats`, integers are first cast to `floatx()`."""

    def body(x: Tensor) -> Any:
        return function(to_float(x) if floats else x)

    return _named(class_name, function, "x", module, body)


def binary(class_name: str, function: Callable[..., Any], *, module: str = "numpy") -> Callable[..., Any]:
    """An operation on two arrays that are broadcast against each other."""

    def body(x1: Tensor, x2: Tensor) -> Any:
        return function(x1, x2)

    return _named(class_name, function, "x1, x2", module, body)


def reduction(class_name: str, function: Callable[..., Any], *, floats: bool = False) -> Callable[..., Any]:
    """An operation that reduces an array over an axis, over several, or over all of them."""

    def body(x: Tensor, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
        return function(to_float(x) if floats else x, axis=axis, keepdims=keepdims)

    return _named(class_name, function, "x, axis=None, keepdims=False", "numpy", body)


# Keras's files of functional models.


def operation(class_name: str) -> Callable[..., Any]:
    """The function that a Keras file calls `class_name`.

    Raises:
        SavingError: there is none of that name.

    Example:

        >>> operation("Add")(1.0, 2.0).item()
        3.0
    """
    if class_name not in _operations:
        raise SavingError(
            f"neurona.ops has no operation {class_name!r}, which the model "
            f"uses.{suggestion(class_name, _operations)}"
        )
    return _operations[class_name]


def _is_operand(parameter: inspect.Parameter) -> bool:
    return parameter.annotation in _CONVERTERS


def _plain(value: Any) -> Any:
    """A config's value as JSON can hold it; tuples stay tuples, which some of Keras's operations insist
    on.
    """
    return tuple(map(_plain, value)) if isinstance(value, tuple) else serialize(value)


def call_from_config(class_name: str, config: Mapping[str, Any], args: Any, kwargs: Mapping[str, Any]) -> Any:
    """Call the operation that a Keras file describes.

    Args:
        class_name: of the node's operation, such as `"Sum"`.
        config: the operation's own, such as `{"name": "sum", "axis": 1, "keepdims": False}`.
        args, kwargs: of the node, with its tensors (arrays or symbolic) in place.

    Raises:
        SavingError: there is no such operation.

    Example:

        >>> config = {"name": "sum_3", "axis": [0], "keepdims": True}
        >>> call_from_config("Sum", config, [np.ones((2, 3))], {}).shape
        (1, 3)
    """
    function = operation(class_name)
    parameters = inspect.signature(function).parameters
    given = {name: _option(value) for name, value in config.items() if name in parameters}
    rest = list(args)
    positional: list[Any] = []
    # Operands come from the node in their order; the options between them come from the config.
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional = [
                given.pop(before) for before in list(parameters)[: list(parameters).index(name)]
            ] + rest
            rest = []
        elif rest and _is_operand(parameter) and parameter.kind is not parameter.VAR_KEYWORD:
            given[name] = rest.pop(0)
    return function(*positional, **given, **kwargs)


def operation_config(
    operation: Operation, args: tuple, kwargs: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple, dict[str, Any]]:
    """How Keras writes a recorded call: the inverse of `call_from_config`.

    Args:
        operation: of the node.
        args, kwargs: what it was called with.

    Returns:
        The operation's description (`module`, `class_name`, `config`, `registered_name`), and the node's args
        and kwargs.

    Raises:
        SavingError: there is no such operation, or a tensor stands where Keras's format has room for numbers
            only.

    Example:

        >>> from neurona.core.symbolic import SymbolicTensor
        >>> from neurona import ops
        >>> node = ops.sum(SymbolicTensor((None, 3)), axis=1).node
        >>> description, args, _ = operation_config(node.operation, node.args, node.kwargs)
        >>> description["config"]["axis"], description["module"], len(args)
        (1, 'keras.src.ops.numpy', 1)
    """
    name = operation.class_name
    if operation.in_files is not None:
        return operation.in_files(operation.name, args, kwargs)
    if name not in _operations:
        raise SavingError(f"{name!r} is not an operation of neurona.ops, so it can't be written into a file.")
    signature = inspect.signature(_operations[name])
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    config: dict[str, Any] = {"name": operation.name}
    operands: list[Any] = []
    named: dict[str, Any] = {}
    for key, value in bound.arguments.items():
        parameter = signature.parameters[key]
        if parameter.kind is parameter.VAR_KEYWORD:
            named.update(value)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            operands.extend(value)
        elif _is_operand(parameter):
            operands.append(value)
        elif parameter.annotation is Newer and value == parameter.default:
            continue
        elif symbolic_leaves(value):
            raise SavingError(
                f"Operation {operation.name!r} ({name}) can't be saved: its argument {key} is a symbolic "
                "tensor."
            )
        else:
            config[key] = _plain(standardize_data_format(value) if key == "data_format" else _option(value))
    description = {
        "module": _keras_modules[name],
        "class_name": name,
        "config": config,
        "registered_name": name,
    }
    return description, tuple(operands), named
