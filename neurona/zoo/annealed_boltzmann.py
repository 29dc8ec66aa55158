"""The Boltzmann machine that learns while it cools, as the first one did.

Ackley, Hinton and Sejnowski (A learning algorithm for Boltzmann machines, Cognitive Science 9, 1985). Units
of 0 and 1, joined as in `neurona/zoo/boltzmann.py`, turn on with the probability

    p = 1 / (1 + exp(-delta E / T))                                                  (1985, equation 3)

of what they receive, delta E. At a high temperature T the network wanders freely; cooled slowly, it comes to
rest at states of low energy (simulated annealing; Kirkpatrick, Gelatt and Vecchi, Optimization by simulated
annealing, Science 220, 1983), and holds each with the probability P(s) = exp(-E(s) / T) / Z. Learning
compares how often two units are on together, with the rows on the visible units and running free,

    w_ij += eta * sign(p_ij - p'_ij):                                                (equation 7)

steps of one size, for pairs that are seldom on together learn as fast as others. Both are counted as the
paper does (section 4.1): each step cools the network twice by a schedule, and counts at the last temperature.
Bits of the rows are flipped now and then, lest the weights of certain rows grow without end.

The encoder problem: two groups of visible units, joined through fewer hidden ones only. One unit of each
group is on, the same in both. The 40-10-40 encoder (section 4.3) has 40 patterns and ten hidden units.

Deviations. The paper's temperatures of 20 to 10, for weights in steps of 2, are 2 to 1 here. Its one network
goes through all patterns; here a network for each pattern, and as many free ones, run side by side.
"""

from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.layers import Input
from neurona.models import Model, Sequential
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.boltzmann import BoltzmannLayer, Machine
from neurona.zoo.card import Card, Experiment, Outcome, Words

__all__ = ["AnnealedBoltzmann", "AnnealedBoltzmannLayer"]


class AnnealedBoltzmannLayer(BoltzmannLayer):
    """A Boltzmann machine of any size: its hidden units given v by mean field, and simulated annealing.

    Args:
        hidden, groups: as in `BoltzmannLayer`.
        sweeps: how often the mean field goes through the hidden units.

    Shapes: as in `BoltzmannLayer`.

    Source: Ackley, Hinton and Sejnowski, A learning algorithm for Boltzmann machines, 1985.

    Example:

        >>> layer = AnnealedBoltzmannLayer(1)
        >>> layer.build((None, 1))
        >>> layer.set_weights([[[0, 20], [20, 0]], [0, -10]])
        >>> layer(np.array([[0.0], [1.0]])).round().tolist()
        [[0.0], [1.0]]
    """

    def __init__(
        self, hidden: int, groups: Sequence[int] | None = None, sweeps: int = 20, **kwargs: Any
    ) -> None:
        super().__init__(hidden, groups, **kwargs)
        self.sweeps = sweeps

    def call(self, v: jax.Array) -> jax.Array:
        outer = v.shape[-1]
        kernel, bias = self.kernel.value[outer:], self.bias.value[outer:]
        received = v @ kernel[:, :outer].T + bias

        def sweep(_: Any, h: jax.Array) -> jax.Array:
            return (h + jax.nn.sigmoid(received + h @ kernel[:, outer:])) / 2  # half of the way: no swinging

        return jax.lax.fori_loop(0, self.sweeps, sweep, jax.nn.sigmoid(received))

    def anneal(
        self, states: jax.Array, free: jax.Array, key: jax.Array, temperatures: Sequence[float]
    ) -> tuple[jax.Array, jax.Array]:
        """Turn units on and off by chance, one after another, once at each temperature.

        Args:
            states: of all units, (rows, units).
            free: which of them may change, (rows, units) or (units,).
            key: a random key.
            temperatures: T of each sweep.

        Returns:
            The states, and how often both units of each pair were on at T = 1, (units, units).
        """
        kernel, bias = self.kernel.value, self.bias.value
        rows, units = states.shape
        may_change = jnp.broadcast_to(free, states.shape).T

        def sweep(held: tuple[jax.Array, jax.Array], step: tuple[Any, Any]) -> Any:
            first, second = jax.random.split(jax.random.fold_in(key, step[0]))
            order = jax.random.permutation(first, units)
            levels = jax.random.uniform(second, (units, rows))

            def change(number: Any, s: jax.Array) -> jax.Array:
                place = order[number]
                on = levels[number] < jax.nn.sigmoid((kernel[place] @ s + bias[place]) / step[1])
                return s.at[place].set(jnp.where(may_change[place], on.astype(s.dtype), s[place]))

            s, counts = held
            s = jax.lax.fori_loop(0, units, change, s)
            return (s, counts + (step[1] == 1) * (s @ s.T)), None

        steps = jnp.arange(len(temperatures)), jnp.asarray(temperatures, "float32")
        (s, counts), _ = jax.lax.scan(sweep, (states.T, jnp.zeros((units, units))), steps)
        return s.T, counts


