"""The deconvolutional network: it goes back from a map to the pixels, and so draws what a filter sees.

Zeiler, Krishnan, Taylor and Fergus (Deconvolutional networks, 2010) build pictures from maps by transposed
convolutions; Zeiler and Fergus (Visualizing and understanding convolutional networks, 2014) run such a
network backwards through a convolutional one that has learned, to see what excites a unit. All maps but one
are set to 0, of that one all but its strongest unit, and each step is undone (section 2.1):

    convolution      A x            the transposed one, A' y, with <A x, y> = <x, A' y>
    max(0, x)                       max(0, y)
    max of 2 x 2     with a note    y goes to the place where the largest had stood, the switch;
                     of its place   all others become 0

What arrives at the pixels is a part of the picture: what of it the unit saw, at its place, in its form.
Switches are those of the picture, so that other pictures give other drawings of the same map.

Deviations. The network that is looked into is small and learns by Adam. Biases are left out on the way
back, as there. In 2010 maps are found by inference, a sum of few maps that makes the picture; here, as in
2014, they are those of a convolutional network.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.datasets import digits, mnist
from neurona.errors import ArgumentError, DataError
from neurona.layers import Conv2D, Dense, Flatten, MaxPooling2D
from neurona.models import Model
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish, new_figure
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.image_classifier import ImageClassifier, displayed, draw_maps

__all__ = ["DeconvolutionalNetwork", "pool_with_switches", "transposed_convolution", "unpool"]

_DRAWN = 8  # maps of a plot
_PICTURE = Words("picture", "imagen")
_SEEN = Words(
    "what its strongest maps see in it, stage {}", "lo que ven en ella sus mapas más fuertes, etapa {}"
)


def pool_with_switches(x: Any) -> tuple[jax.Array, jax.Array]:
    """The largest of each 2 x 2 pixels, and where it stands: 0 to 3, line by line. A last odd line
    is left out.

    Shapes: x (rows, height, width, maps) -> twice (rows, height // 2, width // 2, maps).

    Source: Zeiler and Fergus, Visualizing and understanding convolutional networks, 2014, section 2.1.

    Example:

        >>> largest, switches = pool_with_switches(np.array([[[[1.0], [2.0]], [[4.0], [3.0]]]]))
        >>> largest.ravel().tolist(), switches.ravel().tolist()
        ([4.0], [2])
    """
    x = jnp.asarray(x)
    rows, height, width, maps = x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]
    even = x[:, : 2 * height, : 2 * width].reshape(rows, height, 2, width, 2, maps)
    four = even.transpose(0, 1, 3, 2, 4, 5).reshape(rows, height, width, 4, maps)
    return four.max(axis=3), four.argmax(axis=3)


def unpool(y: Any, switches: Any, shape: tuple[int, int]) -> jax.Array:
    """Each number at the place of its switch, and 0 elsewhere: what `pool_with_switches` left out.

    Args:
        y: (rows, height, width, maps).
        switches: of the same shape.
        shape: height and width of what was pooled.

    Example:

        >>> unpool(np.full((1, 1, 1, 1), 7.0), np.full((1, 1, 1, 1), 2), (2, 2))[0, ..., 0].tolist()
        [[0.0, 0.0], [7.0, 0.0]]
    """
    y = jnp.asarray(y)
    rows, height, width, maps = y.shape
    placed = jax.nn.one_hot(switches, 4, axis=3, dtype=y.dtype) * y[:, :, :, None]
    placed = placed.reshape(rows, height, width, 2, 2, maps).transpose(0, 1, 3, 2, 4, 5)
    found = placed.reshape(rows, 2 * height, 2 * width, maps)
    missing = [(0, 0), (0, shape[0] - 2 * height), (0, shape[1] - 2 * width), (0, 0)]
    return jnp.pad(found, missing)


def transposed_convolution(y: Any, kernel: Any) -> jax.Array:
    """A' y of the convolution A with this kernel in steps of 1, padded so that sides stay: each number is
    spread over the pixels that it came from.

    Shapes: y (rows, height, width, maps), kernel (side, side, channels, maps) -> (rows, height,
        width, channels).

    Source: Zeiler et al., Deconvolutional networks, 2010.

    Example:

        >>> transposed_convolution(np.ones((1, 1, 1, 1)), np.ones((1, 1, 3, 1))).tolist()
        [[[[1.0, 1.0, 1.0]]]]
    """
    y, kernel = jnp.asarray(y), jnp.asarray(kernel)
    turned = kernel[::-1, ::-1].swapaxes(2, 3).astype(y.dtype)
    # A convolution that keeps sides pads (k - 1) // 2 before and k // 2 after; its transpose the other way.
    pads = [(side // 2, (side - 1) // 2) for side in kernel.shape[:2]]
    return jax.lax.conv_general_dilated(y, turned, (1, 1), pads, dimension_numbers=("NHWC", "HWIO", "NHWC"))


class DeconvolutionalNetwork(ImageClassifier):
    """A convolutional network of a few stages that can be looked into: convolution, max(0, x), max of 2 x 2.

    Args:
        filters: maps of each stage.
        kernel_size: the side of the kernels.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the pictures are gone through.
        batch_size: pictures of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the classes, sorted.
        image_shape_: height, width and channels.
        model_, history_, n_features_in_: as in `Estimator`.

    Raises:
        ArgumentError: a size is no whole number above 0.
        DataError: the pictures are too small for so many stages.

    Source: Zeiler and Fergus, Visualizing and understanding convolutional networks, 2014.

    Example:

        >>> strokes = np.zeros((2, 8, 8))
        >>> strokes[0, :, 3] = strokes[1, 3, :] = 1
        >>> X = np.concatenate([np.roll(strokes, step, axis=(1, 2)) for step in range(-2, 3)])
        >>> network = DeconvolutionalNetwork((4, 4), 3, epochs=30, batch_size=5, random_state=0)
        >>> network.fit(X, ["|", "-"] * 5).project(X[:2], stage=2, map=0).shape
        (2, 8, 8, 1)
    """

    title = Words("Deconvolutional network", "Red deconvolucional")
    _sizes = ("batch_size", "kernel_size")

    def __init__(
        self,
        filters: tuple[int, ...] = (16, 32),
        kernel_size: int = 5,
        learning_rate: float = 0.003,
        epochs: int = 5,
        batch_size: int = 64,
        random_state: int | None = None,
    ) -> None:
        self.filters = filters
        self.kernel_size = kernel_size
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _check_sizes(self) -> None:
        super()._check_sizes()
        if not self.filters or not all(isinstance(size, int) and size > 0 for size in self.filters):
            raise ArgumentError(
                "DeconvolutionalNetwork: filters are whole numbers above 0, one for each stage. Received: "
                f"filters={self.filters!r}"
            )

    def _check_image(self) -> None:
        if min(self.image_shape_[:2]) < 2 ** len(self.filters):
            raise DataError(
                f"DeconvolutionalNetwork: {len(self.filters)} stages halve pictures as often. Received "
                f"pictures of shape {tuple(self.image_shape_)}."
            )

    def _scores(self, x: Any) -> Any:
        for maps in self.filters:
            x = Conv2D(maps, self.kernel_size, padding="same", activation="relu")(x)
            x = MaxPooling2D(2)(x)
        return Dense(len(self.classes_))(Flatten()(x))

    def _optimizer(self) -> Adam:
        return Adam(self.learning_rate)

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def maps(self, X: Any) -> list[np.ndarray]:
        """What each stage says of pictures after its pooling, (rows, height, width, maps) each."""
        layers = [layer.output for layer in self.model_.layers if isinstance(layer, MaxPooling2D)]
        found = Model(self.model_.input, layers).predict(self._rows(X), verbose=0)
        return [np.asarray(each) for each in (found if isinstance(found, list) else [found])]

    def project(self, X: Any, stage: int, map: int) -> np.ndarray:
        """What the strongest unit of a map sees in each picture: its way back to the pixels.

        Args:
            X: the pictures.
            stage: from 1 on.
            map: from 0 on.

        Shapes: -> (rows, height, width, channels).

        Raises:
            NotFittedError: it has not learned.
            ArgumentError: there is no such stage or map.
        """
        rows = self._rows(X)
        if not (1 <= stage <= len(self.filters) and 0 <= map < self.filters[stage - 1]):
            raise ArgumentError(
                f"DeconvolutionalNetwork: stages are 1 to {len(self.filters)}, of {self.filters} maps from "
                f"0 on. Received: stage={stage}, map={map}"
            )
        convolutions = [layer for layer in self.model_.layers if isinstance(layer, Conv2D)][:stage]
        said = Model(self.model_.input, [layer.output for layer in convolutions]).predict(rows, verbose=0)
        said = said if isinstance(said, list) else [said]
        pooled = [pool_with_switches(each) for each in said]
        y = pooled[-1][0][..., map]
        strongest = y.reshape(len(y), -1).argmax(axis=1)
        kept = jax.nn.one_hot(strongest, y[0].size, dtype=y.dtype).reshape(y.shape) * y
        y = jnp.zeros_like(pooled[-1][0]).at[..., map].set(kept)
        for layer, each, (_, switches) in zip(convolutions[::-1], said[::-1], pooled[::-1]):
            y = jax.nn.relu(unpool(y, switches, each.shape[1:3]))
            y = transposed_convolution(y, layer.kernel.value)
        return np.asarray(y)

    def plot(self, X: Any, language: str | None = None, to_file: Any = None) -> Any:
        """Draw a picture, and what the maps of each stage that it excites most see in it.

        Args:
            X: pictures, of which the first is drawn.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        picture = self._with_channels(X)[:1]
        shown = {_PICTURE.of(language): displayed(picture[0])[None]}
        for stage, maps in enumerate(self.maps(picture), 1):
            strongest = np.argsort(-maps[0].max(axis=(0, 1)), kind="stable")[:_DRAWN]
            drawn = [displayed(self.project(picture, stage, int(place))[0]) for place in strongest]
            shown[_SEEN.of(language).format(stage)] = np.array(drawn)
        figure = new_figure("plot", 9, 1.4 * len(shown) + 0.6, 120)
        draw_maps(figure, shown)
        figure.suptitle(self.title.of(language))
        return finish(figure, to_file)


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """MNIST in five passes, or digits of 8 x 8."""
    if quick:
        (X, y), (test, truth) = digits.load_data()
        network = DeconvolutionalNetwork((8, 16), 3, 0.01, epochs=6, batch_size=32, random_state=seed)
    else:
        (X, y), (test, truth) = mnist.load_data()
        network = DeconvolutionalNetwork(random_state=seed)
    network.fit(X, y)
    details = {
        Words("<Ax, y> over <x, A'y>, less 1", "<Ax, y> entre <x, A'y>, menos 1"): _adjoint(network, test[:8])
    }
    return Outcome(100 * (1 - network.score(test, truth)), network, details, {"X": test})


def _adjoint(network: DeconvolutionalNetwork, X: np.ndarray) -> float:
    """How far the second convolution and its transpose are from being adjoint."""
    x = jnp.asarray(network.maps(X)[0])
    kernel = [layer for layer in network.model_.layers if isinstance(layer, Conv2D)][1].kernel.value
    ahead = jax.lax.conv_general_dilated(
        x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    y = jnp.cos(jnp.arange(ahead.size, dtype="float32")).reshape(ahead.shape) + ahead
    return float(jnp.vdot(ahead, y) / jnp.vdot(x, transposed_convolution(y, kernel)) - 1)


CARD = Card(
    title=DeconvolutionalNetwork.title,
    year=2010,
    paper="Zeiler et al., Deconvolutional networks, 2010",
    family="images",
    cells=("input", "kernel", "convolution or pool", "output"),
    summary=Words(
        "Goes back from a map to the pixels by transposed convolutions and switches, and so draws what a "
        "filter sees in a picture.",
        "Vuelve de un mapa a los píxeles por convoluciones traspuestas e interruptores, y así dibuja lo "
        "que un filtro ve en una imagen.",
    ),
    network=DeconvolutionalNetwork,
    experiment=Experiment(
        task=Words(
            "MNIST, two stages that learn in 5 passes, and are then looked into",
            "MNIST, dos etapas que aprenden en 5 pasadas, y en las que luego se mira",
        ),
        measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
        target=1.5,
        source=Words("a bound of our own for two small stages", "cota propia para dos etapas pequeñas"),
        run=_digits,
        quick_target=6.0,
        lower=True,
    ),
)
