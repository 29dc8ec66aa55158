"""The loss of a chain of tags: the likelihood of a whole path, among all paths."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from neurona.core.annotations import CHAIN, MASK
from neurona.core.errors import ArgumentError, ShapeError
from neurona.kernels.embedding import embedding
from neurona.losses.loss import Loss, numbers_of, reduce_weighted_values
from neurona.tracebacks import ends_at_users_line

__all__ = ["ChainCrossentropy"]

_LOWEST = -1e30  # where every path is forbidden, by scores of -inf


class Chain(NamedTuple):
    """The scores by which a conditional random field judges the tags of sequences."""

    scores: jax.Array  # of each tag at each step, (batch, time, tags)
    transitions: jax.Array  # from each tag to each, (tags + 1, tags); the last row is of the first step
    ends: jax.Array  # of each tag at the last step, (tags,)
    mask: jax.Array  # (batch, time), true where a step counts
    begins: jax.Array  # (batch, time), true where a sequence begins, at a step that counts


class ChainCrossentropy(Loss):
    """-log P(tags) of a conditional random field, for models that end with the layer `CRF`.

    The chain of tags is taken step by step: the error of a step is -log P(tag | the tag before, inputs), and
    the errors of a sequence add up to -log P(tags | inputs). Masked steps are left out.

    Args:
        name, reduction, dtype: as in `Loss`.

    Shapes: tags (batch, time), class numbers from 0; what `CRF` gives (batch, time, units) -> (batch, time).

    Raises:
        ArgumentError: the predictions are not the output of a `CRF` itself.
        ShapeError: there is not one tag for each step.

    Source: Lafferty, McCallum and Pereira, Conditional Random Fields, 2001.

    Example:

        >>> from neurona.layers import CRF
        >>> even = CRF(2, use_kernel=False, transition_initializer="zeros")  # all paths are alike
        >>> loss = ChainCrossentropy(reduction="sum")([[0, 1, 1]], even(jnp.zeros((1, 3, 2))))
        >>> round(float(jnp.exp(-loss)), 3)  # one of 8 paths
        0.125
    """

    _integer_targets = True

    @ends_at_users_line
    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> jax.Array:
        """The loss; see `Loss.__call__`."""
        errors = self.call(y_true, y_pred)
        return reduce_weighted_values(errors, sample_weight, MASK.get(y_pred), self.reduction, self.dtype)

    def call(self, y_true: Any, y_pred: Any) -> jax.Array:
        """The error of each step, (batch, time)."""
        chain, tags = CHAIN.get(y_pred), jnp.asarray(numbers_of(y_true))
        if chain is None:
            raise ArgumentError(
                "ChainCrossentropy takes the output of a CRF layer itself, which holds the scores of all "
                "paths. Received other predictions: end the model with CRF(units), without a layer after it."
            )
        shape = chain.scores.shape[:2]
        if tags.shape not in (shape, (*shape, 1)):
            raise ShapeError(
                f"ChainCrossentropy: each step has a tag, the number of its class. The steps have the shape "
                f"{shape}, and the tags {tags.shape}."
            )
        return path_errors(chain, tags.reshape(shape).astype("int32"))


class Ahead(NamedTuple):
    """What lies ahead of each step, summed over all paths. Rows are last: they lie side by side."""

    given: jax.Array  # log of the sum from the step on, given the tag before or none, (time, tags + 1, batch)
    reached: jax.Array  # the same, given the tag of the step, its own score included, (time, tags, batch)


def paths_ahead(chain: Chain) -> Ahead:
    """The backward recursion, in logarithms."""

    def backward(after: jax.Array, now: tuple[jax.Array, ...]) -> tuple[jax.Array, Ahead]:
        scores, held, begins = now
        reached = scores + after
        paths = chain.transitions[..., None] + reached  # (the tag before or none, tag, batch)
        best = jnp.maximum(paths.max(axis=1), _LOWEST)
        given = best + jnp.log(jnp.exp(paths - best[:, None]).sum(axis=1))
        earlier = jnp.where(begins, ends, jnp.where(held, given[:-1], after))
        return earlier, Ahead(given, reached)

    scores, held, begins = rows_last(chain)
    ends = jnp.broadcast_to(chain.ends[:, None], scores.shape[1:])
    return jax.lax.scan(backward, ends, (scores, held, begins), reverse=True)[1]


def paths_along(
    chain: Chain, ahead: Ahead, enters: jax.Array, leaves: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Masses that enter a chain go along it by the probabilities of its steps.

    Args:
        chain: of tags.
        ahead: of its steps.
        enters: what comes in at each step, by the tag before or none, (time, tags + 1, batch).
        leaves: what goes out at each step, by its tag, (time, tags, batch).

    Returns:
        What goes on from each step by its tag, (time, tags, batch), 0 where it is masked; what went from each
        tag to each, (tags + 1, tags), all in all; and what was there where sequences end, (tags,).
    """

    def forward(carried: tuple[jax.Array, ...], now: tuple[jax.Array, ...]) -> tuple[Any, jax.Array]:
        (mass, moved, ended), (given, reached, enters, leaves, held, begins) = carried, now
        coming = enters.at[:-1].add(jnp.where(begins, 0.0, mass))
        shares = jnp.exp(chain.transitions[..., None] + reached - given[:, None])
        moves = jnp.where(held, coming[:, None] * shares, 0.0)
        ended = ended + jnp.where(begins, mass, 0.0)
        going = moves.sum(axis=0) - leaves
        return (jnp.where(held, going, mass), moved + moves, ended), going

    _, held, begins = rows_last(chain)
    none = jnp.zeros_like(leaves[0])
    carried = none, jnp.zeros((*chain.transitions.shape, none.shape[1]), none.dtype), none
    steps = (*ahead, enters, leaves, held, begins)
    (mass, moved, ended), going = jax.lax.scan(forward, carried, steps)
    return going, moved.sum(axis=-1), (ended + mass).sum(axis=-1)


