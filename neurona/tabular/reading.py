"""Tables from the files that people have, each cell as it was written."""

import csv
import io
import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from neurona.errors import ArgumentError, DataError, optional_import
from neurona.preprocessing.files import read_text
from neurona.tabular.notes import Note
from neurona.tabular.spellings import number_forms

_SEPARATORS = (",", ";", "\t", "|")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
_PACKED = (".gz", ".bz2", ".xz", ".zip")
_SAMPLE = 200  # rows from which the separator is told


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its source.

    Attributes:
        frame: a pandas DataFrame; of text files all cells are texts, of others they are what the file holds.
        separator: of the cells of a text file; "" for other sources.
        notes: what was understood, or changed.
    """

    frame: Any
    separator: str = ""
    notes: list[Note] = field(default_factory=list)


def read_table(source: Any, table: str | None = None, separator: str | None = None) -> RawTable:
    """Read a table from a file, a database or a data frame.

    Args:
        source: a path: .csv, .tsv, .txt, .json, .jsonl, packed as .gz, .bz2, .xz or .zip or not; .xlsx,
            .parquet, .feather, .sqlite; the address of a database, as SQLAlchemy writes it; or what
            `pandas.DataFrame` takes.
        table: which table of a database, or sheet of a workbook; None where there is one only.
        separator: of the cells of a text file; None to tell it from the rows.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it is damaged, is empty, or holds no table.
        ArgumentError: there are several tables, or none of this name.
        MissingDependencyError: a package that reads this format is not installed.

    Example:

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "precios.csv")
        ...     _ = path.write_text("ciudad;precio\\nLa Plata;1,5\\n", encoding="cp1252")
        ...     read_table(path).frame.to_dict("records")
        [{'ciudad': 'La Plata', 'precio': '1,5'}]
    """
    pandas = optional_import("pandas", extra="data", purpose="reading tables")
    if isinstance(source, str) and "://" in source:
        found = RawTable(_from_address(pandas, source, table))
    elif isinstance(source, str | Path):
        path = Path(source)
        if not path.is_file():
            raise FileNotFoundError(2, "No such file", str(path))
        if path.suffix.lower() in _PICTURES:
            raise DataError(
                f"{path} is a picture. Tables are files such as .csv, .xlsx, .parquet or .sqlite."
            )
        found = _reader_of(path)(pandas, path, table, separator)
    else:
        found = RawTable(pandas.DataFrame(source))
    return _named(found, source)


def _kind(path: Path) -> str:
    """The ending that tells a file's format: .csv of "prices.csv.gz"."""
    unpacked = path.with_suffix("") if path.suffix.lower() in _PACKED else path
    return unpacked.suffix.lower()


def _reader_of(path: Path) -> "Reader":
    """The function that reads a file.

    Raises:
        DataError: it is packed, and of a format that is read unpacked.
    """
    reader = _READERS.get(_kind(path), _text)
    if path.suffix.lower() in _PACKED and reader not in (_text, _json):
        raise DataError(f"{path}: a packed file of this kind is not read. Unpack it, and name what is in it.")
    return reader


def _named(found: RawTable, source: Any) -> RawTable:
    """A table whose columns have one name each.

    Raises:
        DataError: there is no column or no row.
    """
    name = str(source) if isinstance(source, str | Path) else "the table"
    frame, notes = found.frame, list(found.notes)
    if not frame.shape[1]:
        raise DataError(f"{name}: there are no columns.")
    if not len(frame):
        raise DataError(f"{name}: there are no rows, only {frame.shape[1]} columns.")
    names: list[str] = []
    for place, given in enumerate(frame.columns, 1):
        wanted = str(given).strip() or f"column {place}"
        new, number = wanted, 1
        while new in names:
            number += 1
            new = f"{wanted} ({number})"
        if new != str(given):
            notes.append(Note("renamed", {"place": place, "given": str(given), "name": new}))
        names.append(new)
    frame = frame.set_axis(names, axis=1).reset_index(drop=True)
    return RawTable(frame, found.separator, notes)


def _text(pandas: Any, path: Path, table: str | None, separator: str | None) -> RawTable:
    """A file of separated cells, in UTF-8, UTF-16 or Windows-1252."""
    text = read_text(path).removeprefix("\ufeff")
    if text.startswith("sep=") and "\n" in text:  # Excel's first line, which tells the separator
        first, text = text.split("\n", 1)
        separator = separator or first.removeprefix("sep=").strip("\r") or None
    if not text.strip():
        raise DataError(f"{path}: the file is empty.")
    separator = separator or ("\t" if _kind(path) == ".tsv" else _separator(text))
    rows, notes = _rows(path, text, separator)
    if all(number_forms([cell]) for cell in rows[0]):
        header = [f"column {place}" for place in range(1, len(rows[0]) + 1)]
        notes.append(Note("no_header", {"cells": ", ".join(rows[0][:3])}))
    else:
        header, *rows = rows
    return RawTable(pandas.DataFrame(rows, columns=header, dtype=object), separator, notes)


def _rows(path: Path, text: str, separator: str) -> tuple[list[list[str]], list[Note]]:
    """The cells of all rows that are not blank, as many in each as in the first.

    Raises:
        DataError: a row has more.
    """
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    rows, short = [], []
    try:
        for row in reader:
            if not row:
                continue
            rows.append(row)
            missing = len(rows[0]) - len(row)
            if missing < 0:
                raise DataError(
                    f"{path}, line {reader.line_num}: {len(row)} cells under {len(rows[0])} columns. A cell "
                    f"that holds {separator!r} stands in quotation marks. Received: "
                    f"{separator.join(row)[:80]!r}"
                )
            if missing:
                short.append(len(rows) - 1)
                row.extend([""] * missing)
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from error
    return rows, [Note("short_rows", {"rows": len(short), "row": short[0]})] if short else []


