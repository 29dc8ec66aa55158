"""The Boltzmann machine: a Hopfield network with chance, and with hidden units.

Ackley, Hinton and Sejnowski (A learning algorithm for Boltzmann machines, Cognitive Science 9, 1985). Units s
of 0 and 1, visible v and hidden h, all joined by symmetric weights, have the energy and, at rest, the
probability

    E(s) = -sum over i < j of w_ij s_i s_j + sum over i of theta_i s_i,              (1985, equation 1)
    P(s) = exp(-E(s)) / Z.

A unit turns on with the probability sigmoid(delta E_i / T) of what it receives at the temperature T (equation
3). At T = 1 the likelihood of the rows climbs by

    w_ij += eta * (p_ij - p'_ij),                                                    (equation 7)

for the probabilities that both units are on, with the rows on the visible units, p_ij, and running free,
p'_ij. The paper measures both while it cools the network, as `AnnealedBoltzmann` does. This machine has at
most 16 units, and takes them from the sum over all states, so that learning is exact; biases b = -theta are
learned alike. Without the chance of measurements it may stay with a poor code: `n_init` tries several
starts.

The encoder problem (section 4): two groups of four visible units, joined through two hidden units only. One
unit of each group is on, the same in both, so the hidden units must find a code of two bits.
"""

from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError, DataError
from neurona.initializers import RandomNormal
from neurona.layers import Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import finish, new_figure
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, TransformerMixin, utils

__all__ = ["BoltzmannLayer", "BoltzmannMachine"]

_MOST = 16  # units, of 65,536 states
_AXES = Words("unit", "unidad")
_HIDDEN = Words("hidden", "oculta")


def all_states(units: int) -> np.ndarray:
    """Every state of so many units, (2 ** units, units).

    Example:

        >>> all_states(2).tolist()
        [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    return (np.arange(2**units)[:, None] >> np.arange(units)[::-1] & 1).astype("float32")


class BoltzmannLayer(Layer):
    """The probability that each hidden unit of a Boltzmann machine is on, given the visible ones.

    Args:
        hidden: how many hidden units.
        groups: a number for each visible unit; those of unlike numbers are not joined. None joins all.

    Shapes: v (rows, features) -> (rows, hidden); kernel (units, units), symmetric and 0 on the diagonal, and
        bias (units,), the visible units first.

    Source: Ackley, Hinton and Sejnowski, A learning algorithm for Boltzmann machines, 1985.

    Example:

        >>> layer = BoltzmannLayer(1)
        >>> layer.build((None, 1))
        >>> layer.set_weights([[[0, 20], [20, 0]], [0, -10]])
        >>> layer(np.array([[0.0], [1.0]])).round().tolist()
        [[0.0], [1.0]]
    """

    def __init__(self, hidden: int, groups: Sequence[int] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden, self.groups = hidden, groups

    def build(self, input_shape: Any) -> None:
        units = input_shape[-1] + self.hidden
        self.kernel = self.add_weight((units, units), RandomNormal(stddev=0.1), name="kernel")
        self.kernel.assign((self.kernel.value + self.kernel.value.T) / 2 * self.joined(units))
        self.bias = self.add_weight((units,), "zeros", name="bias")

    def joined(self, units: int) -> np.ndarray:
        """1 where two units are joined, (units, units)."""
        joined = 1 - np.eye(units, dtype="float32")
        if self.groups is not None:
            groups = np.asarray(self.groups)
            joined[: len(groups), : len(groups)] *= groups[:, None] == groups
        return joined

    def energy(self, states: jax.Array) -> jax.Array:
        """E of states (..., units)."""
        inner = jnp.sum(states @ self.kernel.value * states, axis=-1) / 2
        return -inner - states @ self.bias.value

    def clamped(self, v: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The states that show each row, (rows, 2 ** hidden, units), and their energies."""
        hidden = all_states(self.hidden)
        shape = (len(v), len(hidden))
        outer = jnp.broadcast_to(v[:, None], (*shape, v.shape[1]))
        states = jnp.concatenate([outer, jnp.broadcast_to(hidden, (*shape, self.hidden))], axis=-1)
        return states, self.energy(states)

    def call(self, v: jax.Array) -> jax.Array:
        states, energies = self.clamped(v)
        shares = jax.nn.softmax(-energies, axis=-1)
        return jnp.einsum("rs,rsh->rh", shares, states[..., v.shape[1] :])


