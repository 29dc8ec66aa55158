"""What the rows were like from which a predictor learned, and how far new rows are from them."""

import dataclasses
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import special

from neurona.tabular.columns import Column
from neurona.tabular.encoding import LEFT_OUT

_PARTS = 10  # of the learned rows, each with as many
_TEXTS = 9  # the most frequent ones, which are counted by themselves
_FAR = 0.2  # distance from which on a column is told
_SURE = 0.01  # how often chance alone may tell one of the columns


@dataclasses.dataclass(frozen=True)
class Usual:
    """What the learned rows hold in a column, counted.

    Attributes:
        edges: between the parts of numbers, of dates in seconds, and of texts by how many words they have.
        kept: the most frequent texts of a category.
        counts: of each part or text, of all others, and of cells that hold nothing.
    """

    edges: list[float]
    kept: list[str]
    counts: list[int]


@dataclasses.dataclass(frozen=True)
class Profile:
    """What the rows were like from which a predictor learned.

    Attributes:
        columns: by name.
        rows: how many there were.
        marks: of each different row with its target a number by which it is known again, sorted.
    """

    columns: dict[str, Usual]
    rows: int
    marks: np.ndarray = dataclasses.field(repr=False)

    @classmethod
    def of(cls, columns: Sequence[Column], frame: Any, y: np.ndarray) -> "Profile":
        """The profile of rows.

        Args:
            columns: that a predictor needs.
            frame: their cells.
            y: the targets, (rows,).

        Example:

            >>> from neurona.tabular import Note
            >>> column = Column("town", "category", Note("category"))
            >>> profile = Profile.of([column], {"town": ["A", "B", "A", None]}, np.zeros(4))
            >>> profile.columns["town"].counts, profile.rows, len(profile.marks)
            ([2, 1, 0, 1], 4, 3)
        """
        found = {}
        for column in columns:
            if column.kind in LEFT_OUT:
                continue
            values = _comparable(column, frame[column.name])
            edges, kept = [], []
            if column.kind == "category":
                kept = [
                    text
                    for text, _ in Counter(text for text in values if text is not None).most_common(_TEXTS)
                ]
            elif np.isfinite(values).any():
                edges = np.unique(np.nanquantile(values, np.linspace(0, 1, _PARTS + 1)[1:-1])).tolist()
            found[column.name] = Usual(edges, kept, _counts(values, edges, kept))
        return cls(found, len(y), np.unique(_marks(columns, frame, y)))

    def known(self, columns: Sequence[Column], frame: Any, y: np.ndarray) -> np.ndarray | None:
        """Which rows, with their targets, are among those that were learned; None if the learned rows repeat
        each other so much that it says nothing.
        """
        if 2 * len(self.marks) < self.rows:
            return None
        return np.isin(_marks(columns, frame, y), self.marks)


@dataclasses.dataclass(frozen=True)
class Drift:
    """How far a column of new rows is from that of the learned ones.

    Attributes:
        name: of the column.
        distance: the population stability index: the sum of (q - p) log (q / p) over the parts.
        p_value: how often chance alone makes the parts differ as much.
        others: the share of cells that are none of the frequent texts, before and now; None for numbers.
        missing: the share of cells that hold nothing, before and now.
        far: whether the distance is 0.2 or more, and is no chance.
    """

    name: str
    distance: float
    p_value: float
    others: tuple[float, float] | None
    missing: tuple[float, float]
    far: bool


def column_drift(profile: Profile, columns: Sequence[Column], frame: Any) -> list[Drift]:
    """How far each column of new rows is from the learned ones, the farthest first.

    Numbers and dates are counted in tenths of the learned rows, categories by their frequent texts, and texts
    by how many words they have. Counts are half a row more, so that no part is empty. Chance is told by the
    chi-squared test of two samples, divided among the columns.

    Args:
        profile: of the learned rows.
        columns: that the predictor needs.
        frame: their cells in new rows.

    Source: Siddiqi, Credit risk scorecards, 2006; Jeffreys, An invariant form for the prior probability in
        estimation problems, Proceedings of the Royal Society A 186, 1946.

    Example:

        >>> from neurona.tabular import Note
        >>> column = Column("x", "number", Note("number"))
        >>> profile = Profile.of([column], {"x": np.arange(100.0)}, np.zeros(100))
        >>> column_drift(profile, [column], {"x": np.arange(100.0)})[0].far
        False
        >>> column_drift(profile, [column], {"x": np.arange(100.0) + 30})[0].far
        True
    """
    found = []
    for column in columns:
        if (usual := profile.columns.get(column.name)) is None:
            continue
        values = _comparable(column, frame[column.name])
        before, now = np.array(usual.counts), np.array(_counts(values, usual.edges, usual.kept))
        distance, p_value = _apart(before, now)
        first, second = before / max(1, before.sum()), now / max(1, now.sum())
        others = (float(first[-2]), float(second[-2])) if column.kind == "category" else None
        missing = float(first[-1]), float(second[-1])
        far = distance > _FAR and p_value * len(columns) < _SURE
        found.append(Drift(column.name, distance, p_value, others, missing, far))
    return sorted(found, key=lambda one: -one.distance)


def _comparable(column: Column, cells: Any) -> np.ndarray:
    """Numbers with NaN, or texts with None, by which a column is counted."""
    values = column.values(cells)
    if column.kind == "date":
        return np.where(np.isnat(values), np.nan, values.astype("int64").astype("float64"))
    if column.kind == "text":
        return np.array([np.nan if text is None else len(text.split()) for text in values], "float64")
    return values


def _counts(values: np.ndarray, edges: list[float], kept: list[str]) -> list[int]:
    """How many values each part has, how many are others, and how many hold nothing."""
    if values.dtype != object:
        known = values[np.isfinite(values)]
        parts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
        return [*parts.tolist(), 0, int(len(values) - len(known))]
    counts = Counter(values.tolist())
    missing = counts.pop(None, 0)
    frequent = [counts.pop(text, 0) for text in kept]
    return [*frequent, sum(counts.values()), missing]


def _apart(before: np.ndarray, now: np.ndarray) -> tuple[float, float]:
    """The stability index of counts, and the p value of the chi-squared test."""
    used = before + now > 0
    before, now = before[used].astype("float64"), now[used].astype("float64")
    p, q = (counts + 0.5 for counts in (before, now))
    p, q = p / p.sum(), q / q.sum()
    distance = float(np.sum((q - p) * np.log(q / p)))
    expected = np.outer([before.sum(), now.sum()], before + now) / (before.sum() + now.sum())
    squares = np.sum((np.stack([before, now]) - expected) ** 2 / expected)
    return distance, float(special.chdtrc(len(before) - 1, squares)) if len(before) > 1 else 1.0


def _marks(columns: Sequence[Column], frame: Any, y: np.ndarray) -> np.ndarray:
    """A number for each row with its target, (rows,) uint32."""
    used = [column for column in columns if column.kind not in LEFT_OUT]
    lists = [column.values(frame[column.name]).tolist() for column in used]
    rows = ([None if cell != cell else cell for cell in cells] for cells in zip(*lists, y.tolist()))
    return np.array([zlib.crc32(repr(row).encode("utf-8", "surrogatepass")) for row in rows], "uint32")
