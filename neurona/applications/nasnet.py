"""NASNet: cells that a search found, repeated."""

from collections.abc import Callable
from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.network import (
    CLASSES,
    GOOGLE,
    Plan,
    Request,
    channel_axis,
    classify,
    halving_pad,
)
from neurona.core.errors import ArgumentError
from neurona.datasets.download import PublicFile
from neurona.models import Model

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]

_ABOUT = """{title}: images of {side}x{side}.

    Args:
        input_shape: of an image, where it is not the usual one.
        include_top: whether the network ends with its classifier.
        weights: None for random ones, `"imagenet"`, or the path of a file.
        input_tensor: a symbolic tensor to begin with, instead of a new input.
        pooling: without the classifier, `"avg"` or `"max"` over each image; None for a map of features.
        classes: how many classes the classifier has.
        classifier_activation: its activation; None for logits.
        name: of the model.

    Raises:
        ArgumentError: a value is not allowed, or does not fit the weights, or images are channels_first.
        DownloadError: ImageNet's weights are not on this machine and can't be downloaded.

    Source: Zoph, Vasudevan, Shlens and Le, Learning Transferable Architectures for Scalable Image
        Recognition, 2018.
    """


def _searched(
    title: str, side: int, filters: int, count: int, stem: int, skips: bool, digests: tuple[str, str]
) -> Callable[..., Model]:
    """The function that builds one of the two.

    Args:
        title: its name.
        side: height and width of its images.
        filters: of the first normal cell.
        count: how many normal cells follow one another.
        stem: filters of the first convolution.
        skips: whether the cell after a reduction reads what came before the reduction's input.
        digests: of the weights, with the classifier and without.
    """
    size = title.removeprefix("NASNet").lower()
    files = [
        PublicFile(f"nasnet_{size}{ours}.h5", f"{GOOGLE}/nasnet/NASNet-{size}{theirs}.h5", f"md5:{digest}")
        for ours, theirs, digest in (("", "", digests[0]), ("_no_top", "-no-top", digests[1]))
    ]
    plan = Plan(
        lambda x, request: _body(x, filters, count, stem, skips),
        side,
        top=lambda x, request: classify(x, request, pool=None),
        published=(files[0], files[1]),
    )

    def build(
        input_shape: Any = None,
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        pooling: str | None = None,
        classes: int = CLASSES,
        classifier_activation: Any = "softmax",
        name: str = f"nasnet_{size}",
    ) -> Model:
        if channel_axis() == 1:
            raise ArgumentError(
                f"{title}: images are channels_last. Write config.set_image_data_format('channels_last')."
            )
        shape = (side, side, 3) if input_shape is None and input_tensor is None else input_shape
        return plan.build(
            Request(
                title,
                include_top,
                weights,
                input_tensor,
                shape,
                pooling,
                classes,
                classifier_activation,
                name,
            )
        )

    build.__name__ = build.__qualname__ = title
    build.__doc__ = _ABOUT.format(title=title, side=side)
    return build


