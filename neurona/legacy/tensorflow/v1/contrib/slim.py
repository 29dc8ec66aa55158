"""`tf.contrib.slim`: the layers, losses and scopes of other rooms under short names."""

from neurona.legacy.tensorflow.v1 import losses
from neurona.legacy.tensorflow.v1.contrib.framework import (
    add_arg_scope,
    arg_scope,
    get_model_variables,
    get_trainable_variables,
    get_variables,
    model_variable,
    variable,
)
from neurona.legacy.tensorflow.v1.contrib.layers import (
    avg_pool2d,
    batch_norm,
    conv2d,
    conv2d_transpose,
    dropout,
    flatten,
    fully_connected,
    l1_regularizer,
    l2_regularizer,
    layer_norm,
    max_pool2d,
    repeat,
    stack,
    variance_scaling_initializer,
    xavier_initializer,
)
from neurona.legacy.tensorflow.v1.train import get_or_create_global_step

__all__ = [
    "add_arg_scope",
    "arg_scope",
    "avg_pool2d",
    "batch_norm",
    "conv2d",
    "conv2d_transpose",
    "dropout",
    "flatten",
    "fully_connected",
    "get_model_variables",
    "get_or_create_global_step",
    "get_trainable_variables",
    "get_variables",
    "l1_regularizer",
    "l2_regularizer",
    "layer_norm",
    "losses",
    "max_pool2d",
    "model_variable",
    "repeat",
    "stack",
    "variable",
    "variance_scaling_initializer",
    "xavier_initializer",
]
