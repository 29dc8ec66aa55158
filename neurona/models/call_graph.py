"""The graph behind a functional model: which calls lead from its inputs to its outputs, and how to run
them.
"""

from collections import Counter
from typing import Any

import jax

from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.symbolic import Node, SymbolicTensor, is_symbolic, symbolic_leaves
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
        for what, tree in (("inputs", inputs), ("outputs", outputs)):
            if not jax.tree.leaves(tree) or not all(map(is_symbolic, jax.tree.leaves(tree))):
                raise ArgumentError(
                    f"Model: {what} are symbolic tensors, as Input() and calls of layers on it return. "
                    f"Received: {tree!r}"
                )
        self.inputs, self.outputs = inputs, outputs
        self.input_tensors: list[SymbolicTensor] = jax.tree.leaves(inputs)
        self.output_tensors: list[SymbolicTensor] = jax.tree.leaves(outputs)
        if len({id(tensor) for tensor in self.input_tensors}) < len(self.input_tensors):
            raise ArgumentError("Model: the same tensor is given as an input twice.")
        # An input may be a tensor from the middle of another model: it gets an entrance of its own.
        entrances = [
            t if _is_input(t) else Input(batch_shape=t.shape, dtype=t.dtype) for t in self.input_tensors
        ]
        self.input_layers: list[InputLayer] = [
            entrance.node.operation for entrance in entrances if entrance.node
        ]
        self._given = {(t.node, t.index): layer for t, layer in zip(self.input_tensors, self.input_layers)}
        self.nodes = self._sorted()
        read = (
            tensor
            for tensors in (self.output_tensors, *(node.inputs for node in self.nodes))
            for tensor in tensors
        )
        readers = Counter((tensor.node, tensor.index) for tensor in read)
        self._chains = chains_of(self.nodes, readers)
        names = [layer.name for layer in self.layers]
        for name in names:
            if names.count(name) > 1:
                raise ArgumentError(
                    f"Two layers are called {name!r}: names are unique in a model. Give one of them another "
                    "name=."
                )

    def _sorted(self) -> list[Node]:
        """The nodes, inputs of a node before it; fills `operations` in Keras's order: by depth, then as met
        from the outputs.
        """
        order: list[Node] = []
        indices: dict[int, int] = {}
        state: dict[int, str] = {}
        stack = [(tensor, False) for tensor in reversed(self.output_tensors)]
        while stack:
            tensor, leaving = stack.pop()
            node = tensor.node
            given = self._given.get((node, tensor.index))
            if given is not None:
                indices.setdefault(id(given), len(indices))
            if given is not None or node is None:
                continue
            if leaving:
                if state[id(node)] == "open":
                    state[id(node)] = "done"
                    order.append(node)
                continue
            if id(node) in state:
                continue
            if isinstance(node.operation, InputLayer):
                raise ArgumentError(
                    f"Model: the outputs depend on the input {tensor.name!r}, which is not among the model's "
                    "inputs."
                )
            state[id(node)] = "open"
            indices.setdefault(id(node.operation), len(indices))
            stack.append((tensor, True))
            stack.extend((parent, False) for parent in reversed(node.inputs))
        depths: dict[int, int] = {}
        operation_depths: dict[int, int] = {}
        operations: dict[int, Any] = {}
        for node in reversed(order):
            depth = max(depths.get(id(node), 0), operation_depths.get(id(node.operation), 0))
            depths[id(node)] = operation_depths[id(node.operation)] = depth
            operations[id(node.operation)] = node.operation
            for parent in node.inputs:
                if (layer := self._given.get((parent.node, parent.index))) is not None:
                    operation_depths[id(layer)] = max(depth + 1, operation_depths.get(id(layer), 0))
                else:
                    depths[id(parent.node)] = max(depth + 1, depths.get(id(parent.node), 0))
        for number, layer in enumerate(self.input_layers):
            operations[id(layer)] = layer
            operation_depths.setdefault(id(layer), 0)
            indices.setdefault(id(layer), len(indices) + number)
        ranked = sorted(operations, key=lambda identity: (-operation_depths[identity], indices[identity]))
        self.operations: list[Any] = [operations[identity] for identity in ranked]
        self.layers: list[Layer] = [
            operation for operation in self.operations if isinstance(operation, Layer)
        ]
        return order

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

    def calls_of(self, operation: Any) -> list[Node]:
        """The nodes of this graph that call an operation, in order."""
        return [node for node in self.nodes if node.operation is operation]

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


def _is_input(tensor: SymbolicTensor) -> bool:
    return tensor.node is not None and isinstance(tensor.node.operation, InputLayer)
