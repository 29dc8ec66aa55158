"""`tf.contrib.crf`: conditional random fields over chains (Lafferty et al., 2001)."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.legacy.tensorflow.v1.scopes import get_variable
from neurona.legacy.tensorflow.v1.tensor import convert, draw


def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[Any, Any]:
    """The logarithm of the probability of each row's tags, and the transitions, a variable if none are given.

    Shapes: inputs (batch, steps, tags), tag_indices (batch, steps), sequence_lengths (batch,),
    transition_params (tags, tags) from one tag to the next -> (batch,).
    """
    inputs = convert(inputs)
    if transition_params is None:
        tags = int(inputs.shape[-1])
        transition_params = get_variable("transitions", [tags, tags])
    score = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    return score - crf_log_norm(inputs, sequence_lengths, transition_params), transition_params


def crf_sequence_score(inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """The score of each row's tags: their own and their transitions', (batch,)."""
    unary = crf_unary_score(tag_indices, sequence_lengths, inputs)
    return unary + crf_binary_score(tag_indices, sequence_lengths, transition_params)


def crf_unary_score(tag_indices: Any, sequence_lengths: Any, inputs: Any) -> Any:
    """The sum of the scores of each row's tags, (batch,)."""
    return draw(_unary, (tag_indices, sequence_lengths, inputs), default="crf_unary_score")


def _unary(tags: Any, lengths: Any, scores: Any) -> Any:
    tags = jnp.asarray(tags, "int32")
    chosen = jnp.take_along_axis(jnp.asarray(scores), tags[..., None], -1)[..., 0]
    return jnp.sum(jnp.where(_inside(tags.shape[1], lengths), chosen, 0), 1)


def crf_binary_score(tag_indices: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """The sum of the scores of each row's transitions, (batch,)."""
    return draw(_binary, (tag_indices, sequence_lengths, transition_params), default="crf_binary_score")


def _binary(tags: Any, lengths: Any, transitions: Any) -> Any:
    tags = jnp.asarray(tags, "int32")
    chosen = jnp.asarray(transitions)[tags[:, :-1], tags[:, 1:]]
    return jnp.sum(jnp.where(_inside(tags.shape[1], lengths)[:, 1:], chosen, 0), 1)


def _inside(steps: int, lengths: Any) -> Any:
    """Which steps of each row count, (batch, steps)."""
    return jnp.arange(steps) < jnp.asarray(lengths)[:, None]


def crf_log_norm(inputs: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """The logarithm of the sum of exp(score) over all tags that a row might have, (batch,)."""
    return draw(_log_norm, (inputs, sequence_lengths, transition_params), default="crf_log_norm")


def _log_norm(scores: Any, lengths: Any, transitions: Any) -> Any:
    scores, transitions = jnp.asarray(scores), jnp.asarray(transitions)

    def step(alpha: Any, now: Any) -> tuple[Any, None]:
        one, counts = now
        new = jax.nn.logsumexp(alpha[:, :, None] + transitions, axis=1) + one
        return jnp.where(counts[:, None], new, alpha), None

    counts = _inside(scores.shape[1], lengths)
    alpha, _ = jax.lax.scan(step, scores[:, 0], (jnp.moveaxis(scores, 1, 0)[1:], counts.T[1:]))
    return jnp.where(counts[:, 0], jax.nn.logsumexp(alpha, axis=1), 0)


def crf_decode(potentials: Any, transition_params: Any, sequence_length: Any) -> tuple[Any, Any]:
    """The likeliest tags of each row by Viterbi's algorithm, 0 after its end, and their score.

    Shapes: potentials (batch, steps, tags) -> (batch, steps), (batch,).
    """
    found = draw(
        _decoded,
        (potentials, transition_params, sequence_length),
        default="crf_decode",
        differentiable=False,
    )
    return found[0], found[1]


def _decoded(scores: Any, transitions: Any, lengths: Any) -> list[Any]:
    scores, transitions = jnp.asarray(scores), jnp.asarray(transitions)
    counts = _inside(scores.shape[1], lengths)

    def forth(best: Any, now: Any) -> tuple[Any, Any]:
        one, counted = now
        paths = best[:, :, None] + transitions
        stay = jnp.broadcast_to(jnp.arange(scores.shape[2]), best.shape)
        origin = jnp.where(counted[:, None], jnp.argmax(paths, 1), stay)
        return jnp.where(counted[:, None], jnp.max(paths, 1) + one, best), origin

    best, origins = jax.lax.scan(forth, scores[:, 0], (jnp.moveaxis(scores, 1, 0)[1:], counts.T[1:]))

    def back(tag: Any, origin: Any) -> tuple[Any, Any]:
        return jnp.take_along_axis(origin, tag[:, None], 1)[:, 0], tag

    first, rest = jax.lax.scan(back, jnp.argmax(best, 1), origins, reverse=True)
    tags = jnp.concatenate([first[None], rest]).T
    return [jnp.where(counts, tags, 0).astype("int32"), jnp.max(best, 1)]


def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[int], float]:
    """The likeliest tags of one row, and their score, in NumPy.

    Shapes: score (steps, tags), transition_params (tags, tags).
    """
    score, transitions = np.asarray(score), np.asarray(transition_params)
    best, origins = score[0], list[Any]()
    for one in score[1:]:
        paths = best[:, None] + transitions
        origins.append(paths.argmax(0))
        best = paths.max(0) + one
    tags = [int(best.argmax())]
    for origin in reversed(origins):
        tags.append(int(origin[tags[-1]]))
    return tags[::-1], best.max()
