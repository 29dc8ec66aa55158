"""InceptionResNetV2: Inception's parallel branches, added to their input."""

from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.network import GOOGLE, Plan, Request, architecture, channel_axis, published

__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]

# Of the three kinds of block: how often, the scale, and the branches as (filters, kernel) each.
_BLOCKS = {
    "block35": (
        0.17,
        (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3))),
    ),
    "block17": (0.1, (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1))))),
    "block8": (0.2, (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1))))),
}


def _convolved(
    x: Any, filters: int, kernel: Any, stride: int = 1, padding: str = "same", name: str | None = None
) -> Any:
    x = layers.Conv2D(filters, kernel, stride, padding=padding, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(channel_axis(), scale=False, name=name and f"{name}_bn")(x)
    return layers.Activation("relu", name=name and f"{name}_ac")(x)


def _chain(x: Any, steps: Any, halve: bool = False) -> Any:
    """Convolutions one after another; the last may have stride 2."""
    for number, (filters, kernel) in enumerate(steps, 1):
        last = halve and number == len(steps)
        x = _convolved(x, filters, kernel, 2 if last else 1, "valid" if last else "same")
    return x


def _joined(branches: list[Any], name: str) -> Any:
    return layers.Concatenate(channel_axis(), name=name)(branches)


def _blocks(x: Any, kind: str, count: int, linear_last: bool = False) -> Any:
    for number in range(1, count + 1):
        scale, branches = _BLOCKS[kind]
        last = linear_last and number == count
        name = f"{kind}_{number}"
        mixed = _joined([_chain(x, steps) for steps in branches], f"{name}_mixed")
        up = layers.Conv2D(x.shape[channel_axis()], 1, padding="same", name=f"{name}_conv")(mixed)
        x = layers.CustomScaleLayer(1.0 if last else scale)([x, up])
        x = x if last else layers.Activation("relu", name=f"{name}_ac")(x)
    return x


def _body(x: Any, request: Request) -> Any:
    x = _convolved(x, 32, 3, 2, "valid")
    x = _convolved(x, 32, 3, 1, "valid")
    x = layers.MaxPooling2D(3, 2)(_convolved(x, 64, 3))
    x = _convolved(x, 80, 1, 1, "valid")
    x = layers.MaxPooling2D(3, 2)(_convolved(x, 192, 3, 1, "valid"))
    branches = [_chain(x, steps) for steps in (((96, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3)))]
    branches.append(_convolved(layers.AveragePooling2D(3, 1, padding="same")(x), 64, 1))
    x = _blocks(_joined(branches, "mixed_5b"), "block35", 10)
    branches = [_chain(x, steps, halve=True) for steps in (((384, 3),), ((256, 1), (256, 3), (384, 3)))]
    x = _blocks(_joined([*branches, layers.MaxPooling2D(3, 2)(x)], "mixed_6a"), "block17", 20)
    ends = (((256, 1), (384, 3)), ((256, 1), (288, 3)), ((256, 1), (288, 3), (320, 3)))
    branches = [_chain(x, steps, halve=True) for steps in ends]
    x = _joined([*branches, layers.MaxPooling2D(3, 2)(x)], "mixed_7a")
    return _convolved(_blocks(x, "block8", 10, linear_last=True), 1536, 1, name="conv_7b")


_STEM = "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels"
_FILES = published(
    f"{GOOGLE}/inception_resnet_v2",
    (f"{_STEM}.h5", f"{_STEM}_notop.h5"),
    ("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4"),
)
InceptionResNetV2 = architecture(
    "InceptionResNetV2",
    Plan(_body, 299, 75, published=_FILES),
    "InceptionResNetV2: 244 convolutions in parallel branches with shortcuts, images of 299x299.",
    "Szegedy, Ioffe, Vanhoucke and Alemi, Inception-v4, Inception-ResNet, 2017.",
    name="inception_resnet_v2",
)
preprocess_input = preprocessor("tf")
