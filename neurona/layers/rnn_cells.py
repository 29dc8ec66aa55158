"""Cells, each one step of a recurrence: SimpleRNNCell, LSTMCell, GRUCell, and StackedRNNCells.

A cell takes the inputs of a step and the list of its states: `cell(inputs, states) -> output, new states`.
The layers of recurrent.py run a cell along a sequence.
"""

from collections.abc import Callable
from typing import Any, Unpack

import jax
import jax.numpy as jnp
from jax import lax

from neurona import activations
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.policy import is_float
from neurona.kernels import recurrent as kernels
from neurona.kernels.activation_codes import is_known
from neurona.kernels.recurrent_steps import gru_step, gru_step_reset_before, lstm_step, simple_rnn_step
from neurona.layers.arguments import ActivationAttribute, fraction, positive
from neurona.layers.options import for_layer
from neurona.layers.recurrent_options import GRUCellOptions, LSTMCellOptions, SimpleRNNCellOptions

__all__ = [
    "GRUCell",
    "LSTMCell",
    "SimpleRNNCell",
    "StackedRNNCells",
]

Masks = list[jax.Array] | None


def scan_cell(
    step: Callable[[Any, Any], tuple[Any, Any]],
    inputs: Any,
    states: Any,
    mask: jax.Array | None,
    *,
    reverse: bool = False,
    unroll: bool = False,
    last: int = 0,
) -> tuple[Any, Any]:
    """Run a step along a sequence.

    Args:
        step: `(inputs at t, states) -> (output, states)`.
        inputs: time-major arrays.
        states: the states before the first step.
        mask: true where a step counts. Elsewhere the states stay, and the output is the first array of
            `states[last]`, or zero if that has another shape than an output.
        reverse: whether to begin at the last step.
        unroll: whether to compile the loop as straight code.
        last: the index of the states that hold the output before.

    Shapes: inputs (T, B, ...), mask (T, B, 1) -> outputs (T, B, ...), final states.

    Raises:
        ShapeError: the step gives other states than it takes.
    """
    tree = jax.tree.structure(states)

    def body(states: Any, inputs: Any) -> tuple[Any, Any]:
        x, valid = inputs
        output, new_states = step(x, states)
        old, new = jax.tree.leaves(states), jax.tree.leaves(new_states)
        if [one.shape for one in old] != [one.shape for one in new]:
            raise ShapeError(
                f"A cell's new states have the shapes of the old ones, {[one.shape for one in old]}. "
                f"Received {[one.shape for one in new]} from the cell: compare its state_size with what its "
                "call returns."
            )
        if valid is not None:
            held = jax.tree.leaves(states[last])[0]
            held = held if held.shape == output.shape else jnp.zeros_like(output)
            output = jnp.where(_over(valid, output), output, held)
            new = [jnp.where(_over(valid, after), after, before) for after, before in zip(new, old)]
        cast = [after.astype(before.dtype) for after, before in zip(new, old)]
        return jax.tree.unflatten(tree, cast), output

    final, outputs = lax.scan(body, states, (inputs, mask), reverse=reverse, unroll=unroll or 1)
    return outputs, final


def _over(mask: jax.Array, array: jax.Array) -> jax.Array:
    return mask.reshape(mask.shape[0], *(1,) * (array.ndim - 1))


