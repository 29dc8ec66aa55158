"""What the nodes of a graph cost, as XLA counts it, and the table that shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from neurona.graph.execution import Run, needed
from neurona.graph.inference import Spec
from neurona.graph.node import Node, Variable


@dataclass(frozen=True)
class Cost:
    """What computing a node costs.

    Attributes:
        flops: floating-point operations.
        bytes: read and written.
    """

    flops: int
    bytes: int


def cost_of(node: Node, size: int = 1) -> Cost | None:
    """The cost of a node alone, from XLA's analysis of it; None where shapes are not known.

    Args:
        node: a node.
        size: the number in the place of sizes that are not known, such as that of the batch.

    Example:

        >>> import jax.numpy as jnp
        >>> from neurona.graph.node import Placeholder
        >>> x, y = Placeholder((None, 4)), Placeholder((4, 2))
        >>> cost_of(Node(jnp.matmul, (x, y)), size=3)
        Cost(flops=48, bytes=104)
    """
    if node.function is None and not node.inputs:
        return Cost(0, 0)
    leaves, form = jax.tree.flatten([one.spec for one in node.inputs])
    if any(leaf.shape is None for leaf in leaves):
        return None

    def sizes(shape: Any) -> list[int]:
        return [size if one is None else one for one in shape or ()]

    def function(values: list[Any]) -> Any:
        given = dict(zip(node.inputs, jax.tree.unflatten(form, values), strict=True))
        changed = [variable for variable in node.writes if variable not in given]
        state = {one: jax.numpy.zeros(sizes(one.spec.shape), one.spec.dtype) for one in changed}
        return Run(given, state, key=jax.random.key(0)).compute_traced(node)

    arrays = [jax.ShapeDtypeStruct(sizes(leaf.shape), np.dtype(leaf.dtype)) for leaf in leaves]
    try:
        analysis = jax.jit(function).lower(arrays).cost_analysis() or {}
    except Exception:  # a node whose shapes depend on numbers has no cost before it runs
        return None
    return Cost(int(analysis.get("flops", 0)), int(analysis.get("bytes accessed", 0)))


def describe(ends: Iterable[Node], size: int = 1) -> str:
    """A table of the nodes that some nodes need: names, functions, shapes, inputs, operations and bytes.

    Args:
        ends: the nodes at the end of the graph.
        size: the number in the place of sizes that are not known, for the cost.

    Example:

        >>> import jax.numpy as jnp
        >>> from neurona.graph.node import Placeholder
        >>> print(describe([Node(jnp.sum, (Placeholder((None, 4), name="x"),))], size=2))
        node   function     value             inputs  flops  bytes
        x      Placeholder  float32(None, 4)              0      0
        sum    sum          float32()         x           7     40
        total                                             7     40
    """
    rows: list[tuple[str, ...]] = [("node", "function", "value", "inputs", "flops", "bytes")]
    total = [0, 0]
    for node in needed(ends):
        cost = cost_of(node, size)
        total = [total[0] + cost.flops, total[1] + cost.bytes] if cost else total
        figures = (f"{cost.flops:,}", f"{cost.bytes:,}") if cost else ("?", "?")
        inputs = ", ".join(one.name for one in node.inputs)
        rows.append((node.name, kind_of(node), value_of(node), inputs, *figures))
    rows.append(("total", "", "", "", *(f"{figure:,}" for figure in total)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            text.rjust(width) if place >= 4 else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def kind_of(node: Node) -> str:
    """What a node computes, in a word: its function's name, or its class."""
    name = getattr(node.function, "__name__", "")
    return type(node).__name__ if not name or isinstance(node, Variable) else name


def value_of(node: Node) -> str:
    """The shape and dtype of a node's value, or how many arrays it is."""
    if isinstance(node.spec, Spec):
        return repr(node.spec)
    return f"{len(jax.tree.leaves(node.spec))} arrays"
