"""A model as boxes and arrows, before anything is drawn."""

import dataclasses
from typing import Any

from neurona.core.errors import NotBuiltError
from neurona.core.layer import Layer
from neurona.core.symbolic import symbolic_leaves
from neurona.models import Model
from neurona.models.call_graph import CallGraph
from neurona.plotting.texts import texts

# Tints of Okabe and Ito's colours on which black text reads well, by the file that a layer's class comes
# from.
_TINTS = {
    "input": "#D9D9D9",
    "convolution": "#ABD9F4",
    "pooling": "#A6DCCB",
    "dense": "#F8D791",
    "recurrent": "#E9C3DA",
    "rnn_cells": "#E9C3DA",
    "attention": "#E9C3DA",
    "embedding": "#F3C9A5",
    "normalization": "#F6F0A8",
    "preprocessing": "#F6F0A8",
    "regularization": "#F2B9A0",
    "merging": "#B3C9E6",
}
_OTHER = "#E8E8E8"


@dataclasses.dataclass(frozen=True)
class Details:
    """The lines of a box, as the arguments of `plot_model` of the same names."""

    show_shapes: bool = False
    show_dtype: bool = False
    show_layer_names: bool = False
    show_layer_activations: bool = False
    show_trainable: bool = False
    expand_nested: bool = False
    language: str | None = None


@dataclasses.dataclass
class Box:
    """A layer.

    Attributes:
        title: its class, and its name where asked for.
        rows: further lines of text.
        tint: its colour.
        inside: its own layers, when it is a model that is shown expanded.
    """

    title: str
    rows: list[str]
    tint: str
    inside: "Diagram | None" = None


@dataclasses.dataclass
class Diagram:
    """Boxes and the arrows between them.

    Attributes:
        boxes: in an order in which most arrows lead forward.
        arrows: (from, to, which output of the first, which input of the second).
        entrances, exits: the boxes that hold the inputs, and the one that each output comes from.
    """

    boxes: list[Box]
    arrows: list[tuple[int, int, int, int]]
    entrances: list[int]
    exits: list[int]


def diagram_of(model: Any, details: Details) -> Diagram:
    """The diagram of a model: of its graph where it has one, else one box (expanded: a column of its layers,
    without arrows).

    Raises:
        NotBuiltError: the model has no shapes yet.
    """
    graph = _graph_of(model)
    if graph is None:
        if not model.built:
            raise NotBuiltError(
                f"plot_model: {model.name!r} has no shapes yet. Call it on data, or build(input_shape), "
                "first."
            )
        layers = model.layers if details.expand_nested and getattr(model, "layers", None) else [model]
        return Diagram([_box(layer, None, details) for layer in layers], [], [], [])
    number = {operation.name: index for index, operation in enumerate(graph.operations)}
    boxes = [_box(operation, graph, details) for operation in graph.operations]
    arrows = []
    for node in graph.nodes:
        for place, tensor in enumerate(node.inputs):
            parent, _, output = graph.address(tensor)
            arrows.append((number[parent], number[node.operation.name], output, place))
    entrances = [number[layer.name] for layer in graph.input_layers]
    exits = [number[graph.address(tensor)[0]] for tensor in graph.output_tensors]
    return Diagram(boxes, list(dict.fromkeys(arrows)), entrances, exits)


def _graph_of(layer: Any) -> CallGraph | None:
    return layer._call_graph if isinstance(layer, Model) else None


def _box(layer: Any, graph: Any, details: Details) -> Box:
    kind = layer._class_name if isinstance(layer, Layer) else layer.class_name
    title = f"{layer.name} ({kind})" if details.show_layer_names else kind
    nested = details.expand_nested and _graph_of(layer) is not None and graph is not None
    return Box(
        title, _rows(layer, graph, details), _tint(layer), diagram_of(layer, details) if nested else None
    )


def _tint(layer: Any) -> str:
    for cls in type(layer).__mro__:
        room, _, file = cls.__module__.rpartition(".")
        if room == "neurona.layers":
            return _TINTS.get(file, _OTHER)
    return _OTHER


def _rows(layer: Any, graph: Any, details: Details) -> list[str]:
    table = texts(details.language)
    inputs, outputs = _tensors(layer, graph)
    rows = []
    activation = getattr(layer, "activation", None)
    if details.show_layer_activations and activation is not None:
        rows.append(getattr(activation, "__name__", None) or type(activation).__name__)
    if details.show_shapes:
        rows += [f"{table['input_shape']}: {_shapes(inputs)}"] if inputs else []
        rows += [f"{table['output_shape']}: {_shapes(outputs)}"] if outputs else []
    if details.show_dtype and outputs:
        rows.append(f"{table['dtype']}: {', '.join(dict.fromkeys(str(tensor.dtype) for tensor in outputs))}")
    if details.show_trainable and getattr(layer, "weights", None):
        rows.append(table["trainable" if layer.trainable else "frozen"])
    return rows


def _tensors(layer: Any, graph: Any) -> tuple[list[Any], list[Any]]:
    """The symbolic inputs and outputs of a layer's first call in a graph."""
    calls = graph.calls_of(layer) if graph is not None else []
    if calls:
        return calls[0].inputs, symbolic_leaves(calls[0].outputs)
    if graph is not None and layer in graph.input_layers:
        return [], symbolic_leaves(layer.output)
    own = _graph_of(layer)
    return (own.input_tensors, own.output_tensors) if own is not None else ([], [])


def _shapes(tensors: list[Any]) -> str:
    shapes = [str(tuple(tensor.shape)) for tensor in tensors]
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"
