"""First values of weights, as Keras 1 and 2 took them: arrays, and functions of a shape and a name."""

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
    """Keras 1's `function(shape, name)` as today's `function(shape, dtype)`."""
    if "name" not in inspect.signature(function).parameters:
        return function

    def initializer(shape: Any, dtype: Any = None) -> Any:
        made = function(shape, name="weight")
        return jnp.asarray(getattr(made, "value", made), dtype)

    return initializer
