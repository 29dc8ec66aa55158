"""First values of weights, as Keras 1 and 2 took them: arrays, and functions of a shape and a name."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.initializers import Initializer


class FirstValues(Initializer):
    """An array as the first values. A file holds the weights themselves, and a usual initializer."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return jnp.asarray(np.asarray(getattr(self.values, "value", self.values)), dtype).reshape(shape)

    def _class_in_files(self) -> tuple[str, str]:
        return "keras.initializers", "GlorotUniform"

    def get_config(self) -> dict[str, Any]:
        return {"seed": None}


def from_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """A program's function of a shape as today's `function(shape, dtype)`: Keras 1 called it with a shape and
    a name, Keras 2 before 2.3 with a shape alone, and tf.keras with `dtype=`.
    """
    try:
        known = inspect.signature(function).parameters
    except ValueError:  # a function that is not written in Python
        return function
    if "dtype" in known or any(one.kind is one.VAR_KEYWORD for one in known.values()):
        return lambda shape, dtype=None: function(shape, dtype=dtype)
    if "name" not in known and len(known) > 1:
        return function
    options = {"name": "weight"} if "name" in known else {}

    def initializer(shape: Any, dtype: Any = None) -> Any:
        made = function(shape, **options)
        return jnp.asarray(getattr(made, "value", made), dtype)

    return initializer


def taking_functions(draw: Callable[..., Any]) -> Callable[..., Any]:
    """`Variable.draw` whose initializer may be any of a program's functions."""

    @functools.wraps(draw)
    def wrapper(self: Any, shape: Any, dtype: str) -> Any:
        given = self.initializer
        if not type(given).__module__.startswith("neurona."):
            self.initializer = from_function(given)
        try:
            return draw(self, shape, dtype)
        finally:
            self.initializer = given

    return wrapper
