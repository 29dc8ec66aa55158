"""Recurrent layers: RNN carries any cell along a sequence; SimpleRNN, LSTM and GRU bring their cell."""

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any, Unpack

import jax
import jax.numpy as jnp
from jax.core import Tracer

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.random import new_key
from neurona.core.registry import snake_case
from neurona.core.scope import current_scope
from neurona.core.shapes import InputSpec
from neurona.core.spellings import older_attribute
from neurona.core.variable import Variable
from neurona.layers.recurrent_options import GRUOptions, LSTMOptions, SimpleRNNOptions
from neurona.layers.rnn_cells import (
    GRUCell,
    LSTMCell,
    SimpleRNNCell,
    StackedRNNCells,
    check_cell,
    has_sequence,
    initial_state,
    scan_cell,
    step_of,
)

_OF_BOTH = ("name", "dtype", "trainable", "autocast")  # arguments of a layer and of its cell

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "SimpleRNN",
]


class RNN(Layer):
    """Runs a cell along a sequence.

    Where a mask is false, the states stay as they are and the output is the previous one.

    Args:
        cell: a cell, or a list of cells to stack. A custom cell is a layer (or any object) with an
            attribute `state_size`, an integer or a list of them, and a method `call(inputs, states) ->
            output, new states`; it may have `output_size` and `get_initial_state(batch_size)`.
        return_sequences: whether to return the outputs of all steps, or the last one only.
        return_state: whether to return the final states after the output.
        go_backwards: whether to begin at the last step; outputs come in the order of computation.
        stateful: whether a batch begins with the final states of the previous one; needs a known batch size.
        unroll: whether to compile the loop as straight code: sometimes faster for short sequences, slower to
            compile.
        zero_output_for_mask: whether the output is zero where the mask is false.

    Call arguments:
        sequences: the inputs; or a list of the inputs and the initial states.
        initial_state: an array or a list of them; zeros, or the states kept, by default.
        mask: true where a step counts.

    Shapes: sequences (batch, time, ...), mask (batch, time), each state (batch, size) -> (batch, size) or
        (batch, time, size), then the states.

    Raises:
        ArgumentError: the cell lacks `call` or `state_size`, or the layer is stateful without a known batch
            size.
        ShapeError: an initial state or a mask has the wrong shape, or the batch size changed.

    Example:

        >>> layer = RNN([LSTMCell(4), GRUCell(3)], return_sequences=True, return_state=True)
        >>> outputs, (h, c), state = layer(jnp.ones((2, 7, 5)))
        >>> outputs.shape, c.shape, state[0].shape
        ((2, 7, 3), (2, 4), (2, 3))
    """

    supports_masking = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cell: Any = StackedRNNCells(list(cell)) if isinstance(cell, (list, tuple)) else cell
        check_cell(self.cell, f"{type(self).__name__}: the cell")
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.states: list[Any] | None = None
        self.input_spec = InputSpec(min_ndim=3)

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states."""
        size = self.cell.state_size
        return [size] if isinstance(size, int) else list(size)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        shape = sequences_shape[0] if isinstance(sequences_shape[0], (list, tuple)) else sequences_shape
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((shape[0], *shape[2:]))
        if self.stateful and self.states is None:
            if shape[0] is None:
                raise ArgumentError(
                    f"Layer {self.name!r} ({type(self).__name__}) is stateful: it keeps a state for each row "
                    "of the batch, so the batch "
                    f"size must be known. Received shape {tuple(shape)}. Begin the model with "
                    "Input(batch_shape=(batch, time, features))."
                )
            self.states = jax.tree.map(self._kept, self.get_initial_state(shape[0]))

    def _kept(self, value: jax.Array) -> Variable:
        state = Variable(
            value, dtype=self.variable_dtype, trainable=False, name="rnn_state", path=f"{self.name}/rnn_state"
        )
        state.persistent = False
        return state

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """The states before the first step: of the cell's `get_initial_state`, or zeros."""
        return initial_state(self.cell, batch_size, self.compute_dtype)

    def reset_state(self) -> None:
        """Forget the states that a stateful layer keeps: the next batch begins at zero."""
        for state in jax.tree.leaves(self.states, is_leaf=_is_variable):
            state.assign(jnp.zeros(state.shape))

    reset_states = reset_state

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = _first(mask) if self.return_sequences else None
        return [mask, *[None] * len(self.state_size)] if self.return_state else mask

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        if isinstance(sequences, (list, tuple)):
            sequences, *given = sequences
            initial_state = given or initial_state
        states = self._first_states(sequences.shape[0], initial_state)
        mask = None if mask is None else self._time_major_mask(_first(mask), sequences)
        outputs, states = self._run_cell(jnp.swapaxes(sequences, 0, 1), states, mask, training)
        outputs, states = jax.tree.map(lambda array: array.astype(self.compute_dtype), (outputs, states))
        if mask is not None and self.zero_output_for_mask:
            outputs = jnp.where(mask.reshape(*mask.shape[:2], *(1,) * (outputs.ndim - 2)), outputs, 0)
        if self.stateful:
            for kept, state in zip(
                jax.tree.leaves(self.states, is_leaf=_is_variable), jax.tree.leaves(states), strict=True
            ):
                kept.assign(state)
        if self.return_sequences:
            output = jnp.swapaxes(jnp.flip(outputs, 0) if self.go_backwards else outputs, 0, 1)
        else:
            output = outputs[0 if self.go_backwards else -1]
        return (output, *states) if self.return_state else output

    def _run_cell(
        self, inputs: jax.Array, states: list[Any], mask: Any, training: Any
    ) -> tuple[jax.Array, list[Any]]:
        cell, how = self.cell, {"reverse": self.go_backwards, "unroll": self.unroll}
        if has_sequence(cell):
            return cell._sequence(inputs, states, mask, training, **how)
        with _one_key(inputs, training):
            return scan_cell(
                step_of(cell),
                inputs,
                states,
                mask,
                last=-1 if isinstance(cell, StackedRNNCells) else 0,
                **how,
            )

    def _first_states(self, batch_size: int, given: Any) -> list[Any]:
        expected = self.get_initial_state(batch_size)
        if given is None:
            if not self.stateful:
                return expected
            given = jax.tree.map(lambda state: state.value, self.states, is_leaf=_is_variable)
        arrays, wanted = jax.tree.leaves(given), jax.tree.leaves(expected)
        shapes, sizes = [tuple(array.shape) for array in arrays], [array.shape for array in wanted]
        if shapes != sizes:
            kept = " It is stateful: every batch must have the size of the first." if self.stateful else ""
            raise ShapeError(
                f"Layer {self.name!r} ({type(self).__name__}) needs initial states of "
                f"shapes {', '.join(map(str, sizes))}, for a batch of {batch_size}. Received "
                f"{', '.join(map(str, shapes)) or 'none'}.{kept}"
            )
        cast = [jnp.asarray(array).astype(self.compute_dtype) for array in arrays]
        return jax.tree.unflatten(jax.tree.structure(expected), cast)

    def _time_major_mask(self, mask: Any, sequences: Any) -> jax.Array:
        mask = jnp.asarray(mask).astype(bool)
        if mask.shape[:2] != sequences.shape[:2]:
            raise ShapeError(
                f"Layer {self.name!r} ({type(self).__name__}) needs a mask of shape (batch, time) = "
                f"{sequences.shape[:2]}, true where a "
                f"step counts. Received shape {mask.shape}."
            )
        mask = mask.reshape(*mask.shape[:2], -1).any(-1, keepdims=True)
        return jnp.swapaxes(mask, 0, 1)


