"""The Kolmogorov-Arnold network: functions to be learned on the edges, and plain sums in the nodes.

Liu et al. (KAN: Kolmogorov-Arnold networks, 2024). A dense layer weighs its inputs and bends the sums. Here
each edge from input i to output j bends its input by a function of its own, and the nodes add them up:

    x(l+1)_j = sum over i of phi_ji(x(l)_i).                                         (equation 2.5)

A function is a smooth one plus a spline, so that it can be learned and drawn:

    phi(x) = w silu(x) + sum over n of c_n B_n(x),                    (equations 2.10 to 2.12)

where the B_n are B-splines of degree k over a grid of G intervals; each is a bump over k + 1 of them, and
G + k of them reach the grid. Kolmogorov (1957) and Arnold showed that two such layers are enough for any
continuous function; deeper ones find smoother functions. A layer has outputs x inputs x (G + k + 1) numbers.

Of few inputs and a smooth target, as in formulas of physics, it needs far fewer numbers than dense layers do.
The classic example is f(x, y) = exp(sin(pi x) + y**2), which two layers of 2 and 1 edges hold exactly.

Deviations. The factor of the spline is a part of c. The grid of hidden layers stays, where the paper moves it
to what arrives; beyond the grid the spline is 0, and the smooth part goes on. Learning is Adam's, where the
paper uses L-BFGS. Pruning and naming the functions that were found are left out.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.initializers import RandomNormal
from neurona.layers import Activation, Dense, Input, Layer, Rescaling
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import BLUE, GRAY, finish, new_figure, plain_axes
from neurona.random import Stream
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier, Estimator, base

__all__ = ["KolmogorovArnold", "KolmogorovArnoldClassifier", "KolmogorovArnoldRegressor"]

_EDGES = 5  # inputs and outputs of a layer whose functions are drawn, and functions beside each other
_LAYER = Words("layer", "capa")


class KolmogorovArnold(Layer):
    """y_j = sum over i of w_ij silu(x_i) + sum over n of c_inj B_n(x_i), with B-splines B_n over a grid.

    Args:
        units: how many outputs.
        grid: G, intervals of the grid.
        degree: k, of the polynomials of which a spline is made; 3 bends smoothly twice.
        low, high: where the grid begins and ends. Beyond it only silu answers.

    Shapes: x (..., features) -> (..., units); kernel w (features, units), coefficients c (features,
        grid + degree, units).

    Raises:
        ArgumentError: a size is no whole number above 0, or the grid is empty.

    Source: Liu et al., KAN: Kolmogorov-Arnold networks, 2024.

    Example:

        >>> layer = KolmogorovArnold(1, grid=4, degree=1)  # straight lines between five points of -1 to 1
        >>> layer.build((None, 1))
        >>> layer.set_weights([[[0.0]], [[[1.0], [0.5], [0.0], [0.5], [1.0]]]])
        >>> layer(np.array([[-1.0], [-0.25], [0.75]])).ravel().tolist()  # so it is |x|
        [1.0, 0.25, 0.75]
    """

    def __init__(
        self, units: int, grid: int = 5, degree: int = 3, low: float = -1.0, high: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        for name, size in {"units": units, "grid": grid, "degree": degree}.items():
            if not (isinstance(size, int | np.integer) and size > 0):
                raise ArgumentError(
                    f"KolmogorovArnold: {name} is a whole number above 0. Received: {name}={size!r}"
                )
        if not low < high:
            raise ArgumentError(f"KolmogorovArnold: low is below high. Received: low={low}, high={high}")
        self.units, self.grid, self.degree, self.low, self.high = units, grid, degree, low, high

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1]
        self.kernel = self.add_weight((features, self.units), "glorot_uniform", name="kernel")
        shape = (features, self.grid + self.degree, self.units)
        self.coefficients = self.add_weight(shape, RandomNormal(stddev=0.1), name="coefficients")

    def splines(self, x: Any) -> jax.Array:
        """B_n(x) of each number, (..., grid + degree): Cox and de Boor's recursion over even knots."""
        step = (self.high - self.low) / self.grid
        place = ((x - self.low) / step + self.degree)[..., None]  # in intervals, of which 0 begins the first
        knots = jnp.arange(self.grid + 2 * self.degree + 1, dtype=place.dtype)
        bumps = ((knots[:-1] <= place) & (place < knots[1:])).astype(place.dtype)
        for degree in range(1, self.degree + 1):
            rising = (place - knots[: -degree - 1]) * bumps[..., :-1]
            falling = (knots[degree + 1 :] - place) * bumps[..., 1:]
            bumps = (rising + falling) / degree
        return bumps

    def call(self, x: jax.Array) -> jax.Array:
        bumps = self.splines(x)  # (..., features, grid + degree)
        each = bumps.reshape(*x.shape[:-1], -1) @ self.coefficients.value.reshape(-1, self.units)
        return jax.nn.silu(x) @ self.kernel.value + each

    def edges(self, x: Any) -> jax.Array:
        """phi_ij of the numbers x, (numbers, features, units): what each edge makes of them."""
        x = jnp.asarray(x)
        splines = jnp.einsum("bn,inj->bij", self.splines(x), self.coefficients.value)
        return jax.nn.silu(x)[:, None, None] * self.kernel.value + splines


