"""`tf.GraphDef` and what reads and writes it: `import_graph_def`, `write_graph`, `graph_util`.

A node computes a function of Python, which a file does not hold. A graph's bytes and texts list its
operations; `import_graph_def` finds what the same process has made.
"""

import copy
import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import SavingError
from neurona.graph import Constant, Node, as_node, needed, replaced
from neurona.graph.control import Part
from neurona.legacy.tensorflow.v1.graph import Graph, get_default_graph
from neurona.legacy.tensorflow.v1.tensor import convert

_MARK = "operations of a graph of Neurona"
_made: dict[str, "GraphDef"] = {}  # what this process has turned into bytes


class NodeDef:
    """An operation of a graph as a message.

    Attributes:
        name, op, device: the operation's name, type and device.
        input: the names of the tensors that it reads.
        attr: nothing: what an operation does is a function.
    """

    def __init__(self, operation: Any, op: str | None = None) -> None:
        self.name, self.op, self.device = operation.name, op or operation.type, operation.device
        self.inputs = operation.inputs
        names = [getattr(one, "name", "") for one in operation.inputs]
        self.input = [] if op else [name.removesuffix(":0") for name in names]
        self.attr: dict[str, Any] = {}

    @property
    def type(self) -> str:
        """The operation's type."""
        return self.op

    def __str__(self) -> str:
        inputs = "".join(f'  input: "{name}"\n' for name in self.input)
        return f'node {{\n  name: "{self.name}"\n  op: "{self.op}"\n{inputs}}}\n'


class GraphDef:
    """The operations of a graph, and, where they were frozen, the values of its variables.

    Attributes:
        node: a `NodeDef` of each.
    """

    def __init__(self, graph: Graph | None = None) -> None:
        self.graph, self.frozen = graph, dict[Node, Any]()
        self.node = [NodeDef(one) for one in graph.get_operations()] if graph else []

    def __str__(self) -> str:
        return "".join(map(str, self.node))

    def SerializeToString(self) -> bytes:
        """The names of the operations; the same process finds the graph again."""
        key = uuid.uuid4().hex
        _made[key] = self
        listed = [[one.name, one.op, one.input] for one in self.node]
        return json.dumps({"format": _MARK, "key": key, "node": listed}).encode()

    def ParseFromString(self, serialized: bytes) -> None:
        """What this process has turned into bytes.

        Raises:
            SavingError: they are of TensorFlow, or of another process.
        """
        try:
            held = json.loads(serialized)
        except ValueError:
            held = {}
        if not isinstance(held, dict) or held.get("format") != _MARK:
            raise SavingError(
                "This is a graph of TensorFlow's own operations, which Neurona does not run. Build the graph "
                "with the code that made it, and give it values that were written with numpy.savez."
            )
        made = _made.get(str(held.get("key")))
        if made is None:
            raise SavingError(
                "Another process has written this graph, whose functions are not in its file. Build the "
                "graph with the code that made it, and give it the values with "
                "tf.train.Saver().restore(sess, path)."
            )
        self.__dict__.update(vars(made))

    @classmethod
    def FromString(cls, serialized: bytes) -> "GraphDef":
        """What this process has turned into bytes."""
        made = cls()
        made.ParseFromString(serialized)
        return made

    def CopyFrom(self, other: "GraphDef") -> None:
        """Become another."""
        self.__dict__.update(vars(other))

    def ByteSize(self) -> int:
        """How many bytes it makes."""
        return len(str(self))


