"""GoogLeNet: modules in which kernels of several sizes look at once, and narrow layers keep them cheap.

Szegedy et al. (Going deeper with convolutions, 2014). Which size of kernel is right for a thing depends on
how large it stands in the picture. An Inception module takes all: 1 x 1, 3 x 3, 5 x 5, and the largest of 3
x 3 neighbours, whose maps are laid beside each other. A convolution of 1 x 1 before the larger ones, and
after the pooling, first makes few maps of many, so that the sums stay affordable. Nine modules make 22
layers of seven million numbers, a twelfth of AlexNet's, and missed 6.67 % of the photographs of ImageNet
that AlexNet missed 15.3 % of (seven networks each).

    layer       1x1   3x3 reduced   3x3   5x5 reduced   5x5   pool     numbers (table 1, in units of 1,024)
    7x7 / 2                                                                64 maps, then 2.7 in the paper
    3x3                        64   192                                    112
    3a           64            96   128            16    32     32         159
    3b          128           128   192            32    96     64         380
    4a          192            96   208            16    48     64         364
    4b          160           112   224            24    64     64         437
    4c          128           128   256            24    64     64         463
    4d          112           144   288            32    64     64         580
    4e          256           160   320            32   128    128         840
    5a          256           160   320            32   128    128         1,072
    5b          384           192   384            48   128    128         1,388
    dense                                                                  1,000

Before 3a, 4a and 5a the largest of 3 x 3 is taken in steps of 2; after 5b the mean over all places, of
which 40 % drop out, and a dense layer. Units are max(0, x).

For small pictures the layers before 3a are one convolution of 3 x 3, and some modules are left out.

Deviations. The two classifiers in the middle, which are taken away after learning, are left out; batch
normalization, of a year later (Ioffe and Szegedy, 2015), may stand after each convolution in their stead.
Momentum .9 with a rate that falls along half a cosine. The count of the first layer is that of its kernels,
9,408 and 64 biases.
"""

from typing import Any

from neurona.datasets import cifar10, digits
from neurona.errors import ArgumentError
from neurona.layers import (
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePooling2D,
    MaxPooling2D,
    RandomCrop,
    RandomFlip,
    ReLU,
    ZeroPadding2D,
)
from neurona.optimizers import SGD
from neurona.optimizers.schedules import CosineDecay
from neurona.zoo.alexnet import ResponseNormalization
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.image_classifier import ImageClassifier, wrong_share

__all__ = ["GoogLeNet"]

# Maps of 1x1, 3x3 reduced, 3x3, 5x5 reduced, 5x5, and of the pool (table 1).
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
_SMALL = ("3a", "3b", "4a", "4e", "5b")
_FULL = tuple(MODULES)


