"""`tf.contrib.eager`: TensorFlow 1 whose functions compute at once, as TensorFlow 2's do."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow.control import py_function
from neurona.legacy.tensorflow.functions import function
from neurona.legacy.tensorflow.tape import GradientTape, custom_gradient
from neurona.legacy.tensorflow.v1.old import enable_eager_execution, executing_eagerly
from neurona.legacy.tensorflow.variable import Variable
from neurona.models import Model

__all__ = ["Variable", "custom_gradient", "enable_eager_execution", "executing_eagerly"]

defun, py_func, in_eager_mode = function, py_function, executing_eagerly


class Iterator:
    """The elements of a data set, one after the other."""

    def __init__(self, dataset: Any) -> None:
        self._elements = iter(dataset)

    def __iter__(self) -> "Iterator":
        return self

    def __next__(self) -> Any:
        return next(self._elements)

    next = get_next = __next__


class Network(Model):
    """A model whose layers are attributes."""

    def track_layer(self, layer: Any) -> Any:
        """The layer."""
        return layer


def implicit_value_and_gradients(f: Callable[..., Any]) -> Callable[..., Any]:
    """From a function, one that gives its value, and pairs of gradients and the variables it reads."""

    def run(*args: Any, **kwargs: Any) -> tuple[Any, list[tuple[Any, Any]]]:
        with GradientTape() as tape:
            value = f(*args, **kwargs)
        variables = tape.watched_variables()
        if not variables:
            raise ValueError(f"No trainable variables were accessed while {f.__name__} was being computed.")
        return value, list(zip(tape.gradient(value, variables), variables, strict=True))

    return run


def implicit_gradients(f: Callable[..., Any]) -> Callable[..., Any]:
    """From a function, one that gives pairs of gradients and the variables that it reads."""
    both = implicit_value_and_gradients(f)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def value_and_gradients_function(f: Callable[..., Any], params: Any = None) -> Callable[..., Any]:
    """From a function, one that gives its value, and its gradients by its arguments."""

    def run(*args: Any) -> tuple[Any, list[Any]]:
        given = [Variable(one).read_value() if not hasattr(one, "_array") else one for one in args]
        places = range(len(given)) if params is None else params
        with GradientTape() as tape:
            for place in places:
                tape.watch(given[place])
            value = f(*given)
        return value, tape.gradient(value, [given[place] for place in places])

    return run


def gradients_function(f: Callable[..., Any], params: Any = None) -> Callable[..., Any]:
    """From a function, one that gives its gradients by its arguments."""
    both = value_and_gradients_function(f, params)
    return lambda *args: both(*args)[1]
