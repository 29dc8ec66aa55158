"""BytePairTokenizer: from texts to numbers of tokens, which are frequent sequences of bytes, and back."""

import functools
import itertools
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, DataError, NotBuiltError, SavingError
from neurona.core.symbolic import SymbolicTensor
from neurona.files.gate import Gate
from neurona.files.values import read_text
from neurona.layers.arguments import positive
from neurona.layers.host import _HostLayer, texts_of

__all__ = [
    "BytePairTokenizer",
]

_OWNER = "BytePairTokenizer"
_BYTES = 256
_WORDS_KEPT = 100_000  # of which the tokens are remembered


def _printable() -> list[str]:
    """A printable character for each byte, as in GPT-2's files."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = itertools.count(_BYTES)
    return [chr(byte if byte in kept else next(others)) for byte in range(_BYTES)]


_CHARACTERS = _printable()
_BYTE_OF = {character: byte for byte, character in enumerate(_CHARACTERS)}


@functools.cache
def _words() -> re.Pattern[str]:
    """What cuts a text into words, so that no token spans two: letters, numbers or signs with a space before
    them, or white space. It is GPT-2's pattern.
    """
    every = map(chr, range(sys.maxunicode + 1))
    others = "".join(one for one in every if unicodedata.category(one) in ("Nl", "No"))
    number, letter, sign = rf"[\d{others}]", rf"[^\W\d_{others}]", rf"(?:_|[^\s\w{others}])"
    return re.compile(rf"'(?:[stmd]|re|ve|ll)| ?{letter}+| ?{number}+| ?{sign}+|\s+(?!\S)|\s+")


class BytePairTokenizer(_HostLayer):
    """Cuts texts into tokens, each a byte or two tokens merged, and gives their numbers.

    Training begins with the 256 bytes of UTF-8, and merges the two neighbours that are most often side by
    side, again and again. Every text has tokens, and `detokenize` gives back exactly that text. Number 0 is
    padding, 1 to 256 are the bytes, and then come the merges.

    Args:
        vocabulary: the tokens instead of learned ones: a list, a dictionary of their numbers, or the path of
            a JSON file, such as GPT-2's. Bytes are written as printable characters, as in that.
        merges: with a vocabulary, what is merged, first of all first: "a b" or ("a", "b"), or a file's path.
        vocabulary_size: how many tokens `adapt` makes at most.
        sequence_length: the length that rows are cut or padded to; None for the longest of the call.
        name: unique in a model; made from the class's name if None.

    Shapes: texts (batch,) or (batch, 1) -> integers (batch, length).

    Raises:
        ArgumentError: the vocabulary lacks a byte or a merged token, or numbers are not 0 to n - 1.
        DataError: a text is missing, or no Unicode text.
        NotBuiltError: it is called before it has a vocabulary.

    Source: Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with Subword Units, 2016; on
        bytes: Radford et al., Language Models are Unsupervised Multitask Learners, 2019.

    Example:

        >>> tokenizer = BytePairTokenizer(vocabulary_size=260)
        >>> tokenizer.adapt(["la casa, la cama y la cara"])
        >>> tokenizer.get_vocabulary()[257:]
        ['Ġc', 'Ġca', 'la']
        >>> numbers = tokenizer.tokenize("la cala")
        >>> numbers, tokenizer.detokenize(numbers)
        ([259, 258, 259], 'la cala')
    """

    _only_texts = True

    def __init__(
        self,
        vocabulary: Any = None,
        merges: Any = None,
        vocabulary_size: int = 1000,
        sequence_length: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        size = positive(vocabulary_size, "vocabulary_size", _OWNER)
        if size <= _BYTES:
            raise ArgumentError(
                f"{_OWNER}: the {_BYTES} bytes and padding are tokens, so that vocabulary_size is "
                f"{_BYTES + 1} or more. Received: vocabulary_size={size}"
            )
        self._most = size
        self.sequence_length = (
            None if sequence_length is None else positive(sequence_length, "sequence_length", _OWNER)
        )
        self._tokens: list[bytes] = []
        self._numbers: dict[bytes, int] = {}
        self._ranks: dict[tuple[bytes, bytes], int] = {}
        self._known: dict[bytes, list[int]] = {}  # words that were cut before
        for first_only in ("vocabulary", "merges"):  # the config has those of now
            self._arguments.pop(first_only, None)
        if (vocabulary is None) != (merges is None):
            raise ArgumentError(f"{_OWNER}: vocabulary and merges go together; only one was given.")
        if vocabulary is not None:
            self._set(_read_vocabulary(vocabulary), _read_merges(merges))

    # The vocabulary.

    @property
    def merges(self) -> list[str]:
        """What is merged, first of all first, in GPT-2's form "a b"."""
        return [f"{_written(left)} {_written(right)}" for left, right in self._ranks]

    def get_vocabulary(self) -> list[str]:
        """The tokens, each at the place of its number, their bytes as printable characters."""
        return [_written(token) for token in self._tokens]

    def vocabulary_size(self) -> int:
        """The number of tokens, padding included."""
        return len(self._tokens)

    def _set(self, tokens: list[bytes], merges: list[tuple[bytes, bytes]]) -> None:
        """Keep tokens, each at the place of its number, and merges, first of all first.

        Raises:
            ArgumentError: they do not fit together.
        """
        self._numbers = {token: number for number, token in enumerate(tokens)}
        lacking = [byte for byte in range(_BYTES) if bytes([byte]) not in self._numbers]
        if lacking:
            raise ArgumentError(
                f"{_OWNER}: a vocabulary holds every byte, so that every text has tokens. The given one "
                f"lacks the bytes {lacking[:5]}."
            )
        if len(self._numbers) < len(tokens):
            twice = next(token for token in tokens if tokens.count(token) > 1)
            raise ArgumentError(f"{_OWNER}: the vocabulary holds the token {_written(twice)!r} twice.")
        for left, right in merges:
            if left + right not in self._numbers:
                raise ArgumentError(
                    f"{_OWNER}: the vocabulary lacks {_written(left + right)!r}, which "
                    f"{_written(left)!r} and {_written(right)!r} are merged to."
                )
        self._tokens, self._ranks = tokens, {pair: rank for rank, pair in enumerate(merges)}
        self._known = {}

    def adapt(self, data: str | Iterable[str]) -> None:
        """Learn the vocabulary from texts, at most `vocabulary_size` tokens.

        Merges end early where no two tokens are side by side twice.

        Raises:
            DataError: there is no text.
        """
        texts = [data] if isinstance(data, str) else list(data)
        counts: Counter[bytes] = Counter()
        for text in texts_of(texts, "utf-8", self._who).ravel():
            counts.update(self._encoded(word) for word in _words().findall(text))
        if not counts:
            raise DataError(f"{self._who}: adapt received no text in {len(texts)} texts.")
        merges = learned_merges(counts, self._most - _BYTES - 1)
        tokens = [b"", *(bytes([byte]) for byte in range(_BYTES)), *(left + right for left, right in merges)]
        self._set(list(dict.fromkeys(tokens)), merges)

    # From texts to numbers, and back.

    def tokenize(self, text: str) -> list[int]:
        """The numbers of the tokens of a text."""
        self._check_vocabulary()
        return [number for word in _words().findall(text) for number in self._cut(self._encoded(word))]

    def _cut(self, word: bytes) -> list[int]:
        """The numbers of the tokens of a word."""
        if word not in self._known:
            if len(self._known) >= _WORDS_KEPT:
                self._known.clear()
            self._known[word] = self._merged(word)
        return self._known[word]

    def detokenize(self, numbers: Any) -> str:
        """The text of tokens. Bytes that are no text, which a network may write, become U+FFFD.

        Raises:
            DataError: there is no token of a number.
        """
        self._check_vocabulary()
        given = np.asarray(numbers, "int64").ravel()
        wrong = given[(given < 0) | (given >= len(self._tokens))]
        if len(wrong):
            raise DataError(
                f"{self._who} has {len(self._tokens)} tokens, 0 to {len(self._tokens) - 1}. Received: "
                f"{wrong[0]}"
            )
        return b"".join(self._tokens[number] for number in given).decode("utf-8", "replace")

    def _encoded(self, text: str) -> bytes:
        try:
            return text.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"{self._who}: half of a pair of surrogates is no Unicode text. Received: "
                f"{text[error.start]!r} in {text[:40]!r}"
            ) from None

    def _merged(self, word: bytes) -> list[int]:
        """The tokens of a word: of all neighbours those that were merged first are merged first."""
        parts = [bytes([byte]) for byte in word]
        while len(parts) > 1:
            pairs = list(itertools.pairwise(parts))
            first = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if first not in self._ranks:
                break
            parts = _joined(parts, first)
        return [self._numbers[part] for part in parts]

    def _output_spec(self, inputs: Any) -> SymbolicTensor:
        return SymbolicTensor((*tuple(inputs.shape)[:1], self.sequence_length), "int32")

    def call(self, inputs: Any) -> Any:
        texts = texts_of(inputs, "utf-8", self._who)
        if texts.ndim > 1 and texts.shape[1:] != (1,):
            raise DataError(f"{self._who} takes texts (batch,) or (batch, 1). Received shape {texts.shape}.")
        rows = [self.tokenize(text) for text in texts.ravel()]
        length = self.sequence_length or max(map(len, rows), default=0)
        padding = self._numbers.get(b"") if self._tokens else 0
        if padding is None and any(len(row) < length for row in rows):
            raise DataError(
                f"{self._who}: the texts have several lengths, and the vocabulary no token for padding. Add "
                f'the token "" to it, with the number {len(self._tokens)}.'
            )
        numbers = np.full((len(rows), length), padding or 0, np.int32)
        for line, row in zip(numbers, rows):
            line[: len(row)] = row[:length]
        return jnp.asarray(numbers if texts.ndim else numbers[0])

    def _check_vocabulary(self) -> None:
        if not self._tokens:
            raise NotBuiltError(f"{self._who} has no vocabulary yet: call `adapt(texts)` first.")

    # Files.

    def get_config(self) -> dict[str, Any]:
        learned = {"vocabulary": self.get_vocabulary(), "merges": self.merges} if self._tokens else {}
        return {**super().get_config(), "vocabulary": None, "merges": None, **learned}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        if isinstance(config.get("vocabulary"), str) or isinstance(config.get("merges"), str):
            raise SavingError(
                "The config of a BytePairTokenizer names a file, outside of what is being loaded. Give the "
                "layer its vocabulary and merges."
            )
        return super().from_config(config)


