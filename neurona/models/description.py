"""Functional models as plain dictionaries: written and read as Keras does, and compared without names."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax

from neurona import ops, saving
from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.registry import constructor_arguments, deserialize, serialize
from neurona.core.symbolic import Operation, is_symbolic
from neurona.layers.input import InputLayer
from neurona.models.call_graph import CallGraph


def functional_config(model: Any, graph: CallGraph) -> dict[str, Any]:
    """A functional model as Keras writes it: each operation with the calls that lead to it."""

    def tensor(leaf: Any) -> Any:
        if not is_symbolic(leaf):
            return serialize(leaf)
        address = list(graph.address(leaf))
        return {
            "class_name": "__keras_tensor__",
            "config": {"shape": list(leaf.shape), "dtype": leaf.dtype, "keras_history": address},
        }

    def arguments(tree: Any) -> Any:
        if isinstance(tree, Mapping):
            return {key: arguments(value) for key, value in tree.items()}
        if isinstance(tree, (list, tuple)):
            return [arguments(value) for value in tree]
        return tensor(tree)

    described = []
    for operation in graph.operations:
        nodes = [] if operation in graph.input_layers else graph.calls_of(operation)
        if isinstance(operation, Layer):
            entry = saving.describe_layer(operation)
            calls = [{"args": arguments(node.args), "kwargs": arguments(node.kwargs)} for node in nodes]
        else:
            entry, args, kwargs = ops.operation_config(operation, nodes[0].args, nodes[0].kwargs)
            calls = [{"args": arguments(args), "kwargs": arguments(kwargs)}]
        described.append({**entry, "name": operation.name, "inbound_nodes": calls})

    def addresses(tree: Any) -> Any:
        return jax.tree.map(lambda leaf: list(graph.address(leaf)), tree)

    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": described,
        "input_layers": addresses(graph.inputs),
        "output_layers": addresses(graph.outputs),
    }


def functional_from_config(
    cls: Any,
    config: Mapping[str, Any],
    layers: Mapping[str, Layer] | None = None,
    call_function: Callable[..., Any] | None = None,
) -> Any:
    """Build a functional model from its description, out of given layers (by name) where there are any.
    `call_function(layer, *args, **kwargs)` calls them, if given.
    """
    operations: dict[str, Any] = {}
    outputs: dict[tuple[str, int], list[Any]] = {}
    waiting: list[tuple[str, int, Mapping[str, Any]]] = []
    for entry in config["layers"]:
        name = entry.get("name") or entry["config"]["name"]
        if saving.is_layer(entry):
            operations[name] = (layers or {}).get(name) or saving.build_layer(entry)
        else:
            operations[name] = entry
        if isinstance(operations[name], InputLayer):
            outputs[(name, 0)] = [operations[name].output]
        waiting += [(name, index, call) for index, call in enumerate(entry["inbound_nodes"])]

    def resolved(tree: Any) -> Any:
        if isinstance(tree, Mapping):
            if tree.get("class_name") == "__keras_tensor__":
                name, call, index = tree["config"]["keras_history"]
                return outputs[(name, call)][index]
            if "class_name" in tree:
                return deserialize(tree)
            return {key: resolved(value) for key, value in tree.items()}
        return type(tree)(map(resolved, tree)) if isinstance(tree, (list, tuple)) else tree

    while waiting:
        later = []
        for name, call, description in waiting:
            try:
                args, kwargs = resolved(description["args"]), resolved(description.get("kwargs", {}))
            except KeyError:
                later.append((name, call, description))
                continue
            operation = operations[name]
            if isinstance(operation, Layer):
                result = (call_function or _call)(operation, *args, **kwargs)
            else:
                result = ops.call_from_config(operation["class_name"], operation["config"], args, kwargs)
                jax.tree.leaves(result)[0].node.operation.name = name
            outputs[(name, call)] = jax.tree.leaves(result)
        if len(later) == len(waiting):
            raise ArgumentError(
                f"The description of model {config.get('name')!r} is broken: {later[0][0]!r} is called on "
                "tensors that do not exist."
            )
        waiting = later

    def tensors(tree: Any) -> Any:
        if isinstance(tree, Mapping):
            return {key: tensors(value) for key, value in tree.items()}
        if len(tree) == 3 and isinstance(tree[0], str) and isinstance(tree[1], int):
            return outputs[(tree[0], tree[1])][tree[2]]
        return type(tree)(map(tensors, tree))

    model_inputs, model_outputs = tensors(config["input_layers"]), tensors(config["output_layers"])
    names = set(constructor_arguments(cls) or ()) - {"inputs", "outputs", "trainable"}
    own = {name: deserialize(config[name]) for name in names & set(config)}
    return cls(model_inputs, model_outputs, trainable=config.get("trainable", True), **own)


def _call(layer: Layer, *args: Any, **kwargs: Any) -> Any:
    return layer(*args, **kwargs)


def takes_graph(cls: Any) -> bool:
    """Whether the constructor of a functional model's class takes `inputs` and `outputs`, as `Model` does."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    names = [parameter.name for parameter in parameters]
    return names[:2] == ["inputs", "outputs"] or any(p.kind is p.VAR_POSITIONAL for p in parameters)


def functional_structure(graph: CallGraph) -> Any:
    """A graph by the numbers of its operations instead of their names."""
    numbers = {operation.name: number for number, operation in enumerate(graph.operations)}

    def tensor(leaf: Any) -> Any:
        if not is_symbolic(leaf):
            return serialize(leaf)
        name, call, index = graph.address(leaf)
        return {"from": [numbers[name], call, index]}

    def tree(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): tree(item) for key, item in value.items()}
        return [tree(item) for item in value] if isinstance(value, (list, tuple)) else tensor(value)

    described = []
    for operation in graph.operations:
        what = operation.class_name if isinstance(operation, Operation) else operation._structure()
        nodes = [] if operation in graph.input_layers else graph.calls_of(operation)
        described.append([what, [[tree(node.args), tree(node.kwargs)] for node in nodes]])
    return [described, tree(graph.inputs), tree(graph.outputs)]
