"""The echo state network: a recurrent network of which only the readout learns.

Jaeger (The "echo state" approach to analysing and training recurrent neural networks, GMD report 148, 2001).
A reservoir of N units with random, fixed weights is driven by inputs u and, where it generates a signal, by
its own outputs y, fed back:

    x(n) = (1 - leak) x(n-1) + leak * tanh(W x(n-1) + W_in u(n) + W_back y(n-1) + b)
    y(n) = W_out x(n) + b_out

While it learns, the targets stand in for the outputs that are fed back. So the states are known, and W_out is
a linear regression, solved in one pass (neurona/zoo/ridge.py). After that the network runs free.

A reservoir has the echo state property if its states forget how they began. For a spectral radius of W of 1
or more they do not where the input is 0 (2001, proposition 3); whether they do for the signal at hand is
tested when learning begins.

Deviations. Jaeger's units have a time constant C and a decay a: x(n) = (1 - C a) x(n-1) + C tanh(...). Here
leak is C a, the states are a times his, and W is 1 / a times his, which changes no output. Each unit is
reached by a fixed number of others (Lukosevicius, A practical guide to applying echo state networks, 2012),
so that a step costs N times that number. They are those at some distances d along the ring of all units, the
same for every unit, so that a step adds up shifted copies of the states:

    (W x)_i = sum over k of w_ki x_(i + d_k).

The distances and all weights are random. States have 32 bits: that noise of 1e-7 does what Jaeger's noise of
1e-5 did, it keeps the free run near the attractor.
"""

from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError, DataError, optional_import, warn
from neurona.layers import RNN, Dense, Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import BLUE, VERMILLION, finish, new_figure, plain_axes
from neurona.random import randint
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, as_sequences, base
from neurona.zoo.ridge import RidgeRule

__all__ = ["EchoState", "ReservoirCell", "mackey_glass", "narma"]

_DENSE = 300  # units up to which all eigenvalues are computed
_FORGOTTEN = 1e-3  # how far apart states may be after the washout, of 1 at first


def advance(x: jax.Array, u: jax.Array, weights: Sequence[jax.Array], leak: Any) -> jax.Array:
    """The states of a reservoir after a step: x (batch, units) and u (batch, features) -> (batch, units)."""
    kernel, recurrent, bias, distances = weights
    received, twice = u @ kernel + bias, jnp.concatenate([x, x], axis=1)
    for number in range(len(recurrent)):
        shifted = jax.lax.dynamic_slice_in_dim(twice, distances[number], x.shape[1], axis=1)
        received = received + shifted * recurrent[number]
    return (1 - leak) * x + leak * jnp.tanh(received)


