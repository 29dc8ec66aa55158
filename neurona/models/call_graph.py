"""The graph of a functional model: which calls lead from its inputs to its outputs, and how to run them."""

import functools
from collections import Counter
from typing import Any

import jax

from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.symbolic import Node, SymbolicTensor, is_symbolic, symbolic_leaves
from neurona.core.texts import too_late
from neurona.layers.input import Input, InputLayer
from neurona.models.fusion import chains_of


class CallGraph:
    """The calls between inputs and outputs, in an order in which they can run.

    Args:
        inputs, outputs: symbolic tensors, or lists or dictionaries of them.

    Raises:
        ArgumentError: an output does not depend on the inputs alone.
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.input_tensors, self.output_tensors = _tensors("inputs", inputs), _tensors("outputs", outputs)
        if len({id(tensor) for tensor in self.input_tensors}) < len(self.input_tensors):
            raise ArgumentError("Model: the same tensor is given as an input twice.")
        # An input may be a tensor from the middle of another model: it gets an entrance of its own.
        self.input_layers: list[InputLayer] = [_entrance(tensor) for tensor in self.input_tensors]
        self._given = {(t.node, t.index): layer for t, layer in zip(self.input_tensors, self.input_layers)}
        self.nodes, met = self._in_running_order()
        self.operations: list[Any] = self._in_order_of_keras(met)
        self.layers = [operation for operation in self.operations if isinstance(operation, Layer)]
        self._calls: dict[Any, list[Node]] = {}
        for node in self.nodes:
            self._calls.setdefault(node.operation, []).append(node)
        read = (self.output_tensors, *(node.inputs for node in self.nodes))
        readers = Counter((tensor.node, tensor.index) for tensors in read for tensor in tensors)
        self._chains = chains_of(self.nodes, readers)
        name, count = Counter(layer.name for layer in self.layers).most_common(1)[0]
        if count > 1:
            raise ArgumentError(
                f"Two layers are called {name!r}: names are unique in a model. Give one of them another "
                "name=."
            )

    def _in_running_order(self) -> tuple[list[Node], dict[Any, int]]:
        """The nodes, each after those that give its inputs; and the operations, numbered as they are met on
        the way from the outputs.
        """
        order: list[Node] = []
        met: dict[Any, int] = {}
        state: dict[Node, str] = {}
        stack = [(tensor, False) for tensor in reversed(self.output_tensors)]
        while stack:
            tensor, leaving = stack.pop()
            node = tensor.node
            given = self._given.get((node, tensor.index))
            if given is not None:
                met.setdefault(given, len(met))
            if given is not None or node is None:
                continue
            if leaving and state[node] == "open":
                state[node] = "done"
                order.append(node)
            if leaving or node in state:
                continue
            if isinstance(node.operation, InputLayer):
                raise ArgumentError(
                    f"Model: the outputs depend on the input {tensor.name!r}, which is not among the model's "
                    "inputs."
                )
            state[node] = "open"
            met.setdefault(node.operation, len(met))
            stack.append((tensor, True))
            stack.extend((parent, False) for parent in reversed(node.inputs))
        return order, met

    def _in_order_of_keras(self, met: dict[Any, int]) -> list[Any]:
        """The operations by depth, those furthest from the outputs first, then as met from the outputs."""
        depths: dict[Node | None, int] = {}
        of_operations: dict[Any, int] = {}
        for node in reversed(self.nodes):
            depth = max(depths.get(node, 0), of_operations.get(node.operation, 0))
            depths[node] = of_operations[node.operation] = depth
            for parent in node.inputs:
                layer = self._given.get((parent.node, parent.index))
                if layer is not None:
                    of_operations[layer] = max(depth + 1, of_operations.get(layer, 0))
                else:
                    depths[parent.node] = max(depth + 1, depths.get(parent.node, 0))
        for number, layer in enumerate(self.input_layers):
            of_operations.setdefault(layer, 0)
            met.setdefault(layer, len(met) + number)
        return sorted(of_operations, key=lambda operation: (-of_operations[operation], met[operation]))

    def run(self, values: list[Any]) -> Any:
        """The outputs for arrays in the order of the inputs."""
        table: dict[tuple[Any, int], Any] = dict(zip(self._given, values))

        def fill(leaf: Any) -> Any:
            return table[(leaf.node, leaf.index)] if is_symbolic(leaf) else leaf

        for node in self.nodes:
            args, kwargs = jax.tree.map(fill, (node.args, node.kwargs))
            outputs = jax.tree.leaves(node.operation(*args, **kwargs))
            for chain in self._chains.get(node, ()):
                together = chain.run(table[chain.source])
                if together is not None:
                    outputs = [together]
                    break
            for index, value in enumerate(outputs):
                table[(node, index)] = value
        return jax.tree.map(fill, self.outputs)

    def note_host(self, values: list[Any]) -> None:
        """Call the layers that work on the host, and what they depend on, for values of the inputs."""
        table: dict[tuple[Any, int], Any] = dict(zip(self._given, values))
        nodes = self._nodes_on_host
        read = {tensor.node for node in nodes for tensor in node.inputs}

        def fill(leaf: Any) -> Any:
            return table[(leaf.node, leaf.index)] if is_symbolic(leaf) else leaf

        for node in nodes:
            self._refuse_learning(node)
            args, kwargs = jax.tree.map(fill, (node.args, node.kwargs))
            if node in read or not isinstance(node.operation, Layer):
                outputs = node.operation(*args, **kwargs)
                table |= {(node, index): leaf for index, leaf in enumerate(jax.tree.leaves(outputs))}
            else:
                node.operation._note_host(args, kwargs)

    def _refuse_learning(self, node: Node) -> None:
        """Raise TracingError where weights that are trained lead to a layer on the host."""
        for tensor in node.inputs:
            before = None if (tensor.node, tensor.index) in self._given else tensor.node
            if before is not None and getattr(before.operation, "trainable_variables", None):
                raise too_late(f"{type(node.operation).__name__} {node.operation.name!r}")

    @functools.cached_property
    def _nodes_on_host(self) -> list[Node]:
        """The calls of layers that work on the host or hold such layers, and those that they depend on."""
        wanted: set[Node | None] = set()
        for node in reversed(self.nodes):
            parts = node.operation._flatten_layers() if isinstance(node.operation, Layer) else ()
            takes_texts = any(tensor.dtype == "string" for tensor in node.inputs)
            if node in wanted or takes_texts or any(part._on_host for part in parts):
                inner = (tensor for tensor in node.inputs if (tensor.node, tensor.index) not in self._given)
                wanted |= {node, *(tensor.node for tensor in inner)}
        return [node for node in self.nodes if node in wanted]

    def calls_of(self, operation: Any) -> list[Node]:
        """The nodes of this graph that call an operation, in order."""
        return self._calls.get(operation, [])

    def address(self, tensor: SymbolicTensor) -> tuple[str, int, int]:
        """Where a tensor comes from, as files write it: the operation's name, which of its calls, which
        output.
        """
        layer = self._given.get((tensor.node, tensor.index))
        if layer is not None:
            return layer.name, 0, 0
        node = tensor.node
        if node is None:
            raise ArgumentError(f"{tensor!r} has no history.")
        return node.operation.name, self.calls_of(node.operation).index(node), tensor.index

    def parents(self, operation: Any) -> list[str]:
        """The names of what an operation's inputs come from, for a summary."""
        return [
            self.address(tensor)[0]
            for node in self.calls_of(operation)
            for tensor in symbolic_leaves((node.args, node.kwargs))
        ]


