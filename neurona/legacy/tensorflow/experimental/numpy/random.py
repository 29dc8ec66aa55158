"""`tf.experimental.numpy.random`."""

from typing import Any

from neurona.legacy.tensorflow import random as of_tensorflow
from neurona.legacy.tensorflow.dtypes import as_dtype


def seed(s: int) -> None:
    """Begin the random numbers anew."""
    of_tensorflow.set_seed(s)


def _shape(size: Any) -> Any:
    return () if size is None else (size if isinstance(size, (list, tuple)) else (size,))


def rand(*size: int) -> Any:
    """Numbers from 0 to 1."""
    return of_tensorflow.uniform(size, dtype="float64")


def randn(*size: int) -> Any:
    """Numbers of the standard normal distribution."""
    return of_tensorflow.normal(size, dtype="float64")


def standard_normal(size: Any = None) -> Any:
    """Numbers of the standard normal distribution."""
    return randn(*_shape(size))


def random(size: Any = None) -> Any:
    """Numbers from 0 to 1."""
    return rand(*_shape(size))


def uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
    """Numbers from `low` to `high`."""
    return of_tensorflow.uniform(_shape(size), low, high, dtype="float64")


def randint(low: int, high: int | None = None, size: Any = None, dtype: Any = "int64") -> Any:
    """Integers from `low`, or from 0, to below `high`."""
    first, last = (0, low) if high is None else (low, high)
    return of_tensorflow.uniform(_shape(size), first, last, dtype=as_dtype(dtype))


def poisson(lam: Any = 1.0, size: Any = None) -> Any:
    """Counts of the Poisson distribution."""
    return of_tensorflow.poisson(_shape(size), lam, dtype="float64")