def rows_last(chain: Chain) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Scores (time, tags, batch); mask and begins (time, 1, batch)."""
    return jnp.transpose(chain.scores, (1, 2, 0)), chain.mask.T[:, None], chain.begins.T[:, None]


def path_errors(chain: Chain, tags: jax.Array) -> jax.Array:
    """-log P(tag | the tag before) of each step, (batch, time); 0 where it is masked."""
    before, tags = _tags_before(chain, tags), tags.T
    moves = chain.transitions.reshape(-1, 1)
    chosen = embedding(moves, before * chain.ends.shape[0] + tags)[..., 0]
    return jnp.where(chain.mask.T, _among_all(chain, before, tags) - chosen, 0.0).T


@jax.custom_vjp
def _among_all(chain: Chain, before: jax.Array, tags: jax.Array) -> jax.Array:
    """The log of the sum over all paths given the tag before, less that given the tag, (time, batch)."""
    return _among_all_forward(chain, before, tags)[0]


def _among_all_forward(chain: Chain, before: jax.Array, tags: jax.Array) -> tuple[jax.Array, Any]:
    ahead = paths_ahead(chain)
    given = jnp.take_along_axis(ahead.given, before[:, None], axis=1)[:, 0]
    chosen = jnp.take_along_axis(ahead.reached, tags[:, None], axis=1)[:, 0]
    return given - chosen, (chain, ahead, before, tags)


def _among_all_backward(kept: Any, slope: jax.Array) -> tuple[Chain, None, None]:
    """What is expected, less what is: each error's slope goes in at the tag before, and out at the tag."""
    chain, ahead, before, tags = kept
    weights = jnp.where(chain.mask.T, slope, 0.0)[:, None]
    enters = jnp.where(_is(before, ahead.given), weights, 0.0)
    leaves = jnp.where(_is(tags, ahead.reached), weights, 0.0)
    going, moved, ended = paths_along(chain, ahead, enters, leaves)
    slopes: Any = jnp.transpose(going, (2, 0, 1)), moved, ended, None, None
    return Chain(*slopes), None, None


_among_all.defvjp(_among_all_forward, _among_all_backward)


def _tags_before(chain: Chain, tags: jax.Array) -> jax.Array:
    """The tag of the last step that counts, or the number of tags for none, (time, batch)."""

    def follow(last: jax.Array, now: tuple[jax.Array, ...]) -> tuple[jax.Array, jax.Array]:
        tag, held, begins = now
        before = jnp.where(begins, none, last)
        return jnp.where(held, tag, before), before

    none = jnp.full(len(tags), chain.ends.shape[0], tags.dtype)
    return jax.lax.scan(follow, none, (tags.T, chain.mask.T, chain.begins.T))[1]


def _is(numbers: jax.Array, like: jax.Array) -> jax.Array:
    """Numbers (time, batch) as truths of the shape of `like`, (time, how many there are, batch)."""
    return numbers[:, None] == jnp.arange(like.shape[1])[:, None]
