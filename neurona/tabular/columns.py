"""What the columns of a table are: numbers, dates, yes and no, kinds, texts; told from their cells."""

import datetime
import math
import numbers
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurona.tabular.notes import Note
from neurona.tabular.reading import RawTable
from neurona.tabular.spellings import (
    EMPTY,
    MARKS,
    NumberForm,
    date_orders,
    folded,
    number_forms,
    to_date,
    to_number,
    yes_and_no,
)

KINDS = ("number", "boolean", "date", "category", "text", "identifier", "constant", "empty")

_FEW = 20  # rows below which nothing is taken for an identifier
_UNIQUE = 0.95  # share of different cells from which on a column names its rows
_WORDS = 4  # on average, from which on texts are sentences
_NUMBERS = 0.9  # share of numbers from which on a column holds numbers, and its other cells nothing
_MIXED = 0.3  # share of numbers from which on they are worth a word
_NAMES = re.compile(r"(^|[_\s-])(id|uuid|guid|ids|identificador|folio|ticket|name|nombre)$|^id[_\s-]|Id$|ID$")


@dataclass(frozen=True)
class Column:
    """What a column is, and how its cells are read.

    Attributes:
        name: its name.
        kind: one of `KINDS`.
        why: the reason, to be told.
        missing: how many cells hold nothing.
        distinct: how many different values the others have.
        form: of numbers that are written as text.
        order: of dates that are written as text, as in `spellings.date_orders`.
        yes, no: of yes and no, the text or number that says each.
    """

    name: str
    kind: str
    why: Note
    missing: int = 0
    distinct: int = 0
    form: NumberForm | None = None
    order: str | None = None
    yes: Any = None
    no: Any = None

    def values(self, cells: Any) -> np.ndarray:
        """Cells as float64 for numbers, and for yes (1) and no (0), with NaN where they hold nothing;
        `datetime64` of seconds for dates; else objects, texts or None.

        A cell that can't be read as the column's kind holds nothing.

        Args:
            cells: a pandas Series or a list.

        Shapes: (rows,) -> (rows,).
        """
        return _values(self, _as_objects(cells))


def infer_columns(table: RawTable, language: str = "en") -> list[Column]:
    """Tell what each column is, from all its cells.

    What one column leaves open, such as whether 1.234 is more than a thousand, the others decide; else the
    separator of the file does; else numbers are read as in English, and dates as the language writes them.
    The reason says so.

    Args:
        table: of `read_table`.
        language: `"en"` or `"es"`; a date such as 3/4/2024 is one of March or of April.

    Example:

        >>> table = RawTable({"fecha": ["3/4/2024", "25/4/2024"], "precio": ["1.234,5", "s/d"]})
        >>> [(column.kind, column.why.say("es")) for column in infer_columns(table)]
        [('date', 'todas las celdas son fechas, en el orden dmy'), ('number', "todas las celdas son números;
        '1.234,5' se lee como 1234.5")]
    """
    cells = {name: _as_objects(table.frame[name]) for name in table.frame}
    seen = {name: _Seen.of(found) for name, found in cells.items()}
    decimal = _agreed([one.decimals for one in seen.values()]) or ("," if table.separator == ";" else ".")
    order = _agreed([{*one.orders} & {"dmy", "mdy"} for one in seen.values()])
    order = order or ("dmy" if language == "es" else "mdy")
    return [_column(name, seen[name], decimal, order) for name in cells]


def _agreed(possible: Sequence[set[str]]) -> str | None:
    """What the columns that leave no choice agree on."""
    decided = {one for found in possible if len(found) == 1 for one in found}
    return decided.pop() if len(decided) == 1 else None


def _as_objects(cells: Any) -> list[Any]:
    """Cells as Python's own objects that can be counted, None where they hold nothing."""
    cells = cells.tolist() if hasattr(cells, "tolist") else list(cells)
    return [None if _is_empty(cell) else cell if isinstance(cell, Hashable) else str(cell) for cell in cells]


def _is_empty(cell: Any) -> bool:
    if isinstance(cell, str):
        return folded(cell) in EMPTY
    return cell is None or (isinstance(cell, numbers.Real) and cell != cell) or str(cell) in ("NaT", "<NA>")


