"""`theano.scan`: a loop whose steps are one program, and what is made of it: map, reduce, foldl, foldr."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from neurona.errors import ArgumentError
from neurona.graph import Node, Output
from neurona.graph.execution import Run, needed
from neurona.legacy.theano.settings import wide
from neurona.legacy.theano.variables import (
    Input,
    Shared,
    TensorConstant,
    TensorType,
    apply,
    as_tensor_variable,
    named,
)


class Updates(dict):
    """New values of shared variables; two can be added."""

    def __add__(self, other: Any) -> "Updates":
        return Updates({**self, **dict(other)})

    __iadd__ = __add__  # pyright: ignore[reportAssignmentType]

    def __radd__(self, other: Any) -> "Updates":
        return Updates({**dict(other), **self})


class until:
    """The condition under which a loop ends, to be returned by its step."""

    def __init__(self, condition: Any) -> None:
        self.condition = as_tensor_variable(condition)


class _Sequence(NamedTuple):
    """An array of which each step sees some elements: at `taps` from its own place."""

    array: Any
    taps: list[int]
    places: list[Any]  # the inputs of the step


class _Result(NamedTuple):
    """An output of the steps; its values before the loop and the taps at which steps see it, if they do."""

    initial: Any
    taps: list[int]
    places: list[Any]


class Loop(Node):
    """The node of a loop: a tuple of each output of all steps, and the last values of shared variables."""

    def __init__(
        self,
        sequences: list[_Sequence],
        results: list[_Result],
        outputs: list[Any],
        updates: dict[Shared, Any],
        condition: Any,
        steps: Any,
        backwards: bool,
        first_own: int,
        last: int = -1,
    ) -> None:
        self.sequences, self.results, self.outputs = sequences, results, outputs
        self.updates, self.condition, self.backwards = updates, condition, backwards
        self.last = last  # how many steps gradients flow through, from the end; -1 for all
        places = [one for group in (*sequences, *results) for one in group.places]
        ends = [*outputs, *updates.values(), *([] if condition is None else [condition])]
        self.inner = _inner(ends, places, first_own)
        outside = [one for node in self.inner for one in (*node.inputs, *node.after)]
        captured = [
            one for one in dict.fromkeys([*outside, *ends]) if one not in self.inner and one not in places
        ]
        arrays = [one.array for one in sequences]
        initials = [one.initial for one in results if one.initial is not None]
        super().__init__(tuple, (arrays, initials, captured, steps, list(updates)), name="scan")

    def compute(self, run: Run, value_of: Callable[[Node], Any]) -> Any:
        arrays, initials, _, steps, shared = self.args
        sequences = [
            [_tap(jnp.asarray(value_of(array)), one.taps, tap) for tap in one.taps]
            for array, one in zip(arrays, self.sequences, strict=True)
        ]
        count = _count(value_of(steps) if isinstance(steps, Node) else steps, sequences)
        way = -1 if self.backwards else 1
        cut = [[part[::way][:count] for part in parts] for parts in sequences]
        first = iter(initials)
        history = [
            None if one.initial is None else _history(value_of(next(first)), one.taps) for one in self.results
        ]
        return self._loop(run, (history, [value_of(one) for one in shared]), cut, count)

    def _loop(self, run: Run, start: Any, sequences: Any, count: int) -> Any:
        shared = self.args[4]

        def step(carry: Any, given: Any) -> Any:
            history, values = carry
            number, parts = given
            inner = Run(dict(zip(shared, values, strict=True)), parent=run, place=self)
            if run.key is not None:
                inner.key = jax.random.fold_in(run.key, number)
            for one, group in zip(self.sequences, parts, strict=True):
                inner.values.update(zip(one.places, group, strict=True))
            for one, past in zip(self.results, history, strict=True):
                inner.values.update(
                    zip(one.places, (past[tap - min(one.taps)] for tap in one.taps))
                    if past is not None
                    else ()
                )
            inner.evaluate(self.inner)
            outputs = [jnp.asarray(inner.value(node)) for node in self.outputs]
            kept = [
                None
                if past is None
                else jnp.concatenate([past[1:], out.astype(past.dtype).reshape(past[:1].shape)])
                for past, out in zip(history, outputs, strict=True)
            ]
            new = [
                jnp.asarray(inner.value(node), old.dtype) for node, old in zip(self.updates.values(), values)
            ]
            ends = None if self.condition is None else inner.value(self.condition)
            return (kept, new), (outputs, ends)

        if self.condition is not None:
            return self._until(step, start, sequences, count)
        return self._over(step, start, sequences, count)

    def _over(self, step: Any, carry: Any, sequences: Any, count: int) -> Any:
        """All steps; where the last ones alone let gradients through, the others are a loop before."""
        first = max(0, count - self.last) if self.last >= 0 else 0
        parts = []
        for begin, end in ((0, first), (first, count)) if first else ((0, count),):
            given = jnp.arange(begin, end), [[part[begin:end] for part in group] for group in sequences]
            carry, (outputs, _) = jax.lax.scan(step, carry, given, length=end - begin)
            if end < count:
                carry, outputs = jax.lax.stop_gradient((carry, outputs))
            parts.append(outputs)
        outputs = parts[0] if len(parts) == 1 else jax.tree.map(lambda *of: jnp.concatenate(of), *parts)
        return (*outputs, *carry[1])

    def _until(self, step: Any, carry: Any, sequences: Any, count: int) -> Any:
        """Step by step, because the number of steps follows from values."""
        collected = []
        for number in range(count):
            parts = [[part[number] for part in group] for group in sequences]
            carry, (outputs, ends) = step(carry, (jnp.asarray(number), parts))
            collected.append(outputs)
            if bool(ends):
                break
        return (*(jnp.stack(values) for values in zip(*collected, strict=True)), *carry[1])


def _inner(ends: list[Any], places: list[Any], first_own: int) -> list[Any]:
    """The nodes that each step computes anew: those that the step made, or that depend on what it sees."""
    own: dict[Any, None] = {}
    stop = set(places)
    for node in needed(ends, lambda one: one in stop):
        depends = any(one in own or one in stop for one in (*node.inputs, *node.after))
        if (depends or node.number >= first_own) and not (
            node.holds or isinstance(node, (Input, TensorConstant))
        ):
            own[node] = None
    return list(own)


def _count(steps: Any, sequences: list[list[Any]]) -> int:
    """The number of steps: the one that was asked for, or that of the shortest sequence."""
    lengths = [len(part) for parts in sequences for part in parts]
    if steps is None:
        return min(lengths)
    if lengths and int(steps) > min(lengths):
        raise ArgumentError(f"scan: n_steps={int(steps)}, and a sequence has {min(lengths)} elements.")
    return int(steps)


def _tap(array: Any, taps: list[int], tap: int) -> Any:
    """The elements of a sequence at one tap, in step with those at its others."""
    before, after = min(0, *taps), max(0, *taps)
    length = len(array) + before - after
    return array[tap - before : tap - before + length]


def _history(initial: Any, taps: list[int]) -> Any:
    """The values before the loop, the oldest first."""
    array = jnp.asarray(initial)
    return array[None] if taps == [-1] else array[: -min(taps)]


def _given_sequence(given: Any) -> tuple[Any, list[int]]:
    if isinstance(given, Mapping):
        taps = given.get("taps", [0])
        return as_tensor_variable(given["input"]), list(taps) if isinstance(taps, (list, tuple)) else [taps]
    return as_tensor_variable(given), [0]


def _given_result(given: Any) -> tuple[Any, list[int]]:
    if given is None:
        return None, []
    if isinstance(given, Mapping):
        if given.get("initial") is None:
            return None, []
        taps = given.get("taps", [-1])
        return as_tensor_variable(given["initial"]), list(taps) if isinstance(taps, (list, tuple)) else [taps]
    return as_tensor_variable(given), [-1]


def _place(array: Any, name: str, whole: bool = False) -> Input:
    """An input of the step for an element of an array, or for a whole one."""
    broadcastable = array.type.broadcastable
    return TensorType(array.dtype, broadcastable if whole else broadcastable[1:])(name)


def _as_list(given: Any) -> list[Any]:
    if given is None:
        return []
    return list(given) if isinstance(given, (list, tuple)) else [given]


def scan(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
    profile: bool = False,
    allow_gc: Any = None,
    strict: bool = False,
    return_list: bool = False,
) -> tuple[Any, Updates]:
    """A loop.

    Args:
        fn: the step: from elements of the sequences, earlier outputs and the others to the next outputs, and
            updates of shared variables.
        sequences: arrays over which it runs, or `dict(input=, taps=)`.
        outputs_info: for each output the value before the first step, `dict(initial=, taps=)`, or None.
        non_sequences: what each step sees whole.
        n_steps: how many steps; by default as many as the sequences have elements.
        truncate_gradient: through how many of the last steps gradients flow; -1 for all.
        go_backwards: whether the sequences are read from their ends.

    Returns:
        The outputs of all steps, one above the other, and updates.
    """
    given = (sequences, outputs_info, non_sequences)
    with wide():
        return _scan(fn, given, n_steps, go_backwards, return_list, truncate_gradient)


def _scan(fn: Any, all_given: Any, n_steps: Any, backwards: bool, as_list: bool, last: int) -> Any:
    sequences, outputs_info, others = all_given
    given = [_given_sequence(one) for one in _as_list(sequences)]
    seen = [_Sequence(array, taps, [_place(array, "element") for _ in taps]) for array, taps in given]
    results = []
    for initial, taps in map(_given_result, _as_list(outputs_info)):
        whole = taps == [-1]
        results.append(
            _Result(
                initial,
                taps,
                [_place(initial, "earlier", whole) for _ in taps] if initial is not None else [],
            )
        )
    marker = as_tensor_variable(0)
    places = [one for group in (*seen, *results) for one in group.places]
    outputs, updates, condition = _returned(fn(*places, *map(as_tensor_variable, _as_list(others))))
    results += [_Result(None, [], [])] * (len(outputs) - len(results))
    steps = n_steps if n_steps is None or isinstance(n_steps, Node) else int(n_steps)
    loop = Loop(seen, results, outputs, updates, condition, steps, backwards, marker.number, last)
    parts = _parts(loop, outputs, updates)
    stacked = parts[: len(outputs)]
    new = Updates(zip(updates, parts[len(outputs) :], strict=True))
    if not stacked:
        return None, new
    return (stacked if as_list or len(stacked) > 1 else stacked[0]), new


def _parts(loop: Loop, outputs: list[Any], updates: dict[Any, Any]) -> list[Any]:
    """The outputs of a loop, each as a variable."""
    from_loop = []
    for place, node in enumerate([*outputs, *updates]):
        shape = node.spec.shape
        stacked = (None, *shape) if place < len(outputs) and shape is not None else shape
        from_loop.append(type(node.spec)(stacked, node.spec.dtype))
    loop.spec = tuple(from_loop)
    return [named(Output(loop, place, spec)) for place, spec in enumerate(from_loop)]


def _returned(given: Any) -> tuple[list[Any], dict[Any, Any], Any]:
    """What a step returned: outputs, updates, and the condition to end, in any of Theano's forms."""
    outputs: list[Any] = []
    updates: dict[Any, Any] = {}
    condition = None
    for part in given if isinstance(given, tuple) else (given,):
        if isinstance(part, until):
            condition = part.condition
        elif isinstance(part, Mapping) or (
            isinstance(part, list) and part and all(isinstance(one, tuple) and len(one) == 2 for one in part)
        ):
            updates.update(part)
        elif isinstance(part, (list, tuple)):
            outputs += map(as_tensor_variable, part)
        elif part is not None:
            outputs.append(as_tensor_variable(part))
    return outputs, {one: as_tensor_variable(value) for one, value in updates.items()}, condition


