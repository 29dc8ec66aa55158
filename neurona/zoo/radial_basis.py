"""The radial basis network: hidden neurons that answer to what is near their centre.

Broomhead and Lowe (Multivariable functional interpolation and adaptive networks, Complex Systems 2, 1988).
Hidden neuron j has a centre c_j and a width s_j, and the outputs are linear,

    y_k(x) = b_k + sum over j of w_kj g(|x - c_j| / s_j).

With a centre at each row the network goes through all targets: that is interpolation. With fewer it is least
squares, which neurona/zoo/ridge.py solves in one pass. Moody and Darken (Fast learning in networks of
locally-tuned processing units, Neural Computation 1, 1989) place the centres by k-means, without looking at
the targets, and take for a width the distance to the nearest centres. Their normalized neurons share 1 among
them, so the output is a weighted mean of what each has learned.

    g(r) = exp(-r**2 / 2)            gaussian: local
    g(r) = sqrt(1 + r**2)            multiquadric (Hardy, 1971): global, and accurate for smooth surfaces
    g(r) = 1 / sqrt(1 + r**2)        inverse_multiquadric
    g(r) = r**2 log r                thin_plate (Duchon, 1977): the surface that bends least; no width matters
    g(r) = 1 / r**2                  inverse_distance, normalized: the interpolation of Shepard (1968)
"""

from collections.abc import Callable, Mapping
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona import initializers
from neurona.datasets import mnist
from neurona.errors import ArgumentError
from neurona.layers import Dense, Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import BLUE, GRAY, VERMILLION, finish, new_figure, plain_axes
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.echo_state import mackey_glass
from neurona.zoo.estimator import Classifier, Estimator, base
from neurona.zoo.pictures import pictures_figure, points_figure
from neurona.zoo.ridge import RidgeRule
from neurona.zoo.vector_quantization import lloyd

__all__ = ["RadialBasis", "RadialBasisClassifier", "RadialBasisRegressor"]

_TINY = 1e-12
# g by its name, of the squared r.
KERNELS: Mapping[str, Callable[[jax.Array], jax.Array]] = {
    "gaussian": lambda q: jnp.exp(-q / 2),
    "multiquadric": lambda q: jnp.sqrt(1 + q),
    "inverse_multiquadric": lambda q: jax.lax.rsqrt(1 + q),
    "thin_plate": lambda q: q * jnp.log(jnp.maximum(q, _TINY)) / 2,
    "inverse_distance": lambda q: 1 / jnp.maximum(q, _TINY),
}
_NEIGHBOURS = 2  # centres whose distance makes a width
_SWEEPS = 20  # of k-means at most
_SHOWN = 40  # centres that are drawn as pictures


