"""`tf.contrib.layers`: layers with an activation and Glorot's initializer by default."""

import functools
import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp

from neurona.legacy.tensorflow import arrays, choosing, feature_column, nn
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.v1 import layers, summary
from neurona.legacy.tensorflow.v1.contrib.framework import add_arg_scope
from neurona.legacy.tensorflow.v1.graph import (
    GraphKeys,
    control_dependencies,
    get_collection,
    get_default_graph,
)
from neurona.legacy.tensorflow.v1.initializers import (
    Ones,
    Zeros,
    variance_scaling_initializer,
    xavier_initializer,
)
from neurona.legacy.tensorflow.v1.optimizers import (
    AdagradOptimizer,
    AdamOptimizer,
    FtrlOptimizer,
    GradientDescentOptimizer,
    MomentumOptimizer,
    RMSPropOptimizer,
)
from neurona.legacy.tensorflow.v1.scopes import get_variable, variable_scope
from neurona.legacy.tensorflow.v1.tensor import constant, convert, draw
from neurona.messages import translated

__all__ = ["variance_scaling_initializer", "xavier_initializer", "xavier_initializer_conv2d"]
xavier_initializer_conv2d = xavier_initializer

# Regularizers.


def l2_regularizer(scale: float, scope: Any = None) -> Callable[[Any], Any]:
    """scale * sum(w^2) / 2."""
    return lambda weights: numbers.multiply(nn.l2_loss(weights), float(scale), name="l2_regularizer")


def l1_regularizer(scale: float, scope: Any = None) -> Callable[[Any], Any]:
    """scale * sum(|w|)."""
    return lambda weights: numbers.multiply(
        numbers.reduce_sum(numbers.abs(weights)), float(scale), name="l1_regularizer"
    )


def l1_l2_regularizer(
    scale_l1: float = 1.0, scale_l2: float = 1.0, scope: Any = None
) -> Callable[[Any], Any]:
    """The sum of both."""
    return lambda weights: l1_regularizer(scale_l1)(weights) + l2_regularizer(scale_l2)(weights)


def sum_regularizer(regularizer_list: Any, scope: Any = None) -> Callable[[Any], Any]:
    """The sum of regularizers."""
    return lambda weights: numbers.add_n([one(weights) for one in regularizer_list if one is not None])


def apply_regularization(regularizer: Callable[[Any], Any], weights_list: Any = None) -> Any:
    """The sum of a regularizer of all weights."""
    graph = get_default_graph()
    weights = graph.get_collection(GraphKeys.WEIGHTS) if weights_list is None else list(weights_list)
    losses = [regularizer(one) for one in weights]
    for loss in losses:
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
    return numbers.add_n(losses) if losses else constant(0.0)


# Layers.


def _finished(
    outputs: Any, normalizer_fn: Any, normalizer_params: Any, biases: Any, activation_fn: Any
) -> Any:
    """Normalization, or biases; then the activation."""
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    elif biases is not None:
        outputs = draw(jnp.add, (outputs, biases), default="BiasAdd")
    return layers.activated(activation_fn, outputs)


def check_layout(data_format: str | None) -> None:
    """Refuse channels before the picture, as TensorFlow's CPU does."""
    if data_format not in (None, "NHWC"):
        raise ValueError(
            f"data_format is NHWC. Received: data_format={data_format!r}. Put the channels last with "
            "tf.transpose(x, [0, 2, 3, 1])."
        )


def _variable(name: str, shape: Any, initializer: Any, regularizer: Any, trainable: bool) -> Any:
    made = get_variable(name, shape, initializer=initializer, regularizer=regularizer, trainable=trainable)
    graph = get_default_graph()
    for key in (GraphKeys.MODEL_VARIABLES, *([GraphKeys.WEIGHTS] if name == "weights" else [])):
        if made not in graph.get_collection_ref(key):
            graph.add_to_collection(key, made)
    return made


