"""Gradients limited in size (Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural
networks, 2013).
"""

import jax
import jax.numpy as jnp


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
    if limit := clipnorm:
        return [
            None if g is None else g * limit / jnp.maximum(jnp.sqrt(jnp.sum(jnp.square(g))), limit)
            for g in gradients
        ]
    if limit := clipvalue:
        return [None if g is None else jnp.clip(g, -limit, limit) for g in gradients]
    if limit := global_clipnorm:
        norm = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in gradients if g is not None))
        # norm - norm is 0, or NaN where the norm is not finite: a bad gradient must not be scaled to 0
        # unseen.
        scale = limit * jnp.minimum(1.0 / norm, 1.0 / limit) + (norm - norm)
        return [None if g is None else g * scale.astype(g.dtype) for g in gradients]
    return gradients
