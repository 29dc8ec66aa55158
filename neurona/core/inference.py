"""Shapes by evaluation: what a function returns for arrays of which some sizes are not known.

The function is traced with each unknown size set to one number, then to another; a size of the result that
changed is unknown. JAX's own symbolic dimensions are not used: kernels choose by size which program to run,
and such a question has no answer for a symbol.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ShapeError

_STEP = 2520  # divides by every number to 10, so that reshapes and poolings go through
_DIVISIBLE = 720720  # divides by every number to 16
_TRIED = 4  # fixed sizes that an unknown one is tried with
_NUMBERS = re.compile(r"-?\d+")

Sizes = tuple[int, int]  # what an unknown size is in the first trace, and in the second


def trace_shapes(function: Callable[[list[Any]], Any], tensors: list[Any], fixed: list[int]) -> Any:
    """The shapes and dtypes that a function returns: a tree of `jax.ShapeDtypeStruct`, None where unknown.

    Args:
        function: called with a list of tracers, one for each of the tensors.
        tensors: what has a shape, with None where unknown, and a dtype.
        fixed: further sizes that an unknown one may have to equal, such as those of arrays.

    Raises:
        Exception: what the function raises, with None where its message names an unknown size.

    Example:

        >>> x = jax.ShapeDtypeStruct((None, 4, 3), "float32")
        >>> trace_shapes(lambda arrays: arrays[0].reshape(arrays[0].shape[0], -1), [x], []).shape
        (None, 12)
    """

    def trace(batch: int, others: int) -> Any:
        shapes = [_filled(tensor.shape, batch, others) for tensor in tensors]
        arrays = [jax.ShapeDtypeStruct(s, jnp.dtype(t.dtype)) for s, t in zip(shapes, tensors, strict=True)]
        return jax.eval_shape(function, arrays)

    shapes = [tuple(tensor.shape) for tensor in tensors]
    if all(None not in shape for shape in shapes):
        return trace(0, 0)
    failed: list[tuple[Exception, Sizes]] = []
    for batch, others in _attempts(shapes, fixed):
        try:
            first, second = trace(batch[0], others[0]), trace(batch[1], others[1])
        except (TypeError, ValueError) as error:
            failed.append((error, others))
        else:
            return jax.tree.map(_merged, first, second)
    error, sizes = failed[0]
    try:
        trace(sizes[1], sizes[1])
    except (TypeError, ValueError) as other:
        _hide_sizes(error, other)
    raise error


def _filled(shape: tuple[int | None, ...], batch: int, others: int) -> tuple[int, ...]:
    sizes = [batch, *itertools.repeat(others, len(shape) - 1)] if shape else []
    return tuple(made_up if size is None else size for size, made_up in zip(shape, sizes, strict=True))


def _attempts(shapes: list[tuple[int | None, ...]], others: list[int]) -> Iterator[tuple[Sizes, Sizes]]:
    """What unknown sizes are tried with, in turn: the first axis, and all others. Sizes that occur are left
    out, so that nothing fits by chance.
    """
    known = [size for shape in shapes for size in shape if size is not None]
    fixed = list(dict.fromkeys(size for size in (*known, *others) if size > 1))
    free = (size for size in itertools.count(_STEP, _STEP) if size not in fixed)
    usual = next(free), next(free)
    yield usual, usual
    if any(None in shape[1:] for shape in shapes):  # it may have to equal one that is known, or be small
        yield from ((usual, (size, size)) for size in fixed[:_TRIED])
    yield (_DIVISIBLE, 2 * _DIVISIBLE), (_DIVISIBLE, 2 * _DIVISIBLE)
    yield usual, (1, 2)


def _merged(one: Any, two: Any) -> jax.ShapeDtypeStruct:
    if len(one.shape) != len(two.shape):
        raise ShapeError(
            "The rank of the result depends on an unknown size of the input: give the input's full shape."
        )
    sizes = (a if a == b else None for a, b in zip(one.shape, two.shape, strict=True))
    return jax.ShapeDtypeStruct(tuple(sizes), one.dtype)  # pyright: ignore[reportArgumentType]


def _hide_sizes(error: Exception, other: Exception) -> None:
    """Write None for the numbers in an error's message that differ in the message for other sizes."""
    error.args = tuple(
        _common(one, two) if isinstance(one, str) and isinstance(two, str) else one
        for one, two in itertools.zip_longest(error.args, other.args[: len(error.args)])
    )
    notes = getattr(error, "__notes__", [])
    notes[:] = [_common(one, two) for one, two in zip(notes, getattr(other, "__notes__", notes))]


def _common(one: str, two: str) -> str:
    if _NUMBERS.split(one) != _NUMBERS.split(two):
        return one
    others = iter(_NUMBERS.findall(two))
    return _NUMBERS.sub(lambda number: number[0] if number[0] == next(others) else "None", one)
