"""Shapes and dtypes of nodes, by evaluation."""

import contextlib
import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from neurona.core.errors import TracingError
from neurona.core.inference import ArraySpec, trace_shapes
from neurona.core.policy import standardize_dtype
from neurona.graph.execution import MOST_KNOWN, Run
from neurona.graph.tree import frozen

Shape = tuple[int | None, ...] | None  # None for a size that is not known, or for a rank that is not
TEXT = "object"  # the dtype of texts, which NumPy keeps and XLA does not know
_MOST_FOUND = 10_000
_RANKS = (2, 4, 1, 3, 0)  # that are tried for an unknown one, the commonest first
_NEEDS_NUMBERS = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
    TracingError,
)


_found: dict[Any, tuple[Any, bool]] = {}  # the specs of nodes, and whether they draw, by signature


class Spec:
    """The shape and the dtype of an array.

    Attributes:
        shape: its sizes, None for one that is not known; None where not even the rank is known.
        dtype: the dtype's name.
    """

    def __init__(self, shape: Shape, dtype: Any) -> None:
        self.shape = None if shape is None else tuple(shape)
        self.dtype = TEXT if dtype == TEXT else standardize_dtype(dtype)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"{self.dtype}{'(?)' if self.shape is None else self.shape}"


def is_small(spec: Any) -> bool:
    """Whether arrays are such as shapes are made of: a few integers, or single numbers."""
    return all(
        leaf.shape is not None
        and (leaf.shape == () or (len(leaf.shape) == 1 and not leaf.dtype.startswith(("float", "bfloat"))))
        and None not in leaf.shape
        and math.prod(leaf.shape) <= MOST_KNOWN
        for leaf in jax.tree.leaves(spec)
    )


def asks_for_numbers(error: Exception) -> bool:
    """Whether a function failed because it needs numbers where only shapes are known, as in a trace."""
    return isinstance(error, _NEEDS_NUMBERS) or any(
        text in str(error) for text in ("concrete value", "Tracer", "traced")
    )


def infer(node: Any) -> Any:
    """The spec of a node's value, or the tree of them.

    The node's function is traced. Of inputs whose numbers follow from shapes, such as a shape itself, the
    numbers are known in the trace; where the function needs those of other small integers, they are made up,
    as unknown sizes are.

    Raises:
        Exception: what the function raises for inputs of such shapes.
    """
    steps, given, waiting = set(), set(), list(node.inputs)
    while waiting:
        other = waiting.pop()
        if not other.follows_from_shapes:
            given.add(other)
        elif other not in steps:
            steps.add(other)
            waiting += other.inputs
    given, steps = (sorted(nodes, key=lambda one: one.number) for nodes in (given, steps))
    signature = _signature(node) if node.function and all(one.value is not None for one in steps) else None
    if signature is None:
        return _inferred(node, given, steps)
    if signature not in _found:
        if len(_found) > _MOST_FOUND:
            _found.clear()
        _found[signature] = _inferred(node, given, steps), node.draws
    spec, node.draws = _found[signature]
    return spec


def _signature(node: Any) -> Any:
    """What the spec follows from, where that can be told: the function and its arguments."""

    def told(one: Any) -> Any:
        if one.follows_from_shapes:
            return "value", one.value.dtype.name, one.value.shape, one.value.tobytes()
        return "spec", *jax.tree.leaves(one.spec), jax.tree.structure(one.spec)

    signature = node.function, type(node), frozen((node.args, node.kwargs), told)
    try:
        hash(signature)
    except TypeError:
        return None  # an array among the arguments, for example
    return signature


def _inferred(node: Any, given: list[Any], steps: list[Any]) -> Any:
    if any(leaf.dtype == TEXT for one in (*given, *steps) for leaf in jax.tree.leaves(one.spec)):
        return _of_texts(node)
    for made_up in (False, True):
        try:
            return _traced(node, given, steps, made_up)
        except Exception as error:
            if not asks_for_numbers(error):
                if (found := _with_known_sizes(node, given, steps)) is not None:
                    return found
                if not any(leaf.shape is None for leaf in _leaves_of(given)):
                    raise  # what has no known rank may fit when it comes
    dtypes = [leaf.dtype for leaf in _leaves_of(given)]
    return Spec(None, next((dtype for dtype in dtypes if dtype.startswith("float")), "float32"))


def _leaves_of(nodes: list[Any]) -> list[Spec]:
    return [leaf for one in nodes for leaf in jax.tree.leaves(one.spec)]


