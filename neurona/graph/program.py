"""Programs: what XLA compiles for some outputs of a graph."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import jax
import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.random import new_words
from neurona.graph.execution import Run, needed
from neurona.graph.inference import TEXT, Spec, asks_for_numbers
from neurona.graph.node import Check, Constant, Node, Update, Variable, as_array, fits, nodes_in, replaced

_MOST_STATIC = 16  # programs for different values of the same small inputs, before none is compiled
# What only a program that is not compiled can do besides: loops whose length or shapes depend on values.
_LOOPS = ("Reverse-mode differentiation does not work", "carry", "while_loop", "scan")


_records: list[list["Program"]] = []


@contextlib.contextmanager
def recorded_programs() -> Iterator[list["Program"]]:
    """A list of the programs that are made inside the block.

    Example:

        >>> with recorded_programs() as made:
        ...     _ = compile_graph([], Node(jax.numpy.zeros, (2,)))
        >>> len(made)
        1
    """
    made: list[Program] = []
    _records.append(made)
    try:
        yield made
    finally:
        _records.remove(made)


class Program:
    """A function of arrays, compiled for the shapes that it is called with.

    It is compiled whole. Where a node needs numbers to know its shape, small integers among the inputs become
    part of the program, which is compiled for each of their values; next, small integers that are computed
    from the inputs, such as the longest of some lengths. Where even that is not enough, as for `jnp.nonzero`,
    nodes are computed one by one. So are those of texts, before the others.

    Args:
        inputs: nodes whose values are given at each call; any node may be one.
        outputs: a tree of nodes.
        updates: new values of variables, from the values before: all are set when the outputs are computed.
        givens: nodes that stand in the place of others.
    """

    def __init__(
        self,
        inputs: Sequence[Node],
        outputs: Any,
        updates: Mapping[Variable, Node] | None = None,
        givens: Mapping[Node, Node] | None = None,
    ) -> None:
        self.inputs, self.outputs = list(inputs), outputs
        self.updates, self.givens = dict(updates or {}), dict(givens or {})
        ends = [*nodes_in(outputs), *self.updates.values()]
        given = set(self.inputs)
        self.nodes = self._needed(ends, given)
        self.reads = [node for node in self.nodes if isinstance(node, Variable) and node not in self.givens]
        written = {variable for node in self.nodes for variable in node.writes} | set(self.updates)
        self.writes = sorted(written, key=lambda node: node.number)
        changed = {variable for node in self.nodes for variable in node.changes}
        self.reads += sorted(changed.difference(self.reads), key=lambda node: node.number)
        self._checks, self._inner = _checks_in(self.nodes)
        self._how = self._first_way()
        self._jitted = jax.jit(self._run)
        self._static: dict[Any, dict[Any, Any]] = {}
        self._sizes: Program | None = None
        for made in _records:
            made.append(self)

    def _needed(self, ends: list[Node], given: set[Node]) -> list[Node]:
        """The nodes in order; those that stand for others come before what reads the others."""
        nodes = needed(ends, lambda node: node in given)
        while missing := [
            other
            for node in nodes
            if (other := self.givens.get(node)) is not None and other not in nodes and other not in given
        ]:
            nodes = needed([*nodes, *missing], lambda node: node in given)
        return nodes

    def __call__(
        self,
        *values: Any,
        store: MutableMapping[Variable, Any] | None = None,
        words: np.ndarray | None = None,
    ) -> Any:
        """The outputs, and new values of variables into the store.

        Args:
            values: of the inputs.
            store: the values of the variables; by default each holds its own.
            words: two numbers that are the random key of this run; by default the next of the global seed.

        Raises:
            ArgumentError, ShapeError: a value does not fit its input.
            Exception: a check does not hold; then no variable changes.
        """
        fed = [fed_value(node, value) for node, value in zip(self.inputs, values, strict=True)]
        state = [variable.value if store is None else store[variable] for variable in self.reads]
        outputs, written, checked = self._how(fed, state, new_words() if words is None else words)
        self._examine(checked)
        for variable, value in zip(self.writes, written, strict=True):
            if store is None:
                variable.value = value
            else:
                store[variable] = value
        return outputs

    def _examine(self, checked: list[Any]) -> None:
        """Raise the error of the first check that does not hold."""
        for check, value in zip(self._checks, checked, strict=True):
            check.examine(value)
        if self._inner:
            jax.effects_barrier()
            for check in self._inner:
                check.examine_notes()

    # Ways to compute.

    def _first_way(self) -> Callable[[list[Any], list[Any], Any], Any]:
        if not _meet_texts(self.inputs) and not any(one.on_host or _meet_texts([one]) for one in self.nodes):
            return self._compiled
        borders = self._borders()
        if borders is None:
            return self._node_by_node
        before = Program(self.inputs, borders)
        numbers = [node for node in self.inputs if not _meet_texts([node])]
        after = Program([*numbers, *borders], self.outputs, self.updates)
        places = [self.inputs.index(node) for node in numbers]

        def host_first(fed: list[Any], state: list[Any], words: Any) -> Any:
            values = dict(zip(self.reads, state, strict=True))
            found = before._node_by_node(fed, [values[one] for one in before.reads], words)[0]
            given = [*(fed[place] for place in places), *map(jax.numpy.asarray, found)]
            return after._how(given, [values[one] for one in after.reads], words)

        return host_first

    def _borders(self) -> list[Node] | None:
        """The numbers that the host makes, as of texts, where all else can be compiled on from them."""
        texts = {node for node in [*self.nodes, *self.inputs] if _meet_texts([node])}
        borders = [
            node
            for node in self.nodes
            if node not in texts and (node.on_host or not texts.isdisjoint(node.inputs))
        ]
        given = {*self.inputs, *borders}
        rest = needed([*nodes_in(self.outputs), *self.updates.values()], lambda node: node in given)
        first = [*needed(borders, lambda node: node in self.inputs), *borders]
        if (
            not rest
            or self.givens
            or not texts.isdisjoint(rest)
            or not texts.isdisjoint(nodes_in(self.outputs))
        ):
            return None
        if any(node.writes or node.checks or not isinstance(node.spec, Spec) for node in first):
            return None
        return borders

    def _compiled(self, fed: list[Any], state: list[Any], words: Any) -> Any:
        try:
            return self._jitted(fed, state, words)
        except Exception as error:
            if not _asks_for_numbers(error):
                raise
        self._how = self._compiled_for_values
        return self._how(fed, state, words)

    def _compiled_for_values(self, fed: list[Any], state: list[Any], words: Any) -> Any:
        known = {place: value for place, value in enumerate(fed) if _may_be_a_shape(value)}
        return self._compiled_with(known, {}, fed, state, words, self._compiled_for_sizes)

    def _compiled_for_sizes(self, fed: list[Any], state: list[Any], words: Any) -> Any:
        if self._sizes is None:
            self._sizes = Program(self.inputs, _sizes_among(self.nodes, self.inputs))
        asked = set(nodes_in(self.outputs))
        if not self._sizes.outputs or set(self._sizes.outputs) == asked:  # which need numbers themselves
            self._how = self._node_by_node
            return self._how(fed, state, words)
        known = {place: value for place, value in enumerate(fed) if _may_be_a_shape(value)}
        found = self._sizes._how(fed, [], words)[0]
        sizes = dict(zip(self._sizes.outputs, map(np.asarray, found), strict=True))
        return self._compiled_with(known, sizes, fed, state, words, self._node_by_node)

    def _compiled_with(
        self,
        known: dict[int, Any],
        sizes: dict[Node, Any],
        fed: list[Any],
        state: list[Any],
        words: Any,
        otherwise: Callable[..., Any],
    ) -> Any:
        """Compute by a program in which the values of some inputs and nodes are known; by another way from
        now on where that is not enough, or where there are too many values.
        """
        shapes = tuple(np.shape(value) for value in fed)
        key = tuple((value.shape, value.tobytes()) for value in (*known.values(), *sizes.values()))
        programs = self._static.setdefault((shapes, bool(sizes)), {})
        try:
            if (known or sizes) and (key in programs or len(programs) < _MOST_STATIC):
                if key not in programs:
                    programs[key] = jax.jit(self._with_values(known, sizes))
                return programs[key](fed, state, words)
        except Exception as error:
            if not _asks_for_numbers(error):
                raise
        self._how = otherwise
        return self._how(fed, state, words)

    def _with_values(self, known: dict[int, Any], sizes: dict[Node, Any]) -> Callable[..., Any]:
        return lambda fed, state, words: self._run(
            [known.get(place, value) for place, value in enumerate(fed)], state, words, "values", sizes
        )

    def _node_by_node(self, fed: list[Any], state: list[Any], words: Any) -> Any:
        return self._run(fed, state, words, folds="")

    def _run(
        self,
        fed: list[Any],
        state: list[Any],
        words: Any,
        folds: str = "shapes",
        sizes: Mapping[Node, Any] | None = None,
    ) -> Any:
        run = Run(
            {**dict(zip(self.inputs, fed, strict=True)), **(sizes or {})},
            dict(zip(self.reads, state, strict=True)),
            jax.random.wrap_key_data(jax.numpy.asarray(words, np.uint32)),
            folds=folds,
        )
        for node in self._ordered():
            if node in self.givens:
                run.values[node] = run.value(self.givens[node])
            elif node not in run.values:
                run.step(node)
        outputs = replaced(self.outputs, lambda node: _output(run, node))
        for variable, node in self.updates.items():
            run.assign(variable, jax.numpy.asarray(run.value(node), variable.dtype))
        checked = [run.value(check) for check in self._checks]
        return outputs, [run.current(variable) for variable in self.writes], checked

    def _ordered(self) -> list[Node]:
        """The nodes in an order in which what stands for another is there before it is read."""
        if not self.givens:
            return self.nodes
        ordered: dict[Node, None] = {}
        waiting = [(node, False) for node in reversed(self.nodes)]
        wanted = set(self.nodes)
        while waiting:
            node, ready = waiting.pop()
            if ready:
                ordered[node] = None
            elif node not in ordered:
                before = [self.givens[node]] if node in self.givens else [*node.inputs, *node.after]
                waiting.append((node, True))
                waiting += [(one, False) for one in before if one in wanted and one not in ordered]
        return list(ordered)


def _checks_in(nodes: list[Node]) -> tuple[list[Check], list[Check]]:
    """The checks among nodes, and those inside of branches and loops."""
    inner = [check for node in nodes if not isinstance(node, Check) for check in node.checks]
    return [node for node in nodes if isinstance(node, Check)], inner


def _meet_texts(nodes: list[Node]) -> bool:
    """Whether a node's value holds texts."""
    return any(spec.dtype == TEXT for node in nodes for spec in jax.tree.leaves(node.spec))


