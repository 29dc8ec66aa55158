"""Layers of Keras on tensors of a graph, whose variables sessions initialize and train."""

import functools
import inspect
import weakref
from inspect import signature
from typing import Any

import jax
import numpy as np

from neurona import losses, metrics
from neurona.core.layer import Layer
from neurona.core.random import as_key
from neurona.core.registry import built_in, register_built_in
from neurona.layers import Input
from neurona.legacy.tensorflow.v1.building import placeholder_with_default
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
    asks = training is None and (layer._tracked_parts()[1] or "training" in signature(layer.call).parameters)
    applied, phase = (_in_a_phase, phase_of(get_default_graph())) if asks else (_applied, bool(training))
    outputs, *new = draw(
        applied, (layer, [*twins], tensor, phase), name=layer.name, default=layer.name, kind="Layer"
    )
    if training:
        for twin, value in zip(twins, new, strict=True):
            if not twin.trainable:
                get_default_graph().add_to_collection(GraphKeys.UPDATE_OPS, twin.assign(value))
    return outputs


def _applied(layer: Any, values: list[Any], inputs: Any, training: bool, key: Any = None) -> list[Any]:
    outputs, new = layer.apply(values, inputs, key=as_key() if key is None else key, training=training)
    return [outputs, *new]


def _in_a_phase(layer: Any, values: list[Any], inputs: Any, phase: Any) -> list[Any]:
    """A layer whose use, in training or not, is what a session is fed for K.learning_phase()."""
    key = as_key()
    return jax.lax.cond(
        phase,
        lambda: _applied(layer, values, inputs, True, key),
        lambda: _applied(layer, values, inputs, False, key),
    )


_phases: weakref.WeakKeyDictionary[Any, GraphTensor] = weakref.WeakKeyDictionary()


def phase_of(graph: Any) -> GraphTensor:
    """The placeholder of a graph for K.learning_phase(): False where it is not fed."""
    if graph not in _phases:
        with graph.name_scope(None):
            _phases[graph] = placeholder_with_default(False, (), "keras_learning_phase")
    return _phases[graph]


def _on_graphs(function: Any) -> Any:
    """A loss or a metric of Keras that is a step of the graph where it is given tensors of graphs."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(isinstance(one, (GraphTensor, GraphVariable)) for one in (*args, *kwargs.values())):
            return draw(function, tuple(map(convert, args)), kwargs, default=function.__name__)
        return function(*args, **kwargs)

    return call


@functools.cache  # a notebook may ask again
def install_functions() -> None:
    """Let the losses and metrics that are functions be called on tensors of graphs, in this process."""
    for kind, room in (("losses", losses), ("metrics", metrics)):
        for name, value in list(vars(room).items()):
            if inspect.isfunction(value) and [*signature(value).parameters][:1] == ["y_true"]:
                on_graphs = _on_graphs(value)
                setattr(room, name, on_graphs)
                if built_in(kind).get(name) is value:  # a file still calls it by its name
                    register_built_in(on_graphs, kind=kind, name=name)


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
