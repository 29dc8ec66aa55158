"""VGG (Simonyan and Zisserman, 2014), configurations A, D and E."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow.v1.contrib.layers import conv2d, max_pool2d
from neurona.legacy.tensorflow.v1.contrib.nets.classics import drawn, scope_of

_DEPTHS = {"vgg_a": (1, 1, 2, 2, 2), "vgg_16": (2, 2, 3, 3, 3), "vgg_19": (2, 2, 4, 4, 4)}


def vgg_arg_scope(weight_decay: float = 0.0005) -> Any:
    """Defaults of the layers, for `with slim.arg_scope(vgg.vgg_arg_scope()):`."""
    return scope_of(weight_decay, 0.0)


def _network(name: str) -> Callable[..., tuple[Any, dict[str, Any]]]:
    def network(
        inputs: Any,
        num_classes: int = 1000,
        is_training: bool = True,
        dropout_keep_prob: float = 0.5,
        spatial_squeeze: bool = True,
        scope: Any = name,
    ) -> tuple[Any, dict[str, Any]]:
        """The logits for images of 224 x 224, and each layer's output by its scope."""

        def features(net: Any, note: Callable[..., Any]) -> Any:
            for stage, count in enumerate(_DEPTHS[name], 1):
                for number in range(1, count + 1):
                    short = f"conv{stage}/conv{stage}_{number}"
                    net = note(short, conv2d(net, min(64 << (stage - 1), 512), [3, 3], scope=short))
                net = note(f"pool{stage}", max_pool2d(net, [2, 2]))
            return net

        tops = [(4096, [7, 7], "VALID"), (4096, [1, 1], "SAME")]
        given = is_training, dropout_keep_prob, spatial_squeeze, scope, name
        return drawn(inputs, features, tops, num_classes, *given)

    network.__name__ = name
    network.default_image_size = 224  # pyright: ignore[reportFunctionMemberAccess]
    return network


vgg_a, vgg_16, vgg_19 = map(_network, _DEPTHS)