class _Cell(Layer):
    """What the three cells share: weights, dropout, and a kernel for whole sequences."""

    activation = ActivationAttribute()
    _gates = 1
    _weights_with_options = ("kernel", "recurrent", "bias")
    _own_options: tuple[str, ...] = ()  # of one cell alone
    kernel_initializer: Any
    recurrent_initializer: Any
    bias_initializer: Any
    recurrent_regularizer: Any
    recurrent_constraint: Any
    recurrent_activation: Any

    def __init__(
        self, units: int, activation: Any, recurrent_activation: Any, use_bias: bool, **options: Any
    ) -> None:
        own = ("dropout", "recurrent_dropout", "seed", "implementation", *self._own_options)
        super().__init__(**for_layer(options, *self._weights_with_options, own=own))
        owner = type(self).__name__
        self.units = self.output_size = positive(units, "units", owner)
        self.state_size: Any = self.units
        self.activation, self.use_bias = activation, use_bias
        self.recurrent_activation = activations.get(recurrent_activation) if self._gates > 1 else None
        self._set_weight_options(options, *self._weights_with_options)
        self.dropout = fraction(options["dropout"], "dropout", owner)
        self.recurrent_dropout = fraction(options["recurrent_dropout"], "recurrent_dropout", owner)
        self.seed = options["seed"]
        self.implementation = 1 if self.recurrent_dropout else options.get("implementation", 2)
        for name in self._own_options:
            setattr(self, name, options[name])

    def _bias_options(self) -> tuple[tuple[int, ...], Any]:
        """The bias's shape and initializer."""
        return (self._gates * self.units,), self.bias_initializer

    def build(self, input_shape: Any) -> None:
        width = self._gates * self.units
        self.kernel = self.add_weight((input_shape[-1], width), name="kernel")
        self.recurrent_kernel = self.add_weight(
            (self.units, width),
            self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            name="recurrent_kernel",
        )
        self.bias = self.add_weight(*self._bias_options(), name="bias") if self.use_bias else None

    def get_initial_state(self, batch_size: int | None = None) -> list[jax.Array]:
        """Zeros, one array (batch, units) for each state."""
        sizes = [self.state_size] if isinstance(self.state_size, int) else self.state_size
        return [jnp.zeros((batch_size or 1, size), self.compute_dtype) for size in sizes]

    def _dropout_masks(self, rate: float, shape: tuple[int, ...], dtype: Any, training: Any) -> Masks:
        """The masks of one sequence: none, one for all gates, or one for each."""
        if not training or not rate:
            return None
        count = self._gates if self.implementation == 1 else 1
        if rate == 1:
            return [jnp.zeros(shape, dtype)] * count
        keep = 1.0 - rate
        return [
            jnp.where(jax.random.bernoulli(self._next_key(), keep, shape), 1 / keep, 0).astype(dtype)
            for _ in range(count)
        ]

    def get_dropout_mask(self, step_input: Any) -> Any:
        """The mask of the inputs in training: an array, or a list of one for each gate; None without
        dropout. In a sequence all steps get the same.
        """
        return self._one_or_many(self._dropout_masks(self.dropout, step_input.shape, step_input.dtype, True))

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """The same for a state."""
        rate = self.recurrent_dropout
        return self._one_or_many(self._dropout_masks(rate, step_input.shape, step_input.dtype, True))

    def _one_or_many(self, masks: Masks) -> Any:
        return masks[0] if masks is not None and len(masks) == 1 else masks

    def reset_dropout_mask(self) -> None:
        """Nothing: no mask is kept from one sequence to the next."""

    def reset_recurrent_dropout_mask(self) -> None:
        """Nothing: no mask is kept from one sequence to the next."""

    def _as_floats(self, inputs: Any) -> Any:
        return inputs if is_float(inputs.dtype) else inputs.astype(self.compute_dtype)

    def _project(self, inputs: Any, masks: Masks) -> jax.Array:
        """What the inputs add to all gates: x @ kernel + bias, for one step or many."""
        return _product(inputs, self.kernel.value, masks, None if self.bias is None else self.bias.value)

    def _step(self, z: jax.Array, states: Any, masks: Masks) -> tuple[jax.Array, list[jax.Array]]:
        """The output and the new states, from `_project`'s result for one step."""
        raise NotImplementedError

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[jax.Array, Any]:
        several = isinstance(states, (list, tuple))
        states, inputs = list(states) if several else [states], self._as_floats(inputs)
        input_masks = self._dropout_masks(self.dropout, inputs.shape, inputs.dtype, training)
        masks = self._dropout_masks(self.recurrent_dropout, states[0].shape, inputs.dtype, training)
        output, new = self._step(self._project(inputs, input_masks), states, masks)
        return output, new if several else new[0]

    def _sequence(
        self, inputs: jax.Array, states: list[jax.Array], mask: Any, training: Any, **how: bool
    ) -> tuple[jax.Array, list[jax.Array]]:
        """All steps: outputs and final states. The kernel computes them if it knows the activations, else
        `scan_cell`.

        Shapes: inputs (T, B, d), states (B, units) each, mask (T, B, 1) -> outputs (T, B, units).
        """
        inputs = self._as_floats(inputs)
        with self._context():
            input_masks = self._dropout_masks(self.dropout, inputs.shape[1:], inputs.dtype, training)
            masks = self._dropout_masks(self.recurrent_dropout, states[0].shape, inputs.dtype, training)
            functions = [
                function for function in (self.activation, self.recurrent_activation) if function is not None
            ]
            if masks is None and (input_masks is None or len(input_masks) == 1) and is_known(*functions):
                if input_masks is not None:
                    inputs = inputs * input_masks[0]
                bias = None if self.bias is None else self.bias.value
                outputs, final = self._kernel_function(
                    inputs, self.kernel.value, self.recurrent_kernel.value, bias, tuple(states), mask, **how
                )
                return outputs, list(final)
            return scan_cell(
                lambda z, states: self._step(z, states, masks),
                self._project(inputs, input_masks),
                states,
                mask,
                **how,
            )

    def _kernel_function(self, *args: Any, **how: bool) -> tuple[jax.Array, Any]:
        """The function of `neurona.kernels.recurrent` that does all steps."""
        raise NotImplementedError


