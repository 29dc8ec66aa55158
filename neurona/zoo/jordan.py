"""The Jordan network: outputs are fed back to units that remember them, and a plan says which sequence.

Jordan (Attractor dynamics and parallelism in a connectionist sequential machine, Proceedings of the Cognitive
Science Society 8, 1986; Serial order: a parallel distributed processing approach, ICS report 8604, 1986). The
state units s hold the outputs y of the past, fading by the factor mu at each step; a plan p is the same for
all steps of a sequence, and chooses it:

    s(t) = mu s(t-1) + y(t-1),     h(t) = f(W p + U s(t) + b),     y(t) = g(V h(t) + c).

While it learns, the wanted outputs stand in for those that are fed back (teacher forcing). So s(t) is known,
and a step learns like one of a network without a past. After that the network runs freely.

The experiment is the square (1986): four corners in a cycle, here in both directions, one for each plan. The
network learns the cycle alone, and yet comes back to it from anywhere: the cycle is an attractor.

Deviations. All steps of a batch learn together, by Adam; Jordan's network learns after every step, by plain
gradient descent.
"""

from typing import Any

import jax
import numpy as np

from neurona import activations
from neurona.errors import ArgumentError, DataError
from neurona.layers import RNN, Input, Layer
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.plotting.figure import GRAY, finish, new_figure, plain_axes
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, as_sequences
from neurona.zoo.pictures import COLOURS

__all__ = ["Jordan", "JordanCell"]

_CORNERS = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]])


class JordanCell(Layer):
    """One step of a Jordan network: s' = decay s + y, h = activation(W x + U s' + b), y' = g(V h + c).

    `RNN(JordanCell(2, 8), return_sequences=True)` is a layer for any model.

    Args:
        units: how many outputs.
        hidden_units: how many hidden units.
        decay: mu, what is left of the past in the state at each step, from 0 to below 1.
        activation: f, of the hidden units; a name or function.
        output_activation: g, of the outputs.
        teacher_forcing: whether the last `units` features of the inputs are the outputs wanted at the step
            before. In training they are fed back in the place of the network's own; else they are not read.

    Shapes: x (batch, features), and `units` features more with teacher forcing; the states y and s, both
        (batch, units) -> y', the states; kernel (features, hidden_units), state_kernel (units, hidden_units),
        bias (hidden_units,), output_kernel (hidden_units, units), output_bias (units,).

    Raises:
        ArgumentError: decay is not from 0 to below 1.

    Source: Jordan, Attractor dynamics and parallelism in a connectionist sequential machine, 1986.

    Example:

        >>> from neurona.layers import RNN
        >>> RNN(JordanCell(2, 8), return_sequences=True)(np.ones((5, 7, 3))).shape
        (5, 7, 2)
    """

    def __init__(
        self,
        units: int,
        hidden_units: int,
        decay: float = 0.5,
        activation: Any = "sigmoid",
        output_activation: Any = "sigmoid",
        teacher_forcing: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 <= decay < 1:
            raise ArgumentError(f"JordanCell: decay is from 0 to below 1. Received: decay={decay}")
        self.units = self.output_size = units
        self.state_size = [units, units]
        self.hidden_units, self.decay, self.teacher_forcing = hidden_units, decay, teacher_forcing
        self.activation = activations.get(activation)
        self.output_activation = activations.get(output_activation)

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1] - (self.units if self.teacher_forcing else 0)
        self.kernel = self.add_weight((features, self.hidden_units), name="kernel")
        self.state_kernel = self.add_weight((self.units, self.hidden_units), name="state_kernel")
        self.bias = self.add_weight((self.hidden_units,), "zeros", name="bias")
        self.output_kernel = self.add_weight((self.hidden_units, self.units), name="output_kernel")
        self.output_bias = self.add_weight((self.units,), "zeros", name="output_bias")

    def call(
        self, inputs: jax.Array, states: Any, training: bool = False
    ) -> tuple[jax.Array, list[jax.Array]]:
        output, memory = states
        if self.teacher_forcing:
            inputs, wanted = inputs[..., : -self.units], inputs[..., -self.units :]
            output = wanted if training else output
        memory = self.decay * memory + output
        received = inputs @ self.kernel.value + memory @ self.state_kernel.value + self.bias.value
        hidden = self.activation(received)
        output = self.output_activation(hidden @ self.output_kernel.value + self.output_bias.value)
        return output, [output, memory]


