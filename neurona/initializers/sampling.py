"""Random float32 arrays on the host, with the numbers that JAX draws.

XLA would compile a program for each new shape, 0.15 s and more per weight of a model. The generator is a
counter-based hash, so NumPy can draw the same bits at once.
Other dtypes, other generators and large arrays go through `jax.random`.
"""

import math
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from neurona.core.arrays import device_array
from neurona.core.random import as_key, new_words, threefry
from neurona.core.scope import current_scope

# Above this many numbers XLA's compilation is the smaller cost.
HOST_LIMIT = 1 << 20
# Giles, Approximating the erfinv Function, GPU Computing Gems 2, 2010: in w - 2.5 for w < 5, else in sqrt(w)
# - 3.
# fmt: off
_CENTRE = (
    2.81022636e-8,
    3.43273939e-7,
    -3.5233877e-6,
    -4.39150654e-6,
    2.1858087e-4,
    -1.25372503e-3,
    -4.17768164e-3,
    0.246640727,
    1.50140941,
)
_TAIL = (-2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3,
         9.43887047e-3, 1.00167406, 2.83297682)
# fmt: on


def random_bits(key: np.ndarray, size: int) -> np.ndarray:
    """The first `size` words that a Threefry key (2 words) gives in JAX, as uint32.

    Example:

        >>> [hex(word) for word in random_bits(np.array([0, 0], np.uint32), 1)]
        ['0xf29a4fa7']
    """
    x, y = threefry(key, np.zeros(size, np.uint32), np.arange(size, dtype=np.uint32))
    return x ^ y


def _erf_inv(x: np.ndarray) -> np.ndarray:
    w = -np.log1p(-x * x)
    tail = w >= 5
    w = np.where(tail, np.sqrt(w) - np.float32(3), w - np.float32(2.5))
    p = np.where(tail, np.float32(_TAIL[0]), np.float32(_CENTRE[0]))
    for centre, outer in zip(_CENTRE[1:], _TAIL[1:]):
        p = np.where(tail, np.float32(outer), np.float32(centre)) + p * w
    return p * x


def _drawn(seed: Any, shape: tuple[int, ...], dtype: str) -> tuple[Any, np.ndarray | None]:
    """A key, or its two words where NumPy can draw the numbers."""
    # Not partitionable, the counters are laid out by shape.
    on_host = (
        dtype == "float32"
        and math.prod(shape) <= HOST_LIMIT
        and jax.config.values["jax_threefry_partitionable"]
    )
    scope = current_scope()
    outside = scope is None or (scope.key is None and not scope.pure)
    if on_host and seed is None and outside and jax.config.values["jax_default_prng_impl"] == "threefry2x32":
        return None, new_words()
    key = as_key(seed)
    if not on_host or isinstance(key, Tracer) or key.shape or str(jax.random.key_impl(key)) != "threefry2x32":
        return key, None
    return key, np.asarray(jax.random.key_data(key))


def uniform(seed: Any, shape: tuple[int, ...], dtype: str, low: float, high: float) -> jax.Array:
    """Numbers spread evenly over [low, high).

    Args:
        seed: an integer, a `SeedGenerator`, a key, or None for the global stream.

    Example:

        >>> uniform(3, (2, 2), "float32", -1.0, 1.0).shape
        (2, 2)
    """
    with jax.ensure_compile_time_eval():
        key, words = _drawn(seed, shape, dtype)
        if words is None:
            return jax.random.uniform(key, shape, dtype, low, high)
        return device_array(_host_uniform(words, shape, low, high))


def _host_uniform(words: np.ndarray, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    start, width = np.float32(low), np.float32(high) - np.float32(low)
    mantissas = random_bits(words, math.prod(shape)) >> np.uint32(9)
    fractions = (mantissas | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)
    # Rounded once, as by the multiply-add that XLA makes of it.
    values = (fractions.astype(np.float64) * width + start).astype(np.float32)
    return np.maximum(values, start).reshape(shape)


def normal(seed: Any, shape: tuple[int, ...], dtype: str, mean: float, stddev: float) -> jax.Array:
    """Normally distributed numbers.

    Example:

        >>> normal(3, (2, 2), "float32", 0.0, 1.0).shape
        (2, 2)
    """
    low = float(np.nextafter(np.float32(-1), np.float32(0)))
    return _bell(seed, shape, dtype, mean, stddev, low, 1.0, np.inf)


def truncated_normal(seed: Any, shape: tuple[int, ...], dtype: str, mean: float, stddev: float) -> jax.Array:
    """Normally distributed numbers, none of them 2 standard deviations or more (before truncation) from the
    mean.

    Example:

        >>> bool(abs(truncated_normal(3, (1000,), "float32", 0.0, 1.0)).max() < 2)
        True
    """
    edge = math.erf(math.sqrt(2))
    return _bell(seed, shape, dtype, mean, stddev, -edge, edge, 2.0)


def _bell(
    seed: Any,
    shape: tuple[int, ...],
    dtype: str,
    mean: float,
    stddev: float,
    low: float,
    high: float,
    bound: float,
) -> jax.Array:
    """The normal quantile of uniform numbers, cut at +-bound."""
    with jax.ensure_compile_time_eval():
        key, words = _drawn(seed, shape, dtype)
        if words is not None:
            inside = (
                np.nextafter(np.float32(bound), np.float32(0)) if np.isfinite(bound) else np.float32(np.inf)
            )
            sample = np.clip(
                np.float32(math.sqrt(2)) * _erf_inv(_host_uniform(words, shape, low, high)), -inside, inside
            )
            return device_array(sample * np.float32(stddev) + np.float32(mean))
        if np.isfinite(bound):
            sample = jax.random.truncated_normal(key, -bound, bound, shape, dtype)
        else:
            sample = jax.random.normal(key, shape, dtype)
        return (sample * stddev + mean).astype(dtype)
