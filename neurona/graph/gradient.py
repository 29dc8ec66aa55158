"""Gradients between nodes."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError
from neurona.core.policy import is_float
from neurona.graph.execution import Run, needed
from neurona.graph.node import Node, Output, Spec


class Gradient(Node):
    """The gradients of a sum of nodes with respect to others: the tuple of dsum(ys)/dx, one for each x.

    Args:
        ys: what is differentiated.
        xs: with respect to what; each leads to a y.
        cotangents: a factor for each y, or None.
        constants: nodes that are taken as constants.
    """

    def __init__(
        self,
        ys: Sequence[Node],
        xs: Sequence[Node],
        cotangents: Sequence[Node | None],
        constants: Iterable[Node] = (),
    ) -> None:
        super().__init__(gradients, (list(ys), list(xs), list(cotangents)), name="gradients")
        self.constants = set(constants)
        self._spec = tuple(x.spec for x in xs)

    def compute(self, run: Run, value_of: Callable[[Node], Any]) -> Any:
        ys, xs, cotangents = self.args
        between = _between(ys, xs, self.constants)

        def forward(changes: list[Any]) -> list[Any]:
            inner = Run(parent=run, place=self, changes=dict(zip(xs, changes, strict=True)))
            for x in xs:
                if x not in between and not x.holds:
                    inner.values[x] = value_of(x) + inner.changes[x]
            for node in between:
                inner.step(node)
            return [inner.value(y, self) for y in ys]

        zeros = [jnp.zeros_like(value_of(x)) for x in xs]
        values, backward = jax.vjp(forward, zeros)
        factors = [
            jnp.ones_like(value)
            if factor is None
            else jnp.broadcast_to(jnp.asarray(value_of(factor), value.dtype), value.shape)
            for value, factor in zip(values, cotangents, strict=True)
        ]
        return tuple(backward(factors)[0])


def gradients(
    ys: Node | Sequence[Node],
    xs: Node | Sequence[Node],
    cotangents: Sequence[Node | None] | None = None,
    constants: Iterable[Node] = (),
) -> list[Node | None]:
    """The gradient of the sum of `ys` with respect to each of `xs`; None where no y depends on the x.

    Args:
        ys, xs: nodes of floats. An x may be any node, and may lead to another x: each gradient is the total
            one.
        cotangents: factors of the ys, of their shapes.
        constants: nodes that gradients do not pass through.

    Raises:
        ArgumentError: a y is not of floats.

    Example:

        >>> from neurona.graph.node import Placeholder
        >>> from neurona.graph.program import compile_graph
        >>> x = Placeholder((), name="x")
        >>> y = Node(jnp.sin, (x,))
        >>> float(compile_graph([x], gradients(y, x)[0])(0.0))
        1.0
    """
    ys, xs = ([one] if isinstance(one, Node) else list(one) for one in (ys, xs))
    constants = set(constants)
    for y in ys:
        if not is_float(y.spec.dtype):
            raise ArgumentError(
                f"Only floats have gradients. The node {y.name!r} is of {y.spec.dtype}: cast it to float32."
            )
    reached = [x for x in xs if is_float(x.spec.dtype) and (x in ys or _between(ys, [x], constants))]
    found: dict[Node, Node] = {}
    if reached:
        reached = list(dict.fromkeys(reached))
        node = Gradient(ys, reached, list(cotangents or [None] * len(ys)), constants)
        found = {x: Output(node, place, x.spec) for place, x in enumerate(reached)}
    return [found.get(x) for x in xs]


def _between(ys: Sequence[Node], xs: Sequence[Node], constants: set[Node]) -> list[Node]:
    """The nodes on a differentiable way from an x to a y, without the xs that no other x leads to."""
    led: set[Node] = set()
    starts = set(xs)
    for node in needed(ys, stop=lambda one: one in constants):
        if node.differentiable and any(one in starts or one in led for one in node.inputs) and _floats(node):
            led.add(node)
    back: set[Node] = set()
    waiting = [y for y in ys if y in led]
    while waiting:
        node = waiting.pop()
        if node not in back:
            back.add(node)
            waiting += [one for one in node.inputs if one in led]
    return sorted(back, key=lambda node: node.number)


def _floats(node: Node) -> bool:
    return any(is_float(spec.dtype) for spec in jax.tree.leaves(node.spec, is_leaf=_is_spec))


def _is_spec(tree: Any) -> bool:
    return isinstance(tree, Spec)
