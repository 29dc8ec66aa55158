"""The graph convolutional network: nodes that learn from their neighbours.

Kipf and Welling (Semi-supervised classification with graph convolutional networks, ICLR 2017). A graph has
nodes with features X and edges A; the classes of a few nodes are known, those of the others are asked for. A
layer mixes the features of each node with those of its neighbours, and then learns as a dense layer does:

    H(l+1) = f(S H(l) W(l)),     S = D^(-1/2) (A + I) D^(-1/2),                      (equation 2)

where D holds the sums of the rows of A + I, so that a node of many edges does not outweigh the others. Two
layers reach the neighbours of the neighbours,

    Z = softmax(S relu(S X W(0)) W(1)),                                              (equation 9)

and the loss is the cross-entropy of the nodes whose class is known (equation 10). All nodes are seen while
learning: those without a class still shape the features of their neighbours.

Zachary (An information flow model for conflict and fission in small groups, 1977) watched a karate club of 34
members fall out and split in two. From the class of the two leaders alone, and no features but who a node is
(X = I), the network finds the side of the others.

Deviations. Deep Graph Library and PyTorch Geometric hold S as lists of edges; here S is a matrix, which takes
nodes x nodes numbers. There is no early stopping.
"""

from typing import Any, Self

import jax
import numpy as np

from neurona import activations, initializers, regularizers
from neurona.errors import ArgumentError, DataError
from neurona.layers import Activation, Dropout, Input, Layer
from neurona.losses import SparseCategoricalCrossentropy
from neurona.models import Model
from neurona.optimizers import Adam
from neurona.plotting.figure import GRAY, finish, matplotlib_module, new_figure
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator
from neurona.zoo.pictures import COLOURS

__all__ = ["GraphConvolution", "GraphConvolutionClassifier", "karate_club", "normalized_adjacency"]

_NAMED = 40  # nodes at most that are drawn with their numbers
_UNKNOWN = -1  # the class of a node that is asked for, as in sklearn.semi_supervised


def normalized_adjacency(adjacency: Any) -> np.ndarray:
    """S = D^(-1/2) (A + I) D^(-1/2), the matrix that mixes each node with its neighbours.

    Args:
        adjacency: A, symmetric and at least 0: an array, or a sparse matrix of SciPy.

    Shapes: (nodes, nodes) -> (nodes, nodes).

    Raises:
        DataError: A is not square, not symmetric, or has a number below 0 or none at all.

    Source: Kipf and Welling, Semi-supervised classification with graph convolutional networks, 2017,
        equation 2.

    Example:

        >>> normalized_adjacency([[0, 1], [1, 0]]).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """
    edges = np.asarray(adjacency.toarray() if hasattr(adjacency, "toarray") else adjacency, "float64")
    if edges.ndim != 2 or edges.shape[0] != edges.shape[1]:
        raise DataError(
            f"normalized_adjacency: a graph of n nodes has n x n edges. Received shape {edges.shape}."
        )
    validation.check_finite("normalized_adjacency", "adjacency", edges)
    wrong = np.argwhere((edges < 0) | (edges != edges.T))
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            "normalized_adjacency: edges have no direction, and weights of at least 0. From node "
            f"{row} to {column} the weight is {edges[row, column]:g}, and back {edges[column, row]:g}. "
            "np.maximum(A, A.T) lets every edge lead both ways."
        )
    edges = edges + np.eye(len(edges))
    degrees = edges.sum(axis=1)
    return (edges / np.sqrt(degrees[:, None] * degrees)).astype("float32")


