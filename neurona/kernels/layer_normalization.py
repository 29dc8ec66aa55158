"""Layer normalization over the last axis."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import native
from .normalization import standardize


def layer_normalization(x: jax.Array, gamma: jax.Array, beta: jax.Array, epsilon: float) -> jax.Array:
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the mean and the variance of each sample
    over the last axis.

    Shapes: x (..., features), gamma and beta (features,) -> y as x.

    Example:

        >>> layer_normalization(jnp.array([[1.0, 3.0]]), jnp.ones(2), jnp.zeros(2), 0.0).tolist()
        [[-1.0, 1.0]]
    """
    y: Any = _normalized(x, gamma, beta, epsilon)
    return y


def _twin(epsilon: float, x: jax.Array, gamma: jax.Array, beta: jax.Array) -> jax.Array:
    mean, variance = jnp.mean(x, -1, keepdims=True), jnp.var(x, -1, keepdims=True)
    return standardize(x, mean, variance, gamma, beta, epsilon)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def _normalized(x: jax.Array, gamma: jax.Array, beta: jax.Array, epsilon: float) -> jax.Array:
    return _forward(x, gamma, beta, epsilon)[0]


@partial(jax.jit, static_argnums=3)
def _forward(
    x: jax.Array, gamma: jax.Array, beta: jax.Array, epsilon: float
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """y, and two numbers of each sample for the gradients: its mean, and 1 / sqrt(variance + epsilon)."""

    def twin(x: jax.Array, gamma: jax.Array, beta: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        return _twin(epsilon, x, gamma, beta), jnp.mean(x, -1), jax.lax.rsqrt(jnp.var(x, -1) + epsilon)

    def kernel_call(x: jax.Array, gamma: jax.Array, beta: jax.Array) -> tuple[jax.Array, ...]:
        results = [jax.ShapeDtypeStruct(shape, x.dtype) for shape in (x.shape, x.shape[:-1], x.shape[:-1])]
        return tuple(
            native.call("neurona_layer_normalization", results, x, gamma, beta, epsilon=np.float32(epsilon))
        )

    return native.run("layer normalization", x.shape[-1], kernel_call, twin, x, gamma, beta)


def _with_residuals(x: jax.Array, gamma: jax.Array, beta: jax.Array, epsilon: float) -> tuple[jax.Array, Any]:
    y, mean, inverse_deviation = _forward(x, gamma, beta, epsilon)
    return y, (x, gamma, mean, inverse_deviation)


@partial(jax.jit, static_argnums=0)
def _backward(epsilon: float, residuals: tuple[jax.Array, ...], g: jax.Array) -> tuple[jax.Array, ...]:
    def twin(
        x: jax.Array, gamma: jax.Array, mean: jax.Array, inverse_deviation: jax.Array, g: jax.Array
    ) -> Any:
        return jax.vjp(partial(_twin, epsilon), x, gamma, jnp.zeros_like(gamma))[1](g)

    def kernel_call(x: jax.Array, gamma: jax.Array, *others: jax.Array) -> tuple[jax.Array, ...]:
        results = [jax.ShapeDtypeStruct(array.shape, x.dtype) for array in (x, gamma, gamma)]
        return tuple(native.call("neurona_layer_normalization_gradients", results, x, gamma, *others))

    return native.run("layer normalization", len(residuals[1]), kernel_call, twin, *residuals, g)


_normalized.defvjp(_with_residuals, _backward)
