"""Data frames as arrays: columns that hold no numbers are named, with the lines that mend them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.tracebacks import warn
from neurona.training.numbers import as_numbers

NAMES_SHOWN = 5


def is_frame(value: Any) -> bool:
    """Whether a value is a table with named columns, such as a DataFrame of pandas."""
    return hasattr(value, "columns") and hasattr(value, "items") and hasattr(value, "to_numpy")


def column_names(value: Any) -> tuple[str, ...] | None:
    """The names of a frame's columns; None for anything else, and where columns are only numbered."""
    names = tuple(value.columns) if is_frame(value) else ()
    return names if names and all(isinstance(name, str) for name in names) else None


def check_columns(learned: tuple[str, ...] | None, value: Any, what: str) -> None:
    """Compare the columns of a frame with those that a model learned from, because it takes them by place.

    Args:
        learned: their names, or None if they had none.
        value: what the model is given.
        what: how to call it in messages.

    Raises:
        DataError: they are the same columns in another order.
    """
    names = column_names(value)
    if learned is None or names is None or names == learned or len(names) != len(learned):
        return
    place = next(place for place, pair in enumerate(zip(names, learned)) if pair[0] != pair[1])
    if sorted(names) == sorted(learned):
        raise DataError(
            f"{what}: column {place + 1} is {names[place]!r}, and the model learned with {learned[place]!r} "
            f"there. Give the columns in the same order: {what}[{list(learned)}]."
        )
    warn(
        f"{what}: column {place + 1} is {names[place]!r}, and the model learned with {learned[place]!r} "
        "there: columns are taken by their place, not by their name."
    )


def frame_to_numpy(frame: Any, what: str) -> np.ndarray:
    """The numbers of a frame, (rows, columns).

    Raises:
        DataError: columns that hold text, dates or missing values; all of them are named.
    """
    array = frame.to_numpy()
    if array.dtype.kind in "fiub" and not (array.dtype.kind == "f" and np.isnan(array).any()):
        return as_numbers(array, what)
    columns, faults = [], _Faults(what)
    for name, column in frame.items():
        values = column.to_numpy()
        holes = _holes(column, values)
        if _is_text(values, holes):
            faults.text.append(name)
        elif values.dtype.kind == "M":
            faults.dates.append(name)
        elif holes.any():
            faults.missing[name] = int(holes.sum())
        else:
            columns.append(as_numbers(values, f"{what}[{name!r}]"))
    faults.refuse()
    return as_numbers(np.stack(columns, axis=1), what)


def _holes(column: Any, values: np.ndarray) -> np.ndarray:
    """The cells of a column that are empty."""
    return np.asarray(column.isna()) if hasattr(column, "isna") else values != values


def _is_text(values: np.ndarray, holes: np.ndarray) -> bool:
    """Whether the cells of a column that are not empty hold text."""
    kinds = {type(item) for item in values[~holes]} if values.dtype.kind == "O" else set()
    return values.dtype.kind in "UST" or (bool(kinds) and all(issubclass(k, (str, bytes)) for k in kinds))


class _Faults:
    """What is wrong with the columns of a frame."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.text: list[Any] = []
        self.dates: list[Any] = []
        self.missing: dict[Any, int] = {}

    def refuse(self) -> None:
        """Raise DataError where there are any."""
        if self.text or self.dates or self.missing:
            said = "; ".join(self._sentences())
            raise DataError(f"{self.what}: {said}. Mend it with {'; '.join(self._lines())}")

    def _sentences(self) -> Iterator[str]:
        text, dates = _listed(self.text), _listed(self.dates)
        if self.text:
            yield f"columns {text} hold text" if len(self.text) > 1 else f"column {text} holds text"
        if self.dates:
            yield f"columns {dates} hold dates" if len(self.dates) > 1 else f"column {dates} holds dates"
        for name, count in list(self.missing.items())[:NAMES_SHOWN]:
            yield f"missing values in {name}: {count:,}"
        if len(self.missing) > NAMES_SHOWN:
            yield f"more columns with missing values: {len(self.missing) - NAMES_SHOWN}"

    def _lines(self) -> Iterator[str]:
        x = self.what
        for name in self.dates[:1]:
            yield f"{x}[{name!r}] = ({x}[{name!r}] - {x}[{name!r}].min()).dt.days"
        if self.text:
            yield f"{x} = pandas.get_dummies({x}, columns={self.text[:NAMES_SHOWN]})"
        if self.missing:
            yield f"{x} = {x}.fillna({x}.median(numeric_only=True))"


def _listed(names: list[Any]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(map(str, names[:NAMES_SHOWN])) + more
