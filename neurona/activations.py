"""Activation functions: what a neuron makes of its weighted sum. Each takes an array of any shape and gives
one of the same shape.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.nn as jnn
import jax.numpy as jnp

from neurona.core import registry
from neurona.core.annotations import LOGITS, Logits
from neurona.core.lazy import suggest_names
from neurona.core.symbolic import Operation, is_symbolic, record
from neurona.tracebacks import warn

Axis = int | tuple[int, ...]


# Keras's classes of operations, where they are not called as the function is.
_OPERATIONS = {"exponential": "Exp"}


def _activation(*aliases: str) -> Any:
    """Decorator of an activation: it is registered, and on a symbolic tensor becomes a step of its graph."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        class_name = _OPERATIONS.get(name, "".join(part.capitalize() for part in name.split("_")))

        @functools.wraps(function)
        def call(x: Any, *args: Any, **kwargs: Any) -> Any:
            if is_symbolic(x):
                return record(Operation(class_name, call), (x, *args), kwargs)
            return function(x, *args, **kwargs)

        return registry.register_built_in(call, kind="activations", aliases=aliases)

    return decorate


@_activation()
def linear(x: Any) -> Any:
    """f(x) = x.

    Example:

        >>> linear(2.5)
        2.5
    """
    return x


@_activation()
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> jax.Array:
    """f(x) = min(x, max_value) for x > threshold, else negative_slope * (x - threshold).

    Args:
        x: any shape.
        negative_slope: the slope left of the threshold.
        max_value: the ceiling, None for none.
        threshold: where the neuron starts to fire.

    Source: Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.

    Example:

        >>> relu(jnp.array([-2.0, 0.5, 3.0]), negative_slope=0.5, max_value=1.0).tolist()
        [-1.0, 0.5, 1.0]
    """
    x = jnp.asarray(x)
    if negative_slope and max_value is None and not threshold:
        return jnn.leaky_relu(x, negative_slope)
    y = jnp.where(x > threshold, x, 0) if threshold else jnn.relu(x)
    if max_value is not None:
        y = jnp.clip(y, 0, max_value)
    return y - negative_slope * jnn.relu(threshold - x) if negative_slope else y


@_activation()
def leaky_relu(x: Any, negative_slope: float = 0.2) -> jax.Array:
    """f(x) = x for x >= 0, else negative_slope * x.

    Source: Maas, Hannun and Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.

    Example:

        >>> leaky_relu(jnp.array([-2.0, 3.0]), negative_slope=0.25).tolist()
        [-0.5, 3.0]
    """
    return jnn.leaky_relu(jnp.asarray(x), negative_slope)


@_activation()
def relu6(x: Any) -> jax.Array:
    """f(x) = min(max(x, 0), 6).

    Source: Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010.

    Example:

        >>> relu6(jnp.array([-2.0, 3.0, 8.0])).tolist()
        [0.0, 3.0, 6.0]
    """
    return jnn.relu6(jnp.asarray(x))


@_activation()
def softmax(x: Any, axis: Axis = -1) -> jax.Array:
    """f(x)_i = exp(x_i) / sum_j exp(x_j): positive numbers that sum to 1 along `axis`.

    Args:
        x: any shape of rank 1 or more.
        axis: the axis, or axes, of the classes.

    Source: Bridle, Probabilistic Interpretation of Feedforward Classification Network Outputs, 1990.

    Example:

        >>> softmax(jnp.array([0.0, 0.0, 0.0, 0.0])).tolist()
        [0.25, 0.25, 0.25, 0.25]
    """
    x = jnp.asarray(x)
    if isinstance(axis, int) and -x.ndim <= axis < x.ndim and x.shape[axis] == 1:
        warn(
            f"softmax over an axis of size 1 (axis {axis} of shape {x.shape}) is always 1, so nothing "
            "can be learned. For one output that means yes or no, use sigmoid; for classes, one output per "
            "class."
        )
    y = jnn.softmax(x, axis=axis)
    if axis in (-1, x.ndim - 1):
        LOGITS.set(y, Logits("softmax", x))
    return y


