"""What the transformations of data sets do to a stream of elements, whatever those are."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

_DRAWS = 4096  # random numbers drawn at once
_END: Any = object()


def groups(stream: Iterable[Any], size: int, drop_remainder: bool = False) -> Iterator[list[Any]]:
    """Lists of `size` elements; the last may be shorter."""
    iterator = iter(stream)
    while group := list(itertools.islice(iterator, size)):
        if len(group) == size or not drop_remainder:
            yield group


def growing_groups(stream: Iterable[Any], most: int, grows: Callable[[], bool]) -> Iterator[list[Any]]:
    """Lists of 1, 2, 4... elements, `most` in the end; of 1 as long as `grows` is false."""
    iterator, size = iter(stream), 1
    while group := list(itertools.islice(iterator, size)):
        yield group
        size = min(2 * size, most) if grows() else 1


def shuffled(stream: Iterable[Any], size: int, generator: np.random.Generator) -> Iterator[Any]:
    """Elements in the order in which they are drawn from a buffer of `size`, which is filled up again."""
    iterator = iter(stream)
    buffer = list(itertools.islice(iterator, size))
    if len(buffer) == size:
        draws = _integers(size, generator)
        for element in iterator:
            place = next(draws)
            yield buffer[place]
            buffer[place] = element
    for place in generator.permutation(len(buffer)).tolist():
        yield buffer[place]


def _integers(limit: int, generator: np.random.Generator) -> Iterator[int]:
    while True:
        yield from generator.integers(limit, size=_DRAWS).tolist()


def windows(
    stream: Iterable[Any], size: int, shift: int, stride: int, drop_remainder: bool
) -> Iterator[list[Any]]:
    """Lists of `size` elements, every `stride`-th, that begin `shift` elements apart."""
    span = (size - 1) * stride + 1
    held: list[Any] = []
    skip = 0
    for element in stream:
        if skip:
            skip -= 1
            continue
        held.append(element)
        if len(held) == span:
            yield held[::stride]
            held, skip = held[shift:], max(0, shift - span)
    while held and not drop_remainder:
        yield held[::stride]
        held = held[shift:]


def interleaved(
    inputs: Iterable[Any], open_stream: Callable[[Any], Iterable[Any]], cycle: int, block: int
) -> Iterator[Any]:
    """Elements of the streams of `cycle` inputs at a time, `block` from each in turn."""
    waiting = iter(inputs)
    slots: list[Iterator[Any] | None] = [None] * cycle
    ended = False
    while True:
        for number in range(cycle):
            taken = 0
            while taken < block:
                current = slots[number]
                if current is None:
                    item = _END if ended else next(waiting, _END)
                    if item is _END:
                        ended = True
                        break
                    current = slots[number] = iter(open_stream(item))
                element = next(current, _END)
                if element is _END:
                    slots[number] = None
                    if taken:
                        break
                    continue
                yield element
                taken += 1
        if ended and not any(slots):
            return


def chosen(streams: list[Any], choices: Iterable[int], stop_on_empty: bool) -> Iterator[Any]:
    """The next element of the stream that each choice names. A stream that ended is passed over, or ends
    all.
    """
    iterators = [iter(stream) for stream in streams]
    left = set(range(len(iterators)))
    for choice in choices:
        if choice not in left:
            continue
        element = next(iterators[choice], _END)
        if element is not _END:
            yield element
            continue
        left.discard(choice)
        if stop_on_empty or not left:
            return


def grouped_by(
    stream: Iterable[Any],
    key: Callable[[Any], int],
    reduce: Callable[[int, list[Any]], Iterable[Any]],
    size: Callable[[int], int],
) -> Iterator[Any]:
    """What `reduce` makes of `size` elements with one key; at the end, of those that are left."""
    held: dict[int, list[Any]] = {}
    for element in stream:
        number = key(element)
        held.setdefault(number, []).append(element)
        if len(held[number]) == size(number):
            yield from reduce(number, held.pop(number))
    for number, group in held.items():
        yield from reduce(number, group)


def unique(stream: Iterable[Any]) -> Iterator[Any]:
    """Every element once."""
    seen = set()
    for element in stream:
        array = np.asarray(element)
        key = array.item() if array.dtype == object else array.tobytes()
        if key not in seen:
            seen.add(key)
            yield element


def without_errors(stream: Iterator[Any]) -> Iterator[Any]:
    """The elements whose computation raises nothing. A generator ends with its first error."""
    while True:
        try:
            element = next(stream, _END)
        except Exception:
            continue
        if element is _END:
            return
        yield element
