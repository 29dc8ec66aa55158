"""Layers in a row that one kernel computes faster together.

A graph finds such chains when it is made. When a program is traced, each layer is called as usual: it builds,
checks its input and updates its statistics. Then the kernel's result takes the place of the last layer's
output. Compilation leaves out the outputs that nothing reads.

A chain stays as it is where something else may see an output inside it: a second reader, an activity
regularizer, an observer. Only Neurona's own classes are fused, for a subclass may compute something else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jax.core import Tracer

from neurona import activations
from neurona.core.annotations import MASK
from neurona.core.layer import Layer
from neurona.core.scope import current_scope
from neurona.core.symbolic import Node, is_symbolic
from neurona.kernels.convolution_pooling import convolution_max_pool
from neurona.kernels.normalization import batch_normalization
from neurona.layers.activation import Activation, ReLU
from neurona.layers.convolution import Conv2D
from neurona.layers.normalization import BatchNormalization
from neurona.layers.pooling import MaxPooling2D

Address = tuple[Node | None, int]  # of a tensor: the call that gives it, and which of its outputs it is


@dataclass(frozen=True)
class Fusion:
    """A pattern: layers in a row, and what computes them together.

    Args:
        types: the exact classes of the layers.
        run: a function of the layers, of the first one's input x and of the training flag. It gives the last
            layer's output, or None where the layers compute something else, or are as fast one by one.
    """

    types: tuple[type[Layer], ...]
    run: Callable[[list[Any], Any, bool], Any]


def _convolved_and_pooled(layers: list[Any], x: Any, training: bool) -> Any:
    convolution, pooling = layers
    if not _takes_largest_of_2x2(pooling):
        return None
    arguments, options = convolution._kernel_arguments(x)
    return convolution_max_pool(*arguments, **options)


def _normalized(layers: list[Any], x: Any, training: bool) -> Any:
    normalization, *others = layers
    pools = isinstance(others[-1], MaxPooling2D)
    relu = others[: len(others) - pools]
    if not normalization._uses_kernel(x, training) or not all(map(_is_plain_relu, relu)):
        return None
    if pools and not (_takes_largest_of_2x2(others[-1]) and _has_even_images(x)):
        return None
    activation = activations.relu if relu else activations.linear
    arguments = normalization._kernel_arguments(x)
    return batch_normalization(*arguments, activation=activation, pools=pools)


def _is_plain_relu(layer: Any) -> bool:
    if isinstance(layer, ReLU):
        return (layer.negative_slope, layer.max_value, layer.threshold) == (0, None, 0)
    return layer.activation is activations.relu


def _takes_largest_of_2x2(layer: MaxPooling2D) -> bool:
    options = layer.pool_size, layer.strides, layer.padding, layer.data_format
    return options == ((2, 2), (2, 2), "valid", "channels_last")


def _has_even_images(x: Any) -> bool:
    # The kernel's vectors run over the channels: with one or two it is slower than pooling apart.
    return x.ndim == 4 and x.shape[1] % 2 == x.shape[2] % 2 == 0 and x.shape[-1] > 2


PATTERNS = [  # the longest first
    Fusion((BatchNormalization, ReLU, MaxPooling2D), run=_normalized),
    Fusion((BatchNormalization, Activation, MaxPooling2D), run=_normalized),
    Fusion((BatchNormalization, MaxPooling2D), run=_normalized),
    Fusion((BatchNormalization, ReLU), run=_normalized),
    Fusion((BatchNormalization, Activation), run=_normalized),
    Fusion((Conv2D, MaxPooling2D), run=_convolved_and_pooled),
]


@dataclass(frozen=True)
class Chain:
    """A place in a graph where a pattern fits: the calls in a row, the first one nearest to the input."""

    fusion: Fusion
    nodes: list[Node]

    @property
    def source(self) -> Address:
        """The tensor that the first call takes."""
        tensor = self.nodes[0].inputs[0]
        return tensor.node, tensor.index

    def run(self, x: Any) -> Any:
        """The last call's output from the first one's input, or None where the calls stay apart."""
        layers, scope = [node.operation for node in self.nodes], current_scope()
        if scope is None or scope.observer is not None or not isinstance(x, Tracer):
            return None
        if MASK.get(x) is not None:
            return None
        if not all(_computes_alone(layer) and layer.compute_dtype == x.dtype for layer in layers):
            return None
        training = self.nodes[0].kwargs.get("training")
        training = scope.training if training is None else training
        with scope.inside(layers[0].name, layers[0].compute_dtype if layers[0].autocast else None):
            return self.fusion.run(layers, x, bool(training))


def _computes_alone(layer: Layer) -> bool:
    """Whether a call of the layer is its class's formula, and nothing else sees the output."""
    return layer.activity_regularizer is None and "call" not in vars(layer)


def chains_of(nodes: Iterable[Node], readers: Mapping[Address, int]) -> dict[Node, list[Chain]]:
    """The chains in a graph, by their last calls; the longest first.

    Args:
        nodes: the calls of the graph.
        readers: how often each tensor is read, outputs of the model included.
    """
    nodes = list(nodes)
    known: set[Address] = {(node, 0) for node in nodes}
    chains: dict[Node, list[Chain]] = {}
    for node in nodes:
        for fusion in PATTERNS:
            row = _row_ending_at(node, fusion.types, known, readers)
            if row:
                chains.setdefault(node, []).append(Chain(fusion, row))
    return chains


def _row_ending_at(
    node: Node, types: tuple[type[Layer], ...], known: set[Address], readers: Mapping[Address, int]
) -> list[Node]:
    """The calls that fit the types, or an empty list."""
    *earlier, last = types
    if type(node.operation) is not last or not _takes_one_tensor(node):
        return []
    if not earlier:
        return [node]
    source = node.inputs[0]
    address = source.node, source.index
    if source.node is None or address not in known or readers[address] > 1:
        return []
    row = _row_ending_at(source.node, tuple(earlier), known, readers)
    return [*row, node] if row else []


def _takes_one_tensor(node: Node) -> bool:
    return len(node.args) == 1 and is_symbolic(node.args[0]) and node.kwargs.keys() <= {"training"}
