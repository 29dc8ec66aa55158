"""The loss of a chain of tags: the likelihood of a whole path, among all paths."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from neurona.core.annotations import CHAIN, MASK
from neurona.core.errors import ArgumentError, ShapeError
from neurona.losses.loss import Loss, numbers_of, reduce_weighted_values
from neurona.tracebacks import ends_at_users_line

__all__ = ["ChainCrossentropy"]


class Chain(NamedTuple):
    """The scores by which a conditional random field judges the tags of sequences."""

    scores: jax.Array  # of each tag at each step, (batch, time, tags)
    transitions: jax.Array  # from each tag to each, (tags + 1, tags); the last row is of the first step
    ends: jax.Array  # of each tag at the last step, (tags,)
    mask: jax.Array  # (batch, time), true where a step counts


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


def paths_ahead(chain: Chain) -> tuple[jax.Array, jax.Array, jax.Array]:
    """What lies ahead of each step, summed over all paths, by the backward recursion.

    Returns:
        For each step (time, batch, tags + 1) the log of the sum from there on, given the tag before, or none
        in the last column; (time, batch, tags) the same after it, given its tag; and log Z, (batch,).
    """

    def backward(carried: tuple[jax.Array, jax.Array], now: tuple[jax.Array, jax.Array]) -> Any:
        (after, total), (scores, held) = carried, now
        ahead = jax.nn.logsumexp(chain.transitions + (scores + after)[:, None], axis=-1)
        earlier = jnp.where(held, ahead[:, :-1], after), jnp.where(held[:, 0], ahead[:, -1], total)
        return earlier, (ahead, after)

    scores, held = jnp.swapaxes(chain.scores, 0, 1), chain.mask.T[..., None]
    last = jnp.broadcast_to(chain.ends, scores.shape[1:])
    (_, total), found = jax.lax.scan(
        backward, (last, jnp.zeros_like(last[:, 0])), (scores, held), reverse=True
    )
    return *found, total


def path_errors(chain: Chain, tags: jax.Array) -> jax.Array:
    """-log P(tag | the tag before) of each step, (batch, time); 0 where it is masked."""
    ahead, after, _ = paths_ahead(chain)
    held, tags, none = chain.mask.T, tags.T, chain.ends.shape[0]
    steps = jnp.where(held, jnp.arange(len(tags))[:, None], -1)
    last = jnp.pad(jax.lax.cummax(steps)[:-1], ((1, 0), (0, 0)), constant_values=-1)  # step that counts
    before = jnp.where(last < 0, none, jnp.take_along_axis(tags, jnp.maximum(last, 0), axis=0))
    reached = jnp.swapaxes(chain.scores, 0, 1) + after
    chosen = chain.transitions[before, tags] + jnp.take_along_axis(reached, tags[..., None], -1)[..., 0]
    among = jnp.take_along_axis(ahead, before[..., None], -1)[..., 0]
    return jnp.where(held, among - chosen, 0.0).T
