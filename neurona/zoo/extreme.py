"""The extreme learning machine: hidden neurons stay random, and the outputs are solved.

Huang, Zhu and Siew (Extreme learning machine: theory and applications, Neurocomputing 70, 2006). N hidden
neurons have random weights w and biases b, so that the rows become H = g(X w + b), and the output weights
beta are the least squares solution

    beta = H^+ T.                                                                    (2006, equation 16)

Rows may also come one after another, and beta is renewed after each by a rank-one update of the inverse
(Liang et al., A fast and accurate online sequential learning algorithm for feedforward networks, IEEE
Transactions on Neural Networks 17, 2006); that is recursive least squares.

Deviation. Random neurons resemble each other, so H is nearly singular, and the plain pseudo-inverse explodes
on rows unlike those it learned from. Here a ridge is added, which generalized cross-validation chooses
(neurona/zoo/ridge.py).
"""

from typing import Any, Self

import numpy as np

from neurona.datasets import california_housing
from neurona.errors import ArgumentError, DataError
from neurona.initializers import Initializer, RandomNormal, RandomUniform
from neurona.layers import Dense, Input
from neurona.models import Model, Sequential
from neurona.plotting.figure import BLUE, GRAY, VERMILLION, finish, new_figure, plain_axes
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier, Estimator, base
from neurona.zoo.pictures import weights_figure
from neurona.zoo.ridge import NormalRule, RecursiveRule, RidgeRule

__all__ = ["ExtremeClassifier", "ExtremeRegressor"]

_LEAST = 1e-11  # ridge, as a share of the largest squared singular value, so that rounding stays small
_SPREADS = {"sigmoid": 0.5, "tanh": 1.0}  # how far outputs lie from the middle at most
_DISTRIBUTIONS = ("uniform", "normal")
_ONLINE_RIDGE = 1e-3  # where rows come one by one, and none can be chosen


