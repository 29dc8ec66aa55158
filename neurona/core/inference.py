"""Shapes by evaluation: what a function returns for arrays of which some sizes are not known.

The function is traced twice, with other numbers in the place of the unknown sizes; a size of the result that
changed is unknown. JAX's own symbolic dimensions are not used: kernels choose by size which program to run,
and such a question has no answer for a symbol.

Numbers that are made up must not fit by chance, so each axis has its own, and none is a size that occurs.
Only where these do not go through, others are tried: equal ones, multiples of what the function divides by,
and the sizes that an unknown one may have to equal.
"""

import dataclasses
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ShapeError
from neurona.core.texts import Texts, tracing_shapes

_STEP = 2520  # divides by every number to 10, so that reshapes and poolings go through
_DIVISIBLE = (720720, 128 * 13)  # divide by every number to 16, and by seven halvings as of a deep pyramid
_FILLINGS = 24  # in how many ways unknown sizes are set to known ones
_LARGEST = 2**31 - 1
_NUMBERS = re.compile(r"-?\d+")
_MAY_FIT = (TypeError, ValueError, IndexError, AssertionError, ArithmeticError)  # with other sizes

Shape = tuple[int | None, ...]
Filled = list[tuple[int, ...]]  # the shapes, with numbers for the unknown sizes


@dataclasses.dataclass(frozen=True)
class ArraySpec:
    """The shape and dtype of an array, with None for a size that is not known."""

    shape: Shape
    dtype: Any


def trace_shapes(
    function: Callable[[list[Any]], Any],
    tensors: list[Any],
    arrays: Sequence[Shape] = (),
    constants: Iterable[int] = (),
) -> Any:
    """The shapes, with None where unknown, and the dtypes of what a function returns.

    Args:
        function: called with a list of tracers, one for each of the tensors.
        tensors: what has a shape, with None where unknown, and a dtype.
        arrays: the shapes of further arrays that the function reads.
        constants: numbers that the function may divide a size by, such as those of a target shape.

    Raises:
        Exception: what the function raises, with None where its message names an unknown size.

    Example:

        >>> x = ArraySpec((None, 4, 3), "float32")
        >>> trace_shapes(lambda arrays: arrays[0].reshape(arrays[0].shape[0], -1), [x]).shape
        (None, 12)
    """

    def trace(filled: Filled) -> Any:
        return _traced(function, filled, [tensor.dtype for tensor in tensors])

    shapes = [tuple(tensor.shape) for tensor in tensors]
    if all(None not in shape for shape in shapes):
        return trace(shapes)
    failed: list[tuple[int, Exception, tuple[Filled, Filled]]] = []
    for pair in _attempts(shapes, arrays, constants):
        results: list[Any] = []
        try:
            for filled in pair:
                results.append(trace(filled))
        except Exception as error:
            failed.append((len(results), error, pair))
            if not isinstance(error, _MAY_FIT):
                break
        else:
            return _merged(*results)
    which, error, pair = min(failed, key=lambda one: one[0])  # of the first numbers rather than of small ones
    _hide_sizes(error, trace, pair[which], pair[1 - which], shapes)
    raise error


def _traced(function: Callable[[list[Any]], Any], shapes: Filled, dtypes: list[Any]) -> Any:
    """The shapes and dtypes of what a function returns. Texts are no arrays: they go past JAX."""
    texts: list[Any] = []
    trees: list[Any] = []

    def run(arrays: list[Any]) -> list[Any]:
        given = iter(arrays)
        made = [Texts(s) if d == "string" else next(given) for s, d in zip(shapes, dtypes, strict=True)]
        leaves, tree = jax.tree.flatten(function(made))
        trees.append(tree)
        texts.extend(leaf if isinstance(leaf, Texts) else None for leaf in leaves)
        return [leaf for leaf in leaves if not isinstance(leaf, Texts)]

    pairs = [(s, jnp.dtype(d)) for s, d in zip(shapes, dtypes, strict=True) if d != "string"]
    with tracing_shapes():
        results = iter(jax.eval_shape(run, [jax.ShapeDtypeStruct(*pair) for pair in pairs]))
    return jax.tree.unflatten(trees[0], [next(results) if text is None else text for text in texts])


def _attempts(
    shapes: list[Shape], arrays: Sequence[Shape], constants: Iterable[int]
) -> Iterator[tuple[Filled, Filled]]:
    """The numbers that unknown sizes are tried with, two for each, in turn."""
    known = [size for shape in (*shapes, *arrays) for size in shape if size is not None]
    factors = [number for number in constants if number > 1]
    rank, unknown = max(map(len, shapes)), _unknown_axes(shapes)

    def new(numbers: Iterator[int]) -> list[int]:
        free = (number for number in numbers if number not in known and number not in factors)
        return list(itertools.islice(free, rank + 1))

    smooth, small, large = new(itertools.count(_STEP, _STEP)), new(_primes(2)), new(_primes(101))
    yield _by_axis(shapes, smooth), _by_axis(shapes, small)
    yield _by_axis(shapes, smooth), _by_axis(shapes, large)
    for divisible in _multiples(factors):
        yield _equal(shapes, divisible), _equal(shapes, 2 * divisible)
    for filling in _fillings(shapes, arrays, unknown, _candidates(shapes, known, factors)):
        yield _equal(shapes, smooth[0], filling), _equal(shapes, large[0], filling)
    batches = {place: smooth[0] for place in unknown if place[1] == 0}
    yield _equal(shapes, 1, batches), _equal(shapes, 2, {place: 2 * size for place, size in batches.items()})


