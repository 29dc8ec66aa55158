"""Tables: read from any file, and what their columns are.

table = neurona.tabular.read_table("precios.csv")
for column in neurona.tabular.infer_columns(table):
    print(column.name, column.kind, column.why.say())
"""

from neurona.core.lazy import suggest_names
from neurona.tabular.columns import KINDS, Column, infer_columns
from neurona.tabular.notes import Note
from neurona.tabular.reading import RawTable, read_table

__all__ = ["KINDS", "Column", "Note", "RawTable", "infer_columns", "read_table"]

suggest_names(__name__)
