"""InceptionV3: modules of parallel branches, whose outputs are joined by channels."""

from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.network import GOOGLE, Plan, Request, architecture, channel_axis, published

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

Step = tuple[int, int, int]  # filters, and the kernel's height and width


def _convolved(x: Any, filters: int, height: int, width: int, padding: str = "same", stride: int = 1) -> Any:
    x = layers.Conv2D(filters, (height, width), stride, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(channel_axis(), scale=False)(x)
    return layers.Activation("relu")(x)


def _chain(x: Any, *steps: Step, halve: bool = False) -> Any:
    """Convolutions one after another; the last may have stride 2."""
    for number, step in enumerate(steps, 1):
        last = halve and number == len(steps)
        x = _convolved(x, *step, padding="valid" if last else "same", stride=2 if last else 1)
    return x


def _averaged(x: Any, filters: int) -> Any:
    return _convolved(layers.AveragePooling2D(3, 1, padding="same")(x), filters, 1, 1)


def _joined(branches: list[Any], name: str | None) -> Any:
    return layers.concatenate(branches, axis=channel_axis(), name=name)


def _body(x: Any, request: Request) -> Any:
    x = _convolved(x, 32, 3, 3, "valid", 2)
    x = _convolved(x, 32, 3, 3, "valid")
    x = layers.MaxPooling2D(3, 2)(_convolved(x, 64, 3, 3))
    x = _convolved(x, 80, 1, 1, "valid")
    x = layers.MaxPooling2D(3, 2)(_convolved(x, 192, 3, 3, "valid"))
    for number, pooled in enumerate((32, 64, 64)):
        x = _joined(
            [
                _chain(x, (64, 1, 1)),
                _chain(x, (48, 1, 1), (64, 5, 5)),
                _chain(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
                _averaged(x, pooled),
            ],
            f"mixed{number}",
        )
    x = _joined(
        [
            _chain(x, (384, 3, 3), halve=True),
            _chain(x, (64, 1, 1), (96, 3, 3), (96, 3, 3), halve=True),
            layers.MaxPooling2D(3, 2)(x),
        ],
        "mixed3",
    )
    for number, n in enumerate((128, 160, 160, 192), 4):
        x = _joined(
            [
                _chain(x, (192, 1, 1)),
                _chain(x, (n, 1, 1), (n, 1, 7), (192, 7, 1)),
                _chain(x, (n, 1, 1), (n, 7, 1), (n, 1, 7), (n, 7, 1), (192, 1, 7)),
                _averaged(x, 192),
            ],
            f"mixed{number}",
        )
    x = _joined(
        [
            _chain(x, (192, 1, 1), (320, 3, 3), halve=True),
            _chain(x, (192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3), halve=True),
            layers.MaxPooling2D(3, 2)(x),
        ],
        "mixed8",
    )
    for number in range(2):
        x = _widest(x, number)
    return x


def _widest(x: Any, number: int) -> Any:
    """The last two modules, in which branches fork again."""
    first = _chain(x, (320, 1, 1))
    second = _chain(x, (384, 1, 1))
    second = _joined([_chain(second, (384, 1, 3)), _chain(second, (384, 3, 1))], f"mixed9_{number}")
    third = _chain(x, (448, 1, 1), (384, 3, 3))
    third = _joined([_chain(third, (384, 1, 3)), _chain(third, (384, 3, 1))], None)
    return _joined([first, second, third, _averaged(x, 192)], f"mixed{9 + number}")


_STEM = "inception_v3_weights_tf_dim_ordering_tf_kernels"
_FILES = published(
    f"{GOOGLE}/inception_v3",
    (f"{_STEM}.h5", f"{_STEM}_notop.h5"),
    ("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"),
)
InceptionV3 = architecture(
    "InceptionV3",
    Plan(_body, 299, 75, published=_FILES),
    "InceptionV3: 94 convolutions in parallel branches, images of 299x299.",
    "Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016.",
    name="inception_v3",
)
preprocess_input = preprocessor("tf")
