"""word2vec: vectors of words, learned by guessing a word from those around it, or those from it.

Mikolov, Chen, Corrado and Dean (Efficient estimation of word representations in vector space, 2013; here [1])
and Mikolov, Sutskever, Chen, Corrado and Dean (Distributed representations of words and phrases and their
compositionality, 2013; [2]). Each word w has two vectors, v_w as an input and v'_w as an output. Skip-gram
maximizes the mean over the text of

    sum over -c <= j <= c, j != 0, of log p(w_{t+j} | w_t),                                       ([2], 1)

where, by negative sampling with k words drawn from P(w), in the place of a softmax over all words,

    log p(w_O | w_I) = log s(v'_wO . v_wI) + sum over k words w_i of log s(-v'_wi . v_wI),         ([2], 4)

with s the logistic function and P(w) proportional to count(w)^(3/4). By hierarchical softmax words are the
leaves of a Huffman tree, and p is the product of the turns on the way from its root to the word:

    p(w | w_I) = product over nodes n of the way of s(+-v'_n . v_wI).                              ([2], 3)

The continuous bag of words guesses the word in the middle from the mean of the vectors around it ([1], 3.1).
A word of frequency f is left out with the probability 1 - sqrt(t / f) ([2], 5), and each window reaches a
random distance from 1 to c ([1], 3.2). The rate falls linearly to nearly 0 ([1], 4.1).

Deviations, most of them Mikolov's own program's: a word is kept with the probability sqrt(t / f) + t / f; the
words around are the inputs and the one in the middle is the output, the same pairs read the other way round;
in the bag of words each word around takes the whole change of the mean. A window shares its negative samples
(Ji et al., Parallelizing word2vec in shared and distributed memory, 2016, who found the vectors as good), so
that it is a product of small matrices. The text is learned in pieces of up to 10,000 words, in another order
in each epoch; a sentence is cut where a piece ends. The numbers of an input's vector begin between -1 and 1,
divided by how many they are, as gensim's do. Those of Mikolov's program have half the range, and little text
moves them less: from 3,000 reviews the bag of words ranks pairs of words worse.
"""

import heapq
from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.errors import ArgumentError
from neurona.layers import Input, Layer
from neurona.models import Model, Sequential
from neurona.ops.word_vectors import LANES, WordDraws, word_pass
from neurona.plotting.figure import finish
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator
from neurona.zoo.word_vectors import PAIRS, SHOWN, Corpus, WordQueries, reviews, topics, words_figure

__all__ = ["Word2Vec"]

_PIECE = 10_000  # words of a step, of a long text
_PIECES = 100  # steps of an epoch, of a short one
_CERTAIN = 2**32 - 1