class RadialBasis(Layer):
    """g(|x - c_j| / s_j) for centres c and widths s, which are its weights: the chart's kernel cell.

    Args:
        units: how many centres.
        kernel: g: `"gaussian"`, `"multiquadric"`, `"inverse_multiquadric"`, `"thin_plate"` or
            `"inverse_distance"`.
        normalized: whether the outputs of a row are divided by their sum, so that what follows interpolates.
        width: s at first.
        initializer: of the centres.

    Shapes: x (..., features) -> (..., units); centres (units, features), widths (units,).

    Raises:
        ArgumentError: there is no such kernel, or the width is not above 0.

    Source: Broomhead and Lowe, Multivariable functional interpolation and adaptive networks, 1988.

    Example:

        >>> layer = RadialBasis(2)
        >>> layer.build((None, 1))
        >>> layer.set_weights([[[0.0], [2.0]], [1.0, 1.0]])
        >>> [round(float(one), 3) for one in layer(np.array([[0.0]]))[0]]  # 1 and exp(-2)
        [1.0, 0.135]
    """

    def __init__(
        self,
        units: int,
        kernel: str = "gaussian",
        normalized: bool = False,
        width: float = 1.0,
        initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if kernel not in KERNELS:
            raise ArgumentError(f"RadialBasis: kernel is {' or '.join(KERNELS)}. Received: kernel={kernel!r}")
        if width <= 0:
            raise ArgumentError(f"RadialBasis: width is above 0. Received: width={width}")
        self.units, self.kernel, self.normalized = units, kernel, normalized
        self.width, self.initializer = width, initializers.get(initializer)

    def build(self, input_shape: Any) -> None:
        self.centres = self.add_weight((self.units, input_shape[-1]), self.initializer, name="centres")
        self.widths = self.add_weight((self.units,), initializers.Constant(self.width), name="widths")

    def call(self, x: jax.Array) -> jax.Array:
        middle = self.centres.value.mean(axis=0)  # near 0 the squares below lose fewest digits
        x, c = x - middle, self.centres.value - middle
        squares = jnp.sum(x**2, -1, keepdims=True) - 2 * x @ c.T + jnp.sum(c**2, -1)
        outputs = KERNELS[self.kernel](jnp.maximum(squares, 0) / self.widths.value**2)
        return outputs / jnp.sum(outputs, -1, keepdims=True) if self.normalized else outputs


class _RadialNetwork(Estimator):
    """What both networks share: centres that are placed, and an output layer that is solved."""

    epochs = 1
    units: int
    kernel: str
    normalized: bool
    placing: str
    width: float | None
    overlap: float
    ridge: float | None

    def __init__(
        self,
        units: int = 100,
        kernel: str = "gaussian",
        normalized: bool = False,
        placing: str = "kmeans",
        width: float | None = None,
        overlap: float = 1.5,
        ridge: float | None = None,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.kernel = kernel
        self.normalized = normalized
        self.placing = placing
        self.width = width
        self.overlap = overlap
        self.ridge = ridge
        self.random_state = random_state

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        self.centres_ = self._placed(X)
        self.width_ = self.overlap * spacing(self.centres_) if self.width is None else self.width
        basis = RadialBasis(len(self.centres_), self.kernel, self.normalized, self.width_, trainable=False)
        self._batch_size = min(len(X), max(1024, 4 * self.units))
        self._rule = RidgeRule(self.ridge)
        # Normalized neurons sum to 1, so a bias would be a weight twice.
        model = Sequential([Input((X.shape[1],)), basis, Dense(y.shape[1], use_bias=not self.normalized)])
        basis.centres.assign(self.centres_)
        model.compile(rule=self._rule)
        return model

    def _placed(self, X: np.ndarray) -> np.ndarray:
        """The centres, (units, features), at most as many as rows."""
        if self.placing not in ("kmeans", "rows"):
            raise ArgumentError(
                f"{type(self).__name__}: placing is 'kmeans' or 'rows'. Received: placing={self.placing!r}"
            )
        rows = np.random.default_rng(self._seed()).permutation(len(X))[: self.units]
        return lloyd(X, X[rows], _SWEEPS) if self.placing == "kmeans" and len(rows) < len(X) else X[rows]

    def fit(self, X: Any, y: Any, **options: Any) -> Self:
        """Place the centres, and solve the outputs.

        Args:
            X: (samples, features), of columns that vary alike: distances are all that the network sees.
            y: a target or class for each.
            options: further arguments of the model's `fit`.
        """
        super().fit(X, y, **options)
        self.ridge_ = float(self._rule.chosen.value)
        return self

    def plot(self, X: Any = None, y: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw, for rows of one column, the output over it and what each neuron adds; for two, the output
        over the plane; for square pictures the centres; for others the centres in the plane in which they
        vary most.

        Args:
            X, y: rows and targets to be drawn as points.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        title, side = CARD.title.of(language), self.n_features_in_**0.5
        if self.n_features_in_ == 1:
            return finish(self._curve(X, y, title, language), to_file)
        if side >= 8 and side % 1 == 0:
            shown = self.centres_[:_SHOWN]
            return finish(pictures_figure(shown, [""] * len(shown), 8, title), to_file)
        if self.n_features_in_ == 2:
            return finish(self._plane(X, y, title), to_file)
        return finish(points_figure(self.centres_, None, X, y, title), to_file)

    def _plane(self, X: Any, y: Any, title: str) -> Any:
        about = self.centres_ if X is None else np.asarray(X)
        low, high = about.min(axis=0), about.max(axis=0)
        low, high = low - 0.3 * (high - low) - 1e-3, high + 0.3 * (high - low) + 1e-3
        across, up = (np.linspace(low[axis], high[axis], 120) for axis in (0, 1))
        places = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype("float32")
        outputs = self._outputs(places)  # of several, the last: that of the last class
        figure = new_figure("plot", 5.4, 4.4, 120)
        axes = figure.subplots()
        extent = (low[0], high[0], low[1], high[1])
        shown = axes.imshow(outputs[:, -1].reshape(120, 120), "RdBu_r", extent=extent, origin="lower")
        axes.set_aspect("auto")
        if X is not None:
            axes.scatter(*np.asarray(X).T, c=y, cmap="RdBu_r", edgecolors="black", s=70)
        axes.plot(*self.centres_.T, "k+", ms=9)
        figure.colorbar(shown, ax=axes)
        figure.suptitle(title)
        return figure

    def _curve(self, X: Any, y: Any, title: str, language: str | None) -> Any:
        figure = new_figure("plot", 6, 4, 120)
        axes = figure.subplots()
        about = self.centres_ if X is None else np.asarray(X)
        places = np.linspace(np.min(about), np.max(about), 400)[:, None].astype("float32")
        each = (
            np.asarray(self.model_.layers[0](places))
            * np.asarray(self.model_.layers[1].get_weights()[0])[:, 0]
        )
        output = self._outputs(places)[:, 0]
        each *= np.abs(output).max() / np.abs(each).max()
        label = Words("neurons, scaled", "neuronas, a escala").of(language)
        for number, one in enumerate(each.T):
            axes.plot(places, one, color=BLUE, lw=0.5, alpha=0.6, label=None if number else label)
        if X is not None:
            axes.plot(X, y, ".", color=GRAY, label=Words("rows", "filas").of(language))
        axes.plot(places, output, color=VERMILLION, label=Words("network", "red").of(language))
        axes.legend(frameon=False)
        plain_axes(axes)
        figure.suptitle(title)
        return figure


class RadialBasisRegressor(base.RegressorMixin, _RadialNetwork):
    """A radial basis network for numbers.

    Args:
        units: how many centres; at most as many as rows.
        kernel: g, as in `RadialBasis`.
        normalized: whether the neurons of a row share 1 among them.
        placing: where the centres stand: `"kmeans"`, or `"rows"`, at rows drawn at random.
        width: s; None takes `overlap` times the mean distance of a centre from its two nearest.
        overlap: how far neurons reach over their neighbours: see `width`.
        ridge: the penalty on the sum of squared output weights; None chooses it by generalized
            cross-validation.
        random_state: an integer for the same centres at every call.

    Attributes:
        centres_: (units, features).
        width_, ridge_: as they were taken.
        model_, history_, n_features_in_: as in `Estimator`.

    Example:

        >>> X = np.linspace(-3, 3, 100)[:, None]
        >>> network = RadialBasisRegressor(12, random_state=0).fit(X, np.sin(X[:, 0]))
        >>> bool(np.abs(network.predict(X) - np.sin(X[:, 0])).max() < 0.01)
        True
    """

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        X, y = validation.validate_data(self, X, y, dtype="float32", y_numeric=True, multi_output=True)
        self.target_ndim_ = np.ndim(y)
        return X, np.asarray(y, "float32").reshape(len(X), -1)

    def predict(self, X: Any) -> np.ndarray:
        """The outputs for rows, of the shape of the targets."""
        outputs = self._outputs(self._rows(X))
        return outputs[:, 0] if self.target_ndim_ == 1 else outputs.astype("float64")  # scikit-learn's dtype

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class RadialBasisClassifier(Classifier, _RadialNetwork):
    """A radial basis network for classes: an output for each, of 1 for its rows and -1 for others.

    Args:
        units, kernel, normalized, placing, width, overlap, ridge, random_state: as in `RadialBasisRegressor`.

    Attributes:
        classes_: the classes, sorted.
        centres_, width_, ridge_, model_, history_, n_features_in_: as in `RadialBasisRegressor`.

    Example:

        >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> network = RadialBasisClassifier(4, random_state=0).fit(X, ["no", "yes", "yes", "no"])
        >>> network.predict(X).tolist()
        ['no', 'yes', 'yes', 'no']
    """

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return np.where(y[:, None] == self.classes_, 1.0, -1.0)

    def decision_function(self, X: Any) -> np.ndarray:
        """The output for each class; of two classes, half of the second's less the first's, (samples,)."""
        outputs = self._outputs(self._rows(X))
        return (outputs[:, 1] - outputs[:, 0]) / 2 if len(self.classes_) == 2 else outputs

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row: that of the largest output."""
        return self.classes_[self._outputs(self._rows(X)).argmax(axis=1)]


def spacing(centres: np.ndarray) -> float:
    """The mean distance of a centre from its two nearest; 1 where there is one centre, or all are alike."""
    squares = np.sum(centres.astype("float64") ** 2, axis=1)
    apart = squares[:, None] + squares - 2 * centres.astype("float64") @ centres.T
    np.fill_diagonal(apart, np.inf)
    nearest = np.sort(np.maximum(apart, 0), axis=1)[:, : min(_NEIGHBOURS, len(centres) - 1)]
    mean = float(np.sqrt(nearest).mean()) if len(centres) > 1 else 0.0
    return mean if mean > 1e-6 * float(np.sqrt(squares.mean())) else 1.0


def _digits_of_mnist(seed: int = 0, quick: bool = False) -> Outcome:
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    y = np.array([0, 1, 1, 0])
    if quick:
        network = RadialBasisClassifier(4, random_state=seed).fit(X, y)
        return Outcome(100 * (1 - network.score(X, y)), network, shown={"X": X, "y": y})
    exact = RadialBasisClassifier(4, random_state=seed).fit(X, y)
    (X, y), (test, truth) = mnist.load_data()
    X, test = X.reshape(len(X), -1) / 255.0, test.reshape(len(test), -1) / 255.0
    network = RadialBasisClassifier(1000, random_state=seed).fit(X, y)
    error, wrong = (
        _mackey_glass(seed),
        4 * (1 - exact.score(exact.centres_, np.abs(np.diff(exact.centres_))[:, 0])),
    )
    return Outcome(
        figure=100 * (1 - network.score(test, truth)),
        network=network,
        details={
            Words("wrong entries of XOR, 4 centres", "entradas erróneas de XOR, 4 centros"): wrong,
            Words(
                "error over spread, Mackey-Glass 85 ahead", "error entre dispersión, Mackey-Glass a 85"
            ): error,
        },
    )


def _mackey_glass(seed: int) -> float:
    """Moody and Darken's task: the series 85 steps ahead, from four values 6 steps apart, 500 rows."""
    series = mackey_glass(3000, seed=seed)
    times = np.arange(18, 2900)
    X = np.stack([series[times - back] for back in (0, 6, 12, 18)], axis=1)
    y = series[times + 85]
    network = RadialBasisRegressor(200, random_state=seed).fit(X[:500], y[:500])
    return float(np.sqrt(np.mean((network.predict(X[500:]) - y[500:]) ** 2)) / y.std())


_LECUN = "LeCun et al., Gradient-based learning applied to document recognition, 1998"
CARD = Card(
    title=Words("Radial basis network", "Red de base radial"),
    year=1988,
    paper="Broomhead and Lowe, Multivariable functional interpolation and adaptive networks, 1988",
    family="layers",
    cells=("input", "kernel", "output"),
    summary=Words(
        "Hidden neurons answer to what is near their centres, which k-means places; the outputs are solved "
        "in one pass.",
        "Las neuronas ocultas responden a lo cercano a sus centros, que coloca k-medias; las salidas se "
        "resuelven en una pasada.",
    ),
    network=RadialBasisClassifier,
    experiment=Experiment(
        task=Words("MNIST, 1,000 centres and linear outputs", "MNIST, 1000 centros y salidas lineales"),
        measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
        target=3.6,
        source=Words(_LECUN, _LECUN),
        run=_digits_of_mnist,
        quick_target=0.0,
        lower=True,
    ),
)
