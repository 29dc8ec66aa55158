"""Conditions and loops. Their parts are functions that build nodes, called once with placeholders."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError
from neurona.graph.execution import Run, needed
from neurona.graph.node import Check, Constant, Node, Placeholder, Variable, as_node, outputs_of
from neurona.graph.tree import replaced


class Part:
    """The nodes that a function builds: a branch, or the body of a loop.

    Args:
        build: called with placeholders; returns a tree of nodes and constants.
        specs: of the placeholders.

    Attributes:
        parameters, results: the placeholders, and the nodes that were returned, with `form` their tree.
        captured: nodes from outside that the part reads.
        writes: the variables that it changes.
        checks: those that it makes.
    """

    def __init__(self, build: Callable[..., Any], specs: Sequence[Any] = ()) -> None:
        self.parameters = [
            Placeholder(spec.shape, spec.dtype, f"parameter_{n}") for n, spec in enumerate(specs)
        ]
        start = self.parameters[0].number if self.parameters else Constant(0).number
        built = build(*self.parameters)
        leaves, self.form = jax.tree.flatten(built)
        self.results = [as_node(leaf) for leaf in leaves]

        def is_outside(node: Node) -> bool:
            return node.number < start or isinstance(node, Variable)

        inside = needed(self.results, is_outside)
        read = {one for node in inside for one in (*node.inputs, *node.after)} | set(self.results)
        self.captured = sorted(filter(is_outside, read), key=lambda node: node.number)
        self.writes = frozenset(variable for node in inside for variable in node.writes)
        self.checks = tuple(check for node in inside for check in node.checks)

    def run(self, outer: Run, place: Node, values: Iterable[Any] = (), **given: Any) -> tuple[list[Any], Run]:
        """The results for values of the parameters, and the run that holds what was written."""
        inner = Run(dict(zip(self.parameters, values, strict=True)), parent=outer, place=place, **given)
        inner.evaluate(self.results)
        return [inner.value(node, None if node.holds else node) for node in self.results], inner


class _Control(Node):
    """A node with parts."""

    def __init__(
        self, name: str, args: tuple[Any, ...], parts: list[Part], after: Iterable[Node] = ()
    ) -> None:
        captured = [node for part in parts for node in part.captured]
        super().__init__(None, (*args, captured), name=name, after=after)
        self.parts = parts
        self.changed = sorted(
            frozenset[Variable]().union(*(part.writes for part in parts)), key=lambda node: node.number
        )

    @property
    def writes(self) -> frozenset[Variable]:
        return frozenset(self.changed)

    @property
    def checks(self) -> tuple[Check, ...]:
        return tuple(check for part in self.parts for check in part.checks)

    def finish(self, run: Run, written: Iterable[Any]) -> None:
        """Give the run the variables' new values."""
        for variable, value in zip(self.changed, written, strict=True):
            run.assign(variable, value)


class Condition(_Control):
    """The results of one of two parts."""

    def compute(self, run: Run, value_of: Callable[[Node], Any]) -> Any:
        def branch(part: Part) -> Callable[[], Any]:
            def computed() -> Any:
                results, inner = part.run(run, self)
                return [jnp.asarray(one) for one in results], [inner.current(one) for one in self.changed]

            return computed

        chosen = value_of(self.args[0])
        if isinstance(chosen, jax.core.Tracer):
            results, written = jax.lax.cond(jnp.squeeze(chosen), *map(branch, self.parts))
        else:
            results, written = branch(self.parts[0 if np.squeeze(chosen) else 1])()
        self.finish(run, written)
        return jax.tree.unflatten(self.parts[0].form, results)