class GoogLeNet(ImageClassifier):
    """GoogLeNet, Inception of version 1.

    Args:
        modules: which, by their names from 3a to 5b, in this order.
        width: the share of the paper's maps in each layer, 1 in the paper.
        stem: whether the layers before 3a are those for large pictures; else one convolution of 3 x 3.
        normalize: whether batch normalization follows each convolution; the paper has none.
        augment: whether it learns from pictures that are moved by up to 4 pixels, and mirrored.
        learning_rate: of the first step; it falls to 0 as half a cosine does.
        epochs: how often the pictures are gone through.
        batch_size: pictures of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the classes, sorted.
        image_shape_: height, width and channels.
        model_, history_, n_features_in_: as in `Estimator`.

    Raises:
        ArgumentError: there is no such module, or a size is not above 0.

    Source: Szegedy et al., Going deeper with convolutions, 2014.

    Example:

        >>> import numpy as np
        >>> strokes = np.zeros((2, 8, 8))
        >>> strokes[0, :, 3] = strokes[1, 3, :] = 1
        >>> X = np.concatenate([np.roll(strokes, step, axis=(1, 2)) for step in range(-2, 3)])
        >>> network = GoogLeNet(("3a",), 0.1, augment=False, epochs=30, batch_size=5, random_state=0)
        >>> network.fit(X, ["|", "-"] * 5).predict(X[:2]).tolist()
        ['|', '-']
    """

    title = Words("GoogLeNet (Inception network)", "GoogLeNet (red Inception)")

    def __init__(
        self,
        modules: tuple[str, ...] = _SMALL,
        width: float = 0.25,
        stem: bool = False,
        normalize: bool = True,
        augment: bool = True,
        learning_rate: float = 0.1,
        epochs: int = 10,
        batch_size: int = 128,
        random_state: int | None = None,
    ) -> None:
        self.modules = modules
        self.width = width
        self.stem = stem
        self.normalize = normalize
        self.augment = augment
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _check_sizes(self) -> None:
        super()._check_sizes()
        if not self.modules or list(self.modules) != [name for name in MODULES if name in self.modules]:
            raise ArgumentError(
                f"GoogLeNet: modules are some of {', '.join(MODULES)}, in this order. Received: "
                f"modules={self.modules!r}"
            )
        if not self.width > 0:
            raise ArgumentError(f"GoogLeNet: width is above 0. Received: width={self.width!r}")

    def _scores(self, x: Any) -> Any:
        if self.augment:
            height, width = self.image_shape_[:2]
            for layer in (ZeroPadding2D(4), RandomCrop(height, width), RandomFlip("horizontal")):
                x = layer(x)
        x = self._stem(x) if self.stem else self._convolved(x, 64, 3)
        for place, name in enumerate(self.modules):
            if (name[0] != self.modules[place - 1][0] and place) or (self.stem and not place):
                x = MaxPooling2D(3, 2, padding="same")(x)
            x = self._module(x, *MODULES[name])
        x = Dropout(0.4)(GlobalAveragePooling2D()(x))
        return Dense(len(self.classes_))(x)

    def _stem(self, x: Any) -> Any:
        """The layers before 3a, but for the last pooling."""
        x = MaxPooling2D(3, 2, padding="same")(self._convolved(x, 64, 7, strides=2))
        x = self._convolved(self._convolved(ResponseNormalization()(x), 64, 1), 192, 3)
        return ResponseNormalization()(x)

    def _module(self, x: Any, one: int, few: int, three: int, fewer: int, five: int, pooled: int) -> Any:
        """An Inception module: four ways, side by side."""
        ways = [
            self._convolved(x, one, 1),
            self._convolved(self._convolved(x, few, 1), three, 3),
            self._convolved(self._convolved(x, fewer, 1), five, 5),
            self._convolved(MaxPooling2D(3, 1, padding="same")(x), pooled, 1),
        ]
        return Concatenate()(ways)

    def _convolved(self, x: Any, maps: int, side: int, strides: int = 1) -> Any:
        maps = max(1, round(maps * self.width))
        options = {"strides": strides, "padding": "same", "kernel_initializer": "he_normal"}
        x = Conv2D(maps, side, use_bias=not self.normalize, **options)(x)
        if self.normalize:
            x = BatchNormalization(momentum=0.9)(x)
        return ReLU()(x)

    def _optimizer(self) -> SGD:
        return SGD(self.learning_rate, momentum=0.9)

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)


def _pictures(seed: int = 0, quick: bool = False) -> Outcome:
    """CIFAR-10 by five modules of an eighth of the maps, or digits of 8 x 8 by one."""
    if quick:
        network = GoogLeNet(("3a",), 0.2, augment=False, epochs=6, batch_size=32, random_state=seed)
        return wrong_share(network, digits.load_data())
    return wrong_share(GoogLeNet(width=0.125, epochs=5, random_state=seed), cifar10.load_data())


def _published(seed: int = 0, quick: bool = False) -> Outcome:
    """All modules at half width on CIFAR-10, 100 passes."""
    return wrong_share(GoogLeNet(_FULL, 0.5, epochs=100, random_state=seed), cifar10.load_data())


CARD = Card(
    title=GoogLeNet.title,
    year=2014,
    paper="Szegedy et al., Going deeper with convolutions, 2014",
    family="images",
    cells=("input", "kernel", "convolution or pool", "output"),
    summary=Words(
        "In each module kernels of several sizes look at once, after narrow layers that make few maps of "
        "many: 22 layers of seven million numbers.",
        "En cada módulo miran a la vez núcleos de varios tamaños, tras capas estrechas que hacen de muchos "
        "mapas pocos: 22 capas de siete millones de números.",
    ),
    network=GoogLeNet,
    parameters=6_998_552,
    experiment=Experiment(
        task=Words(
            "CIFAR-10, five modules of an eighth of the maps, 5 passes",
            "CIFAR-10, cinco módulos de un octavo de los mapas, 5 pasadas",
        ),
        measure=Words("% of wrong test pictures", "% de imágenes de prueba erróneas"),
        target=40.0,
        source=Words(
            "a bound of our own for five narrow modules and 5 passes",
            "cota propia para cinco módulos estrechos y 5 pasadas",
        ),
        run=_pictures,
        quick_target=10.0,
        lower=True,
        published=Experiment(
            task=Words(
                "CIFAR-10, nine modules of half of the maps, 100 passes",
                "CIFAR-10, nueve módulos de la mitad de los mapas, 100 pasadas",
            ),
            measure=Words("% of wrong test pictures", "% de imágenes de prueba erróneas"),
            target=11.0,
            source=Words(
                "about what others report of small Inception networks on CIFAR-10",
                "más o menos lo que otros publican de redes Inception pequeñas con CIFAR-10",
            ),
            run=_published,
            quick_target=11.0,
            lower=True,
        ),
    ),
)
