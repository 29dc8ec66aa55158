"""EfficientNetV2: the first stages convolve in full instead of by depth."""

import math
from typing import Any

from neurona import layers
from neurona.applications.efficientnet import classified, excited, kernels
from neurona.applications.imagenet_utils import decode_predictions, unchanged_input
from neurona.applications.network import CLASSES, GOOGLE, Plan, Request, channel_axis, named, published
from neurona.models import Model

__all__ = [
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "decode_predictions",
    "preprocess_input",
]

# Of each stage: how many blocks, filters in and out, expansion, stride, and whether the convolution is full.
_B = (
    (1, 32, 16, 1, 1, True),
    (2, 16, 32, 4, 2, True),
    (2, 32, 48, 4, 2, True),
    (3, 48, 96, 4, 2, False),
    (5, 96, 112, 6, 1, False),
    (8, 112, 192, 6, 2, False),
)
_S = (
    (2, 24, 24, 1, 1, True),
    (4, 24, 48, 4, 2, True),
    (4, 48, 64, 4, 2, True),
    (6, 64, 128, 4, 2, False),
    (9, 128, 160, 6, 1, False),
    (15, 160, 256, 6, 2, False),
)
_M = (
    (3, 24, 24, 1, 1, True),
    (5, 24, 48, 4, 2, True),
    (5, 48, 80, 4, 2, True),
    (7, 80, 160, 4, 2, False),
    (14, 160, 176, 6, 1, False),
    (18, 176, 304, 6, 2, False),
    (5, 304, 512, 6, 1, False),
)
_L = (
    (4, 32, 32, 1, 1, True),
    (7, 32, 64, 4, 2, True),
    (7, 64, 96, 4, 2, True),
    (10, 96, 192, 4, 2, False),
    (19, 192, 224, 6, 1, False),
    (25, 224, 384, 6, 2, False),
    (7, 384, 640, 6, 1, False),
)
_MEAN, _VARIANCE = (0.485, 0.456, 0.406), (0.229**2, 0.224**2, 0.225**2)  # of ImageNet's pixels
_DROPPED = 0.2  # the share of the last block's outputs that is dropped; that of earlier ones grows up to it
# Of each size: stages, width, depth, height and width of the images, digests of the weights.
_SIZES = {
    "B0": (_B, 1.0, 1.0, 224, "21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"),
    "B1": (_B, 1.0, 1.1, 240, "069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"),
    "B2": (_B, 1.1, 1.2, 260, "424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"),
    "B3": (_B, 1.2, 1.4, 300, "1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"),
    "S": (_S, 1.0, 1.0, 384, "e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070"),
    "M": (_M, 1.0, 1.0, 480, "a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342"),
    "L": (_L, 1.0, 1.0, 480, "27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615"),
}


def _second_network(size: str) -> Any:
    stages, width, depth, side, *digests = _SIZES[size]
    stem = f"efficientnetv2-{size.lower()}"
    plan = Plan(
        lambda x, request: _body(x, request, stages, width, depth, size),
        side,
        top=lambda x, request: classified(x, request, 0.2),
        named_pools=True,
        published=published(
            f"{GOOGLE}/efficientnet_v2", (f"{stem}.h5", f"{stem}_notop.h5"), (digests[0], digests[1])
        ),
    )
    title = f"EfficientNetV2{size}"

    def build(
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = CLASSES,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str = stem,
    ) -> Model:
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

    return named(
        build,
        title,
        f"{title}: images of {side}x{side} with pixels of 0..255, which the network scales itself unless "
        "include_preprocessing=False.",
        "Tan and Le, EfficientNetV2: Smaller Models and Faster Training, 2021.",
    )


def _round(filters: int, width: float) -> int:
    """The number of filters, scaled, to the nearest multiple of 8."""
    return max(8, int(filters * width + 4) // 8 * 8)


def _body(x: Any, request: Request, stages: Any, width: float, depth: float, size: str) -> Any:
    if request.preprocess:
        if size.startswith("B") and x.shape[channel_axis()] == 3:
            x = layers.Rescaling(1 / 255)(x)
            x = layers.Normalization(channel_axis(), mean=_MEAN, variance=_VARIANCE)(x)
        else:
            x = layers.Rescaling(1 / 128, -1)(x)
    x = _convolved(x, _round(stages[0][1], width), "stem_", kernel=3, stride=2)
    number, total = 0, sum(stage[0] for stage in stages)
    for stage, (count, inside, outside, expansion, stride, full) in enumerate(stages, 1):
        for repeat in range(math.ceil(depth * count)):
            x = _block(
                x,
                _round(outside if repeat else inside, width),
                _round(outside, width),
                expansion,
                1 if repeat else stride,
                full,
                _DROPPED * number / total,
                f"block{stage}{chr(97 + repeat)}_",
            )
            number += 1
    return _convolved(x, _round(1280, width), "top_")


def _convolved(
    x: Any, filters: int, name: str, kernel: int = 1, stride: int = 1, activated: bool = True
) -> Any:
    x = layers.Conv2D(
        filters,
        kernel,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer=kernels(),
        name=f"{name}conv",
    )(x)
    x = _normalized(x, name)
    return layers.Activation("swish", name=f"{name}activation")(x) if activated else x


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(channel_axis(), momentum=0.9, name=f"{name}bn")(x)


def _block(
    inputs: Any,
    inside: int,
    outside: int,
    expansion: int,
    stride: int,
    full: bool,
    dropped: float,
    name: str,
) -> Any:
    wide = inside * expansion
    if full and expansion == 1:
        x = _convolved(inputs, outside, f"{name}project_", 3, stride)
    else:
        x = _convolved(inputs, wide, f"{name}expand_", 3 if full else 1, stride if full else 1)
        if not full:
            x = _convolved_by_depth(x, stride, name)
            x = excited(x, wide, max(1, int(inside * 0.25)), name)
        x = _convolved(x, outside, f"{name}project_", activated=False)
    if stride == 1 and inside == outside:
        if dropped > 0:
            x = layers.Dropout(dropped, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
        x = layers.add([x, inputs], name=f"{name}add")
    return x


def _convolved_by_depth(x: Any, stride: int, name: str) -> Any:
    x = layers.DepthwiseConv2D(
        3, stride, padding="same", use_bias=False, depthwise_initializer=kernels(), name=f"{name}dwconv2"
    )(x)
    return layers.Activation("swish", name=f"{name}activation")(_normalized(x, name))


(
    EfficientNetV2B0,
    EfficientNetV2B1,
    EfficientNetV2B2,
    EfficientNetV2B3,
    EfficientNetV2S,
    EfficientNetV2M,
    EfficientNetV2L,
) = map(_second_network, _SIZES)
preprocess_input = unchanged_input
