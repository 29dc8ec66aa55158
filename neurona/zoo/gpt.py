"""The generative pre-trained Transformer: it reads a text token by token and says what comes next.

Radford, Narasimhan, Salimans and Sutskever (Improving Language Understanding by Generative Pre-Training,
2018) train the decoder of a Transformer on texts alone: of the tokens u(1) to u(n) the sum of

    log P(u(t) | u(t-k), ..., u(t-1))

is made large, where k is the context. With W_e the vectors of tokens and W_p those of places,

    h(0) = U W_e + W_p,    h(l) = block(h(l-1)) for l = 1 to n,    P(u) = softmax(h(n) W_e').

A block is attention to the places before, then a network of one hidden layer with the activation gelu, each
with a shortcut. What is learned is how to write; what is asked is put as the beginning of a text.

Tokens are frequent sequences of bytes (`BytePairTokenizer`), so that every text can be read. A figure that
does not depend on how it is cut is bits per character: minus the sum of log2 P over the text, over its
characters. Writing takes a token at a time; keys and values of those before are kept, and the whole loop is
one compiled program.

Deviations. Normalization comes before each part, and once more at the end, as in GPT-2 (Radford et al.,
Language Models are Unsupervised Multitask Learners, 2019). The network and the text are thousands of times
smaller: half a million characters of Spanish, of which the last tenth is for testing.
"""

import functools
import math
from collections import Counter, defaultdict
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.datasets import reina_valera
from neurona.errors import ArgumentError, DataError
from neurona.initializers import RandomNormal
from neurona.layers import (
    BytePairTokenizer,
    Dropout,
    Input,
    Layer,
    LayerNormalization,
    TokenAndPositionEmbedding,
    TransformerDecoder,
)
from neurona.losses import SparseCategoricalCrossentropy
from neurona.models import Model, Sequential
from neurona.optimizers import AdamW
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish, new_figure
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator
from neurona.zoo.markov import MarkovChain
from neurona.zoo.sampling import check_sampling, draw

__all__ = ["GPT", "CausalTransformer"]

_TITLE = Words("Generative pre-trained Transformer (GPT)", "Transformer generativo preentrenado (GPT)")
_BATCH = 16  # windows of a score
_BITS = Words("bits of each token", "bits de cada token")


