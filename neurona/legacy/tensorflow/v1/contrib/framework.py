"""`tf.contrib.framework`: `arg_scope`, and the names of variables."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from neurona.legacy.tensorflow import nest
from neurona.legacy.tensorflow.choosing import argsort, sort
from neurona.legacy.tensorflow.v1.contrib.checkpoints import (
    assign_from_checkpoint,
    assign_from_checkpoint_fn,
    assign_from_values,
    assign_from_values_fn,
    filter_variables,
    get_local_variables,
    get_model_variables,
    get_trainable_variables,
    get_unique_variable,
    get_variables,
    get_variables_by_name,
    get_variables_by_suffix,
    get_variables_to_restore,
)
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.rates import init_from_checkpoint
from neurona.legacy.tensorflow.v1.saver import list_variables, load_variable
from neurona.legacy.tensorflow.v1.scopes import get_variable
from neurona.legacy.tensorflow.v1.train import create_global_step, get_global_step, get_or_create_global_step

__all__ = [
    "argsort",
    "assign_from_checkpoint",
    "assign_from_checkpoint_fn",
    "assign_from_values",
    "assign_from_values_fn",
    "create_global_step",
    "filter_variables",
    "get_global_step",
    "get_local_variables",
    "get_model_variables",
    "get_or_create_global_step",
    "get_trainable_variables",
    "get_unique_variable",
    "get_variables",
    "get_variables_by_name",
    "get_variables_by_suffix",
    "get_variables_to_restore",
    "init_from_checkpoint",
    "list_variables",
    "load_variable",
    "nest",
    "sort",
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