def compile_graph(
    inputs: Sequence[Node],
    outputs: Any,
    updates: Mapping[Variable, Node] | None = None,
    givens: Mapping[Node, Node] | None = None,
) -> Program:
    """A program that computes some nodes from others; see `Program`.

    Example:

        >>> from neurona.graph.node import Placeholder
        >>> x, total = Placeholder((), name="x"), Variable(0.0)
        >>> add = compile_graph([x], x, updates={total: Node(jax.numpy.add, (total, x))})
        >>> _ = add(2.0), add(3.0)
        >>> float(total.value)
        5.0
    """
    return Program(inputs, outputs, updates, givens)


def fed_value(node: Node, value: Any) -> Any:
    """A value as an array of the node's dtype and shape.

    Raises:
        ArgumentError: it is no array of numbers, or its numbers do not fit the dtype.
        ShapeError: it has another shape.
    """
    if isinstance(value, jax.Array) and value.dtype == node.spec.dtype:
        array: Any = value
    else:
        try:
            array = as_array(value, node.spec.dtype)
        except (TypeError, ValueError) as error:
            if isinstance(error, ArgumentError):
                raise
            raise ArgumentError(
                f"{node.name!r} takes an array of {node.spec.dtype}. Received: {type(value).__name__}, which "
                f"is none: {error}"
            ) from error
    if not fits(array.shape, node.spec.shape):
        raise ShapeError(
            f"{node.name!r} has shape {node.spec.shape}. Received a value of shape {array.shape}."
        )
    return array