def import_graph_def(
    graph_def: GraphDef,
    input_map: Any = None,
    return_elements: Any = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list[Any] | None:
    """Put the operations of a graph into the default one, with a name before theirs.

    Args:
        input_map: tensors that stand in the place of others, by the others' names.
        return_elements: names of what is returned.
        name: "import" by default; "" for none.

    Raises:
        ValueError: a name is taken, or not in the graph.
    """
    graph, source = get_default_graph(), graph_def.graph
    if source is None:
        return None if return_elements is None else []
    prefix = "import" if name is None else name
    prefix = graph.unique_name(prefix.rstrip("/")) + "/" if prefix else ""
    kept = {one.name for one in graph_def.node}
    given = {_node_of(source, key): as_node(convert(one).node) for key, one in (input_map or {}).items()}
    again = _copied([one for one in source.get_operations() if one.name in kept], given)
    for operation in source.get_operations():
        if operation.name not in kept:
            continue
        if prefix + operation.name in graph._operations:
            raise ValueError(f"The graph has an operation named {prefix + operation.name!r} already.")
        _place(operation, prefix, graph, again)
    graph.frozen.update(graph_def.frozen)
    if return_elements is None:
        return None
    return [graph.as_graph_element(prefix + one) for one in return_elements]


def _node_of(graph: Graph, name: str) -> Node:
    return graph.get_tensor_by_name(name if ":" in name else f"{name}:0").node


def _copied(operations: list[Any], given: dict[Node, Node]) -> dict[Node, Node]:
    """Copies of the nodes that lead on from some which others stand for."""
    again = dict(given)
    ends = [node for operation in operations for node in operation.graph_nodes]
    for node in needed(ends) if given else ():
        if node in again or again.keys().isdisjoint((*node.inputs, *node.after)):
            continue
        if any(isinstance(part, Part) for part in getattr(node, "parts", ())):
            raise NotImplementedError(
                f"import_graph_def: input_map= leads into the loop or condition {node.name!r}, which is not "
                "copied. Build the graph with the tensor itself."
            )
        made = again[node] = copy.copy(node)
        made.args, made.kwargs = replaced((node.args, node.kwargs), lambda one: again.get(one, one))
        made.inputs = tuple(again.get(one, one) for one in node.inputs)
        made.after = tuple(again.get(one, one) for one in node.after)
        made.number = Constant(0).number
    return again


def _place(operation: Any, prefix: str, graph: Graph, again: dict[Node, Node]) -> None:
    """A copy of an operation in a graph."""
    made = copy.copy(operation)
    made.graph, made.outputs, made.name = graph, [], prefix + operation.name
    made.graph_nodes = tuple(again.get(one, one) for one in operation.graph_nodes)
    for tensor in operation.outputs:
        other = object.__new__(type(tensor))
        other.__dict__.update(vars(tensor), op=made)
        if "node" in vars(tensor):
            other.node = again.get(tensor.node, tensor.node)
        if "graph" in vars(tensor):
            other.graph = graph
        made.outputs.append(other)
    graph.add_operation(made)
    graph._names[made.name.lower()] = graph._names.get(made.name.lower(), 0) + 1


# graph_util.


def extract_sub_graph(graph_def: GraphDef, dest_nodes: Iterable[str]) -> GraphDef:
    """The operations that some need, these included.

    Raises:
        ValueError: one of them is not there.
    """
    assert graph_def.graph is not None
    operations = {one.name: one for one in graph_def.graph.get_operations()}
    if missing := [name for name in dest_nodes if name not in operations]:
        raise ValueError(f"{missing[0]} is not in graph")
    nodes = _nodes_for([node for name in dest_nodes for node in operations[name].graph_nodes])
    made = GraphDef()
    made.graph, made.frozen = graph_def.graph, dict(graph_def.frozen)
    wanted = {name for name, one in operations.items() if name in set(dest_nodes) or _computes(one, nodes)}
    made.node = [one for one in graph_def.node if one.name in wanted]
    return made


def _nodes_for(ends: list[Node]) -> set[Node]:
    """The nodes that some need, those inside of conditions and loops too."""
    found = needed(ends)
    return {*found, *(node for one in found for part in getattr(one, "parts", ()) for node in part.captured)}


def _computes(operation: Any, nodes: set[Node]) -> bool:
    return bool(operation.graph_nodes) and nodes.issuperset(operation.graph_nodes)


def convert_variables_to_constants(
    sess: Any,
    input_graph_def: GraphDef,
    output_node_names: Iterable[str],
    variable_names_whitelist: Any = None,
    variable_names_blacklist: Any = None,
) -> GraphDef:
    """The operations that some need, with the values that variables have in a session."""
    made = extract_sub_graph(input_graph_def, list(output_node_names))
    assert made.graph is not None
    operations = {one.name: one for one in made.graph.get_operations()}
    listed = []
    for one in made.node:
        held = [node for node in operations[one.name].graph_nodes if node in sess.values]
        made.frozen |= {node: np.asarray(sess.values[node]) for node in held}
        listed.append(NodeDef(operations[one.name], "Const") if held else one)
    made.node = listed
    return made


def remove_training_nodes(input_graph: GraphDef, protected_nodes: Any = None) -> GraphDef:
    """The same: what only training needs is not computed when it is not asked for."""
    return input_graph


def write_graph(graph_or_graph_def: Any, logdir: Any, name: str, as_text: bool = True) -> str:
    """Write a graph's operations, as text or as bytes; returns the path."""
    made = (
        graph_or_graph_def.as_graph_def()
        if hasattr(graph_or_graph_def, "as_graph_def")
        else graph_or_graph_def
    )
    path = Path(str(logdir)) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if as_text:
        path.write_text(str(made), encoding="utf-8")
    else:
        path.write_bytes(made.SerializeToString())
    return str(path)
