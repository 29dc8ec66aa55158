"""A pass over a text that learns word vectors: skip-gram or the continuous bag of words."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation

LANES = 16  # the tables' rows have a multiple of it: all vectors of the native kernel are whole
_COUNTERS = 2**32  # draws of a pass


class WordDraws(NamedTuple):
    """What a pass draws words and finds targets by.

    Attributes:
        keep: (words,) uint32; a word is kept where its random bits are no more than this.
        bounds, others: (words,) uint32 and int32, the alias method for negative samples: of word n drawn
            evenly, n stands where further bits are below `bounds[n]`, and else `others[n]`.
        paths: (words, depth) int32, the way to each word in a tree: twice the row of a node, plus the label
            that the word has there; -1 after the last. depth is 0 where there is no tree.
    """

    keep: Any
    bounds: Any
    others: Any
    paths: Any


def word_pass(
    inputs: jax.Array,
    outputs: jax.Array,
    text: jax.Array,
    draws: WordDraws,
    key: jax.Array,
    rate: Any,
    *,
    window: int = 5,
    negative: int = 5,
    mean: bool = False,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Learn from a text, one window after another.

    Each word that is kept is the middle of a window that reaches 1 to `window` kept words to each side, in
    its sentence. The inputs are the rows of the words around it; the targets are the rows of the word itself
    (label t = 1), of `negative` words drawn at random, except the word itself (t = 0), and of the nodes of
    its path. For each input x and target y of a window,

        error = t - sigmoid(x . y),    x += rate * error * y,    y += rate * error * x,

    where all errors are computed before any row changes.

    Args:
        inputs, outputs: the two tables.
        text: numbers of words; others, such as -1, end a sentence.
        draws: the distributions.
        key: a JAX key.
        rate: the learning rate.
        window: how far a window reaches at most.
        negative: how many words are drawn.
        mean: the mean of the inputs is the only input, and all of them take its change.

    Shapes: inputs (words, width), outputs (rows, width), text (length,), width a multiple of 16 -> inputs and
        outputs after the pass, and (2,): the sum of -log sigmoid(x . y), or of -log sigmoid(-x . y) for
        t = 0, and the number of inputs.

    Raises:
        ShapeError: the width is no multiple of 16.
        ArgumentError: the text is so long that its random numbers would repeat.

    Source: Mikolov et al., Distributed representations of words and phrases and their compositionality, 2013;
        the samples that a window shares: Ji et al., Parallelizing word2vec in shared and distributed memory,
        2016.

    Example:

        >>> table = jnp.zeros((2, 16))
        >>> draws = WordDraws(
        ...     keep=jnp.full(2, 2**32 - 1, jnp.uint32),
        ...     bounds=jnp.zeros(2, jnp.uint32),
        ...     others=jnp.zeros(2, jnp.int32),
        ...     paths=jnp.zeros((2, 0), jnp.int32),
        ... )
        >>> text, key = jnp.array([0, 1, 0]), jax.random.key(0)
        >>> *_, totals = word_pass(table, table, text, draws, key, 1e-6, negative=1)
        >>> totals.round().tolist()  # 6 pairs and 2 with a drawn word, -log sigmoid(0) each
        [6.0, 6.0]
    """
    if inputs.shape[1] % LANES:
        raise ShapeError(
            f"word_pass: rows have a multiple of {LANES} numbers. Received tables of shape {inputs.shape}."
        )
    if text.size * (2 + negative) >= _COUNTERS:
        raise ArgumentError(
            f"word_pass: a text of {text.size} words draws more random numbers than there are counters. Cut "
            "it into parts."
        )
    text = jnp.where((text >= 0) & (text < inputs.shape[0]), text, -1).astype(jnp.int32)
    seed = jax.random.bits(key, (2,), jnp.uint32)
    rate = jnp.asarray(rate, inputs.dtype)
    return _pass(inputs, outputs, text, draws, seed, rate, window=window, negative=negative, mean=mean)


def _scaled(bits: jax.Array, n: int) -> tuple[jax.Array, jax.Array]:
    """The product of 32 random bits and n, in two halves: a number below n, and the rest as new bits."""
    high, low = bits >> 16, bits & 0xFFFF
    n_high, n_low = np.uint32(n >> 16), np.uint32(n & 0xFFFF)
    carried = (low * n_low >> 16) + (high * n_low & 0xFFFF) + (low * n_high & 0xFFFF)
    upper = high * n_high + (high * n_low >> 16) + (low * n_high >> 16) + (carried >> 16)
    return upper.astype(jnp.int32), bits * np.uint32(n)


