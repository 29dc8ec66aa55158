"""Names, arguments and results that pandas changed, for programs that were written when it had them."""

import datetime
import functools
import importlib
import inspect
import sys
from typing import Any

import numpy as np

from neurona.legacy.imports import MadeModule
from neurona.legacy.pandas_tables import older_reader

_RATES = {"H": "h", "T": "min", "S": "s", "L": "ms", "U": "us", "M": "ME", "Q": "QE", "A": "YE", "Y": "YE"}
_POSITIONAL = (
    *("drop", "dropna", "drop_duplicates", "fillna", "reset_index", "set_index", "sort_values"),
    *("sort_index", "pivot", "any", "all", "to_csv", "where", "mask", "clip", "replace"),
)
_OF_NUMBERS = ("corr", "cov", "mean", "median", "std", "var", "sem", "skew", "quantile", "sum", "prod")


class _Places:
    """`frame.ix[rows, columns]`: by labels, or by places where an axis has no numbers for labels."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    def _labelled(self, key: Any) -> Any:
        if not isinstance(key, tuple):
            return _labels(self._owner.axes[0], key)
        return tuple(_labels(axis, one) for axis, one in zip(self._owner.axes, key))

    def __getitem__(self, key: Any) -> Any:
        return self._owner.loc[self._labelled(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._owner.loc[self._labelled(key)] = value


def _labels(axis: Any, key: Any) -> Any:
    """What was asked for along an axis, as its labels."""
    if axis.dtype.kind in "iu":
        return key
    ends = (key.start, key.stop) if isinstance(key, slice) else np.atleast_1d(np.asarray(key, object))
    is_places = all(
        one is None or (isinstance(one, (int, np.integer)) and not isinstance(one, bool)) for one in ends
    )
    return axis[key] if is_places else key


def _positional(method: Any) -> Any:
    """Arguments by place, as far as the signature goes, though they are by name today."""
    names = list(inspect.signature(method).parameters)

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except TypeError:
            if len(args) < 2:
                raise
        return method(args[0], **(dict(zip(names[1:], args[1:])) | kwargs))

    return call


def _filled(method: Any) -> Any:
    """`fillna(method="ffill")`, which has a name of its own today."""

    @functools.wraps(method)
    def call(owner: Any, value: Any = None, method: Any = None, *args: Any, **kwargs: Any) -> Any:
        if method is None:
            return plain(owner, value, *args, **kwargs)
        return getattr(owner, "ffill" if method in ("ffill", "pad") else "bfill")(*args, **kwargs)

    plain = _positional(method)
    return call


def _of_numbers(method: Any) -> Any:
    """A figure of a table's columns of numbers: others were left out."""

    @functools.wraps(method)
    def call(owner: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(owner, *args, **kwargs)
        except (TypeError, ValueError):
            if "numeric_only" in kwargs or owner.ndim < 2:
                raise
        return method(owner, *args, **kwargs, numeric_only=True)

    return call


def _rate(method: Any, place: int) -> Any:
    """A function that takes a rate such as "H", which is "h" today."""

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        args = tuple(_todays(one) if number >= place else one for number, one in enumerate(args))
        return method(
            *args, **{key: _todays(one) if key in ("freq", "rule") else one for key, one in kwargs.items()}
        )

    return call


def _todays(rate: Any) -> Any:
    if not isinstance(rate, str):
        return rate
    count = rate.rstrip("".join(_RATES))
    return count + _RATES[rate[len(count) :]] if rate[len(count) :] in _RATES else rate


def _in_numbers(method: Any) -> Any:
    """`get_dummies` in 0 and 1."""

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **({"dtype": np.uint8} | kwargs))

    return call


def _appended(owner: Any, other: Any, ignore_index: bool = False, **_: Any) -> Any:
    pandas: Any = sys.modules["pandas"]
    others = list(other) if isinstance(other, (list, tuple)) else [other]
    if owner.ndim == 2:  # a dictionary or a series is one row
        others = [one if getattr(one, "ndim", 0) == 2 else _row(pandas, one) for one in others]
    return pandas.concat([owner, *others], ignore_index=ignore_index)


