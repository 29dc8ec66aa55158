"""The liquid state machine: spikes make waves in a column of neurons, and a linear readout sees their cause.

Maass, Natschläger and Markram (Real-time computing without stable states: a new framework for neural
computation based on perturbations, Neural Computation 14, 2002). A liquid L of fixed, random neurons turns
spike trains u into states, and only a readout f, without memory, learns:

    x(t) = (L u)(t),                                                                (2002, equation 1)
    y(t) = f(x(t)).                                                                 (2002, equation 2)

Here as there, leaky integrate-and-fire neurons stand on a grid, a fifth of them inhibitory. Two at a distance
D are connected with probability C exp(-(D / reach)^2), where C depends on the kinds of both. Potentials are
millivolts above the reset, which the background current holds:

    v' = (-v + I) / 30 ms,   a firing where v > 1.5, then v = 0 for 3 ms (2 ms where inhibitory).

I is the sum of synaptic currents (nA, at 1 megaohm), which decay with 3 ms (6 ms of inhibitory neurons). The
synapses are dynamic (Markram, Wang and Tsodyks, Differential signaling via the same axon of neocortical
pyramidal neurons, PNAS 95, 1998): a spike releases A u R, where u facilitates and the resources R are used
up,

    u = U + u exp(-dt / F) (1 - U),    R = 1 + (R - R u - 1) exp(-dt / D)     dt after the last spike.

The state x(t) that the readout sees is the spikes of each neuron through exp(-t / 30 ms). The readout is a
ridge regression, solved in one pass (neurona/zoo/ridge.py).

Deviations. Steps are 1 ms, and so are all delays. U, D and F are the paper's means for each pair of kinds,
not drawn for each synapse; strengths A are drawn, from an exponential distribution of the paper's mean.
Potentials begin at the reset, not at random, so that equal inputs have equal states.
"""

from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError, DataError, warn
from neurona.layers import RNN, Dense, Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import BLUE, GRAY, VERMILLION, finish, new_figure, plain_axes
from neurona.random import randint
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier
from neurona.zoo.ridge import RidgeRule

__all__ = ["LiquidCell", "LiquidState", "jittered", "poisson_spikes", "spike_distance"]

# Of a synapse from a neuron of the first kind (0 excitatory, 1 inhibitory) to one of the second.
_CONNECTED = np.array([[0.3, 0.2], [0.4, 0.1]])  # C
_STRENGTH = np.array([[30.0, 60.0], [-19.0, -19.0]])  # A, nA
_USED = np.array([[0.5, 0.05], [0.25, 0.32]])  # U
_DEPRESSION = np.array([[1100.0, 125.0], [700.0, 144.0]])  # D, ms
_FACILITATION = np.array([[50.0, 1200.0], [20.0, 60.0]])  # F, ms

_THRESHOLD, _MEMBRANE = 1.5, 30.0  # mV above the reset, ms
_CURRENT = (3.0, 6.0)  # ms, of excitatory and of inhibitory synapses
_REFRACTORY = (3.0, 2.0)  # ms
_ROWS = 100  # of a step
_WATCHED = 40  # rows by which the rate of the liquid is judged
_SILENT, _SEIZED = 0.5, 150.0  # spikes a second