class Jordan(Estimator):
    """A Jordan network, which learns a sequence for each plan.

    Args:
        hidden_units: how many.
        decay: mu, what is left of past outputs in the state at each step, from 0 to below 1.
        teacher_forcing: whether the wanted outputs are fed back while it learns, and not its own.
        output_activation: of the outputs: `"sigmoid"` for values from 0 to 1, or such as `"linear"`.
        learning_rate: of Adam.
        epochs: how often the sequences are gone through.
        batch_size: how many sequences are learned in a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        steps_: how many steps the sequences had.
        model_, history_, n_features_in_: as in `Estimator`.

    Source: Jordan, Attractor dynamics and parallelism in a connectionist sequential machine, 1986.

    Example:

        >>> sequences = np.array([[1, 0, 1, 0, 1, 0], [1, 1, 1, 1, 1, 1]])[..., None]
        >>> network = Jordan(8, learning_rate=0.05, epochs=400, random_state=0)
        >>> network.fit([[0], [1]], sequences).predict([[0], [1]])[..., 0].round().tolist()
        [[1.0, 0.0, 1.0, 0.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]
    """

    def __init__(
        self,
        hidden_units: int = 10,
        decay: float = 0.5,
        teacher_forcing: bool = True,
        output_activation: str = "sigmoid",
        learning_rate: float = 0.01,
        epochs: int = 1000,
        batch_size: int = 32,
        random_state: int | None = None,
    ) -> None:
        self.hidden_units = hidden_units
        self.decay = decay
        self.teacher_forcing = teacher_forcing
        self.output_activation = output_activation
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        if y is None:
            raise DataError("Jordan: fit(X, y) needs y, the sequence of each plan of X.")
        targets = as_sequences("Jordan", y, "y")
        X = validation.validate_data(self, X, dtype="float32")
        if len(X) != len(targets):
            raise DataError(
                f"Jordan: each plan has its sequence. Received {len(X)} plans in X and {len(targets)} "
                "sequences in y."
            )
        if self.output_activation == "sigmoid" and not 0 <= targets.min() <= targets.max() <= 1:
            raise DataError(
                f"Jordan: outputs of sigmoids are from 0 to 1. Received sequences from {targets.min():g} to "
                f"{targets.max():g}: scale them, or take output_activation='linear'."
            )
        self.steps_ = targets.shape[1]
        before = np.concatenate([np.zeros_like(targets[:, :1]), targets[:, :-1]], axis=1)
        return self._inputs(X, before), targets

    def _inputs(self, plans: np.ndarray, before: np.ndarray) -> np.ndarray:
        """The plan at each step, and the outputs before it."""
        plans = np.repeat(plans[:, None], before.shape[1], axis=1)
        return np.concatenate([plans, before], axis=-1) if self.teacher_forcing else plans

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        self._batch_size = min(len(X), self.batch_size)
        cell = JordanCell(
            y.shape[-1],
            self.hidden_units,
            self.decay,
            output_activation=self.output_activation,
            teacher_forcing=self.teacher_forcing,
        )
        model = Sequential([Input((None, X.shape[-1])), RNN(cell, return_sequences=True)])
        model.compile(Adam(self.learning_rate), "mse")
        return model

    def predict(self, X: Any, steps: int | None = None, start: Any = None) -> np.ndarray:
        """The sequences of plans, (plans, steps, outputs), in which the network follows its own outputs.

        Args:
            X: a plan in each row.
            steps: how many; by default as many as were learned.
            start: (time,), (time, outputs), or (plans, time, outputs): outputs that came before; by default
                none.
        """
        plans = self._rows(X)
        layer: Any = self.model_.layers[-1]
        outputs = layer.cell.units
        known = np.zeros((1, 0, outputs)) if start is None else as_sequences("Jordan", start, "start")
        if known.shape[-1] != outputs or len(known) not in (1, len(plans)):
            raise DataError(
                f"Jordan: start has a sequence of {outputs} outputs for all plans, or one for each of the "
                f"{len(plans)}. Received shape {known.shape}."
            )
        output = memory = np.zeros((len(known), outputs), "float32")
        for values in np.swapaxes(known, 0, 1):
            output, memory = values, self.decay * memory + output
        states = [np.broadcast_to(state, (len(plans), outputs)) for state in (output, memory)]
        unread = np.zeros((len(plans), self.steps_ if steps is None else steps, outputs), "float32")
        return np.asarray(layer(self._inputs(plans, unread), initial_state=states))

    def score(self, X: Any, y: Any) -> float:
        """1 - the squared error of the sequences of plans, over the variance of the sequences `y`."""
        targets = as_sequences("Jordan", y, "y")
        apart = targets - self.predict(X, targets.shape[1])
        return float(1 - np.mean(apart**2) / np.mean((targets - targets.mean(axis=(0, 1))) ** 2))

    def plot(
        self,
        X: Any,
        steps: int = 40,
        start: Any = None,
        language: str | None = None,
        to_file: Any = None,
    ) -> Any:
        """Draw the sequences of plans: the orbit of the first two outputs, a panel for each different plan,
        with the last steps in colour; or an only output by time.

        Args:
            X, steps, start: as for `predict`.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        found, X = self.predict(X, steps, start), np.asarray(X)
        plans, owners = np.unique(X, axis=0, return_inverse=True)
        figure = new_figure("plot", 0.6 + 3.6 * len(plans), 4.2, 120)
        panels = figure.subplots(1, len(plans), squeeze=False)[0]
        for number, (panel, plan) in enumerate(zip(panels, plans, strict=True)):
            colour = COLOURS[number % len(COLOURS)]
            for sequence in found[np.ravel(owners) == number]:
                line = sequence[:, :2].T if sequence.shape[1] > 1 else [np.arange(steps) + 1, sequence[:, 0]]
                panel.plot(*line, color=GRAY, linewidth=0.6)
                panel.plot(*np.asarray(line)[:, -8:], color=colour, marker="o", linewidth=1.5)
            values = ", ".join(f"{value:g}" for value in plan)
            panel.set_title(f"{Words('plan', 'plan').of(language)} ({values})", fontsize=9)
            plain_axes(panel)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


def _comes_to(cycle: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Whether the last two rounds of each sequence go through the corners in turn, by the nearest of each."""
    last = found[:, None, -2 * len(cycle) :]
    nearest = np.linalg.norm(last - cycle[:, None], axis=-1).argmin(axis=1)
    return np.all(np.diff(nearest, axis=1) % len(cycle) == 1, axis=1)


