"""Sources of batches: what can be iterated over, and what is asked for its batches by number."""

from collections.abc import Iterable
from typing import Any


def is_numbered(source: Any) -> bool:
    """Whether batches are asked for by number, as of a PyDataset: by iteration they might never end.

    Example:

        >>> is_numbered([1]), is_numbered(range(3))
        (False, False)
    """
    has_numbers = hasattr(source, "__getitem__") and hasattr(source, "__len__")
    return has_numbers and (hasattr(source, "on_epoch_end") or not hasattr(source, "__iter__"))


def each_batch(source: Any) -> Iterable[Any]:
    """The batches of a source, once.

    Example:

        >>> list(each_batch([1, 2]))
        [1, 2]
    """
    return (source[number] for number in range(len(source))) if is_numbered(source) else source
