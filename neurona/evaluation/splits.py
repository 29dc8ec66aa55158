"""Rows to learn from and rows to be tested with: folds that keep the classes' shares, keep groups together,
or never look into the future.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError

Split = tuple[np.ndarray, np.ndarray]  # rows to learn from, and to be tested with


def k_folds(rows: int, folds: int = 5, y: Any = None, groups: Any = None, seed: int = 0) -> list[Split]:
    """Folds of shuffled rows: each row is tested once.

    Args:
        rows: how many there are.
        folds: how many parts.
        y: classes; every fold gets the same share of each, to one row. None for rows of any kind.
        groups: what may not be torn apart, such as patients: a group is in one fold. With y the shares are
            kept as well as the groups let them.
        seed: of the order.

    Returns:
        For each fold the rows to learn from and those to be tested with, sorted.

    Raises:
        ArgumentError: there are fewer than 2 folds.
        DataError: there are fewer rows or groups than folds, y or groups have another length, or a class has
            fewer rows than there are folds.

    Example:

        >>> [test.tolist() for _, test in k_folds(6, 3, y=[0, 0, 0, 1, 1, 1])]
        [[2, 3], [0, 5], [1, 4]]
    """
    if folds < 2:
        raise ArgumentError(f"k_folds: there are 2 folds or more. Received: {folds=}")
    for name, given in (("y", y), ("groups", groups)):
        if given is not None and len(given) != rows:
            raise DataError(
                f"k_folds: {name} has a value for each of the {rows} rows. Received: {len(given)}"
            )
    random = np.random.default_rng(seed)
    if groups is not None:
        fold = _fold_of_groups(folds, y, groups, random)
    else:
        if rows < folds:
            raise DataError(f"k_folds: {rows} rows can't be cut into {folds} folds.")
        fold = _fold_of_rows(rows, folds, y, random)
    return [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(folds)]


def _fold_of_rows(rows: int, folds: int, y: Any, random: np.random.Generator) -> np.ndarray:
    """The fold of each row. The classes are dealt out one after another, so the folds are of one size."""
    order = random.permutation(rows)
    if y is not None:
        classes, which, counts = np.unique(np.asarray(y), return_inverse=True, return_counts=True)
        if counts.min() < folds:
            rare = int(counts.argmin())
            raise DataError(
                f"k_folds: each class has a row for every fold. Class {classes[rare]} has {counts[rare]} "
                f"rows, and there are {folds} folds."
            )
        order = order[np.argsort(which.reshape(-1)[order], kind="stable")]
    fold = np.empty(rows, int)
    fold[order] = np.arange(rows) % folds
    return fold


def _fold_of_groups(folds: int, y: Any, groups: Any, random: np.random.Generator) -> np.ndarray:
    """The fold of each row. The largest groups choose first, each the fold in which it is needed most."""
    names, which = np.unique(np.asarray(groups), return_inverse=True)
    which = which.reshape(-1)
    if len(names) < folds:
        raise DataError(f"k_folds: {len(names)} groups can't be dealt out to {folds} folds.")
    labels = np.zeros(len(which), int) if y is None else np.unique(np.asarray(y), return_inverse=True)[1]
    counts = np.zeros((len(names), labels.max() + 1))
    np.add.at(counts, (which, labels.reshape(-1)), 1)
    shares = counts / counts.sum(axis=0)
    order = random.permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    held, fold = np.zeros((folds, shares.shape[1])), np.empty(len(names), int)
    for group in order:
        after = held[None] + np.eye(folds)[..., None] * shares[group]
        fold[group] = np.argmin(after.var(axis=1).sum(axis=1) + 1e-9 * held.sum(axis=1))
        held[fold[group]] += shares[group]
    return fold[which]


def time_folds(times: Any, folds: int = 5) -> Iterator[Split]:
    """Splits in which all rows to learn from are older than those to be tested with. Rows of one moment stay
    together.

    The moments are cut into folds + 1 stretches; fold k learns from the first k and is tested with the next.

    Args:
        times: a moment for each row: numbers, or `datetime64`.
        folds: how many.

    Raises:
        ArgumentError: there are no folds.
        DataError: there are fewer different moments than stretches, or one is missing.

    Example:

        >>> [(old.tolist(), new.tolist()) for old, new in time_folds([3, 1, 2], 2)]
        [([1], [2]), ([1, 2], [0])]
    """
    if folds < 1:
        raise ArgumentError(f"time_folds: there is 1 fold or more. Received: {folds=}")
    times = np.asarray(times)
    missing = np.isnat(times) if times.dtype.kind == "M" else times != times
    if missing.any():
        raise DataError(f"time_folds: row {int(missing.argmax())} has no time.")
    moments, which = np.unique(times, return_inverse=True)
    if len(moments) <= folds:
        raise DataError(
            f"time_folds: {folds} folds need {folds + 1} different times or more. Received: {len(moments)}"
        )
    stretch = (np.arange(len(moments)) * (folds + 1) // len(moments))[which.reshape(-1)]
    for number in range(1, folds + 1):
        yield np.flatnonzero(stretch < number), np.flatnonzero(stretch == number)
