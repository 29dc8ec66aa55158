"""Layer normalization over the last axis."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.kernels.library import like, native_call
from neurona.kernels.normalization import standardize
from neurona.kernels.operation import Operation, differentiable


def layer_normalization(x: jax.Array, gamma: jax.Array, beta: jax.Array, epsilon: float) -> jax.Array:
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the mean and the variance of each sample
    over the last axis.

    Shapes: x (..., features), gamma and beta (features,) -> y as x.

    Example:

        >>> layer_normalization(jnp.array([[1.0, 3.0]]), jnp.ones(2), jnp.zeros(2), 0.0).tolist()
        [[-1.0, 1.0]]
    """
    return _layer_normalization(x, gamma, beta, epsilon=epsilon)


Results = tuple[
    jax.Array, jax.Array, jax.Array
]  # y, and of each sample its mean and 1 / sqrt(variance + epsilon)


def _reference(x: jax.Array, gamma: jax.Array, beta: jax.Array, *, epsilon: float) -> Results:
    mean, variance = jnp.mean(x, -1, keepdims=True), jnp.var(x, -1, keepdims=True)
    y = standardize(x, mean, variance, gamma, beta, epsilon)
    return y, mean[..., 0], jax.lax.rsqrt(variance[..., 0] + epsilon)


def _native(x: jax.Array, gamma: jax.Array, beta: jax.Array, *, epsilon: float) -> Results:
    results = like(x), like(x, x.shape[:-1]), like(x, x.shape[:-1])
    return native_call("neurona_layer_normalization", results, x, gamma, beta, epsilon=np.float32(epsilon))


def _native_gradients(
    x: jax.Array, gamma: jax.Array, beta: jax.Array, *statistics_and_g: jax.Array, epsilon: float
) -> tuple[jax.Array, ...]:
    results = like(x), like(gamma), like(beta)
    return native_call("neurona_layer_normalization_gradients", results, x, gamma, *statistics_and_g)


def _features(x: jax.Array, *_: jax.Array, **_options: Any) -> int:
    return x.shape[-1]


_forward = Operation("layer normalization", _reference, _native, size=_features, faster_from_to=(8, 1e12))
_layer_normalization = differentiable(_forward, _forward.backward(_native_gradients))
