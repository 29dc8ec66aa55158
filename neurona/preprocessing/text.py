"""Texts as words and as numbers: Keras 2's `Tokenizer` and its helpers."""

import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from neurona.core.checks import check_texts
from neurona.core.errors import ArgumentError, DataError, suggestion
from neurona.core.spellings import spelled

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

_MODES = ("binary", "count", "tfidf", "freq")


def text_to_word_sequence(
    input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """The words of a text: lower case, punctuation replaced by `split`, cut at `split`.

    Args:
        input_text: the text.
        filters: characters that separate words; the apostrophe is not one of them.
        lower: make everything lower case.
        split: what words are cut at.

    Example:

        >>> text_to_word_sequence("It's late, isn't it?")
        ["it's", 'late', "isn't", 'it']
    """
    if lower:
        input_text = input_text.lower()
    separated = input_text.translate(dict.fromkeys(map(ord, filters), split))
    return [word for word in separated.split(split) if word]


def hashing_trick(
    text: str,
    n: int,
    hash_function: str | Callable[[str], int] | None = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """Word numbers without a vocabulary: hash(word) mod (n - 1) + 1, so that words can share a number.

    Args:
        text: the text.
        n: numbers run from 1 to n - 1.
        hash_function: `"md5"` for the same numbers in every process, a function, or None for Python's `hash`,
            which differs between them.
        filters, lower, split: as in `text_to_word_sequence`.
        analyzer: cuts the text into words instead.

    Raises:
        ArgumentError: n is less than 2, or the hash function is unknown.

    Example:

        >>> hashing_trick("the cat the", 100, hash_function="md5")
        [51, 3, 51]
    """
    if n < 2:
        raise ArgumentError(f"hashing_trick: expected n >= 2. Received: {n}")
    if hash_function == "md5":
        hash_function = _md5
    elif isinstance(hash_function, str):
        raise ArgumentError(
            f"hashing_trick: expected hash_function 'md5', a function or None. Received: {hash_function!r}"
        )
    number = hash_function or hash
    words = analyzer(text) if analyzer else text_to_word_sequence(text, filters, lower, split)
    return [number(word) % (n - 1) + 1 for word in words]


def one_hot(
    input_text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """`hashing_trick` with Python's `hash`.

    Despite the name, it returns word numbers. They differ between processes.
    """
    return hashing_trick(input_text, n, None, filters, lower, split, analyzer)


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode()).hexdigest(), 16)


class Tokenizer:
    """Texts to lists of word numbers; number 1 is the most frequent word and 0 is kept for padding.

    Args:
        num_words: only words with a smaller number are used; None for all. All are counted in any case.
        filters, lower, split: as in `text_to_word_sequence`.
        char_level: every character is a word.
        oov_token: gets number 1 and stands for every word that is unknown or beyond `num_words`; None leaves
            such words out.
        analyzer: cuts a text into words instead.
        document_count: texts counted so far.

    After `fit_on_texts`: `word_index`, `index_word`, `word_counts`, `word_docs` (texts with the word) and
    `document_count`.

    Raises:
        ArgumentError: num_words is less than 1.
        UnexpectedArgument: there is no such argument.

    Example:

        >>> tokenizer = Tokenizer(oov_token="?")
        >>> tokenizer.fit_on_texts(["the cat sat", "the dog"])
        >>> tokenizer.word_index
        {'?': 1, 'the': 2, 'cat': 3, 'sat': 4, 'dog': 5}
        >>> tokenizer.texts_to_sequences(["the bird sat"])
        [[2, 1, 4]]
    """

    @spelled
    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], Iterable[str]] | None = None,
        document_count: int = 0,
    ) -> None:
        self.document_count = document_count
        if num_words is not None and num_words < 1:
            raise ArgumentError(
                f"Tokenizer: expected num_words >= 1, or None for all words. Received: {num_words}"
            )
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.word_counts: dict[str, int] = {}
        self.word_docs: dict[str, int] = defaultdict(int)
        self.index_docs: dict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def fit_on_texts(self, texts: Iterable[str | Sequence[str]]) -> None:
        """Count the words of texts, or of lists of words, and number them by frequency."""
        if isinstance(texts, str):
            raise DataError(
                "Tokenizer.fit_on_texts: expected a list of texts. Received one text; put it in a list: "
                "[text]"
            )
        texts = list(texts)
        check_texts(texts, "Tokenizer.fit_on_texts")
        for text in texts:
            words = self._words(text)
            self.document_count += 1
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in dict.fromkeys(words):
                self.word_docs[word] += 1
        ranked = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        vocabulary = ranked if self.oov_token is None else [self.oov_token, *ranked]
        self.word_index = {word: number for number, word in enumerate(vocabulary, start=1)}
        self.index_word = {number: word for word, number in self.word_index.items()}
        for word, documents in self.word_docs.items():
            self.index_docs[self.word_index[word]] = documents

    def fit_on_sequences(self, sequences: Iterable[Sequence[int]]) -> None:
        """Count in how many sequences each number occurs, for `mode="tfidf"`, when the texts are numbered
        already.
        """
        for numbers in sequences:
            self.document_count += 1
            for number in set(numbers):
                self.index_docs[number] += 1

    def texts_to_sequences(self, texts: Iterable[str | Sequence[str]]) -> list[list[int]]:
        """A list of word numbers for each text."""
        if isinstance(texts, str):
            raise DataError(
                "Tokenizer.texts_to_sequences: expected a list of texts. Received one text; put it in a "
                "list: [text]"
            )
        texts = list(texts)
        check_texts(texts, "Tokenizer.texts_to_sequences")
        unknown = None if self.oov_token is None else self.word_index.get(self.oov_token)
        numbers = (
            (self._bounded(self.word_index.get(word), unknown) for word in self._words(text))
            for text in texts
        )
        return [[number for number in row if number is not None] for row in numbers]

    def texts_to_sequences_generator(self, texts: Iterable[str | Sequence[str]]) -> Iterator[list[int]]:
        """The lists of `texts_to_sequences` one after the other, for texts that are read as they are needed.

        Example:

            >>> tokenizer = Tokenizer()
            >>> tokenizer.fit_on_texts(["a cat", "a dog"])
            >>> list(tokenizer.texts_to_sequences_generator(iter(["a dog", "cat"])))
            [[1, 3], [2]]
        """
        return (self.texts_to_sequences([text])[0] for text in texts)

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """Texts from word numbers, the words joined by blanks."""
        unknown = None if self.oov_token is None else self.word_index.get(self.oov_token)
        texts = []
        for row in sequences:
            numbers = (
                self._bounded(number if number in self.index_word else None, unknown) for number in row
            )
            texts.append(" ".join(self.index_word[number] for number in numbers if number is not None))
        return texts

    def texts_to_matrix(self, texts: Iterable[str | Sequence[str]], mode: str = "binary") -> np.ndarray:
        """One row per text, one column per word number; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode=mode)

    def sequences_to_matrix(self, sequences: Sequence[Sequence[int]], mode: str = "binary") -> np.ndarray:
        """One row per sequence, one column per word number.

        Args:
            sequences: lists of word numbers.
            mode: `"binary"`: 1 where the word occurs; `"count"`: how often, n; `"freq"`: n / length;
                `"tfidf"`: (1 + log n) * log(1 + documents / (1 + documents with the word)).

        Shapes: (sequences, num_words) float64, or (sequences, words + 1) without `num_words`.

        Raises:
            ArgumentError: the mode is unknown.
            DataError: no text was counted yet.
        """
        if mode not in _MODES:
            raise ArgumentError(
                f"Tokenizer: expected mode to be one of {_MODES}. Received: "
                f"{mode!r}.{suggestion(str(mode), _MODES)}"
            )
        columns = self.num_words or (len(self.word_index) + 1 if self.word_index else 0)
        if not columns:
            raise DataError(
                "Tokenizer: the number of columns is not known. Give num_words, or call fit_on_texts first."
            )
        if mode == "tfidf" and not self.document_count:
            raise DataError(
                "Tokenizer: mode='tfidf' needs document counts. Call fit_on_texts or fit_on_sequences first."
            )
        matrix = np.zeros((len(sequences), columns))
        for row, numbers in zip(matrix, sequences):
            for number, count in Counter(number for number in numbers if number < columns).items():
                row[number] = self._weight(mode, number, count, len(numbers))
        return matrix

    def _weight(self, mode: str, number: int, count: int, length: int) -> float:
        if mode == "count":
            return count
        if mode == "freq":
            return count / length
        if mode == "tfidf":
            return (1 + math.log(count)) * math.log(
                1 + self.document_count / (1 + self.index_docs.get(number, 0))
            )
        return 1

    def get_config(self) -> dict[str, Any]:
        """Options and counts; the tables as JSON texts, as Keras writes them."""
        options = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        tables = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        return {name: getattr(self, name) for name in options} | {
            name: json.dumps(getattr(self, name)) for name in tables
        }

    def to_json(self, **kwargs: Any) -> str:
        """The tokenizer as JSON, read back by `tokenizer_from_json`; `kwargs` go to `json.dumps`."""
        return json.dumps({"class_name": "Tokenizer", "config": self.get_config()}, **kwargs)

    def _words(self, text: str | Sequence[str]) -> Sequence[str]:
        if isinstance(text, str) and not self.char_level:
            return (
                list(self.analyzer(text))
                if self.analyzer
                else text_to_word_sequence(text, self.filters, self.lower, self.split)
            )
        if not self.lower:
            return text
        return text.lower() if isinstance(text, str) else [word.lower() for word in text]

    def _bounded(self, number: int | None, unknown: int | None) -> int | None:
        return unknown if number is None or (self.num_words and number >= self.num_words) else number


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """A `Tokenizer` from what `to_json` wrote, here or in Keras."""
    config = json.loads(json_string)["config"]
    tables = {
        name: json.loads(config.pop(name))
        for name in ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
    }
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts, tokenizer.word_index = tables["word_counts"], tables["word_index"]
    tokenizer.word_docs.update(tables["word_docs"])
    tokenizer.index_docs.update({int(number): count for number, count in tables["index_docs"].items()})
    tokenizer.index_word = {int(number): word for number, word in tables["index_word"].items()}
    return tokenizer
