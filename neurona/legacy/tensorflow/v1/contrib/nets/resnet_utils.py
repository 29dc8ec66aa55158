"""What both forms of residual networks have in common."""

from collections.abc import Callable
from typing import Any, NamedTuple

from neurona.legacy.tensorflow import arrays, math, nn
from neurona.legacy.tensorflow.v1.contrib.framework import arg_scope
from neurona.legacy.tensorflow.v1.contrib.further_layers import softmax
from neurona.legacy.tensorflow.v1.contrib.layers import (
    batch_norm,
    conv2d,
    l2_regularizer,
    max_pool2d,
    variance_scaling_initializer,
)
from neurona.legacy.tensorflow.v1.scopes import variable_scope
from neurona.messages import translated


class Block(NamedTuple):
    """Units of a network, each drawn by `unit_fn(net, **args)`."""

    scope: str
    unit_fn: Callable[..., Any]
    args: list[dict[str, int]]


def subsample(inputs: Any, factor: int, scope: Any = None) -> Any:
    """Each `factor`-th pixel."""
    return inputs if factor == 1 else max_pool2d(inputs, [1, 1], factor, scope=scope)


def conv2d_same(
    inputs: Any, num_outputs: int, kernel_size: int, stride: int, rate: int = 1, scope: Any = None
) -> Any:
    """A convolution whose borders are filled up whatever the size of the image is."""
    if stride == 1:
        return conv2d(inputs, num_outputs, kernel_size, 1, rate=rate, padding="SAME", scope=scope)
    whole = kernel_size + (kernel_size - 1) * (rate - 1) - 1
    begin = whole // 2
    sides = [[0, 0], [begin, whole - begin], [begin, whole - begin], [0, 0]]
    padded = arrays.pad(inputs, sides)
    return conv2d(padded, num_outputs, kernel_size, stride, rate=rate, padding="VALID", scope=scope)


def resnet_arg_scope(
    weight_decay: float = 0.0001,
    batch_norm_decay: float = 0.997,
    batch_norm_epsilon: float = 1e-5,
    batch_norm_scale: bool = True,
    activation_fn: Any = nn.relu,
    use_batch_norm: bool = True,
) -> Any:
    """Defaults of the layers, for `with slim.arg_scope(resnet_arg_scope()):`."""
    norms = {"decay": batch_norm_decay, "epsilon": batch_norm_epsilon, "scale": batch_norm_scale}
    of_convolutions = {
        "weights_regularizer": l2_regularizer(weight_decay),
        "weights_initializer": variance_scaling_initializer(),
        "activation_fn": activation_fn,
        "normalizer_fn": batch_norm if use_batch_norm else None,
        "normalizer_params": norms if use_batch_norm else None,
    }
    with (
        arg_scope([conv2d], **of_convolutions),
        arg_scope([batch_norm], **norms),
        arg_scope([max_pool2d], padding="SAME") as opened,
    ):
        return opened


def blocks_of(unit: Callable[..., Any], counts: tuple[int, ...]) -> list[Block]:
    """The four blocks of a network; the last unit of each of the first three halves the image."""
    blocks = []
    for number, count in enumerate(counts, 1):
        base = 32 << number
        one = {"depth": 4 * base, "depth_bottleneck": base, "stride": 1}
        last = {**one, "stride": 1 if number == len(counts) else 2}
        blocks.append(Block(f"block{number}", unit, [dict(one) for _ in range(count - 1)] + [last]))
    return blocks


def stacked(net: Any, blocks: list[Block], note: Callable[..., Any]) -> Any:
    """The units one after the other."""
    for block in blocks:
        with variable_scope(block.scope):
            for number, given in enumerate(block.args, 1):
                with variable_scope(f"unit_{number}"):
                    net = note(f"{block.scope}/unit_{number}", block.unit_fn(net, **given))
        note(block.scope, net)
    return net


def network(
    inputs: Any,
    blocks: list[Block],
    num_classes: int | None,
    is_training: bool | None,
    global_pool: bool,
    output_stride: int | None,
    include_root_block: bool,
    spatial_squeeze: bool,
    reuse: Any,
    scope: Any,
    default: str,
    root: dict[str, Any],
    finish: Callable[[Any], Any],
) -> tuple[Any, dict[str, Any]]:
    """The logits, or the last features without num_classes, and each block's output by its scope.

    Args:
        root: options of the first convolution.
        finish: what follows the last block.

    Raises:
        ValueError: convolutions with holes are asked for.
    """
    if output_stride is not None:
        raise ValueError(
            translated(f"Residual networks of slim have no output_stride here. Received: {output_stride}")
        )
    found: dict[str, Any] = {}
    with variable_scope(scope, default, reuse=reuse) as opened:

        def note(short: str, tensor: Any) -> Any:
            found[f"{opened.name}/{short}"] = tensor
            return tensor

        with arg_scope([batch_norm], is_training=True if is_training is None else is_training):
            net = inputs
            if include_root_block:
                with arg_scope([conv2d], **root):
                    net = note("conv1", conv2d_same(net, 64, 7, 2, scope="conv1"))
                net = note("pool1", max_pool2d(net, [3, 3], 2, padding="SAME", scope="pool1"))
            net = finish(stacked(net, blocks, note))
            if global_pool:
                net = math.reduce_mean(net, [1, 2], keepdims=True, name="pool5")
            if num_classes:
                last = {"activation_fn": None, "normalizer_fn": None, "scope": "logits"}
                net = note("logits", conv2d(net, num_classes, [1, 1], **last))
                net = arrays.squeeze(net, [1, 2], name="SpatialSqueeze") if spatial_squeeze else net
                found["predictions"] = softmax(net, scope="predictions")
    return net, found
