"""Tables: read from any file, and what their columns are.

table = neurona.tabular.read_table("precios.csv")
for column in neurona.tabular.infer_columns(table):
    print(column.name, column.kind, column.why.say())
"""

from neurona.core.lazy import suggest_names
from neurona.tabular.baselines import (
    LogisticBaseline,
    NeighboursBaseline,
    RidgeBaseline,
    select_ensemble,
)
from neurona.tabular.columns import KINDS, Column, infer_columns
from neurona.tabular.encoding import Encoded, TableEncoder
from neurona.tabular.notes import Note
from neurona.tabular.reading import RawTable, read_table

__all__ = [
    "KINDS",
    "Column",
    "Encoded",
    "LogisticBaseline",
    "NeighboursBaseline",
    "Note",
    "RawTable",
    "RidgeBaseline",
    "TableEncoder",
    "infer_columns",
    "read_table",
    "select_ensemble",
]

suggest_names(__name__)
