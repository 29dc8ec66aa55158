"""LeNet-5: convolutions seek features, subsampling blurs where they were, and codes name the character.

LeCun, Bottou, Bengio and Haffner (Gradient-based learning applied to document recognition, 1998, section II).
It sees 32 x 32 pixels. C1, C3 and C5 are convolutions of 5 x 5, S2 and S4 halve both sides:

    layer   maps of        numbers to learn
    C1       6 of 28 x 28    156
    S2       6 of 14 x 14     12
    C3      16 of 10 x 10  1,516    each map sees only some of S2's (table I)
    S4      16 of 5 x 5       32
    C5     120 of 1 x 1   48,120
    F6      84             10,164   a dense layer
                           60,000

All bend their sums by x = A tanh(S a) with A = 1.7159 and S = 2/3, which maps 1 to 1 and -1 to -1
(equation 6). A unit of S2 and S4 adds 4 neighbours, times a coefficient, plus a bias, both learned. Seeing
only some maps makes those of C3 seek different features.

The outputs are not sums. Each class i has a code w_i of 84 numbers, -1 or 1, drawn as a picture of its
character of 7 x 12 pixels, and the penalty of the class is the distance of F6 from it,

    y_i = sum over j of (x_j - w_ij)^2,                                              (7)

so that characters that look alike have codes that are alike. Learning lowers the penalty of the right class
D. It raises the penalty of another class i while y_i is low; j is the penalty of a picture of no class:

    E = y_D + log(e^-j + sum over i of e^-y_i).                                      (9)

Deviations. Adam with a falling rate learns, where the paper uses stochastic steps with a diagonal of second
derivatives. The drawings of the codes are our own. Classes other than the ten digits have random codes. A
picture smaller than 32 x 32 stands amid the mean of all pixels.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.datasets import digits, mnist
from neurona.errors import DataError
from neurona.initializers import Constant, RandomUniform
from neurona.layers import Conv2D, Dense, Flatten, Layer, ZeroPadding2D
from neurona.losses import Loss
from neurona.models import Model
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish, new_figure
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.image_classifier import ImageClassifier, displayed, draw_maps

__all__ = ["CompetingCodes", "EuclideanCodes", "LeNet5", "ScaledTanh", "Subsampling", "TableConv2D"]

_DRAWN = ("C1", "S2", "C3", "S4")
_PICTURE = Words("picture", "imagen")
_SIDE = 32
_CODE = (12, 7)  # the pixels of a character

# The maps of S2 that each map of C3 sees: three neighbours, four neighbours, four in pairs, all (table I).
C3_TABLE = (
    *(tuple((first + step) % 6 for step in range(3)) for first in range(6)),
    *(tuple((first + step) % 6 for step in range(4)) for first in range(6)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    tuple(range(6)),
)

_CHARACTERS = """
..###.. ...##.. .#####. .#####. .....#. ####### ...###. ####### .#####. .#####.
.##.##. ..###.. ##...## ##...## ....##. ##..... ..##... .....## ##...## ##...##
##...## .####.. .....## .....## ...###. ##..... .##.... .....## ##...## ##...##
##...## ...##.. .....## .....## ..####. ##..... .##.... ....##. ##...## ##...##
##...## ...##.. ....##. .....## .##.##. ####### ##..... ....##. .#####. ##...##
##...## ...##.. ...##.. ..####. ##..##. .....## ##.###. ...##.. ##...## .######
##...## ...##.. ..##... .....## ##..##. .....## ###..## ...##.. ##...## .....##
##...## ...##.. .##.... .....## ####### .....## ##...## ..##... ##...## .....##
##...## ...##.. ##..... .....## ....##. .....## ##...## ..##... ##...## .....##
##...## ...##.. ##..... .....## ....##. .....## ##...## .##.... ##...## ....##.
.##.##. ...##.. ##..... ##...## ....##. .....## ##...## .##.... ##...## ...##..
..###.. .###### ####### .#####. ....##. ######. .#####. .##.... .#####. .###...
"""


def digit_codes() -> np.ndarray:
    """The codes of the digits, (10, 84), -1 or 1."""
    lines = [line.split() for line in _CHARACTERS.strip().splitlines()]  # (12 lines, 10 digits)
    drawn = np.array([[list(part) for part in line] for line in lines])  # (12, 10, 7)
    return np.where(drawn.swapaxes(0, 1).reshape(10, -1) == "#", 1.0, -1.0)


def _published(inputs: int) -> RandomUniform:
    """The first weights of a unit of so many inputs (appendix A)."""
    return RandomUniform(-2.4 / inputs, 2.4 / inputs)


class ScaledTanh(Layer):
    """A tanh(S a), equation 6, with A = 1.7159 and S = 2/3.

    Source: LeCun et al., Gradient-based learning applied to document recognition, 1998, appendix A.

    Example:

        >>> ScaledTanh()(np.array([-1.0, 1.0])).round(4).tolist()
        [-1.0, 1.0]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, a: jax.Array) -> jax.Array:
        return 1.7159 * jnp.tanh(2 / 3 * a)


