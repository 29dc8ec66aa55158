"""Layers of Keras 1 and 2 under their names of then, such as Convolution2D."""

import importlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from neurona import activations, constraints, initializers, layers, ops, regularizers
from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.scope import current_scope
from neurona.core.symbolic import is_symbolic
from neurona.layers import *
from neurona.legacy.imports import submodule
from neurona.legacy.keras import embedding, sizes
from neurona.legacy.keras.experimental import AbstractRNNCell, RandomHeight, RandomWidth
from neurona.legacy.keras.local import LocallyConnected1D, LocallyConnected2D
from neurona.legacy.keras.merging import Merge, _Merge, merge  # noqa: F401 - programs derive from _Merge
from neurona.legacy.keras.parts import time_distributed_dense
from neurona.legacy.keras.recurrent import Recurrent
from neurona.legacy.spellings import tell


class _OlderName(type):
    """A class under its older name: calls make an object of today's class, which `isinstance` recognizes."""

    today: type
    spelling: Callable[..., tuple[Any, dict[str, Any]]]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if "today" not in vars(cls):  # a class of the user's that inherits from it
            return super().__call__(*args, **kwargs)
        args, kwargs = cls.spelling(*args, **kwargs)
        tell(f"{cls.__name__} is an older name of {cls.today.__name__}.")
        return cls.today(*args, **kwargs)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, vars(cls).get("today", ())) or super().__instancecheck__(instance)


def _as_written(*args: Any, **kwargs: Any) -> tuple[tuple, dict[str, Any]]:
    return args, kwargs


def _older(name: str, today: type, spelling: Callable[..., Any] = _as_written) -> Any:
    """A class of today under its older name.

    Args:
        name: the older name.
        today: the class.
        spelling: from the arguments of then to those of today.
    """

    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        args, kwargs = spelling(*args, **kwargs)
        super(cls, self).__init__(*args, **kwargs)

    body = {"__module__": __name__, "__doc__": f"`{today.__name__}`.", "__init__": start, "_kind": ""}
    cls = _OlderName(name, (today,), body)
    cls.today, cls.spelling = today, staticmethod(spelling)  # pyright: ignore[reportAttributeAccessIssue]
    return cls


_AFTER_SIZES = ("init", "activation", "weights", "border_mode", "subsample", "dim_ordering")


def spelled_by_sizes(rank: int) -> Callable[..., tuple[Any, dict[str, Any]]]:
    """Arguments of `Convolution2D(filters, rows, columns, ...)` as those of `Conv2D(filters, size, ...)`."""

    def spelling(*args: Any, **kwargs: Any) -> tuple[list[Any], dict[str, Any]]:
        numbers = [isinstance(value, int) for value in args[1 : 1 + rank]]
        if rank == 1 or len(numbers) < rank or not all(numbers):
            return list(args), kwargs
        kwargs["kernel_size"] = tuple(args[1 : 1 + rank])
        kwargs.update(zip(_AFTER_SIZES, args[1 + rank :]))
        return [args[0]], kwargs

    return spelling


class _WithFullBorders(Layer):
    """A convolution of Keras 0 and 1 with `border_mode="full"`: zeros around as far as the window reaches."""

    def call(self, inputs: Any) -> Any:
        layer: Any = self
        reach = [((size - 1) * rate,) * 2 for size, rate in zip(layer.kernel_size, layer.dilation_rate)]
        last = layer.data_format == "channels_last"
        edges = [(0, 0), *reach, (0, 0)] if last else [(0, 0), (0, 0), *reach]
        return super().call(jnp.pad(inputs, edges))


class _FullConv1D(_WithFullBorders, layers.Conv1D):
    pass


class _FullConv2D(_WithFullBorders, layers.Conv2D):
    pass


class _FullConv3D(_WithFullBorders, layers.Conv3D):
    pass