class Loop(_Control):
    """The values of variables of a loop when its condition is false."""

    def __init__(self, start: list[Node], parts: list[Part], most: int | None, after: Iterable[Node]) -> None:
        super().__init__("while_loop", (start,), parts, after)
        self.most = most
        self._spec = tuple(
            a.spec if a.spec == b.spec else type(a.spec)(_joined(a.spec.shape, b.spec.shape), a.spec.dtype)
            for a, b in zip(start, parts[1].results, strict=True)
        )

    def compute(self, run: Run, value_of: Callable[[Node], Any]) -> Any:
        start = [value_of(node) for node in self.args[0]]
        carry = (
            0,
            [jnp.asarray(one) for one in start],
            [run.current(variable) for variable in self.changed],
        )

        def again(carry: Any) -> Any:
            (goes_on,), _ = self._step(run, 0, carry)
            more = jnp.squeeze(goes_on)
            return more if self.most is None else jnp.logical_and(more, carry[0] < self.most)

        def body(carry: Any) -> Any:
            results, inner = self._step(run, 1, carry)
            values = [jnp.asarray(one, old.dtype) for one, old in zip(results, carry[1], strict=True)]
            return carry[0] + 1, values, [inner.current(one) for one in self.changed]

        steps = self._steps(run, start)
        if run.folds and any(one.ndim == 2 and one.shape[1] == 0 for one in carry[1]):
            carry = (carry[0], _filled(carry[1], jax.eval_shape(body, carry)[1]), carry[2])
        if not run.folds:
            while again(carry):
                carry = body(carry)
        elif steps is None:
            carry = jax.lax.while_loop(again, body, (jnp.int32(0), *carry[1:]))
        else:  # of known length: gradients pass through a scan
            carry, _ = jax.lax.scan(lambda c, _: (body(c), None), (jnp.int32(0), *carry[1:]), length=steps)
        self.finish(run, carry[2])
        return tuple(carry[1])

    def _step(self, run: Run, part: int, carry: Any) -> tuple[list[Any], Run]:
        number, values, state = carry
        key = None if run.key is None else jax.random.fold_in(run.key, number)
        return self.parts[part].run(
            run, self, values, state=dict(zip(self.changed, state, strict=True)), key=key
        )

    def _steps(self, run: Run, start: list[Any]) -> int | None:
        """How often the body runs, where that follows from numbers that are known: those of the parameters on
        which the condition depends.
        """
        counters, read = self._counters()
        captured = {*self.parts[0].captured, *self.parts[1].captured}
        outside = [one for one in captured if one in read or _is_read(one, read)]
        known = [*(run.value(one, self) for one in outside), *(start[place] for place in counters)]
        if not all(map(_is_concrete, known)) or any(node.draws or node.writes for node in read):
            return None
        return self._counted(run, start, sorted(counters))

    def _counters(self) -> tuple[set[int], list[Node]]:
        """The numbers of the variables on which the condition depends, at once or in later steps, and the
        nodes
        that compute it and them.
        """
        condition, body = self.parts
        captured = {*condition.captured, *body.captured}
        pairs = list(zip(condition.parameters, body.parameters, strict=True))
        counters: set[int] = set()
        while True:
            ends = [*condition.results, *(body.results[place] for place in counters)]
            read = needed(ends, lambda node: node in captured)
            found = {place for place, pair in enumerate(pairs) if pair[0] in read or pair[1] in read}
            if found == counters:
                return counters, read
            counters = found

    def _counted(self, run: Run, start: list[Any], counters: list[int]) -> int:
        condition, body = self.parts
        now = {place: np.asarray(start[place]) for place in counters}
        with jax.ensure_compile_time_eval():
            for count in itertools.count():
                if count == self.most:
                    return count
                inner = Run(
                    {condition.parameters[place]: now[place] for place in counters}, parent=run, place=self
                )
                inner.evaluate(condition.results)
                if not np.squeeze(inner.value(condition.results[0])):
                    return count
                inner = Run(
                    {body.parameters[place]: now[place] for place in counters}, parent=run, place=self
                )
                ends = [body.results[place] for place in counters]
                inner.evaluate(ends)
                now = {place: np.asarray(inner.value(end)) for place, end in zip(counters, ends, strict=True)}
        raise AssertionError


