"""The spiking network: neurons that send spikes instead of numbers, and learn by gradients all the same.

Maass (Networks of spiking neurons: the third generation of neural network models, Neural Networks 10, 1997).
A leaky integrate-and-fire neuron (Lapicque, 1907) gathers the currents I of its synapses in a potential U
that leaks, and fires when it passes a threshold. In steps of time (Eshraghian et al., Training spiking neural
networks using lessons from deep learning, Proceedings of the IEEE 111, 2023),

    U(t) = decay U(t-1) + I(t) - threshold S(t-1),     I(t) = W S_below(t) + b,
    S(t) = 1 where U(t) > threshold, else 0.

S has no useful derivative. The backward pass takes a surrogate's (Neftci, Mostafa and Zenke, Surrogate
gradient learning in spiking neural networks, IEEE Signal Processing Magazine 36, 2019), here the
arctangent's,

    dS/dU = 1 / (1 + (pi (U - threshold))^2)

(Fang et al., Incorporating learnable membrane time constant to enhance learning of spiking neural networks,
2021), and gradients flow back through time as in any recurrent network. The cells are layers for any model:
`LIFCell`, `LICell` and the codings of neurona/layers/spiking.py.

A row enters as constant currents, once for all steps. The class is that of the output neuron that fires most
often; the counts are the logits of the loss.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.datasets import digits, mnist
from neurona.errors import ArgumentError
from neurona.initializers import RandomUniform
from neurona.layers import RNN, Dense, Input, LIFCell, RepeatVector, SpikeCount
from neurona.losses import CategoricalCrossentropy
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.plotting.figure import BLUE, VERMILLION, finish, new_figure, plain_axes
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier

__all__ = ["SpikingClassifier"]

_NEURON = Words("neuron", "neurona")
_CLASS = Words("class", "clase")
_TIME = Words("step", "paso")


def _first_weights(inputs: int) -> dict[str, Any]:
    """Weights and biases uniform in +-1/sqrt(inputs), those of the tutorials whose settings are the defaults.

    Twice as wide (Glorot's for 784 inputs), so many neurons fire at once that an epoch ends three digits in a
    hundred worse.
    """
    spread = inputs**-0.5
    first = RandomUniform(-spread, spread)
    return {"kernel_initializer": first, "bias_initializer": first}


class SpikingClassifier(Classifier):
    """Layers of leaky integrate-and-fire neurons that tell classes apart, learned by surrogate gradients.

    Args:
        layers: how many neurons each hidden layer has.
        steps: how long each row is shown.
        decay: how much of a potential is left after a step, from 0 to 1.
        surrogate: `"arctan"`, `"fast_sigmoid"` or `"triangle"`, see `LIFCell`.
        learning_rate: of Adam.
        epochs: how often the rows are gone through.
        batch_size: rows of a step of learning.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the classes, sorted.
        model_, history_, n_features_in_: as in `Estimator`.

    Example:

        >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> network = SpikingClassifier((50,), learning_rate=0.02, epochs=100, random_state=0)
        >>> network.fit(X, ["no", "yes", "yes", "no"]).predict(X).tolist()
        ['no', 'yes', 'yes', 'no']
    """

    def __init__(
        self,
        layers: Sequence[int] = (200,),
        steps: int = 25,
        decay: float = 0.95,
        surrogate: str = "arctan",
        learning_rate: float = 5e-4,
        epochs: int = 20,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.layers = layers
        self.steps = steps
        self.decay = decay
        self.surrogate = surrogate
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y[:, None] == self.classes_

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        if not self.layers:
            raise ArgumentError("SpikingClassifier: layers has one number or more. Received: layers=()")
        self._batch_size = min(self.batch_size, len(X))
        model = Sequential([Input((X.shape[1],))])
        inputs = X.shape[1]
        for place, units in enumerate((*self.layers, y.shape[1])):
            model.add(Dense(units, **_first_weights(inputs)))
            inputs = units
            if place == 0:
                model.add(RepeatVector(self.steps))
            cell = LIFCell(units, self.decay, surrogate=self.surrogate)
            model.add(RNN(cell, return_sequences=True))
        model.add(SpikeCount())
        model.compile(Adam(self.learning_rate), CategoricalCrossentropy(from_logits=True))
        return model

    def decision_function(self, X: Any) -> np.ndarray:
        """How often each output neuron fires for each row; of two classes, how much oftener the second's."""
        counts = self._outputs(self._rows(X))
        return counts[:, 1] - counts[:, 0] if len(self.classes_) == 2 else counts

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row: whose neuron fires most often."""
        most = self._outputs(self._rows(X)).argmax(axis=1)
        return self.classes_[most]

    def spikes(self, X: Any) -> list[np.ndarray]:
        """The spikes of each layer for rows, (rows, steps, neurons), the outputs last."""
        values, found = self._rows(X), []
        for layer in self.model_.layers:
            values = layer(values)
            if isinstance(layer, RNN):
                found.append(np.asarray(values))
        return found

    def plot(self, x: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the raster of the spikes for a row: a mark for each firing, above those of the hidden neurons,
        below those of the outputs.

        Args:
            x: the row; one of 0.5 in each column by default.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        row = np.full(self.n_features_in_, 0.5) if x is None else np.ravel(x)
        rasters = [spikes[0] for spikes in self.spikes(row[None])]
        figure = new_figure("SpikingClassifier.plot", 7, 5, 120)
        hidden, outputs = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        times, neurons = np.nonzero(np.concatenate(rasters[:-1], axis=1))
        hidden.scatter(times, neurons, s=4, marker="|", color=BLUE)
        hidden.set_ylabel(_NEURON.of(language))
        times, neurons = np.nonzero(rasters[-1])
        outputs.scatter(times, neurons, s=60, marker="|", color=VERMILLION)
        outputs.set_yticks(range(len(self.classes_)), [str(name) for name in self.classes_], fontsize=8)
        outputs.set_ylim(-0.7, len(self.classes_) - 0.3)
        outputs.set_ylabel(_CLASS.of(language))
        outputs.set_xlabel(_TIME.of(language))
        outputs.xaxis.get_major_locator().set_params(integer=True)
        for axes in (hidden, outputs):
            plain_axes(axes)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


def _digits_by_spikes(seed: int = 0, quick: bool = False) -> Outcome:
    """MNIST with the settings that snntorch's tutorials use, one epoch, five seeds."""
    (X, y), (test, truth) = digits.load_data() if quick else mnist.load_data()
    X, test = (part.reshape(len(part), -1) / float(X.max()) for part in (X, test))
    settings: dict[str, Any] = {"epochs": 1}
    if quick:
        settings = {"layers": (60,), "steps": 10, "learning_rate": 0.01, "epochs": 4, "batch_size": 50}
    networks = [
        SpikingClassifier(**settings, random_state=seed + run).fit(X, y) for run in range(1 if quick else 5)
    ]
    scores = [network.score(test, truth) for network in networks]
    rates = [float(spikes.mean()) for spikes in networks[0].spikes(test[:1000])]
    return Outcome(
        figure=float(np.mean(scores)),
        network=networks[0],
        details={
            Words("spread over seeds", "dispersión entre semillas"): float(np.std(scores)),
            Words("spikes of a hidden neuron in a step", "impulsos de una neurona oculta por paso"): rates[0],
            Words("spikes of an output neuron in a step", "impulsos de una neurona de salida por paso"): (
                rates[-1]
            ),
        },
        shown={"x": test[0]},
    )


CARD = Card(
    title=Words("Spiking network", "Red de neuronas de impulsos"),
    year=1997,
    paper="Maass, Networks of spiking neurons: the third generation of neural network models, 1997",
    family="layers",
    cells=("input", "spiking hidden", "output"),
    summary=Words(
        "Neurons gather currents in a leaking potential and fire when it passes a threshold; a surrogate for "
        "the derivative of a firing lets them learn by gradients.",
        "Las neuronas acumulan corrientes en un potencial con fugas y disparan al pasar de un umbral; un "
        "sustituto de la derivada del disparo les permite aprender por gradientes.",
    ),
    network=SpikingClassifier,
    experiment=Experiment(
        task=Words(
            "MNIST, 784-200-10 leaky integrate-and-fire neurons, 25 steps, 1 epoch, five seeds",
            "MNIST, 784-200-10 neuronas de integración y disparo con fugas, 25 pasos, 1 época, 5 semillas",
        ),
        measure=Words("share of right test digits", "proporción de dígitos de prueba acertados"),
        target=0.9271,
        source=Words(
            "snntorch 1.0.0, the same settings, 1 seed: 0.9271",
            "snntorch 1.0.0, mismos ajustes, 1 semilla: 0,9271",
        ),
        run=_digits_by_spikes,
        quick_target=0.9,
    ),
)