@dataclass(frozen=True)
class _Seen:
    """The cells of a column, counted.

    Attributes:
        rows: how many there are.
        counts: how often each value comes, without empty cells.
        typed: "number", "boolean" or "date" where all are values of that type, else "".
        forms, orders: those in which all texts but marks are numbers or dates.
    """

    rows: int
    counts: Mapping[Any, int]
    typed: str
    forms: Sequence[NumberForm]
    orders: Sequence[str]

    @classmethod
    def of(cls, cells: list[Any]) -> "_Seen":
        counts = Counter(cells)
        counts.pop(None, None)
        typed = _type_of(counts)
        if not typed and not all(isinstance(value, str) for value in counts):
            mixed = counts
            counts = Counter()
            for value, count in mixed.items():
                counts[_as_text(value)] += count
        texts: list[Any] = [] if typed else _without_marks(map(str, counts))
        return cls(len(cells), counts, typed, number_forms(texts), date_orders(texts))

    @property
    def decimals(self) -> set[str]:
        """The decimal marks that the cells allow, where they have any."""
        text = "".join(value for value in self.counts if isinstance(value, str))
        return {form.decimal for form in self.forms} if "," in text or "." in text else set()

    @property
    def present(self) -> int:
        """How many cells hold something."""
        return sum(self.counts.values())


_TYPES = {"boolean": bool | np.bool_, "number": numbers.Real, "date": datetime.date | np.datetime64}


def _type_of(values: Iterable[Any]) -> str:
    values = list(values)
    for name, kind in _TYPES.items():
        if values and all(isinstance(value, kind) for value in values):
            return name
    return ""


def _as_text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _without_marks(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if folded(text) not in MARKS]


def _column(name: str, seen: _Seen, decimal: str, order: str) -> Column:
    """What a column is, given what the table's other columns say."""
    missing = seen.rows - seen.present
    if not seen.counts:
        return Column(name, "empty", Note("empty"), missing)
    if len(seen.counts) == 1 and not missing:
        return Column(name, "constant", Note("constant", {"value": next(iter(seen.counts))}), 0, 1)
    texts = list(seen.counts) if seen.typed else _without_marks(seen.counts)
    marks = seen.present - sum(seen.counts[text] for text in texts)
    sizes: dict[str, Any] = {"missing": missing + marks, "distinct": len(texts)}
    found = _yes_or_no(name, seen, texts, sizes) or _dates(name, seen, texts, order, sizes)
    return found or _numbers(name, seen, texts, decimal, sizes) or _texts(name, seen, missing)


def _yes_or_no(name: str, seen: _Seen, texts: list[Any], sizes: dict[str, Any]) -> Column | None:
    if seen.typed == "boolean":
        pair: Any = True, False
    elif {str(text) for text in texts} == {"0", "1"}:
        pair = sorted(texts, key=str, reverse=True)
    elif not seen.typed and (meaning := yes_and_no(texts)) is not None:
        pair = [folded(next(text for text in texts if meaning[text] is says)) for says in (True, False)]
    else:
        return None
    return Column(name, "boolean", Note("boolean"), **sizes, yes=pair[0], no=pair[1])


def _dates(name: str, seen: _Seen, texts: list[str], order: str, sizes: dict[str, Any]) -> Column | None:
    if seen.typed == "date":
        return Column(name, "date", Note("date", {"order": "ymd"}), **sizes)
    if not seen.orders:
        return None
    if len(seen.orders) == 1:
        order = seen.orders[0]
        return Column(name, "date", Note("date", {"order": order}), **sizes, order=order)
    date = str(to_date(texts[0], order))[:10]
    return Column(
        name, "date", Note("date_ambiguous", {"example": texts[0], "date": date}), **sizes, order=order
    )


def _numbers(name: str, seen: _Seen, texts: list[Any], decimal: str, sizes: dict[str, Any]) -> Column | None:
    if seen.typed == "number":
        why = _row_names(name, seen, texts) or Note("number")
        return Column(name, "number" if why.key == "number" else "identifier", why, **sizes)
    if seen.forms:
        form = next((form for form in seen.forms if form.decimal == decimal), seen.forms[0])
        why = _row_names(name, seen, [to_number(text, form) for text in texts])
        if why:
            return Column(name, "identifier", why, **sizes, form=form)
        return Column(name, "number", _written(form, seen, texts), **sizes, form=form)
    return _mostly_numbers(name, seen, texts, decimal, sizes)


def _mostly_numbers(
    name: str, seen: _Seen, texts: list[str], decimal: str, sizes: dict[str, Any]
) -> Column | None:
    """A column of numbers in which some cells are texts that count as empty; they are told."""
    form = max(
        (NumberForm(mark) for mark in dict.fromkeys((decimal, ".", ","))),
        key=lambda form: sum(
            seen.counts[text] for text in texts if number_forms([text]) and _is_number(text, form)
        ),
    )
    good = {text for text in texts if _is_number(text, form) and number_forms([text])}
    count = sum(seen.counts[text] for text in good)
    present = seen.rows - sizes["missing"]
    if len(good) < 2 or count < _NUMBERS * present:
        return None
    bad = next(text for text in texts if text not in good)
    why = Note("number_but", {"cells": present - count, "example": bad})
    return Column(name, "number", why, seen.rows - count, len(good), form=form)


