"""The feed-forward network, neuron by neuron, and how it learns: the backpropagation of errors.

Rumelhart, Hinton and Williams (Learning representations by back-propagating errors, Nature 323, 1986).
Neuron j receives the values a_i of the layer before it, and has a weight for each and a bias:

    z_j = b_j + sum over i of w_ij a_i,     a_j = 1 / (1 + exp(-z_j)).                  (equations 1 and 2)

The error of a row with targets t is E = sum over outputs of (t_j - a_j)^2 / 2 (equation 3). Its slope goes
back from layer to layer as delta_j = -dE/dz_j,

    delta_j = (t_j - a_j) a_j (1 - a_j)                        of an output,            (equation 5)
    delta_j = a_j (1 - a_j) sum over k of w_jk delta_k         of a hidden neuron,      (equation 7)

and after each row every weight takes a step along it (the delta rule),

    w_ij += eta a_i delta_j,     b_j += eta delta_j.                                    (equation 8)

`Network.explain` writes all of that out with a network's numbers, neuron by neuron. `fit` computes the
same with arrays, in one compiled program.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.datasets import iris
from neurona.errors import DataError
from neurona.initializers import RandomUniform
from neurona.layers import Dense, Input
from neurona.models import Model, Sequential
from neurona.plotting.figure import BLUE, VERMILLION, finish, new_figure
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier

__all__ = ["NetNode", "Network"]

_BATCH = 32  # rows of a step, one after another
# The lines of `Network.explain`.
_FORWARD = Words("Forward", "Hacia delante")
_OUTPUTS = Words("Deltas of the outputs", "Deltas de las salidas")
_HIDDEN = Words("Deltas of the hidden neurons", "Deltas de las neuronas ocultas")
_WEIGHTS = Words("Weights", "Pesos")
_ERROR = Words("Error", "Error")


class DeltaRule(Rule):
    """The delta rule after each row, by the equations of the module, for dense layers of sigmoids.

    Args:
        rate: eta.

    Figures: `error`, E of each row before it is learned.
    """

    figures = ("error",)

    def __init__(self, rate: float = 0.1) -> None:
        self.rate = rate

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layers = [layer for layer in model.layers if layer.weights]

        def see(weights: list[Any], row: tuple[jax.Array, jax.Array]) -> tuple[list[Any], jax.Array]:
            values, t = [row[0]], row[1]
            for kernel, bias in weights:
                values.append(jax.nn.sigmoid(bias + values[-1] @ kernel))
            after, slope = [], t - values[-1]
            for (kernel, bias), a, out in zip(weights[::-1], values[-2::-1], values[:0:-1], strict=True):
                delta = slope * out * (1 - out)
                slope = kernel @ delta  # with the weights from before the step
                after.append((kernel + self.rate * jnp.outer(a, delta), bias + self.rate * delta))
            return after[::-1], jnp.sum((t - values[-1]) ** 2) / 2

        start = [(layer.kernel.value, layer.bias.value) for layer in layers]
        after, errors = jax.lax.scan(see, start, (batch.x, batch.y))
        for layer, (kernel, bias) in zip(layers, after, strict=True):
            layer.kernel.assign(kernel)
            layer.bias.assign(bias)
        return {"error": errors.mean()}


class NetNode:
    """A neuron.

    Attributes:
        name: its layer and its place in it, both from 1.
        inputs: the neurons of the layer before; none of an input.
        weights: of the inputs.
        bias: b.
        value: a, after `forward`.
        delta: -dE/dz, after the network went backward.

    Example:

        >>> one, other, sum_ = NetNode("1.1"), NetNode("1.2"), NetNode("2.1")
        >>> sum_.inputs, sum_.weights = [one, other], [2.0, -1.0]
        >>> one.value, other.value = 1.0, 2.0
        >>> sum_.forward()  # sigmoid(2 - 2)
        0.5
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.inputs: list[NetNode] = []
        self.weights: list[float] = []
        self.bias = 0.0
        self.value = 0.0
        self.delta = 0.0

    @property
    def z(self) -> float:
        """What it receives: b + sum of w a."""
        return self.bias + sum(w * node.value for w, node in zip(self.weights, self.inputs, strict=True))

    def forward(self) -> float:
        """Take the value 1 / (1 + exp(-z))."""
        self.value = float(1 / (1 + np.exp(-self.z)))
        return self.value


