"""The blocks of Transformers: TransformerEncoder and TransformerDecoder."""

from typing import Annotated, Any, Unpack

from neurona import initializers
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.options import Option
from neurona.layers.arguments import ActivationAttribute, choice, fraction, positive
from neurona.layers.cached_attention import CachedMultiHeadAttention
from neurona.layers.dense import Dense
from neurona.layers.normalization import LayerNormalization, RMSNormalization
from neurona.layers.options import LayerOptions, for_layer
from neurona.layers.position import copied
from neurona.layers.regularization import Dropout

__all__ = [
    "TransformerDecoder",
    "TransformerEncoder",
]


class TransformerOptions(LayerOptions, total=False):
    """What later Transformers changed."""

    normalization: Annotated[
        str, Option("layer", '"layer" for LayerNormalization, "rms" for RMSNormalization.')
    ]
    gated: Annotated[
        bool,
        Option(False, "whether the inner sums are activation(x W_g) * (x W_i) instead of activation(x W_i)."),
    ]
    num_key_value_heads: Annotated[
        int | None, Option(None, "number of heads of keys and values; None for num_heads.")
    ]
    rope_max_wavelength: Annotated[
        float | None,
        Option(None, "that of a RotaryEmbedding in the attention to the own sequence; None for none."),
    ]
    use_bias: Annotated[bool, Option(True, "whether projections have biases.")]


_OWN = ("normalization", "gated", "num_key_value_heads", "rope_max_wavelength", "use_bias")


class _TransformerBlock(Layer):
    """What both blocks share: attention and a small network, each with a normalization and a shortcut."""

    supports_masking = True
    activation = ActivationAttribute()

    def __init__(
        self,
        intermediate_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        activation: Any = "relu",
        layer_norm_epsilon: float = 1e-5,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        normalize_first: bool = False,
        **options: Unpack[TransformerOptions],
    ) -> None:
        super().__init__(**for_layer(options, own=_OWN))
        owner = type(self).__name__
        self.intermediate_dim = positive(intermediate_dim, "intermediate_dim", owner)
        self.num_heads = positive(num_heads, "num_heads", owner)
        self.dropout = fraction(dropout, "dropout", owner)
        self.activation, self.layer_norm_epsilon = activation, layer_norm_epsilon
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.normalize_first = normalize_first
        own: dict[str, Any] = {**options}
        self.normalization = choice(own["normalization"], ("layer", "rms"), "normalization", owner)
        self.gated, self.use_bias = own["gated"], own["use_bias"]
        self.num_key_value_heads = own["num_key_value_heads"]
        self.rope_max_wavelength = own["rope_max_wavelength"]

    def _start(self) -> dict[str, Any]:
        """First values and the rest of what parts take."""
        return {
            "use_bias": self.use_bias,
            "kernel_initializer": copied(self.kernel_initializer),
            "bias_initializer": copied(self.bias_initializer),
            "dtype": self.dtype_policy,
        }

    def _attention(self, name: str, size: int, rope_max_wavelength: float | None) -> CachedMultiHeadAttention:
        if size % self.num_heads:
            raise ShapeError(
                f"Layer {self.name!r} ({type(self).__name__}): num_heads divides the number of features. "
                f"Received num_heads={self.num_heads} and an input of {size} features."
            )
        return CachedMultiHeadAttention(
            self.num_heads,
            size // self.num_heads,
            self.num_key_value_heads,
            self.dropout,
            rope_max_wavelength=rope_max_wavelength,
            name=name,
            **self._start(),
        )

    def _norm(self, name: str, shape: Any) -> Layer:
        kind = LayerNormalization if self.normalization == "layer" else RMSNormalization
        layer = kind(epsilon=self.layer_norm_epsilon, dtype=self.dtype_policy, name=name)
        layer.build(shape)
        return layer

    def _build_feedforward(self, shape: Any) -> None:
        inner = (*shape[:-1], self.intermediate_dim)
        self.feedforward_gate_dense = self._dense("feedforward_gate_dense", shape) if self.gated else None
        self.feedforward_intermediate_dense = self._dense("feedforward_intermediate_dense", shape)
        self.feedforward_output_dense = Dense(shape[-1], name="feedforward_output_dense", **self._start())
        self.feedforward_output_dense.build(inner)
        self.feedforward_layer_norm = self._norm("feedforward_layer_norm", shape)
        self.dropout_layer = Dropout(self.dropout, dtype=self.dtype_policy, name="dropout")

    def _dense(self, name: str, shape: Any) -> Dense:
        layer = Dense(self.intermediate_dim, name=name, **self._start())
        layer.build(shape)
        return layer

    def _feedforward(self, x: Any) -> Any:
        inner = self.feedforward_intermediate_dense(x)
        gate = inner if self.feedforward_gate_dense is None else self.feedforward_gate_dense(x)
        gate = self.activation(gate)
        return self.feedforward_output_dense(gate if self.feedforward_gate_dense is None else gate * inner)

    def _with_shortcut(self, x: Any, norm: Layer, part: Any, training: bool) -> Any:
        """x + part(norm(x)), or norm(x + part(x))."""
        y = part(norm(x) if self.normalize_first else x)
        y = x + self.dropout_layer(y, training=training)
        return y if self.normalize_first else norm(y)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask


