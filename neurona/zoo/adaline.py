"""ADALINE: a linear neuron that learns from how far its sum is from the target, not from mistakes only.

Widrow and Hoff (Adaptive switching circuits, 1960 IRE WESCON Convention Record). The neuron is trained on
its sum w x, and decides with the sign of it. After each row with a target t of -1 or 1,

    e = t - w x,     w += eta * e * x.                               (LMS; with Widrow's mu, eta = 2 mu)

That is gradient descent on the squared error of a single row, so in the mean w goes to the least squares
solution. With the correlation matrix R = E[x x'] (Widrow and Stearns, Adaptive Signal Processing, 1985):

    the mean of w converges for 0 < eta < 2 / (largest eigenvalue of R), surely for eta < 2 / trace R;
    the error that stays above the least one, as a share of it (the misadjustment), is mu trace R.

A misadjustment of 5 % therefore takes eta = 0.1 / trace R, whatever the scale of the rows. The normalized
rule (Nagumo and Noda, A learning method for system identification, 1967) divides eta by |x|**2, and is stable
for 0 < eta < 2. Recursive least squares (neurona/zoo/ridge.py) has no misadjustment, at a cost of the square
of the columns.

The rows of a batch are learned one after another, and yet in matrix products. Row i sees the weights that
rows j < i have changed, so the errors of a batch solve a triangular system,

    e_i + sum over j < i of eta * (x_i x_j) * e_j = t_i - w x_i,

with w from before the batch; then w += eta * sum of e_j x_j.
"""

from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular

from neurona.datasets import iris, mnist
from neurona.errors import ArgumentError, warn
from neurona.layers import Dense, Input
from neurona.models import Model, Sequential
from neurona.plotting.figure import finish
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier
from neurona.zoo.pictures import weights_figure
from neurona.zoo.ridge import RecursiveRule

__all__ = ["Adaline"]

MISADJUSTMENT = 0.05  # of the rate that is taken where none is given
_BATCH = 64  # rows whose triangular system is solved at once
_GROWN = 2.0  # mean squared error of an epoch that weights of 0, which reach 1, make a failure
_RULES = ("lms", "nlms", "rls")


