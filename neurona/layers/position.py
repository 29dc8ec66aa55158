"""Layers that tell attention where each place of a sequence is."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from neurona import initializers
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.scope import current_scope
from neurona.layers.arguments import positive
from neurona.layers.embedding import ReversibleEmbedding

__all__ = [
    "PositionEmbedding",
    "RotaryEmbedding",
    "SinePositionEncoding",
    "TokenAndPositionEmbedding",
]


def check_places(layer: Layer, start: Any, length: int, most: int) -> None:
    """Refuse places beyond the last, as far as they are known.

    Args:
        layer: that asks.
        start: the first place, an integer or an array.
        length: how many there are.
        most: how many there may be.

    Raises:
        ShapeError: there are more places than there may be, or the first is below 0.
    """
    scope = current_scope()
    first = 0 if isinstance(start, Tracer) else int(start)
    made_up = scope is not None and length in scope.unknown_sizes
    if first < 0 or (first + length > most and not made_up):
        raise ShapeError(
            f"Layer {layer.name!r} ({type(layer).__name__}) has room for {most} places. Received "
            f"{length} places from place {first} on. Cut the sequence, or build the layer for longer ones."
        )


def _places(length: int, start_index: Any, positions: Any) -> jax.Array:
    """The number of each place, (time,) or (batch, time)."""
    return jnp.arange(length) + start_index if positions is None else jnp.asarray(positions)


class PositionEmbedding(Layer):
    """A learned vector for each place of a sequence: y[t] = embeddings[start_index + t].

    Args:
        sequence_length: how many places there are at most.
        initializer: of the vectors, a name or an object.

    Call arguments:
        inputs: vectors of the places; only their shape counts.
        start_index: the number of the first place.
        positions: the numbers of all places, (time,) or (batch, time), instead.

    Shapes: x (batch, time, d) -> y the same; embeddings (sequence_length, d).

    Raises:
        ArgumentError: sequence_length is not a positive integer.
        ShapeError: there are more places than vectors (in a program that you compile yourself, a place that
            is known only there gets NaN).

    Source: Gehring et al., Convolutional Sequence to Sequence Learning, 2017.

    Example:

        >>> x = jnp.ones((2, 3, 4))
        >>> (x + PositionEmbedding(sequence_length=10)(x)).shape
        (2, 3, 4)
    """

    supports_masking = True

    def __init__(self, sequence_length: int, initializer: Any = "glorot_uniform", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sequence_length = positive(sequence_length, "sequence_length", "PositionEmbedding")
        self.initializer = initializers.get(initializer)

    def build(self, input_shape: Any) -> None:
        self.embeddings = self.add_weight(
            (self.sequence_length, input_shape[-1]), self.initializer, name="embeddings"
        )

    def call(self, inputs: Any, start_index: Any = 0, positions: Any = None) -> Any:
        if positions is None:
            check_places(self, start_index, inputs.shape[-2], self.sequence_length)
        places = _places(inputs.shape[-2], start_index, positions)
        # A place below 0 would count from the end.
        places = jnp.where(places < 0, self.sequence_length, places)
        vectors = jnp.take(self.embeddings.value, places, axis=0, mode="fill", fill_value=jnp.nan)
        return jnp.broadcast_to(vectors, inputs.shape).astype(self.compute_dtype)


class SinePositionEncoding(Layer):
    """A fixed vector for each place p: sin(p / w^(2i/d)) at 2i, cos(p / w^(2i/d)) at 2i + 1.

    Args:
        max_wavelength: w, the longest wave over 2 pi.

    Call arguments: those of `PositionEmbedding`.

    Shapes: x (batch, time, d) -> y the same.

    Raises:
        ArgumentError: max_wavelength is not above 0.

    Source: Vaswani et al., Attention Is All You Need, 2017.

    Example:

        >>> SinePositionEncoding()(jnp.ones((1, 2, 4)))[0, 0].tolist()
        [0.0, 1.0, 0.0, 1.0]
    """

    supports_masking = True

    def __init__(self, max_wavelength: float = 10000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_wavelength = _wavelength(max_wavelength, "SinePositionEncoding")

    def call(self, inputs: Any, start_index: Any = 0, positions: Any = None) -> Any:
        exact = jnp.promote_types(self.compute_dtype, jnp.float32)
        places = _places(inputs.shape[-2], start_index, positions).astype(exact)
        feature = np.arange(inputs.shape[-1])
        rates = self.max_wavelength ** (-2.0 * (feature // 2) / inputs.shape[-1])
        angles = places[..., None] * rates.astype(exact)
        vectors = jnp.where(feature % 2 == 0, jnp.sin(angles), jnp.cos(angles))
        return jnp.broadcast_to(vectors, inputs.shape).astype(self.compute_dtype)


class RotaryEmbedding(Layer):
    """Turns the vectors of a sequence by angles that grow with their place, so that products of queries and
    keys depend on how far they are apart.

    A pair of features (a, b) at place p becomes (a cos(p r) - b sin(p r), b cos(p r) + a sin(p r)), with r =
    max_wavelength^(-2i/d) for the pairs i = 0 to d/2 - 1: feature i and feature i + d/2.

    Args:
        max_wavelength: the longest wave over 2 pi.
        scaling_factor: by which places are divided, for sequences longer than those learned.
        sequence_axis: the axis of the places.
        feature_axis: the axis of the features.

    Call arguments:
        inputs: queries or keys.
        start_index: the number of the first place.
        positions: the numbers of all places, (time,) or (batch, time), instead.

    Shapes: x (batch, time, ..., d) -> y the same; d even.

    Raises:
        ArgumentError: a number is not above 0, or the axes are not two after the batch.
        ShapeError: d is odd.

    Source: Su et al., RoFormer: Enhanced Transformer with Rotary Position Embedding, 2021.

    Example:

        >>> y = RotaryEmbedding()(jnp.ones((1, 5, 2)))
        >>> [round(float(y[0, p] @ y[0, p + 2]), 4) for p in (0, 1, 2)]
        [-0.8323, -0.8323, -0.8323]
    """

    supports_masking = True

    def __init__(
        self,
        max_wavelength: float = 10000,
        scaling_factor: float = 1.0,
        sequence_axis: int = 1,
        feature_axis: int = -1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_wavelength = _wavelength(max_wavelength, "RotaryEmbedding")
        if not scaling_factor > 0:
            raise ArgumentError(
                f"RotaryEmbedding: scaling_factor is above 0. Received: scaling_factor={scaling_factor}"
            )
        self.scaling_factor = scaling_factor
        self.sequence_axis, self.feature_axis = sequence_axis, feature_axis

    def call(self, inputs: Any, start_index: Any = 0, positions: Any = None) -> Any:
        time, features = self.sequence_axis % inputs.ndim, self.feature_axis % inputs.ndim
        if time == features or 0 in (time, features):
            raise ArgumentError(
                f"Layer {self.name!r} (RotaryEmbedding): sequence_axis and feature_axis are two axes after "
                f"the batch, of an input of {inputs.ndim} dimensions. Received: {self.sequence_axis} and "
                f"{self.feature_axis}"
            )
        size = inputs.shape[features]
        if size % 2:
            raise ShapeError(
                f"Layer {self.name!r} (RotaryEmbedding) turns pairs of features, so that their number is "
                f"even. Received {size} features of shape {inputs.shape}."
            )
        exact = jnp.promote_types(inputs.dtype, jnp.float32)
        places = _places(inputs.shape[time], start_index, positions).astype(exact) / self.scaling_factor
        rates = self.max_wavelength ** (-np.arange(0, size, 2, dtype="float64") / size)
        angles = places[..., None] * rates.astype(exact)  # ([batch,] time, size / 2)
        angles = angles if angles.ndim == 3 else angles[None]
        order = [0, time, features]
        others = [axis for axis in range(1, inputs.ndim) if axis not in order]
        angles = jnp.expand_dims(angles, tuple(range(3, inputs.ndim)))
        angles = jnp.transpose(angles, [(order + others).index(axis) for axis in range(inputs.ndim)])
        cos, sin = jnp.cos(angles), jnp.sin(angles)
        a, b = jnp.split(inputs, 2, axis=features)
        turned = jnp.concatenate([a * cos - b * sin, b * cos + a * sin], axis=features)
        return turned.astype(inputs.dtype)


def _wavelength(value: Any, owner: str) -> float:
    if not isinstance(value, (int, float)) or not value > 0:
        raise ArgumentError(
            f"{owner}: max_wavelength is a number above 0. Received: max_wavelength={value!r}"
        )
    return value


class TokenAndPositionEmbedding(Layer):
    """The vectors of tokens plus those of their places, both learned.

    Args:
        vocabulary_size: how many tokens there are; the inputs are 0 to vocabulary_size - 1.
        sequence_length: how many places there are at most.
        embedding_dim: the length of the vectors.
        tie_weights: whether the way back from vectors to tokens, `token_embedding(y, reverse=True)`, uses
            the same vectors.
        embeddings_initializer: of both kinds of vectors.
        mask_zero: whether 0 is padding, which later layers then skip.

    Call arguments:
        inputs: numbers of tokens.
        start_index: the number of the first place.
        positions: the numbers of all places, (time,) or (batch, time), instead.

    Attributes:
        token_embedding: a `ReversibleEmbedding`.
        position_embedding: a `PositionEmbedding`.

    Shapes: x (batch, time), integers -> y (batch, time, embedding_dim).

    Raises:
        ArgumentError: a size is not a positive integer.
        DataError: a token is outside the range.
        ShapeError: there are more places than vectors.

    Source: Gehring et al., Convolutional Sequence to Sequence Learning, 2017.

    Example:

        >>> layer = TokenAndPositionEmbedding(vocabulary_size=20, sequence_length=10, embedding_dim=4)
        >>> layer(jnp.array([[3, 1, 2]])).shape
        (1, 3, 4)
    """

    def __init__(
        self,
        vocabulary_size: int,
        sequence_length: int,
        embedding_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        mask_zero: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = "TokenAndPositionEmbedding"
        self.vocabulary_size = positive(vocabulary_size, "vocabulary_size", owner)
        self.sequence_length = positive(sequence_length, "sequence_length", owner)
        self.embedding_dim = positive(embedding_dim, "embedding_dim", owner)
        self.autocast = False  # the inputs are numbers of tokens
        self.mask_zero = self.supports_masking = mask_zero
        first = initializers.get(embeddings_initializer)
        self.embeddings_initializer = first
        self.token_embedding = ReversibleEmbedding(
            self.vocabulary_size,
            self.embedding_dim,
            tie_weights,
            first,
            mask_zero=mask_zero,
            dtype=self.dtype_policy,
            name="token_embedding",
        )
        self.position_embedding = PositionEmbedding(
            self.sequence_length, copied(first), dtype=self.dtype_policy, name="position_embedding"
        )

    def build(self, input_shape: Any) -> None:
        self.token_embedding.build(input_shape)
        self.position_embedding.build((*input_shape, self.embedding_dim))

    def call(self, inputs: Any, start_index: Any = 0, positions: Any = None) -> Any:
        vectors = self.token_embedding(inputs)
        return vectors + self.position_embedding(vectors, start_index=start_index, positions=positions)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.token_embedding.compute_mask(inputs, mask)


def copied(initializer: Any) -> Any:
    """An initializer for another weight: one without a seed draws its seed in its constructor."""
    return type(initializer).from_config(initializer.get_config())