@add_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Any = nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = Zeros(),  # noqa: B008
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """activation(x W + b), by default with relu."""
    inputs = convert(inputs)
    with variable_scope(scope, "fully_connected", reuse=reuse):
        size = inputs.shape.as_list()[-1]
        weights = _variable(
            "weights",
            [size, num_outputs],
            weights_initializer or xavier_initializer(),
            weights_regularizer,
            trainable,
        )
        outputs = draw(jnp.matmul, (inputs, weights), default="MatMul")
        has_biases = normalizer_fn is None and biases_initializer is not None
        biases = (
            _variable("biases", [num_outputs], biases_initializer, biases_regularizer, trainable)
            if has_biases
            else None
        )
        return _finished(outputs, normalizer_fn, normalizer_params, biases, activation_fn)


@add_arg_scope
def convolution2d(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Any = 1,
    activation_fn: Any = nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = Zeros(),  # noqa: B008
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """A convolution of pictures, by default with relu."""
    check_layout(data_format)
    inputs = convert(inputs)
    with variable_scope(scope, "Conv", reuse=reuse):
        shape = [*layers.sizes(kernel_size, 2), inputs.shape.as_list()[-1], num_outputs]
        weights = _variable(
            "weights", shape, weights_initializer or xavier_initializer(), weights_regularizer, trainable
        )
        outputs = nn.conv2d(
            inputs,
            weights,
            strides=list(layers.sizes(stride, 2)),
            padding=padding,
            dilations=list(layers.sizes(rate, 2)),
        )
        has_biases = normalizer_fn is None and biases_initializer is not None
        biases = (
            _variable("biases", [num_outputs], biases_initializer, biases_regularizer, trainable)
            if has_biases
            else None
        )
        return _finished(outputs, normalizer_fn, normalizer_params, biases, activation_fn)


@add_arg_scope
def convolution2d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    activation_fn: Any = nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = Zeros(),  # noqa: B008
    reuse: Any = None,
    trainable: bool = True,
    scope: Any = None,
    **_: Any,
) -> Any:
    """The transpose of a convolution of pictures."""
    with variable_scope(scope, "Conv2d_transpose", reuse=reuse) as opened:
        layer = layers.Conv2DTranspose(
            num_outputs,
            kernel_size,
            stride,
            padding,
            use_bias=normalizer_fn is None and biases_initializer is not None,
            kernel_initializer=weights_initializer or xavier_initializer(),
            kernel_regularizer=weights_regularizer,
            trainable=trainable,
            name=None,
        )
        layer._given_name = opened
        return _finished(layer(inputs), normalizer_fn, normalizer_params, None, activation_fn)


@add_arg_scope
def max_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: str | None = None,
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """The largest element of each window."""
    check_layout(data_format)
    return layers.max_pooling2d(inputs, kernel_size, stride, padding)


@add_arg_scope
def avg_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: str | None = None,
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """The mean element of each window."""
    check_layout(data_format)
    return layers.average_pooling2d(inputs, kernel_size, stride, padding)


@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: Any = None) -> Any:
    """All but the batch in one axis."""
    return layers.flatten(inputs)


@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: Any = None,
    seed: Any = None,
) -> Any:
    """x / keep_prob with a fraction 1 - keep_prob set to 0, in training."""
    return layers.dropout(
        inputs, rate=1 - keep_prob, noise_shape=noise_shape, seed=seed, training=is_training
    )


@add_arg_scope
def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Any = None,
    param_initializers: Any = None,
    param_regularizers: Any = None,
    updates_collections: Any = GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    batch_weights: Any = None,
    fused: Any = None,
    scope: Any = None,
    **_: Any,
) -> Any:
    """Batch normalization; with `updates_collections=None` the moving moments are updated at once."""
    first = param_initializers or {}
    layer = layers.BatchNormalization(
        momentum=decay,
        epsilon=epsilon,
        center=center,
        scale=scale,
        beta_initializer=first.get("beta") or Zeros(),
        gamma_initializer=first.get("gamma") or Ones(),
        trainable=trainable,
        fused=fused,
    )
    with variable_scope(scope, "BatchNorm", reuse=reuse) as opened:
        layer._given_name = opened
        outputs = layer(inputs, training=is_training)
        if updates_collections is None:
            updates = get_default_graph().get_collection_ref(GraphKeys.UPDATE_OPS)
            updates[:] = [one for one in updates if all(one is not other for other in layer.updates)]
            with control_dependencies(layer.updates):
                outputs = arrays.identity(outputs)
        return layers.activated(activation_fn, outputs)


