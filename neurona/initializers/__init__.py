"""Initializers, which give weights their first values."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core import registry
from neurona.core.errors import ShapeError
from neurona.core.lazy import suggest_names
from neurona.core.policy import standardize_dtype
from neurona.initializers import (
    constant as _constant,
)
from neurona.initializers import (
    initializer as _initializer,
)
from neurona.initializers import (
    random as _random,
)
from neurona.initializers.constant import *
from neurona.initializers.initializer import *
from neurona.initializers.random import *

__all__ = ["deserialize", "get", "serialize"]
__all__ += _constant.__all__
__all__ += _initializer.__all__
__all__ += _random.__all__


def get(identifier: Any) -> Any:
    """The initializer that a name, a config, a class, a function or an array means; None stays None.

    Raises:
        ArgumentError: there is no such initializer; the message offers the nearest name.

    Example:

        >>> get("he_normal").get_config()["seed"], get(np.ones(2))((2,)).tolist()
        (None, [1.0, 1.0])
    """
    if not isinstance(identifier, (np.ndarray, np.generic, jax.Array)):
        return registry.resolve("initializers", identifier)

    def initialize(shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        if tuple(shape) != identifier.shape:
            raise ShapeError(
                f"An array given as initializer must have the weight's shape {tuple(shape)}. Received: "
                f"{identifier.shape}"
            )
        return jnp.asarray(identifier, standardize_dtype(dtype))

    return initialize


def serialize(initializer: Any) -> Any:
    """The initializer as a plain dictionary.

    Example:

        >>> serialize(Constant(3.0))["config"]
        {'value': 3.0}
    """
    return registry.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initializer that `serialize` described.

    Example:

        >>> deserialize(serialize(Constant(3.0)))((1,)).tolist()
        [3.0]
    """
    with registry.custom_object_scope(custom_objects or {}):
        return get(config)


suggest_names(__name__)