class Subsampling(Layer):
    """Sums of 2 x 2 neighbours, times a coefficient, plus a bias of each map.

    Shapes: (rows, height, width, maps) -> (rows, height // 2, width // 2, maps); coefficient (maps,), bias
        (maps,).

    Source: LeCun et al., Gradient-based learning applied to document recognition, 1998, section II.B.

    Example:

        >>> layer = Subsampling()
        >>> layer.build((None, 2, 2, 1))
        >>> layer.set_weights([[0.5], [1.0]])
        >>> float(layer(np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]]))[0, 0, 0, 0])  # 0.5 * 10 + 1
        6.0
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        # A quarter makes the mean; units have 4 inputs.
        self.coefficient = self.add_weight(input_shape[-1:], Constant(0.25), name="coefficient")
        self.bias = self.add_weight(input_shape[-1:], "zeros", name="bias")

    def call(self, x: jax.Array) -> jax.Array:
        rows, height, width, maps = x.shape
        even = x[:, : height // 2 * 2, : width // 2 * 2]
        sums = even.reshape(rows, height // 2, 2, width // 2, 2, maps).sum(axis=(2, 4))
        return sums * self.coefficient.value + self.bias.value


class TableConv2D(Conv2D):
    """A convolution each of whose maps sees only some of the maps below.

    Args:
        table: for each map the numbers of those that it sees.
        kernel_size: the sides of the kernel.
        **options: others of `Conv2D`, but for groups.

    Shapes: (rows, height, width, maps below) -> (rows, new height, new width, maps); kernel (height, width,
        connections), where connections are the lengths of the table's rows, added up.

    Raises:
        DataError: the table names a map that isn't there, or one twice.

    Source: LeCun et al., Gradient-based learning applied to document recognition, 1998, table I.

    Example:

        >>> layer = TableConv2D([(0, 1), (1,)], 5)
        >>> layer(np.ones((1, 5, 5, 2))).shape, layer.count_params()  # 3 connections of 25, 2 biases
        ((1, 1, 1, 2), 77)
    """

    def __init__(self, table: Any, kernel_size: Any, **options: Any) -> None:
        self.table = tuple(tuple(int(place) for place in row) for row in table)
        options.pop("filters", None)  # of a description: it follows from the table
        super().__init__(len(self.table), kernel_size, **options)

    def build(self, input_shape: Any) -> None:
        channels = self._input_channels(input_shape)
        for number, row in enumerate(self.table):
            if not row or len(set(row)) < len(row) or not all(0 <= place < channels for place in row):
                raise DataError(
                    f"TableConv2D: each row of the table names some of {channels} maps, 0 to {channels - 1}, "
                    f"once. Row {number} is {row}."
                )
        connections = sum(map(len, self.table))
        self.kernel = self.add_weight((*self.kernel_size, connections), name="kernel")
        self._add_bias(self.filters)

    def _kernel_arguments(self, inputs: Any) -> tuple[list[Any], dict[str, Any]]:
        arguments, options = super()._kernel_arguments(inputs)
        places = np.array([(below, above) for above, row in enumerate(self.table) for below in row])
        axis = -1 if self.data_format == "channels_last" else 1
        shape = (*self.kernel_size, inputs.shape[axis], self.filters)
        whole = jnp.zeros(shape, self.kernel.dtype).at[..., places[:, 0], places[:, 1]].set(arguments[1])
        return [arguments[0], whole, *arguments[2:]], options


class EuclideanCodes(Layer):
    """-y_i = -sum over j of (x_j - w_ij)^2: how near x is to the code of each class.

    Args:
        codes: w, (classes, numbers), which stay as they are.

    Shapes: (rows, numbers) -> (rows, classes), at most 0.

    Source: LeCun et al., Gradient-based learning applied to document recognition, 1998, equation 7.

    Example:

        >>> EuclideanCodes([[1, 1], [1, -1]])(np.array([[1.0, 0.5]])).tolist()
        [[-0.25, -2.25]]
    """

    def __init__(self, codes: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.codes = np.asarray(codes, "float32").tolist()

    def call(self, x: jax.Array) -> jax.Array:
        codes = jnp.asarray(self.codes, x.dtype)
        return -jnp.sum((x[:, None] - codes) ** 2, axis=-1)


class CompetingCodes(Loss):
    """E = y_D + log(e^-j + sum over i of e^-y_i), of outputs -y.

    Args:
        rubbish: j, the penalty of a picture of no class.
        **options: those of `Loss`.

    Shapes: y_true (rows,), class numbers; y_pred (rows, classes).

    Source: LeCun et al., Gradient-based learning applied to document recognition, 1998, equation 9.

    Example:

        >>> round(float(CompetingCodes(rubbish=100)([0], np.array([[-3.0, -3.0]]))), 4)  # log 2
        0.6931
    """

    _integer_targets = True

    def __init__(self, rubbish: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.rubbish = rubbish

    def call(self, y_true: Any, y_pred: Any) -> Any:
        right = jnp.take_along_axis(y_pred, jnp.reshape(y_true, (-1, 1)).astype("int32"), axis=1)[:, 0]
        return jnp.logaddexp(-self.rubbish, jax.nn.logsumexp(y_pred, axis=1)) - right


class LeNet5(ImageClassifier):
    """LeNet-5 over grey pictures of at most 32 x 32 pixels.

    Args:
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the pictures are gone through.
        batch_size: pictures of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the classes, sorted.
        image_shape_: height, width and channels.
        codes_: the code of each class, (classes, 84); of the digits 0 to 9 their pictures, 12 high, 7 wide.
        model_, history_, n_features_in_: as in `Estimator`.

    Raises:
        DataError: the pictures have several channels, or are larger than 32 x 32.

    Example:

        >>> strokes = np.zeros((2, 8, 8))
        >>> strokes[0, :, 3] = strokes[1, 3, :] = 1
        >>> X = np.concatenate([np.roll(strokes, step, axis=(1, 2)) for step in range(-2, 3)])
        >>> network = LeNet5(epochs=20, batch_size=2, random_state=0).fit(X, ["|", "-"] * 5)
        >>> network.predict(X[:2]).tolist(), network.model_.count_params()
        (['|', '-'], 60000)
    """

    title = Words("LeNet-5 (convolutional network)", "LeNet-5 (red convolucional)")

    def __init__(
        self,
        learning_rate: float = 0.002,
        epochs: int = 20,
        batch_size: int = 64,
        random_state: int | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _check_image(self) -> None:
        height, width, channels = self.image_shape_
        if channels != 1 or max(height, width) > _SIDE:
            raise DataError(
                f"LeNet5: it sees grey pictures of at most {_SIDE} x {_SIDE} pixels. Received pictures of "
                f"shape {self.image_shape_}: height, width, channels. Resize them with "
                "neurona.ops.image.resize, or take ResNet."
            )

    def _codes(self) -> np.ndarray:
        """The codes of the classes: drawings of the digits, or drawn at random."""
        if self.classes_.dtype.kind in "iu" and self.classes_.min() >= 0 and self.classes_.max() <= 9:
            return digit_codes()[self.classes_]
        signs = np.random.default_rng(self._seed()).integers(0, 2, (len(self.classes_), np.prod(_CODE)))
        return 2.0 * signs - 1

    def _scores(self, x: Any) -> Any:
        self.codes_ = self._codes()
        layers = [
            Conv2D(6, 5, kernel_initializer=_published(25)),  # C1
            Subsampling(),  # S2
            TableConv2D(C3_TABLE, 5, kernel_initializer=_published(25 * 4)),  # C3
            Subsampling(),  # S4
            Conv2D(120, 5, kernel_initializer=_published(25 * 16)),  # C5
            Dense(84, kernel_initializer=_published(120)),  # F6
        ]
        x = self._amid(x)
        for layer in layers:
            x = ScaledTanh()(layer(x))
        return EuclideanCodes(self.codes_)(Flatten()(x))

    def _amid(self, x: Any) -> Any:
        """Pictures of 32 x 32, with these in the middle."""
        missing = [_SIDE - side for side in self.image_shape_[:2]]
        return ZeroPadding2D([(side // 2, side - side // 2) for side in missing])(x)

    def _optimizer(self) -> Adam:
        return Adam(self.learning_rate)

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def _loss(self) -> CompetingCodes:
        return CompetingCodes()

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the maps of C1 to S4 of the first picture, and the code that F6 makes of it.

        Args:
            X: pictures, of which the first is drawn; without them the codes of the classes are.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        if X is None:
            figure = new_figure("plot", 8, 3, 120)
            draw_maps(figure, {"": self.codes_.reshape(-1, *_CODE)}, cmap="gray_r")  # ink on paper
        else:
            figure = new_figure("plot", 8, 6, 120)
            draw_maps(figure, self._maps(self._rows(X)[:1], language))
        figure.suptitle(self.title.of(language))
        return finish(figure, to_file)

    def _maps(self, picture: np.ndarray, language: str | None) -> dict[str, np.ndarray]:
        """What layers say of a picture, (maps, height, width) each."""
        bent = [layer.output for layer in self.model_.layers if isinstance(layer, ScaledTanh)]
        said = Model(self.model_.input, bent).predict(picture, verbose=0)
        label = self.classes_[self._outputs(picture).argmax()]
        code = np.asarray(said[5]).reshape(1, *_CODE)
        maps = {name: np.moveaxis(np.asarray(each)[0], -1, 0) for name, each in zip(_DRAWN, said)}
        return {
            _PICTURE.of(language): displayed(picture[0])[None],
            **maps,
            f"F6: {label}": -code,
        }  # ink on paper


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """MNIST in 20 passes, as in the paper, or digits of 8 x 8 enlarged."""
    if quick:
        (X, y), (test, truth) = digits.load_data()
        X, test = (np.kron(part, np.ones((1, 3, 3), part.dtype)) for part in (X, test))
        network = LeNet5(learning_rate=0.005, epochs=5, random_state=seed)
    else:
        (X, y), (test, truth) = mnist.load_data()
        network = LeNet5(random_state=seed)
    network.fit(X, y)
    return Outcome(
        figure=100 * (1 - network.score(test, truth)),
        network=network,
        details={
            Words("% of wrong training digits", "% de dígitos de entrenamiento erróneos"): 100
            * (1 - network.score(X, y)),
            Words("numbers that are learned", "números que se aprenden"): network.model_.count_params(),
        },
        shown={"X": test},
    )


CARD = Card(
    title=LeNet5.title,
    year=1998,
    paper="LeCun et al., Gradient-based learning applied to document recognition, 1998",
    family="images",
    cells=("input", "kernel", "convolution or pool", "hidden", "output"),
    summary=Words(
        "Convolutions seek the same strokes everywhere, subsampling blurs where they were, and the outputs "
        "are distances from drawn characters.",
        "Las convoluciones buscan los mismos trazos en todas partes, el submuestreo difumina dónde estaban, "
        "y las salidas son distancias a caracteres dibujados.",
    ),
    network=LeNet5,
    parameters=60_000,
    experiment=Experiment(
        task=Words("MNIST, 60,000 numbers, 20 passes", "MNIST, 60 000 números, 20 pasadas"),
        measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
        target=0.95,
        source=Words(
            "LeCun et al., 1998, section III: 0.95 % without distorted digits",
            "LeCun et al., 1998, sección III: 0,95 % sin dígitos deformados",
        ),
        run=_digits,
        quick_target=6.0,
        lower=True,
    ),
)
