"""Attention of `tf.contrib.seq2seq`: mechanisms, and the cell that asks one at each step."""

from collections import namedtuple
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.legacy.tensorflow import arrays
from neurona.legacy.tensorflow.dtypes import as_dtype, float32, int32
from neurona.legacy.tensorflow.v1.building import shape
from neurona.legacy.tensorflow.v1.cells import RNNCell
from neurona.legacy.tensorflow.v1.initializers import Constant, Zeros
from neurona.legacy.tensorflow.v1.layers import Dense
from neurona.legacy.tensorflow.v1.scopes import get_variable
from neurona.legacy.tensorflow.v1.tensor import convert, draw


class _Mechanism:
    """What tells how much each step of a memory counts for a query.

    Args:
        num_units: of the keys.
        memory: the encoder's outputs, (batch, steps, features).
        memory_sequence_length: how many steps of each row count.
        probability_fn: from scores to shares; the softmax by default.
        score_mask_value: the score of a step that does not count; minus infinity by default.
        dtype: of the variables, float32.
        name: of the scope of its variables.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any,
        probability_fn: Any,
        score_mask_value: Any,
        dtype: Any,
        name: str,
    ) -> None:
        if dtype is not None and as_dtype(dtype) != float32:
            raise NotImplementedError(
                f"{type(self).__name__} has variables of float32. Received: dtype={as_dtype(dtype).name}."
            )
        self._units, self._name, self._shares = num_units, name, probability_fn
        self._hidden_score = -np.inf if score_mask_value is None else score_mask_value
        self._variables: dict[str, Any] = {}
        memory = convert(memory)
        self._lengths = memory_sequence_length
        if memory_sequence_length is not None:
            memory = draw(_masked, (memory, memory_sequence_length), default="memory")
        self.values = memory
        self.keys = Dense(num_units, use_bias=False, name="memory_layer")(memory)

    @property
    def alignments_size(self) -> Any:
        """The number of the memory's steps."""
        size = self.values.shape.as_list()[1]
        return shape(self.values)[1] if size is None else size

    @property
    def batch_size(self) -> Any:
        """The number of rows."""
        return shape(self.values)[0]

    def variable(self, name: str, size: list[int], initializer: Any = None) -> Any:
        """A variable of the mechanism, made at the first call."""
        if name not in self._variables:
            self._variables[name] = get_variable(f"{self._name}/{name}", size, float32, initializer)
        return self._variables[name]

    def score(self, query: Any) -> Any:
        """How well each step of the memory fits, (batch, steps)."""
        raise NotImplementedError

    def __call__(self, query: Any, previous: Any = None) -> Any:
        """The share of each step of the memory, (batch, steps)."""
        scores = self.score(query)
        if self._lengths is not None:
            scores = draw(_hidden, (scores, self._lengths, self._hidden_score), default="scores")
        return self._shares(scores) if self._shares else draw(_softmax, (scores,), default="alignments")


def _masked(memory: Any, lengths: Any) -> Any:
    inside = jnp.arange(memory.shape[1]) < jnp.asarray(lengths)[:, None]
    return jnp.where(inside[..., None], memory, 0)


def _hidden(scores: Any, lengths: Any, value: Any) -> Any:
    inside = jnp.arange(scores.shape[1]) < jnp.asarray(lengths)[:, None]
    return jnp.where(inside, scores, value)


def _softmax(scores: Any) -> Any:
    return jax.nn.softmax(scores, -1)


