"""The Elman network: hidden units that are copied into a context, which they see at the next step.

Elman (Finding Structure in Time, Cognitive Science 14, 1990). At each step t the hidden units h receive the
inputs x and the context, which is what they were a step before; the outputs y are read from them:

    h(t) = f(W x(t) + U h(t-1) + b),     y(t) = g(V h(t) + c),     h(0) = 0.5.

The context is an input like others (1990, figure 2): its weights U learn by backpropagation, and no error is
carried further back through it. So a step costs no more than one of a network without a past, and yet the
hidden units come to hold what helps at later steps. `truncated=False` carries errors back through all steps
of a window, which is the gradient itself (Werbos, Backpropagation through time, 1990).

The experiment is the exclusive or in time (1990, pages 185 to 187): of each three bits the first two are
random and the third is their XOR. The network sees one bit after another and predicts the next. Of two bits
in three nothing can be known, so the error dips at every third.

Deviations. The series is cut into windows, each of which begins with the context 0.5, and the rows of a batch
learn together by Adam; Elman's network learns after every bit, by plain gradient descent.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import activations
from neurona.errors import DataError
from neurona.layers import RNN, Dense, Input, Layer
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.plotting.figure import BLUE, finish, new_figure, plain_axes
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, as_sequences, base

__all__ = ["Elman", "ElmanCell", "temporal_xor"]

_CYCLE = 12  # bits of the graph of the errors (1990, figure 3)


class ElmanCell(Layer):
    """One step of an Elman network: h(t) = activation(W x(t) + U h(t-1) + b), with h(0) = `start`.

    `RNN(ElmanCell(8))` is a layer for any model.

    Args:
        units: how many.
        activation: a name or function.
        truncated: whether the context h(t-1) is an input like others, so that no error is carried back
            through it. False makes it a `SimpleRNNCell` with another start.
        start: what the context holds before the first step.

    Shapes: x (batch, features), the state (batch, units) -> h (batch, units), the state; kernel (features,
        units), recurrent_kernel (units, units), bias (units,).

    Source: Elman, Finding Structure in Time, 1990.

    Example:

        >>> from neurona.layers import RNN
        >>> RNN(ElmanCell(4), return_sequences=True)(np.ones((2, 7, 3))).shape
        (2, 7, 4)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "sigmoid",
        truncated: bool = True,
        start: float = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units
        self.activation = activations.get(activation)
        self.truncated, self.start = truncated, start

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight((self.units, self.units), name="recurrent_kernel")
        self.bias = self.add_weight((self.units,), "zeros", name="bias")

    def get_initial_state(self, batch_size: int | None = None) -> list[jax.Array]:
        """The context before the first step, (batch, units)."""
        return [jnp.full((batch_size or 1, self.units), self.start, self.compute_dtype)]

    def call(self, inputs: jax.Array, states: Any) -> tuple[jax.Array, list[jax.Array]]:
        context = jax.lax.stop_gradient(states[0]) if self.truncated else states[0]
        received = inputs @ self.kernel.value + context @ self.recurrent_kernel.value + self.bias.value
        h = self.activation(received)
        return h, [h]


