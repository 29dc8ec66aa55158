"""The contractive autoencoder: a code that hardly changes when the row does, except where rows differ.

Rifai, Vincent, Muller, Glorot and Bengio (Contractive auto-encoders: explicit invariance during feature
extraction, 2011). An autoencoder with the code h = f(x) lowers, besides the error of what it gives back, the
squared Frobenius norm of the encoder's Jacobian, the sum over all its entries of (dh_j / dx_i)^2,

    J = sum over rows of  L(x, g(f(x))) + lambda |J_f(x)|^2.

Alone the second term would have a code that says nothing; to give rows back, the code must tell apart those
that exist. So it contracts everywhere but along the ways in which rows vary. Of a layer of sigmoid units,
h = s(W x + b), it costs no more than the error does (section 3):

    |J_f(x)|^2 = sum over j of (h_j (1 - h_j))^2 sum over i of W_ji^2.

A linear code would make it weight decay. A denoising autoencoder asks the same of what it gives back, at
random places near the row; the penalty asks it of the code, at the row itself (section 4). The decoder is the
encoder transposed, z = s(W' h + b'), and L the cross-entropy, summed over the features.

The code then is the first layer of a classifier, that learns by backpropagation in all of its layers. With
1,000 units the paper reports 1.14 % of wrong digits of MNIST, and 1.78 % after a plain autoencoder.

Deviations. Adam with a rate that falls along a cosine takes the place of plain gradient descent, and lambda
is not sought on rows held out.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.layers import Input, ReversibleDense
from neurona.models import Model
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.zoo import validation
from neurona.zoo.autoencoding import Autoencoder, StackedClassifier, fields_figure
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.deep_belief import grey_digits

__all__ = ["ContractiveAutoencoder", "ContractiveClassifier", "ContractiveDense", "sigmoid_contraction"]


def sigmoid_contraction(h: Any, kernel: Any) -> jax.Array:
    """|J_f(x)|^2 of h = sigmoid(x @ kernel + bias): the sum of the squared slopes of all units.

    Shapes: h (..., units), kernel (features, units) -> (...).

    Source: Rifai et al., Contractive auto-encoders, 2011, section 3.

    Example:

        >>> float(sigmoid_contraction(jnp.array([0.5]), jnp.array([[4.0], [0.0]])))  # a slope of 4 / 4
        1.0
    """
    return jnp.sum((h * (1 - h)) ** 2 * jnp.sum(kernel**2, axis=0), axis=-1)


class ContractiveDense(ReversibleDense):
    """A layer of sigmoid units that also goes back, and adds lambda times the mean of |J_f(x)|^2 to the loss.

    Args:
        units: how many.
        penalty: lambda, at least 0. Beside a loss that is a mean over the features, it is that of the paper,
            whose loss is their sum, over their number.
        reverse_activation: of the way back.

    Call arguments:
        inputs: an array.
        reverse: whether to go back, as in `ReversibleDense`.

    Shapes: x (..., features) -> (..., units); with reverse (..., units) -> (..., features).

    Raises:
        ArgumentError: units is no positive integer, or the penalty below 0.

    Source: Rifai et al., Contractive auto-encoders: explicit invariance during feature extraction, 2011.

    Example:

        >>> layer = ContractiveDense(3, penalty=0.5)
        >>> h = layer(jnp.ones((2, 4)))
        >>> bool(jnp.isclose(layer.losses[0], 0.5 * sigmoid_contraction(h, layer.kernel.value).mean()))
        True
    """

    def __init__(
        self, units: int, penalty: float = 1e-4, reverse_activation: Any = "sigmoid", **kwargs: Any
    ) -> None:
        if not (np.isfinite(penalty) and penalty >= 0):
            raise ArgumentError(
                f"ContractiveDense: penalty is a number of at least 0. Received: penalty={penalty!r}"
            )
        super().__init__(units, "sigmoid", reverse_activation, **kwargs)
        self.penalty = float(penalty)

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        outputs = super().call(inputs, reverse=reverse)
        if self.penalty and not reverse:
            self.add_loss(self.penalty * jnp.mean(sigmoid_contraction(outputs, self.kernel.value)))
        return outputs


class ContractiveAutoencoder(Autoencoder):
    """A contractive autoencoder of one layer of sigmoid units, whose decoder is the encoder transposed.

    Args:
        n_components: how many units the code has.
        contraction: lambda, at least 0, beside the sum of the errors of a row; 0 makes a plain autoencoder.
        output_activation: `"sigmoid"`, of rows from 0 to 1, or `"linear"`, of other numbers, whose squared
            error is lowered.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the rows are gone through.
        batch_size: rows of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        model_, history_, n_features_in_: as in `Estimator`. The model has one layer, "encoder", that goes
            there and back.

    Raises:
        DataError: a number of the rows is not from 0 to 1, and the outputs are sigmoid.
        ArgumentError: contraction is below 0, or a size no whole number above 0.

    Source: Rifai et al., Contractive auto-encoders: explicit invariance during feature extraction, 2011.

    Example:

        >>> rows = np.array([[1, 1, 0, 0], [0, 0, 1, 1]] * 50)
        >>> network = ContractiveAutoencoder(4, 0.02, learning_rate=0.02, epochs=100, random_state=0)
        >>> network.fit(rows).reconstruct(rows[:2]).round().tolist()
        [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]
    """

    _counts = ("n_components",)

    def __init__(
        self,
        n_components: int = 256,
        contraction: float = 0.1,
        output_activation: str = "sigmoid",
        learning_rate: float = 0.001,
        epochs: int = 10,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.contraction = contraction
        self.output_activation = output_activation
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _check_sizes(self) -> None:
        super()._check_sizes()
        if not (np.isfinite(self.contraction) and self.contraction >= 0):
            raise ArgumentError(
                "ContractiveAutoencoder: contraction is a number of at least 0. Received: contraction="
                f"{self.contraction!r}"
            )

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        features = X.shape[1]
        # The losses below are means over the features, the paper's are sums.
        layer = ContractiveDense(
            self.n_components, self.contraction / features, self.output_activation, name="encoder"
        )
        x = Input((features,))
        model = Model(x, layer(layer(x), reverse=True))
        loss = "binary_crossentropy" if self.output_activation == "sigmoid" else "mse"
        model.compile(Adam(self.learning_rate), loss)
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def transform(self, X: Any) -> np.ndarray:
        """The code of each row, (samples, code)."""
        return np.asarray(self.hidden(self._rows(X)))

    def inverse_transform(self, Z: Any) -> np.ndarray:
        """The row that the layer makes of each code as it goes back, (samples, features)."""
        return np.asarray(self.hidden(self._codes(Z), reverse=True))

    def contraction_of(self, X: Any) -> np.ndarray:
        """|J_f(x)|, the root of the sum of the squared slopes of all units, at each row, (samples,)."""
        kernel = self.hidden.kernel.numpy()
        return np.sqrt(np.asarray(sigmoid_contraction(self.transform(X), kernel)))

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the weights of up to 24 units, those of the longest.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        return finish(fields_figure(self.hidden, CARD.title.of(language)), to_file)

    @property
    def hidden(self) -> Any:
        """The layer of sigmoid units."""
        return self._encoder

    @property
    def _n_features_out(self) -> int:
        return self.n_components


class ContractiveClassifier(StackedClassifier):
    """Contractive autoencoders upon each other, whose encoders then learn the classes of rows from 0 to 1.

    Args:
        units: how many each code has, the lowest first.
        contraction: lambda, as in `ContractiveAutoencoder`.
        pretraining_rate: of Adam, for each level, at first.
        pretraining_epochs: how often each level goes through the rows.
        fine_tuning_rate: of Adam, in backpropagation, at first; both fall to 0 as half a cosine does.
        epochs: of backpropagation.
        batch_size, random_state: as in `ContractiveAutoencoder`.

    Attributes:
        classes_: the classes, sorted.
        pretraining_: the loss of each level at each epoch, (levels, epochs).
        model_: the encoders and a softmax layer.
        history_: of backpropagation.
        n_features_in_: as in `Estimator`.

    Raises:
        DataError: a number of the rows is not from 0 to 1; or there is one class.
        ArgumentError: there is no level, or as in `ContractiveAutoencoder`.

    Source: Rifai et al., Contractive auto-encoders: explicit invariance during feature extraction, 2011.

    Example:

        >>> rows = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 1]] * 30)
        >>> network = ContractiveClassifier((8,), fine_tuning_rate=0.05, epochs=60, random_state=0)
        >>> network.fit(rows, ["left", "right", "apart"] * 30).predict(rows[:3]).tolist()
        ['left', 'right', 'apart']
    """

    _any_numbers = "ContractiveAutoencoder(output_activation='linear')"

    def __init__(
        self,
        units: Sequence[int] = (256,),
        contraction: float = 0.1,
        pretraining_rate: float = 0.001,
        pretraining_epochs: int = 10,
        fine_tuning_rate: float = 0.001,
        epochs: int = 20,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.contraction = contraction
        self.pretraining_rate = pretraining_rate
        self.pretraining_epochs = pretraining_epochs
        self.fine_tuning_rate = fine_tuning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _level(self, size: int) -> ContractiveAutoencoder:
        return ContractiveAutoencoder(
            size, self.contraction, "sigmoid", self.pretraining_rate, self.pretraining_epochs
        )

    @property
    def _title(self) -> Words:
        return CARD.title


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """One level of 1,000 units; and, for comparison, after a plain autoencoder."""
    (X, y), (test, truth) = grey_digits(quick)
    if quick:
        network = ContractiveClassifier((64,), 0.1, 0.005, 10, 0.01, 20, 20, random_state=seed).fit(X, y)
        return Outcome(100 * (1 - network.score(test, truth)), network)
    network = ContractiveClassifier((1000,), 0.1, 0.002, 10, 0.003, random_state=seed).fit(X, y)
    plain = ContractiveClassifier((1000,), 0.0, 0.002, 10, 0.003, random_state=seed).fit(X, y)
    details = {
        Words("% of wrong training digits", "% de dígitos de entrenamiento erróneos"): 100
        * (1 - network.score(X, y)),
        Words("% of wrong test digits after a plain autoencoder", "% tras un autocodificador simple"): 100
        * (1 - plain.score(test, truth)),
    }
    return Outcome(100 * (1 - network.score(test, truth)), network, details)


CARD = Card(
    title=Words("Contractive autoencoder", "Autocodificador contractivo"),
    year=2011,
    paper="Rifai et al., Contractive auto-encoders: explicit invariance during feature extraction, 2011",
    family="autoencoders",
    cells=("input", "hidden", "match-input-output", "output"),
    summary=Words(
        "It gives rows back from a code whose slopes it keeps small, so that the code follows only the ways "
        "in which rows vary; the code is then the first layer of a classifier.",
        "Devuelve filas desde un código cuyas pendientes mantiene pequeñas, de modo que el código sigue solo "
        "las formas en que varían las filas; el código es luego la primera capa de un clasificador.",
    ),
    network=ContractiveClassifier,
    experiment=Experiment(
        task=Words(
            "MNIST, 784-1000, 10 epochs of the autoencoder, 20 of backpropagation",
            "MNIST, 784-1000, 10 épocas del autocodificador, 20 de retropropagación",
        ),
        measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
        target=1.14,
        source=Words(
            "Rifai et al., 2011, table 1, after a search of lambda and rates",
            "Rifai et al., 2011, tabla 1, tras buscar lambda y las tasas",
        ),
        run=_digits,
        quick_target=7.0,
        lower=True,
    ),
)
