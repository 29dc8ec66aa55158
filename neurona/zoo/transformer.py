"""The Transformer: translation by attention alone, without recurrence or convolution.

Vaswani et al. (Attention Is All You Need, 2017). A query looks at keys and gets the mean of their values,

    Attention(Q, K, V) = softmax(Q K' / sqrt(d_k)) V

(equation 1), in several heads, each with projections of its own,

    MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W_O,    head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V).

The encoder has layers of attention to itself and of a small network, FFN(x) = max(0, x W_1 + b_1) W_2 + b_2
(equation 2), each with a shortcut and a normalization, LayerNorm(x + Sublayer(x)). The decoder's layers have
attention to what was written before, and then to the encoder. As nothing says where a symbol stands, waves
are added to its vector (section 3.5): sin(p / 10000^(2i/d)) and cos(p / 10000^(2i/d)) at 2i and 2i + 1.
Vectors of symbols are multiplied by sqrt(d), and those of answers serve for the logits too (section 3.4).

In training all places of an answer are computed at once. In writing a symbol is computed at a time, and keys
and values of those before are kept; the loop is one compiled program.

The tasks are those of `bahdanau.py`: Spanish dates to ISO 8601, and numbers to Spanish words, letter by
letter.

Deviations. The network is small; learning rate and batches are others, and it falls as half a cosine does;
there is neither label smoothing nor beam search.
"""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.initializers import RandomNormal
from neurona.layers import (
    Dropout,
    Layer,
    ReversibleEmbedding,
    SinePositionEncoding,
    TransformerDecoder,
    TransformerEncoder,
)
from neurona.plotting.figure import finish, new_figure
from neurona.zoo import validation
from neurona.zoo.card import Card, Words
from neurona.zoo.spanish_tasks import date_experiment
from neurona.zoo.translation import TranslationNetwork, greedy

__all__ = ["Transformer", "TransformerTranslation"]

_TITLE = Words("Transformer", "Transformer (codificador y decodificador)")
_HEAD = Words("head {}", "cabeza {}")