def learned_merges(words: Mapping[bytes, int], most: int) -> list[tuple[bytes, bytes]]:
    """The pairs that are most often side by side, one after another; of several the least in the order of
    bytes.

    Args:
        words: and how often each occurs.
        most: how many tokens they make; a pair that makes the same one again does not count.

    Example:

        >>> learned_merges({b"aaab": 2, b"ab": 3}, 2)
        [(b'a', b'b'), (b'a', b'a')]
    """
    parts = [[bytes([byte]) for byte in word] for word in words]
    times = list(words.values())
    counts: Counter[tuple[bytes, bytes]] = Counter()
    where: defaultdict[tuple[bytes, bytes], set[int]] = defaultdict(set)

    def count(place: int, sign: int) -> None:
        for pair in itertools.pairwise(parts[place]):
            counts[pair] += sign * times[place]
            if counts[pair]:
                where[pair].add(place)
            else:
                del counts[pair], where[pair]

    for place in range(len(parts)):
        count(place, 1)
    merges: list[tuple[bytes, bytes]] = []
    made: set[bytes] = set()
    while len(made) < most and counts:
        largest = max(counts.values())
        if largest < 2:
            break
        pair = min(one for one, number in counts.items() if number == largest)
        for place in list(where[pair]):
            count(place, -1)
            parts[place] = _joined(parts[place], pair)
            count(place, 1)
        merges.append(pair)
        made.add(pair[0] + pair[1])
    return merges


