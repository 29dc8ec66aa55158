"""A predictor of a table in other forms: one Keras-style model that takes raw rows, or a Python program."""

from typing import Any

from neurona import ops
from neurona.core.errors import ArgumentError
from neurona.layers import CategoryEncoding, Concatenate, Input, Normalization, Rescaling, StringLookup
from neurona.models import Model
from neurona.tabular.learning import Member
from neurona.tabular.network import KerasNetwork
from neurona.tabular.predictor import TablePredictor

_MISSING = ""  # a category that is missing, as the model takes it
_NUMBERS = ("number", "boolean")


def export_model(predictor: TablePredictor) -> Model:
    """A functional model with an input for each column, which takes rows as they are in the table.

    A number is (rows, 1), NaN where it is missing; yes and no are 1 and 0; a category is a text, empty where
    it is missing. It gives numbers, (rows, 1), or the probability of each class, (rows, classes). It needs
    no other file: `model.save("model.keras")` writes all of it.

    Args:
        predictor: with a network that `neurona search` chose.

    Raises:
        ArgumentError: the predictor is no such network, or a column is a date or a text.

    Example:

        >>> import numpy as np, pandas
        >>> from neurona.tabular import RawTable, TableSearchOptions, search_table
        >>> x = np.arange(60.0)
        >>> table = RawTable(pandas.DataFrame({"x": x % 7, "y": x % 7 + x // 30}))
        >>> options = TableSearchOptions(trials=1, time_limit=None, epochs=9, folds=2)
        >>> predictor = search_table(table, "y", options).predictor
        >>> found = export_model(predictor).predict({"x": np.array([[3.0]])}, verbose=0)
        >>> bool(abs(found[0, 0] - predictor.predict({"x": [3.0]})[0]) < 1e-4)
        True
    """
    network = _network(predictor)
    encoder = predictor.model.encoders[0]
    inputs, features = {}, []
    for column in encoder.columns:
        part: Any = (encoder._parts or {})[column.name]
        if column.kind in _NUMBERS:
            inputs[column.name] = x = Input((1,), name=_name(column.name))
            features += _number(part, x)
        elif column.kind == "category":
            inputs[column.name] = x = Input((1,), dtype="string", name=_name(column.name))
            features += _category(part, x)
        else:
            raise ArgumentError(
                f"column {column.name!r} is of kind {column.kind!r}: a model of raw rows takes numbers, yes "
                f"and no, and categories. Search again without it: --drop {column.name!r}"
            )
    x = Concatenate()(features) if len(features) > 1 else features[0]
    y = network.model()(x)
    if network.outputs == 1:
        y = Rescaling(network.spread, network.mean)(y)
        if predictor.model.bounds is not None:
            y = ops.clip(y, *predictor.model.bounds)
    elif network.outputs == 2:
        y = Concatenate()([1.0 - y, y])
    return Model(inputs, y)


def _network(predictor: TablePredictor) -> KerasNetwork:
    """The one network of a predictor.

    Raises:
        ArgumentError: it is made of something else.
    """
    members = predictor.model.members
    for name, member in members.items():
        if not isinstance(member.models[0], KerasNetwork):
            raise ArgumentError(
                f"the model is made of {_shares(members)}, and {name!r} is no Keras network: only what "
                f"neurona "
                "search FILE --target COLUMN chose can be one .keras file. neurona export --format python "
                "takes any model."
            )
    return next(iter(members.values())).models[0]  # pyright: ignore[reportReturnType]


def _shares(members: dict[str, Member]) -> str:
    return ", ".join(f"{name} ({member.weight:.0%})" for name, member in members.items())


def _name(column: str) -> str:
    """A column's name as a layer's."""
    return "".join(letter if letter.isalnum() else "_" for letter in column) or "column"


def _number(part: Any, x: Any) -> list[Any]:
    scaled = Normalization(mean=[part.mean], variance=[part.spread**2])(x)
    found = [ops.where(ops.isfinite(scaled), scaled, ops.zeros_like(scaled))]
    return [*found, ops.cast(ops.isnan(x), "float32")] if part.tells_missing else found


def _category(part: Any, x: Any) -> list[Any]:
    known = [*part.kept, *[_MISSING] * part.tells_missing]
    if not known:
        return []
    place = StringLookup(vocabulary=known, mask_token=None)(x)  # 0 where it is new
    return [CategoryEncoding(len(known) + 1, output_mode="one_hot")(place)[:, 1:]]


_PROGRAM = '''"""Predicts {target!r} for the rows of a table: python {name} ROWS.csv"""

import sys

from neurona.tabular import TablePredictor, read_table

predictor = TablePredictor.load({path!r})
# It needs the columns: {columns}
for answer in predictor.predict(read_table(sys.argv[1]).frame):
    print(answer)
'''


def export_program(predictor: TablePredictor, path: str, name: str = "predict.py") -> str:
    """A Python program that predicts with a predictor's file; of a network with its code.

    Args:
        predictor: any.
        path: of its file.
        name: of the program.

    Example:

        >>> import pandas
        >>> from neurona.tabular import RawTable, TableOptions, train_table
        >>> table = RawTable(pandas.DataFrame({"x": [1.0, 2.0] * 9, "y": [3.0, 5.0] * 9}))
        >>> predictor = train_table(table, "y", TableOptions(time_limit=0)).predictor
        >>> "TablePredictor.load('predictor.zip')" in export_program(predictor, "predictor.zip")
        True
    """
    columns = ", ".join(column.name for column in predictor.columns)
    return _PROGRAM.format(target=predictor.target.column.name, name=name, path=path, columns=columns)