@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Any = None,
    reuse: Any = None,
    scope: Any = None,
    **_: Any,
) -> Any:
    """Layer normalization over all axes but the batch."""
    inputs = convert(inputs)
    with variable_scope(scope, "LayerNorm", reuse=reuse):
        size = [inputs.shape.as_list()[-1]]
        beta = get_variable("beta", size, initializer=Zeros()) if center else None
        gamma = get_variable("gamma", size, initializer=Ones()) if scale else None
        return layers.activated(
            activation_fn, draw(_layer_normalized, (inputs, beta, gamma), default="batchnorm")
        )


def _layer_normalized(x: Any, beta: Any, gamma: Any) -> Any:
    axes = tuple(range(1, x.ndim))
    made = (x - x.mean(axes, keepdims=True)) / jnp.sqrt(x.var(axes, keepdims=True) + 1e-12)
    made = made if gamma is None else made * gamma
    return made if beta is None else made + beta


def one_hot_encoding(
    labels: Any, num_classes: int, on_value: float = 1.0, off_value: float = 0.0, **_: Any
) -> Any:
    """Numbers of classes as rows with a one."""
    return arrays.one_hot(labels, num_classes, on_value, off_value)


def embed_sequence(
    ids: Any,
    vocab_size: Any = None,
    embed_dim: Any = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> Any:
    """The rows of a table that the layer makes."""
    with variable_scope(scope, "EmbedSequence", reuse=reuse):
        table = get_variable(
            "embeddings",
            [vocab_size, embed_dim],
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        return nn.embedding_lookup(table, ids)


def stack(inputs: Any, layer: Callable[..., Any], stack_args: Any, **kwargs: Any) -> Any:
    """A layer several times, each with other arguments."""
    scope = kwargs.pop("scope", None) or "stack"
    with variable_scope(None, scope):
        for place, one in enumerate(stack_args, 1):
            given = one if isinstance(one, (list, tuple)) else (one,)
            inputs = layer(inputs, *given, scope=f"{layer.__name__}_{place}", **kwargs)
        return inputs


def repeat(inputs: Any, repetitions: int, layer: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A layer several times."""
    scope = kwargs.pop("scope", None) or f"{layer.__name__}_repeat"
    with variable_scope(None, scope):
        for place in range(repetitions):
            inputs = layer(inputs, *args, scope=f"{scope}_{place + 1}", **kwargs)
        return inputs


linear = functools.partial(fully_connected, activation_fn=None)
relu = functools.partial(fully_connected, activation_fn=nn.relu)
relu6 = functools.partial(fully_connected, activation_fn=nn.relu6)
conv2d, conv2d_transpose = convolution2d, convolution2d_transpose

_OPTIMIZERS = {
    "Adagrad": AdagradOptimizer,
    "Adam": AdamOptimizer,
    "Ftrl": FtrlOptimizer,
    "Momentum": lambda rate: MomentumOptimizer(rate, 0.9),
    "RMSProp": RMSPropOptimizer,
    "SGD": GradientDescentOptimizer,
}


def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: Any = None,
    gradient_multipliers: Any = None,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Any = None,
    update_ops: Any = None,
    variables: Any = None,
    name: Any = None,
    summaries: Any = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Any:
    """A step that makes a loss smaller; its result is the loss.

    Args:
        gradient_multipliers: numbers for the gradients of variables, by these or by their names.
        clip_gradients: the greatest norm of all gradients together, or a function of pairs (gradient,
            variable).
        learning_rate_decay_fn: from the rate and the step to the rate.
        update_ops: what is computed before; the collection of that name by default.
    """
    if gradient_noise_scale is not None:
        raise NotImplementedError(translated("optimize_loss: gradient_noise_scale= is not in Neurona."))
    if learning_rate_decay_fn is not None:
        learning_rate = learning_rate_decay_fn(learning_rate, global_step)
    made = _OPTIMIZERS[optimizer](learning_rate) if isinstance(optimizer, str) else optimizer
    made: Any = made(learning_rate) if callable(made) else made
    before = get_collection(GraphKeys.UPDATE_OPS) if update_ops is None else update_ops
    with control_dependencies(list(before)):
        loss = arrays.identity(loss)
    pairs = [(slope, one) for slope, one in made.compute_gradients(loss, variables) if slope is not None]
    pairs = _clipped(_multiplied(pairs, gradient_multipliers or {}), clip_gradients)
    step = made.apply_gradients(pairs, global_step if increment_global_step else None)
    with control_dependencies([step]):
        return arrays.identity(loss)


def _multiplied(pairs: list[Any], multipliers: Any) -> list[Any]:
    """Gradients times the numbers of their variables."""
    factors = {getattr(one, "name", one): factor for one, factor in multipliers.items()}
    return [(slope * factors[one.name], one) if one.name in factors else (slope, one) for slope, one in pairs]


def _clipped(pairs: list[Any], clip: Any) -> list[Any]:
    """Gradients shortened together to a norm, or by a function of the pairs."""
    if clip is None:
        return pairs
    if callable(clip):
        changed: Any = clip(pairs)
        return changed
    slopes = choosing.clip_by_global_norm([slope for slope, _ in pairs], clip)[0]
    return list(zip(slopes, [one for _, one in pairs], strict=True))


# Columns of tables.

one_hot_column = feature_column.indicator_column
embedding_column, crossed_column = feature_column.embedding_column, feature_column.crossed_column
bucketized_column = feature_column.bucketized_column


def real_valued_column(column_name: str, dimension: int = 1, *_: Any, **options: Any) -> Any:
    """Numbers as they are."""
    return feature_column.numeric_column(column_name, (dimension,), normalizer_fn=options.get("normalizer"))


def sparse_column_with_keys(column_name: str, keys: Any, default_value: int = -1, *_: Any, **__: Any) -> Any:
    """Categories by their place in a list."""
    return feature_column.categorical_column_with_vocabulary_list(
        column_name, keys, default_value=default_value
    )


def sparse_column_with_hash_bucket(column_name: str, hash_bucket_size: int, *_: Any, **__: Any) -> Any:
    """Categories by their hash."""
    return feature_column.categorical_column_with_hash_bucket(column_name, hash_bucket_size)


def sparse_column_with_integerized_feature(column_name: str, bucket_size: int, *_: Any, **__: Any) -> Any:
    """Categories that are numbers already."""
    return feature_column.categorical_column_with_identity(column_name, bucket_size)


def summarize_tensor(tensor: Any, tag: str | None = None) -> Any:
    """The summary of a tensor: of a number itself, of others their distribution."""
    made = summary.scalar if tensor.shape.ndims == 0 else summary.histogram
    return made(tag or tensor.op.name, tensor)


def summarize_activation(op: Any) -> Any:
    """The distribution of a layer's outputs, and the share of zeros among them."""
    name = op.op.name
    if op.op.type in ("Relu", "Softplus", "Relu6"):
        summary.scalar(f"{name}/zeros", nn.zero_fraction(op))
    return summary.histogram(f"{name}/activation", op)


optimizers = SimpleNamespace(
    optimize_loss=optimize_loss,
    OPTIMIZER_SUMMARIES=["learning_rate", "loss", "gradients", "gradient_norm", "global_gradient_norm"],
)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(importlib.import_module("neurona.legacy.tensorflow.v1.contrib.further_layers"), name)
