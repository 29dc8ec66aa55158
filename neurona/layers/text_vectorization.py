"""TextVectorization: from texts to the integers or counts that a network takes. It runs on the host: before
the network, or as a layer of a model that takes texts.
"""

import itertools
import math
import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import jax.numpy as jnp
import numpy as np

from neurona.core.checks import check_texts, integers
from neurona.core.errors import ArgumentError, DataError, NotBuiltError, SavingError
from neurona.core.policy import floatx
from neurona.core.sources import each_batch
from neurona.core.symbolic import SymbolicTensor
from neurona.files.gate import Gate
from neurona.files.values import read_text
from neurona.layers.arguments import choice
from neurona.layers.host import _HostLayer

__all__ = [
    "TextVectorization",
]

_OWNER = "TextVectorization"
_STANDARDIZATIONS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_WORDS = re.compile(r"[^ \t\n\r\x0b\x0c]+")
_PADDING, _UNKNOWN = "", "[UNK]"


class TextVectorization(_HostLayer):
    """Splits texts into tokens and looks each up in a vocabulary.

    The vocabulary is given, or learned by `adapt`: the most frequent tokens first. With output_mode="int" the
    number 0 is padding and 1 stands for every unknown token; in the other modes 0 stands for the unknown.
    In a model, after an `Input((1,), dtype="string")`, the layer runs on the host before what is compiled.

    Args:
        max_tokens: the largest size of the vocabulary, padding and unknown included; None for no limit.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a function of an
            array of texts. "lower" changes the letters of all alphabets, Keras's only A to Z.
        split: "whitespace", "character", None (each text is one token), or a function of a list of texts that
            returns lists of tokens.
        ngrams: n for all sequences of up to n tokens, a tuple for those of these lengths, None for single
            tokens.
        output_mode: "int" (one number for each token), "multi_hot" (1 for each token that occurs), "count"
            (how often), or "tf_idf" (how often, times the weight log(1 + texts / (1 + texts with the
            token))).
        output_sequence_length: length that "int" outputs are cut or padded to; None for the longest of the
            call.
        pad_to_max_tokens: whether the other modes give max_tokens columns even where the vocabulary is
            smaller.
        vocabulary: a list of tokens, or the path of a text file with one in each line.
        idf_weights: with "tf_idf" and a given vocabulary: the weight of each token.
        encoding: how texts that come as bytes are decoded.
        sparse: must be False: outputs are dense arrays.
        ragged: must be False: outputs are dense arrays.
        name: unique in a model; made from the class's name if None.

    Shapes: texts (batch,) or (batch, 1) -> integers (batch, length), or counts (batch, vocabulary).

    Raises:
        ArgumentError: an option is unknown, or does not go with another.
        DataError: a row is None, NaN or another missing value.
        NotBuiltError: it is called before it has a vocabulary.
        TracingError: it is called in a compiled program, on what is computed there.

    Example:

        >>> layer = TextVectorization(output_sequence_length=4)
        >>> layer.adapt(["The cat sat.", "The dog sat!", "The end"])
        >>> layer.get_vocabulary()[:4], layer(["the cat", "A dog sat on the mat"]).tolist()
        (['', '[UNK]', 'the', 'sat'], [[2, 6, 0, 0], [1, 5, 3, 1]])
    """

    _only_texts = True

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: str | Callable[..., Any] | None = "lower_and_strip_punctuation",
        split: str | Callable[..., Any] | None = "whitespace",
        ngrams: int | Sequence[int] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._size_in_config = kwargs.pop("vocabulary_size", None)  # of Keras
        kwargs.pop("has_input_vocabulary", None)
        for name_in_configs in ("vocabulary_size", "has_input_vocabulary"):
            self._arguments.pop(name_in_configs, None)
        super().__init__(name=name, **kwargs)
        if sparse or ragged:
            raise ArgumentError(
                f"{_OWNER}: outputs are dense arrays here. Received: sparse={sparse}, ragged={ragged}"
            )
        self._set_tokenization(standardize, split, ngrams, encoding)
        self._set_output(output_mode, output_sequence_length, max_tokens, pad_to_max_tokens)
        self._tokens: list[str] | None = None  # without padding and unknown
        self._index: dict[str, int] = {}
        self._idf = np.zeros(0)
        for first_only in ("vocabulary", "idf_weights"):  # the config has those of now
            self._arguments.pop(first_only, None)
        if isinstance(vocabulary, (str, Path)):
            gate = Gate.of_file(vocabulary, DataError)
            vocabulary = read_text(Path(vocabulary), gate, strict=True).splitlines()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _set_tokenization(self, standardize: Any, split: Any, ngrams: Any, encoding: str) -> None:
        if standardize is not None and not callable(standardize):
            choice(standardize, _STANDARDIZATIONS, "standardize", _OWNER)
        if split is not None and not callable(split):
            choice(split, ("whitespace", "character"), "split", _OWNER)
        if ngrams is not None:
            integers(ngrams, np.size(ngrams), "ngrams", _OWNER)
        self.standardize, self.encoding = standardize, encoding
        self.split: Any = split
        self.ngrams = tuple(ngrams) if isinstance(ngrams, (list, tuple)) else ngrams

    def _set_output(
        self, output_mode: Any, output_sequence_length: Any, max_tokens: Any, pad_to_max_tokens: bool
    ) -> None:
        mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        self.output_mode = choice(mode, ("int", "multi_hot", "count", "tf_idf"), "output_mode", _OWNER)
        if output_sequence_length is not None and mode != "int":
            raise ArgumentError(
                f"{_OWNER}: output_sequence_length is for output_mode='int'. Received: output_mode={mode!r}"
            )
        for value, name in ((max_tokens, "max_tokens"), (output_sequence_length, "output_sequence_length")):
            if value is not None:
                integers(value, 1, name, _OWNER)
        if pad_to_max_tokens and max_tokens is None:
            raise ArgumentError(f"{_OWNER}: pad_to_max_tokens=True needs max_tokens.")
        self.max_tokens, self.pad_to_max_tokens = max_tokens, pad_to_max_tokens
        self.output_sequence_length = output_sequence_length

    # The vocabulary.

    @property
    def _special(self) -> list[str]:
        return [_PADDING, _UNKNOWN] if self.output_mode == "int" else [_UNKNOWN]

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens, each at the place of its number; the first are the padding (in "int" mode) and the
        unknown.
        """
        return (self._special if include_special_tokens else []) + (self._tokens or [])

    def vocabulary_size(self) -> int:
        """The number of tokens, padding and unknown included."""
        return len(self.get_vocabulary())

    def set_vocabulary(self, vocabulary: Sequence[str], idf_weights: Any = None) -> None:
        """Set the tokens, with or without the special ones in front, and their weights for "tf_idf".

        Raises:
            ArgumentError: a token occurs twice, there are too many or none, or weights are missing or
                superfluous.
        """
        tokens = [str(token) for token in vocabulary]
        included = tokens[: len(self._special)] == self._special
        tokens = tokens[len(self._special) :] if included else tokens
        twice = [token for token, count in Counter(tokens).items() if count > 1]
        if not tokens or twice or _PADDING in tokens:
            what = (
                f"these come twice: {twice[:5]}"
                if twice
                else "an empty token is padding"
                if tokens
                else "it is empty"
            )
            raise ArgumentError(
                f"Layer {self.name!r} (TextVectorization): a vocabulary is a list of different tokens; "
                f"{what}."
            )
        if self.max_tokens is not None and len(tokens) + len(self._special) > self.max_tokens:
            raise ArgumentError(
                f"Layer {self.name!r} (TextVectorization): {len(tokens)} tokens and {len(self._special)} "
                "special ones are more than "
                f"max_tokens={self.max_tokens}."
            )
        if (idf_weights is None) == (self.output_mode == "tf_idf") or (
            idf_weights is not None and len(idf_weights) != len(vocabulary)
        ):
            raise ArgumentError(
                f"Layer {self.name!r} (TextVectorization): idf_weights belong to output_mode='tf_idf', one "
                "for each of the "
                f"{len(vocabulary)} tokens. Received: output_mode={self.output_mode!r}, "
                f"idf_weights={idf_weights!r}"
            )
        if idf_weights is not None:
            weights = np.asarray(idf_weights, floatx())
            self._idf = weights if included else np.concatenate([[weights.mean()], weights])
        self._set_tokens(tokens)

    def _set_tokens(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._index = {token: number for number, token in enumerate(tokens, start=len(self._special))}

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary from texts, or from an iterable of batches of texts (of which the first
        `steps` count, and of a tuple its first entry).

        Raises:
            DataError: there is no token in them.
        """
        counts: Counter[str] = Counter()
        texts_with: Counter[str] = Counter()
        texts = 0
        at_once = isinstance(data, (list, tuple)) or hasattr(data, "__array__")
        for batch in itertools.islice([data] if at_once else each_batch(data), steps):
            batch = batch[0] if isinstance(batch, tuple) and not at_once else batch
            for tokens in self._tokenize(batch):
                counts.update(tokens)
                texts_with.update(set(tokens))
                texts += 1
        for token in (_PADDING, _UNKNOWN):
            counts.pop(token, None)
        if not counts:
            raise DataError(
                f"Layer {self.name!r} (TextVectorization): adapt received no token in {texts} texts."
            )
        # The most frequent first; among equals the last of the alphabet first, as in Keras's files.
        ordered = sorted(counts, key=lambda token: (counts[token], token), reverse=True)
        ordered = ordered if self.max_tokens is None else ordered[: self.max_tokens - len(self._special)]
        self._set_tokens(ordered)
        if self.output_mode == "tf_idf":
            weights = np.array([math.log(1 + texts / (1 + texts_with[token])) for token in ordered])
            self._idf = np.concatenate([[weights.mean()], weights]).astype(floatx())

    # From texts to numbers.

    def _tokenize(self, texts: Any) -> list[list[str]]:
        """The tokens of each text: decoded, standardized, split, joined to n-grams."""
        rows = self._rows(texts)
        values = rows.reshape(-1).tolist()
        if rows.dtype.kind not in "SU":
            for column in rows.reshape(len(rows), -1).T:
                check_texts(column.tolist(), f"Layer {self.name!r} (TextVectorization)")
        tokens = self._split(
            self._standardized(self._decoded(values)), max(rows.size // max(len(rows), 1), 1)
        )
        return tokens if self.ngrams is None else [self._joined(one) for one in tokens]

    def _rows(self, texts: Any) -> np.ndarray:
        """An array (batch,) of texts; without split, (batch, tokens)."""
        texts = texts.tolist() if isinstance(texts, np.ma.MaskedArray) else texts  # None for what is masked
        # NumPy would write the NaN of a list of texts as the text "nan".
        array = np.asarray(texts, object if isinstance(texts, (list, tuple)) else None)
        if array.ndim == 0:
            return array.reshape(1)
        if self.split is None:
            return array
        if array.ndim == 2 and array.shape[1] == 1:
            return array[:, 0]
        if array.ndim > 1:
            raise DataError(
                f"Layer {self.name!r} (TextVectorization) takes texts (batch,) or (batch, 1). Received shape "
                f"{array.shape}."
            )
        return array

    def _standardized(self, texts: list[str]) -> list[str]:
        if callable(self.standardize):
            return self._decoded(np.asarray(self.standardize(np.array(texts, np.str_))).tolist())
        steps = self.standardize or ""
        if "lower" in steps:
            texts = [text.lower() for text in texts]
        if "strip_punctuation" in steps:
            texts = [text.translate(_NO_PUNCTUATION) for text in texts]
        return texts

    def _split(self, texts: list[str], width: int) -> list[list[str]]:
        if self.split is None:  # rows of `width` tokens, as they came
            return [texts[start : start + width] for start in range(0, len(texts), width)]
        if isinstance(self.split, str):
            cut = _WORDS.findall if self.split == "whitespace" else list
            return [cut(text) for text in texts]
        return [self._decoded(np.asarray(tokens).ravel().tolist()) for tokens in self.split(texts)]

    def _decoded(self, texts: list[Any]) -> list[str]:
        return [text.decode(self.encoding) if isinstance(text, bytes) else str(text) for text in texts]

    def _joined(self, tokens: list[str]) -> list[str]:
        """The n-grams of a text, shortest first."""
        lengths = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams or ()
        return [" ".join(tokens[i : i + n]) for n in lengths for i in range(len(tokens) - n + 1)]

    def _output_spec(self, inputs: Any) -> SymbolicTensor:
        """None stands for a size that only the texts tell."""
        shape = tuple(inputs.shape)
        if self.output_mode == "int" and self.split is None and self.output_sequence_length is None:
            return SymbolicTensor(shape, "int32")
        width = self.output_sequence_length if self.output_mode == "int" else self._columns() or None
        return SymbolicTensor((*shape[:1], width), floatx() if self.output_mode == "tf_idf" else "int32")

    def _columns(self) -> int:
        """How many columns counts have."""
        if self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        # Of a file's model that is being built: its vocabulary comes later.
        return self._size_in_config or 0 if self._tokens is None else self.vocabulary_size()

    def call(self, inputs: Any) -> Any:
        self._check_vocabulary()
        unknown, single = len(self._special) - 1, np.ndim(inputs) == 0
        texts = self._tokenize(inputs)
        if self.output_mode == "int":
            length = self.output_sequence_length or max(map(len, texts), default=0)
            numbers = np.zeros((len(texts), length), np.int32)
            for line, tokens in zip(numbers, texts):
                line[: len(tokens)] = [
                    self._index.get(token, unknown) if token else 0 for token in tokens[:length]
                ]
            if self.split is None and self.output_sequence_length is None:
                return jnp.asarray(numbers.reshape(np.shape(inputs)))
            return jnp.asarray(numbers[0] if single else numbers)
        width = self._columns()
        counts = np.zeros((len(texts), width), np.int32)
        for line, tokens in zip(counts, texts):
            np.add.at(line, [self._index.get(token, unknown) for token in tokens if token], 1)
        if self.output_mode == "multi_hot":
            counts = np.minimum(counts, 1)
        elif self.output_mode == "tf_idf":
            weights = self._idf[:width]
            counts = counts * np.pad(weights, (0, width - len(weights)))
        return jnp.asarray(counts[0] if single else counts)

    def _check_vocabulary(self) -> None:
        if self._tokens is None:
            raise NotBuiltError(
                f"Layer {self.name!r} (TextVectorization) has no vocabulary yet: call `adapt(texts)` first."
            )

    # Files.

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "vocabulary": None, "idf_weights": None}
        if self._tokens is not None:
            config["vocabulary"] = self.get_vocabulary(include_special_tokens=False)
            if self.output_mode == "tf_idf":
                config["idf_weights"] = self._idf[len(self._special) :].tolist()
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        if isinstance(config.get("vocabulary"), str):
            raise SavingError(
                f"The config of a TextVectorization names a file, {config['vocabulary']!r}, outside of what "
                "is being loaded. "
                "Give the layer its vocabulary with set_vocabulary."
            )
        return super().from_config(
            {name: value for name, value in config.items() if name != "dtype"}
        )  # of old files: "string"

    def save_own_variables(self, store: Any) -> None:
        """Write the weights for "tf_idf" where Keras has them."""
        if len(self._idf):
            store["idf_weights"] = np.asarray(self._idf, floatx())

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote, by Neurona or Keras."""
        if "idf_weights" in store:
            self._idf = np.ravel(store["idf_weights"])

    def save_assets(self, folder: Any) -> None:
        """Write the vocabulary into `vocabulary.txt` in a folder, one token in each line, as Keras does."""
        Path(folder, "vocabulary.txt").write_text("\n".join(self.get_vocabulary()), encoding="utf-8")

    def load_assets(self, folder: Any) -> None:
        """Read what `save_assets` wrote, by Neurona or Keras."""
        path = Path(folder, "vocabulary.txt")
        gate = Gate.of_file(path, SavingError)
        lines: Iterable[str] = read_text(path, gate, strict=True).split("\n")
        tokens = [line for line in lines if line not in self._special]
        if len(set(tokens)) < len(tokens):
            raise gate.refusal("holds a token twice: the numbers of those after it would be others.")
        self._set_tokens(tokens)
