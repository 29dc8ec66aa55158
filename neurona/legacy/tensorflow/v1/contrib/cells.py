"""Cells of `tf.contrib.rnn` that `tf.nn.rnn_cell` never had."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.legacy.tensorflow import arrays
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.v1.cells import LSTMStateTuple, RNNCell, affine, refuse_options
from neurona.legacy.tensorflow.v1.initializers import Constant, Zeros
from neurona.legacy.tensorflow.v1.scopes import variable_scope
from neurona.legacy.tensorflow.v1.tensor import draw


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
