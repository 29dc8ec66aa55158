"""`tf.data.Options`: what TensorFlow tunes; here it changes nothing, and is kept."""

from typing import Any

from neurona.core.errors import UnexpectedArgument


class _Settings:
    """Settings of any name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return None


class ThreadingOptions(_Settings):
    """Threads of the pipeline."""


class OptimizationOptions(_Settings):
    """Rewritings of the pipeline."""


class DistributeOptions(_Settings):
    """How the data are shared by machines."""

    auto_shard_policy: Any = None


class AutoShardPolicy:
    """How files are shared by machines."""

    OFF, AUTO, FILE, DATA, HINT = -1, 0, 1, 2, 3


class Options(_Settings):
    """Options of a data set."""

    def __init__(self) -> None:
        self.threading, self.experimental_threading = ThreadingOptions(), ThreadingOptions()
        self.experimental_optimization, self.autotune = OptimizationOptions(), OptimizationOptions()
        self.experimental_distribute = DistributeOptions()
        self.deterministic = self.experimental_deterministic = None

    def merge(self, options: Any) -> Any:
        """These options, with those that the others have."""
        if not isinstance(options, Options):
            raise UnexpectedArgument(f"Options.merge takes Options. Received: {type(options).__name__}")
        merged = Options()
        for one in (self, options):
            merged.__dict__.update({name: value for name, value in vars(one).items() if value is not None})
        return merged
