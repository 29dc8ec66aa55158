"""ConvLSTM: a long short-term memory whose products are convolutions, for sequences of pictures."""

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from neurona.core.checks import integers
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import standardize_data_format
from neurona.core.shapes import InputSpec
from neurona.layers.arguments import choice, positive
from neurona.layers.options import ActivityRegularizer
from neurona.layers.recurrent import _CellLayer
from neurona.layers.recurrent_options import (
    ForgetBias,
    LSTMCellOptions,
    RecurrentConstraints,
    RecurrentDropout,
    RecurrentOptions,
    RecurrentRegularizers,
    RecurrentStart,
    Seed,
    SequenceOptions,
)
from neurona.layers.rnn_cells import LSTMCell, Masks, scan_cell
from neurona.ops.windows import conv

__all__ = [
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
]


class ConvLSTMCell(LSTMCell):
    """One step of a `ConvLSTM2D` or its relatives.

    Args:
        rank: the number of spatial dimensions.
        filters: the channels of the output.
        kernel_size: of both kernels, one integer or one for each dimension.
        strides, padding, dilation_rate: of the convolution of the inputs.
        data_format: "channels_last" or "channels_first".
        activation, recurrent_activation, use_bias: as of `LSTMCell`.
        **options: those of `LSTMCellOptions`.

    Shapes: x (batch, space..., channels), states [h, c], each (batch, new space..., filters) -> h', [h', c'].

    Raises:
        ArgumentError: a size is not a positive integer, or strides and dilation are both above 1.
        ShapeError: a size of the input is unknown.

    Source: Shi et al., Convolutional LSTM Network, 2015.

    Example:

        >>> cell = ConvLSTMCell(2, 3, 3, padding="same")
        >>> cell.build((None, 5, 5, 1))
        >>> output, states = cell(jnp.ones((2, 5, 5, 1)), cell.get_initial_state(2))
        >>> output.shape
        (2, 5, 5, 3)
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        **options: Unpack[LSTMCellOptions],
    ) -> None:
        super().__init__(
            positive(filters, "filters", "ConvLSTM"), activation, recurrent_activation, use_bias, **options
        )
        self.rank, self.filters, self.implementation = rank, self.units, 1
        self.kernel_size = integers(kernel_size, rank, "kernel_size", "ConvLSTM")
        self.strides = integers(strides, rank, "strides", "ConvLSTM")
        self.dilation_rate = integers(dilation_rate, rank, "dilation_rate", "ConvLSTM")
        self.padding = choice(padding, ("valid", "same"), "padding", "ConvLSTM")
        self.data_format = standardize_data_format(data_format)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ArgumentError(
                "ConvLSTM: strides and dilation_rate are not both above 1. Received: "
                f"strides={self.strides}, dilation_rate={self.dilation_rate}"
            )

    def build(self, input_shape: Any) -> None:
        last = self.data_format == "channels_last"
        space, channels = (input_shape[1:-1], input_shape[-1]) if last else (input_shape[2:], input_shape[1])
        if None in (*space, channels):
            raise ShapeError(
                f"ConvLSTM needs the sizes of its pictures, for its states. Received: {tuple(input_shape)}. "
                "Give them with Input((time, height, width, channels))."
            )
        self._space = tuple(map(self._size_after, space, self.kernel_size, self.strides, self.dilation_rate))
        gates = 4 * self.filters
        self.kernel = self.add_weight((*self.kernel_size, channels, gates), name="kernel")
        self.recurrent_kernel = self.add_weight(
            (*self.kernel_size, self.filters, gates),
            self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            name="recurrent_kernel",
        )
        self.bias = self.add_weight(*self._bias_options(), name="bias") if self.use_bias else None

    def _size_after(self, size: int, kernel: int, stride: int, dilation: int) -> int:
        lost = 0 if self.padding == "same" else (kernel - 1) * dilation
        return (size - lost - 1) // stride + 1

    @property
    def _channels(self) -> int:
        return -1 if self.data_format == "channels_last" else -self.rank - 1

    def get_initial_state(self, batch_size: int | None = None) -> list[jax.Array]:
        """Zeros, for the output and the memory."""
        last = self.data_format == "channels_last"
        rest = (*self._space, self.filters) if last else (self.filters, *self._space)
        return [jnp.zeros((batch_size or 1, *rest), self.compute_dtype) for _ in range(2)]

    def _product(self, x: Any, kernel: Any, masks: Masks, **how: Any) -> Any:
        """A convolution for all gates, with another dropout mask for each."""
        how["data_format"] = self.data_format
        if masks is None:
            return conv(x, kernel, **how)
        parts = jnp.split(kernel, 4, axis=-1)
        return jnp.concatenate(
            [conv(x * mask, part, **how) for mask, part in zip(masks, parts, strict=True)], self._channels
        )

    def _project(self, inputs: Any, masks: Masks) -> jax.Array:
        how = {"strides": self.strides, "padding": self.padding, "dilation_rate": self.dilation_rate}
        z = self._product(inputs, self.kernel.value, masks, **how)
        if self.bias is None:
            return z
        bias = self.bias.value
        return z + (bias if self.data_format == "channels_last" else bias.reshape(-1, *(1,) * self.rank))

    def _step(self, z: jax.Array, states: Any, masks: Masks) -> tuple[jax.Array, list[jax.Array]]:
        h, c = states
        z = z + self._product(h, self.recurrent_kernel.value, masks, padding="same")
        i, f, g, o = jnp.split(z, 4, axis=self._channels)
        i, f, o = (self.recurrent_activation(gate) for gate in (i, f, o))
        c = f * c + i * self.activation(g)
        h = o * self.activation(c)
        return h, [h, c]

    def _sequence(
        self, inputs: jax.Array, states: list[jax.Array], mask: Any, training: Any, **how: bool
    ) -> tuple[jax.Array, list[jax.Array]]:
        """All steps: the inputs' convolutions of all times at once, then the recurrence."""
        inputs = self._as_floats(inputs)
        with self._context():
            input_masks = self._dropout_masks(self.dropout, inputs.shape[1:], inputs.dtype, training)
            masks = self._dropout_masks(self.recurrent_dropout, states[0].shape, inputs.dtype, training)
            if input_masks is None:
                flat = self._project(inputs.reshape(-1, *inputs.shape[2:]), None)
                z = flat.reshape(*inputs.shape[:2], *flat.shape[1:])
            else:
                z = jax.vmap(lambda x: self._project(x, input_masks))(inputs)
            return scan_cell(lambda z, states: self._step(z, states, masks), z, states, mask, **how)