def _is_variable(value: Any) -> bool:
    return isinstance(value, Variable)


def _first(mask: Any) -> Any:
    return mask[0] if isinstance(mask, (list, tuple)) else mask


@contextlib.contextmanager
def _one_key(inputs: Any, training: Any) -> Iterator[None]:
    """A random key for a custom cell in the loop: all steps draw the same numbers, as dropout must."""
    scope = current_scope()
    if scope is None or scope.pure or scope.key is not None or not training or isinstance(inputs, Tracer):
        yield
        return
    scope.key = new_key()
    try:
        yield
    finally:
        scope.key = None


class _CellLayer(RNN):
    """An RNN that makes its cell: it takes the arguments of the cell, and reads them from the cell."""

    _cell_class: type[Layer]

    def __init__(self, **options: Any) -> None:
        owner, use_cudnn = type(self).__name__, options.pop("use_cudnn", "auto")
        if use_cudnn not in ("auto", True, False):
            raise ArgumentError(f"{owner}: use_cudnn is 'auto', True or False. Received: {use_cudnn=}")
        of_cell = [*inspect.signature(self._cell_class).parameters, "implementation"]
        cell = {name: options.pop(name) for name in of_cell if name in options}
        shared = {name: options[name] for name in ("dtype", "trainable") if name in options}
        super().__init__(
            self._cell_class(**cell, **shared, name=snake_case(self._cell_class.__name__)), **options
        )
        self.use_cudnn = use_cudnn
        self.input_spec = InputSpec(ndim=3)

    def __getattr__(self, name: str) -> Any:
        cell = self.__dict__.get("cell")
        if cell is None or name.startswith("_") or name not in cell._arguments:
            return older_attribute(self, name)
        return getattr(cell, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Options of the cell, such as `activation`, are set on the cell."""
        cell = self.__dict__.get("cell")
        own = name in self.__dict__ or name in _OF_BOTH
        target = self if cell is None or own or name not in cell._arguments else cell
        Layer.__setattr__(target, name, value)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("use_cudnn", None)  # says how, not what: another machine decides anew
        return {**config, "zero_output_for_mask": self.zero_output_for_mask}


class SimpleRNN(_CellLayer):
    """A fully connected recurrence: h_t = activation(x_t @ kernel + h_{t-1} @ recurrent_kernel + bias).

    Args:
        units: the size of the output, at least 1.
        activation: a name or function, applied to the sum.
        use_bias: whether to add a bias.
        **options: those of `SimpleRNNOptions`.
        zero_output_for_mask: whether the output is zero where the mask is false.

    Call arguments: those of `RNN`.

    Shapes: sequences (batch, time, d), mask (batch, time), the state (batch, units) -> (batch, units) or
        (batch, time, units), then the state.

    Raises:
        ArgumentError: units is not a positive integer, a dropout is not from 0 to 1, or the layer is stateful
            without a known batch size.
        ShapeError: an initial state or a mask has the wrong shape, or the batch size of a stateful layer
            changed.

    Source: Elman, Finding Structure in Time, 1990.

    Example:

        >>> SimpleRNN(4, return_sequences=True)(jnp.ones((2, 7, 3))).shape
        (2, 7, 4)
    """

    _cell_class = SimpleRNNCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        **options: Unpack[SimpleRNNOptions],
    ) -> None:
        super().__init__(units=units, activation=activation, use_bias=use_bias, **options)


class LSTM(_CellLayer):
    """Long short-term memory: c_t = f * c_{t-1} + i * g and h_t = o * activation(c_t), along a sequence.

    Args:
        units: the size of the output, at least 1.
        activation: a name or function, applied to the candidate and to the state.
        recurrent_activation: a name or function, applied to the gates.
        use_bias: whether to add a bias.
        **options: those of `LSTMOptions`.
        implementation: 2 draws one dropout mask for all gates, 1 a mask for each gate; recurrent dropout
            always means 1.
        zero_output_for_mask: whether the output is zero where the mask is false.

    Call arguments: those of `RNN`.

    Shapes: sequences (batch, time, d), mask (batch, time), states h and c (batch, units) -> (batch, units) or
        (batch, time, units), then h and c.

    Raises:
        ArgumentError: units is not a positive integer, a dropout is not from 0 to 1, or the layer is stateful
            without a known batch size.
        ShapeError: an initial state or a mask has the wrong shape, or the batch size of a stateful layer
            changed.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997.

    Example:

        >>> output, h, c = LSTM(4, return_state=True)(jnp.ones((2, 7, 3)))
        >>> output.shape, bool((output == h).all()), c.shape
        ((2, 4), True, (2, 4))
    """

    _cell_class = LSTMCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        **options: Unpack[LSTMOptions],
    ) -> None:
        super().__init__(
            units=units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            **options,
        )


class GRU(_CellLayer):
    """Gated recurrent unit: h_t = z * h_{t-1} + (1 - z) * candidate, along a sequence.

    Args:
        units: the size of the output, at least 1.
        activation: a name or function, applied to the candidate.
        recurrent_activation: a name or function, applied to the gates.
        use_bias: whether to add a bias.
        **options: those of `GRUOptions`.
        implementation: 2 draws one dropout mask for all gates, 1 a mask for each gate; recurrent dropout
            always means 1.
        zero_output_for_mask: whether the output is zero where the mask is false.

    Call arguments: those of `RNN`.

    Shapes: sequences (batch, time, d), mask (batch, time), the state (batch, units) -> (batch, units) or
        (batch, time, units), then the state.

    Raises:
        ArgumentError: units is not a positive integer, a dropout is not from 0 to 1, or the layer is stateful
            without a known batch size.
        ShapeError: an initial state or a mask has the wrong shape, or the batch size of a stateful layer
            changed.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.

    Example:

        >>> outputs, state = GRU(4, return_sequences=True, return_state=True)(jnp.ones((2, 7, 3)))
        >>> bool((outputs[:, -1] == state).all())
        True
    """

    _cell_class = GRUCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        **options: Unpack[GRUOptions],
    ) -> None:
        super().__init__(
            units=units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            **options,
        )