class WordLayer(Layer):
    """Vectors of words by their numbers, and what word2vec learns besides.

    Args:
        words: how many.
        vector_size: numbers of a vector.
        rows: of the outputs' table.

    Shapes: numbers of words (any) -> (any, vector_size); inputs (words, width), outputs (rows, width), where
        width is vector_size rounded up to 16 and the rest is 0; counts (words,), how often each occurs.
    """

    def __init__(self, words: int, vector_size: int, rows: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words, self.vector_size, self.rows = words, vector_size, rows

    def build(self, input_shape: Any) -> None:
        width = -(-self.vector_size // LANES) * LANES
        self.inputs = self.add_weight((self.words, width), "zeros", name="inputs")
        self.outputs = self.add_weight((self.rows, width), "zeros", name="outputs")
        self.counts = self.add_weight((self.words,), "ones", trainable=False, name="counts")

    def call(self, x: jax.Array) -> jax.Array:
        return self.inputs.value[x.astype("int32"), : self.vector_size]


class WindowRule(Rule):
    """Skip-gram or the continuous bag of words, over the windows of a text.

    Args:
        window, negative: c and k; no words are drawn where k is 0.
        hs: whether by hierarchical softmax.
        mean: whether as a continuous bag of words.
        sample: t of the frequent words; 0 keeps all.
        exponent: 3/4 of P(w).
        rates: of the first step and of the last.
        pieces: rows that are learned in all.

    Figures: `loss`, the mean of -log p over pairs of input and output.
    """

    figures = ("loss",)

    def __init__(
        self,
        window: int,
        negative: int,
        hs: bool,
        mean: bool,
        sample: float,
        exponent: float,
        rates: tuple[float, float],
        pieces: int,
    ) -> None:
        self.window, self.negative, self.hs, self.mean = window, negative, hs, mean
        self.sample, self.exponent, self.rates, self.pieces = sample, exponent, rates, pieces

    def build(self, model: Any) -> None:
        counts = np.asarray(model.layers[-1].counts.value, "float64")
        bounds, others = alias_table(counts**self.exponent)
        paths = np.zeros((len(counts), 0), "int32")
        if self.hs:
            paths = huffman_paths(counts, len(counts) if self.negative else 0)
        self.keep = _fixed("keep", keep_bounds(counts, self.sample))
        self.bounds, self.others = _fixed("bounds", bounds), _fixed("others", others)
        self.paths = _fixed("paths", paths)

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layer = model.layers[-1]
        draws = WordDraws(self.keep.value, self.bounds.value, self.others.value, self.paths.value)
        progress = jnp.minimum(number * len(batch.x) / self.pieces, 1)
        inputs, outputs, (loss, pairs) = word_pass(
            layer.inputs.value,
            layer.outputs.value,
            batch.x.reshape(-1),
            draws,
            key,
            self.rates[0] + (self.rates[1] - self.rates[0]) * progress,
            window=self.window,
            negative=self.negative,
            mean=self.mean,
        )
        layer.inputs.assign(inputs)
        layer.outputs.assign(outputs)
        return {"loss": loss / jnp.maximum(pairs, 1)}


def _fixed(name: str, value: np.ndarray) -> Variable:
    return Variable(jnp.asarray(value), dtype=value.dtype, trainable=False, name=name)


def keep_bounds(counts: np.ndarray, sample: float) -> np.ndarray:
    """The greatest 32 random bits with which each word is kept: p = sqrt(t / f) + t / f, at most 1."""
    if not sample:
        return np.full(len(counts), _CERTAIN, "uint32")
    share = sample * counts.sum() / counts
    return np.minimum((np.sqrt(share) + share) * 2.0**32, _CERTAIN).astype("uint32")


def alias_table(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Walker's alias method: a number drawn evenly stands for itself where 32 random bits are below its
    bound, and for another number where they are not. So number n occurs in proportion to `weights[n]`.

    Example:

        >>> bounds, others = alias_table(np.array([1.0, 3.0]))
        >>> (bounds / 2**31).tolist()[0], others.tolist()
        (1.0, [1, 1])
    """
    share = weights * (len(weights) / weights.sum())
    bounds, others = np.ones(len(share)), np.arange(len(share), dtype="int32")
    few, many = (list(np.flatnonzero(found)) for found in (share < 1, share >= 1))
    while few and many:
        small, large = few.pop(), many[-1]
        bounds[small], others[small] = share[small], large
        share[large] -= 1 - share[small]
        if share[large] < 1:
            few.append(many.pop())
    return np.minimum(bounds * 2.0**32, _CERTAIN).astype("uint32"), others


def huffman_paths(counts: np.ndarray, first: int) -> np.ndarray:
    """The way from the root of a Huffman tree to each word, (words, longest): twice the row of each node,
    where rows begin at `first`, plus 1 where the way turns left; -1 after its end.

    Example:

        >>> huffman_paths(np.array([4, 2, 1]), 0).tolist()  # the root is row 1
        [[2, -1], [3, 0], [3, 1]]
    """
    words = len(counts)
    heap = [(count, number) for number, count in enumerate(counts.tolist())]
    heapq.heapify(heap)
    parent, left = np.zeros(2 * words - 1, "int64"), np.zeros(2 * words - 1, "int64")
    for node in range(words, 2 * words - 1):
        (low, one), (high, other) = heapq.heappop(heap), heapq.heappop(heap)
        parent[[one, other]], left[one] = node, 1
        heapq.heappush(heap, (low + high, node))
    place, root, steps = np.arange(words), 2 * words - 2, []
    while (place != root).any():
        on = place != root
        steps.append(np.where(on, 2 * (first + parent[place] - words) + left[place], -1))
        place = np.where(on, parent[place], root)
    upward = np.stack(steps, axis=1)
    order = np.argsort(upward[:, ::-1] < 0, axis=1, kind="stable")
    return np.take_along_axis(upward[:, ::-1], order, axis=1).astype("int32")


class Word2Vec(WordQueries, Estimator):
    """word2vec: skip-gram or the continuous bag of words, with negative sampling or hierarchical softmax.

    The arguments are gensim's.

    Args:
        vector_size: numbers of a vector.
        window: how far a window reaches at most, c.
        min_count: words that occur less often are left out.
        sg: 1 for skip-gram, 0 for the continuous bag of words.
        hs: 1 for hierarchical softmax.
        negative: how many negative samples, k; 0 for none.
        ns_exponent: of P(w).
        sample: t; words of a greater frequency are left out at random. 0 keeps all.
        alpha, min_alpha: the rate at the beginning and at the end.
        epochs: how often the text is gone through.
        random_state: an integer for the same numbers at every call.

    Attributes:
        words_: the vocabulary, the most frequent first.
        vectors: a row for each, (words, vector_size).
        model_, history_: as in `Estimator`.

    The vectors go into a layer by `neurona.layers.Embedding(*vectors.shape, weights=[vectors])`.

    Raises:
        DataError: nothing is left to learn from, or a sentence is neither a list of words nor a text.
        ArgumentError: an argument is out of its range.

    Example:

        >>> text = ["el rey manda", "la reina manda", "el perro ladra", "la perra ladra"] * 50
        >>> network = Word2Vec(vector_size=16, window=2, min_count=1, sample=0, epochs=20, random_state=0)
        >>> network.fit(text).similarity("rey", "reina") > network.similarity("rey", "ladra")
        True
    """

    _batch_size = 1

    def __init__(
        self,
        vector_size: int = 100,
        window: int = 5,
        min_count: int = 5,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        sample: float = 1e-3,
        alpha: float = 0.025,
        min_alpha: float = 1e-4,
        epochs: int = 5,
        random_state: int | None = None,
    ) -> None:
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.sg = sg
        self.hs = hs
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.sample = sample
        self.alpha = alpha
        self.min_alpha = min_alpha
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, sentences: Any, y: Any = None, **options: Any) -> Self:
        """Learn from a text.

        Args:
            sentences: lists of words, or texts, whose words are runs of letters and digits in lower case; an
                iterator of them, such as an open file, is gone through once. Or a `pathlib.Path` to a file
                with a sentence on each line. The text is kept as 4 bytes a word.
            y: not used.
            options: further arguments of the model's `fit`, such as `callbacks` and `verbose`.
        """
        return super().fit(sentences, None, **options)

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        if self.vector_size < 1 or self.window < 1 or self.negative < 0 or self.sample < 0:
            raise ArgumentError(
                "Word2Vec: vector_size and window are at least 1, negative and sample at least 0. Received: "
                f"vector_size={self.vector_size}, window={self.window}, negative={self.negative}, "
                f"sample={self.sample}"
            )
        if not self.negative and not self.hs:
            raise ArgumentError(
                "Word2Vec: negative=0 and hs=0 leave nothing to learn by. Take negative=5, or hs=1."
            )
        corpus = Corpus(X, self.min_count, "Word2Vec")
        self.words_, self._counts = corpus.words, corpus.counts
        return pieces_of(corpus.text), None

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        words, size = len(self.words_), self.vector_size
        rows = words * (self.negative > 0) + (words - 1) * bool(self.hs)
        layer = WordLayer(words, size, rows)
        model = Sequential([Input((None,), dtype="int32"), layer])
        inputs, outputs = (np.zeros(one.shape, "float32") for one in (layer.inputs, layer.outputs))
        drawn = np.random.default_rng(self._seed()).random((words, size), "float32")
        inputs[:, :size] = (2 * drawn - 1) / size
        layer.set_weights([inputs, outputs, self._counts.astype("float32")])
        rates = (self.alpha, self.min_alpha)
        pieces = len(X) * self.epochs
        model.compile(
            rule=WindowRule(
                self.window,
                self.negative,
                bool(self.hs),
                not self.sg,
                self.sample,
                self.ns_exponent,
                rates,
                pieces,
            )
        )
        return model

    @property
    def vectors(self) -> np.ndarray:
        """A row for each of `words_`, (words, vector_size).

        Raises:
            NotFittedError: the network has not learned.
        """
        validation.check_is_fitted(self)
        layer: Any = self.model_.layers[-1]
        return np.asarray(layer.inputs.value)[:, : self.vector_size]

    def plot(
        self, words: Sequence[str] | None = None, language: str | None = None, to_file: Any = None
    ) -> Any:
        """Draw words in the plane in which their vectors vary most.

        Args:
            words: which; by default the 60 most frequent.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        chosen = list(words) if words is not None else self.words_[:60]
        figure = words_figure(self[chosen], chosen, CARD.title.of(language))
        return finish(figure, to_file)


def pieces_of(text: np.ndarray) -> np.ndarray:
    """A text in rows of equal length, (pieces, length), each of which ends in -1: the end of a sentence."""
    length = int(np.clip(len(text) // _PIECES, 100, _PIECE))
    rows = np.full((-(-len(text) // length), length + 1), -1, "int32")
    rows[:, :-1].flat[: len(text)] = text
    return rows


def _pairs_of_reviews(seed: int = 0, quick: bool = False) -> Outcome:
    """Skip-gram on film reviews, and on short sentences of six topics in the quick form."""
    if quick:
        text, pairs = topics(seed)
        network = Word2Vec(32, sg=1, min_count=1, sample=0, epochs=5, random_state=seed).fit(text)
        return Outcome(network.evaluate_word_pairs(pairs), network)
    text = reviews()
    network = Word2Vec(sg=1, random_state=seed).fit(text)
    bag = Word2Vec(random_state=seed).fit(text)
    return Outcome(
        figure=network.evaluate_word_pairs(PAIRS),
        network=network,
        details={
            Words("continuous bag of words", "bolsa continua de palabras"): bag.evaluate_word_pairs(PAIRS)
        },
        shown={"words": SHOWN},
    )


CARD = Card(
    title=Words("word2vec", "word2vec: palabras como vectores"),
    year=2013,
    paper="Mikolov et al., Distributed representations of words and phrases and their compositionality, 2013",
    family="words",
    cells=("input", "hidden", "output"),
    summary=Words(
        "Vectors of words that guess the words around: words that are used alike come to lie together, and "
        "sums of vectors answer analogies.",
        "Vectores de palabras que adivinan las de alrededor: las que se usan igual quedan juntas, y las "
        "sumas de vectores responden analogías.",
    ),
    network=Word2Vec,
    experiment=Experiment(
        task=Words(
            "skip-gram on 25,000 film reviews, 5 epochs, 100 numbers a word; 30 pairs of words",
            "skip-gram con 25.000 críticas de cine, 5 épocas, 100 números por palabra; 30 pares de palabras",
        ),
        measure=Words(
            "rank correlation of cosines with the pairs' scores",
            "correlación de rangos de los cosenos con las notas de los pares",
        ),
        target=0.78,
        source=Words(
            "gensim 4.4.0 with these settings on this text, 30 other pairs of the same kind: 0.780",
            "gensim 4.4.0 con estos ajustes y este texto, 30 pares distintos del mismo tipo: 0,780",
        ),
        run=_pairs_of_reviews,
        quick_target=0.7,
    ),
)
