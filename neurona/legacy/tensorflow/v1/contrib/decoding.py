"""Decoders of `tf.contrib.seq2seq`: step by step, over inputs that are known or over what was said before."""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.random import as_key
from neurona.legacy.tensorflow import arrays, nn
from neurona.legacy.tensorflow.dtypes import int32
from neurona.legacy.tensorflow.v1.building import range_, shape
from neurona.legacy.tensorflow.v1.control import steps_of
from neurona.legacy.tensorflow.v1.scopes import variable_scope
from neurona.legacy.tensorflow.v1.tensor import convert, draw

BasicDecoderOutput = namedtuple("BasicDecoderOutput", ("rnn_output", "sample_id"))


class TrainingHelper:
    """The next input is the next of a sequence, whatever was said.

    Args:
        inputs: (batch, steps, features), or (steps, batch, features) where `time_major`.
        sequence_length: how many steps of each row count.
    """

    def __init__(self, inputs: Any, sequence_length: Any, time_major: bool = False, name: Any = None) -> None:
        inputs = convert(inputs)
        self.inputs = inputs if time_major else draw(_swapped, (inputs,), default="transpose")
        self.sequence_length = convert(sequence_length, int32)

    @property
    def times(self) -> Any:
        """The numbers of the steps."""
        return range_(shape(self.inputs)[0])

    def initialize(self) -> tuple[Any, Any]:
        """Which rows are finished, and the first inputs."""
        return self.sequence_length <= 0, self.inputs[0]

    def sample(self, time: Any, outputs: Any, state: Any) -> Any:
        """The likeliest classes."""
        return draw(_likeliest, (outputs,), default="sample", differentiable=False)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any) -> tuple[Any, Any, Any]:
        """Which rows are finished, the next inputs and the state."""
        following = draw(_row, (self.inputs, time + 1), default="next_inputs")
        return self.sequence_length <= time + 1, following, state


def _swapped(x: Any) -> Any:
    return jnp.swapaxes(x, 0, 1)


def _likeliest(outputs: Any) -> Any:
    return jnp.argmax(outputs, -1).astype("int32")


def _row(rows: Any, place: Any) -> Any:
    return rows[jnp.minimum(place, rows.shape[0] - 1)]


class GreedyEmbeddingHelper:
    """The next input is the row of a table for the likeliest class.

    Args:
        embedding: the table, or a function of class numbers.
        start_tokens: the first classes, (batch,).
        end_token: the class that ends a row.
    """

    times = None

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any) -> None:
        self._rows: Callable[[Any], Any] = (
            embedding if callable(embedding) else lambda ids: nn.embedding_lookup(embedding, ids)
        )
        self._starts, self._end = convert(start_tokens, int32), end_token

    def initialize(self) -> tuple[Any, Any]:
        """Which rows are finished, and the first inputs."""
        return draw(_none_of, (self._starts,), default="finished"), self._rows(self._starts)

    def sample(self, time: Any, outputs: Any, state: Any) -> Any:
        """The likeliest classes."""
        return draw(_likeliest, (outputs,), default="sample", differentiable=False)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any) -> tuple[Any, Any, Any]:
        """Which rows are finished, the next inputs and the state."""
        return draw(_is, (sample_ids, self._end), default="finished"), self._rows(sample_ids), state


def _none_of(starts: Any) -> Any:
    return jnp.zeros(starts.shape, bool)


def _is(ids: Any, end: Any) -> Any:
    return ids == end


class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """The same for a class drawn by its probability."""

    def sample(self, time: Any, outputs: Any, state: Any) -> Any:
        return draw(_drawn, (outputs,), default="sample", differentiable=False)


def _drawn(outputs: Any) -> Any:
    return jax.random.categorical(as_key(), outputs).astype("int32")