def _body(x: Any, filters: int, count: int, stem: int, skips: bool) -> Any:
    x = layers.Conv2D(stem, 3, 2, use_bias=False, kernel_initializer="he_normal", name="stem_conv1")(x)
    x = _normalized(x, "stem_bn1")
    x, before = _reduction(x, None, filters // 4, "stem_1")
    x, before = _reduction(x, before, filters // 2, "stem_2")
    for stage in range(3):
        if stage:
            x, skipped = _reduction(x, before, filters * 2**stage, f"reduce_{stage * count}")
            before = before if skips else skipped
        for number in range(count):
            # One number is left out at each reduction.
            x, before = _normal(x, before, filters * 2**stage, f"{stage * count + number + (stage > 0)}")
    return layers.Activation("relu")(x)


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(channel_axis(), momentum=0.9997, epsilon=1e-3, name=name)(x)


def _pointwise(x: Any, filters: int, name: str) -> Any:
    return layers.Conv2D(
        filters, 1, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)


def _separable(x: Any, filters: int, kernel: int, name: str, stride: int = 1) -> Any:
    """Two separable convolutions, each after a ReLU and before a normalization."""
    x = layers.Activation("relu")(x)
    if stride == 2:
        x = layers.ZeroPadding2D(halving_pad(x, kernel), name=f"separable_conv_1_pad_{name}")(x)
    for number, step in ((1, stride), (2, 1)):
        if number == 2:
            x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(
            filters,
            kernel,
            step,
            padding="valid" if step == 2 else "same",
            use_bias=False,
            name=f"separable_conv_{number}_{name}",
        )(x)
        x = _normalized(x, f"separable_conv_{number}_bn_{name}")
    return x


def _adjusted(before: Any, x: Any, filters: int, name: str) -> Any:
    """What the cell before read, in the size of what this cell reads."""
    if before is None:
        return x
    if before.shape[2] != x.shape[2]:
        before = layers.Activation("relu", name=f"adjust_relu_1_{name}")(before)
        first = layers.AveragePooling2D(1, 2, name=f"adjust_avg_pool_1_{name}")(before)
        first = _pointwise(first, filters // 2, f"adjust_conv_1_{name}")
        second = layers.ZeroPadding2D(((0, 1), (0, 1)))(before)
        second = layers.Cropping2D(((1, 0), (1, 0)))(second)
        second = layers.AveragePooling2D(1, 2, name=f"adjust_avg_pool_2_{name}")(second)
        second = _pointwise(second, filters // 2, f"adjust_conv_2_{name}")
        return _normalized(layers.concatenate([first, second], axis=channel_axis()), f"adjust_bn_{name}")
    if before.shape[channel_axis()] != filters:
        before = _pointwise(layers.Activation("relu")(before), filters, f"adjust_conv_projection_{name}")
        return _normalized(before, f"adjust_bn_{name}")
    return before


def _entrance(x: Any, before: Any, filters: int, kind: str, name: str) -> tuple[Any, Any]:
    """The two inputs of a cell, with as many channels as it has filters."""
    before = _adjusted(before, x, filters, name)
    x = _pointwise(layers.Activation("relu")(x), filters, f"{kind}_conv_1_{name}")
    return _normalized(x, f"{kind}_bn_1_{name}"), before


def _normal(inputs: Any, before: Any, filters: int, name: str) -> tuple[Any, Any]:
    x, before = _entrance(inputs, before, filters, "normal", name)
    left, right = f"normal_left{{}}_{name}", f"normal_right{{}}_{name}"

    def added(number: int, *parts: Any) -> Any:
        return layers.add(list(parts), name=f"normal_add_{number}_{name}")

    def averaged(tensor: Any, side: str) -> Any:
        return layers.AveragePooling2D(3, 1, padding="same", name=side)(tensor)

    one = added(
        1,
        _separable(x, filters, 5, left.format(1)),
        _separable(before, filters, 3, right.format(1)),
    )
    two = added(
        2,
        _separable(before, filters, 5, left.format(2)),
        _separable(before, filters, 3, right.format(2)),
    )
    three = added(3, averaged(x, left.format(3)), before)
    four = added(4, averaged(before, left.format(4)), averaged(before, right.format(4)))
    five = added(5, _separable(x, filters, 3, left.format(5)), x)
    parts = [before, one, two, three, four, five]
    return layers.concatenate(parts, axis=channel_axis(), name=f"normal_concat_{name}"), inputs


def _reduction(inputs: Any, before: Any, filters: int, name: str) -> tuple[Any, Any]:
    """The cell that halves height and width."""
    x, before = _entrance(inputs, before, filters, "reduction", name)
    padded = layers.ZeroPadding2D(halving_pad(x, 3), name=f"reduction_pad_1_{name}")(x)
    left, right = f"reduction_left{{}}_{name}", f"reduction_right{{}}_{name}"

    def pooled(kind: str, side: str) -> Any:
        pool = layers.MaxPooling2D if kind == "max" else layers.AveragePooling2D
        return pool(3, 2, name=side)(padded)

    one = layers.add(
        [
            _separable(x, filters, 5, left.format(1), 2),
            _separable(before, filters, 7, right.format(1), 2),
        ],
        name=f"reduction_add_1_{name}",
    )
    two = layers.add(
        [pooled("max", left.format(2)), _separable(before, filters, 7, right.format(2), 2)],
        name=f"reduction_add_2_{name}",
    )
    three = layers.add(
        [pooled("average", left.format(3)), _separable(before, filters, 5, right.format(3), 2)],
        name=f"reduction_add3_{name}",
    )
    four = layers.add([two, layers.AveragePooling2D(3, 1, padding="same", name=left.format(4))(one)])
    five = layers.add(
        [_separable(one, filters, 3, left.format(4)), pooled("max", right.format(5))],
        name=f"reduction_add4_{name}",
    )
    parts = [two, three, four, five]
    return layers.concatenate(parts, axis=channel_axis(), name=f"reduction_concat_{name}"), inputs


NASNetMobile = _searched(
    "NASNetMobile",
    224,
    44,
    4,
    32,
    False,
    ("020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"),
)
NASNetLarge = _searched(
    "NASNetLarge",
    331,
    168,
    6,
    96,
    True,
    ("11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"),
)
preprocess_input = preprocessor("tf")