def least_mean_squares(
    W: jax.Array, X: jax.Array, T: jax.Array, rates: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The weights (features, outputs) after rows X with targets T, one after another, and each row's error.

    Args:
        W: the weights before.
        X: (rows, features).
        T: (rows, outputs).
        rates: eta of each row, (rows,).
    """
    earlier = jnp.tril(X @ X.T, -1) * rates
    errors = solve_triangular(jnp.eye(len(X)) + earlier, T - X @ W, lower=True, unit_diagonal=True)
    return W + X.T @ (rates[:, None] * errors), errors


def check_rate(network: str, rate: float, trace: float, correlation: Any) -> None:
    """Refuse an eta for LMS with which the weights grow without end, and warn where they may.

    Args:
        network: its name, for the message.
        rate: eta.
        trace: of the correlation matrix.
        correlation: called for the matrix, where the trace is not enough to know.

    Raises:
        ArgumentError: eta is not above 0, or at 2 / (largest eigenvalue) or above.
    """
    good = 2 * MISADJUSTMENT / trace
    if not rate > 0:
        raise ArgumentError(f"{network}: learning_rate is above 0. Received: learning_rate={rate}")
    if rate < 2 / trace:
        return
    bound = 2 / float(np.linalg.eigvalsh(correlation())[-1])
    if rate >= bound:
        raise ArgumentError(
            f"{network}: with learning_rate={rate:g} the weights grow without end. It must be below 2 / "
            f"(largest eigenvalue of the correlation of the inputs) = {bound:.3g}. "
            f"Take {good:.2g}, which None chooses, or scale the inputs."
        )
    warn(
        f"{network}: learning_rate={rate:g} is below {bound:.3g}, where the weights grow without end, but "
        f"above 2 / (trace of the correlation of the inputs) = {2 / trace:.3g}: the squared error may grow "
        f"yet. Take {good:.2g}, which None chooses, or scale the inputs."
    )


def check_normalized_rate(network: str, rate: float) -> None:
    """Refuse an eta with which the normalized rule does not converge.

    Raises:
        ArgumentError: eta is not between 0 and 2.
    """
    if not 0 < rate < 2:
        raise ArgumentError(
            f"{network}: the normalized rule converges for a learning_rate between 0 and 2. "
            f"Received: learning_rate={rate}"
        )


class LMSRule(Rule):
    """w += eta e x after each row, for the last layer, a Dense with linear outputs.

    Args:
        rate: eta.
        normalized: whether it is divided by the squared length of the row, (x, 1).

    Figures: `loss`, the mean squared error of each row before it is learned.
    """

    figures = ("loss",)

    def __init__(self, rate: float, normalized: bool = False) -> None:
        self.rate, self.normalized = rate, normalized

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layer, X = model.layers[-1], batch.x
        for before in model.layers[:-1]:
            X = before(X)
        X = jnp.concatenate([X, jnp.ones((len(X), 1))], axis=1)
        W = jnp.concatenate([layer.kernel.value, layer.bias.value[None]])
        rates = self.rate / jnp.sum(X**2, axis=1) if self.normalized else jnp.full(len(X), self.rate)
        W, errors = least_mean_squares(W, X, batch.y, rates)
        layer.kernel.assign(W[:-1])
        layer.bias.assign(W[-1])
        return {"loss": jnp.mean(errors**2)}


class Adaline(Classifier):
    """An adaptive linear neuron: of two classes one, of more one for each.

    Args:
        rule: `"lms"`; `"nlms"`, which is normalized by the length of each row; or `"rls"`, recursive least
            squares, which needs one pass.
        learning_rate: eta. None takes 0.1 / trace R for `"lms"`, which leaves a misadjustment of 5 %, and
            0.05 for `"nlms"`. `"rls"` has none.
        epochs: how often the rows are gone through; once by `"rls"`.
        random_state: an integer for the same order of the rows at every call.

    Attributes:
        classes_: the classes, sorted. The neuron learns 1 for its class and -1 for others.
        learning_rate_: eta as it was taken; 0 for `"rls"`.
        model_, history_, n_features_in_: as in `Classifier`.

    Warns:
        UserWarning: eta is so large that the squared error may grow, or it has grown.

    Example:

        >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> Adaline(epochs=200, random_state=0).fit(X, ["no", "no", "no", "yes"]).predict(X).tolist()
        ['no', 'no', 'no', 'yes']
    """

    _batch_size = _BATCH

    def __init__(
        self,
        rule: str = "lms",
        learning_rate: float | None = None,
        epochs: int = 50,
        random_state: int | None = None,
    ) -> None:
        self.rule = rule
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.random_state = random_state

    def _targets(self, y: np.ndarray) -> np.ndarray:
        if self.rule not in _RULES:
            raise ArgumentError(f"Adaline: rule is 'lms', 'nlms' or 'rls'. Received: rule={self.rule!r}")
        own = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        return np.where(y[:, None] == own, 1.0, -1.0)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        model = Sequential([Input((X.shape[1],)), Dense(y.shape[1], kernel_initializer="zeros")])
        model.compile(rule=self._rule_for(X))
        return model

    def _rule_for(self, X: np.ndarray) -> Rule:
        """The rule, with an eta that converges."""
        trace = float(np.mean(np.sum(X**2, axis=1, dtype="float64"))) + 1
        if self.rule == "rls":
            self.learning_rate_ = 0.0
            return RecursiveRule(1e-4 * trace)
        if self.rule == "nlms":
            self.learning_rate_ = MISADJUSTMENT if self.learning_rate is None else self.learning_rate
            check_normalized_rate("Adaline", self.learning_rate_)
            return LMSRule(self.learning_rate_, normalized=True)
        self.learning_rate_ = 2 * MISADJUSTMENT / trace if self.learning_rate is None else self.learning_rate
        rows = np.c_[X, np.ones(len(X), X.dtype)]
        check_rate("Adaline", self.learning_rate_, trace, lambda: rows.T @ rows / len(rows))
        return LMSRule(self.learning_rate_)

    def fit(self, X: Any, y: Any, **options: Any) -> Self:
        """Learn from rows, (samples, features), and the class of each; `options` are those of the model's
        `fit`.

        Raises:
            ArgumentError: eta is so large that the weights would grow without end.
        """
        if self.rule == "rls":
            options = {"epochs": 1, **options}
        super().fit(X, y, **options)
        last = self.history_.history["loss"][-1]
        if self.rule != "rls" and not last <= _GROWN:
            warn(
                f"Adaline: the mean squared error of the last epoch is {last:.3g}, and weights of 0 reach 1. "
                f"learning_rate={self.learning_rate_:g} is too large for these rows: lower it, or scale the "
                "columns."
            )
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """w x + b of each row and neuron; of two classes, (samples,)."""
        outputs = self._outputs(self._rows(X))
        return outputs[:, 0] if len(self.classes_) == 2 else outputs

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row: whose neuron has the largest sum."""
        sums = self.decision_function(X)
        chosen = (sums > 0).astype(int) if len(self.classes_) == 2 else sums.argmax(axis=1)
        return self.classes_[chosen]

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the weights of each neuron, as a picture where the rows may have been square pictures.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        kernel = np.asarray(self.model_.get_weights()[0])
        names = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        return finish(weights_figure(kernel.T, list(names), CARD.title.of(language)), to_file)


def _misadjustment(seed: int = 0, quick: bool = False) -> Outcome:
    """By how many % the misadjustment of rows of unequal, correlated columns differs from mu trace R."""
    ratios, network = [], Adaline()
    for run in range(seed, seed + (1 if quick else 5)):
        rng = np.random.default_rng(run)
        X = rng.normal(size=(20_000, 12)) * np.linspace(0.3, 2.0, 12) @ rng.normal(size=(12, 12)) / 3
        y = X @ rng.normal(size=12) + 3 * rng.normal(size=len(X)) > 0
        network = Adaline(epochs=12 if quick else 40, random_state=run).fit(X, y)
        rows = np.c_[X, np.ones(len(X))]
        targets = 2.0 * y - 1
        least = np.mean((targets - rows @ np.linalg.lstsq(rows, targets)[0]) ** 2)
        settled = np.mean(network.history_.history["loss"][4:])
        ratios.append((settled / least - 1) / MISADJUSTMENT)
    details = {Words("spread over runs, %", "dispersión entre pruebas, %"): 100 * float(np.std(ratios))}
    if not quick:
        details |= _known_data(seed)
    return Outcome(figure=100 * abs(float(np.mean(ratios)) - 1), network=network, details=details)


def _known_data(seed: int) -> dict[Words, float]:
    """How well two sets of rows are told apart, with the rates of published runs."""
    (flowers, kinds), _ = iris.load_data(test_split=0.0)
    flowers, kinds = flowers[kinds < 2], kinds[kinds < 2]
    (X, y), (test, truth) = mnist.load_data()
    X, test = X.reshape(len(X), -1) / 255.0, test.reshape(len(test), -1) / 255.0
    digits = Adaline(learning_rate=1e-3, epochs=10, random_state=seed).fit(X, y)
    return {
        Words("% right, two kinds of irises", "% de aciertos, dos clases de lirios"): (
            100 * Adaline(random_state=seed).fit(flowers, kinds).score(flowers, kinds)
        ),
        Words("% right, MNIST", "% de aciertos, MNIST"): 100 * digits.score(test, truth),
    }


_WIDROW = "Widrow and Stearns, Adaptive Signal Processing, 1985"
CARD = Card(
    title=Words("ADALINE, the linear neuron", "ADALINE, la neurona lineal"),
    year=1960,
    paper="Widrow and Hoff, Adaptive switching circuits, 1960",
    family="neurons",
    cells=("input", "output"),
    summary=Words(
        "A neuron that learns from the error of its sum after each row, by gradient descent on the squared "
        "error.",
        "Una neurona que aprende del error de su suma tras cada fila, por descenso del gradiente del error "
        "cuadrático.",
    ),
    network=Adaline,
    experiment=Experiment(
        task=Words(
            "20,000 rows of 12 correlated columns, five draws, eta = 0.1 / trace R",
            "20 000 filas de 12 columnas correlacionadas, cinco sorteos, eta = 0,1 / traza de R",
        ),
        measure=Words(
            "% by which the misadjustment differs from mu trace R",
            "% en que el desajuste difiere de mu traza R",
        ),
        target=10.0,
        source=Words(_WIDROW, _WIDROW),
        run=_misadjustment,
        quick_target=20.0,
        lower=True,
    ),
)