class BasicDecoder:
    """A cell, and a helper that tells the inputs.

    Args:
        cell: the cell.
        helper: what tells them.
        initial_state: the cell's first state.
        output_layer: a layer over the outputs.
    """

    def __init__(self, cell: Any, helper: Any, initial_state: Any, output_layer: Any = None) -> None:
        self.cell, self.helper = cell, helper
        self._begins, self._layer = initial_state, output_layer

    @property
    def times(self) -> Any:
        """The numbers of the steps, where they are known."""
        return getattr(self.helper, "times", None)

    def initialize(self) -> tuple[Any, Any, Any]:
        """Which rows are finished, the first inputs and the first state."""
        return (*self.helper.initialize(), self._begins)

    def step(self, time: Any, inputs: Any, state: Any) -> tuple[Any, Any, Any, Any]:
        """The outputs, the next state and inputs, and which rows are finished."""
        outputs, after = self.cell(inputs, state)
        outputs = outputs if self._layer is None else self._layer(outputs)
        ids = self.helper.sample(time, outputs, after)
        finished, following, after = self.helper.next_inputs(time, outputs, after, ids)
        return BasicDecoderOutput(outputs, ids), after, following, finished


def _flat(tree: Any) -> tuple[list[Any], Any]:
    leaves, form = jax.tree.flatten(tree, is_leaf=lambda leaf: hasattr(leaf, "graph_nodes"))
    return [convert(one) for one in leaves], form


def dynamic_decode(
    decoder: Any,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """The outputs of all steps, the last state, and how many steps each row has.

    Over inputs that are known, there are as many outputs as inputs, 0 after the end of the longest row. Where
    neither they nor `maximum_iterations` are there, steps go on until all rows are finished.
    """
    times = getattr(decoder, "times", None)
    with variable_scope(scope, "decoder"):
        finished, inputs, state = decoder.initialize()
        begun, form = _flat((inputs, state))
        forms, own = list[Any](), getattr(decoder, "tracks_own_finished", False)

        def step(elements: list[Any], carried: list[Any]) -> tuple[list[Any], list[Any]]:
            time, done, lengths, *before = carried
            outputs, after, following, ends = decoder.step(time, *jax.tree.unflatten(form, before))
            said, told = _flat(outputs)
            forms.append(told)
            new = _flat((following, after))[0]
            rows = (done, impute_finished)
            new = [draw(_kept, (*rows, one, old)) for one, old in zip(new, before, strict=True)]
            said = [draw(_kept, (*rows, one, None)) for one in said]
            lengths = draw(_counted, (done, time, lengths), default="lengths")
            done = ends if own else done
            done = draw(_ended, (done, ends, time, maximum_iterations), default="finished")
            return [time + 1, done, lengths, *new], said

        zeros = draw(_zeros, (finished,), default="lengths")
        sequences = [] if times is None else [times]
        length = maximum_iterations if times is None else None
        carried = [arrays.zeros([], int32), finished, zeros, *begun]
        ends = 1 if times is None and length is None else None  # when all rows are finished
        last, stacked = steps_of(step, sequences, carried, length, until=ends)
        if length is not None:
            stacked = [_shortened(one, last[2]) for one in stacked]
        _, state = jax.tree.unflatten(form, last[3:])
        outputs = jax.tree.unflatten(forms[0], stacked)
        if hasattr(decoder, "finalize"):
            outputs, state = decoder.finalize(outputs, state)
        if not output_time_major:
            stacked, told = _flat(outputs)
            outputs = told.unflatten([draw(_swapped, (one,), default="transpose") for one in stacked])
        return outputs, state, last[2]


def _zeros(finished: Any) -> Any:
    return jnp.zeros(finished.shape, "int32")


def _kept(done: Any, imputes: bool, new: Any, old: Any) -> Any:
    """The new value; where all rows are finished, or a row is and `imputes`, the old one or 0."""
    old = jnp.zeros_like(new) if old is None else old
    rows = done.reshape((-1,) + (1,) * (new.ndim - 1)) if imputes and new.ndim else False
    return jnp.where(jnp.logical_or(rows, done.all()), old, new)


def _counted(done: Any, time: Any, lengths: Any) -> Any:
    return jnp.where(done, lengths, time + 1)


def _ended(done: Any, ends: Any, time: Any, most: Any) -> Any:
    done = done | ends
    return done if most is None else done | (time + 1 >= most)


def _shortened(outputs: Any, lengths: Any) -> Any:
    """The outputs up to the end of the longest row."""
    known = outputs.node.spec
    spec = type(known)((None, *known.shape[1:]), known.dtype)
    return draw(_first_rows, (outputs, lengths), default="outputs", differentiable=False, spec=spec)


def _first_rows(outputs: Any, lengths: Any) -> Any:
    return outputs[: int(lengths.max())]
