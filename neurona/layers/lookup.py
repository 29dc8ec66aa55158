"""StringLookup and IntegerLookup: from categories to the numbers that a network takes, and back."""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from neurona.core.errors import ArgumentError, DataError, NotBuiltError, SavingError
from neurona.core.policy import floatx
from neurona.core.scope import Scope
from neurona.core.sources import each_batch
from neurona.core.symbolic import SymbolicTensor
from neurona.files.gate import Gate
from neurona.files.values import read_text
from neurona.layers.arguments import choice
from neurona.layers.categories import dense, encoded, hashed, output_mode_of, salt_of, spec_of_categories
from neurona.layers.host import _HostLayer, texts_of

__all__ = [
    "IntegerLookup",
    "StringLookup",
]

_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class _Lookup(_HostLayer):
    """What both layers share. A subclass says how values become tokens."""

    vocabulary_dtype = _token_dtype = "string"

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        sparse: bool,
        pad_to_max_tokens: bool,
        oov_method: str,
        salt: Any,
        name: str | None,
        **kwargs: Any,
    ) -> None:
        self._size_in_config = kwargs.pop("vocabulary_size", None)
        kwargs.pop("has_input_vocabulary", None)
        for given in ("vocabulary_size", "has_input_vocabulary"):
            self._arguments.pop(given, None)
        super().__init__(name=name, **{key: value for key, value in kwargs.items() if key != "dtype"})
        self._set_sizes(max_tokens, num_oov_indices, pad_to_max_tokens)
        self.mask_token, self.oov_token = mask_token, oov_token
        self._set_output(output_mode, invert, sparse, oov_method, salt)
        self.input_vocabulary: Any = None  # what was given, for the config
        self.input_idf_weights: Any = None
        self._tokens: list[Any] | None = None  # without the special ones
        self._index: dict[Any, int] = {}
        self._idf = np.zeros(0)
        self._is_given = vocabulary is not None
        for first_only in ("vocabulary", "idf_weights"):  # the config has those of now
            self._arguments.pop(first_only, None)
        if isinstance(vocabulary, (str, Path)):
            self.set_vocabulary(self._read(vocabulary), idf_weights)
        elif vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
            self.input_vocabulary = [self._plain(token) for token in np.asarray(vocabulary, object).tolist()]
            self.input_idf_weights = None if idf_weights is None else np.asarray(idf_weights).tolist()

    def _set_sizes(self, max_tokens: int | None, num_oov_indices: int, pad_to_max_tokens: bool) -> None:
        owner = type(self).__name__
        if max_tokens is not None and max_tokens <= 1:
            raise ArgumentError(f"{owner}: max_tokens is None or above 1. Received: max_tokens={max_tokens}")
        if pad_to_max_tokens and max_tokens is None:
            raise ArgumentError(f"{owner}: pad_to_max_tokens=True needs max_tokens.")
        if num_oov_indices < 0:
            raise ArgumentError(
                f"{owner}: num_oov_indices is 0 or more. Received: num_oov_indices={num_oov_indices}"
            )
        self.max_tokens, self.num_oov_indices = max_tokens, int(num_oov_indices)
        self.pad_to_max_tokens = pad_to_max_tokens

    def _set_output(self, output_mode: str, invert: bool, sparse: bool, oov_method: str, salt: Any) -> None:
        owner = type(self).__name__
        self.output_mode, self.invert = output_mode_of(output_mode, _MODES, owner), invert
        if invert and self.output_mode != "int":
            raise ArgumentError(
                f"{owner}: invert=True goes with output_mode='int'. Received: {output_mode!r}"
            )
        self.sparse, self.salt = dense(sparse, owner), salt_of(salt, owner)
        self.oov_method = choice(oov_method, ("floormod", "farmhash"), "oov_method", owner)

    def _read(self, path: Any) -> list[Any]:
        """The tokens of a text file, one in each line."""
        gate = Gate.of_file(path, DataError)
        return self._parsed(read_text(Path(path), gate, strict=True).splitlines())

    # What a subclass defines.

    def _plain(self, token: Any) -> Any:
        """A token as a Python value."""
        raise NotImplementedError

    def _values(self, inputs: Any) -> np.ndarray:
        """Inputs as an array of tokens."""
        raise NotImplementedError

    def _parsed(self, lines: list[str]) -> list[Any]:
        """Tokens of the lines of a file."""
        raise NotImplementedError

    # The vocabulary.

    @property
    def _masked(self) -> int:
        """1 if the first number is that of the mask token, else 0."""
        return int(self.mask_token is not None and self.output_mode == "int")

    @property
    def _special(self) -> list[Any]:
        return [self.mask_token] * self._masked + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens, each at the place of its number; the mask token and the unknown come first."""
        return (self._special if include_special_tokens else []) + (self._tokens or [])

    def vocabulary_size(self) -> int:
        """The number of tokens, the special ones included."""
        return len(self.get_vocabulary())

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens, with or without the special ones in front, and their weights for "tf_idf".

        Raises:
            ArgumentError: a token occurs twice, there are too many or none, or weights are missing or
                superfluous.
        """
        if isinstance(vocabulary, (str, Path)):
            vocabulary = self._read(vocabulary)
        tokens = [self._plain(token) for token in np.asarray(vocabulary, object).ravel().tolist()]
        special = self._special
        included = tokens[: len(special)] == special
        self._check(tokens[len(special) :] if included else tokens)
        if (idf_weights is None) == (self.output_mode == "tf_idf") or (
            idf_weights is not None and np.shape(idf_weights) != (len(tokens),)
        ):
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}): idf_weights belong to output_mode='tf_idf', "
                f"one for each of the {len(tokens)} tokens. Received: output_mode={self.output_mode!r}, "
                f"idf_weights={idf_weights!r}"
            )
        if idf_weights is not None:
            weights = np.asarray(idf_weights, floatx())
            self._idf = (
                weights if included else np.pad(weights, (len(special), 0), constant_values=weights.mean())
            )
        self._set_tokens(tokens[len(special) :] if included else tokens)
        self._is_given = True

    def _check(self, tokens: list[Any]) -> None:
        who = f"Layer {self.name!r} ({type(self).__name__})"
        twice = [token for token, count in Counter(tokens).items() if count > 1]
        reserved = [self.mask_token] if self.mask_token is not None else []
        reserved += [self.oov_token] if self.invert and self.oov_token is not None else []
        if twice or any(token in reserved for token in tokens):
            raise ArgumentError(
                f"{who}: a vocabulary is a list of different tokens, without or after the special ones "
                f"{self._special}. Received twice, or not in front: "
                f"{twice[:5] or [token for token in tokens if token in reserved]}"
            )
        if not tokens:
            raise ArgumentError(f"{who}: a vocabulary is a list of different tokens. It is empty.")
        if self.max_tokens is not None and len(tokens) + len(self._special) > self.max_tokens:
            raise ArgumentError(
                f"{who}: {len(tokens)} tokens and {len(self._special)} special ones are more than "
                f"max_tokens={self.max_tokens}."
            )

    def _set_tokens(self, tokens: list[Any]) -> None:
        self._tokens = tokens
        self._index = {token: number for number, token in enumerate(tokens, start=len(self._special))}

    def reset_state(self) -> None:
        """Forget what was adapted."""
        if not self._is_given:
            self._tokens, self._index = None, {}

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent tokens first.

        Args:
            data: an array or a list, of which each row is one document for "tf_idf"; or an iterable of
                batches (of a tuple, the first entry).
            steps: how many batches count.

        Raises:
            ArgumentError: the layer was given a vocabulary.
            DataError: there is no token in the data.
        """
        if self._is_given:
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}) was given a vocabulary; there is nothing to "
                "adapt."
            )
        counts, rows_with, rows = self._counted(data, steps)
        for token in (self.mask_token, self.oov_token):
            counts.pop(token, None)
        if not counts:
            raise DataError(f"Layer {self.name!r} ({type(self).__name__}): adapt received no token.")
        # Among equally frequent ones the last of the alphabet first, as in Keras's files.
        ordered = sorted(counts, key=lambda token: (counts[token], token), reverse=True)
        ordered = ordered if self.max_tokens is None else ordered[: self.max_tokens - len(self._special)]
        self._set_tokens(ordered)
        if self.output_mode == "tf_idf":
            weights = np.array([math.log(1 + rows / (1 + rows_with[token])) for token in ordered])
            weights = np.pad(weights, (len(self._special), 0), constant_values=weights.mean())
            self._idf = weights.astype(floatx())

    def _counted(self, data: Any, steps: int | None) -> tuple[Counter[Any], Counter[Any], int]:
        """How often each token occurs; for "tf_idf" also in how many rows, and how many rows there are."""
        counts: Counter[Any] = Counter()
        rows_with: Counter[Any] = Counter()
        rows = 0
        at_once = isinstance(data, (list, tuple)) or hasattr(data, "__array__")
        for batch in itertools.islice([data] if at_once else each_batch(data), steps):
            values = self._values(batch[0] if isinstance(batch, tuple) and not at_once else batch)
            if values.ndim < 2:
                values = values.reshape(-1, 1) if at_once else values.reshape(1, -1)
            counts.update(values.ravel().tolist())
            for row in values.reshape(len(values), -1).tolist() if self.output_mode == "tf_idf" else ():
                rows_with.update(set(row))
                rows += 1
        return counts, rows_with, rows

    # From tokens to numbers.

    def _columns(self) -> int:
        if self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        # Of a file's model that is being built: its vocabulary comes later.
        return self._size_in_config or 0 if self._tokens is None else self.vocabulary_size()

    def _output_spec(self, inputs: Any) -> SymbolicTensor:
        if self.invert:
            return SymbolicTensor(tuple(inputs.shape), self._token_dtype)
        dtype = floatx() if self.output_mode == "tf_idf" else "int32"
        return spec_of_categories(inputs.shape, self.output_mode, self._columns() or None, dtype)

    def call(self, inputs: Any) -> Any:
        if self._tokens is None:
            raise NotBuiltError(
                f"Layer {self.name!r} ({type(self).__name__}) has no vocabulary yet: call `adapt(data)` "
                "first."
            )
        if self.invert:
            return self._inverted(np.asarray(inputs))
        values = self._values(inputs)
        return self._encoded(np.array(self._numbers(values), "int32").reshape(values.shape))

    def _numbers(self, values: np.ndarray) -> list[int]:
        """The number of each token; -1 for the mask token where it has none."""
        tokens = values.ravel().tolist()
        found = [self._index.get(token, -2) for token in tokens]
        if self.mask_token is not None:
            mask = 0 if self._masked else -1
            found = [mask if token == self.mask_token else number for token, number in zip(tokens, found)]
        unknown = [place for place, number in enumerate(found) if number == -2]
        if unknown and not self.num_oov_indices:
            raise DataError(
                f"Layer {self.name!r} ({type(self).__name__}) has num_oov_indices=0, no number for what is "
                f"not in its vocabulary. Received: {[tokens[place] for place in unknown[:5]]}. Take "
                "num_oov_indices=1."
            )
        bins = self._bins([tokens[place] for place in unknown])
        for place, one in zip(unknown, bins):
            found[place] = self._masked + one
        return found

    def _bins(self, tokens: list[Any]) -> Iterable[int]:
        """Which of the numbers for unknown tokens each one gets."""
        if self.num_oov_indices < 2 or not tokens:
            return [0] * len(tokens)
        return hashed(
            np.array([str(token) for token in tokens], object), self.num_oov_indices, self.salt
        ).tolist()

    def _encoded(self, numbers: Any) -> Any:
        if self.output_mode != "tf_idf":
            return encoded(numbers, self.output_mode, self._columns(), "int32")
        counts = encoded(numbers, "count", self._columns(), floatx())
        return counts * jnp.asarray(self._padded_idf(), floatx())

    def _padded_idf(self) -> np.ndarray:
        """The weights for "tf_idf", one for each column."""
        weights = self._idf[: self._columns()]
        return np.pad(weights, (0, self._columns() - len(weights)))

    def _inverted(self, numbers: np.ndarray) -> Any:
        tokens = np.array(self.get_vocabulary(), object)
        known = (numbers >= len(self._special)) & (numbers < len(tokens))
        result = np.where(known, tokens[np.where(known, numbers, 0)], self.oov_token)
        if self.mask_token is not None:
            result = np.where(numbers == 0, self.mask_token, result)
        return result

    # Files.

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["vocabulary"] = self.input_vocabulary
        config["idf_weights"] = self.input_idf_weights
        config["vocabulary_size"] = None if self._tokens is None else self.vocabulary_size()
        return {**config, "salt": self.salt, "oov_method": self.oov_method}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        if isinstance(config.get("vocabulary"), str):
            raise SavingError(
                f"The config of a {cls.__name__} names a file, {config['vocabulary']!r}, outside of what is "
                "being loaded. Give the layer its vocabulary with set_vocabulary."
            )
        return super().from_config(config)

    def save_own_variables(self, store: Any) -> None:
        """Write the weights for "tf_idf" where Keras has them."""
        if len(self._idf):
            store["idf_weights"] = self._padded_idf().astype(floatx())

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote, by Neurona or Keras."""
        if "idf_weights" in store:
            self._idf = np.ravel(store["idf_weights"])

    def save_assets(self, folder: Any) -> None:
        """Write the vocabulary into `vocabulary.txt` in a folder, one token in each line, as Keras does."""
        if self.input_vocabulary is None and self._tokens is not None:
            lines = "\n".join(map(str, self.get_vocabulary()))
            Path(folder, "vocabulary.txt").write_text(lines, encoding="utf-8")

    def load_assets(self, folder: Any) -> None:
        """Read what `save_assets` wrote, by Neurona or Keras."""
        path = Path(folder, "vocabulary.txt")
        if self.input_vocabulary is not None or not path.exists():
            return
        gate = Gate.of_file(path, SavingError)
        lines = read_text(path, gate, strict=True).split("\n")
        while lines and not lines[-1]:
            lines.pop()
        if not lines:
            return
        tokens = self._parsed(lines[len(self._special) :])
        if len(set(tokens)) < len(tokens):
            raise gate.refusal("holds a token twice: the numbers of those after it would be others.")
        self._set_tokens(tokens)