class TransformerEncoder(_TransformerBlock):
    """A block of a Transformer in which each place of a sequence sees all others.

    x = norm(x + attention(x)), y = norm(x + activation(x W_i + b_i) W_o + b_o); with normalize_first x = x +
    attention(norm(x)) and so on, so that the last block's output needs a normalization after it.

    Args:
        intermediate_dim: number of inner sums of the feed-forward part.
        num_heads: number of heads of attention; divides the number of features.
        dropout: the share that is set to zero in training, of the softmax and of each part's output.
        activation: of the feed-forward part, a name or function.
        layer_norm_epsilon: that of the normalizations.
        kernel_initializer, bias_initializer: of all projections.
        normalize_first: whether to normalize what goes into each part, instead of its sum with the shortcut.
        **options: those of `TransformerOptions`.

    Call arguments:
        inputs: a sequence.
        padding_mask: true where there is something; by default the mask of the inputs.
        attention_mask: true where place i may see place j.
        return_attention_scores: whether to give the softmax too.

    Shapes: x (B, T, d), padding_mask (B, T), attention_mask (B, T, T) -> (B, T, d)[, softmax (B, num_heads,
        T, T)].

    Raises:
        ArgumentError: an argument is not one of those allowed.
        ShapeError: num_heads does not divide d.

    Source: Vaswani et al., Attention Is All You Need, 2017; normalization first: Xiong et al., On Layer
        Normalization in the Transformer Architecture, 2020; gates: Shazeer, GLU Variants Improve Transformer,
        2020.

    Example:

        >>> import numpy as np
        >>> TransformerEncoder(intermediate_dim=16, num_heads=2)(np.ones((2, 5, 8))).shape
        (2, 5, 8)
    """

    def build(self, input_shape: Any) -> None:
        self.self_attention_layer = self._attention(
            "self_attention_layer", input_shape[-1], self.rope_max_wavelength
        )
        self.self_attention_layer.build(input_shape, input_shape)
        self.self_attention_layer_norm = self._norm("self_attention_layer_norm", input_shape)
        self._build_feedforward(input_shape)

    def call(
        self,
        inputs: Any,
        padding_mask: Any = None,
        attention_mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        mask: Any = None,
    ) -> Any:
        keys = mask if padding_mask is None else padding_mask
        scores = None

        def attend(x: Any) -> Any:
            nonlocal scores
            found = self.self_attention_layer(
                x,
                x,
                value_mask=keys,
                attention_mask=attention_mask,
                training=training,
                return_attention_scores=return_attention_scores,
            )
            if return_attention_scores:
                found, scores = found
            return found

        x = self._with_shortcut(inputs, self.self_attention_layer_norm, attend, training)
        x = self._with_shortcut(x, self.feedforward_layer_norm, self._feedforward, training)
        return (x, scores) if return_attention_scores else x


