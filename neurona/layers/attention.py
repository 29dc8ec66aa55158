"""Attention without projections: Attention and AdditiveAttention. multi_head_attention.py has projections."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.layers.arguments import choice, fraction

__all__ = [
    "AdditiveAttention",
    "Attention",
]


def causal_mask(queries: int, keys: int) -> jax.Array:
    """True where query i may see key j: j <= i.

    Example:

        >>> causal_mask(2, 3).tolist()
        [[True, False, False], [True, True, False]]
    """
    return jnp.tri(queries, keys, dtype=bool)


def inverted_dropout(x: jax.Array, rate: float, key: jax.Array) -> jax.Array:
    """Set a random share of x to zero and divide the rest by 1 - rate."""
    return (
        jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)
        if rate < 1
        else jnp.zeros_like(x)
    )


class Attention(Layer):
    """y = softmax(scores(query, key)) @ value: each query gets the mean of the values, weighed by how well
    their keys fit.

    The score of a query q and a key k is scale * (q . k), or with score_mode "concat" weight * sum(tanh(scale
    * (q + k))).

    Args:
        use_scale: whether the scale is learnt; else it is 1.
        score_mode: "dot" or "concat".
        dropout: the share of the softmax that is set to zero in training.
        seed: an integer that fixes the random numbers of dropout.

    Call arguments:
        inputs: a list [query, value] or [query, value, key]; the value is its own key.
        mask: a list [query_mask, value_mask], true where there is something; outputs of masked queries are
            zero.
        return_attention_scores: whether to give the softmax too.
        use_causal_mask: whether query i sees the keys up to i only.

    Shapes: query (batch, Tq, d), value (batch, Tv, e), key (batch, Tv, d), masks (batch, Tq) and (batch, Tv)
        -> (batch, Tq, e)[, softmax (batch, Tq, Tv)].

    Raises:
        ArgumentError: the inputs are no such list, or an argument is not one of those allowed.

    Source: Luong, Pham and Manning, Effective Approaches to Attention-based Neural Machine Translation, 2015.

    Example:

        >>> query, value = jnp.ones((2, 3, 4)), jnp.arange(40.0).reshape(2, 5, 4)
        >>> output, scores = Attention()([query, value], return_attention_scores=True)
        >>> output.shape, scores.shape
        ((2, 3, 4), (2, 3, 5))
    """

    supports_masking = True

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.score_mode = choice(score_mode, ("dot", "concat"), "score_mode", type(self).__name__)
        self.dropout, self.seed = fraction(dropout, "dropout", type(self).__name__), seed

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        self.concat_score_weight = (
            self.add_weight((), "ones", name="concat_score_weight") if self.score_mode == "concat" else None
        )

    def _check(self, inputs: Any) -> None:
        if (
            not isinstance(inputs, (list, tuple))
            or len(inputs) not in (2, 3)
            or isinstance(inputs[0], (int, type(None)))
        ):
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}) is called on a list [query, value] or [query, "
                f"value, key]. Received: {inputs}"
            )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask[0] if mask else None

    def _scores(self, query: jax.Array, key: jax.Array) -> jax.Array:
        """How well each query fits each key, (..., Tq, Tv)."""
        scale = 1 if self.scale is None else self.scale.value
        if self.concat_score_weight is None:
            return jnp.matmul(query, jnp.swapaxes(key, -2, -1)) * scale
        sums = query[..., :, None, :] + key[..., None, :, :]
        return self.concat_score_weight.value * jnp.sum(jnp.tanh(scale * sums), axis=-1)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check(inputs)
        if mask is not None and (not isinstance(mask, (list, tuple)) or len(mask) not in (2, 3)):
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}): mask is a list [query_mask, value_mask]. "
                f"Received: {mask}"
            )
        query, value, key = (*inputs, inputs[1])[:3]
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        scores = self._scores(query, key)
        allowed = None if value_mask is None else jnp.asarray(value_mask, bool)[..., None, :]
        if use_causal_mask:
            causal = causal_mask(*scores.shape[-2:])
            allowed = causal if allowed is None else allowed & causal
        if allowed is not None:
            scores = jnp.where(allowed, scores, scores - (65504.0 if scores.dtype == jnp.float16 else 1e9))
        weights = jax.nn.softmax(scores, axis=-1)
        if training and self.dropout:
            weights = inverted_dropout(weights, self.dropout, self._next_key())
        output = jnp.matmul(weights, value)
        if query_mask is not None:
            output = jnp.where(jnp.asarray(query_mask, bool)[..., None], output, 0)
        return (output, weights) if return_attention_scores else output


class AdditiveAttention(Attention):
    """Attention whose score of a query q and a key k is sum(scale * tanh(q + k)).

    Args:
        use_scale: whether the scale, a vector, is learnt; else it is 1.
        dropout: the share of the softmax that is set to zero in training.
        seed: an integer that fixes the random numbers of dropout.

    Call arguments: those of `Attention`.

    Shapes: query (batch, Tq, d), value (batch, Tv, e), key (batch, Tv, d), masks (batch, Tq) and (batch, Tv)
        -> (batch, Tq, e)[, softmax (batch, Tq, Tv)]; scale (d,).

    Raises:
        ArgumentError: the inputs are no list [query, value] or [query, value, key], or dropout is not from 0
            to 1.

    Source: Bahdanau, Cho and Bengio, Neural Machine Translation by Jointly Learning to Align and Translate,
        2015.

    Example:

        >>> AdditiveAttention()([jnp.ones((2, 3, 4)), jnp.ones((2, 5, 4))]).shape
        (2, 3, 4)
    """

    def __init__(
        self, use_scale: bool = True, dropout: float = 0.0, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, seed=seed, **kwargs)

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        self.scale = (
            self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale") if self.use_scale else None
        )

    def _scores(self, query: jax.Array, key: jax.Array) -> jax.Array:
        scale = 1 if self.scale is None else self.scale.value
        return jnp.sum(scale * jnp.tanh(query[..., :, None, :] + key[..., None, :, :]), axis=-1)