class Network(Classifier):
    """A feed-forward network of sigmoid neurons, which learns by the backpropagation of errors.

    Args:
        layers: how many neurons each hidden layer has.
        learning_rate: eta.
        epochs: how often the rows are gone through.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the classes, sorted; each has an output neuron.
        model_, history_, n_features_in_: as in `Classifier`.

    Example:

        >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> xor = Network((4,), learning_rate=2.0, epochs=2000, random_state=1).fit(X, [0, 1, 1, 0])
        >>> xor.predict(X).tolist()
        [0, 1, 1, 0]
    """

    def __init__(
        self,
        layers: Sequence[int] = (8,),
        learning_rate: float = 0.1,
        epochs: int = 200,
        random_state: int | None = None,
    ) -> None:
        self.layers = layers
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.random_state = random_state

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y[:, None] == self.classes_

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        self._batch_size = min(len(X), _BATCH)
        model = Sequential([Input((X.shape[1],))])
        for units in (*self.layers, y.shape[1]):
            model.add(Dense(units, "sigmoid", kernel_initializer=RandomUniform(-1, 1)))
        model.compile(rule=DeltaRule(self.learning_rate))
        return model

    def predict_proba(self, X: Any) -> np.ndarray:
        """The values of the output neurons for each row, made to sum to 1."""
        outputs = self._outputs(self._rows(X))
        return outputs / outputs.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row: whose output neuron has the largest value."""
        chosen = self._outputs(self._rows(X)).argmax(axis=1)
        return self.classes_[chosen]

    @property
    def nodes(self) -> list[list[NetNode]]:
        """The neurons of each layer, the inputs first, with the weights of now."""
        validation.check_is_fitted(self)
        layers = [[NetNode(f"1.{place}") for place in range(1, self.n_features_in_ + 1)]]
        arrays = self.model_.get_weights()
        for number, (kernel, bias) in enumerate(zip(arrays[::2], arrays[1::2], strict=True), 2):
            layers.append([NetNode(f"{number}.{place}") for place in range(1, len(bias) + 1)])
            for node, weights, b in zip(layers[-1], kernel.T.tolist(), bias.tolist(), strict=True):
                node.inputs, node.weights, node.bias = layers[-2], weights, b
        return layers

    def explain(self, x: Any, y: Any, language: str | None = None, decimals: int = 4) -> str:
        """One step of learning from one row, written out neuron by neuron, with each formula's numbers. The
        network does not change.

        Args:
            x: the row.
            y: its class.
            language: `"en"`, `"es"`, or None for the user's.
            decimals: of the numbers.

        Raises:
            DataError: the network does not know the class.
        """
        if y not in self.classes_:
            raise DataError(
                f"Network: {y!r} is no class that it learned: {', '.join(map(str, self.classes_))}."
            )
        nodes = self.nodes
        row = self._rows(np.reshape(np.asarray(x), (1, -1)))[0]
        targets = (self.classes_ == y).astype(float)
        writer = _Writer(decimals)
        parts = {
            _FORWARD: writer.forward(nodes, row.tolist()),
            _OUTPUTS: writer.outputs(nodes[-1], targets.tolist()),
            _HIDDEN: writer.hidden(nodes),
            _WEIGHTS: writer.weights(nodes, self.learning_rate),
        }
        error = sum((t - node.value) ** 2 for t, node in zip(targets, nodes[-1], strict=True)) / 2
        lines = [line for title, part in parts.items() for line in (f"{title.of(language)}:", *part)]
        return "\n".join([*lines, f"{_ERROR.of(language)}: E = {error:.{decimals}f}"])

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the neurons and their connections: red of positive weights, blue of negative, wider of larger
        ones.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        nodes = self.nodes
        largest = max(abs(w) for layer in nodes[1:] for node in layer for w in node.weights) or 1.0
        figure = new_figure("Network.plot", 7, 5, 120)
        axes = figure.subplots()
        places = {
            node.name: (column, (len(layer) - 1) / 2 - place)
            for column, layer in enumerate(nodes)
            for place, node in enumerate(layer)
        }
        for node in (node for layer in nodes[1:] for node in layer):
            for source, w in zip(node.inputs, node.weights, strict=True):
                ends = np.transpose([places[source.name], places[node.name]])
                axes.plot(
                    *ends, color=VERMILLION if w > 0 else BLUE, linewidth=3 * abs(w) / largest, zorder=1
                )
        axes.scatter(*np.transpose(list(places.values())), s=260, color="white", edgecolors="black", zorder=2)
        axes.set_title(CARD.title.of(language))
        axes.set_axis_off()
        return finish(figure, to_file)


class _Writer:
    """Computes a step neuron by neuron, and writes each formula with its numbers."""

    def __init__(self, decimals: int) -> None:
        self.decimals = decimals

    def number(self, value: float) -> str:
        return f"{value:.{self.decimals}f}" if value >= 0 else f"({value:.{self.decimals}f})"

    def sum_of(self, pairs: Any) -> str:
        return " + ".join(f"{self.number(one)}·{self.number(other)}" for one, other in pairs)

    def forward(self, nodes: list[list[NetNode]], row: list[float]) -> list[str]:
        lines = []
        for node, value in zip(nodes[0], row, strict=True):
            node.value = value
        for node in (node for layer in nodes[1:] for node in layer):
            z, a = node.z, node.forward()
            pairs = ((w, source.value) for w, source in zip(node.weights, node.inputs, strict=True))
            received = f"b + Σ w·a = {self.number(node.bias)} + {self.sum_of(pairs)} = {self.number(z)}"
            lines.append(f"  z({node.name}) = {received}")
            lines.append(f"  a({node.name}) = 1 / (1 + e^-z) = {self.number(a)}")
        return lines

    def outputs(self, layer: list[NetNode], targets: list[float]) -> list[str]:
        lines = []
        for node, t in zip(layer, targets, strict=True):
            a = node.value
            node.delta = (t - a) * a * (1 - a)
            numbers = f"({t:g} - {self.number(a)})·{self.number(a)}·{self.number(1 - a)}"
            lines.append(f"  δ({node.name}) = (t - a)·a·(1 - a) = {numbers} = {self.number(node.delta)}")
        return lines

    def hidden(self, nodes: list[list[NetNode]]) -> list[str]:
        lines = []
        for layer, after in zip(nodes[-2:0:-1], nodes[:1:-1]):
            for place, node in enumerate(layer):
                a = node.value
                pairs = [(one.weights[place], one.delta) for one in after]
                node.delta = a * (1 - a) * sum(w * delta for w, delta in pairs)
                numbers = f"{self.number(a)}·{self.number(1 - a)}·({self.sum_of(pairs)})"
                lines.append(f"  δ({node.name}) = a·(1 - a)·Σ w·δ = {numbers} = {self.number(node.delta)}")
        return lines

    def weights(self, nodes: list[list[NetNode]], rate: float) -> list[str]:
        lines = []
        for node in (node for layer in nodes[1:] for node in layer):
            sources = [("b", node.bias, 1.0)] + [
                (f"w({source.name}→{node.name})", w, source.value)
                for source, w in zip(node.inputs, node.weights, strict=True)
            ]
            for name, w, a in sources:
                place = f"b({node.name})" if name == "b" else name
                step = f"{rate:g}·{self.number(a)}·{self.number(node.delta)}"
                new = self.number(w + rate * a * node.delta)
                lines.append(f"  {place} = {self.number(w)} + η·a·δ = {self.number(w)} + {step} = {new}")
        return lines


def _encoder(seed: int = 0, quick: bool = False) -> Outcome:
    """Eight patterns of one 1 each go through three hidden neurons and come out again."""
    X, y = np.eye(8), np.arange(8)
    right, network = [], Network()
    for run in range(1 if quick else 10):
        network = Network((3,), learning_rate=1.0, epochs=5000, random_state=seed + run).fit(X, y)
        right.append(8 * network.score(X, y))
    codes = network.nodes
    (flowers, kinds), (test, truth) = iris.load_data()
    mean, spread = flowers.mean(axis=0), flowers.std(axis=0)
    classifier = Network((8,), epochs=100, random_state=seed).fit((flowers - mean) / spread, kinds)
    return Outcome(
        figure=float(np.mean(right)),
        network=network,
        details={
            Words("fewest in a run", "las menos en una prueba"): float(np.min(right)),
            Words("hidden neurons", "neuronas ocultas"): float(len(codes[1])),
            Words("% right of irises left out", "% de aciertos en lirios apartados"): (
                100 * classifier.score((test - mean) / spread, truth)
            ),
        },
    )


CARD = Card(
    title=Words("Feed-forward network", "Red multicapa"),
    year=1986,
    paper="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, 1986",
    family="layers",
    cells=("input", "hidden", "output"),
    summary=Words(
        "Layers of neurons; the errors of the outputs go back from layer to layer and tell each weight "
        "its step.",
        "Capas de neuronas; los errores de las salidas vuelven de capa en capa y dicen a cada peso su paso.",
    ),
    network=Network,
    experiment=Experiment(
        task=Words(
            "8-3-8 encoder: eight patterns through three hidden neurons, ten seeds",
            "codificador 8-3-8: ocho patrones por tres neuronas ocultas, diez semillas",
        ),
        measure=Words("patterns that come out right, of 8", "patrones que salen bien, de 8"),
        target=8.0,
        source=Words(
            "Rumelhart et al., Learning internal representations by error propagation, 1986: solved",
            "Rumelhart et al., Learning internal representations by error propagation, 1986: resuelto",
        ),
        run=_encoder,
        quick_target=8.0,
    ),
)
