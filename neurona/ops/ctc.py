"""Connectionist temporal classification (Graves et al., 2006): labels for a sequence without knowing where in
it each one lies.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError
from neurona.ops.registry import Tensor, define

_define = functools.partial(define, module="nn")
_IMPOSSIBLE = -1e5  # a log-probability; finite, so that gradients are


@_define("CTCLoss")
def ctc_loss(
    target: Tensor, output: Tensor, target_length: Tensor, output_length: Tensor, mask_index: int = 0
) -> Any:
    """-log of the probability of the labels, summed over all their alignments.

    Args:
        target: class numbers (batch, labels).
        output: logits (batch, time, classes).
        target_length, output_length: how many labels and time steps of each row count, (batch,).
        mask_index: the class that means "no label here".

    Shapes: -> (batch,).
    """
    batch, labels = target.shape
    log_probabilities = jax.nn.log_softmax(output.astype(jnp.promote_types(output.dtype, "float32")))
    # A blank may stand before each label and after the last: (batch, 2 labels + 1).
    states = jnp.full((batch, 2 * labels + 1), mask_index, "int32").at[:, 1::2].set(target.astype("int32"))
    may_skip = (states != mask_index) & (states != jnp.roll(states, 2, 1))
    may_skip = may_skip.at[:, :2].set(False)
    emissions = jnp.take_along_axis(log_probabilities, states[:, None, :], -1)  # (batch, time, states)
    first = jnp.full_like(emissions[:, 0], _IMPOSSIBLE).at[:, :2].set(emissions[:, 0, :2])

    def shifted(alpha: Any, by: int) -> Any:
        return jnp.pad(alpha, ((0, 0), (by, 0)), constant_values=_IMPOSSIBLE)[:, :-by]

    def advance(alpha: Any, step: Any) -> Any:
        time, emission = step
        skipped = jnp.where(may_skip, shifted(alpha, 2), _IMPOSSIBLE)
        following = jnp.logaddexp(jnp.logaddexp(alpha, shifted(alpha, 1)), skipped) + emission
        return jnp.where((time < output_length)[:, None], following, alpha), None

    times = jnp.arange(1, output.shape[1])
    alpha, _ = jax.lax.scan(advance, first, (times, jnp.moveaxis(emissions, 1, 0)[1:]))
    last = 2 * target_length.astype("int32")[:, None]
    ends = jnp.take_along_axis(alpha, jnp.concatenate([last, jnp.maximum(last - 1, 0)], 1), 1)
    ends = jnp.where(jnp.concatenate([last >= 0, last > 0], 1), ends, _IMPOSSIBLE)
    return -jnp.logaddexp(ends[:, 0], ends[:, 1])


@_define("CTCDecode")
def ctc_decode(
    inputs: Tensor,
    sequence_lengths: Tensor,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> Any:
    """The likeliest labels, blanks left out: those of the likeliest class at each step, or by a beam search
    the likeliest of all labellings, each with all the ways to read it (Graves, Supervised Sequence Labelling,
    2012, section 7.5.3).

    Args:
        inputs: scores (batch, time, classes).
        sequence_lengths: how many time steps of each row count, (batch,).
        strategy: `"greedy"` or `"beam_search"`.
        beam_width: how many labellings the beam search keeps at each step.
        top_paths: how many labellings it returns, the likeliest first; at most `beam_width`.
        merge_repeated: whether a class repeated without a blank between is one label; a beam search always
            merges.
        mask_index: the class that means "no label here"; None is the last.

    Returns:
        Labels (top_paths, batch, time), filled up with -1; and, of a beam search, the logarithms of their
        probabilities, (batch, top_paths), otherwise minus the sum of the scores, (batch, 1).

    Raises:
        ArgumentError: the strategy is unknown, or there are more paths than the beam is wide.
    """
    scores = inputs.astype(jnp.promote_types(inputs.dtype, "float32"))
    time = scores.shape[1]
    blank = scores.shape[2] - 1 if mask_index is None else mask_index
    if strategy == "beam_search":
        if not 1 <= top_paths <= beam_width:
            raise ArgumentError(
                f"ctc_decode: top_paths must be from 1 to beam_width={beam_width}. Received: "
                f"top_paths={top_paths}"
            )
        search = functools.partial(_beam_search, blank=blank, width=beam_width, paths=top_paths)
        labels, chances = jax.vmap(search)(jax.nn.log_softmax(scores), jnp.asarray(sequence_lengths))
        return labels.swapaxes(0, 1), chances
    if strategy != "greedy":
        raise ArgumentError(
            f"ctc_decode: strategy is 'greedy' or 'beam_search'. Received: strategy={strategy!r}"
        )
    counts = jnp.arange(time) < sequence_lengths[:, None]
    classes = jnp.where(counts, jnp.argmax(scores, -1), blank)
    if merge_repeated:
        repeated = jnp.pad(classes[:, 1:] == classes[:, :-1], ((0, 0), (1, 0)))
        classes = jnp.where(repeated, blank, classes)
    labels = jnp.where(classes == blank, -1, classes)
    order = jnp.argsort(jnp.where(labels < 0, time, jnp.arange(time)), -1)
    total = jnp.sum(jnp.where(counts, jnp.max(scores, -1), 0.0), 1)
    return jnp.take_along_axis(labels, order, -1)[None], -total[:, None]


class _Beam(NamedTuple):
    """The labellings that a beam search keeps.

    Attributes:
        labels: (width, time), filled up with -1.
        counts: how many labels each has.
        by_blank: the logarithm of the probability of all its readings that end with a blank.
        by_label: that of all that end with its last label.
    """

    labels: Any
    counts: Any
    by_blank: Any
    by_label: Any


def _beam_search(scores: Any, length: Any, blank: int, width: int, paths: int) -> tuple[Any, Any]:
    """The likeliest labellings of one row, scores (time, classes) being logarithms of probabilities."""
    time = scores.shape[0]
    never = jnp.full(width, -jnp.inf, scores.dtype)
    empty = jnp.full((width, time), -1), jnp.zeros(width, int), never.at[0].set(0.0), never

    def step(beam: _Beam, now: tuple[Any, Any]) -> tuple[_Beam, None]:
        number, chances = now
        longer = _longer(beam, chances, blank)
        return jax.tree.map(lambda new, old: jnp.where(number < length, new, old), longer, beam), None

    beam, _ = jax.lax.scan(step, _Beam(*empty), (jnp.arange(time), scores))
    chances, best = jax.lax.top_k(jnp.logaddexp(beam.by_blank, beam.by_label), paths)
    return beam.labels[best], chances


def _longer(beam: _Beam, chances: Any, blank: int) -> _Beam:
    """The beam after one more step, with the logarithms of the probabilities of its classes."""
    width, classes, rows = len(beam.counts), len(chances), jnp.arange(len(beam.counts))
    labels, counts = beam.labels, beam.counts
    either = jnp.logaddexp(beam.by_blank, beam.by_label)
    place = jnp.maximum(counts - 1, 0)
    last = labels[rows, place]  # -1 where there is none
    # A labelling stays as it is by a blank, or by its last label again; it grows by any other label, and by
    # its last one after a blank.
    by_blank = either + chances[blank]
    by_label = jnp.where(last < 0, -jnp.inf, beam.by_label + chances[last])
    grown = jnp.where(jnp.arange(classes) == last[:, None], beam.by_blank[:, None], either[:, None]) + chances
    grown = grown.at[:, blank].set(-jnp.inf)
    # What grows into a labelling that is in the beam already is counted there. A place of the beam that is
    # still free, of probability 0, may look like any labelling.
    shorter = labels.at[rows, place].set(-1)
    is_longer = (last >= 0) & (either > -jnp.inf)
    grows_into = (shorter[:, None] == labels[None]).all(-1) & is_longer[:, None]  # (into, from)
    arriving = jnp.where(grows_into, grown[:, last].T, -jnp.inf)
    by_label = jnp.logaddexp(by_label, jax.nn.logsumexp(arriving, axis=1))
    taken = jnp.zeros(grown.shape, bool).at[rows[None], last[:, None]].max(grows_into)
    grown = jnp.where(taken, -jnp.inf, grown)
    # The likeliest of those that stay and those that grow.
    _, best = jax.lax.top_k(jnp.concatenate([jnp.logaddexp(by_blank, by_label), grown.ravel()]), width)
    stays, origin = best < width, jnp.where(best < width, best, (best - width) // classes)
    added = (best - width) % classes
    place = jnp.minimum(counts[origin], labels.shape[1] - 1)
    kept = labels[origin]
    return _Beam(
        jnp.where(stays[:, None], kept, kept.at[rows, place].set(added)),
        counts[origin] + ~stays,
        jnp.where(stays, by_blank[origin], -jnp.inf),
        jnp.where(stays, by_label[origin], grown[origin, added]),
    )