def _tensors(what: str, tree: Any) -> list[SymbolicTensor]:
    """The symbolic tensors in a tree; raises ArgumentError where there is anything else."""
    leaves = jax.tree.leaves(tree)
    if not leaves or not all(map(is_symbolic, leaves)):
        raise ArgumentError(
            f"Model: {what} are symbolic tensors, as Input() and calls of layers on it return. Received: "
            f"{tree!r}"
        )
    return leaves


def _entrance(tensor: SymbolicTensor) -> InputLayer:
    """The InputLayer behind a tensor, or a new one for a tensor from the middle of another model."""
    node = tensor.node
    if node is not None and isinstance(node.operation, InputLayer):
        return node.operation
    entrance = Input(batch_shape=tensor.shape, dtype=tensor.dtype)
    return entrance.node.operation  # pyright: ignore[reportOptionalMemberAccess]


def get_source_inputs(tensor: SymbolicTensor) -> list[SymbolicTensor]:
    """The inputs of models that a symbolic tensor was computed from, in the order in which they are met.

    Example:

        >>> from neurona.layers import Dense, Input
        >>> x = Input((3,), name="x")
        >>> get_source_inputs(Dense(2)(x))
        [<SymbolicTensor shape=(None, 3), dtype=float32, name=x>]
    """
    found: dict[int, SymbolicTensor] = {}
    seen: set[int] = set()
    waiting = [tensor]
    while waiting:
        one = waiting.pop()
        if one.node is None or isinstance(one.node.operation, InputLayer):
            found[id(one)] = one
        elif id(one.node) not in seen:
            seen.add(id(one.node))
            waiting.extend(reversed(one.node.inputs))
    return list(found.values())
