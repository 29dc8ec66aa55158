"""The hidden Markov model: a Markov chain of which only signs are seen.

Baum, Petrie, Soules and Weiss (A maximization technique occurring in the statistical analysis of
probabilistic functions of Markov chains, Annals of Mathematical Statistics 41, 1970); the equations are those
of Rabiner (A tutorial on hidden Markov models and selected applications in speech recognition, Proceedings of
the IEEE 77, 1989). A chain with the start pi and the transitions a_ij is in a hidden state at each time t,
and shows O_t with the density b_j(O_t). Forward, scaled at each time by c_t so that nothing vanishes in long
sequences, and backward:

    alpha_t(j) = c_t * sum over i of alpha_t-1(i) a_ij b_j(O_t),   sum over j of alpha_t(j) = 1,  (20, 91, 92)
    beta_t(i) = c_t+1 * sum over j of a_ij b_j(O_t+1) beta_t+1(j),   beta_T = 1,                  (25, 94)
    log P(O) = -sum over t of log c_t.                                                            (103)

Baum and Welch count with these what is expected, and set the parameters to it; log P never falls:

    gamma_t(j) = alpha_t(j) beta_t(j),   xi_t(i, j) = alpha_t(i) a_ij b_j(O_t+1) beta_t+1(j) c_t+1,  (27, 37)
    pi = gamma_1,   a_ij = sum of xi_t(i, j) / sum of gamma_t(i),                         (40a, 40b, 111)
    b_j(k) = the share of sign k in gamma(j), or the mean and the variance of O_t weighted by gamma_t(j).
                                                                                          (40c, 53, 54)

Viterbi's recursion (30 to 35) finds the likeliest path of states. EM finds the nearest summit, and not the
highest: with signs of few kinds, fit from several `random_state`s, and keep the best score.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.callbacks import Callback
from neurona.errors import ArgumentError, DataError, optional_import
from neurona.layers import Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import finish, new_figure
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, utils
from neurona.zoo.forward_backward import likeliest_paths, posteriors
from neurona.zoo.markov import QUIJOTE, VOWELS, letters_of, sequences

__all__ = ["CategoricalHiddenMarkov", "GaussianHiddenMarkov", "HiddenMarkovLayer"]

cluster = optional_import("sklearn.cluster", extra="zoo", purpose="neurona.zoo")
_LEAST_VARIANCE = 1e-3  # of columns of variance 1
_BATCH = 256  # sequences of a step
_ROWS_OF_KMEANS = 10_000  # from which the first means are found
_AXES = Words("state", "estado"), Words("to state", "al estado")
_SIGNS = Words("column or symbol", "columna o símbolo")


class HiddenMarkovLayer(Layer):
    """The probabilities of the hidden states at each time, given whole sequences: forward and backward.

    Args:
        states: how many.
        signs: how many kinds of signs, which are numbers from 0; None for Gaussian ones, of any columns.

    Shapes: x (rows, time, features) -> (rows, time, states); start (states,), transition (states, states),
        emission (states, signs), or means and variances (states, features).

    Source: Rabiner, A tutorial on hidden Markov models, 1989, equation 27.

    Example:

        >>> layer = HiddenMarkovLayer(2, signs=2)
        >>> layer.build((None, None, 1))
        >>> layer.set_weights([[0.5, 0.5], [[1, 0], [0, 1]], [[1, 0], [0.5, 0.5]]])
        >>> layer(np.array([[[0], [1]]])).tolist()  # only the second state shows sign 1
        [[[0.0, 1.0], [0.0, 1.0]]]
    """

    def __init__(self, states: int, signs: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.states, self.signs = states, signs

    def build(self, input_shape: Any) -> None:
        states, columns = self.states, input_shape[-1]
        self.start = self.add_weight((states,), "ones", name="start")
        self.transition = self.add_weight((states, states), "ones", name="transition")
        if self.signs is None:
            self.means = self.add_weight((states, columns), "zeros", name="means")
            self.variances = self.add_weight((states, columns), "ones", name="variances")
        else:
            self.emission = self.add_weight((states, self.signs), "ones", name="emission")

    def call(self, x: jax.Array) -> jax.Array:
        gamma, _, _ = self.expected(x, jnp.ones(x.shape[:2], bool))
        return jnp.transpose(gamma, (2, 0, 1))

    def parameters(self, x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        """pi, a and log b_j(O_t), (time, states, rows), as neurona/zoo/forward_backward.py takes them."""
        if self.signs is not None:
            log_b = jnp.moveaxis(jnp.log(self.emission.value)[:, x[..., 0].T.astype("int32")], 0, 1)
        else:
            apart = (_rows_last(x)[:, None] - self.means.value[..., None]) ** 2
            each = apart / self.variances.value[..., None]
            log_b = -(each.sum(axis=2) + jnp.log(2 * jnp.pi * self.variances.value).sum(axis=1)[:, None]) / 2
        return self.start.value, self.transition.value, log_b

    def expected(self, x: jax.Array, seen: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        """gamma (time, states, rows), the sum of xi (states, states), and log P (rows,).

        Args:
            x: (rows, time, features).
            seen: (rows, time), false where a sequence has ended.
        """
        return posteriors(*self.parameters(x), seen.T)


def _rows_last(x: jax.Array) -> jax.Array:
    """(rows, time, features) -> (time, features, rows)."""
    return jnp.transpose(x, (1, 2, 0))


class BaumWelch(Rule):
    """Counts what is expected of the hidden states, and sets the parameters to it after each epoch.

    Targets are 1, and 0 where a sequence has ended.

    Figures: `log_likelihood`, the mean log P of a sequence, before the epoch.
    """

    figures = ("log_likelihood",)

    def build(self, model: Any) -> None:
        layer = model.layers[-1]
        shapes = [weight.shape for weight in layer.weights]
        self.sums = [Variable(jnp.zeros(shape), trainable=False) for shape in shapes]
        self.mass = Variable(jnp.zeros((layer.states,)), trainable=False, name="mass")

    @property
    def variables(self) -> list[Variable]:
        return [*self.sums, self.mass]

    def begin_epoch(self, model: Any) -> None:
        for variable in self.variables:
            variable.assign(jnp.zeros(variable.shape))

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layer, x = model.layers[-1], _rows_last(batch.x)
        gamma, xi, likelihood = layer.expected(batch.x, batch.y > 0)
        found = [gamma[0].sum(axis=1), xi]
        if layer.signs is None:
            found += [jnp.sum(gamma[:, :, None] * power[:, None], axis=(0, 3)) for power in (x, x**2)]
        else:
            shown = x[:, 0].astype("int32").ravel()
            weights = jnp.moveaxis(gamma, 1, 2).reshape(-1, layer.states)
            found.append(jnp.zeros((layer.signs, layer.states)).at[shown].add(weights).T)
        for variable, more in zip(self.variables, [*found, gamma.sum(axis=(0, 2))], strict=True):
            variable.assign(variable + more)
        return {"log_likelihood": likelihood.mean()}

    def end_epoch(self, model: Any) -> None:
        layer = model.layers[-1]
        start, xi, signs = (variable.value for variable in self.sums[:3])
        layer.start.assign(start / start.sum())
        layer.transition.assign(_shares(xi, layer.transition.value))
        if layer.signs is not None:
            layer.emission.assign(_shares(signs, layer.emission.value))
            return
        mass = self.mass.value[:, None]
        lives = mass > 1e-6  # a state that no row is in stays as it is
        means = jnp.where(lives, signs / jnp.maximum(mass, 1e-6), layer.means.value)
        squares = self.sums[3].value / jnp.maximum(mass, 1e-6) - means**2
        layer.means.assign(means)
        spread = jnp.maximum(squares, _LEAST_VARIANCE)
        layer.variances.assign(jnp.where(lives, spread, layer.variances.value))


def _shares(counts: jax.Array, before: jax.Array) -> jax.Array:
    """Each row divided by its sum; as before where that is 0."""
    total = counts.sum(axis=1, keepdims=True)
    return jnp.where(total > 1e-20, counts / jnp.maximum(total, 1e-20), before)


class _UntilSettled(Callback):
    """Ends training when an epoch raises log P of all sequences together by less than `tol`."""

    def __init__(self, tol: float, sequences: int) -> None:
        super().__init__()
        self.tol, self.sequences, self.before = tol, sequences, -np.inf

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        now = logs["log_likelihood"] * self.sequences
        if now - self.before < self.tol:
            self.model.stop_training = True
        self.before = now


class _HiddenMarkov(Estimator):
    """What models of both kinds of signs share."""

    _dtype: ClassVar[str]

    def __init__(
        self,
        n_components: int = 2,
        epochs: int = 200,
        tol: float = 1e-3,
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.epochs = epochs
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: Any, lengths: Sequence[int] | None = None, callbacks: Any = (), **options: Any) -> Self:
        """Learn from sequences by Baum and Welch's method.

        Args:
            X: (rows, columns), one sequence after another.
            lengths: how many rows each sequence has; None for a single one.
            callbacks: of the model's `fit`.
            options: further arguments of the model's `fit`.
        """
        settled = _UntilSettled(self.tol, 1 if lengths is None else len(lengths))
        super().fit(X, lengths, callbacks=[*callbacks, settled], **options)
        self.startprob_, self.transmat_, *signs = (np.asarray(weight) for weight in self.model_.get_weights())
        self._keep(*signs)
        return self

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        name = type(self).__name__
        if self.n_components < 1:
            raise ArgumentError(f"{name}: n_components is at least 1. Received: {self.n_components}")
        rows = self._signs(validation.validate_data(self, X, dtype=self._dtype), learning=True)
        if len(rows) < self.n_components:
            raise DataError(f"{name}: {len(rows)} rows for {self.n_components} states. Give more rows.")
        return self._padded(rows, y)

    def _padded(self, rows: np.ndarray, lengths: Any) -> tuple[np.ndarray, np.ndarray]:
        """Sequences (sequences, time, columns), and 1 where they have not ended."""
        parts = sequences(rows, lengths, type(self).__name__)
        longest = max(map(len, parts))
        x = np.zeros((len(parts), longest, rows.shape[1]), "float32")
        seen = np.zeros((len(parts), longest), "float32")
        for number, part in enumerate(parts):
            x[number, : len(part)], seen[number, : len(part)] = part, 1
        return x, seen

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        self._batch_size = min(len(X), _BATCH)
        states = self.n_components
        random = utils.check_random_state(self.random_state)
        chain = [np.full(states, 1 / states), random.dirichlet(np.full(states, 2.0), states)]
        layer, signs = self._first(X[y > 0], random)
        model = Sequential([Input((None, X.shape[-1])), layer])
        model.set_weights([*chain, *signs])
        model.compile(rule=BaumWelch())
        return model

    def predict(self, X: Any, lengths: Sequence[int] | None = None) -> np.ndarray:
        """The likeliest path of hidden states, (rows,): Viterbi's."""
        x, seen = self._sequences(X, lengths)
        return np.asarray(likeliest_paths(*self._layer.parameters(jnp.asarray(x)), seen.T > 0))[seen > 0]

    def predict_proba(self, X: Any, lengths: Sequence[int] | None = None) -> np.ndarray:
        """gamma: the probability of each hidden state at each row, (rows, n_components)."""
        x, seen = self._sequences(X, lengths)
        gamma, _, _ = self._layer.expected(jnp.asarray(x), seen > 0)
        return np.transpose(gamma, (2, 0, 1))[seen > 0]

    def score(self, X: Any, lengths: Sequence[int] | None = None) -> float:
        """log P of the sequences together."""
        x, seen = self._sequences(X, lengths)
        likelihood = np.asarray(self._layer.expected(jnp.asarray(x), seen > 0)[2], "float64")
        return float(likelihood.sum()) + self._log_scale * int(seen.sum())

    def sample(self, n_samples: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """A sequence that the model believes in: its rows (n_samples, columns), and its hidden states."""
        validation.check_is_fitted(self)
        key = jax.random.key(self._seed())
        keys = jax.random.split(key, n_samples + 1)
        log_a = jnp.log(self.transmat_)

        def step(state: jax.Array, key: jax.Array) -> tuple[jax.Array, jax.Array]:
            return jax.random.categorical(key, log_a[state]), state

        first = jax.random.categorical(keys[0], jnp.log(self.startprob_))
        states = np.asarray(jax.lax.scan(step, first, keys[1:])[1])
        return self._shown(states, jax.random.fold_in(key, 1)), states

    def _sequences(self, X: Any, lengths: Any) -> tuple[np.ndarray, np.ndarray]:
        validation.check_is_fitted(self)
        rows = validation.validate_data(self, X, dtype=self._dtype, reset=False)
        return self._padded(self._signs(rows), lengths)

    @property
    def _layer(self) -> Any:
        return self.model_.layers[-1]

    @property
    def _log_scale(self) -> float:
        """What a row's log density has less than that of its scaled columns."""
        return 0.0

    def _signs(self, rows: np.ndarray, learning: bool = False) -> np.ndarray:
        """Rows as the layer sees them."""
        raise NotImplementedError

    def _first(self, rows: np.ndarray, random: Any) -> tuple[HiddenMarkovLayer, list[np.ndarray]]:
        """A layer, and the first parameters of its signs."""
        raise NotImplementedError

    def _keep(self, *signs: np.ndarray) -> None:
        """Keep what was learned of the signs."""
        raise NotImplementedError

    def _shown(self, states: np.ndarray, key: jax.Array) -> np.ndarray:
        """Rows that states show."""
        raise NotImplementedError

    def _sign_table(self) -> np.ndarray:
        """What the states show, (states, signs)."""
        raise NotImplementedError

    def plot(
        self, signs: Sequence[str] | None = None, language: str | None = None, to_file: Any = None
    ) -> Any:
        """Draw the transitions between the states, and what each shows.

        Args:
            signs: the names of the signs, or of the columns; by default their numbers.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        table = self._sign_table()
        names = signs or [str(number) for number in range(table.shape[1])]
        width = 0.3 * len(names)
        high = 1.6 + 0.5 * self.n_components
        figure = new_figure("plot", 4 + width, high, 120)
        ratios = [2.5, max(width, 2.5)]
        chain, shown = figure.subplots(1, 2, width_ratios=ratios)
        chain.imshow(self.transmat_, cmap="Blues", vmin=0, vmax=1)
        for (row, column), value in np.ndenumerate(self.transmat_):
            chain.text(
                column,
                row,
                f"{value:.2f}",
                ha="center",
                va="center",
                color="white" if value > 0.6 else "black",
                fontsize=8,
            )
        chain.set_xlabel(_AXES[1].of(language))
        chain.set_ylabel(_AXES[0].of(language))
        shown.imshow(table, cmap="Blues" if table.min() >= 0 else "RdBu_r", aspect="auto")
        shown.set_xlabel(_SIGNS.of(language))
        shown.set_xticks(range(len(names)), names)
        for axes in (chain, shown):
            axes.set_yticks(range(self.n_components))
        chain.set_xticks(range(self.n_components))
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


class CategoricalHiddenMarkov(_HiddenMarkov):
    """A hidden Markov model whose signs are of a few kinds: whole numbers from 0.

    Args:
        n_components: how many hidden states.
        epochs: rounds of Baum and Welch at most.
        tol: learning ends when a round raises log P by less.
        random_state: an integer for the same numbers at every call. Another begins elsewhere, and may end
            on a higher summit.

    Attributes:
        startprob_, transmat_: pi (n_components,) and a (n_components, n_components).
        emissionprob_: b, (n_components, signs).
        model_, history_, n_features_in_: as in `Estimator`.

    Raises:
        DataError: the signs are no whole numbers from 0, or of a kind that was not learned.

    Example:

        >>> X = [[0], [1], [0], [1], [0], [1], [0], [1]]
        >>> model = CategoricalHiddenMarkov(2, random_state=0).fit(X)
        >>> bool(model.score(X) > -0.1)  # two states that take turns explain all
        True
    """

    _dtype = "float32"

    def _signs(self, rows: np.ndarray, learning: bool = False) -> np.ndarray:
        if rows.shape[1] != 1 or (rows < 0).any() or (rows != np.rint(rows)).any():
            raise DataError(
                "CategoricalHiddenMarkov: X is a column of signs, whole numbers from 0, (rows, 1). Received "
                f"{rows.shape[1]} columns, from {rows.min():g} to {rows.max():g}. For measurements use "
                "GaussianHiddenMarkov."
            )
        if not learning and rows.max() >= self.emissionprob_.shape[1]:
            raise DataError(
                f"CategoricalHiddenMarkov: the sign {int(rows.max())} is above "
                f"{self.emissionprob_.shape[1] - 1}, the highest that it learned from."
            )
        return rows

    def _first(self, rows: np.ndarray, random: Any) -> tuple[HiddenMarkovLayer, list[np.ndarray]]:
        signs = int(rows.max()) + 1
        shares = (np.bincount(rows[:, 0].astype(int), minlength=signs) + 1.0) / (len(rows) + signs)
        table = shares * random.uniform(0.1, 1.9, (self.n_components, signs))
        return HiddenMarkovLayer(self.n_components, signs), [table / table.sum(axis=1, keepdims=True)]

    def _keep(self, *signs: np.ndarray) -> None:
        self.emissionprob_ = signs[0]

    def _shown(self, states: np.ndarray, key: jax.Array) -> np.ndarray:
        return np.asarray(jax.random.categorical(key, jnp.log(self.emissionprob_[states])))[:, None]

    def _sign_table(self) -> np.ndarray:
        return self.emissionprob_


class GaussianHiddenMarkov(_HiddenMarkov):
    """A hidden Markov model of measurements: each state has a mean and a variance for each column.

    The columns are scaled, and the means begin where k-means finds groups.

    Args:
        n_components, epochs, tol, random_state: as in `CategoricalHiddenMarkov`.

    Attributes:
        startprob_, transmat_: pi (n_components,) and a (n_components, n_components).
        means_, variances_: of the signs, (n_components, columns).
        center_, scale_: the mean and the standard deviation of the columns.
        model_, history_, n_features_in_: as in `Estimator`.

    Example:

        >>> X = np.repeat([[1.0], [8.0], [1.0], [8.0]], 25, axis=0)
        >>> X = X + np.random.default_rng(0).normal(size=X.shape)
        >>> model = GaussianHiddenMarkov(2, random_state=0).fit(X)
        >>> sorted(model.means_.round().ravel().tolist())
        [1.0, 8.0]
    """

    _dtype = "float64"

    def _signs(self, rows: np.ndarray, learning: bool = False) -> np.ndarray:
        if learning:
            spread = rows.std(axis=0)
            self.center_, self.scale_ = rows.mean(axis=0), np.where(spread > 0, spread, 1.0)
        return (rows - self.center_) / self.scale_

    def _first(self, rows: np.ndarray, random: Any) -> tuple[HiddenMarkovLayer, list[np.ndarray]]:
        rows = rows[:: max(1, len(rows) // _ROWS_OF_KMEANS)]
        groups = cluster.KMeans(self.n_components, n_init=3, random_state=random).fit(rows)
        variances = np.ones((self.n_components, rows.shape[1]))
        for number in range(self.n_components):
            inside = rows[groups.labels_ == number]
            variances[number] = np.maximum(inside.var(axis=0), 0.01)
        return HiddenMarkovLayer(self.n_components), [groups.cluster_centers_, variances]

    def _keep(self, *signs: np.ndarray) -> None:
        self.means_ = signs[0] * self.scale_ + self.center_
        self.variances_ = signs[1] * self.scale_**2

    def _shown(self, states: np.ndarray, key: jax.Array) -> np.ndarray:
        noise = np.asarray(jax.random.normal(key, (len(states), self.means_.shape[1])))
        return self.means_[states] + noise * np.sqrt(self.variances_[states])

    def _sign_table(self) -> np.ndarray:
        return (self.means_ - self.center_) / self.scale_

    @property
    def _log_scale(self) -> float:
        return -float(np.log(self.scale_).sum())


def _letters(seed: int = 0, quick: bool = False) -> Outcome:
    """Two states that show the letters of a text; nobody says which are vowels."""
    letters = np.array(list(letters_of(QUIJOTE)))
    kinds, X = np.unique(letters, return_inverse=True)
    truth = np.isin(letters, list(VOWELS))
    models = [
        CategoricalHiddenMarkov(2, epochs=200, random_state=seed + run).fit(X[:, None])
        for run in range(1 if quick else 5)
    ]
    model = max(models, key=lambda model: model.score(X[:, None]))
    vowel_state = int(model.emissionprob_[:, kinds == "a"].argmax())
    found = model.predict(X[:, None]) == vowel_state
    right = (model.emissionprob_.argmax(axis=0) == vowel_state) == np.isin(kinds, list(VOWELS))
    return Outcome(
        figure=100 * float(np.mean(found == truth)),
        network=model,
        shown={"signs": kinds.tolist()},
        details={
            Words("log P of a letter", "log P de una letra"): model.score(X[:, None]) / len(X),
            Words("share of the kinds of letters told right", "parte de los tipos de letra acertados"): float(
                np.mean(right)
            ),
        },
    )


CARD = Card(
    title=Words("Hidden Markov model", "Modelo oculto de Márkov"),
    year=1970,
    paper="Rabiner, A tutorial on hidden Markov models and selected applications in speech recognition, 1989",
    family="chains",
    cells=("probabilistic hidden", "output"),
    summary=Words(
        "A Markov chain behind a curtain: from the signs alone it learns how its states follow each other, "
        "and what each shows.",
        "Una cadena de Márkov tras un telón: solo de los signos aprende cómo se siguen sus estados y qué "
        "muestra cada uno.",
    ),
    network=CategoricalHiddenMarkov,
    experiment=Experiment(
        task=Words(
            "two states learn the letters of the Quijote, and find the vowels by themselves",
            "dos estados aprenden las letras del Quijote y encuentran solos las vocales",
        ),
        measure=Words("% of letters told right", "% de letras acertadas"),
        target=95.0,
        source=Words(
            "Cave and Neuwirth, Hidden Markov models for English, 1980: two states are vowels and consonants",
            "Cave y Neuwirth, Hidden Markov models for English, 1980: dos estados son vocales y consonantes",
        ),
        run=_letters,
        quick_target=85.0,
    ),
)
