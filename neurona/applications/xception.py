"""Xception: depthwise separable convolutions in 14 blocks."""

from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.network import GOOGLE, Plan, Request, architecture, channel_axis, published

__all__ = ["Xception", "decode_predictions", "preprocess_input"]


def _body(x: Any, request: Request) -> Any:
    for number, filters, stride in ((1, 32, 2), (2, 64, 1)):
        name = f"block1_conv{number}"
        x = layers.Conv2D(filters, 3, stride, use_bias=False, name=name)(x)
        x = _activated(_normalized(x, name), name)
    for block, filters in ((2, 128), (3, 256), (4, 728)):
        x = _halving(x, block, (filters, filters))
    for block in range(5, 13):
        shortcut = x
        for number in (1, 2, 3):
            x = _separable(x, 728, f"block{block}_sepconv{number}")
        x = layers.add([x, shortcut])
    x = _halving(x, 13, (728, 1024))
    for number, filters in ((1, 1536), (2, 2048)):
        name = f"block14_sepconv{number}"
        x = _activated(_separable(x, filters, name, activated=False), name)
    return x


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(channel_axis(), name=f"{name}_bn")(x)


def _activated(x: Any, name: str) -> Any:
    return layers.Activation("relu", name=f"{name}_act")(x)


def _separable(x: Any, filters: int, name: str, activated: bool = True) -> Any:
    x = _activated(x, name) if activated else x
    return _normalized(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x), name)


def _halving(x: Any, block: int, filters: tuple[int, int]) -> Any:
    """Two separable convolutions and a pooling, added to a projection of the input."""
    shortcut = layers.Conv2D(filters[1], 1, 2, padding="same", use_bias=False)(x)
    shortcut = layers.BatchNormalization(channel_axis())(shortcut)
    x = _separable(x, filters[0], f"block{block}_sepconv1", activated=block > 2)
    x = _separable(x, filters[1], f"block{block}_sepconv2")
    x = layers.MaxPooling2D(3, 2, padding="same", name=f"block{block}_pool")(x)
    return layers.add([x, shortcut])


_STEM = "xception_weights_tf_dim_ordering_tf_kernels"
_FILES = published(
    f"{GOOGLE}/xception",
    (f"{_STEM}.h5", f"{_STEM}_notop.h5"),
    ("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"),
)
Xception = architecture(
    "Xception",
    Plan(_body, 299, 71, published=_FILES),
    "Xception: 36 convolutional layers, most of them separable, images of 299x299.",
    "Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, 2017.",
)
preprocess_input = preprocessor("tf")
