"""Connectionist temporal classification (Graves et al., 2006): labels for a sequence without knowing where in
it each one lies.
"""

import functools
from typing import Any

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
    """The labels of the likeliest class at each step, repetitions merged and blanks left out.

    Args:
        inputs: scores (batch, time, classes).
        sequence_lengths: how many time steps of each row count, (batch,).
        strategy: `"greedy"`; `beam_width` and `top_paths` belong to a beam search, which is not offered.
        merge_repeated: whether a class repeated without a blank between is one label.
        mask_index: the class that means "no label here"; None is the last.

    Returns:
        Labels (1, batch, time), filled up with -1, and minus the sum of the scores, (batch, 1).
    """
    if strategy != "greedy":
        raise ArgumentError(f"ctc_decode: strategy is 'greedy'. Received: strategy={strategy!r}")
    scores = inputs.astype(jnp.promote_types(inputs.dtype, "float32"))
    time = scores.shape[1]
    blank = scores.shape[2] - 1 if mask_index is None else mask_index
    counts = jnp.arange(time) < sequence_lengths[:, None]
    classes = jnp.where(counts, jnp.argmax(scores, -1), blank)
    if merge_repeated:
        repeated = jnp.pad(classes[:, 1:] == classes[:, :-1], ((0, 0), (1, 0)))
        classes = jnp.where(repeated, blank, classes)
    labels = jnp.where(classes == blank, -1, classes)
    order = jnp.argsort(jnp.where(labels < 0, time, jnp.arange(time)), -1)
    total = jnp.sum(jnp.where(counts, jnp.max(scores, -1), 0.0), 1)
    return jnp.take_along_axis(labels, order, -1)[None], -total[:, None]
