"""Drawing the next symbol from what a network thinks of it."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.errors import ArgumentError


def draw(key: jax.Array, logits: jax.Array, temperature: Any, top_k: Any, top_p: Any) -> jax.Array:
    """A symbol for each row, drawn with the probabilities softmax(logits / temperature) of those that may
    come.

    Args:
        key: a random key.
        logits: (rows, symbols).
        temperature: below 1 what is likely becomes more so; at 0 the likeliest is taken.
        top_k: only so many of the likeliest may come.
        top_p: only the likeliest may come that together have this probability.

    Source: top_k, Fan, Lewis and Dauphin, Hierarchical Neural Story Generation, 2018; top_p, Holtzman et al.,
        The Curious Case of Neural Text Degeneration, 2020.

    Example:

        >>> logits = jnp.log(jnp.array([[0.1, 0.6, 0.3]]))
        >>> draw(jax.random.key(0), logits, 1.0, 3, 0.5).tolist()
        [1]
    """
    kept = limited(logits / jnp.maximum(temperature, 1e-6), top_k, top_p)
    return jnp.where(temperature > 0, jax.random.categorical(key, kept), jnp.argmax(logits, axis=-1))


def limited(logits: jax.Array, top_k: Any, top_p: Any) -> jax.Array:
    """Logits, minus infinity where a symbol may not come. The likeliest always may.

    Shapes: (rows, symbols) -> (rows, symbols).
    """
    order = jnp.argsort(-logits, axis=-1)
    ranks = jnp.argsort(order, axis=-1)
    shares = jax.nn.softmax(jnp.take_along_axis(logits, order, axis=-1), axis=-1)
    before = jnp.take_along_axis(jnp.cumsum(shares, axis=-1) - shares, ranks, axis=-1)
    return jnp.where((ranks == 0) | ((ranks < top_k) & (before < top_p)), logits, -jnp.inf)


def check_sampling(owner: str, temperature: Any, top_k: Any, top_p: Any) -> None:
    """Refuse numbers that no probabilities follow from.

    Raises:
        ArgumentError: so it is.
    """
    if not temperature >= 0:
        raise ArgumentError(f"{owner}: temperature is 0 or more. Received: temperature={temperature}")
    if top_k is not None and not top_k >= 1:
        raise ArgumentError(f"{owner}: top_k is how many may come, 1 or more. Received: top_k={top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ArgumentError(f"{owner}: top_p is a probability above 0. Received: top_p={top_p}")