def map_(
    fn: Any,
    sequences: Any,
    non_sequences: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    **_: Any,
) -> Any:
    """The results of a function for each element."""
    return scan(fn, sequences, None, non_sequences, None, truncate_gradient, go_backwards)


def reduce(
    fn: Any,
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    go_backwards: bool = False,
    **_: Any,
) -> Any:
    """The last result of a function that sees each element and its result before."""
    outputs, updates = scan(fn, sequences, outputs_info, non_sequences, go_backwards=go_backwards)
    last = [one[-1] for one in outputs] if isinstance(outputs, list) else outputs[-1]
    return last, updates


foldl = reduce


def foldr(fn: Any, sequences: Any, outputs_info: Any, non_sequences: Any = None, **_: Any) -> Any:
    """`foldl` from the end."""
    return reduce(fn, sequences, outputs_info, non_sequences, go_backwards=True)


def ifelse(condition: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
    """One of two variables, or of two lists of them."""
    if isinstance(then_branch, (list, tuple)):
        return [ifelse(condition, one, two) for one, two in zip(then_branch, else_branch, strict=True)]
    return apply(_chosen, condition, then_branch, else_branch, name="if")


def _chosen(condition: Any, one: Any, two: Any) -> Any:
    if jnp.shape(one) == jnp.shape(two):
        return jnp.where(jnp.all(jnp.asarray(condition) != 0), one, two)
    return one if bool(condition) else two
