"""The columns of a table as numbers for a model, by what the rows that it learns from hold.

A column becomes one number or several. Numbers are brought to mean 0 and spread 1. A category is one of its
frequent texts, which have a number each. A date is how much time has passed, and where it lies in the year,
the week and the day. A text is the frequent words that it has. What is missing is 0, and where the rows to
learn from lack some, a further number tells so. Identifiers, constants and empty columns are left out.
"""

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from neurona.core.errors import DataError, NotBuiltError, suggestion
from neurona.tabular.columns import Column
from neurona.tabular.spellings import folded

LEFT_OUT = ("identifier", "constant", "empty")

_CATEGORIES = 64  # the most frequent texts of a category; the others are as one
_RAREST = 2  # how often a text comes at least that has a number of its own
_WORDS = 300  # the most frequent words of a column of texts
_DAY, _YEAR = 86_400.0, 365.2425 * 86_400.0  # seconds
_WEEK = 7 * _DAY
_MONDAY = 4 * _DAY  # the first of 1970
_LETTERS = re.compile(r"[^\W_]{2,}")


@dataclasses.dataclass(frozen=True)
class Encoded:
    """Numbers of rows.

    Attributes:
        values: (rows, features) float64, without NaN.
        names: of the features.
        sources: the column that each feature is of.
        continuous: whether each feature is a number that can have any value, and not yes or no.
    """

    values: np.ndarray
    names: list[str]
    sources: list[str]
    continuous: list[bool]

    def rows(self, chosen: np.ndarray) -> "Encoded":
        """Some of the rows."""
        return dataclasses.replace(self, values=self.values[chosen])


