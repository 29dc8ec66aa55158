"""The generalized linear discriminant: fixed functions of the inputs, and linear outputs above them.

Bishop (Neural Networks for Pattern Recognition, 1995, section 3.3). The inputs go through M functions that
are fixed before anything is learned, and the outputs are linear in them,

    y_k(x) = w_k0 + sum over j of w_kj phi_j(x),

so that what is not linear in x is learned like what is: the squared error has one minimum, in closed form
(neurona/zoo/ridge.py solves it by the QR decomposition). Three families of phi:

    polynomial   all products of columns up to a degree;
    gaussian     exp(-(x - m)**2 / (2 s**2)) of each column, at places m along it;
    sigmoid      1 / (1 + exp(-(x - m) / s)) of each column, at places m along it.

With phi = x and two classes, the weights point along Fisher's discriminant (The use of multiple measurements
in taxonomic problems, 1936): the mean of the classes apart, as seen from the spread within them.
"""

import itertools
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.datasets import iris
from neurona.errors import ArgumentError
from neurona.layers import Dense, Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import finish
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier
from neurona.zoo.pictures import weights_figure
from neurona.zoo.ridge import RidgeRule

__all__ = ["BasisExpansion", "GeneralizedLinearDiscriminant"]

_KINDS = ("polynomial", "gaussian", "sigmoid")
_MOST = 20_000  # functions of a row


class BasisExpansion(Layer):
    """Fixed functions of the inputs: products of columns, or bumps or steps along each column.

    Args:
        kind: `"polynomial"`, `"gaussian"` or `"sigmoid"`.
        size: the highest degree of a product; or how many places there are along each column.
        low, high: the first place along each column and the last; a number, or one for each.

    Shapes: x (..., features) -> (..., functions): for a polynomial all products of 1 to `size` columns, in
        the order of scikit-learn's PolynomialFeatures; else features * size, those of the first column first.

    Raises:
        ArgumentError: there is no such kind, `size` is below 1, or there are more than 20,000 products.

    Source: Bishop, Neural Networks for Pattern Recognition, 1995, section 3.3.

    Example:

        >>> BasisExpansion("polynomial", 2)(np.array([[2.0, 3.0]])).tolist()  # a, b, aa, ab, bb
        [[2.0, 3.0, 4.0, 6.0, 9.0]]
    """

    def __init__(
        self, kind: str = "polynomial", size: int = 2, low: Any = -1.0, high: Any = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if kind not in _KINDS or size < 1:
            raise ArgumentError(
                "BasisExpansion: kind is 'polynomial', 'gaussian' or 'sigmoid', and size at least 1. "
                f"Received: kind={kind!r}, size={size}"
            )
        self.kind, self.size, self.low, self.high = kind, size, low, high

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1]
        if self.kind == "polynomial":
            count = _products(features, self.size)
            if count > _MOST:
                raise ArgumentError(
                    f"BasisExpansion: {features} columns have {count} products up to degree {self.size}, of "
                    f"at most {_MOST}. Lower size, or take fewer columns."
                )
        low, high = (
            np.broadcast_to(np.asarray(end, "float32"), (features,)) for end in (self.low, self.high)
        )
        self._places = np.linspace(low, high, self.size, axis=-1)  # (features, size)
        self._scales = np.maximum((high - low) / max(self.size - 1, 1), 1e-6)[:, None]

    def call(self, x: jax.Array) -> jax.Array:
        if self.kind == "polynomial":
            columns = range(x.shape[-1])
            degrees = range(1, self.size + 1)
            chosen = [itertools.combinations_with_replacement(columns, degree) for degree in degrees]
            parts = [jnp.prod(x[..., np.array(list(some))], axis=-1) for some in chosen]
            return jnp.concatenate(parts, axis=-1)
        z = (x[..., None] - self._places) / self._scales
        each = jnp.exp(-(z**2) / 2) if self.kind == "gaussian" else jax.nn.sigmoid(z)
        return each.reshape(*x.shape[:-1], -1)


def _products(features: int, degree: int) -> int:
    """How many products of 1 to `degree` of so many columns there are."""
    count, total = 1, 0
    for number in range(1, degree + 1):
        count = count * (features + number - 1) // number
        total += count
    return total


