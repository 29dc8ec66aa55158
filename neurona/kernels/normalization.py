"""Batch normalization in training, where a ReLU and 2x2 maximum pooling follow it, together with these."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import activations

from . import native
from .pooling import max_pool

WITH_RELU: dict[Callable[..., Any], bool] = {
    activations.linear: False,
    activations.relu: True,
}  # what a kernel computes with it


def moments(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The mean and the variance of each channel over all other axes.

    Shapes: x (..., channels) -> mean (channels,), variance (channels,).

    Example:

        >>> mean, variance = moments(jnp.array([[1.0], [3.0]]))
        >>> mean.tolist(), variance.tolist()
        ([2.0], [1.0])
    """
    return _moments(x.reshape(-1, x.shape[-1]))


@jax.jit
def _moments(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    def twin(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jnp.mean(x, 0), jnp.var(x, 0)

    def kernel_call(x: jax.Array) -> tuple[jax.Array, ...]:
        return tuple(native.call("neurona_moments", [jax.ShapeDtypeStruct(x.shape[1:], x.dtype)] * 2, x))

    return native.run("batch normalization", x.size, kernel_call, twin, x)


def batch_normalization(
    x: jax.Array,
    gamma: jax.Array,
    beta: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
    epsilon: float,
    activation: Callable[..., Any] = activations.linear,
    *,
    pools: bool = False,
) -> jax.Array:
    """y = activation((x - mean) / sqrt(variance + epsilon) * gamma + beta), with the `moments` of x.

    The gradient of x goes through the moments too; they get none of their own.

    Args:
        activation: `linear` or `relu`.
        pools: whether the largest of each window of 2x2 pixels is taken of x (N, height, width, channels),
            both of which are even.

    Shapes: x (..., channels), all others (channels,) -> y (..., channels).

    Example:

        >>> x = jnp.array([[1.0], [3.0]])
        >>> batch_normalization(x, jnp.ones(1), jnp.zeros(1), *moments(x), 0.0).tolist()
        [[-1.0], [1.0]]
    """
    images = x if pools else x.reshape(-1, x.shape[-1])
    y: Any = _normalized(images, gamma, beta, *jax.lax.stop_gradient((mean, variance)), epsilon, activation)
    return y if pools else y.reshape(x.shape)


def standardize(x: jax.Array, mean: Any, variance: Any, gamma: Any, beta: Any, epsilon: float) -> jax.Array:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, as one multiplication and one addition for each
    element of x.

    Shapes: all broadcast to that of x; gamma and beta may be None.

    Example:

        >>> standardize(jnp.array([1.0, 3.0]), 2.0, 1.0, None, None, 0.0).tolist()
        [-1.0, 1.0]
    """
    factor = jax.lax.rsqrt(variance + epsilon)
    factor = factor if gamma is None else factor * gamma
    shift = -mean * factor
    return x * factor + (shift if beta is None else shift + beta)


def _twin(
    epsilon: float,
    activation: Callable[..., Any],
    x: jax.Array,
    gamma: Any,
    beta: Any,
    mean: Any,
    variance: Any,
) -> jax.Array:
    y = activation(standardize(x, mean, variance, gamma, beta, epsilon))
    return max_pool(y, 2) if x.ndim == 4 else y


@partial(jax.custom_vjp, nondiff_argnums=(5, 6))
def _normalized(
    x: jax.Array,
    gamma: Any,
    beta: Any,
    mean: Any,
    variance: Any,
    epsilon: float,
    activation: Callable[..., Any],
) -> jax.Array:
    """Of rows (n, channels), or with pooling of images (N, height, width, channels)."""
    return _forward(x, gamma, beta, mean, variance, epsilon, activation)


@partial(jax.jit, static_argnums=(5, 6))
def _forward(
    x: jax.Array,
    gamma: Any,
    beta: Any,
    mean: Any,
    variance: Any,
    epsilon: float,
    activation: Callable[..., Any],
) -> jax.Array:
    def kernel_call(x: jax.Array, *channels: jax.Array) -> jax.Array:
        shape = (x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]) if x.ndim == 4 else x.shape
        return native.call(
            "neurona_batch_normalization",
            jax.ShapeDtypeStruct(shape, x.dtype),
            x,
            *channels,
            **_options(epsilon, activation),
        )

    return native.run(
        "batch normalization",
        x.size,
        kernel_call,
        partial(_twin, epsilon, activation),
        x,
        gamma,
        beta,
        mean,
        variance,
    )


def _with_residuals(*arguments: Any) -> tuple[jax.Array, Any]:
    return _forward(*arguments), arguments[:5]


@partial(jax.jit, static_argnums=(0, 1))
def _backward(
    epsilon: float, activation: Callable[..., Any], residuals: tuple[jax.Array, ...], g: jax.Array
) -> tuple[Any, ...]:
    def twin(
        x: jax.Array, gamma: jax.Array, beta: jax.Array, mean: jax.Array, variance: jax.Array, g: jax.Array
    ) -> Any:
        def whole(x: jax.Array, gamma: jax.Array, beta: jax.Array) -> jax.Array:
            axes = range(x.ndim - 1)
            return _twin(epsilon, activation, x, gamma, beta, jnp.mean(x, axes), jnp.var(x, axes))

        return jax.vjp(whole, x, gamma, beta)[1](g)

    def kernel_call(x: jax.Array, gamma: jax.Array, *others: jax.Array) -> tuple[jax.Array, ...]:
        results = [jax.ShapeDtypeStruct(array.shape, x.dtype) for array in (x, gamma, gamma)]
        return tuple(
            native.call(
                "neurona_batch_normalization_gradients",
                results,
                x,
                gamma,
                *others,
                **_options(epsilon, activation),
            )
        )

    return *native.run("batch normalization", residuals[0].size, kernel_call, twin, *residuals, g), None, None


_normalized.defvjp(_with_residuals, _backward)


def _options(epsilon: float, activation: Callable[..., Any]) -> dict[str, Any]:
    return {"epsilon": np.float32(epsilon), "relu": np.bool_(WITH_RELU[activation])}