def _product(x: jax.Array, kernel: jax.Array, masks: Masks, bias: jax.Array | None = None) -> jax.Array:
    """x @ kernel + bias, with the same dropout for all gates or another for each."""
    if masks is None or len(masks) == 1:
        return kernels.project(x if masks is None else x * masks[0], kernel, bias)
    parts = [
        kernels.project(x * mask, part, None)
        for mask, part in zip(masks, jnp.split(kernel, len(masks), axis=-1), strict=True)
    ]
    z = jnp.concatenate(parts, axis=-1)
    return z if bias is None else z + bias


class SimpleRNNCell(_Cell):
    """One step of a fully connected recurrence: h' = activation(x @ kernel + h @ recurrent_kernel + bias).

    Args:
        units: the size of the output, at least 1.
        activation: a name or function.
        use_bias: whether to add a bias.
        **options: those of `SimpleRNNCellOptions`.

    Shapes: x (batch, d), states [h (batch, units)] -> h', [h']; kernel (d, units), recurrent_kernel (units,
        units), bias (units,).

    Raises:
        ArgumentError: units is not a positive integer, or a dropout is not from 0 to 1.

    Source: Elman, Finding Structure in Time, 1990.

    Example:

        >>> output, states = SimpleRNNCell(4)(jnp.ones((2, 3)), [jnp.zeros((2, 4))])
        >>> output.shape
        (2, 4)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        **options: Unpack[SimpleRNNCellOptions],
    ) -> None:
        super().__init__(units, activation, None, use_bias, **options)

    def _step(self, z: jax.Array, states: Any, masks: Masks) -> tuple[jax.Array, list[jax.Array]]:
        def product(h: jax.Array) -> jax.Array:
            return _product(h, self.recurrent_kernel.value, masks)

        h = simple_rnn_step(z, states[0], product, self.activation)
        return h, [h]

    def _kernel_function(self, *args: Any, **how: bool) -> tuple[jax.Array, Any]:
        return kernels.simple_rnn(*args, activation=self.activation, **how)


class LSTMCell(_Cell):
    """One step of a long short-term memory: c' = f * c + i * g and h' = o * activation(c').

    The gates are i, f, o = recurrent_activation(...) and g = activation(...) of x @ kernel + h @
    recurrent_kernel + bias. Their order in the weights is i, f, g, o.

    Args:
        units: the size of the output, at least 1.
        activation: a name or function, applied to the candidate g and to the state c'.
        recurrent_activation: a name or function, applied to the gates.
        use_bias: whether to add a bias.
        **options: those of `LSTMCellOptions`.
        implementation: 2 draws one dropout mask for all gates, 1 a mask for each gate; recurrent dropout
            always means 1.

    Shapes: x (batch, d), states [h, c], each (batch, units) -> h', [h', c']; kernel (d, 4 units),
        recurrent_kernel (units, 4 units), bias (4 units,).

    Raises:
        ArgumentError: units is not a positive integer, or a dropout is not from 0 to 1.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997.

    Example:

        >>> output, (h, c) = LSTMCell(4)(jnp.ones((2, 3)), [jnp.zeros((2, 4)), jnp.zeros((2, 4))])
        >>> output.shape, c.shape
        ((2, 4), (2, 4))
    """

    _gates = 4
    _own_options = ("unit_forget_bias",)
    unit_forget_bias: bool

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        **options: Unpack[LSTMCellOptions],
    ) -> None:
        super().__init__(units, activation, recurrent_activation, use_bias, **options)
        self.state_size = [self.units, self.units]

    def _bias_options(self) -> tuple[tuple[int, ...], Any]:
        def with_open_forget_gate(shape: tuple[int, ...], dtype: Any) -> jax.Array:
            units, initial = self.units, self.bias_initializer
            return jnp.concatenate(
                [initial((units,), dtype), jnp.ones(units, dtype), initial((2 * units,), dtype)]
            )

        return (4 * self.units,), with_open_forget_gate if self.unit_forget_bias else self.bias_initializer

    def _step(self, z: jax.Array, states: Any, masks: Masks) -> tuple[jax.Array, list[jax.Array]]:
        def product(h: jax.Array) -> jax.Array:
            return _product(h, self.recurrent_kernel.value, masks)

        h, c = states
        h, c, _ = lstm_step(z, h, c, product, self.activation, self.recurrent_activation)
        return h, [h, c]

    def _kernel_function(self, *args: Any, **how: bool) -> tuple[jax.Array, Any]:
        return kernels.lstm(
            *args, activation=self.activation, recurrent_activation=self.recurrent_activation, **how
        )


class GRUCell(_Cell):
    """One step of a gated recurrent unit: h' = z * h + (1 - z) * candidate.

    z, r = recurrent_activation(x @ kernel + h @ recurrent_kernel + bias), and the candidate is activation(x_h
    + r * h_h), where x_h and h_h are the last thirds of the two products; without reset_after it is
    activation(x_h + (r * h) @ recurrent_kernel_h).

    Args:
        units: the size of the output, at least 1.
        activation: a name or function, applied to the candidate.
        recurrent_activation: a name or function, applied to the gates.
        use_bias: whether to add a bias.
        **options: those of `GRUCellOptions`.
        implementation: 2 draws one dropout mask for all gates, 1 a mask for each gate; recurrent dropout
            always means 1.

    Shapes: x (batch, d), states [h (batch, units)] -> h', [h']; kernel (d, 3 units), recurrent_kernel (units,
        3 units), bias (2, 3 units), a row for each product, or (3 units,) without reset_after.

    Raises:
        ArgumentError: units is not a positive integer, or a dropout is not from 0 to 1.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.

    Example:

        >>> output, states = GRUCell(4)(jnp.ones((2, 3)), [jnp.zeros((2, 4))])
        >>> output.shape
        (2, 4)
    """

    _gates = 3
    _own_options = ("reset_after",)
    reset_after: bool

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        **options: Unpack[GRUCellOptions],
    ) -> None:
        super().__init__(units, activation, recurrent_activation, use_bias, **options)

    def _bias_options(self) -> tuple[tuple[int, ...], Any]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,), self.bias_initializer

    def _project(self, inputs: Any, masks: Masks) -> jax.Array:
        bias = None if self.bias is None else self.bias.value
        return _product(
            inputs, self.kernel.value, masks, bias[0] if bias is not None and self.reset_after else bias
        )

    def _step(self, z: jax.Array, states: Any, masks: Masks) -> tuple[jax.Array, list[jax.Array]]:
        h, kernel, units = states[0], self.recurrent_kernel.value, self.units
        functions = self.activation, self.recurrent_activation

        def product(h: jax.Array) -> jax.Array:
            return _product(h, kernel, masks, None if self.bias is None else self.bias.value[1])

        def gate_product(h: jax.Array) -> jax.Array:
            return _product(h, kernel[:, : 2 * units], None if masks is None else masks[:2])

        def candidate_product(h: jax.Array) -> jax.Array:
            return _product(h, kernel[:, 2 * units :], None if masks is None else masks[2:])

        if self.reset_after:
            h, _ = gru_step(z, h, product, *functions)
        else:
            h, _ = gru_step_reset_before(z, h, gate_product, candidate_product, *functions)
        return h, [h]

    def _kernel_function(self, *args: Any, **how: bool) -> tuple[jax.Array, Any]:
        functions = {"activation": self.activation, "recurrent_activation": self.recurrent_activation}
        return kernels.gru(*args, reset_after=self.reset_after, **functions, **how)


class StackedRNNCells(Layer):
    """Several cells in a row: each takes the output of the previous one as its inputs.

    Args:
        cells: a list of cells, the first nearest to the inputs.

    Shapes: inputs (batch, d), states: a list of the states of each cell -> the last cell's output, the list
        of new states.

    Raises:
        ArgumentError: there is no cell, or one has no `call` or no `state_size`.

    Example:

        >>> stack = StackedRNNCells([LSTMCell(4), GRUCell(3)])
        >>> output, states = stack(jnp.ones((2, 5)), stack.get_initial_state(2))
        >>> output.shape, stack.state_size
        ((2, 3), [[4, 4], 3])
    """

    def __init__(self, cells: list[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(cells, (list, tuple)) or not cells:
            raise ArgumentError(
                f"StackedRNNCells: cells is a list of at least one cell. Received: cells={cells!r}"
            )
        for cell in cells:
            check_cell(cell, "StackedRNNCells: each of the cells")
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """The size of the last cell's output."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Zeros, a list for each cell."""
        return [initial_state(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            inputs, new = step_of(cell)(inputs, state)
            new_states.append(jax.tree.unflatten(jax.tree.structure(state), jax.tree.leaves(new)))
        return inputs, new_states

    def _sequence(
        self, inputs: jax.Array, states: list[Any], mask: Any, training: Any, **how: bool
    ) -> tuple[jax.Array, list[Any]]:
        """All steps of the first cell, then of the next: outputs of the last cell, final states of all."""
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            inputs, new = cell._sequence(inputs, state, mask, training, **how)
            new_states.append(new)
        return inputs, new_states


def check_cell(cell: Any, what: str) -> None:
    """Refuse an object that can't be used as a cell.

    Raises:
        ArgumentError: it has no `call`, or no usable `state_size`.
    """
    if not callable(getattr(cell, "call", None)) or not isinstance(
        getattr(cell, "state_size", None), (int, list, tuple)
    ):
        raise ArgumentError(
            f"{what} needs a method call(inputs, states) and an attribute state_size, an integer or a list "
            "with one for each state. "
            f"Received: {cell!r}"
        )


def has_sequence(cell: Any) -> bool:
    """Whether a cell, or each cell of a stack, computes all steps at once."""
    if type(cell) is StackedRNNCells:
        return all(map(has_sequence, cell.cells))
    # A subclass of such a cell that has another `call` may compute something else.
    for cls in type(cell).__mro__:
        if "_sequence" in vars(cls) or "call" in vars(cls):
            return "_sequence" in vars(cls)
    return False


def step_of(cell: Any) -> Callable[..., Any]:
    """The function that runs a cell: `__call__` of a layer, `call` of any other object."""
    return cell.__call__ if callable(cell) else cell.call


def output_size(cell: Any) -> int:
    """The size of a cell's output: its `output_size`, or the size of its first state."""
    size = getattr(cell, "output_size", None)
    return jax.tree.leaves(cell.state_size)[0] if size is None else size


def initial_state(cell: Any, batch_size: int | None, dtype: Any) -> list[Any]:
    """The states before the first step, as a list: of the cell's `get_initial_state`, or zeros."""
    if hasattr(cell, "get_initial_state"):
        states = cell.get_initial_state(batch_size=batch_size)
        return list(states) if isinstance(states, (list, tuple)) else [states]
    sizes = [cell.state_size] if isinstance(cell.state_size, int) else cell.state_size
    return [jnp.zeros((batch_size, size), dtype) for size in sizes]
