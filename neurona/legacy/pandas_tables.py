"""`pandas.read_csv` with the arguments that it had: dates of several columns, and how they are read."""

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

_GONE = (
    "infer_datetime_format",
    "keep_date_col",
    "mangle_dupe_cols",
    "warn_bad_lines",
    "verbose",
    "tupleize_cols",
)


def older_reader(read: Callable[..., Any]) -> Callable[..., Any]:
    """`read_csv`, or its kin, with the arguments of older versions."""

    @functools.wraps(read)
    def call(*args: Any, **kwargs: Any) -> Any:
        for name in _GONE:
            kwargs.pop(name, None)
        squeezed, parser = kwargs.pop("squeeze", False), kwargs.pop("date_parser", None)
        if kwargs.pop("delim_whitespace", False):
            kwargs["sep"] = r"\s+"
        if not kwargs.pop("error_bad_lines", True):
            kwargs["on_bad_lines"] = "skip"
        prefix = kwargs.pop("prefix", None)
        dates = kwargs.get("parse_dates")
        if parser is not None or _joins(dates):
            table = _with_dates(read, args, kwargs, parser)
        else:
            table = read(*args, **kwargs)
        if prefix is not None and kwargs.get("header", 0) is None:
            table.columns = [f"{prefix}{number}" for number in table.columns]
        return table.iloc[:, 0] if squeezed and table.ndim == 2 and table.shape[1] == 1 else table

    return call


def _joins(dates: Any) -> bool:
    """Whether a date is made of several columns."""
    return isinstance(dates, dict) or (
        isinstance(dates, list) and any(isinstance(one, list) for one in dates)
    )


def _with_dates(read: Callable[..., Any], args: tuple, kwargs: dict[str, Any], parser: Any) -> Any:
    """The table, with dates read by a function of texts, or made of several columns."""
    kwargs = dict(kwargs)
    dates, index = kwargs.pop("parse_dates", False), kwargs.pop("index_col", None)
    table = read(*args, **kwargs)
    first = 0 if index is None else index
    wanted = [first] if dates is True else dates or []
    named = wanted if isinstance(wanted, dict) else {_name(table, one): one for one in wanted}
    for name, columns in named.items():
        table = _with_date(table, name, columns if isinstance(columns, list) else [columns], parser)
    if index is None or index is False:
        return table
    several = index if isinstance(index, list) else [index]
    return table.set_index(
        [_column(table, one) for one in several] if len(several) > 1 else _column(table, index)
    )


def _with_date(table: Any, name: Any, columns: list[Any], parser: Any) -> Any:
    """The table, with the date that some of its columns make in their place."""
    found = [_column(table, one) for one in columns]
    texts = table[found[0]].astype(str)
    for one in found[1:]:
        texts = texts + " " + table[one].astype(str)
    values = _parsed(texts, [table[one] for one in found], parser)
    if len(found) == 1:
        table[found[0]] = values
        return table
    table = table.drop(columns=found)
    table.insert(0, name, values)
    return table


def _column(table: Any, one: Any) -> Any:
    """The name of a column that is told by its name or its place."""
    return table.columns[one] if isinstance(one, (int, np.integer)) and one not in table.columns else one


def _name(table: Any, columns: Any) -> Any:
    several = columns if isinstance(columns, list) else [columns]
    names = [_column(table, one) for one in several]
    return "_".join(map(str, names)) if len(names) > 1 else names[0]


def _parsed(texts: Any, columns: list[Any], parser: Any) -> Any:
    """Dates: the parser took all texts at once, or those of the columns of a row, or one text."""
    to_datetime: Any = importlib.import_module("pandas").to_datetime
    if parser is None:
        return to_datetime(texts, format="mixed")
    try:
        values = [parser(text) for text in texts]
    except TypeError:
        values = [parser(*row) for row in zip(*(column.astype(str) for column in columns))]
    return to_datetime(values)
