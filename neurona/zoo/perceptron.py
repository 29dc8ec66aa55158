"""The perceptron: a neuron that learns from its mistakes only.

Rosenblatt (The perceptron: a probabilistic model for information storage and organization in the brain,
Psychological Review 65, 1958). The neuron fires, y = 1, where w x + b > 0, and else y = 0. After each row,

    w += eta * (t - y) * x,     b += eta * (t - y),

so nothing changes where the target t was met. Novikoff (On convergence proofs on perceptrons, 1962): where a
plane separates the rows with margin gamma, and R is the length of the longest, the neuron makes at most (R /
gamma)**2 mistakes, however often the rows come; with the bias, a row is (x, 1). Where no plane does, as with
XOR, it never comes to rest (Minsky and Papert, Perceptrons, 1969). There the last row decides too much, and
the mean of the weights over all rows seen predicts better (Freund and Schapire, Large margin classification
using the perceptron algorithm, Machine Learning 37, 1999).
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.callbacks import Callback
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

__all__ = ["Perceptron"]


class PerceptronRule(Rule):
    """w += eta * (t - y) * x after each row, y = 1 where w x + b > 0: the perceptron's rule, for each neuron.

    Args:
        rate: eta.

    Figures: `mistakes`, of all neurons at a row.
    """

    figures = ("mistakes",)

    def __init__(self, rate: float = 1.0) -> None:
        self.rate = rate

    def build(self, model: Any) -> None:
        """Make the sums of the weights after each row, of which the mean is taken in the end."""
        weights = model.layers[-1].weights
        self.kernel_sum, self.bias_sum = (
            Variable(jnp.zeros(weight.shape), trainable=False) for weight in weights
        )

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layer, (X, T) = model.layers[-1], (batch.x, batch.y)
        # What a row adds to the outputs of another is their product: the weights themselves can wait.
        products = self.rate * (X @ X.T + 1)

        def see(outputs: jax.Array, row: Any) -> tuple[jax.Array, jax.Array]:
            place, target, product = row
            error = target - (outputs[place] > 0)  # -1, 0 or 1 for each neuron
            return outputs + jnp.outer(product, error), error

        rows = jnp.arange(len(X)), T, products
        _, errors = jax.lax.scan(see, X @ layer.kernel + layer.bias, rows)
        left = len(X) - rows[0][:, None]  # after how many of the rows a change is there
        for weight, total, inputs in (
            (layer.kernel, self.kernel_sum, X.T),
            (layer.bias, self.bias_sum, jnp.ones(len(X))),
        ):
            total.assign(total + len(X) * weight + self.rate * inputs @ (left * errors))
            weight.assign(weight + self.rate * inputs @ errors)
        return {"mistakes": jnp.abs(errors).sum(axis=1).mean()}


class _UntilNoMistake(Callback):
    """Ends training after an epoch without a mistake: nothing would change any more."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs["mistakes"] == 0:
            self.model.stop_training = True


