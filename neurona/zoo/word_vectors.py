"""Words as vectors: what networks of words share, and what their vectors are asked.

The similarity of two words is the cosine of the angle between their vectors. An analogy, a is to b as c is to
d, is a sum: d is the word nearest to b - a + c (Mikolov, Yih and Zweig, Linguistic regularities in continuous
space word representations, 2013), where each vector is divided by its length first.
"""

import itertools
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from neurona.datasets import imdb
from neurona.errors import ArgumentError, DataError, optional_import, suggestion
from neurona.plotting.figure import BLUE, new_figure, plain_axes
from neurona.saving.word_vectors import read_word_vectors, write_word_vectors

__all__ = ["UnknownWord", "WordVectors"]

Word = Any  # a word, or a vector
_WORDS = re.compile(r"\w+(?:['’]\w+)*")
_BLOCK = 1_000_000  # words that are held as Python's own at a time
_ANOTHER = 20_000  # words of a vocabulary that are looked through for near spellings


class _Plain:
    def __str__(self) -> str:  # KeyError's would put the message into quotes
        return Exception.__str__(self)  # pyright: ignore[reportArgumentType]


class UnknownWord(DataError, _Plain, KeyError):
    """A word is not in the vocabulary."""


class WordQueries:
    """What words and their vectors are asked. A subclass has `words_` and `vectors`."""

    words_: list[str]

    @property
    def vectors(self) -> np.ndarray:
        """A row for each of `words_`, (words, vector_size)."""
        raise NotImplementedError

    def _asked(self) -> tuple[dict[str, int], np.ndarray]:
        """The number of each word, and the vectors divided by their lengths: made once."""
        kept = getattr(self, "_kept", None)
        if kept is None or kept[0] is not self.words_:
            lengths = np.maximum(np.linalg.norm(self.vectors, axis=1, keepdims=True), 1e-12)
            numbers = {word: number for number, word in enumerate(self.words_)}
            kept = self._kept = self.words_, numbers, self.vectors / lengths
        return kept[1:]

    def __contains__(self, word: object) -> bool:
        return word in self._asked()[0]

    def __len__(self) -> int:
        return len(self.words_)

    def __getitem__(self, words: str | Sequence[str]) -> np.ndarray:
        """The vector of a word, (vector_size,), or of several, (words, vector_size).

        Raises:
            UnknownWord: a word is not in the vocabulary.
        """
        if isinstance(words, str):
            return self.vectors[self.number(words)]
        return self.vectors[[self.number(word) for word in words]]

    def number(self, word: str) -> int:
        """The row of a word.

        Raises:
            UnknownWord: it is not in the vocabulary.
        """
        numbers = self._asked()[0]
        if word in numbers:
            return numbers[word]
        first = str(word)[:1].lower()
        near = itertools.islice((one for one in self.words_ if one[:1].lower() == first), _ANOTHER)
        raise UnknownWord(
            f"The word {word!r:.80} is not in the vocabulary of {len(self.words_)} "
            f"words.{suggestion(word, near)}"
        )

    def _unit(self, word: Word) -> np.ndarray:
        if isinstance(word, str):
            return self._asked()[1][self.number(word)]
        vector = np.asarray(word, np.float32)
        width = self.vectors.shape[1]
        if vector.shape != (width,):
            raise ArgumentError(
                f"A word is asked by its name or by a vector of shape ({width},). Received "
                f"shape {vector.shape}."
            )
        return vector / max(float(np.linalg.norm(vector)), 1e-12)

    def similarity(self, first: Word, second: Word) -> float:
        """The cosine of the angle between two words' vectors.

        Raises:
            UnknownWord: a word is not in the vocabulary.
        """
        return float(self._unit(first) @ self._unit(second))

    def most_similar(
        self, positive: Word | Sequence[Word] = (), negative: Word | Sequence[Word] = (), topn: int = 10
    ) -> list[tuple[str, float]]:
        """The words nearest to the sum of some words less others, with their cosines.

        `most_similar(["king", "woman"], ["man"])` asks what is to a woman as a king is to a man. The words
        asked by are left out.

        Args:
            positive, negative: a word or several; a vector stands for a word too.
            topn: how many.

        Raises:
            UnknownWord: a word is not in the vocabulary.
            ArgumentError: no word is given.
        """
        added, taken = (_listed(one) for one in (positive, negative))
        if not added and not taken:
            raise ArgumentError("most_similar: give a word at least, in positive= or negative=.")
        total = sum(self._unit(word) for word in added) - sum(self._unit(word) for word in taken)
        nearness = self._asked()[1] @ self._unit(total)
        for word in (*added, *taken):
            if isinstance(word, str):
                nearness[self.number(word)] = -np.inf
        count = min(topn, len(nearness))
        best = np.argpartition(-nearness, range(count))[:count] if count else []
        return [(self.words_[n], float(nearness[n])) for n in best if nearness[n] > -np.inf]

    def doesnt_match(self, words: Sequence[str]) -> str:
        """The word that is farthest from the mean of all these.

        Raises:
            UnknownWord: a word is not in the vocabulary.
            ArgumentError: fewer than three words are given.
        """
        if isinstance(words, str) or len(words) < 3:
            raise ArgumentError(f"doesnt_match: give a list of three words or more. Received: {words!r:.80}")
        rows = np.stack([self._unit(word) for word in words])
        return words[int(np.argmin(rows @ rows.mean(axis=0)))]

    def evaluate_word_pairs(self, pairs: Iterable[tuple[str, str, float]]) -> float:
        """Spearman's rank correlation between the cosines of pairs of words and people's scores of them.

        Raises:
            UnknownWord: a word is not in the vocabulary.
        """
        first, second, scores = zip(*pairs, strict=True)
        found = [self.similarity(one, other) for one, other in zip(first, second)]
        stats = optional_import("scipy.stats", extra="zoo", purpose="evaluate_word_pairs")
        return float(stats.spearmanr(found, scores).statistic)

    def save_word2vec_format(
        self, path: str | os.PathLike[str], binary: bool = False, write_header: bool = True
    ) -> None:
        """Write words and vectors to a file that other programs read; `WordVectors.load_word2vec_format` too.

        Args:
            path: of the file; packed by gzip where its name ends in `.gz`.
            binary: numbers as bytes instead of as text.
            write_header: False writes GloVe's text format, whose first line is a word's.

        Raises:
            ArgumentError: a binary file without a first line.
            SavingError: a word holds a blank.
        """
        if binary and not write_header:
            raise ArgumentError("save_word2vec_format: a binary file has a first line: write_header=True.")
        kind = "binary" if binary else "word2vec" if write_header else "glove"
        write_word_vectors(path, self.words_, self.vectors, kind)


