"""Functions that compute on the host, such as those of texts and files, as steps of graphs.

What such a function gives is known when it runs. A graph needs the dtypes and what can be said of the shapes
before, so the decorator is given a function that tells them:

    @on_host(like("float32"))        # of the first argument's shape
    @on_host(lambda given: Spec((None, None, given["channels"]), "uint8"))
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from neurona.graph import Spec
from neurona.legacy.tensorflow.dispatch import Hooks, renamed
from neurona.legacy.tensorflow.dtypes import as_dtype

Given = dict[str, Any]


def on_host(told: Callable[[Given], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator of a function of texts, files or pictures: in a graph it draws a step.

    Args:
        told: the specifications of the results, a tree of them, by the arguments.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function)

        def spec(args: tuple[Any, ...], kwargs: Given) -> Any:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            return told(bound.arguments)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            kwargs = {renamed(name, signature.parameters): value for name, value in kwargs.items()}
            if Hooks.graph is not None:
                node = Hooks.graph(call, args, kwargs)
                if node is not NotImplemented:
                    return node
            return function(*args, **kwargs)

        call.spec_of = spec  # pyright: ignore[reportAttributeAccessIssue]
        return call

    return decorate


def shape_of(value: Any) -> tuple[int | None, ...] | None:
    """The sizes of an argument, as far as they are known."""
    if isinstance(value, (str, bytes)):
        return ()
    if isinstance(value, (list, tuple)):
        inner = shape_of(value[0]) if value else ()
        return None if inner is None else (len(value), *inner)
    shape = getattr(value, "shape", ())
    return None if getattr(shape, "rank", 0) is None else tuple(shape)


def like(dtype: Any) -> Callable[[Given], Spec]:
    """A result of a dtype in the shape of the first argument. A dtype may be the name of an argument."""

    def told(given: Given) -> Spec:
        return Spec(shape_of(next(iter(given.values()))), held(given.get(dtype, dtype)))

    return told


def held(dtype: Any) -> str:
    """The name of the dtype of the arrays that hold a dtype."""
    return as_dtype(dtype).held


def one_text(_: Given) -> Spec:
    """A single text."""
    return Spec((), held("string"))
