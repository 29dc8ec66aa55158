"""Neural gas and learning vector quantization: prototypes without a grid.

Kohonen (The self-organizing map, Proceedings of the IEEE 78, 1990). In learning vector
quantization each prototype w has a class. For a row x of class t the nearest prototype c moves,

    w_c += eta * (x - w_c) where its class is t,     w_c -= eta * (x - w_c) elsewhere,              (LVQ1)

so that the borders between the prototypes become those between the classes. Sato and Yamada (Generalized
learning vector quantization, 1996) descend a cost instead, the mean over rows of

    sigmoid(mu),     mu = (d1 - d2) / (d1 + d2),

where d1 is the squared distance to the nearest prototype of the class of x, and d2 to the nearest of another.

Martinetz and Schulten (A "neural-gas" network learns topologies, 1991; Martinetz, Berkovich and Schulten,
IEEE Transactions on Neural Networks 4, 1993) have no classes. All prototypes move towards x, the
more the fewer k of the others are nearer,

    w_i += eta * exp(-k_i / lambda) * (x - w_i),

with eta and lambda that fall. They fill the data like a gas, and no grid holds them.
"""

from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.datasets import iris
from neurona.errors import ArgumentError
from neurona.layers import Input
from neurona.models import Model, Sequential
from neurona.plotting.figure import finish
from neurona.random import randint
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier, Estimator, TransformerMixin, base
from neurona.zoo.kohonen import MapLayer
from neurona.zoo.pictures import points_figure

__all__ = ["LVQ", "NeuralGas"]

_BATCH = 32  # rows of a step, one after another


def _falling(first: float, last: float, number: Any, steps: int) -> Any:
    """From `first` to `last` by equal factors while the steps go by."""
    return first * (last / first) ** jnp.minimum(number / steps, 1.0)