class _Functions(Estimator):
    """What both networks share: layers of functions over columns that are brought onto the grid."""

    def __init__(
        self,
        units: tuple[int, ...] = (5,),
        grid: int = 5,
        degree: int = 3,
        learning_rate: float = 0.02,
        epochs: int = 200,
        batch_size: int = 32,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.grid = grid
        self.degree = degree
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def _onto_grid(self, X: np.ndarray) -> Rescaling:
        """A layer that brings the range of each column to [-1, 1]."""
        low, high = X.min(axis=0).astype("float64"), X.max(axis=0).astype("float64")
        scale = 2 / np.where(high > low, high - low, 2)
        return Rescaling(scale.tolist(), (-scale * (low + high) / 2).tolist())

    def _functions(self, X: np.ndarray, outputs: int) -> list[Any]:
        """The layers up to the outputs, of which the first brings rows onto the grid."""
        self._batch_size = min(len(X), self.batch_size)
        layers = [KolmogorovArnold(units, self.grid, self.degree) for units in (*self.units, outputs)]
        return [Input((X.shape[1],)), self._onto_grid(X), *layers]

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the function of each edge over the grid, of the first 5 inputs and outputs of each layer.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        layers = [layer for layer in self.model_.layers if isinstance(layer, KolmogorovArnold)]
        places = np.linspace(-1, 1, 200, dtype="float32")
        curves = {
            f"{_LAYER.of(language)} {number}: {source + 1} → {target + 1}": curve
            for number, layer in enumerate(layers, 1)
            for source, rows in enumerate(np.asarray(layer.edges(places)).T.swapaxes(0, 1)[:_EDGES])
            for target, curve in enumerate(rows[:_EDGES])
        }
        lines = -(-len(curves) // _EDGES)
        figure = new_figure("plot", 1 + 1.5 * _EDGES, 0.8 + 1.3 * lines, 120)
        panels = figure.subplots(lines, _EDGES, squeeze=False, sharex=True).ravel()
        for axes in panels[len(curves) :]:
            axes.set_axis_off()
        for axes, (name, curve) in zip(panels, curves.items()):
            axes.axhline(0, color=GRAY, linewidth=0.5)
            axes.plot(places, curve, color=BLUE)
            axes.set_title(name, fontsize=7)
            axes.tick_params(labelsize=6)
            plain_axes(axes)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


class KolmogorovArnoldRegressor(base.RegressorMixin, _Functions):
    """A Kolmogorov-Arnold network for numbers.

    Args:
        units: outputs of each hidden layer.
        grid: G, intervals of each function.
        degree: k, of the polynomials between the points of the grid.
        learning_rate: of Adam, in the first step; it falls to 0 as half a cosine does.
        epochs: how often the rows are gone through.
        batch_size: rows of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        target_ndim_: how many dimensions the targets had.
        model_, history_, n_features_in_: as in `Estimator`.

    Source: Liu et al., KAN: Kolmogorov-Arnold networks, 2024.

    Example:

        >>> X = np.linspace(-3, 3, 200)[:, None]
        >>> network = KolmogorovArnoldRegressor((), grid=10, random_state=0).fit(X, np.sin(X[:, 0]))
        >>> bool(np.abs(network.predict(X) - np.sin(X[:, 0])).max() < 0.05)
        True
    """

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        X, y = validation.validate_data(self, X, y, dtype="float32", y_numeric=True, multi_output=True)
        self.target_ndim_ = np.ndim(y)
        return X, np.asarray(y, "float32").reshape(len(X), -1)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        mean, spread = y.mean(axis=0, dtype="float64"), y.std(axis=0, dtype="float64")
        spread = np.where(spread > 0, spread, 1)
        model = Sequential([*self._functions(X, y.shape[1]), Rescaling(spread.tolist(), mean.tolist())])
        # The loss is that of targets of spread 1, so that learning_rate means the same for all units.
        model.compile(Adam(self.learning_rate), "mse", loss_weights=float(1 / np.mean(spread**2)))
        return model

    def predict(self, X: Any) -> np.ndarray:
        """The outputs for rows, of the shape of the targets."""
        outputs = self._outputs(self._rows(X))
        return outputs[:, 0] if self.target_ndim_ == 1 else outputs.astype("float64")  # scikit-learn's dtype

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class KolmogorovArnoldClassifier(Classifier, _Functions):
    """A Kolmogorov-Arnold network for classes, with a softmax over its outputs.

    Args:
        units, grid, degree, learning_rate, epochs, batch_size, random_state: as in
            `KolmogorovArnoldRegressor`.

    Attributes:
        classes_: the classes, sorted.
        model_, history_, n_features_in_: as in `Estimator`.

    Source: Liu et al., KAN: Kolmogorov-Arnold networks, 2024.

    Example:

        >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 10)
        >>> network = KolmogorovArnoldClassifier((2,), random_state=0).fit(X, ["no", "yes", "yes", "no"] * 10)
        >>> network.predict(X[:4]).tolist()
        ['no', 'yes', 'yes', 'no']
    """

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y[:, None] == self.classes_

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        model = Sequential([*self._functions(X, len(self.classes_)), Activation("softmax")])
        model.compile(Adam(self.learning_rate), "categorical_crossentropy")
        return model

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (samples, classes)."""
        return self._outputs(self._rows(X))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likeliest]


def _formula(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of [-1, 1] x [-1, 1], and exp(sin(pi x) + y**2) of each."""
    X = np.random.default_rng(seed).uniform(-1, 1, (rows, 2)).astype("float32")
    return X, np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


def _error_of_dense_layers(seed: int, epochs: int) -> float:
    """The test RMSE of two hidden layers of 139 numbers, which learn as the network beside them does."""
    (X, y), (test, truth) = _formula(1000, 2 * seed), _formula(1000, 2 * seed + 1)
    mean, spread = y.mean(), y.std()
    with Stream(seed):
        model = Sequential([Input((2,)), Dense(10, "silu"), Dense(9, "silu"), Dense(1)])
        model.compile(Adam(CosineDecay(0.02, epochs * 10)), "mse")
        model.fit(X, (y - mean) / spread, epochs=epochs, batch_size=100, verbose=0)
    found = np.asarray(model.predict(test, verbose=0))[:, 0] * spread + mean
    return float(np.sqrt(np.mean((found - truth) ** 2)))


def _beside_dense_layers(seed: int = 0, quick: bool = False) -> Outcome:
    """The error of 135 numbers on edges, beside that of 139 in dense layers, after as many steps of Adam."""
    runs, epochs = range(seed, seed + (1 if quick else 5)), 60 if quick else 400
    errors, network = [], KolmogorovArnoldRegressor((5,), epochs=epochs, batch_size=100)
    for run in runs:
        (X, y), (test, truth) = _formula(1000, 2 * run), _formula(1000, 2 * run + 1)
        network = network.set_params(random_state=run).fit(X, y)
        errors.append(np.sqrt(np.mean((network.predict(test) - truth) ** 2)))
    dense = float(np.mean([_error_of_dense_layers(run, epochs) for run in runs]))
    return Outcome(
        figure=float(np.mean(errors)) / dense,
        network=network,
        details={
            Words("test RMSE", "RMSE de prueba"): float(np.mean(errors)),
            Words("test RMSE of dense layers", "RMSE de prueba de capas densas"): dense,
        },
    )


CARD = Card(
    title=Words("Kolmogorov-Arnold network", "Red de Kolmogórov-Arnold"),
    year=2024,
    paper="Liu et al., KAN: Kolmogorov-Arnold networks, 2024",
    family="layers",
    cells=("input", "hidden", "output"),
    summary=Words(
        "Each edge bends its input by a spline of its own, which is learned and can be looked at; the nodes "
        "only add.",
        "Cada arista dobla su entrada con una función spline propia, que se aprende y se puede mirar; los "
        "nodos solo suman.",
    ),
    network=KolmogorovArnoldRegressor,
    experiment=Experiment(
        task=Words(
            "exp(sin(pi x) + y**2) from 1,000 rows, 135 numbers on edges beside 139 in dense layers; five "
            "seeds",
            "exp(sen(pi x) + y**2) a partir de 1000 filas, 135 números en aristas frente a 139 en capas "
            "densas; cinco semillas",
        ),
        measure=Words("test RMSE over that of dense layers", "RMSE de prueba entre el de capas densas"),
        target=0.5,
        source=Words(
            "Liu et al., 2024, section 2: more accurate than dense layers of as many numbers; half of "
            "their error is a bound of our own",
            "Liu et al., 2024, sección 2: más exacta que capas densas de tantos números; la mitad de su "
            "error es una cota propia",
        ),
        run=_beside_dense_layers,
        quick_target=0.5,
        lower=True,
    ),
)
