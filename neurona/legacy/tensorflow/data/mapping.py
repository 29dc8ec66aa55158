"""Functions of a program over elements: one by one, or compiled once for many elements of one form."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from neurona.core.errors import TracingError
from neurona.core.scope import Scope
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
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.widths import narrow, wide
from neurona.training.batches import new_numpy_generator

_FEW = 64  # elements for which no program is compiled
_FEWEST, _MOST, _BYTES = 8, 128, 2**24  # elements that run as one program, and how many bytes these take
_LARGEST = 2**21  # bytes of an element above which one element is enough work for a call


def call(function: Callable[..., Any], element: Any) -> Any:
    """A function's result for an element, as a program sees both: a tuple is its arguments."""
    given = tensors(element)
    return function(*given) if type(given) is tuple else function(given)


class _Reads(dict):
    """The values of variables that a function reads while it is traced. It may not assign to any."""

    def get(self, variable: Any, value: Any = None) -> Any:
        super().__setitem__(variable, value)
        return value

    def __setitem__(self, variable: Any, value: Any) -> None:
        raise TracingError("A function of elements that assigns to variables is not compiled.")


class ElementFunction:
    """A function of a program over elements.

    The first elements are computed one by one. Then the function is traced. Where that works, and gives the
    same numbers, it is compiled and computes many elements at once; random numbers are drawn for each
    element. Where it looks at values, assigns to variables or leaves JAX, elements are computed one by one.

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
        self._reads: Any = _Reads()
        self._keys = new_numpy_generator()  # for the random numbers that the program draws

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
        if any(variable.value is not value for variable, value in self._reads.items()):
            self._form, self._reads = None, _Reads()  # what the program took over has changed
        form = [(column.shape[1:], column.dtype) for column in columns]
        if (
            self._seen < _FEW
            or (self._form is None and not self._compiles(given, form))
            or form != self._form
        ):
            return None
        outputs = self._run(columns)
        return in_order(self._result, outputs)

    def over(self, stream: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
        """Pairs of each element of a stream and the function's result."""
        for block in growing_groups(stream, _MOST, lambda: not self.is_eager):
            results = self.columns(stacked(block)) if _are_alike(block) else None
            for place, element in enumerate(block):
                yield element, self(element) if results is None else row_of(results, place)

    def _compiles(self, given: Any, form: Any) -> bool:
        """Trace the function, run the program, and compare its first and last results with those outside."""
        columns, example = leaves(given), row_of(given, 0)
        self._result, self.is_eager = self(example), True
        if not _are_small_numbers(leaves(self._result)):
            return False

        def of_one(key: Any, values: Any) -> Any:
            element = in_order(example, [Tensor(value) for value in values])
            with narrow(), Scope(self._reads, jax.random.wrap_key_data(key)):
                result = self.function(*element) if type(element) is tuple else self.function(element)
            result = tuple(result) if isinstance(result, list) else result
            return [getattr(leaf, "_array", leaf) for leaf in leaves(result)]

        self._program, drawn = jax.jit(jax.vmap(of_one)), Scope.draws
        self._room = _room(given, self._result)
        try:
            outputs = self._run(columns)
        except Exception:
            return False  # the function does what can't be compiled
        if not self._agrees(given, outputs, is_random=Scope.draws > drawn):
            return False
        self._form, self.is_eager = form, False
        return True

    def _agrees(self, given: Any, outputs: list[np.ndarray], is_random: bool) -> bool:
        """Whether the program's first and last results, or the shapes of random ones, are the function's."""
        for place in (0, len(outputs[0]) - 1):
            expected = leaves(self(row_of(given, place)))
            for column, value in zip(outputs, expected, strict=True):
                close = is_random or np.allclose(column[place], value, 1e-4, 1e-4, equal_nan=True)
                if column.shape[1:] != np.shape(value) or not close:
                    return False
        return True

    def _run(self, columns: list[np.ndarray]) -> list[np.ndarray]:
        """The program's results, `_room` rows at a time."""
        dtypes = [np.asarray(leaf).dtype for leaf in leaves(self._result)]
        parts = []
        for start in range(0, len(columns[0]), self._room):
            keys = self._keys.integers(2**32, size=(self._room, 2), dtype=np.uint32)
            with wide():
                outputs = self._program(keys, [_filled(column[start:], self._room) for column in columns])
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


def _filled(column: Any, room: int) -> np.ndarray:
    """The first `room` rows of a column; its first row stands for those that it lacks."""
    if len(column) >= room:
        return column[:room]
    return np.concatenate([column, np.broadcast_to(column[:1], (room - len(column), *column.shape[1:]))])


def _room(given: Any, result: Any) -> int:
    """How many elements run as one program."""
    size = sum(leaf.nbytes for leaf in leaves(result)) + sum(
        leaf.nbytes // len(leaf) for leaf in leaves(given)
    )
    return max(_FEWEST, min(_MOST, _BYTES // max(size, 1)))


def flag(value: Any) -> bool:
    """A function's result as true or false."""
    return bool(np.asarray(leaves(value)[0]))


def number(value: Any) -> int:
    """A function's result as an integer."""
    return int(np.asarray(leaves(host_element(value))[0]))
