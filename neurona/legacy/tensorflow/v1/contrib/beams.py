"""Beam search of `tf.contrib.seq2seq`: the likeliest sequences, several for each row."""

from collections import namedtuple
from typing import Any

import jax
import jax.numpy as jnp

from neurona.legacy.tensorflow import nn
from neurona.legacy.tensorflow.dtypes import int32
from neurona.legacy.tensorflow.v1.tensor import convert, draw

BeamSearchDecoderState = namedtuple(
    "BeamSearchDecoderState", ("cell_state", "log_probs", "finished", "lengths")
)
BeamSearchDecoderOutput = namedtuple("BeamSearchDecoderOutput", ("scores", "predicted_ids", "parent_ids"))
FinalBeamSearchDecoderOutput = namedtuple(
    "FinalBeamSearchDecoderOutput", ("predicted_ids", "beam_search_decoder_output")
)


def _leaves(tree: Any) -> tuple[list[Any], Any]:
    return jax.tree.flatten(tree, is_leaf=lambda leaf: hasattr(leaf, "graph_nodes"))


def tile_batch(t: Any, multiplier: int, name: Any = None) -> Any:
    """Each row so many times: (n, ...) -> (n multiplier, ...), of a tensor or of a tree of them."""
    leaves, form = _leaves(t)
    return form.unflatten([draw(_tiled, (convert(one), multiplier), default="tile_batch") for one in leaves])


def _tiled(rows: Any, count: int) -> Any:
    return jnp.repeat(rows, count, axis=0) if rows.ndim else rows


def gather_tree(step_ids: Any, parent_ids: Any, max_sequence_lengths: Any, end_token: Any) -> Any:
    """The sequences that lead to each beam, (steps, n, beams), from the classes and parents of all steps."""
    given = (step_ids, parent_ids, max_sequence_lengths, end_token)
    return draw(_sequences, given, default="GatherTree", differentiable=False)


def _sequences(ids: Any, parents: Any, lengths: Any, end: Any) -> Any:
    times, lengths = jnp.arange(ids.shape[0]), jnp.asarray(lengths)[:, None]
    last = jnp.broadcast_to(jnp.arange(ids.shape[2]), ids.shape[1:])

    def back(place: Any, step: Any) -> Any:
        time, now, before = step
        inside = time < lengths
        found = jnp.where(inside, jnp.take_along_axis(now, place, 1), end)
        return jnp.where(inside, jnp.take_along_axis(before, place, 1), place), found

    _, found = jax.lax.scan(back, last, (times, ids, parents), reverse=True)
    ended = jnp.cumsum(found == end, 0) > (found == end)
    return jnp.where(ended, end, found).astype(ids.dtype)


