"""Random numbers under the names of `keras.random`.

A seed is an integer (the same numbers at every call, those of Keras on JAX), a `SeedGenerator` (new ones at
every call), or None (from the global seed, see `neurona.utils.set_random_seed`). While a model runs compiled,
generators and None draw from the key of that step.
"""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.lazy import suggest_names
from neurona.core.policy import is_float, standardize_dtype
from neurona.core.random import SeedGenerator, Stream, as_key
from neurona.ops.registry import to_array, to_float


def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> jax.Array:
    """Numbers from the normal distribution.

    Args:
        shape: of the result.
        mean, stddev: of the distribution.
        dtype: a floating-point one; `floatx()` by default.
        seed: an integer, a `SeedGenerator` or None.

    Example:

        >>> normal((2, 3), seed=7).shape
        (2, 3)
    """
    return jax.random.normal(as_key(seed), tuple(shape), standardize_dtype(dtype)) * to_array(
        stddev
    ) + to_array(mean)


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> jax.Array:
    """Numbers from the normal distribution that lie within two standard deviations of the mean.

    Example:

        >>> bool(abs(truncated_normal((100,), seed=7)).max() <= 2)
        True
    """
    sample = jax.random.truncated_normal(as_key(seed), -2.0, 2.0, tuple(shape), standardize_dtype(dtype))
    return sample * to_array(stddev) + to_array(mean)


def uniform(
    shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None
) -> jax.Array:
    """Numbers from minval to below maxval, all equally likely.

    Raises:
        ArgumentError: the dtype is not a floating-point one.

    Example:

        >>> bool((uniform((100,), 5, 6, seed=7) >= 5).all())
        True
    """
    if dtype is not None and not is_float(standardize_dtype(dtype)):
        raise ArgumentError(
            f"uniform: dtype is a floating-point one. Received: dtype={dtype!r}. For integers use randint."
        )
    return jax.random.uniform(
        as_key(seed), tuple(shape), standardize_dtype(dtype), to_array(minval), to_array(maxval)
    )


def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> jax.Array:
    """Integers from minval to below maxval, all equally likely.

    Raises:
        ArgumentError: the dtype is not one of integers.

    Example:

        >>> sorted(set(randint((100,), 0, 3, seed=7).tolist()))
        [0, 1, 2]
    """
    if not jnp.issubdtype(standardize_dtype(dtype), jnp.integer):
        raise ArgumentError(
            f"randint: dtype is one of integers. Received: dtype={dtype!r}. For floats use uniform."
        )
    return jax.random.randint(
        as_key(seed), tuple(shape), to_array(minval), to_array(maxval), standardize_dtype(dtype)
    )


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> jax.Array:
    """Class numbers drawn with probabilities softmax(logits).

    Shapes: logits (batch, classes) -> (batch, num_samples).

    Raises:
        ShapeError: logits is not a matrix.

    Example:

        >>> categorical([[0.0, 100.0]], 3, seed=7).tolist()
        [[1, 1, 1]]
    """
    logits = to_array(logits)
    if logits.ndim != 2:
        raise ShapeError(f"categorical: logits have shape (batch, classes). Received shape {logits.shape}.")
    sample = jax.random.categorical(as_key(seed), logits[..., None], 1, (logits.shape[0], num_samples))
    return sample.astype(standardize_dtype(dtype))


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """inputs / (1 - rate), with a fraction `rate` of them set to 0 (Srivastava et al., 2014).

    Args:
        inputs: floats.
        rate: from 0 to 1.
        noise_shape: 1 for axes dropped as a whole; None for the size of the axis.
        seed: an integer, a `SeedGenerator` or None.

    Example:

        >>> sorted(set(dropout(jnp.ones(100), 0.5, seed=7).tolist()))
        [0.0, 2.0]
    """
    inputs = to_float(to_array(inputs))
    if not 0 <= rate <= 1:
        raise ArgumentError(f"dropout: rate is from 0 to 1. Received: rate={rate!r}")
    if rate in (0, 1):
        return inputs if rate == 0 else jnp.zeros_like(inputs)
    shape = (
        inputs.shape
        if noise_shape is None
        else [n if s is None else s for n, s in zip(inputs.shape, noise_shape, strict=True)]
    )
    kept = jax.random.bernoulli(as_key(seed), 1.0 - rate, tuple(shape))
    return jnp.where(kept, inputs / (1.0 - rate), 0.0).astype(inputs.dtype)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> jax.Array:
    """The elements along an axis in random order, another order for each line.

    Example:

        >>> sorted(shuffle([1, 2, 3], seed=7).tolist())
        [1, 2, 3]
    """
    return jax.random.permutation(as_key(seed), to_array(x), axis, independent=True)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> jax.Array:
    """Numbers from the gamma distribution of shape alpha and scale 1.

    Example:

        >>> bool((gamma((10,), 2.0, seed=7) > 0).all())
        True
    """
    return jax.random.gamma(as_key(seed), to_array(alpha), tuple(shape), standardize_dtype(dtype))


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> jax.Array:
    """Numbers from the beta distribution.

    Example:

        >>> bool((beta((10,), 2.0, 3.0, seed=7) < 1).all())
        True
    """
    return jax.random.beta(
        as_key(seed), to_array(alpha), to_array(beta), tuple(shape), standardize_dtype(dtype)
    )


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> jax.Array:
    """How many of `counts` trials succeed, each with its probability.

    Example:

        >>> binomial((2,), 10.0, 1.0, seed=7).tolist()
        [10.0, 10.0]
    """
    return jax.random.binomial(
        as_key(seed), to_array(counts), to_array(probabilities), tuple(shape), standardize_dtype(dtype)
    )


# fmt: off
__all__ = [
    "SeedGenerator", "Stream", "beta", "binomial", "categorical", "dropout", "gamma", "normal", "randint",
    "shuffle", "truncated_normal", "uniform",
]

suggest_names(__name__)