class Perceptron(Classifier):
    """Rosenblatt's perceptron: of two classes one neuron, of more a neuron for each.

    Args:
        learning_rate: eta. With weights that begin at 0 it changes their length, and no prediction.
        epochs: how often the rows are gone through at most. Learning ends after an epoch without a mistake.
        averaged: whether to predict with the mean of the weights over all rows seen, rather than the last.
        shuffle: whether the rows come in another order in each epoch.
        random_state: an integer for the same order at every call.

    Attributes:
        classes_: the classes, sorted.
        n_mistakes_: how many mistakes were made while learning.
        converged_: whether an epoch went by without one: a plane separates the rows.
        model_, history_, n_features_in_: as in `Classifier`.

    Warns:
        UserWarning: mistakes are still made in the last epoch.

    Example:

        >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> Perceptron(random_state=0).fit(X, ["no", "no", "no", "yes"]).predict(X).tolist()
        ['no', 'no', 'no', 'yes']
    """

    def __init__(
        self,
        learning_rate: float = 1.0,
        epochs: int = 100,
        averaged: bool = False,
        shuffle: bool = True,
        random_state: int | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.averaged = averaged
        self.shuffle = shuffle
        self.random_state = random_state

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y[:, None] == (self.classes_[1:] if len(self.classes_) == 2 else self.classes_)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        self._rule = PerceptronRule(self.learning_rate)
        model = Sequential([Input((X.shape[1],)), Dense(y.shape[1], kernel_initializer="zeros")])
        model.compile(rule=self._rule)
        return model

    def fit(self, X: Any, y: Any, callbacks: Any = (), **options: Any) -> "Perceptron":
        """Learn from rows, (samples, features), and the class of each.

        Args:
            X: the rows.
            y: a class for each.
            callbacks: of the model's `fit`.
            options: further arguments of the model's `fit`.
        """
        options = {"shuffle": self.shuffle, **options}
        if self.averaged and options.get("initial_epoch"):
            raise ArgumentError(
                "Perceptron: with averaged=True it keeps the mean of its weights, from which it can't go on. "
                "Leave initial_epoch out, and learn for more epochs at once."
            )
        super().fit(X, y, callbacks=[*callbacks, _UntilNoMistake()], **options)
        mistakes = np.array(self.history_.history["mistakes"]) * len(X)
        if self.averaged:
            rule, seen = self._rule, len(X) * len(mistakes)
            self.model_.set_weights([np.asarray(rule.kernel_sum) / seen, np.asarray(rule.bias_sum) / seen])
        self.n_mistakes_ = int(np.rint(mistakes).sum())
        self.converged_ = bool(mistakes[-1] == 0)
        if not self.converged_:
            warn(
                f"Perceptron: {int(np.rint(mistakes[-1]))} mistakes in epoch {len(mistakes)}, the last. "
                f"Either no "
                "plane separates the classes, and the mistakes will never end, or more epochs are needed."
            )
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """w x + b of each row and neuron; of two classes, (samples,)."""
        outputs = self._outputs(self._rows(X))
        return outputs[:, 0] if len(self.classes_) == 2 else outputs

    def novikoff_bound(self, X: Any, y: Any) -> float:
        """How many mistakes are made at most on rows from weights of 0: (R / gamma)**2 of the planes found.

        The theorem holds for every plane that separates the rows, so for those that were learned; of several
        neurons the bounds are summed. Infinite where a plane does not separate them.

        Args:
            X: the rows learned from.
            y: a class for each.
        """
        rows = np.c_[self._rows(X), np.ones(len(X))].astype("float64")
        planes = np.vstack([np.asarray(weight, "float64") for weight in self.model_.get_weights()])
        signs = np.where(self._targets(np.asarray(y)), 1, -1)
        margins = (signs * (rows @ planes) / np.maximum(np.linalg.norm(planes, axis=0), 1e-30)).min(axis=0)
        squared = np.sum(rows**2, axis=1).max()
        return float(np.sum(squared / margins**2)) if (margins > 0).all() else float("inf")

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

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row: whose neuron is excited most."""
        excitement = self.decision_function(X)
        chosen = (excitement > 0).astype(int) if len(self.classes_) == 2 else excitement.argmax(axis=1)
        return self.classes_[chosen]


def _digits_of_mnist(seed: int = 0, quick: bool = False) -> Outcome:
    if quick:
        (X, y), _ = iris.load_data(test_split=0.0)
        X, y, test, truth = X[y < 2], y[y < 2], X[y < 2], y[y < 2]
    else:
        (X, y), (test, truth) = mnist.load_data()
        X, test = X.reshape(len(X), -1) / 255.0, test.reshape(len(test), -1) / 255.0
    network = Perceptron(epochs=10, averaged=not quick, random_state=seed).fit(X, y)
    details: dict[Words, float] = {
        Words("mistakes while learning", "errores al aprender"): network.n_mistakes_
    }
    return Outcome(
        figure=100 * (1 - network.score(test, truth)),
        network=network,
        details=details if quick else details | _theorem_and_failure(seed),
    )


def _theorem_and_failure(seed: int) -> dict[Words, float]:
    """The mistakes on rows that a plane separates, beside their bound; and what becomes of XOR."""
    (X, y), _ = iris.load_data(test_split=0.0)
    apart = Perceptron(random_state=seed).fit(X[y < 2], y[y < 2])
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    xor = Perceptron(random_state=seed).fit(corners, [0, 1, 1, 0])
    return {
        Words("mistakes on two kinds of irises", "errores con dos clases de lirios"): apart.n_mistakes_,
        Words("Novikoff's bound of them", "cota de Novikoff"): apart.novikoff_bound(X[y < 2], y[y < 2]),
        Words("% right of XOR", "% de aciertos en XOR"): 100 * xor.score(corners, [0, 1, 1, 0]),
    }


_LECUN = "LeCun et al., Gradient-based learning applied to document recognition, 1998"
CARD = Card(
    title=Words("Perceptron", "Perceptrón"),
    year=1958,
    paper="Rosenblatt, The perceptron, 1958",
    family="neurons",
    cells=("input", "output"),
    summary=Words(
        "A neuron that changes its weights only when it errs; it finds a plane that separates two "
        "classes where "
        "there is one.",
        "Una neurona que cambia sus pesos solo cuando se equivoca; encuentra un plano que separa dos "
        "clases si lo "
        "hay.",
    ),
    network=Perceptron,
    experiment=Experiment(
        task=Words("MNIST, one layer of ten neurons", "MNIST, una capa de diez neuronas"),
        measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
        target=12.0,
        source=Words(_LECUN, _LECUN),
        run=_digits_of_mnist,
        quick_target=0.0,
        lower=True,
    ),
)
