"""A picture of a graph."""

from collections.abc import Iterable
from typing import Any

from neurona.graph.cost import cost_of, kind_of, value_of
from neurona.graph.execution import needed
from neurona.graph.node import Constant, Node, Placeholder, Update, Variable
from neurona.plotting.diagram import Box, Diagram
from neurona.plotting.model import plot_diagram

_TINTS: dict[type, str] = {
    Placeholder: "#D9D9D9",
    Constant: "#F6F0A8",
    Variable: "#F8D791",
    Update: "#F2B9A0",
}
_OTHER = "#ABD9F4"


def plot_graph(
    ends: Iterable[Node], to_file: Any = None, size: int = 1, rankdir: str = "TB", dpi: float = 200
) -> Any:
    """Draw the nodes that some nodes need: a box for each, with its value's shape and its cost, and an arrow
    to each node that reads it.

    Needs matplotlib. Colours tell inputs, constants, variables, updates and functions apart.

    Args:
        ends: the nodes at the end of the graph.
        to_file: the file to write; None writes none.
        size: the number in the place of sizes that are not known, for the cost.
        rankdir: where the arrows lead: `"TB"`, `"BT"`, `"LR"` or `"RL"`.
        dpi: dots per inch.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        MissingDependencyError: matplotlib is not installed.

    Example:

        >>> import jax.numpy as jnp
        >>> from neurona.graph.node import Placeholder
        >>> figure = plot_graph([Node(jnp.sum, (Placeholder((None, 4), name="x"),))])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['x (Placeholder)', 'float32(None, 4)', 'sum', 'float32()', '3 flops, 24 bytes']
    """
    ends = list(ends)
    nodes = needed(ends)
    number = {node: place for place, node in enumerate(nodes)}
    arrows = [
        (number[one], number[node], 0, place)
        for node in nodes
        for place, one in enumerate((*node.inputs, *node.after))
    ]
    entrances = [number[node] for node in nodes if isinstance(node, Placeholder)]
    diagram = Diagram([_box(node, size) for node in nodes], arrows, entrances, [number[end] for end in ends])
    return plot_diagram(diagram, to_file, rankdir=rankdir, dpi=dpi, who="plot_graph")


def _box(node: Node, size: int) -> Box:
    kind, cost = kind_of(node), cost_of(node, size)
    rows = [value_of(node)]
    if cost and (cost.flops or cost.bytes):
        rows.append(f"{cost.flops:,} flops, {cost.bytes:,} bytes")
    title = node.name if node.name == kind else f"{node.name} ({kind})"
    tint = next((tint for cls, tint in _TINTS.items() if isinstance(node, cls)), _OTHER)
    return Box(title, rows, tint)
