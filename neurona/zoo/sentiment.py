"""The convolutional sentence classifier: filters over short runs of words, each of which tells its best one.

Kim (Convolutional neural networks for sentence classification, 2014). A text is the row of its words' vectors
x_1 ... x_n. A filter w looks at every run of h words, wherever it stands,

    c_i = f(w . x_(i:i+h-1) + b),                                                     (equation 2)

with f the rectifier, and of all places only the strongest counts, the pooling over time of Collobert et al.
(Natural language processing (almost) from scratch, 2011): c^ = max over i of c_i. So a text of any length
gives one number for each filter, z, and a softmax layer tells the classes,

    y = w . (z o r) + b,                                                              (equation 5)

where r drops half of the numbers in training, and the weights of a class are kept no longer than s = 3. The
vectors are learned with the rest (the paper's CNN-rand).

A bag of words counts words wherever they stand: it can't tell "not good, bad" from "not bad, good". A filter
over two words can. (Of a whole film review, in which hundreds of words speak, a bag of words tells as much.)
As each number comes from one run of words, the log-odds of a class are a sum over runs, by which one sees
exactly which words decided: `evidence`.

Words. The most frequent words have a vector each, and all others share one, which is learned from the rarer
words of the training texts. `unknown_words` names those of a text; a text without any known word is refused.

Deviations. Adam with a rate that falls along a cosine takes the place of Adadelta. Runs that reach into
padding don't count, so that an answer does not depend on the longer texts beside it. The nets are smaller
than the paper's 100 filters over each of 3, 4 and 5 words with vectors of 300 numbers.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.constraints import MaxNorm
from neurona.datasets import imdb
from neurona.errors import ArgumentError, DataError, optional_import
from neurona.layers import Concatenate, Conv1D, Dense, Dropout, Embedding, Input, Layer
from neurona.models import Model
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import BLUE, VERMILLION, finish, new_figure, plain_axes, shortened
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier
from neurona.zoo.generation import check_count

__all__ = ["SentenceClassifier", "StrongestRuns", "negated_sentences"]

_UNKNOWN, _FIRST = 1, 2  # numbers of words; 0 is padding
_WORDS = re.compile(r"\w+(?:['’]\w+)*")
_DRAWN = 8  # runs of words of a picture

_text, _linear = (
    optional_import(f"sklearn.{name}", extra="zoo", purpose="neurona.zoo")
    for name in ("feature_extraction.text", "linear_model")
)


class StrongestRuns(Layer):
    """For each filter the strongest of its answers to runs of `width` words: max over i of f(w . x + b).

    Steps that the mask leaves out are padding at the end; runs that reach into it don't count. Of a text
    shorter than `width` the one run that begins with it counts.

    Args:
        filters: how many.
        width: h, words of a run.

    Shapes: x (batch, time, size), mask (batch, time) -> (batch, filters), from 0 on.

    Raises:
        ArgumentError: a size is no whole number above 0.

    Source: Kim, Convolutional neural networks for sentence classification, 2014, equations 2 and 3.

    Example:

        >>> layer = StrongestRuns(1, 2)
        >>> layer.build((None, 3, 1))
        >>> layer.set_weights([[[[1.0]], [[-1.0]]], [0.0]])  # how far a number falls
        >>> layer(jnp.array([[[1.0], [5.0], [2.0]]])).tolist()
        [[3.0]]
    """

    supports_masking = True

    def __init__(self, filters: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_count("StrongestRuns", "filters", filters)
        check_count("StrongestRuns", "width", width)
        self.filters, self.width = filters, width
        self.convolution = Conv1D(filters, width, activation="relu", dtype=self.dtype_policy)

    def build(self, input_shape: Any) -> None:
        self.convolution.build(input_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        return None

    def call(self, x: jax.Array, mask: Any = None) -> jax.Array:
        return jnp.max(self.answers(x, mask), axis=1)

    def answers(self, x: Any, mask: Any = None) -> jax.Array:
        """c_i of each run, (batch, runs, filters); 0 of those that don't count."""
        found = self.convolution(x)
        if mask is None:
            return found
        whole = jnp.sum(mask, axis=1, keepdims=True) - self.width  # where the last whole run begins
        return jnp.where((jnp.arange(found.shape[1]) <= jnp.maximum(whole, 0))[..., None], found, 0)


