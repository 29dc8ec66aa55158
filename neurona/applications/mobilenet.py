"""MobileNet: depthwise convolutions of 3x3, each followed by one of 1x1."""

from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.network import CLASSES, GOOGLE, Plan, Request, channel_axis, published
from neurona.core.errors import ArgumentError
from neurona.core.policy import image_data_format
from neurona.models import Model

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

_FILTERS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_HALVING = (2, 4, 6, 12)  # the blocks with stride 2
_SIDES = (128, 160, 192, 224)
_ALPHAS = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}


def MobileNet(
    input_shape: Any = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 1e-3,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = CLASSES,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """MobileNet: 28 layers with weights, images of 224x224 or smaller.

    Args:
        input_shape: of an image, where it is not (224, 224, 3).
        alpha: how many channels there are, relative to the original.
        depth_multiplier: how many outputs a depthwise convolution gives for each channel.
        dropout: the share that is dropped before the classifier.
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

    Source: Howard et al., MobileNets, 2017.

    Example:

        >>> MobileNet((32, 32, 3), alpha=0.25, classes=10, weights=None).count_params()
        221114
    """
    side = square_side(input_shape, _SIDES)
    if weights == "imagenet" and (alpha not in _ALPHAS or depth_multiplier != 1):
        raise ArgumentError(
            f"MobileNet: ImageNet's weights need depth_multiplier=1 and alpha {', '.join(map(str, _ALPHAS))}."
            f" Received: depth_multiplier={depth_multiplier}, alpha={alpha}"
        )

    def body(x: Any, request: Request) -> Any:
        x = layers.Conv2D(int(32 * alpha), 3, 2, padding="same", use_bias=False, name="conv1")(x)
        x = _activated(x, "conv1")
        for block, filters in enumerate(_FILTERS, 1):
            x = _block(x, int(filters * alpha), depth_multiplier, block)
        return x

    stem = f"mobilenet_{_ALPHAS.get(alpha)}_{side}_tf"
    plan = Plan(
        body,
        side,
        top=lambda x, request: _top(x, request, dropout),
        published=published(f"{GOOGLE}/mobilenet", (f"{stem}.h5", f"{stem}_no_top.h5")),
    )
    request = Request(
        "MobileNet",
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
        classifier_activation,
        name,
    )
    request.name = name or f"mobilenet_{alpha:0.2f}_{rows(plan, request)}"
    return plan.build(request)


def square_side(input_shape: Any, sides: tuple[int, ...]) -> int:
    """The height and width that published weights are chosen by: the image's, where there are any for it."""
    if input_shape is not None and len(input_shape) == 3:
        shape = input_shape[1:] if image_data_format() == "channels_first" else input_shape[:2]
        if shape[0] == shape[1] and shape[0] in sides:
            return shape[0]
    return 224


def rows(plan: Plan, request: Request) -> int | None:
    """The height that a model's name tells: that of its weights, else that of its images."""
    if request.from_imagenet:
        return plan.size
    return request.shape_of(plan.size, plan.smallest)[1 if channel_axis() == 1 else 0]


def _top(x: Any, request: Request, dropout: float) -> Any:
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(request.classes, 1, padding="same", name="conv_preds")(x)
    x = layers.Reshape((request.classes,), name="reshape_2")(x)
    return layers.Activation(request.classifier_activation, name="predictions")(x)


def _activated(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(channel_axis(), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _block(x: Any, filters: int, depth_multiplier: int, block: int) -> Any:
    stride = 2 if block in _HALVING else 1
    if stride == 2:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{block}")(x)
    x = layers.DepthwiseConv2D(
        3,
        stride,
        padding="valid" if stride == 2 else "same",
        depth_multiplier=depth_multiplier,
        use_bias=False,
        name=f"conv_dw_{block}",
    )(x)
    x = _activated(x, f"conv_dw_{block}")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{block}")(x)
    return _activated(x, f"conv_pw_{block}")


preprocess_input = preprocessor("tf")