class _ExtremeMachine(Estimator):
    """What both machines share: random hidden neurons, and an output layer that is solved."""

    epochs = 1
    units: int
    activation: str
    weight_scale: float
    ridge: float | None
    distribution: str

    def __init__(
        self,
        units: int = 100,
        activation: str = "sigmoid",
        weight_scale: float = 1.0,
        ridge: float | None = None,
        distribution: str = "uniform",
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.activation = activation
        self.weight_scale = weight_scale
        self.ridge = ridge
        self.distribution = distribution
        self.random_state = random_state

    def _machine(self, features: int, outputs: int, rule: Any) -> Model:
        weights, biases = self._distributions()
        hidden = Dense(
            self.units,
            self.activation,
            kernel_initializer=weights,
            bias_initializer=biases,
            trainable=False,
        )
        self._rule = rule
        model = Sequential([Input((features,)), hidden, Dense(outputs, use_bias=False)])
        model.compile(rule=rule)
        return model

    def _distributions(self) -> tuple[Initializer, Initializer]:
        """Of the hidden neurons' weights, and of their biases."""
        scale = self.weight_scale
        if self.distribution == "uniform":
            return RandomUniform(-scale, scale), RandomUniform(0.0, scale)
        if self.distribution == "normal":
            return RandomNormal(stddev=scale), RandomNormal(stddev=1.0)
        raise ArgumentError(
            f"{type(self).__name__}: distribution is one of {', '.join(_DISTRIBUTIONS)}. Received: "
            f"{self.distribution!r}"
        )

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        spread = _SPREADS.get(self.activation, np.inf)
        if self.ridge and NormalRule.resolves(self.ridge, len(X), self.units, spread):
            self._batch_size = min(len(X), 2048)
            return self._machine(X.shape[1], y.shape[1], NormalRule(self.ridge))
        self._batch_size = min(len(X), max(1024, 4 * self.units))
        return self._machine(X.shape[1], y.shape[1], RidgeRule(self.ridge, least=_LEAST))

    def fit(self, X: Any, y: Any, **options: Any) -> Self:
        """Learn from all rows at once.

        Args:
            X: (samples, features), scaled to about -1 to 1.
            y: a target or class for each.
            options: further arguments of the model's `fit`.
        """
        super().fit(X, y, **{"shuffle": False, **options})
        self.ridge_ = float(self._rule.chosen.value)
        return self

    def _continue(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Learn from further rows, (samples, outputs)."""
        if not hasattr(self, "model_"):
            self.ridge_ = self.ridge or _ONLINE_RIDGE
            with self._seeded():
                self.model_ = self._machine(X.shape[1], y.shape[1], RecursiveRule(self.ridge_))
        elif not hasattr(self, "_rule"):
            raise ArgumentError(
                f"{type(self).__name__}: it was read from a file, which keeps no more than the weights. "
                "Learn all rows anew with fit."
            )
        self.history_ = self.model_.fit(X, y, batch_size=min(len(X), 1024), shuffle=False, verbose=0)
        return self

    def plot(self, X: Any = None, y: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw, for rows of one column, the output over it; for others the weights of each output.

        Args:
            X, y: rows and targets to be drawn as points beside it.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        title = CARD.title.of(language)
        if self.n_features_in_ > 1 or X is None:
            beta = np.asarray(self.model_.get_weights()[-1]).T
            return finish(weights_figure(beta, list(range(1, len(beta) + 1)), title), to_file)
        figure = new_figure("plot", 6, 4, 120)
        axes = figure.subplots()
        places = np.linspace(np.min(X), np.max(X), 400)[:, None].astype("float32")
        axes.plot(X, y, ".", color=GRAY, alpha=0.4, label=Words("rows", "filas").of(language))
        axes.plot(places, self._outputs(places), color=VERMILLION, label=Words("network", "red").of(language))
        hidden = self.model_.layers[0](places) * np.asarray(self.model_.get_weights()[-1])[:, 0]
        spread = np.asarray(hidden) / np.abs(hidden).max() * np.abs(y).max()
        words = Words("hidden neurons, scaled", "neuronas ocultas, a escala")
        axes.plot(places, spread[:, 0], color=BLUE, linewidth=0.5, alpha=0.6, label=words.of(language))
        axes.plot(places, spread[:, 1:], color=BLUE, linewidth=0.5, alpha=0.6)
        axes.set_xlabel("x")
        axes.legend(frameon=False)
        plain_axes(axes)
        figure.suptitle(title)
        return finish(figure, to_file)


class ExtremeRegressor(base.RegressorMixin, _ExtremeMachine):
    """An extreme learning machine for numbers.

    Args:
        units: how many hidden neurons.
        activation: of them.
        weight_scale: how far their weights spread.
        ridge: the penalty on the sum of squared output weights; None chooses it by generalized
            cross-validation, and 0.001 where rows come one by one.
        distribution: of the hidden neurons. `"uniform"`: weights from -weight_scale to it, biases from 0 to
            it, as in the paper; `"normal"`: weights of standard deviation weight_scale, biases of 1.
        random_state: an integer for the same weights at every call.

    Attributes:
        ridge_: the penalty taken.
        model_, history_, n_features_in_: as in `Estimator`.

    Example:

        >>> X = np.linspace(-3, 3, 100)[:, None]
        >>> round(ExtremeRegressor(30, random_state=0).fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])), 3)
        1.0
    """

    def _checked(self, X: Any, y: Any, reset: bool = True) -> tuple[np.ndarray, np.ndarray]:
        X, y = validation.validate_data(
            self, X, y, dtype="float32", y_numeric=True, multi_output=True, reset=reset
        )
        self.target_ndim_ = np.ndim(y)
        return X, np.asarray(y, "float32").reshape(len(X), -1)

    def partial_fit(self, X: Any, y: Any) -> Self:
        """Learn from further rows, one after another: the result is that of all rows seen so far.

        Raises:
            ArgumentError: the network was read from a file.
        """
        return self._continue(*self._checked(X, y, reset=not hasattr(self, "model_")))

    def predict(self, X: Any) -> np.ndarray:
        """The outputs for rows, of the shape of the targets."""
        outputs = self._outputs(self._rows(X))
        return outputs[:, 0] if self.target_ndim_ == 1 else outputs.astype("float64")  # scikit-learn's dtype

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class ExtremeClassifier(Classifier, _ExtremeMachine):
    """An extreme learning machine for classes: an output for each, of 1 for its rows and -1 for others.

    Args:
        units, activation, weight_scale, ridge, distribution, random_state: as in `ExtremeRegressor`.

    Attributes:
        classes_: the classes, sorted.
        ridge_, model_, history_, n_features_in_: as in `ExtremeRegressor`.

    Example:

        >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> ExtremeClassifier(20, random_state=0).fit(X, ["no", "yes", "yes", "no"]).predict(X).tolist()
        ['no', 'yes', 'yes', 'no']
    """

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return np.where(y[:, None] == self.classes_, 1.0, -1.0)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Learn from further rows, one after another: the result is that of all rows seen so far.

        Args:
            X: rows.
            y: the class of each.
            classes: all classes there will be, at the first call; by default those of its rows.

        Raises:
            DataError: a class is new.
            ArgumentError: the network was read from a file.
        """
        if hasattr(self, "model_"):
            X, y = validation.validate_data(self, X, y, dtype="float32", reset=False)
        else:
            X, y = validation.validate_data(self, X, y, dtype="float32")
            validation.check_classification_targets(y)
            self.classes_ = np.unique(y if classes is None else classes)
        new = np.setdiff1d(y, self.classes_)
        if len(new):
            raise DataError(
                f"ExtremeClassifier: the class {new[0]} is new; it knows "
                f"{', '.join(map(str, self.classes_))}. Name all in classes= at the first partial_fit."
            )
        return self._continue(X, self._targets(y).astype("float32"))

    def decision_function(self, X: Any) -> np.ndarray:
        """The output for each class; of two classes, half of the second's less the first's, (samples,)."""
        outputs = self._outputs(self._rows(X))
        return (outputs[:, 1] - outputs[:, 0]) / 2 if len(self.classes_) == 2 else outputs

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row: that of the largest output."""
        largest = self._outputs(self._rows(X)).argmax(axis=1)
        return self.classes_[largest]


def _sinc(seed: int = 0, quick: bool = False) -> Outcome:
    """5,000 noisy rows of sin(x) / x and 5,000 exact ones; 20 neurons, as in the paper, section 4.1."""
    errors, network, shown = [], None, {}
    for trial in range(seed, seed + (2 if quick else 50)):
        rng = np.random.default_rng(trial)
        X, test = rng.uniform(-10, 10, (2, 5000, 1)).astype("float32")
        y = np.sinc(X[:, 0] / np.pi) + rng.uniform(-0.2, 0.2, 5000)
        network = ExtremeRegressor(20, random_state=trial).fit(X, y)
        found = network.predict(test)
        errors.append(np.sqrt(np.mean((found - np.sinc(test[:, 0] / np.pi)) ** 2)))
        shown = {"X": X[::10], "y": y[::10]}
    details = {Words("spread over trials", "dispersión entre ensayos"): float(np.std(errors))}
    if not quick:
        (X, y), (test, truth) = california_housing.load_data(seed=seed)
        mean, spread = X.mean(axis=0), X.std(axis=0)
        scores = [
            ExtremeRegressor(500, "tanh", random_state=trial)
            .fit((X - mean) / spread, y / 1e5)
            .score((test - mean) / spread, truth / 1e5)
            for trial in range(5)
        ]
        lowest = Words("lowest R2 of 5, California housing", "menor R2 de 5, viviendas de California")
        details[Words("R2, California housing, 500 neurons", "R2, viviendas de California, 500 neuronas")] = (
            float(np.mean(scores))
        )
        details[lowest] = min(scores)
    return Outcome(figure=float(np.mean(errors)), network=network, details=details, shown=shown)


CARD = Card(
    title=Words("Extreme learning machine", "Máquina de aprendizaje extremo"),
    year=2006,
    paper="Huang, Zhu and Siew, Extreme learning machine: theory and applications, 2006",
    family="reservoirs",
    cells=("input", "hidden", "output"),
    summary=Words(
        "Hidden neurons keep their random weights; the output weights are solved in one pass, or renewed "
        "row by row.",
        "Las neuronas ocultas conservan sus pesos aleatorios; los de salida se resuelven en una pasada, o se "
        "renuevan fila a fila.",
    ),
    network=ExtremeRegressor,
    experiment=Experiment(
        task=Words(
            "sin(x) / x from 5,000 noisy rows, 20 sigmoid neurons, 50 trials",
            "sen(x) / x con 5000 filas ruidosas, 20 neuronas sigmoides, 50 ensayos",
        ),
        measure=Words("mean test RMSE", "RMSE medio de prueba"),
        target=0.009,
        source=Words(
            "0.0074 +- 0.0014, a NumPy reference of the paper's set-up, 50 trials",
            "0,0074 +- 0,0014, una referencia en NumPy del montaje del artículo, 50 ensayos",
        ),
        run=_sinc,
        quick_target=0.02,
        lower=True,
    ),
)