class LiquidCell(Layer):
    """One millisecond of a liquid of spiking neurons with dynamic synapses, all fixed.

    `RNN(LiquidCell())` is a layer for any model; layers after it learn. No gradient flows through it.

    Args:
        grid: how many neurons stand along each of three axes.
        reach: how far connections reach, in distances of neighbours; larger makes more of them.
        inhibitory: the share of inhibitory neurons.
        weight_scale: by which all strengths inside the liquid are multiplied.
        input_scale: the mean strength of a synapse of the inputs, in nA; half for inhibitory neurons.
        input_share: the share of neurons that an input reaches.
        tau: how long a spike is seen in the states, in steps.
        seed: an integer for the same liquid at every call.

    Shapes: spikes of the inputs (batch, features), states -> states of the liquid (batch, units), states;
        kernel (features, units), recurrent_kernel (units, units), the excitatory neurons first.

    Raises:
        ArgumentError: an argument is not of the kind above.

    Source: Maass, Natschläger and Markram, Real-time computing without stable states, 2002.

    Example:

        >>> from neurona.layers import RNN
        >>> RNN(LiquidCell((2, 2, 5), seed=0))(np.ones((3, 10, 4))).shape
        (3, 20)
    """

    kernel: Any
    recurrent_kernel: Any

    def __init__(
        self,
        grid: Sequence[int] = (3, 3, 15),
        reach: float = 2.0,
        inhibitory: float = 0.2,
        weight_scale: float = 1.0,
        input_scale: float = 18.0,
        input_share: float = 0.3,
        tau: float = 30.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if len(grid) != 3 or min(grid) < 1 or np.prod(grid) < 2:
            raise ArgumentError(
                f"LiquidCell: grid has three numbers of neurons, together 2 or more. Received: grid={grid}"
            )
        if not (reach > 0 and tau > 0 and 0 <= inhibitory < 1 and 0 < input_share <= 1):
            raise ArgumentError(
                "LiquidCell: reach and tau are above 0, inhibitory is from 0 and below 1, input_share is "
                f"above 0 and at most 1. Received: reach={reach}, tau={tau}, inhibitory={inhibitory}, "
                f"input_share={input_share}"
            )
        self.grid, self.reach, self.inhibitory, self.tau = tuple(grid), reach, inhibitory, tau
        self.weight_scale, self.input_scale, self.input_share = weight_scale, input_scale, input_share
        self.seed = seed
        self.units = self.output_size = int(np.prod(grid))
        self.excitatory = self.units - round(inhibitory * self.units)
        # The states: traces, potentials, refractory time left, currents of both kinds; then, for targets of
        # both kinds, how much synapses facilitate, and how much of their resources is used up.
        self.state_size = [self.units] * 5 + [2 * self.units] * 2

    def build(self, input_shape: Any) -> None:
        features, units = input_shape[-1], self.units
        rng = np.random.default_rng(int(randint((), 0, 2**31 - 1, seed=self.seed)))
        places = rng.permutation(np.stack(np.unravel_index(np.arange(units), self.grid), axis=1))
        apart = np.sum((places[:, None] - places[None]) ** 2, axis=2)
        kind = self._kinds()
        likely = _CONNECTED[kind[:, None], kind] * np.exp(-apart / self.reach**2)
        np.fill_diagonal(likely, 0)
        strengths = _STRENGTH[kind[:, None], kind] * rng.exponential(size=(units, units))
        inputs = np.where(kind == 0, 1.0, 0.5) * rng.exponential(size=(features, units))
        drawn = {
            "kernel": self.input_scale * inputs * (rng.random((features, units)) < self.input_share),
            "recurrent_kernel": self.weight_scale * strengths * (rng.random((units, units)) < likely),
        }
        for name, value in drawn.items():
            variable = self.add_weight(value.shape, "zeros", trainable=False, name=name)
            variable.assign(value.astype("float32"))
            setattr(self, name, variable)

    def _kinds(self) -> np.ndarray:
        """0 for each excitatory neuron, 1 for each inhibitory one."""
        return (np.arange(self.units) >= self.excitatory).astype(int)

    def call(self, inputs: jax.Array, states: Any) -> tuple[jax.Array, list[jax.Array]]:
        trace, v, refractory, excited, inhibited, *synapses = states
        kind = self._kinds()
        excited = excited + inputs @ self.kernel.value
        leak = np.exp(-1 / _MEMBRANE)
        v = jnp.where(refractory > 0, 0.0, leak * v + (1 - leak) * (excited + inhibited))
        fired = (v > _THRESHOLD).astype(v.dtype)
        v = v * (1 - fired)
        refractory = jnp.maximum(refractory - 1, 0) + fired * np.take(_REFRACTORY, kind)
        released, synapses = self._release(fired, synapses, kind)
        W, n = self.recurrent_kernel.value, self.excitatory
        received = [
            jnp.concatenate([r[:, part, 0] @ W[part, :n], r[:, part, 1] @ W[part, n:]], axis=1)
            for r, part in ((released, slice(0, n)), (released, slice(n, None)))
        ]
        excited, inhibited = (
            np.exp(-1 / tau) * current + new
            for tau, current, new in zip(_CURRENT, (excited, inhibited), received, strict=True)
        )
        trace = np.exp(-1 / self.tau) * trace + fired
        return trace, [trace, v, refractory, excited, inhibited, *synapses]

    def _release(self, fired: jax.Array, synapses: Any, kind: np.ndarray) -> tuple[jax.Array, Any]:
        """u R of each neuron that fires, for targets of both kinds, (batch, units, 2); and the states."""
        shape = (len(fired), self.units, 2)
        used = _USED[kind]
        facilitated = np.exp(-1 / _FACILITATION[kind]) * synapses[0].reshape(shape)
        spent = np.exp(-1 / _DEPRESSION[kind]) * synapses[1].reshape(shape)
        u = used + facilitated * (1 - used)
        released = fired[..., None] * u * (1 - spent)
        facilitated = jnp.where(fired[..., None] > 0, u, facilitated)
        return released, [part.reshape(len(fired), -1) for part in (facilitated, spent + released)]


class LiquidState(Classifier):
    """A liquid state machine that tells spike trains apart, by the state of the liquid at their end.

    Args:
        grid, reach, inhibitory, weight_scale, input_scale, input_share, tau: of the liquid, see `LiquidCell`.
        ridge: the penalty on the sum of squared weights of the readout; None chooses it by generalized
            cross-validation.
        random_state: an integer for the same liquid at every call.

    Attributes:
        classes_: the classes, sorted.
        ridge_: the penalty taken.
        rate_: spikes of a neuron in a second, the mean over rows.
        model_, history_, n_features_in_: as in `Estimator`.

    Warns:
        UserWarning: the liquid is nearly silent, or fires without end, and so can't tell inputs apart.

    Example:

        >>> templates = poisson_spikes(2, 200, 3, seed=0)
        >>> X = jittered(np.repeat(templates, 20, axis=0), 2.0, seed=1)
        >>> y = np.repeat(["one", "two"], 20)
        >>> LiquidState((2, 2, 10), random_state=0).fit(X, y).score(X, y)
        1.0
    """

    epochs = 1

    def __init__(
        self,
        grid: Sequence[int] = (3, 3, 15),
        reach: float = 2.0,
        inhibitory: float = 0.2,
        weight_scale: float = 1.0,
        input_scale: float = 18.0,
        input_share: float = 0.3,
        tau: float = 30.0,
        ridge: float | None = None,
        random_state: int | None = None,
    ) -> None:
        self.grid = grid
        self.reach = reach
        self.inhibitory = inhibitory
        self.weight_scale = weight_scale
        self.input_scale = input_scale
        self.input_share = input_share
        self.tau = tau
        self.ridge = ridge
        self.random_state = random_state

    def fit(self, X: Any, y: Any, **options: Any) -> Self:
        """Learn from spike trains.

        Args:
            X: (rows, time, features), how often each input spikes in each millisecond.
            y: a class for each row.
            options: further arguments of the model's `fit`.
        """
        super().fit(X, y, **options)
        self.ridge_ = float(self._rule.chosen.value)
        self.rate_ = float(1000 * self.spikes(np.asarray(X)[:_WATCHED]).mean())
        if not _SILENT <= self.rate_ <= _SEIZED:
            cure = ("raise", "lower")[self.rate_ > _SEIZED]
            warn(
                f"LiquidState: a neuron of the liquid fires {self.rate_:.3g} times a second, and from "
                f"{_SILENT} to {_SEIZED:g} times it tells inputs apart: {cure} "
                f"input_scale={self.input_scale}, or {cure} weight_scale={self.weight_scale}."
            )
        return self

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        spikes, y = _spike_trains(X), np.asarray(y)
        if y.shape != (len(spikes),):
            raise DataError(
                f"LiquidState: each row has a class. Received {len(spikes)} rows and y of shape {y.shape}."
            )
        validation.check_classification_targets(y)
        self.classes_, self.n_features_in_ = np.unique(y), spikes.shape[-1]
        if len(self.classes_) == 1:
            raise DataError(f"LiquidState: it needs two classes, and all rows are of {self.classes_[0]}.")
        return spikes, self._targets(y).astype("float32")

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return np.where(y[:, None] == self.classes_, 1.0, -1.0)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        self._batch_size = min(_ROWS, len(X))
        shape = self.grid, self.reach, self.inhibitory, self.weight_scale, self.input_scale
        liquid = RNN(LiquidCell(*shape, self.input_share, self.tau))
        model = Sequential([Input((None, X.shape[-1])), liquid, Dense(y.shape[1])])
        self._rule = RidgeRule(self.ridge)
        model.compile(rule=self._rule)
        return model

    def _rows(self, X: Any) -> np.ndarray:
        validation.check_is_fitted(self)
        spikes = _spike_trains(X)
        if spikes.shape[-1] != self.n_features_in_:
            raise DataError(
                f"LiquidState: X has {spikes.shape[-1]} features, but LiquidState is expecting "
                f"{self.n_features_in_} features as input."
            )
        return spikes

    def decision_function(self, X: Any) -> np.ndarray:
        """The output for each class; of two classes, half of the second's less the first's, (rows,)."""
        outputs = np.asarray(self.model_.predict(self._rows(X), batch_size=_ROWS, verbose=0))
        return (outputs[:, 1] - outputs[:, 0]) / 2 if len(self.classes_) == 2 else outputs

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row: that of the largest output."""
        found = self.decision_function(X)
        return self.classes_[(found > 0).astype(int) if found.ndim == 1 else found.argmax(axis=1)]

    def states(self, X: Any) -> np.ndarray:
        """The states of the liquid at each millisecond, (rows, time, units), the excitatory neurons first."""
        rows = self._rows(X)
        watched = Sequential([Input(rows.shape[1:]), RNN(self._cell, return_sequences=True)])
        return np.asarray(watched.predict(rows, batch_size=_ROWS, verbose=0))

    def spikes(self, X: Any) -> np.ndarray:
        """The spikes of the liquid, (rows, time, units): by how much a state is more than decayed."""
        return self._spikes_of(self.states(X))

    def _spikes_of(self, states: np.ndarray) -> np.ndarray:
        before = np.pad(states, ((0, 0), (1, 0), (0, 0)))[:, :-1]
        return np.round(states - np.exp(-1 / self.tau) * before)

    @property
    def _cell(self) -> LiquidCell:
        layers: Any = self.model_.layers
        return layers[0].cell

    def plot(
        self, x: Any = None, others: Any = None, language: str | None = None, to_file: Any = None
    ) -> Any:
        """Draw the raster of a row: spikes of the inputs, of excitatory neurons (blue) and of inhibitory ones
        (red). Below, how far apart its states and those of other rows are, at each millisecond.

        Args:
            x: the row, (time, features); random spikes by default.
            others: (rows, time, features).
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        x = poisson_spikes(1, 500, self.n_features_in_)[0] if x is None else np.asarray(x, "float32")
        rows = x[None] if others is None else np.concatenate([x[None], others])
        states = self.states(rows)
        heights = [1, 3, 2][: min(len(rows), 2) + 1]
        figure = new_figure("LiquidState.plot", 8, 1.1 * sum(heights), 120)
        panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        panels[0].scatter(*np.nonzero(x), s=20, marker="|", color=GRAY)
        panels[0].set_ylabel(Words("input", "entrada").of(language))
        times, neurons = np.nonzero(self._spikes_of(states[:1])[0])
        colours = np.where(neurons < self._cell.excitatory, BLUE, VERMILLION)
        panels[1].scatter(times, neurons, s=5, marker="|", color=colours)
        panels[1].set_ylabel(Words("neuron", "neurona").of(language))
        if others is not None:
            _draw_separation(panels[2], rows, states, language)
        panels[-1].set_xlabel("ms")
        for axes in panels:
            plain_axes(axes)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


def _draw_separation(axes: Any, rows: np.ndarray, states: np.ndarray, language: str | None) -> None:
    """How far the states of rows are from those of the first, over time."""
    for place, (row, state) in enumerate(zip(rows[1:], states[1:], strict=True), 1):
        label = f"d = {float(spike_distance(rows[0], row)):.1f}"
        apart = np.linalg.norm(state - states[0], axis=1)
        axes.plot(apart, color=VERMILLION, alpha=place / (len(rows) - 1), linewidth=1, label=label)
    axes.set_ylabel(Words("distance of states", "distancia de estados").of(language))
    axes.set_ylim(0, 1.3 * axes.get_ylim()[1])  # room for the legend
    axes.legend(frameon=False, fontsize=8, ncols=len(rows) - 1, loc="upper left")


def _spike_trains(X: Any) -> np.ndarray:
    """Spike trains, (rows, time, features).

    Raises:
        DataError: another number of dimensions, or no counts.
    """
    spikes = np.asarray(X, "float32")
    if spikes.ndim != 3:
        raise DataError(
            "LiquidState: X has the shape (rows, time, features): how often each input spikes in each "
            f"millisecond. Received shape {spikes.shape}."
        )
    wrong = np.argwhere(~((spikes >= 0) & (spikes == np.round(spikes)) & np.isfinite(spikes)))
    if len(wrong):
        raise DataError(
            "LiquidState: spikes are counts, 0 or 1 and more. Row, millisecond and feature "
            f"{tuple(wrong[0].tolist())} is {spikes[tuple(wrong[0])]}. The layers RateCoding and "
            "LatencyCoding make spikes of numbers."
        )
    return spikes


def poisson_spikes(rows: int, steps: int, features: int, rate: float = 20.0, seed: int = 0) -> np.ndarray:
    """Spikes at random times, (rows, steps, features), 1 where one falls on a millisecond.

    Args:
        rows, steps, features: how many.
        rate: spikes a second.
        seed: of the times.

    Example:

        >>> poisson_spikes(2, 1000, 3).shape
        (2, 1000, 3)
    """
    drawn = np.random.default_rng(seed).random((rows, steps, features))
    return (drawn < rate / 1000).astype("float32")


def jittered(spikes: np.ndarray, deviation: float, seed: int = 0) -> np.ndarray:
    """The same spikes, each moved by a normal number of steps; those moved over an edge stay on it.

    Args:
        spikes: (rows, steps, features).
        deviation: the standard deviation of the moves, in steps.
        seed: of the moves.

    Example:

        >>> jittered(np.eye(4)[None], 0.0)[0].argmax(axis=1).tolist()
        [0, 1, 2, 3]
    """
    rows, steps, features = np.nonzero(spikes)
    moves = np.random.default_rng(seed).normal(0, deviation, len(steps)) if len(steps) else np.zeros(0)
    moved = np.clip(np.round(steps + moves).astype(int), 0, spikes.shape[1] - 1)
    found = np.zeros_like(spikes, "float32")
    found[rows, moved, features] = 1
    return found


def spike_distance(one: np.ndarray, other: np.ndarray, tau: float = 5.0) -> np.ndarray:
    """How far apart spike trains are: the norm of the difference of both, each spike seen as exp(-t / tau).

    It is scaled so that a spike that only one train has counts 1/2 in the square, and two spikes t steps
    apart 1 - exp(-t / tau).

    Args:
        one, other: (..., steps, features).
        tau: in steps.

    Source: van Rossum, A novel spike distance, Neural Computation 13, 2001.

    Example:

        >>> round(float(spike_distance(np.eye(9)[:, :1], np.eye(9)[:, 5:6])), 3)  # 5 steps apart
        0.795
    """
    difference = np.asarray(one, "float64") - np.asarray(other, "float64")
    steps, keep = difference.shape[-2], np.exp(-1 / tau)
    held, total = np.zeros(difference.shape[:-2] + difference.shape[-1:]), 0.0
    for step in range(steps):
        held = keep * held + difference[..., step, :]
        total = total + np.sum(held**2, axis=-1)
    total = total + np.sum(held**2, axis=-1) * keep**2 / (1 - keep**2)  # what comes after the end
    return np.sqrt((1 - keep**2) / 2 * total)


def _separation(network: LiquidState, rows: np.ndarray, seed: int) -> float:
    """The rank correlation of the distance of inputs with the mean distance of the states they make."""
    others = [jittered(rows, deviation, seed) for deviation in (1, 2, 4, 8, 16, 32, 64)]
    before, *states = np.split(network.states(np.concatenate([rows, *others])), len(others) + 1)
    inputs = [spike_distance(rows, part) for part in others]
    states = [np.linalg.norm(part - before, axis=2).mean(axis=1) for part in states]
    ranks = [np.argsort(np.argsort(np.ravel(part))) for part in (inputs, states)]
    correlations: Any = np.corrcoef(ranks)
    return float(correlations[0, 1])


def _templates_told_apart(seed: int = 0, quick: bool = False) -> Outcome:
    """Which of five random spike patterns it was, with every spike moved by some 4 milliseconds."""
    steps, copies, grid, runs = (150, 30, (2, 2, 10), 1) if quick else (500, 120, (3, 3, 15), 10)
    scores, rates, separations = [], [], []
    network, templates = LiquidState(), np.zeros(0)
    for run in range(seed, seed + runs):
        templates = poisson_spikes(5, steps, 4, seed=run)
        X, y = jittered(np.repeat(templates, copies, axis=0), 4.0, run), np.repeat(np.arange(5), copies)
        learned = np.arange(len(y)) % 3 > 0
        network = LiquidState(grid, random_state=run).fit(X[learned], y[learned])
        scores.append(network.score(X[~learned], y[~learned]))
        rates.append(network.rate_)
        separations.append(_separation(network, templates, run))
    others = np.concatenate([jittered(templates[:1], deviation, seed) for deviation in (2, 8, 32)])
    return Outcome(
        figure=float(np.mean(scores)),
        network=network,
        details={
            Words("lowest of the runs", "la menor de las pruebas"): min(scores),
            Words("spikes of a neuron in a second", "impulsos de una neurona por segundo"): float(
                np.mean(rates)
            ),
            Words(
                "rank correlation of distances of inputs and of states",
                "correlación de rangos de las distancias de entradas y de estados",
            ): float(np.mean(separations)),
        },
        shown={"x": templates[0], "others": others},
    )


CARD = Card(
    title=Words("Liquid state machine", "Máquina de estado líquido"),
    year=2002,
    paper="Maass, Natschläger and Markram, Real-time computing without stable states, 2002",
    family="reservoirs",
    cells=("input", "spiking hidden", "output"),
    summary=Words(
        "Spikes make waves in a column of fixed, random spiking neurons; a linear readout, solved in one "
        "pass, tells from the state what came in.",
        "Los impulsos levantan ondas en una columna de neuronas fijas y aleatorias; una salida lineal, "
        "resuelta en una pasada, dice por el estado qué entró.",
    ),
    network=LiquidState,
    experiment=Experiment(
        task=Words(
            "five Poisson spike templates of 500 ms, spikes jittered by 4 ms; 135 neurons, 10 liquids",
            "cinco patrones de impulsos de Poisson de 500 ms, movidos unos 4 ms; 135 neuronas, 10 líquidos",
        ),
        measure=Words("share of right test rows", "proporción de filas de prueba acertadas"),
        target=0.95,
        source=Words("asked of the readout, chance is 0.2", "pedido a la salida; al azar es 0,2"),
        run=_templates_told_apart,
        quick_target=0.8,
    ),
)
