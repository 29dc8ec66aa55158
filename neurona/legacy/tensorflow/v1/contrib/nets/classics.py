"""What AlexNet, OverFeat and VGG have in common: convolutions, then dense layers drawn as convolutions."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow import arrays, nn
from neurona.legacy.tensorflow.v1.contrib.framework import arg_scope
from neurona.legacy.tensorflow.v1.contrib.layers import conv2d, dropout, fully_connected, l2_regularizer
from neurona.legacy.tensorflow.v1.initializers import Constant, TruncatedNormal, Zeros
from neurona.legacy.tensorflow.v1.scopes import variable_scope


def scope_of(weight_decay: float, bias: float) -> Any:
    """Defaults of a network's layers."""
    with arg_scope(
        [conv2d, fully_connected],
        activation_fn=nn.relu,
        biases_initializer=Constant(bias) if bias else Zeros(),
        weights_regularizer=l2_regularizer(weight_decay),
    ) as opened:
        return opened


def drawn(
    inputs: Any,
    features: Callable[[Any, Callable[..., Any]], Any],
    tops: list[tuple[int, Any, str]],
    num_classes: int,
    is_training: bool,
    keep: float,
    spatial_squeeze: bool,
    scope: Any,
    name: str,
) -> tuple[Any, dict[str, Any]]:
    """The logits, and each layer's output by its scope.

    Args:
        features: draws the convolutions; what it draws it hands to its second argument.
        tops: the width, the window and the padding of the dense layers before the last.
    """
    found: dict[str, Any] = {}
    with variable_scope(scope, name) as opened:

        def note(short: str, tensor: Any) -> Any:
            found[f"{opened.name}/{short}"] = tensor
            return tensor

        net = features(inputs, note)
        first = {} if name.startswith("vgg") else {"weights_initializer": TruncatedNormal(stddev=0.005)}
        for number, (width, window, padding) in enumerate(tops, 6):
            top = conv2d(net, width, window, padding=padding, scope=f"fc{number}", **first)
            net = dropout(note(f"fc{number}", top), keep, is_training=is_training)
        logits = conv2d(net, num_classes, [1, 1], activation_fn=None, scope="fc8")
        if spatial_squeeze:
            logits = arrays.squeeze(logits, [1, 2])
        note("fc8", logits)
    return logits, found
