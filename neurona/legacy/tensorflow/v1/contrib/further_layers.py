"""Layers of `tf.contrib.layers` that fewer programs use, and slim's."""

import functools
from typing import Any

from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow import nn
from neurona.legacy.tensorflow.v1 import layers, summary
from neurona.legacy.tensorflow.v1.contrib import layers as plain
from neurona.legacy.tensorflow.v1.contrib.framework import add_arg_scope, get_variables
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_collection, name_scope
from neurona.legacy.tensorflow.v1.initializers import Ones, Zeros, xavier_initializer
from neurona.legacy.tensorflow.v1.scopes import variable_scope
from neurona.legacy.tensorflow.v1.tensor import convert

elu = functools.partial(plain.fully_connected, activation_fn=nn.elu)


def softmax(logits: Any, scope: Any = None) -> Any:
    """The softmax along the last axis."""
    with name_scope(scope, "softmax"):
        return nn.softmax(convert(logits))


@add_arg_scope
def separable_convolution2d(
    inputs: Any,
    num_outputs: int | None,
    kernel_size: Any,
    depth_multiplier: int = 1,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Any = 1,
    activation_fn: Any = nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    pointwise_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = Zeros(),  # noqa: B008
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """A convolution of each channel alone, then one of size 1 over all; num_outputs=None omits the second."""
    plain.check_layout(data_format)
    inputs = convert(inputs)
    count = inputs.shape.as_list()[-1]
    first = weights_initializer or xavier_initializer()
    with variable_scope(scope, "SeparableConv2d", reuse=reuse):
        shape = [*layers.sizes(kernel_size, 2), count, depth_multiplier]
        depthwise = plain._variable("depthwise_weights", shape, first, weights_regularizer, trainable)
        steps = [1, *layers.sizes(stride, 2), 1]
        rates = list(layers.sizes(rate, 2))
        width = num_outputs or count * depth_multiplier
        if num_outputs is None:
            outputs = nn.depthwise_conv2d(inputs, depthwise, steps, padding, dilations=rates)
        else:
            pointwise = plain._variable(
                "pointwise_weights", [1, 1, count * depth_multiplier, num_outputs],
                pointwise_initializer or first, weights_regularizer, trainable,
            )  # fmt: skip
            outputs = nn.separable_conv2d(inputs, depthwise, pointwise, steps, padding, dilations=rates)
        biases = None
        if normalizer_fn is None and biases_initializer is not None:
            biases = plain._variable("biases", [width], biases_initializer, biases_regularizer, trainable)
        return plain._finished(outputs, normalizer_fn, normalizer_params, biases, activation_fn)


separable_conv2d = separable_convolution2d


@add_arg_scope
def instance_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Any = None,
    reuse: Any = None,
    trainable: bool = True,
    scope: Any = None,
    **_: Any,
) -> Any:
    """Each channel of each picture to mean 0 and variance 1, then gamma and beta (Ulyanov et al., 2016)."""
    inputs = convert(inputs)
    sizes = inputs.shape.as_list()
    with variable_scope(scope, "InstanceNorm", reuse=reuse):
        beta = plain._variable("beta", [sizes[-1]], Zeros(), None, trainable) if center else None
        gamma = plain._variable("gamma", [sizes[-1]], Ones(), None, trainable) if scale else None
        mean, variance = nn.moments(inputs, list(range(1, len(sizes) - 1)), keepdims=True)
        outputs = nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        return layers.activated(activation_fn, outputs)


@add_arg_scope
def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: Any = None) -> Any:
    """Vectors along an axis, of length 1."""
    inputs = convert(inputs)
    squares = numbers.reduce_sum(numbers.square(inputs), dim, keepdims=True)
    return inputs / numbers.sqrt(squares + epsilon)


@add_arg_scope
def bias_add(
    inputs: Any, activation_fn: Any = None, initializer: Any = Zeros(), regularizer: Any = None,  # noqa: B008
    reuse: Any = None, trainable: bool = True, scope: Any = None, **_: Any,
) -> Any:  # fmt: skip
    """Biases, and an activation."""
    inputs = convert(inputs)
    with variable_scope(scope, "BiasAdd", reuse=reuse):
        size = inputs.shape.as_list()[-1]
        biases = plain._variable("biases", [size], initializer, regularizer, trainable)
        return plain._finished(inputs, None, None, biases, activation_fn)


def summarize_tensors(tensors: Any, summarizer: Any = plain.summarize_tensor) -> list[Any]:
    """The summary of each."""
    return [summarizer(one) for one in tensors]


def summarize_collection(
    collection: Any, name_filter: Any = None, summarizer: Any = plain.summarize_tensor
) -> list[Any]:
    """The summary of each tensor of a collection."""
    return summarize_tensors(get_collection(collection, name_filter), summarizer)


def summarize_activations(name_filter: Any = None) -> list[Any]:
    """The summary of each activation that layers collected."""
    return summarize_collection(GraphKeys.ACTIVATIONS, name_filter, plain.summarize_activation)


def _of_variables(suffix: str, name_filter: Any) -> list[Any]:
    return [summary.histogram(one.op.name, one) for one in get_variables(name_filter, suffix)]


summarize_weights = functools.partial(_of_variables, "weights", None)
summarize_biases = functools.partial(_of_variables, "biases", None)
