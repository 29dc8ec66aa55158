"""`keras.losses` with what Keras 2 had besides."""

import importlib
from typing import Any

_today: Any = importlib.import_module("neurona.losses")


class Reduction:
    """How the losses of a batch become one number. Keras 3 takes the texts."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    NONE, SUM = "none", "sum"

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All of them."""
        return cls.AUTO, cls.NONE, cls.SUM


def __getattr__(name: str) -> Any:
    return getattr(_today, name)


def __dir__() -> list[str]:
    return sorted({*dir(_today), "Reduction"})
