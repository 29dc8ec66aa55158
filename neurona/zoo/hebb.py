"""Hebb's rule, and the rules of Oja and Sanger that keep its weights finite.

Hebb (The Organization of Behavior, 1949): a connection grows when both of its ends are active,

    w += eta * y * x.                                                                (Hebb)

For targets y of -1 and 1 that stores the rows in the weights. Left to itself, y = w x, the weights grow
without end along the direction in which the rows vary most. Oja (A simplified neuron model as a principal
component analyzer, Journal of Mathematical Biology 15, 1982) takes away what keeps their length
at 1,

    w += eta * y * (x - y * w),                                                      (Oja)

so that w becomes the first principal component. Sanger (Optimal unsupervised learning in a single-layer
linear feedforward neural network, Neural Networks 2, 1989) lets neuron i see what those before it
leave over,

    w_i += eta * y_i * (x - sum over j <= i of y_j * w_j),                           (Sanger)

so that the neurons become the principal components in their order.
"""

from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.datasets import iris
from neurona.errors import ArgumentError, DataError
from neurona.layers import Dense, Input
from neurona.models import Model, Sequential
from neurona.plotting.figure import finish
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier, Estimator, TransformerMixin
from neurona.zoo.pictures import weights_figure

__all__ = ["Hebb", "Oja", "Sanger"]


class HebbRule(Rule):
    """w += rate * mean of (y x), and b += rate * mean of y, for targets y.

    Args:
        rate: eta.
    """

    def __init__(self, rate: float = 1.0) -> None:
        self.rate = rate

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> None:
        layer, rows = model.layers[-1], len(batch.x)
        layer.kernel.assign(layer.kernel + self.rate * batch.x.T @ batch.y / rows)
        layer.bias.assign(layer.bias + self.rate * batch.y.mean(axis=0))


class SangerRule(Rule):
    """W += eta * mean of (y x' - lower triangle of (y y') W) for y = W x: Sanger's rule; Oja's for one
    neuron.

    Args:
        rate: eta at the first step.
        decay: eta is rate / (1 + decay * number of the step).

    Figures: `variance`, of the outputs together.
    """

    figures = ("variance",)

    def __init__(self, rate: float, decay: float = 0.0) -> None:
        self.rate, self.decay = rate, decay

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        kernel, rows = model.layers[-1].kernel, len(batch.x)
        y = batch.x @ kernel.value  # (rows, components)
        left_over = batch.x.T @ y - kernel.value @ jnp.triu(y.T @ y)
        kernel.assign(kernel + self.rate / (1 + self.decay * number) * left_over / rows)
        return {"variance": jnp.mean(jnp.sum(y**2, axis=1))}


