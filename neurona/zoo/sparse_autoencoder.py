"""Sparse autoencoders: a code of many units, of which few speak at a time.

A code that is wider than a row could copy it and learn nothing. If each unit is to be silent for most rows,
it has to stand for something that some rows have and others do not: of digits, a stroke.

The first one (Ng, Sparse autoencoder, lecture notes of CS294A, 2011) has sigmoid units a_j. Their mean over
the rows, rho^_j, is drawn to a small rho by a penalty that is 0 where they are equal:

    rho^_j = 1/m sum over rows of a_j(x),
    KL(rho || rho^_j) = rho log(rho / rho^_j) + (1 - rho) log((1 - rho) / (1 - rho^_j)),
    J = 1/m sum over rows of |x^ - x|^2 / 2 + lambda/2 sum of squared weights + beta sum over j of KL_j.

The row of length 1 that excites a unit most is its weights, divided by their length; that is what is drawn.

The second one (Makhzani and Frey, k-sparse autoencoders, 2013) has linear units, and keeps of each row the k
largest, with no penalty: z = W' x + b, and all but supp_k(z) are set to 0; x^ = W z + b'. Once it has
learned, the alpha k largest speak, with alpha of 1 or somewhat above (algorithm 1).

Deviations. The mean activation is that of a batch, where Ng takes all rows, and Adam with a rate that falls
along a cosine takes the place of L-BFGS and of momentum. The decoder of both has weights of its own; those of
the k-sparse one begin as the encoder's.
"""

from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.layers import Dense, Input, Layer
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.regularizers import L2
from neurona.zoo import validation
from neurona.zoo.autoencoding import Autoencoder
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.deep_belief import grey_digits
from neurona.zoo.pictures import pictures_figure
from neurona.zoo.softmax import SoftmaxRegression

__all__ = ["KSparse", "KSparseAutoencoder", "SparseAutoencoder", "SparsityPenalty"]

_DRAWN = 40  # units of a picture
_LEAST = 1e-6  # of a mean activation, whose logarithm is taken


