"""Functional models as plain dictionaries: written and read as Keras does, and compared without names."""

import collections
import inspect
from collections.abc import Callable, Iterator, Mapping
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

    def addresses(tree: Any, first: Mapping[str, int]) -> Any:
        def place(leaf: Any) -> list[Any]:
            name, call, index = graph.address(leaf)
            return [name, call + first.get(name, 0), index]

        return jax.tree.map(place, tree)

    # Among the outputs, and only there, Keras counts the calls of a functional model from 1.
    first = {operation.name: 1 for operation in graph.operations if _is_functional(operation)}

    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": described,
        "input_layers": addresses(graph.inputs, {}),
        "output_layers": addresses(graph.outputs, first),
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
    drawing = _Drawing(config, layers or {}, call_function or _call)
    drawing.draw()
    inputs, outputs = drawing.tensors(config["input_layers"], {}), drawing.outputs(config["output_layers"])
    names = set(constructor_arguments(cls)) - {"inputs", "outputs", "trainable"}
    own = {name: deserialize(config[name]) for name in names & set(config)}
    return cls(inputs, outputs, trainable=config.get("trainable", True), **own)


_Place = tuple[str, int]  # the name of an operation, and which of its calls


class _Drawing:
    """The calls of a description, drawn in an order in which each finds its inputs.

    Args:
        config: of the model.
        layers: those to use, by name; others are built.
        call_function: calls a layer on its arguments.
    """

    def __init__(
        self, config: Mapping[str, Any], layers: Mapping[str, Layer], call_function: Callable[..., Any]
    ) -> None:
        self._name, self._call_function = config.get("name"), call_function
        self._operations: dict[str, Any] = {}
        self._outputs: dict[_Place, list[Any]] = {}
        self._calls: dict[_Place, Mapping[str, Any]] = {}
        for entry in config["layers"]:
            name = entry.get("name") or entry["config"]["name"]
            if saving.is_layer(entry):
                self._operations[name] = layers.get(name) or saving.build_layer(entry)
            else:
                self._operations[name] = entry
            if isinstance(self._operations[name], InputLayer):
                self._outputs[(name, 0)] = [self._operations[name].output]
            self._calls |= {(name, index): call for index, call in enumerate(entry["inbound_nodes"])}

    def draw(self) -> None:
        """Draw every call once what it reads is there.

        Raises:
            ArgumentError: a call reads tensors that do not exist.
        """
        missing = {place: set(_sources(call)) - set(self._outputs) for place, call in self._calls.items()}
        readers: dict[_Place, list[_Place]] = {}
        for place, sources in missing.items():
            for source in sources:
                readers.setdefault(source, []).append(place)
        ready = collections.deque(place for place, sources in missing.items() if not sources)
        while ready:
            place = ready.popleft()
            self._outputs[place] = self._call(place)
            del missing[place]
            for reader in readers.get(place, ()):
                missing[reader].discard(place)
                if not missing[reader]:
                    ready.append(reader)
        if missing:
            raise ArgumentError(
                f"The description of model {self._name!r} is broken: {next(iter(missing))[0]!r} is called on "
                "tensors that do not exist."
            )

    def _call(self, place: _Place) -> list[Any]:
        """The symbolic outputs of a call."""
        name, description = place[0], self._calls[place]
        args, kwargs = self._resolved(description["args"]), self._resolved(description.get("kwargs", {}))
        operation = self._operations[name]
        if isinstance(operation, Layer):
            return jax.tree.leaves(self._call_function(operation, *args, **kwargs))
        result = ops.call_from_config(operation["class_name"], operation["config"], args, kwargs)
        leaves = jax.tree.leaves(result)
        leaves[0].node.operation.name = name
        return leaves

    def _resolved(self, tree: Any) -> Any:
        """Arguments with tensors in the places of their addresses."""
        if isinstance(tree, Mapping):
            if tree.get("class_name") == "__keras_tensor__":
                name, call, index = tree["config"]["keras_history"]
                return self._outputs[(name, call)][index]
            if "class_name" in tree:
                return deserialize(tree)
            return {key: self._resolved(value) for key, value in tree.items()}
        return type(tree)(map(self._resolved, tree)) if isinstance(tree, (list, tuple)) else tree

    def outputs(self, tree: Any) -> Any:
        """The tensors at the addresses of outputs: calls of functional models are counted from 1; in files of
        Neurona's first versions from 0.
        """
        places = list(_addresses(tree))
        first = {name: 1 for name, _ in places if _is_functional(self._operations.get(name))}
        return self.tensors(tree, {**first, **{name: 0 for name, call in places if call == 0}})

    def tensors(self, tree: Any, first: Mapping[str, int]) -> Any:
        """The tensors at addresses, which are lists of a name, a call and an output.

        Args:
            tree: the addresses.
            first: the number of the first call, by names, where it is not 0.
        """
        if isinstance(tree, Mapping):
            return {key: self.tensors(value, first) for key, value in tree.items()}
        if _is_address(tree):
            name, call, index = tree
            return self._outputs[(name, call - first.get(name, 0))][index]
        return type(tree)(self.tensors(value, first) for value in tree)


def _is_address(tree: Any) -> bool:
    return len(tree) == 3 and isinstance(tree[0], str) and isinstance(tree[1], int)


def _addresses(tree: Any) -> Iterator[_Place]:
    """The calls at the addresses in a tree."""
    if isinstance(tree, Mapping):
        tree = list(tree.values())
    if _is_address(tree):
        yield tree[0], tree[1]
    else:
        for value in tree:
            yield from _addresses(value)


def _is_functional(operation: Any) -> bool:
    """Whether an operation of a model is a model with a graph, and no Sequential."""
    return getattr(operation, "_is_functional", False)


def _sources(tree: Any) -> Iterator[_Place]:
    """The calls whose outputs a call reads."""
    if isinstance(tree, Mapping):
        if tree.get("class_name") == "__keras_tensor__":
            name, call, _ = tree["config"]["keras_history"]
            yield name, call
        else:
            for value in tree.values():
                yield from _sources(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from _sources(value)


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