class SentenceClassifier(Classifier):
    """A convolutional network that tells classes of texts, and which words decided.

    Args:
        size: of the vector of a word.
        filters: of each width.
        widths: how many words the filters look at.
        vocabulary: how many words have a vector of their own, the most frequent ones.
        longest: of a text of more words the last ones are read, so many of them.
        dropout: the share of numbers that a step leaves out.
        max_norm: s, how long the weights of a class may be.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the texts are gone through.
        batch_size: texts of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the classes, sorted.
        words_: those of the vocabulary, the most frequent first.
        model_, history_: as in `Estimator`.

    Raises:
        DataError: X is no list of texts, each a text or a list of words; or a text has no word.
        ArgumentError: a size is no whole number above 0, or a width above longest.

    Source: Kim, Convolutional neural networks for sentence classification, 2014.

    Example:

        >>> texts = ["not good", "really good", "not bad", "really bad"] * 20
        >>> network = SentenceClassifier(8, 16, (2,), learning_rate=0.02, epochs=20, random_state=0)
        >>> network.fit(texts, ["-", "+", "+", "-"] * 20).predict(texts[:4]).tolist()
        ['-', '+', '+', '-']
        >>> network.evidence("really bad")[0][0]
        'really bad'
    """

    def __init__(
        self,
        size: int = 32,
        filters: int = 64,
        widths: Sequence[int] = (1, 2, 3),
        vocabulary: int = 20_000,
        longest: int = 400,
        dropout: float = 0.5,
        max_norm: float = 3.0,
        learning_rate: float = 0.003,
        epochs: int = 3,
        batch_size: int = 50,
        random_state: int | None = None,
    ) -> None:
        self.size = size
        self.filters = filters
        self.widths = widths
        self.vocabulary = vocabulary
        self.longest = longest
        self.dropout = dropout
        self.max_norm = max_norm
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _check_sizes(self) -> None:
        names = ("size", "filters", "vocabulary", "longest", "batch_size")
        widths = {f"widths[{place}]": width for place, width in enumerate(self.widths)}
        for name, count in {**{name: getattr(self, name) for name in names}, **widths}.items():
            check_count("SentenceClassifier", name, count)
        if not widths or max(self.widths) > self.longest:
            raise ArgumentError(
                "SentenceClassifier: widths names one width or more, none above longest. Received: "
                f"widths={tuple(self.widths)}, longest={self.longest}"
            )

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        self._check_sizes()
        texts, labels = _texts(X), np.asarray(y)
        if len(texts) != len(labels):
            raise DataError(f"SentenceClassifier: {len(texts)} texts in X and {len(labels)} classes in y.")
        counts = Counter(word for words in texts for word in words)
        self.words_ = [word for word, _ in counts.most_common(self.vocabulary)]
        self._batch_size = min(self.batch_size, len(texts))
        return self._numbers(texts), self._class_targets(labels)

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y[:, None] == self.classes_

    def _numbers(self, texts: list[list[str]]) -> np.ndarray:
        """The numbers of the last words of each text, padded at the end.

        Raises:
            DataError: a text has no word that is known.
        """
        known = {word: number for number, word in enumerate(self.words_, _FIRST)}
        rows = np.zeros((len(texts), self.longest), "int32")
        for place, words in enumerate(texts):
            numbers = [known.get(word, _UNKNOWN) for word in words[-self.longest :]]
            if max(numbers) < _FIRST:
                raise DataError(
                    f"SentenceClassifier: no word of text {place} was in a text that it learned from: "
                    f"{', '.join(words)!s:.80}."
                )
            rows[place, : len(numbers)] = numbers
        return rows

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        numbers = Input((self.longest,), dtype="int32")
        vectors: Any = Embedding(len(self.words_) + _FIRST, self.size, mask_zero=True)(numbers)
        found = [StrongestRuns(self.filters, width)(vectors) for width in self.widths]
        z = Dropout(self.dropout)(Concatenate()(found) if len(found) > 1 else found[0])
        y_ = Dense(len(self.classes_), "softmax", kernel_constraint=MaxNorm(self.max_norm))(z)
        model = Model(numbers, y_)
        model.compile(Adam(self.learning_rate), "categorical_crossentropy", metrics=["accuracy"])
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def predict_proba(self, X: Any) -> np.ndarray:
        """P of each class, (texts, classes)."""
        validation.check_is_fitted(self)
        return self._outputs(self._numbers(_texts(X)))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each text."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likeliest]

    def unknown_words(self, X: Any) -> list[str]:
        """The words of texts that have no vector of their own, in the order in which they appear."""
        validation.check_is_fitted(self)
        known = set(self.words_)
        return list(dict.fromkeys(word for words in _texts(X) for word in words if word not in known))

    def evidence(self, text: Any, label: Any = None) -> list[tuple[str, float]]:
        """The runs of words that decided, and how much each adds to the log-odds of a class.

        Their sum and what the biases add is log p of the class less the mean of the others' log p. A run that
        is the strongest for several filters counts once, with the sum of what they add.

        Args:
            text: a text, or a list of words.
            label: the class; None for the likeliest.

        Returns:
            (words, number), the highest first.

        Raises:
            DataError: there is no such class.
        """
        validation.check_is_fitted(self)
        words = _texts([text])[0][-self.longest :]
        chosen = self.predict([words])[0] if label is None else label
        if chosen not in self.classes_:
            raise DataError(
                f"SentenceClassifier: there is no class {chosen!r}; it knows "
                f"{', '.join(map(str, self.classes_))}."
            )
        numbers = self._numbers([words])
        layers: dict[type, list[Any]] = {}
        for layer in self.model_.layers:
            layers.setdefault(type(layer), []).append(layer)
        vectors = layers[Embedding][0](numbers)
        kernel = layers[Dense][0].kernel.numpy()
        mine = self.classes_ == chosen
        weights = iter(kernel[:, mine][:, 0] - kernel[:, ~mine].mean(axis=1))
        shares: defaultdict[str, float] = defaultdict(float)
        for layer in layers[StrongestRuns]:
            answers = np.asarray(layer.answers(vectors, numbers > 0))[0]  # (runs, filters)
            for place, strongest in zip(answers.argmax(axis=0), answers.max(axis=0)):
                share = next(weights) * strongest
                if strongest > 0:
                    shares[" ".join(words[place : place + layer.width])] += float(share)
        return sorted(shares.items(), key=lambda item: -item[1])

    def plot(self, X: Any, language: str | None = None, to_file: Any = None) -> Any:
        """Draw for each text the runs of words that say most for its class or against it.

        Args:
            X: texts, 4 at most.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        texts = _texts(X)[:4]
        likely = self.predict_proba(texts)
        figure = new_figure("plot", 8, 0.8 + 2.1 * len(texts), 120)
        panels = figure.subplots(len(texts), 1, squeeze=False).ravel()
        for panel, words, row in zip(panels, texts, likely, strict=True):
            found = sorted(self.evidence(words), key=lambda item: -abs(item[1]))[:_DRAWN]
            names, shares = zip(*sorted(found, key=lambda item: item[1]), strict=True)
            colours = [BLUE if share > 0 else VERMILLION for share in shares]
            panel.barh([shortened(name, 40) for name in names], shares, color=colours)
            panel.axvline(0, color="black", linewidth=0.8)
            panel.set_title(f"{self.classes_[row.argmax()]}: {row.max():.2f}", fontsize=9)
            panel.tick_params(labelsize=8)
            plain_axes(panel)
        panels[-1].set_xlabel(
            Words("adds to the log-odds of the class", "suma al logaritmo de las cuotas de la clase").of(
                language
            )
        )
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


def _texts(X: Any) -> list[list[str]]:
    """The words of each text, in lower case where they are not given as lists.

    Raises:
        DataError: X is no list of texts, or one of them has no word.
    """
    if isinstance(X, str) or X is None or not hasattr(X, "__iter__"):
        raise DataError(
            f"SentenceClassifier: X is a list of texts; a single one is [text]. Received: {X!r:.60}"
        )
    found = []
    for place, text in enumerate(X):
        words = _WORDS.findall(text.lower()) if isinstance(text, str) else text
        if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
            raise DataError(
                f"SentenceClassifier: each text is a text, or a list of words. Text {place} is {text!r:.60}"
            )
        if not words:
            raise DataError(f"SentenceClassifier: text {place} has no word. Received: {text!r:.60}")
        found.append(list(words))
    if not found:
        raise DataError("SentenceClassifier: X is a list of texts, and it is empty.")
    return found


def negated_sentences(sentences: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Sentences that praise or blame, half of them by denying the contrary, so that no single word tells.

    Args:
        sentences: how many.
        seed: of the draws.

    Returns:
        The sentences, and "negative" or "positive" for each.

    Example:

        >>> texts, labels = negated_sentences(2)
        >>> len(texts), labels.shape
        (2, (2,))
    """
    draws = np.random.default_rng(seed)
    judged = (("bad", "dull", "boring", "awful"), ("good", "great", "funny", "clever"))
    said = (("really", "always", "truly"), ("not", "never", "hardly"))
    subjects, beside = ("film", "story", "music", "cast"), ("tonight", "again", "")
    texts, labels = [], []
    for kind, denied in draws.integers(0, 2, (sentences, 2)):
        word, how = draws.choice(judged[kind]), draws.choice(said[denied])
        texts.append(f"The {draws.choice(subjects)} is {how} {word} {draws.choice(beside)}".strip() + ".")
        labels.append("positive" if kind != denied else "negative")
    return texts, np.array(labels)