class GraphConvolution(Layer):
    """f(S H W + b): what a node and its neighbours say, mixed and weighed.

    Args:
        units: features of a node afterwards.
        activation: f, a name or function.
        use_bias: whether there is b.
        kernel_initializer, kernel_regularizer: of W.

    Shapes: a list of H (..., nodes, features) and S (..., nodes, nodes), as `normalized_adjacency` makes it
        -> (..., nodes, units); kernel (features, units), bias (units,).

    Raises:
        ArgumentError: the inputs are no list of two.

    Source: Kipf and Welling, Semi-supervised classification with graph convolutional networks, 2017.

    Example:

        >>> layer = GraphConvolution(1, kernel_initializer="ones")
        >>> S = normalized_adjacency([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
        >>> np.asarray(layer([np.array([[2.0], [4.0], [8.0]]), S])).ravel().tolist()
        [3.0, 3.0, 8.0]
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.activation, self.use_bias = units, activations.get(activation), use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)

    def build(self, input_shape: Any) -> None:
        if len(input_shape) != 2 or not isinstance(input_shape[0], list | tuple):
            raise ArgumentError(
                "GraphConvolution: called with a list of features and edges, [H, S]. Received one input of "
                f"shape {tuple(input_shape)}."
            )
        self.kernel = self.add_weight(
            (input_shape[0][-1], self.units),
            self.kernel_initializer,
            name="kernel",
            regularizer=self.kernel_regularizer,
        )
        self.bias = self.add_weight((self.units,), "zeros", name="bias") if self.use_bias else None

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return (*input_shape[0][:-1], self.units)

    def call(self, inputs: Any) -> jax.Array:
        h, s = inputs
        outputs = s @ (h @ self.kernel.value)  # fewer products than (S H) W where W narrows
        return self.activation(outputs if self.bias is None else outputs + self.bias.value)


class GraphConvolutionClassifier(Estimator):
    """The classes of nodes, from those of a few of them, the features of all, and the edges.

    Args:
        units: features of a node after each hidden layer.
        dropout: the share of numbers that are left out before each layer while learning.
        weight_decay: the penalty on the squares of the first layer's kernel is half of it.
        learning_rate: of Adam.
        epochs: steps, each of which sees the whole graph.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the classes, sorted.
        label_distributions_: the probability of each class for each node it learned from, (nodes, classes).
        transduction_: the likeliest class of each of those nodes.
        model_, history_, n_features_in_: as in `Estimator`.

    Source: Kipf and Welling, Semi-supervised classification with graph convolutional networks, 2017.

    Example:

        >>> edges = np.kron(np.eye(2), np.ones((4, 4)))  # two groups of four, all friends
        >>> known = [0, -1, -1, -1, 1, -1, -1, -1]
        >>> network = GraphConvolutionClassifier(random_state=0).fit(None, known, edges)
        >>> network.transduction_.tolist()
        [0, 0, 0, 0, 1, 1, 1, 1]
    """

    def __init__(
        self,
        units: tuple[int, ...] = (16,),
        dropout: float = 0.5,
        weight_decay: float = 5e-4,
        learning_rate: float = 0.01,
        epochs: int = 200,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, adjacency: Any, **options: Any) -> Self:
        """Learn from a graph of which some classes are known.

        Args:
            X: (nodes, features); None where a node has no features but who it is.
            y: the class of each node, -1 or None where it is not known.
            adjacency: the edges, as `normalized_adjacency` takes them.
            options: further arguments of the model's `fit`.

        Raises:
            DataError: the three are not of the same nodes, or fewer than two classes are known.
        """
        super().fit(self._graph(X, adjacency), y, **options)
        self.label_distributions_ = self.predict_proba(X, adjacency)
        self.transduction_ = self.classes_[self.label_distributions_.argmax(axis=1)]
        return self

    def _graph(self, X: Any, adjacency: Any) -> tuple[np.ndarray, np.ndarray]:
        """The features and S of a graph; without features a node is known by its place alone."""
        edges = normalized_adjacency(adjacency)
        return np.eye(len(edges), dtype="float32") if X is None else X, edges

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        features, edges = X
        rows = validation.validate_data(self, features, dtype="float32")
        labels = [None if label is None or label == _UNKNOWN else label for label in np.ravel(y).tolist()]
        if not len(rows) == len(labels) == len(edges):
            raise DataError(
                f"GraphConvolutionClassifier: each node has features, a class and edges. Received "
                f"{len(rows)} rows of X, {len(labels)} classes and {len(edges)} rows of edges."
            )
        self.classes_ = np.unique([label for label in labels if label is not None])
        if len(self.classes_) < 2:
            raise DataError(
                "GraphConvolutionClassifier: the class of a node of each kind must be known, and -1 or None "
                f"stand for the others. Known are {len(self.classes_)} classes: {self.classes_.tolist()}."
            )
        numbers = {label: number for number, label in enumerate(self.classes_.tolist())}
        self._batch_size = 1  # a step sees the graph, one row of the model
        return [rows[None], edges[None]], np.array([[numbers.get(label, _UNKNOWN) for label in labels]])

    def _model_for(self, X: Any, y: np.ndarray | None) -> Model:
        features, edges = Input((None, self.n_features_in_)), Input((None, None))
        h = features
        for number, units in enumerate(self.units):
            decay = regularizers.L2(self.weight_decay / 2) if number == 0 else None
            h = Dropout(self.dropout)(h)
            h = GraphConvolution(units, "relu", kernel_regularizer=decay, name=f"hidden_{number}")([h, edges])
        h = GraphConvolution(len(self.classes_))([Dropout(self.dropout)(h), edges])
        model = Model([features, edges], Activation("softmax")(h))
        loss = SparseCategoricalCrossentropy(ignore_class=_UNKNOWN)
        model.compile(Adam(self.learning_rate), loss)
        return model

    def predict_proba(self, X: Any, adjacency: Any) -> np.ndarray:
        """The probability of each class for each node of a graph, (nodes, classes)."""
        validation.check_is_fitted(self)
        return np.asarray(self.model_.predict(self._known_graph(X, adjacency), verbose=0))[0]

    def _known_graph(self, X: Any, adjacency: Any) -> list[np.ndarray]:
        """A graph of the features that it learned from, as the model takes it.

        Raises:
            DataError: the features and the edges are not of the same nodes, or the features are others.
        """
        features, edges = self._graph(X, adjacency)
        rows = validation.validate_data(self, features, dtype="float32", reset=False)
        if len(rows) != len(edges):
            raise DataError(
                f"GraphConvolutionClassifier: each node has features and edges. Received {len(rows)} "
                f"rows of X and {len(edges)} rows of edges."
            )
        return [rows[None], edges[None]]

    def predict(self, X: Any, adjacency: Any) -> np.ndarray:
        """The likeliest class of each node of a graph, also of one that it did not learn from."""
        return self.classes_[self.predict_proba(X, adjacency).argmax(axis=1)]

    def score(self, X: Any, y: Any, adjacency: Any) -> float:
        """The share of nodes whose class is right."""
        return float(np.mean(self.predict(X, adjacency) == np.asarray(y)))

    def plot(self, X: Any, adjacency: Any, language: str | None = None, to_file: Any = None) -> Any:
        """Draw a graph: nodes where the last hidden layer sees them, in the plane in which they vary most,
        and in the colours of their classes.

        Args:
            X, adjacency: as in `fit`.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        found = self.predict(X, adjacency)
        graph = self._known_graph(X, adjacency)
        name = f"hidden_{len(self.units) - 1}"
        seen = Model(self.model_.inputs, self.model_.get_layer(name).output)
        hidden = np.asarray(seen.predict(graph, verbose=0))[0]
        hidden = hidden - hidden.mean(axis=0)
        places = hidden @ np.linalg.svd(hidden, full_matrices=False)[2][:2].T
        ends = np.argwhere(np.triu(graph[1][0], 1) > 0)
        figure = new_figure("plot", 6, 5, 120)
        axes = figure.subplots()
        lines = matplotlib_module("collections", "plot").LineCollection
        axes.add_collection(lines(places[ends], colors=GRAY, linewidths=0.6, alpha=0.6))
        for number, label in enumerate(self.classes_):
            colour = COLOURS[number % len(COLOURS)]
            axes.scatter(*places[found == label].T, color=colour, s=60, label=str(label), zorder=2)
        if len(places) <= _NAMED:
            for number, place in enumerate(places):
                axes.annotate(str(number), place, fontsize=7, ha="center", va="center", color="white")
        axes.legend(frameon=False)
        axes.set_axis_off()
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


