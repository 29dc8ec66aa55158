"""What columns are, told from their cells."""

import datetime
import math
import os
from pathlib import Path

import numpy as np
import pandas
import pytest

from neurona.tabular import infer_columns, read_table
from neurona.tabular.reading import RawTable

DATA = os.environ.get("NEURONA_DATA")


def one(cells, name="x", separator=",", language="en"):
    return infer_columns(RawTable(pandas.DataFrame({name: cells}, dtype=object), separator), language)[0]


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "2.5", "-", ""], "number", [1, 2.5, math.nan, math.nan]),
        (["1.000,5", "2", "NA"], "number", [1000.5, 2, math.nan]),
        (["sí", "NO", "s/d"], "boolean", [1, 0, math.nan]),
        (["0", "1", "?"], "boolean", [0, 1, math.nan]),
        ([0, 1, None], "boolean", [0, 1, math.nan]),
        ([True, False, None], "boolean", [1, 0, math.nan]),
        ([1, 2.5, None], "number", [1, 2.5, math.nan]),
        (["red", "blue", "N/A"], "category", ["red", "blue", None]),
        (["01", "02", "11"], "category", ["01", "02", "11"]),
        (["US", "NA", "FR"], "category", ["US", "NA", "FR"]),
        ([1, "x", 2.0], "category", ["1", "x", "2"]),
        (["x", "x"], "constant", ["x", "x"]),
        ([None, ""], "empty", [None, None]),
    ],
    ids=str,
)
def test_a_column_is_of_a_kind_and_gives_its_values(cells, kind, values):
    column = one(cells)
    assert column.kind == kind
    found = column.values(cells)
    assert len(found) == len(values)
    for a, b in zip(found, values):
        assert a == b or (a != a and b != b)
    assert column.missing == sum(value is None or value != value for value in values)


def test_dates():
    column = one(["25/4/2024", "3/5/2024 10:00", ""])
    assert column.kind == "date"
    assert column.values(["3/5/2024"]).astype(str).tolist() == ["2024-05-03T00:00:00"]
    assert np.isnat(column.values([None])[0])
    assert one(pandas.to_datetime(["2024-01-01", "2024-02-01"])).kind == "date"
    zoned = pandas.to_datetime(["2024-01-01 01:00+02:00", "2024-02-01 12:00+02:00"])
    assert one(zoned).values(zoned).astype(str).tolist() == ["2023-12-31T23:00:00", "2024-02-01T10:00:00"]
    both = ["3/4/2024", "5/6/2024"]
    assert one(both).order == "mdy"
    assert one(both, language="es").order == "dmy"
    assert "no cell says whether the day or the month comes first" in one(both).why.say()


def test_cells_of_another_type_than_was_learned_hold_nothing():
    day = one(["2024-01-02", "2024-02-03"])
    assert np.isnat(day.values([45000, 1.5, [1], "x"])).all()  # 45000 is Excel's 15 March 2023, or a mistake
    number = one(["1", "2.5"])
    assert np.isnan(number.values([datetime.date(2024, 1, 1), [1], "x"])).all()
    assert number.values([3, np.float32(0.5), True]).tolist() == [3, 0.5, 1]
    assert one([[1], [2], [1]]).kind == "category"


def test_other_columns_decide_what_one_leaves_open():
    frame = pandas.DataFrame(
        {
            "open": ["1.234", "5.678"],
            "closed": ["0,5", "1,5"],
            "day": ["3/4/2024", "1/2/2024"],
            "on": ["25/4/2024"] * 2,
        }
    )
    frame.loc[1, "on"] = "26/4/2024"
    columns = infer_columns(RawTable(frame, ","))
    assert columns[0].values(["1.234"]) == [1234]
    assert columns[2].order == "dmy"
    alone = infer_columns(RawTable(frame[["open"]], ","))[0]
    assert alone.values(["1.234"]) == [1.234]
    assert alone.why.say() == (
        "all cells are numbers; 1.234 is read as 1.234, since no cell says whether '.' is the decimal mark "
        "or stands between thousands"
    )
    assert infer_columns(RawTable(frame[["open"]], ";"))[0].values(["1.234"]) == [1234]


def test_a_few_cells_that_are_no_numbers_are_told():
    cells = [str(number / 2) for number in range(100)] + ["broken", "broken"]
    column = one(cells)
    assert (column.kind, column.missing) == ("number", 2)
    assert column.why.say("es") == "2 celdas que no son números, como 'broken', cuentan como vacías"
    mixed = one(["1", "2", "x", "y"])
    assert (mixed.kind, mixed.why.key) == ("category", "mixed")


def test_what_names_rows_is_no_feature():
    assert one(list(range(5, 55))).why.key == "row_numbers"
    assert one([str(number) for number in range(50)]).kind == "identifier"
    assert one([f"A{number:05}" for number in range(50)]).kind == "identifier"
    assert one([7 * number for number in range(50)], name="customer_id").kind == "identifier"
    assert one([7 * number for number in range(50)], name="paid").kind == "number"
    assert one([f"la fila {n} es muy distinta de la {n + 1}" for n in range(50)]).kind == "text"


@pytest.mark.skipif(not DATA, reason="needs NEURONA_DATA")
def test_real_tables():
    kinds = {column.name: column.kind for column in infer_columns(read_table(Path(str(DATA), "titanic.csv")))}
    assert kinds["PassengerId"] == "identifier"
    assert kinds["Survived"] == "boolean"
    assert kinds["Name"] in ("text", "identifier")
    assert kinds["Age"] == kinds["Fare"] == "number"
    assert kinds["Sex"] == kinds["Embarked"] == kinds["Cabin"] == "category"
    table = read_table(Path(str(DATA), "housing_messy.csv"))
    truth = pandas.read_csv(Path(str(DATA), "housing_messy.csv"))
    for column in infer_columns(table):
        found = column.values(table.frame[column.name])
        if column.kind == "number":
            np.testing.assert_array_equal(found, truth[column.name].to_numpy("float64"))
        else:
            assert found.tolist() == truth[column.name].tolist()