@_activation()
def log_softmax(x: Any, axis: Axis = -1) -> jax.Array:
    """f(x)_i = x_i - log(sum_j exp(x_j)) along `axis`.

    Example:

        >>> bool(jnp.allclose(log_softmax(jnp.array([0.0, 0.0])), -jnp.log(2.0)))
        True
    """
    return jnn.log_softmax(jnp.asarray(x), axis=axis)


@_activation()
def sparsemax(x: Any, axis: int = -1) -> jax.Array:
    """f(x)_i = max(x_i - t, 0), with t such that the results sum to 1 along `axis`: a softmax that reaches
    zero.

    Where more than one result is above zero Keras 3.15 computes another t and its results do not sum to 1;
    this is the paper's.

    Source: Martins and Astudillo, From Softmax to Sparsemax, 2016, algorithm 1.

    Example:

        >>> sparsemax(jnp.array([2.0, 1.5, 0.0])).tolist()
        [0.75, 0.25, 0.0]
    """
    x = jnp.asarray(x)
    descending = jnp.flip(jnp.sort(x, axis=axis), axis=axis)
    shape = [1] * x.ndim
    shape[axis] = -1
    ranks = jnp.arange(1, x.shape[axis] + 1).reshape(shape)
    supported = 1 + ranks * descending > jnp.cumsum(descending, axis=axis)
    size = jnp.sum(supported, axis=axis, keepdims=True)
    t = (jnp.sum(jnp.where(supported, descending, 0), axis=axis, keepdims=True) - 1) / size
    return jnp.maximum(x - t, 0)


