"""A run: nodes computed one after another, with the values of variables at each moment."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.core
import numpy as np

from neurona.core.scope import Scope

MOST_KNOWN = 64  # elements of an array that is computed while a program is compiled


class Run:
    """The values of nodes while a program is traced or computed.

    Args:
        values: those that are known: what is fed.
        state: the values of variables as the run begins.
        key: for random numbers.
        parent: the run in which this one is a part (a branch, a step of a loop), with all that it knows.
        place: the node of the parent whose part it is.
        changes: what is added to the values of nodes, for gradients.
        folds: of which small numbers are computed at once, so that they can be shapes in a traced program:
            "shapes" for those that follow from shapes, "values" for those from known inputs too, "" for none.

    Attributes:
        written: the values of variables that were updated.
    """

    def __init__(
        self,
        values: dict[Any, Any] | None = None,
        state: dict[Any, Any] | None = None,
        key: Any = None,
        parent: "Run | None" = None,
        place: Any = None,
        changes: dict[Any, Any] | None = None,
        folds: str = "shapes",
    ) -> None:
        self.values, self.state, self.changes = values or {}, state or {}, changes or {}
        self.parent, self.place = parent, place
        self.key = parent.key if key is None and parent is not None else key
        self.folds = folds if parent is None else parent.folds
        self.written: dict[Any, Any] = {}
        self._seen: dict[Any, dict[Any, tuple[int, Any]]] = {}

    def evaluate(self, ends: Iterable[Any]) -> None:
        """Compute some nodes, and all that they need."""
        for node in needed(ends, self.knows):
            self.step(node)

    def knows(self, node: Any) -> bool:
        """Whether a node is computed already."""
        return node in self.values or (self.parent is not None and self.parent.knows(node))

    def step(self, node: Any) -> None:
        """Compute a node whose inputs are."""
        if node.holds:
            return
        self._see(node)
        value = self.compute(node)
        if node in self.changes:
            value = value + self.changes[node]
        self.values[node] = value
        if node.writes:
            number = {variable: (node.number, self.current(variable)) for variable in node.writes}
            self._seen[node] = {**self._seen.get(node, {}), **number}

    def compute(self, node: Any) -> Any:
        """The value of a node from those of its inputs."""

        if self.folds and node.inputs and self._is_known(node):
            with jax.ensure_compile_time_eval():
                return jax.tree.map(np.asarray, self.compute_traced(node))
        return self.compute_traced(node)

    def compute_traced(self, node: Any) -> Any:
        """The same, traced even where the numbers are known."""
        with _NodeScope(self, node):
            return node.compute(self, lambda other: self.value(other, node))

    def _is_known(self, node: Any) -> bool:
        return (
            not node.writes
            and all(is_known(self.value(other, node)) for other in node.inputs)
            and (node.follows_from_shapes or (self.folds == "values" and not node.draws and is_small(node)))
        )

    def value(self, node: Any, reader: Any = None) -> Any:
        """The value of a node that is computed; of a variable, the value that `reader` sees."""
        if node in self.values:
            return self.values[node]
        if node.holds:
            return self.read(node, reader)
        if self.parent is None:
            raise KeyError(node)
        return self.parent.value(node)

    # Variables.

    def read(self, variable: Any, reader: Any = None) -> Any:
        """A variable's value as a node sees it: after the updates that lead to the node, else as the run
        began.
        """
        if variable in self.values:
            return self.values[variable]
        if variable in self._seen.get(reader, {}):
            return self._seen[reader][variable][1]
        if variable in self.state:
            return self.state[variable]
        if self.parent is None:
            raise KeyError(variable)
        value = self.parent.read(variable, self.place)
        return value + self.changes[variable] if variable in self.changes else value

    def current(self, variable: Any) -> Any:
        """A variable's value after all updates so far."""
        if variable in self.written:
            return self.written[variable]
        if variable in self.state or self.parent is None:
            return self.read(variable)
        return self.parent.current(variable)

    def assign(self, variable: Any, value: Any) -> None:
        """Give a variable a new value."""
        self.written[variable] = value

    def _see(self, node: Any) -> None:
        """Note which updates lead to a node; of one variable's, the latest."""
        seen: dict[Any, tuple[int, Any]] = {}
        for other in (*node.inputs, *node.after):
            for variable, update in self._seen_by(other).items():
                if variable not in seen or seen[variable][0] < update[0]:
                    seen[variable] = update
        if seen:
            self._seen[node] = seen

    def _seen_by(self, node: Any) -> dict[Any, tuple[int, Any]]:
        if node in self._seen or self.parent is None:
            return self._seen.get(node, {})
        return self.parent._seen_by(node)


class _NodeScope(Scope):
    """The scope in which a node is computed: random numbers come from the run's key and the node's stream."""

    def __init__(self, run: Run, node: Any) -> None:
        self._run, self._node, self._key = run, node, None
        super().__init__(values={})

    @property
    def key(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The key, made when first asked for; a node that asks is one that draws."""
        if self._key is None and self._run.key is not None:
            self._node.draws = True
            self._key = jax.random.fold_in(self._run.key, self._node.stream)
        return self._key

    @key.setter
    def key(self, key: Any) -> None:
        """Leave the key to the run."""


def needed(ends: Iterable[Any], stop: Callable[[Any], bool] = lambda node: False) -> list[Any]:
    """The nodes that must be computed for some, these included, in an order in which they can be.

    Args:
        ends: what is wanted.
        stop: whether a node is known already: it is not returned, nor what only it needs.
    """
    found: set[Any] = set()
    waiting = list(ends)
    while waiting:
        node = waiting.pop()
        if node not in found and not stop(node):
            found.add(node)
            waiting += (*node.inputs, *node.after)
    return sorted(found, key=lambda node: node.number)


def is_small(node: Any) -> bool:
    """Whether the value of a node is of few elements, whose number is known."""
    return all(
        leaf.shape is not None and None not in leaf.shape and math.prod(leaf.shape) <= MOST_KNOWN
        for leaf in jax.tree.leaves(node.spec)
    )


def is_known(value: Any) -> bool:
    """Whether a value is a small array of which the numbers are known, even while JAX traces."""
    return all(
        not isinstance(leaf, jax.core.Tracer) and np.size(leaf) <= MOST_KNOWN
        for leaf in jax.tree.leaves(value)
    )