def _row(pandas: Any, values: Any) -> Any:
    return pandas.DataFrame([values]) if isinstance(values, dict) else values.to_frame().T


def _sorted(frame: Any, columns: Any = None, axis: int = 0, ascending: Any = True, **options: Any) -> Any:
    if frame.ndim == 1:
        return frame.sort_values(ascending=ascending, **options)
    by_index = columns is None
    found = frame.sort_index if by_index else functools.partial(frame.sort_values, columns)
    return found(axis=axis, ascending=ascending, **options)


_METHODS: dict[str, Any] = {
    "append": _appended,
    "applymap": lambda frame, func, *args, **kwargs: frame.map(func, *args, **kwargs),
    "as_matrix": lambda owner, columns=None: (owner if columns is None else owner[columns]).values,
    "get_value": lambda owner, first, *rest: owner.at[(first, *rest) if rest else first],
    "get_values": lambda owner: owner.values,
    "iteritems": lambda owner: owner.items(),
    "ix": property(_Places),
    "mad": lambda owner, axis=0: (owner - owner.mean()).abs().mean(),
    "nonzero": lambda owner: owner.to_numpy().nonzero(),
    "sort": _sorted,
    "swapaxes": lambda owner, axis1, axis2, copy=True: owner.copy() if axis1 == axis2 else owner.T,
}
_DATES = {
    "week": property(lambda dates: dates.isocalendar().week.astype("int64")),
    "weekofyear": property(lambda dates: dates.isocalendar().week.astype("int64")),
    "weekday_name": property(lambda dates: dates.day_name()),
}


def _rolling(figure: str) -> Any:
    def compute(arg: Any, window: int, min_periods: Any = None, center: bool = False, **_: Any) -> Any:
        return getattr(arg.rolling(window, min_periods=min_periods, center=center), figure)()

    return compute


def restore() -> None:
    """Let pandas have them again, in this process."""
    pandas: Any = importlib.import_module("pandas")
    if hasattr(pandas.DataFrame, "ix"):
        return
    pandas.set_option("future.infer_string", False)  # columns of texts were of objects
    for owner in (pandas.DataFrame, pandas.Series):
        owner.fillna = _filled(owner.fillna)
        for name in set(_POSITIONAL) - {"fillna"}:
            if hasattr(owner, name):
                setattr(owner, name, _positional(getattr(owner, name)))
        for name, method in _METHODS.items():
            if not hasattr(owner, name):
                setattr(owner, name, method)
        owner.resample = _rate(owner.resample, 1)
    groups = importlib.import_module("pandas.core.groupby").DataFrameGroupBy
    for owner in (pandas.DataFrame, groups):
        for name in _OF_NUMBERS:
            setattr(owner, name, _of_numbers(getattr(owner, name)))
    for name, value in _DATES.items():
        for owner in (pandas.core.indexes.accessors.DatetimeProperties, pandas.DatetimeIndex):
            if not hasattr(owner, name):
                setattr(owner, name, value)
    pandas.concat = _positional(pandas.concat)
    pandas.get_dummies = _in_numbers(pandas.get_dummies)
    pandas.date_range = _rate(pandas.date_range, 3)
    for name in ("read_csv", "read_table"):
        setattr(pandas, name, older_reader(_positional(getattr(pandas, name))))
    for name in ("mean", "std", "var", "median", "min", "max", "sum"):
        setattr(pandas, f"rolling_{name}", _rolling(name))
    pandas.datetime, pandas.np, pandas.scatter_matrix = datetime.datetime, np, pandas.plotting.scatter_matrix
    plotting = MadeModule("pandas.tools.plotting", {name: f"pandas.plotting:{name}" for name in _PLOTS}, ())
    sys.modules.setdefault("pandas.tools", MadeModule("pandas.tools", {"plotting": plotting}, ()))
    sys.modules.setdefault("pandas.tools.plotting", plotting)


_PLOTS = ("andrews_curves", "autocorrelation_plot", "lag_plot", "parallel_coordinates", "scatter_matrix")
