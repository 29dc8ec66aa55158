"""Optimizers, a family per file: they turn gradients into better weights. Learning-rate schedules are in
`schedules`.
"""

from collections.abc import Mapping
from typing import Any

from neurona.core import registry
from neurona.core.errors import ArgumentError
from neurona.core.lazy import suggest_names
from neurona.optimizers import (
    adafactor,
    adagrad,
    adam,
    base,
    ftrl,
    lamb,
    lion,
    loss_scale,
    multi,
    muon,
    optax_wrapper,
    rmsprop,
    schedule_free,
    schedules,
    sgd,
)
from neurona.optimizers.adafactor import *
from neurona.optimizers.adagrad import *
from neurona.optimizers.adam import *
from neurona.optimizers.base import *
from neurona.optimizers.base import Optimizer
from neurona.optimizers.ftrl import *
from neurona.optimizers.lamb import *
from neurona.optimizers.lion import *
from neurona.optimizers.loss_scale import *
from neurona.optimizers.multi import *
from neurona.optimizers.muon import *
from neurona.optimizers.optax_wrapper import *
from neurona.optimizers.optax_wrapper import OptaxOptimizer, is_transformation
from neurona.optimizers.rmsprop import *
from neurona.optimizers.schedule_free import *
from neurona.optimizers.sgd import *

__all__ = ["deserialize", "get", "schedules", "serialize"]
__all__ += adafactor.__all__
__all__ += adagrad.__all__
__all__ += adam.__all__
__all__ += base.__all__
__all__ += ftrl.__all__
__all__ += lamb.__all__
__all__ += lion.__all__
__all__ += loss_scale.__all__
__all__ += multi.__all__
__all__ += muon.__all__
__all__ += optax_wrapper.__all__
__all__ += rmsprop.__all__
__all__ += schedule_free.__all__
__all__ += sgd.__all__


def get(identifier: Any) -> Optimizer | None:
    """The optimizer that an argument such as `compile(optimizer=...)` means.

    Args:
        identifier: a name of any spelling, a config, a class, an optimizer, an optax transformation, or None.

    Raises:
        ArgumentError: it is none of these, or the name is unknown; the message offers the nearest.

    Example:

        >>> get("rmsprop").rho, get({"class_name": "SGD", "config": {"momentum": 0.5}}).momentum, get(None)
        (0.9, 0.5, None)
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if is_transformation(identifier):
        return OptaxOptimizer(identifier)
    optimizer = registry.resolve("optimizers", identifier)
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError(
            "An optimizer is a name such as 'adam', an Optimizer or an optax transformation. Received: "
            f"{identifier!r}"
        )
    return optimizer


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The description from which `deserialize` rebuilds an optimizer, without its state.

    Example:

        >>> serialize(SGD(0.5))["config"]["learning_rate"]
        0.5
    """
    return registry.serialize_object(optimizer)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
    """Rebuild an optimizer from what `serialize`, or Keras, returned; the class's name may be spelt in any
    way.

    Raises:
        ArgumentError: there is no such optimizer.
        SavingError: the description names a class that is not registered.

    Example:

        >>> deserialize({"class_name": "adam", "config": {"name": "slow", "learning_rate": 0.5}})
        <Adam name='slow' learning_rate=0.5>
    """
    name = config.get("class_name")
    if isinstance(name, str) and not config.get("registered_name"):
        with registry.custom_object_scope(custom_objects or {}):
            config = {**config, "class_name": registry.lookup("optimizers", name).__name__}
    return registry.deserialize(config, kind="optimizers", custom_objects=custom_objects)


suggest_names(__name__)
