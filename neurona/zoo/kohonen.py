"""Kohonen's self-organizing map: a sheet of prototypes that unfolds over the data.

Kohonen (Self-organized formation of topologically correct feature maps, Biological Cybernetics 43, 1982; The
self-organizing map, Proceedings of the IEEE 78, 1990). Each unit j of a grid has a prototype w_j. For a row x
the best matching unit is the nearest, c = argmin |x - w_j|, and it draws its neighbours on the grid along,

    w_j += eta(t) * h_cj(t) * (x - w_j),    h_cj = exp(-|r_c - r_j|^2 / (2 sigma(t)^2)),

with radius sigma and rate eta that fall while the map learns. The batch map (1990) takes all rows at once:
w_j is the mean of the rows, each weighted by h_cj. It needs no rate, and is a matrix product.

Two numbers judge a map: the quantization error, the mean of |x - w_c|; and the topographic error, the share
of rows whose second best unit is no neighbour of the best (Kiviluoto, Topology preservation in
self-organizing maps, 1996). The U-matrix shows the distance of each prototype from those beside it (Ultsch
and Siemon, 1990): ridges part groups.
"""

from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.datasets import iris
from neurona.errors import ArgumentError, warn
from neurona.layers import Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import finish, new_figure
from neurona.random import randint
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, TransformerMixin, base
from neurona.zoo.pictures import COLOURS, tiles_of

__all__ = ["SelfOrganizingMap"]

_CHUNK = 256  # rows of a step of the batch map: their distances stay in the cache
_AT_ONCE = 1024  # rows whose best units are looked for at once
_BATCH = 32  # rows of a step of the online map, one after another
_CHOICES = {
    "topology": ("rectangular", "hexagonal"),
    "method": ("batch", "online"),
    "initial": ("pca", "random"),
}
_LABEL = Words("mean distance from the prototypes beside", "distancia media a los prototipos de al lado")


class MapLayer(Layer):
    """The squared distances of rows from the prototypes of a map.

    Args:
        units: how many prototypes.

    Shapes: x (rows, features) -> (rows, units); prototypes (units, features).
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.prototypes = self.add_weight((self.units, input_shape[-1]), name="prototypes")

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        return (*input_shape[:-1], self.units)

    def call(self, x: jax.Array) -> jax.Array:
        w = self.prototypes.value
        return jnp.sum(x**2, -1, keepdims=True) - 2 * x @ w.T + jnp.sum(w**2, -1)


def best_units(x: jax.Array, prototypes: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The nearest prototype of each row, the first of several, and its squared distance.

    Two vectorized minima, over prototypes in the first axis, take a third of the time of an `argmin`.
    """
    halves = jnp.sum(prototypes**2, axis=1, keepdims=True) / 2 - prototypes @ x.T  # (units, rows)
    least = halves.min(axis=0)
    numbers = jnp.arange(len(prototypes), dtype="int32")[:, None]
    best = jnp.where(halves == least, numbers, len(prototypes) - 1).min(axis=0)
    return best, jnp.maximum(jnp.sum(x**2, axis=1) + 2 * least, 0)


_best_units = jax.jit(best_units)


class _MapRule(Rule):
    """What both ways to learn a map share: a radius that falls from epoch to epoch.

    Args:
        rows, columns: of the grid.
        topology: `"rectangular"` or `"hexagonal"`.
        sigma: the radius in the first epoch, and in the last.
        epochs: how many there will be.
    """

    figures = ("quantization_error",)

    def __init__(
        self, rows: int, columns: int, topology: str, sigma: tuple[float, float], epochs: int
    ) -> None:
        self.rows, self.columns, self.topology = rows, columns, topology
        self.sigma, self.epochs = sigma, epochs

    def build(self, model: Any) -> None:
        self.epoch = Variable(0.0, trainable=False, name="epoch")

    def falling(self, first: float, last: float, progress: Any) -> Any:
        """From `first` to `last` while progress goes from 0 to 1, by equal factors."""
        return first * (last / first) ** jnp.minimum(progress, 1.0)

    def neighbourhood(self, progress: Any) -> jax.Array:
        """h of all pairs of units, (units, units)."""
        squares = jnp.asarray(grid_distances(self.rows, self.columns, self.topology) ** 2, "float32")
        return jnp.exp(-squares / (2 * self.falling(*self.sigma, progress) ** 2))

    def end_epoch(self, model: Any) -> None:
        self.epoch.assign(self.epoch.value + 1)


