"""Attention that keeps the keys and values of the places before, for decoding step by step."""

from typing import Any, Unpack

import jax
import jax.numpy as jnp
from jax import lax

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.symbolic import unique_name
from neurona.layers.multi_head_attention import AttentionOptions, GroupQueryAttention
from neurona.layers.position import RotaryEmbedding, check_places

__all__ = [
    "CachedMultiHeadAttention",
]


class CachedMultiHeadAttention(GroupQueryAttention):
    """Attention in several heads, with a cache of keys and values and, if wanted, rotary positions.

    A sequence that is decoded step by step gives its last places only; the keys and values of those before
    are in the cache. The result is that of the whole sequence with a causal mask.

    Args:
        num_heads: number of heads of queries.
        key_dim: size of a head's queries, keys and values.
        num_key_value_heads: number of heads of keys and values, which divides the former; None for as many.
        dropout: the share of the softmax that is set to zero in training.
        use_bias: whether the projections have biases.
        rope_max_wavelength: that of a `RotaryEmbedding` of queries and keys; None for none.
        **options: those of `AttentionOptions`; the weights are the projections'.

    Call arguments: those of `MultiHeadAttention`, and
        cache: keys and values, such as `initial_cache` gives. The key and value masks, and the last axis of
            attention_mask, are then those of all its places.
        cache_update_index: the place of the first query, where keys and values are written to the cache; None
            to use the cache as it is.

    Shapes: query (B, T, d), value (B, S, e), cache (B, 2, places, num_key_value_heads, key_dim) -> (B, T,
        d)[, softmax (B, num_heads, T, S)][, cache].

    Raises:
        ArgumentError: a size is not positive, the heads do not divide, or there is a place without a cache.
        ShapeError: queries go beyond the last place of the cache (in a program that you compile yourself,
            where the place is known only there, the result is NaN), or a mask is not of its places.

    Source: Shazeer, Fast Transformer Decoding: One Write-Head is All You Need, 2019.

    Example:

        >>> layer = CachedMultiHeadAttention(num_heads=2, key_dim=3)
        >>> x = jnp.ones((1, 1, 6))
        >>> layer.build(x.shape, x.shape)
        >>> cache = layer.initial_cache(1, 5)
        >>> y, cache = layer(x, x, cache=cache, cache_update_index=0, use_causal_mask=True)
        >>> y.shape, cache.shape
        ((1, 1, 6), (1, 2, 5, 2, 3))
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        num_key_value_heads: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        rope_max_wavelength: float | None = None,
        **options: Unpack[AttentionOptions],
    ) -> None:
        options["name"] = options.get("name") or unique_name("cached_multi_head_attention")
        shared = num_heads if num_key_value_heads is None else num_key_value_heads
        super().__init__(key_dim, num_heads, shared, dropout, use_bias, **options)
        self.num_heads, self.key_dim = self.num_query_heads, self.head_dim
        self.rope_max_wavelength = rope_max_wavelength
        self.rotary = (
            None
            if rope_max_wavelength is None
            else RotaryEmbedding(rope_max_wavelength, dtype=self.dtype_policy, name="rotary_embedding")
        )

    def initial_cache(self, batch_size: int, places: int) -> jax.Array:
        """An empty cache of so many places."""
        shape = (batch_size, 2, places, self.num_key_value_heads, self.head_dim)
        return jnp.zeros(shape, self.compute_dtype)

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool = False,
        use_causal_mask: bool = False,
        cache: Any = None,
        cache_update_index: Any = None,
    ) -> Any:
        key = value if key is None else key
        start = 0 if cache_update_index is None else cache_update_index
        if cache is None and cache_update_index is not None:
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}): cache_update_index is a place of a cache. "
                "Received no cache: take one from initial_cache."
            )
        if cache is not None:
            check_cache_masks(self, cache, (value_mask, key_mask))
        queries = self._turned(self.query_dense(query), start)
        if cache is not None and cache_update_index is None:
            keys, values = cache[:, 0], cache[:, 1]
        else:
            keys, values = self._turned(self.key_dense(key), start), self.value_dense(value)
            if cache is not None:
                cache = self._written(cache, keys, values, start)
                keys, values = cache[:, 0], cache[:, 1]
        lengths = queries.shape[1], keys.shape[1]
        if use_causal_mask:
            seen = jnp.arange(lengths[1]) <= start + jnp.arange(lengths[0])[:, None]
            attention_mask = (
                seen[None] if attention_mask is None else seen & jnp.asarray(attention_mask, bool)
            )
        masks = [query_mask, value_mask, key_mask], attention_mask, lengths, False
        found = self._grouped(query, (queries, keys, values), masks, training, return_attention_scores)
        if cache is None:
            return found
        return (*found, cache) if return_attention_scores else (found, cache)

    def _turned(self, array: Any, start: Any) -> Any:
        return array if self.rotary is None else self.rotary(array, start_index=start)

    def _written(self, cache: Any, keys: Any, values: Any, start: Any) -> jax.Array:
        """The cache with keys and values (B, T, N, H) from a place on."""
        length, places = keys.shape[1], cache.shape[2]
        check_places(self, start, length, places)
        new = jnp.stack([keys, values], axis=1).astype(cache.dtype)
        fits = jnp.asarray(start) + length <= places  # else XLA would write at another place
        return lax.dynamic_update_slice_in_dim(cache, jnp.where(fits, new, jnp.nan), start, axis=2)


def check_cache_masks(layer: Layer, cache: Any, masks: tuple[Any, ...]) -> None:
    """Refuse masks of the places that are new, where those of all places of a cache are asked for.

    Raises:
        ShapeError: one is of another length.
    """
    for mask in masks:
        if mask is not None and mask.shape[-1] != cache.shape[2]:
            raise ShapeError(
                f"Layer {layer.name!r} ({type(layer).__name__}): with a cache a mask of keys and values "
                f"tells of all its places, (batch, {cache.shape[2]}). Received a mask of shape {mask.shape}."
            )