class ReservoirCell(Layer):
    """One step of a reservoir: x(n) = (1 - leak) x(n-1) + leak tanh(W x(n-1) + W_in u(n) + b), all fixed.

    `RNN(ReservoirCell(100))` is a layer for any model; layers after it learn, by gradients or by a rule.

    Args:
        units: how many.
        spectral_radius: of W, the largest absolute eigenvalue.
        leak: the share of the new in a state, above 0 and at most 1.
        input_scale: weights of inputs are uniform from -input_scale to it; or one for each input.
        bias_scale: the same for biases.
        connections: how many other units reach a unit.
        seed: an integer for the same weights at every call.

    Shapes: inputs (batch, features), the state (batch, units) -> (batch, units), the state; kernel (features,
        units), recurrent_kernel (connections, units) from the units at the `distances`, bias (units,).

    Raises:
        ArgumentError: leak is not above 0 and at most 1, or a unit has no connection.

    Source: Jaeger, The "echo state" approach to analysing and training recurrent neural networks, 2001.

    Example:

        >>> from neurona.layers import RNN
        >>> RNN(ReservoirCell(20, seed=0), return_sequences=True)(np.ones((2, 7, 3))).shape
        (2, 7, 20)
    """

    kernel: Any
    recurrent_kernel: Any
    bias: Any

    def __init__(
        self,
        units: int,
        spectral_radius: float = 0.9,
        leak: float = 1.0,
        input_scale: float | Sequence[float] = 1.0,
        bias_scale: float = 0.2,
        connections: int = 10,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 < leak <= 1:
            raise ArgumentError(f"ReservoirCell: leak is above 0 and at most 1. Received: leak={leak}")
        if connections < 1:
            raise ArgumentError(
                f"ReservoirCell: a unit needs 1 connection or more. Received: connections={connections}"
            )
        self.units = self.state_size = self.output_size = units
        self.spectral_radius, self.leak = spectral_radius, leak
        self.input_scale, self.bias_scale = input_scale, bias_scale
        self.connections, self.seed = connections, seed

    def build(self, input_shape: Any) -> None:
        features, units = input_shape[-1], self.units
        rng = np.random.default_rng(int(randint((), 0, 2**31 - 1, seed=self.seed)))
        width = min(self.connections, units)
        distances = rng.choice(units, width, replace=False)
        recurrent = rng.uniform(-1, 1, (width, units))
        recurrent *= self.spectral_radius / (largest_eigenvalue(distances, recurrent) or 1.0)
        scale = np.broadcast_to(np.asarray(self.input_scale, "float32"), (features,))
        drawn = {
            "kernel": rng.uniform(-1, 1, (features, units)) * scale[:, None],
            "recurrent_kernel": recurrent,
            "bias": rng.uniform(-1, 1, units) * self.bias_scale,
        }
        for name, value in drawn.items():
            setattr(self, name, self._fixed(name, value.astype("float32")))
        self.distances = self._fixed("distances", distances.astype("int32"))

    def _fixed(self, name: str, value: np.ndarray) -> Any:
        variable = self.add_weight(value.shape, "zeros", dtype=str(value.dtype), trainable=False, name=name)
        variable.assign(value)
        return variable

    def weights_of_step(self) -> tuple[jax.Array, ...]:
        """What `advance` takes."""
        return tuple(one.value for one in (self.kernel, self.recurrent_kernel, self.bias, self.distances))

    def call(self, inputs: jax.Array, states: Any) -> tuple[jax.Array, list[jax.Array]]:
        x = advance(states[0], inputs, self.weights_of_step(), self.leak)
        return x, [x]


def largest_eigenvalue(distances: np.ndarray, weights: np.ndarray) -> float:
    """The spectral radius of the matrix of which row i has `weights[k, i]` in column i + `distances[k]`, to a
    thousandth.
    """
    width, units = weights.shape
    columns = (np.arange(units)[:, None] + distances) % units
    if units > _DENSE:
        sparse = optional_import("scipy.sparse", extra="zoo", purpose="ReservoirCell")
        linalg = optional_import("scipy.sparse.linalg", extra="zoo", purpose="ReservoirCell")
        starts = np.arange(units + 1) * width
        matrix = sparse.csr_matrix((weights.T.ravel(), columns.ravel(), starts), shape=(units, units))
        # Several, because those at the edge of the spectrum lie close together, and one alone may be missed.
        options = {"k": 6, "ncv": 60, "tol": 1e-3, "maxiter": 1000, "return_eigenvectors": False}
        try:
            return float(np.abs(linalg.eigs(matrix, v0=np.ones(units), **options)).max())
        except linalg.ArpackNoConvergence:
            pass
    dense = np.zeros((units, units))
    np.put_along_axis(dense, columns, weights.T, axis=1)
    return float(np.abs(np.linalg.eigvals(dense)).max())


@jax.jit
def _driven(weights: Any, readout: Any, leak: Any, inputs: jax.Array, known: Any) -> jax.Array:
    """Outputs (time, batch, outputs) of a network that feeds back: `known` is (values, whether each step has
    one) of the outputs before each step, in the place of which the network's own are taken.
    """

    def step(held: tuple[jax.Array, jax.Array], now: Any) -> Any:
        (x, y), (u, (value, given)) = held, now
        x = advance(x, jnp.concatenate([u, jnp.where(given, value, y)], axis=1), weights, leak)
        y = x @ readout[0] + readout[1]
        return (x, y), y

    values = known[0]
    start = jnp.zeros((values.shape[1], len(weights[2]))), jnp.zeros(values.shape[1:])
    return jax.lax.scan(step, start, (inputs, known))[1]


class EchoState(base.RegressorMixin, Estimator):
    """An echo state network. `fit(X, y)` learns the target of each step from the inputs until then;
    `fit(series)` learns to go on with a series, which `generate` then does.

    Args:
        units, spectral_radius, leak, input_scale, bias_scale, connections: of the reservoir, see
            `ReservoirCell`.
        feedback: whether outputs are fed back beside inputs. Without inputs they always are.
        feedback_scale: as `input_scale`, for outputs fed back.
        ridge: the penalty on the sum of squared weights of the readout; None chooses it by generalized
            cross-validation.
        washout: how many first steps of each sequence teach nothing, until the reservoir forgot its start.
        random_state: an integer for the same weights at every call.

    Attributes:
        ridge_: the penalty taken.
        target_ndim_: how many dimensions the targets had.
        forgetting_: how far apart states that began at 0 and at random are after the washout, of 1 at first.
        tail_: the last 1,000 steps of the first sequence of targets.
        feeds_back_: whether outputs are fed back.
        model_, history_, n_features_in_: as in `Estimator`.

    Warns:
        UserWarning: the reservoir does not forget its start within the washout; or the readout is singular.

    Example:

        >>> wave = np.sin(np.arange(400) * 0.3)
        >>> network = EchoState(50, random_state=0).fit(wave)
        >>> bool(np.abs(network.generate(20, wave) - np.sin(np.arange(400, 420) * 0.3)).max() < 0.01)
        True
    """

    epochs = 1

    def __init__(
        self,
        units: int = 400,
        spectral_radius: float = 0.9,
        leak: float = 1.0,
        input_scale: float = 1.0,
        bias_scale: float = 0.2,
        connections: int = 10,
        feedback: bool = False,
        feedback_scale: float = 1.0,
        ridge: float | None = None,
        washout: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.spectral_radius = spectral_radius
        self.leak = leak
        self.input_scale = input_scale
        self.bias_scale = bias_scale
        self.connections = connections
        self.feedback = feedback
        self.feedback_scale = feedback_scale
        self.ridge = ridge
        self.washout = washout
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from sequences.

        Args:
            X: (time,), (time, features) or (sequences, time, features): inputs; without `y` the series.
            y: the target of each step.
            options: further arguments of the model's `fit`.
        """
        super().fit(X, y, **options)
        self.ridge_ = float(self._rule.chosen.value)
        condition = float(self._rule.condition.value)
        if self.ridge == 0 and condition < 1e-6:
            warn(
                f"EchoState: the readout is singular: its smallest singular value is {condition:.1g} of the "
                "largest. Steps are fewer than units, or units alike. Take ridge=None, which chooses one."
            )
        return self

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        targets = as_sequences("EchoState", X if y is None else y, "y")
        inputs = targets[..., :0] if y is None else as_sequences("EchoState", X, "X")
        if inputs.shape[:2] != targets.shape[:2]:
            raise DataError(
                f"EchoState: each step has a target. Received {inputs.shape[1]} steps in X and "
                f"{targets.shape[1]} in y, of {inputs.shape[0]} and {targets.shape[0]} sequences."
            )
        if targets.shape[1] <= self.washout:
            raise DataError(
                f"EchoState: after a washout of {self.washout} steps nothing is left of sequences of "
                f"{targets.shape[1]}. Give longer ones, or a smaller washout."
            )
        self.n_features_in_, self.feeds_back_ = inputs.shape[-1], self.feedback or y is None
        self.target_ndim_, self.tail_ = np.ndim(X if y is None else y), targets[0, -1000:]
        return (_with_previous(inputs, targets) if self.feeds_back_ else inputs), targets

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        self._batch_size = len(X)
        fed_back = X.shape[-1] - self.n_features_in_
        scales = [self.input_scale] * self.n_features_in_ + [self.feedback_scale] * fed_back
        shape = self.spectral_radius, self.leak, scales, self.bias_scale, self.connections
        reservoir = RNN(ReservoirCell(self.units, *shape), return_sequences=True)
        model = Sequential([Input((None, X.shape[-1])), reservoir, Dense(y.shape[-1])])
        self._rule = RidgeRule(self.ridge, self.washout)
        model.compile(rule=self._rule)
        self._watch_forgetting(reservoir, X[:1, : self.washout])
        return model

    def _watch_forgetting(self, reservoir: Any, begin: np.ndarray) -> None:
        """Warn where states that began apart are still apart after the washout."""
        self.forgetting_ = 0.0
        if not self.washout:
            return
        apart = np.random.default_rng(0).choice([-1.0, 1.0], (1, self.units))
        states = np.concatenate([np.zeros_like(apart), apart]).astype("float32")
        last = np.asarray(reservoir(np.repeat(begin, 2, axis=0), initial_state=[states]))[:, -1]
        self.forgetting_ = float(np.sqrt(np.mean((last[0] - last[1]) ** 2)))
        if self.forgetting_ > _FORGOTTEN:
            warn(
                f"EchoState: states that began apart still differ by {self.forgetting_:.1g} after the "
                f"washout of {self.washout} steps: the reservoir has no echo state property for these "
                "inputs, or forgets slowly, and what it says depends on how it began. Lower "
                f"spectral_radius={self.spectral_radius}, or raise washout."
            )

    def predict(self, X: Any, start: Any = None) -> np.ndarray:
        """The output of each step of inputs, of the shape of the targets.

        Args:
            X: as in `fit`.
            start: for a network that feeds back, the known targets of the first steps; none by default.
        """
        validation.check_is_fitted(self)
        inputs = as_sequences("EchoState", X, "X")
        if inputs.shape[-1] != self.n_features_in_:
            raise DataError(
                f"EchoState: X has {inputs.shape[-1]} features, but EchoState is expecting "
                f"{self.n_features_in_} features as input."
            )
        if not self.feeds_back_:
            return self._shaped(np.asarray(self.model_.predict(inputs, verbose=0)), X)
        known = (
            np.zeros((len(inputs), 0, self.tail_.shape[1]))
            if start is None
            else as_sequences("EchoState", start, "start")
        )
        return self._shaped(self._free_run(inputs, known), X)

    def generate(self, steps: int, start: Any = None) -> np.ndarray:
        """How the network goes on with a series for so many steps.

        Args:
            steps: how many.
            start: (time,), (time, outputs) or (sequences, time, outputs): what is known of the series; by
                default the end of what was learned. It should be longer than the washout.
        """
        validation.check_is_fitted(self)
        if self.n_features_in_:
            raise ArgumentError(
                f"EchoState: it learned with {self.n_features_in_} features as inputs: give them to predict."
            )
        start = self.tail_ if start is None else start
        known = as_sequences("EchoState", start, "start")
        inputs = np.zeros((len(known), known.shape[1] + steps, 0))
        return self._shaped(self._free_run(inputs, known)[:, known.shape[1] :], start)

    def _free_run(self, inputs: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Outputs of each step, of which those fed back are known at first."""
        steps, length = inputs.shape[1], min(known.shape[1], inputs.shape[1])
        values = np.zeros((len(inputs), steps + 1, self.tail_.shape[1]), "float32")
        values[:, 1 : length + 1] = known[:, :length]  # the output before step n
        given = np.arange(steps) <= length
        layers: Any = self.model_.layers
        cell, readout = layers[0].cell, layers[-1]
        outputs = _driven(
            cell.weights_of_step(),
            (readout.kernel.value, readout.bias.value),
            cell.leak,
            np.swapaxes(inputs, 0, 1).astype("float32"),
            (np.swapaxes(values[:, :-1], 0, 1), given),
        )
        return np.swapaxes(np.asarray(outputs), 0, 1)

    def _shaped(self, outputs: np.ndarray, given: Any) -> np.ndarray:
        """Several sequences where several were given; of one, outputs in the form of the targets."""
        if np.ndim(given) == 3:
            return outputs
        return outputs[0, :, 0] if self.target_ndim_ == 1 else outputs[0]

    def plot(
        self,
        start: Any = None,
        truth: Any = None,
        delay: int = 17,
        language: str | None = None,
        to_file: Any = None,
    ) -> Any:
        """Draw how the network goes on with a series, and the orbit of the series beside its own delayed.

        Args:
            start: what is known of the series, as for `generate`; for a network with inputs, the inputs.
            truth: how the series goes on; by default 500 steps are drawn alone.
            delay: of the orbit.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        steps = 500 if truth is None else len(truth)
        made = np.asarray(self.predict(start) if self.n_features_in_ else self.generate(steps, start))
        made = made.reshape(len(made), -1)[:, 0]
        figure = new_figure("plot", 9, 3.6, 120)
        line, orbit = figure.subplots(1, 2, width_ratios=[2, 1])
        if truth is not None:
            line.plot(np.ravel(truth), color=BLUE, label=Words("series", "serie").of(language))
        line.plot(made, color=VERMILLION, linestyle="--", label=Words("network", "red").of(language))
        line.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 0.98), ncols=2)
        line.set_xlabel(Words("step", "paso").of(language))
        orbit.plot(made[:-delay], made[delay:], color=VERMILLION, linewidth=0.8)
        orbit.set_xlabel("y(n)")
        orbit.set_ylabel(f"y(n + {delay})")
        for axes in (line, orbit):
            plain_axes(axes)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


def _with_previous(inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Inputs, and the target of the step before beside them, 0 before the first."""
    previous = np.concatenate([np.zeros_like(targets[:, :1]), targets[:, :-1]], axis=1)
    return np.concatenate([inputs, previous], axis=-1)


def mackey_glass(steps: int, tau: float = 17.0, step: float = 0.1, seed: int = 0) -> np.ndarray:
    """The Mackey-Glass series at times 1, 2, ...: y' = 0.2 y(t - tau) / (1 + y(t - tau)**10) - 0.1 y.

    By Euler's method, from a random past around 1.2, after 1,000 time units that are left out.

    Args:
        steps: how many.
        tau: the delay; from 17 on the series is chaotic.
        step: of Euler's method, in time units.
        seed: of the past.

    Source: Mackey and Glass, Oscillation and chaos in physiological control systems, Science 197, 1977.

    Example:

        >>> mackey_glass(3).shape
        (3,)
    """
    every, delay = round(1 / step), round(tau / step)
    past = 1.2 + 0.2 * (np.random.default_rng(seed).random(delay + 1) - 0.5)
    y = past.tolist()
    for n in range(delay, delay + (steps + 1000) * every):
        y.append(y[n] + step * (0.2 * y[n - delay] / (1 + y[n - delay] ** 10) - 0.1 * y[n]))
    return np.array(y[delay + 1001 * every :: every])[:steps]


def narma(steps: int, order: int = 10, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Inputs u, uniform from 0 to 0.5, and the nonlinear moving average y that follows from them:

    y(n+1) = 0.3 y(n) + 0.05 y(n) (sum of the last `order` y) + 1.5 u(n - order + 1) u(n) + 0.1.

    Args:
        steps: how many.
        order: how long the memory is.
        seed: of u.

    Source: Atiya and Parlos, New results on recurrent network training, 2000.

    Example:

        >>> [part.shape for part in narma(50)]
        [(50,), (50,)]
    """
    u = np.random.default_rng(seed).uniform(0, 0.5, steps)
    y = np.zeros(steps)
    for n in range(order - 1, steps - 1):
        y[n + 1] = (
            0.3 * y[n] + 0.05 * y[n] * y[n - order + 1 : n + 1].sum() + 1.5 * u[n - order + 1] * u[n] + 0.1
        )
    return u, y


def normalized_error(wanted: np.ndarray, found: np.ndarray, variance: float) -> float:
    """The root of the mean squared error over the variance."""
    return float(np.sqrt(np.mean((wanted - found) ** 2) / variance))


def _free_run_error(network: EchoState, raw: np.ndarray, starts: int) -> float:
    """NRMSE84: the error 84 steps after 1,000 that were known, over the variance of the series."""
    pieces = raw[: starts * 1100].reshape(starts, 1100)
    made = network.generate(84, np.tanh(pieces[:, :1000] - 1)[..., None])
    back = np.arctanh(np.clip(np.reshape(made, (starts, 84))[:, -1], -0.999999, 0.999999)) + 1
    return normalized_error(pieces[:, 1083], back, raw.var())


def _mackey_glass_freely(seed: int = 0, quick: bool = False) -> Outcome:
    units, steps, starts = (300, 2000, 5) if quick else (1000, 10_000, 50)
    raw = mackey_glass(steps + starts * 1100, seed=seed)
    series = np.tanh(raw - 1)
    network = EchoState(units, leak=0.44, ridge=1e-9, washout=500 if quick else 1000, random_state=seed)
    network.fit(series[:steps])
    details = {}
    if not quick:
        small = EchoState(
            400, 0.875, 0.396, feedback_scale=0.56, ridge=1e-11, washout=1000, random_state=seed
        )
        details[Words("NRMSE84 of Jaeger's 400 units", "NRMSE84 de las 400 unidades de Jaeger")] = (
            _free_run_error(small.fit(series[:3000]), raw[steps:], starts)
        )
        u, y = narma(12_000, seed=seed)
        memory = EchoState(1000, input_scale=0.2, ridge=1e-8, random_state=seed).fit(u[:10_000], y[:10_000])
        error = normalized_error(y[10_000:], memory.predict(u)[10_000:], y[10_000:].var())
        details[Words("NRMSE of NARMA-10", "NRMSE de NARMA-10")] = error
    return Outcome(
        figure=_free_run_error(network, raw[steps:], starts),
        network=network,
        details=details,
        shown={"start": series[steps : steps + 1000], "truth": series[steps + 1000 : steps + 1500]},
    )


CARD = Card(
    title=Words("Echo state network", "Red de estados de eco"),
    year=2001,
    paper='Jaeger, The "echo state" approach to analysing and training recurrent neural networks, 2001',
    family="reservoirs",
    cells=("input", "recurrent", "output"),
    summary=Words(
        "A recurrent network with fixed random weights echoes its inputs; only a linear readout is learned, "
        "in one pass.",
        "Una red recurrente de pesos aleatorios fijos hace eco de sus entradas; solo se aprende una salida "
        "lineal, en una pasada.",
    ),
    network=EchoState,
    experiment=Experiment(
        task=Words(
            "Mackey-Glass series, tau = 17, free run of 84 steps after 1,000 known, 50 starts; 1,000 units",
            "serie de Mackey-Glass, tau = 17, marcha libre de 84 pasos tras 1000 conocidos, 50 comienzos; "
            "1000 unidades",
        ),
        measure=Words(
            "error of step 84 over the spread of the series (NRMSE84)",
            "error del paso 84 entre la dispersión de la serie (NRMSE84)",
        ),
        target=0.00028,
        source=Words("Jaeger, 2001, 400 units, best setting", "Jaeger, 2001, 400 unidades, mejor ajuste"),
        run=_mackey_glass_freely,
        quick_target=0.02,
        lower=True,
    ),
)