class Hebb(Classifier):
    """A classifier of two classes that stores each row in its weights once, by Hebb's rule.

    It separates what is nearly orthogonal, or bipolar as in Hebb's networks for logical functions; a
    perceptron mends its errors, and this one does not look at them.

    Attributes:
        classes_: the two classes, sorted. The weights learn -1 for the first, and 1 for the second.
        model_, history_, n_features_in_: as in `Estimator`.

    Example:

        >>> X = [[-1, -1], [-1, 1], [1, -1], [1, 1]]
        >>> Hebb().fit(X, [-1, -1, -1, 1]).predict(X).tolist()  # and
        [-1, -1, -1, 1]
    """

    epochs = 1

    def _targets(self, y: np.ndarray) -> np.ndarray:
        if len(self.classes_) > 2:
            raise DataError(
                "Hebb: Only binary classification is supported. The classes are "
                f"{', '.join(map(str, self.classes_))}."
            )
        return np.where(y == self.classes_[1], 1, -1)[:, None]

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        self._batch_size = len(X)
        model = Sequential([Input((X.shape[1],)), Dense(1, kernel_initializer="zeros")])
        model.compile(rule=HebbRule())
        return model

    def decision_function(self, X: Any) -> np.ndarray:
        """w x + b of each row: above 0 for the second class."""
        return self._outputs(self._rows(X))[:, 0]

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row."""
        fires = self.decision_function(X) > 0
        return self.classes_[fires.astype(int)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True
        return tags


class Sanger(TransformerMixin, Estimator):
    """The first principal components, learned from one row after another by Sanger's rule.

    Args:
        n_components: how many neurons.
        learning_rate: eta at the first step, for rows of mean squared length 1; it is divided by that length,
            so that rows of any scale are learned alike. It falls as 1 / (1 + epochs gone by / 10).
        epochs: how often the rows are gone through.
        batch_size: rows that are averaged in a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        components_: the weights, (n_components, features); the rows are nearly orthonormal.
        mean_: of the rows, (features,); it is taken away before they are seen.
        model_, history_, n_features_in_: as in `Estimator`.

    Example:

        >>> X = np.random.default_rng(0).normal(size=(200, 3)) * [3.0, 2.0, 1.0]
        >>> np.abs(Sanger(2, random_state=0).fit(X).components_).argmax(axis=1).tolist()
        [0, 1]
    """

    def __init__(
        self,
        n_components: int = 2,
        learning_rate: float = 0.5,
        epochs: int = 50,
        batch_size: int = 10,
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        X = validation.validate_data(self, X, dtype="float64")
        if not 1 <= self.n_components <= X.shape[1]:
            raise ArgumentError(
                f"{type(self).__name__}: rows of {X.shape[1]} columns have 1 to {X.shape[1]} components. "
                f"Received: "
                f"n_components={self.n_components}"
            )
        self.mean_ = X.mean(axis=0)
        return (X - self.mean_).astype("float32"), None

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        self._batch_size = min(self.batch_size, len(X))
        length = float(np.mean(np.sum(X**2, axis=1))) or 1.0
        model = Sequential([Input((X.shape[1],)), Dense(self.n_components, use_bias=False)])
        steps = -(-len(X) // self._batch_size)
        model.compile(rule=SangerRule(self.learning_rate / length, decay=0.1 / steps))
        return model

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from rows, (samples, features); `options` are further arguments of the model's `fit`."""
        super().fit(X, y, **options)
        self.components_ = np.asarray(self.model_.get_weights()[0]).T
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The outputs of the neurons, (samples, n_components): y = W (x - mean)."""
        return self._outputs((self._rows(X) - self.mean_).astype("float32"))

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the weights of each neuron.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        names = range(1, len(self.components_) + 1)
        return finish(weights_figure(self.components_, names, CARD.title.of(language)), to_file)

    @property
    def _n_features_out(self) -> int:
        return self.n_components


class Oja(Sanger):
    """The first principal component, learned by one neuron with Oja's rule.

    Args:
        learning_rate, epochs, batch_size, random_state: as in `Sanger`.

    Attributes:
        components_: the weights, (1, features), of length nearly 1.
        mean_, model_, history_, n_features_in_: as in `Sanger`.

    Example:

        >>> X = np.random.default_rng(0).normal(size=(100, 2)) * [3.0, 1.0]
        >>> abs(Oja(random_state=0).fit(X).components_[0, 0]).round(2).item()
        1.0
    """

    n_components = 1

    def __init__(
        self,
        learning_rate: float = 0.5,
        epochs: int = 50,
        batch_size: int = 10,
        random_state: int | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state


def principal_components(X: np.ndarray) -> np.ndarray:
    """The eigenvectors of the covariance of rows, by falling eigenvalue, in the rows of a matrix."""
    return np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2]


def _first_component_of_iris(seed: int = 0, quick: bool = False) -> Outcome:
    (X, _), _ = iris.load_data()
    oja = Oja(epochs=20 if quick else 100, random_state=seed).fit(X)
    learned, exact = oja.components_[0], principal_components(X)[0]
    bipolar = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    conjunction = [-1, -1, -1, 1]
    return Outcome(
        figure=float(abs(learned @ exact) / np.linalg.norm(learned)),
        network=oja,
        details={
            Words("length of the weights", "longitud de los pesos"): float(np.linalg.norm(learned)),
            Words("Hebb's rows right of 4, bipolar and", "filas acertadas por Hebb de 4, y bipolar"): (
                4 * Hebb().fit(bipolar, conjunction).score(bipolar, conjunction)
            ),
        },
    )


CARD = Card(
    title=Words("Hebb's, Oja's and Sanger's rules", "Reglas de Hebb, Oja y Sanger"),
    year=1949,
    paper="Oja, A simplified neuron model as a principal component analyzer, 1982",
    family="principal",
    cells=("input", "output"),
    summary=Words(
        "Connections grow where both ends are active; with the length of the weights held, the neuron "
        "finds the "
        "direction in which the data vary most.",
        "Las conexiones crecen donde ambos extremos están activos; con la longitud de los pesos sujeta, la "
        "neurona encuentra la dirección en que más varían los datos.",
    ),
    network=Oja,
    experiment=Experiment(
        task=Words("Oja's neuron on the 150 irises", "La neurona de Oja con los 150 lirios"),
        measure=Words(
            "cosine of the angle to the first principal component",
            "coseno del ángulo con la primera componente principal",
        ),
        target=0.999,
        source=Words("the eigenvectors of the covariance", "los vectores propios de la covarianza"),
        run=_first_component_of_iris,
        quick_target=0.999,
    ),
)
