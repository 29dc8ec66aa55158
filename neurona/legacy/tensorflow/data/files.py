"""Data sets of files: lines of texts, records, lines of CSV."""

import csv
import gzip
import itertools
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.files.gate import Gate
from neurona.legacy.tensorflow.data import specs
from neurona.legacy.tensorflow.data.dataset import Dataset
from neurona.legacy.tensorflow.data.orders import UNKNOWN
from neurona.legacy.tensorflow.data.sources import files_of
from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.errors import NotFoundError
from neurona.legacy.tensorflow.hosts import host, text
from neurona.legacy.tensorflow.io.parsing import csv_column
from neurona.legacy.tensorflow.io.records import read_records

_LOOKED_AT = 100  # rows from which make_csv_dataset infers the dtypes of columns


class _FileDataset(Dataset):
    """Texts that are read from files, one file after the other."""

    _name = ""

    def __init__(self, filenames: Any, read: Callable[[str], Iterator[bytes]]) -> None:
        super().__init__(lambda: itertools.chain.from_iterable(map(read, _paths(filenames))), UNKNOWN)
        self._kind, self._find_spec = self._name, lambda: specs.spec((), object)


def _paths(filenames: Any) -> Iterator[str]:
    """The paths that a program gives: one, several, or a data set of them."""
    given = (
        filenames._elements() if isinstance(filenames, Dataset) else np.atleast_1d(host(filenames)).tolist()
    )
    return (text(path) for path in given)


def _open(path: str, compression: str) -> Any:
    try:
        Gate.of_file(path, DataError)
    except FileNotFoundError:
        raise NotFoundError(f"{path}; No such file or directory") from None
    if compression == "ZLIB":
        with open(path, "rb") as file:
            return iter(zlib.decompress(file.read()).splitlines(keepends=True))
    return gzip.open(path, "rb") if compression == "GZIP" else open(path, "rb")


class TextLineDataset(_FileDataset):
    """The lines of text files, without their ends."""

    _name = "TextLineDatasetV2"

    def __init__(
        self, filenames: Any, compression_type: Any = None, buffer_size: Any = None,
        num_parallel_reads: Any = None, name: Any = None,
    ) -> None:  # fmt: skip
        compression = text(compression_type or "")
        super().__init__(filenames, lambda path: _lines(path, compression))


def _lines(path: str, compression: str) -> Iterator[bytes]:
    for line in _open(path, compression):
        yield line.removesuffix(b"\n").removesuffix(b"\r")