def bag_of_words(X: Any, y: Any, test: Any, truth: Any, words: int = 20_000) -> float:
    """% of test texts, lists of words, that logistic regression on which words are there tells right."""
    counter = _text.CountVectorizer(analyzer=list, binary=True, max_features=words)
    rows = counter.fit_transform(X)
    told = _linear.LogisticRegression(C=0.03, max_iter=200).fit(rows, y)
    return 100 * float(told.score(counter.transform(test), truth))


def _denied(seed: int) -> tuple[SentenceClassifier, float, float]:
    """A network of negated sentences, and % that it and a bag of words tell right."""
    (X, y), (test, truth) = negated_sentences(600, 2 * seed), negated_sentences(400, 2 * seed + 1)
    network = SentenceClassifier(
        8, 16, (2,), longest=16, learning_rate=0.02, epochs=10, batch_size=20, random_state=seed
    ).fit(X, y)
    bag = bag_of_words(_texts(X), y, _texts(test), truth)
    return network, 100 * network.score(test, truth), bag


def _reviews() -> Any:
    """Film reviews as lists of words, and "negative" or "positive" for each: (25,000), (25,000)."""
    words = {number: word for word, number in imdb.get_word_index().items()}
    names = np.array(imdb.class_names())
    return [
        ([[words[number] for number in row] for row in rows], names[labels])
        for rows, labels in imdb.load_data(start_char=None, oov_char=None, index_from=0)
    ]