class Elman(base.RegressorMixin, Estimator):
    """An Elman network. `fit(X, y)` learns the target of each step from the inputs until then; `fit(series)`
    learns to predict the next step of a series.

    Args:
        units: how many hidden units, and as many of the context.
        truncated: whether no error is carried back through the context, as in the paper.
        output_activation: of the outputs: `"linear"`, or `"sigmoid"` for targets from 0 to 1.
        learning_rate: of Adam.
        epochs: how often the windows are gone through.
        batch_size: how many windows are learned in a step.
        window: how many steps longer sequences are cut into.
        random_state: an integer for the same numbers at every call.

    Attributes:
        target_ndim_: how many dimensions the targets had.
        model_, history_, n_features_in_: as in `Estimator`.

    Source: Elman, Finding Structure in Time, 1990.

    Example:

        >>> network = Elman(4, epochs=60, learning_rate=0.03, random_state=0).fit([0.0, 0.0, 1.0] * 50)
        >>> network.predict([0.0, 0.0, 1.0] * 3)[-3:].round().tolist()  # what comes after each
        [0.0, 1.0, 0.0]
    """

    def __init__(
        self,
        units: int = 10,
        truncated: bool = True,
        output_activation: str = "linear",
        learning_rate: float = 0.01,
        epochs: int = 100,
        batch_size: int = 32,
        window: int = 50,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.truncated = truncated
        self.output_activation = output_activation
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.window = window
        self.random_state = random_state

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        inputs = as_sequences("Elman", X, "X")
        targets = inputs[:, 1:] if y is None else as_sequences("Elman", y, "y")
        inputs = inputs[:, :-1] if y is None else inputs
        if inputs.shape[:2] != targets.shape[:2]:
            raise DataError(
                f"Elman: each step has a target. Received {inputs.shape[1]} steps in X and "
                f"{targets.shape[1]} in y, of {inputs.shape[0]} and {targets.shape[0]} sequences."
            )
        if not targets.size:
            raise DataError("Elman: there is nothing to learn: a series has two steps or more.")
        if self.output_activation == "sigmoid" and not 0 <= targets.min() <= targets.max() <= 1:
            raise DataError(
                f"Elman: targets of sigmoid outputs are from 0 to 1. Received {targets.min():g} to "
                f"{targets.max():g}: scale them, or take output_activation='linear'."
            )
        self.n_features_in_, self.target_ndim_ = inputs.shape[-1], np.ndim(X if y is None else y)
        return _windows(inputs, self.window), _windows(targets, self.window)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        self._batch_size = min(len(X), self.batch_size)
        hidden = RNN(ElmanCell(self.units, truncated=self.truncated), return_sequences=True)
        model = Sequential([Input((None, X.shape[-1])), hidden, Dense(y.shape[-1], self.output_activation)])
        model.compile(Adam(self.learning_rate), "mse")
        return model

    def predict(self, X: Any) -> np.ndarray:
        """The output of each step, of the shape of the targets."""
        validation.check_is_fitted(self)
        inputs = as_sequences("Elman", X, "X")
        if inputs.shape[-1] != self.n_features_in_:
            raise DataError(
                f"Elman: X has {inputs.shape[-1]} features, but Elman is expecting {self.n_features_in_} "
                "features as input."
            )
        outputs = self._outputs(inputs)
        if np.ndim(X) == 3:
            return outputs
        return outputs[0, :, 0] if self.target_ndim_ == 1 else outputs[0]

    def errors(self, X: Any, y: Any = None) -> np.ndarray:
        """The squared error of each step, (sequences, time), the mean over the outputs; without `y` of the
        predictions of the next step, which there are one less of.
        """
        found = as_sequences("Elman", self.predict(X), "X")
        targets = as_sequences("Elman", X if y is None else y, "y")
        if y is None:
            found, targets = found[:, :-1], targets[:, 1:]
        return np.mean((found - targets) ** 2, axis=-1)

    def plot(self, X: Any, y: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the squared error of each step, the mean over sequences.

        Args:
            X, y: as in `fit`.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        errors = self.errors(X, y).mean(axis=0)
        first = 2 if y is None else 1  # a series has no prediction of its first step
        figure = new_figure("plot", 7, 3.6, 120)
        axes = figure.subplots()
        axes.plot(np.arange(len(errors)) + first, errors, color=BLUE, marker="o")
        axes.set_ylim(bottom=0)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(Words("step", "paso").of(language))
        axes.set_ylabel(Words("squared error", "error cuadrático").of(language))
        axes.set_title(CARD.title.of(language))
        plain_axes(axes)
        return finish(figure, to_file)


def _windows(sequences: np.ndarray, size: int) -> np.ndarray:
    """Sequences cut into windows; the last of each ends where it ends, and may overlap the one before."""
    steps = sequences.shape[1]
    if steps <= size:
        return sequences
    begins = [*range(0, steps - size, size), steps - size]
    return np.concatenate([sequences[:, begin : begin + size] for begin in begins])


def temporal_xor(triples: int, seed: int = 0) -> np.ndarray:
    """Bits in a row, (3 triples,): of each three the first two are random, the third is their XOR.

    Args:
        triples: how many.
        seed: of the bits.

    Source: Elman, Finding Structure in Time, 1990, page 185.

    Example:

        >>> a, b, c = temporal_xor(100).reshape(100, 3).T
        >>> bool((c == (a != b)).all())
        True
    """
    pairs = np.random.default_rng(seed).integers(0, 2, (triples, 2))
    return np.column_stack([pairs, pairs[:, 0] ^ pairs[:, 1]]).ravel().astype("float32")


def _dips(seed: int = 0, quick: bool = False) -> Outcome:
    """The errors of 12 bits in a row, the mean over 100 such rows, as in figure 3 of the paper."""
    runs = 1 if quick else 10
    reached, third, other, network = 0, [], [], Elman()
    rows = np.zeros((0, 0))
    for run in range(seed, seed + runs):
        network = Elman(
            4,
            output_activation="sigmoid",
            learning_rate=0.03,
            epochs=200 if quick else 600,
            batch_size=10,
            window=60,
            random_state=run,
        ).fit(temporal_xor(1000, seed=run))
        rows = temporal_xor(101 * _CYCLE // 3, seed=1000 + run)
        errors = network.errors(rows)[0, _CYCLE - 1 :].reshape(-1, _CYCLE // 3, 3).mean(axis=0)
        reached += np.sum(errors[:, 2] < errors[:, :2].min(axis=1))
        third.append(errors[:, 2].mean())
        other.append(errors[:, :2].mean())
    return Outcome(
        figure=float(reached / (runs * _CYCLE // 3)),
        network=network,
        details={
            Words("squared error of third bits", "error cuadrático de los terceros bits"): float(
                np.mean(third)
            ),
            Words("squared error of the others", "error cuadrático de los demás"): float(np.mean(other)),
        },
        shown={"X": rows[: 100 * _CYCLE].reshape(100, _CYCLE, 1)},
    )


CARD = Card(
    title=Words("Elman network", "Red de Elman"),
    year=1990,
    paper="Elman, Finding Structure in Time, 1990",
    family="recurrent",
    cells=("input", "recurrent", "output"),
    summary=Words(
        "The hidden units are copied into a context, which they see at the next step; so they learn what to "
        "remember.",
        "Las unidades ocultas se copian en un contexto, que ven en el paso siguiente; así aprenden qué "
        "recordar.",
    ),
    network=Elman,
    experiment=Experiment(
        task=Words(
            "exclusive or in time: predict the next of 3,000 bits, of which every third is the XOR of the "
            "two before it; 4 hidden units, 600 passes, 10 runs",
            "o exclusivo en el tiempo: predecir el siguiente de 3000 bits, de los que cada tercero es el XOR "
            "de los dos anteriores; 4 unidades ocultas, 600 pasadas, 10 pruebas",
        ),
        measure=Words(
            "share of third bits of which the error is below that of both bits before",
            "parte de los terceros bits cuyo error es menor que el de los dos anteriores",
        ),
        target=1.0,
        source=Words(
            "Elman, 1990, figure 3: the error dips at every third bit",
            "Elman, 1990, figura 3: el error cae en cada tercer bit",
        ),
        run=_dips,
        quick_target=1.0,
    ),
)
