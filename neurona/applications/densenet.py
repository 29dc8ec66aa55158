"""DenseNet: each block reads what all blocks before it gave."""

from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.network import GOOGLE, Plan, Request, architecture, channel_axis, published

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

_GROWTH = 32  # channels that a block adds


def _dense_network(depth: int, blocks: tuple[int, ...], digests: tuple[str, str]) -> Any:
    """The function that builds the DenseNet with so many layers."""

    def body(x: Any, request: Request) -> Any:
        x = layers.Conv2D(64, 7, 2, use_bias=False, name="conv1_conv")(layers.ZeroPadding2D(3)(x))
        x = layers.ZeroPadding2D(1)(_activated(x, "conv1_"))
        x = layers.MaxPooling2D(3, 2, name="pool1")(x)
        for stage, count in enumerate(blocks, 2):
            for number in range(1, count + 1):
                x = _block(x, f"conv{stage}_block{number}")
            if stage < 5:
                x = _transition(x, f"pool{stage}")
        return _activated(x, "")

    stem = f"densenet{depth}_weights_tf_dim_ordering_tf_kernels"
    files = published(f"{GOOGLE}/densenet", (f"{stem}.h5", f"{stem}_notop.h5"), digests)
    return architecture(
        f"DenseNet{depth}",
        Plan(body, named_pools=True, published=files),
        f"A densely connected network of {depth} layers with weights, images of 224x224.",
        "Huang, Liu, van der Maaten and Weinberger, Densely Connected Convolutional Networks, 2017.",
    )


def _activated(x: Any, prefix: str) -> Any:
    x = layers.BatchNormalization(channel_axis(), epsilon=1.001e-5, name=f"{prefix}bn")(x)
    return layers.Activation("relu", name=f"{prefix}relu")(x)


def _block(x: Any, name: str) -> Any:
    new = layers.Conv2D(4 * _GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(_activated(x, f"{name}_0_"))
    new = _activated(new, f"{name}_1_")
    new = layers.Conv2D(_GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return layers.Concatenate(channel_axis(), name=f"{name}_concat")([x, new])


def _transition(x: Any, name: str) -> Any:
    """Half the channels, and half the height and width."""
    x = _activated(x, f"{name}_")
    x = layers.Conv2D(x.shape[channel_axis()] // 2, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, 2, name=f"{name}_pool")(x)


DenseNet121 = _dense_network(
    121, (6, 12, 24, 16), ("9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738")
)
DenseNet169 = _dense_network(
    169, (6, 12, 32, 32), ("d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b")
)
DenseNet201 = _dense_network(
    201, (6, 12, 48, 32), ("1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1")
)
preprocess_input = preprocessor("torch")
