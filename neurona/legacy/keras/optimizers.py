"""Optimizers, and the names in small letters that Keras 1 and 2 had for them."""

from typing import Any

from neurona import optimizers
from neurona.legacy.imports import submodule
from neurona.optimizers import *

sgd, rmsprop, adagrad, adadelta = optimizers.SGD, optimizers.RMSprop, optimizers.Adagrad, optimizers.Adadelta
adam, adamax, nadam = optimizers.Adam, optimizers.Adamax, optimizers.Nadam
schedules = optimizers.schedules
__all__ = [*optimizers.__all__, "adadelta", "adagrad", "adam", "adamax", "nadam", "rmsprop", "sgd"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return getattr(optimizers, name)
    except AttributeError:
        return submodule(__name__, name)
