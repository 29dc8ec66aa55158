"""`tf.contrib.learn.preprocessing`: texts as rows of the numbers of their words."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

_WORDS = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]+(?=[A-Z])|['\w-]+")


def tokenizer(iterator: Iterable[str]) -> Iterator[list[str]]:
    """The words of each text."""
    return (_WORDS.findall(text) for text in iterator)


class CategoricalVocabulary:
    """Numbers of words, from 1 on; 0 is any other word.

    Args:
        unknown_token: what `reverse` gives for 0.
    """

    def __init__(self, unknown_token: str = "<UNK>", support_reverse: bool = True) -> None:
        self._mapping = {unknown_token: 0}
        self._freq: Counter[str] = Counter()
        self._unknown, self._frozen = unknown_token, False

    def __len__(self) -> int:
        return len(self._mapping)

    def freeze(self, freeze: bool = True) -> None:
        """From now on new words have the number 0."""
        self._frozen = freeze

    def get(self, category: str) -> int:
        """A word's number; a new one where words may be added."""
        if not self._frozen:
            self._mapping.setdefault(category, len(self._mapping))
        return self._mapping.get(category, 0)

    def add(self, category: str, count: int = 1) -> None:
        """Count a word."""
        if self.get(category):
            self._freq[category] += count

    def trim(self, min_frequency: int, max_frequency: int = -1) -> None:
        """Keep the words that occur more often than that, the most frequent first."""
        kept = [
            word
            for word, count in sorted(self._freq.items(), key=lambda pair: (-pair[1], pair[0]))
            if count > min_frequency and (max_frequency < 0 or count < max_frequency)
        ]
        self._freq = Counter({word: self._freq[word] for word in kept})
        self._mapping = {word: place for place, word in enumerate([self._unknown, *kept])}

    def reverse(self, class_id: int) -> str:
        """The word of a number."""
        return list(self._mapping)[class_id]


class VocabularyProcessor:
    """Texts as rows of numbers of words, filled with 0.

    Args:
        max_document_length: the length of a row.
        min_frequency: words that do not occur more often are left out.
        vocabulary: one that is there already.
        tokenizer_fn: from texts to lists of words.

    Example:

        >>> words = VocabularyProcessor(4)
        >>> [row.tolist() for row in words.fit_transform(["to be or", "not to be"])]
        [[1, 2, 3, 0], [4, 1, 2, 0]]
    """

    def __init__(
        self,
        max_document_length: int,
        min_frequency: int = 0,
        vocabulary: CategoricalVocabulary | None = None,
        tokenizer_fn: Callable[[Iterable[str]], Iterable[list[str]]] | None = None,
    ) -> None:
        self.max_document_length, self.min_frequency = max_document_length, min_frequency
        self.vocabulary_ = vocabulary if vocabulary is not None else CategoricalVocabulary()
        self._tokenizer = tokenizer_fn or tokenizer

    def fit(self, raw_documents: Iterable[str], unused_y: Any = None) -> "VocabularyProcessor":
        """Learn the words of texts."""
        for words in self._tokenizer(raw_documents):
            for word in words:
                self.vocabulary_.add(word)
        if self.min_frequency > 0:
            self.vocabulary_.trim(self.min_frequency)
        self.vocabulary_.freeze()
        return self

    def fit_transform(self, raw_documents: Iterable[str], unused_y: Any = None) -> Iterator[np.ndarray]:
        """Learn the words of texts, and give their rows."""
        texts = list(raw_documents)
        return self.fit(texts).transform(texts)

    def transform(self, raw_documents: Iterable[str]) -> Iterator[np.ndarray]:
        """A row for each text."""
        for words in self._tokenizer(raw_documents):
            row = np.zeros(self.max_document_length, np.int64)
            for place, word in enumerate(list(words)[: self.max_document_length]):
                row[place] = self.vocabulary_.get(word)
            yield row

    def reverse(self, documents: Iterable[Iterable[int]]) -> Iterator[str]:
        """The texts of rows."""
        for row in documents:
            yield " ".join(self.vocabulary_.reverse(int(place)) for place in row)

    def save(self, filename: Any) -> None:
        """Write the words into a file of JSON."""
        held = [self.max_document_length, self.min_frequency, list(self.vocabulary_._mapping)]
        Path(filename).write_text(json.dumps(held), encoding="utf-8")

    @classmethod
    def restore(cls, filename: Any) -> "VocabularyProcessor":
        """What `save` has written."""
        length, least, words = json.loads(Path(filename).read_text(encoding="utf-8"))
        vocabulary = CategoricalVocabulary(words[0])
        for word in words[1:]:
            vocabulary.get(word)
        vocabulary.freeze()
        return cls(length, least, vocabulary)
