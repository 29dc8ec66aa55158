"""MobileNetV3: the blocks of MobileNetV2, some with squeeze and excitation, and hard swish."""

from collections.abc import Callable
from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, unchanged_input
from neurona.applications.mobilenet_v2 import divisible
from neurona.applications.network import (
    CLASSES,
    GOOGLE,
    Plan,
    Request,
    channel_axis,
    halving_pad,
    published,
)
from neurona.core.errors import ArgumentError
from neurona.models import Model

__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]

# Of each block: expansion, filters, whether the kernel is the large one, stride, squeeze and excitation, and
# whether hard swish follows.
_SMALL = (
    (1, 16, False, 2, True, False),
    (72 / 16, 24, False, 2, False, False),
    (88 / 24, 24, False, 1, False, False),
    (4, 40, True, 2, True, True),
    (6, 40, True, 1, True, True),
    (6, 40, True, 1, True, True),
    (3, 48, True, 1, True, True),
    (3, 48, True, 1, True, True),
    (6, 96, True, 2, True, True),
    (6, 96, True, 1, True, True),
    (6, 96, True, 1, True, True),
)
_LARGE = (
    (1, 16, False, 1, False, False),
    (4, 24, False, 2, False, False),
    (3, 24, False, 1, False, False),
    (3, 40, True, 2, True, False),
    (3, 40, True, 1, True, False),
    (3, 40, True, 1, True, False),
    (6, 80, False, 2, False, True),
    (2.5, 80, False, 1, False, True),
    (2.3, 80, False, 1, False, True),
    (2.3, 80, False, 1, False, True),
    (6, 112, False, 1, True, True),
    (6, 112, False, 1, True, True),
    (6, 160, True, 2, True, True),
    (6, 160, True, 1, True, True),
    (6, 160, True, 1, True, True),
)
_DIGESTS = {
    "weights_mobilenet_v3_large_224_0.75_float": (
        "765b44a33ad4005b3ac83185abf1d0eb",
        "40af19a13ebea4e2ee0c676887f69a2e",
    ),
    "weights_mobilenet_v3_large_224_1.0_float": (
        "59e551e166be033d707958cf9e29a6a7",
        "07fb09a5933dd0c8eaafa16978110389",
    ),
    "weights_mobilenet_v3_large_minimalistic_224_1.0_float": (
        "675e7b876c45c57e9e63e6d90a36599c",
        "ec5221f64a2f6d1ef965a614bdae7973",
    ),
    "weights_mobilenet_v3_small_224_0.75_float": (
        "cb65d4e5be93758266aa0a7f2c6708b7",
        "ebdb5cc8e0b497cd13a7c275d475c819",
    ),
    "weights_mobilenet_v3_small_224_1.0_float": (
        "8768d4c2e7dee89b9d02b2d03d65d862",
        "d3e8ec802a04aa4fc771ee12a9a9b836",
    ),
    "weights_mobilenet_v3_small_minimalistic_224_1.0_float": (
        "99cd97fb2fcdad2bf028eb838de69e37",
        "cde8136e733e811080d9fcd8a252f7e4",
    ),
}
_ABOUT = """{title}: a network for phones, images of any size, usually 224x224.

    Args:
        input_shape: of an image; by default any height and width, and 3 channels.
        alpha: how many channels there are, relative to the original.
        minimalistic: without squeeze and excitation, hard swish and kernels of 5x5.
        include_top: whether the network ends with its classifier.
        weights: None for random ones, `"imagenet"`, or the path of a file.
        input_tensor: a symbolic tensor to begin with, instead of a new input.
        classes: how many classes the classifier has.
        pooling: without the classifier, `"avg"` or `"max"` over each image; None for a map of features.
        dropout_rate: the share that is dropped before the classifier.
        classifier_activation: its activation; None for logits.
        include_preprocessing: whether the network scales pixels of 0..255 itself.
        name: of the model.

    Raises:
        ArgumentError: a value is not allowed, or does not fit the weights.
        DownloadError: ImageNet's weights are not on this machine and can't be downloaded.

    Source: Howard et al., Searching for MobileNetV3, 2019.
    """


def _third(title: str, blocks: tuple[Any, ...], last: int) -> Callable[..., Model]:
    """The function that builds one of the two; `last` is the width before the classifier."""

    def build(
        input_shape: Any = None,
        alpha: float = 1.0,
        minimalistic: bool = False,
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        classes: int = CLASSES,
        pooling: str | None = None,
        dropout_rate: float = 0.2,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str | None = title,
    ) -> Model:
        if weights == "imagenet" and alpha not in ((1.0,) if minimalistic else (0.75, 1.0)):
            raise ArgumentError(
                f"{title}: ImageNet's weights are for alpha 0.75 or 1, and 1 where it is minimalistic. "
                f"Received: alpha={alpha}"
            )
        if input_shape is None and input_tensor is not None:
            input_shape = tuple(input_tensor.shape[1:])
        plan = _plan(title, blocks, last, alpha, minimalistic, dropout_rate)
        return plan.build(
            Request(
                title,
                include_top,
                weights,
                input_tensor,
                input_shape,
                pooling,
                classes,
                classifier_activation,
                name,
                include_preprocessing,
            )
        )

    build.__name__ = build.__qualname__ = title
    build.__doc__ = _ABOUT.format(title=title)
    return build


