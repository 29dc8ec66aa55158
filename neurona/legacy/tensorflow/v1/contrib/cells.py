"""Cells of `tf.contrib.rnn` that `tf.nn.rnn_cell` never had."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.legacy.tensorflow import arrays, nn
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.dtypes import float32
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.v1.cells import LSTMStateTuple, RNNCell, affine, refuse_options
from neurona.legacy.tensorflow.v1.initializers import Constant, Zeros
from neurona.legacy.tensorflow.v1.scopes import variable_scope
from neurona.legacy.tensorflow.v1.tensor import draw
from neurona.messages import translated


class NASCell(RNNCell):
    """The cell that a search found (Zoph and Le, 2017, figure 8)."""

    _default_name = "nas_cell"

    def __init__(
        self,
        num_units: int,
        num_proj: int | None = None,
        use_biases: bool = False,
        reuse: Any = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(reuse, name, **options)
        self._units, self._projected, self._has_biases = int(num_units), num_proj, use_biases
        self.output_size = int(num_proj or num_units)
        self.state_size = LSTMStateTuple(self._units, self.output_size)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        memory, before = state
        wide = 8 * self._units
        kernel = self.variable("recurrent_kernel", [self.output_size, wide])
        of_inputs = self.variable("kernel", [int(inputs.shape[-1]), wide])
        bias = self.variable("bias", [wide], Zeros()) if self._has_biases else 0.0
        new, output = draw(_nas, (inputs, before, memory, of_inputs, kernel, bias), default="nas")
        if self._projected:
            projection = self.variable("projection_weights", [self._units, self._projected])
            output = draw(jnp.matmul, (output, projection))
        return output, LSTMStateTuple(new, output)


def _nas(x: Any, h: Any, c: Any, of_inputs: Any, kernel: Any, bias: Any) -> Any:
    given, own = jnp.split(x @ of_inputs, 8, 1), jnp.split(h @ kernel + bias, 8, 1)
    sums = [one + other for one, other in zip(given, own, strict=True)]
    sigmoid, tanh = jax.nn.sigmoid, jnp.tanh
    first = tanh(tanh(sigmoid(sums[0]) * jax.nn.relu(sums[1])) + c)
    second = tanh(sigmoid(sums[2]) + jax.nn.relu(given[3] * own[3]))
    third = tanh(tanh(sums[4]) * sigmoid(sums[5]))
    fourth = sigmoid(tanh(sums[6]) + sigmoid(sums[7]))
    new = first * second
    return new, tanh(new * tanh(third + fourth))


class UGRNNCell(RNNCell):
    """The update gate cell (Collins et al., 2017): h <- g h + (1 - g) tanh([x, h] W + b)."""

    _default_name = "ugrnn_cell"

    def __init__(
        self,
        num_units: int,
        initializer: Any = None,
        forget_bias: float = 1.0,
        activation: Any = numbers.tanh,
        reuse: Any = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(reuse, name, **options)
        self.state_size = self.output_size = int(num_units)
        self._initializer, self._forget_bias, self._activation = initializer, forget_bias, activation

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        size = int(inputs.shape[-1]) + self.output_size
        kernel = self.variable("kernel", [size, 2 * self.output_size], self._initializer)
        bias = self.variable("bias", [2 * self.output_size], Zeros())
        parts = draw(affine, (arrays.concat([inputs, state], 1), kernel, bias), default="BiasAdd")
        gate, candidate = arrays.split(parts, 2, 1)
        gate = numbers.sigmoid(gate + self._forget_bias)
        new = gate * state + (1.0 - gate) * self._activation(candidate)
        return new, new


class HighwayWrapper(RNNCell):
    """A cell whose outputs are mixed with its inputs by a gate (Srivastava et al., 2015)."""

    def __init__(self, cell: Any, couple_carry_transform_gates: bool = True, **options: Any) -> None:
        super().__init__()
        if not couple_carry_transform_gates:
            raise NotImplementedError("HighwayWrapper is here with couple_carry_transform_gates=True alone.")
        self._cell, self._bias = cell, options.pop("carry_bias_init", 1.0)
        refuse_options(self, options)
        self.state_size, self.output_size = cell.state_size, cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        return self._cell.zero_state(batch_size, *(() if dtype is None else (dtype,)))

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        outputs, state = self._cell(inputs, state, scope)
        units = int(inputs.shape[-1])
        with variable_scope("carry_0") as self._scope:
            kernel = self.variable("carry/kernel", [units, units])
            bias = self.variable("carry/bias", [units], Constant(self._bias))
        carry = numbers.sigmoid(draw(affine, (inputs, kernel, bias), default="BiasAdd"))
        return inputs * carry + outputs * (1.0 - carry), state


class AttentionCellWrapper(RNNCell):
    """A cell that attends to its own last outputs (Bahdanau and others, 2014, section 3.1).

    Args:
        cell: the cell.
        attn_length: how many outputs it looks back at.
        attn_size: the width of an output; the cell's by default.
        attn_vec_size: the width in which they are compared; attn_size by default.
        input_size: the width of what the cell gets; that of the inputs by default.

    Raises:
        ValueError: attn_length is not positive, or the state is to be one tensor.
    """

    _default_name = "attention_cell_wrapper"

    def __init__(
        self,
        cell: RNNCell,
        attn_length: int,
        attn_size: int | None = None,
        attn_vec_size: int | None = None,
        input_size: int | None = None,
        state_is_tuple: bool = True,
        reuse: Any = None,
    ) -> None:
        super().__init__(reuse)
        if attn_length <= 0:
            raise ValueError(
                translated(f"AttentionCellWrapper: attn_length is positive. Received: {attn_length}")
            )
        if not state_is_tuple:
            raise ValueError(translated("AttentionCellWrapper has state_is_tuple=True alone here."))
        self._cell, self._length, self._input_size = cell, attn_length, input_size
        self.output_size = int(attn_size or cell.output_size)
        self._compared = int(attn_vec_size or self.output_size)
        self.state_size = (cell.state_size, self.output_size, self.output_size * attn_length)

    def _linear(self, parts: list[Any], size: int, scope: str) -> Any:
        joined = arrays.concat(parts, 1)
        kernel = self.variable(f"{scope}kernel", [int(joined.shape[-1]), size])
        bias = self.variable(f"{scope}bias", [size], Zeros())
        return draw(affine, (joined, kernel, bias), default="BiasAdd")

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        state, seen, before = state
        rows = arrays.reshape(before, [-1, self._length, self.output_size])
        size = self._input_size or int(inputs.shape[-1])
        output, new = self._cell(self._linear([inputs, seen], size, ""), state)
        query = self._linear(jax.tree.leaves(new, is_leaf=_is_tensor), self._compared, "attention/")
        kernel = self.variable("attention/attn_w", [1, 1, self.output_size, self._compared])
        weights = self.variable("attention/attn_v", [self._compared])
        seen = draw(_attended, (rows, query, kernel, weights), default="attention")
        output = self._linear([output, seen], self.output_size, "attn_output_projection/")
        rows = arrays.concat([rows[:, 1:], arrays.expand_dims(output, 1)], 1)
        return output, (new, seen, arrays.reshape(rows, [-1, self._length * self.output_size]))


def _is_tensor(one: Any) -> bool:
    return hasattr(one, "graph_nodes")


def _attended(rows: Any, query: Any, kernel: Any, weights: Any) -> Any:
    scores = (weights * jnp.tanh(rows @ kernel[0, 0] + query[:, None])).sum(-1)
    return (jax.nn.softmax(scores, -1)[..., None] * rows).sum(1)


class ConvLSTMCell(RNNCell):
    """A cell of LSTM whose products are convolutions (Shi et al., 2015)."""

    _default_name = "conv_lstm_cell"

    def __init__(
        self,
        conv_ndims: int,
        input_shape: Any,
        output_channels: int,
        kernel_shape: Any,
        use_bias: bool = True,
        skip_connection: bool = False,
        forget_bias: float = 1.0,
        initializers: Any = None,
        name: str | None = None,
    ) -> None:
        if conv_ndims != len(input_shape) - 1:
            raise ValueError(
                f"Invalid input_shape {input_shape} for conv_ndims={conv_ndims}: give the sizes and the "
                "channels."
            )
        super().__init__(None, name)
        self._channels, self._kernel, self._has_bias = int(output_channels), list(kernel_shape), use_bias
        self._skips, self._forget = skip_connection, forget_bias
        sizes = [int(size) for size in input_shape]
        memory = TensorShape([*sizes[:-1], self._channels])
        self.state_size = LSTMStateTuple(memory, memory)
        shown = self._channels + (sizes[-1] if skip_connection else 0)
        self.output_size = TensorShape([*sizes[:-1], shown])

    def zero_state(self, batch_size: Any, dtype: Any = float32) -> Any:
        shape = [batch_size, *self.state_size.c.as_list()]
        return LSTMStateTuple(*(arrays.zeros(shape, dtype) for _ in range(2)))

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        memory, hidden = state
        wide = int(inputs.shape[-1]) + self._channels
        kernel = self.variable("kernel", [*self._kernel, wide, 4 * self._channels])
        sums = nn.convolution(arrays.concat([inputs, hidden], -1), kernel, padding="SAME")
        if self._has_bias:
            sums = sums + self.variable("biases", [4 * self._channels], Zeros())
        new, output = draw(_gated, (sums, memory, self._forget), default="gates")
        shown = arrays.concat([output, inputs], -1) if self._skips else output
        return shown, LSTMStateTuple(new, output)


def _gated(sums: Any, memory: Any, forget_bias: float) -> Any:
    gate, new, forget, out = jnp.split(sums, 4, -1)
    memory = jax.nn.sigmoid(forget + forget_bias) * memory + jax.nn.sigmoid(gate) * jnp.tanh(new)
    return memory, jnp.tanh(memory) * jax.nn.sigmoid(out)


def _of_rank(rank: int) -> type[ConvLSTMCell]:
    def __init__(self: Any, *args: Any, name: str | None = None, **options: Any) -> None:
        ConvLSTMCell.__init__(self, rank, *args, name=name or f"conv_{rank}d_lstm_cell", **options)

    fields = {"__init__": __init__, "__doc__": f"`ConvLSTMCell` of {rank} axes."}
    return type(f"Conv{rank}DLSTMCell", (ConvLSTMCell,), fields)


Conv1DLSTMCell, Conv2DLSTMCell, Conv3DLSTMCell = map(_of_rank, (1, 2, 3))
