"""The deep residual network: layers learn what to add to their input, so that depth does no harm.

He, Zhang, Ren and Sun (Deep residual learning for image recognition, 2015). More layers on top of a network
should make it no worse: they could pass on what they get. But plain layers don't find that by descent, and a
plain network of 56 layers has larger errors than one of 20, in training too. So let two layers learn the
difference F, and add their input to it,

    y = relu(F(x) + x),     F(x) = norm(W2 relu(norm(W1 x))).                        (1)

With F = 0 the block passes on x, and small differences are easy to find; gradients go back through the sum
unhindered. Where a block halves the sides and doubles the channels, the shortcut takes every second pixel,
and zeros for the new channels (option A, which learns nothing), or a convolution of 1 x 1 (option B).

For pictures of 32 x 32 (section 4.2) a convolution of 3 x 3 is followed by three stages of n blocks with 16,
32 and 64 channels, the mean over all places, and a dense layer: 6n + 2 layers,

    n        3        5        7        9       18
    layers   20       32       44       56      110
    numbers  0.27 M   0.46 M   0.66 M   0.85 M  1.7 M
    error    8.75 %   7.51 %   7.17 %   6.97 %  6.43 %  of CIFAR-10, table 6

They learn by momentum .9 with a weight decay of 0.0001 from pictures that are padded by 4, cut out anywhere,
and mirrored half of the time.

Deviations. The rate falls along half a cosine, where the paper divides it by 10 twice. Pictures are scaled by
the mean and spread of each channel, where the paper subtracts the mean of each pixel. Only kernels decay. The
networks for ImageNet are in `neurona.applications`.
"""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp

from neurona.datasets import cifar10, digits
from neurona.errors import ArgumentError
from neurona.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    Layer,
    RandomCrop,
    RandomFlip,
    ReLU,
    ZeroPadding2D,
)
from neurona.optimizers import SGD
from neurona.optimizers.schedules import CosineDecay
from neurona.regularizers import L2
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.image_classifier import ImageClassifier, wrong_share

__all__ = ["PaddedShortcut", "ResNet"]

_WIDTH = 16  # channels of the first stage
_PADDED = 4  # pixels around a picture, of which it is cut out