def _output(run: Run, node: Node) -> Any:
    """An output; of a variable that the run changes, the new value."""
    return (
        run.current(node)
        if isinstance(node, (Variable, Update)) and node not in run.values
        else run.value(node)
    )


def _sizes_among(nodes: list[Node], inputs: list[Node]) -> list[Node]:
    """Single integers that follow from the inputs alone, and so are there before all else is computed."""
    before, sizes = set(inputs), []
    for node in nodes:
        if isinstance(node, Constant):
            before.add(node)
        if node not in before and _is_pure(node) and before.issuperset((*node.inputs, *node.after)):
            before.add(node)
            if _is_integer(node) and not set(inputs).isdisjoint(needed([node])):
                sizes.append(node)
    return sizes


def _is_pure(node: Node) -> bool:
    """Whether a node is a compiled function of others, which changes nothing."""
    return bool(node.inputs) and not (node.holds or node.on_host or node.writes or node.checks)


def _is_integer(node: Node) -> bool:
    """Whether the value is a single integer that is not known by shapes alone."""
    spec = node.spec
    is_number = isinstance(spec, Spec) and spec.shape == () and spec.dtype != TEXT
    return is_number and np.dtype(spec.dtype).kind in "iu" and not node.follows_from_shapes


def _may_be_a_shape(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "iub" and value.ndim < 2 and value.size <= 8


def _asks_for_numbers(error: Exception) -> bool:
    return asks_for_numbers(error) or any(text in str(error) for text in _LOOPS)
