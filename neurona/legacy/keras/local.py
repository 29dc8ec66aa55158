"""Convolutions whose kernel differs from place to place: layers of Keras 1 and 2."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona import activations, initializers
from neurona.core.checks import integers
from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.policy import standardize_data_format


class _LocallyConnected(Layer):
    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        *rest: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        implementation: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        if rest and self.rank == 2 and isinstance(kernel_size, int):  # rows and columns one by one
            kernel_size, rest = (kernel_size, rest[0]), rest[1:]
        strides = rest[0] if rest else strides
        if padding != "valid":
            raise ArgumentError(f"{owner} takes padding='valid'. Received: {padding!r}")
        self.filters = int(filters)
        self.kernel_size = integers(kernel_size, self.rank, "kernel_size", owner)
        self.strides = integers(strides, self.rank, "strides", owner)
        self.data_format = standardize_data_format(data_format)
        self.activation, self.use_bias = activations.get(activation), use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint

    def build(self, input_shape: Any) -> None:
        first = self.data_format == "channels_first"
        channels, sizes = (
            input_shape[1 if first else -1],
            input_shape[2:] if first else input_shape[1 : 1 + self.rank],
        )
        steps = zip(sizes, self.kernel_size, self.strides)
        self._places = tuple((size - window) // stride + 1 for size, window, stride in steps)
        count, features = 1, channels
        for places, window in zip(self._places, self.kernel_size):
            count, features = count * places, features * window
        self.kernel = self.add_weight((count, features, self.filters), name="kernel")
        self.bias = None
        if self.use_bias:
            shape = (*self._places, self.filters)
            self.bias = self.add_weight(shape, name="bias")

    def call(self, inputs: Any) -> Any:
        if self.data_format == "channels_first":
            inputs = jnp.moveaxis(inputs, 1, -1)
        spatial = "HW"[: self.rank]
        layout = (f"N{spatial}C", f"{spatial}IO", f"N{spatial}C")
        patches = jax.lax.conv_general_dilated_patches(
            inputs, self.kernel_size, self.strides, "VALID", dimension_numbers=layout
        )  # features in the order (channels, window)
        channels = inputs.shape[-1]
        patches = patches.reshape(*patches.shape[:-1], channels, -1).swapaxes(-1, -2)
        rows = patches.reshape(patches.shape[0], self.kernel.shape[0], -1)
        y = jnp.einsum("npi,pio->npo", rows, self.kernel.value)
        y = y.reshape(-1, *self._places, self.filters)
        y = self.activation(y if self.bias is None else y + self.bias.value)
        return jnp.moveaxis(y, -1, 1) if self.data_format == "channels_first" else y


class LocallyConnected1D(_LocallyConnected):
    """A convolution over time with a kernel for each place."""

    rank = 1


class LocallyConnected2D(_LocallyConnected):
    """A convolution over images with a kernel for each place."""
