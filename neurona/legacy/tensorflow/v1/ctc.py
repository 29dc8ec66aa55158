"""`tf.nn.ctc_loss` of TensorFlow 1 and its decoders: the last class is the blank. And `tf.edit_distance`."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import ops
from neurona.graph import Spec
from neurona.legacy.tensorflow.sparse import SparseTensor as SparseBase
from neurona.legacy.tensorflow.v1.sparse import SparseTensor
from neurona.legacy.tensorflow.v1.tensor import draw


def ctc_loss(
    labels: Any = None,
    inputs: Any = None,
    sequence_length: Any = None,
    preprocess_collapse_repeated: bool = False,
    ctc_merge_repeated: bool = True,
    ignore_longer_outputs_than_inputs: bool = False,
    time_major: bool = True,
    logits: Any = None,
) -> Any:
    """-log of the probability of the labels, a sparse tensor, over all their alignments.

    Shapes: inputs (time, batch, classes), or (batch, time, classes) unless `time_major` -> (batch,).
    """
    inputs = logits if inputs is None else inputs
    if isinstance(inputs, SparseBase):  # the order before TensorFlow 1.0
        labels, inputs = inputs, labels
    if preprocess_collapse_repeated or not ctc_merge_repeated:
        raise NotImplementedError(
            "tf.nn.ctc_loss merges repeated classes and keeps repeated labels: leave out "
            "preprocess_collapse_repeated= and ctc_merge_repeated=."
        )
    args = labels.indices, labels.values, inputs, sequence_length
    return draw(_loss, (*args, time_major, ignore_longer_outputs_than_inputs), default="CTCLoss")


@functools.partial(jax.jit, static_argnums=(4, 5))  # fast also where a run is not compiled
def _loss(places: Any, values: Any, logits: Any, lengths: Any, time_major: bool, ignores: bool) -> Any:
    logits = jnp.swapaxes(logits, 0, 1) if time_major else jnp.asarray(logits)
    places, (batch, time, classes) = jnp.asarray(places), logits.shape
    labels = jnp.zeros((batch, min(time, len(places))), "int32")
    labels = labels.at[places[:, 0], places[:, 1]].set(jnp.asarray(values, "int32"), mode="drop")
    counts = jnp.zeros(batch, "int32").at[places[:, 0]].add(1)
    lengths = jnp.asarray(lengths, "int32")
    losses = ops.ctc_loss(labels, logits, counts, lengths, classes - 1)
    return jnp.where(counts > lengths, 0, losses) if ignores else losses


def ctc_greedy_decoder(
    inputs: Any, sequence_length: Any, merge_repeated: bool = True
) -> tuple[list[SparseTensor], Any]:
    """The labels of the likeliest class at each step, sparse, and minus the sum of their logits, (batch, 1).

    Shapes: inputs (time, batch, classes).
    """
    found = draw(
        _greedy, (inputs, sequence_length, merge_repeated), default="CTCGreedyDecoder", differentiable=False
    )
    return [_sparse(found[0])], found[1]


@functools.partial(jax.jit, static_argnums=2)
def _greedy(scores: Any, lengths: Any, merges: bool) -> list[Any]:
    labels, total = ops.ctc_decode(
        jnp.swapaxes(scores, 0, 1), jnp.asarray(lengths), "greedy", merge_repeated=merges, mask_index=None
    )
    return [labels[0], total]


def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1, merge_repeated: bool = True
) -> tuple[list[SparseTensor], Any]:
    """The likeliest labellings, sparse, and the logarithms of their probabilities, (batch, top_paths).

    Args:
        inputs: logits (time, batch, classes).
        sequence_length: how many steps of each row count.
        beam_width, top_paths: of the search.
        merge_repeated: whether equal labels that follow each other in a labelling become one.
    """
    found = draw(
        _searched,
        (inputs, sequence_length, beam_width, top_paths, merge_repeated),
        default="CTCBeamSearchDecoder",
        differentiable=False,
    )
    return [_sparse(one) for one in found[:-1]], found[-1]


@functools.partial(jax.jit, static_argnums=(2, 3, 4))
def _searched(scores: Any, lengths: Any, width: int, paths: int, merges: bool) -> list[Any]:
    labels, chances = ops.ctc_decode(
        jnp.swapaxes(scores, 0, 1), jnp.asarray(lengths), "beam_search", width, paths, mask_index=None
    )
    if merges:
        repeated = jnp.pad(labels[..., 1:] == labels[..., :-1], ((0, 0), (0, 0), (1, 0)))
        labels = jnp.where(repeated, -1, labels)
    return [*labels, chances]


def _sparse(labels: Any) -> SparseTensor:
    """Labels (batch, time), -1 where there is none, as a sparse tensor whose rows have no gaps."""
    specs = [Spec((None, 2), "int64"), Spec((None,), "int64"), Spec((2,), "int64")]
    parts = draw(_parts, (labels, "int64"), default="labels", differentiable=False, spec=specs)
    return SparseTensor(*parts)


def _parts(labels: Any, dtype: str) -> list[Any]:
    rows, columns = jnp.nonzero(jnp.asarray(labels) >= 0)
    values = labels[rows, columns]
    if len(rows):
        columns = jnp.arange(len(rows)) - jnp.searchsorted(rows, rows)
    widest = columns.max(initial=-1) + 1
    parts = jnp.stack([rows, columns], 1), values, jnp.stack([jnp.asarray(labels.shape[0]), widest])
    return [one.astype(dtype) for one in parts]


def edit_distance(hypothesis: Any, truth: Any, normalize: bool = True, name: str | None = None) -> Any:
    """How many elements must be put in, left out or changed to turn each row into the true one (Levenshtein,
    1966), divided by the true length where `normalize`.
    """
    given = [(one.indices, one.values, one.dense_shape) for one in (hypothesis, truth)]
    rank = truth.indices.shape.as_list()[-1]
    spec = Spec(None if rank is None else (None,) * (rank - 1), "float32")
    return draw(
        _distances, (*given, normalize), name=name, default="EditDistance", differentiable=False, spec=spec
    )


def _distances(hypothesis: Any, truth: Any, normalize: bool) -> Any:
    shape = np.maximum(np.asarray(hypothesis[2]), np.asarray(truth[2]))[:-1]
    found, wanted = _rows(hypothesis), _rows(truth)
    distances = np.zeros(shape, np.float32)
    for place in np.ndindex(*shape):
        one, other = found.get(place, []), wanted.get(place, [])
        distance = float(_distance(one, other))
        if normalize:
            distance = distance / len(other) if other else (np.inf if one else 0)
        distances[place] = distance
    return jnp.asarray(distances)


def _rows(parts: Any) -> dict[tuple[int, ...], list[Any]]:
    """The elements of each row of a sparse tensor."""
    rows: dict[tuple[int, ...], list[Any]] = {}
    for place, value in zip(np.asarray(parts[0]).tolist(), np.asarray(parts[1]).tolist(), strict=True):
        rows.setdefault(tuple(place[:-1]), []).append(value)
    return rows


def _distance(one: list[Any], other: list[Any]) -> int:
    before = list(range(len(other) + 1))
    for count, element in enumerate(one, 1):
        now = [count]
        for place, wanted in enumerate(other):
            now.append(min(before[place] + (element != wanted), before[place + 1] + 1, now[-1] + 1))
        before = now
    return before[-1]