class LVQRule(Rule):
    """The nearest prototype moves towards a row of its class, and away from one of another: LVQ1; or the
    gradient of GLVQ's cost, by which two move.

    Args:
        kind: `"lvq1"` or `"glvq"`.
        labels: the class of each prototype, numbered from 0.
        rate: eta in the first step and in the last.
        steps: how many there will be.

    Figures: `error`, the share of rows that are nearest to a prototype of another class.
    """

    figures = ("error",)

    def __init__(self, kind: str, labels: tuple[int, ...], rate: tuple[float, float], steps: int) -> None:
        self.kind, self.labels, self.rate, self.steps = kind, labels, rate, steps

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        prototypes, labels = model.layers[-1].prototypes, jnp.asarray(self.labels)
        rate = _falling(*self.rate, number, self.steps)

        def cost(w: jax.Array, x: jax.Array, same: jax.Array) -> jax.Array:
            distances = jnp.sum((x - w) ** 2, axis=1)
            mine, other = (jnp.min(jnp.where(chosen, distances, jnp.inf)) for chosen in (same, ~same))
            return jax.nn.sigmoid((mine - other) / (mine + other))

        def see(w: jax.Array, row: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            x, t = row
            same = labels == t[0]
            best = jnp.argmin(jnp.sum((x - w) ** 2, axis=1))
            if self.kind == "glvq":
                return w - rate * jax.grad(cost)(w, x, same), ~same[best]
            step = jnp.where(same[best], rate, -rate) * (x - w[best])
            return w.at[best].add(step), ~same[best]

        moved, errors = jax.lax.scan(see, prototypes.value, (batch.x, batch.y))
        prototypes.assign(moved)
        return {"error": errors.mean()}


class NeuralGasRule(Rule):
    """w_i += eta exp(-k_i / lambda) (x - w_i) after each row, k_i the number of nearer prototypes.

    Args:
        rate: eta in the first step and in the last.
        reach: lambda in the first step and in the last.
        steps: how many there will be.

    Figures: `quantization_error`, of each row before it is learned.
    """

    figures = ("quantization_error",)

    def __init__(self, rate: tuple[float, float], reach: tuple[float, float], steps: int) -> None:
        self.rate, self.reach, self.steps = rate, reach, steps

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        prototypes = model.layers[-1].prototypes
        rate = _falling(*self.rate, number, self.steps)
        reach = _falling(*self.reach, number, self.steps)

        def see(w: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
            distances = jnp.sum((x - w) ** 2, axis=1)
            nearer = jnp.argsort(jnp.argsort(distances))
            share = rate * jnp.exp(-nearer / reach)
            return w + share[:, None] * (x - w), jnp.sqrt(distances.min())

        moved, errors = jax.lax.scan(see, prototypes.value, batch.x)
        prototypes.assign(moved)
        return {"quantization_error": errors.mean()}


class LVQ(Classifier):
    """Learning vector quantization: a few prototypes of each class; the nearest one tells the class.

    Args:
        prototypes: how many for each class.
        rule: `"glvq"`, which descends a cost, or `"lvq1"`.
        learning_rate, last_learning_rate: eta in the first step and in the last.
        epochs: how often the rows are gone through.
        random_state: an integer for the same numbers at every call.

    Attributes:
        prototypes_: (classes * prototypes, features); those of the first class first.
        classes_, model_, history_, n_features_in_: as in `Classifier`.

    Example:

        >>> X = np.array([[0.0, 0.0], [0.1, 0.2], [1.0, 1.0], [0.9, 1.1]])
        >>> LVQ(1, random_state=0).fit(X, ["a", "a", "b", "b"]).predict([[0.2, 0.1], [1.0, 0.8]]).tolist()
        ['a', 'b']
    """

    def __init__(
        self,
        prototypes: int = 2,
        rule: str = "glvq",
        learning_rate: float = 0.1,
        last_learning_rate: float = 0.01,
        epochs: int = 50,
        random_state: int | None = None,
    ) -> None:
        self.prototypes = prototypes
        self.rule = rule
        self.learning_rate = learning_rate
        self.last_learning_rate = last_learning_rate
        self.epochs = epochs
        self.random_state = random_state

    def _targets(self, y: np.ndarray) -> np.ndarray:
        if self.rule not in ("glvq", "lvq1"):
            raise ArgumentError(f"LVQ: rule is 'glvq' or 'lvq1'. Received: rule={self.rule!r}")
        return np.searchsorted(self.classes_, y)[:, None]

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        self._batch_size = min(len(X), _BATCH)
        owners = np.repeat(np.arange(len(self.classes_)), self.prototypes)
        model = Sequential([Input((X.shape[1],)), MapLayer(len(owners))])
        # The first prototypes of a class are rows of it: its mean would be the same for all.
        rows_of = [np.flatnonzero(y[:, 0] == owner) for owner in range(len(self.classes_))]
        drawn = [X[rows[_some(self.prototypes, len(rows))]] for rows in rows_of]
        model.layers[-1].set_weights([np.concatenate(drawn)])
        steps = self.epochs * -(-len(X) // self._batch_size)
        rates = (self.learning_rate, self.last_learning_rate)
        model.compile(rule=LVQRule(self.rule, tuple(owners.tolist()), rates, steps))
        return model

    def fit(self, X: Any, y: Any, **options: Any) -> Self:
        """Learn from rows, (samples, features), and the class of each; `options` are those of the model's
        `fit`.
        """
        super().fit(X, y, **options)
        self.prototypes_ = np.asarray(self.model_.get_weights()[0])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The class of the nearest prototype of each row."""
        nearest = self._outputs(self._rows(X)).argmin(axis=1)
        return self.classes_[nearest // self.prototypes]

    def plot(self, X: Any = None, y: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the prototypes, and rows, in the plane in which the prototypes vary most.

        Args:
            X: rows.
            y: a class for each.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        owners = self.classes_[np.arange(len(self.prototypes_)) // self.prototypes]
        return finish(points_figure(self.prototypes_, owners, X, y, CARD.title.of(language)), to_file)


class NeuralGas(base.ClusterMixin, TransformerMixin, Estimator):
    """A neural gas: prototypes that spread over the data.

    Args:
        units: how many prototypes.
        learning_rate, last_learning_rate: eta in the first step and in the last.
        reach, last_reach: lambda in the first step and in the last; by default half of the units at first.
        epochs: how often the rows are gone through.
        random_state: an integer for the same numbers at every call.

    Attributes:
        prototypes_: (units, features).
        labels_: the nearest prototype of each row learned from.
        model_, history_, n_features_in_: as in `Estimator`.

    Example:

        >>> X = np.random.default_rng(0).uniform(size=(200, 2))
        >>> NeuralGas(10, random_state=0).fit(X).quantization_error(X) < 0.15
        True
    """

    def __init__(
        self,
        units: int = 20,
        learning_rate: float = 0.5,
        last_learning_rate: float = 0.01,
        reach: float | None = None,
        last_reach: float = 0.01,
        epochs: int = 50,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.learning_rate = learning_rate
        self.last_learning_rate = last_learning_rate
        self.reach = reach
        self.last_reach = last_reach
        self.epochs = epochs
        self.random_state = random_state

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        self._batch_size = min(len(X), _BATCH)
        model = Sequential([Input((X.shape[1],)), MapLayer(self.units)])
        model.layers[-1].set_weights([X[_some(self.units, len(X))]])
        steps = self.epochs * -(-len(X) // self._batch_size)
        rates = (self.learning_rate, self.last_learning_rate)
        reach = (self.reach or max(self.units / 2, 1.0), self.last_reach)
        model.compile(rule=NeuralGasRule(rates, reach, steps))
        return model

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from rows, (samples, features); `options` are further arguments of the model's `fit`."""
        super().fit(X, y, **options)
        self.prototypes_ = np.asarray(self.model_.get_weights()[0])
        self.labels_ = self.predict(X)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The distance of each row from each prototype, (samples, units)."""
        return np.sqrt(np.maximum(self._outputs(self._rows(X)), 0))

    def predict(self, X: Any) -> np.ndarray:
        """The nearest prototype of each row."""
        return self._outputs(self._rows(X)).argmin(axis=1)

    def quantization_error(self, X: Any) -> float:
        """The mean distance of rows from their nearest prototypes."""
        return float(self.transform(X).min(axis=1).mean())

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the prototypes, and rows, in the plane in which the prototypes vary most.

        Args:
            X: rows.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        return finish(points_figure(self.prototypes_, None, X, None, CARD.title.of(language)), to_file)

    @property
    def _n_features_out(self) -> int:
        return self.units


def _some(count: int, rows: int) -> np.ndarray:
    """The numbers of rows drawn at random, each once while there are enough."""
    order = np.argsort(np.asarray(randint((rows,), 0, 2**31 - 1)), kind="stable")
    return np.resize(order, count)


def lloyd(X: np.ndarray, prototypes: np.ndarray, sweeps: int = 300) -> np.ndarray:
    """k-means: each prototype becomes the mean of the rows nearest to it, until nothing changes.

    Args:
        X: (rows, features).
        prototypes: where they begin, (prototypes, features).
        sweeps: how often all rows are gone through at most.
    """
    for _ in range(sweeps):
        nearest = _nearest(X, prototypes)
        counts = np.bincount(nearest, minlength=len(prototypes))
        owners = np.flatnonzero(counts)  # a prototype without rows stays
        starts = np.cumsum(counts[owners]) - counts[owners]
        sums = np.add.reduceat(X[np.argsort(nearest, kind="stable")], starts)
        moved = prototypes.copy()
        moved[owners] = sums / counts[owners, None]
        if np.allclose(moved, prototypes):
            break
        prototypes = moved
    return prototypes


def _nearest(X: np.ndarray, prototypes: np.ndarray) -> np.ndarray:
    """The number of the prototype nearest to each row."""
    middle = prototypes.mean(axis=0)  # near 0 the squares below lose fewest digits
    w = prototypes - middle
    squares, parts = np.sum(w**2, axis=1) / 2, np.array_split(X, 1 + len(X) // 4096)
    return np.concatenate([(squares - (part - middle) @ w.T).argmin(axis=1) for part in parts])


def _distortion(X: np.ndarray, prototypes: np.ndarray) -> float:
    """The mean squared distance of rows from their nearest prototypes."""
    return float((np.linalg.norm(X[:, None] - prototypes, axis=2).min(axis=1) ** 2).mean())


def _clusters_in_the_plane(seed: int = 0, quick: bool = False) -> Outcome:
    """Sixty prototypes for fifteen square clusters, beside k-means that begins at the same rows."""
    rng = np.random.default_rng(seed)
    ratios, gas, X = [], NeuralGas(), np.zeros((1, 2))
    for run in range(1 if quick else 5):
        centres = rng.uniform(size=(15, 1, 2))
        X = (centres + rng.uniform(-0.03, 0.03, (15, 100, 2))).reshape(-1, 2)
        gas = NeuralGas(60, epochs=30, random_state=seed + run).fit(X)
        means = lloyd(X, X[rng.permutation(len(X))[:60]])
        ratios.append(_distortion(X, gas.prototypes_) / _distortion(X, means))
    (flowers, kinds), _ = iris.load_data(test_split=0.0)
    lvq = LVQ(2, random_state=seed).fit(flowers, kinds)
    return Outcome(
        figure=float(np.mean(ratios)),
        network=gas,
        shown={"X": X},
        details={
            Words("spread over runs", "dispersión entre pruebas"): float(np.std(ratios)),
            Words("% right of LVQ on the irises", "% de aciertos de LVQ con los lirios"): (
                100 * lvq.score(flowers, kinds)
            ),
        },
    )


CARD = Card(
    title=Words("Neural gas and vector quantization", "Gas neuronal y cuantización vectorial"),
    year=1991,
    paper='Martinetz and Schulten, A "neural-gas" network learns topologies, 1991',
    family="maps",
    cells=("input", "hidden", "output"),
    summary=Words(
        "Prototypes fill the data like a gas, each row drawing the nearest most; with classes they move "
        "towards "
        "rows of theirs and away from others.",
        "Los prototipos llenan los datos como un gas, y cada fila atrae más al más cercano; con clases "
        "se acercan "
        "a las filas de la suya y se alejan de las otras.",
    ),
    network=NeuralGas,
    experiment=Experiment(
        task=Words(
            "60 prototypes for 15 clusters in the plane, five draws",
            "60 prototipos para 15 grupos en el plano, cinco sorteos",
        ),
        measure=Words(
            "squared distance to the nearest prototype, relative to k-means",
            "distancia al cuadrado al prototipo más cercano, relativa a k-medias",
        ),
        target=1.0,
        source=Words(
            "Martinetz et al., 1993: the gas ends below k-means, which begins at rows drawn at random",
            "Martinetz et al., 1993: el gas acaba por debajo de k-medias, que empieza en filas al azar",
        ),
        run=_clusters_in_the_plane,
        quick_target=1.0,
        lower=True,
    ),
)
