"""Batch normalization in training, also together with a ReLU and 2x2 maximum pooling that follow it."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import activations
from neurona.kernels.activation_codes import Activation
from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, differentiable
from neurona.kernels.pooling import max_pool

FASTER_FROM_TO = (256, 1e12)  # elements of x


def _elements(x: jax.Array, *_: jax.Array, **_options: Any) -> int:
    return x.size


def moments(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The mean and the variance of each channel over all other axes.

    Shapes: x (..., channels) -> mean (channels,), variance (channels,).

    Example:

        >>> mean, variance = moments(jnp.array([[1.0], [3.0]]))
        >>> mean.tolist(), variance.tolist()
        ([2.0], [1.0])
    """
    return _moments(x.reshape(-1, x.shape[-1]))


def _reference_moments(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    return jnp.mean(x, 0), jnp.var(x, 0)


def _native_moments(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    return native_call("neurona_moments", [like(x, x.shape[1:])] * 2, x)


_moments = Operation(
    "moments", _reference_moments, _native_moments, size=_elements, faster_from_to=FASTER_FROM_TO
)


def batch_normalization(
    x: jax.Array,
    gamma: jax.Array,
    beta: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
    epsilon: float,
    activation: Activation = activations.linear,
    *,
    pools: bool = False,
) -> jax.Array:
    """y = activation((x - mean) / sqrt(variance + epsilon) * gamma + beta), with the `moments` of x.

    The gradient of x includes that through the moments; the arguments mean and variance get none.

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
    statistics = jax.lax.stop_gradient((mean, variance))
    y = _normalized(images, gamma, beta, *statistics, epsilon=epsilon, activation=activation)
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


def _reference(
    x: jax.Array, gamma: Any, beta: Any, mean: Any, variance: Any, *, epsilon: float, activation: Activation
) -> jax.Array:
    """Of rows (n, channels); of images (N, height, width, channels) with pooling."""
    y = activation(standardize(x, mean, variance, gamma, beta, epsilon))
    return max_pool(y, 2) if x.ndim == 4 else y


def _native(x: jax.Array, *channels: jax.Array, epsilon: float, activation: Activation) -> jax.Array:
    shape = (x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]) if x.ndim == 4 else x.shape
    options = _attributes(epsilon, activation)
    return native_call("neurona_batch_normalization", like(x, shape), x, *channels, **options)


def _reference_gradients(
    x: jax.Array,
    gamma: Any,
    beta: Any,
    mean: Any,
    variance: Any,
    g: jax.Array,
    *,
    epsilon: float,
    activation: Activation,
) -> tuple[Any, ...]:
    def whole(x: jax.Array, gamma: jax.Array, beta: jax.Array) -> jax.Array:
        axes = range(x.ndim - 1)
        statistics = jnp.mean(x, axes), jnp.var(x, axes)
        return _reference(x, gamma, beta, *statistics, epsilon=epsilon, activation=activation)

    return *jax.vjp(whole, x, gamma, beta)[1](g), None, None


def _native_gradients(
    x: jax.Array, gamma: jax.Array, *others: jax.Array, epsilon: float, activation: Activation
) -> tuple[Any, ...]:
    results, options = (like(x), like(gamma), like(gamma)), _attributes(epsilon, activation)
    gradients = native_call("neurona_batch_normalization_gradients", results, x, gamma, *others, **options)
    return *gradients, None, None


def _attributes(epsilon: float, activation: Activation) -> dict[str, Any]:
    return {"epsilon": np.float32(epsilon), "relu": np.bool_(activation is activations.relu)}


def _supports(*_arrays: jax.Array, epsilon: float, activation: Activation) -> bool:
    return activation in (activations.linear, activations.relu)


_forward = Operation(
    "batch normalization",
    reference=_reference,
    native=_native,
    size=_elements,
    faster_from_to=FASTER_FROM_TO,
    supports=_supports,
)
_normalized = differentiable(_forward, _forward.backward(_native_gradients, _reference_gradients))
