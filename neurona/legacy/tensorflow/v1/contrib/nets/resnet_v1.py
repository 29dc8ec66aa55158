"""Residual networks of the first form (He and others, 2015)."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow import nn
from neurona.legacy.tensorflow.v1.contrib.framework import add_arg_scope
from neurona.legacy.tensorflow.v1.contrib.layers import conv2d
from neurona.legacy.tensorflow.v1.contrib.nets.resnet_utils import (
    blocks_of,
    conv2d_same,
    network,
    resnet_arg_scope,
    subsample,
)
from neurona.legacy.tensorflow.v1.scopes import variable_scope

__all__ = ["bottleneck", "resnet_arg_scope", "resnet_v1"]
_DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}


@add_arg_scope
def bottleneck(
    inputs: Any,
    depth: int,
    depth_bottleneck: int,
    stride: int,
    rate: int = 1,
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """relu(x + f(x)), where f are three convolutions, the middle one with fewer channels."""
    with variable_scope(scope, "bottleneck_v1"):
        if inputs.shape.as_list()[-1] == depth:
            shortcut = subsample(inputs, stride, "shortcut")
        else:
            shortcut = conv2d(inputs, depth, [1, 1], stride, activation_fn=None, scope="shortcut")
        net = conv2d(inputs, depth_bottleneck, [1, 1], 1, scope="conv1")
        net = conv2d_same(net, depth_bottleneck, 3, stride, rate, scope="conv2")
        net = conv2d(net, depth, [1, 1], 1, activation_fn=None, scope="conv3")
        return nn.relu(shortcut + net)


def _finished(net: Any) -> Any:
    return net


def resnet_v1(
    inputs: Any,
    blocks: Any,
    num_classes: int | None = None,
    is_training: bool | None = True,
    global_pool: bool = True,
    output_stride: int | None = None,
    include_root_block: bool = True,
    spatial_squeeze: bool = True,
    reuse: Any = None,
    scope: Any = None,
) -> tuple[Any, dict[str, Any]]:
    """A network of blocks: the logits, or the last features without num_classes, and the blocks' outputs."""
    given = num_classes, is_training, global_pool, output_stride, include_root_block, spatial_squeeze
    return network(inputs, list(blocks), *given, reuse, scope, "resnet_v1", {}, _finished)


def _network(depth: int) -> Callable[..., tuple[Any, dict[str, Any]]]:
    def made(
        inputs: Any,
        num_classes: int | None = None,
        is_training: bool | None = True,
        global_pool: bool = True,
        output_stride: int | None = None,
        spatial_squeeze: bool = True,
        reuse: Any = None,
        scope: Any = f"resnet_v1_{depth}",
    ) -> tuple[Any, dict[str, Any]]:
        """The network of this depth, for images of 224 x 224."""
        blocks = blocks_of(bottleneck, _DEPTHS[depth])
        given = num_classes, is_training, global_pool, output_stride, True, spatial_squeeze
        return resnet_v1(inputs, blocks, *given, reuse, scope)

    made.__name__ = f"resnet_v1_{depth}"
    made.default_image_size = 224  # pyright: ignore[reportFunctionMemberAccess]
    return made


resnet_v1_50, resnet_v1_101, resnet_v1_152, resnet_v1_200 = map(_network, _DEPTHS)
