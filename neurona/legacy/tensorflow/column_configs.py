"""Columns of `tf.feature_column` as descriptions in files, and back."""

from typing import Any

from neurona.core.errors import ArgumentError, SavingError
from neurona.core.registry import get_registered_object
from neurona.initializers import get as initializer_of
from neurona.initializers import serialize as described_initializer
from neurona.legacy.tensorflow import columns
from neurona.legacy.tensorflow.dtypes import as_dtype

_KINDS: dict[str, Any] = {
    name: getattr(columns, name)
    for name in (
        "BucketizedColumn",
        "CrossedColumn",
        "EmbeddingColumn",
        "IndicatorColumn",
        "NumericColumn",
        "SequenceNumericColumn",
    )
}


def described(column: Any) -> dict[str, Any]:
    """A column as numbers, texts, lists and dictionaries.

    Raises:
        SavingError: its numbers are made by a function without a name.
    """
    if isinstance(column, columns.CategoricalColumn):
        maker, given = column.recipe
        return {
            "kind": maker,
            "key": column.key,
            "dtype": column.dtype.name,
            "is_sequence": column.is_sequence,
            **{name: _plain(value) for name, value in given.items()},
        }
    found = {"kind": type(column).__name__}
    return found | {name: _described(name, value) for name, value in column._asdict().items()}


def _described(name: str, value: Any) -> Any:
    if name == "normalizer_fn" and value is not None:
        function = getattr(value, "__name__", "<lambda>")
        if function == "<lambda>":
            raise SavingError(
                "normalizer_fn is code, which no file holds: give it a name with def, and load the model "
                "with custom_objects={name: function}."
            )
        return function
    if name == "initializer" and value is not None:
        return described_initializer(initializer_of(value))
    if name == "shared":
        return None if value is None else value.name
    if name == "keys":
        return [key if isinstance(key, str) else described(key) for key in value or ()]
    return described(value) if hasattr(value, "_fields") else _plain(value)


def _plain(value: Any) -> Any:
    """A value as Python's numbers and texts; a dtype as its name."""
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "tolist"):
        return value.tolist()
    return value.name if hasattr(value, "as_numpy_dtype") else value


def columns_of(descriptions: Any) -> list[Any]:
    """The columns of descriptions; of one layer, which share tables where they did."""
    tables: dict[str, columns.SharedTable] = {}
    return [_column_of(one, tables) for one in descriptions]


def _column_of(description: Any, tables: dict[str, Any]) -> Any:
    """A column of its description.

    Raises:
        ArgumentError: there are none of its kind.
    """
    given = dict(description)
    kind = given.pop("kind", None)
    if str(kind).startswith("categorical_column_with_"):
        is_sequence = given.pop("is_sequence", False)
        if kind.endswith("_identity"):
            given.pop("dtype", None)
        elif "dtype" in given:
            given["dtype"] = as_dtype(given["dtype"])
        return getattr(columns, kind)(**given)._replace(is_sequence=is_sequence)
    if kind not in _KINDS:
        raise ArgumentError(f"There is no feature column {kind!r}. There are: {', '.join(_KINDS)}.")
    return _KINDS[kind](**{name: _read(name, value, tables) for name, value in given.items()})


def _read(name: str, value: Any, tables: dict[str, Any]) -> Any:
    if value is None:
        return None
    if name == "normalizer_fn":
        function = get_registered_object(value)
        if function is None:
            raise SavingError(
                f"A feature column's normalizer_fn is {value!r}, whose code is not in the file: load the "
                f"model with custom_objects={{{value!r}: function}}."
            )
        return function
    if name == "shared":
        return tables.setdefault(value, columns.SharedTable(value))
    if name == "initializer":
        return initializer_of(value)
    if name == "dtype":
        return as_dtype(value)
    if name == "keys":
        return tuple(one if isinstance(one, str) else _column_of(one, tables) for one in value)
    if isinstance(value, dict) and "kind" in value:
        return _column_of(value, tables)
    return tuple(value) if isinstance(value, list) else value