class TransformerTranslation(Layer):
    """An encoder and a decoder of Transformer blocks.

    Args:
        source_size, target_size: how many symbols there are, padding (0) and end (1) included.
        embedding_dim: the length of the vectors.
        num_layers: how many blocks the encoder has, and the decoder.
        num_heads: of each attention.
        dropout: the share that is set to zero in training.

    Call arguments: those of `AlignedTranslation`.

    Shapes: source (batch, S), target (batch, T) -> logits (batch, T, target_size); with a length symbols
        (batch, length) and what the encoder's last block looks at (batch, num_heads, S, S).

    Source: Vaswani et al., Attention Is All You Need, 2017.

    Example:

        >>> layer = TransformerTranslation(9, 7, embedding_dim=4, num_layers=1, num_heads=2)
        >>> layer(np.array([[2, 5, 0]]), np.array([[1, 3]])).shape
        (1, 2, 7)
    """

    def __init__(
        self,
        source_size: int,
        target_size: int,
        embedding_dim: int,
        num_layers: int,
        num_heads: int,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.autocast = False  # the inputs are numbers of symbols
        self.embedding_dim = embedding_dim

        def part(kind: Any, *args: Any, name: str) -> Any:
            return kind(*args, dtype=self.dtype_policy, name=name)

        def vectors(size: int, name: str) -> ReversibleEmbedding:
            start = RandomNormal(stddev=embedding_dim**-0.5)
            return part(ReversibleEmbedding, size, embedding_dim, True, start, name=name)

        self.source_embedding = vectors(source_size, "source_embedding")
        self.target_embedding = vectors(target_size, "target_embedding")
        self.positions = part(SinePositionEncoding, name="positions")
        self.dropout_layer = part(Dropout, dropout, name="dropout")
        options = 4 * embedding_dim, num_heads, dropout
        self.encoders = [part(TransformerEncoder, *options, name=f"encoder_{n}") for n in range(num_layers)]
        self.decoders = [part(TransformerDecoder, *options, name=f"decoder_{n}") for n in range(num_layers)]

    def build(self, source_shape: Any, target_shape: Any = None) -> None:
        self.source_embedding.build(source_shape)
        self.target_embedding.build(source_shape)
        shape = (*source_shape, self.embedding_dim)
        for encoder, decoder in zip(self.encoders, self.decoders):
            encoder.build(shape)
            decoder.build(shape, shape)

    def _placed(self, embedding: Any, symbols: Any, training: bool, start: Any = 0) -> Any:
        vectors = embedding(symbols) * math.sqrt(self.embedding_dim)
        return self.dropout_layer(vectors + self.positions(vectors, start_index=start), training=training)

    def call(self, source: Any, target: Any = None, length: int | None = None, training: bool = False) -> Any:
        known = jnp.not_equal(source, 0)
        read, scores = self._placed(self.source_embedding, source, training), None
        for encoder in self.encoders:
            if target is None:
                read, scores = encoder(read, padding_mask=known, return_attention_scores=True)
            else:
                read = encoder(read, padding_mask=known, training=training)
        if target is None:
            return self._written(read, known, length or 1), scores
        x = self._placed(self.target_embedding, target, training)
        for decoder in self.decoders:
            x = decoder(x, read, encoder_padding_mask=known, training=training)
        return self.target_embedding(x, reverse=True)

    def _written(self, read: Any, known: Any, length: int) -> Any:
        """The likeliest symbols, with the keys and values of those before in caches."""
        rows, places = known.shape
        caches = [decoder.initial_caches(rows, length, places) for decoder in self.decoders]
        # The encoder's keys and values are the same at each step: a first symbol fills them in.
        state, _ = self._step(caches, jnp.ones(rows, "int32"), 0, read, known, fill=0)

        def step(state: Any, symbols: Any, place: Any) -> Any:
            state, logits = self._step(state, symbols, place, read, known)
            return state, logits, None

        return greedy(step, state, rows, length)[0]

    def _step(
        self, caches: Any, symbols: Any, place: Any, read: Any, known: Any, fill: int | None = None
    ) -> Any:
        x = self._placed(self.target_embedding, symbols[:, None], False, place)
        kept = []
        for decoder, (own, cross) in zip(self.decoders, caches):
            x, own, cross = decoder(
                x,
                read,
                encoder_padding_mask=known,
                self_attention_cache=own,
                self_attention_cache_update_index=place,
                cross_attention_cache=cross,
                cross_attention_cache_update_index=fill,
            )
            kept.append((own, cross))
        return kept, self.target_embedding(x, reverse=True)[:, 0]


class Transformer(TranslationNetwork):
    """Translates texts letter by letter, by attention alone.

    Args:
        embedding_dim: the length of the vectors.
        num_layers: how many blocks the encoder has, and the decoder.
        num_heads: of each attention.
        dropout: the share that is set to zero in training.
        learning_rate: of Adam, the largest: it rises over the first tenth, and falls as half a cosine does.
        epochs: how often the texts are gone through.
        batch_size: how many texts are learned in a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        source_symbols_, target_symbols_, longest_: as in `TranslationNetwork`.
        model_, history_: as in `Estimator`.

    Source: Vaswani et al., Attention Is All You Need, 2017.

    Example:

        >>> X = ["ab", "ba", "aab", "bb", "abb", "bab"]
        >>> network = Transformer(16, 1, 2, learning_rate=0.01, epochs=80, random_state=0)
        >>> network.fit(X, [text.upper() for text in X]).predict(["ab", "bab"])
        ['AB', 'BAB']
    """

    def __init__(
        self,
        embedding_dim: int = 64,
        num_layers: int = 2,
        num_heads: int = 4,
        dropout: float = 0.0,
        learning_rate: float = 2e-3,
        epochs: int = 10,
        batch_size: int = 64,
        random_state: int | None = None,
    ) -> None:
        self.embedding_dim = embedding_dim
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _layer(self, source_size: int, target_size: int) -> TransformerTranslation:
        return TransformerTranslation(
            source_size, target_size, self.embedding_dim, self.num_layers, self.num_heads, self.dropout
        )

    def attention(self, text: str) -> np.ndarray:
        """What each letter of a text looks at in the encoder's last block, (heads, letters, letters)."""
        validation.check_is_fitted(self)
        return self._answers([text])[1][0, :, : len(text), : len(text)]

    def plot(self, text: str, language: str | None = None, to_file: Any = None) -> Any:
        """Draw what each letter of a text looks at, a picture for each head.

        Args:
            text: what is read.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        weights = self.attention(text)
        names = ["␣" if letter == " " else letter for letter in text]
        columns = -(-len(weights) // 2)
        side = 1 + 0.17 * len(text)
        figure = new_figure("plot", columns * side, 2 * side + 0.4, 120)
        panels = figure.subplots(2, columns, squeeze=False).ravel()
        for panel in panels[len(weights) :]:
            panel.set_axis_off()
        for number, (panel, shares) in enumerate(zip(panels, weights), 1):
            panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
            panel.set_xticks(range(len(names)), names, fontsize=8)
            panel.set_yticks(range(len(names)), names, fontsize=8)
            panel.set_title(_HEAD.of(language).format(number), fontsize=9)
        figure.suptitle(_TITLE.of(language))
        return finish(figure, to_file)


def _network(seed: int, quick: bool) -> Transformer:
    """For the experiment."""
    if quick:
        return Transformer(32, 1, 2, 0.0, 1e-2, epochs=8, batch_size=25, random_state=seed)
    return Transformer(random_state=seed)


CARD = Card(
    title=_TITLE,
    year=2017,
    paper="Vaswani et al., Attention Is All You Need, 2017",
    family="attention",
    cells=("input", "hidden", "output"),
    summary=Words(
        "Every symbol looks at all others at once, in several heads; no recurrence, so that all places are "
        "learned in parallel.",
        "Cada símbolo mira a todos los demás a la vez, con varias cabezas; sin recurrencia, así que todos "
        "los lugares se aprenden en paralelo.",
    ),
    network=Transformer,
    experiment=date_experiment(
        _network,
        quick_target=0.08,
        size=Words("; 2 + 2 blocks of 64 numbers, 4 heads", "; 2 + 2 bloques de 64 números, 4 cabezas"),
    ),
)
