"""Layers of Keras on tensors of a graph, whose variables sessions initialize and train."""

import functools
import weakref
from typing import Any

import numpy as np

from neurona.core.layer import Layer
from neurona.core.random import as_key
from neurona.layers import Input
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.mode import computing
from neurona.legacy.tensorflow.v1.tensor import GraphTensor, convert, draw
from neurona.legacy.tensorflow.v1.variables import GraphVariable

_twins: weakref.WeakKeyDictionary[Any, dict[Any, GraphVariable]] = weakref.WeakKeyDictionary()


def _variables(layer: Any) -> list[GraphVariable]:
    """The graph's variables that stand for those of a layer, with the same first values."""
    graph = get_default_graph()
    twins = _twins.setdefault(graph, {})
    found = []
    for variable in layer.variables:
        if id(variable) not in twins:
            with graph.name_scope(None):
                twins[id(variable)] = GraphVariable(
                    np.asarray(variable.value), trainable=variable.trainable, name=variable.path
                )
            layer.__dict__.setdefault("_graph_twins", []).append(variable)  # its id stays its own
        found.append(twins[id(variable)])
    return found


def _call(layer: Any, inputs: Any, training: bool | None) -> Any:
    tensor = convert(inputs)
    if not layer.built:
        with computing():
            layer(Input(batch_shape=tuple(tensor.shape), dtype=tensor.node.dtype))
    twins = _variables(layer)
    outputs, *new = draw(
        _applied, (layer, [*twins], tensor, bool(training)), name=layer.name, default=layer.name, kind="Layer"
    )
    if training:
        for twin, value in zip(twins, new, strict=True):
            if not twin.trainable:
                get_default_graph().add_to_collection(GraphKeys.UPDATE_OPS, twin.assign(value))
    return outputs


def _applied(layer: Any, values: list[Any], inputs: Any, training: bool) -> list[Any]:
    outputs, new = layer.apply(values, inputs, key=as_key(), training=training)
    return [outputs, *new]


def install() -> None:
    """Let layers be called on tensors of graphs."""
    plain = Layer.__call__

    @functools.wraps(plain)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], (GraphTensor, GraphVariable)):
            return _call(self, args[0], kwargs.get("training"))
        return plain(self, *args, **kwargs)

    Layer.__call__ = call  # pyright: ignore[reportAttributeAccessIssue]


install()
