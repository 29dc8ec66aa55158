"""The Markov chain: what comes next depends on what is now, and on nothing before.

Markov (An example of statistical investigation of the text Eugene Onegin concerning the connection of samples
in chains, 1913) counted 20,000 letters of Pushkin, of which 8,638 are vowels, and 1,104 of these follow a
vowel: a vowel has the probability .432, but .128 after a vowel and .663 after a consonant. With the states s,
and n_ij the number of times j followed i,

    p_ij = P(s_t = j | s_t-1 = i) = n_ij / sum over j of n_ij,

which makes the sequence likeliest. The stationary distribution pi = pi P is what the states' shares come to.
Shannon (A mathematical theory of communication, 1948, section 3) lets the last k letters decide, and writes
texts with it that look like the language the more, the larger k is.
"""

from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.errors import ArgumentError, DataError
from neurona.layers import Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import finish, new_figure
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator

__all__ = ["MarkovChain", "MarkovLayer"]

_ENTRIES = 2**24  # of a table of transitions, 64 MB
_ROWS = 65536  # of a step
_SHOWN = 40  # contexts of a picture
_AXES = Words("next", "siguiente"), Words("before", "antes")

# Cervantes, El ingenioso hidalgo don Quijote de la Mancha, 1605, how it begins.
QUIJOTE = """En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un
hidalgo de los de lanza en astillero, adarga antigua, rocín flaco y galgo corredor. Una olla de algo más vaca
que carnero, salpicón las más noches, duelos y quebrantos los sábados, lentejas los viernes, algún palomino de
añadidura los domingos, consumían las tres partes de su hacienda. El resto della concluían sayo de velarte,
calzas de velludo para las fiestas con sus pantuflos de lo mismo, los días de entre semana se honraba con su
vellorí de lo más fino. Tenía en su casa una ama que pasaba de los cuarenta, y una sobrina que no llegaba a
los veinte, y un mozo de campo y plaza, que así ensillaba el rocín como tomaba la podadera. Frisaba la edad de
nuestro hidalgo con los cincuenta años, era de complexión recia, seco de carnes, enjuto de rostro; gran
madrugador y amigo de la caza. Quieren decir que tenía el sobrenombre de Quijada o Quesada, que en esto hay
alguna diferencia en los autores que deste caso escriben; aunque por conjeturas verosímiles se deja entender
que se llamaba Quejana. Pero esto importa poco a nuestro cuento; basta que en la narración dél no se salga un
punto de la verdad. Es, pues, de saber, que este sobredicho hidalgo, los ratos que estaba ocioso, que eran los
más del año, se daba a leer libros de caballerías con tanta afición y gusto, que olvidó casi de todo punto el
ejercicio de la caza, y aun la administración de su hacienda; y llegó a tanto su curiosidad y desatino en
esto, que vendió muchas hanegas de tierra de sembradura para comprar libros de caballerías en que leer, y así
llevó a su casa todos cuantos pudo haber dellos."""
VOWELS = "aeiouáéíóúü"


