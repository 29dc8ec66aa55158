"""Tables of numbers from CSV files: with commas, semicolons or tabs, with a header or without."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurona.core.errors import DataError
from neurona.language import in_language

_SENTENCES = {
    "en": {
        "not_a_number": "{file}, line {line}: expected numbers. Received: {cell!r}",
        "unequal": (
            "{file}, line {line}: expected {expected} cells, as in the first row. Received: {received}"
        ),
    },
    "es": {
        "not_a_number": "{file}, línea {line}: se esperaban números. Se recibió: {cell!r}",
        "unequal": (
            "{file}, línea {line}: se esperaban {expected} celdas, como en la primera fila. Se recibieron: "
            "{received}"
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

    def numbers(self, columns: Sequence[int] | None = None) -> np.ndarray:
        """The rows as numbers.

        Args:
            columns: the columns to take, in this order; None for all. A cell that is missing counts as empty.

        Shapes: (rows, columns) float32.

        Raises:
            DataError: a cell is not a number, or a row has another length than the first.
        """
        rows = self.rows
        if columns is not None:
            rows = [[row[at] if at < len(row) else "" for at in columns] for row in rows]
        convert = _with_comma if self.decimal_comma else float
        try:
            return np.array([list(map(convert, row)) for row in rows], np.float32)
        except ValueError:  # a cell is not a number, or numpy refuses rows of unequal length
            raise DataError(next(self._faults(rows))) from None

    def _faults(self, rows: list[list[str]]) -> Iterator[str]:
        """Sentences about cells that are not numbers, and rows that are not as long as the first."""
        sentences = in_language(_SENTENCES, self.language)
        for line, row in zip(self.lines, rows):
            where = {"file": self.path, "line": line}
            for cell in row:
                if not _is_number(cell, self.decimal_comma):
                    yield sentences["not_a_number"].format(cell=cell, **where)
            if len(row) != len(rows[0]):
                yield sentences["unequal"].format(expected=len(rows[0]), received=len(row), **where)


def read_table(path: Path, language: str = "en") -> TextTable:
    """Read a CSV file in UTF-8.

    Semicolons or tabs separate the cells where the first line has any, else commas. The first row is the
    header unless all its cells are numbers.

    Args:
        path: the file.
        language: of error messages, `"en"` or `"es"`.

    Raises:
        FileNotFoundError: there is no such file.

    Example:

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (path := Path(folder) / "rows.csv").write_text("a;b\\n1,5;2\\n")
        ...     table = read_table(path)
        >>> table.header, table.numbers().tolist()
        (['a', 'b'], [[1.5, 2.0]])
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    separator = next((mark for mark in ";\t" if lines and mark in lines[0]), ",")
    decimal_comma = separator != ","
    rows = list(enumerate(csv.reader(lines, delimiter=separator), 1))
    header = None
    if rows and not all(_is_number(cell, decimal_comma) for cell in rows[0][1]):
        header = [name.strip() for name in rows.pop(0)[1]]
    kept = [(line, row) for line, row in rows if "".join(row).strip()]
    return TextTable(
        path, header, [row for _, row in kept], [line for line, _ in kept], decimal_comma, language
    )


def _with_comma(cell: str) -> float:
    return float(cell.replace(",", "."))


def _is_number(cell: str, decimal_comma: bool) -> bool:
    try:
        (_with_comma if decimal_comma else float)(cell)
    except ValueError:
        return False
    return True