class BatchMapRule(_MapRule):
    """w_j = sum over rows of h_cj x / sum over rows of h_cj, once an epoch.

    Args:
        rows, columns, topology, sigma, epochs: of the map.

    Figures: `quantization_error`, of the prototypes before the step.
    """

    def build(self, model: Any) -> None:
        super().build(model)
        shape = model.layers[-1].prototypes.shape
        self.sums = Variable(jnp.zeros(shape), trainable=False, name="sums")
        self.counts = Variable(jnp.zeros(shape[:1]), trainable=False, name="counts")

    def begin_epoch(self, model: Any) -> None:
        self.sums.assign(jnp.zeros(self.sums.shape))
        self.counts.assign(jnp.zeros(self.counts.shape))

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        best, squares = best_units(batch.x, model.layers[-1].prototypes.value)
        self.sums.assign(self.sums.value.at[best].add(batch.x))
        self.counts.assign(self.counts.value.at[best].add(1.0))
        return {"quantization_error": jnp.sqrt(squares).mean()}

    def end_epoch(self, model: Any) -> None:
        prototypes = model.layers[-1].prototypes
        h = self.neighbourhood(self.epoch.value / max(self.epochs - 1, 1))
        weight = (h @ self.counts.value)[:, None]
        # Where no row is near, the prototype stays.
        moved = jnp.where(weight > 1e-12, h @ self.sums.value / jnp.maximum(weight, 1e-12), prototypes.value)
        prototypes.assign(moved)
        super().end_epoch(model)