class AnnealingRule(Rule):
    """w_ij += rate * sign(p_ij - p'_ij), and the biases alike, both measured while the network cools.

    Args:
        rate: eta.
        temperatures: of the sweeps of each phase; those at 1 are measured.
        noise: how often a 1 of the rows is shown as a 0, and a 0 as a 1.

    Figures: `disagreement`, the mean |p_ij - p'_ij| of the pairs that are joined.
    """

    figures = ("disagreement",)

    def __init__(self, rate: float, temperatures: Sequence[float], noise: tuple[float, float]) -> None:
        self.rate, self.temperatures, self.noise = rate, temperatures, noise

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layer, v = model.layers[-1], batch.x
        keys = jax.random.split(key, 5)
        flipped = jax.random.uniform(keys[0], v.shape) < jnp.where(v == 1, *self.noise)
        start = jax.random.bernoulli(keys[1], 0.5, (len(v), layer.hidden)).astype(v.dtype)
        shown = jnp.concatenate([jnp.where(flipped, 1 - v, v), start], axis=1)
        hidden = jnp.arange(shown.shape[1]) >= v.shape[1]
        _, clamped = layer.anneal(shown, hidden, keys[2], self.temperatures)
        start = jax.random.bernoulli(keys[3], 0.5, shown.shape).astype(v.dtype)
        _, free = layer.anneal(start, jnp.array(True), keys[4], self.temperatures)
        learned = (clamped - free) / (len(v) * sum(one == 1 for one in self.temperatures))
        joined = layer.joined(len(learned))
        layer.kernel.assign(layer.kernel + self.rate * jnp.sign(learned) * joined)
        layer.bias.assign(layer.bias + self.rate * jnp.sign(jnp.diag(learned)))
        return {"disagreement": jnp.sum(jnp.abs(learned) * joined) / joined.sum()}


