"""Units of 0 and 1, drawn with the random bits of JAX's keys."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation


def bernoulli(key: jax.Array, log_odds: jax.Array) -> jax.Array:
    """0 and 1, where 1 has the probability sigmoid(log_odds), to the nearest of 1 / 65536: each random word
    serves two units. NaN stays NaN.

    Args:
        key: a JAX key.
        log_odds: any shape.

    Example:

        >>> bernoulli(jax.random.key(0), jnp.array([-20.0, 20.0, jnp.nan])).tolist()
        [0.0, 1.0, nan]
    """
    settings: Any = jax.config
    if jax.random.key_impl(key) != "threefry2x32" or not settings.jax_threefry_partitionable:
        return _formula(log_odds, key)
    return _draw(log_odds, jax.random.key_data(key))


def _formula(log_odds: jax.Array, key: jax.Array) -> jax.Array:
    words = jax.random.bits(key, (-(-log_odds.size // 2),), jnp.uint32)
    halves = jax.lax.bitcast_convert_type(words, jnp.uint16).ravel()[: log_odds.size]
    level = (halves.reshape(log_odds.shape) + 0.5) / 65536
    drawn = (level < jax.nn.sigmoid(log_odds)).astype(log_odds.dtype)
    return jnp.where(jnp.isnan(log_odds), log_odds, drawn)


def _reference(log_odds: jax.Array, key_data: jax.Array) -> jax.Array:
    return _formula(log_odds, jax.random.wrap_key_data(key_data, impl="threefry2x32"))


def _native(log_odds: jax.Array, key_data: jax.Array) -> jax.Array:
    return native_call("neurona_bernoulli", like(log_odds), log_odds, key_data)


_draw = Operation(
    "Bernoulli units",
    _reference,
    _native,
    size=lambda log_odds, _key: log_odds.size,
    faster_from_to=(64, 1e12),
)