def _plan(
    title: str, blocks: tuple[Any, ...], last: int, alpha: float, minimalistic: bool, dropout_rate: float
) -> Plan:
    kind = title.removeprefix("MobileNetV3").lower() + ("_minimalistic" if minimalistic else "")
    stem = f"weights_mobilenet_v3_{kind}_224_{float(alpha)}_float"
    files = (f"{stem}.h5", f"{stem}_no_top_v2.h5")
    return Plan(
        lambda x, request: _body(x, request, blocks, alpha, minimalistic),
        None,
        top=lambda x, request: _top(x, request, last, alpha, minimalistic, dropout_rate),
        named_pools=True,
        published=published(f"{GOOGLE}/mobilenet_v3", files, _DIGESTS.get(stem, (None, None))),
    )


def _body(x: Any, request: Request, blocks: tuple[Any, ...], alpha: float, minimalistic: bool) -> Any:
    if request.preprocess:
        x = layers.Rescaling(1 / 127.5, -1.0)(x)
    x = layers.Conv2D(16, 3, 2, padding="same", use_bias=False, name="conv")(x)
    x = _activated(_normalized(x, "conv_bn"), not minimalistic)
    for number, (expansion, filters, large, stride, excited, hard) in enumerate(blocks):
        kernel = 5 if large and not minimalistic else 3
        excited, hard = excited and not minimalistic, hard and not minimalistic
        x = _block(x, expansion, divisible(filters * alpha), kernel, stride, excited, hard, number)
    x = layers.Conv2D(
        divisible(x.shape[channel_axis()] * 6), 1, padding="same", use_bias=False, name="conv_1"
    )(x)
    return _activated(_normalized(x, "conv_1_bn"), not minimalistic)


def _top(x: Any, request: Request, last: int, alpha: float, minimalistic: bool, dropout_rate: float) -> Any:
    width = divisible(last * alpha) if alpha > 1 else last
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(width, 1, padding="same", name="conv_2")(x)
    x = _activated(x, not minimalistic)
    if dropout_rate > 0:
        x = layers.Dropout(dropout_rate)(x)
    x = layers.Conv2D(request.classes, 1, padding="same", name="logits")(x)
    return layers.Activation(request.classifier_activation, name="predictions")(layers.Flatten()(x))


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(channel_axis(), epsilon=1e-3, momentum=0.999, name=name)(x)


def _activated(x: Any, hard: bool) -> Any:
    return layers.Activation("hard_swish")(x) if hard else layers.ReLU()(x)


def _block(
    x: Any, expansion: float, filters: int, kernel: int, stride: int, excited: bool, hard: bool, number: int
) -> Any:
    shortcut, channels = x, x.shape[channel_axis()]
    prefix = f"expanded_conv_{number}_" if number else "expanded_conv_"
    wide = divisible(channels * expansion)
    if number:
        x = layers.Conv2D(wide, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = _activated(_normalized(x, f"{prefix}expand_bn"), hard)
    if stride == 2:
        x = layers.ZeroPadding2D(halving_pad(x, kernel), name=f"{prefix}depthwise_pad")(x)
    padding = "valid" if stride == 2 else "same"
    x = layers.DepthwiseConv2D(kernel, stride, padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = _activated(_normalized(x, f"{prefix}depthwise_bn"), hard)
    if excited:
        x = _excited(x, wide, f"{prefix}squeeze_excite_")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _normalized(x, f"{prefix}project_bn")
    return layers.Add(name=f"{prefix}add")([shortcut, x]) if stride == 1 and channels == filters else x


def _excited(inputs: Any, channels: int, prefix: str) -> Any:
    """Squeeze and excitation: each channel is scaled by what the means of all channels say."""
    x = layers.GlobalAveragePooling2D(keepdims=True, name=f"{prefix}avg_pool")(inputs)
    x = layers.Conv2D(divisible(channels * 0.25), 1, padding="same", name=f"{prefix}conv")(x)
    x = layers.ReLU(name=f"{prefix}relu")(x)
    x = layers.Conv2D(channels, 1, padding="same", name=f"{prefix}conv_1")(x)
    x = layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)
    return layers.Multiply(name=f"{prefix}mul")([inputs, x])


MobileNetV3Small = _third("MobileNetV3Small", _SMALL, 1024)
MobileNetV3Large = _third("MobileNetV3Large", _LARGE, 1280)
preprocess_input = unchanged_input
