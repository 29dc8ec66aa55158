"""Residual networks of the second form (He and others, 2016)."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow import nn
from neurona.legacy.tensorflow.v1.contrib.framework import add_arg_scope
from neurona.legacy.tensorflow.v1.contrib.layers import batch_norm, conv2d
from neurona.legacy.tensorflow.v1.contrib.nets.resnet_utils import (
    blocks_of,
    conv2d_same,
    network,
    resnet_arg_scope,
    subsample,
)
from neurona.legacy.tensorflow.v1.scopes import variable_scope

__all__ = ["bottleneck", "resnet_arg_scope", "resnet_v2"]
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
    """x + f(x), where f are three convolutions of what was normalized, the middle one with fewer channels."""
    plain = {"normalizer_fn": None, "activation_fn": None}
    with variable_scope(scope, "bottleneck_v2"):
        before = batch_norm(inputs, activation_fn=nn.relu, scope="preact")
        if inputs.shape.as_list()[-1] == depth:
            shortcut = subsample(inputs, stride, "shortcut")
        else:
            shortcut = conv2d(before, depth, [1, 1], stride, scope="shortcut", **plain)
        net = conv2d(before, depth_bottleneck, [1, 1], 1, scope="conv1")
        net = conv2d_same(net, depth_bottleneck, 3, stride, rate, scope="conv2")
        return shortcut + conv2d(net, depth, [1, 1], 1, scope="conv3", **plain)


def _finished(net: Any) -> Any:
    return batch_norm(net, activation_fn=nn.relu, scope="postnorm")


def resnet_v2(
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
    return network(
        inputs,
        list(blocks),
        *given,
        reuse,
        scope,
        "resnet_v2",
        {"activation_fn": None, "normalizer_fn": None},
        _finished,
    )


def _network(depth: int) -> Callable[..., tuple[Any, dict[str, Any]]]:
    def made(
        inputs: Any,
        num_classes: int | None = None,
        is_training: bool | None = True,
        global_pool: bool = True,
        output_stride: int | None = None,
        spatial_squeeze: bool = True,
        reuse: Any = None,
        scope: Any = f"resnet_v2_{depth}",
    ) -> tuple[Any, dict[str, Any]]:
        """The network of this depth, for images of 224 x 224."""
        blocks = blocks_of(bottleneck, _DEPTHS[depth])
        given = num_classes, is_training, global_pool, output_stride, True, spatial_squeeze
        return resnet_v2(inputs, blocks, *given, reuse, scope)

    made.__name__ = f"resnet_v2_{depth}"
    made.default_image_size = 224  # pyright: ignore[reportFunctionMemberAccess]
    return made


resnet_v2_50, resnet_v2_101, resnet_v2_152, resnet_v2_200 = map(_network, _DEPTHS)