class ConvLSTMOptions(
    RecurrentStart,
    ForgetBias,
    RecurrentRegularizers,
    ActivityRegularizer,
    RecurrentConstraints,
    RecurrentDropout,
    Seed,
    SequenceOptions,
    RecurrentOptions,
):
    """Options of ConvLSTM1D and its relatives."""


class _ConvLSTM(_CellLayer):
    """An RNN with a ConvLSTMCell."""

    _cell_class = ConvLSTMCell
    _rank = 2

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(rank=self._rank, **options)
        self.input_spec = InputSpec(ndim=self._rank + 3)


class ConvLSTM1D(_ConvLSTM):
    """A long short-term memory along a sequence of rows with channels; its products are convolutions.

    Args:
        filters: the channels of the output.
        kernel_size: of the convolutions of the inputs and of the state.
        strides, padding, dilation_rate: of the convolution of the inputs; that of the state is "same".
        data_format: "channels_last" or "channels_first".
        activation: a name or function, applied to the candidate and to the memory.
        recurrent_activation: a name or function, applied to the gates.
        use_bias: whether to add a bias.
        **options: those of `ConvLSTMOptions`.

    Call arguments: those of `RNN`.

    Shapes: (batch, time, size, channels) -> (batch, new size, filters), or with the time.

    Raises:
        ArgumentError: a size is not a positive integer, or strides and dilation are both above 1.
        ShapeError: a size of the rows is unknown.

    Source: Shi et al., Convolutional LSTM Network, 2015.

    Example:

        >>> ConvLSTM1D(3, 2)(jnp.ones((2, 4, 6, 1))).shape
        (2, 5, 3)
    """

    _rank = 1

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        **options: Unpack[ConvLSTMOptions],
    ) -> None:
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            **options,
        )


class ConvLSTM2D(ConvLSTM1D):
    """A long short-term memory along a sequence of pictures; its products are convolutions.

    Args:
        rank: the number of spatial dimensions.
        filters: the channels of the output.
        kernel_size: of both kernels, one integer or one for each dimension.
        strides, padding, dilation_rate: of the convolution of the inputs.
        data_format: "channels_last" or "channels_first".
        activation, recurrent_activation, use_bias: as of `LSTMCell`.
        **options: those of `LSTMCellOptions`.

    Call arguments: those of `RNN`.

    Shapes: (batch, time, height, width, channels) -> (batch, new height, new width, filters), or with the
        time.

    Source: Shi et al., Convolutional LSTM Network, 2015.

    Example:

        >>> ConvLSTM2D(3, 3, padding="same", return_sequences=True)(jnp.ones((2, 4, 5, 6, 1))).shape
        (2, 4, 5, 6, 3)
    """

    _rank = 2


class ConvLSTM3D(ConvLSTM1D):
    """A long short-term memory along a sequence of volumes; its products are convolutions.

    Args:
        rank: the number of spatial dimensions.
        filters: the channels of the output.
        kernel_size: of both kernels, one integer or one for each dimension.
        strides, padding, dilation_rate: of the convolution of the inputs.
        data_format: "channels_last" or "channels_first".
        activation, recurrent_activation, use_bias: as of `LSTMCell`.
        **options: those of `LSTMCellOptions`.

    Call arguments: those of `RNN`.

    Shapes: (batch, time, depth, height, width, channels) -> (batch, new depth, new height, new width,
        filters), or with the time.

    Source: Shi et al., Convolutional LSTM Network, 2015.

    Example:

        >>> ConvLSTM3D(2, 2)(jnp.ones((1, 2, 3, 3, 3, 1))).shape
        (1, 2, 2, 2, 2)
    """

    _rank = 3