class MarkovLayer(Layer):
    """The probabilities of the next state, given the last ones: a table.

    Args:
        states: how many.

    Shapes: numbers of states (rows, order) -> (rows, states); transition (states ** order, states).

    Source: Markov, An example of statistical investigation of the text Eugene Onegin, 1913.

    Example:

        >>> layer = MarkovLayer(2)
        >>> layer.build((None, 1))
        >>> layer.transition.assign([[0.25, 0.75], [1.0, 0.0]])
        >>> layer(np.array([[1], [0]])).tolist()
        [[1.0, 0.0], [0.25, 0.75]]
    """

    def __init__(self, states: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.states = states

    def build(self, input_shape: Any) -> None:
        contexts = self.states ** input_shape[-1]
        self.transition = self.add_weight((contexts, self.states), "ones", name="transition")

    def call(self, x: jax.Array) -> jax.Array:
        return self.transition.value[self.context(x)]

    def context(self, x: jax.Array) -> jax.Array:
        """The number of the last states, (rows,): its digits to the base `states`."""
        powers = self.states ** np.arange(x.shape[-1])[::-1]
        return jnp.sum(x.astype("int32") * powers.astype("int32"), axis=-1)


class CountingRule(Rule):
    """p_ij = (n_ij + smoothing) / sum over j of (n_ij + smoothing); alike for all j where i was not seen.

    Args:
        smoothing: what is added to each count.

    Figures: `log_likelihood`, the mean of log p before the epoch.
    """

    def __init__(self, smoothing: float = 0.0) -> None:
        self.smoothing = smoothing

    def build(self, model: Any) -> None:
        shape = model.layers[-1].transition.shape
        self.counts = Variable(jnp.zeros(shape), trainable=False, name="counts")

    def begin_epoch(self, model: Any) -> None:
        self.counts.assign(jnp.zeros(self.counts.shape))

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> None:
        after = batch.y.reshape(-1).astype("int32")
        self.counts.assign(self.counts.value.at[model.layers[-1].context(batch.x), after].add(1))

    def end_epoch(self, model: Any) -> None:
        counts = self.counts.value + self.smoothing
        total = counts.sum(axis=1, keepdims=True)
        shares = jnp.where(total > 0, counts / jnp.maximum(total, 1e-30), 1 / counts.shape[1])
        model.layers[-1].transition.assign(shares)


class MarkovChain(Estimator):
    """A Markov chain of symbols: letters, words or numbers.

    Args:
        order: how many symbols decide which is next.
        smoothing: what is added to each count; above 0 nothing is impossible.
        random_state: an integer for the same numbers at every call.

    Attributes:
        symbols_: what the sequence holds, sorted.
        transition_: the probability of the next symbol, (symbols, ..., symbols); the last axis is the next.
        is_text_: whether the sequence was a text.
        model_, history_: as in `Estimator`.

    Raises:
        DataError: a sequence is no longer than the order.
        ArgumentError: the table of transitions is too large.

    Example:

        >>> chain = MarkovChain().fit("abababac")
        >>> chain.symbols_, chain.transition_[0].tolist()
        (['a', 'b', 'c'], [0.0, 0.75, 0.25])
    """

    epochs = 1

    def __init__(self, order: int = 1, smoothing: float = 0.0, random_state: int | None = None) -> None:
        self.order = order
        self.smoothing = smoothing
        self.random_state = random_state

    def fit(self, X: Any, lengths: Sequence[int] | None = None, **options: Any) -> Self:
        """Count what follows what.

        Args:
            X: symbols: a text, a list or an array.
            lengths: how many of them each sequence has; None for a single one.
            options: further arguments of the model's `fit`.
        """
        super().fit(X, lengths, **options)
        shape = (len(self.symbols_),) * (self.order + 1)
        self.transition_ = np.asarray(self.model_.get_weights()[0]).reshape(shape)
        return self

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        self.is_text_ = isinstance(X, str)
        symbols = _as_symbols(X)
        self.symbols_ = np.unique(symbols).tolist()
        entries = len(self.symbols_) ** (self.order + 1)
        if self.order < 1 or entries > _ENTRIES:
            raise ArgumentError(
                f"MarkovChain: with {len(self.symbols_)} symbols the table has {entries} entries, of at most "
                f"{_ENTRIES}. Take an order of at least 1 and fewer symbols. Received: order={self.order}"
            )
        return self._transitions(symbols, y)

    def _transitions(self, symbols: np.ndarray, lengths: Any) -> tuple[np.ndarray, np.ndarray]:
        """The states that decide, (transitions, order), and those that follow."""
        numbers = np.searchsorted(self.symbols_, symbols).clip(max=len(self.symbols_) - 1)
        unknown = np.asarray(self.symbols_)[numbers] != symbols
        if unknown.any():
            raise DataError(
                f"MarkovChain: the symbol {symbols[unknown].tolist()[0]!r} was not in the sequence it "
                "learned from."
            )
        parts = [part for part in sequences(numbers, lengths, "MarkovChain") if len(part) > self.order]
        if not parts:
            raise DataError(
                f"MarkovChain: {len(symbols)} symbols hold no transition of order {self.order}: a sequence "
                f"has at least {self.order + 1}."
            )
        windows = [np.lib.stride_tricks.sliding_window_view(part, self.order + 1) for part in parts]
        rows = np.concatenate(windows).astype("int32")
        return rows[:, :-1], rows[:, -1]

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        self._batch_size = min(len(X), _ROWS)
        model = Sequential([Input((self.order,), dtype="int32"), MarkovLayer(len(self.symbols_))])
        model.compile(rule=CountingRule(self.smoothing))
        return model

    def stationary(self) -> np.ndarray:
        """The share of each symbol in the long run, (symbols,)."""
        validation.check_is_fitted(self)
        after = self.transition_.astype("float64")
        after /= after.sum(axis=-1, keepdims=True)
        pi = np.full(after.shape[:-1], 1 / after[..., 0].size)
        for _ in range(100_000):
            moved = (pi + (pi[..., None] * after).sum(axis=0)) / 2  # to stay every other time ends cycles
            if np.abs(moved - pi).max() < 1e-14:
                break
            pi = moved
        return pi.reshape(-1, len(self.symbols_)).sum(axis=0)

    def sample(self, n_samples: int = 100) -> Any:
        """A sequence of symbols, which begins as the chain does in the long run: a text if it learned from
        one, and else an array.
        """
        validation.check_is_fitted(self)
        table = jnp.log(self.transition_.reshape(-1, len(self.symbols_)))
        contexts, symbols = table.shape

        def step(context: Any, key: jax.Array) -> tuple[Any, Any]:
            after = jax.random.categorical(key, table[context])
            return (context * symbols + after) % contexts, after

        key = jax.random.key(self._seed())
        first = jax.random.categorical(key, jnp.log(jnp.asarray(self.stationary())))
        settle = 100 + self.order  # steps that are thrown away
        keys = jax.random.split(jax.random.fold_in(key, 1), n_samples + settle)
        drawn = np.asarray(jax.lax.scan(step, first, keys)[1])[settle:]
        chosen = np.asarray(self.symbols_)[drawn]
        return "".join(chosen) if self.is_text_ else chosen

    def score(self, X: Any, lengths: Sequence[int] | None = None) -> float:
        """The mean of log p over the transitions of a sequence; minus infinity where one was never seen."""
        validation.check_is_fitted(self)
        before, after = self._transitions(_as_symbols(X), lengths)
        with np.errstate(divide="ignore"):
            return float(np.log(self.transition_[(*before.T, after)]).mean())

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the probabilities of what is next: a line for each of up to 40 contexts.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        table = self.transition_.reshape(-1, len(self.symbols_))[:_SHOWN]
        digits = np.stack(np.unravel_index(np.arange(len(table)), self.transition_.shape[:-1]), axis=1)
        names = ["".join(str(self.symbols_[place]) for place in row) for row in digits]
        figure = new_figure("MarkovChain.plot", 2.5 + 0.22 * table.shape[1], 1.5 + 0.2 * len(table), 120)
        axes = figure.subplots()
        shown = axes.imshow(table, cmap="Blues", vmin=0)
        axes.set_xticks(range(table.shape[1]), [str(symbol) for symbol in self.symbols_])
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel(_AXES[0].of(language))
        axes.set_ylabel(_AXES[1].of(language))
        figure.colorbar(shown, ax=axes)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


def sequences(rows: np.ndarray, lengths: Any, name: str) -> list[np.ndarray]:
    """The sequences that stand one after another in rows.

    Raises:
        DataError: the lengths are not those of the rows together.
    """
    if lengths is None:
        return [rows]
    parts = np.asarray(lengths, dtype="int64").ravel()
    if parts.sum() != len(rows) or (parts < 1).any():
        raise DataError(
            f"{name}: the lengths of {len(parts)} sequences come to {parts.sum()}, and X has {len(rows)} "
            "rows. Each length is at least 1, and together they are the rows of X."
        )
    return np.split(rows, np.cumsum(parts)[:-1])


def _as_symbols(X: Any) -> np.ndarray:
    symbols = np.asarray(list(X) if isinstance(X, str) else X)
    if symbols.ndim != 1 or not len(symbols):
        raise DataError(
            f"MarkovChain: X is a sequence of symbols, such as a text. Received shape {symbols.shape}. "
            "Several sequences stand one after another, with lengths=[...]."
        )
    return symbols


def letters_of(text: str) -> str:
    """The letters of a text alone, in lower case.

    Example:

        >>> letters_of("¡Él, no!")
        'élno'
    """
    return "".join(letter for letter in text.lower() if letter.isalpha())


def _vowels_and_consonants(seed: int = 0, quick: bool = False) -> Outcome:
    """The chain of Cervantes's vowels and consonants, and whether it is found again in what it writes."""
    kinds = "".join("v" if letter in VOWELS else "c" for letter in letters_of(QUIJOTE))
    chain = MarkovChain(random_state=seed).fit(kinds)
    truth, share = chain.transition_[:, 1], chain.stationary()
    apart, length = [], 20_000  # letters, as Markov counted
    for run in range(2 if quick else 20):
        written = chain.set_params(random_state=seed + run).sample(length)
        again = MarkovChain().fit(written).transition_[:, 1]
        errors = np.sqrt(truth * (1 - truth) / (length * share))
        apart.append(np.abs((again - truth) / errors).max())
    return Outcome(
        figure=float(np.mean(apart)),
        network=MarkovChain(random_state=seed).fit(letters_of(QUIJOTE)),
        details={
            Words("probability of a vowel", "probabilidad de una vocal"): float(share[1]),
            Words("after a consonant", "tras una consonante"): float(truth[0]),
            Words("after a vowel", "tras una vocal"): float(truth[1]),
        },
    )


CARD = Card(
    title=Words("Markov chain", "Cadena de Márkov"),
    year=1913,
    paper="Markov, An example of statistical investigation of the text Eugene Onegin, 1913",
    family="chains",
    cells=("probabilistic hidden",),
    summary=Words(
        "States that follow each other with probabilities that depend on the state before alone; it is "
        "learned by counting.",
        "Estados que se siguen con probabilidades que dependen solo del estado anterior; se aprende "
        "contando.",
    ),
    network=MarkovChain,
    experiment=Experiment(
        task=Words(
            "vowels and consonants of the Quijote, found again in 20,000 letters that the chain writes",
            "vocales y consonantes del Quijote, halladas de nuevo en 20.000 letras que escribe la cadena",
        ),
        measure=Words(
            "largest error of a probability, in standard errors",
            "mayor error de una probabilidad, en errores típicos",
        ),
        target=2.0,
        source=Words(
            "the spread of a sample; 1.13 on average", "la dispersión de una muestra; 1,13 de media"
        ),
        run=_vowels_and_consonants,
        quick_target=3.0,
        lower=True,
    ),
)
