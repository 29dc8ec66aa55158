"""Optimizers, and the names in small letters that Keras 1 and 2 had for them."""

from typing import Any

from neurona import optimizers
from neurona.legacy.imports import submodule
from neurona.legacy.keras import own_optimizers
from neurona.optimizers import *

sgd, rmsprop, adagrad, adadelta = optimizers.SGD, optimizers.RMSprop, optimizers.Adagrad, optimizers.Adadelta
adam, adamax, nadam = optimizers.Adam, optimizers.Adamax, optimizers.Nadam
schedules = optimizers.schedules
__all__ = [*optimizers.__all__, "adadelta", "adagrad", "adam", "adamax", "nadam", "rmsprop", "sgd"]


def _noticing_updates(hook: Any) -> Any:
    """`__init_subclass__` that lets optimizers train whose steps are a list of updates."""

    def init_subclass(cls: Any, **kwargs: Any) -> None:
        hook(cls, **kwargs)
        if "get_updates" in vars(cls) and "update_step" not in vars(cls):
            own_optimizers.adapt(cls)

    return init_subclass


optimizers.Optimizer.__init_subclass__ = classmethod(  # pyright: ignore[reportAttributeAccessIssue]
    _noticing_updates(optimizers.Optimizer.__init_subclass__.__func__)  # pyright: ignore[reportFunctionMemberAccess]
)
optimizers.Optimizer.__init__ = own_optimizers.with_rate(optimizers.Optimizer.__init__)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return getattr(optimizers, name)
    except AttributeError:
        return submodule(__name__, name)