class _Kept(NamedTuple):
    """The words of a text that are kept, in front, and what was drawn for each.

    Attributes:
        count: how many they are.
        word, sentence: (length,).
        reach: (length,) of its window.
        samples: (length, negative).
    """

    count: Any
    word: Any
    sentence: Any
    reach: Any
    samples: Any


def _kept(text: Any, draws: WordDraws, seed: Any, window: int, negative: int) -> _Kept:
    key = jax.random.wrap_key_data(seed, impl="threefry2x32")
    bits = jax.random.bits(key, (2 + negative, text.size), jnp.uint32)
    stays = (text >= 0) & (bits[0] <= draws.keep[text])
    (place,) = jnp.nonzero(stays, size=text.size, fill_value=0)
    number, rest = _scaled(bits[2:, place].T, len(draws.keep))
    return _Kept(
        count=jnp.sum(stays),
        word=text[place],
        sentence=jnp.cumsum(text < 0)[place],
        reach=1 + _scaled(bits[1, place], window)[0],
        samples=jnp.where(rest < draws.bounds[number], number, draws.others[number]),
    )


def _reference(
    inputs: jax.Array,
    outputs: jax.Array,
    text: jax.Array,
    draws: WordDraws,
    seed: jax.Array,
    rate: jax.Array,
    *,
    window: int,
    negative: int,
    mean: bool,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    if not text.size:
        return inputs, outputs, jnp.zeros(2, inputs.dtype)
    kept = _kept(text, draws, seed, window, negative)
    beside = np.concatenate([np.arange(-window, 0), np.arange(1, window + 1)])

    def learn(t: Any, carry: Any) -> Any:
        inputs, outputs, totals = carry
        around = t + beside
        places = jnp.clip(around, 0, text.size - 1)
        near = (around == places) & (around < kept.count) & (np.abs(beside) <= kept.reach[t])
        near &= kept.sentence[places] == kept.sentence[t]
        contexts, word = kept.word[places], kept.word[t]
        middle = jnp.full((min(negative, 1),), word)
        path = draws.paths[word]
        targets = jnp.concatenate([middle, kept.samples[t], path >> 1])
        labels = jnp.concatenate([jnp.ones_like(middle), jnp.zeros_like(kept.samples[t]), path & 1])
        counts = jnp.concatenate([middle >= 0, kept.samples[t] != word, path >= 0])
        y = jnp.where(counts[:, None], outputs[targets], 0)
        x = jnp.where(near[:, None], inputs[contexts], 0)
        if mean:
            x, exists = x.sum(0, keepdims=True) / jnp.maximum(near.sum(), 1), near.any(keepdims=True)
        else:
            exists = near
        z = x @ y.T
        pairs = exists[:, None] & counts
        errors = jnp.where(pairs, rate * (labels - jax.nn.sigmoid(z)), 0)
        changes = jnp.where(near[:, None], errors @ y, 0)  # of one input for all contexts, or of each
        losses = jnp.where(pairs, jax.nn.softplus(jnp.where(labels > 0, -z, z)), 0)
        outputs = outputs.at[targets].add(jnp.where(counts[:, None], errors.T @ x, 0))
        return inputs.at[contexts].add(changes), outputs, totals + jnp.stack([losses.sum(), exists.sum()])

    zeros = jnp.zeros(2, inputs.dtype)
    return jax.lax.fori_loop(0, kept.count, learn, (inputs, outputs, zeros))


def _native(
    inputs: jax.Array,
    outputs: jax.Array,
    text: jax.Array,
    draws: WordDraws,
    seed: jax.Array,
    rate: jax.Array,
    *,
    window: int,
    negative: int,
    mean: bool,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    return native_call(
        "neurona_word_pass",
        [like(inputs), like(outputs), like(inputs, (2,))],
        inputs,
        outputs,
        text,
        *draws,
        seed,
        rate,
        aliases={0: 0, 1: 1},
        window=np.int64(window),
        negative=np.int64(negative),
        mean=np.bool_(mean),
    )


def _draws_like_the_kernel(*_arrays: Any, **_options: Any) -> bool:
    settings: Any = jax.config
    return settings.jax_threefry_partitionable


_pass = Operation(
    "word pass",
    _reference,
    _native,
    size=lambda _inputs, _outputs, text, *_, **_options: text.size,
    faster_from_to=(1, 1e12),
    supports=_draws_like_the_kernel,
)