class Scan(_Control):
    """A body that runs for each element of sequences: the last carried values, and all outputs stacked."""

    def __init__(
        self,
        sequences: list[Node],
        carried: list[Node],
        part: Part,
        length: Node | None,
        reverse: bool,
        after: Iterable[Node],
        until: int | None = None,
    ) -> None:
        super().__init__("scan", (sequences, carried, length), [part], after)
        self.reverse, self.until = reverse, until
        if until is not None:  # which is not traced, so nothing else tells the shapes
            outputs = [one.spec for one in part.results[len(carried) :]]
            many = [type(one)(one.shape and (None, *one.shape), one.dtype) for one in outputs]
            self._spec = [one.spec for one in carried], many

    def compute(self, run: Run, value_of: Callable[[Node], Any]) -> Any:
        sequences, carried, length = replaced(self.args[:3], value_of)
        part, kept = self.parts[0], len(carried)
        if not sequences and isinstance(length, jax.core.Tracer):
            int(length)  # JAX's error: the length must be known

        def step(carry: Any, slices: Any) -> Any:
            number, values, state = carry
            key = None if run.key is None else jax.random.fold_in(run.key, number)
            results, inner = part.run(
                run, self, [*slices, *values], state=dict(zip(self.changed, state, strict=True)), key=key
            )
            new = [jnp.asarray(one, old.dtype) for one, old in zip(results[:kept], values, strict=True)]
            written = [inner.current(one) for one in self.changed]
            return (number + 1, new, written), [jnp.asarray(one) for one in results[kept:]]

        start = (
            jnp.int32(0),
            [jnp.asarray(one) for one in carried],
            [jnp.asarray(run.current(variable)) for variable in self.changed],
        )
        if self.until is not None:
            last, written, stacked = _until(step, start, self.until)
            self.finish(run, written)
            return last, stacked
        steps = None if length is None else int(length)
        if steps is not None:
            sequences = [one[:steps] for one in sequences]
        (_, last, written), stacked = jax.lax.scan(step, start, sequences, length=steps, reverse=self.reverse)
        self.finish(run, written)
        return last, stacked


def _until(step: Callable[..., Any], carry: Any, place: int) -> tuple[Any, Any, Any]:
    """Steps until a carried value is true everywhere: the last values, what was written, and the outputs."""
    outputs = []
    while not bool(jnp.all(carry[1][place])):
        carry, told = step(carry, [])
        outputs.append(told)
    if outputs:
        stacked = [jnp.stack(many) for many in zip(*outputs, strict=True)]
    else:
        told = jax.eval_shape(step, carry, [])[1]
        stacked = [jnp.zeros((0, *one.shape), one.dtype) for one in told]
    return carry[1], carry[2], stacked


def cond(
    condition: Node, then: Callable[[], Any], otherwise: Callable[[], Any], after: Iterable[Node] = ()
) -> Any:
    """What `then` builds where the condition is true, else what `otherwise` builds.

    Args:
        condition: a boolean scalar.
        then, otherwise: return trees of nodes, of the same shapes and dtypes.
        after: nodes that are computed before.

    Raises:
        ArgumentError: the trees differ.

    Example:

        >>> from neurona.graph.program import Program
        >>> x = Placeholder((), name="x")
        >>> size = cond(Node(jnp.less, (x, 0)), lambda: Node(jnp.negative, (x,)), lambda: x)
        >>> float(Program([x], size)(-3.0))
        3.0
    """
    parts = [Part(then), Part(otherwise)]
    if parts[0].form != parts[1].form:
        raise ArgumentError(
            "Both branches of a condition return the same number of values. "
            f"One returns {parts[0].form}, the other {parts[1].form}."
        )
    return outputs_of(Condition("cond", (condition,), parts, after))


