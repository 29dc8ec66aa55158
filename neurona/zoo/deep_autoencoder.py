"""The deep autoencoder: many layers narrow to a code of few numbers, and widen again to the row.

Hinton and Salakhutdinov (Reducing the dimensionality of data with neural networks, Science 313, 2006). An
encoder of logistic units turns a row x into a code of linear units, and a decoder, its mirror, turns the code
into x^. Both learn to lower the cross-entropy

    -sum over i of x_i log x^_i + (1 - x_i) log(1 - x^_i).

With one hidden layer of linear units, linear outputs and the squared error, this is principal component
analysis; the layers between bend the plane to where the rows lie.

From random weights so many logistic layers learn slowly, or stop early. Each begins instead as a restricted
Boltzmann machine, which learns what the hidden units of the machine below say (equation 2 of the paper's
supplement, contrastive divergence). The highest machine has linear hidden units with noise of variance 1,

    h = c + W' v + N(0, I),     P(v_i = 1 | h) = sigmoid(b_i + (W h)_i).

Then the stack is unrolled: the encoder has the weights W and the biases c, the decoder W' and b. Gradient
descent tunes both, each with weights of its own from then on.

Deviations. Adam with a rate that falls along a cosine takes the place of conjugate gradients. The machines
learn without momentum or weight decay. Rows of other numbers than 0 to 1 have linear outputs and the squared
error, and begin at random weights.
"""

from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.layers import Dense, Input
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.autoencoding import Autoencoder, drawn_lines
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.deep_belief import grey_digits, learn_greedily
from neurona.zoo.restricted_boltzmann import ContrastiveDivergence, RestrictedBoltzmannLayer

__all__ = ["DeepAutoencoder"]

_DRAWN = 8  # pictures beside each other
_LINEAR = 0.01  # of the rate of the machines below: linear units have no bounds
_ROW, _BACK, _FIELD = Words("row", "fila"), Words("from the code", "del código"), Words("unit", "unidad")