class TransformerDecoder(_TransformerBlock):
    """A block of a Transformer in which each place of a sequence sees those before it, and, if there is one,
    the sequence of an encoder.

    Built on one sequence it is a block of a language model: attention to what came before, then a small
    network. Called on an encoder's sequence too, it has attention to that in between. For decoding step by
    step it takes caches of keys and values.

    Args:
        intermediate_dim: number of inner sums of the feed-forward part.
        num_heads: number of heads of attention; divides the number of features.
        dropout: the share that is set to zero in training, of the softmax and of each part's output.
        activation: of the feed-forward part, a name or function.
        layer_norm_epsilon: that of the normalizations.
        kernel_initializer, bias_initializer: of all projections.
        normalize_first: whether to normalize what goes into each part, instead of its sum with the shortcut.
        **options: those of `TransformerOptions`.

    Call arguments:
        decoder_sequence: the sequence, or its new places where there is a cache.
        encoder_sequence: the encoder's.
        decoder_padding_mask, encoder_padding_mask: true where there is something; by default the masks of the
            sequences. With a cache that of the decoder tells of all its places.
        decoder_attention_mask, encoder_attention_mask: true where place i may see place j.
        self_attention_cache: that of the decoder's places, which `initial_caches` gives.
        self_attention_cache_update_index: the number of the first new place.
        cross_attention_cache: that of the encoder's places.
        cross_attention_cache_update_index: 0 to fill it from the encoder's sequence, None to use it.
        use_causal_mask: whether a place sees those before it only.

    Shapes: decoder_sequence (B, T, d), encoder_sequence (B, S, e) -> (B, T, d); with self_attention_cache a
        tuple of that and the cache, with an encoder also the cross_attention_cache.

    Raises:
        ArgumentError: an argument is not one of those allowed, or only one of two caches is given.
        ShapeError: num_heads does not divide d, or a sequence goes beyond the cache.

    Source: Vaswani et al., Attention Is All You Need, 2017.

    Example:

        >>> import numpy as np
        >>> layer = TransformerDecoder(intermediate_dim=16, num_heads=2)
        >>> layer(np.ones((2, 5, 8)), np.ones((2, 7, 8))).shape
        (2, 5, 8)
    """

    def build(self, decoder_sequence_shape: Any, encoder_sequence_shape: Any = None) -> None:
        shape = decoder_sequence_shape
        self.self_attention_layer = self._attention(
            "self_attention_layer", shape[-1], self.rope_max_wavelength
        )
        self.self_attention_layer.build(shape, shape)
        self.self_attention_layer_norm = self._norm("self_attention_layer_norm", shape)
        self.cross_attention_layer = None
        if encoder_sequence_shape is not None:
            self.cross_attention_layer = self._attention("cross_attention_layer", shape[-1], None)
            self.cross_attention_layer.build(shape, encoder_sequence_shape)
            self.cross_attention_layer_norm = self._norm("cross_attention_layer_norm", shape)
        self._build_feedforward(shape)

    def initial_caches(self, batch_size: int, places: int, encoder_places: int | None = None) -> Any:
        """Empty caches: of the decoder's places, and of the encoder's or None."""
        own = self.self_attention_layer.initial_cache(batch_size, places)
        if self.cross_attention_layer is None or encoder_places is None:
            return own, None
        return own, self.cross_attention_layer.initial_cache(batch_size, encoder_places)

    def call(
        self,
        decoder_sequence: Any,
        encoder_sequence: Any = None,
        decoder_padding_mask: Any = None,
        decoder_attention_mask: Any = None,
        encoder_padding_mask: Any = None,
        encoder_attention_mask: Any = None,
        self_attention_cache: Any = None,
        self_attention_cache_update_index: Any = None,
        cross_attention_cache: Any = None,
        cross_attention_cache_update_index: Any = None,
        use_causal_mask: bool = True,
        training: bool = False,
        decoder_sequence_mask: Any = None,
        encoder_sequence_mask: Any = None,
    ) -> Any:
        self._check_caches(encoder_sequence, self_attention_cache, cross_attention_cache)
        caches: list[Any] = []

        def attention(layer: CachedMultiHeadAttention, other: Any, cache: Any, **options: Any) -> Any:
            def part(x: Any) -> Any:
                value = x if other is None else other
                found = layer(x, value, cache=cache, training=training, **options)
                if cache is not None:
                    found, new = found
                    caches.append(new)
                return found

            return part

        own = attention(
            self.self_attention_layer,
            None,
            self_attention_cache,
            value_mask=decoder_sequence_mask if decoder_padding_mask is None else decoder_padding_mask,
            attention_mask=decoder_attention_mask,
            cache_update_index=self_attention_cache_update_index,
            use_causal_mask=use_causal_mask,
        )
        x = self._with_shortcut(decoder_sequence, self.self_attention_layer_norm, own, training)
        if self.cross_attention_layer is not None:
            cross = attention(
                self.cross_attention_layer,
                encoder_sequence,
                cross_attention_cache,
                value_mask=encoder_sequence_mask if encoder_padding_mask is None else encoder_padding_mask,
                attention_mask=encoder_attention_mask,
                cache_update_index=cross_attention_cache_update_index,
            )
            x = self._with_shortcut(x, self.cross_attention_layer_norm, cross, training)
        x = self._with_shortcut(x, self.feedforward_layer_norm, self._feedforward, training)
        return (x, *caches) if caches else x

    def _check_caches(self, encoder_sequence: Any, own: Any, cross: Any) -> None:
        """Refuse an encoder's sequence that the block was not built for, and one cache of two.

        Raises:
            ArgumentError: so it is.
        """
        has_cross = self.cross_attention_layer is not None
        if has_cross and encoder_sequence is None:
            raise ArgumentError(
                f"Layer {self.name!r} (TransformerDecoder) was built on an encoder_sequence: call it with "
                "one."
            )
        if encoder_sequence is not None and not has_cross:
            raise ArgumentError(
                f"Layer {self.name!r} (TransformerDecoder) was built without an encoder_sequence: call it "
                "without one, or make another layer."
            )
        if (cross is not None) != (has_cross and own is not None):
            raise ArgumentError(
                f"Layer {self.name!r} (TransformerDecoder): self_attention_cache and cross_attention_cache "
                "go together where there is an encoder_sequence, and only the first is there without one."
            )
