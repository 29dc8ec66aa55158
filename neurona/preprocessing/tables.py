"""Tables of numbers from CSV files: with commas, semicolons or tabs, with a header or without."""

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurona.core.errors import DataError
from neurona.files.gate import Gate
from neurona.files.values import read_text
from neurona.language import in_language

_SENTENCES = {
    "en": {
        "not_a_number": "{file}, line {line}: expected numbers. Received: {cell!r}",
        "unequal": (
            "{file}, line {line}: expected {expected} cells, as in the first row. Received: {received}"
        ),
        "too_wide": (
            "{file}, line {line}: {received} cells under {expected} column names. Where the comma is the "
            "decimal mark, separate the cells by semicolons."
        ),
    },
    "es": {
        "not_a_number": "{file}, línea {line}: se esperaban números. Se recibió: {cell!r}",
        "unequal": (
            "{file}, línea {line}: se esperaban {expected} celdas, como en la primera fila. Se recibieron: "
            "{received}"
        ),
        "too_wide": (
            "{file}, línea {line}: {received} celdas bajo {expected} nombres de columna. Donde la coma es el "
            "signo decimal, separe las celdas con punto y coma."
        ),
    },
}


@dataclass(frozen=True)
class TextTable:
    """A table as it stands in its file.

    Attributes:
        path: the file.
        header: the columns' names, or None where the first row holds numbers.
        rows: the cells of every row that is not blank.
        lines: the line of each row in the file, from 1.
        decimal_comma: whether `1,5` is a number; true where semicolons or tabs separate the cells.
        language: of the error messages.
    """

    path: Path
    header: list[str] | None
    rows: list[list[str]]
    lines: list[int]
    decimal_comma: bool
    language: str

    def numbers(self, columns: Sequence[int] | None = None, holes: bool = False) -> np.ndarray:
        """The rows as numbers.

        Args:
            columns: the columns to take, in this order; None for all. A column that is missing counts as
                empty.
            holes: whether an empty cell is NaN instead of an error.

        Shapes: (rows, columns) float32.

        Raises:
            DataError: a cell is not a number, or a row has more or fewer cells than there are columns.
        """
        width = len(self.header if self.header is not None else self.rows[0] if self.rows else ())
        rows = [row if len(row) == width else _cut(row, width) for row in self.rows]
        for line, row in zip(self.lines, rows):
            if len(row) != width:
                self._refuse_width(line, len(row), width)
        if columns is not None:
            rows = [[row[at] if at < len(row) else "" for at in columns] for row in rows]
        convert = _with_comma if self.decimal_comma else float
        if holes:
            convert = _with_holes(convert)
        try:
            numbers = np.array([list(map(convert, row)) for row in rows], np.float64)
        except ValueError:
            raise DataError(next(self._faults(rows, holes))) from None
        with np.errstate(over="ignore"):  # a number beyond float32 becomes infinite
            return numbers.astype(np.float32)

    def _refuse_width(self, line: int, received: int, expected: int) -> None:
        sentence = "too_wide" if self.header is not None and received > expected else "unequal"
        text = in_language(_SENTENCES, self.language)[sentence]
        raise DataError(text.format(file=self.path, line=line, received=received, expected=expected))

    def _faults(self, rows: list[list[str]], holes: bool) -> Iterator[str]:
        """Sentences about cells that are not numbers."""
        sentence = in_language(_SENTENCES, self.language)["not_a_number"]
        for line, row in zip(self.lines, rows):
            for cell in row:
                if not (_is_number(cell, self.decimal_comma) or (holes and not cell.strip())):
                    yield sentence.format(file=self.path, line=line, cell=cell[:_SHOWN])


_SHOWN = 60  # letters of a cell in a message


def read_table(path: Path, language: str = "en") -> TextTable:
    """Read a CSV file in UTF-8, UTF-16 or Windows-1252.

    Semicolons or tabs separate the cells where the first line has any, else commas. The first row is the
    header unless all its cells are numbers.

    Args:
        path: the file.
        language: of error messages, `"en"` or `"es"`.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it is no text, or larger than the budget.

    Example:

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (path := Path(folder) / "rows.csv").write_text("a;b\\n1,5;2\\n")
        ...     table = read_table(path)
        >>> table.header, table.numbers().tolist()
        (['a', 'b'], [[1.5, 2.0]])
    """
    gate = Gate.of_file(path, DataError)
    lines = read_text(path, gate).removeprefix("\ufeff").splitlines()
    separator = next((mark for mark in ";\t" if lines and mark in lines[0]), ",")
    decimal_comma = separator != ","
    gate.count(sum(line.count(separator) + 1 for line in lines), "items", "cells")
    with gate.watching():
        rows = list(enumerate(csv.reader(lines, delimiter=separator), 1))
    header = None
    if rows and not all(_is_number(cell, decimal_comma) for cell in rows[0][1]):
        header = [name.strip() for name in rows.pop(0)[1]]
    kept = [(line, row) for line, row in rows if "".join(row).strip()]
    return TextTable(
        path, header, [row for _, row in kept], [line for line, _ in kept], decimal_comma, language
    )


def _cut(row: list[str], width: int) -> list[str]:
    """A row without the empty cells beyond a width, which a separator at the end of a line makes."""
    return row if "".join(row[width:]).strip() else row[:width]


def _with_holes(convert: Callable[[str], float]) -> Callable[[str], float]:
    return lambda cell: convert(cell) if cell.strip() else math.nan


def _with_comma(cell: str) -> float:
    return float(cell.replace(",", "."))


def _is_number(cell: str, decimal_comma: bool) -> bool:
    try:
        (_with_comma if decimal_comma else float)(cell)
    except ValueError:
        return False
    return True