def _with_known_sizes(node: Any, given: list[Any], steps: list[Any]) -> Any:
    """The spec where an unknown size can only be one of those that are known, such as that of a batch."""
    specs = [other.spec for other in given]
    leaves = jax.tree.leaves((specs, [other.spec for other in node.inputs]))
    met = dict.fromkeys(size for leaf in leaves for size in leaf.shape or ())
    if None not in met:
        return None
    for size in sorted(met, key=lambda one: one == 1):  # 1 fits many others: the last to try
        if size is not None and size > 0:
            made = [jax.tree.map(functools.partial(_of_size, size=size), spec) for spec in specs]
            for made_up in (False, True):
                with contextlib.suppress(Exception):
                    return _traced(node, given, steps, made_up, made)
    return None


def _of_size(spec: Spec, size: int) -> Spec:
    """A spec with a size in the place of the unknown ones."""
    shape = spec.shape and tuple(size if one is None else one for one in spec.shape)
    return Spec(shape, spec.dtype)


def _of_texts(node: Any) -> Any:
    """The spec of a function of texts: found with the texts, or with made-up ones of two sizes."""
    if all(one.value is not None for one in node.inputs):
        return _as_specs(_with_values(node, {one: one.value for one in node.inputs}))
    try:
        found = [_as_specs(_with_values(node, _made_up(node, size))) for size in (3, 5)]
        return jax.tree.map(_common, *found)
    except Exception:
        return Spec(None, TEXT)


def _with_values(node: Any, values: dict[Any, Any]) -> Any:
    return Run(values, key=_key(), folds="").compute_traced(node)


def _made_up(node: Any, size: int) -> dict[Any, Any]:
    """Arrays for the inputs of a node, where every unknown size is the same."""

    def made(spec: Spec) -> np.ndarray:
        shape = tuple(size if one is None else one for one in spec.shape or ())
        return np.full(shape, b"", object) if spec.dtype == TEXT else np.zeros(shape, spec.dtype)

    return {one: jax.tree.map(made, one.spec) if one.value is None else one.value for one in node.inputs}


def _traced(node: Any, given: list[Any], steps: list[Any], made_up: bool, specs_of: Any = None) -> Any:
    """The spec, found with the numbers of small integers made up or not, and with other specs where given."""
    leaves, form = jax.tree.flatten(specs_of or [other.spec for other in given])

    def made(leaf: Spec) -> bool:
        return made_up and leaf.dtype.startswith("int") and is_small(leaf)

    def function(arrays: list[Any]) -> Any:
        numbers = [
            np.array(array.shape, leaf.dtype).reshape(leaf.shape) if made(leaf) else array
            for leaf, array in zip(leaves, arrays, strict=True)
        ]
        run = Run(dict(zip(given, jax.tree.unflatten(form, numbers), strict=True)), key=_key())
        for step in steps:
            run.step(step)
        return jax.tree.map(jax.numpy.asarray, run.compute_traced(node))

    def specs(rank: int) -> list[ArraySpec]:
        return [
            ArraySpec((None,) * max(math.prod(leaf.shape or ()), 1), "float32")
            if made(leaf)
            else ArraySpec((None,) * rank if leaf.shape is None else leaf.shape, leaf.dtype)
            for leaf in leaves
        ]

    if all(leaf.shape is not None for leaf in leaves):
        return _as_specs(trace_shapes(function, specs(0)) if leaves else jax.eval_shape(function, []))
    return _over_ranks(function, specs)


@functools.cache
def _key() -> jax.Array:
    """Some random key."""
    with jax.ensure_compile_time_eval():
        return jax.random.key(0)


def _over_ranks(function: Callable[[list[Any]], Any], specs: Callable[[int], list[ArraySpec]]) -> Any:
    """What the results for some ranks of the inputs agree on."""
    found, failed = [], []
    for rank in _RANKS:
        try:
            found.append(_as_specs(trace_shapes(function, specs(rank))))
        except (TypeError, ValueError, IndexError, AssertionError, ArithmeticError) as error:
            failed.append(error)
        if len(found) == 2:
            return jax.tree.map(_common, *found)
    if not found:
        raise failed[0]
    return found[0]


def _common(one: Spec, two: Spec) -> Spec:
    if one.shape is None or two.shape is None or len(one.shape) != len(two.shape):
        return Spec(None, one.dtype)
    return Spec(tuple(a if a == b else None for a, b in zip(one.shape, two.shape, strict=True)), one.dtype)


def _as_specs(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: Spec(leaf.shape, leaf.dtype.name), tree)