def while_loop(
    condition: Callable[..., Any],
    body: Callable[..., Any],
    start: Sequence[Any],
    most: int | None = None,
    after: Iterable[Node] = (),
) -> list[Node]:
    """The variables of a loop after its last step.

    Where the number of steps follows from known numbers, gradients pass through. A value of shape (n, 0) that
    the body makes one of shape (n, ...) begins as zeros.

    Args:
        condition: of the variables; whether the body runs again.
        body: from the variables to a list of their next values, of the same shapes.
        start: the first values.
        most: the greatest number of steps.
        after: nodes that are computed before.

    Example:

        >>> from neurona.graph.program import Program
        >>> count, power = while_loop(
        ...     lambda i, y: Node(jnp.less, (i, 5)),
        ...     lambda i, y: [Node(jnp.add, (i, 1)), Node(jnp.multiply, (y, 2.0))],
        ...     [Constant(0), Constant(1.0)],
        ... )
        >>> float(Program([], power)())
        32.0
    """
    nodes = [as_node(one) for one in start]
    specs = [node.spec for node in nodes]
    parts = [Part(lambda *variables: [condition(*variables)], specs), Part(body, specs)]
    if len(parts[1].results) != len(nodes):
        raise ArgumentError(
            f"The body of a loop returns a value for each of its {len(nodes)} variables. It returned "
            f"{len(parts[1].results)}."
        )
    return list(outputs_of(Loop(nodes, parts, most, after)))


def scan(
    step: Callable[..., Any],
    sequences: Sequence[Node] = (),
    carried: Sequence[Any] = (),
    length: Node | int | None = None,
    reverse: bool = False,
    after: Iterable[Node] = (),
    until: int | None = None,
) -> tuple[list[Node], list[Node]]:
    """Run a step for each element along the first axis of sequences.

    Args:
        step: from the elements and the carried values to (next carried values, outputs), both lists.
        sequences: nodes of equal length.
        carried: first values of what one step gives to the next.
        length: the number of steps; needed without sequences and `until`.
        reverse: begin with the last element.
        after: nodes that are computed before.
        until: without sequences, which of the carried values ends the steps when it is true everywhere. Such
            a program is not compiled, because the number of its steps depends on values.

    Returns:
        The last carried values, and the outputs of all steps, stacked.

    Example:

        >>> from neurona.graph.program import Program
        >>> x = Placeholder((None,), name="x")
        >>> _, sums = scan(lambda a, s: ([y := Node(jnp.add, (a, s))], [y]), [x], [Constant(0.0)])
        >>> Program([x], sums[0])([1, 2, 3]).tolist()
        [1.0, 3.0, 6.0]
    """
    nodes = [as_node(one) for one in carried]
    if not sequences and length is None and until is None:
        raise ArgumentError("scan needs sequences, or length= the number of steps.")
    specs = [*(_element(one) for one in sequences), *(node.spec for node in nodes)]
    part = Part(step, specs)
    count = None if length is None else as_node(length)
    last, stacked = outputs_of(Scan(list(sequences), nodes, part, count, reverse, after, until))
    return list(last), list(stacked)


def _element(sequence: Node) -> Any:
    """The spec of an element of a sequence."""
    shape = sequence.spec.shape
    if shape == ():
        raise ArgumentError(f"scan: {sequence.name!r} is a number and no sequence.")
    return type(sequence.spec)(None if shape is None else shape[1:], sequence.spec.dtype)


def _filled(values: list[Any], shapes: list[Any]) -> list[Any]:
    """Values, those of rows of no shape yet as zeros in the shape that they get."""
    return [
        jnp.zeros((one.shape[0], *to.shape[1:]), one.dtype)
        if one.ndim == 2 and one.shape[1] == 0 and one.shape[:1] == to.shape[:1]
        else one
        for one, to in zip(values, shapes, strict=True)
    ]


def _joined(one: Any, two: Any) -> Any:
    if one is None or two is None or len(one) != len(two):
        return None
    return tuple(a if a == b else None for a, b in zip(one, two, strict=True))


def _is_concrete(value: Any) -> bool:
    return not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(value))


def _is_read(node: Node, readers: Iterable[Node]) -> bool:
    return any(node in reader.inputs for reader in readers)