class CausalTransformer(Layer):
    """Logits of the next token at each place, from the tokens up to it.

    Args:
        vocabulary_size: how many tokens there are.
        context: how many places there are at most.
        embedding_dim: the length of the vectors.
        num_layers: how many blocks.
        num_heads: of each block.
        dropout: the share that is set to zero in training.

    Call arguments:
        inputs: numbers of tokens.
        caches: keys and values of all blocks, which `initial_caches` gives; None for a whole sequence.
        start_index: the place of the first token, where there are caches.

    Shapes: (batch, time), integers -> (batch, time, vocabulary_size)[, caches].

    Source: Radford et al., Improving Language Understanding by Generative Pre-Training, 2018.

    Example:

        >>> layer = CausalTransformer(50, context=8, embedding_dim=4, num_layers=2, num_heads=2)
        >>> layer(np.array([[3, 1, 2]])).shape
        (1, 3, 50)
    """

    def __init__(
        self,
        vocabulary_size: int,
        context: int,
        embedding_dim: int,
        num_layers: int,
        num_heads: int,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.autocast = False  # the inputs are numbers of tokens
        self.vocabulary_size, self.context, self.embedding_dim = vocabulary_size, context, embedding_dim
        start = {"kernel_initializer": RandomNormal(stddev=0.02), "dtype": self.dtype_policy}
        self.embedding = TokenAndPositionEmbedding(
            vocabulary_size,
            context,
            embedding_dim,
            embeddings_initializer=RandomNormal(stddev=0.02),
            dtype=self.dtype_policy,
            name="embedding",
        )
        self.dropout_layer = Dropout(dropout, dtype=self.dtype_policy, name="dropout")
        self.blocks = [
            TransformerDecoder(
                4 * embedding_dim,
                num_heads,
                dropout,
                "gelu",
                normalize_first=True,
                name=f"block_{place}",
                **start,
            )
            for place in range(num_layers)
        ]
        self.norm = LayerNormalization(epsilon=1e-5, dtype=self.dtype_policy, name="norm")

    def build(self, input_shape: Any) -> None:
        self.embedding.build(input_shape)
        shape = (*input_shape, self.embedding_dim)
        for block in self.blocks:
            block.build(shape)
        self.norm.build(shape)

    def initial_caches(self, batch_size: int) -> list[jax.Array]:
        """Empty caches of all blocks, for the whole context."""
        return [block.initial_caches(batch_size, self.context)[0] for block in self.blocks]

    def call(self, inputs: Any, caches: Any = None, start_index: Any = 0, training: bool = False) -> Any:
        x = self.dropout_layer(self.embedding(inputs, start_index=start_index), training=training)
        kept = []
        for place, block in enumerate(self.blocks):
            if caches is None:
                x = block(x, training=training)
            else:
                x, cache = block(
                    x, self_attention_cache=caches[place], self_attention_cache_update_index=start_index
                )
                kept.append(cache)
        logits = self.embedding.token_embedding(self.norm(x), reverse=True)
        return logits if caches is None else (logits, kept)


@functools.partial(jax.jit, static_argnums=0)
def _continued(
    layer: CausalTransformer, values: list[Any], tokens: Any, known: Any, wanted: Any, key: Any, how: Any
) -> jax.Array:
    """Tokens (context,), of which the first are known, with as many more as are wanted.

    What stands behind the known tokens goes into the caches too, and is written over before it is seen.
    """
    (logits, caches), _ = layer.apply(values, tokens[None], caches=layer.initial_caches(1))

    def step(state: Any) -> Any:
        place, tokens, logits, caches = state
        token = draw(jax.random.fold_in(key, place), logits.astype("float32"), *how)
        tokens = tokens.at[place].set(token[0])
        (logits, caches), _ = layer.apply(values, token[None], caches=caches, start_index=place)
        return place + 1, tokens, logits[:, 0], caches

    state = known, tokens, logits[:, known - 1], caches
    return jax.lax.while_loop(lambda state: state[0] < wanted, step, state)[1]


class GPT(Estimator):
    """A language model that learns from a text, and writes on.

    Args:
        embedding_dim: the length of the vectors.
        num_layers: how many blocks.
        num_heads: heads of attention in each block.
        context: how many tokens decide at most which is next.
        vocabulary_size: how many tokens the tokenizer learns at most; 257 for bytes alone.
        dropout: the share that is set to zero in training.
        learning_rate: of AdamW, the largest: it rises over the first tenth, and falls as half a cosine does.
        epochs: how often the text is gone through.
        batch_size: how many windows of the context's length are learned in a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        vocabulary_, merges_: of the tokenizer.
        model_, history_: as in `Estimator`.

    Source: Radford et al., Improving Language Understanding by Generative Pre-Training, 2018.

    Example:

        >>> gpt = GPT(16, 1, 2, context=8, vocabulary_size=260, learning_rate=0.01, epochs=40, random_state=0)
        >>> gpt = gpt.fit("la casa de la cara de " * 20)
        >>> gpt.sample("la ca", 2, temperature=0)
        'la casa'
    """

    def __init__(
        self,
        embedding_dim: int = 128,
        num_layers: int = 4,
        num_heads: int = 4,
        context: int = 128,
        vocabulary_size: int = 512,
        dropout: float = 0.1,
        learning_rate: float = 1e-3,
        epochs: int = 10,
        batch_size: int = 16,
        random_state: int | None = None,
    ) -> None:
        self.embedding_dim = embedding_dim
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.context = context
        self.vocabulary_size = vocabulary_size
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    @property
    def tokenizer(self) -> BytePairTokenizer:
        """What cuts texts into tokens."""
        found = vars(self).get("_tokenizer")
        if found is None or found[0] is not self.merges_:
            found = self._tokenizer = (self.merges_, BytePairTokenizer(self.vocabulary_, self.merges_))
        return found[1]

    def fit(self, X: str, y: None = None, **options: Any) -> Self:
        """Learn from a text.

        Args:
            X: the text.
            y: not used.
            options: further arguments of the model's `fit`, such as `callbacks` and `verbose`.

        Raises:
            DataError: it is no text, or is shorter than the context.
        """
        return super().fit(X, y, **options)

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        tokenizer = BytePairTokenizer(vocabulary_size=self.vocabulary_size)
        tokenizer.adapt([self._text(X)])
        self.vocabulary_, self.merges_ = tokenizer.get_vocabulary(), tokenizer.merges
        tokens = np.array(self.tokenizer.tokenize(X), "int32")
        windows = (len(tokens) - 1) // self.context
        if windows < 1:
            raise DataError(
                f"GPT: the text has {len(tokens)} tokens, and a context of {self.context} needs one more "
                "than that at least. Take a longer text or a smaller context."
            )
        self._batch_size = min(windows, self.batch_size)
        size = windows * self.context
        read, following = tokens[:size], tokens[1 : size + 1]
        return read.reshape(windows, self.context), following.reshape(windows, self.context)

    def _text(self, text: Any) -> str:
        if not isinstance(text, str) or not text:
            raise DataError(f"GPT: X is a text, a str of 1 character or more. Received: {str(text)[:60]!r}")
        return text

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        layer = CausalTransformer(
            len(self.vocabulary_),
            self.context,
            self.embedding_dim,
            self.num_layers,
            self.num_heads,
            self.dropout,
        )
        model = Sequential([Input((None,), dtype="int32"), layer])
        optimizer = AdamW(self.learning_rate, weight_decay=0.1, beta_2=0.99, global_clipnorm=1.0)
        model.compile(optimizer, SparseCategoricalCrossentropy(from_logits=True))
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        rising = max(1, steps // 10)
        return CosineDecay(
            0.0, max(1, steps - rising), 0.1, warmup_target=self.learning_rate, warmup_steps=rising
        )

    def sample(
        self,
        prompt: str = "\n",
        n_tokens: int = 100,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> str:
        """A text that begins with the prompt and goes on with so many tokens.

        Args:
            prompt: how it begins.
            n_tokens: how many tokens follow; with those of the prompt no more than the context.
            temperature: below 1 what is likely becomes more so; at 0 the likeliest token is taken.
            top_k: only so many of the likeliest tokens may come; None for all.
            top_p: only the likeliest tokens may come that together have this probability; None for all.
            seed: of the draws; None for `random_state`.

        Raises:
            NotFittedError: it has not learned.
            ArgumentError: prompt and tokens go beyond the context, or a number gives no probabilities.
        """
        validation.check_is_fitted(self)
        check_sampling("GPT.sample", temperature, top_k, top_p)
        known = self.tokenizer.tokenize(self._text(prompt))
        if n_tokens < 0 or len(known) + n_tokens > self.context:
            raise ArgumentError(
                f"GPT.sample: the context has {self.context} tokens, for the prompt and what follows. "
                f"Received a prompt of {len(known)} tokens, and n_tokens={n_tokens}."
            )
        tokens = np.zeros(self.context, "int32")
        tokens[: len(known)] = known
        size = len(known) + n_tokens
        how = float(temperature), len(self.vocabulary_) if top_k is None else top_k, top_p or 2.0
        key = jax.random.key(self._seed() if seed is None else seed)
        layer: Any = self.model_.layers[-1]
        values = [variable.value for variable in layer.variables]
        written = _continued(layer, values, jnp.asarray(tokens), len(known), size, key, how)
        return self.tokenizer.detokenize(np.asarray(written)[:size])

    def token_bits(self, text: str) -> tuple[list[int], np.ndarray]:
        """The tokens of a text, and how many bits each takes: -log2 P.

        The first takes as many as a vocabulary of equally likely tokens asks for; the others are predicted
        from half a context or more, where there is as much.
        """
        validation.check_is_fitted(self)
        tokens = self.tokenizer.tokenize(self._text(text))
        bits, half = np.full(len(tokens), math.log2(len(self.vocabulary_))), max(1, self.context // 2)
        starts = range(0, max(1, len(tokens) - half), half)
        rows = np.zeros((len(starts), self.context + 1), "int32")
        for row, start in zip(rows, starts):
            part = tokens[start : start + self.context + 1]
            row[: len(part)] = part
        for begin in range(0, len(rows), _BATCH):
            batch = rows[begin : begin + _BATCH]
            logits = self._outputs(batch[:, :-1]).astype("float64")
            largest = logits.max(axis=-1, keepdims=True)
            total = np.log(np.exp(logits - largest).sum(axis=-1)) + largest[..., 0]
            found = total - np.take_along_axis(logits, batch[:, 1:, None], axis=-1)[..., 0]
            for row, start in zip(found / math.log(2), starts[begin : begin + _BATCH]):
                first = 0 if start == 0 else self.context - half
                place = start + 1 + first
                bits[place : start + 1 + self.context] = row[first : first + max(0, len(bits) - place)]
        return tokens, bits

    def bits_per_character(self, text: str) -> float:
        """Minus the sum of log2 P over the tokens of a text, over its characters."""
        return float(self.token_bits(text)[1].sum() / len(text))

    def score(self, X: str, y: None = None) -> float:
        """Minus the bits per character of a text."""
        return -self.bits_per_character(X)

    def _name(self, token: int) -> str:
        """How a picture writes a token: a part of a character as its byte."""
        text = self.tokenizer.detokenize([token])
        return self.vocabulary_[token] if "\ufffd" in text else text.replace(" ", "·").replace("\n", "¶")

    def plot(self, text: str, language: str | None = None, to_file: Any = None) -> Any:
        """Draw how surprising each token of a text is.

        Args:
            text: of some dozens of tokens.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        tokens, bits = self.token_bits(text)
        figure = new_figure("GPT.plot", 2 + 0.2 * len(tokens), 3.4, 120)
        axes = figure.subplots()
        axes.bar(range(len(tokens)), bits, color="#0072B2")
        names = [self._name(token) for token in tokens]
        axes.set_xticks(range(len(tokens)), names, rotation=90)
        axes.set_xlim(-1, len(tokens))
        axes.set_ylabel(_BITS.of(language))
        figure.suptitle(_TITLE.of(language))
        return finish(figure, to_file)


def counted_bits(train: str, test: str, order: int) -> float:
    """Bits per character of a model that counts which character followed the last ones, of several lengths.

    Of a context of k characters after which n were counted, of d kinds, P_k(c) = (count(c) + d P_k-1(c)) /
    (n + d); P_-1 is 1 over the number of characters there are.

    Args:
        train: the text that is counted.
        test: another.
        order: the largest k.

    Source: Witten and Bell, The Zero-Frequency Problem, 1991; interpolated.

    Example:

        >>> round(counted_bits("abababab", "abab", 1), 2)
        0.37
    """
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for place, letter in enumerate(train):
        for k in range(min(order, place) + 1):
            counts[train[place - k : place]][letter] += 1
    totals = {context: sum(after.values()) for context, after in counts.items()}
    letters, bits = len(set(train) | set(test)), 0.0
    for place, letter in enumerate(test):
        share = 1 / letters
        for k in range(min(order, place) + 1):
            context = test[place - k : place]
            if context not in counts:
                break
            after = counts[context]
            share = (after[letter] + len(after) * share) / (totals[context] + len(after))
        bits -= math.log2(share)
    return bits / len(test)


def _spanish(seed: int = 0, quick: bool = False) -> Outcome:
    """Bits per character of Spanish that was not read, beside models that count characters."""
    train, test = reina_valera.load_data()
    if quick:
        train, test = train[:40_000], train[40_000:42_000]
        gpt = GPT(48, 1, 2, 32, 320, 0.0, 1e-2, epochs=3, batch_size=8, random_state=seed)
    else:
        gpt = GPT(96, 3, 4, learning_rate=2e-3, epochs=20, random_state=seed)
    gpt.fit(train)
    unseen = "".join(sorted(set(test) - set(train)))  # the chain asks for them to be known
    chain = MarkovChain(order=2, smoothing=0.02).fit(train + unseen)
    details = {
        Words("numbers that are learned", "números que se aprenden"): float(gpt.model_.count_params()),
        Words("Markov chain of order 2: bits per character", "cadena de Márkov de orden 2: bits por letra"): (
            -chain.score(test) / math.log(2)
        ),
    }
    if not quick:
        details[
            Words("counts of 4 characters: bits per character", "cuentas de 4 letras: bits por letra")
        ] = counted_bits(train, test, 4)
    return Outcome(
        figure=gpt.bits_per_character(test),
        network=gpt,
        details=details,
        shown={"text": test[: 40 if quick else 120]},
    )


CARD = Card(
    title=_TITLE,
    year=2018,
    paper="Radford et al., Improving Language Understanding by Generative Pre-Training, 2018",
    family="attention",
    cells=("input", "hidden", "output"),
    summary=Words(
        "Attention to all tokens before says which comes next; it learns from texts alone, and writes token "
        "by token.",
        "La atención a todos los tokens anteriores dice cuál sigue; aprende solo de textos, y escribe token "
        "a token.",
    ),
    network=GPT,
    experiment=Experiment(
        task=Words(
            "Spanish of 1909 (four books of the Bible by Reina and Valera): 421,000 characters, tested on "
            "the 44,000 that follow; 0.4 million weights",
            "español de 1909 (cuatro libros de la Biblia de Reina y Valera): 421.000 letras, probado en las "
            "44.000 siguientes; 0,4 millones de pesos",
        ),
        measure=Words("bits per character", "bits por letra"),
        target=2.215,
        source=Words(
            "what counts of the last three characters reach on the same text; of the last four, 2.033",
            "lo que alcanzan las cuentas de las tres últimas letras en el mismo texto; de cuatro, 2,033",
        ),
        run=_spanish,
        quick_target=3.75,
        lower=True,
    ),
)
