"""Checks of what networks of the zoo are given: scikit-learn's, with messages that name row and column, and
speak the user's language.
"""

from typing import Any

import numpy as np

from neurona.errors import DataError, NeuronaError, optional_import

_validation, _multiclass, _exceptions = (
    optional_import(f"sklearn.{name}", extra="zoo", purpose="neurona.zoo")
    for name in ("utils.validation", "utils.multiclass", "exceptions")
)

_NOT_FINITE = ("contains NaN", "contains infinity")  # in scikit-learn's messages


class NotFittedError(NeuronaError, _exceptions.NotFittedError):
    """A network is asked before it has learned."""


def check_is_fitted(estimator: Any) -> None:
    """Refuse an estimator that has not learned.

    Raises:
        NotFittedError: it has no model.
    """
    if not hasattr(estimator, "model_"):
        raise NotFittedError(f"{type(estimator).__name__} has not learned yet: call fit(...) first.")


def validate_data(estimator: Any, X: Any, *y: Any, **options: Any) -> Any:
    """scikit-learn's function of this name: a table of finite numbers, and targets if there are any.

    Raises:
        DataError: they are not; the message says where.
    """
    try:
        return _validation.validate_data(estimator, X, *y, **options)
    except ValueError as error:
        owner, text = type(estimator).__name__, str(error)
        if "could not convert string to float" in text:
            _check_numbers(owner, "X", X)
        if any(words in text for words in _NOT_FINITE):
            check_finite(owner, "X", X, allow_nan=options.get("ensure_all_finite") == "allow-nan")
            for values in y:
                check_finite(owner, "y", values)
        raise DataError(text) from None


def check_classification_targets(y: Any) -> None:
    """scikit-learn's function of this name: targets are classes.

    Raises:
        DataError: they are measurements.
    """
    try:
        _multiclass.check_classification_targets(y)
    except ValueError as error:
        raise DataError(str(error)) from None


def check_finite(owner: str, name: str, values: Any, allow_nan: bool = False) -> None:
    """Name the place of the first number that is NaN or infinite.

    Args:
        owner: the class that asks, for messages.
        name: of the argument.
        values: of any shape; of a frame the column is named.
        allow_nan: whether NaN stands for what is missing, and only infinity is refused.

    Raises:
        DataError: there is one.
    """
    try:
        array = np.asarray(values, "float64")
    except (TypeError, ValueError):  # texts, of which another message tells
        return
    places = np.argwhere(np.isinf(array) if allow_nan else ~np.isfinite(array))
    if len(places):
        kind = "NaN" if np.isnan(array[tuple(places[0])]) else "infinity"
        raise DataError(
            f"{owner}: {name} holds {kind}, first in {_place(places[0], values)}. Numbers that are not "
            f"finite: {len(places)}. Fill them in, as sklearn.impute.SimpleImputer does, or leave those rows "
            "out."
        )


def _check_numbers(owner: str, name: str, values: Any) -> None:
    """Name the place of the first text that is no number.

    Raises:
        DataError: there is one.
    """
    table = np.asarray(values, object)
    for place in np.ndindex(table.shape):
        try:
            float(table[place])
        except (TypeError, ValueError):
            raise DataError(
                f"{owner}: {name} holds {table[place]!r:.60} in {_place(place, values)}, which is no number. "
                "Leave it out, or make numbers of categories, as sklearn.preprocessing.OneHotEncoder does."
            ) from None


def _place(place: Any, values: Any) -> str:
    """Where a number stands, in words; of a frame the column is named."""
    row, *column = (int(number) for number in place)
    if len(column) > 1:
        return f"place {(row, *column)}"
    if not column:
        return f"row {row}"
    columns = getattr(values, "columns", None)
    return f"row {row}, column {column[0] if columns is None else columns[column[0]]}"
