"""The capsule network: groups of neurons whose vector says whether a thing is there, and in what pose.

Sabour, Frosst and Hinton (Dynamic routing between capsules, 2017). The length of a capsule's vector is the
probability that its part or thing is in the picture, its direction the pose. Squashing keeps lengths below 1,

    v_j = |s_j|^2 / (1 + |s_j|^2)  s_j / |s_j|.                                      (1)

Each capsule i below foretells the vector of each capsule j above, and j gets their weighted sum,

    u_j|i = W_ij u_i,     s_j = sum over i of c_ij u_j|i,                            (2)
    c_ij = exp(b_ij) / sum over k of exp(b_ik).                                      (3)

Routing finds the weights: all b_ij begin at 0, and in each round those grow whose foretelling agrees with
what came of it, b_ij += u_j|i . v_j. So a part sends what it knows to the thing of which other parts say the
same. Learning lowers the margin loss of each class k, with T_k = 1 where it is in the picture,

    L_k = T_k max(0, m+ - |v_k|)^2 + lambda (1 - T_k) max(0, |v_k| - m-)^2,          (4)

m+ = .9, m- = .1, lambda = .5. Beside it a decoder draws the picture from the vector of the right class alone,
and .0005 times the sum of squared errors is added, so that vectors hold the pose.

A convolution of 9 x 9 with 256 maps is followed by another in steps of 2, whose maps make 32 types of
capsules of 8 numbers at each place, and by a capsule of 16 numbers for each class. The decoder has 512 and
1,024 units. They hold 8.2 million numbers, 6.8 million without the decoder.

Deviations. The rate of Adam falls along half a cosine. The experiment has a quarter of the maps and types.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.datasets import digits, mnist
from neurona.errors import ArgumentError, DataError
from neurona.initializers import RandomNormal
from neurona.layers import (
    Conv2D,
    Dense,
    Flatten,
    Input,
    Layer,
    Multiply,
    RandomCrop,
    Rescaling,
    Reshape,
    ZeroPadding2D,
)
from neurona.losses import Loss
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish, new_figure
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.image_classifier import ImageClassifier, draw_maps

__all__ = ["CapsuleLength", "CapsuleNetwork", "MarginLoss", "RoutedCapsules", "squash"]

_POSE, _CODE = 16, 8  # numbers of a capsule of a class, and of one below
_SHIFT = 2  # pixels by which pictures are moved
_WEIGHT = 0.0005  # of the decoder's error
_MOVED = 6  # numbers of a vector that a plot moves
_STEPS = np.linspace(-0.25, 0.25, 7)
_NUMBER = Words("number", "número")


def squash(s: jax.Array) -> jax.Array:
    """v = |s|^2 / (1 + |s|^2) s / |s|, of the vectors of the last axis; 0 of a vector of zeros.

    Shapes: (..., numbers) -> the same.

    Source: Sabour et al., Dynamic routing between capsules, 2017, equation 1.

    Example:

        >>> bool(np.allclose(squash(np.array([3.0, 4.0])), np.array([0.6, 0.8]) * 25 / 26))
        True
    """
    squared = jnp.sum(s**2, axis=-1, keepdims=True)
    safe = jnp.where(squared > 0, squared, 1)  # at 0 a root has no gradient
    return jnp.where(squared > 0, s * jnp.sqrt(safe) / (1 + safe), 0 * s)


class RoutedCapsules(Layer):
    """Capsules that get what those below foretell, weighted by how well it agrees.

    Args:
        capsules: how many.
        size: numbers of each.
        rounds: of routing; 1 weighs all alike.

    Shapes: (rows, capsules below, numbers) -> (rows, capsules, size); kernel (capsules below, numbers,
        capsules, size).

    Raises:
        ArgumentError: a size is no whole number above 0.

    Source: Sabour et al., Dynamic routing between capsules, 2017, equations 1 to 3.

    Example:

        >>> RoutedCapsules(10, 16)(np.ones((2, 32, 8))).shape
        (2, 10, 16)
    """

    def __init__(self, capsules: int, size: int, rounds: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, value in {"capsules": capsules, "size": size, "rounds": rounds}.items():
            if not (isinstance(value, int | np.integer) and value > 0):
                raise ArgumentError(
                    f"RoutedCapsules: {name} is a whole number above 0. Received: {name}={value!r}"
                )
        self.capsules, self.size, self.rounds = capsules, size, rounds

    def build(self, input_shape: Any) -> None:
        below, numbers = input_shape[1:]
        self.kernel = self.add_weight(
            (below, numbers, self.capsules, self.size), RandomNormal(stddev=0.1), name="kernel"
        )

    def call(self, u: jax.Array) -> jax.Array:
        foretold = jnp.einsum("rin,injs->rijs", u, self.kernel.value)
        return route(foretold, self.rounds)


def route(foretold: jax.Array, rounds: int) -> jax.Array:
    """v, (rows, capsules, numbers), of what capsules below foretell, (rows, below, capsules, numbers)."""
    logits = jnp.zeros(foretold.shape[:3], foretold.dtype)
    v = squash(foretold.mean(axis=1) * foretold.shape[1] / foretold.shape[2])
    for _ in range(rounds - 1):
        logits = logits + jnp.einsum("rijs,rjs->rij", foretold, v)
        v = squash(jnp.einsum("rij,rijs->rjs", jax.nn.softmax(logits, axis=-1), foretold))
    return v


class Squash(Layer):
    """`squash` as a layer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, s: jax.Array) -> jax.Array:
        return squash(s)