class BoltzmannRule(Rule):
    """w_ij += rate * (p_ij - p'_ij), and the biases alike.

    Args:
        rate: eta.

    Figures: `log_likelihood`, the mean log P of a row.
    """

    figures = ("log_likelihood",)

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layer = model.layers[-1]
        states, energies = layer.clamped(batch.x)
        shares = jax.nn.softmax(-energies, axis=-1) / len(batch.x)
        free = jnp.asarray(all_states(layer.bias.shape[0]))
        free_energies = layer.energy(free)
        free_shares = jax.nn.softmax(-free_energies)
        both = jnp.einsum("rs,rsi,rsj->ij", shares, states, states)
        learned = both - free.T @ (free_shares[:, None] * free)
        layer.kernel.assign(layer.kernel + self.rate * learned * layer.joined(len(learned)))
        layer.bias.assign(layer.bias + self.rate * jnp.diag(learned))
        shown = jax.nn.logsumexp(-energies, axis=-1).mean()
        return {"log_likelihood": shown - jax.nn.logsumexp(-free_energies)}


class Machine(TransformerMixin, Estimator):
    """What this machine and the annealed one share."""

    n_components: int
    groups: Sequence[int] | None
    weights_: np.ndarray
    biases_: np.ndarray

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        rows, _ = super()._checked(X, y)
        if self.groups is not None and len(self.groups) != rows.shape[1]:
            raise ArgumentError(
                f"{type(self).__name__}: groups has {len(self.groups)} numbers, and the rows {rows.shape[1]} "
                "columns."
            )
        self._check_bits(rows)
        return rows, None

    def _check_bits(self, rows: np.ndarray) -> None:
        wrong = np.argwhere((rows != 0) & (rows != 1))
        if len(wrong):
            row, column = wrong[0]
            raise DataError(
                f"{type(self).__name__}: the units are 0 or 1. Row {row}, column {column} is "
                f"{rows[row, column]:g}. Binarize the rows, with X > X.mean()."
            )

    def _incomplete(self, X: Any) -> np.ndarray:
        """Rows of 0, 1 and NaN."""
        validation.check_is_fitted(self)
        rows = validation.validate_data(self, X, dtype="float32", reset=False, ensure_all_finite="allow-nan")
        self._check_bits(np.nan_to_num(rows))
        return rows

    @property
    def _title(self) -> Words:
        return CARD.title

    @property
    def _joined_groups(self) -> list[int] | None:
        return None if self.groups is None else [int(group) for group in self.groups]

    def transform(self, X: Any) -> np.ndarray:
        """The probability that each hidden unit is on, (samples, n_components): the code of a row."""
        return self._outputs(self._rows(X))

    def energy(self, states: Any) -> np.ndarray:
        """E of states of all units, (..., units)."""
        validation.check_is_fitted(self)
        states = np.asarray(states, "float64")
        return -np.sum(states @ self.weights_ * states, axis=-1) / 2 - states @ self.biases_

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the weights between all units, and the biases: red above 0, blue below.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        largest = max(np.abs(self.weights_).max(), np.abs(self.biases_).max(), 1e-9)
        figure = new_figure("plot", 6.5, 5.5, 120)
        axes = figure.subplots()
        names = [str(number + 1) for number in range(self.n_features_in_)]
        names += [f"{_HIDDEN.of(language)} {number + 1}" for number in range(self.n_components)]
        ticks = range(0, len(names), 1 + len(names) // 20)
        shown = self.weights_ + np.diag(self.biases_)
        image = axes.imshow(shown, cmap="RdBu_r", vmin=-largest, vmax=largest)
        axes.set_xticks(ticks, [names[tick] for tick in ticks], rotation=90)
        axes.set_yticks(ticks, [names[tick] for tick in ticks])
        axes.set_xlabel(_AXES.of(language))
        figure.colorbar(image, ax=axes)
        figure.suptitle(self._title.of(language))
        return finish(figure, to_file)

    @property
    def _n_features_out(self) -> int:
        return self.n_components


class BoltzmannMachine(Machine):
    """A Boltzmann machine of at most 16 units, learned exactly.

    Args:
        n_components: how many hidden units.
        groups: a number for each column; visible units of unlike numbers are joined through hidden ones
            only. None joins all.
        learning_rate: eta.
        epochs: how often the rows, all at once, are learned.
        n_init: how many starts are tried; the machine that finds the rows likeliest is kept.
        random_state: an integer for the same numbers at every call.

    Attributes:
        weights_: w, (units, units), the visible units first.
        biases_: b, (units,).
        model_, history_, n_features_in_: as in `Estimator`.

    Raises:
        DataError: the rows are not of 0 and 1.
        ArgumentError: there are more than 16 units.

    Example:

        >>> machine = BoltzmannMachine(1, epochs=500, random_state=0).fit([[0, 0], [1, 1]])
        >>> machine.complete([[1, np.nan]]).round().tolist()
        [[1.0, 1.0]]
    """

    def __init__(
        self,
        n_components: int = 2,
        groups: Sequence[int] | None = None,
        learning_rate: float = 0.5,
        epochs: int = 2000,
        n_init: int = 1,
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.groups = groups
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.n_init = n_init
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from rows of 0 and 1; `options` are further arguments of the model's `fit`."""
        if self.n_init < 1:
            raise ArgumentError(f"BoltzmannMachine: n_init is at least 1. Received: n_init={self.n_init}")
        found = []
        for start in range(1 if options.get("initial_epoch") else self.n_init):  # one of them goes on
            self._start = start
            super().fit(X, y, **options)
            found.append((self.history_.history["log_likelihood"][-1], self.model_, self.history_))
        _, self.model_, self.history_ = max(found, key=lambda one: one[0])
        self.weights_, self.biases_ = (np.asarray(weight) for weight in self.model_.get_weights())
        return self

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        rows, _ = super()._checked(X, y)
        columns = rows.shape[1]
        if not 0 <= self.n_components <= _MOST - columns:
            raise ArgumentError(
                f"BoltzmannMachine: {columns} columns and n_components={self.n_components} make more than "
                f"{_MOST} units, whose states it sums over; or there are none. Use RestrictedBoltzmann."
            )
        return rows, None

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        self._batch_size = len(X)
        layer = BoltzmannLayer(self.n_components, self._joined_groups)
        model = Sequential([Input((X.shape[1],)), layer])
        units = X.shape[1] + self.n_components
        random = utils.check_random_state(self.random_state)
        drawn = random.normal(scale=0.1, size=(self._start + 1, units, units))[-1]
        layer.kernel.assign((drawn + drawn.T) * layer.joined(units))
        model.compile(rule=BoltzmannRule(self.learning_rate))
        return model

    def distribution(self) -> np.ndarray:
        """P of every state of the visible units, (2 ** features,): 0...00, 0...01 and so on."""
        validation.check_is_fitted(self)
        energies = self.energy(all_states(len(self.biases_)))
        masses = np.exp(energies.min() - energies).reshape(2**self.n_features_in_, -1).sum(axis=1)
        return masses / masses.sum()

    def score_samples(self, X: Any) -> np.ndarray:
        """log P of each row, (samples,)."""
        rows = self._rows(X)
        self._check_bits(rows)
        places = rows.astype(int) @ (2 ** np.arange(rows.shape[1])[::-1])
        return np.log(self.distribution()[places])

    def score(self, X: Any, y: Any = None) -> float:
        """The mean log P of the rows."""
        return float(self.score_samples(X).mean())

    def complete(self, X: Any) -> np.ndarray:
        """Rows with the probability of a 1 where they are NaN, given what is known, (samples, features)."""
        rows = self._incomplete(X)
        visible = all_states(rows.shape[1])
        agree = ((rows[:, None] == visible) | np.isnan(rows[:, None])).all(axis=2)
        shares = agree * self.distribution()
        return shares @ visible / shares.sum(axis=1, keepdims=True)

    def sample(self, n_samples: int = 1, sweeps: int = 500) -> np.ndarray:
        """Rows that the machine believes in, (n_samples, features): its units turn on and off by chance.

        Args:
            n_samples: how many, each from a network of its own.
            sweeps: how often each unit may change.
        """
        validation.check_is_fitted(self)
        key = jax.random.key(self._seed())
        kernel, bias, units = jnp.asarray(self.weights_), jnp.asarray(self.biases_), len(self.biases_)

        def change(number: Any, states: jax.Array) -> jax.Array:
            place = number % units
            on = jax.nn.sigmoid(states @ kernel[place] + bias[place])
            drawn = jax.random.uniform(jax.random.fold_in(key, number), (n_samples,)) < on
            return states.at[:, place].set(drawn.astype(states.dtype))

        start = jnp.zeros((n_samples, units))
        return np.asarray(jax.lax.fori_loop(0, sweeps * units, change, start))[:, : self.n_features_in_]


def _encoder(seed: int = 0, quick: bool = False) -> Outcome:
    """Four patterns of one unit in each group; the second group is completed from the first."""
    rows, groups = np.tile(np.eye(4), 2), [0] * 4 + [1] * 4
    half = rows.copy()
    half[:, 4:] = np.nan
    starts, runs, epochs = (4, 1, 1000) if quick else (20, 5, 1500)
    right, likelihoods, machine = [], [], BoltzmannMachine()
    for run in range(runs):
        machine = BoltzmannMachine(2, groups, epochs=epochs, n_init=starts, random_state=seed + run).fit(rows)
        right.append(np.mean(machine.complete(half)[:, 4:].argmax(axis=1) == np.arange(4)))
        likelihoods.append(machine.score(rows))
    return Outcome(
        figure=100 * float(np.mean(right)),
        network=machine,
        details={
            Words("runs without a fault, %", "series sin fallo, %"): 100
            * float(np.mean(np.array(right) == 1)),
            Words("mean log P of a pattern, -1.386 at best", "log P medio de un patrón, -1,386 como mucho"): (
                float(np.mean(likelihoods))
            ),
        },
    )


CARD = Card(
    title=Words("Boltzmann machine", "Máquina de Boltzmann"),
    year=1985,
    paper="Ackley, Hinton and Sejnowski, A learning algorithm for Boltzmann machines, 1985",
    family="energy",
    cells=("back-fed input", "probabilistic hidden"),
    summary=Words(
        "A Hopfield network whose units turn on by chance, and some of which are hidden; it learns until it "
        "dreams what it sees.",
        "Una red de Hopfield cuyas unidades se encienden al azar, y algunas están ocultas; aprende hasta que "
        "sueña lo que ve.",
    ),
    network=BoltzmannMachine,
    experiment=Experiment(
        task=Words(
            "the 4-2-4 encoder, 5 runs, the likeliest of 20 starts",
            "el codificador 4-2-4, 5 series, lo más verosímil de 20 inicios",
        ),
        measure=Words("% of patterns completed right", "% de patrones bien completados"),
        target=98.6,
        source=Words(
            "what Ackley et al. report of the larger 40-10-40 encoder",
            "lo que Ackley et al. dan para el codificador mayor, 40-10-40",
        ),
        run=_encoder,
        quick_target=75.0,
    ),
)