_FRIENDS = """
0 1 2 3 4 5 6 7 8 10 11 12 13 17 19 21 31; 1 2 3 7 13 17 19 21 30; 2 3 7 8 9 13 27 28 32; 3 7 12 13; 4 6 10;
5 6 10 16; 6 16; 8 30 32 33; 9 33; 13 33; 14 32 33; 15 32 33; 18 32 33; 19 33; 20 32 33; 22 32 33;
23 25 27 29 32 33; 24 25 27 31; 25 31; 26 29 33; 27 33; 28 31 33; 29 32 33; 30 32 33; 31 32 33; 32 33
"""  # of the first number of each group, those that are larger
_INSTRUCTOR = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21)


def karate_club() -> tuple[np.ndarray, np.ndarray]:
    """The friendships of a karate club, and the side that each member took when it split.

    Shapes: -> edges (34, 34) of 0 and 1; sides (34,): 0 is the instructor's, member 0; 1 the officer's,
        member 33.

    Source: Zachary, An information flow model for conflict and fission in small groups, Journal of
        Anthropological Research 33, 1977.

    Example:

        >>> edges, sides = karate_club()
        >>> int(edges.sum()) // 2, int(sides.sum())
        (78, 17)
    """
    edges, sides = np.zeros((34, 34), "float32"), np.ones(34, "int64")
    for group in _FRIENDS.split(";"):
        member, *friends = map(int, group.split())
        edges[member, friends] = edges[friends, member] = 1
    sides[list(_INSTRUCTOR)] = 0
    return edges, sides