@_activation()
def sigmoid(x: Any) -> jax.Array:
    """f(x) = 1 / (1 + exp(-x)), between 0 and 1.

    Example:

        >>> sigmoid(jnp.array([-100.0, 0.0, 100.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    x = jnp.asarray(x)
    y = jnn.sigmoid(x)
    LOGITS.set(y, Logits("sigmoid", x))
    return y


@_activation()
def log_sigmoid(x: Any) -> jax.Array:
    """f(x) = log(1 / (1 + exp(-x))) = -softplus(-x).

    Example:

        >>> log_sigmoid(jnp.array([-100.0])).tolist()
        [-100.0]
    """
    return jnn.log_sigmoid(jnp.asarray(x))


@_activation()
def hard_sigmoid(x: Any) -> jax.Array:
    """f(x) = min(max(x / 6 + 1/2, 0), 1).

    Source: Courbariaux, Bengio and David, BinaryConnect, 2015.

    Example:

        >>> hard_sigmoid(jnp.array([-3.0, 0.0, 3.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    return jnn.hard_sigmoid(jnp.asarray(x))


@_activation()
def steep_hard_sigmoid(x: Any) -> jax.Array:
    """f(x) = min(max(x / 5 + 1/2, 0), 1): the hard sigmoid of Theano, Keras 1 and Keras 2.

    Source: Bergstra et al., Theano: a CPU and GPU Math Compiler in Python, 2010.

    Example:

        >>> steep_hard_sigmoid(jnp.array([-2.5, 0.0, 2.5])).tolist()
        [0.0, 0.5, 1.0]
    """
    return jnp.clip(0.2 * jnp.asarray(x) + 0.5, 0, 1)


@_activation()
def sparse_sigmoid(x: Any) -> jax.Array:
    """f(x) = min(max((x + 1) / 2, 0), 1).

    Source: Blondel, Martins and Niculae, Learning with Fenchel-Young Losses, 2020.

    Example:

        >>> sparse_sigmoid(jnp.array([-1.0, 0.0, 1.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    return jnn.sparse_sigmoid(jnp.asarray(x))


@_activation()
def tanh(x: Any) -> jax.Array:
    """f(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x)), between -1 and 1.

    Example:

        >>> tanh(jnp.array([-100.0, 0.0, 100.0])).tolist()
        [-1.0, 0.0, 1.0]
    """
    return jnp.tanh(jnp.asarray(x))


@_activation()
def hard_tanh(x: Any) -> jax.Array:
    """f(x) = min(max(x, -1), 1).

    Source: Collobert, Large Scale Machine Learning, 2004.

    Example:

        >>> hard_tanh(jnp.array([-2.0, 0.5, 2.0])).tolist()
        [-1.0, 0.5, 1.0]
    """
    return jnn.hard_tanh(jnp.asarray(x))


@_activation()
def tanh_shrink(x: Any) -> jax.Array:
    """f(x) = x - tanh(x).

    Example:

        >>> tanh_shrink(jnp.array([-100.0, 0.0])).tolist()
        [-99.0, 0.0]
    """
    x = jnp.asarray(x)
    return x - jnp.tanh(x)


@_activation()
def soft_shrink(x: Any, threshold: float = 0.5) -> jax.Array:
    """f(x) = sign(x) * max(|x| - threshold, 0).

    Source: Donoho, De-noising by Soft-thresholding, 1995.

    Example:

        >>> soft_shrink(jnp.array([-2.0, 0.25, 2.0])).tolist()
        [-1.5, 0.0, 1.5]
    """
    x = jnp.asarray(x)
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0))


@_activation()
def hard_shrink(x: Any, threshold: float = 0.5) -> jax.Array:
    """f(x) = x where |x| > threshold, else 0.

    Source: Donoho and Johnstone, Ideal Spatial Adaptation by Wavelet Shrinkage, 1994.

    Example:

        >>> hard_shrink(jnp.array([-2.0, 0.25, 2.0])).tolist()
        [-2.0, 0.0, 2.0]
    """
    x = jnp.asarray(x)
    return jnp.where(jnp.abs(x) > threshold, x, 0)


@_activation()
def threshold(x: Any, threshold: float, default_value: float) -> jax.Array:
    """f(x) = x where x > threshold, else default_value.

    Example:

        >>> threshold(jnp.array([-2.0, 2.0]), 1.0, 9.0).tolist()
        [9.0, 2.0]
    """
    x = jnp.asarray(x)
    return jnp.where(x > threshold, x, default_value)


@_activation()
def elu(x: Any, alpha: float = 1.0) -> jax.Array:
    """f(x) = x for x > 0, else alpha * (exp(x) - 1).

    Source: Clevert, Unterthiner and Hochreiter, Fast and Accurate Deep Network Learning by Exponential Linear
        Units, 2016.

    Example:

        >>> elu(jnp.array([-100.0, 3.0]), alpha=2.0).tolist()
        [-2.0, 3.0]
    """
    return jnn.elu(jnp.asarray(x), alpha)


@_activation()
def celu(x: Any, alpha: float = 1.0) -> jax.Array:
    """f(x) = x for x > 0, else alpha * (exp(x / alpha) - 1).

    Source: Barron, Continuously Differentiable Exponential Linear Units, 2017.

    Example:

        >>> celu(jnp.array([-100.0, 3.0]), alpha=2.0).tolist()
        [-2.0, 3.0]
    """
    return jnn.celu(jnp.asarray(x), alpha)


@_activation()
def selu(x: Any) -> jax.Array:
    """f(x) = 1.0507 * elu(x, alpha=1.6733): keeps mean 0 and variance 1 from layer to layer with LecunNormal
    weights.

    Source: Klambauer et al., Self-Normalizing Neural Networks, 2017.

    Example:

        >>> selu(jnp.array([0.0, 1.0])).tolist()
        [0.0, 1.0507...]
    """
    return jnn.selu(jnp.asarray(x))


@_activation()
def softplus(x: Any) -> jax.Array:
    """f(x) = log(1 + exp(x)).

    Source: Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing, 2001.

    Example:

        >>> softplus(jnp.array([-200.0, 100.0])).tolist()
        [0.0, 100.0]
    """
    return jnn.softplus(jnp.asarray(x))


@_activation()
def squareplus(x: Any, b: float = 4) -> jax.Array:
    """f(x) = (x + sqrt(x**2 + b)) / 2.

    Source: Barron, Squareplus: A Softplus-Like Algebraic Rectifier, 2021.

    Example:

        >>> squareplus(jnp.array([0.0, 1.5])).tolist()
        [1.0, 2.0]
    """
    return jnn.squareplus(jnp.asarray(x), b)


@_activation()
def sparse_plus(x: Any) -> jax.Array:
    """f(x) = 0 for x <= -1, (x + 1)**2 / 4 for -1 < x < 1, x for x >= 1.

    Source: Blondel, Martins and Niculae, Learning with Fenchel-Young Losses, 2020.

    Example:

        >>> sparse_plus(jnp.array([-2.0, 0.0, 2.0])).tolist()
        [0.0, 0.25, 2.0]
    """
    return jnn.sparse_plus(jnp.asarray(x))


@_activation()
def softsign(x: Any) -> jax.Array:
    """f(x) = x / (1 + |x|).

    Source: Turian, Bergstra and Bengio, Quadratic Features and Deep Architectures for Chunking, 2009.

    Example:

        >>> softsign(jnp.array([-1.0, 3.0])).tolist()
        [-0.5, 0.75]
    """
    return jnn.soft_sign(jnp.asarray(x))


@_activation("swish")
def silu(x: Any) -> jax.Array:
    """f(x) = x * sigmoid(x).

    Source: Elfwing, Uchibe and Doya, Sigmoid-Weighted Linear Units, 2018; Ramachandran et al., Searching for
        Activation Functions, 2017.

    Example:

        >>> silu(jnp.array([-200.0, 0.0, 100.0])).tolist()
        [-0.0, 0.0, 100.0]
    """
    return jnn.silu(jnp.asarray(x))


@_activation("hard_swish")
def hard_silu(x: Any) -> jax.Array:
    """f(x) = x * min(max(x / 6 + 1/2, 0), 1).

    Source: Howard et al., Searching for MobileNetV3, 2019.

    Example:

        >>> hard_silu(jnp.array([0.0, 3.0])).tolist()
        [0.0, 3.0]
    """
    return jnn.hard_silu(jnp.asarray(x))


@_activation()
def gelu(x: Any, approximate: bool = False) -> jax.Array:
    """f(x) = x * (1 + erf(x / sqrt(2))) / 2, or its tanh approximation.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.

    Example:

        >>> gelu(jnp.array([0.0, 100.0])).tolist()
        [0.0, 100.0]
    """
    return jnn.gelu(jnp.asarray(x), approximate)


@_activation()
def glu(x: Any, axis: int = -1) -> jax.Array:
    """f([a, b]) = a * sigmoid(b): the two halves of `axis`, so that the result is half as long there.

    Source: Dauphin et al., Language Modeling with Gated Convolutional Networks, 2017.

    Example:

        >>> glu(jnp.array([3.0, 0.0])).tolist()
        [1.5]
    """
    return jnn.glu(jnp.asarray(x), axis)


@_activation()
def mish(x: Any) -> jax.Array:
    """f(x) = x * tanh(softplus(x)).

    Source: Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019.

    Example:

        >>> mish(jnp.array([0.0, 100.0])).tolist()
        [0.0, 100.0]
    """
    x = jnp.asarray(x)
    return x * jnp.tanh(jnn.softplus(x))


@_activation()
def exponential(x: Any) -> jax.Array:
    """f(x) = exp(x).

    Example:

        >>> exponential(jnp.array([0.0])).tolist()
        [1.0]
    """
    return jnp.exp(jnp.asarray(x))


swish = silu
hard_swish = hard_silu


def get(identifier: Any = None) -> Any:
    """The activation that a name, a config, a class or a function means; None means `linear`.

    Raises:
        ArgumentError: there is no such activation; the message offers the nearest name.

    Example:

        >>> get("swish") is silu, get(None) is linear
        (True, True)
    """
    return linear if identifier is None else registry.resolve("activations", identifier)


def serialize(activation: Any) -> Any:
    """The name of a built-in activation, or the description of one of your own.

    Example:

        >>> serialize(swish)
        'silu'
    """
    return registry.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The activation that `serialize` described.

    Example:

        >>> deserialize("relu") is relu
        True
    """
    with registry.custom_object_scope(custom_objects or {}):
        return get(config)


suggest_names(__name__)