class BahdanauAttention(_Mechanism):
    """v . tanh(keys + query W) (Bahdanau et al., 2015); with `normalize`, v has the length g, and there is a
    bias.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        probability_fn: Any = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        name: str = "BahdanauAttention",
    ) -> None:
        how = probability_fn, score_mask_value, dtype, "bahdanau_attention"
        super().__init__(num_units, memory, memory_sequence_length, *how)
        self._normalizes = normalize
        self._query = Dense(num_units, use_bias=False, name="bahdanau_attention/query_layer")

    def score(self, query: Any) -> Any:
        direction = self.variable("attention_v", [self._units])
        if not self._normalizes:
            return draw(_additive, (self.keys, self._query(query), direction), default="scores")
        length = self.variable("attention_g", [], Constant(self._units**-0.5))
        bias = self.variable("attention_b", [self._units], Zeros())
        return draw(_additive, (self.keys, self._query(query), direction, length, bias), default="scores")


def _additive(keys: Any, query: Any, direction: Any, length: Any = None, bias: Any = 0) -> Any:
    if length is not None:
        direction = length * direction / jnp.sqrt(jnp.sum(jnp.square(direction)))
    return jnp.tanh(keys + query[:, None] + bias) @ direction


class LuongAttention(_Mechanism):
    """keys . query (Luong et al., 2015), times a variable where `scale`."""

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        probability_fn: Any = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        name: str = "LuongAttention",
    ) -> None:
        how = probability_fn, score_mask_value, dtype, "luong_attention"
        super().__init__(num_units, memory, memory_sequence_length, *how)
        self._scales = scale

    def score(self, query: Any) -> Any:
        units = int(query.shape[-1])
        if units != self._units:
            raise ValueError(
                f"LuongAttention multiplies queries and keys: num_units must be the cell's {units} units. "
                f"Received: num_units={self._units}."
            )
        factor = self.variable("attention_g", [], Constant(1.0)) if self._scales else 1.0
        return draw(_products, (self.keys, query, factor), default="scores")


def _products(keys: Any, query: Any, factor: Any) -> Any:
    return factor * jnp.einsum("bsu,bu->bs", keys, query)


_Parts = namedtuple(
    "_Parts", ("cell_state", "attention", "time", "alignments", "alignment_history", "attention_state")
)


class AttentionWrapperState(_Parts):
    """The state of an `AttentionWrapper`."""

    def clone(self, **changes: Any) -> "AttentionWrapperState":
        """The same with other parts."""
        return self._replace(**changes)


class AttentionWrapper(RNNCell):
    """A cell that reads the memory at each step: its input is joined by what was read at the step before.

    Args:
        cell: the cell.
        attention_mechanism: what tells how much the memory's steps count.
        attention_layer_size: the units of a dense layer over output and reading; None for the reading alone.
        output_attention: whether the output is this, or the cell's.
        initial_cell_state: the cell's first state; zeros by default.
    """

    _default_name = "attention_wrapper"

    def __init__(
        self,
        cell: Any,
        attention_mechanism: Any,
        attention_layer_size: int | None = None,
        alignment_history: bool = False,
        cell_input_fn: Any = None,
        output_attention: bool = True,
        initial_cell_state: Any = None,
        name: str | None = None,
    ) -> None:
        if alignment_history or isinstance(attention_mechanism, (list, tuple)):
            raise NotImplementedError(
                "AttentionWrapper has one mechanism and keeps the last alignments: leave out "
                "alignment_history=, and give attention_mechanism alone, not a list."
            )
        super().__init__(name=name)
        self._cell, self._mechanism, self._begins = cell, attention_mechanism, initial_cell_state
        self._joins = cell_input_fn or (lambda inputs, attention: arrays.concat([inputs, attention], -1))
        self._gives_attention = output_attention
        self._layer = None
        if attention_layer_size is not None:
            self._layer = Dense(attention_layer_size, use_bias=False, name="attention_layer")
        self._size = attention_layer_size or int(attention_mechanism.values.shape[-1])
        self.output_size = self._size if output_attention else cell.output_size
        steps = attention_mechanism.alignments_size
        self.state_size = AttentionWrapperState(cell.state_size, self._size, (), steps, (), steps)

    def zero_state(self, batch_size: Any, dtype: Any = float32) -> AttentionWrapperState:
        begun = self._begins
        if begun is None:
            begun = self._cell.zero_state(batch_size, dtype)
        attention = arrays.zeros([batch_size, self._size], dtype)
        shares = arrays.zeros([batch_size, self._mechanism.alignments_size], dtype)
        return AttentionWrapperState(begun, attention, arrays.zeros([], int32), shares, (), shares)

    def call(self, inputs: Any, state: AttentionWrapperState) -> tuple[Any, AttentionWrapperState]:
        output, after = self._cell(self._joins(inputs, state.attention), state.cell_state)
        shares = self._mechanism(output, state.attention_state)
        attention = draw(_read, (shares, self._mechanism.values), default="context")
        if self._layer is not None:
            attention = self._layer(arrays.concat([output, attention], -1))
        new = AttentionWrapperState(after, attention, state.time + 1, shares, (), shares)
        return (attention if self._gives_attention else output), new


def _read(shares: Any, memory: Any) -> Any:
    return jnp.einsum("bs,bsf->bf", shares, memory)