_FULL = {layers.Conv1D: _FullConv1D, layers.Conv2D: _FullConv2D, layers.Conv3D: _FullConv3D}


def with_full_borders(layer: Layer, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a convolution, which becomes one with full borders where they say so."""
    asked = next((name for name in ("border_mode", "padding") if kwargs.get(name) == "full"), None)
    if asked is None:
        return kwargs
    layer.__class__ = _FULL[type(layer)]
    return {**kwargs, asked: "valid"}


def _transposed(*args: Any, **kwargs: Any) -> tuple[list[Any], dict[str, Any]]:
    """Arguments of `Deconvolution2D`, whose output shape follows from the others today."""
    args = args[:3] if len(args) > 3 else args
    kwargs.pop("output_shape", None)
    return spelled_by_sizes(2)(*args, **kwargs)


def _of_cudnn(*args: Any, **kwargs: Any) -> tuple[tuple, dict[str, Any]]:
    kwargs.pop("unroll", None)
    return args, {**kwargs, "recurrent_activation": "sigmoid"}


def _gru_of_cudnn(*args: Any, **kwargs: Any) -> tuple[tuple, dict[str, Any]]:
    args, kwargs = _of_cudnn(*args, **kwargs)
    return args, {**kwargs, "reset_after": True}


Convolution1D = _older("Convolution1D", layers.Conv1D, spelled_by_sizes(1))
Convolution2D = _older("Convolution2D", layers.Conv2D, spelled_by_sizes(2))
Convolution3D = _older("Convolution3D", layers.Conv3D, spelled_by_sizes(3))
AtrousConvolution1D = _older("AtrousConvolution1D", layers.Conv1D, spelled_by_sizes(1))
AtrousConvolution2D = _older("AtrousConvolution2D", layers.Conv2D, spelled_by_sizes(2))
AtrousConv1D, AtrousConv2D = AtrousConvolution1D, AtrousConvolution2D
SeparableConvolution2D = _older("SeparableConvolution2D", layers.SeparableConv2D, spelled_by_sizes(2))
Deconvolution2D = _older("Deconvolution2D", layers.Conv2DTranspose, _transposed)
Deconv2D = Deconvolution2D
_time_distributed_dense = time_distributed_dense
TimeDistributedDense = _older("TimeDistributedDense", layers.Dense, sizes.of_steps)
Embedding = embedding.Embedding
PreprocessingLayer = Layer
CuDNNLSTM = _older("CuDNNLSTM", layers.LSTM, _of_cudnn)
CuDNNGRU = _older("CuDNNGRU", layers.GRU, _gru_of_cudnn)


class MaxoutDense(Layer):
    """y = max over k of (x @ kernel[k] + bias[k]): a layer of Keras 1 (Goodfellow et al., 2013)."""

    def __init__(
        self,
        output_dim: int,
        nb_feature: int = 4,
        init: Any = "glorot_uniform",
        W_regularizer: Any = None,
        b_regularizer: Any = None,
        activity_regularizer: Any = None,
        W_constraint: Any = None,
        b_constraint: Any = None,
        bias: bool = True,
        first_weights: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.first_weights = first_weights
        self.output_dim, self.nb_feature, self.init, self.bias = int(output_dim), int(nb_feature), init, bias
        self.W_regularizer, self.b_regularizer = (
            regularizers.get(W_regularizer),
            regularizers.get(b_regularizer),
        )
        self.W_constraint, self.b_constraint = constraints.get(W_constraint), constraints.get(b_constraint)

    def build(self, input_shape: Any) -> None:
        shape = (self.nb_feature, input_shape[-1], self.output_dim)
        self.W = self.add_weight(
            shape, self.init, regularizer=self.W_regularizer, constraint=self.W_constraint, name="W"
        )
        self.b = None
        if self.bias:
            self.b = self.add_weight(
                shape[::2], "zeros", regularizer=self.b_regularizer, constraint=self.b_constraint, name="b"
            )
        if self.first_weights is not None:
            self.set_weights(self.first_weights)
            self.first_weights = None  # from here on the weights are their own

    def call(self, inputs: Any) -> Any:
        y = jnp.einsum("...i,kio->...ko", inputs, self.W.value)
        return (y if self.b is None else y + self.b.value).max(axis=-2)


class Highway(Layer):
    """y = t * activation(x @ W + b) + (1 - t) * x with t = sigmoid(x @ W_carry + b_carry): a layer of Keras 1
    (Srivastava et al., 2015).
    """

    def __init__(
        self,
        init: Any = "glorot_uniform",
        activation: Any = None,
        W_regularizer: Any = None,
        b_regularizer: Any = None,
        activity_regularizer: Any = None,
        W_constraint: Any = None,
        b_constraint: Any = None,
        bias: bool = True,
        transform_bias: float | None = None,
        first_weights: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.first_weights = first_weights
        self.init, self.activation, self.bias = init, activations.get(activation), bias
        self.transform_bias = -2 if transform_bias is None else transform_bias
        self.W_regularizer, self.b_regularizer = (
            regularizers.get(W_regularizer),
            regularizers.get(b_regularizer),
        )
        self.W_constraint, self.b_constraint = constraints.get(W_constraint), constraints.get(b_constraint)

    def build(self, input_shape: Any) -> None:
        size = input_shape[-1]
        of_kernel = {"regularizer": self.W_regularizer, "constraint": self.W_constraint}
        of_bias = {"regularizer": self.b_regularizer, "constraint": self.b_constraint}
        self.W = self.add_weight((size, size), self.init, name="W", **of_kernel)
        self.W_carry = self.add_weight((size, size), self.init, name="W_carry")
        if self.bias:
            self.b = self.add_weight((size,), "zeros", name="b", **of_bias)
            start = initializers.Constant(self.transform_bias)
            self.b_carry = self.add_weight((size,), start, name="b_carry")
        if self.first_weights is not None:
            self.set_weights(self.first_weights)
            self.first_weights = None  # from here on the weights are their own

    def call(self, inputs: Any) -> Any:
        y, t = inputs @ self.W.value, inputs @ self.W_carry.value
        if self.bias:
            y, t = y + self.b.value, t + self.b_carry.value
        t = jax.nn.sigmoid(t)
        return t * self.activation(y) + (1 - t) * inputs


class SReLU(Layer):
    """y = x between two learned thresholds, and linear with learned slopes beyond: a layer of Keras 1
    (Jin et al., 2016).
    """

    def __init__(
        self,
        t_left_init: Any = "zeros",
        a_left_init: Any = "glorot_uniform",
        t_right_init: Any = "glorot_uniform",
        a_right_init: Any = "ones",
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.first = (t_left_init, a_left_init, t_right_init, a_right_init)
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else list(shared_axes or [])

    def build(self, input_shape: Any) -> None:
        sizes = enumerate(input_shape[1:], start=1)
        shape = tuple(1 if axis in self.shared_axes else size for axis, size in sizes)
        names = ("t_left", "a_left", "t_right", "a_right")
        self.t_left, self.a_left, self.t_right, self.a_right = (
            self.add_weight(shape, first, name=name) for name, first in zip(names, self.first)
        )

    def call(self, inputs: Any) -> Any:
        left, right = self.t_left.value, self.t_left.value + jnp.abs(self.t_right.value)
        below = left + self.a_left.value * (inputs - left)
        above = right + self.a_right.value * (inputs - right)
        return jnp.where(inputs <= left, below, jnp.where(inputs < right, inputs, above))


class TimeDistributedMerge(Layer):
    """The sum, mean or maximum over the steps of sequences: a layer of Keras 0."""

    def __init__(self, mode: str = "sum", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if mode not in ("sum", "ave", "max"):
            raise ArgumentError(f"TimeDistributedMerge: mode is 'sum', 'ave' or 'max'. Received: {mode!r}")
        self.mode = mode

    def call(self, inputs: Any) -> Any:
        return {"sum": jnp.sum, "ave": jnp.mean, "max": jnp.max}[self.mode](inputs, axis=1)


class AutoEncoder(Layer):
    """decoder(encoder(x)), or the codes alone, encoder(x): a layer of Keras 0."""

    def __init__(self, encoder: Any, decoder: Any, output_reconstruction: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.output_reconstruction = encoder, decoder, output_reconstruction

    def call(self, inputs: Any) -> Any:
        codes = self.encoder(inputs)
        return self.decoder(codes) if self.output_reconstruction else codes


class ParametricSoftplus(Layer):
    """y = alpha * log(1 + exp(beta * x)), with both learned: a layer of Keras 1."""

    def __init__(self, alpha_init: float = 0.2, beta_init: float = 5.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha_init, self.beta_init = float(alpha_init), float(beta_init)

    def build(self, input_shape: Any) -> None:
        first = initializers.Constant
        self.alpha = self.add_weight(input_shape[1:], first(self.alpha_init), name="alpha")
        self.beta = self.add_weight(input_shape[1:], first(self.beta_init), name="beta")

    def call(self, inputs: Any) -> Any:
        return self.alpha.value * jax.nn.softplus(self.beta.value * inputs)


class ThresholdedReLU(Layer):
    """y = x for x > theta, else 0: a layer of Keras 1 and 2."""

    supports_masking = True

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theta = float(theta)

    def call(self, inputs: Any) -> Any:
        return jnp.where(inputs > self.theta, inputs, 0).astype(inputs.dtype)


def _take_weights(layer: Any, weights: list[Any]) -> None:
    """`self.trainable_weights = [...]` of a layer of Keras 1: hold those that it does not hold yet."""
    held = {id(variable) for variable in layer.weights}
    layer._weights.extend(variable for variable in weights if id(variable) not in held)


def _add_loss(layer: Any, losses: Any, inputs: Any = None) -> None:
    """`add_loss` of Keras 2, which also took lists, and the tensors that a loss depends on."""
    scope = current_scope()
    for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
        if is_symbolic(loss) and scope is not None:  # of tensors of the model from around the layer
            scope.losses.append(ops.sum(loss))
        else:
            _add_one_loss(layer, loss)


_add_one_loss = Layer.add_loss
type.__setattr__(Layer, "add_loss", _add_loss)
# A layer of today finds its weights in its attributes; those of Keras 1 also listed them.
_weights: Any = Layer.trainable_weights
type.__setattr__(Layer, "trainable_weights", _weights.setter(_take_weights))
_frozen: Any = Layer.non_trainable_weights
type.__setattr__(Layer, "non_trainable_weights", _frozen.setter(_take_weights))
# Losses of parts, which programs added to the layer's own, are found where the parts are.
_losses: Any = Layer.losses
type.__setattr__(Layer, "losses", _losses.setter(lambda layer, losses: None))

__all__ = [
    *layers.__all__,
    "AbstractRNNCell",
    "AtrousConv1D",
    "AtrousConv2D",
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "AutoEncoder",
    "CuDNNGRU",
    "CuDNNLSTM",
    "Deconv2D",
    "Deconvolution2D",
    "Highway",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "MaxoutDense",
    "Merge",
    "ParametricSoftplus",
    "RandomHeight",
    "RandomWidth",
    "Recurrent",
    "SReLU",
    "SeparableConvolution2D",
    "ThresholdedReLU",
    "TimeDistributedDense",
    "TimeDistributedMerge",
    "merge",
]


def __getattr__(name: str) -> Any:
    if name == "DenseFeatures":  # of TensorFlow's columns
        return importlib.import_module("neurona.legacy.tensorflow.feature_column").DenseFeatures
    return submodule(__name__, name)
