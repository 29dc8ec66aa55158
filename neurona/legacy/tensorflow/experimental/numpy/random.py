"""`tf.experimental.numpy.random`: random numbers in 64 bits, by TensorFlow's seed."""

from typing import Any

from neurona.legacy.tensorflow import random as tf_random


def _sizes(size: Any) -> tuple[int, ...]:
    return () if size is None else (size,) if isinstance(size, int) else tuple(size)


def seed(s: int) -> None:
    """Begin the stream of random numbers anew."""
    tf_random.set_seed(s)


def randn(*args: int) -> Any:
    """Standard normal numbers, of a shape given size by size."""
    return tf_random.normal(args, dtype="float64")


def rand(*size: int) -> Any:
    """Numbers between 0 and 1, of a shape given size by size."""
    return tf_random.uniform(size, dtype="float64")


def standard_normal(size: Any = None) -> Any:
    """Standard normal numbers."""
    return tf_random.normal(_sizes(size), dtype="float64")


def random(size: Any = None) -> Any:
    """Numbers between 0 and 1."""
    return tf_random.uniform(_sizes(size), dtype="float64")


def uniform(low: float = 0.0, high: float = 1.0, size: Any = None) -> Any:
    """Numbers between two others."""
    return tf_random.uniform(_sizes(size), low, high, dtype="float64")


def poisson(lam: float = 1.0, size: Any = None) -> Any:
    """Counts with a mean."""
    return tf_random.poisson(_sizes(size), lam, dtype="float64")


def randint(low: int, high: int | None = None, size: Any = None, dtype: Any = "int64") -> Any:
    """Integers from low to below high; from 0 to below low where one is given."""
    low, high = (0, low) if high is None else (low, high)
    return tf_random.uniform(_sizes(size), low, high, dtype=dtype)
