"""`tf.contrib.framework`: `arg_scope`, and the names of variables."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.saver import list_variables, load_variable
from neurona.legacy.tensorflow.v1.scopes import get_variable
from neurona.legacy.tensorflow.v1.train import create_global_step, get_global_step, get_or_create_global_step

__all__ = [
    "create_global_step",
    "get_global_step",
    "get_or_create_global_step",
    "list_variables",
    "load_variable",
]

_stack: list[dict[Any, dict[str, Any]]] = [{}]


def add_arg_scope(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let `arg_scope` give defaults to a function."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{**_stack[-1].get(call, {}), **kwargs})

    call.has_arg_scope = True  # pyright: ignore[reportAttributeAccessIssue]
    return call


def has_arg_scope(func: Any) -> bool:
    """Whether `arg_scope` gives defaults to a function."""
    return getattr(func, "has_arg_scope", False)


@contextlib.contextmanager
def arg_scope(list_ops_or_scope: Any, **kwargs: Any) -> Iterator[dict[Any, Any]]:
    """Defaults for the arguments of functions that are called inside.

    Raises:
        ValueError: a function takes none.
    """
    if isinstance(list_ops_or_scope, dict):
        scope = dict(list_ops_or_scope)
    else:
        scope = dict(_stack[-1])
        for function in list_ops_or_scope:
            if not has_arg_scope(function):
                raise ValueError(f"{function} is not decorated with @add_arg_scope")
            scope[function] = {**scope.get(function, {}), **kwargs}
    _stack.append(scope)
    try:
        yield scope
    finally:
        _stack.pop()


@add_arg_scope
def variable(name: str, shape: Any = None, dtype: Any = None, initializer: Any = None, **options: Any) -> Any:
    """`tf.get_variable`, also among the model's variables."""
    options.pop("device", None)
    made = get_variable(name, shape, dtype, initializer, **options)
    get_default_graph().add_to_collection(GraphKeys.MODEL_VARIABLES, made)
    return made


model_variable = variable


def get_variables(
    scope: Any = None, suffix: str | None = None, collection: str = GraphKeys.GLOBAL_VARIABLES
) -> list[Any]:
    """Variables whose names begin and end so."""
    name = getattr(scope, "name", scope)
    found = get_default_graph().get_collection(collection, name)
    return [one for one in found if suffix is None or one.op.name.endswith(suffix)]


def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """Variables that optimizers change."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """Variables of layers."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)
