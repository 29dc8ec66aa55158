"""Batch normalization in training."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import native


def batch_normalization(x: jax.Array, gamma: jax.Array, beta: jax.Array, epsilon: float) -> tuple[jax.Array, jax.Array, jax.Array]:
    """y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with each channel's mean and variance over all other axes.

    Shapes: x (..., channels), gamma and beta (channels,) -> y (..., channels), mean (channels,), variance (channels,).

    Example:

        >>> y, mean, variance = batch_normalization(jnp.array([[1.0], [3.0]]), jnp.ones(1), jnp.zeros(1), 0.0)
        >>> y.tolist(), mean.tolist(), variance.tolist()
        ([[-1.0], [1.0]], [2.0], [1.0])
    """
    results: Any = _normalized(x.reshape(-1, x.shape[-1]), gamma, beta, epsilon)
    y, mean, variance = results
    return y.reshape(x.shape), mean, variance


def standardize(x: jax.Array, mean: Any, variance: Any, gamma: Any, beta: Any, epsilon: float) -> jax.Array:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, as one multiplication and one addition for each element of x.

    Shapes: all broadcast to that of x; gamma and beta may be None.

    Example:

        >>> standardize(jnp.array([1.0, 3.0]), 2.0, 1.0, None, None, 0.0).tolist()
        [-1.0, 1.0]
    """
    factor = jax.lax.rsqrt(variance + epsilon)
    factor = factor if gamma is None else factor * gamma
    shift = -mean * factor
    return x * factor + (shift if beta is None else shift + beta)


def _twin(epsilon: float, x: jax.Array, gamma: jax.Array, beta: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    mean, variance = jnp.mean(x, 0), jnp.var(x, 0)
    return standardize(x, mean, variance, gamma, beta, epsilon), mean, variance


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def _normalized(x: jax.Array, gamma: jax.Array, beta: jax.Array, epsilon: float) -> tuple[jax.Array, jax.Array, jax.Array]:
    return _forward(x, gamma, beta, epsilon)


@partial(jax.jit, static_argnums=3)
def _forward(x: jax.Array, gamma: jax.Array, beta: jax.Array, epsilon: float) -> tuple[jax.Array, jax.Array, jax.Array]:
    def kernel_call(x: jax.Array, gamma: jax.Array, beta: jax.Array) -> tuple[jax.Array, ...]:
        results = [jax.ShapeDtypeStruct(array.shape, x.dtype) for array in (x, gamma, gamma)]
        return tuple(native.call("neurona_batch_normalization", results, x, gamma, beta, epsilon=np.float32(epsilon)))

    return native.run("batch normalization", x.size, kernel_call, partial(_twin, epsilon), x, gamma, beta)


def _with_residuals(x: jax.Array, gamma: jax.Array, beta: jax.Array, epsilon: float) -> tuple[Any, Any]:
    y, mean, variance = _forward(x, gamma, beta, epsilon)
    return (y, mean, variance), (x, gamma, beta, mean, variance)


@partial(jax.jit, static_argnums=0)
def _backward(epsilon: float, residuals: tuple[jax.Array, ...], gradients: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
    def twin(x: jax.Array, gamma: jax.Array, beta: jax.Array, mean: jax.Array, variance: jax.Array, *gradients: jax.Array) -> Any:
        return jax.vjp(partial(_twin, epsilon), x, gamma, beta)[1](gradients)

    def kernel_call(x: jax.Array, gamma: jax.Array, beta: jax.Array, *others: jax.Array) -> tuple[jax.Array, ...]:
        results = [jax.ShapeDtypeStruct(array.shape, x.dtype) for array in (x, gamma, beta)]
        return tuple(native.call("neurona_batch_normalization_gradients", results, x, gamma, *others, epsilon=np.float32(epsilon)))

    return native.run("batch normalization", residuals[0].size, kernel_call, twin, *residuals, *gradients)


_normalized.defvjp(_with_residuals, _backward)
