"""MobileNetV2: blocks that widen, convolve by depth and narrow again, with shortcuts between narrow ends."""

from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.mobilenet import rows, square_side
from neurona.applications.network import (
    CLASSES,
    GOOGLE,
    Plan,
    Request,
    channel_axis,
    classify,
    halving_pad,
    published,
)
from neurona.core.errors import ArgumentError
from neurona.models import Model

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

_STAGES = ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))
_SIDES = (96, 128, 160, 192, 224)
_ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)


def MobileNetV2(
    input_shape: Any = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = CLASSES,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNetV2: 53 layers with weights, images of 224x224 or smaller.

    Args:
        input_shape: of an image, where it is not (224, 224, 3).
        alpha: how many channels there are, relative to the original.
        include_top: whether the network ends with its classifier.
        weights: None for random ones, `"imagenet"`, or the path of a file.
        input_tensor: a symbolic tensor to begin with, instead of a new input.
        pooling: without the classifier, `"avg"` or `"max"` over each image; None for a map of features.
        classes: how many classes the classifier has.
        classifier_activation: its activation; None for logits.
        name: of the model.

    Raises:
        ArgumentError: a value is not allowed, or does not fit the weights.
        DownloadError: ImageNet's weights are not on this machine and can't be downloaded.

    Source: Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018.

    Example:

        >>> MobileNetV2((32, 32, 3), alpha=0.35, classes=10, weights=None).count_params()
        423018
    """
    if input_shape is None and input_tensor is not None:
        side = square_side(tuple(input_tensor.shape[1:]), _SIDES)
    else:
        side = square_side(input_shape, _SIDES)
    if weights == "imagenet" and alpha not in _ALPHAS:
        raise ArgumentError(
            f"MobileNetV2: ImageNet's weights are for alpha {', '.join(map(str, _ALPHAS))}. Received: "
            f"alpha={alpha}"
        )

    stem = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{side}"
    plan = Plan(
        lambda x, request: _body(x, alpha),
        side,
        top=lambda x, request: classify(x, request, pool=None),
        published=published(f"{GOOGLE}/mobilenet_v2", (f"{stem}.h5", f"{stem}_no_top.h5")),
    )
    request = Request(
        "MobileNetV2",
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
        classifier_activation,
        name,
    )
    request.name = name or f"mobilenetv2_{alpha:0.2f}_{rows(plan, request)}"
    return plan.build(request)


def divisible(channels: float, divisor: int = 8) -> int:
    """The multiple of the divisor that is nearest to a number of channels, and at least 0.9 times as large.

    Example:

        >>> divisible(33), divisible(11)
        (32, 16)
    """
    nearest = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * channels else nearest


def _body(x: Any, alpha: float) -> Any:
    x = layers.Conv2D(divisible(32 * alpha), 3, 2, padding="same", use_bias=False, name="Conv1")(x)
    x = layers.ReLU(6.0, name="Conv1_relu")(_normalized(x, "bn_Conv1"))
    block = 0
    for filters, count, stride in _STAGES:
        for number in range(count):
            x = _block(x, divisible(int(filters * alpha)), 1 if number else stride, block)
            block += 1
    last = divisible(1280 * alpha) if alpha > 1 else 1280
    x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
    return layers.ReLU(6.0, name="out_relu")(_normalized(x, "Conv_1_bn"))


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(channel_axis(), epsilon=1e-3, momentum=0.999, name=name)(x)


def _block(x: Any, filters: int, stride: int, block: int) -> Any:
    shortcut, channels = x, x.shape[channel_axis()]
    prefix = f"block_{block}_" if block else "expanded_conv_"
    if block:
        x = layers.Conv2D(6 * channels, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = layers.ReLU(6.0, name=f"{prefix}expand_relu")(_normalized(x, f"{prefix}expand_BN"))
    if stride == 2:
        x = layers.ZeroPadding2D(halving_pad(x, 3), name=f"{prefix}pad")(x)
    padding = "valid" if stride == 2 else "same"
    x = layers.DepthwiseConv2D(3, stride, padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = layers.ReLU(6.0, name=f"{prefix}depthwise_relu")(_normalized(x, f"{prefix}depthwise_BN"))
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _normalized(x, f"{prefix}project_BN")
    if stride == 1 and channels == filters:
        return layers.Add(name=f"{prefix}add")([shortcut, x])
    return x


preprocess_input = preprocessor("tf")
