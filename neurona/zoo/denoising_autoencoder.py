"""The denoising autoencoder: it is shown a damaged row, and learns to give the whole one back.

Vincent, Larochelle, Bengio and Manzagol (Extracting and composing robust features with denoising
autoencoders, 2008). A row x is damaged, x~ ~ q(x~ | x): here a share of its numbers, chosen anew each time,
is set to 0 (section 2.3). The encoder makes a code of what is left, and the decoder a row of the code,

    y = s(W x~ + b),     z = s(W' y + b'),

and both lower the cross-entropy of the whole row, -sum over k of x_k log z_k + (1 - x_k) log(1 - z_k). To
copy does not help: what is missing follows only from what rows are like. So the code needs no bottleneck.

They are stacked (section 2.4): the next one learns from the codes of undamaged rows, and damages those. Then
the encoders are the first layers of a classifier, which learns by backpropagation in all of its layers.

Deviations. The decoder has weights of its own, where the paper's is the encoder transposed. Adam with a rate
that falls along a cosine takes the place of plain gradient descent.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.layers import Dense, Input, NoisyInput
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.zoo import validation
from neurona.zoo.autoencoding import Autoencoder, StackedClassifier, fields_figure
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.deep_belief import grey_digits

__all__ = ["DenoisingAutoencoder", "StackedDenoisingClassifier"]


class DenoisingAutoencoder(Autoencoder):
    """A denoising autoencoder of one layer of sigmoid units.

    Args:
        n_components: how many units the code has.
        noise: how rows are damaged, as in `NoisyInput`: `"masking"`, `"salt_and_pepper"` or `"gaussian"`.
        amount: how much.
        output_activation: `"sigmoid"`, of rows from 0 to 1, or `"linear"`, of other numbers, whose squared
            error is lowered.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the rows are gone through.
        batch_size: rows of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        model_, history_, n_features_in_: as in `Estimator`. The model's layers are "encoder" and "decoder".

    Raises:
        DataError: a number of the rows is not from 0 to 1, and the outputs are sigmoid.
        ArgumentError: `NoisyInput` has no such noise or amount, or a size is no whole number above 0.

    Example:

        >>> rows = np.array([[1, 1, 0, 0], [0, 0, 1, 1]] * 50)
        >>> network = DenoisingAutoencoder(8, learning_rate=0.02, epochs=100, random_state=0).fit(rows)
        >>> network.reconstruct([[1, 0, 0, 0]]).round().tolist()
        [[1.0, 1.0, 0.0, 0.0]]
    """

    _counts = ("n_components",)

    def __init__(
        self,
        n_components: int = 256,
        noise: str = "masking",
        amount: float = 0.25,
        output_activation: str = "sigmoid",
        learning_rate: float = 0.001,
        epochs: int = 10,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.noise = noise
        self.amount = amount
        self.output_activation = output_activation
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        features = X.shape[1]
        x, there = (
            Input((features,)),
            [NoisyInput(self.noise, self.amount), Dense(self.n_components, "sigmoid")],
        )
        encoder = Sequential([Input((features,)), *there], name="encoder")
        back = Dense(features, self.output_activation)
        model = Model(x, Sequential([Input((self.n_components,)), back], name="decoder")(encoder(x)))
        loss = "binary_crossentropy" if self.output_activation == "sigmoid" else "mse"
        model.compile(Adam(self.learning_rate), loss)
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

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
        return self._encoder.layers[-1]

    @property
    def _n_features_out(self) -> int:
        return self.n_components


class StackedDenoisingClassifier(StackedClassifier):
    """Denoising autoencoders upon each other, whose encoders then learn the classes of rows from 0 to 1.

    Args:
        units: how many each code has, the lowest first.
        noise, amount: as in `DenoisingAutoencoder`, for the rows of each level.
        pretraining_rate: of Adam, for each level, at first.
        pretraining_epochs: how often each level goes through the rows.
        fine_tuning_rate: of Adam, in backpropagation, at first; both fall to 0 as half a cosine does.
        epochs: of backpropagation.
        batch_size, random_state: as in `DenoisingAutoencoder`.

    Attributes:
        classes_: the classes, sorted.
        pretraining_: the loss of each level at each epoch, (levels, epochs).
        model_: the encoders and a softmax layer.
        history_: of backpropagation.
        n_features_in_: as in `Estimator`.

    Raises:
        DataError: a number of the rows is not from 0 to 1; or there is one class.
        ArgumentError: there is no level, or as in `DenoisingAutoencoder`.

    Example:

        >>> rows = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 1]] * 30)
        >>> network = StackedDenoisingClassifier((8, 8), fine_tuning_rate=0.05, epochs=60, random_state=0)
        >>> network.fit(rows, ["left", "right", "apart"] * 30).predict(rows[:3]).tolist()
        ['left', 'right', 'apart']
    """

    _any_numbers = "DenoisingAutoencoder(output_activation='linear')"

    def __init__(
        self,
        units: Sequence[int] = (256, 256),
        noise: str = "masking",
        amount: float = 0.25,
        pretraining_rate: float = 0.001,
        pretraining_epochs: int = 10,
        fine_tuning_rate: float = 0.001,
        epochs: int = 20,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.noise = noise
        self.amount = amount
        self.pretraining_rate = pretraining_rate
        self.pretraining_epochs = pretraining_epochs
        self.fine_tuning_rate = fine_tuning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _level(self, size: int) -> DenoisingAutoencoder:
        return DenoisingAutoencoder(
            size, self.noise, self.amount, "sigmoid", self.pretraining_rate, self.pretraining_epochs
        )

    @property
    def _title(self) -> Words:
        return CARD.title


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """Two levels of 1,000 units, a quarter of the numbers masked."""
    (X, y), (test, truth) = grey_digits(quick)
    if quick:
        network = StackedDenoisingClassifier(
            (64, 64), "masking", 0.25, 0.005, 10, 0.01, 20, 20, random_state=seed
        )
    else:
        network = StackedDenoisingClassifier((1000, 1000), "masking", 0.25, random_state=seed)
    network.fit(X, y)
    errors = Words("% of wrong training digits", "% de dígitos de entrenamiento erróneos")
    return Outcome(
        figure=100 * (1 - network.score(test, truth)),
        network=network,
        details={errors: 100 * (1 - network.score(X, y))},
    )


CARD = Card(
    title=Words("Denoising autoencoder", "Autocodificador de eliminación de ruido"),
    year=2008,
    paper="Vincent et al., Extracting and composing robust features with denoising autoencoders, 2008",
    family="autoencoders",
    cells=("noisy input", "hidden", "match-input-output", "output"),
    summary=Words(
        "It is shown damaged rows and gives the whole ones back, so that its code says what rows are like; "
        "stacked, such codes are the first layers of a classifier.",
        "Ve filas dañadas y devuelve las enteras, de modo que su código dice cómo son las filas; apilados, "
        "esos códigos son las primeras capas de un clasificador.",
    ),
    network=StackedDenoisingClassifier,
    experiment=Experiment(
        task=Words(
            "MNIST, 784-1000-1000, a quarter masked, 10 epochs a level, 20 of backpropagation",
            "MNIST, 784-1000-1000, un cuarto tapado, 10 épocas por nivel, 20 de retropropagación",
        ),
        measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
        target=1.3,
        source=Words(
            "the deep learning tutorials' stacked denoising autoencoder, of three levels",
            "el autocodificador apilado de los deep learning tutorials, de tres niveles",
        ),
        run=_digits,
        quick_target=7.0,
        lower=True,
    ),
)
