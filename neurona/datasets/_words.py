"""Texts as lists of word numbers, with the options of Keras's `imdb` and `reuters`.

The numbers are stored as one flat array, and handed out as lists.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurona.core.errors import ArgumentError, DataError


@dataclass(frozen=True)
class Texts:
    """Many lists of word numbers in one flat array.

    Args:
        words: all numbers, one text after the other, (total,) int32.
        offsets: where each text begins, and the end, (texts + 1,) int64.
        labels: (texts,) int64.
    """

    words: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray

    def take(self, order: Sequence[int] | np.ndarray, head: int | None = None) -> "Texts":
        """These texts in this order, each after the number `head`."""
        begin = [] if head is None else [np.array([head], self.words.dtype)]
        pieces = [
            piece
            for row in order
            for piece in (*begin, self.words[self.offsets[row] : self.offsets[row + 1]])
        ]
        lengths = np.diff(self.offsets)[order] + len(begin)
        words = np.concatenate(pieces) if pieces else self.words[:0]
        return Texts(words, np.concatenate([[0], np.cumsum(lengths)]), self.labels[order])

    def lists(self) -> np.ndarray:
        """An object array of Python lists."""
        rows = np.empty(len(self.labels), dtype=object)
        for row in range(len(rows)):
            rows[row] = self.words[self.offsets[row] : self.offsets[row + 1]].tolist()
        return rows


def word_index(texts: Iterable[Sequence[str]]) -> dict[str, int]:
    """Words numbered from 1, the most frequent first; of equally frequent ones the first to appear comes
    first.
    """
    counts: Counter[str] = Counter()
    for words in texts:
        counts.update(words)
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return {word: number for number, (word, _) in enumerate(ranked, start=1)}


def encode(texts: Iterable[Sequence[str]], index: Mapping[str, int], labels: Sequence[int]) -> Texts:
    """Word numbers of texts; words outside the index are left out."""
    numbers = [[index[word] for word in words if word in index] for words in texts]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in numbers])]).astype(np.int64)
    flat = np.fromiter((number for row in numbers for number in row), np.int32, count=int(offsets[-1]))
    return Texts(flat, offsets, np.array(labels, np.int64))


def index_to_bytes(index: Mapping[str, int]) -> np.ndarray:
    """The words in the order of their numbers, as UTF-8 lines in a uint8 array, which needs no pickle."""
    return np.frombuffer("\n".join(index).encode(), np.uint8)


def index_from_bytes(lines: np.ndarray) -> dict[str, int]:
    return {word: number for number, word in enumerate(lines.tobytes().decode().split("\n"), start=1)}


def check_word_options(function: str, num_words: int | None, skip_top: int, maxlen: int | None) -> None:
    if num_words is not None and (not isinstance(num_words, (int, np.integer)) or num_words < 1):
        raise ArgumentError(
            f"{function}: expected num_words to be a whole number of at least 1, or None for all words. "
            f"Received: {num_words!r}"
        )
    if not isinstance(skip_top, (int, np.integer)) or skip_top < 0:
        raise ArgumentError(
            f"{function}: expected skip_top to be a whole number of at least 0. Received: {skip_top!r}"
        )
    if maxlen is not None and maxlen < 1:
        raise ArgumentError(
            f"{function}: expected maxlen to be at least 1, or None for texts of any length. Received: "
            f"{maxlen!r}"
        )


def choose_words(
    function: str,
    parts: Sequence[Texts],
    *,
    num_words: int | None,
    skip_top: int,
    maxlen: int | None,
    seed: int | None,
    start_char: int | None,
    oov_char: int | None,
    index_from: int,
) -> list[Texts]:
    """Shuffle, shift, filter and cut as Keras's loaders do, with their peculiarities.

    The parts are shuffled one after the other by one generator; `maxlen` keeps texts *shorter* than it, start
    mark included; `num_words` and `skip_top` bound the shifted numbers, start mark included; and None for
    `num_words` means the largest number there is, which itself becomes `oov_char`.
    """
    check_word_options(function, num_words, skip_top, maxlen)
    random = np.random.RandomState(seed)
    chosen = []
    for part in parts:
        order = np.arange(len(part.labels))
        random.shuffle(order)
        shifted = Texts(part.words + np.int32(index_from), part.offsets, part.labels)
        if maxlen:
            order = order[np.diff(part.offsets)[order] + (start_char is not None) < maxlen]
        if not len(order):
            raise DataError(f"{function}: no text is shorter than maxlen={maxlen}. Increase maxlen.")
        chosen.append(shifted.take(order, start_char))
    bound = num_words or max(int(part.words.max(initial=0)) for part in chosen)
    return [_filter(part, skip_top, bound, oov_char) for part in chosen]


def _filter(texts: Texts, low: int, high: int, oov_char: int | None) -> Texts:
    kept = (texts.words >= low) & (texts.words < high)
    if oov_char is not None:
        return Texts(np.where(kept, texts.words, np.int32(oov_char)), texts.offsets, texts.labels)
    offsets = np.concatenate([[0], np.cumsum(kept)])[texts.offsets]
    return Texts(texts.words[kept], offsets, texts.labels)
