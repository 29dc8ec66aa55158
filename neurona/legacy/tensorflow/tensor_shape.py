"""TensorShape: the shape of a tensor, in which sizes, or all of them, may be unknown."""

from collections.abc import Iterable
from typing import Any, Self, SupportsIndex

from neurona.core.errors import ShapeError


class TensorShape(tuple):
    """Sizes, None where unknown; as a whole None where even the rank is.

    Example:

        >>> shape = TensorShape([None, 3])
        >>> shape, shape.as_list(), shape.rank, shape[1:], str(shape)
        (TensorShape([None, 3]), [None, 3], 2, TensorShape([3]), '(None, 3)')
        >>> TensorShape(None).rank is None
        True
    """

    _known = True

    def __new__(cls, dims: Any = ()) -> Self:
        if isinstance(dims, TensorShape) and not dims._known:
            dims = None
        if dims is None:
            shape = super().__new__(cls, ())
            shape._known = False
            return shape
        sizes = dims if isinstance(dims, Iterable) else (dims,)
        return super().__new__(cls, (_size(size) for size in sizes))

    @property
    def rank(self) -> int | None:
        """How many axes; None where unknown."""
        return len(tuple(self)) if self._known else None

    ndims = rank

    @property
    def dims(self) -> list["Dimension"] | None:
        """The sizes as objects of TensorFlow 1."""
        return [Dimension(size) for size in self] if self._known else None

    def as_list(self) -> list[int | None]:
        """The sizes as a list."""
        self.assert_has_rank(self.rank)
        return list(self)

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return self._known and None not in tuple(self)

    def num_elements(self) -> int | None:
        """The product of the sizes; None where one is unknown."""
        if not self.is_fully_defined():
            return None
        product = 1
        for size in self:
            product *= size
        return product

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor may have both shapes."""
        other = TensorShape(other)
        if not (self._known and other._known):
            return True
        return len(self) == len(other) and all(a is None or b is None or a == b for a, b in zip(self, other))

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise where `is_compatible_with` says no."""
        if not self.is_compatible_with(other):
            raise ShapeError(f"Shapes {self} and {TensorShape(other)} are incompatible.")

    def assert_has_rank(self, rank: int | None) -> None:
        """Raise unless there are so many axes."""
        if not self._known or self.rank != rank:
            raise ShapeError(f"Shape {self} must have rank {rank}.")

    def assert_is_fully_defined(self) -> None:
        """Raise unless every size is known."""
        if not self.is_fully_defined():
            raise ShapeError(f"Shape {self} is not fully defined.")

    def merge_with(self, other: Any) -> "TensorShape":
        """What both shapes know together."""
        other = TensorShape(other)
        self.assert_is_compatible_with(other)
        if not (self._known and other._known):
            return other if not self._known else self
        return TensorShape(b if a is None else a for a, b in zip(self, other))

    def concatenate(self, other: Any) -> "TensorShape":
        """The sizes of both, one after the other."""
        other = TensorShape(other)
        return TensorShape((*self, *other)) if self._known and other._known else TensorShape(None)

    def with_rank(self, rank: int) -> "TensorShape":
        """The shape, which must have so many axes."""
        return self.merge_with([None] * rank)

    def __add__(self, other: Any) -> "TensorShape":
        return self.concatenate(other)

    def __radd__(self, other: Any) -> "TensorShape":
        return TensorShape(other).concatenate(self)

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        if not self._known:
            return TensorShape(None) if isinstance(key, slice) else None
        return TensorShape(tuple(self)[key]) if isinstance(key, slice) else super().__getitem__(key)

    def __len__(self) -> int:
        if not self._known:
            raise ShapeError("A shape of unknown rank has no length.")
        return super().__len__()

    def __bool__(self) -> bool:
        return self._known

    def __eq__(self, other: object) -> bool:
        try:
            other = TensorShape(other)
        except (TypeError, ValueError):
            return False
        return self._known == other._known and tuple(self) == tuple(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self._known, tuple(self)))

    def __str__(self) -> str:
        if not self._known:
            return "<unknown>"
        return f"({self[0]},)" if len(self) == 1 else f"({', '.join(map(str, self))})"

    def __repr__(self) -> str:
        return f"TensorShape({list(self) if self._known else None})"

    def __reduce__(self) -> tuple:
        return TensorShape, (list(self) if self._known else None,)


class Dimension:
    """A size as TensorFlow 1 has it: `shape[0].value`."""

    def __init__(self, value: Any) -> None:
        self.value = _size(value)

    def __eq__(self, other: object) -> bool:
        return self.value == getattr(other, "value", other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __int__(self) -> int:
        return int(self.value)  # pyright: ignore[reportArgumentType]

    __index__ = __int__

    def __mul__(self, other: Any) -> "Dimension":
        other = _size(other)
        return Dimension(None if self.value is None or other is None else self.value * other)

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"Dimension({self.value})"

    def __str__(self) -> str:
        return "?" if self.value is None else str(self.value)


def _size(size: Any) -> int | None:
    size = getattr(size, "value", size) if isinstance(size, Dimension) else size
    if size is None or (isinstance(size, int) and size < 0):
        return None
    return int(size)