def citations(seed: int = 0, nodes: int = 1000, classes: int = 7) -> tuple[Any, ...]:
    """A graph like that of Cora's papers: words of a class, and 4 edges a node, 81 % within the class.

    Shapes: -> X (nodes, 50 classes) of 0 and 1, classes (nodes,), edges (nodes, nodes).

    Source: the figures are those of Cora in Sen et al., Collective classification in network data, 2008.
    """
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, nodes)
    within = labels[:, None] == labels
    chances = np.where(
        within, 0.81 * 4 / within.sum(1, keepdims=True), 0.19 * 4 / (~within).sum(1, keepdims=True)
    )
    edges = np.triu(generator.random((nodes, nodes)) < chances, 1).astype("float32")
    words = np.full((classes, 50 * classes), 0.01)
    for number in range(classes):
        words[number, 50 * number : 50 * (number + 1)] = 0.04
    return (
        (generator.random((nodes, 50 * classes)) < words[labels]).astype("float32"),
        labels,
        edges + edges.T,
    )


def _split_of_the_club(seed: int = 0, quick: bool = False) -> Outcome:
    """The sides of all members, from those of the two leaders."""
    edges, sides = karate_club()
    known = np.full(34, _UNKNOWN)
    known[[0, 33]] = 0, 1
    shares, network = [], GraphConvolutionClassifier((16, 16), dropout=0.0)
    for run in range(1 if quick else 10):
        network = network.set_params(random_state=seed + run).fit(None, known, edges)
        shares.append(network.score(None, sides, edges))
    details = {} if quick else _details_of_citations(seed)
    return Outcome(float(np.mean(shares)), network, details, {"X": None, "adjacency": edges})


def _details_of_citations(seed: int) -> dict[Words, float]:
    """Right classes of a graph like Cora's, of which 20 nodes a class are known; and without its edges."""
    X, labels, edges = citations(seed)
    known = np.full(len(labels), _UNKNOWN)
    for label in range(7):
        known[np.flatnonzero(labels == label)[:20]] = label
    asked = known == _UNKNOWN
    with_edges, without = (
        float(np.mean(network.transduction_[asked] == labels[asked]))
        for network in (
            GraphConvolutionClassifier(random_state=seed).fit(X, known, edges),
            GraphConvolutionClassifier(random_state=seed).fit(X, known, 0 * edges),
        )
    )
    return {
        Words(
            "share of right papers, 1,000 of 7 classes", "parte de artículos correctos, 1000 de 7 clases"
        ): (with_edges),
        Words("the same without edges", "lo mismo sin aristas"): without,
    }


CARD = Card(
    title=Words("Graph convolutional network", "Red convolucional de grafos"),
    year=2017,
    paper="Kipf and Welling, Semi-supervised classification with graph convolutional networks, 2017",
    family="graphs",
    cells=("input", "convolution or pool", "hidden", "output"),
    summary=Words(
        "Each node mixes its features with those of its neighbours, layer by layer; the classes of a few "
        "nodes teach those of all.",
        "Cada nodo mezcla sus rasgos con los de sus vecinos, capa por capa; las clases de unos pocos nodos "
        "enseñan las de todos.",
    ),
    network=GraphConvolutionClassifier,
    experiment=Experiment(
        task=Words(
            "the 34 members of a karate club that split in two, from the sides of the two leaders; ten seeds",
            "los 34 miembros de un club de kárate que se dividió en dos, según los bandos de sus dos "
            "líderes; diez semillas",
        ),
        measure=Words("share of right sides", "parte de bandos correctos"),
        target=0.97,
        source=Words(
            "Zachary, 1977: the smallest cut of the graph tells 33 of 34 right",
            "Zachary, 1977: el corte mínimo del grafo acierta 33 de 34",
        ),
        run=_split_of_the_club,
        quick_target=0.97,
    ),
)