def _joined(parts: Sequence[bytes], pair: tuple[bytes, bytes]) -> list[bytes]:
    """Parts with each such pair of neighbours merged, from the left."""
    found: list[bytes] = []
    for part in parts:
        if found and (found[-1], part) == pair:
            found[-1] += part
        else:
            found.append(part)
    return found


def _written(token: bytes) -> str:
    return "".join(_CHARACTERS[byte] for byte in token)


def _as_bytes(token: str) -> bytes:
    """The bytes of a token of printable characters; of a token that names something else, such as
    "<|endoftext|>" with another alphabet, those of its text.
    """
    return bytes(_BYTE_OF[one] for one in token) if set(token) <= set(_BYTE_OF) else token.encode()


def _read_vocabulary(vocabulary: Any) -> list[bytes]:
    if isinstance(vocabulary, (str, Path)):
        vocabulary = json.loads(read_text(Path(vocabulary), Gate.of_file(vocabulary, DataError), strict=True))
    if isinstance(vocabulary, Mapping):
        if sorted(vocabulary.values()) != list(range(len(vocabulary))):
            raise ArgumentError(
                f"{_OWNER}: the numbers of {len(vocabulary)} tokens are 0 to n - 1, each once."
            )
        vocabulary = sorted(vocabulary, key=lambda token: vocabulary[token])
    return [_as_bytes(token) for token in vocabulary]


def _read_merges(merges: Any) -> list[tuple[bytes, bytes]]:
    if isinstance(merges, (str, Path)):
        text = read_text(Path(merges), Gate.of_file(merges, DataError), strict=True)
        merges = [line for line in text.split("\n") if line and not line.startswith("#version")]
    pairs = [tuple(one.split(" ")) if isinstance(one, str) else tuple(one) for one in merges]
    wrong = [pair for pair in pairs if len(pair) != 2]
    if wrong:
        raise ArgumentError(f"{_OWNER}: a merge is a pair of tokens, 'a b'. Received: {wrong[0]!r}")
    return [(_as_bytes(left), _as_bytes(right)) for left, right in pairs]