def _listed(words: Any) -> list[Any]:
    """Words as a list: one word or one vector alone is a list of one."""
    if isinstance(words, str) or (isinstance(words, np.ndarray) and words.ndim == 1):
        return [words]
    return list(words)


class WordVectors(WordQueries):
    """Words and their vectors, from a file or from arrays.

    Args:
        words: the vocabulary.
        vectors: a row for each.

    The vectors go into a layer by `neurona.layers.Embedding(*vectors.shape, weights=[vectors])`, in which the
    number of a word is its row.

    Example:

        >>> words = WordVectors(["rey", "reina", "hombre", "mujer"], [[3, 1], [3, -1], [1, 1], [1, -1]])
        >>> words.most_similar(["rey", "mujer"], ["hombre"], topn=1)[0][0]
        'reina'
    """

    def __init__(self, words: Iterable[str], vectors: Any) -> None:
        self.words_, self._vectors = list(words), np.asarray(vectors, np.float32)
        if self._vectors.ndim != 2 or len(self._vectors) != len(self.words_) or not self.words_:
            raise DataError(
                f"WordVectors: {len(self.words_)} words need vectors of shape ({len(self.words_)}, size), "
                f"and 1 word at least. Received shape {self._vectors.shape}."
            )

    @property
    def vectors(self) -> np.ndarray:
        """A row for each of `words_`."""
        return self._vectors

    @classmethod
    def load_word2vec_format(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file of word2vec, as text or binary, or of GloVe; packed or not. Which it is shows.

        Raises:
            SavingError: the file is damaged, or of another kind.
        """
        return cls(*read_word_vectors(path))


# Texts


class Corpus:
    """A text as numbers of words.

    Args:
        sentences: lists of words, or texts; an iterator of them, such as an open file; or a `Path`.
        min_count: words that occur less often are left out.
        name: who asks, for messages.

    Attributes:
        words: the vocabulary, the most frequent first.
        counts: how often each occurs, (words,) int64.
        text: (length,) int32: the numbers of the words, and -1 after each sentence.

    Raises:
        DataError: a sentence is of another kind, or nothing is left to learn.
    """

    def __init__(self, sentences: Any, min_count: int, name: str) -> None:
        numbers: defaultdict[Any, int] = defaultdict(itertools.count().__next__)
        end = numbers[None]
        blocks = [
            np.fromiter(map(numbers.__getitem__, words), np.int32, len(words))
            for words in _blocks(sentences, name)
        ]
        text = np.concatenate([np.zeros(0, np.int32), *blocks])
        counts = np.bincount(text, minlength=len(numbers))
        counts[end] = 0
        order = np.argsort(-counts, kind="stable")[: int((counts >= max(min_count, 1)).sum())]
        if len(order) < 2:
            raise DataError(
                f"{name}: {len(order)} words are left of {len(numbers) - 1} that occur in a text of "
                f"{int(counts.sum())} words: min_count={min_count} leaves out those that occur less often, "
                "and 2 are needed. Give more text, or a smaller min_count."
            )
        known = list(numbers)
        self.words: list[str] = [known[number] for number in order]
        self.counts = counts[order].astype("int64")
        new = np.full(len(counts), -2, np.int32)
        new[order], new[end] = np.arange(len(order)), -1
        text = new[text]
        self.text = text[text > -2]
        if not ((self.text[1:] >= 0) & (self.text[:-1] >= 0)).any():
            raise DataError(
                f"{name}: no sentence has two words of the vocabulary, so that no word has neighbours. "
                "sentences= is a list of sentences; a single one is a list of one, [words]."
            )


def _blocks(sentences: Any, name: str) -> Iterator[list[Any]]:
    """The words of many sentences at a time, None after each sentence."""
    if isinstance(sentences, Path):
        with sentences.open(encoding="utf-8") as lines:
            yield from _blocks(lines, name)
        return
    if isinstance(sentences, (str, bytes)):
        raise DataError(
            f"{name}: sentences= is a list of sentences, and a single text was received, "
            f"{sentences[:40]!r}. Give [text], text.splitlines(), or pathlib.Path(name) for a file of lines."
        )
    words: list[Any] = []
    for number, sentence in enumerate(sentences):
        words += _words_of(sentence, number, name)
        words.append(None)
        if len(words) > _BLOCK:
            yield words
            words = []
    yield words


def _words_of(sentence: Any, number: int, name: str) -> Sequence[str]:
    """The words of a sentence: those of a text are runs of letters and digits, in lower case."""
    if isinstance(sentence, str):
        return _WORDS.findall(sentence.lower())
    if isinstance(sentence, (list, tuple, np.ndarray)) and all(isinstance(word, str) for word in sentence):
        return list(sentence)
    raise DataError(
        f"{name}: a sentence is a list of words, or a text. Sentence {number} is {sentence!r:.60}."
    )


# Experiments and pictures

# Pairs of words of film reviews, and how alike they are from 0 to 10: Neurona's own scores.
PAIRS = (
    ("movie", "film", 9.5),
    ("awful", "horrible", 9.5),
    ("funny", "hilarious", 9.0),
    ("boring", "dull", 9.0),
    ("director", "filmmaker", 9.0),
    ("child", "kid", 9.0),
    ("good", "great", 8.5),
    ("bad", "terrible", 8.5),
    ("actor", "actress", 8.5),
    ("scary", "creepy", 8.5),
    ("police", "cop", 8.5),
    ("book", "novel", 8.5),
    ("king", "queen", 8.0),
    ("father", "mother", 8.0),
    ("music", "song", 8.0),
    ("man", "woman", 7.5),
    ("car", "truck", 7.5),
    ("love", "romance", 7.5),
    ("doctor", "nurse", 7.0),
    ("war", "soldier", 6.5),
    ("comedy", "drama", 5.5),
    ("film", "camera", 5.0),
    ("actor", "script", 4.0),
    ("war", "nurse", 3.0),
    ("scary", "child", 2.5),
    ("mother", "script", 1.5),
    ("novel", "police", 1.5),
    ("king", "camera", 1.0),
    ("music", "car", 1.0),
    ("boring", "truck", 0.5),
)
SHOWN = (
    *("good", "great", "wonderful", "excellent", "bad", "terrible", "awful", "horrible", "boring", "dull"),
    *("funny", "hilarious", "scary", "creepy", "actor", "actress", "director", "writer", "king", "queen"),
    *("man", "woman", "father", "mother", "son", "daughter", "police", "cop", "doctor", "nurse", "war"),
    *("soldier", "music", "song", "book", "novel", "film", "movie", "car", "truck"),
)


def reviews() -> list[list[str]]:
    """The 25,000 training reviews of IMDB as lists of words."""
    (texts, _), _ = imdb.load_data(start_char=None, index_from=0)
    words = {number: word for word, number in imdb.get_word_index().items()}
    return [[words[number] for number in text] for text in texts]


def topics(seed: int, sentences: int = 1500) -> tuple[list[list[str]], list[tuple[str, str, float]]]:
    """Sentences of six topics, with words that all share, and pairs of words that are of one topic, 1, or of
    two, 0.
    """
    rng = np.random.default_rng(seed)
    common = [f"common{number}" for number in range(10)]
    names = [[f"{topic}{number}" for number in range(8)] for topic in "abcdef"]
    text = [[str(word) for word in rng.choice(names[n % 6] + common, 12)] for n in range(sentences)]
    alike = [(group[n], group[n + 1], 1.0) for group in names for n in range(7)]
    unlike = [(names[n % 6][n % 8], names[(n + 1) % 6][n % 7], 0.0) for n in range(len(alike))]
    return text, alike + unlike


def words_figure(vectors: np.ndarray, words: Sequence[str], title: str) -> Any:
    """Words in the plane in which their vectors, of length 1, vary most."""
    rows = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    rows = rows - rows.mean(axis=0)
    places = rows @ np.linalg.svd(rows, full_matrices=False)[2][:2].T
    places = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
    figure = new_figure("plot", 7, 6, 120)
    axes = figure.subplots()
    axes.scatter(*places.T, s=10, color=BLUE)
    for word, place in zip(words, places):
        axes.annotate(word, place, xytext=(3, 2), textcoords="offset points", fontsize=8)
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])
    plain_axes(axes)
    return figure
