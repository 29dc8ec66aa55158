"""Optimizers, and the names in small letters that Keras 1 and 2 had for them."""

from typing import Any

from neurona import optimizers
from neurona.core.errors import ArgumentError
from neurona.legacy.imports import submodule
from neurona.optimizers import *

sgd, rmsprop, adagrad, adadelta = optimizers.SGD, optimizers.RMSprop, optimizers.Adagrad, optimizers.Adadelta
adam, adamax, nadam = optimizers.Adam, optimizers.Adamax, optimizers.Nadam
schedules = optimizers.schedules
__all__ = [*optimizers.__all__, "adadelta", "adagrad", "adam", "adamax", "nadam", "rmsprop", "sgd"]


def _refuse_updates(optimizer: Any, *_: Any, **__: Any) -> None:
    raise ArgumentError(
        f"{type(optimizer).__name__} defines get_updates, as optimizers of Keras 1 and 2 did. Write today's "
        "methods: build(variables) keeps what add_variable_from_reference makes, and "
        "update_step(gradient, variable, learning_rate) assigns to the variable."
    )


def _noticing_updates(hook: Any) -> Any:
    """`__init_subclass__` that refuses optimizers whose steps are a list of symbolic updates."""

    def init_subclass(cls: Any, **kwargs: Any) -> None:
        hook(cls, **kwargs)
        if "get_updates" in vars(cls) and "update_step" not in vars(cls):
            cls.__init__ = _refuse_updates

    return init_subclass


optimizers.Optimizer.__init_subclass__ = classmethod(  # pyright: ignore[reportAttributeAccessIssue]
    _noticing_updates(optimizers.Optimizer.__init_subclass__.__func__)  # pyright: ignore[reportFunctionMemberAccess]
)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return getattr(optimizers, name)
    except AttributeError:
        return submodule(__name__, name)