def _sentiment(seed: int = 0, quick: bool = False) -> Outcome:
    """Film reviews, and sentences of which no single word tells, each beside a bag of words."""
    network, right, bag = _denied(seed)
    details = {
        Words("% of negated sentences, bag of words", "% de frases negadas, bolsa de palabras"): bag,
    }
    if quick:
        return Outcome(right, network, details, shown={"X": negated_sentences(3, seed + 1000)[0]})
    details[Words("% of negated sentences", "% de frases negadas")] = right
    (X, y), (test, truth) = _reviews()
    network = SentenceClassifier(random_state=seed).fit(X, y)
    words = Words("% of reviews, bag of words", "% de reseñas, bolsa de palabras")
    details[words] = bag_of_words(X, y, test, truth)
    return Outcome(100 * network.score(test, truth), network, details, shown={"X": test[:3]})


CARD = Card(
    title=Words("Convolutional sentence classifier", "Clasificador convolucional de frases"),
    year=2014,
    paper="Kim, Convolutional neural networks for sentence classification, 2014",
    family="attention",
    cells=("input", "convolution or pool", "output"),
    summary=Words(
        "Filters look for short runs of words, each reports its strongest place, and a softmax tells the "
        "class of the text, such as its sentiment; which words decided can be read off.",
        "Unos filtros buscan grupos de pocas palabras, cada uno informa de su lugar más fuerte, y una "
        "softmax dice la clase del texto, como su sentimiento; se puede leer qué palabras decidieron.",
    ),
    network=SentenceClassifier,
    experiment=Experiment(
        task=Words(
            "IMDB, 25,000 film reviews, 64 filters over each of 1, 2 and 3 words, 3 epochs; and generated "
            "sentences with negations",
            "IMDB, 25 000 reseñas de cine, 64 filtros para 1 palabra, otros para 2 y otros para 3, 3 épocas; "
            "y frases generadas con negaciones",
        ),
        measure=Words("% of test texts told right", "% de textos de prueba acertados"),
        target=88.0,
        source=Words(
            "half a point below logistic regression on a bag of all words, 88.5%; here the last 400 are read",
            "medio punto bajo la regresión logística con una bolsa de todas las palabras, 88,5 %; aquí se "
            "leen las últimas 400",
        ),
        run=_sentiment,
        quick_target=95.0,
    ),
)
