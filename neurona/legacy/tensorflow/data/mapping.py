"""Functions of a program over elements: one by one, or compiled once for many elements of one form."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from neurona.legacy.tensorflow.data.elements import (
    host_element,
    in_order,
    leaves,
    returned_element,
    row_of,
    stacked,
    tensors,
)
from neurona.legacy.tensorflow.data.streams import growing_groups
from neurona.legacy.tensorflow.hosts import tensor_dtype
from neurona.legacy.tensorflow.tensor import Tensor

_FEW = 64  # elements for which no program is compiled
_ROOM = 128  # elements that run as one program, at least
_LARGEST = 2**16  # bytes of an element above which one element is enough work for a call
_NARROW = {np.dtype(np.int64): np.int32, np.dtype(np.uint64): np.uint32, np.dtype(np.float64): np.float32}


def call(function: Callable[..., Any], element: Any) -> Any:
    """A function's result for an element, as a program sees both: a tuple is its arguments."""
    given = tensors(element)
    return function(*given) if type(given) is tuple else function(given)


class ElementFunction:
    """A function of a program over elements.

    The first elements are computed one by one. Then the function is traced. Where that works, and gives the same
    numbers, it is compiled and computes many elements at once. Where it looks at values, draws random numbers
    or leaves JAX, elements are computed one by one.

    Args:
        function: takes the components of an element as tensors.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.is_eager = False
        self._seen = self._room = 0
        self._form: Any = None  # of the elements that the program is for
        self._program: Any = None
        self._result: Any = None  # an example of what the function returns

    def __call__(self, element: Any) -> Any:
        return returned_element(call(self.function, element))

    def columns(self, given: Any) -> Any:
        """The results for elements that are stacked, stacked too; None where they are to be computed one by
        one.
        """
        columns = leaves(given)
        if self.is_eager or not _are_small_numbers(columns):
            self.is_eager = True
            return None
        self._seen += len(columns[0])
        form = [(column.shape[1:], column.dtype) for column in columns]
        if (
            self._seen < _FEW
            or (self._form is None and not self._compiles(given, form))
            or form != self._form
        ):
            return None
        outputs = self._run(columns)
        return None if outputs is None else in_order(self._result, outputs)

    def over(self, stream: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
        """Pairs of each element of a stream and the function's result."""
        for block in growing_groups(stream, _ROOM, lambda: not self.is_eager):
            results = self.columns(stacked(block)) if _are_alike(block) else None
            for place, element in enumerate(block):
                yield element, self(element) if results is None else row_of(results, place)

    def _compiles(self, given: Any, form: Any) -> bool:
        """Trace the function, run the program, and compare its first and last results with those outside."""
        columns, example = leaves(given), row_of(given, 0)
        self._result, self.is_eager = self(example), True
        if not _are_small_numbers(leaves(self._result)):
            return False

        def of_one(values: Any) -> Any:
            held = [Tensor(value, tensor_dtype(column.dtype)) for value, column in zip(values, columns)]
            element = in_order(example, held)
            result = self.function(*element) if type(element) is tuple else self.function(element)
            result = tuple(result) if isinstance(result, list) else result
            return [getattr(leaf, "_array", leaf) for leaf in leaves(result)]

        self._program, self._room = jax.jit(jax.vmap(of_one)), max(_ROOM, len(columns[0]))
        try:
            outputs = self._run(columns)
        except Exception:
            return False  # the function does what can't be compiled
        if outputs is None:
            return False
        for place in (0, len(columns[0]) - 1):
            expected = leaves(self(row_of(given, place)))
            if not all(_equal(column[place], value) for column, value in zip(outputs, expected, strict=True)):
                return False
        self._form, self.is_eager = form, False
        return True

    def _run(self, columns: list[np.ndarray]) -> list[np.ndarray] | None:
        """The program's results, `_room` rows at a time; None where values don't fit into 32 bits."""
        narrow = [_narrowed(column) for column in columns]
        if any(column is None for column in narrow):
            return None
        dtypes = [np.asarray(leaf).dtype for leaf in leaves(self._result)]
        parts = []
        for start in range(0, len(columns[0]), self._room):
            outputs = self._program([_filled(column[start:], self._room) for column in narrow])
            many = min(self._room, len(columns[0]) - start)
            parts.append(
                [np.asarray(output)[:many].astype(d, copy=False) for output, d in zip(outputs, dtypes)]
            )
        return parts[0] if len(parts) == 1 else [np.concatenate(column) for column in zip(*parts)]


def _are_small_numbers(found: list[Any]) -> bool:
    if not all(isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "fiub" for leaf in found):
        return False
    rows = max(1, len(found[0])) if found and found[0].ndim else 1
    return bool(found) and sum(leaf.nbytes for leaf in found) // rows <= _LARGEST


def _are_alike(block: list[Any]) -> bool:
    """Whether elements are numbers of the same shapes and dtypes."""
    forms = [
        [(leaf.shape, leaf.dtype) if hasattr(leaf, "dtype") else None for leaf in leaves(e)] for e in block
    ]
    return None not in forms[0] and all(form == forms[0] for form in forms[1:])


def _narrowed(column: np.ndarray) -> np.ndarray | None:
    """A column in 32 bits, or None where integers don't fit."""
    dtype = _NARROW.get(column.dtype)
    if dtype is None:
        return column
    narrow = column.astype(dtype)
    return narrow if column.dtype.kind == "f" or np.array_equal(narrow, column) else None


def _filled(column: Any, room: int) -> np.ndarray:
    """The first `room` rows of a column; its first row stands for those that it lacks."""
    if len(column) >= room:
        return column[:room]
    return np.concatenate([column, np.broadcast_to(column[:1], (room - len(column), *column.shape[1:]))])


def _equal(one: Any, other: Any) -> bool:
    return one.shape == np.shape(other) and np.allclose(one, other, 1e-4, 1e-4, equal_nan=True)


def flag(value: Any) -> bool:
    """A function's result as true or false."""
    return bool(np.asarray(leaves(value)[0]))


def number(value: Any) -> int:
    """A function's result as an integer."""
    return int(np.asarray(leaves(host_element(value))[0]))