class StringLookup(_Lookup):
    """The number of each text in a vocabulary, or, inverted, the text of each number.

    The vocabulary is given, or learned by `adapt`: the most frequent texts first. With output_mode="int" the
    mask token, if there is one, has the number 0; then come the numbers of unknown texts, then those of the
    vocabulary. In a model, after an `Input((1,), dtype="string")`, the layer runs on the host before what is
    compiled; a model that ends with an inverted one gives texts.

    Args:
        max_tokens: the largest size of the vocabulary, special tokens included; None for no limit.
        num_oov_indices: how many numbers unknown texts share, by a hash function; with 0 they are refused.
        mask_token: a text that stands for a missing one, such as "".
        oov_token: what unknown numbers become where the layer is inverted.
        vocabulary: a list of texts, or the path of a text file with one in each line.
        idf_weights: with "tf_idf" and a given vocabulary: the weight of each text.
        invert: whether numbers become texts.
        output_mode: "int", or "one_hot", "multi_hot", "count" or "tf_idf" (how often, times the weight log(1
            + rows / (1 + rows with the text))).
        pad_to_max_tokens: whether the other modes give max_tokens columns even where the vocabulary is
            smaller.
        sparse: must be False: outputs are dense arrays.
        encoding: how texts that come as bytes are decoded.
        name: unique in a model; made from the class's name if None.
        salt: one integer or two, for another hash function of unknown texts.

    Shapes: texts (any) -> integers, the same; or (batch, vocabulary).

    Raises:
        ArgumentError: an option is unknown, or does not go with another.
        DataError: a text is missing, or unknown where num_oov_indices=0.
        NotBuiltError: it is called before it has a vocabulary.
        TracingError: it is called in a compiled program, on what is computed there.

    Example:

        >>> layer = StringLookup(vocabulary=["a", "b", "c"])
        >>> layer(["a", "c", "d"]).tolist()
        [1, 3, 0]
        >>> back = StringLookup(vocabulary=["a", "b", "c"], invert=True)
        >>> back([1, 3, 0]).tolist()
        ['a', 'c', '[UNK]']
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str | None = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
        shared = (max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert)
        oov_method = kwargs.pop("oov_method", "floormod")
        outputs = (output_mode, sparse, pad_to_max_tokens, oov_method, salt, name)
        super().__init__(*shared, *outputs, **kwargs)

    @property
    def _only_texts(self) -> bool:
        return not self.invert

    def _plain(self, token: Any) -> Any:
        return (
            token.decode(self.encoding)
            if isinstance(token, bytes)
            else token
            if token is None
            else str(token)
        )

    def _parsed(self, lines: list[str]) -> list[Any]:
        return lines

    def _values(self, inputs: Any) -> np.ndarray:
        return texts_of(inputs, self.encoding, f"Layer {self.name!r} (StringLookup)")


class IntegerLookup(_Lookup):
    """The number of each integer in a vocabulary, or, inverted, the integer of each number.

    The vocabulary is given, or learned by `adapt`: the most frequent integers first. Numbers are given as by
    `StringLookup`. In a compiled model unknown integers get -1 where num_oov_indices=0.

    Args:
        max_tokens: the largest size of the vocabulary, special tokens included; None for no limit.
        num_oov_indices: how many numbers unknown integers share, by their remainder; with 0 they are refused.
        mask_token: an integer that stands for a missing one, such as 0.
        oov_token: what unknown numbers become where the layer is inverted.
        vocabulary: a list of integers, or the path of a text file with one in each line.
        vocabulary_dtype: must be "int64".
        idf_weights: with "tf_idf" and a given vocabulary: the weight of each integer.
        invert: whether numbers become integers of the vocabulary.
        output_mode: "int", "one_hot", "multi_hot", "count" or "tf_idf", as of `StringLookup`.
        sparse: must be False: outputs are dense arrays.
        pad_to_max_tokens: whether the other modes give max_tokens columns even where the vocabulary is
            smaller.
        oov_method: "floormod", or "farmhash" for a hash function of unknown integers.
        salt: one integer or two, for another hash function.
        name: unique in a model; made from the class's name if None.

    Shapes: integers (any) -> integers, the same; or (batch, vocabulary).

    Raises:
        ArgumentError: an option is unknown, or does not go with another.
        DataError: an integer is unknown where num_oov_indices=0.
        NotBuiltError: it is called before it has a vocabulary.

    Example:

        >>> IntegerLookup(vocabulary=[12, 36, 1138])([[12, 1138], [36, 7]]).tolist()
        [[1, 3], [2, 0]]
    """

    vocabulary_dtype, _token_dtype = "int64", "int32"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int | None = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        choice(vocabulary_dtype, ("int64",), "vocabulary_dtype", "IntegerLookup")
        if salt is not None and oov_method != "farmhash":
            raise ArgumentError("IntegerLookup: salt goes with oov_method='farmhash'.")
        shared = (max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert)
        outputs = (output_mode, sparse, pad_to_max_tokens, oov_method, salt, name)
        super().__init__(*shared, *outputs, **kwargs)

    def _plain(self, token: Any) -> Any:
        return None if token is None else int(token)

    def _parsed(self, lines: list[str]) -> list[Any]:
        return [int(line) for line in lines]

    def _values(self, inputs: Any) -> np.ndarray:
        values = np.asarray(inputs)
        if values.dtype.kind not in "iub":
            whole = values.astype("int64")
            if values.dtype.kind != "f" or not np.array_equal(whole, values):
                raise DataError(
                    f"Layer {self.name!r} (IntegerLookup) takes integers. Received dtype {values.dtype}."
                )
            return whole
        return values.astype("int64")

    def _bins(self, tokens: list[Any]) -> Iterable[int]:
        if self.oov_method == "floormod":
            return [token % max(self.num_oov_indices, 1) for token in tokens]
        return super()._bins(tokens)

    def _inverted(self, numbers: np.ndarray) -> Any:
        integers = super()._inverted(numbers)
        return integers if None in integers.ravel().tolist() else integers.astype("int64")

    @property
    def _on_host(self) -> bool:
        return self.oov_method == "farmhash" and self.num_oov_indices > 1

    def _call_in_scope(self, scope: Scope, args: tuple, kwargs: dict[str, Any]) -> Any:
        if self._on_host:
            return super()._call_in_scope(scope, args, kwargs)
        return self.call(*args, **kwargs)

    def call(self, inputs: Any) -> Any:
        traced = isinstance(inputs, Tracer) and self._tokens is not None
        return self._compiled(inputs) if traced else super().call(inputs)

    def _compiled(self, inputs: Any) -> Any:
        """The same in a compiled program, by binary search in the sorted vocabulary."""
        inputs = inputs.astype("int32")
        if self.invert:
            tokens = jnp.asarray([self.oov_token or 0, *(self._tokens or [])], "int32")
            place = inputs - len(self._special) + 1
            result = tokens[jnp.where((place > 0) & (place < len(tokens)), place, 0)]
            return result if self.mask_token is None else jnp.where(inputs == 0, self.mask_token, result)
        known = np.array([token for token in self._tokens or [] if abs(token) < 2**31], "int64")
        order = np.argsort(known)
        ordered = jnp.asarray(known[order], "int32")
        numbers = jnp.asarray([self._index[int(token)] for token in known[order]], "int32")
        place = jnp.clip(jnp.searchsorted(ordered, inputs), 0, len(known) - 1)
        unknown = self._masked + inputs % max(self.num_oov_indices, 1) if self.num_oov_indices else -1
        result = jnp.where(ordered[place] == inputs, numbers[place], unknown)
        if self.mask_token is not None:
            result = jnp.where(inputs == self.mask_token, 0 if self._masked else -1, result)
        return self._encoded(result)
