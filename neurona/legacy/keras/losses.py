"""`keras.losses` with what Keras 2 had besides."""

import functools
import importlib
from collections.abc import Callable
from typing import Any

from neurona.losses.loss import REDUCTIONS, Loss

_today: Any = importlib.import_module("neurona.losses")


class Reduction:
    """How the losses of a batch become one number. Keras 3 takes the texts."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    NONE, SUM = "none", "sum"

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All of them."""
        return cls.AUTO, cls.NONE, cls.SUM


def _of_keras_2(init: Callable[..., None]) -> Callable[..., None]:
    """`Loss.__init__(reduction, name)`, with the reduction "auto" too."""

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if args and args[0] in ("auto", *REDUCTIONS[:-1]):
            kwargs, args = {"reduction": args[0], **dict(zip(("name",), args[1:])), **kwargs}, ()
        if kwargs.get("reduction") == "auto":
            kwargs["reduction"] = Reduction.AUTO
        init(self, *args, **kwargs)

    return wrapper


Loss.__init__ = _of_keras_2(Loss.__init__)


def __getattr__(name: str) -> Any:
    return getattr(_today, name)


def __dir__() -> list[str]:
    return sorted({*dir(_today), "Reduction"})
