"""VGG: 13 or 16 convolutions of 3x3 in five blocks, and three Dense layers."""

from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.network import GOOGLE, Plan, Request, architecture, predictions, published

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

_SOURCE = "Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014."


def vgg(depth: int, convolutions: tuple[int, ...], digests: tuple[str, str]) -> Any:
    """The function that builds the VGG with so many layers; `convolutions` says how many a block has."""

    def body(x: Any, request: Request) -> Any:
        for block, count in enumerate(convolutions, 1):
            filters = min(32 * 2**block, 512)
            for number in range(1, count + 1):
                name = f"block{block}_conv{number}"
                x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
            x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
        return x

    stem = f"vgg{depth}_weights_tf_dim_ordering_tf_kernels"
    files = published(f"{GOOGLE}/vgg{depth}", (f"{stem}.h5", f"{stem}_notop.h5"), digests)
    about = f"VGG{depth}: {depth} layers of weights, images of 224x224."
    return architecture(f"VGG{depth}", Plan(body, top=_top, published=files), about, _SOURCE)


def _top(x: Any, request: Request) -> Any:
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(4096, activation="relu", name="fc1")(x)
    x = layers.Dense(4096, activation="relu", name="fc2")(x)
    return predictions(x, request)


VGG16 = vgg(16, (2, 2, 3, 3, 3), ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"))
preprocess_input = preprocessor("caffe")
