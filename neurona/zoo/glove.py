"""GloVe: vectors of words whose products are the logarithms of how often words occur together.

Pennington, Socher and Manning (GloVe: global vectors for word representation, 2014). X_ij counts how often
word j stands near word i, where a pair d words apart counts 1 / d. The vectors w and w~ of words as middle
and as neighbour, and their biases, minimize

    J = sum over i, j of f(X_ij) (w_i . w~_j + b_i + b~_j - log X_ij)^2,                            (8)
    f(x) = (x / x_max)^alpha for x < x_max, and else 1,                                             (9)

over the pairs that occur, by AdaGrad: each parameter's step is divided by the root of the sum of its squared
gradients. A word's vector is w + w~ (section 4.2).

Deviations. Pairs are learned some hundred at a time, all from the same parameters, where the authors' program
learns one after another. The gradient is that of J / 2, and the sums of squares begin at 1, as in theirs.
"""

from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.errors import ArgumentError, optional_import
from neurona.layers import Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import finish
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator
from neurona.zoo.word_vectors import PAIRS, SHOWN, Corpus, WordQueries, reviews, topics, words_figure

__all__ = ["Glove"]

_BATCH = 512  # pairs of a step
_BLOCK = 500_000  # words whose pairs are counted at a time


class GloveLayer(Layer):
    """Vectors of words by their numbers: w + w~.

    Args:
        words: how many.
        vector_size: numbers of a vector.

    Shapes: numbers of words (any) -> (any, vector_size); w and w~ (words, vector_size), b and b~ (words,).
    """

    def __init__(self, words: int, vector_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words, self.vector_size = words, vector_size

    def build(self, input_shape: Any) -> None:
        shape = (self.words, self.vector_size)
        self.middle = self.add_weight(shape, "zeros", name="middle")
        self.beside = self.add_weight(shape, "zeros", name="beside")
        self.middle_bias = self.add_weight(shape[:1], "zeros", name="middle_bias")
        self.beside_bias = self.add_weight(shape[:1], "zeros", name="beside_bias")

    def call(self, x: jax.Array) -> jax.Array:
        numbers = x.astype("int32")
        return self.middle.value[numbers] + self.beside.value[numbers]


class GloveRule(Rule):
    """AdaGrad on f(X_ij) (w_i . w~_j + b_i + b~_j - log X_ij)^2 / 2, over pairs (i, j) with their X_ij.

    Args:
        rate: of AdaGrad.
        x_max, alpha: of f.

    Figures: `loss`, the mean of f (...)^2.
    """

    figures = ("loss",)

    def __init__(self, rate: float, x_max: float, alpha: float) -> None:
        self.rate, self.x_max, self.alpha = rate, x_max, alpha

    def build(self, model: Any) -> None:
        for name in ("middle", "beside", "middle_bias", "beside_bias"):
            shape = getattr(model.layers[-1], name).shape
            setattr(self, name, Variable(jnp.ones(shape), trainable=False, name=f"{name}_squares"))

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layer, (i, j), count = model.layers[-1], batch.x.T.astype("int32"), batch.y.reshape(-1)
        w, c = layer.middle.value[i], layer.beside.value[j]
        error = jnp.sum(w * c, axis=1) + layer.middle_bias.value[i] + layer.beside_bias.value[j]
        error -= jnp.log(count)
        weight = jnp.minimum((count / self.x_max) ** self.alpha, 1)
        slope = weight * error
        gradients = {
            "middle": (i, slope[:, None] * c),
            "beside": (j, slope[:, None] * w),
            "middle_bias": (i, slope),
            "beside_bias": (j, slope),
        }
        for name, (rows, gradient) in gradients.items():
            parameter, squares = getattr(layer, name), getattr(self, name)
            squares.assign(squares.value.at[rows].add(gradient**2))
            step = self.rate * gradient / jnp.sqrt(squares.value[rows])
            parameter.assign(parameter.value.at[rows].add(-step))
        return {"loss": jnp.mean(weight * error**2)}


def cooccurrences(text: np.ndarray, words: int, window: int) -> Any:
    """X, a sparse matrix (words, words): pairs in one sentence, at most `window` words apart, count
    1 / distance.

    Args:
        text: numbers of words, -1 after each sentence.
        words: how many there are.
        window: the greatest distance.

    Example:

        >>> cooccurrences(np.array([0, 1, 2, -1, 0, 2]), 3, window=2).toarray().tolist()
        [[0.0, 1.0, 1.5], [1.0, 0.0, 1.0], [1.5, 1.0, 0.0]]
    """
    sparse = optional_import("scipy.sparse", extra="zoo", purpose="Glove")
    total = sparse.csr_matrix((words, words), dtype="float32")
    for first in range(0, len(text), _BLOCK):
        part = text[first : first + _BLOCK + window]
        sentence = np.cumsum(part < 0)
        rows, columns, counts = [], [], []
        for distance in range(1, window + 1):
            last = min(_BLOCK, len(part) - distance)
            one, other = part[:last], part[distance : distance + last]
            same = (one >= 0) & (other >= 0) & (sentence[:last] == sentence[distance : distance + last])
            rows.append(one[same])
            columns.append(other[same])
            counts.append(np.full(int(same.sum()), 1 / distance, "float32"))
        places = np.concatenate(rows), np.concatenate(columns)
        total += sparse.coo_matrix((np.concatenate(counts), places), total.shape).tocsr()
    return total + total.T.tocsr()


class Glove(WordQueries, Estimator):
    """GloVe: vectors from counts of words that occur together.

    Args:
        vector_size: numbers of a vector.
        window: how far apart two words are at most.
        min_count: words that occur less often are left out.
        x_max, alpha: of the weight f.
        learning_rate: of AdaGrad.
        epochs: how often the pairs are gone through.
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
        >>> network = Glove(vector_size=8, window=2, min_count=1, epochs=100, random_state=0).fit(text)
        >>> network.vectors.shape
        (8, 8)
    """

    _batch_size = _BATCH

    def __init__(
        self,
        vector_size: int = 100,
        window: int = 10,
        min_count: int = 5,
        x_max: float = 100.0,
        alpha: float = 0.75,
        learning_rate: float = 0.05,
        epochs: int = 25,
        random_state: int | None = None,
    ) -> None:
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.x_max = x_max
        self.alpha = alpha
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, sentences: Any, y: Any = None, **options: Any) -> Self:
        """Learn from a text: lists of words, texts, an iterator of them, or a `Path`, as `Word2Vec` does."""
        return super().fit(sentences, None, **options)

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        if self.vector_size < 1 or self.window < 1 or self.x_max <= 0:
            raise ArgumentError(
                "Glove: vector_size and window are at least 1, x_max is above 0. Received: "
                f"vector_size={self.vector_size}, window={self.window}, x_max={self.x_max}"
            )
        corpus = Corpus(X, self.min_count, "Glove")
        self.words_ = corpus.words
        counted = cooccurrences(corpus.text, len(corpus.words), self.window).tocoo()
        return np.stack([counted.row, counted.col], axis=1).astype("int32"), counted.data.astype("float32")

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        layer = GloveLayer(len(self.words_), self.vector_size)
        model = Sequential([Input((None,), dtype="int32"), layer])
        random = np.random.default_rng(self._seed())
        shapes = [one.shape for one in (layer.middle, layer.beside, layer.middle_bias, layer.beside_bias)]
        layer.set_weights([(random.random(shape, "float32") - 0.5) / self.vector_size for shape in shapes])
        model.compile(rule=GloveRule(self.learning_rate, self.x_max, self.alpha))
        return model

    @property
    def vectors(self) -> np.ndarray:
        """w + w~: a row for each of `words_`, (words, vector_size).

        Raises:
            NotFittedError: the network has not learned.
        """
        validation.check_is_fitted(self)
        layer: Any = self.model_.layers[-1]
        return np.asarray(layer.middle.value) + np.asarray(layer.beside.value)

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
        return finish(words_figure(self[chosen], chosen, CARD.title.of(language)), to_file)