class LinearBoltzmannLayer(RestrictedBoltzmannLayer):
    """A restricted Boltzmann machine of linear hidden units, normal with mean c + W' v and variance 1.

    Args:
        units: how many hidden units.

    Shapes: as in `RestrictedBoltzmannLayer`; it gives the mean.

    Source: Hinton and Salakhutdinov, Reducing the dimensionality of data with neural networks, 2006.

    Example:

        >>> LinearBoltzmannLayer(2)(np.ones((3, 5))).shape
        (3, 2)
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)

    @property
    def figure(self) -> str:
        return "reconstruction_error"

    def call(self, v: jax.Array) -> jax.Array:
        return self.excitement(v)

    def draw_hidden(self, v: jax.Array, key: jax.Array) -> jax.Array:
        mean = self.excitement(v)
        return mean + jax.random.normal(key, mean.shape)

    def free_energy(self, v: jax.Array) -> jax.Array:
        """F(v), (rows,), but for a constant: the hidden units integrate out."""
        return -v @ self.visible_bias.value - jnp.sum(self.excitement(v) ** 2, -1) / 2


class LinearDivergence(Rule):
    """Contrastive divergence, CD-1, of a `LinearBoltzmannLayer`; v of the machine is its mean given h.

    Args:
        rate: eta.

    Figures: `reconstruction_error`, the mean squared difference of v from its mean given h.
    """

    figures = ("reconstruction_error",)

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layer, v = model.layers[-1], batch.x
        h = layer.draw_hidden(v, key)
        model_v = layer.expected_visible(h)
        model_h = layer(model_v)
        rate = self.rate / len(v)
        layer.kernel.assign(layer.kernel + rate * (v.T @ h - model_v.T @ model_h))
        layer.bias.assign(layer.bias + rate * jnp.sum(h - model_h, axis=0))
        layer.visible_bias.assign(layer.visible_bias + rate * jnp.sum(v - model_v, axis=0))
        return {"reconstruction_error": jnp.mean((v - model_v) ** 2)}


class DeepAutoencoder(Autoencoder):
    """A deep autoencoder.

    Args:
        units: of the layers of the encoder; the last is the code, of linear units, and the decoder has them
            in reverse.
        output_activation: `"sigmoid"`, of rows from 0 to 1, or `"linear"`, of other numbers.
        pretraining_rate: eta of contrastive divergence; of the code a hundredth of it.
        pretraining_epochs: how often each machine goes through rows from 0 to 1; 0 leaves the weights random.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: of backpropagation.
        batch_size: rows of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        pretraining_: the figure of each machine at each epoch, (layers, epochs): of the last the squared
            reconstruction error, of others the pseudo-likelihood.
        model_, history_, n_features_in_: as in `Estimator`. The model's layers are "encoder" and "decoder".

    Raises:
        DataError: a number of the rows is not from 0 to 1, and the outputs are sigmoid.
        ArgumentError: there is no layer, or a size is no whole number above 0.

    Example:

        >>> angles = np.linspace(0, 4, 200)
        >>> rows = 0.4 * np.column_stack([np.cos(angles), np.sin(angles)])  # a line that is bent
        >>> network = DeepAutoencoder((16, 1), "linear", learning_rate=0.03, epochs=300, batch_size=20)
        >>> network.set_params(random_state=0).fit(rows).transform(rows).shape
        (200, 1)
        >>> bool(network.reconstruction_error(rows).mean() < 0.05 * np.linalg.eigvalsh(np.cov(rows.T))[0])
        True
    """

    def __init__(
        self,
        units: Sequence[int] = (128, 64, 16),
        output_activation: str = "sigmoid",
        pretraining_rate: float = 0.1,
        pretraining_epochs: int = 10,
        learning_rate: float = 0.001,
        epochs: int = 30,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.output_activation = output_activation
        self.pretraining_rate = pretraining_rate
        self.pretraining_epochs = pretraining_epochs
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, verbose: Any = 0, **options: Any) -> Self:
        """Learn from rows, (samples, features).

        Args:
            X: the rows.
            y: nothing.
            verbose: of the `fit` of each machine, and of backpropagation.
            options: further arguments of the `fit` of backpropagation.
        """
        self._verbose = verbose
        return super().fit(X, y, verbose=verbose, **options)

    def _check_sizes(self) -> None:
        super()._check_sizes()
        if not len(self.units):
            raise ArgumentError(f"{type(self).__name__}: units names one layer or more. Received: ()")

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        machines = self._pretrained(X)
        *inner, code = self.units
        features, linear = X.shape[1], self.output_activation == "linear"
        there = [*(Dense(size, "sigmoid") for size in inner), Dense(code)]
        back = [
            *(Dense(size, "sigmoid") for size in reversed(inner)),
            Dense(features, self.output_activation),
        ]
        x = Input((features,))
        encoder = Sequential([Input((features,)), *there], name="encoder")
        decoder = Sequential([Input((code,)), *back], name="decoder")
        model = Model(x, decoder(encoder(x)))
        for machine, up, down in zip(machines, there, reversed(back), strict=bool(machines)):
            kernel, bias, outer = machine.get_weights()
            up.set_weights([kernel, bias])
            down.set_weights([np.transpose(kernel), outer])
        model.compile(Adam(self.learning_rate), "mse" if linear else "binary_crossentropy")
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def _pretrained(self, rows: np.ndarray) -> list[RestrictedBoltzmannLayer]:
        """A machine for each layer, learned from what the one below says; none of them, if none is to be."""
        if not self.pretraining_epochs or self.output_activation == "linear":
            return []
        *inner, code = self.units
        machines = [*(RestrictedBoltzmannLayer(size) for size in inner), LinearBoltzmannLayer(code)]

        def rule(number: int) -> Rule:
            if number < len(inner):
                return ContrastiveDivergence(self.pretraining_rate)
            return LinearDivergence(_LINEAR * self.pretraining_rate)

        given = {"epochs": self.pretraining_epochs, "batch_size": self._batch_size, "verbose": self._verbose}
        self.pretraining_, _ = learn_greedily(machines, rows, rule, **given)
        return machines

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw up to 8 rows and what comes back of them, and the first layer's longest weights.

        Args:
            X: the rows.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        lines = []
        if X is not None:
            rows = np.asarray(X)[:_DRAWN]
            lines = [(_ROW.of(language), rows), (_BACK.of(language), self.reconstruct(rows))]
        kernel = self._encoder.layers[0].kernel.numpy().T
        longest = np.argsort(-np.linalg.norm(kernel, axis=1), kind="stable")[: 2 * _DRAWN]
        lines += [
            (_FIELD.of(language), kernel[part]) for part in (longest[:_DRAWN], longest[_DRAWN:]) if len(part)
        ]
        return finish(drawn_lines(lines, _DRAWN, CARD.title.of(language)), to_file)

    @property
    def _n_features_out(self) -> int:
        return self.units[-1]


def _principal_error(X: np.ndarray, test: np.ndarray, components: int) -> float:
    """The sum of squared errors of a test row through the principal components of X."""
    mean = X.mean(axis=0)
    plane = np.linalg.eigh((X - mean).T @ (X - mean))[1][:, -components:]
    away = test - mean - (test - mean) @ plane @ plane.T
    return float(np.mean(np.sum(away**2, axis=1)))


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """784-1000-500-250-30, as in the paper, beside as many principal components."""
    (X, _), (test, _) = grey_digits(quick)
    if quick:
        network = DeepAutoencoder(
            (64, 8), pretraining_epochs=5, learning_rate=0.01, batch_size=20, random_state=seed
        )
    else:
        network = DeepAutoencoder((1000, 500, 250, 30), pretraining_epochs=5, epochs=30, random_state=seed)
    network.fit(X)
    principal = Words("of as many principal components", "de otras tantas componentes principales")
    details = {
        principal: _principal_error(X, test, network.units[-1]),
        Words("of a training digit", "de un dígito de entrenamiento"): -network.score(X),
    }
    return Outcome(-network.score(test), network, details, shown={"X": test})


CARD = Card(
    title=Words("Deep autoencoder", "Autocodificador profundo"),
    year=2006,
    paper="Hinton and Salakhutdinov, Reducing the dimensionality of data with neural networks, 2006",
    family="autoencoders",
    cells=("input", "hidden", "match-input-output"),
    summary=Words(
        "Layers narrow to a code of few numbers and widen again to the row; restricted Boltzmann machines "
        "give them their first weights, backpropagation tunes them.",
        "Las capas se estrechan hasta un código de pocos números y se ensanchan de nuevo hasta la fila; "
        "máquinas de Boltzmann restringidas les dan los primeros pesos, y la retropropagación los ajusta.",
    ),
    network=DeepAutoencoder,
    experiment=Experiment(
        task=Words(
            "MNIST, 784-1000-500-250-30 and back, 5 epochs of each machine, 30 of backpropagation",
            "MNIST, 784-1000-500-250-30 y vuelta, 5 épocas por máquina, 30 de retropropagación",
        ),
        measure=Words(
            "sum of squared errors of a test digit", "suma de errores cuadráticos de un dígito de prueba"
        ),
        target=3.0,
        source=Words(
            "Hinton and Salakhutdinov, 2006, figure 2; 30 principal components: 13.87",
            "Hinton y Salakhutdinov, 2006, figura 2; 30 componentes principales: 13,87",
        ),
        run=_digits,
        quick_target=1.4,
        lower=True,
    ),
)
