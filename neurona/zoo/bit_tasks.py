"""Tasks that ask for a memory: bits are shown, and asked for later (Graves, Wayne and Danihelka, 2014).

Each gives inputs and targets, (sequences, time, features) and (sequences, time, bits). Targets are NaN at
steps that ask for nothing. Sequences that are shorter than the longest end in steps without inputs.
"""

import numpy as np

from neurona.errors import ArgumentError

__all__ = ["associative_recall_task", "copy_task", "repeat_copy_task"]

Range = tuple[int, int]
Pairs = tuple[np.ndarray, np.ndarray]


def _check_range(owner: str, name: str, span: Range, least: int) -> None:
    """Refuse a span that is empty or begins too low.

    Raises:
        ArgumentError: it is one.
    """
    if not least <= span[0] <= span[1]:
        raise ArgumentError(
            f"{owner}: {name} is (fewest, most), and fewest at least {least}. Received: {span}"
        )


def _pad(inputs: list[np.ndarray], targets: list[np.ndarray]) -> Pairs:
    steps = max(map(len, inputs))
    X = np.zeros((len(inputs), steps, inputs[0].shape[1]), "float32")
    y = np.full((len(inputs), steps, targets[0].shape[1]), np.nan, "float32")
    for row, (shown, asked) in enumerate(zip(inputs, targets, strict=True)):
        X[row, : len(shown)] = shown
        y[row, len(shown) - len(asked) : len(shown)] = asked
    return X, y


def copy_task(sequences: int, lengths: Range = (1, 20), bits: int = 8, seed: int = 0) -> Pairs:
    """Random bits are shown, then a delimiter on a feature of its own; then the same bits are asked for.

    Args:
        sequences: how many.
        lengths: the fewest and most steps of bits.
        bits: of a step.
        seed: of the bits and the lengths.

    Shapes: -> inputs (sequences, 2 * most + 1, bits + 1), targets (sequences, 2 * most + 1, bits).

    Raises:
        ArgumentError: the lengths are none.

    Source: Graves, Wayne and Danihelka, Neural Turing Machines, 2014, section 4.1.

    Example:

        >>> X, y = copy_task(1, (2, 2), bits=1, seed=1)
        >>> X[0].tolist(), y[0, 3:].tolist()
        ([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]], [[0.0], [1.0]])
    """
    _check_range("copy_task", "lengths", lengths, 1)
    rng = np.random.default_rng(seed)
    inputs, targets = [], []
    for length in rng.integers(lengths[0], lengths[1] + 1, sequences):
        shown = rng.integers(0, 2, (length, bits))
        row = np.zeros((2 * length + 1, bits + 1), "float32")
        row[:length, :bits], row[length, bits] = shown, 1
        inputs.append(row)
        targets.append(shown)
    return _pad(inputs, targets)


def repeat_copy_task(
    sequences: int, lengths: Range = (1, 10), repeats: Range = (1, 10), bits: int = 8, seed: int = 0
) -> Pairs:
    """As `copy_task`, but the bits are asked for several times, and then for an end marker.

    How often is told with the delimiter, on a further feature, less the mean of 1 to 10 and over its standard
    deviation, so that numbers beyond those that were learned mean what they say.

    Args:
        sequences: how many.
        lengths: the fewest and most steps of bits.
        repeats: the fewest and most copies.
        bits: of a step.
        seed: of the bits, lengths and repeats.

    Shapes: -> inputs (sequences, time, bits + 2), targets (sequences, time, bits + 1), the end marker last.

    Raises:
        ArgumentError: the lengths or repeats are none.

    Source: Graves, Wayne and Danihelka, Neural Turing Machines, 2014, section 4.2.

    Example:

        >>> X, y = repeat_copy_task(1, (1, 1), (2, 2), bits=1)
        >>> y[0, 2:].tolist()
        [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    _check_range("repeat_copy_task", "lengths", lengths, 1)
    _check_range("repeat_copy_task", "repeats", repeats, 1)
    rng = np.random.default_rng(seed)
    numbers = np.arange(1, 11)
    inputs, targets = [], []
    for _ in range(sequences):
        length, times = (int(rng.integers(low, high + 1)) for low, high in (lengths, repeats))
        shown = rng.integers(0, 2, (length, bits))
        row = np.zeros((length + 1 + length * times + 1, bits + 2), "float32")
        row[:length, :bits], row[length, bits] = shown, 1
        row[length, bits + 1] = (times - numbers.mean()) / numbers.std()
        asked = np.zeros((length * times + 1, bits + 1), "float32")
        asked[:-1, :bits], asked[-1, bits] = np.tile(shown, (times, 1)), 1
        inputs.append(row)
        targets.append(asked)
    return _pad(inputs, targets)


def associative_recall_task(
    sequences: int, items: Range = (2, 6), steps: int = 3, bits: int = 6, seed: int = 0
) -> Pairs:
    """Items are shown in a row, then one of them again: the item after it is asked for.

    A delimiter, on a feature of its own, comes before each item; another comes before and after the query.

    Args:
        sequences: how many.
        items: the fewest and most items.
        steps: of an item.
        bits: of a step.
        seed: of the bits, the numbers of items and the queries.

    Shapes: -> inputs (sequences, time, bits + 2), targets (sequences, time, bits).

    Raises:
        ArgumentError: there are fewer than two items.

    Source: Graves, Wayne and Danihelka, Neural Turing Machines, 2014, section 4.3.

    Example:

        >>> X, y = associative_recall_task(1, (2, 2), steps=1, bits=2)
        >>> bool((y[0, -1] == X[0, 3, :2]).all()), bool((X[0, 5, :2] == X[0, 1, :2]).all())
        (True, True)
    """
    _check_range("associative_recall_task", "items", items, 2)
    rng = np.random.default_rng(seed)
    inputs, targets = [], []
    for count in rng.integers(items[0], items[1] + 1, sequences):
        shown = rng.integers(0, 2, (count, steps, bits))
        query = int(rng.integers(0, count - 1))
        row = np.zeros((int(count) * (steps + 1) + steps + 2 + steps, bits + 2), "float32")
        told = row[: count * (steps + 1)].reshape(count, steps + 1, bits + 2)
        told[:, 0, bits], told[:, 1:, :bits] = 1, shown
        begin = count * (steps + 1)
        row[[begin, begin + steps + 1], bits + 1] = 1
        row[begin + 1 : begin + steps + 1, :bits] = shown[query]
        inputs.append(row)
        targets.append(shown[query + 1])
    return _pad(inputs, targets)
