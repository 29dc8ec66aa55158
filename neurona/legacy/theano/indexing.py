"""Indexing: elements of variables, and windows whose place is known only when a function is called.

A minibatch, `x[index * size : (index + 1) * size]`, has a size that follows from the expressions of its
bounds. It is read at a place that is a number of the program, which so serves all batches. A window that
would go beyond the array is shorter, as in NumPy: the function is then compiled for its place.
"""

import contextlib
import contextvars
import operator
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from neurona.graph import Constant, Node, Placeholder

_exact: contextvars.ContextVar[bool] = contextvars.ContextVar("exact windows", default=False)


class Affine(NamedTuple):
    """A sum of whole multiples of integer variables, and a constant."""

    factors: dict[Any, int]
    constant: int

    def plus(self, other: "Affine", sign: int = 1) -> "Affine":
        """The sum with a multiple of another."""
        factors = dict(self.factors)
        for node, factor in other.factors.items():
            factors[node] = factors.get(node, 0) + sign * factor
        kept = {node: factor for node, factor in factors.items() if factor}
        return Affine(kept, self.constant + sign * other.constant)

    def times(self, number: int) -> "Affine":
        """A multiple."""
        return Affine(
            {node: factor * number for node, factor in self.factors.items()}, self.constant * number
        )


def affine(value: Any) -> Affine | None:
    """An expression of integers as a sum of multiples of its variables; None where it is no such sum.

    Example:

        >>> affine(3)
        Affine(factors={}, constant=3)
    """
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return Affine({}, int(value))
    if not isinstance(value, Node):
        return None
    if isinstance(value, Constant):
        number = np.asarray(value.value)
        return Affine({}, int(number)) if number.ndim == 0 and number.dtype.kind in "iu" else None
    if value.function in _SUMS:
        parts = [affine(part) for part in value.args]
        return None if None in parts else _SUMS[value.function](*parts)
    is_integer = (
        isinstance(value, Placeholder) and value.spec.shape == () and value.spec.dtype.startswith("int")
    )
    return Affine({value: 1}, 0) if is_integer else None


def _product(one: Affine, two: Affine) -> Affine | None:
    if not one.factors:
        return two.times(one.constant)
    return one.times(two.constant) if not two.factors else None


_SUMS: dict[Any, Any] = {
    jnp.add: lambda one, two: one.plus(two),
    jnp.subtract: lambda one, two: one.plus(two, -1),
    jnp.multiply: _product,
    jnp.negative: lambda one: one.times(-1),
}


class Window(NamedTuple):
    """Rows of a variable: how many, and where the first one is."""

    rows: Any
    start: Affine
    size: int

    def is_inside(self, values: dict[Any, Any]) -> bool:
        """Whether the window lies in the array, for the values of inputs."""
        length = _length(self.rows, values)
        if length is None or any(node not in values for node in self.start.factors):
            return False
        start = self.start.constant + sum(
            factor * int(values[node]) for node, factor in self.start.factors.items()
        )
        return start >= 0 and start + self.size <= length


def _length(rows: Any, values: dict[Any, Any]) -> int | None:
    """How many rows a variable has, where that needs no computation."""
    while rows.inputs and getattr(rows.function, "keeps_length", False):
        rows = rows.args[0]
    value = values.get(rows, getattr(rows, "value", None))
    return None if value is None or not np.ndim(value) else len(value)


def window_of(x: Any, index: Any) -> Window | None:
    """The window that an index means, if it is a slice of which the size follows from its expressions."""
    if not isinstance(index, slice) or index.step not in (None, 1) or index.stop is None:
        return None
    if not any(isinstance(bound, Node) for bound in (index.start, index.stop)):
        return None
    start, stop = affine(0 if index.start is None else index.start), affine(index.stop)
    if start is None or stop is None:
        return None
    size = stop.plus(start, -1)
    return Window(x, start, size.constant) if not size.factors and size.constant > 0 else None


@contextlib.contextmanager
def exact_windows() -> Iterator[None]:
    """A block in which programs are traced for the places of their windows."""
    token = _exact.set(True)
    try:
        yield
    finally:
        _exact.reset(token)


def read_window(x: Any, start: Any, size: int) -> Any:
    """Rows of an array from a place on."""
    if isinstance(start, jax.core.Tracer) and not _exact.get():
        return jax.lax.dynamic_slice_in_dim(x, start, size)
    begin = operator.index(start)
    return x[begin : begin + size]


def read_items(x: Any, index: Any) -> Any:
    """Elements, by an index of numbers, slices, arrays, None and Ellipsis."""
    parts = index if isinstance(index, tuple) else (index,)
    plain = tuple(_plain(part) for part in parts)
    known = all(
        part is None or part is Ellipsis or isinstance(part, (int, np.ndarray, slice)) for part in plain
    )
    return x[plain] if isinstance(x, np.ndarray) and known else jnp.asarray(x)[plain]


def _plain(part: Any) -> Any:
    """A part of an index as NumPy takes it: bounds of slices are Python's integers, and so must be known."""
    if isinstance(part, list):
        return np.asarray(part)
    if isinstance(part, np.ndarray) and part.ndim == 0 and part.dtype.kind in "iu":
        return int(part)
    if not isinstance(part, slice):
        return part
    return slice(
        *(None if one is None else operator.index(one) for one in (part.start, part.stop, part.step))
    )
