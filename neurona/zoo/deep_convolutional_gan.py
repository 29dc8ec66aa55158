"""The deep convolutional GAN: two convolution networks that play against each other, over pictures.

Radford, Metz and Chintala (Unsupervised representation learning with deep convolutional generative
adversarial networks, 2015) found which convolution networks can play the game of `adversarial` without
falling out of balance (section 3):

- no pooling: the discriminator halves the sides by convolutions in steps of 2, and the generator doubles them
  by transposed ones,
- batch normalization in both, but not in the generator's output and the discriminator's input,
- no hidden layers that are fully connected,
- rectified units in the generator and a hyperbolic tangent at its end; in the discriminator leaky ones, of
  slope 0.2 below 0.

Kernels of 5 x 5 begin at N(0, 0.02^2). Pictures are scaled to -1 to 1, and 128 of them are a step of Adam
with the rate 0.0002 and beta_1 = 0.5 (section 4). The noise z has 100 numbers,

    z -> 2 n maps of a quarter of the sides -> n maps of half -> the picture,
    picture -> n maps of half the sides -> 2 n maps of a quarter -> the probability that it is real.

Real pictures and made ones are batches of their own, which the discriminator normalizes each by itself.

Deviations. The paper's pictures of 64 x 64 are doubled four times, from 1,024 maps on; here twice, for
digits. z is normal, where the paper's is uniform. The learning rates fall to a hundredth along half a cosine.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.datasets import digits, mnist
from neurona.errors import DataError
from neurona.initializers import RandomNormal
from neurona.layers import (
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    Input,
    LeakyReLU,
    ReLU,
    Reshape,
)
from neurona.losses import SparseCategoricalCrossentropy
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.plotting.figure import finish, new_figure
from neurona.random import Stream
from neurona.zoo import validation
from neurona.zoo.adversarial import AdversarialRule, LatentNoise
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.generation import check_count
from neurona.zoo.image_classifier import PictureNetwork, displayed, draw_maps

__all__ = ["DCGAN"]

_BETAS = (0.5, 0.999)
_SLOPE = 0.2  # of the discriminator's units below 0
_LINES, _ACROSS = 4, 10  # pictures of a plot
_SURE = 0.9  # the probability from which on a classifier is sure


class DCGAN(PictureNetwork):
    """A deep convolutional generative adversarial network, over pictures whose sides are multiples of 4.

    Args:
        n_latent: numbers of z.
        width: n, maps of the layers beside the pictures; the ones between them have twice as many.
        learning_rate: of both Adams, at first; it falls to a hundredth as half a cosine does.
        epochs: how often the pictures are gone through.
        batch_size: pictures of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        image_shape_: height, width and channels.
        range_: the least and the largest number of the pictures that it learned from.
        model_, history_, n_features_in_: as in `Estimator`; the history has the figures of `AdversarialRule`.

    Raises:
        ArgumentError: a size is no whole number above 0.
        DataError: sides are no multiples of 4, or all numbers are the same.
        NonFiniteError: a number became infinite or NaN; the message names the step and the weight.

    Source: Radford, Metz and Chintala, Unsupervised representation learning with deep convolutional
        generative adversarial networks, 2015.

    Example:

        >>> strokes = np.zeros((64, 8, 8))
        >>> strokes[:, :, 3:5] = 1
        >>> network = DCGAN(4, 8, 0.002, epochs=30, batch_size=16, random_state=0).fit(strokes)
        >>> made = network.sample(10)
        >>> made.shape, bool(made[:, :, 3:5].mean() > 0.7 > 0.3 > made[:, :, :3].mean())
        ((10, 8, 8, 1), True)
    """

    _sizes = ("batch_size", "n_latent", "width", "epochs")

    def __init__(
        self,
        n_latent: int = 100,
        width: int = 64,
        learning_rate: float = 0.0002,
        epochs: int = 10,
        batch_size: int = 128,
        random_state: int | None = None,
    ) -> None:
        self.n_latent = n_latent
        self.width = width
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        pictures = self._checked_pictures(X)
        self.range_ = np.array([pictures.min(), pictures.max()], "float32")
        if self.range_[0] == self.range_[1]:
            raise DataError(
                f"DCGAN: all numbers of these pictures are {self.range_[0]:g}: there is nothing to learn."
            )
        return self._scaled(pictures), None

    def _check_image(self) -> None:
        high, wide, _ = self.image_shape_
        if high % 4 or wide % 4:
            raise DataError(
                "DCGAN: the sides are halved twice, and so multiples of 4. Received pictures of "
                f"{high} x {wide}. Pad them, as numpy.pad does, or resize them with "
                "neurona.ops.image.resize."
            )

    def _scaled(self, pictures: np.ndarray) -> np.ndarray:
        """Pictures from -1 to 1, as the hyperbolic tangent gives them."""
        low, high = self.range_
        return (pictures.astype("float32") - low) * (2 / (high - low)) - 1

    def _model_for(self, X: Any, y: Any) -> Model:
        x = Input(self.image_shape_)
        generator, discriminator = self._generator(), self._discriminator()
        made = generator(LatentNoise(self.n_latent)(Flatten()(x)))
        model = Model(x, [discriminator(x), discriminator(made)])
        steps = self.epochs * -(-len(X) // (self._batch_size or 1))
        rates = (self.learning_rate, self.learning_rate)
        model.compile(rule=AdversarialRule("non-saturating", rates, _BETAS, steps))
        return model

    def _generator(self) -> Sequential:
        high, wide, channels = self.image_shape_
        small, maps = (high // 4, wide // 4), 2 * self.width
        layers = [
            Dense(small[0] * small[1] * maps, use_bias=False, kernel_initializer=_start()),
            Reshape((*small, maps)),
            BatchNormalization(momentum=0.9),
            ReLU(),
            Conv2DTranspose(self.width, 5, 2, "same", use_bias=False, kernel_initializer=_start()),
            BatchNormalization(momentum=0.9),
            ReLU(),
            Conv2DTranspose(channels, 5, 2, "same", activation="tanh", kernel_initializer=_start()),
        ]
        return Sequential([Input((self.n_latent,)), *layers], name="generator")

    def _discriminator(self) -> Sequential:
        layers = [
            Conv2D(self.width, 5, 2, "same", kernel_initializer=_start()),
            LeakyReLU(_SLOPE),
            Conv2D(2 * self.width, 5, 2, "same", use_bias=False, kernel_initializer=_start()),
            BatchNormalization(momentum=0.9),
            LeakyReLU(_SLOPE),
            Flatten(),
            Dense(1, kernel_initializer=_start()),
        ]
        return Sequential([Input(self.image_shape_), *layers], name="discriminator")

    def sample(self, n_samples: int = 1) -> np.ndarray:
        """Pictures that the generator makes, (n_samples, height, width, channels)."""
        validation.check_is_fitted(self)
        check_count("DCGAN", "n_samples", n_samples)
        z = jax.random.normal(jax.random.key(self._seed()), (n_samples, self.n_latent))
        return self.generate(z)

    def generate(self, z: Any) -> np.ndarray:
        """The picture of each row of noise, (samples, n_latent) -> (samples, height, width, channels).

        Between two rows of noise lie pictures that change step by step.

        Raises:
            DataError: z is no table of finite numbers with n_latent columns.
        """
        validation.check_is_fitted(self)
        z = np.asarray(z, "float32")
        if z.ndim != 2 or z.shape[1] != self.n_latent:
            raise DataError(f"DCGAN: z has shape (samples, {self.n_latent}). Received shape {z.shape}.")
        validation.check_finite("DCGAN", "z", z)
        low, high = self.range_
        return (self._outputs(z, self.model_.get_layer("generator")) + 1) * ((high - low) / 2) + low

    def discriminate(self, X: Any) -> np.ndarray:
        """D(x): the probability that each picture is real, (samples,)."""
        scores = self._outputs(self._scaled(self._rows(X)), self.model_.get_layer("discriminator"))
        return np.asarray(jax.nn.sigmoid(jnp.asarray(scores[:, 0])))

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw pictures that the generator makes, and a way from one row of noise to another.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        drawn = self.sample(_LINES * _ACROSS)
        ends = np.asarray(jax.random.normal(jax.random.key(self._seed() + 1), (2, self.n_latent)))
        share = np.linspace(0, 1, _ACROSS)[:, None]
        way = self.generate((1 - share) * ends[0] + share * ends[1])
        lines = {_MADE.of(language): drawn[:_ACROSS]}
        lines |= {" " * line: drawn[line * _ACROSS :][:_ACROSS] for line in range(1, _LINES)}
        lines[_WAY.of(language)] = way
        figure = new_figure("plot", _ACROSS, 0.8 + 1.15 * len(lines), 120)
        draw_maps(figure, {name: displayed(one) for name, one in lines.items()})
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


def _start() -> RandomNormal:
    return RandomNormal(stddev=0.02)


def recognized_share(samples: np.ndarray, referee: Any, classes: int = 10) -> tuple[float, float]:
    """The share of samples that a classifier is sure of, each class counted up to its equal share; and the
    share of the rarest class.

    A generator that makes one class alone has 1 / classes at most.
    """
    likely = np.asarray(referee.predict(samples, batch_size=500, verbose=0))
    sure = np.bincount(likely.argmax(axis=1)[likely.max(axis=1) >= _SURE], minlength=classes) / len(samples)
    return float(np.minimum(sure, 1 / classes).sum()), float(sure.min())


def parzen_log_likelihood(samples: np.ndarray, held_out: np.ndarray, test: np.ndarray) -> float:
    """The mean log of the density of test rows, of normal windows around samples.

    The width of the windows is the best for rows held out, of ten from 0.1 to 1.

    Shapes: (samples, features), (rows, features), (rows, features).

    Source: Goodfellow et al., Generative adversarial nets, 2014, section 5.

    Example:

        >>> points = np.random.default_rng(0).normal(size=(3, 2000, 1)).astype("float32")
        >>> entropy = 0.5 * np.log(2 * np.pi * np.e)
        >>> bool(abs(parzen_log_likelihood(*points) + entropy) < 0.05)
        True
    """
    widths = np.logspace(-1, 0, 10)
    best = widths[np.argmax([_parzen(samples, held_out, width) for width in widths])]
    return _parzen(samples, test, float(best))


@jax.jit
def _parzen_of(samples: jax.Array, rows: jax.Array, width: Any) -> jax.Array:
    squared = (rows**2).sum(1)[:, None] + (samples**2).sum(1) - 2 * rows @ samples.T
    each = jax.nn.logsumexp(-squared / (2 * width**2), axis=1) - jnp.log(len(samples))
    return each - rows.shape[1] * jnp.log(width * jnp.sqrt(2 * jnp.pi))


def _parzen(samples: np.ndarray, rows: np.ndarray, width: float) -> float:
    parts = np.array_split(rows, -(-len(rows) // 1000))
    return float(np.mean(np.concatenate([_parzen_of(samples, part, width) for part in parts])))


def _referee(X: np.ndarray, y: np.ndarray, epochs: int, seed: int) -> Sequential:
    """A classifier of real digits."""
    with Stream(seed):
        layers = [Conv2D(32, 5, 2, "same", activation="relu"), Conv2D(64, 5, 2, "same", activation="relu")]
        model = Sequential([Input(X.shape[1:]), *layers, Flatten(), Dense(128, "relu"), Dense(10, "softmax")])
        model.compile(Adam(0.001), SparseCategoricalCrossentropy(), metrics=["accuracy"])
        model.fit(X, y, epochs=epochs, batch_size=128, verbose=0)
    return model


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """MNIST, or digits of 8 x 8; and what a classifier of real digits says of those that are made."""
    (X, y), (test, truth) = digits.load_data() if quick else mnist.load_data()
    X, test = (part.astype("float32")[..., None] / X.max() for part in (X, test))
    if quick:
        network = DCGAN(16, 8, 0.004, epochs=25, batch_size=64, random_state=seed).fit(X)
    else:
        network = DCGAN(width=32, epochs=10, random_state=seed).fit(X)
    referee = _referee(X, y, 10 if quick else 3, seed)
    samples = network.sample(1000 if quick else 10_000)
    figure, rarest = recognized_share(samples, referee)
    details = {
        _RAREST: rarest,
        _REAL: recognized_share(test, referee)[0],
        _RIGHT: float(referee.evaluate(test, truth, verbose=0)[1]),
    }
    if not quick:
        flat = [part.reshape(len(part), -1) for part in (samples, X[-1000:], test)]
        details[_PARZEN] = parzen_log_likelihood(*flat)
    return Outcome(figure, network, details)


_MADE = Words("of noise", "de ruido")
_WAY = Words("between two", "entre dos")
_RAREST = Words("share of the rarest digit", "parte del dígito más raro")
_REAL = Words("the measure of real test digits", "la medida de dígitos de prueba reales")
_RIGHT = Words("share of test digits the classifier tells right", "parte de dígitos de prueba que acierta")
_PARZEN = Words("log-likelihood by Parzen windows", "logaritmo de verosimilitud con ventanas de Parzen")

CARD = Card(
    title=Words("Deep convolutional GAN (DCGAN)", "GAN convolucional profunda (DCGAN)"),
    year=2015,
    paper=(
        "Radford, Metz and Chintala, Unsupervised representation learning with deep convolutional generative "
        "adversarial networks, 2015"
    ),
    family="generation",
    cells=("back-fed input", "kernel", "match-input-output", "convolution or pool", "match-input-output"),
    summary=Words(
        "A generator of transposed convolutions makes pictures of noise, and a convolution network tells "
        "them from real ones; batch normalization keeps the game in balance.",
        "Un generador de convoluciones transpuestas hace imágenes a partir de ruido y una red convolucional "
        "las distingue de las reales; la normalización por lotes mantiene el juego en equilibrio.",
    ),
    network=DCGAN,
    experiment=Experiment(
        task=Words(
            "MNIST, 32 and 64 maps, 10 epochs; 10,000 digits made",
            "MNIST, 32 y 64 mapas, 10 épocas; 10 000 dígitos hechos",
        ),
        measure=Words(
            "share that a classifier takes for a digit with at least 0.9, each digit up to a tenth",
            "parte que un clasificador toma por un dígito con al menos 0,9, cada dígito hasta un décimo",
        ),
        target=0.7,
        source=Words("a bound of our own", "una cota propia"),
        run=_digits,
        quick_target=0.2,
    ),
)
