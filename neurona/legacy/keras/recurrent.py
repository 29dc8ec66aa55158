"""The inner methods of recurrent layers in Keras 1 and before Keras 2.1, and the base that programs derived
their own layers from.

A layer's `call` runs its `step(x, states) -> output, new states` along the sequence, over inputs that
`preprocess_input` has seen; `states` end with what `get_constants` gives.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from neurona import layers
from neurona.core.layer import Layer
from neurona.core.shapes import InputSpec
from neurona.legacy.keras import backend as K


class Recurrent(Layer):
    """The base of recurrent layers: a program defines `build` and `step(x, states)`, and `units`, or
    `output_dim`, as an attribute.
    """

    supports_masking = True

    def __init__(
        self,
        weights: Any = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        implementation: int = 0,
        **kwargs: Any,
    ) -> None:
        for name in ("consume_less", "input_length", "recurrent_dropout"):
            kwargs.pop(name, None)
        super().__init__(**kwargs)
        self.first_weights = weights
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll
        self.implementation, self.states = implementation, [None]
        self.input_spec = [InputSpec(ndim=3)]

    @property
    def _size(self) -> int:
        return getattr(self, "units", None) or getattr(self, "output_dim")  # noqa: B009 - the program's attribute

    def step(self, x: Any, states: Any) -> tuple[Any, list[Any]]:
        """One step: the program's."""
        raise NotImplementedError(f"{type(self).__name__} needs a method step(x, states).")

    def preprocess_input(self, x: Any, training: Any = None) -> Any:
        """What is computed for all steps at once."""
        return x

    def get_constants(self, inputs: Any, training: Any = None) -> list[Any]:
        """What every step gets after the states."""
        return []

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """Zeros, one state after another."""
        if type(self).get_initial_states is not Recurrent.get_initial_states:
            return self.get_initial_states(inputs)
        zeros = K.sum(K.zeros_like(inputs), axis=(1, 2))
        return [K.tile(K.expand_dims(zeros), [1, self._size]) for _ in self.states]

    def get_initial_states(self, inputs: Any) -> list[Any]:
        """The name of Keras 1."""
        return self.get_initial_state(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = input_shape[0] if isinstance(input_shape[0], (list, tuple)) else input_shape
        return (*shape[: 2 if self.return_sequences else 1], self._size)

    get_output_shape_for = compute_output_shape

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        return mask if self.return_sequences else None

    def call(self, inputs: Any, mask: Any = None, training: Any = None, initial_state: Any = None) -> Any:
        if isinstance(inputs, (list, tuple)):
            inputs, *given = inputs
            initial_state = given or initial_state
        kept = self.states if self.stateful and self.states[0] is not None else None
        states = initial_state or kept or self.get_initial_state(inputs)
        last, outputs, states = K.rnn(
            self.step,
            self.preprocess_input(inputs),
            list(states) if isinstance(states, (list, tuple)) else [states],
            go_backwards=self.go_backwards,
            mask=mask[0] if isinstance(mask, (list, tuple)) else mask,
            constants=self.get_constants(inputs),
            unroll=self.unroll,
        )
        result = outputs if self.return_sequences else last
        return [result, *states] if self.return_state else result

    def reset_states(self, states: Any = None) -> None:
        """Begin a stateful layer's states afresh."""
        for state in self.states:
            if state is not None:
                state.assign(jnp.zeros(state.shape))


def _states_of(layer: Any) -> list[int]:
    size = layer.cell.state_size
    return list(size) if isinstance(size, (list, tuple)) else [size]


def step(layer: Any, x: Any, states: Any) -> tuple[Any, list[Any]]:
    """A step of a recurrent layer of today, on inputs that nothing was done to."""
    output, new = layer.cell(x, list(states)[: len(_states_of(layer))])
    return output, list(new) if isinstance(new, (list, tuple)) else [new]


def preprocess_input(layer: Any, x: Any, training: Any = None, train: Any = None) -> Any:
    """The inputs themselves: today a step multiplies them."""
    return x


def get_constants(layer: Any, inputs: Any, training: Any = None) -> list[Any]:
    """Nothing: a cell of today keeps its dropout by itself."""
    return []


def get_initial_states(layer: Any, inputs: Any) -> list[Any]:
    """Zeros for each row of the inputs."""
    zeros = K.sum(K.zeros_like(inputs), axis=(1, 2))
    return [K.tile(K.expand_dims(zeros), [1, size]) for size in _states_of(layer)]


def get_output_shape_for(layer: Any, input_shape: Any) -> Any:
    """The shape of the output: `compute_output_shape` of Keras 1."""
    return layer.compute_output_shape(input_shape)


_INNER = {one.__name__: one for one in (step, preprocess_input, get_constants, get_initial_states)}


def _with_own_step(call: Callable[..., Any]) -> Callable[..., Any]:
    """The `call` of LSTM, GRU and SimpleRNN, where a program's class has inner methods of its own."""

    @functools.wraps(call)
    def wrapper(self: Any, sequences: Any, *args: Any, **kwargs: Any) -> Any:
        if all(getattr(type(self), name) is method for name, method in _INNER.items()):
            return call(self, sequences, *args, **kwargs)
        options = {**dict(zip(("initial_state", "mask"), args)), **kwargs}
        sequences, states = sequences if isinstance(sequences, (list, tuple)) else (sequences, None)
        last, outputs, states = K.rnn(
            self.step,
            self.preprocess_input(sequences),
            options.get("initial_state") or states or self.get_initial_states(sequences),
            go_backwards=self.go_backwards,
            mask=options.get("mask"),
            constants=self.get_constants(sequences),
        )
        result = outputs if self.return_sequences else last
        return [result, *states] if self.return_state else result

    return wrapper


def install() -> None:
    """Give recurrent layers their inner methods of Keras 1, and every layer `get_output_shape_for`."""
    type.__setattr__(Layer, "get_output_shape_for", get_output_shape_for)
    for cls in (layers.LSTM, layers.GRU, layers.SimpleRNN):
        for name, method in _INNER.items():
            type.__setattr__(cls, name, method)
        type.__setattr__(cls, "call", _with_own_step(cls.call))