class PaddedShortcut(Layer):
    """Option A: every second pixel, and as many channels of zeros as there are channels.

    Shapes: (rows, height, width, channels) -> (rows, height / 2, width / 2, 2 channels), rounded up.

    Source: He et al., Deep residual learning for image recognition, 2015, section 3.3.

    Example:

        >>> import numpy as np
        >>> PaddedShortcut()(np.ones((1, 4, 4, 1))).tolist()
        [[[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]]]]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, x: Any) -> Any:
        return jnp.pad(x[:, ::2, ::2], [(0, 0), (0, 0), (0, 0), (0, x.shape[-1])])


class ResNet(ImageClassifier):
    """A deep residual network over small pictures, of 6 blocks + 2 layers.

    Args:
        blocks: n, of each of the three stages.
        width: channels of the first stage; the next have twice and four times as many.
        shortcut: where the channels double, `"padding"` is option A of the paper, `"projection"` option B;
            None leaves out all shortcuts, which makes a plain network.
        augment: whether it learns from pictures that are moved by up to 4 pixels, and mirrored.
        learning_rate: of the first step; it falls to 0 as half a cosine does.
        weight_decay: how much of each kernel is subtracted in a step, times the rate.
        epochs: how often the pictures are gone through.
        batch_size: pictures of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the classes, sorted.
        image_shape_: height, width and channels.
        model_, history_, n_features_in_: as in `Estimator`.

    Raises:
        ArgumentError: a size is no whole number above 0, or there is no such shortcut.

    Example:

        >>> import numpy as np
        >>> strokes = np.zeros((2, 8, 8))
        >>> strokes[0, :, 3] = strokes[1, 3, :] = 1
        >>> X = np.concatenate([np.roll(strokes, step, axis=(1, 2)) for step in range(-2, 3)])
        >>> network = ResNet(1, 4, augment=False, epochs=20, batch_size=5, random_state=0)
        >>> network.fit(X, ["|", "-"] * 5).predict(X[:2]).tolist()
        ['|', '-']
    """

    title = Words("Deep residual network (ResNet)", "Red residual profunda (ResNet)")

    def __init__(
        self,
        blocks: int = 3,
        width: int = 16,
        shortcut: str | None = "padding",
        augment: bool = True,
        learning_rate: float = 0.1,
        weight_decay: float = 1e-4,
        epochs: int = 20,
        batch_size: int = 128,
        random_state: int | None = None,
    ) -> None:
        self.blocks = blocks
        self.width = width
        self.shortcut = shortcut
        self.augment = augment
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    _sizes = ("batch_size", "blocks", "width")

    def _check_sizes(self) -> None:
        super()._check_sizes()
        if self.shortcut not in ("padding", "projection", None):
            raise ArgumentError(
                "ResNet: shortcut is 'padding', 'projection', or None for a plain network. Received: "
                f"shortcut={self.shortcut!r}"
            )

    def _scores(self, x: Any) -> Any:
        if self.augment:
            for layer in (
                ZeroPadding2D(_PADDED),
                RandomCrop(*self.image_shape_[:2]),
                RandomFlip("horizontal"),
            ):
                x = layer(x)
        x = ReLU()(self._convolved(x, self.width))
        for stage in range(3):
            for block in range(self.blocks):
                x = self._block(x, self.width * 2**stage, halves=stage > 0 and block == 0)
        return Dense(len(self.classes_), kernel_initializer="he_normal")(GlobalAveragePooling2D()(x))

    def _block(self, x: Any, channels: int, halves: bool) -> Any:
        """y = relu(F(x) + x), equation 1."""
        stride = 2 if halves else 1
        y = ReLU()(self._convolved(x, channels, stride))
        y = self._convolved(y, channels)
        if self.shortcut is None:
            return ReLU()(y)
        if halves:
            padding = self.shortcut == "padding"
            x = PaddedShortcut()(x) if padding else self._convolved(x, channels, 2, size=1)
        return ReLU()(Add()([y, x]))

    def _convolved(self, x: Any, channels: int, stride: int = 1, size: int = 3) -> Any:
        """A convolution without bias, and batch normalization, which has one."""
        convolution = Conv2D(
            channels,
            size,
            strides=stride,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            kernel_regularizer=L2(self.weight_decay / 2),
        )
        return BatchNormalization(momentum=0.9)(convolution(x))

    def _optimizer(self) -> SGD:
        return SGD(self.learning_rate, momentum=0.9)

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)


def _outcome(network: ResNet, data: Any) -> Outcome:
    found = wrong_share(network, data)
    return replace(found, details={Words("layers", "capas"): 6 * network.blocks + 2, **found.details})


def _pictures(seed: int = 0, quick: bool = False) -> Outcome:
    """CIFAR-10 by 8 layers in 20 passes, or digits of 8 x 8."""
    if quick:
        network = ResNet(1, 8, augment=False, epochs=4, batch_size=32, random_state=seed)
        return _outcome(network, digits.load_data())
    return _outcome(ResNet(1, epochs=20, random_state=seed), cifar10.load_data())


def _published(seed: int = 0, quick: bool = False) -> Outcome:
    """ResNet-20 of the paper, as long as there: 64,000 steps."""
    return _outcome(ResNet(3, epochs=164, random_state=seed), cifar10.load_data())


CARD = Card(
    title=ResNet.title,
    year=2015,
    paper="He et al., Deep residual learning for image recognition, 2015",
    family="images",
    cells=("input", "kernel", "convolution or pool", "hidden", "output"),
    summary=Words(
        "Each two layers learn what to add to their input, so that gradients reach the first of a hundred.",
        "Cada dos capas aprenden qué sumar a su entrada, así que los gradientes llegan a la primera de cien.",
    ),
    network=ResNet,
    parameters=270_000,
    experiment=Experiment(
        task=Words(
            "CIFAR-10, 8 layers, 20 passes over moved and mirrored pictures",
            "CIFAR-10, 8 capas, 20 pasadas por imágenes desplazadas y reflejadas",
        ),
        measure=Words("% of wrong test pictures", "% de imágenes de prueba erróneas"),
        target=17.0,
        source=Words(
            "a bound of our own for 8 layers in half an hour; He et al., 2015, table 6: 8.75 % by 20 layers "
            "in 164 passes",
            "cota propia para 8 capas en media hora; He et al., 2015, tabla 6: 8,75 % con 20 capas en 164 "
            "pasadas",
        ),
        run=_pictures,
        quick_target=6.0,
        lower=True,
        published=Experiment(
            task=Words("CIFAR-10, 20 layers, 164 passes", "CIFAR-10, 20 capas, 164 pasadas"),
            measure=Words("% of wrong test pictures", "% de imágenes de prueba erróneas"),
            target=8.75,
            source=Words("He et al., 2015, table 6", "He et al., 2015, tabla 6"),
            run=_published,
            quick_target=8.75,
            lower=True,
        ),
    ),
)
