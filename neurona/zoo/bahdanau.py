"""Attention by addition: a translator that looks back at what it translates, and learns where to look.

Before it, a recurrent network read a whole sentence into one vector, and another wrote the translation from
that. Bahdanau, Cho and Bengio (Neural Machine Translation by Jointly Learning to Align and Translate, 2015)
keep a vector for each word: h(j) is the state of a recurrent network that reads forwards, beside that of one
that reads backwards (section 3.2). To write word i, the decoder's state s(i-1) is compared with each of them,

    e(i, j) = v' tanh(W s(i-1) + U h(j)),    a(i, j) = exp(e(i, j)) / sum over k of exp(e(i, k)),
    c(i) = sum over j of a(i, j) h(j),       s(i) = f(s(i-1), y(i-1), c(i)),

(section 3.1), and the next word follows from s(i), y(i-1) and c(i). The weights a are the alignment: nobody
says which word belongs to which, and the picture of a shows what was found. The decoder begins with s(0) =
tanh(W_s h) of the backward state at the first word.

Here symbols are letters, and the languages are small: Spanish dates as they are written, to ISO 8601; and
numbers, to Spanish words. All of them were made here, so that a right answer is right to the letter.

Deviations. The word follows from one linear layer, where the paper has a maxout layer between; the weights
learn by Adam, where the paper has Adadelta; and the likeliest letter is taken, where the paper keeps several
beginnings (beam search).
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from neurona.layers import GRU, AdditiveAttention, Bidirectional, Dense, Embedding, GRUCell, Layer
from neurona.plotting.figure import finish, new_figure
from neurona.zoo import validation
from neurona.zoo.card import Card, Words
from neurona.zoo.spanish_tasks import date_experiment
from neurona.zoo.translation import TranslationNetwork, greedy

__all__ = ["AdditiveTranslator", "AlignedTranslation"]

_TITLE = Words("Additive attention (Bahdanau)", "Atención aditiva (Bahdanau)")
_AXES = Words("answer", "respuesta"), Words("question", "pregunta")


class AlignedTranslation(Layer):
    """An encoder that reads both ways and a decoder with additive attention, both of gated recurrent units.

    Args:
        source_size, target_size: how many symbols there are, padding (0) and end (1) included.
        units: of each encoder and of the decoder.
        embedding_dim: the length of the vectors of symbols.

    Call arguments:
        source: numbers of symbols, 0 where there is none.
        target: the symbols of the answer before each place, which begin with 1.
        length: without a target, how many symbols to write.

    Shapes: source (batch, S), target (batch, T) -> logits (batch, T, target_size); with a length symbols
        (batch, length) and the alignment (batch, length, S).

    Source: Bahdanau, Cho and Bengio, Neural Machine Translation by Jointly Learning to Align and Translate,
        2015.

    Example:

        >>> layer = AlignedTranslation(9, 7, units=4, embedding_dim=3)
        >>> layer(np.array([[2, 5, 0]]), np.array([[1, 3]])).shape
        (1, 2, 7)
    """

    def __init__(
        self, source_size: int, target_size: int, units: int, embedding_dim: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.autocast = False  # the inputs are numbers of symbols
        self.units, self.embedding_dim = units, embedding_dim

        def part(kind: Any, *args: Any, name: str, **options: Any) -> Any:
            return kind(*args, dtype=self.dtype_policy, name=name, **options)

        self.source_embedding = part(
            Embedding, source_size, embedding_dim, name="source_embedding", mask_zero=True
        )
        self.target_embedding = part(Embedding, target_size, embedding_dim, name="target_embedding")
        reader = part(GRU, units, name="reader", return_sequences=True)
        self.encoder = part(Bidirectional, reader, name="encoder")
        self.key = part(Dense, units, name="key", use_bias=False)
        self.query = part(Dense, units, name="query")
        self.attention = part(AdditiveAttention, name="attention")
        self.first_state = part(Dense, units, "tanh", name="first_state")
        self.cell = part(GRUCell, units, name="cell")
        self.output_dense = part(Dense, target_size, name="output")

    def build(self, source_shape: Any, target_shape: Any = None) -> None:
        units, size = self.units, self.embedding_dim
        self.source_embedding.build(source_shape)
        self.target_embedding.build(source_shape)
        self.encoder.build((*source_shape, size))
        self.key.build((*source_shape, 2 * units))
        self.query.build((None, units))
        self.attention.build([(None, 1, units), (*source_shape, units)])
        self.first_state.build((None, units))
        self.cell.build((None, size + 2 * units))
        self.output_dense.build((None, units + size + 2 * units))

    def call(self, source: Any, target: Any = None, length: int | None = None) -> Any:
        read = self.encoder(self.source_embedding(source))  # (batch, S, 2 units)
        keys, mask = self.key(read), jnp.not_equal(source, 0)
        state = self.first_state(read[:, 0, self.units :])

        def step(state: Any, symbols: Any, place: Any) -> Any:
            written = self.target_embedding(symbols)
            context, weights = self.attention(
                [self.query(state)[:, None], read, keys], mask=[None, mask], return_attention_scores=True
            )
            context = context[:, 0]
            state = self.cell(jnp.concatenate([written, context], axis=-1), [state])[0]
            logits = self.output_dense(jnp.concatenate([state, written, context], axis=-1))
            return state, logits, weights[:, 0]

        if target is None:
            symbols, weights = greedy(step, state, source.shape[0], length or 1)
            return symbols, jnp.swapaxes(weights, 0, 1)
        return _taught(step, state, target)


def _taught(step: Any, state: Any, target: Any) -> Any:
    """The logits of all places, where the symbols before are those of the target."""

    def one(state: Any, symbols: Any) -> Any:
        state, logits, _ = step(state, symbols, None)
        return state, logits

    return jnp.swapaxes(lax.scan(one, state, target.T)[1], 0, 1)


class AdditiveTranslator(TranslationNetwork):
    """Translates texts letter by letter, with additive attention.

    Args:
        units: of the encoders and of the decoder.
        embedding_dim: the length of the vectors of letters.
        learning_rate: of Adam, the largest: it rises over the first tenth, and falls as half a cosine does.
        epochs: how often the texts are gone through.
        batch_size: how many texts are learned in a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        source_symbols_, target_symbols_, longest_: as in `TranslationNetwork`.
        model_, history_: as in `Estimator`.

    Source: Bahdanau, Cho and Bengio, Neural Machine Translation by Jointly Learning to Align and Translate,
        2015.

    Example:

        >>> X = ["ab", "ba", "aab", "bb", "abb", "bab"]
        >>> network = AdditiveTranslator(16, 8, learning_rate=0.02, epochs=60, random_state=0)
        >>> network.fit(X, [text.upper() for text in X]).predict(["ab", "bab"])
        ['AB', 'BAB']
    """

    def __init__(
        self,
        units: int = 64,
        embedding_dim: int = 32,
        learning_rate: float = 4e-3,
        epochs: int = 10,
        batch_size: int = 64,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.embedding_dim = embedding_dim
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _layer(self, source_size: int, target_size: int) -> AlignedTranslation:
        return AlignedTranslation(source_size, target_size, self.units, self.embedding_dim)

    def alignment(self, text: str) -> tuple[str, np.ndarray]:
        """The answer to a text, and how much each of its letters looked at each letter of the text, (answer,
        text).
        """
        validation.check_is_fitted(self)
        answers, weights = self._answers([text])
        return answers[0], weights[0, : len(answers[0]), : len(text)]

    def plot(self, text: str, language: str | None = None, to_file: Any = None) -> Any:
        """Draw where each letter of an answer looked.

        Args:
            text: what is translated.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        answer, weights = self.alignment(text)
        figure = new_figure("plot", 2.5 + 0.17 * len(text), 1.6 + 0.17 * len(answer), 120)
        axes = figure.subplots()
        image = axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(text)), ["␣" if letter == " " else letter for letter in text])
        axes.set_yticks(range(len(answer)), list(answer))
        axes.set_ylabel(_AXES[0].of(language))
        axes.set_xlabel(_AXES[1].of(language))
        figure.colorbar(image, ax=axes)
        figure.suptitle(_TITLE.of(language))
        return finish(figure, to_file)


def _network(seed: int, quick: bool) -> AdditiveTranslator:
    """For the experiment."""
    if quick:
        return AdditiveTranslator(16, 16, 3e-2, epochs=4, batch_size=25, random_state=seed)
    return AdditiveTranslator(random_state=seed)


CARD = Card(
    title=_TITLE,
    year=2014,
    paper="Bahdanau et al., Neural Machine Translation by Jointly Learning to Align and Translate, 2014",
    family="attention",
    cells=("input", "recurrent", "gated memory", "output"),
    summary=Words(
        "A translator that weighs all words it has read for each word it writes; the weights are learned "
        "with the translation, and show which word belongs to which.",
        "Un traductor que, para cada palabra que escribe, pondera todas las que ha leído; los pesos se "
        "aprenden con la traducción, y muestran qué palabra va con cuál.",
    ),
    network=AdditiveTranslator,
    experiment=date_experiment(_network, quick_target=0.3),
)