def _pairs_of_reviews(seed: int = 0, quick: bool = False) -> Outcome:
    """GloVe on film reviews, and on short sentences of six topics in the quick form."""
    if quick:
        text, pairs = topics(seed)
        network = Glove(16, window=5, min_count=1, epochs=40, random_state=seed).fit(text)
        return Outcome(network.evaluate_word_pairs(pairs), network)
    network = Glove(window=5, epochs=15, random_state=seed).fit(reviews())
    return Outcome(network.evaluate_word_pairs(PAIRS), network, shown={"words": SHOWN})


CARD = Card(
    title=Words("GloVe", "GloVe: vectores de coapariciones"),
    year=2014,
    paper="Pennington, Socher and Manning, GloVe: global vectors for word representation, 2014",
    family="words",
    cells=("input", "hidden", "output"),
    summary=Words(
        "Vectors of words whose products are the logarithms of how often the words occur together.",
        "Vectores de palabras cuyos productos son los logaritmos de cuánto aparecen juntas las palabras.",
    ),
    network=Glove,
    experiment=Experiment(
        task=Words(
            "25,000 film reviews, windows of 5 words, 15 epochs, 100 numbers a word; 30 pairs of words",
            "25.000 críticas de cine, ventanas de 5 palabras, 15 épocas, 100 números por palabra; 30 pares",
        ),
        measure=Words(
            "rank correlation of cosines with the pairs' scores",
            "correlación de rangos de los cosenos con las notas de los pares",
        ),
        target=0.696,
        source=Words(
            "gensim 4.4.0, continuous bag of words on this text, 30 other pairs of the same kind: 0.696",
            "gensim 4.4.0, bolsa continua de palabras con este texto, otros 30 pares del mismo tipo: 0,696",
        ),
        run=_pairs_of_reviews,
        quick_target=0.7,
    ),
)
