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
from typing import Any, Self

import numpy as np

from neurona.errors import ArgumentError
from neurona.layers import Dense, Input, NoisyInput
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.zoo import validation
from neurona.zoo.autoencoding import Autoencoder, Coder
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.deep_belief import grey_digits
from neurona.zoo.estimator import Classifier
from neurona.zoo.pictures import pictures_figure

__all__ = ["DenoisingAutoencoder", "StackedDenoisingClassifier"]

_DRAWN = 24  # units of a picture


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
        return finish(_fields(self._encoder.layers[-1], CARD.title.of(language)), to_file)

    @property
    def _n_features_out(self) -> int:
        return self.n_components


class StackedDenoisingClassifier(Coder, Classifier):
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

    def _check_sizes(self) -> None:
        super()._check_sizes()
        if not len(self.units):
            raise ArgumentError(f"{type(self).__name__}: units names one layer or more. Received: ()")

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y[:, None] == self.classes_

    def fit(self, X: Any, y: Any, verbose: Any = 0, **options: Any) -> Self:
        """Learn from rows, (samples, features), and the class of each.

        Args:
            X: the rows.
            y: a class for each.
            verbose: of the `fit` of each level, and of backpropagation.
            options: further arguments of the `fit` of backpropagation.
        """
        self._verbose = verbose
        return super().fit(X, y, verbose=verbose, **options)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        rows, learned, losses = X, [], []
        for size in self.units:
            level = DenoisingAutoencoder(
                size, self.noise, self.amount, "sigmoid", self.pretraining_rate, self.pretraining_epochs
            )
            level.set_params(batch_size=self.batch_size).fit(rows, verbose=self._verbose)
            rows = level.transform(rows)
            encoder: Any = level.model_.get_layer("encoder")
            learned.append(encoder.layers[-1].get_weights())
            losses.append(level.history_.history["loss"])
        self.pretraining_ = np.array(losses)
        layers = [Dense(size, "sigmoid") for size in self.units]
        model = Sequential([Input((X.shape[1],)), *layers, Dense(len(self.classes_), "softmax")])
        for layer, weights in zip(layers, learned, strict=True):
            layer.set_weights(weights)
        model.compile(Adam(self.fine_tuning_rate), "categorical_crossentropy", metrics=["accuracy"])
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.fine_tuning_rate, steps)

    def predict_proba(self, X: Any) -> np.ndarray:
        """P of each class, (samples, classes)."""
        return self._outputs(self._rows(X))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the weights of up to 24 units of the first layer, those of the longest.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        return finish(_fields(self.model_.layers[0], CARD.title.of(language)), to_file)


def _fields(layer: Any, title: str) -> Any:
    """The weights of a layer's units as pictures, each over its own largest."""
    kernel = layer.kernel.numpy().T
    chosen = np.argsort(-np.linalg.norm(kernel, axis=1), kind="stable")[:_DRAWN]
    largest = np.abs(kernel[chosen]).max(axis=1, keepdims=True)
    names = [f"{number + 1}" for number in chosen]
    return pictures_figure(kernel[chosen] / np.where(largest > 0, largest, 1), names, 8, title)


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
