"""EfficientNet: MobileNetV2's blocks with squeeze and excitation, scaled in depth, width and resolution."""

import math
from typing import Any

from neurona import initializers, layers
from neurona.applications.imagenet_utils import decode_predictions, unchanged_input
from neurona.applications.mobilenet_v2 import divisible
from neurona.applications.network import (
    Plan,
    Request,
    architecture,
    channel_axis,
    halving_pad,
    published,
)

__all__ = [
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "decode_predictions",
    "preprocess_input",
]

# Of each stage: kernel, how many blocks, filters in and out, expansion, stride.
_STAGES = (
    (3, 1, 32, 16, 1, 1),
    (3, 2, 16, 24, 6, 2),
    (5, 2, 24, 40, 6, 2),
    (3, 3, 40, 80, 6, 2),
    (5, 3, 80, 112, 6, 1),
    (5, 4, 112, 192, 6, 2),
    (3, 1, 192, 320, 6, 1),
)
_DEVIATION = (0.229, 0.224, 0.225)  # of ImageNet's red, green and blue
_DROPPED = 0.2  # the share of the last block's outputs that is dropped; that of earlier ones grows up to it
# Of each size: width, depth, height and width of the images, dropout, digests of the weights.
_SIZES = {
    "B0": (1.0, 1.0, 224, 0.2, "902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"),
    "B1": (1.0, 1.1, 240, 0.2, "1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432"),
    "B2": (1.1, 1.2, 260, 0.3, "b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39"),
    "B3": (1.2, 1.4, 300, 0.3, "ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226"),
    "B4": (1.4, 1.8, 380, 0.4, "18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba"),
    "B5": (1.6, 2.2, 456, 0.4, "ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f"),
    "B6": (1.8, 2.6, 528, 0.5, "165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743"),
    "B7": (2.0, 3.1, 600, 0.5, "8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a"),
}


def kernels() -> Any:
    """How the kernels of convolutions begin."""
    return initializers.VarianceScaling(2.0, "fan_out", "truncated_normal")


def classified(x: Any, request: Request, dropout: float, **options: Any) -> Any:
    """The classifier: a mean over each image, dropout, and a Dense layer."""
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(dropout, name="top_dropout")(x)
    start = initializers.VarianceScaling(1 / 3, "fan_out", "uniform")
    return layers.Dense(
        request.classes,
        request.classifier_activation,
        kernel_initializer=start,
        name="predictions",
        **options,
    )(x)


def excited(x: Any, channels: int, squeezed: int, name: str) -> Any:
    """Squeeze and excitation: each channel is scaled by what the means of all channels say."""
    shape = (channels, 1, 1) if channel_axis() == 1 else (1, 1, channels)
    scale = layers.Reshape(shape, name=f"{name}se_reshape")(
        layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    )
    for filters, activation, part in ((squeezed, "swish", "reduce"), (channels, "sigmoid", "expand")):
        scale = layers.Conv2D(
            filters,
            1,
            padding="same",
            activation=activation,
            kernel_initializer=kernels(),
            name=f"{name}se_{part}",
        )(scale)
    return layers.multiply([x, scale], name=f"{name}se_excite")


def _efficient_network(size: str) -> Any:
    width, depth, side, dropout, *digests = _SIZES[size]

    def body(x: Any, request: Request) -> Any:
        x = layers.Normalization(channel_axis())(layers.Rescaling(1 / 255)(x))
        if request.from_imagenet:  # the weights were trained with this division
            x = layers.Rescaling([1 / math.sqrt(deviation) for deviation in _DEVIATION])(x)
        x = layers.ZeroPadding2D(halving_pad(x, 3), name="stem_conv_pad")(x)
        x = _convolved(x, divisible(32 * width), "stem_", kernel=3, stride=2, padding="valid")
        number, total = 0, sum(math.ceil(depth * stage[1]) for stage in _STAGES)
        for stage, (kernel, count, inside, outside, expansion, stride) in enumerate(_STAGES, 1):
            for repeat in range(math.ceil(depth * count)):
                x = _block(
                    x,
                    divisible((outside if repeat else inside) * width),
                    divisible(outside * width),
                    kernel,
                    1 if repeat else stride,
                    expansion,
                    request.options.get("drop_connect_rate", _DROPPED) * number / total,
                    f"block{stage}{chr(97 + repeat)}_",
                )
                number += 1
        return _convolved(x, divisible(1280 * width), "top_")

    files = published(
        "https://storage.googleapis.com/keras-applications",
        (f"efficientnet{size.lower()}.h5", f"efficientnet{size.lower()}_notop.h5"),
        (digests[0], digests[1]),
    )
    return architecture(
        f"EfficientNet{size}",
        Plan(
            body,
            side,
            top=lambda x, request: classified(x, request, dropout),
            named_pools=True,
            published=files,
            options=("drop_connect_rate",),  # TensorFlow's Keras 2 takes it
        ),
        f"EfficientNet{size}: images of {side}x{side} with pixels of 0..255.",
        "Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019.",
    )


def _convolved(
    x: Any, filters: int, name: str, kernel: int = 1, stride: int = 1, padding: str = "same"
) -> Any:
    x = layers.Conv2D(
        filters,
        kernel,
        stride,
        padding=padding,
        use_bias=False,
        kernel_initializer=kernels(),
        name=f"{name}conv",
    )(x)
    return _activated(x, name)


def _activated(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(channel_axis(), name=f"{name}bn")(x)
    return layers.Activation("swish", name=f"{name}activation")(x)


def _block(
    inputs: Any,
    inside: int,
    outside: int,
    kernel: int,
    stride: int,
    expansion: int,
    dropped: float,
    name: str,
) -> Any:
    x = inputs if expansion == 1 else _convolved(inputs, inside * expansion, f"{name}expand_")
    if stride == 2:
        x = layers.ZeroPadding2D(halving_pad(x, kernel), name=f"{name}dwconv_pad")(x)
    x = layers.DepthwiseConv2D(
        kernel,
        stride,
        padding="valid" if stride == 2 else "same",
        use_bias=False,
        depthwise_initializer=kernels(),
        name=f"{name}dwconv",
    )(x)
    x = excited(_activated(x, name), inside * expansion, max(1, int(inside * 0.25)), name)
    x = layers.Conv2D(
        outside,
        1,
        padding="same",
        use_bias=False,
        kernel_initializer=kernels(),
        name=f"{name}project_conv",
    )(x)
    x = layers.BatchNormalization(channel_axis(), name=f"{name}project_bn")(x)
    if stride == 1 and inside == outside:
        if dropped > 0:
            x = layers.Dropout(dropped, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
        x = layers.add([x, inputs], name=f"{name}add")
    return x


(
    EfficientNetB0,
    EfficientNetB1,
    EfficientNetB2,
    EfficientNetB3,
    EfficientNetB4,
    EfficientNetB5,
    EfficientNetB6,
    EfficientNetB7,
) = map(_efficient_network, _SIZES)
preprocess_input = unchanged_input
