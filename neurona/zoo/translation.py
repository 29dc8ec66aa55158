"""What networks that translate share: texts as rows of symbols, learning, and answers that are written symbol
by symbol.
"""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import DataError
from neurona.layers import Input, Layer
from neurona.losses import SparseCategoricalCrossentropy
from neurona.models import Model
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.zoo import validation
from neurona.zoo.estimator import Estimator

_END = 1  # begins and ends an answer; 0 is padding
_FIRST = 2  # the number of the first symbol
_ROWS = 256  # of a batch of answers


class TranslationNetwork(Estimator):
    """A network that answers a text with a text, both of single symbols. A subclass defines `_layer`.

    `fit(X, y)` takes two lists of texts.

    Attributes:
        source_symbols_, target_symbols_: of what it is asked, and of its answers.
        longest_: how many symbols the longest text and the longest answer have.
    """

    learning_rate: float
    batch_size: int

    def _layer(self, source_size: int, target_size: int) -> Layer:
        """A layer that is called on a source and what was answered before, or on a source and a length."""
        raise NotImplementedError

    def _checked(self, X: Any, y: Any) -> Any:
        owner = type(self).__name__
        questions, answers = _texts(owner, X, "X"), _texts(owner, y, "y")
        if len(questions) != len(answers):
            raise DataError(
                f"{owner}: each text has an answer. Received {len(questions)} texts in X and "
                f"{len(answers)} in y."
            )
        self.source_symbols_, self.target_symbols_ = (
            sorted(set("".join(texts))) for texts in (questions, answers)
        )
        self.longest_ = [max(map(len, texts)) for texts in (questions, answers)]
        sources = self._numbers(questions, self.source_symbols_, self.longest_[0])
        targets = self._numbers(answers, self.target_symbols_, self.longest_[1] + 1)
        targets[np.arange(len(targets)), [len(text) for text in answers]] = _END
        before = np.pad(targets[:, :-1], ((0, 0), (1, 0)), constant_values=_END)
        # The loss of an answer is the mean over its symbols and its end.
        asked = targets > 0
        self._sample_weight = asked * (asked.shape[1] / asked.sum(axis=1, keepdims=True)).astype("float32")
        self._batch_size = min(len(sources), self.batch_size)
        return [sources, before], targets

    def _numbers(self, texts: Sequence[str], symbols: list[str], width: int) -> np.ndarray:
        """The numbers of symbols, padded at the end.

        Raises:
            DataError: there is no such symbol.
        """
        numbers = {symbol: number for number, symbol in enumerate(symbols, _FIRST)}
        rows = np.zeros((len(texts), width), "int32")
        for row, text in zip(rows, texts):
            unknown = next((symbol for symbol in text if symbol not in numbers), None)
            if unknown is not None:
                raise DataError(
                    f"{type(self).__name__}: the symbol {unknown!r} of {text[:60]!r} was in no text that it "
                    "learned from."
                )
            row[: len(text)] = [numbers[symbol] for symbol in text]
        return rows

    def _model_for(self, X: Any, y: np.ndarray | None) -> Model:
        inputs = [Input((None,), dtype="int32"), Input((None,), dtype="int32")]
        layer = self._layer(len(self.source_symbols_) + _FIRST, len(self.target_symbols_) + _FIRST)
        model = Model(inputs, layer(*inputs))
        model.compile(
            Adam(self.learning_rate, beta_2=0.98, global_clipnorm=1.0),
            SparseCategoricalCrossentropy(from_logits=True),
        )
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        rising = max(1, steps // 10)
        return CosineDecay(0.0, max(1, steps - rising), warmup_target=self.learning_rate, warmup_steps=rising)

    def _answers(self, texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """The answers to texts, and for each symbol of them what was looked at, (texts, symbols, places)."""
        width = max(self.longest_[0], *map(len, texts))
        rows = self._numbers(texts, self.source_symbols_, width)
        layer: Any = self.model_.layers[-1]
        values = [variable.value for variable in layer.variables]
        answers, seen = [], []
        for begin in range(0, len(rows), _ROWS):
            batch = rows[begin : begin + _ROWS]
            # Of few sizes, so that few programs are compiled.
            padded = np.ones((1 << (len(batch) - 1).bit_length(), width), "int32") * _FIRST
            padded[: len(batch)] = batch
            tokens, weights = _written(layer, values, padded, self.longest_[1] + 1)
            answers += [self._answer(row) for row in np.asarray(tokens)[: len(batch)]]
            seen.append(np.asarray(weights)[: len(batch)])
        return answers, np.concatenate(seen)

    def _answer(self, row: np.ndarray) -> str:
        """The symbols before the first end."""
        ends = np.flatnonzero(row < _FIRST)
        return "".join(
            self.target_symbols_[number - _FIRST] for number in row[: ends[0] if len(ends) else None]
        )

    def predict(self, X: Sequence[str]) -> list[str]:
        """The answers to texts: the likeliest symbol after another, to the end.

        Raises:
            NotFittedError: it has not learned.
            DataError: a symbol was in no text that it learned from.
        """
        validation.check_is_fitted(self)
        return self._answers(_texts(type(self).__name__, X, "X"))[0]

    def score(self, X: Sequence[str], y: Sequence[str]) -> float:
        """The share of answers that are right in all symbols."""
        return float(np.mean([mine == right for mine, right in zip(self.predict(X), y, strict=True)]))


@functools.partial(jax.jit, static_argnums=(0, 3))
def _written(layer: Layer, values: list[Any], sources: Any, length: int) -> Any:
    return layer.apply(values, jnp.asarray(sources), length=length)[0]


def greedy(step: Any, state: Any, rows: int, length: int) -> tuple[jax.Array, Any]:
    """The likeliest symbols, one after another, (rows, length), and what else each step gave.

    Args:
        step: (state, symbols (rows,), place) -> (state, logits (rows, symbols), what else).
        state: at first.
        rows: how many answers.
        length: how many symbols.
    """

    def one(carried: Any, place: Any) -> Any:
        state, symbols = carried
        state, logits, more = step(state, symbols, place)
        symbols = jnp.argmax(logits, axis=-1).astype("int32")
        return (state, symbols), (symbols, more)

    first = jnp.full(rows, _END, "int32")
    _, (symbols, more) = jax.lax.scan(one, (state, first), jnp.arange(length))
    return symbols.T, more


def _texts(owner: str, texts: Any, name: str) -> list[str]:
    """A list of texts.

    Raises:
        DataError: it is none, or one of them is empty.
    """
    found = [] if isinstance(texts, str) or texts is None else list(texts)
    if not found or not all(isinstance(text, str) and text for text in found):
        raise DataError(f"{owner}: {name} is a list of texts, none of them empty. Received: {texts!s:.60}")
    return found