def _is_number(text: str, form: NumberForm) -> bool:
    return not math.isnan(to_number(text, form))


def _written(form: NumberForm, seen: _Seen, texts: list[str]) -> Note:
    """How numbers are written, where it is not plain; and whether the cells leave it open."""
    if len({one.decimal for one in seen.forms}) > 1:
        example = next(text for text in texts if "." in text or "," in text)
        number = f"{to_number(example, form):g}"
        mark = "." if "." in example else ","
        return Note("number_ambiguous", {"example": example, "number": number, "mark": mark})
    if form == NumberForm():
        return Note("number")
    return Note(
        "number_written",
        {"example": max(texts, key=len), "number": f"{to_number(max(texts, key=len), form):g}"},
    )


def _row_names(name: str, seen: _Seen, values: Sequence[float]) -> Note | None:
    """Why whole numbers only name the rows, where they do."""
    if seen.rows < _FEW or len(values) != seen.rows or any(value != int(value) for value in values):
        return None
    if max(values) - min(values) + 1 == len(values):
        return Note("row_numbers")
    return Note("identifier") if _NAMES.search(name) else None


def _texts(name: str, seen: _Seen, missing: int) -> Column:
    """Kinds, sentences, or what names rows."""
    texts, present = [str(text) for text in seen.counts], seen.present
    sizes: dict[str, Any] = {"missing": missing, "distinct": len(texts)}
    words = sum(len(str(text).split()) * count for text, count in seen.counts.items()) / present
    is_unique = present >= _FEW and len(texts) >= _UNIQUE * present
    if is_unique and (words < _WORDS or _NAMES.search(name)):
        return Column(name, "identifier", Note("identifier"), **sizes)
    if words >= _WORDS and len(texts) > present / 2:
        return Column(name, "text", Note("text", {"words": words}), **sizes)
    return Column(name, "category", _of_kinds(seen, texts), **sizes)


def _of_kinds(seen: _Seen, texts: list[str]) -> Note:
    """Why texts are taken for kinds."""
    code = next((text for text in texts if re.fullmatch(r"0\d+", text)), None)
    if code is not None and all(text.isdigit() for text in texts):
        return Note("category_codes", {"example": code})
    figures = {text for text in texts if number_forms([text])}
    share = sum(seen.counts[text] for text in figures) / seen.present
    if share >= _MIXED:
        return Note(
            "mixed",
            {"share": share, "example": next((text for text in texts if text not in figures), texts[0])},
        )
    return Note("category", {"distinct": len(texts)})


def _values(column: Column, cells: list[Any]) -> np.ndarray:
    """Cells as `Column.values` gives them."""
    convert: Callable[[Any], Any]
    if column.kind == "date":
        convert, empty, dtype = _as_date(column), np.datetime64("NaT", "s"), "datetime64[s]"
    elif column.kind == "boolean":
        convert, empty, dtype = _as_yes_or_no(column), math.nan, "float64"
    elif column.kind == "number":
        convert, empty, dtype = _as_number(column), math.nan, "float64"
    else:
        return np.array([None if cell is None else _as_text(cell) for cell in cells], object)
    known = {cell: convert(cell) for cell in {*cells} - {None}} | {None: empty}
    return np.array([known[cell] for cell in cells], dtype)


def _as_number(column: Column) -> Callable[[Any], float]:
    form = column.form or NumberForm()

    def number(cell: Any) -> float:
        if isinstance(cell, str):
            return to_number(cell, form)
        return float(cell) if isinstance(cell, _TYPES["number"]) else math.nan

    return number


def _as_date(column: Column) -> Callable[[Any], Any]:
    order = column.order or "ymd"

    def date(cell: Any) -> Any:
        if isinstance(cell, str):
            return to_date(cell, order)
        if getattr(cell, "tzinfo", None) is not None:  # universal time, as of texts
            cell = cell.astimezone(datetime.UTC).replace(tzinfo=None)
        return np.datetime64(cell if isinstance(cell, _TYPES["date"]) else "NaT", "s")

    return date


def _as_yes_or_no(column: Column) -> Callable[[Any], float]:
    meaning = {column.no: 0.0, column.yes: 1.0}
    return lambda cell: meaning.get(folded(cell) if isinstance(cell, str) else cell, math.nan)
