"""Gradients limited in size (Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural
networks, 2013).
"""

import jax
import jax.numpy as jnp

from neurona.numerics import is_nothing, norm, with_norm


def clipped(
    gradients: list[jax.Array | None],
    clipnorm: float | None,
    clipvalue: float | None,
    global_clipnorm: float | None,
) -> list[jax.Array | None]:
    """The gradients, none of them beyond the one limit that is given.

    Args:
        gradients: arrays, or None where there is none.
        clipnorm: the greatest L2 norm of each.
        clipvalue: the greatest absolute value in them.
        global_clipnorm: the greatest L2 norm of all together.

    Example:

        >>> gradients = clipped([jnp.array([3.0, 4.0]), None], 1.0, clipvalue=None, global_clipnorm=None)
        >>> gradients[0].round(3).tolist()
        [0.6000000238418579, 0.800000011920929]
    """
    if (limit := clipnorm) is not None and not is_nothing(limit):
        return [None if g is None else jnp.where(norm(g) <= limit, g, with_norm(g, limit)) for g in gradients]
    if (limit := clipvalue) is not None and not is_nothing(limit):
        return [None if g is None else jnp.clip(g, -limit, limit) for g in gradients]
    limit = global_clipnorm
    if limit is not None and not is_nothing(limit) and any(g is not None for g in gradients):
        return _clipped_together(gradients, limit)
    return gradients


def _clipped_together(gradients: list[jax.Array | None], limit: float) -> list[jax.Array | None]:
    wide = jnp.result_type(jnp.float32, *(g for g in gradients if g is not None))
    norms = jnp.stack([norm(g).astype(wide) for g in gradients if g is not None])
    longest = jnp.max(norms)
    # The norm of all is longest * root. Norms that are not finite make every gradient NaN: a bad gradient
    # must not be scaled to 0 unseen.
    root = norm(norms / jnp.where(longest == 0, 1, longest))
    half = jnp.sqrt(longest)  # in two steps, because 1 / longest may be too small for a float
    return [
        None
        if g is None
        else jnp.where(longest * root <= limit, g, (g / half * (limit / (root * half))).astype(g.dtype))
        for g in gradients
    ]