class CapsuleLength(Layer):
    """|v| of each capsule.

    Shapes: (rows, capsules, numbers) -> (rows, capsules).

    Example:

        >>> CapsuleLength()(np.array([[[3.0, 4.0], [0.0, 0.0]]])).tolist()
        [[5.0, 0.0]]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, v: jax.Array) -> jax.Array:
        squared = jnp.sum(v**2, axis=-1)
        return jnp.where(squared > 0, jnp.sqrt(jnp.where(squared > 0, squared, 1)), 0)


class DrawingError(Layer):
    """Adds weight times the sum of squared differences of a drawing and its picture to the loss.

    Args:
        weight: of a picture's sum.

    Shapes: [lengths (rows, classes), picture (rows, pixels), drawing (rows, pixels)] -> the lengths.
    """

    def __init__(self, weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, inputs: Any) -> Any:
        lengths, picture, drawing = inputs
        self.add_loss(self.weight * jnp.mean(jnp.sum((picture - drawing) ** 2, axis=-1)))
        return lengths


class MarginLoss(Loss):
    """The sum over classes of T max(0, m+ - |v|)^2 + lambda (1 - T) max(0, |v| - m-)^2, equation 4.

    Args:
        present: m+, the length from which a class that is there costs nothing.
        absent: m-, the length up to which one that is not costs nothing.
        weight: lambda, of classes that are not there.
        **options: those of `Loss`.

    Shapes: y_true (rows,), class numbers; y_pred (rows, classes), lengths.

    Source: Sabour et al., Dynamic routing between capsules, 2017, equation 4.

    Example:

        >>> round(float(MarginLoss()([0], np.array([[0.7, 0.3]]))), 4)  # 0.2^2 + 0.5 * 0.2^2
        0.06
    """

    _integer_targets = True

    def __init__(
        self, present: float = 0.9, absent: float = 0.1, weight: float = 0.5, **options: Any
    ) -> None:
        super().__init__(**options)
        self.present, self.absent, self.weight = present, absent, weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        there = jax.nn.one_hot(
            jnp.reshape(y_true, (-1,)).astype("int32"), y_pred.shape[1], dtype=y_pred.dtype
        )
        missed = jax.nn.relu(self.present - y_pred) ** 2
        false = jax.nn.relu(y_pred - self.absent) ** 2
        return jnp.sum(there * missed + self.weight * (1 - there) * false, axis=-1)


class CapsuleNetwork(ImageClassifier):
    """A capsule network over pictures, with a decoder that draws them from the vector of their class.

    Args:
        filters: maps of the first convolution.
        types: of capsules below the classes', at each place.
        kernel_size: the side of both convolutions.
        rounds: of routing.
        decoder: units of the hidden layers of the decoder.
        augment: whether it learns from pictures that are moved by up to 2 pixels.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the pictures are gone through.
        batch_size: pictures of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the classes, sorted.
        image_shape_: height, width and channels.
        darkest_, brightest_: the least and the largest number of the pictures that it learned from.
        model_, history_, n_features_in_: as in `Estimator`. The model's parts are "capsules" and "decoder".

    Raises:
        DataError: the pictures are too small for two convolutions.
        ArgumentError: a size is no whole number above 0.

    Example:

        >>> strokes = np.zeros((2, 8, 8))
        >>> strokes[0, :, 3] = strokes[1, 3, :] = 1
        >>> X = np.concatenate([np.roll(strokes, step, axis=(1, 2)) for step in range(-2, 3)])
        >>> network = CapsuleNetwork(8, 2, 3, decoder=(32,), augment=False, epochs=40, batch_size=5)
        >>> network = network.set_params(learning_rate=0.01, random_state=0).fit(X, ["|", "-"] * 5)
        >>> network.predict(X[:2]).tolist(), network.transform(X).shape
        (['|', '-'], (10, 2, 16))
    """

    title = Words("Capsule network", "Red de cápsulas")
    _sizes = ("batch_size", "filters", "types", "kernel_size", "rounds")

    def __init__(
        self,
        filters: int = 256,
        types: int = 32,
        kernel_size: int = 9,
        rounds: int = 3,
        decoder: tuple[int, ...] = (512, 1024),
        augment: bool = True,
        learning_rate: float = 0.001,
        epochs: int = 10,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.filters = filters
        self.types = types
        self.kernel_size = kernel_size
        self.rounds = rounds
        self.decoder = decoder
        self.augment = augment
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        pictures, targets = super()._checked(X, y)
        self.darkest_, self.brightest_ = float(pictures.min()), float(pictures.max())
        return [pictures, np.eye(len(self.classes_), dtype="float32")[targets.astype(int)]], targets

    def _check_image(self) -> None:
        least = 2 * self.kernel_size - 1
        if min(self.image_shape_[:2]) < least:
            raise DataError(
                f"CapsuleNetwork: two convolutions of {self.kernel_size} x {self.kernel_size} need pictures "
                f"of at least {least} x {least}. Received pictures of shape {tuple(self.image_shape_)}: "
                "lower kernel_size."
            )

    def _model_for(self, X: Any, y: Any) -> Model:
        picture, there = Input(self.image_shape_), Input((len(self.classes_),))
        x = picture
        if self.augment:
            for layer in (ZeroPadding2D(_SHIFT), RandomCrop(*self.image_shape_[:2])):
                x = layer(x)
        span = self.brightest_ - self.darkest_ or 1.0
        x = Rescaling(1 / span, -self.darkest_ / span)(x)
        poses = self._capsules()(x)
        shown = Multiply()([poses, Reshape((-1, 1))(there)])  # of the right class alone
        drawing = self._decoder()(shown)
        lengths = DrawingError(_WEIGHT)([CapsuleLength()(poses), Flatten()(x), drawing])
        model = Model([picture, there], lengths)
        model.compile(Adam(self.learning_rate), MarginLoss(), metrics=["sparse_categorical_accuracy"])
        return model

    def _capsules(self) -> Model:
        """From pictures of 0 to 1 to the vectors of the classes."""
        layers = [
            Input(self.image_shape_),
            Conv2D(self.filters, self.kernel_size, activation="relu"),
            Conv2D(_CODE * self.types, self.kernel_size, strides=2),
            Reshape((-1, _CODE)),
            Squash(),
            RoutedCapsules(len(self.classes_), _POSE, self.rounds),
        ]
        return Sequential(layers, name="capsules")

    def _decoder(self) -> Model:
        """From the vectors of the classes to pixels of 0 to 1."""
        hidden = [Dense(units, activation="relu") for units in self.decoder]
        pixels = Dense(int(np.prod(self.image_shape_)), activation="sigmoid")
        return Sequential([Input((len(self.classes_), _POSE)), Flatten(), *hidden, pixels], name="decoder")

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def transform(self, X: Any) -> np.ndarray:
        """The vector of each class, (samples, classes, 16): its length tells whether the class is there."""
        span = self.brightest_ - self.darkest_ or 1.0
        unit = (self._rows(X).astype("float32") - self.darkest_) / span
        return self._outputs(unit, self.model_.get_layer("capsules"))

    def inverse_transform(self, poses: Any) -> np.ndarray:
        """Drawings from 0 to 1, (samples, height, width, channels), of vectors, (samples, classes, 16)."""
        validation.check_is_fitted(self)
        drawn = self._outputs(np.asarray(poses, "float32"), self.model_.get_layer("decoder"))
        return drawn.reshape(-1, *self.image_shape_)

    def _class_scores(self, X: Any) -> np.ndarray:
        return np.linalg.norm(self.transform(X), axis=-1)

    def predict_proba(self, X: Any) -> np.ndarray:
        """The lengths of the vectors of the classes, brought to a sum of 1, (samples, classes)."""
        lengths = self._class_scores(X).astype("float64") + 1e-12
        return lengths / lengths.sum(axis=1, keepdims=True)

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the first picture with each of 6 numbers of its vector moved from -.25 to .25.

        Args:
            X: pictures; without them the first class is drawn from a vector of equal numbers.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        if X is None:
            pose, likeliest = np.full((len(self.classes_), _POSE), 0.25), 0
        else:
            pose = self.transform(np.asarray(X)[:1])[0]
            likeliest = int(np.linalg.norm(pose, axis=1).argmax())
        moved = np.zeros((_MOVED, len(_STEPS), len(self.classes_), _POSE))
        moved[:, :, likeliest] = pose[likeliest]
        for number in range(_MOVED):
            moved[number, :, likeliest, number] += _STEPS
        drawn = self.inverse_transform(moved.reshape(-1, *pose.shape)).mean(axis=-1)
        lines = drawn.reshape(_MOVED, len(_STEPS), *drawn.shape[1:])
        groups = {
            f"{_NUMBER.of(language)} {number}: -0.25 … +0.25": line for number, line in enumerate(lines, 1)
        }
        figure = new_figure("plot", 6, 1 + _MOVED, 120)
        draw_maps(figure, groups)
        figure.suptitle(self.title.of(language))
        return finish(figure, to_file)


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """MNIST with a quarter of the paper's maps, or digits of 8 x 8; ten short runs look for a NaN."""
    (X, y), (test, truth) = digits.load_data()
    if quick:
        network = _small(seed, epochs=4).fit(X, y)
        return Outcome(100 * (1 - network.score(test, truth)), network, shown={"X": test})
    finite = [
        np.isfinite(_small(seed + run, epochs=1).fit(X, y).history_.history["loss"][-1]) for run in range(10)
    ]
    (X, y), (test, truth) = mnist.load_data()
    network = CapsuleNetwork(64, 8, epochs=12, random_state=seed).fit(X, y)
    return Outcome(
        figure=100 * (1 - network.score(test, truth)),
        network=network,
        details={Words("seeds without a NaN, of 10", "semillas sin NaN, de 10"): float(np.sum(finite))},
        shown={"X": test},
    )