class SparsityPenalty(Layer):
    """y = x, from 0 to 1; weight times the sum over units of KL(rho || mean of x) is added to the loss.

    Args:
        rho: the mean activation that each unit is drawn to, between 0 and 1.
        weight: beta.

    Shapes: x (batch, units) -> y the same.

    Raises:
        ArgumentError: rho is not between 0 and 1.

    Source: Ng, Sparse autoencoder, lecture notes of CS294A, 2011.

    Example:

        >>> layer = SparsityPenalty(0.5)
        >>> layer(jnp.array([[0.5, 0.2], [0.5, 0.2]])).shape, round(float(layer.losses[0]), 3)
        ((2, 2), 0.223)
    """

    def __init__(self, rho: float = 0.05, weight: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 < rho < 1:
            raise ArgumentError(f"SparsityPenalty: rho is between 0 and 1. Received: {rho=}")
        self.rho, self.weight = rho, weight

    def call(self, inputs: jax.Array) -> jax.Array:
        mean = jnp.clip(jnp.mean(inputs.astype("float32"), axis=0), _LEAST, 1 - _LEAST)
        rho = self.rho
        divergence = rho * jnp.log(rho / mean) + (1 - rho) * jnp.log((1 - rho) / (1 - mean))
        self.add_loss(self.weight * jnp.sum(divergence))
        return inputs


class KSparse(Layer):
    """Keeps the k largest of each row, and sets the others to 0; where several are equal, all of them stay.

    Args:
        k: how many, in training.
        alpha: times as many otherwise, rounded.

    Shapes: x (..., units) -> y the same.

    Raises:
        ArgumentError: k is no whole number above 0, or alpha below 1; or there are fewer units.

    Source: Makhzani and Frey, k-sparse autoencoders, 2013, algorithm 1.

    Example:

        >>> KSparse(2)(jnp.array([[3.0, -1.0, 2.0, 1.0]])).tolist()
        [[3.0, 0.0, 2.0, 0.0]]
    """

    def __init__(self, k: int, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not (isinstance(k, int | np.integer) and k > 0 and alpha >= 1):
            raise ArgumentError(
                f"KSparse: k is a whole number above 0, and alpha at least 1. Received: {k=}, {alpha=}"
            )
        self.k, self.alpha = k, alpha

    def build(self, input_shape: Any) -> None:
        most = round(self.alpha * self.k)
        if input_shape[-1] < most:
            raise ArgumentError(
                f"KSparse: of {input_shape[-1]} units the {most} largest can't be kept. "
                f"Received: k={self.k}, alpha={self.alpha}"
            )

    def call(self, inputs: jax.Array, training: bool = False) -> jax.Array:
        kept = self.k if training else round(self.alpha * self.k)
        least = jax.lax.top_k(jax.lax.stop_gradient(inputs), kept)[0][..., -1:]
        return jnp.where(inputs >= least, inputs, 0)


class _Sparse(Autoencoder):
    """What both share: a code of one layer, of which `mean_activation_` is known."""

    n_components: int
    learning_rate: float

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from rows, (samples, features); `options` are further arguments of the model's `fit`."""
        super().fit(X, y, **options)
        self.mean_activation_ = self.transform(X).mean(axis=0)
        return self

    def _unrolled(self, rows: np.ndarray, there: list[Any], back: Any) -> Model:
        """The model of an encoder's layers and the decoder's one, compiled for half of the squared error."""
        x, features = Input((rows.shape[1],)), rows.shape[1]
        encoder = Sequential([Input((features,)), *there], name="encoder")
        model = Model(x, Sequential([Input((self.n_components,)), back], name="decoder")(encoder(x)))
        model.compile(Adam(self.learning_rate), "mse", loss_weights=[features / 2])
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the rows that excite the units most: the weights of up to 40, those of the longest.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        kernel = self._encoder.layers[0].kernel.numpy().T
        lengths = np.linalg.norm(kernel, axis=1)
        chosen = np.argsort(-lengths, kind="stable")[:_DRAWN]
        rows = kernel[chosen] / np.maximum(lengths[chosen, None], _LEAST)
        names = [f"{number + 1}" for number in chosen]
        return finish(pictures_figure(rows, names, 8, self._title.of(language)), to_file)

    @property
    def _title(self) -> Words:
        raise NotImplementedError

    @property
    def _n_features_out(self) -> int:
        return self.n_components


class SparseAutoencoder(_Sparse):
    """A sparse autoencoder of sigmoid units, whose mean activations are drawn to rho.

    Args:
        n_components: how many units the code has.
        rho: the mean activation of each.
        beta: times the divergence from it counts.
        weight_decay: lambda, of the squared weights.
        output_activation: `"sigmoid"`, of rows from 0 to 1, or `"linear"`, of other numbers.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the rows are gone through.
        batch_size: rows of a step, over which activations are averaged.
        random_state: an integer for the same numbers at every call.

    Attributes:
        mean_activation_: of each unit over all rows, (n_components,).
        model_, history_, n_features_in_: as in `Estimator`. The model's layers are "encoder" and "decoder".

    Raises:
        DataError: a number of the rows is not from 0 to 1, and the outputs are sigmoid.
        ArgumentError: rho is not between 0 and 1, or a size no whole number above 0.

    Example:

        >>> rows = np.eye(8)[np.arange(400) % 8]
        >>> network = SparseAutoencoder(8, rho=0.125, learning_rate=0.02, epochs=100, random_state=0)
        >>> network.fit(rows).mean_activation_.mean().round(2)
        np.float32(0.13)
    """

    _counts = ("n_components",)

    def __init__(
        self,
        n_components: int = 100,
        rho: float = 0.05,
        beta: float = 3.0,
        weight_decay: float = 0.0001,
        output_activation: str = "sigmoid",
        learning_rate: float = 0.005,
        epochs: int = 20,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.rho = rho
        self.beta = beta
        self.weight_decay = weight_decay
        self.output_activation = output_activation
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        decay = L2(self.weight_decay / 2)
        hidden = Dense(self.n_components, "sigmoid", kernel_regularizer=decay)
        outputs = Dense(X.shape[1], self.output_activation, kernel_regularizer=decay)
        return self._unrolled(X, [hidden, SparsityPenalty(self.rho, self.beta)], outputs)

    @property
    def _title(self) -> Words:
        return CARD.title


class KSparseAutoencoder(_Sparse):
    """A sparse autoencoder of linear units, of which the k largest of each row speak.

    Args:
        n_components: how many units the code has.
        k: how many speak.
        alpha: times as many once it has learned.
        output_activation, learning_rate, epochs, batch_size, random_state: as in `SparseAutoencoder`.

    Attributes:
        mean_activation_, model_, history_, n_features_in_: as in `SparseAutoencoder`.

    Raises:
        DataError: a number of the rows is not from 0 to 1, and the outputs are sigmoid.
        ArgumentError: a size is no whole number above 0, or k above n_components.

    Source: Makhzani and Frey, k-sparse autoencoders, 2013.

    Example:

        >>> rows = np.eye(8)[np.arange(400) % 8]
        >>> network = KSparseAutoencoder(8, 2, learning_rate=0.02, epochs=50, random_state=0).fit(rows)
        >>> int(np.count_nonzero(network.transform(rows[:1])))
        2
    """

    _counts = ("n_components",)

    def __init__(
        self,
        n_components: int = 100,
        k: int = 10,
        alpha: float = 1.0,
        output_activation: str = "linear",
        learning_rate: float = 0.002,
        epochs: int = 20,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.k = k
        self.alpha = alpha
        self.output_activation = output_activation
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        hidden, outputs = Dense(self.n_components), Dense(X.shape[1], self.output_activation)
        model = self._unrolled(X, [hidden, KSparse(self.k, self.alpha)], outputs)
        outputs.kernel.assign(hidden.kernel.numpy().T)
        return model

    @property
    def _title(self) -> Words:
        return Words("k-sparse autoencoder", "Autocodificador k-disperso")


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """200 units, as in the exercise of Ng's course on digits; and softmax upon 25 of 1,000 linear ones."""
    (X, y), (test, truth) = grey_digits(quick)
    rho = 0.1
    if quick:
        network = SparseAutoencoder(32, rho, epochs=40, learning_rate=0.02, batch_size=50, random_state=seed)
    else:
        network = SparseAutoencoder(200, rho, weight_decay=0.003, epochs=20, random_state=seed)
    network.fit(X)
    details = {
        Words(
            "sum of squared errors of a test digit", "suma de errores cuadráticos de un dígito de prueba"
        ): -network.score(test)
    }
    if not quick:
        largest = KSparseAutoencoder(1000, 25, 3.0, epochs=10, random_state=seed).fit(X)
        top = SoftmaxRegression(epochs=10, random_state=seed).fit(largest.transform(X), y)
        words = Words(
            "% of wrong test digits, softmax upon 25 of 1,000 units",
            "% de dígitos de prueba erróneos, softmax sobre 25 de 1000 unidades",
        )
        details[words] = 100 * (1 - top.score(largest.transform(test), truth))
    away = np.abs(network.transform(test).mean(axis=0) - rho).mean()
    return Outcome(float(away), network, details)


CARD = Card(
    title=Words("Sparse autoencoder", "Autocodificador disperso"),
    year=2011,
    paper="Ng, Sparse autoencoder, lecture notes of CS294A, 2011",
    family="autoencoders",
    cells=("input", "hidden", "match-input-output"),
    summary=Words(
        "A code of many units, each of which is silent for most rows, so that it comes to stand for a part "
        "that some rows have: of digits, a stroke.",
        "Un código de muchas unidades, cada una callada ante casi todas las filas, de modo que llega a "
        "representar una parte que algunas tienen: en los dígitos, un trazo.",
    ),
    network=SparseAutoencoder,
    experiment=Experiment(
        task=Words(
            "MNIST, 200 sigmoid units, rho = 0.1, beta = 3, lambda = 0.003, 20 epochs",
            "MNIST, 200 unidades sigmoides, rho = 0,1, beta = 3, lambda = 0,003, 20 épocas",
        ),
        measure=Words(
            "mean difference of a unit's mean activation over test digits from rho",
            "diferencia media entre rho y la activación media de una unidad sobre los dígitos de prueba",
        ),
        target=0.01,
        source=Words("a tenth of rho", "la décima parte de rho"),
        run=_digits,
        quick_target=0.03,
        lower=True,
    ),
)
