"""Softmax regression: a layer of linear neurons whose outputs are probabilities of classes.

Of K classes each has a neuron, and the softmax turns their sums into probabilities (Bridle, Probabilistic
interpretation of feedforward classification network outputs, 1990; statisticians know it as multinomial
logistic regression, Cox, 1966),

    p_k = exp(w_k x + b_k) / sum over j of exp(w_j x + b_j).

It learns by descending the mean of -log p of the true class, the cross-entropy. With targets t of 1 for the
true class and 0 for others, the gradient is that of a linear neuron,

    dE / dw_k = mean of (p_k - t_k) x,

and the cost is convex, so there is one minimum, which is found from any start.

The curvature of the cost is at most half of trace R, R = mean of (x, 1) (x, 1)' (Böhning, Multinomial
logistic regression algorithm, 1992). The rate that is taken where none is given, 1 / trace R with a momentum
of 0.9, follows from that, and so is stable for rows of any scale. It falls to 0 along a cosine.
"""

from typing import Any, Self

import numpy as np

from neurona.datasets import iris, mnist
from neurona.errors import ArgumentError, warn
from neurona.layers import Dense, Input
from neurona.models import Model, Sequential
from neurona.optimizers import SGD
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.regularizers import L2
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier
from neurona.zoo.pictures import weights_figure

__all__ = ["SoftmaxRegression"]


class SoftmaxRegression(Classifier):
    """A model of one dense layer with softmax outputs, which learns by stochastic gradient descent.

    Args:
        learning_rate: at first; it falls to 0. None takes 1 / trace R.
        epochs: how often the rows are gone through.
        batch_size: rows of a step.
        l2: the penalty on the sum of squared weights, not on the biases.
        random_state: an integer for the same order of the rows at every call.

    Attributes:
        classes_: the classes, sorted.
        coef_: (classes, features), and intercept_: (classes,).
        learning_rate_: as it was taken.
        model_, history_, n_features_in_: as in `Classifier`. The model is Keras's kind, and can be trained
            further with its own `fit`.

    Warns:
        UserWarning: the loss is above that of equal probabilities: the rate was too large.

    Example:

        >>> X = [[0.0], [1.0], [2.0], [3.0]]
        >>> network = SoftmaxRegression(random_state=0, epochs=200).fit(X, ["low", "low", "high", "high"])
        >>> network.predict([[-1.0], [4.0]]).tolist()
        ['low', 'high']
        >>> network.predict_proba([[-10.0]]).round().tolist()  # high, low
        [[0.0, 1.0]]
    """

    def __init__(
        self,
        learning_rate: float | None = None,
        epochs: int = 50,
        batch_size: int = 64,
        l2: float = 0.0,
        random_state: int | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.l2 = l2
        self.random_state = random_state

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.classes_, y)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        trace = float(np.mean(np.sum(X**2, axis=1, dtype="float64"))) + 1
        self.learning_rate_ = 1 / trace if self.learning_rate is None else self.learning_rate
        if self.learning_rate_ <= 0 or self.l2 < 0:
            raise ArgumentError(
                "SoftmaxRegression: learning_rate is above 0, and l2 at least 0. Received: "
                f"learning_rate={self.learning_rate}, l2={self.l2}"
            )
        self._batch_size = min(len(X), self.batch_size)
        layer = Dense(
            len(self.classes_), "softmax", kernel_initializer="zeros", kernel_regularizer=L2(self.l2)
        )
        model = Sequential([Input((X.shape[1],)), layer])
        optimizer = SGD(self.learning_rate_, momentum=0.9, nesterov=True)
        model.compile(optimizer, "sparse_categorical_crossentropy")
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate_, steps)

    def fit(self, X: Any, y: Any, **options: Any) -> Self:
        """Learn from rows, (samples, features), and the class of each; `options` are those of the model's
        `fit`.
        """
        super().fit(X, y, **options)
        kernel, bias = (np.asarray(weight) for weight in self.model_.get_weights())
        self.coef_, self.intercept_ = kernel.T, bias
        last, chance = self.history_.history["loss"][-1], np.log(len(self.classes_))
        if not last <= chance:
            warn(
                f"SoftmaxRegression: the loss is {last:.3g} in the last epoch, and equal probabilities reach "
                f"{chance:.3g}. Lower learning_rate={self.learning_rate_:g}; None takes one that suits."
            )
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (samples, classes)."""
        return self._outputs(self._rows(X))

    def decision_function(self, X: Any) -> np.ndarray:
        """w x + b of each row and class; of two classes, the second's less the first's, (samples,)."""
        sums = self._rows(X) @ self.coef_.T + self.intercept_
        return sums[:, 1] - sums[:, 0] if len(self.classes_) == 2 else sums

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row."""
        return self.classes_[self._outputs(self._rows(X)).argmax(axis=1)]

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the weights of each class, as a picture where the rows may have been square pictures.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        return finish(weights_figure(self.coef_, list(self.classes_), CARD.title.of(language)), to_file)


def _digits_of_mnist(seed: int = 0, quick: bool = False) -> Outcome:
    if quick:
        (X, y), _ = iris.load_data(test_split=0.0)
        test, truth, epochs = X, y, 200
    else:
        (X, y), (test, truth) = mnist.load_data()
        X, test = X.reshape(len(X), -1) / 255.0, test.reshape(len(test), -1) / 255.0
        epochs = 100
    network = SoftmaxRegression(epochs=epochs, random_state=seed).fit(X, y)
    probable = network.predict_proba(test)[np.arange(len(test)), truth]
    details = {
        Words("mean of -log p of the digit", "media de -log p del dígito"): -float(np.log(probable).mean())
    }
    if not quick:
        short = SoftmaxRegression(epochs=10, random_state=seed).fit(X, y)
        details[Words("% right after 10 epochs", "% de aciertos tras 10 épocas")] = 100 * short.score(
            test, truth
        )
    return Outcome(figure=100 * (1 - network.score(test, truth)), network=network, details=details)


_THEANO = "Theano's tutorial of logistic regression: 7.49 %"
CARD = Card(
    title=Words("Softmax regression", "Regresión softmax"),
    year=1990,
    paper="Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990",
    family="layers",
    cells=("input", "output"),
    summary=Words(
        "A layer of linear neurons gives the probability of each class; its cost, the cross-entropy, has one "
        "minimum.",
        "Una capa de neuronas lineales da la probabilidad de cada clase; su coste, la entropía cruzada, "
        "tiene un solo mínimo.",
    ),
    network=SoftmaxRegression,
    experiment=Experiment(
        task=Words("MNIST, one softmax layer", "MNIST, una capa softmax"),
        measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
        target=7.5,
        source=Words(_THEANO, "el tutorial de regresión logística de Theano: 7,49 %"),
        run=_digits_of_mnist,
        quick_target=4.0,
        lower=True,
    ),
)