def _separator(text: str) -> str:
    """The separator by which most rows have the same number of cells, and more than one."""
    best, chosen = (0.0, 0), ","
    for separator in _SEPARATORS:
        reader = csv.reader(io.StringIO(text), delimiter=separator)
        widths = Counter(len(row) for row, _ in zip(reader, range(_SAMPLE)) if row)
        width, count = widths.most_common(1)[0]
        found = count / widths.total(), width
        if width > 1 and found > best:
            best, chosen = found, separator
    return chosen


def _excel(pandas: Any, path: Path, table: str | None, separator: str | None) -> RawTable:
    optional_import("openpyxl", extra="tables", purpose="reading workbooks")
    try:
        book = pandas.read_excel(path, sheet_name=None, dtype=object)
    except (ValueError, OSError, KeyError, BadZipFile) as error:
        raise DataError(f"{path}: it can't be read as a workbook: {error}") from error
    filled = {name: sheet for name, sheet in book.items() if sheet.shape[1]}
    return RawTable(filled[_one_of(path, filled, table)]) if filled else RawTable(pandas.DataFrame())


def _one_of(source: Any, names: Any, wanted: str | None) -> str:
    """The name of the one table there is, or of the one that is wanted.

    Raises:
        ArgumentError: there are several, or none of this name.
        DataError: there is none.
    """
    known = list(names)
    if not known:
        raise DataError(f"{source}: there is no table.")
    if wanted in known or (wanted is None and len(known) == 1):
        return wanted or known[0]
    raise ArgumentError(
        f"{source}: table is one of {', '.join(map(repr, known))}. Received: table={wanted!r}"
    )


def _json(pandas: Any, path: Path, table: str | None, separator: str | None) -> RawTable:
    """A list of records, alone or under one name; a record on each line; or the columns as lists.

    Raises:
        DataError: it is no JSON, or something else.
    """
    text = read_text(path).removeprefix("\ufeff")
    try:
        found = _records_on_lines(path, text) if _kind(path) != ".json" else json.loads(text)
    except json.JSONDecodeError as error:
        found = _records_on_lines(path, text, otherwise=error)
    found = _unwrapped(found)
    if isinstance(found, list) and all(isinstance(record, dict) for record in found):
        names = list(dict.fromkeys(name for record in found for name in record))
        return RawTable(
            pandas.DataFrame([[record.get(name) for name in names] for record in found], None, names, object)
        )
    if (
        isinstance(found, dict)
        and len({len(cells) if isinstance(cells, list) else -1 for cells in found.values()}) == 1
    ):
        return RawTable(pandas.DataFrame(found, dtype=object))
    raise DataError(
        f"{path}: a table in JSON is a list of records, a record on each line, or lists of one length under "
        f"the names of columns. Received: {text.strip()[:60]!r}"
    )


def _unwrapped(found: Any) -> Any:
    """The records that stand under the only name there is; anything else as it is."""
    if isinstance(found, dict) and len(found) == 1:
        (only,) = found.values()
        if isinstance(only, list) and any(isinstance(one, dict) for one in only):
            return only
    return found


def _records_on_lines(path: Path, text: str, otherwise: json.JSONDecodeError | None = None) -> list[Any]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found += [json.loads(line)] if line.strip() else []
        except json.JSONDecodeError as error:
            place, error = (number, error) if found or otherwise is None else (otherwise.lineno, otherwise)
            raise DataError(f"{path}, line {place}: it is no JSON: {error.msg}") from error
    return found


def _columnar(pandas: Any, path: Path, table: str | None, separator: str | None) -> RawTable:
    """Parquet or Feather."""
    pyarrow = optional_import("pyarrow", extra="tables", purpose=f"reading {path.suffix}")
    read = pandas.read_parquet if path.suffix.lower() == ".parquet" else pandas.read_feather
    try:
        return RawTable(read(path))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: it can't be read: {error}") from error


def _sqlite(pandas: Any, path: Path, table: str | None, separator: str | None) -> RawTable:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            query = (
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
            )
            names = [name for (name,) in connection.execute(query)]
            chosen = _one_of(path, names, table).replace('"', '""')
            return RawTable(pandas.read_sql_query(f'SELECT * FROM "{chosen}"', connection))
    except sqlite3.DatabaseError as error:
        raise DataError(f"{path}: it can't be read as a database of SQLite: {error}") from error


def _from_address(pandas: Any, address: str, table: str | None) -> Any:
    """A table of a database of any kind that SQLAlchemy knows."""
    sqlalchemy = optional_import("sqlalchemy", extra="tables", purpose="reading databases")
    try:
        engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.pool.NullPool)
        names = sqlalchemy.inspect(engine).get_table_names()
        shown = engine.url.render_as_string(hide_password=True)
        return pandas.read_sql_table(_one_of(shown, names, table), engine)
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise DataError(f"the database can't be read: {error}") from error


Reader = Callable[[Any, Path, str | None, str | None], RawTable]
_READERS: dict[str, Reader] = {
    **dict.fromkeys((".xlsx", ".xlsm"), _excel),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), _json),
    **dict.fromkeys((".parquet", ".feather", ".arrow"), _columnar),
    **dict.fromkeys((".sqlite", ".sqlite3", ".db"), _sqlite),
}
