"""The deep convolutional inverse graphics network: a code of pictures, of which each number turns one thing.

Kulkarni, Whitney, Kohli and Tenenbaum (Deep convolutional inverse graphics network, 2015). A graphics program
makes a picture of a scene: where a thing stands, how it is turned, how bright the light is. This network
learns the way back. It is a variational autoencoder whose encoder folds and pools pictures and whose decoder
unpools and folds codes into pictures, and its code z shall have a number for each factor of the scene.

A plain autoencoder mixes the factors in its numbers as it likes. Here the network is shown small groups of
pictures in which one factor alone varies, and is told which, though never by how much (the paper's training
with specific transformations):

    1. of a group the codes are made, and of each number but the group's own the mean over the group;
    2. these numbers are clamped: the decoder gets the mean instead. So whatever differs between the pictures
       has to pass through the one number that is left;
    3. on the way back the slope of the group's own number passes, and that of each clamped one is replaced by
       a small weight times its difference from the mean, z - mean. So the encoder learns not to move it when
       another factor changes.

Afterwards one number of the code can be moved, and one factor of the picture moves with it.

The scene here is a bar: its place in both directions, its length, its angle and its brightness.

The second weight needs the divergence from N(0, I): alone it would make all codes small, instead of each
number deaf to the other factors.

Deviations. The pictures are of 16 x 16 pixels, where the paper's faces have 150 x 150, and the layers are as
much smaller; the error is a cross-entropy. A step takes many groups at once, each clamped by itself. Adam
with a rate that falls along a cosine takes the place of RMSprop. The angle is kept within 120 degrees, so
that each picture has one.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import ops
from neurona.errors import ArgumentError, DataError
from neurona.layers import (
    Conv2D,
    Dense,
    Flatten,
    GaussianUnits,
    Input,
    Layer,
    MaxPooling2D,
    Reshape,
    UpSampling2D,
)
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, TransformerMixin
from neurona.zoo.generation import check_count
from neurona.zoo.pictures import pictures_figure

__all__ = ["ClampedCodes", "InverseGraphics", "one_factor_groups", "rendered_bars"]

FACTORS = ("across", "angle", "brightness", "length", "up")  # of a bar, each from -1 to 1
_ACROSS = 7  # pictures of a line
_SHARP = -4.0  # the log-variance of a code at first
_TURN = np.pi / 3  # the angle at 1
_UNIT = "InverseGraphics"


@jax.custom_vjp
def _clamped(z: Any, varies: Any, invariance: Any) -> Any:
    """z where `varies`, else its mean over the group, (groups, size, codes)."""
    return jnp.where(varies, z, z.mean(axis=1, keepdims=True))


def _clamped_forward(z: Any, varies: Any, invariance: Any) -> Any:
    return _clamped(z, varies, invariance), (z, varies, invariance)


def _clamped_back(kept: Any, slope: Any) -> Any:
    z, varies, invariance = kept
    rows = z.shape[0] * z.shape[1]
    away = invariance / rows * (z - z.mean(axis=1, keepdims=True))
    return jnp.where(varies, slope, away.astype(slope.dtype)), None, None


_clamped.defvjp(_clamped_forward, _clamped_back)


class ClampedCodes(Layer):
    """Codes of groups, of which each number but the group's own becomes its mean over the group.

    Its slopes are not those of the mean: that of a clamped number is replaced by invariance (z - mean) /
    rows, as if the mean over all rows of |z - mean|^2 / 2, weighed by invariance, were lowered.

    Args:
        invariance: the weight, at least 0.

    Shapes: [z (groups, size, codes), varies (groups, codes), 1 at the group's own] -> (groups, size, codes).

    Raises:
        ArgumentError: invariance is below 0.

    Source: Kulkarni et al., Deep convolutional inverse graphics network, 2015.

    Example:

        >>> z = jnp.array([[[1.0, 5.0], [3.0, 7.0]]])
        >>> ClampedCodes()([z, jnp.array([[1.0, 0.0]])]).tolist()
        [[[1.0, 6.0], [3.0, 6.0]]]
    """

    def __init__(self, invariance: float = 0.01, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not (np.isfinite(invariance) and invariance >= 0):
            raise ArgumentError(
                f"ClampedCodes: invariance is a number of at least 0. Received: invariance={invariance!r}"
            )
        self.invariance = invariance

    def call(self, inputs: Any) -> jax.Array:
        z, varies = inputs
        return _clamped(z, varies[:, None] > 0, self.invariance)


class InverseGraphics(TransformerMixin, Estimator):
    """A deep convolutional inverse graphics network: a code with a number for each factor of a scene.

    Args:
        maps: of the two convolutions of the encoder; the decoder has them in reverse.
        hidden: units of the dense layer before the code, and of that behind it.
        kl_weight: times the divergence of the codes from N(0, I) counts, beside the cross-entropy of a
            picture, summed over pixels.
        invariance: the weight of what replaces the slopes of clamped numbers, beside the same.
        clamp: whether to clamp; without it a plain variational autoencoder learns from the same pictures.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the groups are gone through.
        batch_size: groups of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the factors, in the order of the numbers of a code.
        image_shape_: height and width.
        range_: the lowest and the highest number of each factor in the codes of training, (2, factors).
        model_, history_: as in `Estimator`. The model's parts are "encoder" and "decoder".

    Raises:
        DataError: X is no array of groups of pictures from 0 to 1, or its sides are no multiples of 4; or
            there is one factor.
        ArgumentError: a size is no whole number above 0, or a weight below 0.

    Source: Kulkarni et al., Deep convolutional inverse graphics network, 2015.

    Example:

        >>> X, names, _ = one_factor_groups(20, size=4)
        >>> network = InverseGraphics(epochs=1, random_state=0).fit(X, names)
        >>> network.transform(X[0]).shape, network.classes_.tolist()
        ((4, 5), ['across', 'angle', 'brightness', 'length', 'up'])
    """

    classes_: np.ndarray

    def __init__(
        self,
        maps: Sequence[int] = (8, 16),
        hidden: int = 64,
        kl_weight: float = 0.2,
        invariance: float = 10.0,
        clamp: bool = True,
        learning_rate: float = 0.004,
        epochs: int = 20,
        batch_size: int = 10,
        random_state: int | None = None,
    ) -> None:
        self.maps = maps
        self.hidden = hidden
        self.kl_weight = kl_weight
        self.invariance = invariance
        self.clamp = clamp
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def fit(self, X: Any, y: Any, **options: Any) -> Any:
        """Learn from groups of pictures.

        Args:
            X: (groups, size, height, width), from 0 to 1.
            y: the factor that varies in each group, (groups,).
            options: further arguments of the model's `fit`.
        """
        super().fit(X, y, **options)
        codes = self.transform(np.asarray(X).reshape(-1, *self.image_shape_))
        self.range_ = np.stack([codes.min(axis=0), codes.max(axis=0)])
        return self

    def _checked(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        self._check_sizes()
        groups, names = np.asarray(X, "float32"), np.asarray(y)
        if groups.ndim != 4 or not groups.size or any(side % 4 for side in groups.shape[2:]):
            raise DataError(
                f"{_UNIT}: X has the shape (groups, size, height, width), and height and width are multiples "
                f"of 4. Received shape {groups.shape}."
            )
        if names.shape != groups.shape[:1]:
            raise DataError(
                f"{_UNIT}: y names the factor that varies in each of {len(groups)} groups. Received shape "
                f"{names.shape}."
            )
        self.image_shape_ = groups.shape[2:]
        self._check_pictures(groups)
        self.classes_ = np.unique(names)
        if len(self.classes_) < 2:
            raise DataError(f"{_UNIT}: y names two factors or more. Received: {self.classes_.tolist()}")
        self._batch_size = min(self.batch_size, len(groups))
        return [groups, (names[:, None] == self.classes_).astype("float32")], groups

    def _check_sizes(self) -> None:
        if len(self.maps) != 2:
            raise ArgumentError(f"{_UNIT}: maps names two sizes. Received: maps={tuple(self.maps)}")
        names = {"hidden": self.hidden, "batch_size": self.batch_size}
        for name, size in {**names, "maps[0]": self.maps[0], "maps[1]": self.maps[1]}.items():
            check_count(_UNIT, name, size)
        if not self.kl_weight >= 0:
            raise ArgumentError(f"{_UNIT}: kl_weight is at least 0. Received: kl_weight={self.kl_weight!r}")

    def _check_pictures(self, pictures: np.ndarray) -> None:
        validation.check_finite(_UNIT, "X", pictures)
        if pictures.min() < 0 or pictures.max() > 1:
            raise DataError(
                f"{_UNIT}: pictures are from 0 to 1. Received numbers from {pictures.min():g} to "
                f"{pictures.max():g}."
            )

    def _model_for(self, X: Any, y: Any) -> Model:
        _, size, high, wide = X[0].shape
        numbers, pixels = len(self.classes_), high * wide
        encoder = Sequential([Input((high, wide, 1)), *self._folding(numbers, pixels)], name="encoder")
        decoder = Sequential([Input((numbers,)), *self._unfolding(high, wide)], name="decoder")
        pictures, varies = Input((size, high, wide)), Input((numbers,))
        codes = ops.reshape(encoder(ops.reshape(pictures, (-1, high, wide, 1))), (-1, size, numbers))
        if self.clamp:
            codes = ClampedCodes(self.invariance / pixels)([codes, varies])
        back = decoder(ops.reshape(codes, (-1, numbers)))
        model = Model([pictures, varies], ops.reshape(back, (-1, size, high, wide)))
        model.compile(Adam(self.learning_rate), "binary_crossentropy")
        self._begin_sharp(encoder.layers[-1])
        return model

    def _folding(self, numbers: int, pixels: int) -> list[Layer]:
        """The layers of the encoder. The loss is a mean over pixels, so the divergence is divided by them."""
        layers: list[Layer] = []
        for maps in self.maps:
            layers += [Conv2D(maps, 5, padding="same", activation="relu"), MaxPooling2D()]
        code = GaussianUnits(numbers, kl_weight=self.kl_weight / pixels)
        return [*layers, Flatten(), Dense(self.hidden, "relu"), code]

    def _begin_sharp(self, code: Any) -> None:
        """Let codes begin with little noise, which would drown what they say before they have learned it."""
        bias = np.zeros(2 * code.units, "float32")
        bias[code.units :] = _SHARP
        code.bias.assign(bias)

    def _unfolding(self, high: int, wide: int) -> list[Layer]:
        """The layers of the decoder."""
        small = (high // 4, wide // 4, self.maps[1])
        return [
            Dense(self.hidden, "relu"),
            Dense(int(np.prod(small)), "relu"),
            Reshape(small),
            UpSampling2D(),
            Conv2D(self.maps[0], 5, padding="same", activation="relu"),
            UpSampling2D(),
            Conv2D(1, 5, padding="same", activation="sigmoid"),
        ]

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def transform(self, X: Any) -> np.ndarray:
        """The code of each picture, (pictures, factors).

        Args:
            X: (pictures, height, width).
        """
        validation.check_is_fitted(self)
        pictures = np.asarray(X, "float32")
        if pictures.shape[1:] != tuple(self.image_shape_):
            raise DataError(
                f"{_UNIT}: pictures have the shape (pictures, {', '.join(map(str, self.image_shape_))}). "
                f"Received shape {pictures.shape}."
            )
        self._check_pictures(pictures)
        return self._outputs(pictures[..., None], self.model_.get_layer("encoder"))

    def inverse_transform(self, Z: Any) -> np.ndarray:
        """The picture of each code, (pictures, height, width)."""
        validation.check_is_fitted(self)
        codes = np.asarray(Z, "float32")
        if codes.ndim != 2 or codes.shape[1] != len(self.classes_):
            raise DataError(
                f"{_UNIT}: codes have shape (pictures, {len(self.classes_)}). Received shape {codes.shape}."
            )
        return self._outputs(codes, self.model_.get_layer("decoder"))[..., 0]

    def reconstruct(self, X: Any) -> np.ndarray:
        """Each picture as it comes back through its code."""
        return self.inverse_transform(self.transform(X))

    def turned(self, picture: Any, factor: Any, steps: int = _ACROSS) -> np.ndarray:
        """A picture with one number of its code moved over its range, (steps, height, width).

        Args:
            picture: (height, width).
            factor: one of `classes_`.
            steps: how many pictures.

        Raises:
            DataError: there is no such factor.
        """
        codes = np.repeat(self.transform(np.asarray(picture)[None]), steps, axis=0)
        own = np.flatnonzero(self.classes_ == factor)
        if not len(own):
            raise DataError(
                f"{_UNIT}: there is no factor {factor!r}; it knows {', '.join(map(str, self.classes_))}."
            )
        low, high = self.range_[:, own[0]]
        codes[:, own[0]] = np.linspace(low, high, steps)
        return self.inverse_transform(codes)

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw a line for each factor: one picture, of which this number of the code alone is moved.

        Args:
            X: the picture, (height, width); None for that of the mean code.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        picture = self.inverse_transform(self.range_.mean(axis=0)[None])[0] if X is None else X
        lines = [self.turned(picture, factor).reshape(_ACROSS, -1) for factor in self.classes_]
        named = [_NAMES[name].of(language) if name in _NAMES else str(name) for name in self.classes_]
        names = [text for name in named for text in (name, *[""] * (_ACROSS - 1))]
        return finish(
            pictures_figure(np.concatenate(lines), names, _ACROSS, CARD.title.of(language)), to_file
        )


_NAMES = {
    "across": Words("across", "horizontal"),
    "angle": Words("angle", "ángulo"),
    "brightness": Words("brightness", "brillo"),
    "length": Words("length", "longitud"),
    "up": Words("up", "vertical"),
}


def rendered_bars(factors: Any, side: int = 16) -> np.ndarray:
    """Pictures of a bar, of which each pixel tells how much of it the bar covers, times the brightness.

    Args:
        factors: (bars, 5), from -1 to 1, in the order across, angle, brightness, length, up.
        side: pixels of a side.

    Shapes: -> (bars, side, side), from 0 to 1.

    Example:

        >>> picture = rendered_bars([[0, 0, 1, 0, 0]])[0]
        >>> picture.shape, float(picture[8, 8]), float(picture[0, 0])
        ((16, 16), 1.0, 0.0)
    """
    across, angle, brightness, length, up = np.asarray(factors, float).reshape(-1, 5, 1, 1).swapaxes(0, 1)
    unit = side / 16
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    x, y = x - 3 * unit * across, y + 3 * unit * up
    turn = _TURN * angle
    along, beside = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    inside = np.minimum((4 + 1.5 * length) * unit - abs(along), 1.2 * unit - abs(beside))  # from the edge
    return ((0.6 + 0.4 * brightness) * np.clip(inside + 0.5, 0, 1)).astype("float32")


def one_factor_groups(
    groups: int, size: int = 10, side: int = 16, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Groups of bars, in each of which one factor varies, and the others stay where they were drawn.

    Args:
        groups: how many.
        size: bars of a group.
        side: pixels of a side.
        seed: of the draws.

    Shapes: -> pictures (groups, size, side, side), names of the factors (groups,), factors (groups, size, 5).

    Example:

        >>> X, names, factors = one_factor_groups(5)
        >>> names.tolist(), (np.ptp(factors, axis=1) > 0).sum(axis=1).tolist()
        (['across', 'angle', 'brightness', 'length', 'up'], [1, 1, 1, 1, 1])
    """
    draws = np.random.default_rng(seed)
    factors = np.repeat(draws.uniform(-1, 1, (groups, 1, 5)), size, axis=1)
    own = np.arange(groups) % 5
    factors[np.arange(groups), :, own] = draws.uniform(-1, 1, (groups, size))
    return rendered_bars(factors, side).reshape(groups, size, side, side), np.array(FACTORS)[own], factors


def _correlations(network: InverseGraphics, seed: int) -> np.ndarray:
    """|r| of each number of the code (rows) with each factor it has (columns), of 1,000 new bars."""
    factors = np.random.default_rng(seed).uniform(-1, 1, (1000, 5))
    codes, own = network.transform(rendered_bars(factors)), np.isin(FACTORS, network.classes_)
    numbers = codes.shape[1]
    return abs(np.corrcoef(codes.T, factors[:, own].T)[:numbers, numbers:])


def _bars(seed: int = 0, quick: bool = False) -> Outcome:
    """Bars, and for comparison a plain variational autoencoder that learns from the same pictures."""
    X, names, _ = one_factor_groups(*((500, 5) if quick else (3000, 10)), seed=seed)
    if quick:  # two factors of the five
        X, names = (part[np.isin(names, ("across", "up"))] for part in (X, names))
    options: dict[str, Any] = {"epochs": 20, "random_state": seed}
    options |= {"maps": (4, 8), "batch_size": 4} if quick else {}
    network = InverseGraphics(**options).fit(X, names)
    found = _correlations(network, seed + 1000)
    details = {
        Words(
            "highest correlation of a number with another factor", "mayor correlación con otro factor"
        ): float((found - np.diag(np.diag(found))).max()),
    }
    if not quick:
        plain = InverseGraphics(**options, clamp=False).fit(X, names)
        words = Words(
            "without clamping, the lowest of the best correlations",
            "sin fijar, la menor de las mejores correlaciones",
        )
        details[words] = float(_correlations(plain, seed + 1000).max(axis=0).min())
    shown = {"X": rendered_bars([[0.2, 0.3, 0.8, 0.0, -0.2]])[0]}
    return Outcome(float(np.diag(found).min()), network, details, shown)


CARD = Card(
    title=Words(
        "Deep convolutional inverse graphics network", "Red convolucional profunda de gráficos inversos"
    ),
    year=2015,
    paper="Kulkarni et al., Deep convolutional inverse graphics network, 2015",
    family="autoencoders",
    cells=(
        "input",
        "convolution or pool",
        "probabilistic hidden",
        "convolution or pool",
        "match-input-output",
    ),
    summary=Words(
        "An autoencoder of pictures that is shown groups in which one thing varies, and learns a code in "
        "which each number is one thing to turn: place, angle, light.",
        "Un autocodificador de imágenes que ve grupos en que varía una sola cosa, y aprende un código en el "
        "que cada número mueve una sola cosa: lugar, ángulo, luz.",
    ),
    network=InverseGraphics,
    experiment=Experiment(
        task=Words(
            "3,000 groups of 10 rendered bars, in which place, length, angle or brightness varies, 20 epochs",
            "3000 grupos de 10 barras dibujadas, en que varía lugar, longitud, ángulo o brillo, 20 épocas",
        ),
        measure=Words(
            "correlation of a number of the code with its factor, the lowest of five, new bars",
            "correlación de un número del código con su factor, la menor de cinco, barras nuevas",
        ),
        target=0.9,
        source=Words("one number, one factor", "un número, un factor"),
        run=_bars,
        quick_target=0.6,
    ),
)