class AnnealedBoltzmann(Machine):
    """A Boltzmann machine of any size, which learns from measurements by simulated annealing.

    Args:
        n_components: how many hidden units.
        groups: a number for each column; visible units of unlike numbers are joined through hidden ones
            only. None joins all.
        learning_rate: eta, the size of every step.
        epochs: how often the rows, all at once, are learned.
        temperatures: of the sweeps of each phase. The last ones are 1, and are measured.
        noise: how often a 1 of the rows is shown as a 0, and a 0 as a 1.
        random_state: an integer for the same numbers at every call.

    Attributes:
        weights_: w, (units, units), the visible units first.
        biases_: b, (units,).
        model_, history_, n_features_in_: as in `Estimator`.

    Raises:
        DataError: the rows are not of 0 and 1.
        ArgumentError: the last temperature is not 1, or `groups` does not fit the rows.

    Example:

        >>> rows = [[0, 0], [1, 1]] * 20
        >>> machine = AnnealedBoltzmann(1, epochs=200, random_state=0).fit(rows)
        >>> machine.complete([[1, np.nan], [0, np.nan]] * 100)[:, 1].reshape(100, 2).mean(axis=0).round()
        array([1., 0.], dtype=float32)
    """

    def __init__(
        self,
        n_components: int = 2,
        groups: Sequence[int] | None = None,
        learning_rate: float = 0.05,
        epochs: int = 500,
        temperatures: Sequence[float] = (2, 2, 1.5, 1.5, 1.2, 1.2, *[1] * 14),
        noise: tuple[float, float] = (0.05, 0.01),
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.groups = groups
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.temperatures = temperatures
        self.noise = noise
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from rows of 0 and 1; `options` are further arguments of the model's `fit`."""
        if not self.temperatures or min(self.temperatures) <= 0 or self.temperatures[-1] != 1:
            raise ArgumentError(
                "AnnealedBoltzmann: temperatures are above 0, and the last is 1, at which the network is "
                f"measured. Received: temperatures={self.temperatures}"
            )
        super().fit(X, y, **options)
        self.weights_, self.biases_ = (np.asarray(weight) for weight in self.model_.get_weights())
        return self

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        self._batch_size = len(X)
        model = Sequential(
            [Input((X.shape[1],)), AnnealedBoltzmannLayer(self.n_components, self._joined_groups)]
        )
        model.compile(rule=AnnealingRule(self.learning_rate, tuple(self.temperatures), self.noise))
        return model

    def _anneal(self, states: np.ndarray, free: np.ndarray, temperatures: Sequence[float]) -> np.ndarray:
        """Where the visible units come to rest."""
        layer: Any = self.model_.layers[-1]
        first, second = jax.random.split(jax.random.key(self._seed()))
        drawn = jax.random.bernoulli(first, 0.5, states.shape)
        start = jnp.where(free, drawn, states).astype("float32")
        settled, _ = jax.jit(layer.anneal, static_argnums=3)(start, free, second, tuple(temperatures))
        return np.asarray(settled)[:, : self.n_features_in_]

    def _all_units(self, rows: np.ndarray) -> np.ndarray:
        """Rows with NaN for the hidden units."""
        return np.pad(rows, ((0, 0), (0, self.n_components)), constant_values=np.nan)

    def complete(self, X: Any, slowness: int = 5, coldest: float = 1.0) -> np.ndarray:
        """Rows with a 0 or 1 where they are NaN, found by annealing, (samples, features).

        Args:
            X: rows of 0, 1 and NaN.
            slowness: how many sweeps are made for each of `temperatures`.
            coldest: where the temperatures end; below 1, less is left to chance.
        """
        states = self._all_units(self._incomplete(X))
        cooled = np.repeat(np.asarray(self.temperatures, "float64"), slowness)
        cooled = 2 - (2 - cooled) * (2 - coldest)  # from 2 down to the coldest
        return self._anneal(states, np.isnan(states), cooled.tolist())

    def sample(self, n_samples: int = 1, sweeps: int = 500) -> np.ndarray:
        """Rows that the machine believes in, (n_samples, features): its units turn on and off by chance.

        Args:
            n_samples: how many, each from a network of its own.
            sweeps: how often each unit may change.
        """
        validation.check_is_fitted(self)
        states = np.full((n_samples, len(self.biases_)), np.nan)
        return self._anneal(states, np.isnan(states), [1.0] * sweeps)

    @property
    def _title(self) -> Words:
        return CARD.title


def _encoder(seed: int = 0, quick: bool = False) -> Outcome:
    """A unit of each of two groups is on; the second group is completed from the first."""
    size, hidden = (4, 2) if quick else (40, 10)
    rows, groups = np.tile(np.eye(size), 2), [0] * size + [1] * size
    rate, epochs, copies, noise = (0.1, 400, 10, (0.05, 0.01)) if quick else (0.05, 1000, 4, (0.05, 0.002))
    machine = AnnealedBoltzmann(hidden, groups, rate, epochs, noise=noise, random_state=seed)
    machine.fit(np.repeat(rows, copies, axis=0))
    half = np.repeat(rows, 25, axis=0)
    expected = half.copy()
    half[:, size:] = np.nan
    right, at_once = (
        100 * float(np.mean((machine.complete(half, slowness, coldest=0.5) == expected).all(axis=1)))
        for slowness in ((10, 1) if quick else (1000, 10))
    )
    words = Words("% right when cooled much faster", "% de aciertos al enfriar mucho más rápido")
    return Outcome(figure=right, network=machine, details={words: at_once})


CARD = Card(
    title=Words("Annealed Boltzmann machine", "Máquina de Boltzmann con recocido"),
    year=1985,
    paper="Ackley, Hinton and Sejnowski, A learning algorithm for Boltzmann machines, 1985",
    family="energy",
    cells=("back-fed input", "probabilistic hidden"),
    summary=Words(
        "Units that turn on by chance, less and less as the network cools; it learns from how often two are "
        "on together, seeing and dreaming.",
        "Unidades que se encienden al azar, cada vez menos según se enfría la red; aprende de cuántas veces "
        "dos están encendidas a la vez, viendo y soñando.",
    ),
    network=AnnealedBoltzmann,
    experiment=Experiment(
        task=Words(
            "the 40-10-40 encoder, 1,000 completions", "el codificador 40-10-40, 1.000 patrones completados"
        ),
        measure=Words("% of patterns completed right", "% de patrones bien completados"),
        target=98.6,
        source=Words("Ackley et al., 1985, section 4.3", "Ackley et al., 1985, sección 4.3"),
        run=_encoder,
        quick_target=50.0,
    ),
)