def _square(seed: int = 0, quick: bool = False) -> Outcome:
    """Both directions around the square, each from 100 random points."""
    runs = 1 if quick else 10
    cycles, plans = [_CORNERS, _CORNERS[::-1]], np.array([[0.0], [1.0]])
    shares, apart, network = [], [], Jordan()
    rng = np.random.default_rng(seed)
    sequences = np.stack([np.tile(cycle, (6, 1)) for cycle in cycles])
    starts = rng.random((100, 1, 2))
    for run in range(seed, seed + runs):
        network = Jordan(
            10,
            decay=0.3,  # with a longer memory, some networks end in other cycles from a part of the starts
            learning_rate=0.05 if quick else 0.02,
            epochs=1000 if quick else 3000,
            random_state=run,
        )
        network.fit(plans, sequences)
        apart.append(np.abs(network.predict(plans) - sequences).max())
        for plan, cycle in zip(plans, cycles, strict=True):
            found = network.predict(np.tile(plan, (100, 1)), 200, starts)
            shares.append(_comes_to(cycle, found).mean())
    return Outcome(
        figure=float(np.mean(shares)),
        network=network,
        details={
            Words("fewest in a run", "la menor en una prueba"): float(np.min(shares)),
            Words("largest error of a free run", "mayor error de una marcha libre"): float(np.max(apart)),
        },
        shown={"X": np.repeat(plans, 12, axis=0), "start": np.tile(starts[:12], (2, 1, 1))},
    )


CARD = Card(
    title=Words("Jordan network", "Red de Jordan"),
    year=1986,
    paper="Jordan, Attractor dynamics and parallelism in a connectionist sequential machine, 1986",
    family="recurrent",
    cells=("back-fed input", "hidden", "output"),
    summary=Words(
        "Outputs are fed back and remembered; a plan chooses which sequence the network runs through.",
        "Las salidas se realimentan y se recuerdan; un plan elige qué secuencia recorre la red.",
    ),
    network=Jordan,
    experiment=Experiment(
        task=Words(
            "the corners of a square in a cycle, in both directions by the plan; 100 random starts of each, "
            "10 hidden units, 10 runs",
            "las esquinas de un cuadrado en ciclo, en los dos sentidos según el plan; 100 comienzos al azar "
            "de cada uno, 10 unidades ocultas, 10 pruebas",
        ),
        measure=Words(
            "share of starts that come to the cycle, by the nearest corner of each step",
            "parte de los comienzos que llegan al ciclo, por la esquina más próxima de cada paso",
        ),
        target=1.0,
        source=Words(
            "Jordan, 1986: trajectories from other points come to the cycle",
            "Jordan, 1986: las trayectorias desde otros puntos llegan al ciclo",
        ),
        run=_square,
        quick_target=0.95,
    ),
)
