"""Losses, which training minimizes: a function of targets and predictions each, and a class that also weighs
and reduces.
"""

from collections.abc import Mapping
from typing import Any

from neurona.core import registry
from neurona.core.lazy import suggest_names
from neurona.losses import (
    chain,
    checks,
    loss,
    margin,
    probability,
    regression,
    structured,
)
from neurona.losses.chain import *
from neurona.losses.checks import *
from neurona.losses.loss import *
from neurona.losses.margin import *
from neurona.losses.probability import *
from neurona.losses.regression import *
from neurona.losses.structured import *

__all__ = ["deserialize", "get", "serialize"]
__all__ += chain.__all__
__all__ += checks.__all__
__all__ += loss.__all__
__all__ += margin.__all__
__all__ += probability.__all__
__all__ += regression.__all__
__all__ += structured.__all__


def get(identifier: Any) -> Any:
    """The loss that a name, a config, a class or a function means; None stays None.

    A function's name gives the function, a class's name an instance with its defaults.

    Raises:
        ArgumentError: there is no such loss; the message offers the nearest name.

    Example:

        >>> get("mse") is mean_squared_error, get("Huber").name
        (True, 'huber_loss')
    """
    return registry.resolve("losses", identifier)


def serialize(loss: Any) -> Any:
    """The loss as a plain dictionary, or a built-in function's name.

    Example:

        >>> serialize(Huber(2.0))["config"]["delta"], serialize(mse)
        (2.0, 'mean_squared_error')
    """
    return registry.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The loss that `serialize` described.

    Example:

        >>> deserialize(serialize(Huber(2.0))).delta
        2.0
    """
    with registry.custom_object_scope(custom_objects or {}):
        return get(name)


suggest_names(__name__)