def _small(seed: int, epochs: int) -> CapsuleNetwork:
    """A network for pictures of 8 x 8."""
    network = CapsuleNetwork(32, 4, 3, decoder=(64,), augment=False, epochs=epochs, batch_size=20)
    return network.set_params(learning_rate=0.005, random_state=seed)


def _published(seed: int = 0, quick: bool = False) -> Outcome:
    """MNIST with all 8.2 million numbers, 50 passes."""
    (X, y), (test, truth) = mnist.load_data()
    network = CapsuleNetwork(epochs=50, random_state=seed).fit(X, y)
    return Outcome(100 * (1 - network.score(test, truth)), network, shown={"X": test})


CARD = Card(
    title=CapsuleNetwork.title,
    year=2017,
    paper="Sabour et al., Dynamic routing between capsules, 2017",
    family="images",
    cells=("input", "convolution or pool", "capsule", "output"),
    summary=Words(
        "Capsules are vectors: the length says whether a thing is there, the direction its pose; parts send "
        "what they know to the thing on which they agree.",
        "Las cápsulas son vectores: su longitud dice si algo está, su dirección en qué pose; las partes "
        "envían lo que saben a aquello en lo que coinciden.",
    ),
    network=CapsuleNetwork,
    parameters=8_200_000,
    experiment=Experiment(
        task=Words(
            "MNIST, moved by up to 2 pixels, 12 passes; 64 maps, 8 types of capsules",
            "MNIST, desplazado hasta 2 píxeles, 12 pasadas; 64 mapas, 8 tipos de cápsulas",
        ),
        measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
        target=0.6,
        source=Words(
            "a bound of our own for a quarter of the maps; Sabour et al., 2017, table 1: 0.25 %, others "
            "reached 0.34 to 0.47 %",
            "cota propia para un cuarto de los mapas; Sabour et al., 2017, tabla 1: 0,25 %, otros alcanzaron "
            "0,34 a 0,47 %",
        ),
        run=_digits,
        quick_target=8.0,
        lower=True,
        published=Experiment(
            task=Words("MNIST, 256 maps, 32 types, 50 passes", "MNIST, 256 mapas, 32 tipos, 50 pasadas"),
            measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
            target=0.35,
            source=Words(
                "Sabour et al., 2017, table 1: 0.25 %; others reached 0.34 %",
                "Sabour et al., 2017, tabla 1: 0,25 %; otros alcanzaron 0,34 %",
            ),
            run=_published,
            quick_target=0.35,
            lower=True,
        ),
    ),
)
