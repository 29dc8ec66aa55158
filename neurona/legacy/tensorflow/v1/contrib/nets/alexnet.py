"""AlexNet (Krizhevsky, 2014, "One weird trick"), for images of 224 x 224."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow.v1.contrib.layers import conv2d, max_pool2d
from neurona.legacy.tensorflow.v1.contrib.nets.classics import drawn, scope_of


def alexnet_v2_arg_scope(weight_decay: float = 0.0005) -> Any:
    """Defaults of the layers."""
    return scope_of(weight_decay, 0.1)


def alexnet_v2(
    inputs: Any,
    num_classes: int = 1000,
    is_training: bool = True,
    dropout_keep_prob: float = 0.5,
    spatial_squeeze: bool = True,
    scope: Any = "alexnet_v2",
) -> tuple[Any, dict[str, Any]]:
    """The logits, and each layer's output by its scope."""

    def features(net: Any, note: Callable[..., Any]) -> Any:
        net = note("conv1", conv2d(net, 64, [11, 11], 4, padding="VALID", scope="conv1"))
        net = note("pool1", max_pool2d(net, [3, 3], 2))
        net = note("conv2", conv2d(net, 192, [5, 5], scope="conv2"))
        net = note("pool2", max_pool2d(net, [3, 3], 2))
        for number, width in ((3, 384), (4, 384), (5, 256)):
            net = note(f"conv{number}", conv2d(net, width, [3, 3], scope=f"conv{number}"))
        return note("pool5", max_pool2d(net, [3, 3], 2))

    tops = [(4096, [5, 5], "VALID"), (4096, [1, 1], "SAME")]
    given = is_training, dropout_keep_prob, spatial_squeeze, scope, "alexnet_v2"
    return drawn(inputs, features, tops, num_classes, *given)


alexnet_v2.default_image_size = 224  # pyright: ignore[reportFunctionMemberAccess]