class OnlineMapRule(_MapRule):
    """w_j += eta h_cj (x - w_j) after each row.

    Args:
        rows, columns, topology, sigma, epochs: of the map.
        rate: eta in the first epoch, and in the last.
        steps: rows of an epoch.

    Figures: `quantization_error`, of each row before it is learned.
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        topology: str,
        sigma: tuple[float, float],
        epochs: int,
        rate: tuple[float, float],
        steps: int,
    ) -> None:
        super().__init__(rows, columns, topology, sigma, epochs)
        self.rate, self.steps = rate, steps

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        prototypes = model.layers[-1].prototypes
        squares = jnp.asarray(grid_distances(self.rows, self.columns, self.topology) ** 2, "float32")
        progress = number / (self.steps * self.epochs)
        rate, sigma = self.falling(*self.rate, progress), self.falling(*self.sigma, progress)

        def see(w: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
            distances = jnp.sum((x - w) ** 2, axis=1)
            best = jnp.argmin(distances)
            h = jnp.exp(-squares[best] / (2 * sigma**2))
            return w + rate * h[:, None] * (x - w), jnp.sqrt(distances[best])

        moved, errors = jax.lax.scan(see, prototypes.value, batch.x)
        prototypes.assign(moved)
        return {"quantization_error": errors.mean()}


def grid_positions(rows: int, columns: int, topology: str) -> np.ndarray:
    """Where the units of a map lie, (rows * columns, 2); neighbours are 1 apart.

    Example:

        >>> grid_positions(2, 2, "hexagonal").round(2).tolist()
        [[0.0, 0.0], [1.0, 0.0], [0.5, 0.87], [1.5, 0.87]]
    """
    y, x = np.divmod(np.arange(rows * columns), columns)
    if topology == "hexagonal":
        return np.stack([x + 0.5 * (y % 2), y * np.sqrt(0.75)], axis=1)
    return np.stack([x, y], axis=1).astype("float64")


def grid_distances(rows: int, columns: int, topology: str) -> np.ndarray:
    """How far the units of a map are from each other, (units, units)."""
    positions = grid_positions(rows, columns, topology)
    return np.linalg.norm(positions[:, None] - positions[None], axis=2)


class SelfOrganizingMap(base.ClusterMixin, TransformerMixin, Estimator):
    """Kohonen's self-organizing map.

    The columns of the rows should have like scales: one of large numbers alone decides which unit is nearest.

    Args:
        rows, columns: of the grid.
        topology: `"rectangular"` or `"hexagonal"`.
        method: `"batch"`, which learns from all rows at once, or `"online"`, from one after another.
        sigma: the radius in the first epoch; by default half of the longer side.
        last_sigma: the radius in the last epoch.
        learning_rate, last_learning_rate: eta in the first and last epoch of the online method.
        epochs: how often the rows are gone through.
        initial: the first prototypes: `"pca"`, a grid over the plane in which the rows vary most, or
            `"random"`, rows drawn at random.
        random_state: an integer for the same numbers at every call.

    Attributes:
        prototypes_: (rows * columns, features).
        labels_: the best matching unit of each row learned from.
        model_, history_, n_features_in_: as in `Estimator`.

    Warns:
        UserWarning: a column varies a hundred times as much as another.

    Example:

        >>> colours = np.random.default_rng(0).uniform(size=(200, 3))
        >>> som = SelfOrganizingMap(6, 6, random_state=0).fit(colours)
        >>> som.prototypes_.shape, som.topographic_error(colours) < 0.2
        ((36, 3), True)
    """

    def __init__(
        self,
        rows: int = 7,
        columns: int = 7,
        topology: str = "rectangular",
        method: str = "batch",
        sigma: float | None = None,
        last_sigma: float = 0.5,
        learning_rate: float = 0.5,
        last_learning_rate: float = 0.05,
        epochs: int = 50,
        initial: str = "pca",
        random_state: int | None = None,
    ) -> None:
        self.rows = rows
        self.columns = columns
        self.topology = topology
        self.method = method
        self.sigma = sigma
        self.last_sigma = last_sigma
        self.learning_rate = learning_rate
        self.last_learning_rate = last_learning_rate
        self.epochs = epochs
        self.initial = initial
        self.random_state = random_state

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ArgumentError(
                    f"SelfOrganizingMap: {name} is {' or '.join(map(repr, allowed))}. Received: "
                    f"{name}={getattr(self, name)!r}"
                )
        rows, _ = super()._checked(X, y)
        spread = rows.std(axis=0)
        if len(rows) > 1 and spread.max() > 100 * spread[spread > 0].min(initial=spread.max()):
            warn(
                f"SelfOrganizingMap: column {int(spread.argmax())} varies by {spread.max():.3g} and "
                f"another by "
                f"{spread[spread > 0].min():.3g}: the first alone decides which unit is nearest. Scale "
                f"the columns, "
                "with sklearn.preprocessing.StandardScaler."
            )
        return rows, None

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        units = self.rows * self.columns
        model = Sequential([Input((X.shape[1],)), MapLayer(units)])
        model.layers[-1].set_weights([self._first_prototypes(X)])
        grid = (self.rows, self.columns, self.topology)
        sigma = (self.sigma or max(self.rows, self.columns, 2) / 2, self.last_sigma)
        if self.method == "batch":
            self._batch_size = min(len(X), _CHUNK)
            rule: Rule = BatchMapRule(*grid, sigma, self.epochs)
        else:
            self._batch_size = min(len(X), _BATCH)
            rates = (self.learning_rate, self.last_learning_rate)
            steps = -(-len(X) // _BATCH)
            rule = OnlineMapRule(*grid, sigma, self.epochs, rates, steps)
        model.compile(rule=rule)
        return model

    def _first_prototypes(self, X: np.ndarray) -> np.ndarray:
        units = self.rows * self.columns
        if self.initial == "random":
            drawn = randint((units,), 0, len(X))
            return X[np.asarray(drawn)]
        mean = X.mean(axis=0)
        _, lengths, axes = np.linalg.svd((X - mean) / np.sqrt(len(X)), full_matrices=False)
        plane = (lengths[:, None] * axes)[:2]
        places = grid_positions(self.rows, self.columns, self.topology)
        places = 2 * places / np.maximum(places.max(axis=0), 1) - 1  # the whole grid from -1 to 1
        return mean + places[:, : len(plane)] @ plane

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
        """The best matching unit of each row; unit `row * columns + column` of the grid."""
        return self._nearest(X)[0]

    def _nearest(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """The best matching unit of each row, and its squared distance."""
        rows, found = self._rows(X), []
        size = min(_AT_ONCE, 1 << (len(rows) - 1).bit_length())  # few sizes, each of which is compiled
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            padded = np.pad(part, ((0, size - len(part)), (0, 0)))
            found.append([np.asarray(one)[: len(part)] for one in _best_units(padded, self.prototypes_)])
        best, squares = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return best, squares

    def quantization_error(self, X: Any) -> float:
        """The mean distance of rows from their best matching units."""
        return float(np.sqrt(self._nearest(X)[1]).mean())

    def topographic_error(self, X: Any) -> float:
        """The share of rows whose two best units are no neighbours on the grid."""
        if self.rows * self.columns == 1:
            return 0.0
        best, second = np.argsort(self._outputs(self._rows(X)), axis=1)[:, :2].T
        apart = grid_distances(self.rows, self.columns, self.topology)[best, second]
        # On a rectangular grid the units across a corner are neighbours too.
        return float(np.mean(apart > (1.01 if self.topology == "hexagonal" else 1.5)))

    def u_matrix(self) -> np.ndarray:
        """The mean distance of each prototype from those beside it, (rows, columns)."""
        validation.check_is_fitted(self)
        beside = np.abs(grid_distances(self.rows, self.columns, self.topology) - 1) < 0.01
        apart = np.linalg.norm(self.prototypes_[:, None] - self.prototypes_[None], axis=2)
        sums = (apart * beside).sum(axis=1) / np.maximum(beside.sum(axis=1), 1)
        return sums.reshape(self.rows, self.columns)

    def plot(self, X: Any = None, y: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the U-matrix, and the classes of rows on it.

        Args:
            X: rows, each a mark on its best matching unit.
            y: a class for each row.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        heights = self.u_matrix().ravel()
        positions = grid_positions(self.rows, self.columns, self.topology)
        figure = new_figure("SelfOrganizingMap.plot", 6.5, 5, 120)
        axes = figure.subplots()
        tiles = tiles_of(positions, 6 if self.topology == "hexagonal" else 4, heights)
        axes.add_collection(tiles)
        axes.autoscale()
        axes.invert_yaxis()  # row 0 above
        figure.colorbar(tiles, ax=axes, label=_LABEL.of(language))
        if X is not None:
            _mark(axes, positions[self.predict(X)], y, language)
        axes.set_title(CARD.title.of(language))
        axes.set_aspect("equal")
        axes.set_axis_off()
        return finish(figure, to_file)


def _mark(axes: Any, places: np.ndarray, y: Any, language: str | None) -> None:
    """Marks of rows on their units, scattered a little, in a colour for each class."""
    places = places + np.random.default_rng(0).uniform(-0.3, 0.3, places.shape)
    classes = np.zeros(len(places)) if y is None else np.asarray(y)
    for number, label in enumerate(np.unique(classes)):
        chosen = places[classes == label]
        axes.scatter(
            *chosen.T,
            s=12,
            color=COLOURS[number % len(COLOURS)],
            edgecolors="white",
            linewidths=0.4,
            label=str(label),
        )
    if y is not None:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=5, frameon=False)


def _map_of_iris(seed: int = 0, quick: bool = False) -> Outcome:
    (X, y), _ = iris.load_data(test_split=0.0)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    errors, folds = [], []
    som = SelfOrganizingMap()
    for run in range(1 if quick else 10):
        som = SelfOrganizingMap(
            method="online", sigma=1.5, last_sigma=0.45, epochs=67, initial="random", random_state=seed + run
        ).fit(X)
        errors.append(som.quantization_error(X))
        folds.append(som.topographic_error(X))
    return Outcome(
        figure=float(np.mean(errors)),
        network=som,
        shown={"X": X, "y": y},
        details={
            Words("spread over seeds", "dispersión entre semillas"): float(np.std(errors)),
            Words("topographic error", "error topográfico"): float(np.mean(folds)),
        },
    )


CARD = Card(
    title=Words("Self-organizing map", "Mapa autoorganizado"),
    year=1982,
    paper="Kohonen, Self-organized formation of topologically correct feature maps, 1982",
    family="maps",
    cells=("input", "hidden"),
    summary=Words(
        "A sheet of prototypes; the nearest to a row, and its neighbours on the sheet, move towards it, "
        "so that like "
        "rows come to lie side by side.",
        "Una lámina de prototipos; el más cercano a una fila y sus vecinos en la lámina se acercan a "
        "ella, de modo "
        "que las filas parecidas quedan juntas.",
    ),
    network=SelfOrganizingMap,
    experiment=Experiment(
        task=Words(
            "7 x 7 map of the irises, scaled, learned row by row",
            "mapa de 7 x 7 de los lirios, escalados, fila a fila",
        ),
        measure=Words("quantization error", "error de cuantización"),
        target=0.294,
        source=Words(
            "minisom 2.3.6, 10,000 steps, sigma 1.5, 10 seeds: 0.294 +- 0.004, topographic error 0.063",
            "minisom 2.3.6, 10.000 pasos, sigma 1,5, 10 semillas: 0,294 +- 0,004, error topográfico 0,063",
        ),
        run=_map_of_iris,
        quick_target=0.35,
        lower=True,
    ),
)