class TableEncoder:
    """Turns columns into numbers.

    Args:
        columns: of `infer_columns`, without the target.

    Attributes:
        columns: those that are not left out.

    Raises:
        DataError: no column is left.

    Example:

        >>> from neurona.tabular import infer_columns, read_table
        >>> table = read_table({"rooms": [2, 4, None], "town": ["A", "A", "B"]})
        >>> encoder = TableEncoder(infer_columns(table)).fit(table.frame)
        >>> found = encoder.transform({"town": ["B", "new"], "rooms": [3, 5]})
        >>> found.names, found.values.tolist()
        (['rooms', 'rooms is missing', 'town = A'], [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = [column for column in columns if column.kind not in LEFT_OUT]
        if not self.columns:
            told = "; ".join(f"{column.name}: {column.why.say()}" for column in columns[:5])
            raise DataError(f"TableEncoder: no column is left to learn from. {told}")
        self._parts: dict[str, _Part] | None = None

    def fit(self, frame: Any) -> "TableEncoder":
        """Learn from the rows what is usual: means, spreads, frequent texts.

        Raises:
            DataError: a column is missing.
        """
        return self.fit_values(self.values(frame))

    def values(self, frame: Any) -> dict[str, np.ndarray]:
        """What the cells of each column mean.

        Raises:
            DataError: a column is missing.
        """
        return {column.name: column.values(_cells(frame, column.name)) for column in self.columns}

    def fit_values(self, values: Mapping[str, np.ndarray]) -> "TableEncoder":
        """The same as `fit`, of what `values` has read."""
        self._parts = {
            column.name: _KINDS[column.kind](column.name, values[column.name]) for column in self.columns
        }
        return self

    def transform(self, frame: Any) -> Encoded:
        """The numbers of rows; further columns are not looked at.

        Args:
            frame: a pandas DataFrame, or a dictionary of columns.

        Shapes: (rows, columns) -> values (rows, features).

        Raises:
            NotBuiltError: it has not learned.
            DataError: a column is missing.
        """
        return self.transform_values(self.values(frame))

    def transform_values(self, cells: Mapping[str, np.ndarray]) -> Encoded:
        """The same as `transform`, of what `values` has read."""
        if self._parts is None:
            raise NotBuiltError("TableEncoder has not learned yet: call fit first.")
        values, names, sources, continuous = [], [], [], []
        for column in self.columns:
            part = self._parts[column.name]
            values.append(part.numbers(cells[column.name]))
            names += part.names
            sources += [column.name] * len(part.names)
            count = part.continuous if column.kind != "boolean" else 0
            continuous += [place < count for place in range(len(part.names))]
        return Encoded(np.concatenate(values, axis=1), names, sources, continuous)


def _cells(frame: Any, name: str) -> Any:
    known = list(frame)
    if name not in known:
        raise DataError(
            f"the table has no column {name!r}.{suggestion(name, known)} It has: {', '.join(map(str, known))}"
        )
    return frame[name]


class _Part(Protocol):
    """The features of one column."""

    continuous: ClassVar[int]  # how many of the features, the first ones, can have any value

    @property
    def names(self) -> list[str]:
        """Of the features."""
        ...

    def numbers(self, values: np.ndarray) -> np.ndarray:
        """(rows, features)."""
        ...


@dataclasses.dataclass(frozen=True)
class _Numbers:
    """A number with mean 0 and spread 1, and where it is missing, if it was so."""

    name: str
    mean: float
    spread: float
    tells_missing: bool
    continuous: ClassVar[int] = 1

    @classmethod
    def of(cls, name: str, learned: np.ndarray) -> "_Numbers":
        known = learned[np.isfinite(learned)]
        mean, spread = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
        return cls(name, mean, spread or 1.0, bool(np.isnan(learned).any()))

    @property
    def names(self) -> list[str]:
        return [self.name, f"{self.name} is missing"][: 1 + self.tells_missing]

    def numbers(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", over="ignore"):
            found = (values - self.mean) / self.spread
        found = np.where(np.isfinite(found), found, 0.0)
        return np.stack([found, np.isnan(values)][: 1 + self.tells_missing], axis=1).astype("float64")


@dataclasses.dataclass(frozen=True)
class _Dates:
    """How much time has passed, and where a date lies in the year, the week and the day, as on a clock."""

    passed: _Numbers
    circles: dict[str, float]
    continuous: ClassVar[int] = 1

    @classmethod
    def of(cls, name: str, learned: np.ndarray) -> "_Dates":
        seconds = _seconds(learned)
        has_times = np.any(seconds[~np.isnan(seconds)] % _DAY)
        return cls(
            _Numbers.of(name, seconds), {"year": _YEAR, "week": _WEEK} | ({"day": _DAY} if has_times else {})
        )

    @property
    def names(self) -> list[str]:
        waves = [f"{wave} of the {circle}" for circle in self.circles for wave in ("sine", "cosine")]
        return [*self.passed.names, *(f"{self.passed.name}: {wave}" for wave in waves)]

    def numbers(self, values: np.ndarray) -> np.ndarray:
        seconds = _seconds(values)
        angles = [2 * math.pi * (seconds - _MONDAY) / circle for circle in self.circles.values()]
        waves = [wave(angle)[:, None] for angle in angles for wave in (np.sin, np.cos)]
        return np.concatenate([self.passed.numbers(seconds), *map(np.nan_to_num, waves)], axis=1)


def _seconds(values: np.ndarray) -> np.ndarray:
    """Seconds since 1970, NaN where there is no date."""
    return np.where(np.isnat(values), np.nan, values.astype("int64").astype("float64"))


@dataclasses.dataclass(frozen=True)
class _Kinds:
    """A number for each frequent text: 1 where a row has it. Of a new or a rare text all are 0."""

    name: str
    kept: list[str]
    tells_missing: bool
    continuous: ClassVar[int] = 0

    @classmethod
    def of(cls, name: str, learned: np.ndarray) -> "_Kinds":
        counts = Counter(text for text in learned.tolist() if text is not None)
        kept = [text for text, count in counts.most_common(_CATEGORIES) if count >= _RAREST]
        return cls(name, kept, sum(counts.values()) < len(learned))

    @property
    def names(self) -> list[str]:
        return [
            *(f"{self.name} = {text}" for text in self.kept),
            *[f"{self.name} is missing"] * self.tells_missing,
        ]

    def numbers(self, values: np.ndarray) -> np.ndarray:
        wanted = [*self.kept, *[None] * self.tells_missing]
        places = {text: place for place, text in enumerate(wanted)}
        found = np.zeros((len(values), len(wanted)))
        rows = [(row, places[text]) for row, text in enumerate(values.tolist()) if text in places]
        if rows:
            found[tuple(np.transpose(rows))] = 1
        return found


@dataclasses.dataclass(frozen=True)
class _Texts:
    """How often frequent words come, times the logarithm of how rare they are, with length 1 for each row
    (Salton and Buckley, Term-weighting approaches in automatic text retrieval, 1988).
    """

    name: str
    kept: list[str]
    weights: np.ndarray
    continuous: ClassVar[int] = 0

    @classmethod
    def of(cls, name: str, learned: np.ndarray) -> "_Texts":
        holding = Counter(word for text in learned.tolist() for word in dict.fromkeys(_words(text)))
        kept = [word for word, count in holding.most_common(_WORDS) if count >= _RAREST]
        rarity = [math.log((1 + len(learned)) / (1 + holding[word])) + 1 for word in kept]
        return cls(name, kept, np.array(rarity))

    @property
    def names(self) -> list[str]:
        return [f"{self.name}: {word}" for word in self.kept]

    def numbers(self, values: np.ndarray) -> np.ndarray:
        places = {word: place for place, word in enumerate(self.kept)}
        found = np.zeros((len(values), len(places)))
        for row, text in enumerate(values.tolist()):
            for word, count in Counter(_words(text)).items():
                if word in places:
                    found[row, places[word]] = count * self.weights[places[word]]
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return found / np.where(length > 0, length, 1)


def _words(text: str | None) -> list[str]:
    return _LETTERS.findall(folded(text)) if text else []


_KINDS: dict[str, Callable[[str, np.ndarray], _Part]] = {
    "number": _Numbers.of,
    "boolean": _Numbers.of,
    "date": _Dates.of,
    "category": _Kinds.of,
    "text": _Texts.of,
}

PARTS = (_Numbers, _Dates, _Kinds, _Texts)  # what an encoder is made of