class BeamSearchDecoder:
    """A cell whose likeliest sequences are followed.

    Args:
        cell: the cell.
        embedding: a table, or a function of class numbers.
        start_tokens: the first classes, (n,).
        end_token: the class that ends a sequence.
        initial_state: the cell's first state, of n beam_width rows: see `tile_batch`.
        beam_width: how many sequences are followed for each row.
        output_layer: a layer over the outputs.
        length_penalty_weight: a; scores are log probabilities / ((5 + length) / 6)^a.
    """

    times, tracks_own_finished = None, True

    def __init__(
        self,
        cell: Any,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        initial_state: Any,
        beam_width: int,
        output_layer: Any = None,
        length_penalty_weight: float = 0.0,
        coverage_penalty_weight: float = 0.0,
        reorder_tensor_arrays: bool = True,
    ) -> None:
        if coverage_penalty_weight:
            raise NotImplementedError("BeamSearchDecoder has no coverage_penalty_weight= in Neurona: give 0.")
        self._cell, self._layer, self._beams = cell, output_layer, beam_width
        self._rows: Any = (
            embedding if callable(embedding) else lambda ids: nn.embedding_lookup(embedding, ids)
        )
        self._starts, self._end = convert(start_tokens, int32), end_token
        self._begins, self._penalty = initial_state, float(length_penalty_weight)

    def initialize(self) -> tuple[Any, Any, Any]:
        """Which sequences are finished, the first inputs and the first state."""
        finished, log_probs, lengths, ids = draw(_first, (self._starts, self._beams), default="beams")
        state = BeamSearchDecoderState(self._parted(self._begins), log_probs, finished, lengths)
        return finished, self._rows(ids), state

    def _parted(self, tree: Any) -> Any:
        leaves, form = _leaves(tree)
        return form.unflatten([draw(_parted, (convert(one), self._beams)) for one in leaves])

    def _merged(self, tree: Any) -> Any:
        leaves, form = _leaves(tree)
        return form.unflatten([draw(_merged, (convert(one),)) for one in leaves])

    def step(self, time: Any, inputs: Any, state: Any) -> tuple[Any, Any, Any, Any]:
        """The best continuations, the next state and inputs, and which sequences are finished."""
        outputs, after = self._cell(self._merged(inputs), self._merged(state.cell_state))
        outputs = outputs if self._layer is None else self._layer(outputs)
        logits = self._parted(outputs)
        given = (logits, state.log_probs, state.finished, state.lengths, self._end, self._penalty)
        scores, log_probs, ids, parents, finished, lengths = draw(
            _best, given, default="beam_search", differentiable=False
        )
        leaves, form = _leaves(self._parted(after))
        after = form.unflatten([draw(_of_parents, (one, parents)) for one in leaves])
        said = BeamSearchDecoderOutput(scores, ids, parents)
        return said, BeamSearchDecoderState(after, log_probs, finished, lengths), self._rows(ids), finished

    def finalize(self, outputs: Any, state: Any) -> tuple[Any, Any]:
        """The sequences of all steps' outputs, (steps, n, beams), the best one first."""
        most = draw(_longest, (state.lengths,), differentiable=False)
        ids = gather_tree(outputs.predicted_ids, outputs.parent_ids, most, self._end)
        return FinalBeamSearchDecoderOutput(ids, outputs), state


def _first(starts: Any, beams: int) -> Any:
    shape = (starts.shape[0], beams)
    first = jnp.where(jnp.arange(beams) == 0, 0.0, -jnp.inf)  # the beams are equal: one of them counts
    ids = jnp.broadcast_to(starts[:, None], shape)
    return jnp.zeros(shape, bool), jnp.broadcast_to(first, shape), jnp.zeros(shape, "int32"), ids


def _parted(rows: Any, beams: int) -> Any:
    return rows.reshape((-1, beams, *rows.shape[1:])) if rows.ndim else rows


def _merged(rows: Any) -> Any:
    return rows.reshape((-1, *rows.shape[2:])) if rows.ndim else rows


def _of_parents(rows: Any, parents: Any) -> Any:
    if not rows.ndim:
        return rows
    places = parents.reshape((*parents.shape, *(1,) * (rows.ndim - 2)))
    return jnp.take_along_axis(rows, places, 1)


def _longest(lengths: Any) -> Any:
    return lengths.max(1)


def _best(logits: Any, log_probs: Any, finished: Any, lengths: Any, end: int, penalty: float) -> Any:
    """The best continuations of all sequences of a row: (n, beams, classes) -> (n, beams)."""
    beams, classes = logits.shape[1:]
    is_end = jnp.arange(classes) == end
    least = jnp.finfo(logits.dtype).min
    steps = jnp.where(finished[..., None], jnp.where(is_end, 0.0, least), jax.nn.log_softmax(logits))
    total = log_probs[..., None] + steps
    more = lengths[..., None] + (~finished[..., None] & ~is_end)
    scores = total / ((5.0 + more) / 6.0) ** penalty if penalty else total
    best, places = jax.lax.top_k(scores.reshape(len(scores), -1), beams)
    parents, ids = (places // classes).astype("int32"), (places % classes).astype("int32")
    was = jnp.take_along_axis(finished, parents, 1)
    counts = jnp.take_along_axis(lengths, parents, 1) + ~was
    chosen = jnp.take_along_axis(total.reshape(len(total), -1), places, 1)
    return best, chosen, ids, parents, was | (ids == end), counts.astype(lengths.dtype)