class TFRecordDataset(_FileDataset):
    """The records of TFRecord files."""

    _name = "TFRecordDatasetV2"

    def __init__(
        self, filenames: Any, compression_type: Any = None, buffer_size: Any = None,
        num_parallel_reads: Any = None, name: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(filenames, lambda path: read_records(path, compression_type))


class FixedLengthRecordDataset(_FileDataset):
    """Records of one length, after a header and before a footer."""

    _name = "FixedLengthRecordDatasetV2"

    def __init__(
        self, filenames: Any, record_bytes: Any, header_bytes: Any = None, footer_bytes: Any = None,
        buffer_size: Any = None, compression_type: Any = None, num_parallel_reads: Any = None,
        name: Any = None,
    ) -> None:  # fmt: skip
        size, header, footer = (int(host(n or 0)) for n in (record_bytes, header_bytes, footer_bytes))
        compression = text(compression_type or "")

        def read(path: str) -> Iterator[bytes]:
            content = b"".join(_open(path, compression))
            inside = content[header : len(content) - footer]
            if len(inside) % size:
                raise DataError(
                    f"{path}: {len(inside)} bytes between header and footer are no whole number of "
                    f"records of {size} "
                    "bytes."
                )
            return (inside[start : start + size] for start in range(0, len(inside), size))

        super().__init__(filenames, read)


class CsvDataset(Dataset):
    """The lines of CSV files, each as a tuple of columns."""

    def __init__(
        self, filenames: Any, record_defaults: Sequence[Any], compression_type: Any = None,
        buffer_size: Any = None, header: bool = False, field_delim: str = ",", use_quote_delim: bool = True,
        na_value: str = "", select_cols: Any = None, exclude_cols: Any = None,
    ) -> None:  # fmt: skip
        compression = text(compression_type or "")

        def elements() -> Iterator[Any]:
            for path in _paths(filenames):
                rows = _rows(path, compression, field_delim, use_quote_delim)
                for row in itertools.islice(rows, int(bool(header)), None):
                    chosen = _chosen(row, select_cols, exclude_cols)
                    if len(chosen) != len(record_defaults):
                        raise DataError(f"{path}: expected {len(record_defaults)} fields. Received: {row}")
                    yield tuple(
                        csv_column([cell], default, na_value, place)[0]
                        for place, (cell, default) in enumerate(zip(chosen, record_defaults))
                    )

        super().__init__(elements, UNKNOWN)
        self._kind = "CsvDatasetV2"


def _rows(path: str, compression: str, delimiter: str, quotes: bool) -> Iterator[list[str]]:
    lines = (line.decode("utf-8", "surrogateescape") for line in _open(path, compression))
    quoting = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    return (row for row in csv.reader(lines, delimiter=delimiter, quoting=quoting) if row)


def _chosen(row: list[str], select: Any, exclude: Any) -> list[str]:
    if select is not None:
        return [row[place] for place in select]
    return [cell for place, cell in enumerate(row) if place not in (exclude or ())]


def make_csv_dataset(
    file_pattern: Any, batch_size: int, column_names: Any = None, column_defaults: Any = None,
    label_name: str | None = None, select_columns: Any = None, field_delim: str = ",",
    use_quote_delim: bool = True, na_value: str = "", header: bool = True, num_epochs: int | None = None,
    shuffle: bool = True, shuffle_buffer_size: int = 10000, shuffle_seed: int | None = None,
    prefetch_buffer_size: Any = None, num_parallel_reads: Any = None, sloppy: bool = False,
    num_rows_for_inference: int = _LOOKED_AT, compression_type: Any = None, ignore_errors: bool = False,
    encoding: str = "utf-8",
) -> Any:  # fmt: skip
    """Batches of CSV files' columns by name, with the labels apart."""
    patterns = file_pattern if isinstance(file_pattern, (list, tuple)) else [file_pattern]
    paths = sorted(path for pattern in patterns for path in files_of(text(pattern)))
    if not paths:
        raise DataError(f"No file matches {file_pattern!r}.")
    options = text(compression_type or ""), field_delim, use_quote_delim
    names = list(column_names) if column_names is not None else next(_rows(paths[0], *options))
    places = _places(names, select_columns)
    kept = [names[place] for place in places]
    if label_name is not None and label_name not in kept:
        raise ArgumentError(f"make_csv_dataset: label_name {label_name!r} is none of the columns {kept}.")
    if column_defaults is None:
        looked_at = list(itertools.islice(_rows(paths[0], *options), int(header), num_rows_for_inference))
        column_defaults = [_default(place, looked_at, na_value) for place in places]
    columns = CsvDataset(
        paths, column_defaults, compression_type, None, header, field_delim, use_quote_delim, na_value, places
    )
    batches = columns.shuffle(shuffle_buffer_size, shuffle_seed) if shuffle else columns
    batches = batches.repeat(num_epochs).batch(batch_size, drop_remainder=num_epochs is None)

    def named(batch: tuple[Any, ...]) -> Any:
        found = OrderedDict(zip(kept, batch))
        return found if label_name is None else (found, found.pop(label_name))

    made = batches._changed("_PrefetchDataset", lambda stream: map(named, stream), batches._length)
    made._find_spec = lambda: named(batches.element_spec)
    return made


def _places(names: list[str], select: Any) -> list[int]:
    if select is None:
        return list(range(len(names)))
    return sorted(names.index(one) if isinstance(one, str) else int(one) for one in select)


def _default(place: int, rows: list[list[str]], na_value: str) -> Any:
    """An empty cell's value, of the narrowest dtype that a column's cells have."""
    cells = [row[place] for row in rows if place < len(row) and row[place] not in ("", na_value)]
    for dtype in ("int32", "int64", "float32"):
        try:
            csv_column(cells, as_dtype(dtype), na_value, place)
        except ArgumentError:
            continue
        return np.zeros(1, dtype)
    return np.array([b""], object)