class GeneralizedLinearDiscriminant(Classifier):
    """A classifier that is linear in fixed functions of the inputs, solved in closed form.

    The columns are scaled to -1 to 1 by their extremes first. An output learns 1 for the rows of its class,
    and -1 for others.

    Args:
        basis: `"polynomial"`, `"gaussian"` or `"sigmoid"`.
        size: the highest degree of a polynomial; or how many places there are along each column.
        ridge: the penalty on the sum of squared weights; 0 is least squares, None chooses by generalized
            cross-validation.

    Attributes:
        classes_: the classes, sorted.
        low_, high_: the extremes of each column, (features,).
        ridge_: the penalty taken.
        model_, history_, n_features_in_: as in `Classifier`.

    Example:

        >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> GeneralizedLinearDiscriminant(size=2).fit(X, ["no", "yes", "yes", "no"]).predict(X).tolist()
        ['no', 'yes', 'yes', 'no']
    """

    epochs = 1

    def __init__(self, basis: str = "polynomial", size: int = 2, ridge: float | None = 0.0) -> None:
        self.basis = basis
        self.size = size
        self.ridge = ridge

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        X, targets = super()._checked(X, y)
        self.low_, self.high_ = X.min(axis=0), X.max(axis=0)
        return self._scaled(X), targets

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        spread = np.where(self.high_ > self.low_, self.high_ - self.low_, 1)
        return 2 * (X - self.low_) / spread - 1

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return np.where(y[:, None] == self.classes_, 1.0, -1.0)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        self._batch_size, self._rule = min(len(X), 4096), RidgeRule(self.ridge)
        basis = BasisExpansion(self.basis, self.size)
        model = Sequential([Input((X.shape[1],)), basis, Dense(y.shape[1])])
        model.compile(rule=self._rule)
        return model

    def fit(self, X: Any, y: Any, **options: Any) -> Self:
        """Learn from rows, (samples, features), and the class of each; `options` are those of the model's
        `fit`.

        Raises:
            ArgumentError: there is no such basis, or it has too many functions.
        """
        super().fit(X, y, **options)
        self.ridge_ = float(self._rule.chosen.value)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """The output for each class; of two classes, half of the second's less the first's, (samples,)."""
        outputs = self._outputs(self._scaled(self._rows(X)))
        return (outputs[:, 1] - outputs[:, 0]) / 2 if len(self.classes_) == 2 else outputs

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row: that of the largest output."""
        return self.classes_[self._outputs(self._scaled(self._rows(X))).argmax(axis=1)]

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the weight of each function, for each class.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        kernel = np.asarray(self.model_.get_weights()[-2])
        return finish(weights_figure(kernel.T, list(self.classes_), CARD.title.of(language)), to_file)


def _closed_form(seed: int = 0, quick: bool = False) -> Outcome:
    """The irises, by three bases: how far the outputs are from least squares in 64 bits."""
    (X, y), _ = iris.load_data(test_split=0.0)
    furthest, right, network = 0.0, {}, GeneralizedLinearDiscriminant()
    for basis, size in (("gaussian", 5), ("sigmoid", 5), ("polynomial", 2))[2 * quick :]:
        network = GeneralizedLinearDiscriminant(basis, size).fit(X, y)
        scaled = 2 * (X - network.low_) / (network.high_ - network.low_) - 1
        phi = np.asarray(network.model_.layers[0](scaled), "float64")
        phi = np.c_[phi - phi.mean(axis=0), np.ones(len(X))]
        targets = np.where(y[:, None] == network.classes_, 1.0, -1.0)
        wanted = phi @ np.linalg.lstsq(phi, targets)[0]
        furthest = max(furthest, float(np.abs(network.decision_function(X) - wanted).max()))
        words = Words(f"% right, {basis}", f"% de aciertos, {_SPANISH[basis]}")
        right[words] = 100 * float(network.score(X, y))
    return Outcome(figure=furthest, network=network, details=right)


_SPANISH = {"polynomial": "polinomio", "gaussian": "gaussianas", "sigmoid": "sigmoides"}
CARD = Card(
    title=Words("Generalized linear discriminant", "Discriminante lineal generalizado"),
    year=1995,
    paper="Bishop, Neural Networks for Pattern Recognition, section 3.3, 1995",
    family="layers",
    cells=("input", "kernel", "output"),
    summary=Words(
        "Fixed functions of the inputs (polynomials, Gaussians, sigmoids), and linear outputs solved in "
        "closed form.",
        "Funciones fijas de las entradas (polinomios, gaussianas, sigmoides), y salidas lineales resueltas "
        "en forma cerrada.",
    ),
    network=GeneralizedLinearDiscriminant,
    experiment=Experiment(
        task=Words("the irises, by three bases", "los lirios, con tres bases"),
        measure=Words(
            "largest difference from least squares in 64 bits",
            "mayor diferencia con mínimos cuadrados en 64 bits",
        ),
        target=1e-3,
        source=Words("closed form", "forma cerrada"),
        run=_closed_form,
        quick_target=1e-3,
        lower=True,
    ),
)