def _primes(start: int) -> Iterator[int]:
    return (n for n in itertools.count(start) if all(n % d for d in range(2, math.isqrt(n) + 1)))


def _unknown_axes(shapes: list[Shape]) -> list[tuple[int, int]]:
    return [(n, axis) for n, shape in enumerate(shapes) for axis, size in enumerate(shape) if size is None]


def _by_axis(
    shapes: list[Shape], numbers: list[int], filling: Mapping[tuple[int, int], int] = MappingProxyType({})
) -> Filled:
    """The shapes with a number for each axis, but with that of `filling` where it has one."""
    return [
        tuple(
            filling.get((n, axis), numbers[axis]) if size is None else size for axis, size in enumerate(shape)
        )
        for n, shape in enumerate(shapes)
    ]


def _equal(
    shapes: list[Shape], number: int, filling: Mapping[tuple[int, int], int] = MappingProxyType({})
) -> Filled:
    """The shapes with one number for all axes, but with that of `filling` where it has one."""
    return _by_axis(shapes, [number] * max(map(len, shapes)), filling)


def _multiples(factors: list[int]) -> Iterator[int]:
    """Numbers that much divides."""
    yield from (_STEP, *_DIVISIBLE)
    product = math.prod(factors)
    if factors and _STEP * product < _LARGEST:
        yield _STEP * product


def _candidates(shapes: list[Shape], known: list[int], factors: list[int]) -> list[int]:
    """The sizes that an unknown one may have to equal: those there are, and what makes as many elements as
    the constants do.
    """
    product = math.prod(factors) if factors else 0
    rest = [
        product // inside
        for shape in shapes
        if (inside := math.prod(size for size in shape[1:] if size)) and product % inside == 0
    ]
    return [size for size in dict.fromkeys((*known, *rest, *factors)) if 1 < size < _LARGEST]


def _fillings(
    shapes: list[Shape], arrays: Sequence[Shape], unknown: list[tuple[int, int]], candidates: list[int]
) -> Iterator[dict[tuple[int, int], int]]:
    """The unknown sizes that are set to known ones: first to those which broadcasting puts beside them, then
    all but the batch to one, then in any way.
    """
    for right in (True, False):
        beside = _sizes_beside([*shapes, *arrays], right)
        filling = {
            (n, axis): beside[place]
            for n, axis in unknown
            if (place := axis - len(shapes[n]) if right else axis) in beside
        }
        if filling:
            yield filling
    inner = [place for place in unknown if place[1] > 0]
    if inner:
        yield from (dict.fromkeys(inner, size) for size in candidates[:4])
        choices = itertools.product([None, *candidates[:4]], repeat=len(inner))
        for chosen in itertools.islice(choices, 1, 1 + _FILLINGS):
            yield {place: size for place, size in zip(inner, chosen, strict=True) if size is not None}


def _sizes_beside(shapes: Sequence[Shape], right: bool) -> dict[int, int]:
    """The one size over 1 that each axis has, counted from the right or from the left."""
    found: dict[int, set[int]] = {}
    for shape in shapes:
        for axis, size in enumerate(shape):
            if size is not None and size > 1:
                found.setdefault(axis - len(shape) if right else axis, set()).add(size)
    return {axis: sizes.pop() for axis, sizes in found.items() if len(sizes) == 1}


def _merged(first: Any, second: Any) -> Any:
    """What the two traces agree on."""
    if jax.tree.structure(first) != jax.tree.structure(second):
        raise ShapeError(
            "The number of results depends on an unknown size of the input: give the input's full shape."
        )
    return jax.tree.map(_merged_shape, first, second)


def _merged_shape(one: Any, two: Any) -> ArraySpec:
    if len(one.shape) != len(two.shape):
        raise ShapeError(
            "The rank of the result depends on an unknown size of the input: give the input's full shape."
        )
    sizes = (a if a == b else None for a, b in zip(one.shape, two.shape, strict=True))
    return ArraySpec(tuple(sizes), one.dtype)


def _hide_sizes(
    error: Exception,
    trace: Callable[[Filled], Any],
    filled: Filled,
    others: Filled,
    shapes: list[Shape],
) -> None:
    """Write None for the numbers in an error's message that stand for unknown sizes: those that differ where
    the sizes do, and the made-up ones themselves.
    """
    notes: list[str] = getattr(error, "__notes__", [])
    if not any(_NUMBERS.search(text) for text in (*map(str, error.args), *notes)):
        return
    other: Exception = error
    try:
        trace(others)
    except Exception as one:
        other = one
    made_up = {filled[n][axis] for n, axis in _unknown_axes(shapes)}
    error.args = tuple(
        _common(one, two, made_up) if isinstance(one, str) else one
        for one, two in itertools.zip_longest(error.args, other.args[: len(error.args)])
    )
    pairs = itertools.zip_longest(notes, getattr(other, "__notes__", [])[: len(notes)])
    notes[:] = [_common(one, two, made_up) for one, two in pairs]


def _common(one: str, two: Any, made_up: set[int]) -> str:
    if one is two or not isinstance(two, str) or _NUMBERS.split(one) != _NUMBERS.split(two):
        return _NUMBERS.sub(lambda number: "None" if int(number[0]) in made_up else number[0], one)
    others = iter(_NUMBERS.findall(two))
    return _NUMBERS.sub(lambda number: number[0] if number[0] == next(others) else "None", one)
