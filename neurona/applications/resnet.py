"""Residual networks, and their second version, whose blocks begin with the normalization."""

from collections.abc import Callable
from typing import Any

from neurona import layers
from neurona.applications.imagenet_utils import decode_predictions, preprocessor
from neurona.applications.network import GOOGLE, Plan, Request, architecture, channel_axis, published

__all__ = ["ResNet50", "ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]

_FIRST = "He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition, 2015."
_SECOND = "He, Zhang, Ren and Sun, Identity Mappings in Deep Residual Networks, 2016."
_BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}  # of each of the four stages
_DIGESTS = {
    "resnet50": ("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
    "resnet101": ("f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"),
    "resnet152": ("100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
    "resnet50v2": ("3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"),
    "resnet101v2": ("6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"),
    "resnet152v2": ("a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"),
}


def residual_network(depth: int, version: int) -> Any:
    """The function that builds the residual network with so many layers."""

    def body(x: Any, request: Request) -> Any:
        x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
        x = layers.Conv2D(64, 7, 2, name="conv1_conv")(x)
        if version == 1:
            x = _normalized(x, "conv1", "relu")
        x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = layers.MaxPooling2D(3, 2, name="pool1_pool")(x)
        for stage, count in enumerate(_BLOCKS[depth]):
            for number in range(1, count + 1):
                name = f"conv{stage + 2}_block{number}"
                if version == 1:
                    x = _block(x, 64 * 2**stage, 2 if stage and number == 1 else 1, number == 1, name)
                else:
                    stride = 2 if stage < 3 and number == count else 1
                    x = _second_block(x, 64 * 2**stage, stride, number == 1, name)
        return x if version == 1 else _normalized(x, "post", "relu")

    title = f"ResNet{depth}" + ("V2" if version == 2 else "")
    stem = f"{title.lower()}_weights_tf_dim_ordering_tf_kernels"
    files = published(f"{GOOGLE}/resnet", (f"{stem}.h5", f"{stem}_notop.h5"), _DIGESTS[title.lower()])
    about = f"A residual network of {depth} layers with weights, images of 224x224."
    plan = Plan(body, named_pools=True, published=files)
    return architecture(title, plan, about, _FIRST if version == 1 else _SECOND)


def _normalized(x: Any, name: str, activation: str | None = None) -> Any:
    x = layers.BatchNormalization(channel_axis(), epsilon=1.001e-5, name=f"{name}_bn")(x)
    return x if activation is None else layers.Activation(activation, name=f"{name}_{activation}")(x)


def _block(x: Any, filters: int, stride: int, projects: bool, name: str) -> Any:
    """Convolutions of 1x1, 3x3 and 1x1, added to the input, or to its projection by 1x1."""
    shortcut = x
    if projects:
        shortcut = layers.Conv2D(4 * filters, 1, stride, name=f"{name}_0_conv")(x)
        shortcut = _normalized(shortcut, f"{name}_0")
    x = layers.Conv2D(filters, 1, stride, name=f"{name}_1_conv")(x)
    x = _normalized(x, f"{name}_1", "relu")
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = _normalized(x, f"{name}_2", "relu")
    x = _normalized(layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x), f"{name}_3")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _second_block(x: Any, filters: int, stride: int, projects: bool, name: str) -> Any:
    """The block of the second version: each convolution follows a normalization."""
    first = _normalized(x, f"{name}_preact", "relu")
    if projects:
        shortcut = layers.Conv2D(4 * filters, 1, stride, name=f"{name}_0_conv")(first)
    else:
        shortcut = layers.MaxPooling2D(1, stride)(x) if stride > 1 else x
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(first)
    x = _normalized(x, f"{name}_1", "relu")
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = layers.Conv2D(filters, 3, stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = _normalized(x, f"{name}_2", "relu")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


ResNet50, ResNet101, ResNet152 = (residual_network(depth, 1) for depth in _BLOCKS)
preprocess_input: Callable[..., Any] = preprocessor("caffe")
